/* Lanes: what hangs in one is felt nowhere else. */
#include "tests/loop/engines.h"

#include <errno.h>
#include <fcntl.h>
#include <unistd.h>

#define HANGING 12 /* more than any loop has hands */

struct jam {
	struct loop_lane *lane;
	int pipe[2];
	size_t begun, done;
};

static void co_hang(void *arg)
{
	struct jam *jam = arg;
	char byte;

	jam->begun++;
	assert_int_equal(loop_co_read(jam->pipe[0], &byte, 1, 0), -ESPIPE);
	assert_int_equal(loop_co_splice(jam->pipe[0], UINT64_MAX, -1,
					UINT64_MAX, 1, 0),
			 -EBADF);
	jam->done++;
}

static int64_t wait_for_byte(void *arg)
{
	struct jam *jam = arg;
	char byte;

	return read(jam->pipe[0], &byte, 1);
}

static void co_hang_in_a_call(void *arg)
{
	struct jam *jam = arg;

	jam->begun++;
	assert_int_equal(loop_co_call(NULL, wait_for_byte, jam), 1);
	jam->done++;
}

static int64_t nothing(void *arg)
{
	(void)arg;
	return 7;
}

static void co_jam(void *arg)
{
	struct jam jam = { .begun = 0 };

	(void)arg;
	assert_int_equal(pipe2(jam.pipe, O_CLOEXEC), 0);
	jam.lane = loop_lane_new(4);
	assert_non_null(jam.lane);
	for (int i = 0; i < HANGING; i++)
		assert_non_null(
			loop_spawn_in(jam.lane, co_hang_in_a_call, &jam));
	while (jam.begun < HANGING)
		loop_co_yield();

	assert_int_equal(loop_co_call(NULL, nothing, NULL), 7);
	assert_int_equal(jam.done, 0);

	for (int i = 0; i < HANGING; i++)
		assert_int_equal(write(jam.pipe[1], "x", 1), 1);
	while (jam.done < HANGING)
		assert_int_equal(loop_co_sleep(loop_ms(1)), 0);
	jam.lane = loop_lane_free(jam.lane);
	close(jam.pipe[0]);
	close(jam.pipe[1]);
}

static void calls_that_hang_in_a_lane_hang_there_alone(void **state)
{
	(void)state;
	on_each_engine(co_jam, NULL);
}

static void co_errors(void *arg)
{
	struct jam jam = { .begun = 0 };

	(void)arg;
	assert_int_equal(pipe2(jam.pipe, O_CLOEXEC), 0);
	jam.lane = loop_lane_new(1);
	assert_non_null(jam.lane);
	assert_null(loop_lane_enter(jam.lane));
	assert_non_null(loop_spawn(co_hang, &jam)); /* born in the lane */
	while (jam.done < 1)
		assert_int_equal(loop_co_sleep(loop_ms(1)), 0);
	assert_ptr_equal(loop_lane_enter(NULL), jam.lane);
	jam.lane = loop_lane_free(jam.lane);
	close(jam.pipe[0]);
	close(jam.pipe[1]);
}

static void errors_and_fibers_are_as_elsewhere(void **state)
{
	(void)state;
	on_each_engine(co_errors, NULL);
}

int main(void)
{
	const struct CMUnitTest tests[] = {
		cmocka_unit_test(calls_that_hang_in_a_lane_hang_there_alone),
		cmocka_unit_test(errors_and_fibers_are_as_elsewhere),
	};

	return cmocka_run_group_tests(tests, NULL, NULL);
}
