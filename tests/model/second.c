/*
 * One request at a time; breaks are acknowledged as they come.
 */
#include "tests/model/second.h"

#include <assert.h>
#include <string.h>

#include "smb/wire/context.h"

enum {
	PENDING = 0x103,
	LEASE_LEVEL = 0xff,
	LEASE_NOTICE = 44,
	LEASE_ALL = 7,
	AT_LEVEL = 3,
	OPEN = 1,
	KEY = 0x2d,
	HOLD_MS = 700,
};

void second_init(struct second *s, struct scene *scene)
{
	struct client_link link = scene_connect(scene, &scene->lines[0]);
	uint32_t status;

	*s = (struct second){ .scene = scene };
	client_init(&s->client, &link);
	s->client.guid[0] = 0x22;
	s->client.credits_asked = 64;
	scene->lines[0].is_patient = true;
	status = client_negotiate_dialect(&s->client, SMB_DIALECT_311);
	assert(status == 0);
	status = client_logon(&s->client, &s->session, "ann", "secret");
	assert(status == 0);
	s->session.signs = true;
	status = client_tree(&s->client, &s->session, "\\\\x\\s", &s->tree);
	assert(status == 0);
	scene->lines[0].is_patient = false;
}

void second_fini(struct second *s)
{
	assert(!s->client.has_bad_signature);
	scene_cut(&s->scene->lines[0], 0);
	client_session_fini(&s->client, &s->session);
	client_fini(&s->client);
}

static void post(struct second *s, enum second_state state)
{
	s->message_id = s->client.message_id - 1;
	s->state = state;
	client_post(&s->client);
}

void second_open(struct second *s, const char *name)
{
	struct writer *w =
		client_begin(&s->client, SMB2_CREATE, &s->session, s->tree, 0);
	size_t body = w->at;
	uint8_t data[52] = { KEY, [16] = LEASE_ALL };

	assert(s->state == SECOND_IDLE);
	client_write_create(&s->client, name, 0x1f01ff, OPEN, 0);
	w->start[body + AT_LEVEL] = LEASE_LEVEL;
	client_add_context(&s->client, "RqLs", data, sizeof(data));
	s->was_broken = false;
	post(s, SECOND_OPENS);
}

static void ask_read(struct second *s)
{
	client_begin(&s->client, SMB2_READ, &s->session, s->tree, 0);
	client_write_read(&s->client, s->file, 0, SECOND_BLOCK * SECOND_BLOCKS);
	post(s, SECOND_READS);
}

static void ask_close(struct second *s)
{
	client_begin(&s->client, SMB2_CLOSE, &s->session, s->tree, 0);
	client_write_close(&s->client, s->file);
	s->caching = 0;
	post(s, SECOND_CLOSES);
}

static void take_create(struct second *s, const struct client_answer *answer)
{
	struct reader body = reader_of(answer->body);
	struct reader whole = reader_of(answer->whole);
	struct smb_create_contexts walk;
	struct smb_create_context context;

	rd_skip(&body, 80);
	uint32_t at = rd_u32(&body), length = rd_u32(&body);

	s->file = client_file_of(answer);
	walk = (struct smb_create_contexts){ .chain = rd_piece(&whole, at,
							       length) };
	if (length &&
	    smb_create_contexts_next(&walk, &context) == NT_STATUS_SUCCESS &&
	    smb_create_context_is(&context, "RqLs")) {
		struct reader r = reader_of(context.data);

		rd_skip(&r, 16);
		s->caching = (uint8_t)rd_u32(&r);
	}
	s->opens++;
	s->has_read = false;
}

static void take_read(struct second *s, const struct client_answer *answer)
{
	struct reader r = reader_of(answer->body);
	struct reader whole = reader_of(answer->whole);

	memset(s->read, 0, sizeof(s->read));
	s->is_torn = false;
	s->reads++;
	s->has_read = true;
	if (answer->status != 0) /* END_OF_FILE: nothing is there */
		return;
	rd_skip(&r, 2);
	uint8_t at = rd_u8(&r);

	rd_skip(&r, 1);
	struct bytes data = rd_piece(&whole, at, rd_u32(&r));

	for (size_t i = 0; i < data.length; i++) {
		if (i % SECOND_BLOCK == 0)
			s->read[i / SECOND_BLOCK] = data.at[i];
		else if (data.at[i] != data.at[i - 1])
			s->is_torn = true;
	}
}

static void take_notice(struct second *s, const struct client_answer *answer)
{
	struct reader r = reader_of(answer->body);
	uint32_t flags, to;

	if (rd_u16(&r) != LEASE_NOTICE)
		return;
	rd_skip(&r, 2);
	flags = rd_u32(&r);
	rd_skip(&r, 16 + 4);
	to = rd_u32(&r);
	s->caching &= (uint8_t)to;
	s->was_broken = true;
	s->breaks++;
	if (!(flags & 1))
		return;

	struct writer *w = client_begin(&s->client, SMB2_OPLOCK_BREAK,
					&s->session, s->tree, 0);

	wr_u16(w, 36);
	wr_zero(w, 6);
	wr_u8(w, KEY);
	wr_zero(w, 15);
	wr_u32(w, to);
	wr_zero(w, 8);
	client_post(&s->client);
}

static void take_answer(struct second *s, const struct client_answer *answer)
{
	if (answer->header.message_id != s->message_id ||
	    answer->status == PENDING)
		return;
	switch (s->state) {
	case SECOND_OPENS:
		if (answer->status != 0) {
			s->state = SECOND_IDLE; /* renamed meanwhile */
			break;
		}
		take_create(s, answer);
		ask_read(s);
		break;
	case SECOND_READS:
		take_read(s, answer);
		s->state = SECOND_HOLDS;
		s->holds_until_ns =
			s->scene->sim.now_ns +
			loop_ms(loop_sim_draw(&s->scene->sim, HOLD_MS));
		break;
	default:
		s->state = SECOND_IDLE;
		break;
	}
}

void second_turn(struct second *s)
{
	struct client_answer answer;

	while (scene_has_message(&s->scene->lines[0]) &&
	       client_take(&s->client, &answer)) {
		if (answer.header.message_id == UINT64_MAX)
			take_notice(s, &answer);
		else
			take_answer(s, &answer);
	}
	if (s->state == SECOND_HOLDS &&
	    s->scene->sim.now_ns >= s->holds_until_ns)
		ask_close(s);
}
