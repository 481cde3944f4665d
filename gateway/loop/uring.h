/*
 * The parts of the io_uring engine: uring.c runs the ring, uring_prep.c turns
 * operations into entries, uring_probe.c finds out what the kernel has.
 *
 * Thread: the ring's.
 */
#pragma once

#include <liburing.h>
#include <stdbool.h>

#include "gateway/loop/engine.h"

/* Opcodes younger than the headers that we build with. */
#define LOOP_URING_OP_FTRUNCATE 55

/*
 * Opens a ring with the best set-up flags that the kernel takes; tells in
 * ret_deferred whether these were SINGLE_ISSUER and DEFER_TASKRUN. -errno.
 */
int loop_uring_setup(struct io_uring *ring, unsigned int entries,
		     bool *ret_deferred);

/*
 * Which operations this ring has: has[verb] says whether the ring can do the
 * verb. -ENOSYS if one that we can't do without is missing.
 */
int loop_uring_find_verbs(struct io_uring *ring, bool has[LOOP_VERB_COUNT],
			  bool *ret_has_msg_ring);

/* Tries a multishot accept and receive, on an idle ring. */
bool loop_uring_try_accept(struct io_uring *ring);
bool loop_uring_try_stream(struct io_uring *ring);

/* A ring of `entries` buffers (a power of two), registered as `group`. */
struct io_uring_buf_ring *loop_uring_buffers_new(struct io_uring *ring,
						 unsigned int entries,
						 int group);
void loop_uring_buffers_free(struct io_uring *ring,
			     struct io_uring_buf_ring *buffers,
			     unsigned int entries, int group);

/* Fills the entry in, user data and personality included. */
void loop_uring_prep(struct io_uring_sqe *sqe, struct loop_op *op);

/* The group that STREAM takes its buffers from. */
#define LOOP_URING_GROUP 0
