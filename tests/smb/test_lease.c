/*
 * Oplocks and leases on the wire: what CREATE answers, notices, epochs,
 * acknowledgements and the time for them (MS-SMB2 2.2.13.2.8, 2.2.13.2.10,
 * 2.2.23, 2.2.24, 3.3.4.6, 3.3.4.7, 3.3.5.22; OL-3, OL-4, LS-1, LS-4 to LS-6).
 */
#include <setjmp.h>
#include <stdarg.h>
#include <stddef.h>
#include <stdint.h>

#include <cmocka.h>
#include <string.h>

#include "smb/lease.h"
#include "smb/status.h"
#include "tests/fake/world.h"

#define R SMB_CACHE_READ
#define H SMB_CACHE_HANDLE
#define W SMB_CACHE_WRITE

#define STATUS(name) ((uint32_t)NT_STATUS_##name)

static struct world world;
static struct line line;
static struct client_session session;
static uint32_t tree;

/* The store grants what is asked, and notes what it is told. */
static struct smb_object_ops ops;
static struct smb_holder *holder;
static struct {
	uint8_t granted;
	bool is_breaking, is_raised;
	bool breaks_at_once;
	enum nt_status status; /* of the next answer */
	unsigned int answers, lapses;
	uint8_t kept;
} store;

static void break_it(uint8_t from, uint8_t to, bool is_next)
{
	struct smb_break brk = {
		.from = from,
		.to = to,
		.must_ack = from & (W | H),
		.is_next = is_next,
	};

	holder->broken(holder, &brk);
	fake_host_run(&world.host);
}

static enum nt_status co_create(struct smb_volume *volume,
				struct smb_call *call,
				const struct smb_create *how,
				struct smb_created *ret_created)
{
	enum nt_status status =
		fake_object_ops.co_create(volume, call, how, ret_created);

	if (status != NT_STATUS_SUCCESS || !how->holder)
		return status;
	holder = how->holder;
	ret_created->has_grant = true;
	ret_created->caching = store.granted & how->caching;
	ret_created->is_breaking = store.is_breaking;
	ret_created->is_raised = store.is_raised;
	if (store.breaks_at_once)
		holder->broken(holder, &(struct smb_break){ .from = R | W,
							    .to = R,
							    .must_ack = true });
	return status;
}

static enum nt_status oplock_answer(struct smb_object *object, uint8_t caching)
{
	(void)object;
	store.answers++;
	store.kept = caching;
	return store.status;
}

static void oplock_lapse(struct smb_object *object)
{
	(void)object;
	store.lapses++;
}

static int start(void **state)
{
	(void)state;
	world_init(&world);
	ops = fake_object_ops;
	ops.co_create = co_create;
	ops.oplock_answer = oplock_answer;
	ops.oplock_lapse = oplock_lapse;
	world.ports.object_ops = &ops;
	memset(&store, 0, sizeof(store));
	store.granted = R | W | H;
	store.is_raised = true;
	holder = NULL;
	line_init(&line, &world);
	tree = line_connect(&line, 0x311, &session);
	return 0;
}

static int stop(void **state)
{
	(void)state;
	line_fini(&line);
	world_fini(&world);
	return 0;
}

/* ---- asking ---- */

#define AT_LEVEL 3 /* in a CREATE's body */

static void begin_create(struct line *l, struct client_session *s, uint32_t t,
			 const char *name, uint8_t level)
{
	struct client *c = &l->client;

	client_begin(c, SMB2_CREATE, s, t, 0);
	size_t at = c->w.at;

	client_write_create(c, name, 0x1f01ff, 3, 0);
	c->w.start[at + AT_LEVEL] = level;
}

/* Adds RqLs, v1 or v2. */
static void add_lease(struct client *c, const struct smb_lease_request *ask)
{
	uint8_t data[52];
	struct writer w = writer_at(data, sizeof(data));

	wr_copy(&w, ask->key, 16);
	wr_u32(&w, ask->state);
	wr_u32(&w, ask->flags);
	wr_zero(&w, 8);
	wr_copy(&w, ask->parent_key, 16);
	wr_u16(&w, ask->epoch);
	wr_zero(&w, 2);
	client_add_context(c, "RqLs", data, ask->version == 2 ? 52 : 32);
}

