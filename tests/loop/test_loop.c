/* The loop's life: choice of the engine, stopping, fairness. */
#include "tests/loop/engines.h"

#include <errno.h>
#include <fcntl.h>
#include <poll.h>
#include <string.h>
#include <sys/socket.h>
#include <unistd.h>

static void the_engine_is_as_asked_or_as_probed(void **state)
{
	struct loop_features features;
	struct loop_options options = { .engine = LOOP_ENGINE_AUTO };
	struct loop *loop;

	(void)state;
	loop_probe(&features);
	print_message("%s\n", features.text);
	assert_true(strlen(features.text) > 10);
	assert_int_equal(loop_new(&options, &loop), 0);
	assert_ptr_equal(loop_current(), loop);
	assert_int_equal(loop_engine_of(loop), features.has_uring
						       ? LOOP_ENGINE_URING
						       : LOOP_ENGINE_PLAIN);
	loop_free(loop);
	assert_null(loop_current());
	options.engine = LOOP_ENGINE_PLAIN;
	assert_int_equal(loop_new(&options, &loop), 0);
	assert_string_equal(loop_engine_name(loop_engine_of(loop)), "plain");
	loop_free(loop);
	assert_null(loop_free(NULL));
}

/* ---- stopping with everything in flight ---- */

struct busy {
	int pair[2];
	int pipe[2];
	struct loop_inbox *inbox;
	struct loop_inbox *long_inbox;
	int long_pair[2];
	size_t ended;
	int results[8];
};

static void end(struct busy *b, int result)
{
	b->results[b->ended++] = result;
}

static void co_busy_fill(void *arg)
{
	struct busy *b = arg;
	char to[10];

	end(b, loop_inbox_co_fill(b->inbox, to, 10, LOOP_FOREVER));
	loop_inbox_co_free(b->inbox);
}

static void co_busy_long_fill(void *arg)
{
	static char to[100000];
	struct busy *b = arg;

	end(b, loop_inbox_co_fill(b->long_inbox, to, sizeof(to), LOOP_FOREVER));
	loop_inbox_co_free(b->long_inbox);
}

static void co_busy_send(void *arg)
{
	static char bytes[4 << 20];
	struct iovec iov = { bytes, sizeof(bytes) };
	struct busy *b = arg;

	end(b, (int)loop_co_send(b->pair[0], &iov, 1, 0));
}

static void co_busy_poll(void *arg)
{
	struct busy *b = arg;

	end(b, loop_co_poll(b->pipe[0], POLLIN, LOOP_FOREVER));
}

static void co_busy_splice(void *arg)
{
	struct busy *b = arg;

	end(b, (int)loop_co_splice(b->pipe[0], UINT64_MAX, b->pair[1],
				   UINT64_MAX, 1, 0));
}

static void co_busy_sleep(void *arg)
{
	end(arg, loop_co_sleep(LOOP_FOREVER));
}

static void co_busy_wait(void *arg)
{
	struct loop_waiter w = { .fiber = NULL };

	end(arg, loop_co_wait(&w, LOOP_FOREVER));
}

static int64_t doze(void *arg)
{
	(void)arg;
	usleep(5000);
	return -ECANCELED;
}

static void co_busy_call(void *arg)
{
	end(arg, (int)loop_co_call(NULL, doze, NULL));
}

static void accepted(void *arg, int fd)
{
	(void)arg;
	(void)fd;
	fail();
}

static loop_fiber_fn *const busy_fibers[] = {
	co_busy_fill,   co_busy_long_fill, co_busy_send, co_busy_poll,
	co_busy_splice, co_busy_sleep,     co_busy_wait, co_busy_call,
};

static void stop(struct loop_timer *timer)
{
	(void)timer;
	loop_stop(loop_current());
}

static void busy_open(struct busy *b)
{
	*b = (struct busy){ .ended = 0 };
	assert_int_equal(socketpair(AF_UNIX, SOCK_STREAM | SOCK_NONBLOCK, 0,
				    b->pair),
			 0);
	assert_int_equal(socketpair(AF_UNIX, SOCK_STREAM | SOCK_NONBLOCK, 0,
				    b->long_pair),
			 0);
	assert_int_equal(pipe(b->pipe), 0);
	assert_int_equal(loop_inbox_new(b->pair[0], &b->inbox), 0);
	assert_int_equal(loop_inbox_new(b->long_pair[0], &b->long_inbox), 0);
	for (size_t i = 0; i < 8; i++)
		assert_non_null(loop_spawn(busy_fibers[i], b));
}

