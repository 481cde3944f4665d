/* Waiters, deadlines, sleep and cancel. */
#include "tests/loop/engines.h"

#include <errno.h>

struct wait {
	struct loop_waiter w;
	uint64_t deadline_ns;
	int result;
	bool is_done;
};

static void co_wait(void *arg)
{
	struct wait *wait = arg;

	wait->result = loop_co_wait(&wait->w, wait->deadline_ns);
	wait->is_done = true;
}

static void co_let(struct wait *wait)
{
	while (!wait->is_done)
		loop_co_yield();
}

static void co_woken(void *arg)
{
	struct wait wait = { .deadline_ns = LOOP_FOREVER };

	(void)arg;
	loop_spawn(co_wait, &wait);
	loop_co_yield();
	assert_false(wait.is_done);
	loop_wake(&wait.w, 42);
	loop_wake(&wait.w, 43);
	assert_false(wait.is_done);
	co_let(&wait);
	assert_int_equal(wait.result, 42);
}

static void a_waiter_returns_what_it_was_woken_with(void **state)
{
	(void)state;
	on_each_engine(co_woken, NULL);
}

static void co_woken_before(void *arg)
{
	struct loop_waiter w = { .fiber = NULL };

	(void)arg;
	loop_wake(&w, -EIO);
	assert_int_equal(loop_co_wait(&w, LOOP_FOREVER), -EIO);
	assert_int_equal(loop_co_wait(&w, loop_now() + loop_ms(1)), -ETIMEDOUT);
}

static void a_wake_before_the_wait_counts_once(void **state)
{
	(void)state;
	on_each_engine(co_woken_before, NULL);
}

static void co_deadline(void *arg)
{
	struct loop_waiter w = { .fiber = NULL };
	uint64_t start = loop_now();

	(void)arg;
	assert_int_equal(loop_co_wait(&w, start + loop_ms(5)), -ETIMEDOUT);
	assert_true(loop_now() >= start + loop_ms(5));
	assert_int_equal(loop_co_wait(&w, start), -ETIMEDOUT);
}

static void a_deadline_ends_a_wait_and_not_before(void **state)
{
	(void)state;
	on_each_engine(co_deadline, NULL);
}

static void co_cancel(void *arg)
{
	struct wait wait = { .deadline_ns = LOOP_FOREVER };
	struct loop_fiber *fiber = loop_spawn(co_wait, &wait);

	(void)arg;
	loop_co_yield();
	loop_cancel(fiber);
	loop_cancel(fiber);
	co_let(&wait);
	assert_int_equal(wait.result, -ECANCELED);
}

static void a_cancel_ends_a_wait(void **state)
{
	(void)state;
	on_each_engine(co_cancel, NULL);
}

static void co_cancel_pending(void *arg)
{
	struct loop_waiter w = { .fiber = NULL };

	(void)arg;
	loop_cancel(loop_self());
	assert_true(loop_is_cancelled());
	assert_int_equal(loop_co_wait(&w, LOOP_FOREVER), -ECANCELED);
	assert_false(loop_is_cancelled());
	assert_int_equal(loop_co_wait(&w, loop_now() + 1), -ETIMEDOUT);
	loop_cancel(loop_self());
	assert_int_equal(loop_co_sleep(loop_ms(1000)), -ECANCELED);
	loop_cancel(loop_self());
	assert_int_equal(loop_co_sleep(0), -ECANCELED);
	assert_int_equal(loop_co_sleep(0), 0);
	assert_int_equal(loop_co_sleep(loop_ms(1)), 0);
}

static void a_pending_cancel_ends_one_wait(void **state)
{
	(void)state;
	on_each_engine(co_cancel_pending, NULL);
}

/* What the waker handed over must not be lost. */
static void co_wake_after_cancel(void *arg)
{
	struct wait wait = { .deadline_ns = LOOP_FOREVER };
	struct loop_fiber *fiber = loop_spawn(co_wait, &wait);

	(void)arg;
	loop_co_yield();
	loop_cancel(fiber);
	loop_wake(&wait.w, 7);
	co_let(&wait);
	assert_int_equal(wait.result, 7);
}

static void a_wake_beats_a_cancel_of_the_same_moment(void **state)
{
	(void)state;
	on_each_engine(co_wake_after_cancel, NULL);
}

static void co_sleep_long(void *arg)
{
	int *result = arg;

	*result = loop_co_sleep(LOOP_FOREVER);
}

static void co_sleepers(void *arg)
{
	int result = 1;
	struct loop_fiber *fiber = loop_spawn(co_sleep_long, &result);

	(void)arg;
	loop_co_sleep(loop_ms(2));
	assert_int_equal(result, 1);
	loop_cancel(fiber);
	while (result == 1)
		loop_co_yield();
	assert_int_equal(result, -ECANCELED);
}

static void a_sleep_without_end_can_be_cancelled(void **state)
{
	(void)state;
	on_each_engine(co_sleepers, NULL);
}

int main(void)
{
	const struct CMUnitTest tests[] = {
		cmocka_unit_test(a_waiter_returns_what_it_was_woken_with),
		cmocka_unit_test(a_wake_before_the_wait_counts_once),
		cmocka_unit_test(a_deadline_ends_a_wait_and_not_before),
		cmocka_unit_test(a_cancel_ends_a_wait),
		cmocka_unit_test(a_pending_cancel_ends_one_wait),
		cmocka_unit_test(a_wake_beats_a_cancel_of_the_same_moment),
		cmocka_unit_test(a_sleep_without_end_can_be_cancelled),
	};

	return cmocka_run_group_tests(tests, NULL, NULL);
}