static void begin_leased(struct line *l, struct client_session *s, uint32_t t,
			 const struct smb_lease_request *ask)
{
	struct client *c = &l->client;

	client_begin(c, SMB2_CREATE, s, t, 0);
	size_t body = c->w.at;

	client_write_create(c, "f", 0x1f01ff, 3, 0);
	c->w.start[body + AT_LEVEL] = SMB_OPLOCK_LEASE;
	add_lease(c, ask);
}

static struct client_answer co_open_on(struct line *l, struct client_session *s,
				       uint32_t t,
				       const struct smb_lease_request *ask)
{
	struct client_answer answer;

	begin_leased(l, s, t, ask);
	assert_int_equal(client_ask(&l->client, &answer), 0);
	return answer;
}

static struct client_answer open_leased(const struct smb_lease_request *ask)
{
	return co_open_on(&line, &session, tree, ask);
}

static struct smb_lease_request v1(uint32_t state)
{
	return (struct smb_lease_request){ .version = 1,
					   .key = "one key sixteen",
					   .state = state };
}

static struct smb_lease_request v2(uint32_t state, uint16_t epoch)
{
	struct smb_lease_request ask = v1(state);

	ask.version = 2;
	ask.epoch = epoch;
	return ask;
}

/* The data of the only context of an answer to CREATE. */
static struct reader context_of(const struct client_answer *answer,
				uint32_t length)
{
	struct reader r = reader_of(answer->body);

	rd_skip(&r, 80);
	assert_int_equal(rd_u32(&r), 64 + 88);
	assert_int_equal(rd_u32(&r), 24 + length);
	rd_skip(&r, 12);
	assert_int_equal(rd_u32(&r), length);
	rd_skip(&r, 8);
	assert_true(rd_ok(&r));
	return r;
}

static void check_lease(const struct client_answer *answer, uint8_t version,
			uint32_t state, uint32_t flags, uint16_t epoch)
{
	struct reader r = context_of(answer, version == 2 ? 52 : 32);

	assert_int_equal(answer->body.at[2], SMB_OPLOCK_LEASE);
	rd_skip(&r, 16);
	assert_int_equal(rd_u32(&r), state);
	assert_int_equal(rd_u32(&r), flags);
	rd_skip(&r, 8);
	if (version != 2)
		return;
	rd_skip(&r, 16);
	assert_int_equal(rd_u16(&r), epoch);
}

static struct client_file open_oplocked(uint8_t level, uint8_t granted)
{
	struct client_answer answer;

	begin_create(&line, &session, tree, "f", level);
	assert_int_equal(client_ask(&line.client, &answer), 0);
	assert_int_equal(answer.body.at[2], granted);
	return client_file_of(&answer);
}

static void close_it(struct client_file file)
{
	assert_int_equal(client_close(&line.client, &session, tree, file), 0);
}

/* ---- notices ---- */

static struct client_answer take_notice(struct line *l)
{
	struct client_answer notice;

	assert_true(client_take(&l->client, &notice));
	assert_int_equal(notice.header.command, SMB2_OPLOCK_BREAK);
	assert_int_equal(notice.header.message_id, UINT64_MAX);
	assert_int_equal(notice.header.session_id, 0);
	assert_int_equal(notice.header.tree_id, 0);
	assert_int_equal(notice.header.credits, 0);
	assert_int_equal(notice.header.flags, SMB2_FLAGS_SERVER_TO_REDIR);
	assert_int_equal(notice.status, 0);
	return notice;
}

static struct client_file told_file(const struct client_answer *notice)
{
	struct reader r = reader_of(notice->body);

	rd_skip(&r, 8);
	struct client_file file = { .persistent = rd_u64(&r) };

	file.volatile_id = rd_u64(&r);
	return file;
}

