/*
 * What a client does that has several ways to its server, and none of them for
 * sure: MS-SMB2 3.2.4.1.2, 3.2.4.4, 3.2.5.1 and 3.2.7.1.
 */
#include "tests/model/channels.h"

#include <assert.h>
#include <string.h>

#include "smb/wire/context.h"

enum {
	CREDITS = 64,
	DIALECT = 0x0311,
	LEASE_LEVEL = 0xff,
	LEASE_NOTICE = 44,
	LEASE_ALL = 7,
	ROUNDS_MAX = 40, /* of waiting for one answer */
	ROUND_MS = 500,
	PENDING = 0x103,
	NOT_FOUND_NAME = (int)0xc0000034,
	BAD_PARAMETER = (int)0xc000000d,
	AT_SEQUENCE = 8,      /* in the header: ChannelSequence */
	AT_LEVEL = 3,         /* in CREATE's body */
	AT_LOCK_SEQUENCE = 4, /* in LOCK's */
	OPEN = 1,
};

static const uint64_t DEAF_NS = 30 * UINT64_C(1000000000);

static uint64_t draw(const struct channels *m, uint64_t count)
{
	return loop_sim_draw(&m->scene->sim, count);
}

void channels_init(struct channels *m, struct scene *scene)
{
	*m = (struct channels){ .scene = scene };
}

unsigned int channels_count(const struct channels *m)
{
	unsigned int count = 0;

	for (int i = 0; i < CHANNELS_WANTED; i++)
		count += m->at[i].line != NULL;
	return count;
}

static bool can_hear(const struct channels *m)
{
	for (int i = 0; i < CHANNELS_WANTED; i++) {
		const struct scene_line *line = m->at[i].line;

		if (line && line->fd >= 0 && !line->is_gone && !line->is_silent)
			return true;
	}
	return false;
}

void channels_listen(struct channels *m)
{
	if (can_hear(m))
		m->deaf_since_ns = 0;
	else if (!m->deaf_since_ns)
		m->deaf_since_ns = m->scene->sim.now_ns;
	else if (m->scene->sim.now_ns - m->deaf_since_ns > DEAF_NS)
		m->was_deaf_for_long = true;
}

bool channels_is_told(const struct channels *m)
{
	return m->has_session && !m->deaf_since_ns && !m->was_deaf_for_long;
}

struct channel *channels_any(struct channels *m)
{
	unsigned int count = channels_count(m);
	uint64_t which = draw(m, count);

	for (int i = 0; count && i < CHANNELS_WANTED; i++) {
		if (m->at[i].line && which-- == 0)
			return &m->at[i];
	}
	return NULL;
}

/* ---- losing ---- */

static void forget(struct channels *m, struct channel *c)
{
	(void)m;
	assert(!c->client.has_bad_signature);
	if (c->session == &c->bound)
		client_session_fini(&c->client, &c->bound);
	client_fini(&c->client);
	c->line->is_patient = false;
	*c = (struct channel){ .line = NULL };
}

void channels_lose(struct channels *m, struct channel *c, bool may_be_late)
{
	struct scene_line *line = c->line;

	forget(m, c);
	m->losses++;
	/* The last bytes may be late, but the client hears no more. */
	if (may_be_late && line->fd >= 0 && !line->is_gone && draw(m, 2))
		line->is_silent = line->is_deaf = true;
	else
		scene_cut(line, 0);
}

void channels_lose_dead(struct channels *m)
{
	for (int i = 0; i < CHANNELS_WANTED; i++) {
		struct channel *c = &m->at[i];

		if (c->line && (c->line->fd < 0 || c->line->is_gone))
			channels_lose(m, c, false);
	}
	channels_listen(m);
}

void channels_lose_all(struct channels *m)
{
	m->session_is_over = false;
	for (int i = 0; i < CHANNELS_WANTED; i++) {
		if (m->at[i].line)
			channels_lose(m, &m->at[i], false);
	}
}

