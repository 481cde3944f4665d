/*
 * Waits for things that are not I/O: waiters with a deadline, and sleep. Who
 * wakes whom is for the owners of the lists to know.
 */
#include <errno.h>

#include "gateway/loop/inside.h"
#include "gateway/loop/loop.h"

/*
 * Neither a deadline nor a cancel touches the waiter's result: a wake that
 * comes before the fiber runs again still counts, so that what the waker
 * handed over is not lost.
 */
struct wait_deadline {
	struct loop_timer timer; /* first: the timer is the deadline */
	struct loop *loop;
	struct loop_fiber *fiber;
};

static void deadline_passed(struct loop_timer *timer)
{
	struct wait_deadline *d = (struct wait_deadline *)timer;

	loop_ready(d->loop, d->fiber);
}

static void wait_interrupt(struct loop_fiber *fiber)
{
	loop_ready(loop_current(), fiber);
}

static int wait_result(struct loop_waiter *w)
{
	int result = w->result;

	w->is_woken = false;
	w->result = 0;
	return result;
}

int loop_co_wait(struct loop_waiter *w, uint64_t deadline_ns)
{
	struct loop *loop = loop_current();
	struct wait_deadline deadline = {
		.timer.fire = deadline_passed,
		.loop = loop,
		.fiber = loop_self(),
	};

	if (w->is_woken)
		return wait_result(w);
	if (loop_cancel_take())
		return -ECANCELED;
	if (deadline_ns <= loop_now())
		return -ETIMEDOUT;
	w->fiber = loop_self();
	if (deadline_ns != LOOP_FOREVER)
		loop_timer_set(&deadline.timer, deadline_ns);
	loop_co_suspend(wait_interrupt, w);
	loop_timer_clear(&deadline.timer);
	w->fiber = NULL;
	if (w->is_woken)
		return wait_result(w);
	return loop_cancel_take() ? -ECANCELED : -ETIMEDOUT;
}

void loop_wake(struct loop_waiter *w, int result)
{
	if (w->is_woken)
		return;
	w->is_woken = true;
	w->result = result;
	if (w->fiber != NULL)
		loop_ready(loop_current(), w->fiber);
}

int loop_co_sleep(uint64_t ns)
{
	struct loop_waiter w = { .fiber = NULL };
	uint64_t deadline_ns;

	if (__builtin_add_overflow(loop_now(), ns, &deadline_ns))
		deadline_ns = LOOP_FOREVER;
	if (ns == 0) {
		loop_co_yield();
		return loop_cancel_take() ? -ECANCELED : 0;
	}

	int ret = loop_co_wait(&w, deadline_ns);

	return ret == -ETIMEDOUT ? 0 : ret;
}