static void check_lease_notice(const struct client_answer *notice,
			       uint16_t epoch, uint32_t from, uint32_t to)
{
	struct reader r = reader_of(notice->body);
	uint8_t key[16];

	assert_int_equal(notice->body.length, 44);
	assert_int_equal(rd_u16(&r), 44);
	assert_int_equal(rd_u16(&r), epoch);
	assert_int_equal(rd_u32(&r), (from & (W | H)) != 0);
	rd_copy(&r, key, sizeof(key));
	assert_memory_equal(key, "one key sixteen", 16);
	assert_int_equal(rd_u32(&r), from);
	assert_int_equal(rd_u32(&r), to);
}

static void nothing_comes(void)
{
	struct client_answer answer;

	assert_false(client_take(&line.client, &answer));
}

/* ---- acknowledging ---- */

static uint32_t ack_oplock(struct client_file file, uint8_t level)
{
	struct writer *w = client_begin(&line.client, SMB2_OPLOCK_BREAK,
					&session, tree, 0);
	struct client_answer answer;

	wr_u16(w, 24);
	wr_u8(w, level);
	wr_zero(w, 5);
	wr_u64(w, file.persistent);
	wr_u64(w, file.volatile_id);

	uint32_t status = client_ask(&line.client, &answer);

	if (status == 0) {
		assert_int_equal(answer.body.at[0], 24);
		assert_int_equal(answer.body.at[2], level);
	}
	return status;
}

static uint32_t ack_lease(const char *key, uint32_t kept)
{
	struct writer *w = client_begin(&line.client, SMB2_OPLOCK_BREAK,
					&session, tree, 0);
	struct client_answer answer;

	wr_u16(w, 36);
	wr_zero(w, 6);
	wr_copy(w, key, 16);
	wr_u32(w, kept);
	wr_zero(w, 8);

	uint32_t status = client_ask(&line.client, &answer);

	if (status == 0) {
		assert_int_equal(answer.body.at[0], 36);
		assert_int_equal(answer.body.at[24], kept);
	}
	return status;
}

/* ---- oplocks ---- */

static void levels_are_rights(void **state)
{
	static const uint8_t levels[] = { SMB_OPLOCK_NONE, SMB_OPLOCK_II,
					  SMB_OPLOCK_EXCLUSIVE,
					  SMB_OPLOCK_BATCH };

	(void)state;
	for (int i = 0; i < 4; i++)
		assert_int_equal(smb_oplock_level(
					 smb_oplock_caching(levels[i])),
				 levels[i]);
	assert_int_equal(smb_oplock_caching(7), 0);
	assert_int_equal(smb_oplock_caching(SMB_OPLOCK_LEASE), 0);
}

static void an_oplock_is_granted_broken_and_acknowledged(void **state)
{
	struct client_file file =
		open_oplocked(SMB_OPLOCK_BATCH, SMB_OPLOCK_BATCH);
	struct client_answer notice;

	(void)state;
	assert_false(holder->is_lease);
	break_it(R | W | H, R, false);
	notice = take_notice(&line);
	assert_int_equal(notice.body.length, 24);
	assert_int_equal(notice.body.at[2], SMB_OPLOCK_II);
	assert_int_equal(told_file(&notice).volatile_id, file.volatile_id);
	assert_int_equal(told_file(&notice).persistent, file.persistent);
	assert_int_equal(ack_oplock(file, SMB_OPLOCK_II), 0);
	assert_int_equal(store.kept, R);
	fake_host_advance(&world.host, 60000);
	assert_int_equal(store.lapses, 0);
	close_it(file);
}

