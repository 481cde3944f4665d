/*
 * A connection's life, and frames in. The first frame tells whose connection
 * it is (smb_first_message()); if another worker serves that client, the
 * socket goes there, with the frame and all that was received behind it.
 *
 * SMB1's NEGOTIATE names no client: it is answered where it came, and if the
 * SMB2 one that follows belongs elsewhere, the new worker's engine is told the
 * opener once more, and its answer, which the peer has, is swallowed.
 *
 * What the bytes mean is the engine's affair; how long a frame may be and how
 * long we may wait for it is asked of the engine, and kept here.
 */
#include "gateway/conn.h"

#include <errno.h>
#include <netinet/in.h>
#include <netinet/tcp.h>
#include <stddef.h>
#include <stdlib.h>
#include <string.h>
#include <unistd.h>

#include "gateway/address.h"
#include "gateway/conn_inside.h"
#include "gateway/limits.h"
#include "gateway/log.h"
#include "gateway/server.h"
#include "gateway/worker.h"
#include "smb/limits.h"

enum {
	PREFIX_LENGTH = 4,    /* MS-SMB2 2.1: zero and 24 bits of length */
	KEEPALIVE = 0x85,     /* RFC 1002 4.3.6: some send it on 445 too */
	SMB1_PROTOCOL = 0xff, /* the first byte of an SMB1 message */
};

static void co_main(void *arg);

void gw_conn_close(struct gw_conn *conn, bool after_queue)
{
	if (!after_queue && !conn->is_dropped) {
		conn->is_dropped = true;
		shutdown(conn->fd, SHUT_RDWR);
	}
	conn->is_ending = true;
	if (conn->inbox)
		loop_inbox_shut(conn->inbox);
	gw_conn_wake(&conn->reader);
	gw_conn_wake(&conn->writer);
}

/* ---- smb_wire_ops ---- */

static void wire_close(void *wire, bool after_queue)
{
	gw_conn_close(wire, after_queue);
}

static const char *wire_peer(void *wire)
{
	const struct gw_conn *conn = wire;

	return conn->peer_text;
}

static uint32_t wire_co_interfaces(void *wire, struct smb_interface *ret_told,
				   uint32_t max)
{
	const struct gw_conn *conn = wire;

	return gw_nic_co_list(&conn->worker->server->nics, conn->fd, ret_told,
			      max);
}

static const struct smb_wire_ops wire_ops = {
	.queue = gw_conn_queue,
	.close = wire_close,
	.watch = gw_conn_watch,
	.co_interfaces = wire_co_interfaces,
	.peer = wire_peer,
};

/* ---- frames in ---- */

/*
 * Until when the next frame must be there as a whole. A stranger's time runs
 * from when it became one, not from its last byte.
 */
static uint64_t frame_deadline(struct gw_conn *conn)
{
	uint32_t idle_ms = conn->channel ? smb_channel_idle_ms(conn->channel)
					 : SMB_LOGON_TIME_MS;
	bool is_known = idle_ms == 0;

	if (is_known != conn->is_known) {
		gw_admission_known(conn->worker->server->admission, conn->peer,
				   is_known);
		conn->is_known = is_known;
		conn->stranger_since = loop_now();
	}
	if (is_known)
		return LOOP_FOREVER;
	/* The engine says what is left, and before it is asked all is. */
	return (conn->channel ? loop_now() : conn->stranger_since) +
	       loop_ms(idle_ms);
}

static size_t frame_max(const struct gw_conn *conn)
{
	return conn->channel ? smb_channel_frame_max(conn->channel)
			     : SMB_FRAME_MAX_STRANGER;
}

/* The rest of a frame, which must go on coming. */
static int co_fill_frame(struct gw_conn *conn, struct smb_frame *frame,
			 uint64_t deadline)
{
	uint8_t *to = smb_frame_bytes(frame);
	size_t left = smb_frame_length(frame);
	int err = 0;

	while (left > 0 && err == 0) {
		size_t piece =
			left < GW_RECEIVE_PIECE ? left : GW_RECEIVE_PIECE;
		uint64_t by = loop_now() + loop_ms(GW_RECEIVE_STALL_MS);

		err = loop_inbox_co_fill(conn->inbox, to, piece,
					 by < deadline ? by : deadline);
		to += piece;
		left -= piece;
	}
	return err == -ENODATA ? -EPROTO : err;
}

