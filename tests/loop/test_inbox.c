/* Inboxes: every byte once and in order, however the stream is cut. */
#include "tests/loop/engines.h"

#include <errno.h>
#include <netinet/in.h>
#include <netinet/tcp.h>
#include <poll.h>
#include <stdlib.h>
#include <string.h>
#include <sys/socket.h>
#include <unistd.h>

struct pair {
	int ours;
	int theirs;
};

static struct pair pair_adopted(int ours, int theirs)
{
	assert_int_equal(loop_socket_adopt(ours), 0);
	assert_int_equal(loop_socket_adopt(theirs), 0);
	return (struct pair){ .ours = ours, .theirs = theirs };
}

static struct pair pair_unix(void)
{
	int fds[2];

	assert_int_equal(socketpair(AF_UNIX, SOCK_STREAM | SOCK_CLOEXEC, 0,
				    fds),
			 0);
	return pair_adopted(fds[0], fds[1]);
}

static struct pair pair_tcp(void)
{
	struct sockaddr_in address = {
		.sin_family = AF_INET,
		.sin_addr.s_addr = htonl(INADDR_LOOPBACK),
	};
	socklen_t length = sizeof(address);
	int listener = socket(AF_INET, SOCK_STREAM | SOCK_CLOEXEC, 0);
	int theirs = socket(AF_INET, SOCK_STREAM | SOCK_CLOEXEC, 0);

	assert_int_equal(bind(listener, (struct sockaddr *)&address, length),
			 0);
	assert_int_equal(listen(listener, 1), 0);
	getsockname(listener, (struct sockaddr *)&address, &length);
	assert_int_equal(connect(theirs, (struct sockaddr *)&address, length),
			 0);

	int ours = accept4(listener, NULL, NULL, SOCK_CLOEXEC);

	assert_true(ours >= 0);
	close(listener);
	return pair_adopted(ours, theirs);
}

static struct pair (*const pairs[])(void) = { pair_unix, pair_tcp };

enum {
	PAIRS = 2
};

static void hang_up(struct pair *p)
{
	loop_close(p->theirs);
	p->theirs = -1;
}

static void pair_close(struct pair *p)
{
	loop_close(p->ours);
	if (p->theirs >= 0)
		loop_close(p->theirs);
}

static uint8_t byte_at(size_t i)
{
	return (uint8_t)(i * 11 + i / 251 + i / 65521);
}

/* ---- random cuts ---- */

struct flow {
	int fd;
	size_t length;
	size_t cut_max;
	unsigned int seed;
	bool is_done;
};

/* Sends the whole flow in pieces of random sizes, with random pauses. */
static void co_send_flow(void *arg)
{
	struct flow *flow = arg;
	uint8_t *bytes = malloc(flow->length);
	size_t sent = 0;

	for (size_t i = 0; i < flow->length; i++)
		bytes[i] = byte_at(i);
	while (sent < flow->length) {
		size_t n = 1 + (size_t)rand_r(&flow->seed) % flow->cut_max;
		struct iovec iov = { bytes + sent, n };

		if (n > flow->length - sent)
			iov.iov_len = flow->length - sent;
		n = iov.iov_len;
		assert_int_equal(loop_co_send(flow->fd, &iov, 1, 0), n);
		sent += n;
		if (rand_r(&flow->seed) % 4 == 0)
			loop_co_yield();
	}
	free(bytes);
	flow->is_done = true;
}

static void co_await_flow(const struct flow *flow)
{
	while (!flow->is_done)
		loop_co_yield();
}

static void check(const uint8_t *bytes, size_t length, size_t at)
{
	for (size_t i = 0; i < length; i++)
		if (bytes[i] != byte_at(at + i))
			fail_msg("byte %zu differs", at + i);
}

static void co_receive_flow(struct loop_inbox *inbox, size_t length,
			    size_t fill_max, unsigned int seed)
{
	uint8_t *bytes = malloc(fill_max);
	size_t at = 0;

	while (at < length) {
		size_t n = 1 + (size_t)rand_r(&seed) % fill_max;

		if (n > length - at)
			n = length - at;
		assert_int_equal(loop_inbox_co_fill(inbox, bytes, n,
						    loop_now() +
							    loop_ms(60000)),
				 0);
		check(bytes, n, at);
		at += n;
	}
	free(bytes);
}

