/*
 * Clients that lose their connection and come back: two lines to one engine
 * whose store grants every oplock, and what tests of durable opens and of
 * replays ask on them.
 */
#pragma once

#include <setjmp.h>
#include <stdarg.h>
#include <stddef.h>
#include <stdint.h>

#include <cmocka.h>
#include <string.h>

#include "smb/lease.h"
#include "smb/limits.h"
#include "smb/status.h"
#include "tests/fake/world.h"

#define STATUS(name) ((uint32_t)NT_STATUS_##name)

static struct world world;
static struct line line, next;
static struct client_session session, second;
static uint32_t tree, tree2;

/* Who holds the oplock of what was opened last. */
static struct smb_object_ops ops;
static struct smb_holder *holder;

static const uint8_t zero[36];

static inline enum nt_status co_create(struct smb_volume *volume,
				       struct smb_call *call,
				       const struct smb_create *how,
				       struct smb_created *ret_created)
{
	holder = how->holder;
	return fake_object_ops.co_create(volume, call, how, ret_created);
}

static inline int start(void **state)
{
	(void)state;
	session = second = (struct client_session){};
	world_init(&world);
	ops = fake_object_ops;
	ops.co_create = co_create;
	world.ports.object_ops = &ops;
	fake_objects_grant(true);
	line_init(&line, &world);
	tree = line_connect(&line, 0x311, &session);
	line_init(&next, &world);
	return 0;
}

static inline int stop(void **state)
{
	(void)state;
	line_fini(&line);
	line_fini(&next);
	world_fini(&world);
	return 0;
}

/* Begins a CREATE with this oplock level. */
static inline void begin_at(struct line *l, struct client_session *s,
			    uint32_t t, const char *name, uint8_t level,
			    uint32_t flags)
{
	struct client *c = &l->client;

	client_begin(c, SMB2_CREATE, s, t, flags);
	size_t body = c->w.at;

	client_write_create(c, name, 0x1f01ff, 3, 0);
	c->w.start[body + 3] = level;
}

static inline void begin(const char *name, uint8_t level)
{
	begin_at(&line, &session, tree, name, level, 0);
}

/* DH2Q: Timeout, Flags, Reserved, CreateGuid. */
static inline void add_v2(struct line *l, uint32_t timeout_ms, const char *guid)
{
	uint8_t data[32] = { (uint8_t)timeout_ms, (uint8_t)(timeout_ms >> 8),
			     (uint8_t)(timeout_ms >> 16),
			     (uint8_t)(timeout_ms >> 24) };

	memcpy(data + 16, guid, 16);
	client_add_context(&l->client, "DH2Q", data, sizeof(data));
}

static inline void add_id(struct line *l, const char *tag,
			  struct client_file file, const char *guid)
{
	uint8_t data[36];
	struct writer w = writer_at(data, sizeof(data));

	wr_u64(&w, file.persistent);
	wr_u64(&w, file.volatile_id);
	if (guid)
		wr_copy(&w, guid, 16);
	if (guid)
		wr_u32(&w, 0);
	client_add_context(&l->client, tag, data, w.at);
}

static inline struct client_answer ask(struct line *l, uint32_t status)
{
	struct client_answer answer = {};

	assert_int_equal(client_ask(&l->client, &answer), status);
	return answer;
}

/* The length of the data of this context in the answer; 0: it isn't there. */
static inline uint32_t find(const struct client_answer *answer, const char *tag,
			    uint32_t *ret_first)
{
	const uint8_t *bytes = answer->body.at;
	size_t length = answer->body.length;

	for (size_t at = 88; at + 24 <= length; at += 8) {
		if (memcmp(bytes + at + 16, tag, 4) != 0)
			continue;
		memcpy(ret_first, bytes + at + 24, 4);
		return bytes[at + 12];
	}
	return 0;
}

/* A durable open of version 1 with a batch oplock. */
static inline struct client_file open_v1(void)
{
	struct client_answer answer;
	uint32_t first = 1;

	begin("f", SMB_OPLOCK_BATCH);
	client_add_context(&line.client, "DHnQ", zero, 16);
	answer = ask(&line, 0);
	assert_int_equal(answer.body.at[2], SMB_OPLOCK_BATCH);
	assert_int_equal(find(&answer, "DHnQ", &first), 8);
	assert_int_equal(first, 0);
	return client_file_of(&answer);
}

static inline void lose(void)
{
	fake_wire_hang_up(&line.wire);
}

static inline void come_back(void)
{
	tree2 = line_connect(&next, 0x311, &second);
}

static inline void it_is_usable(struct line *l, struct client_session *s,
				uint32_t t, struct client_file file)
{
	assert_int_equal(client_write(&l->client, s, t, file, 0, "abc", 3), 0);
	assert_int_equal(client_close(&l->client, s, t, file), 0);
	assert_int_equal(fake_objects_open(), 0);
}

static inline void add_lease(struct line *l, const char *key)
{
	uint8_t data[32] = { [16] = 7 };

	memcpy(data, key, 16);
	client_add_context(&l->client, "RqLs", data, sizeof(data));
}
