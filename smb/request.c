/*
 * What a command may ask of the engine while it runs: room for its answer, its
 * open, to go async; and how it is cancelled and let go. Leaves the order of
 * checks to settle.c and the sending to reply.c.
 */
#include "smb/request.h"

#include <assert.h>
#include <stdlib.h>

#include "smb/channel.h"
#include "smb/engine.h"
#include "smb/frame.h"
#include "smb/limits.h"
#include "smb/open.h"
#include "smb/reply.h"
#include "smb/session.h"
#include "smb/tree.h"

/* ---- room ---- */

static void drop_room(struct smb_request *rq)
{
	if (rq->reply)
		smb_reply_free(rq->reply);
	rq->reply = NULL;
	rq->buffer = NULL;
	rq->buffer_size = 0;
	rq->out = (struct writer){};
}

bool smb_request_room(struct smb_request *rq, size_t body_size)
{
	drop_room(rq);
	/* Padding to 8 bytes goes behind the body. */
	rq->reply =
		smb_reply_new(rq->channel, SMB_HEADER_LENGTH + body_size + 8);
	if (!rq->reply)
		return false;
	rq->buffer = smb_reply_message(rq->reply) + SMB_HEADER_LENGTH;
	rq->buffer_size = body_size;
	rq->out = writer_at(rq->buffer, body_size);
	return true;
}

/* MS-SMB2 2.2.2; in 3.1.1 one error context around it, 2.2.2.1. */
enum nt_status smb_request_error_data(struct smb_request *rq,
				      enum nt_status status,
				      const uint8_t *data, size_t length)
{
	bool is_wrapped = rq->channel->dialect == SMB_DIALECT_311;
	uint32_t count = (uint32_t)length + (is_wrapped ? 8 : 0);
	struct writer *w = &rq->out;

	if (!smb_request_room(rq, 8 + (size_t)count))
		return NT_STATUS_INSUFFICIENT_RESOURCES;
	wr_u16(w, 9);
	wr_u8(w, is_wrapped ? 1 : 0);
	wr_u8(w, 0);
	wr_u32(w, count);
	if (is_wrapped) {
		wr_u32(w, (uint32_t)length);
		wr_u32(w, 0); /* SMB2_ERROR_ID_DEFAULT */
	}
	wr_copy(w, data, length);
	rq->has_body = true;
	return status;
}

/* ---- the open ---- */

static bool has_sequence(const struct smb_request *rq)
{
	return rq->channel->dialect >= SMB_DIALECT_300;
}

static bool changes_file(uint16_t command)
{
	return command == SMB2_WRITE || command == SMB2_SET_INFO ||
	       command == SMB2_IOCTL;
}

void smb_request_count_open(struct smb_request *rq)
{
	assert(rq->open);
	assert(!rq->is_open_counted);
	smb_open_enter(rq->open);
	rq->is_open_counted = true;
	if (!has_sequence(rq))
		return;
	rq->sequenced = (struct smb_sequenced){
		.number = (uint16_t)rq->header.status,
		.is_replay = rq->header.flags & SMB2_FLAGS_REPLAY_OPERATION,
		.changes = changes_file(rq->header.command),
	};
	rq->is_late = !smb_sequence_begin(&rq->open->sequence, &rq->sequenced);
}

/* Takes over a reference. */
static enum nt_status use_open(struct smb_request *rq, struct smb_open *open)
{
	smb_open_unref(rq->message->open);
	rq->message->open = smb_open_ref(open);
	rq->message->open_status = NT_STATUS_SUCCESS;
	/* Who uses it has the answer of its CREATE (3.3.5.9.10). */
	smb_replay_end(&open->replay);
	if (rq->open != open) {
		assert(!rq->open);
		rq->open = open;
		smb_request_count_open(rq);
	} else {
		smb_open_unref(open);
	}
	return rq->is_late ? NT_STATUS_FILE_NOT_AVAILABLE : NT_STATUS_SUCCESS;
}

static enum nt_status no_open(struct smb_request *rq)
{
	smb_open_unref(rq->message->open);
	rq->message->open = NULL;
	rq->message->open_status = NT_STATUS_FILE_CLOSED;
	return NT_STATUS_FILE_CLOSED;
}

/* The open that the element before this one used or made. */
static enum nt_status previous_open(struct smb_request *rq)
{
	struct smb_message *message = rq->message;

	if (nt_status_is_error(message->open_status))
		return message->open_status;
	if (!message->open || message->open->is_closing ||
	    message->open->tree != rq->tree)
		return no_open(rq);
	return use_open(rq, smb_open_ref(message->open));
}