static void what_nobody_asked_for_is_no_acknowledgement(void **state)
{
	struct client_file file = open_oplocked(SMB_OPLOCK_II, SMB_OPLOCK_II);

	(void)state;
	assert_int_equal(ack_oplock(file, SMB_OPLOCK_NONE),
			 STATUS(INVALID_DEVICE_STATE));
	break_it(R, 0, false);
	(void)take_notice(&line);
	assert_int_equal(ack_oplock(file, SMB_OPLOCK_NONE),
			 STATUS(INVALID_OPLOCK_PROTOCOL));
	assert_int_equal(ack_oplock(file, SMB_OPLOCK_LEASE),
			 STATUS(INVALID_PARAMETER));
	assert_int_equal(store.answers, 0);
	close_it(file);
}

static void who_acknowledges_nonsense_has_nothing(void **state)
{
	struct client_file file =
		open_oplocked(SMB_OPLOCK_EXCLUSIVE, SMB_OPLOCK_EXCLUSIVE);

	(void)state;
	break_it(R | W, R, false);
	(void)take_notice(&line);
	assert_int_equal(ack_oplock(file, SMB_OPLOCK_BATCH),
			 STATUS(INVALID_OPLOCK_PROTOCOL));
	assert_int_equal(store.lapses, 1);
	close_it(file);
}

static void silence_ends_after_35_seconds(void **state)
{
	struct client_file file =
		open_oplocked(SMB_OPLOCK_BATCH, SMB_OPLOCK_BATCH);

	(void)state;
	break_it(R | W | H, R, false);
	(void)take_notice(&line);
	fake_host_advance(&world.host, 34900);
	assert_int_equal(store.lapses, 0);
	fake_host_advance(&world.host, 200);
	assert_int_equal(store.lapses, 1);
	assert_int_equal(ack_oplock(file, SMB_OPLOCK_II),
			 STATUS(INVALID_OPLOCK_PROTOCOL));
	close_it(file);
}

/* The store breaks it before the open has an id. */
static void early_news_follow_the_answer(void **state)
{
	struct client_file file;

	(void)state;
	store.breaks_at_once = true;
	file = open_oplocked(SMB_OPLOCK_EXCLUSIVE, SMB_OPLOCK_EXCLUSIVE);
	nothing_comes();
	fake_host_advance(&world.host, 10);
	(void)take_notice(&line);
	assert_int_equal(ack_oplock(file, SMB_OPLOCK_II), 0);
	close_it(file);
}

static void a_closed_open_is_not_told(void **state)
{
	struct client_file file =
		open_oplocked(SMB_OPLOCK_BATCH, SMB_OPLOCK_BATCH);

	(void)state;
	break_it(R | W | H, R, false);
	(void)take_notice(&line);
	close_it(file);
	fake_host_advance(&world.host, 60000);
	assert_int_equal(store.lapses, 0);
	nothing_comes();
}

/* ---- leases ---- */

static void a_lease_of_version_1_has_no_epoch(void **state)
{
	struct smb_lease_request ask = v1(R | H);
	struct client_answer answer = open_leased(&ask), notice;
	struct client_file file = client_file_of(&answer);

	(void)state;
	assert_true(holder->is_lease);
	check_lease(&answer, 1, R | H, 0, 0);
	break_it(R | H, R, false);
	notice = take_notice(&line);
	check_lease_notice(&notice, 0, R | H, R);
	assert_int_equal(ack_lease("one key sixteen", R), 0);
	assert_int_equal(store.kept, R);
	close_it(file);
}

static void epochs_count_grants_and_breaks(void **state)
{
	struct smb_lease_request ask = v2(R | W | H, 0x4711);
	struct client_answer answer = open_leased(&ask), notice;
	struct client_file first = client_file_of(&answer), second;

	(void)state;
	check_lease(&answer, 2, R | W | H, 0, 0x4712);
	break_it(R | W | H, R | H, false);
	notice = take_notice(&line);
	check_lease_notice(&notice, 0x4713, R | W | H, R | H);
	assert_int_equal(ack_lease("one key sixteen", R | H), 0);

	/* What goes on from an acknowledged break counts no more. */
	break_it(R | H, R, true);
	notice = take_notice(&line);
	check_lease_notice(&notice, 0x4713, R | H, R);

	/* Nor does an open that changes nothing; the client's is ignored. */
	store.is_raised = false;
	store.is_breaking = true;
	store.granted = R | H;
	ask.epoch = 1;
	answer = open_leased(&ask);
	second = client_file_of(&answer);
	check_lease(&answer, 2, R | H, SMB_LEASE_BREAK_IN_PROGRESS, 0x4713);
	close_it(first);
	close_it(second);
}

