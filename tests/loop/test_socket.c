/* Sending, polling and splicing, with peers that are slow or go away. */
#include "tests/loop/engines.h"

#include <errno.h>
#include <fcntl.h>
#include <poll.h>
#include <stdlib.h>
#include <string.h>
#include <sys/socket.h>
#include <unistd.h>

struct pair {
	int ours;
	int theirs;
};

static struct pair pair_open(void)
{
	int fds[2];

	assert_int_equal(socketpair(AF_UNIX, SOCK_STREAM | SOCK_CLOEXEC, 0,
				    fds),
			 0);
	assert_int_equal(loop_socket_adopt(fds[0]), 0);
	assert_int_equal(loop_socket_adopt(fds[1]), 0);
	return (struct pair){ .ours = fds[0], .theirs = fds[1] };
}

static void pair_close(struct pair *p)
{
	loop_close(p->ours);
	if (p->theirs >= 0)
		loop_close(p->theirs);
}

struct reader {
	int fd;
	size_t want;
	size_t got;
	unsigned int sum;
};

static void co_read_all(void *arg)
{
	struct reader *r = arg;
	uint8_t some[3000];

	while (r->got < r->want) {
		ssize_t n = recv(r->fd, some, sizeof(some), MSG_DONTWAIT);

		if (n < 0)
			assert_true(loop_co_poll(r->fd, POLLIN, LOOP_FOREVER) >
				    0);
		for (ssize_t i = 0; i < n; i++)
			r->sum += some[i] * (unsigned int)(++r->got);
	}
}

enum {
	PIECES = 1500,
	PIECE = 1000
};

static void co_send_long(void *arg)
{
	static uint8_t bytes[PIECES * PIECE];
	static struct iovec iov[PIECES];
	struct pair p = pair_open();
	struct reader r = { .fd = p.theirs, .want = sizeof(bytes) };
	unsigned int sum = 0;

	(void)arg;
	for (size_t i = 0; i < sizeof(bytes); i++) {
		bytes[i] = (uint8_t)(i * 7 + i / 256);
		sum += bytes[i] * (unsigned int)(i + 1);
	}
	for (size_t i = 0; i < PIECES; i++)
		iov[i] = (struct iovec){ bytes + i * PIECE, PIECE };
	loop_spawn(co_read_all, &r);
	assert_int_equal(loop_co_send(p.ours, iov, PIECES, 0), sizeof(bytes));
	while (r.got < r.want)
		loop_co_yield();
	assert_int_equal(r.sum, sum);
	pair_close(&p);
}

static void a_long_vector_is_sent_whole_to_a_slow_reader(void **state)
{
	(void)state;
	on_each_engine(co_send_long, NULL);
}

static void co_send_nothing(void *arg)
{
	struct pair p = pair_open();
	struct iovec iov[2] = { { NULL, 0 }, { NULL, 0 } };

	(void)arg;
	assert_int_equal(loop_co_send(p.ours, iov, 2, 0), 0);
	assert_int_equal(loop_co_send(p.ours, NULL, 0, 0), 0);
	pair_close(&p);
}

static void sending_nothing_sends_nothing(void **state)
{
	(void)state;
	on_each_engine(co_send_nothing, NULL);
}

static void co_send_to_nobody(void *arg)
{
	struct pair p = pair_open();
	struct iovec iov = { (char[]){ "x" }, 1 };

	(void)arg;
	loop_close(p.theirs);
	p.theirs = -1;
	assert_int_equal(loop_co_send(p.ours, &iov, 1, 0), -EPIPE);
	pair_close(&p);
}

static void a_peer_that_is_gone_is_epipe_without_a_signal(void **state)
{
	(void)state;
	on_each_engine(co_send_to_nobody, NULL);
}

struct sender {
	int fd;
	int64_t result;
	bool is_done;
};

static void co_send_much(void *arg)
{
	struct sender *s = arg;
	size_t size = 8u << 20;
	char *bytes = calloc(1, size);
	struct iovec iov = { bytes, size };

	s->result = loop_co_send(s->fd, &iov, 1, 0);
	s->is_done = true;
	free(bytes);
}