void channels_fini(struct channels *m)
{
	for (int i = 0; i < CHANNELS_WANTED; i++) {
		if (m->at[i].line) {
			scene_cut(m->at[i].line, 0);
			forget(m, &m->at[i]);
		}
	}
	smb_signer_free(m->first.signer);
	smb_sealer_free(m->first.sealer);
	smb_sealer_free(m->first.unsealer);
	m->first = (struct client_session){ .id = 0 };
}

/* ---- binding ---- */

/* The first line belongs to the other client. */
static struct scene_line *free_line(struct scene *scene)
{
	for (size_t i = 1; i < SCENE_LINES_MAX; i++) {
		if (scene->lines[i].fd < 0)
			return &scene->lines[i];
	}
	return NULL;
}

static struct channel *connect_one(struct channels *m)
{
	struct scene_line *line = free_line(m->scene);
	struct channel *c = m->at;

	while (c < m->at + CHANNELS_WANTED && c->line)
		c++;
	if (!line || c == m->at + CHANNELS_WANTED)
		return NULL;
	scene_cut(line, 0);

	struct client_link link = scene_connect(m->scene, line);

	*c = (struct channel){ .line = line };
	client_init(&c->client, &link);
	c->client.guid[0] = 0xcc;
	c->client.credits_asked = CREDITS;
	line->is_patient = true;
	if (client_negotiate_dialect(&c->client, DIALECT) == 0)
		return c;
	channels_lose(m, c, false);
	return NULL;
}

static bool log_on(struct channels *m)
{
	uint64_t before = m->first.id;
	struct channel *c = connect_one(m);
	struct client_session session = { .id = 0 };
	uint32_t status;

	if (!c)
		return false;
	status = client_logon_again(&c->client, &session, "ann", "secret",
				    before);
	for (size_t i = 0; i < 8; i++) {
		if (c->client.sessions[i] == &session)
			c->client.sessions[i] = &m->first;
	}
	smb_signer_free(m->first.signer);
	smb_sealer_free(m->first.sealer);
	smb_sealer_free(m->first.unsealer);
	m->first = session;
	c->session = &m->first;
	m->first.signs = session.signer != NULL;
	if (status != 0)
		/* If there is a new one nevertheless, it holds nothing. */
		m->first.id = before;
	if (status == 0)
		status = client_tree(&c->client, &m->first, "\\\\x\\s",
				     &m->tree);
	m->has_session = status == 0;
	c->line->is_patient = false;
	m->logons += m->has_session;
	if (!m->has_session)
		channels_lose(m, c, false);
	return m->has_session;
}

bool channels_add(struct channels *m)
{
	struct channel *c;
	uint32_t status;

	if (!m->has_session || !channels_count(m))
		return false;
	c = connect_one(m);
	if (!c)
		return false;
	c->session = &c->bound;
	status = client_bind(&c->client, &c->bound, &m->first, "ann", "secret");
	c->line->is_patient = false;
	if (status == 0) {
		m->binds++;
		return true;
	}
	/* Of a bind that failed half way the first key is not its own. */
	channels_lose(m, c, false);
	return false;
}

/* ---- requests ---- */

struct writer *channels_begin(struct channels *m, struct channel *c,
			      enum smb_command command, bool is_replay)
{
	struct writer *w =
		client_begin(&c->client, command, c->session, m->tree,
			     is_replay ? SMB2_FLAGS_REPLAY_OPERATION : 0);

	wr_uint_to(w->start + AT_SEQUENCE, m->sequence, 2);
	return w;
}

static void add_lease(struct channel *c, const struct channels_file *f)
{
	uint8_t data[52] = { 0 };

	memcpy(data, f->key, 16);
	data[16] = LEASE_ALL;
	client_add_context(&c->client, "RqLs", data, sizeof(data));
}

/* 2.2.13, 2.2.13.2.11, 2.2.13.2.10. */
void channels_write_create(struct channels *m, struct channel *c,
			   unsigned int index, uint32_t disposition)
{
	const struct channels_file *f = &m->files[index];
	struct writer *w = &c->client.w;
	size_t body = w->at;
	uint8_t data[32] = { 0 };

	client_write_create(&c->client, f->name, 0x1f01ff, disposition, 0);
	w->start[body + AT_LEVEL] = LEASE_LEVEL;
	memcpy(data + 16, f->create_guid, 16);
	client_add_context(&c->client, "DH2Q", data, sizeof(data));
	add_lease(c, f);
}

