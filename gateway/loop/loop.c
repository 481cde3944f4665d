/*
 * The loop itself: its life, the queue of fibers that can go on, and the round
 * in which everything happens. Fibers run from here and from nowhere else.
 * How operations reach the kernel is the engine's business.
 *
 * A fiber's states:
 *
 *	loop_spawn()                        fn returns
 *	     |                                   |
 *	     v        run_ready()                v
 *	   READY -------------------> RUNNING ----> given back
 *	     ^                           |
 *	     | loop_ready()              | loop_co_suspend()
 *	     +-------- WAITING <---------+
 */
#include "gateway/loop/loop.h"

#include <assert.h>
#include <errno.h>
#include <stdlib.h>
#include <string.h>
#include <time.h>

#include "gateway/loop/inside.h"

#define HANDS_DEFAULT 4

/*
 * So many operations of one fiber may complete without a wait before the
 * others get their turn.
 */
#define INLINE_MAX 64

static _Thread_local struct loop *current;

struct loop *loop_current(void)
{
	return current;
}

struct loop *loop_switch(struct loop *loop)
{
	struct loop *before = current;

	current = loop;
	return before;
}

static uint64_t clock_ns(struct loop *loop, clockid_t clock)
{
	struct timespec t;

	if (loop != NULL && loop->ops->now != NULL)
		return loop->ops->now(loop, clock);
	clock_gettime(clock, &t);
	return (uint64_t)t.tv_sec * 1000000000u + (uint64_t)t.tv_nsec;
}

uint64_t loop_now(void)
{
	return current->now_ns;
}

uint64_t loop_wall_now(void)
{
	return clock_ns(current, CLOCK_REALTIME);
}

/* ---- life ---- */

static int open_engine(struct loop *loop, const struct loop_options *options)
{
	int ret = -ENOSYS;

	loop->world = options->world;
	if (loop->world != NULL) {
		loop->ops = loop->world->ops;
		return loop->ops->open(loop);
	}
	if (options->engine != LOOP_ENGINE_PLAIN) {
		loop->ops = &loop_engine_uring;
		ret = loop->ops->open(loop);
		if (ret == 0 || options->engine == LOOP_ENGINE_URING)
			return ret;
	}
	loop->ops = &loop_engine_plain;
	return loop->ops->open(loop);
}

int loop_new(const struct loop_options *options, struct loop **ret_loop)
{
	assert(current == NULL);

	struct loop *loop = calloc(1, sizeof(*loop));

	if (loop == NULL)
		return -ENOMEM;
	TAILQ_INIT(&loop->ready);
	TAILQ_INIT(&loop->all);
	loop_stacks_init(&loop->stacks);

	int ret = open_engine(loop, options);

	if (ret < 0)
		goto free_loop;
	if (loop->ops->uses_hands)
		ret = loop_hands_new(loop,
				     options->hands == 0 ? HANDS_DEFAULT
							 : options->hands,
				     &loop->hands);
	if (ret < 0)
		goto close_engine;
	loop->now_ns = clock_ns(loop, CLOCK_MONOTONIC);
	current = loop;
	*ret_loop = loop;
	return 0;

close_engine:
	loop->ops->close(loop);
free_loop:
	free(loop);
	return ret;
}

struct loop *loop_free(struct loop *loop)
{
	if (loop == NULL)
		return NULL;
	assert(loop == current);
	assert(loop->fiber_count == 0);
	while (loop->lingering > 0)
		loop->ops->wait(loop, LOOP_FOREVER);
	loop_hands_free(loop->hands);
	loop->ops->close(loop);
	loop_stacks_fini(&loop->stacks);
	loop_timers_fini(&loop->timers);
	current = NULL;
	free(loop);
	return NULL;
}

enum loop_engine loop_engine_of(const struct loop *loop)
{
	return loop->ops->engine;
}

