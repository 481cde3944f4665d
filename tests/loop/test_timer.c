/* Timers: order, moving, clearing, and setting anew while they fire. */
#include "tests/loop/engines.h"

#include <stdlib.h>

enum {
	TIMERS = 500
};

struct numbered {
	struct loop_timer timer;
	uint64_t set_to;
	bool was_cleared;
};

static struct numbered timers[TIMERS];
static size_t fired_count;
static uint64_t last_deadline;

static void fired(struct loop_timer *timer)
{
	struct numbered *n = (struct numbered *)timer;

	assert_false(n->was_cleared);
	assert_true(loop_now() >= n->set_to);
	assert_true(last_deadline <= n->set_to);
	last_deadline = n->set_to;
	fired_count++;
}

static void set(struct numbered *n, uint64_t start)
{
	n->set_to = start + (uint64_t)(rand() % 5000) * 1000;
	loop_timer_set(&n->timer, n->set_to);
}

static void co_shuffle(void *arg)
{
	uint64_t start = loop_now();
	size_t cleared = 0;

	(void)arg;
	fired_count = 0;
	last_deadline = 0;
	srand(1);
	for (size_t i = 0; i < TIMERS; i++) {
		timers[i] = (struct numbered){ .timer.fire = fired };
		set(&timers[i], start);
	}
	for (size_t i = 0; i < TIMERS; i += 3)
		set(&timers[i], start);
	for (size_t i = 0; i < TIMERS; i += 5) {
		loop_timer_clear(&timers[i].timer);
		loop_timer_clear(&timers[i].timer);
		timers[i].was_cleared = true;
		cleared++;
	}
	loop_co_sleep(loop_ms(8));
	assert_int_equal(fired_count, TIMERS - cleared);
}

static void timers_fire_once_in_order_and_not_too_early(void **state)
{
	(void)state;
	on_each_engine(co_shuffle, NULL);
}

static size_t again_left;

static void fired_again(struct loop_timer *timer)
{
	if (--again_left > 0)
		loop_timer_set(timer, loop_now());
}

static void co_again(void *arg)
{
	struct loop_timer timer = { .fire = fired_again };

	(void)arg;
	again_left = 10;
	loop_timer_set(&timer, loop_now());
	while (again_left > 0)
		loop_co_yield();
	assert_int_equal(timer.heap_index, 0);
}

static void a_timer_may_set_itself_anew(void **state)
{
	(void)state;
	on_each_engine(co_again, NULL);
}

static struct loop_timer victim;

static void clear_victim(struct loop_timer *timer)
{
	(void)timer;
	loop_timer_clear(&victim);
}

static void victim_fired(struct loop_timer *timer)
{
	(void)timer;
	fail();
}

static void co_clear_other(void *arg)
{
	struct loop_timer killer = { .fire = clear_victim };
	uint64_t now = loop_now();

	(void)arg;
	victim = (struct loop_timer){ .fire = victim_fired };
	loop_timer_set(&killer, now);
	loop_timer_set(&victim, now + 1);
	loop_co_sleep(loop_ms(1));
}

static void a_timer_may_clear_another_that_is_due(void **state)
{
	(void)state;
	on_each_engine(co_clear_other, NULL);
}

static void co_clocks(void *arg)
{
	uint64_t start = loop_now();

	(void)arg;
	assert_true(loop_wall_now() > (uint64_t)1600000000 * 1000000000u);
	loop_co_sleep(loop_ms(1));
	assert_true(loop_now() >= start + loop_ms(1));
}

static void the_clock_goes_on_between_rounds(void **state)
{
	(void)state;
	on_each_engine(co_clocks, NULL);
}

int main(void)
{
	const struct CMUnitTest tests[] = {
		cmocka_unit_test(timers_fire_once_in_order_and_not_too_early),
		cmocka_unit_test(a_timer_may_set_itself_anew),
		cmocka_unit_test(a_timer_may_clear_another_that_is_due),
		cmocka_unit_test(the_clock_goes_on_between_rounds),
	};

	return cmocka_run_group_tests(tests, NULL, NULL);
}
