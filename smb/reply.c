/*
 * From a request that is done to bytes on the wire. A single answer is sent
 * where its command wrote it, with room for the transform in front; answers of
 * a compound are gathered into one buffer. Knows who signs and who seals;
 * leaves the cryptography to crypto.h.
 *
 *   | 4: length | 52: transform | 64: header | body … | 8 | 16: spare |
 *    sealed: from here           plain: its length lies before the header
 */
#include "smb/reply.h"

#include <assert.h>
#include <stdlib.h>

#include "smb/apart.h"
#include "smb/credit.h"
#include "smb/engine.h"
#include "smb/limits.h"
#include "smb/session.h"
#include "smb/tree.h"

enum {
	PREFIX = 4, /* of the transport: MS-SMB2 2.1 */
	FRONT = PREFIX + SMB_TRANSFORM_LENGTH,
	AT_CREDITS = 14, /* in the header */
	AT_NEXT = 20,
	ERROR_BODY = 9,
};

struct box {
	struct smb_reply reply;
	const struct smb_object_ops *ops;
	size_t size; /* of the SMB2 message, at most */
	uint8_t bytes[];
};

static struct box *box_of(struct smb_reply *reply)
{
	return (struct box *)(void *)reply;
}

static size_t box_bytes(size_t size)
{
	return sizeof(struct box) + FRONT + size + SMB_SEAL_SPARE;
}

struct smb_reply *smb_reply_new(struct smb_channel *channel, size_t size)
{
	struct box *box = malloc(box_bytes(size));

	if (!box)
		return NULL;
	box->reply = (struct smb_reply){};
	box->ops = channel->engine->ports->object_ops;
	box->size = size;
	return &box->reply;
}

uint8_t *smb_reply_message(struct smb_reply *reply)
{
	return box_of(reply)->bytes + FRONT;
}

void smb_reply_free(struct smb_reply *reply)
{
	if (!reply)
		return;
	if (reply->body.opaque)
		box_of(reply)->ops->body_drop(&reply->body);
	free(box_of(reply));
}

/* ---- one answer ---- */

/*
 * Without a session there is no key, and with a wrong signature none that is
 * the client's. A client that signed looks for the flag all the same, and
 * believes these two statuses without a signature.
 */
static bool keeps_signed_flag(const struct smb_request *rq,
			      enum nt_status status)
{
	return !rq->is_signed && (status == NT_STATUS_USER_SESSION_DELETED ||
				  status == NT_STATUS_ACCESS_DENIED);
}

static uint32_t answer_flags(const struct smb_request *rq,
			     enum nt_status status)
{
	uint32_t kept =
		SMB2_FLAGS_RELATED_OPERATIONS | SMB2_FLAGS_PRIORITY_MASK;

	if (keeps_signed_flag(rq, status))
		kept |= SMB2_FLAGS_SIGNED;
	return SMB2_FLAGS_SERVER_TO_REDIR | (rq->header.flags & kept) |
	       (rq->async_id ? SMB2_FLAGS_ASYNC_COMMAND : 0);
}

static void write_header(const struct smb_request *rq, enum nt_status status,
			 uint8_t *to)
{
	struct writer w = writer_at(to, SMB_HEADER_LENGTH);
	struct smb_header header = rq->header;

	header.status = (uint32_t)status;
	header.credits = 0;
	header.flags = answer_flags(rq, status);
	header.next = 0;
	header.async_id = rq->async_id;
	memset(header.signature, 0, sizeof(header.signature));
	smb_header_write(&w, &header);
	assert(wr_ok(&w));
}

static void write_error_body(uint8_t *to)
{
	struct writer w = writer_at(to, ERROR_BODY);

	wr_u16(&w, ERROR_BODY);
	wr_zero(&w, ERROR_BODY - 2);
}

/* CR-2: what a request asks for beyond what it gives back. */
static uint16_t grant(struct smb_request *rq)
{
	struct smb_channel *channel = rq->channel;
	uint16_t charge = rq->header.credit_charge;
	uint32_t extra = rq->header.credits ? rq->header.credits - 1u : 0;

	if (charge == 0 || channel->dialect == SMB_DIALECT_202)
		charge = 1;
	if (rq->header.command == SMB2_NEGOTIATE)
		extra = 0;
	if (rq->header.command == SMB2_SESSION_SETUP &&
	    rq->status != NT_STATUS_SUCCESS)
		extra = 0;
	return smb_credit_grant(&channel->credits, charge, extra);
}

/* Whether the status goes with what the command wrote. */
static bool has_answer_body(const struct smb_request *rq)
{
	if (!rq->reply || !wr_ok(&rq->out) || rq->out.at == 0)
		return false;
	return rq->has_body || !nt_status_is_error(rq->status);
}