const char *loop_engine_name(enum loop_engine engine)
{
	static const char *const names[] = {
		[LOOP_ENGINE_AUTO] = "auto",
		[LOOP_ENGINE_URING] = "uring",
		[LOOP_ENGINE_PLAIN] = "plain",
		[LOOP_ENGINE_SIM] = "sim",
	};

	return names[engine];
}

const struct loop_counters *loop_counters(const struct loop *loop)
{
	return &loop->counters;
}

/* ---- fibers ---- */

struct loop_fiber *loop_self(void)
{
	return current == NULL ? NULL : current->running;
}

struct loop_fiber *loop_spawn(loop_fiber_fn *fn, void *arg)
{
	struct loop *loop = current;
	struct loop_fiber *fiber = loop_fiber_take(&loop->stacks, fn, arg);

	if (fiber == NULL)
		return NULL;
	loop->fiber_count++;
	loop->counters.fibers++;
	TAILQ_INSERT_TAIL(&loop->all, fiber, all_entry);
	fiber->state = LOOP_FIBER_READY;
	TAILQ_INSERT_TAIL(&loop->ready, fiber, ready_entry);
	/* Born into a loop that ends: its first wait is its last. */
	fiber->is_cancelled = loop->is_stopping;
	fiber->lane = loop->running != NULL ? loop->running->lane : NULL;
	return fiber;
}

void loop_ready(struct loop *loop, struct loop_fiber *fiber)
{
	if (fiber->state != LOOP_FIBER_WAITING)
		return;
	fiber->state = LOOP_FIBER_READY;
	fiber->interrupt = NULL;
	TAILQ_INSERT_TAIL(&loop->ready, fiber, ready_entry);
}

void loop_co_suspend(void (*interrupt)(struct loop_fiber *fiber),
		     void *waits_in)
{
	struct loop *loop = current;
	struct loop_fiber *fiber = loop->running;

	assert(fiber != NULL);
	assert(loop_locks_held() == 0);
	fiber->interrupt = interrupt;
	fiber->waits_in = waits_in;
	fiber->state = LOOP_FIBER_WAITING;
	loop_fiber_suspend(fiber);
}

void loop_co_yield(void)
{
	struct loop *loop = current;
	struct loop_fiber *fiber = loop->running;

	assert(fiber != NULL);
	assert(loop_locks_held() == 0);
	fiber->state = LOOP_FIBER_READY;
	TAILQ_INSERT_TAIL(&loop->ready, fiber, ready_entry);
	loop_fiber_suspend(fiber);
}

void loop_cancel(struct loop_fiber *fiber)
{
	fiber->is_cancelled = true;
	if (fiber->interrupt != NULL)
		fiber->interrupt(fiber);
}

bool loop_is_cancelled(void)
{
	return current->running->is_cancelled;
}

bool loop_cancel_take(void)
{
	struct loop_fiber *fiber = current->running;
	bool was_cancelled = fiber->is_cancelled;

	fiber->is_cancelled = false;
	return was_cancelled;
}

/* ---- operations ---- */

static void op_woke(struct loop_op *op, int64_t result, bool more)
{
	(void)more;
	op->result = result;
	op->is_done = true;
	loop_ready(op->loop, op->fiber);
}

static bool verb_can_be_cancelled(enum loop_verb verb)
{
	return verb == LOOP_VERB_SEND || verb == LOOP_VERB_RECV ||
	       verb == LOOP_VERB_POLL;
}

static void op_cancel(struct loop_op *op)
{
	if (op->is_done || op->is_cancelled)
		return;
	op->is_cancelled = true;
	op->loop->ops->cancel(op->loop, op);
}

static void op_interrupt(struct loop_fiber *fiber)
{
	op_cancel(fiber->waits_in);
}

struct op_deadline {
	struct loop_timer timer; /* first: the timer is the deadline */
	struct loop_op *op;
};

static void op_timed_out(struct loop_timer *timer)
{
	op_cancel(((struct op_deadline *)timer)->op);
}

