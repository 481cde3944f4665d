/*
 * Trees and files: bodies of the commands, and one exchange of each.
 */
#include <assert.h>
#include <stdlib.h>
#include <string.h>

#include "smb/wire/utf16.h"
#include "tests/client/client.h"

const struct client_file client_related = { UINT64_MAX, UINT64_MAX };

/* ---- bodies ---- */

static uint16_t write_text(struct writer *w, const char *text)
{
	size_t before = w->at;

	wr_utf16_of(w, text);
	return (uint16_t)(w->at - before);
}

static void write_id(struct writer *w, struct client_file file)
{
	wr_u64(w, file.persistent);
	wr_u64(w, file.volatile_id);
}

void client_write_tree(struct client *c, const char *path)
{
	struct writer *w = &c->w;

	wr_u16(w, 9);
	wr_u16(w, 0);
	wr_u16(w, 64 + 8);
	struct later length = wr_later_u16(w);

	wr_now_u16(w, length, write_text(w, path));
}

void client_write_create(struct client *c, const char *name, uint32_t access,
			 uint32_t disposition, uint32_t options)
{
	struct writer *w = &c->w;

	wr_u16(w, 57);
	wr_u8(w, 0);
	wr_u8(w, 0);
	wr_u32(w, 2);
	wr_zero(w, 16);
	wr_u32(w, access);
	wr_u32(w, 0x80);
	wr_u32(w, 7);
	wr_u32(w, disposition);
	wr_u32(w, options);
	wr_u16(w, 64 + 56);
	struct later length = wr_later_u16(w);

	wr_u32(w, 0);
	wr_u32(w, 0);
	wr_now_u16(w, length, write_text(w, name));
	if (!*name)
		wr_u8(w, 0);
}

static uint32_t get_u32(const uint8_t *at)
{
	return (uint32_t)at[0] | (uint32_t)at[1] << 8 | (uint32_t)at[2] << 16 |
	       (uint32_t)at[3] << 24;
}

static void put_u32(uint8_t *at, size_t value)
{
	for (int i = 0; i < 4; i++)
		at[i] = (uint8_t)(value >> 8 * i);
}

/* CreateContextsOffset and -Length lie at 48 of the body (2.2.13). */
static void add_context(struct client *c, const void *name,
			uint16_t name_length, const void *data, size_t length)
{
	client_reserve(c, length + 64);

	struct writer *w = &c->w;
	size_t body = w->at - client_body_at(c);
	uint8_t *fields = w->start + body + 48;

	while ((w->at - body) % 8)
		wr_u8(w, 0);
	if (get_u32(fields)) {
		uint8_t *last = w->start + body - 64 + get_u32(fields);

		while (get_u32(last))
			last += get_u32(last);
		put_u32(last, (size_t)(w->start + w->at - last));
	} else {
		put_u32(fields, 64 + w->at - body);
	}
	wr_u32(w, 0);
	wr_u16(w, 16);
	wr_u16(w, name_length);
	wr_u16(w, 0);
	wr_u16(w, (uint16_t)(16 + (name_length + 7) / 8 * 8));
	wr_u32(w, (uint32_t)length);
	wr_copy(w, name, name_length);
	wr_zero(w, (8 - name_length % 8) % 8);
	wr_copy(w, data, length);
	put_u32(fields + 4, 64 + w->at - body - get_u32(fields));
}

void client_add_context(struct client *c, const char *tag, const void *data,
			size_t length)
{
	add_context(c, tag, 4, data, length);
}

void client_add_guid_context(struct client *c, const uint8_t guid[16],
			     const void *data, size_t length)
{
	add_context(c, guid, 16, data, length);
}

void client_write_close(struct client *c, struct client_file file)
{
	wr_u16(&c->w, 24);
	wr_u16(&c->w, 0);
	wr_u32(&c->w, 0);
	write_id(&c->w, file);
}

void client_write_flush(struct client *c, struct client_file file)
{
	client_write_close(c, file);
}

void client_write_read(struct client *c, struct client_file file,
		       uint64_t offset, uint32_t length)
{
	struct writer *w = &c->w;

	wr_u16(w, 49);
	wr_u16(w, 0x50);
	wr_u32(w, length);
	wr_u64(w, offset);
	write_id(w, file);
	wr_zero(w, 4 + 4 + 4 + 4);
	wr_u8(w, 0);
}

