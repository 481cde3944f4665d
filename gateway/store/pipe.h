/*
 * Pipes: where bytes of a file wait for the socket without ever lying in our
 * memory. Each worker keeps a few and lends them out. They hold references to
 * the file's pages, not copies: what is written to the file meanwhile may show
 * (harmless to whoever reads plain data; deadly to a signature).
 *
 * Thread: the worker that took it gives it back.
 */
#pragma once

#include <stdbool.h>
#include <stddef.h>
#include <stdint.h>

struct store_pipe;

/*
 * The most pipes that a worker has: 64 of 1 MiB are the pages that Linux lets
 * an ordinary user have in pipes (pipe-user-pages-soft); more would come out
 * small.
 */
#define STORE_PIPES_MAX 64

/* What is asked for; more is not to be had without a capability. */
#define STORE_PIPE_SIZE (1u << 20)

/*
 * An empty pipe that takes `pages` pages or parts of pages, or NULL: then use
 * memory.
 */
struct store_pipe *store_pipe_take(size_t pages);

/*
 * Back to the pool, if it `is_empty`; else it is closed, as bytes left in a
 * pipe would come out in front of another's. NULL is fine.
 */
struct store_pipe *store_pipe_give(struct store_pipe *pipe, bool is_empty);

/* How many pages, or parts of pages, it takes when empty. */
size_t store_pipe_room(const struct store_pipe *pipe);

/* The two ends. Borrowed. */
int store_pipe_read_fd(const struct store_pipe *pipe);
int store_pipe_write_fd(const struct store_pipe *pipe);

/*
 * How many pages, or parts of pages, `length` bytes at `offset` of a file lie
 * on: each takes a place of its own in a pipe. Pure.
 */
size_t store_pipe_pages(uint64_t offset, uint64_t length);

/* The other way round: the most bytes at `offset` that lie on `pages`. Pure. */
uint64_t store_pipe_bytes(uint64_t offset, size_t pages);

/* Closes the pooled pipes of this worker. None is lent. */
void store_pipes_end(void);