/* The answer's length from its header on; 0: out of memory. */
static size_t complete(struct smb_request *rq)
{
	if (!wr_ok(&rq->out) && !nt_status_is_error(rq->status))
		rq->status = NT_STATUS_INTERNAL_ERROR;
	if (!has_answer_body(rq)) {
		if (rq->payload.opaque)
			rq->channel->engine->ports->object_ops->body_drop(
				&rq->payload);
		rq->payload = (struct smb_body){};
		if (!smb_request_room(rq, ERROR_BODY))
			return 0;
		write_error_body(rq->buffer);
		rq->out.at = ERROR_BODY;
	}
	write_header(rq, rq->status, smb_reply_message(rq->reply));
	return SMB_HEADER_LENGTH + rq->out.at;
}

/* ---- signing and sealing ---- */

/* SG-3, SG-4: as the request was; and always where the session demands it. */
static struct smb_signer *signer_of(const struct smb_request *rq)
{
	struct smb_session *session = rq->session;
	struct smb_signer *signer = rq->signer;

	if (!signer && rq->binding)
		signer = rq->binding->signer;
	if (!signer)
		return NULL;
	if (rq->is_signed || rq->must_sign)
		return signer;
	bool is_wrongly_signed = rq->header.flags & SMB2_FLAGS_SIGNED;

	return session && session->must_sign && session->is_valid &&
			       !is_wrongly_signed
		       ? signer
		       : NULL;
}

/* EN-4. NULL: the answer goes out in the open. */
static struct smb_session *sealing_session(const struct smb_message *message,
					   const struct smb_request *rq)
{
	if (message->session)
		return message->session;
	return rq->is_sealed ? rq->session : NULL;
}

static void put_prefix(uint8_t *at, size_t length)
{
	assert(length <= SMB_FRAME_MAX);
	at[0] = 0;
	at[1] = (uint8_t)(length >> 16);
	at[2] = (uint8_t)(length >> 8);
	at[3] = (uint8_t)length;
}

/* Gives the message of `length` bytes to the wire. Takes the reply. */
static void post(struct smb_channel *channel, struct smb_reply *reply,
		 size_t length, bool is_sealed)
{
	uint8_t *bytes = box_of(reply)->bytes;

	assert(!is_sealed || !reply->body.opaque);
	reply->head = is_sealed ? bytes : bytes + FRONT - PREFIX;
	reply->head_length = (is_sealed ? FRONT : PREFIX) + length;
	put_prefix(reply->head,
		   reply->head_length - PREFIX + reply->body.length);
	smb_channel_queue(channel, reply);
}

/* There are no more nonces: nothing can be sent for the session. */
static void give_up(struct smb_channel *channel, struct smb_reply *reply)
{
	smb_channel_drop(channel, "nonces are used up");
	smb_reply_free(reply);
}

static void send_message(struct smb_channel *channel, struct smb_reply *reply,
			 size_t length, struct smb_session *sealed_for)
{
	uint8_t *packet = box_of(reply)->bytes + PREFIX;

	if (sealed_for &&
	    !smb_seal(sealed_for->sealer, packet, length, sealed_for->id))
		give_up(channel, reply);
	else
		post(channel, reply, length, sealed_for);
}

/* The same; long ones are sealed elsewhere. */
static void co_send_message(struct smb_channel *channel,
			    struct smb_reply *reply, size_t length,
			    struct smb_session *sealed_for)
{
	uint8_t *packet = box_of(reply)->bytes + PREFIX;

	if (sealed_for &&
	    !smb_apart_co_seal(channel->engine, sealed_for->sealer, packet,
			       length, sealed_for->id))
		give_up(channel, reply);
	else
		post(channel, reply, length, sealed_for);
}

void smb_reply_send(struct smb_channel *channel, struct smb_reply *reply,
		    size_t length)
{
	send_message(channel, reply, length, NULL);
}

void smb_reply_send_notice(struct smb_channel *channel, struct smb_reply *reply,
			   size_t length, struct smb_session *sealed_for)
{
	send_message(channel, reply, length, sealed_for);
}

static void finish_element(struct smb_request *rq, uint8_t *at, size_t length,
			   bool is_sealed)
{
	struct smb_signer *signer = is_sealed ? NULL : signer_of(rq);

	if (signer)
		smb_sign_in_place(signer, at, length);
	if (rq->preauth)
		smb_preauth_add(rq->preauth, at, length);
}

/* ---- compounds ---- */

static bool make_room(struct smb_message *message, size_t more)
{
	size_t needed = message->gathered_length + more;
	struct smb_reply *old = message->gathered;

	if (old && needed <= box_of(old)->size)
		return true;
	struct smb_reply *reply = smb_reply_new(message->channel, needed * 2);

	if (!reply)
		return false;
	if (old)
		memcpy(smb_reply_message(reply), smb_reply_message(old),
		       message->gathered_length);
	smb_reply_free(old);
	message->gathered = reply;
	return true;
}

