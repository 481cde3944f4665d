/*
 * What conn.c (its life, frames in) and conn_send.c (replies out) share.
 *
 *   main fiber:    first frame ──(moves to its worker)──> frames ──> end
 *   writer fiber:  waits for replies ──> sends them, strictly in turn
 *
 *   open ──close(after_queue)──> ending ──queue empty──> gone
 *     └──────close(at once), errors──> dropped ─────────────^
 *
 * Thread: the worker that has it.
 */
#pragma once

#include <stdbool.h>
#include <stdint.h>
#include <sys/queue.h>

#include "gateway/loop/loop.h"
#include "smb/smb.h"

struct gw_client;
struct gw_peer;
struct gw_worker;

TAILQ_HEAD(gw_replies, smb_reply);

/* A fiber that may be waiting for something of the connection. */
struct gw_conn_wait {
	struct loop_waiter *waiter; /* NULL: it isn't */
};

struct gw_conn {
	TAILQ_ENTRY(gw_conn) entry; /* of its worker */
	struct gw_worker *worker;
	int fd;
	struct loop_inbox *inbox;
	struct smb_channel *channel; /* NULL before the first frame */
	struct gw_peer *peer;
	char peer_text[64];
	/* Whose it is, for the directory. */
	struct gw_client *client; /* NULL: no ClientGuid */
	bool is_counted;          /* in its worker's load, without a client */
	/* Deadlines. */
	uint64_t stranger_since; /* loop_now() */
	bool is_known;           /* logged on */
	/* An SMB1 opener: answered here, and told to the next worker. */
	uint8_t *opener;
	size_t opener_length;
	/* On the move: the frame that decided it, and what came behind. */
	struct smb_frame *first;
	uint8_t *early;
	size_t early_length;
	struct loop_note note;
	/* Replies. */
	struct gw_replies queue;
	uint64_t queued_bytes;      /* of queue and of what is being sent */
	unsigned int swallow;       /* replies that the peer has already */
	bool is_ending;             /* no more frames, no more replies */
	bool is_dropped;            /* nor those that are queued */
	bool is_writing;            /* the writer fiber lives */
	struct gw_conn_wait reader; /* main fiber: for room, or the writer */
	struct gw_conn_wait writer; /* for replies */
	struct loop_timer stall;    /* while the writer sends */
	struct loop_timer drain;    /* while the end waits for the writer */
	uint64_t acked;             /* bytes, when `stall` looked first */
	unsigned int stall_looks;   /* since then */
	uint64_t sent_bytes;        /* that the kernel has taken */
	/* Who waits for the peer to receive what was queued. */
	TAILQ_HEAD(, smb_delivery) deliveries;
	struct loop_timer watch; /* while there is one */
	uint64_t watch_rto;      /* nanoseconds between two looks */
	uint64_t watch_acked;    /* bytes, at the last look */
};

/* Waits in `w` until gw_conn_wake(). What was true may not be any more. */
void gw_conn_co_wait(struct gw_conn_wait *w);
void gw_conn_wake(struct gw_conn_wait *w);

/* smb_wire_ops.queue. */
void gw_conn_queue(void *wire, struct smb_reply *reply);

/* Starts the writer; false: no memory. */
bool gw_conn_start_writer(struct gw_conn *conn);

/* All that the peer has acknowledged so far, in bytes. */
uint64_t gw_conn_acked(const struct gw_conn *conn);

/* smb_wire_ops.watch. */
void gw_conn_watch(void *wire, struct smb_delivery *delivery);

/* The connection ends: nothing more is received. */
void gw_conn_fail_deliveries(struct gw_conn *conn);

/* Waits until the queue is empty and sent, or the connection dropped. */
void gw_conn_co_drain(struct gw_conn *conn);

/* Ends the writer: it sends what is queued unless dropped, for a while. */
void gw_conn_co_end_writer(struct gw_conn *conn);
