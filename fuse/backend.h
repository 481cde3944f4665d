/*
 * A backend: a program that serves a file system by FUSE, started, watched and
 * started again by us.
 *
 * By the direct door it gets a socket as /dev/fd/N, and takes this process for
 * its kernel (conn.h). By the kernel door it serves a mount, one that nobody
 * else sees: made here without a place in the tree of mounts and given to the
 * program as /dev/fd/N; or, for programs that insist on mounting by
 * themselves, theirs, in a name space of its own where we may make one.
 *
 *              start                 root answers
 *   stopped ──────────> starting ─────────────────> ready
 *      ^                  │  ^                        │ program ends, or
 *      │ stop             │  │ back-off is over       │ does not answer
 *      │        too late, │  │                        v in time: killed
 *      └──────  ended     └──┴── waiting <────────────┘
 *
 * Knows nothing of what is done with the files. Blocks only on threads of its
 * own and in fusefs_backend_start().
 *
 * Thread: a backend belongs to its thread; start, stop and the questions here
 * may come from any. Events come from its thread.
 */
#pragma once

#include <stdbool.h>
#include <stddef.h>
#include <stdint.h>

struct fusefs_backend;

struct fusefs_conn;

/* By which door. */
enum fusefs_via {
	FUSEFS_VIA_AUTO, /* direct if the program can, else kernel */
	FUSEFS_VIA_DIRECT,
	FUSEFS_VIA_KERNEL,
};

enum fusefs_level {
	FUSEFS_LOG_ERROR,
	FUSEFS_LOG_WARN,
	FUSEFS_LOG_INFO,
	FUSEFS_LOG_DEBUG,
};

struct fusefs_events {
	/* One line, without its end. */
	void (*log)(void *arg, enum fusefs_level level, const char *line);

	/*
   * It answers again, after a new start: `root_fd` (O_PATH, borrowed; -1
   * by the direct door) is the root of its files from now on, or `conn`
   * (borrowed; else NULL) the way to it. The door never changes.
   */
	void (*renewed)(void *arg, int root_fd, struct fusefs_conn *conn);
	void *arg;
};

struct fusefs_options {
	const char *name;         /* for the log and the mount's source */
	const char *const *words; /* the command: see fuse/command.h */
	size_t word_count;
	enum fusefs_via via;
	unsigned int timeout_ms; /* for its start and for any answer */
	bool is_read_only;
	bool keeps_nothing; /* names and facts: asked for each time */
	/* A first start that fails is not the end: it is tried again. */
	bool may_come_late;
};

/*
 * Starts the program and waits until its root answers: *ret_root_fd, the
 * caller's, or *ret_conn, a reference; the other one is -1 or NULL. Both are
 * if it comes late: then the event tells when it is there, which may be before
 * this returns. Else
 * -errno, after a line in the log: -ETIMEDOUT, -ENOEXEC of a program that ended
 * or could not be started. The options are copied. End it with
 * fusefs_backend_stop().
 */
int fusefs_backend_start(const struct fusefs_options *options,
			 const struct fusefs_events *events,
			 struct fusefs_backend **ret_backend, int *ret_root_fd,
			 struct fusefs_conn **ret_conn);

/* Whether the program is there and answers. */
bool fusefs_backend_is_ready(struct fusefs_backend *backend);

/*
 * No event comes any more when this returns. The program is ended soon (TERM,
 * later KILL), on the backend's thread, which then frees all. NULL is fine.
 */
struct fusefs_backend *fusefs_backend_stop(struct fusefs_backend *backend);

/*
 * The process is to end: programs that hang are given little time from now on,
 * so that nothing of ours hangs with them.
 */
void fusefs_backends_hurry(void);

/* Until all backends that were stopped are gone, but no longer than this. */
void fusefs_backends_wait(unsigned int ms);