static bool gather(struct smb_request *rq, size_t length)
{
	struct smb_message *message = rq->message;
	size_t padded = (length + 7) & ~(size_t)7;

	if (message->gathered_length + padded + rq->payload.length >
	    SMB_FRAME_MAX - FRONT)
		smb_reply_flush(message);
	if (!make_room(message, padded))
		return false;
	uint8_t *to =
		smb_reply_message(message->gathered) + message->gathered_length;

	memcpy(to, smb_reply_message(rq->reply), length);
	memset(to + length, 0, padded - length);
	rq->reply_at = message->gathered_length;
	/* Padding counts as the element's (CP-4), but not before a payload. */
	rq->reply_length = rq->payload.opaque ? length : padded;
	message->gathered_length += rq->reply_length;
	if (rq->payload.opaque) {
		assert(rq->is_last);
		message->gathered->body = rq->payload;
		rq->payload = (struct smb_body){};
	}
	return true;
}

/* NextCommand of each; the last one carries the credits of all (CR-5). */
static void chain_up(struct smb_message *message)
{
	uint8_t *start = smb_reply_message(message->gathered);
	struct smb_request *last = NULL;

	for (uint16_t i = message->sent; i < message->answered; i++) {
		struct smb_request *rq = &message->requests[i];

		if (rq->reply_length == 0)
			continue;
		if (last)
			wr_uint_to(start + last->reply_at + AT_NEXT,
				   last->reply_length, 4);
		last = rq;
	}
	assert(last);
	wr_uint_to(start + last->reply_at + AT_CREDITS, message->granted, 2);
}

void smb_reply_flush(struct smb_message *message)
{
	struct smb_session *sealed_for = NULL;

	if (!message->gathered_length)
		return;
	chain_up(message);
	for (uint16_t i = message->sent; i < message->answered; i++) {
		struct smb_request *rq = &message->requests[i];

		if (rq->reply_length && !sealed_for)
			sealed_for = sealing_session(message, rq);
	}
	uint8_t *start = smb_reply_message(message->gathered);

	for (uint16_t i = message->sent; i < message->answered; i++) {
		struct smb_request *rq = &message->requests[i];

		if (rq->reply_length)
			finish_element(rq, start + rq->reply_at,
				       rq->reply_length, sealed_for);
	}
	struct smb_reply *reply = message->gathered;
	size_t length = message->gathered_length;

	message->gathered = NULL;
	message->gathered_length = 0;
	message->granted = 0;
	message->sent = message->answered;
	send_message(message->channel, reply, length, sealed_for);
}

/* ---- the face ---- */

static void co_send_single(struct smb_request *rq, size_t length)
{
	struct smb_signer *signer;
	struct smb_session *sealed_for = sealing_session(rq->message, rq);
	struct smb_reply *reply = rq->reply;
	uint8_t *start = smb_reply_message(reply);

	rq->reply = NULL;
	reply->body = rq->payload;
	rq->payload = (struct smb_body){};
	wr_uint_to(start + AT_CREDITS, rq->message->granted, 2);
	signer = sealed_for ? NULL : signer_of(rq);
	if (signer)
		smb_apart_co_sign(rq->channel->engine, signer, start, length);
	if (rq->preauth)
		smb_preauth_add(rq->preauth, start, length);
	co_send_message(rq->channel, reply, length, sealed_for);
}

void smb_reply_co_add(struct smb_request *rq)
{
	struct smb_message *message = rq->message;
	size_t length = complete(rq);
	bool is_added = length > 0;

	/* CR-4: the credits of an async request went with its interim. */
	if (!rq->async_id)
		message->granted += grant(rq);
	if (is_added && !rq->is_single)
		is_added = gather(rq, length);
	message->answered = (uint16_t)(rq - message->requests) + 1;
	if (!is_added) {
		smb_channel_drop(rq->channel, "no memory for an answer");
		return;
	}
	rq->channel->engine->counts.replies++;
	if (rq->is_single)
		co_send_single(rq, length);
}

void smb_reply_interim(struct smb_request *rq)
{
	size_t length = SMB_HEADER_LENGTH + ERROR_BODY;
	struct smb_reply *reply = smb_reply_new(rq->channel, length);

	if (!reply) {
		smb_channel_drop(rq->channel, "no memory for an answer");
		return;
	}
	uint8_t *start = smb_reply_message(reply);

	write_header(rq, NT_STATUS_PENDING, start);
	write_error_body(start + SMB_HEADER_LENGTH);
	wr_uint_to(start + AT_CREDITS, grant(rq), 2);
	/* Never signed: GMAC would use the final answer's nonce (AS-4). */
	send_message(rq->channel, reply, length,
		     sealing_session(rq->message, rq));
}