enum nt_status smb_request_open(struct smb_request *rq, uint64_t persistent,
				uint64_t volatile_id)
{
	bool is_related = rq->header.flags & SMB2_FLAGS_RELATED_OPERATIONS;

	if (rq->is_open_bound)
		return use_open(rq, smb_open_ref(rq->open));
	if (is_related && persistent == UINT64_MAX && volatile_id == UINT64_MAX)
		return previous_open(rq);
	if (!rq->session || !rq->tree)
		return no_open(rq);
	struct smb_open *open =
		smb_open_find(rq->session, persistent, volatile_id);

	if (!open)
		return no_open(rq);
	if (open->tree != rq->tree) {
		smb_open_unref(open);
		return no_open(rq);
	}
	return use_open(rq, open);
}

void smb_request_opened(struct smb_request *rq, struct smb_open *open)
{
	smb_open_unref(rq->message->open);
	rq->message->open = smb_open_ref(open);
	rq->message->open_status = NT_STATUS_SUCCESS;
}

/* ---- waiting ---- */

/*
 * Whether it may go async where it stands: a CREATE anywhere, any other only
 * at the end of its compound (3.3.5.2.7, CP-5).
 */
static enum nt_status may_go_async(const struct smb_request *rq)
{
	if (rq->header.command == SMB2_SESSION_SETUP)
		return NT_STATUS_INTERNAL_ERROR;
	if (!rq->is_last && rq->header.command != SMB2_CREATE)
		return NT_STATUS_INTERNAL_ERROR;
	if (rq->channel->async_count >= SMB_ASYNC_MAX)
		return NT_STATUS_INSUFFICIENT_RESOURCES;
	return NT_STATUS_SUCCESS;
}

enum nt_status smb_request_go_async(struct smb_request *rq)
{
	struct smb_channel *channel = rq->channel;

	if (rq->async_id || channel->is_closed)
		return NT_STATUS_SUCCESS;
	enum nt_status status = may_go_async(rq);

	if (status != NT_STATUS_SUCCESS)
		return status;
	rq->async_id = ++channel->engine->last_async_id;
	channel->async_count++;
	/* What waits for others does not stop the wire from reading. */
	channel->weight -= rq->message->weight;
	rq->message->weight = 0;
	smb_reply_flush(rq->message);
	smb_reply_interim(rq);
	return NT_STATUS_SUCCESS;
}

void smb_request_going_async(struct smb_call *call)
{
	char *at = (char *)call - offsetof(struct smb_request, call);
	struct smb_request *rq = (void *)at;

	/*
	 * SET_INFO waits for breaks alone, which end by their timer: in the
	 * middle of a compound (a rename by path) it sits that out unannounced.
	 */
	if (!rq->is_last && rq->header.command == SMB2_SET_INFO)
		return;
	enum nt_status status = smb_request_go_async(rq);

	if (status == NT_STATUS_SUCCESS)
		return;
	rq->refusal = status;
	smb_request_cancel(rq);
}

void smb_request_cancel(struct smb_request *rq)
{
	const struct smb_ports *ports = rq->channel->engine->ports;

	rq->is_cancelled = true;
	if (rq->is_running && rq->message->task.handle)
		ports->host_ops->cancel(ports->host, &rq->message->task);
}

/* MS-SMB2 3.3.5.2.5; 2.0.2 has no charges: one credit covers 64 KiB. */
enum nt_status smb_request_charge(const struct smb_request *rq,
				  uint64_t payload_size)
{
	uint64_t charge = rq->header.credit_charge;
	uint64_t needed = payload_size ? 1 + (payload_size - 1) / 65536 : 1;

	if (rq->channel->dialect == SMB_DIALECT_202 || charge == 0)
		charge = 1;
	return charge < needed ? NT_STATUS_INVALID_PARAMETER
			       : NT_STATUS_SUCCESS;
}

/* ---- the end ---- */

void smb_request_uncount(struct smb_request *rq)
{
	const struct smb_ports *ports = rq->channel->engine->ports;

	if (rq->is_open_counted) {
		rq->is_open_counted = false;
		if (has_sequence(rq))
			smb_sequence_end(&rq->open->sequence, &rq->sequenced);
		smb_open_leave(rq->open);
	}
	if (rq->is_session_counted) {
		rq->is_session_counted = false;
		rq->session->requests--;
		if (rq->session->ender)
			ports->host_ops->wake(ports->host, rq->session->ender);
	}
}

void smb_request_fini(struct smb_request *rq)
{
	smb_request_uncount(rq);
	if (rq->is_listed)
		TAILQ_REMOVE(&rq->channel->requests, rq, entry);
	rq->is_listed = false;
	if (rq->payload.opaque)
		rq->channel->engine->ports->object_ops->body_drop(&rq->payload);
	rq->payload = (struct smb_body){};
	drop_room(rq);
	rq->open = smb_open_unref(rq->open);
	rq->tree = smb_tree_unref(rq->tree);
	rq->binding = smb_binding_unref(rq->binding);
	rq->signer = smb_signer_free(rq->signer);
	rq->session = smb_session_unref(rq->session);
}
