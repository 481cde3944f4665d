/*
 * Requests and answers as bytes (MS-SMB2 2.2). Each actor speaks in its own
 * way: another dialect, signed, sealed or neither, leases of both versions.
 */
#include "tests/model/actor.h"

#include <assert.h>
#include <string.h>

#include "smb/limits.h"
#include "smb/wire/context.h"
#include "smb/wire/utf16.h"

enum {
	CREDITS = 64,
	PENDING = 0x103,
	LEASE_LEVEL = 0xff,
	LEASE_NOTICE = 44,
	FILE_READ_DATA = 0x1,
	FILE_WRITE_DATA = 0x2,
	FILE_READ_ATTRIBUTES = 0x80,
	DELETE = 0x10000,
	NON_DIRECTORY = 0x40,
	DELETE_ON_CLOSE = 0x1000,
};

static const uint16_t dialects[MODEL_ACTORS] = { 0x0302, 0x0311, 0x0300,
						 0x0311 };

/* ---- a connection ---- */

bool actor_connect(struct actor *a)
{
	struct client_link link = scene_connect(a->scene, a->line);
	struct client *c = &a->client;

	client_init(c, &link);
	c->guid[0] = a->index + 1;
	c->credits_asked = CREDITS;
	a->line->is_patient = true;
	a->session = (struct client_session){ .id = 0 };
	a->is_up = client_negotiate_dialect(c, dialects[a->index]) == 0 &&
		   client_logon(c, &a->session, "ann", "secret") == 0;
	a->session.signs = a->index != 0;
	a->session.seals = a->index == 3;
	a->is_up = a->is_up &&
		   client_tree(c, &a->session, "\\\\x\\s", &a->tree) == 0;
	a->line->is_patient = false;
	return a->is_up;
}

void actor_disconnect(struct actor *a, size_t keep)
{
	assert(!a->client.has_bad_signature);
	scene_cut(a->line, keep);
	client_session_fini(&a->client, &a->session);
	client_fini(&a->client);
	a->is_up = false;
}

/* ---- requests ---- */

static void key_of(const struct actor *a, uint8_t key, uint8_t to[16])
{
	memset(to, 0x5a, 16);
	to[0] = a->index;
	to[1] = key;
}

/* The first key's lease is of version 1, the others' of version 2. */
static void write_lease(struct actor *a, const struct model_op *op,
			struct writer *w)
{
	uint8_t data[52];
	struct writer d = writer_at(data, sizeof(data));
	uint8_t key[16];
	size_t last = SIZE_MAX;

	key_of(a, op->key, key);
	wr_copy(&d, key, sizeof(key));
	wr_u32(&d, op->caching);
	wr_zero(&d, op->key ? 32 : 12);
	smb_create_context_add(w, w->at, &last, "RqLs", data, d.at);
}

static uint8_t level_of(uint8_t caching)
{
	if (caching & MODEL_H)
		return 9;
	if (caching & MODEL_W)
		return 8;
	return caching & MODEL_R;
}

static uint32_t access_of(const struct model_op *op)
{
	return FILE_READ_ATTRIBUTES |
	       (op->access & MODEL_READ ? FILE_READ_DATA : 0) |
	       (op->access & MODEL_WRITE ? FILE_WRITE_DATA : 0) |
	       (op->access & MODEL_DELETE ? DELETE : 0);
}

static void write_name(struct writer *w, uint8_t name)
{
	const char text[] = { 'f', (char)('0' + name), 0 };

	wr_utf16_of(w, text);
}

