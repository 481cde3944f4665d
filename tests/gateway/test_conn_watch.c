/*
 * Whether a peer has received what was sent (MC-1, MC-8): conn_watch.c, on
 * real sockets of loopback. Time is the simulator's where nothing happens.
 */
#include "tests/gateway/pair.h"
#include "tests/loop/engines.h"

#include "gateway/limits.h"
#include "smb/ports.h"

struct watched {
	struct smb_delivery delivery; /* first */
	unsigned int calls;
	bool was_received;
};

static struct gw_conn conn;
static int peer;
static bool has_other;

/* Its peer reads nothing, with room for some KiB. */
static void connect_pair(void)
{
	peer = pair_connect(&conn, 4096);
}

static void hang_up(void)
{
	gw_conn_fail_deliveries(&conn);
	close(conn.fd);
	close(peer);
}

static void done(struct smb_delivery *delivery, bool was_received)
{
	struct watched *w = (struct watched *)(void *)delivery;

	w->calls++;
	w->was_received = was_received;
}

static bool has_other_way(const struct smb_delivery *delivery)
{
	(void)delivery;
	return has_other;
}

static void send_some(size_t length)
{
	static const uint8_t bytes[1 << 16];

	assert_true(length <= sizeof(bytes));
	assert_int_equal(send(conn.fd, bytes, length, MSG_DONTWAIT), length);
	conn.sent_bytes += length;
}

/* More than the peer has room for stays on this side. */
static void fill(void)
{
	static const uint8_t bytes[1 << 16];
	ssize_t n;

	while ((n = send(conn.fd, bytes, sizeof(bytes), MSG_DONTWAIT)) > 0)
		conn.sent_bytes += (uint64_t)n;
}

static struct watched watched(void)
{
	return (struct watched){ .delivery = {
					 .done = done,
					 .has_other_way = has_other_way,
				 } };
}

static void co_received(void *arg)
{
	struct watched a = watched(), b = a;

	(void)arg;
	send_some(100);
	gw_conn_watch(&conn, &a.delivery);
	send_some(50);
	gw_conn_watch(&conn, &b.delivery);
	assert_int_equal(a.calls, 0);
	while (a.calls == 0 || b.calls == 0)
		loop_co_sleep(loop_ms(10));
	assert_true(a.was_received && b.was_received);
	assert_int_equal(a.calls + b.calls, 2);
	assert_false(conn.is_ending);
}

static void what_tcp_acknowledges_was_received(void **state)
{
	(void)state;
	assert_true(gw_conn_tells_acked());
	connect_pair();
	on_engine(LOOP_ENGINE_PLAIN, co_received, NULL);
	hang_up();
}

static void co_silent(void *arg)
{
	struct watched w = watched();
	uint64_t begin = loop_now();

	(void)arg;
	has_other = true;
	fill();
	gw_conn_watch(&conn, &w.delivery);
	while (w.calls == 0)
		loop_co_sleep(loop_ms(50));
	assert_false(w.was_received);
	assert_true(conn.is_dropped);
	assert_true(loop_now() - begin >=
		    loop_ms(GW_SILENT_RTOS * GW_SILENT_RTO_MIN_MS));
	assert_true(loop_now() - begin <=
		    loop_ms((GW_SILENT_RTOS + 2) * GW_SILENT_RTO_MAX_MS));
}

static void a_silent_peer_is_cut(void **state)
{
	(void)state;
	connect_pair();
	on_engine(LOOP_ENGINE_SIM, co_silent, NULL);
	hang_up();
}

/* It may come back, for all that anybody knows; until there is another. */
static void co_only(void *arg)
{
	struct watched w = watched();

	(void)arg;
	has_other = false;
	fill();
	gw_conn_watch(&conn, &w.delivery);
	loop_co_sleep(loop_ms(100 * GW_SILENT_RTO_MAX_MS));
	assert_int_equal(w.calls, 0);
	assert_false(conn.is_dropped);
	has_other = true;
	loop_co_sleep(loop_ms(GW_SILENT_RTO_MAX_MS + 1));
	assert_int_equal(w.calls, 1);
	assert_false(w.was_received);
	assert_true(conn.is_dropped);
}

