/*
 * Replies to a peer that stops reading: conn_send.c, on real sockets of
 * loopback with the simulator's time. The worker goes on, the peer is cut
 * after GW_SEND_STALL_MS without an acknowledgement, and not before.
 */
#include "tests/gateway/pair.h"
#include "tests/loop/engines.h"

#include <fcntl.h>
#include <signal.h>

#include "gateway/limits.h"
#include "gateway/store/pipe.h"
#include "smb/channel.h"
#include "smb/engine.h"
#include "smb/object_ops.h"
#include "smb/ports.h"
#include "smb/reply.h"

enum {
	MANY = 12,             /* replies: more than two sockets hold */
	HEAD = 64 * 1024,      /* bytes of a reply's head */
	BODY = 60 * 1024,      /* of one in a pipe */
	STEP_MS = 250,         /* between two looks of a test */
	SLOW_MS = 1000 * 1000, /* much more than a stall */
};

/* TCP may still move at first what fits between the two ends. */
#define CUT_FROM GW_SEND_STALL_MS
#define CUT_TO   (2 * GW_SEND_STALL_MS)

static struct gw_conn conn;
static int peer;

static void connect_pair(void)
{
	int small = HEAD;

	peer = pair_connect(&conn, small);
	setsockopt(conn.fd, SOL_SOCKET, SO_SNDBUF, &small, sizeof(small));
	assert_int_equal(loop_socket_adopt(conn.fd), 0);
	assert_int_equal(fcntl(peer, F_SETFL, O_NONBLOCK), 0);
}

static void hang_up(void)
{
	close(conn.fd);
	close(peer);
}

static void drop(struct smb_body *body)
{
	store_pipe_give(body->opaque, false);
	body->opaque = NULL;
}

static void queue(size_t length, struct store_pipe *pipe)
{
	static const struct smb_object_ops ops = { .body_drop = drop };
	static const struct smb_ports ports = { .object_ops = &ops };
	static struct smb_engine engine = { .ports = &ports };
	static struct smb_channel channel = { .engine = &engine };
	static uint8_t bytes[HEAD];
	struct smb_reply *reply = smb_reply_new(&channel, 0);

	assert_non_null(reply);
	assert_true(length <= sizeof(bytes));
	reply->head = bytes;
	reply->head_length = length;
	if (pipe) {
		reply->body.opaque = pipe;
		reply->body.length = BODY;
	}
	gw_conn_queue(&conn, reply);
}

/* As read from a file. */
static struct store_pipe *filled_pipe(void)
{
	static const uint8_t bytes[BODY];
	struct store_pipe *pipe = store_pipe_take(store_pipe_pages(0, BODY));

	assert_non_null(pipe);
	assert_int_equal(write(store_pipe_write_fd(pipe), bytes, BODY), BODY);
	return pipe;
}

/* What the peer can have; at most `length`. */
static size_t take(size_t length)
{
	static uint8_t bytes[HEAD + BODY];
	ssize_t n = recv(peer, bytes, length < sizeof(bytes) ? length : 1,
			 MSG_DONTWAIT);

	return n > 0 ? (size_t)n : 0;
}

static void co_end(void)
{
	gw_conn_co_end_writer(&conn);
	assert_false(conn.is_writing);
	assert_int_equal(conn.queued_bytes, 0);
}

/* When it was cut, in milliseconds after `begin`. */
static uint64_t co_wait_for_cut(uint64_t begin)
{
	while (!conn.is_dropped) {
		assert_int_equal(loop_co_sleep(loop_ms(STEP_MS)), 0);
		assert_true(loop_now() - begin < loop_ms(SLOW_MS));
	}
	return (loop_now() - begin) / loop_ms(1);
}