static void co_one_flow(struct pair p, size_t length, size_t cut_max,
			size_t fill_max, unsigned int seed)
{
	struct loop_inbox *inbox;
	struct flow flow = {
		.fd = p.theirs,
		.length = length,
		.cut_max = cut_max,
		.seed = seed,
	};

	assert_int_equal(loop_inbox_new(p.ours, &inbox), 0);
	loop_spawn(co_send_flow, &flow);
	co_receive_flow(inbox, length, fill_max, seed + 1);
	co_await_flow(&flow);
	loop_inbox_co_free(inbox);
	pair_close(&p);
}

static void co_random_cuts(void *arg)
{
	static const size_t sizes[] = { 7, 300, 5000, 40000, 300000 };

	(void)arg;
	for (unsigned int i = 0; i < PAIRS * 25; i++) {
		size_t cut = sizes[i % 5];
		size_t fill = sizes[i / 5 % 5];
		size_t length = (cut + fill) * 20;
		size_t few = 1000 * (cut < fill ? cut : fill);

		if (length > few)
			length = few + fill;
		co_one_flow(pairs[i / 25](), length, cut, fill, i);
	}
}

static void all_bytes_arrive_in_order_however_they_are_cut(void **state)
{
	(void)state;
	on_each_engine(co_random_cuts, NULL);
}

/* ---- many at once: more than there are buffers ---- */

struct crowd {
	size_t left;
	unsigned int seed;
};

static void co_member(void *arg)
{
	struct crowd *crowd = arg;

	co_one_flow(pair_unix(), 200000, 30000, 40000, crowd->seed++);
	crowd->left--;
}

static void co_crowd(void *arg)
{
	struct crowd crowd = { .left = 200 };

	(void)arg;
	for (int i = 0; i < 200; i++)
		assert_non_null(loop_spawn(co_member, &crowd));
	while (crowd.left > 0)
		loop_co_sleep(loop_ms(1));
}

static void two_hundred_sockets_share_the_buffers(void **state)
{
	(void)state;
	on_each_engine(co_crowd, NULL);
}

/*
 * Sockets that hold received bytes which nobody takes must not starve others.
 */
static void co_hoarders(void *arg)
{
	enum {
		HOARDERS = 40
	};
	struct pair p[HOARDERS];
	struct loop_inbox *inboxes[HOARDERS];
	static char much[100000];
	char byte;

	(void)arg;
	for (int i = 0; i < HOARDERS; i++) {
		p[i] = pair_unix();
		assert_int_equal(loop_inbox_new(p[i].ours, &inboxes[i]), 0);
		assert_true(send(p[i].theirs, much, sizeof(much),
				 MSG_DONTWAIT) > 1);
		assert_int_equal(loop_inbox_co_fill(inboxes[i], &byte, 1,
						    LOOP_FOREVER),
				 0);
	}
	loop_co_sleep(loop_ms(1));
	co_one_flow(pair_unix(), 100000, 1000, 1000, 1);
	for (int i = 0; i < HOARDERS; i++) {
		loop_inbox_co_free(inboxes[i]);
		pair_close(&p[i]);
	}
}

static void unread_bytes_of_some_do_not_starve_others(void **state)
{
	(void)state;
	on_each_engine(co_hoarders, NULL);
}

/* ---- ends ---- */

static void co_ends(void *arg)
{
	static uint8_t to[100000];
	static const size_t lengths[] = { 10, 100000 };

	(void)arg;
	for (size_t i = 0; i < 4; i++) {
		struct pair p = pairs[i / 2]();
		size_t length = lengths[i % 2];
		struct loop_inbox *inbox;

		assert_int_equal(loop_inbox_new(p.ours, &inbox), 0);
		assert_int_equal(write(p.theirs, "12345678", 8), 8);
		assert_int_equal(loop_inbox_co_fill(inbox, to, 4, LOOP_FOREVER),
				 0);
		hang_up(&p);
		assert_int_equal(loop_inbox_co_fill(inbox, to, length,
						    LOOP_FOREVER),
				 -EPROTO);
		assert_int_equal(loop_inbox_co_fill(inbox, to, length,
						    LOOP_FOREVER),
				 -ENODATA);
		assert_int_equal(loop_inbox_co_fill(inbox, to, 0, LOOP_FOREVER),
				 0);
		loop_inbox_co_free(inbox);
		pair_close(&p);
	}
}