/* LS-5: the version is the lease's, not the request's. */
static void the_first_request_says_the_version(void **state)
{
	struct smb_lease_request ask = v2(R, 7), other = v1(R | H);
	struct client_answer answer = open_leased(&ask);
	struct client_file first = client_file_of(&answer), second;

	(void)state;
	answer = open_leased(&other);
	second = client_file_of(&answer);
	check_lease(&answer, 2, R | H, 0, 9);
	close_it(first);
	close_it(second);
}

static void a_parent_key_is_kept(void **state)
{
	struct smb_lease_request ask = v2(R, 7);
	struct client_answer answer;
	struct reader r;

	(void)state;
	ask.flags = SMB_LEASE_PARENT_KEY_SET;
	memcpy(ask.parent_key, "the parents' key", 16);
	answer = open_leased(&ask);
	check_lease(&answer, 2, R, SMB_LEASE_PARENT_KEY_SET, 8);
	r = context_of(&answer, 52);
	rd_skip(&r, 32);
	rd_copy(&r, ask.key, 16);
	assert_memory_equal(ask.key, "the parents' key", 16);
	close_it(client_file_of(&answer));
}

static void leases_are_acknowledged_by_their_key(void **state)
{
	struct smb_lease_request ask = v1(R | W | H);
	struct client_answer answer = open_leased(&ask);
	struct client_file file = client_file_of(&answer);

	(void)state;
	assert_int_equal(ack_lease("no such key at..", R),
			 STATUS(OBJECT_NAME_NOT_FOUND));
	assert_int_equal(ack_lease("one key sixteen", R), STATUS(UNSUCCESSFUL));
	break_it(R | W | H, R | H, false);
	(void)take_notice(&line);
	store.status = NT_STATUS_REQUEST_NOT_ACCEPTED;
	assert_int_equal(ack_lease("one key sixteen", R | W),
			 STATUS(REQUEST_NOT_ACCEPTED));
	assert_int_equal(ack_lease("one key sixteen", 0x100),
			 STATUS(REQUEST_NOT_ACCEPTED));
	store.status = NT_STATUS_SUCCESS;
	assert_int_equal(ack_lease("one key sixteen", R | H), 0);
	assert_int_equal(ack_lease("one key sixteen", R | H),
			 STATUS(UNSUCCESSFUL));
	close_it(file);
}

/* LS-1: the client's, whichever connection it opens on. */
static void a_lease_is_one_on_all_connections_of_a_client(void **state)
{
	struct client_session other = {};
	struct line second;
	uint32_t other_tree;
	struct smb_lease_request ask = v1(R);
	struct client_answer answer, notice;
	struct client_file file;
	struct smb_holder *first;

	(void)state;
	line_init(&second, &world);
	other_tree = line_connect(&second, 0x311, &other);
	answer = open_leased(&ask);
	file = client_file_of(&answer);
	first = holder;
	answer = co_open_on(&second, &other, other_tree, &ask);
	assert_ptr_equal(holder, first);
	close_it(file);

	/* Told over the oldest connection, though that has no open of it. */
	break_it(R, 0, false);
	notice = take_notice(&line);
	check_lease_notice(&notice, 0, R, 0);
	client_session_fini(&second.client, &other);
	line_fini(&second);
}