static void co_cancel_send(void *arg)
{
	struct pair p = pair_open();
	struct sender s = { .fd = p.ours };
	struct loop_fiber *fiber = loop_spawn(co_send_much, &s);

	(void)arg;
	assert_int_equal(loop_co_sleep(loop_ms(5)), 0);
	assert_false(s.is_done);
	loop_cancel(fiber);
	while (!s.is_done)
		loop_co_yield();
	assert_int_equal(s.result, -ECANCELED);
	pair_close(&p);
}

static void a_send_to_a_stalled_peer_can_be_cancelled(void **state)
{
	(void)state;
	on_each_engine(co_cancel_send, NULL);
}

static void co_poll(void *arg)
{
	struct pair p = pair_open();

	(void)arg;
	assert_int_equal(loop_co_poll(p.ours, POLLIN, loop_now() + loop_ms(3)),
			 -ETIMEDOUT);
	assert_int_equal(loop_co_poll(p.ours, POLLOUT, LOOP_FOREVER), POLLOUT);
	assert_int_equal(write(p.theirs, "x", 1), 1);
	assert_int_equal(loop_co_poll(p.ours, POLLIN,
				      loop_now() + loop_ms(999)),
			 POLLIN);
	loop_close(p.theirs);
	p.theirs = -1;
	assert_true(loop_co_poll(p.ours, POLLIN, LOOP_FOREVER) & POLLHUP);
	pair_close(&p);
}

static void poll_tells_the_events_or_times_out(void **state)
{
	(void)state;
	on_each_engine(co_poll, NULL);
}

static void co_poll_cancelled(void *arg)
{
	struct pair p = pair_open();

	(void)arg;
	loop_cancel(loop_self());
	assert_true(loop_is_cancelled());
	assert_int_equal(loop_co_poll(p.ours, POLLIN, LOOP_FOREVER),
			 -ECANCELED);
	assert_false(loop_is_cancelled());
	pair_close(&p);
}

static void a_cancel_before_the_poll_counts(void **state)
{
	(void)state;
	on_each_engine(co_poll_cancelled, NULL);
}

static void co_two_wait(void *arg)
{
	struct pair p = pair_open();
	struct reader r = { .fd = p.ours, .want = 1 };
	struct sender s = { .fd = p.ours };
	struct loop_fiber *sender;

	(void)arg;
	loop_spawn(co_read_all, &r);
	sender = loop_spawn(co_send_much, &s);
	loop_co_sleep(loop_ms(2));
	assert_int_equal(r.got, 0);
	assert_int_equal(write(p.theirs, "x", 1), 1);
	while (r.got == 0)
		loop_co_yield();
	assert_false(s.is_done);
	loop_cancel(sender);
	while (!s.is_done)
		loop_co_yield();
	pair_close(&p);
}

static void a_reader_and_a_writer_wait_for_one_socket(void **state)
{
	(void)state;
	on_each_engine(co_two_wait, NULL);
}

/* ---- splice ---- */

enum {
	SPLICED = 3 << 20
};

static int file_open(const uint8_t *bytes, size_t length)
{
	int fd = open("/tmp", O_TMPFILE | O_RDWR | O_CLOEXEC, 0600);

	assert_true(fd >= 0);
	assert_int_equal(write(fd, bytes, length), (ssize_t)length);
	return fd;
}

struct splicing {
	int file;
	int pipe[2];
	int socket;
	bool is_fed; /* the end of the file was seen */
};

static void co_feed_pipe(void *arg)
{
	struct splicing *s = arg;
	uint64_t at = 0;

	while (at < SPLICED) {
		int64_t n = loop_co_splice(s->file, at, s->pipe[1], UINT64_MAX,
					   SPLICED - at, 0);

		assert_true(n > 0);
		at += (uint64_t)n;
	}
	assert_int_equal(loop_co_splice(s->file, at, s->pipe[1], UINT64_MAX, 1,
					0),
			 0);
	s->is_fed = true;
}

static void co_drain_pipe(void *arg)
{
	struct splicing *s = arg;
	uint64_t at = 0;

	while (at < SPLICED) {
		int64_t n = loop_co_splice(s->pipe[0], UINT64_MAX, s->socket,
					   UINT64_MAX, SPLICED - at, 0);

		assert_true(n > 0);
		at += (uint64_t)n;
	}
}