static void an_end_between_and_in_the_middle_are_told_apart(void **state)
{
	(void)state;
	on_each_engine(co_ends, NULL);
}

static void co_reset(void *arg)
{
	const struct linger at_once = { .l_onoff = 1, .l_linger = 0 };
	struct pair p = pair_tcp();
	struct loop_inbox *inbox;
	char byte;

	(void)arg;
	setsockopt(p.theirs, SOL_SOCKET, SO_LINGER, &at_once, sizeof(at_once));
	assert_int_equal(loop_inbox_new(p.ours, &inbox), 0);
	hang_up(&p);
	assert_int_equal(loop_inbox_co_fill(inbox, &byte, 1, LOOP_FOREVER),
			 -ECONNRESET);
	assert_int_equal(loop_inbox_co_fill(inbox, &byte, 1, LOOP_FOREVER),
			 -ECONNRESET);
	loop_inbox_co_free(inbox);
	pair_close(&p);
}

static void a_reset_is_econnreset(void **state)
{
	(void)state;
	on_each_engine(co_reset, NULL);
}

/* ---- deadline, cancel, shut ---- */

struct filling {
	struct loop_inbox *inbox;
	size_t length;
	uint64_t deadline_ns;
	int result;
	bool is_done;
};

static void co_fill(void *arg)
{
	struct filling *f = arg;
	uint8_t *to = malloc(f->length);

	f->result = loop_inbox_co_fill(f->inbox, to, f->length, f->deadline_ns);
	f->is_done = true;
	free(to);
}

static void co_await (const struct filling *f)
{
	while (!f->is_done)
		loop_co_yield();
}

static void co_deadline(void *arg)
{
	static const size_t lengths[] = { 10, 100000 };
	char byte;

	(void)arg;
	for (size_t i = 0; i < 2; i++) {
		struct pair p = pair_unix();
		struct filling f = {
			.length = lengths[i],
			.deadline_ns = loop_now() + loop_ms(3),
		};

		assert_int_equal(loop_inbox_new(p.ours, &f.inbox), 0);
		co_fill(&f);
		assert_int_equal(f.result, -ETIMEDOUT);
		assert_int_equal(write(p.theirs, "x", 1), 1);
		assert_int_equal(loop_inbox_co_fill(f.inbox, &byte, 1,
						    LOOP_FOREVER),
				 0);
		assert_int_equal(byte, 'x');
		loop_inbox_co_free(f.inbox);
		pair_close(&p);
	}
}

static void a_deadline_ends_a_fill_and_the_stream_goes_on(void **state)
{
	(void)state;
	on_each_engine(co_deadline, NULL);
}

static void co_ended_by_others(void *arg)
{
	static const size_t lengths[] = { 10, 100000 };

	(void)arg;
	for (size_t i = 0; i < 4; i++) {
		struct pair p = pair_unix();
		struct filling f = {
			.length = lengths[i % 2],
			.deadline_ns = LOOP_FOREVER,
		};
		struct loop_fiber *fiber;

		assert_int_equal(loop_inbox_new(p.ours, &f.inbox), 0);
		fiber = loop_spawn(co_fill, &f);
		loop_co_sleep(loop_ms(1));
		assert_false(f.is_done);
		if (i < 2)
			loop_cancel(fiber);
		else
			loop_inbox_shut(f.inbox);
		co_await (&f);
		assert_int_equal(f.result, -ECANCELED);
		if (i >= 2)
			co_fill(&f);
		assert_int_equal(f.result, -ECANCELED);
		loop_inbox_co_free(f.inbox);
		pair_close(&p);
	}
}

static void cancel_and_shut_end_a_fill(void **state)
{
	(void)state;
	on_each_engine(co_ended_by_others, NULL);
}

/* ---- leave and unread ---- */