/* 2.2.13.2.12. */
static void write_reclaim(struct channels *m, struct channel *c,
			  unsigned int index)
{
	const struct channels_file *f = &m->files[index];
	struct writer *w = &c->client.w;
	size_t body = w->at;
	uint8_t data[36] = { 0 };

	client_write_create(&c->client, f->name, 0x1f01ff, OPEN, 0);
	w->start[body + AT_LEVEL] = LEASE_LEVEL;
	wr_uint_to(data, f->id.persistent, 8);
	wr_uint_to(data + 8, f->id.volatile_id, 8);
	memcpy(data + 16, f->create_guid, 16);
	client_add_context(&c->client, "DH2C", data, sizeof(data));
	add_lease(c, f);
}

void channels_opened(struct channels *m, unsigned int index,
		     const struct client_answer *answer)
{
	struct channels_file *f = &m->files[index];
	struct reader body = reader_of(answer->body);
	struct reader whole = reader_of(answer->whole);
	struct smb_create_contexts walk = { .chain = { NULL, 0 } };
	struct smb_create_context context;

	f->id = client_file_of(answer);
	f->is_open = true;
	f->caching = 0;
	rd_skip(&body, 80);
	uint32_t at = rd_u32(&body), length = rd_u32(&body);

	if (length)
		walk.chain = rd_piece(&whole, at, length);
	while (length &&
	       smb_create_contexts_next(&walk, &context) == NT_STATUS_SUCCESS) {
		struct reader r = reader_of(context.data);

		if (smb_create_context_is(&context, "DH2Q"))
			f->is_durable = true;
		if (smb_create_context_is(&context, "RqLs")) {
			rd_skip(&r, 16);
			f->caching = (uint8_t)rd_u32(&r);
		}
	}
}

/* 2.2.23.2, 2.2.24.2. */
void channels_broken(struct channels *m, struct channel *c,
		     const struct client_answer *notice)
{
	struct reader r = reader_of(notice->body);
	uint8_t key[16];
	uint32_t flags, to;

	if (rd_u16(&r) != LEASE_NOTICE)
		return;
	rd_skip(&r, 2);
	flags = rd_u32(&r);
	rd_copy(&r, key, sizeof(key));
	rd_skip(&r, 4);
	to = rd_u32(&r);
	for (unsigned int i = 0; i < CHANNELS_FILES; i++) {
		if (memcmp(m->files[i].key, key, sizeof(key)) == 0)
			m->files[i].caching &= (uint8_t)to;
	}
	if (!(flags & 1))
		return;
	struct writer *w = channels_begin(m, c, SMB2_OPLOCK_BREAK, false);

	wr_u16(w, 36);
	wr_zero(w, 6);
	wr_copy(w, key, sizeof(key));
	wr_u32(w, to);
	wr_zero(w, 8);
	client_post(&c->client);
}

/* ---- when none is left ---- */

/* One request's answer; notices and other answers go by. */
static uint32_t ask(struct channels *m, struct channel *c,
		    struct client_answer *ret_answer)
{
	uint64_t id = c->client.message_id - 1;

	client_post(&c->client);
	for (int round = 0; round < ROUNDS_MAX; round++) {
		scene_settle(m->scene);
		while (scene_has_message(c->line) &&
		       client_take(&c->client, ret_answer)) {
			if (ret_answer->header.message_id == UINT64_MAX)
				channels_broken(m, c, ret_answer);
			else if (ret_answer->header.message_id == id &&
				 ret_answer->status != PENDING)
				return ret_answer->status;
		}
		if (c->line->fd < 0 || c->line->is_gone)
			return UINT32_MAX;
		m->meanwhile(m->arg);
		scene_wait(m->scene, ROUND_MS);
	}
	return UINT32_MAX;
}

