/*
 * What a worker keeps belongs to its thread and ends with it.
 */
#include "tests/store/yard.h"

#include <pthread.h>

#include "gateway/store/pipe.h"
#include "gateway/store/worker.h"

static void *count_on_another_thread(void *arg)
{
	(void)arg;
	assert_int_equal(0, store_counters()->bytes_written);
	store_worker_counters()->bytes_written = 7;
	return NULL;
}

static void counters_are_each_workers_own(void **state)
{
	pthread_t thread;

	(void)state;
	store_worker_counters()->bytes_written = 5;
	pthread_create(&thread, NULL, count_on_another_thread, NULL);
	pthread_join(thread, NULL);
	assert_int_equal(5, store_counters()->bytes_written);
	store_worker_end();
	assert_int_equal(0, store_counters()->bytes_written);
}

YARD_TEST(the_end_closes_the_pool)
{
	struct store_pipe *p = store_pipe_take(1);
	int fd = store_pipe_read_fd(p);

	(void)y;
	store_pipe_give(p, true);
	assert_int_equal(1, store_counters()->pipes);
	store_worker_end();
	assert_int_equal(0, store_counters()->pipes);
	assert_int_equal(-1, fcntl(fd, F_GETFD));
}

int main(void)
{
	const struct CMUnitTest tests[] = {
		cmocka_unit_test(counters_are_each_workers_own),
		cmocka_unit_test(the_end_closes_the_pool),
	};

	return cmocka_run_group_tests(tests, NULL, NULL);
}
