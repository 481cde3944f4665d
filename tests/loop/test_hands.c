/* Calls that block, on the hands. */
#include "tests/loop/engines.h"

#include <errno.h>
#include <pthread.h>
#include <signal.h>
#include <unistd.h>

struct job {
	pthread_t thread;
	int64_t answer;
};

static int64_t work(void *arg)
{
	struct job *job = arg;

	job->thread = pthread_self();
	return job->answer;
}

static void co_call(void *arg)
{
	struct job job = { .answer = 1234567890123 };

	(void)arg;
	assert_int_equal(loop_co_call(NULL, work, &job), 1234567890123);
	assert_false(pthread_equal(job.thread, pthread_self()));
	job.answer = -EAGAIN;
	assert_int_equal(loop_co_call(NULL, work, &job), -EAGAIN);
	assert_true(loop_counters(loop_current())->hand_calls >= 2);
}

static void a_call_runs_elsewhere_and_its_answer_comes_back(void **state)
{
	(void)state;
	on_engines_with_hands(co_call, NULL);
}

struct meeting {
	pthread_barrier_t barrier;
	size_t done;
};

static int64_t meet(void *arg)
{
	struct meeting *m = arg;

	pthread_barrier_wait(&m->barrier);
	return 0;
}

static void co_meet(void *arg)
{
	struct meeting *m = arg;

	assert_int_equal(loop_co_call(NULL, meet, m), 0);
	m->done++;
}

/* Each call ends only when three others have begun. */
static void co_at_once(void *arg)
{
	struct meeting m = { .done = 0 };

	(void)arg;
	pthread_barrier_init(&m.barrier, NULL, 4);
	for (int i = 0; i < 40; i++)
		assert_non_null(loop_spawn(co_meet, &m));
	while (m.done < 40)
		loop_co_sleep(loop_ms(1));
	pthread_barrier_destroy(&m.barrier);
}

static void four_calls_run_at_once_and_the_others_queue(void **state)
{
	(void)state;
	on_engines_with_hands(co_at_once, NULL);
}

static int64_t mask(void *arg)
{
	sigset_t now;

	(void)arg;
	pthread_sigmask(SIG_SETMASK, NULL, &now);
	return sigismember(&now, SIGTERM) && sigismember(&now, SIGINT);
}

static void co_signals(void *arg)
{
	(void)arg;
	assert_int_equal(loop_co_call(NULL, mask, NULL), 1);
}

static void hands_take_no_signals(void **state)
{
	(void)state;
	on_engines_with_hands(co_signals, NULL);
}

static void co_count(void *arg)
{
	size_t *left = arg;
	struct job job = { .answer = 5 };

	assert_int_equal(loop_co_call(NULL, work, &job), 5);
	(*left)--;
}

static void co_flood(void *arg)
{
	size_t left = 1000;

	(void)arg;
	for (int i = 0; i < 1000; i++)
		assert_non_null(loop_spawn(co_count, &left));
	while (left > 0)
		loop_co_sleep(loop_ms(1));
}

static void a_thousand_calls_all_return(void **state)
{
	(void)state;
	on_each_engine(co_flood, NULL);
}

int main(void)
{
	const struct CMUnitTest tests[] = {
		cmocka_unit_test(
			a_call_runs_elsewhere_and_its_answer_comes_back),
		cmocka_unit_test(four_calls_run_at_once_and_the_others_queue),
		cmocka_unit_test(hands_take_no_signals),
		cmocka_unit_test(a_thousand_calls_all_return),
	};

	return cmocka_run_group_tests(tests, NULL, NULL);
}
