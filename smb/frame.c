/*
 * From bytes to a message: unseals, and walks the chain of elements (MS-SMB2
 * 3.3.5.2.1, 3.3.5.2.7). Knows geometry only; what the elements may do is
 * settle.c's business.
 */
#include "smb/frame.h"

#include <assert.h>
#include <stdlib.h>
#include <string.h>

#include "smb/apart.h"
#include "smb/engine.h"
#include "smb/limits.h"
#include "smb/open.h"
#include "smb/session.h"

/* ---- frames ---- */

struct smb_frame {
	size_t length;
	unsigned int refs;
	uint8_t bytes[];
};

struct smb_frame *smb_frame_new(size_t length)
{
	struct smb_frame *frame = malloc(sizeof(*frame) + length);

	if (!frame)
		return NULL;
	frame->length = length;
	frame->refs = 1;
	return frame;
}

uint8_t *smb_frame_bytes(struct smb_frame *frame)
{
	return frame->bytes;
}

size_t smb_frame_length(const struct smb_frame *frame)
{
	return frame->length;
}

void smb_frame_unref(struct smb_frame *frame)
{
	if (frame && --frame->refs == 0)
		free(frame);
}

/* ---- unsealing ---- */

/*
 * Whether this client may seal with the session's key here. It may with one of
 * its own that is on another of its connections alone: what it asks for is
 * refused later (3.3.5.2.9), by an answer that it can open.
 */
static bool may_seal(const struct smb_session *session,
		     const struct smb_channel *channel)
{
	return session->is_valid && session->unsealer &&
	       session->facts.cipher == channel->cipher &&
	       memcmp(session->facts.client_guid, channel->client_guid,
		      sizeof(channel->client_guid)) == 0;
}

/*
 * Unseals the frame in place; `ret_session` is a reference to the session
 * whose key opened it. One reason for whatever is wrong: no oracle (EN-7).
 */
static bool co_unseal(struct smb_channel *channel, struct smb_frame *frame,
		      struct smb_session **ret_session)
{
	struct smb_transform head;
	struct bytes packet = { .at = frame->bytes, .length = frame->length };

	if (!smb_transform_parse(packet, &head))
		return false;
	struct smb_session *session =
		smb_session_find(channel->engine, head.session_id);

	if (!session)
		return false;
	if (!may_seal(session, channel) ||
	    !smb_apart_co_unseal(channel->engine, session->unsealer,
				 frame->bytes, frame->length)) {
		smb_session_unref(session);
		return false;
	}
	*ret_session = session;
	return true;
}

/* ---- the chain ---- */

/*
 * The length of the element at the start of `rest`, padding included; 0 if its
 * header is no header or says that it reaches out of the message.
 */
static size_t element_length(struct bytes rest, struct smb_header *ret_header)
{
	struct reader r = reader_of(rest);

	if (!smb_header_read(&r, ret_header))
		return 0;
	/* The body's StructureSize at least must be there. */
	if (rd_left(&r) < 2)
		return 0;
	size_t next = ret_header->next;

	if (next == 0)
		return rest.length;
	if (next % 8 || next < SMB_HEADER_LENGTH + 2 || next > rest.length ||
	    rest.length - next < SMB_HEADER_LENGTH)
		return 0;
	return next;
}

/* The number of elements; 0 if the geometry is wrong. */
static uint16_t count_elements(struct bytes text)
{
	struct bytes rest = text;
	uint16_t count = 0;

	while (rest.length) {
		struct smb_header header;
		size_t length = element_length(rest, &header);

		if (length == 0 || count == SMB_COMPOUND_MAX)
			return 0;
		count++;
		rest.at += length;
		rest.length -= length;
	}
	return count;
}

static void fill(struct smb_message *message, struct bytes text)
{
	struct bytes rest = text;

	for (uint16_t i = 0; i < message->count; i++) {
		struct smb_request *rq = &message->requests[i];
		size_t length = element_length(rest, &rq->header);

		rq->message = message;
		rq->channel = message->channel;
		rq->call.going_async = smb_request_going_async;
		rq->start = rest.at;
		rq->length = length;
		rq->body = (struct bytes){
			.at = rest.at + SMB_HEADER_LENGTH,
			.length = length - SMB_HEADER_LENGTH,
		};
		rq->is_sealed = message->session;
		rq->is_last = i + 1 == message->count;
		rq->is_single = message->count == 1;
		rest.at += length;
		rest.length -= length;
	}
	message->is_headless = message->requests[0].header.flags &
			       SMB2_FLAGS_RELATED_OPERATIONS;
}

/* `session` is a reference, taken over; NULL if it came in the open. */
static struct smb_message *take_apart(struct smb_channel *channel,
				      struct smb_frame *frame,
				      struct bytes text,
				      struct smb_session *session,
				      const char **ret_why)
{
	uint16_t count = count_elements(text);
	struct smb_message *message = NULL;

	*ret_why = "malformed message";
	if (count == 0)
		goto out;
	*ret_why = "out of memory";
	message = calloc(1, sizeof(*message) +
				    count * sizeof(message->requests[0]));
	if (!message)
		goto out;
	frame->refs++;
	message->channel = channel;
	message->frame = frame;
	message->session = session;
	message->count = count;
	fill(message, text);
	return message;
out:
	smb_session_unref(session);
	return NULL;
}

struct smb_message *smb_message_co_new(struct smb_channel *channel,
				       struct smb_frame *frame,
				       const char **ret_why)
{
	struct bytes text = { .at = frame->bytes, .length = frame->length };
	struct smb_session *session = NULL;
	struct reader r = reader_of(text);
	uint32_t protocol = rd_u32(&r);

	if (protocol == SMB_TRANSFORM_ID) {
		*ret_why = "sealed message can't be opened";
		if (!co_unseal(channel, frame, &session))
			return NULL;
		text.at += SMB_TRANSFORM_LENGTH;
		text.length -= SMB_TRANSFORM_LENGTH;
	} else if (protocol != SMB_PROTOCOL_ID) {
		*ret_why = "no SMB2 message";
		return NULL;
	}
	return take_apart(channel, frame, text, session, ret_why);
}

void smb_message_free(struct smb_message *message)
{
	assert(!message->task.handle);
	for (uint16_t i = 0; i < message->count; i++)
		smb_request_fini(&message->requests[i]);
	if (message->gathered)
		smb_reply_free(message->gathered);
	smb_open_unref(message->open);
	smb_session_unref(message->session);
	smb_frame_unref(message->frame);
	free(message);
}
