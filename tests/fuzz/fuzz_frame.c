/*
 * The whole engine over fakes, two connections at once. Input: a byte of
 * choices, then messages, each with a byte of choices and two of length before
 * it. What strangers send is put in as it is; for one who has logged on, ids
 * and signature are set right unless a choice says no, so that the fuzzer gets
 * behind the checks.
 */
#include <assert.h>
#include <stddef.h>
#include <stdint.h>
#include <stdlib.h>
#include <string.h>

#include "tests/fake/world.h"

enum {
	/* The first byte. */
	DIALECT_BITS = 0x07,
	LOGS_ON = 0x08,
	HAS_OPEN = 0x10,
	DEMANDS_SIGNING = 0x20,
	HOLDS = 0x40,
	/* A message's byte. */
	TO_OTHER = 0x01,
	AS_IT_IS = 0x02,
	SIGNS = 0x04,
	SEALS = 0x08,
	RELEASES = 0x10,
	HANGS_UP = 0x20,
	LETS_TIME_PASS = 0x40,
	MESSAGE_MAX = 8192,
};

int LLVMFuzzerTestOneInput(const uint8_t *data, size_t size);

struct run {
	struct world world;
	struct line lines[2];
	struct client_session session;
	struct client_file file;
	uint32_t tree;
};

static void log_on(struct run *run, uint8_t choices)
{
	static const uint16_t dialects[] = { 0x202, 0x210, 0x300, 0x302,
					     0x311, 0x311, 0x311, 0x311 };

	if (!(choices & LOGS_ON))
		return;
	run->tree =
		line_connect(&run->lines[0], dialects[choices & DIALECT_BITS],
			     &run->session);
	if (choices & HAS_OPEN)
		client_create(&run->lines[0].client, &run->session, run->tree,
			      "f", 3, &run->file);
}

/* Sets what each element of the chain must have to be heard. */
static void dress(struct run *run, uint8_t *at, size_t length)
{
	struct client *c = &run->lines[0].client;

	while (length >= SMB_HEADER_LENGTH) {
		uint32_t next = (uint32_t)at[20] | (uint32_t)at[21] << 8;
		uint16_t command = (uint16_t)(at[12] & 0x1f);

		wr_uint_to(at, SMB_PROTOCOL_ID, 4);
		wr_uint_to(at + 4, SMB_HEADER_LENGTH, 2);
		wr_uint_to(at + 6, at[6] & 3, 2);
		wr_uint_to(at + 12, command, 2);
		wr_uint_to(at + 24, c->message_id, 8);
		if (!(at[16] & SMB2_FLAGS_ASYNC_COMMAND))
			wr_uint_to(at + 36, run->tree, 4);
		wr_uint_to(at + 40, run->session.id, 8);
		if (command != SMB2_CANCEL)
			c->message_id += at[6] ? at[6] : 1;
		if (next < SMB_HEADER_LENGTH || next > length)
			break;
		at += next;
		length -= next;
	}
}

static void protect(struct run *run, uint8_t *packet, size_t *ref_length,
		    uint8_t choices, uint8_t **ref_at)
{
	struct client_session *session = &run->session;

	if (choices & SEALS && session->sealer) {
		if (smb_seal(session->sealer, packet, *ref_length,
			     session->id)) {
			*ref_at = packet;
			*ref_length += SMB_TRANSFORM_LENGTH;
		}
	} else if (choices & SIGNS && session->signer &&
		   *ref_length >= SMB_HEADER_LENGTH) {
		smb_sign_in_place(session->signer, *ref_at, *ref_length);
	}
}

static void drain(struct line *line)
{
	uint8_t *bytes;
	size_t length;

	while ((bytes = fake_wire_take(&line->wire, &length)))
		free(bytes);
}

static void release(struct run *run)
{
	for (int verb = 0; verb < FAKE_VERBS; verb++)
		fake_objects_release((enum fake_verb)verb);
	fake_host_run(&run->world.host);
}

static void put(struct run *run, uint8_t choices, const uint8_t *data,
		size_t size)
{
	static uint8_t
		packet[SMB_TRANSFORM_LENGTH + MESSAGE_MAX + SMB_SEAL_SPARE];
	struct line *line = &run->lines[choices & TO_OTHER];
	uint8_t *at = packet + SMB_TRANSFORM_LENGTH;

	if (!line->wire.channel)
		return;
	memcpy(at, data, size);
	if (line == &run->lines[0] && !(choices & AS_IT_IS)) {
		dress(run, at, size);
		protect(run, packet, &size, choices, &at);
	}
	fake_wire_put(&line->wire, at, size);
	drain(line);
	if (choices & RELEASES)
		release(run);
	if (choices & LETS_TIME_PASS)
		fake_host_advance(&run->world.host, 3000);
	if (choices & HANGS_UP) {
		release(run);
		fake_wire_hang_up(&line->wire);
	}
}

static void feed(struct run *run, const uint8_t *data, size_t size)
{
	while (size >= 3) {
		size_t length = data[1] | (size_t)data[2] << 8;

		if (length > size - 3)
			length = size - 3;
		if (length > MESSAGE_MAX)
			length = MESSAGE_MAX;
		put(run, data[0], data + 3, length);
		data += 3 + length;
		size -= 3 + length;
	}
}

int LLVMFuzzerTestOneInput(const uint8_t *data, size_t size)
{
	static struct run run;

	if (size < 1)
		return 0;
	run.session = (struct client_session){};
	world_init(&run.world);
	if (data[0] & DEMANDS_SIGNING)
		run.world.realm.facts.signing = SMB_POLICY_REQUIRED;
	run.world.realm.has_anonymous = true;
	line_init(&run.lines[0], &run.world);
	line_init(&run.lines[1], &run.world);
	log_on(&run, data[0]);
	if (data[0] & HOLDS) {
		fake_objects_hold(FAKE_CREATE);
		fake_objects_hold(FAKE_WRITE);
	}
	feed(&run, data + 1, size - 1);
	fake_host_advance(&run.world.host, 3000);
	release(&run);
	line_fini(&run.lines[0]);
	line_fini(&run.lines[1]);
	world_fini(&run.world);
	return 0;
}
