/* Fibers: their order, their stacks, and the pool of these. */
#include "tests/loop/engines.h"

#include "gateway/loop/fiber.h"

static size_t count;
static size_t order[8];

static void note_turn(void *arg)
{
	order[count++] = (size_t)arg;
}

static void co_spawn_some(void *arg)
{
	(void)arg;
	count = 0;
	for (size_t i = 0; i < 5; i++)
		assert_non_null(loop_spawn(note_turn, (void *)i));
	assert_int_equal(count, 0);
	loop_co_yield();
	assert_int_equal(count, 5);
	for (size_t i = 0; i < 5; i++)
		assert_int_equal(order[i], i);
}

static void fibers_run_in_the_order_of_their_birth(void **state)
{
	(void)state;
	on_each_engine(co_spawn_some, NULL);
}

static void co_take_turns(void *arg)
{
	size_t *turns = arg;

	for (int i = 0; i < 10; i++) {
		++*turns;
		loop_co_yield();
	}
}

static void co_many(void *arg)
{
	size_t turns = 0;

	(void)arg;
	for (int i = 0; i < 1000; i++)
		assert_non_null(loop_spawn(co_take_turns, &turns));
	while (turns < 10000)
		loop_co_yield();
	loop_co_yield();
	assert_int_equal(loop_counters(loop_current())->fibers, 1001);
}

static void a_thousand_fibers_take_turns(void **state)
{
	(void)state;
	on_each_engine(co_many, NULL);
}

static size_t __attribute__((noinline)) co_dig(size_t depth)
{
	volatile uint8_t page[1024];

	for (size_t i = 0; i < sizeof(page); i++)
		page[i] = (uint8_t)depth;
	if (depth == 0)
		loop_co_yield();
	else
		assert_int_equal(co_dig(depth - 1), depth - 1);
	for (size_t i = 0; i < sizeof(page); i++)
		assert_int_equal(page[i], depth);
	return depth;
}

static void co_dig_deep(void *arg)
{
	size_t *sum = arg;

	*sum += co_dig(40);
}

static void co_deep(void *arg)
{
	size_t sum = 0;

	(void)arg;
	for (int round = 0; round < 3; round++) {
		for (int i = 0; i < 100; i++)
			assert_non_null(loop_spawn(co_dig_deep, &sum));
		for (int i = 0; i < 3; i++)
			loop_co_yield();
	}
	assert_int_equal(sum, 300 * 40);
}

static void forty_kilobytes_of_frames_fit_a_stack(void **state)
{
	(void)state;
	on_each_engine(co_deep, NULL);
}

static void keep_address(void *arg)
{
	struct loop_fiber **at = arg;

	*at = loop_self();
}

static void co_reuse(void *arg)
{
	struct loop_fiber *first = NULL;
	struct loop_fiber *second = NULL;

	(void)arg;
	loop_spawn(keep_address, &first);
	loop_co_yield();
	loop_spawn(keep_address, &second);
	loop_co_yield();
	assert_non_null(first);
	assert_ptr_equal(first, second);
}

static void a_stack_given_back_is_taken_again(void **state)
{
	(void)state;
	on_each_engine(co_reuse, NULL);
}

static void nothing(void *arg)
{
	(void)arg;
}

static void the_pool_is_bounded(void **state)
{
	enum {
		MANY = 1000
	};
	static struct loop_fiber *fibers[MANY];
	struct loop_stacks stacks;

	(void)state;
	loop_stacks_init(&stacks);
	for (int i = 0; i < MANY; i++) {
		fibers[i] = loop_fiber_take(&stacks, nothing, NULL);
		assert_non_null(fibers[i]);
	}
	assert_int_equal(stacks.used_count, MANY);
	for (int i = 0; i < MANY; i++)
		loop_fiber_give(&stacks, fibers[i]);
	assert_int_equal(stacks.used_count, 0);
	assert_true(stacks.free_count > 0);
	assert_true(stacks.free_count < MANY);
	loop_stacks_fini(&stacks);
}

static void more_fibers_than_allowed_are_refused(void **state)
{
	static struct loop_fiber *fibers[10000];
	struct loop_stacks stacks;
	size_t taken = 0;

	(void)state;
	loop_stacks_init(&stacks);
	while (taken < 10000) {
		fibers[taken] = loop_fiber_take(&stacks, nothing, NULL);
		if (fibers[taken] == NULL)
			break;
		taken++;
	}
	assert_in_range(taken, 2000, 9999);
	while (taken > 0)
		loop_fiber_give(&stacks, fibers[--taken]);
	loop_stacks_fini(&stacks);
}

static void co_floats(void *arg)
{
	double *sum = arg;
	double mine = 0.5;

	for (int i = 0; i < 100; i++) {
		mine *= 1.01;
		loop_co_yield();
	}
	*sum += mine;
}

static void co_float_pairs(void *arg)
{
	double sum = 0;

	(void)arg;
	loop_spawn(co_floats, &sum);
	loop_spawn(co_floats, &sum);
	for (int i = 0; i < 102; i++)
		loop_co_yield();
	assert_true(sum > 2.70 && sum < 2.71);
}

static void floating_point_survives_the_switch(void **state)
{
	(void)state;
	on_each_engine(co_float_pairs, NULL);
}

int main(void)
{
	const struct CMUnitTest tests[] = {
		cmocka_unit_test(fibers_run_in_the_order_of_their_birth),
		cmocka_unit_test(a_thousand_fibers_take_turns),
		cmocka_unit_test(forty_kilobytes_of_frames_fit_a_stack),
		cmocka_unit_test(a_stack_given_back_is_taken_again),
		cmocka_unit_test(the_pool_is_bounded),
		cmocka_unit_test(more_fibers_than_allowed_are_refused),
		cmocka_unit_test(floating_point_survives_the_switch),
	};

	return cmocka_run_group_tests(tests, NULL, NULL);
}