static void co_splice_out(void *arg)
{
	static uint8_t bytes[SPLICED];
	struct pair p = pair_open();
	struct splicing s = { .socket = p.ours };
	struct reader r = { .fd = p.theirs, .want = sizeof(bytes) };
	unsigned int sum = 0;

	(void)arg;
	for (size_t i = 0; i < sizeof(bytes); i++) {
		bytes[i] = (uint8_t)(i * 13 + i / 999);
		sum += bytes[i] * (unsigned int)(i + 1);
	}
	s.file = file_open(bytes, sizeof(bytes));
	assert_int_equal(pipe2(s.pipe, O_CLOEXEC), 0);
	loop_spawn(co_feed_pipe, &s);
	loop_spawn(co_drain_pipe, &s);
	loop_spawn(co_read_all, &r);
	while (r.got < r.want || !s.is_fed)
		loop_co_sleep(loop_ms(1));
	assert_int_equal(r.sum, sum);
	loop_close(s.file);
	loop_close(s.pipe[0]);
	loop_close(s.pipe[1]);
	pair_close(&p);
}

static void a_file_goes_through_a_pipe_to_a_socket(void **state)
{
	(void)state;
	on_each_engine(co_splice_out, NULL);
}

static void co_splice_in(void *arg)
{
	struct pair p = pair_open();
	int file = file_open((const uint8_t *)"", 0);
	int pipe[2];
	char back[5];

	(void)arg;
	assert_int_equal(pipe2(pipe, O_CLOEXEC), 0);
	assert_int_equal(write(p.theirs, "hello", 5), 5);
	assert_int_equal(loop_co_splice(p.ours, UINT64_MAX, pipe[1], UINT64_MAX,
					100, 0),
			 5);
	assert_int_equal(loop_co_splice(pipe[0], UINT64_MAX, file, 7, 100, 0),
			 5);
	assert_int_equal(pread(file, back, 5, 7), 5);
	assert_memory_equal(back, "hello", 5);
	loop_close(p.theirs);
	p.theirs = -1;
	assert_int_equal(loop_co_splice(p.ours, UINT64_MAX, pipe[1], UINT64_MAX,
					100, 0),
			 0);
	loop_close(file);
	loop_close(pipe[0]);
	loop_close(pipe[1]);
	pair_close(&p);
}

static void a_socket_goes_through_a_pipe_to_a_file(void **state)
{
	(void)state;
	on_each_engine(co_splice_in, NULL);
}

struct splicer {
	int from;
	int to;
	int64_t result;
	bool is_done;
};

static void co_splice_once(void *arg)
{
	struct splicer *s = arg;

	s->result =
		loop_co_splice(s->from, UINT64_MAX, s->to, UINT64_MAX, 1, 0);
	s->is_done = true;
}

static void co_cancel_splice(void *arg)
{
	struct pair p = pair_open();
	int pipe[2];
	struct splicer s = { .from = p.ours };
	struct loop_fiber *fiber;

	(void)arg;
	assert_int_equal(pipe2(pipe, O_CLOEXEC), 0);
	s.to = pipe[1];
	fiber = loop_spawn(co_splice_once, &s);
	loop_co_sleep(loop_ms(2));
	assert_false(s.is_done);
	loop_cancel(fiber);
	while (!s.is_done)
		loop_co_yield();
	assert_int_equal(s.result, -ECANCELED);
	loop_close(pipe[0]);
	loop_close(pipe[1]);
	pair_close(&p);
}

static void a_splice_from_a_silent_peer_can_be_cancelled(void **state)
{
	(void)state;
	on_each_engine(co_cancel_splice, NULL);
}

int main(void)
{
	const struct CMUnitTest tests[] = {
		cmocka_unit_test(a_long_vector_is_sent_whole_to_a_slow_reader),
		cmocka_unit_test(sending_nothing_sends_nothing),
		cmocka_unit_test(a_peer_that_is_gone_is_epipe_without_a_signal),
		cmocka_unit_test(a_send_to_a_stalled_peer_can_be_cancelled),
		cmocka_unit_test(poll_tells_the_events_or_times_out),
		cmocka_unit_test(a_cancel_before_the_poll_counts),
		cmocka_unit_test(a_reader_and_a_writer_wait_for_one_socket),
		cmocka_unit_test(a_file_goes_through_a_pipe_to_a_socket),
		cmocka_unit_test(a_socket_goes_through_a_pipe_to_a_file),
		cmocka_unit_test(a_splice_from_a_silent_peer_can_be_cancelled),
	};

	return cmocka_run_group_tests(tests, NULL, NULL);
}