/* 2.2.13. */
static void write_create(struct actor *a, const struct model_op *op)
{
	struct writer *w = &a->client.w;
	bool has_lease = op->wants == MODEL_WANTS_LEASE;
	struct later at, length;

	wr_u16(w, 57);
	wr_u8(w, 0);
	wr_u8(w, has_lease                         ? LEASE_LEVEL
		 : op->wants == MODEL_WANTS_OPLOCK ? level_of(op->caching)
						   : 0);
	wr_u32(w, 2);
	wr_zero(w, 16);
	wr_u32(w, access_of(op));
	wr_u32(w, 0x80);
	wr_u32(w, op->sharing);
	wr_u32(w, op->disposition);
	wr_u32(w, NON_DIRECTORY | (op->deletes ? DELETE_ON_CLOSE : 0));
	wr_u16(w, 64 + 56);
	wr_u16(w, 4);
	at = wr_later_u32(w);
	length = wr_later_u32(w);
	write_name(w, op->name);
	if (!has_lease)
		return;
	wr_align(w, 8);
	size_t start = client_body_at(&a->client);
	size_t before = w->at;

	write_lease(a, op, w);
	wr_now_u32(w, at, (uint32_t)(64 + start));
	wr_now_u32(w, length, (uint32_t)(w->at - before));
}

/* 2.2.39, the part that all classes have. */
static void write_set(struct actor *a, const struct model_op *op, uint8_t class,
		      uint32_t length)
{
	struct writer *w = &a->client.w;

	wr_u16(w, 33);
	wr_u8(w, 1);
	wr_u8(w, class);
	wr_u32(w, length);
	wr_u16(w, 64 + 32);
	wr_u16(w, 0);
	wr_u32(w, 0);
	wr_u64(w, a->files[op->open].persistent);
	wr_u64(w, a->files[op->open].volatile_id);
}

static void write_rename(struct actor *a, const struct model_op *op)
{
	struct writer *w = &a->client.w;

	write_set(a, op, 10, 24);
	wr_u8(w, op->is_replace);
	wr_zero(w, 7 + 8);
	wr_u32(w, 4);
	write_name(w, op->name);
}

/* 2.2.24. */
static void write_ack(struct actor *a, const struct model_op *op)
{
	struct writer *w = &a->client.w;
	uint8_t key[16];

	if (op->kind == MODEL_ACK_OPLOCK) {
		wr_u16(w, 24);
		wr_u8(w, level_of(op->caching));
		wr_zero(w, 5);
		wr_u64(w, a->files[op->open].persistent);
		wr_u64(w, a->files[op->open].volatile_id);
		return;
	}
	key_of(a, op->key, key);
	wr_u16(w, 36);
	wr_zero(w, 6);
	wr_copy(w, key, sizeof(key));
	wr_u32(w, op->caching);
	wr_zero(w, 8);
}

/* 2.2.30: under the id of what is to end. */
static void send_cancel(struct actor *a, const struct model_op *op)
{
	struct client *c = &a->client;
	const struct actor_request *rq = &a->requests[op->target];
	uint64_t next = c->message_id;
	struct writer *w;

	c->message_id = rq->message_id;
	w = client_begin(c, SMB2_CANCEL, &a->session, 0,
			 rq->async_id ? SMB2_FLAGS_ASYNC_COMMAND : 0);
	c->message_id = next;
	wr_u32(w, 4);
	if (rq->async_id)
		wr_uint_to(w->start + 32, rq->async_id, 8);
	client_post(c);
}

static enum smb_command command_of(enum model_kind kind)
{
	switch (kind) {
	case MODEL_CREATE:
		return SMB2_CREATE;
	case MODEL_CLOSE:
		return SMB2_CLOSE;
	case MODEL_READ_DATA:
		return SMB2_READ;
	case MODEL_WRITE_DATA:
		return SMB2_WRITE;
	case MODEL_LOCK:
	case MODEL_UNLOCK:
		return SMB2_LOCK;
	case MODEL_ACK_LEASE:
	case MODEL_ACK_OPLOCK:
		return SMB2_OPLOCK_BREAK;
	default:
		return SMB2_SET_INFO;
	}
}