int64_t loop_co_op(struct loop_op *op, uint64_t deadline_ns)
{
	struct loop *loop = current;
	struct op_deadline deadline = { .timer.fire = op_timed_out, .op = op };
	bool can_be_cancelled = verb_can_be_cancelled(op->verb);

	assert(loop->running != NULL);
	op->loop = loop;
	op->fiber = loop->running;
	op->complete = op_woke;
	loop->counters.submitted++;
	if (op->fiber->lane != NULL && op->verb <= LOOP_VERB_CALL)
		loop_lane_take(op->fiber->lane, op);
	else
		loop->ops->start(loop, op);
	if (op->is_done) {
		if (--loop->inline_left == 0)
			loop_co_yield();
		goto out;
	}
	if (can_be_cancelled && deadline_ns != LOOP_FOREVER)
		loop_timer_set(&deadline.timer, deadline_ns);
	if (can_be_cancelled && op->fiber->is_cancelled)
		op_cancel(op);
	while (!op->is_done)
		loop_co_suspend(can_be_cancelled ? op_interrupt : NULL, op);
	loop_timer_clear(&deadline.timer);
out:
	loop->counters.completed++;
	return op->result;
}

/* ---- the round ---- */

static void fiber_run(struct loop *loop, struct loop_fiber *fiber)
{
	fiber->state = LOOP_FIBER_RUNNING;
	loop->running = fiber;
	loop->inline_left = INLINE_MAX;
	loop_fiber_enter(&loop->top, fiber);
	loop->running = NULL;
	if (!fiber->is_over)
		return;
	TAILQ_REMOVE(&loop->all, fiber, all_entry);
	loop->fiber_count--;
	loop_fiber_give(&loop->stacks, fiber);
}

/* Those that become ready meanwhile have their turn in the next round. */
static void run_ready(struct loop *loop)
{
	struct loop_fiber *last = TAILQ_LAST(&loop->ready, loop_fibers);
	struct loop_fiber *fiber = NULL;

	while (last != NULL && fiber != last) {
		fiber = TAILQ_FIRST(&loop->ready);
		TAILQ_REMOVE(&loop->ready, fiber, ready_entry);
		fiber_run(loop, fiber);
	}
}

static void cancel_all(struct loop *loop)
{
	struct loop_fiber *fiber;

	loop->is_stopping = true;
	TAILQ_FOREACH(fiber, &loop->all, all_entry)
		loop_cancel(fiber);
}

void loop_tick(struct loop *loop)
{
	loop->now_ns = clock_ns(loop, CLOCK_MONOTONIC);
}

uint64_t loop_time_to_wait(struct loop *loop)
{
	uint64_t next = loop_timers_next(&loop->timers);

	if (!TAILQ_EMPTY(&loop->ready) || atomic_load(&loop->mail) != NULL)
		return 0;
	if (atomic_load(&loop->is_stop_asked) && !loop->is_stopping)
		return 0;
	if (next == LOOP_FOREVER)
		return LOOP_FOREVER;
	loop_tick(loop);
	return next > loop->now_ns ? next - loop->now_ns : 0;
}

static bool is_over(const struct loop *loop)
{
	return loop->is_stopping && loop->fiber_count == 0 &&
	       loop->lingering == 0;
}

bool loop_round(struct loop *loop)
{
	assert(loop == current);
	assert(loop->running == NULL);
	loop->is_running = true;
	loop_tick(loop);
	if (atomic_load(&loop->is_stop_asked) && !loop->is_stopping)
		cancel_all(loop);
	loop_mail_deliver(loop);
	loop_timers_fire(loop);
	run_ready(loop);
	if (!is_over(loop))
		return true;
	loop->is_running = false;
	loop->is_stopping = false;
	atomic_store(&loop->is_stop_asked, false);
	return false;
}

void loop_run(struct loop *loop)
{
	while (loop_round(loop))
		loop->ops->wait(loop, loop_time_to_wait(loop));
}

void loop_stop(struct loop *loop)
{
	atomic_store(&loop->is_stop_asked, true);
	if (loop != current)
		loop->ops->ring(loop, NULL);
}
