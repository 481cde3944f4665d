/*
 * Fibers as such: small stacks, and the switch between one of them and the
 * top, which is the loop's own stack. Nothing here knows why a fiber waits;
 * that is loop.c's and wait.c's. Only fiber.c names an architecture, and only
 * it tells ASan, TSan and valgrind what happens.
 *
 * Thread: the loop's.
 */
#pragma once

#include <stdbool.h>
#include <stddef.h>
#include <sys/queue.h>

#include "gateway/loop/loop.h"

enum loop_fiber_state {
	LOOP_FIBER_READY,
	LOOP_FIBER_RUNNING,
	LOOP_FIBER_WAITING,
};

/* Lies at the upper end of its own stack. */
struct loop_fiber {
	TAILQ_ENTRY(loop_fiber) ready_entry; /* in a pool: the pool's */
	TAILQ_ENTRY(loop_fiber) all_entry;
	loop_fiber_fn *fn;
	void *arg;
	enum loop_fiber_state state;
	bool is_cancelled; /* asked for, and no wait ended by it yet */
	bool is_over;      /* fn has returned */

	/* Ends the wait that the fiber is in; NULL if it can't be ended. */
	void (*interrupt)(struct loop_fiber *fiber);
	void *waits_in; /* for interrupt */

	struct loop_lane *lane; /* where its calls on files are made; or NULL */

	struct loop_top *top; /* that entered it last */
	void *sp;             /* while it does not run */
	void *base;           /* of the mapping, guard page included */
	void *fake_stack;     /* ASan's */
	void *tsan;
	unsigned int valgrind_id;
};

TAILQ_HEAD(loop_fibers, loop_fiber);

/* The stack that fibers are entered from and suspend to. */
struct loop_top {
	void *sp;
	void *fake_stack;
	const void *bottom;
	size_t size;
	void *tsan;
};

/*
 * Stacks that nobody uses. A few keep their pages, more keep only their
 * addresses, the rest is unmapped.
 */
struct loop_stacks {
	struct loop_fibers free; /* warm ones first */
	size_t free_count;
	size_t used_count;
};

void loop_stacks_init(struct loop_stacks *stacks);

/* All stacks must have been given back. */
void loop_stacks_fini(struct loop_stacks *stacks);

/* A fiber that will run fn(arg); NULL if there is no memory or too many. */
struct loop_fiber *loop_fiber_take(struct loop_stacks *stacks,
				   loop_fiber_fn *fn, void *arg);

/* The fiber is over, or was never entered. */
void loop_fiber_give(struct loop_stacks *stacks, struct loop_fiber *fiber);

/* From the top into the fiber; returns when it suspends or is over. */
void loop_fiber_enter(struct loop_top *top, struct loop_fiber *fiber);

/* From the running fiber to the top; returns when it is entered again. */
void loop_fiber_suspend(struct loop_fiber *fiber);
