/*
 * What the files of loop/ know of a loop and nobody else does.
 *
 * Thread: the loop's, but for the fields that say otherwise.
 */
#pragma once

#include <stdatomic.h>
#include <stdbool.h>
#include <stddef.h>
#include <stdint.h>

#include "gateway/loop/engine.h"
#include "gateway/loop/fiber.h"
#include "gateway/loop/loop.h"

struct loop_hands;

struct loop_timers {
	struct loop_timer **heap; /* [1 … count] */
	size_t count;
	size_t capacity;
};

struct loop {
	const struct loop_engine_ops *ops;
	struct loop_world *world; /* borrowed; NULL unless a test brought one */
	void *engine;             /* the engine's own state */
	struct loop_hands *hands;
	struct loop_counters counters;
	uint64_t now_ns;

	struct loop_top top;
	struct loop_stacks stacks;
	struct loop_fiber *running;
	struct loop_fibers ready;
	struct loop_fibers all;
	size_t fiber_count;
	unsigned int inline_left; /* completions until a fiber must yield */

	struct loop_timers timers;
	_Atomic(struct loop_note *) mail; /* any thread: latest first */
	uint64_t identity_serial;
	size_t lingering; /* freed listeners that the kernel still holds */

	bool is_running; /* within loop_run() */
	bool is_stopping;
	atomic_bool is_stop_asked; /* any thread */
};

/* ---- loop.c ---- */

/* Puts a fiber that waits into the queue of those that can go on. */
void loop_ready(struct loop *loop, struct loop_fiber *fiber);

/*
 * Suspends the running fiber until loop_ready(). `interrupt` is called if it
 * is cancelled meanwhile, and should lead to loop_ready().
 */
void loop_co_suspend(void (*interrupt)(struct loop_fiber *fiber),
		     void *waits_in);

/*
 * Makes a loop the calling thread's, or NULL: the one that was before. For an
 * engine that has several loops take turns on one thread.
 */
struct loop *loop_switch(struct loop *loop);

/* Runs what can run now, but for waiting. False: the loop has ended. */
bool loop_round(struct loop *loop);

/* Looks at the clock: an engine does when it has waited, before it completes
   what happened meanwhile. */
void loop_tick(struct loop *loop);

/* How long the loop may wait in nanoseconds: 0 if it has something to do. */
uint64_t loop_time_to_wait(struct loop *loop);

/* ---- timer.c ---- */

void loop_timers_fini(struct loop_timers *timers);

/* Fires what is due at loop->now_ns. */
void loop_timers_fire(struct loop *loop);

/* When the next timer is due; LOOP_FOREVER if none is set. */
uint64_t loop_timers_next(const struct loop_timers *timers);

/* ---- mail.c ---- */

void loop_mail_deliver(struct loop *loop);

/* ---- lock.c ---- */

/* How many loop_mutexes the calling thread holds. */
unsigned int loop_locks_held(void);

/* ---- hands.c ---- */

int loop_hands_new(struct loop *loop, unsigned int count_max,
		   struct loop_hands **ret_hands);
struct loop_hands *loop_hands_free(struct loop_hands *hands);

/* Gives the operation to a hand; it completes from the loop's top. */
void loop_hands_take(struct loop_hands *hands, struct loop_op *op);

/* ---- lane.c ---- */

/* The same, to a hand of the lane. */
void loop_lane_take(struct loop_lane *lane, struct loop_op *op);

/* ---- identity.c ---- */

/* What a thread was before it took on an identity. */
struct loop_credentials;

/* The calling thread's own credentials; NULL without memory. */
struct loop_credentials *loop_credentials_new(void);
struct loop_credentials *loop_credentials_free(struct loop_credentials *own);

/*
 * Takes on the identity's user, groups and rights in the calling thread alone,
 * and gets back to its own. Getting back can't fail, or the process ends.
 */
int loop_credentials_take(const struct loop_credentials *own,
			  const struct loop_identity *identity);
void loop_credentials_restore(const struct loop_credentials *own);
