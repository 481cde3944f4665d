/*
 * What only the plain engine could get wrong: what epoll forgets and refuses.
 * Tests plain.c and call.c; the rest is tested on both engines together.
 */
#include "tests/loop/engines.h"

#include <errno.h>
#include <fcntl.h>
#include <poll.h>
#include <sys/socket.h>
#include <unistd.h>

#include "gateway/loop/engine.h"

static void on_plain(loop_fiber_fn *co_body)
{
	struct loop *loop = engine_loop(LOOP_ENGINE_PLAIN);

	assert_non_null(loop);
	run_on(loop, co_body, NULL);
	loop_free(loop);
}

static void co_reused(void *arg)
{
	int seen = -1;

	(void)arg;
	for (int i = 0; i < 5; i++) {
		int fds[2];

		assert_int_equal(pipe2(fds, O_CLOEXEC | O_NONBLOCK), 0);
		assert_true(seen == -1 || seen == fds[0]);
		seen = fds[0];
		assert_int_equal(loop_co_poll(fds[0], POLLIN,
					      loop_now() + loop_ms(1)),
				 -ETIMEDOUT);
		assert_int_equal(write(fds[1], "x", 1), 1);
		assert_int_equal(loop_co_poll(fds[0], POLLIN, LOOP_FOREVER),
				 POLLIN);
		loop_close(fds[0]);
		loop_close(fds[1]);
	}
}

static void a_descriptor_that_is_used_again_is_watched_anew(void **state)
{
	(void)state;
	on_plain(co_reused);
}

static void co_regular(void *arg)
{
	int fd = open("/proc/self/exe", O_RDONLY | O_CLOEXEC);

	(void)arg;
	assert_int_equal(loop_co_poll(fd, POLLIN, LOOP_FOREVER), POLLIN);
	assert_int_equal(loop_co_poll(-1, POLLIN, LOOP_FOREVER), -EBADF);
	assert_int_equal(loop_co_poll(9999, POLLIN, LOOP_FOREVER), -EBADF);
	loop_close(fd);
}

static void a_regular_file_is_always_ready(void **state)
{
	(void)state;
	on_plain(co_regular);
}

static void co_cached(void *arg)
{
	const struct loop_counters *c = loop_counters(loop_current());
	int fd = open("/tmp", O_TMPFILE | O_RDWR | O_CLOEXEC, 0600);
	uint64_t calls;
	char back[4];

	(void)arg;
	assert_int_equal(pwrite(fd, "warm", 4, 0), 4);
	calls = c->hand_calls;
	assert_int_equal(loop_co_read(fd, back, 4, 0), 4);
	assert_memory_equal(back, "warm", 4);
	if (c->hand_calls != calls)
		print_message("skipped: /tmp reads never without a wait\n");
	loop_close(fd);
}

static void a_cached_read_needs_no_hand(void **state)
{
	(void)state;
	on_plain(co_cached);
}

static int64_t answer(void *arg)
{
	return *(int64_t *)arg;
}

static void a_call_answers_with_its_result_or_its_error(void **state)
{
	int64_t value = -EXDEV;
	char byte;
	struct loop_op fails = {
		.verb = LOOP_VERB_READ,
		.fd = -1,
		.to = &byte,
		.length = 1,
	};
	struct loop_op calls = {
		.verb = LOOP_VERB_CALL,
		.call = answer,
		.arg = &value,
	};
	struct loop_op missing = {
		.verb = LOOP_VERB_UNLINKAT,
		.fd = AT_FDCWD,
		.path = "/nonexistent/name",
	};

	(void)state;
	assert_int_equal(loop_op_call(&fails), -EBADF);
	assert_int_equal(loop_op_call(&calls), -EXDEV);
	assert_int_equal(loop_op_call(&missing), -ENOENT);
}

int main(void)
{
	const struct CMUnitTest tests[] = {
		cmocka_unit_test(
			a_descriptor_that_is_used_again_is_watched_anew),
		cmocka_unit_test(a_regular_file_is_always_ready),
		cmocka_unit_test(a_cached_read_needs_no_hand),
		cmocka_unit_test(a_call_answers_with_its_result_or_its_error),
	};

	return cmocka_run_group_tests(tests, NULL, NULL);
}
