/*
 * One connection: takes messages in, starts their tasks, and ends all that
 * belongs to it. Leaves what a message is to frame.c, whether it may pass to
 * settle.c, and its service to serve.c.
 */
#include "smb/channel.h"

#include <assert.h>
#include <stdarg.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>

#include "smb/binding.h"
#include "smb/engine.h"
#include "smb/frame.h"
#include "smb/limits.h"

enum {
	LOG_LINE_MAX = 512,
};

struct smb_channel *smb_channel_new(struct smb_engine *engine,
				    const struct smb_wire_ops *wire_ops,
				    void *wire)
{
	struct smb_channel *channel = calloc(1, sizeof(*channel));
	uint32_t credits = engine->facts->credits_max;

	if (!channel)
		return NULL;
	channel->engine = engine;
	channel->serial = ++engine->last_channel_serial;
	channel->wire_ops = wire_ops;
	channel->wire = wire;
	channel->stranger_since = smb_engine_ticks(engine);
	TAILQ_INIT(&channel->bindings);
	TAILQ_INIT(&channel->requests);
	LIST_INIT(&channel->told);
	if (credits == 0 || credits > SMB_CREDITS_MAX)
		credits = SMB_CREDITS_MAX;
	smb_credit_init(&channel->credits, credits);
	TAILQ_INSERT_TAIL(&engine->channels, channel, entry);
	engine->counts.channels++;
	return channel;
}

/* ---- what the wire asks ---- */

size_t smb_channel_frame_max(const struct smb_channel *channel)
{
	if (channel->up_count == 0)
		return SMB_FRAME_MAX_STRANGER;
	size_t max = (size_t)channel->io_size_max + SMB_FRAME_OVERHEAD;

	return max < SMB_FRAME_MAX ? max : SMB_FRAME_MAX;
}

/* TR-4: the time counts from the connection on, not from the last frame. */
uint32_t smb_channel_idle_ms(const struct smb_channel *channel)
{
	if (channel->up_count)
		return 0;
	uint64_t passed =
		smb_engine_ticks(channel->engine) - channel->stranger_since;

	return passed < SMB_LOGON_TIME_MS
		       ? (uint32_t)(SMB_LOGON_TIME_MS - passed)
		       : 1;
}

bool smb_channel_is_full(const struct smb_channel *channel)
{
	return channel->weight >= SMB_CHANNEL_BYTES_MAX;
}

/* MS-SMB2 2.2.3 behind a header: where DialectCount and the rest lie. */
static bool first_guid(struct bytes message, uint8_t ret_client_guid[16])
{
	static const uint8_t none[16];
	struct reader r = reader_of(message);
	struct smb_header header;
	uint8_t guid[16];
	bool has_guid = false;

	if (!smb_header_read(&r, &header) || header.command != SMB2_NEGOTIATE)
		return false;
	rd_skip(&r, 2);
	uint16_t count = rd_u16(&r);

	rd_skip(&r, 8);
	rd_copy(&r, guid, sizeof(guid));
	rd_skip(&r, 8);
	for (uint16_t i = 0; i < count && rd_ok(&r); i++)
		has_guid |= rd_u16(&r) >= SMB_DIALECT_210;
	if (!rd_ok(&r) || !has_guid || memcmp(guid, none, sizeof(guid)) == 0)
		return false;
	memcpy(ret_client_guid, guid, sizeof(guid));
	return true;
}

int smb_first_message(const uint8_t *bytes, size_t length,
		      uint8_t ret_client_guid[16])
{
	struct bytes message = { .at = bytes, .length = length };
	struct reader r = reader_of(message);
	uint32_t protocol = rd_u32(&r);

	if (!rd_ok(&r))
		return -1;
	if (protocol == SMB1_PROTOCOL_ID)
		return 0;
	if (protocol != SMB_PROTOCOL_ID)
		return -1;
	return first_guid(message, ret_client_guid) ? 1 : 0;
}

/* ---- input ---- */

/* What it may come to hold while it is served: see smb_channel_is_full(). */
static uint64_t weight_of(const struct smb_message *message,
			  const struct smb_frame *frame)
{
	uint64_t weight = smb_frame_length(frame);

	for (uint16_t i = 0; i < message->count; i++) {
		if (!message->requests[i].is_silent)
			weight += (uint64_t)message->requests[i]
					  .header.credit_charge *
				  65536;
	}
	return weight;
}

/* No task to be had: every element is answered so, here and now. */
static void co_refuse(struct smb_message *message)
{
	for (uint16_t i = 0; i < message->count; i++)
		message->requests[i].status = NT_STATUS_INSUFFICIENT_RESOURCES;
	smb_message_co_serve(message);
}