/* The length of the next frame; 0 for a keep-alive; or -errno. */
static int64_t co_prefix(struct gw_conn *conn, uint64_t deadline)
{
	uint8_t p[PREFIX_LENGTH];
	int err = loop_inbox_co_fill(conn->inbox, p, sizeof(p), deadline);
	int64_t length;

	if (err < 0)
		return err;
	length = (int64_t)p[1] << 16 | p[2] << 8 | p[3];
	if (p[0] == KEEPALIVE && length == 0 && conn->channel)
		return 0;
	if (p[0] != 0 || length == 0)
		return -EPROTO;
	return (uint64_t)length <= frame_max(conn) ? length : -EMSGSIZE;
}

/* 0 with a frame, or -errno. */
static int co_receive(struct gw_conn *conn, struct smb_frame **ret_frame)
{
	uint64_t deadline = frame_deadline(conn);
	struct smb_frame *frame;
	int64_t length;
	int err;

	do {
		length = co_prefix(conn, deadline);
	} while (length == 0 && !conn->is_ending);
	if (length <= 0)
		return length < 0 ? (int)length : -ECANCELED;
	frame = smb_frame_new((size_t)length);
	if (!frame)
		return -ENOMEM;
	err = co_fill_frame(conn, frame, deadline);
	if (err < 0) {
		smb_frame_unref(frame);
		return err;
	}
	*ret_frame = frame;
	return 0;
}

static void log_end(const struct gw_conn *conn, int err)
{
	if (err == -EPROTO || err == -EMSGSIZE)
		gw_log_peer("conn=%s %s: cut", conn->peer_text,
			    err == -EPROTO ? "sends no SMB frames"
					   : "sends too long a frame");
	else if (err != -ENODATA && err != -ECANCELED)
		gw_log(GW_LOG_DEBUG, "conn=%s ends: %s", conn->peer_text,
		       strerror(-err));
}

/* ---- whose it is ---- */

static bool is_placed(const struct gw_conn *conn)
{
	return conn->client || conn->is_counted;
}

static void leave_directory(struct gw_conn *conn)
{
	struct gw_directory *directory = conn->worker->server->directory;

	if (conn->client)
		gw_directory_leave(directory, conn->client);
	else if (conn->is_counted)
		gw_directory_leave_any(directory, conn->worker->index);
	conn->client = NULL;
	conn->is_counted = false;
}

static bool keep_opener(struct gw_conn *conn, const uint8_t *bytes,
			size_t length)
{
	free(conn->opener);
	conn->opener = malloc(length);
	if (!conn->opener)
		return false;
	memcpy(conn->opener, bytes, length);
	conn->opener_length = length;
	return true;
}

/*
 * Finds the worker of the client that a first frame names. False: this is no
 * SMB, or memory is short. SMB1's NEGOTIATE leaves the question open.
 */
static bool find_worker(struct gw_conn *conn, struct smb_frame *frame,
			unsigned int *ret_worker)
{
	struct gw_directory *directory = conn->worker->server->directory;
	const uint8_t *bytes = smb_frame_bytes(frame);
	size_t length = smb_frame_length(frame);
	uint8_t guid[16];
	int kind = smb_first_message(bytes, length, guid);

	*ret_worker = conn->worker->index;
	if (kind < 0) {
		gw_log_peer("conn=%s does not speak SMB: cut", conn->peer_text);
		return false;
	}
	if (kind > 0) {
		conn->client = gw_directory_join(directory, guid, ret_worker);
		return conn->client;
	}
	if (bytes[0] == SMB1_PROTOCOL)
		return keep_opener(conn, bytes, length);
	*ret_worker = gw_directory_join_any(directory);
	conn->is_counted = true;
	return true;
}

