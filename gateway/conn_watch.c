/*
 * What the peer has received, as TCP tells it, and who waits for that.
 *
 * A peer is silent if it acknowledges nothing for six retransmission timeouts
 * (MS-SMB2 leaves the time to servers). One that acknowledges, if slowly, is
 * waited for: a queue of megabytes is no reason to cut a connection.
 */
#include <linux/tcp.h>
#include <netinet/in.h>
#include <stddef.h>
#include <sys/socket.h>
#include <unistd.h>

#include "gateway/conn.h"
#include "gateway/conn_inside.h"
#include "gateway/limits.h"
#include "gateway/log.h"
#include "smb/ports.h"

static bool ask_tcp(int fd, struct tcp_info *ret_info)
{
	const socklen_t needed = offsetof(struct tcp_info, tcpi_bytes_acked) +
				 sizeof(ret_info->tcpi_bytes_acked);
	socklen_t length = sizeof(*ret_info);

	*ret_info = (struct tcp_info){ 0 };
	return getsockopt(fd, IPPROTO_TCP, TCP_INFO, ret_info, &length) == 0 &&
	       length >= needed;
}

bool gw_conn_tells_acked(void)
{
	int fd = socket(AF_INET, SOCK_STREAM | SOCK_CLOEXEC, 0);
	struct tcp_info info;
	bool tells;

	if (fd < 0)
		return false;
	tells = ask_tcp(fd, &info);
	close(fd);
	return tells;
}

uint64_t gw_conn_acked(const struct gw_conn *conn)
{
	struct tcp_info info;

	return ask_tcp(conn->fd, &info) ? info.tcpi_bytes_acked : 0;
}

/* The retransmission timeout, kept within reason, in nanoseconds. */
static uint64_t timeout_of(const struct gw_conn *conn)
{
	struct tcp_info info;
	uint64_t ms = GW_SILENT_RTO_MAX_MS;

	if (ask_tcp(conn->fd, &info))
		ms = info.tcpi_rto / 1000;
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
		else if (now >= d->deadline)
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