void client_write_write(struct client *c, struct client_file file,
			uint64_t offset, const void *data, uint32_t length)
{
	struct writer *w = &c->w;

	client_reserve(c, 64 + (size_t)length);
	wr_u16(w, 49);
	wr_u16(w, 64 + 48);
	wr_u32(w, length);
	wr_u64(w, offset);
	write_id(w, file);
	wr_zero(w, 16);
	wr_copy(w, data, length);
}

void client_write_notify(struct client *c, struct client_file file)
{
	struct writer *w = &c->w;

	wr_u16(w, 32);
	wr_u16(w, 0);
	wr_u32(w, 4096);
	write_id(w, file);
	wr_u32(w, 0x3);
	wr_u32(w, 0);
}

void client_write_lock(struct client *c, struct client_file file,
		       uint64_t offset, uint64_t length, uint32_t flags)
{
	struct writer *w = &c->w;

	wr_u16(w, 48);
	wr_u16(w, 1);
	wr_u32(w, 0);
	write_id(w, file);
	wr_u64(w, offset);
	wr_u64(w, length);
	wr_u32(w, flags);
	wr_u32(w, 0);
}

/* ---- exchanges ---- */

uint32_t client_tree(struct client *c, struct client_session *session,
		     const char *path, uint32_t *ret_tree_id)
{
	struct client_answer answer;

	client_begin(c, SMB2_TREE_CONNECT, session, 0, 0);
	client_write_tree(c, path);
	uint32_t status = client_ask(c, &answer);

	if (status == 0)
		*ret_tree_id = answer.header.tree_id;
	return status;
}

struct client_file client_file_of(const struct client_answer *answer)
{
	struct reader r = reader_of(answer->body);

	rd_skip(&r, 64);
	struct client_file file = { .persistent = rd_u64(&r) };

	file.volatile_id = rd_u64(&r);
	assert(rd_ok(&r));
	return file;
}

uint32_t client_create(struct client *c, struct client_session *session,
		       uint32_t tree_id, const char *name, uint32_t disposition,
		       struct client_file *ret_file)
{
	struct client_answer answer;

	client_begin(c, SMB2_CREATE, session, tree_id, 0);
	client_write_create(c, name, 0x1f01ff, disposition, 0);
	uint32_t status = client_ask(c, &answer);

	if (status == 0)
		*ret_file = client_file_of(&answer);
	return status;
}

uint32_t client_close(struct client *c, struct client_session *session,
		      uint32_t tree_id, struct client_file file)
{
	client_begin(c, SMB2_CLOSE, session, tree_id, 0);
	client_write_close(c, file);
	return client_ask(c, NULL);
}

uint32_t client_read(struct client *c, struct client_session *session,
		     uint32_t tree_id, struct client_file file, uint64_t offset,
		     uint32_t length, struct bytes *ret_data)
{
	struct client_answer answer;

	c->charge = (uint16_t)(1 + (length ? length - 1 : 0) / 65536);
	client_begin(c, SMB2_READ, session, tree_id, 0);
	client_write_read(c, file, offset, length);
	uint32_t status = client_ask(c, &answer);

	if (status != 0)
		return status;
	struct reader r = reader_of(answer.body);
	struct reader whole = reader_of(answer.whole);

	rd_skip(&r, 2);
	uint8_t at = rd_u8(&r);

	rd_skip(&r, 1);
	*ret_data = rd_piece(&whole, at, rd_u32(&r));
	assert(rd_ok(&whole));
	return 0;
}

uint32_t client_write(struct client *c, struct client_session *session,
		      uint32_t tree_id, struct client_file file,
		      uint64_t offset, const void *data, uint32_t length)
{
	c->charge = (uint16_t)(1 + (length ? length - 1 : 0) / 65536);
	client_begin(c, SMB2_WRITE, session, tree_id, 0);
	client_write_write(c, file, offset, data, length);
	return client_ask(c, NULL);
}

static uint32_t ask_empty(struct client *c, enum smb_command command,
			  struct client_session *session, uint32_t tree_id)
{
	struct writer *w = client_begin(c, command, session, tree_id, 0);

	wr_u16(w, 4);
	wr_u16(w, 0);
	return client_ask(c, NULL);
}

uint32_t client_echo(struct client *c, struct client_session *session)
{
	return ask_empty(c, SMB2_ECHO, session, 0);
}

uint32_t client_logoff(struct client *c, struct client_session *session)
{
	return ask_empty(c, SMB2_LOGOFF, session, 0);
}

uint32_t client_tree_disconnect(struct client *c,
				struct client_session *session,
				uint32_t tree_id)
{
	return ask_empty(c, SMB2_TREE_DISCONNECT, session, tree_id);
}