static void busy_close(struct busy *b)
{
	for (int i = 0; i < 2; i++) {
		close(b->pair[i]);
		close(b->long_pair[i]);
		close(b->pipe[i]);
	}
}

/* Stopped before anything has begun, and when all of it waits. */
static void stop_busy(struct loop *loop, uint64_t after_ms)
{
	struct loop_timer timer = { .fire = stop };
	struct loop_listener *listener;
	struct busy b;
	int fd = socket(AF_INET, SOCK_STREAM | SOCK_CLOEXEC, 0);

	assert_int_equal(listen(fd, 4), 0);
	assert_int_equal(loop_listener_new(fd, accepted, NULL, &listener), 0);
	busy_open(&b);
	if (after_ms == 0)
		loop_stop(loop);
	else
		loop_timer_set(&timer, loop_now() + loop_ms(after_ms));
	loop_run(loop);
	assert_int_equal(b.ended, 8);
	for (size_t i = 0; i < 8; i++)
		assert_int_equal(b.results[i], -ECANCELED);
	loop_listener_free(listener);
	close(fd);
	busy_close(&b);
}

static void stop_ends_all_that_waits(void **state)
{
	(void)state;
	for (size_t i = 0; i < ENGINE_COUNT; i++) {
		for (uint64_t ms = 0; ms < 5; ms += 4) {
			struct loop *loop = engine_loop(engines[i]);

			if (loop == NULL)
				continue;
			stop_busy(loop, ms);
			stop_busy(loop, ms);
			loop_free(loop);
		}
	}
}

static void co_late(void *arg)
{
	int *result = arg;

	*result = loop_co_sleep(LOOP_FOREVER);
}

static void co_spawn_late(void *arg)
{
	loop_co_sleep(LOOP_FOREVER);
	loop_spawn(co_late, arg);
}

static void a_fiber_born_while_stopping_ends_too(void **state)
{
	(void)state;
	for (size_t i = 0; i < ENGINE_COUNT; i++) {
		struct loop *loop = engine_loop(engines[i]);
		int result = 1;

		if (loop == NULL)
			continue;
		loop_spawn(co_spawn_late, &result);
		loop_stop(loop);
		loop_run(loop);
		assert_int_equal(result, -ECANCELED);
		loop_free(loop);
	}
}

/* ---- fairness ---- */

struct hog {
	bool is_over;
	bool is_done;
	size_t rounds;
};

static void co_hog(void *arg)
{
	struct hog *hog = arg;
	int pair[2];
	char byte = 0;

	assert_int_equal(socketpair(AF_UNIX, SOCK_STREAM | SOCK_NONBLOCK, 0,
				    pair),
			 0);
	while (!hog->is_over) {
		struct iovec iov = { &byte, 1 };

		assert_int_equal(loop_co_send(pair[0], &iov, 1, 0), 1);
		assert_int_equal(read(pair[1], &byte, 1), 1);
		hog->rounds++;
	}
	close(pair[0]);
	close(pair[1]);
	hog->is_done = true;
}

static void co_beside_hog(void *arg)
{
	struct hog hog = { .rounds = 0 };

	(void)arg;
	loop_spawn(co_hog, &hog);
	while (hog.rounds < 1000)
		loop_co_yield();
	hog.is_over = true;
	while (!hog.is_done)
		loop_co_yield();
}

static void a_fiber_that_never_waits_lets_others_run(void **state)
{
	(void)state;
	on_each_engine(co_beside_hog, NULL);
}

static void co_count(void *arg)
{
	const struct loop_counters *c = loop_counters(loop_current());
	char byte;
	int fd = open("/proc/self/exe", O_RDONLY | O_CLOEXEC);

	(void)arg;
	assert_int_equal(c->submitted, 0);
	assert_int_equal(loop_co_read(fd, &byte, 1, 0), 1);
	assert_int_equal(c->submitted, 1);
	assert_int_equal(c->completed, 1);
	assert_int_equal(c->fibers, 1);
	close(fd);
}

static void operations_are_counted(void **state)
{
	(void)state;
	on_each_engine(co_count, NULL);
}

int main(void)
{
	const struct CMUnitTest tests[] = {
		cmocka_unit_test(the_engine_is_as_asked_or_as_probed),
		cmocka_unit_test(stop_ends_all_that_waits),
		cmocka_unit_test(a_fiber_born_while_stopping_ends_too),
		cmocka_unit_test(a_fiber_that_never_waits_lets_others_run),
		cmocka_unit_test(operations_are_counted),
	};

	return cmocka_run_group_tests(tests, NULL, NULL);
}
