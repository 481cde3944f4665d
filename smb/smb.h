/*
 * The engine's face: what the process calls. One engine a worker; one channel
 * a connection. The engine is pure: bytes in, bytes out, everything else by
 * smb/ports.h.
 *
 * Thread: the worker that made the engine; no function here may be called from
 * another.
 */
#pragma once

#include <stdbool.h>
#include <stddef.h>
#include <stdint.h>
#include <sys/queue.h>

#include "smb/ports.h"

struct smb_engine;
struct smb_channel;
struct smb_frame;

/* ---- an engine ---- */

/*
 * Chooses the library that AES-GCM is done with on this CPU; its name, for the
 * log. Thread: once, before there are engines in others.
 */
const char *smb_crypto_choose(void);

/*
 * `worker` is this worker's number, 0 … 255: ids carry it, so that any worker
 * can tell whose a session id is. NULL: out of memory.
 */
struct smb_engine *smb_engine_new(const struct smb_ports *ports,
				  unsigned int worker);

/* All channels are closed and all tasks have ended by then. */
struct smb_engine *smb_engine_free(struct smb_engine *engine);

/* The worker that made a session id; UINT_MAX: no engine makes such ids. */
unsigned int smb_session_id_worker(uint64_t session_id);

struct smb_engine_counts {
	uint32_t channels, sessions, trees, opens, requests;
	uint32_t disconnected; /* opens that wait for their client */
	uint64_t frames, replies;
};

void smb_engine_count(const struct smb_engine *engine,
		      struct smb_engine_counts *ret_counts);

/*
 * Ends a session that another worker was asked to end (PreviousSessionId), if
 * it is one of this user's. Returns when it is gone. False if there is none.
 */
bool smb_engine_co_end_session(struct smb_engine *engine, uint64_t session_id,
			       const char *user);

/*
 * Closes the opens that wait for their client, and lets none wait any more:
 * the engine is to end. Returns when they are closed.
 */
void smb_engine_co_stop(struct smb_engine *engine);

/* ---- frames ---- */

/*
 * A received message, without its 4-byte length. Filled by the wire, then
 * taken by smb_channel_co_input(); counted from there on. NULL: no memory.
 */
struct smb_frame *smb_frame_new(size_t length);
uint8_t *smb_frame_bytes(struct smb_frame *frame);
size_t smb_frame_length(const struct smb_frame *frame);
void smb_frame_unref(struct smb_frame *frame);

/* ---- replies ---- */

/*
 * One message for the wire: `head` with the 4-byte length in front, and, if
 * body.opaque is set, body.length more bytes that the kernel holds. The wire
 * gives it back with smb_reply_free().
 */
struct smb_reply {
	TAILQ_ENTRY(smb_reply) entry; /* the wire's, while it is queued */
	uint8_t *head;
	size_t head_length;
	struct smb_body body;
};

void smb_reply_free(struct smb_reply *reply);

/* ---- a connection ---- */

/*
 * The ClientGuid of a first message: 1 with the guid if it is an SMB2
 * NEGOTIATE of 2.1 or later that carries one; 0 if it is to be served anywhere
 * (SMB 2.0.2, SMB1's NEGOTIATE); -1 if this is no SMB at all.
 */
int smb_first_message(const uint8_t *bytes, size_t length,
		      uint8_t ret_client_guid[16]);

/*
 * A new connection. `wire` is passed back to wire_ops, which are borrowed for
 * as long as the channel lives. NULL: out of memory.
 */
struct smb_channel *smb_channel_new(struct smb_engine *engine,
				    const struct smb_wire_ops *wire_ops,
				    void *wire);

/*
 * The longest frame that the channel takes in its present state (64 KiB before
 * a session is up).
 */
size_t smb_channel_frame_max(const struct smb_channel *channel);

/*
 * How long the wire may wait for the next frame, in milliseconds; 0: for ever.
 * A connection that does not negotiate or log on in time is cut.
 */
uint32_t smb_channel_idle_ms(const struct smb_channel *channel);

/*
 * Takes one message, in order of arrival. Settles signature, credits, session
 * and tree, and starts the request as a task. May suspend (a frame that must
 * be unsealed by others). False: the connection is to be dropped; nothing more
 * may be put in.
 */
bool smb_channel_co_input(struct smb_channel *channel, struct smb_frame *frame);

/*
 * True if the channel has as much in flight as it may: the wire stops reading
 * until smb_wire_ops.queue is called next.
 */
bool smb_channel_is_full(const struct smb_channel *channel);

/*
 * The connection is gone. Ends what belonged to it alone; returns when that
 * is done and frees the channel. Nothing is queued to the wire any more.
 */
void smb_channel_co_closed(struct smb_channel *channel);