/* ---- its end ---- */

/* Gives back everything but the inbox and the channel, which are gone. */
static void conn_free(struct gw_conn *conn)
{
	struct gw_server *server = conn->worker->server;

	leave_directory(conn);
	gw_admission_leave(server->admission, conn->peer, conn->is_known);
	if (conn->first)
		smb_frame_unref(conn->first);
	free(conn->opener);
	free(conn->early);
	loop_close(conn->fd);
	free(conn);
}

static void co_close_channel(struct gw_conn *conn)
{
	if (!conn->channel)
		return;
	gw_conn_fail_deliveries(conn);
	gw_conn_co_end_writer(conn);
	gw_conn_fail_deliveries(conn);
	smb_channel_co_closed(conn->channel);
	conn->channel = NULL;
}

static void co_end(struct gw_conn *conn)
{
	struct gw_worker *worker = conn->worker;

	conn->is_ending = true;
	if (conn->channel)
		gw_log(GW_LOG_INFO, "conn=%s closed", conn->peer_text);
	co_close_channel(conn);
	if (conn->inbox)
		loop_inbox_co_free(conn->inbox);
	gw_worker_remove(worker, conn);
	conn_free(conn);
	gw_worker_check(worker);
}

/* ---- on the move ---- */

static void move_deliver(struct loop_note *note)
{
	char *at = (char *)note - offsetof(struct gw_conn, note);
	struct gw_conn *conn = (struct gw_conn *)(void *)at;
	struct gw_worker *worker = conn->worker;

	gw_worker_add(worker, conn);
	if (loop_spawn(co_main, conn))
		return;
	gw_worker_remove(worker, conn);
	conn_free(conn);
}

/*
 * Sends the connection to another worker; `frame` is the first that is served
 * there. False: it is not possible any more, and the connection is to end.
 */
static bool co_move(struct gw_conn *conn, unsigned int to,
		    struct smb_frame *frame)
{
	struct gw_server *server = conn->worker->server;

	conn->first = frame;
	if (conn->channel) {
		gw_conn_co_drain(conn);
		if (conn->is_ending)
			return false;
		co_close_channel(conn);
		conn->is_ending = conn->is_dropped || conn->worker->is_stopping;
	}
	if (loop_inbox_co_leave(conn->inbox, &conn->early,
				&conn->early_length) < 0 ||
	    conn->is_ending)
		return false;
	loop_inbox_co_free(conn->inbox);
	conn->inbox = NULL;
	if (conn->is_ending || conn->worker->is_stopping)
		return false;
	gw_worker_remove(conn->worker, conn);
	conn->worker = &server->workers[to];
	conn->note.deliver = move_deliver;
	loop_post(conn->worker->loop, &conn->note);
	return true;
}

/* ---- its life ---- */

/*
 * The opener that another worker's engine has answered: told again, so that
 * this one knows what went before (MS-SMB2 3.3.5.3.1).
 */
static bool co_tell_opener(struct gw_conn *conn)
{
	struct smb_frame *frame = smb_frame_new(conn->opener_length);

	if (!frame)
		return false;
	memcpy(smb_frame_bytes(frame), conn->opener, conn->opener_length);
	conn->swallow = 1;
	if (!smb_channel_co_input(conn->channel, frame))
		return false;
	while (conn->swallow > 0 && !conn->is_ending)
		gw_conn_co_wait(&conn->reader);
	return !conn->is_ending;
}

static bool co_open_channel(struct gw_conn *conn)
{
	bool is_replay = is_placed(conn) && conn->opener;

	conn->channel = smb_channel_new(conn->worker->engine, &wire_ops, conn);
	if (!conn->channel || !gw_conn_start_writer(conn))
		return false;
	gw_log(GW_LOG_INFO, "conn=%s worker=%u connected", conn->peer_text,
	       conn->worker->index);
	return !is_replay || co_tell_opener(conn);
}

static void co_wait_for_room(struct gw_conn *conn)
{
	while (!conn->is_ending && (conn->queued_bytes > GW_SEND_QUEUE_BYTES ||
				    smb_channel_is_full(conn->channel)))
		gw_conn_co_wait(&conn->reader);
}

