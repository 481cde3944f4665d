/*
 * What the peer has received, as TCP tells it, and who waits for that.
 *
 * A peer is silent if it acknowledges nothing for six retransmission timeouts
 * (MS-SMB2 leaves the time to servers), and its connection is cut if there is
 * another to try. One that acknowledges, if slowly, is waited for: a queue of
 * megabytes is no reason to cut a connection. Where TCP doesn't tell, what was
 * queued counts as received.
 */
#include <stddef.h>
#include <sys/socket.h>
#include <unistd.h>

#include "gateway/conn.h"
#include "gateway/conn_inside.h"
#include "gateway/limits.h"
#include "gateway/log.h"
#include "smb/ports.h"

bool gw_conn_tells_acked(void)
{
	int fd = socket(AF_INET, SOCK_STREAM | SOCK_CLOEXEC, 0);
	struct loop_acked acked;
	bool tells;

	if (fd < 0)
		return false;
	tells = loop_socket_acked(fd, &acked);
	close(fd);
	return tells;
}

uint64_t gw_conn_acked(const struct gw_conn *conn)
{
	struct loop_acked acked;

	return loop_socket_acked(conn->fd, &acked) ? acked.bytes : UINT64_MAX;
}

/* The retransmission timeout, kept within reason, in nanoseconds. */
static uint64_t timeout_of(const struct gw_conn *conn)
{
	struct loop_acked acked;
	uint64_t ms = GW_SILENT_RTO_MAX_MS;

	if (loop_socket_acked(conn->fd, &acked))
		ms = acked.timeout_ms;
	if (ms < GW_SILENT_RTO_MIN_MS)
		ms = GW_SILENT_RTO_MIN_MS;
	if (ms > GW_SILENT_RTO_MAX_MS)
		ms = GW_SILENT_RTO_MAX_MS;
	return loop_ms(ms);
}

/* ---- deliveries ---- */

static void finish(struct gw_conn *conn, struct smb_delivery *delivery,
		   bool was_received)
{
	TAILQ_REMOVE(&conn->deliveries, delivery, entry);
	delivery->done(delivery, was_received);
}

void gw_conn_fail_deliveries(struct gw_conn *conn)
{
	loop_timer_clear(&conn->watch);
	while (!TAILQ_EMPTY(&conn->deliveries))
		finish(conn, TAILQ_FIRST(&conn->deliveries), false);
}

/* A peer that has no other connection may yet come back to this one. */
static bool must_cut(const struct smb_delivery *delivery)
{
	return delivery->is_unacked || delivery->has_other_way(delivery);
}

/* Those that TCP has acknowledged; false if the peer is silent. */
static bool look(struct gw_conn *conn)
{
	struct smb_delivery *d, *next;
	uint64_t acked = gw_conn_acked(conn), now = loop_now();
	bool has_moved = acked != conn->watch_acked;

	conn->watch_acked = acked;
	for (d = TAILQ_FIRST(&conn->deliveries); d; d = next) {
		next = TAILQ_NEXT(d, entry);
		if (!d->is_unacked && acked >= d->upto)
			finish(conn, d, true);
		else if (!d->is_unacked && has_moved)
			d->deadline = now + GW_SILENT_RTOS * conn->watch_rto;
		else if (now >= d->deadline && must_cut(d))
			return false;
	}
	return true;
}

static void watch_fire(struct loop_timer *timer)
{
	char *at = (char *)timer - offsetof(struct gw_conn, watch);
	struct gw_conn *conn = (struct gw_conn *)(void *)at;

	if (conn->is_ending) {
		gw_conn_fail_deliveries(conn);
	} else if (!look(conn)) {
		gw_log_peer("conn=%s is silent: cut", conn->peer_text);
		gw_conn_close(conn, false);
		gw_conn_fail_deliveries(conn);
	} else if (!TAILQ_EMPTY(&conn->deliveries)) {
		loop_timer_set(&conn->watch, loop_now() + conn->watch_rto);
	}
}

void gw_conn_watch(void *wire, struct smb_delivery *delivery)
{
	struct gw_conn *conn = wire;
	uint64_t now = loop_now();

	conn->watch.fire = watch_fire;
	if (TAILQ_EMPTY(&conn->deliveries)) {
		conn->watch_rto = timeout_of(conn);
		conn->watch_acked = gw_conn_acked(conn);
		loop_timer_set(&conn->watch, now + conn->watch_rto);
	}
	if (conn->is_ending)
		loop_timer_set(&conn->watch, now);
	delivery->upto = conn->sent_bytes + conn->queued_bytes;
	delivery->deadline = now + GW_SILENT_RTOS * conn->watch_rto;
	TAILQ_INSERT_TAIL(&conn->deliveries, delivery, entry);
}
