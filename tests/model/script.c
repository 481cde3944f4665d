/*
 * The script, and how its requests look (MS-SMB2 2.2).
 */
#include "tests/model/script.h"

#include <string.h>

#include "smb/wire/utf16.h"
#include "tests/model/second.h"

enum {
	BLOCK = SECOND_BLOCK,
	CREATE_OLD = 1,
	CREATE_NEW = 2,
	LOCK_EXCLUSIVE = 2 | 0x10,
	LOCK_UNDO = 4,
};

const struct script script[SCRIPT_LINES] = {
	{ 0, SCRIPT_CREATE, 0, .name = "a" },
	{ 1, SCRIPT_WRITE, 0, 0, 1 },
	{ 1, SCRIPT_WRITE, 0, 1, 2 },
	{ 1, SCRIPT_WRITE, 0, 2, 3 },
	{ 1, SCRIPT_WRITE, 0, 3, 4 },
	{ 2, SCRIPT_LOCK, 0, 0 },
	{ 2, SCRIPT_LOCK, 0, 1 },
	{ 3, SCRIPT_WRITE, 0, 0, 5 },
	{ 3, SCRIPT_WRITE, 0, 1, 6 },
	{ 3, SCRIPT_WRITE, 0, 2, 7 },
	{ 4, SCRIPT_RENAME, 0, .name = "b" },
	{ 5, SCRIPT_UNLOCK, 0, 0 },
	{ 5, SCRIPT_UNLOCK, 0, 1 },
	{ 6, SCRIPT_CREATE, 1, .name = "c" },
	{ 6, SCRIPT_WRITE, 0, 0, 8 },
	{ 7, SCRIPT_WRITE, 1, 0, 9 },
	{ 7, SCRIPT_WRITE, 1, 1, 10 },
	{ 7, SCRIPT_RENAME, 0, .name = "d" },
	{ 8, SCRIPT_LOCK, 0, 0 },
	{ 8, SCRIPT_WRITE, 1, 0, 11 },
	{ 9, SCRIPT_UNLOCK, 0, 0 },
	{ 9, SCRIPT_RENAME, 1, .name = "e" },
	{ 10, SCRIPT_WRITE, 0, 0, 12 },
	{ 10, SCRIPT_WRITE, 1, 1, 13 },
	{ 11, SCRIPT_CLOSE, 0 },
	{ 11, SCRIPT_CLOSE, 1 },
};

enum smb_command script_command(enum script_kind kind)
{
	static const enum smb_command commands[] = {
		[SCRIPT_CREATE] = SMB2_CREATE,   [SCRIPT_WRITE] = SMB2_WRITE,
		[SCRIPT_LOCK] = SMB2_LOCK,       [SCRIPT_UNLOCK] = SMB2_LOCK,
		[SCRIPT_RENAME] = SMB2_SET_INFO, [SCRIPT_CLOSE] = SMB2_CLOSE,
	};

	return commands[kind];
}

static void write_set_name(struct client *c, struct client_file file,
			   const char *name)
{
	struct writer *w = &c->w;

	wr_u16(w, 33);
	wr_u8(w, 1);
	wr_u8(w, 10);
	wr_u32(w, 20 + 2);
	wr_u16(w, 64 + 32);
	wr_u16(w, 0);
	wr_u32(w, 0);
	wr_u64(w, file.persistent);
	wr_u64(w, file.volatile_id);
	wr_zero(w, 8 + 8);
	wr_u32(w, 2);
	wr_utf16_of(w, name);
}

void script_write(struct channels *m, struct channel *on,
		  const struct script *s, bool is_there)
{
	struct client *c = &on->client;
	struct channels_file *f = &m->files[s->file];
	uint8_t fill[BLOCK];

	switch (s->kind) {
	case SCRIPT_CREATE:
		channels_write_create(m, on, s->file,
				      is_there ? CREATE_OLD : CREATE_NEW);
		break;
	case SCRIPT_WRITE:
		memset(fill, s->fill, sizeof(fill));
		client_write_write(c, f->id, (uint64_t)s->what * BLOCK, fill,
				   BLOCK);
		break;
	case SCRIPT_LOCK:
	case SCRIPT_UNLOCK:
		channels_write_lock(m, on, s->file, s->what,
				    s->kind == SCRIPT_LOCK ? LOCK_EXCLUSIVE
							   : LOCK_UNDO);
		break;
	case SCRIPT_RENAME:
		write_set_name(c, f->id, s->name);
		break;
	case SCRIPT_CLOSE:
		client_write_close(c, f->id);
		break;
	}
}
