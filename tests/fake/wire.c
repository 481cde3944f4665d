/*
 * The wire that tests hold in their hands. Opaque payloads are those of
 * tests/fake/objects.c.
 */
#include "tests/fake/wire.h"

#include <assert.h>
#include <stdlib.h>
#include <string.h>

#include "tests/fake/objects.h"

static void wire_queue(void *wire, struct smb_reply *reply)
{
	struct fake_wire *w = wire;

	assert(w->channel);
	TAILQ_INSERT_TAIL(&w->replies, reply, entry);
	w->count++;
}

static void wire_close(void *wire, bool after_queue)
{
	struct fake_wire *w = wire;

	(void)after_queue;
	w->is_closed = true;
}

static void wire_watch(void *wire, struct smb_delivery *delivery)
{
	struct fake_wire *w = wire;

	assert(w->channel);
	TAILQ_INSERT_TAIL(&w->deliveries, delivery, entry);
}

void fake_wire_deliver(struct fake_wire *wire, bool was_received)
{
	struct smb_delivery *delivery;

	while ((delivery = TAILQ_FIRST(&wire->deliveries))) {
		TAILQ_REMOVE(&wire->deliveries, delivery, entry);
		delivery->done(delivery, was_received);
	}
}

static uint32_t wire_co_interfaces(void *wire, struct smb_interface *ret_told,
				   uint32_t max)
{
	(void)wire;
	assert(max > 0);
	*ret_told = (struct smb_interface){ .index = 1, .speed = 1000 };
	return 1;
}

static const char *wire_peer(void *wire)
{
	(void)wire;
	return "test";
}

const struct smb_wire_ops fake_wire_ops = {
	.queue = wire_queue,
	.close = wire_close,
	.watch = wire_watch,
	.co_interfaces = wire_co_interfaces,
	.peer = wire_peer,
};

void fake_wire_init(struct fake_wire *wire, struct fake_host *host,
		    struct smb_engine *engine)
{
	*wire = (struct fake_wire){ .host = host };
	TAILQ_INIT(&wire->replies);
	TAILQ_INIT(&wire->deliveries);
	wire->channel = smb_channel_new(engine, &fake_wire_ops, wire);
	assert(wire->channel);
}

static void drop_replies(struct fake_wire *wire)
{
	struct smb_reply *reply;

	while ((reply = TAILQ_FIRST(&wire->replies))) {
		TAILQ_REMOVE(&wire->replies, reply, entry);
		smb_reply_free(reply);
	}
	wire->count = 0;
}

static void co_hang_up(void *arg)
{
	smb_channel_co_closed(arg);
}

void fake_wire_begin_hang_up(struct fake_wire *wire)
{
	struct smb_channel *channel = wire->channel;

	fake_wire_deliver(wire, false);
	fake_host_call(wire->host, co_hang_up, channel);
	wire->channel = NULL;
	drop_replies(wire);
}

void fake_wire_hang_up(struct fake_wire *wire)
{
	struct smb_channel *channel = wire->channel;

	if (!channel)
		return;
	fake_wire_deliver(wire, false);
	if (!fake_host_call(wire->host, co_hang_up, channel))
		assert(!"the channel waits for somebody");
	wire->channel = NULL;
	drop_replies(wire);
}

struct put {
	struct fake_wire *wire;
	struct smb_frame *frame;
	bool is_taken;
};

static void co_put(void *arg)
{
	struct put *put = arg;

	put->is_taken = smb_channel_co_input(put->wire->channel, put->frame);
}

static struct smb_frame *frame_of(const uint8_t *bytes, size_t length)
{
	struct smb_frame *frame = smb_frame_new(length);

	assert(frame);
	if (length)
		memcpy(smb_frame_bytes(frame), bytes, length);
	return frame;
}

bool fake_wire_put(struct fake_wire *wire, const uint8_t *bytes, size_t length)
{
	struct put put = { .wire = wire, .frame = frame_of(bytes, length) };

	if (!fake_host_call(wire->host, co_put, &put))
		assert(!"input waits");
	return put.is_taken;
}

bool fake_wire_put_only(struct fake_wire *wire, const uint8_t *bytes,
			size_t length)
{
	/* Input never waits as long as the engine unseals by itself. */
	return smb_channel_co_input(wire->channel, frame_of(bytes, length));
}

uint8_t *fake_wire_take(struct fake_wire *wire, size_t *ret_length)
{
	struct smb_reply *reply = TAILQ_FIRST(&wire->replies);

	if (!reply)
		return NULL;
	size_t length = reply->head_length - 4 + reply->body.length;
	size_t said = (size_t)reply->head[1] << 16 |
		      (size_t)reply->head[2] << 8 | reply->head[3];
	uint8_t *bytes = malloc(length);

	assert(bytes);
	assert(reply->head[0] == 0);
	assert(said == length);
	memcpy(bytes, reply->head + 4, reply->head_length - 4);
	if (reply->body.length)
		memcpy(bytes + reply->head_length - 4,
		       fake_body_bytes(&reply->body), reply->body.length);
	TAILQ_REMOVE(&wire->replies, reply, entry);
	wire->count--;
	smb_reply_free(reply);
	*ret_length = length;
	return bytes;
}
