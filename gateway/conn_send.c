/*
 * Replies out. The engine queues, one fiber sends: small replies are gathered
 * into one send; a payload that lies in a pipe goes from there to the socket,
 * its head before it with MSG_MORE. Strictly in turn: two senders on a socket
 * would mix their bytes.
 *
 * A peer that does not read is cut when TCP has not seen it acknowledge
 * anything for GW_SEND_STALL_MS; until then the reader (conn.c) stops at
 * GW_SEND_QUEUE_BYTES.
 */
#include <errno.h>
#include <fcntl.h>
#include <stddef.h>
#include <string.h>
#include <sys/socket.h>

#include "gateway/conn.h"
#include "gateway/conn_inside.h"
#include "gateway/limits.h"
#include "gateway/log.h"
#include "gateway/store/pipe.h"

enum {
	STALL_LOOKS = 4, /* in GW_SEND_STALL_MS */
};

void gw_conn_co_wait(struct gw_conn_wait *w)
{
	struct loop_waiter waiter = { .fiber = NULL };

	w->waiter = &waiter;
	loop_co_wait(&waiter, LOOP_FOREVER);
	w->waiter = NULL;
}

void gw_conn_wake(struct gw_conn_wait *w)
{
	if (w->waiter)
		loop_wake(w->waiter, 0);
}

void gw_conn_queue(void *wire, struct smb_reply *reply)
{
	struct gw_conn *conn = wire;

	if (conn->swallow > 0 || conn->is_ending) {
		if (conn->swallow > 0)
			conn->swallow--;
		smb_reply_free(reply);
		gw_conn_wake(&conn->reader);
		return;
	}
	TAILQ_INSERT_TAIL(&conn->queue, reply, entry);
	conn->queued_bytes += reply->head_length + reply->body.length;
	gw_conn_wake(&conn->writer);
	gw_conn_wake(&conn->reader); /* the channel may have room again */
}

/* ---- stalls ---- */

/*
 * TCP is asked by the timer alone, some times in a row: asking it before each
 * send cost as much as looking for the bytes to send.
 */
static void stall_look_later(struct gw_conn *conn)
{
	loop_timer_set(&conn->stall,
		       loop_now() + loop_ms(GW_SEND_STALL_MS / STALL_LOOKS));
}

static void stall_set(struct gw_conn *conn)
{
	conn->stall_looks = 0;
	stall_look_later(conn);
}

/* So many looks after the first that saw this much acknowledged. */
static void stall_fire(struct loop_timer *timer)
{
	char *at = (char *)timer - offsetof(struct gw_conn, stall);
	struct gw_conn *conn = (struct gw_conn *)(void *)at;
	uint64_t acked = gw_conn_acked(conn);

	if (conn->stall_looks == 0 || acked != conn->acked) {
		conn->acked = acked;
		conn->stall_looks = 0;
	}
	if (conn->stall_looks++ < STALL_LOOKS) {
		stall_look_later(conn);
		return;
	}
	gw_log_peer("conn=%s reads no replies: cut", conn->peer_text);
	gw_conn_close(conn, false);
}

/* ---- sending ---- */

/* A run of replies that goes out in one send: all heads, and the payload of
   the last one, if it lies in a pipe. */
struct batch {
	struct gw_replies replies;
	struct iovec iov[GW_GATHER_COUNT];
	size_t count;
	uint64_t bytes;           /* payload included */
	struct smb_reply *opaque; /* the last one; or NULL */
};

static void batch_take(struct gw_conn *conn, struct batch *b)
{
	struct smb_reply *reply;

	TAILQ_INIT(&b->replies);
	b->count = 0;
	b->bytes = 0;
	b->opaque = NULL;
	while ((reply = TAILQ_FIRST(&conn->queue)) && !b->opaque &&
	       b->count < GW_GATHER_COUNT && b->bytes < GW_GATHER_BYTES) {
		TAILQ_REMOVE(&conn->queue, reply, entry);
		TAILQ_INSERT_TAIL(&b->replies, reply, entry);
		b->iov[b->count++] = (struct iovec){
			.iov_base = reply->head,
			.iov_len = reply->head_length,
		};
		b->bytes += reply->head_length + reply->body.length;
		if (reply->body.opaque)
			b->opaque = reply;
	}
}