/* 2.2.26: under the number that tells a repetition from a new one. */
void channels_write_lock(struct channels *m, struct channel *c,
			 unsigned int index, unsigned int range, uint32_t flags)
{
	const struct channels_file *f = &m->files[index];
	size_t body = c->client.w.at;

	client_write_lock(&c->client, f->id, 1u << 20 | range, 1, flags);
	wr_uint_to(c->client.w.start + body + AT_LOCK_SEQUENCE,
		   (range + 1) << 4 | (f->lock_number[range] & 0xf), 4);
}

/* The ranges of an open that was lost. False: the channel was lost meanwhile. */
static bool lock_again(struct channels *m, struct channel *c,
		       unsigned int index)
{
	struct channels_file *f = &m->files[index];

	for (unsigned int i = 0; i < CHANNELS_RANGES; i++) {
		struct client_answer answer;

		if (!f->must_lock[i])
			continue;
		channels_begin(m, c, SMB2_LOCK, false);
		channels_write_lock(m, c, index, i, 2 | 0x10);
		uint32_t status = ask(m, c, &answer);

		if (status == UINT32_MAX)
			return false;
		if (status != 0)
			m->why = "a range that was ours is another's";
		f->must_lock[i] = false;
		f->lock_number[i]++;
	}
	return true;
}

void channels_name(struct channels *m, unsigned int index)
{
	struct channels_file *f = &m->files[index];

	memset(f->create_guid, 0xc6, sizeof(f->create_guid));
	memset(f->key, 0x1e, sizeof(f->key));
	f->create_guid[0] = f->key[0] = ++m->opened;
}

static bool is_unknown(uint32_t status)
{
	return status == (uint32_t)NOT_FOUND_NAME ||
	       status == (uint32_t)BAD_PARAMETER;
}

/* A rename that was on its way may have been done. */
static void try_other_name(struct channels_file *f, int attempt)
{
	const char *name = f->name;

	if (attempt == 0 || !f->next_name)
		return;
	f->name = f->next_name;
	f->next_name = name;
}

/* The open, or else the file: false: the channel was lost meanwhile. */
static bool have_back(struct channels *m, unsigned int index)
{
	struct channels_file *f = &m->files[index];
	struct channel *c = channels_any(m);
	struct client_answer answer;
	uint32_t status = (uint32_t)NOT_FOUND_NAME;

	if (!c)
		return false;
	for (int i = 0; i < 2 && f->is_durable && is_unknown(status); i++) {
		try_other_name(f, i);
		channels_begin(m, c, SMB2_CREATE, false);
		write_reclaim(m, c, index);
		status = ask(m, c, &answer);
	}
	if (status == 0) {
		channels_opened(m, index, &answer);
		return lock_again(m, c, index);
	}
	for (int i = 0; i < 2 && is_unknown(status); i++) {
		try_other_name(f, i);
		channels_name(m, index);
		channels_begin(m, c, SMB2_CREATE, false);
		channels_write_create(m, c, index, OPEN);
		status = ask(m, c, &answer);
	}
	if (status != 0)
		return false;
	m->reopens++;
	f->is_durable = false;
	channels_opened(m, index, &answer);
	memcpy(f->must_lock, f->has_range, sizeof(f->must_lock));
	memset(f->lock_number, 0, sizeof(f->lock_number));
	return lock_again(m, c, index);
}

bool channels_revive(struct channels *m)
{
	if (channels_count(m))
		return true;
	m->has_session = false;
	m->sequence++;
	/* It can't be told of breaks now: what it has cached, it forgets. */
	for (unsigned int i = 0; i < CHANNELS_FILES; i++)
		m->files[i].caching = 0;
	if (!log_on(m))
		return false;
	for (unsigned int i = 0; i < CHANNELS_FILES; i++) {
		if (m->files[i].is_open && !have_back(m, i)) {
			channels_lose_all(m);
			return false;
		}
	}
	m->was_deaf_for_long = false;
	channels_listen(m);
	return true;
}
