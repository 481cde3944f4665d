/* Mutexes, and the count by which a suspend knows that one is held. */
#include "tests/loop/engines.h"

#include <sys/wait.h>
#include <unistd.h>

#include "gateway/loop/inside.h"

static void a_held_lock_is_counted_for_its_thread(void **state)
{
	struct loop_mutex made = LOOP_MUTEX_INITIALIZER;
	struct loop_mutex m;

	(void)state;
	loop_mutex_init(&m);
	assert_int_equal(loop_locks_held(), 0);
	loop_lock(&m);
	assert_int_equal(loop_locks_held(), 1);
	loop_unlock(&m);
	loop_lock(&made);
	loop_unlock(&made);
	assert_int_equal(loop_locks_held(), 0);
	loop_mutex_fini(&m);
}

static bool dies(void (*deed)(void))
{
	int status;
	pid_t pid = fork();

	if (pid == 0) {
		close(STDERR_FILENO);
		deed();
		_exit(0);
	}
	assert_int_equal(waitpid(pid, &status, 0), pid);
	return !WIFEXITED(status) || WEXITSTATUS(status) != 0;
}

static void lock_two(void)
{
	struct loop_mutex a = LOOP_MUTEX_INITIALIZER;
	struct loop_mutex b = LOOP_MUTEX_INITIALIZER;

	loop_lock(&a);
	loop_lock(&b);
}

static void two_locks_at_once_are_a_fault(void **state)
{
	(void)state;
	assert_true(dies(lock_two));
}

static void co_wait_locked(void *arg)
{
	struct loop_mutex m = LOOP_MUTEX_INITIALIZER;

	(void)arg;
	loop_lock(&m);
	loop_co_yield();
	loop_unlock(&m);
}

static void suspend_locked(void)
{
	on_each_engine(co_wait_locked, NULL);
}

static void a_lock_across_a_wait_is_a_fault(void **state)
{
	(void)state;
	assert_true(dies(suspend_locked));
}

int main(void)
{
	const struct CMUnitTest tests[] = {
		cmocka_unit_test(a_held_lock_is_counted_for_its_thread),
		cmocka_unit_test(two_locks_at_once_are_a_fault),
		cmocka_unit_test(a_lock_across_a_wait_is_a_fault),
	};

	return cmocka_run_group_tests(tests, NULL, NULL);
}