static void co_start(struct smb_message *message)
{
	struct smb_channel *channel = message->channel;
	const struct smb_ports *ports = channel->engine->ports;

	channel->message_count++;
	channel->weight += message->weight;
	channel->engine->counts.requests += message->count;
	/* All that comes next depends on it, and it never waits. */
	if (channel->state != SMB_CHANNEL_READY)
		smb_message_co_serve(message);
	else if (!ports->host_ops->run(ports->host, smb_message_co_serve,
				       message, &message->task))
		co_refuse(message);
}

static bool is_all_silent(const struct smb_message *message)
{
	for (uint16_t i = 0; i < message->count; i++) {
		if (!message->requests[i].is_silent)
			return false;
	}
	return true;
}

static bool co_take(struct smb_channel *channel, struct smb_frame *frame,
		    const char **ret_why)
{
	struct bytes bytes = { .at = smb_frame_bytes(frame),
			       .length = smb_frame_length(frame) };
	struct reader r = reader_of(bytes);

	if (channel->state == SMB_CHANNEL_NEW && rd_u32(&r) == SMB1_PROTOCOL_ID)
		return smb_smb1_take(channel, bytes, ret_why);
	struct smb_message *message =
		smb_message_co_new(channel, frame, ret_why);

	if (!message)
		return false;
	if (!smb_message_co_settle(message, ret_why)) {
		smb_message_free(message);
		return false;
	}
	if (is_all_silent(message)) {
		smb_message_free(message);
		return true;
	}
	message->weight = weight_of(message, frame);
	co_start(message);
	return !channel->is_dropped;
}

bool smb_channel_co_input(struct smb_channel *channel, struct smb_frame *frame)
{
	const char *why = NULL;

	assert(!channel->is_closed);
	if (channel->is_dropped) {
		smb_frame_unref(frame);
		return false;
	}
	channel->engine->counts.frames++;
	if (!co_take(channel, frame, &why) && !channel->is_dropped)
		smb_channel_drop(channel, why);
	smb_frame_unref(frame);
	return !channel->is_dropped;
}

/* ---- output ---- */

void smb_channel_queue(struct smb_channel *channel, struct smb_reply *reply)
{
	if (channel->is_closed)
		smb_reply_free(reply);
	else
		channel->wire_ops->queue(channel->wire, reply);
}

void smb_channel_drop(struct smb_channel *channel, const char *why)
{
	if (channel->is_dropped || channel->is_closed)
		return;
	channel->is_dropped = true;
	smb_channel_log(channel, SMB_LOG_WARN, "dropped: %s", why);
	channel->wire_ops->close(channel->wire, true);
}

void smb_channel_log(const struct smb_channel *channel,
		     enum smb_log_level level, const char *format, ...)
{
	const struct smb_ports *ports = channel->engine->ports;
	char line[LOG_LINE_MAX];
	va_list args;

	if (!ports->host_ops->log_is_on(ports->host, level))
		return;
	int length = snprintf(line, sizeof(line), "conn=%.64s ",
			      channel->wire_ops->peer(channel->wire));

	va_start(args, format);
	vsnprintf(line + length, sizeof(line) - (size_t)length, format, args);
	va_end(args);
	ports->host_ops->log(ports->host, level, line);
}

/* ---- the end ---- */

/*
 * What waits, waits no more; but a CREATE that its client asks for again on
 * another connection of the session goes on, and is found there (RP-4).
 */
static void end_requests(struct smb_channel *channel)
{
	struct smb_request *rq;

	TAILQ_FOREACH(rq, &channel->requests, entry) {
		if (!rq->may_come_again || !rq->session ||
		    !smb_session_channel(rq->session))
			smb_request_cancel(rq);
	}
}

/* A session that was up here, and has no other connection. */
static struct smb_session *lonely_session(const struct smb_channel *channel)
{
	const struct smb_binding *binding;

	TAILQ_FOREACH(binding, &channel->bindings, channel_entry) {
		if (binding->is_up && !smb_session_channel(binding->session))
			return binding->session;
	}
	return NULL;
}

static void co_wait_for_messages(struct smb_channel *channel)
{
	const struct smb_ports *ports = channel->engine->ports;

	while (channel->message_count) {
		struct smb_parked parked = {};

		channel->closer = &parked;
		ports->host_ops->co_park(ports->host, &parked, UINT32_MAX);
		channel->closer = NULL;
	}
}

void smb_channel_co_closed(struct smb_channel *channel)
{
	struct smb_session *session;

	channel->is_closed = true;
	smb_notice_channel_lost(channel);
	end_requests(channel);
	while ((session = lonely_session(channel)))
		smb_session_co_end(session, 0);
	co_wait_for_messages(channel);
	while (!TAILQ_EMPTY(&channel->bindings))
		smb_binding_co_lose(TAILQ_FIRST(&channel->bindings));
	assert(TAILQ_EMPTY(&channel->requests));
	TAILQ_REMOVE(&channel->engine->channels, channel, entry);
	channel->engine->counts.channels--;
	free(channel);
}