static void co_stalled(void *arg)
{
	const bool *has_pipes = arg;
	uint64_t begin = loop_now(), ms;

	assert_true(gw_conn_start_writer(&conn));
	for (size_t i = 0; i < MANY; i++)
		queue(HEAD, *has_pipes ? filled_pipe() : NULL);
	ms = co_wait_for_cut(begin);
	assert_in_range(ms, CUT_FROM, CUT_TO);
	co_end();
	store_pipes_end();
}

static void a_peer_that_reads_nothing_is_cut(void **state)
{
	static const bool in_memory = false, in_pipes = true;

	(void)state;
	connect_pair();
	on_engine(LOOP_ENGINE_SIM, co_stalled, (void *)(uintptr_t)&in_memory);
	hang_up();
	connect_pair();
	on_engine(LOOP_ENGINE_SIM, co_stalled, (void *)(uintptr_t)&in_pipes);
	hang_up();
}

/* Something now and then, always within the time. */
static void co_slow(void *arg)
{
	size_t taken = 0, all = MANY * (size_t)HEAD;

	(void)arg;
	assert_true(gw_conn_start_writer(&conn));
	for (size_t i = 0; i < MANY; i++)
		queue(HEAD, NULL);
	while (taken < all) {
		size_t n;

		loop_co_sleep(loop_ms(GW_SEND_STALL_MS / 2));
		assert_false(conn.is_dropped);
		while ((n = take(HEAD)) > 0)
			taken += n;
	}
	assert_int_equal(conn.queued_bytes, 0);
	assert_int_equal(conn.sent_bytes, all);
	co_end();
}

static void a_peer_that_reads_slowly_is_waited_for(void **state)
{
	(void)state;
	connect_pair();
	on_engine(LOOP_ENGINE_SIM, co_slow, NULL);
	hang_up();
}

/* A stall that ended leaves nothing of its time to the next one. */
static void co_twice(void *arg)
{
	uint64_t begin;
	size_t taken = 0;

	(void)arg;
	assert_true(gw_conn_start_writer(&conn));
	for (size_t i = 0; i < MANY; i++)
		queue(HEAD, NULL);
	loop_co_sleep(loop_ms(GW_SEND_STALL_MS - 5000));
	while (taken < MANY * (size_t)HEAD / 2) {
		taken += take(HEAD);
		loop_co_yield();
	}
	begin = loop_now();
	assert_in_range(co_wait_for_cut(begin), CUT_FROM, CUT_TO);
	co_end();
}

static void a_second_stall_has_the_whole_time(void **state)
{
	(void)state;
	connect_pair();
	on_engine(LOOP_ENGINE_SIM, co_twice, NULL);
	hang_up();
}

/* A worker has more to do than to wait for a peer. */
static void co_others(void *arg)
{
	uint64_t begin = loop_now();

	(void)arg;
	assert_true(gw_conn_start_writer(&conn));
	for (size_t i = 0; i < MANY; i++)
		queue(HEAD, filled_pipe());
	for (size_t i = 0; i < 20; i++)
		assert_int_equal(loop_co_sleep(loop_ms(1)), 0);
	assert_true(loop_now() - begin < loop_ms(5000));
	assert_false(conn.is_dropped);
	assert_true(conn.queued_bytes > 0);
	gw_conn_close(&conn, false);
	co_end();
	store_pipes_end();
}

static void a_stalled_peer_does_not_hold_the_worker(void **state)
{
	(void)state;
	for (size_t i = 0; i < ENGINE_COUNT; i++) {
		connect_pair();
		on_engine(engines[i], co_others, NULL);
		hang_up();
	}
}

int main(void)
{
	const struct CMUnitTest tests[] = {
		cmocka_unit_test(a_peer_that_reads_nothing_is_cut),
		cmocka_unit_test(a_peer_that_reads_slowly_is_waited_for),
		cmocka_unit_test(a_second_stall_has_the_whole_time),
		cmocka_unit_test(a_stalled_peer_does_not_hold_the_worker),
	};

	signal(SIGPIPE, SIG_IGN); /* as the program does */
	return cmocka_run_group_tests(tests, NULL, NULL);
}