static void batch_free(struct batch *b)
{
	struct smb_reply *reply;

	while ((reply = TAILQ_FIRST(&b->replies))) {
		TAILQ_REMOVE(&b->replies, reply, entry);
		smb_reply_free(reply);
	}
}

/* From the pipe to the socket; the pipe is given back, whatever happens. */
static int co_send_opaque(const struct gw_conn *conn, struct smb_reply *reply)
{
	struct store_pipe *pipe = reply->body.opaque;
	size_t left = reply->body.length;
	int err = 0;

	while (left > 0 && err == 0) {
		int64_t n = loop_co_splice(store_pipe_read_fd(pipe), UINT64_MAX,
					   conn->fd, UINT64_MAX, left,
					   SPLICE_F_MOVE);

		if (n > 0)
			left -= (size_t)n;
		else
			err = n < 0 ? (int)n : -EIO;
	}
	store_pipe_give(pipe, left == 0);
	reply->body.opaque = NULL;
	return err;
}

static int co_send_batch(struct gw_conn *conn, struct batch *b)
{
	int flags = b->opaque ? MSG_MORE : 0;
	int64_t n = loop_co_send(conn->fd, b->iov, b->count, flags);

	if (n < 0)
		return (int)n;
	return b->opaque ? co_send_opaque(conn, b->opaque) : 0;
}

static void co_write(void *arg)
{
	struct gw_conn *conn = arg;

	while (!conn->is_dropped) {
		struct batch b;
		int err;

		if (TAILQ_EMPTY(&conn->queue)) {
			if (conn->is_ending)
				break;
			gw_conn_co_wait(&conn->writer);
			continue;
		}
		batch_take(conn, &b);
		stall_set(conn);
		err = co_send_batch(conn, &b);
		loop_timer_clear(&conn->stall);
		conn->queued_bytes -= b.bytes;
		conn->sent_bytes += b.bytes;
		batch_free(&b);
		if (err < 0)
			gw_conn_close(conn, false);
		gw_conn_wake(&conn->reader);
	}
	conn->is_writing = false;
	gw_conn_wake(&conn->reader);
}

bool gw_conn_start_writer(struct gw_conn *conn)
{
	conn->stall.fire = stall_fire;
	conn->is_writing = loop_spawn(co_write, conn);
	return conn->is_writing;
}

/* ---- its end ---- */

void gw_conn_co_drain(struct gw_conn *conn)
{
	while (conn->queued_bytes > 0 && !conn->is_dropped)
		gw_conn_co_wait(&conn->reader);
}

static void drain_fire(struct loop_timer *timer)
{
	char *at = (char *)timer - offsetof(struct gw_conn, drain);
	struct gw_conn *conn = (struct gw_conn *)(void *)at;

	gw_conn_close(conn, false);
}

void gw_conn_co_end_writer(struct gw_conn *conn)
{
	struct smb_reply *reply;

	conn->is_ending = true;
	conn->drain.fire = drain_fire;
	loop_timer_set(&conn->drain, loop_now() + loop_ms(GW_DRAIN_MS));
	gw_conn_wake(&conn->writer);
	while (conn->is_writing)
		gw_conn_co_wait(&conn->reader);
	loop_timer_clear(&conn->drain);
	while ((reply = TAILQ_FIRST(&conn->queue))) {
		TAILQ_REMOVE(&conn->queue, reply, entry);
		conn->queued_bytes -= reply->head_length + reply->body.length;
		smb_reply_free(reply);
	}
}