static void a_silent_peer_s_only_connection_is_not_cut(void **state)
{
	(void)state;
	connect_pair();
	on_engine(LOOP_ENGINE_SIM, co_only, NULL);
	hang_up();
}

static void co_untold(void *arg)
{
	struct watched w = watched();

	(void)arg;
	gw_conn_watch(&conn, &w.delivery);
	loop_co_sleep(loop_ms(GW_SILENT_RTO_MAX_MS + 1));
	assert_int_equal(w.calls, 1);
	assert_true(w.was_received);
}

static void where_nobody_can_tell_it_counts_as_received(void **state)
{
	int pair[2];

	(void)state;
	assert_int_equal(socketpair(AF_UNIX, SOCK_STREAM, 0, pair), 0);
	conn = (struct gw_conn){ .fd = pair[0] };
	peer = pair[1];
	TAILQ_INIT(&conn.queue);
	TAILQ_INIT(&conn.deliveries);
	on_engine(LOOP_ENGINE_SIM, co_untold, NULL);
	hang_up();
}

static void co_queued(void *arg)
{
	struct watched w = watched();

	(void)arg;
	conn.queued_bytes = 10;
	gw_conn_watch(&conn, &w.delivery);
	loop_co_sleep(loop_ms(GW_SILENT_RTO_MIN_MS * 2));
	assert_int_equal(w.calls, 0);
	conn.queued_bytes = 0;
	send_some(10);
	while (w.calls == 0)
		loop_co_sleep(loop_ms(10));
	assert_true(w.was_received);
}

static void what_is_queued_is_waited_for(void **state)
{
	(void)state;
	connect_pair();
	on_engine(LOOP_ENGINE_PLAIN, co_queued, NULL);
	hang_up();
}

static void co_unacked(void *arg)
{
	struct watched w = watched();

	(void)arg;
	has_other = false;
	w.delivery.is_unacked = true;
	send_some(10);
	gw_conn_watch(&conn, &w.delivery);
	while (w.calls == 0)
		loop_co_sleep(loop_ms(50));
	assert_false(w.was_received);
}

static void what_counts_as_unacknowledged_is_not_received(void **state)
{
	(void)state;
	connect_pair();
	on_engine(LOOP_ENGINE_SIM, co_unacked, NULL);
	hang_up();
}

static void co_ending(void *arg)
{
	struct watched a = watched(), b = a;

	(void)arg;
	gw_conn_watch(&conn, &a.delivery);
	gw_conn_close(&conn, true);
	gw_conn_watch(&conn, &b.delivery);
	assert_int_equal(b.calls, 0);
	loop_co_sleep(loop_ms(1));
	assert_int_equal(a.calls, 1);
	assert_int_equal(b.calls, 1);
	assert_false(a.was_received || b.was_received);
}

static void a_connection_that_ends_receives_nothing(void **state)
{
	(void)state;
	connect_pair();
	on_engine(LOOP_ENGINE_SIM, co_ending, NULL);
	hang_up();
}

int main(void)
{
	const struct CMUnitTest tests[] = {
		cmocka_unit_test(what_tcp_acknowledges_was_received),
		cmocka_unit_test(a_silent_peer_is_cut),
		cmocka_unit_test(a_silent_peer_s_only_connection_is_not_cut),
		cmocka_unit_test(where_nobody_can_tell_it_counts_as_received),
		cmocka_unit_test(what_is_queued_is_waited_for),
		cmocka_unit_test(what_counts_as_unacknowledged_is_not_received),
		cmocka_unit_test(a_connection_that_ends_receives_nothing),
	};

	return cmocka_run_group_tests(tests, NULL, NULL);
}
