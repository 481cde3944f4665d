/*
 * Whether a kernel mount still answers: a thread asks for the facts of its
 * root, past all caches, every few seconds. It may hang there as long as the
 * program does; who wants to know looks how long it has been waiting.
 *
 * Thread: any.
 */
#pragma once

#include <stdbool.h>
#include <stdint.h>

struct fusefs_watch;

/*
 * Asks at once, and then every `interval_ms`. `root_fd` is copied. After each
 * answer a byte count is added to the eventfd `told_fd` (borrowed until
 * fusefs_watch_end()). NULL: no memory or no thread.
 */
struct fusefs_watch *fusefs_watch_new(int root_fd, unsigned int interval_ms,
				      int told_fd);

/* How long the question that is out has been waiting; 0: none is. */
uint64_t fusefs_watch_waiting_ms(struct fusefs_watch *watch);

/* Whether any question was answered; *ret_err: the last one's 0 or -errno. */
bool fusefs_watch_has_answer(struct fusefs_watch *watch, int *ret_err);

/* Ends it without waiting; its thread may hang on and frees it. NULL is fine. */
struct fusefs_watch *fusefs_watch_end(struct fusefs_watch *watch);