enum verdict {
	GO_ON,
	END,
	MOVED
};

/* Takes the frame in any case. */
static enum verdict co_frame(struct gw_conn *conn, struct smb_frame *frame)
{
	unsigned int here = conn->worker->index, where = here;

	if (!is_placed(conn) && !find_worker(conn, frame, &where)) {
		smb_frame_unref(frame);
		return END;
	}
	if (where != here)
		return co_move(conn, where, frame) ? MOVED : END;
	if (!conn->channel && !co_open_channel(conn)) {
		smb_frame_unref(frame);
		return END;
	}
	if (is_placed(conn)) {
		free(conn->opener);
		conn->opener = NULL;
	}
	if (!smb_channel_co_input(conn->channel, frame))
		return END;
	co_wait_for_room(conn);
	return GO_ON;
}

/* The frame that came along with a move, or the next one. */
static int co_next_frame(struct gw_conn *conn, struct smb_frame **ret_frame)
{
	if (!conn->first)
		return co_receive(conn, ret_frame);
	*ret_frame = conn->first;
	conn->first = NULL;
	return 0;
}

static enum verdict co_serve(struct gw_conn *conn)
{
	enum verdict verdict = GO_ON;

	for (unsigned int n = 1; verdict == GO_ON && !conn->is_ending; n++) {
		struct smb_frame *frame;
		int err = co_next_frame(conn, &frame);

		if (err < 0) {
			log_end(conn, err);
			break;
		}
		verdict = co_frame(conn, frame);
		if (verdict == GO_ON && n % GW_FRAMES_IN_TURN == 0)
			loop_co_yield();
	}
	return verdict;
}

static bool open_inbox(struct gw_conn *conn)
{
	bool ok = loop_inbox_new(conn->fd, &conn->inbox) == 0 &&
		  loop_inbox_unread(conn->inbox, conn->early,
				    conn->early_length) == 0;

	free(conn->early);
	conn->early = NULL;
	conn->early_length = 0;
	return ok;
}

static void co_main(void *arg)
{
	struct gw_conn *conn = arg;

	if (open_inbox(conn) && co_serve(conn) == MOVED)
		return;
	/* Unless the engine asked to send what it has queued, all is lost. */
	if (!conn->is_ending)
		gw_conn_close(conn, false);
	co_end(conn);
}

static void set_socket_options(int fd)
{
	int on = 1, idle = 60, interval = 10, count = 6;

	setsockopt(fd, IPPROTO_TCP, TCP_NODELAY, &on, sizeof(on));
	setsockopt(fd, SOL_SOCKET, SO_KEEPALIVE, &on, sizeof(on));
	setsockopt(fd, IPPROTO_TCP, TCP_KEEPIDLE, &idle, sizeof(idle));
	setsockopt(fd, IPPROTO_TCP, TCP_KEEPINTVL, &interval, sizeof(interval));
	setsockopt(fd, IPPROTO_TCP, TCP_KEEPCNT, &count, sizeof(count));
}

bool gw_conn_start(struct gw_worker *worker, int fd,
		   const struct sockaddr_storage *from, struct gw_peer *peer)
{
	struct gw_server *server = worker->server;
	struct gw_conn *conn = calloc(1, sizeof(*conn));

	if (!conn) {
		loop_close(fd);
		gw_admission_leave(server->admission, peer, false);
		return false;
	}
	conn->worker = worker;
	conn->fd = fd;
	conn->peer = peer;
	conn->stranger_since = loop_now();
	TAILQ_INIT(&conn->queue);
	TAILQ_INIT(&conn->deliveries);
	gw_address_show(from, conn->peer_text, sizeof(conn->peer_text));
	set_socket_options(fd);
	gw_worker_add(worker, conn);
	if (loop_socket_adopt(fd) == 0 && loop_spawn(co_main, conn))
		return true;
	gw_worker_remove(worker, conn);
	conn_free(conn);
	return false;
}