static void write_body(struct actor *a, const struct model_op *op)
{
	struct client *c = &a->client;
	struct client_file file = a->files[op->open];
	uint8_t fill[MODEL_BYTES];

	switch (op->kind) {
	case MODEL_CREATE:
		write_create(a, op);
		break;
	case MODEL_CLOSE:
		client_write_close(c, file);
		break;
	case MODEL_READ_DATA:
		client_write_read(c, file, op->offset, op->length);
		break;
	case MODEL_WRITE_DATA:
		memset(fill, op->fill, sizeof(fill));
		client_write_write(c, file, op->offset, fill, op->length);
		break;
	case MODEL_LOCK:
		client_write_lock(c, file, op->offset, op->length,
				  (op->is_exclusive ? 2u : 1u) |
					  (op->is_immediate ? 0x10u : 0));
		break;
	case MODEL_UNLOCK:
		client_write_lock(c, file, op->offset, op->length, 4);
		break;
	case MODEL_SET_SIZE:
		write_set(a, op, 20, 8);
		wr_u64(&c->w, op->length);
		break;
	case MODEL_RENAME:
		write_rename(a, op);
		break;
	case MODEL_DISPOSE:
		write_set(a, op, 13, 1);
		wr_u8(&c->w, op->deletes);
		break;
	default:
		write_ack(a, op);
		break;
	}
}

void actor_send(struct actor *a, const struct model_op *ops, uint8_t index)
{
	const struct model_op *op = &ops[index];
	struct client *c = &a->client;

	if (op->kind == MODEL_CANCEL) {
		send_cancel(a, op);
		return;
	}
	assert(c->credits > 0);
	a->requests[index] =
		(struct actor_request){ .message_id = c->message_id };
	client_begin(c, command_of(op->kind), &a->session, a->tree, 0);
	write_body(a, op);
	client_post(c);
}

/* ---- answers ---- */

static uint8_t caching_of_level(uint8_t level)
{
	switch (level) {
	case 1:
		return MODEL_R;
	case 8:
		return MODEL_R | MODEL_W;
	case 9:
		return MODEL_R | MODEL_W | MODEL_H;
	default:
		return 0;
	}
}

/* 2.2.14.2.10 and .11. */
static void read_lease(struct actor *a, const struct model_op *op,
		       struct bytes chain, struct model_answer *answer)
{
	struct smb_create_contexts walk = { .chain = chain };
	struct smb_create_context context;
	uint8_t key[16], got[16];

	if (smb_create_contexts_next(&walk, &context) != NT_STATUS_SUCCESS ||
	    !smb_create_context_is(&context, "RqLs"))
		assert(!"a lease in the answer");
	struct reader r = reader_of(context.data);

	key_of(a, op->key, key);
	rd_copy(&r, got, sizeof(got));
	assert(memcmp(key, got, sizeof(key)) == 0);
	answer->grant = MODEL_WANTS_LEASE;
	answer->caching = (uint8_t)rd_u32(&r);
	assert(context.data.length == (op->key ? 52u : 32u));
}

static void read_create(struct actor *a, const struct model_op *op,
			const struct client_answer *from,
			struct model_answer *answer)
{
	struct reader r = reader_of(from->body);
	struct reader whole = reader_of(from->whole);
	uint8_t level;

	rd_skip(&r, 2);
	level = rd_u8(&r);
	rd_skip(&r, 80 - 3);
	uint32_t offset = rd_u32(&r);
	uint32_t length = rd_u32(&r);

	assert(rd_ok(&r));
	a->files[op->open] = client_file_of(from);
	answer->caching = caching_of_level(level);
	answer->grant = level ? MODEL_WANTS_OPLOCK : MODEL_WANTS_NOTHING;
	if (level == LEASE_LEVEL)
		read_lease(a, op, rd_piece(&whole, offset, length), answer);
}

static void read_data(const struct client_answer *from,
		      struct model_answer *answer)
{
	struct reader r = reader_of(from->body);
	struct reader whole = reader_of(from->whole);