/* It lost its rights on its way out, while somebody waits to begin it afresh. */
static void news_of_a_lease_end_with_it(void **state)
{
	struct smb_lease_request ask = v1(R | H);
	struct client *c = &line.client;
	struct client_answer answer = open_leased(&ask);
	struct client_file file = client_file_of(&answer);

	(void)state;
	fake_objects_hold(FAKE_CREATE);
	begin_leased(&line, &session, tree, &ask);
	client_post(c);
	fake_objects_hold(FAKE_CLOSE);
	client_begin(c, SMB2_CLOSE, &session, tree, 0);
	client_write_close(c, file);
	client_post(c);
	break_it(R | H, 0, false);
	while (client_take(c, &answer))
		assert_int_equal(answer.status, STATUS(PENDING));
	fake_objects_release(FAKE_CLOSE);
	fake_host_run(&world.host);
	assert_true(client_take(c, &answer));
	assert_int_equal(answer.header.command, SMB2_CLOSE);
	fake_objects_release(FAKE_CREATE);
	fake_host_run(&world.host);
	assert_true(client_take(c, &answer));
	check_lease(&answer, 1, R | H, 0, 0);
	file = client_file_of(&answer);
	fake_host_advance(&world.host, 10);
	nothing_comes();
	close_it(file);
}

static void a_lease_needs_its_level_and_a_dialect(void **state)
{
	struct smb_lease_request ask = v1(R);
	struct client *c = &line.client;
	struct client_answer answer;
	struct client_file file;

	(void)state;
	client_begin(c, SMB2_CREATE, &session, tree, 0);
	size_t body = c->w.at;

	client_write_create(c, "f", 0x1f01ff, 3, 0);
	c->w.start[body + AT_LEVEL] = SMB_OPLOCK_II;
	add_lease(c, &ask);
	assert_int_equal(client_ask(c, &answer), 0);
	assert_int_equal(answer.body.at[2], SMB_OPLOCK_II);
	close_it(client_file_of(&answer));
	file = open_oplocked(SMB_OPLOCK_LEASE, SMB_OPLOCK_NONE);
	close_it(file);
}

static void on_a_sealed_share_notices_are_sealed(void **state)
{
	struct smb_lease_request ask = v1(R | H);
	struct client_answer answer, notice;
	struct client_file file;
	uint32_t vault;

	(void)state;
	session.seals = true;
	assert_int_equal(client_tree(&line.client, &session, "\\\\srv\\vault",
				     &vault),
			 0);
	answer = co_open_on(&line, &session, vault, &ask);
	file = client_file_of(&answer);
	break_it(R | H, R, false);
	notice = take_notice(&line);
	assert_true(notice.is_sealed);
	check_lease_notice(&notice, 0, R | H, R);
	assert_int_equal(client_close(&line.client, &session, vault, file), 0);
}

static void connections_say_that_leases_are_known(void **state)
{
	struct client_session old = {};
	struct line second;

	(void)state;
	assert_true(line.client.server_capabilities & 0x2);
	line_init(&second, &world);
	line_log_on(&second, 0x202, &old);
	assert_false(second.client.server_capabilities & 0x2);
	client_session_fini(&second.client, &old);
	line_fini(&second);
}

#define TEST(name) cmocka_unit_test_setup_teardown(name, start, stop)

int main(void)
{
	const struct CMUnitTest tests[] = {
		cmocka_unit_test(levels_are_rights),
		TEST(an_oplock_is_granted_broken_and_acknowledged),
		TEST(what_nobody_asked_for_is_no_acknowledgement),
		TEST(who_acknowledges_nonsense_has_nothing),
		TEST(silence_ends_after_35_seconds),
		TEST(early_news_follow_the_answer),
		TEST(a_closed_open_is_not_told),
		TEST(a_lease_of_version_1_has_no_epoch),
		TEST(epochs_count_grants_and_breaks),
		TEST(the_first_request_says_the_version),
		TEST(a_parent_key_is_kept),
		TEST(leases_are_acknowledged_by_their_key),
		TEST(a_lease_is_one_on_all_connections_of_a_client),
		TEST(news_of_a_lease_end_with_it),
		TEST(a_lease_needs_its_level_and_a_dialect),
		TEST(on_a_sealed_share_notices_are_sealed),
		TEST(connections_say_that_leases_are_known),
	};

	return cmocka_run_group_tests(tests, NULL, NULL);
}