static void co_leave(void *arg)
{
	(void)arg;
	for (unsigned int i = 0; i < 2 * PAIRS; i++) {
		struct pair p = pairs[i / 2]();
		struct flow flow = { p.theirs, 500000, 20000, i, false };
		struct loop_inbox *first;
		struct loop_inbox *second;
		uint8_t bytes[1000];
		uint8_t *early;
		size_t length;

		assert_int_equal(loop_inbox_new(p.ours, &first), 0);
		loop_spawn(co_send_flow, &flow);
		assert_int_equal(loop_inbox_co_fill(first, bytes, 1000,
						    LOOP_FOREVER),
				 0);
		check(bytes, 1000, 0);
		if (i % 2 == 1)
			loop_co_sleep(loop_ms(1));
		assert_int_equal(loop_inbox_co_leave(first, &early, &length),
				 0);
		assert_int_equal(loop_inbox_co_fill(first, bytes, 1,
						    LOOP_FOREVER),
				 -ECANCELED);
		loop_inbox_co_free(first);
		check(early, length, 1000);

		assert_int_equal(loop_inbox_new(p.ours, &second), 0);
		assert_int_equal(loop_inbox_unread(second, early, length), 0);
		assert_int_equal(loop_inbox_unread(second, bytes, 1000), 0);
		free(early);
		co_receive_flow(second, 500000, 50000, i);
		co_await_flow(&flow);
		loop_inbox_co_free(second);
		pair_close(&p);
	}
}

static void a_socket_moves_to_another_inbox_without_loss(void **state)
{
	(void)state;
	on_each_engine(co_leave, NULL);
}

/* ---- long frames ---- */

/*
 * Long frames one after the other, each asked for as connections do, while the
 * bytes come in small pieces: whatever they are let wait for, the last of them
 * come without any that follow.
 */
static void co_long_frames(void *arg)
{
	enum {
		FRAMES = 3,
		BODY = 1024 * 1024,
		REST = 112
	};
	const size_t length = FRAMES * (4 + BODY + REST);
	struct pair p = pair_tcp();
	struct flow flow = { p.theirs, length, 8192, 1, false };
	uint8_t *bytes = malloc(BODY);
	struct loop_inbox *inbox;
	size_t at = 0;

	(void)arg;
	assert_int_equal(loop_inbox_new(p.ours, &inbox), 0);
	loop_spawn(co_send_flow, &flow);
	for (int i = 0; i < FRAMES; i++) {
		static const size_t parts[] = { 4, BODY, REST };

		for (size_t j = 0; j < 3; j++) {
			assert_int_equal(
				loop_inbox_co_fill(inbox, bytes, parts[j],
						   loop_now() + loop_ms(60000)),
				0);
			check(bytes, parts[j], at);
			at += parts[j];
		}
	}
	co_await_flow(&flow);
	loop_inbox_co_free(inbox);
	pair_close(&p);
	free(bytes);
}

static void long_frames_end_though_nothing_follows(void **state)
{
	(void)state;
	on_each_engine(co_long_frames, NULL);
}

static void co_free_early(void *arg)
{
	char byte;

	(void)arg;
	for (int i = 0; i < 3; i++) {
		struct pair p = pair_unix();
		struct loop_inbox *inbox;

		assert_int_equal(loop_inbox_new(p.ours, &inbox), 0);
		assert_int_equal(write(p.theirs, "hello", 5), 5);
		if (i > 0)
			loop_inbox_co_fill(inbox, &byte, 1, LOOP_FOREVER);
		if (i > 1)
			hang_up(&p);
		loop_inbox_co_free(inbox);
		pair_close(&p);
	}
}

static void an_inbox_can_be_freed_with_bytes_in_it(void **state)
{
	(void)state;
	on_each_engine(co_free_early, NULL);
}

int main(void)
{
	const struct CMUnitTest tests[] = {
		cmocka_unit_test(
			all_bytes_arrive_in_order_however_they_are_cut),
		cmocka_unit_test(two_hundred_sockets_share_the_buffers),
		cmocka_unit_test(unread_bytes_of_some_do_not_starve_others),
		cmocka_unit_test(
			an_end_between_and_in_the_middle_are_told_apart),
		cmocka_unit_test(a_reset_is_econnreset),
		cmocka_unit_test(a_deadline_ends_a_fill_and_the_stream_goes_on),
		cmocka_unit_test(cancel_and_shut_end_a_fill),
		cmocka_unit_test(a_socket_moves_to_another_inbox_without_loss),
		cmocka_unit_test(an_inbox_can_be_freed_with_bytes_in_it),
		cmocka_unit_test(long_frames_end_though_nothing_follows),
	};

	return cmocka_run_group_tests(tests, NULL, NULL);
}