	rd_skip(&r, 2);
	uint8_t offset = rd_u8(&r);

	rd_skip(&r, 1);
	struct bytes data = rd_piece(&whole, offset, rd_u32(&r));

	assert(rd_ok(&r));
	assert(rd_ok(&whole));
	assert(data.length <= MODEL_BYTES);
	answer->length = (uint8_t)data.length;
	memcpy(answer->bytes, data.at, data.length);
}

static bool take_answer(struct actor *a, struct model_op *ops,
			const struct client_answer *from)
{
	uint64_t id = from->header.message_id;
	uint8_t i = 0;

	while (i < MODEL_OPS &&
	       (ops[i].kind == MODEL_NOTHING || ops[i].kind >= MODEL_CANCEL ||
		ops[i].actor != a->index || a->requests[i].message_id != id ||
		ops[i].seen.is_there))
		i++;
	if (i == MODEL_OPS)
		return false;
	if (from->status == PENDING) {
		bool is_first = a->requests[i].async_id == 0;

		a->requests[i].async_id = from->header.async_id;
		return is_first;
	}
	ops[i].seen = (struct model_answer){ .is_there = true,
					     .status = from->status };
	if (from->status == 0 && ops[i].kind == MODEL_CREATE)
		read_create(a, &ops[i], from, &ops[i].seen);
	if (from->status == 0 && ops[i].kind == MODEL_READ_DATA)
		read_data(from, &ops[i].seen);
	return true;
}

/* ---- notices: 2.2.23 ---- */

static bool take_lease_notice(struct actor *a, struct reader *r,
			      struct model_notice *ret)
{
	uint16_t epoch = rd_u16(r);
	uint8_t key[16], own[16];

	ret->must_ack = rd_u32(r) & 1;
	rd_copy(r, key, sizeof(key));
	key_of(a, key[1], own);
	if (key[1] >= MODEL_KEYS || memcmp(key, own, sizeof(key)) != 0)
		return false;
	ret->from = (uint8_t)rd_u32(r);
	ret->to = (uint8_t)rd_u32(r);
	ret->grant = model_lease(a->index, key[1]);
	return rd_ok(r) && (key[1] != 0 || epoch == 0);
}

static bool take_oplock_notice(struct actor *a, struct reader *r,
			       struct model_notice *ret)
{
	uint64_t persistent, volatile_id;

	ret->to = caching_of_level(rd_u8(r));
	rd_skip(r, 5);
	persistent = rd_u64(r);
	volatile_id = rd_u64(r);
	for (uint8_t i = 0; i < MODEL_OPENS; i++) {
		if (a->files[i].persistent == persistent &&
		    a->files[i].volatile_id == volatile_id) {
			ret->grant = i;
			return rd_ok(r);
		}
	}
	return false;
}

static bool take_notice(struct actor *a, const struct client_answer *from,
			struct explain_seen *seen)
{
	struct reader r = reader_of(from->body);
	struct model_notice notice = { .from = 0 };
	bool is_good = rd_u16(&r) == LEASE_NOTICE
			       ? take_lease_notice(a, &r, &notice)
			       : take_oplock_notice(a, &r, &notice);

	assert(seen->notice_count < EXPLAIN_NOTICES_MAX);
	seen->notices[seen->notice_count++] = notice;
	return is_good;
}

bool actor_take(struct actor *a, struct model_op *ops,
		struct explain_seen *seen)
{
	struct client_answer answer;
	bool is_good = true;

	while (is_good && scene_has_message(a->line) &&
	       client_take(&a->client, &answer))
		is_good = answer.header.command == SMB2_OPLOCK_BREAK &&
					  answer.header.message_id == UINT64_MAX
				  ? take_notice(a, &answer, seen)
				  : take_answer(a, ops, &answer);
	return is_good && !a->client.has_bad_signature;
}
