/*
 * Break notices over several connections: MS-SMB2 3.3.4.6, 3.3.4.7 (MC-8).
 */
#include <setjmp.h>
#include <stdarg.h>
#include <stddef.h>
#include <stdint.h>

#include <cmocka.h>
#include <string.h>

#include "smb/channel.h"
#include "smb/engine.h"
#include "smb/lease.h"
#include "smb/limits.h"
#include "smb/notice.h"
#include "smb/status.h"
#include "tests/fake/world.h"

#define R SMB_CACHE_READ
#define H SMB_CACHE_HANDLE
#define W SMB_CACHE_WRITE

enum {
	LINES = 4,
	OPLOCK_NOTICE = 24,
	LEASE_NOTICE = 44,
};

static struct world world;
static struct line lines[LINES];
static struct client_session sessions[LINES];
static uint32_t tree;

/* The store grants what is asked. */
static struct smb_object_ops ops;
static struct smb_holder *holder;
static unsigned int answers, lapses;

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
	ret_created->caching = how->caching;
	ret_created->is_raised = true;
	return status;
}

static enum nt_status oplock_answer(struct smb_object *object, uint8_t caching)
{
	(void)object;
	(void)caching;
	answers++;
	return NT_STATUS_SUCCESS;
}

static void oplock_lapse(struct smb_object *object)
{
	(void)object;
	lapses++;
}

/* A session on the first three lines; the fourth is not connected. */
static int start(void **state)
{
	(void)state;
	world_init(&world);
	world.realm.facts.encryption = SMB_POLICY_DESIRED;
	ops = fake_object_ops;
	ops.co_create = co_create;
	ops.oplock_answer = oplock_answer;
	ops.oplock_lapse = oplock_lapse;
	world.ports.object_ops = &ops;
	answers = lapses = 0;
	holder = NULL;
	for (int i = 0; i < LINES; i++)
		line_init(&lines[i], &world);
	tree = line_connect(&lines[0], 0x311, &sessions[0]);
	for (int i = 1; i < LINES - 1; i++) {
		struct client *c = &lines[i].client;

		client_negotiate_dialect(c, 0x311);
		c->credits_asked = 64;
		assert_int_equal(client_bind(c, &sessions[i], &sessions[0],
					     "ann", WORLD_PASSWORD),
				 0);
	}
	return 0;
}

static int stop(void **state)
{
	(void)state;
	for (int i = 0; i < LINES; i++)
		line_fini(&lines[i]);
	world_fini(&world);
	return 0;
}

/* ---- asking ---- */

enum {
	AT_LEVEL = 3,
	AT_CONTEXTS = 48,
	FIXED = 56,
};

static struct client_file open_with(const void *contexts, size_t length,
				    uint8_t level)
{
	struct client *c = &lines[1].client;
	struct client_answer answer;
	struct writer *w = client_begin(c, SMB2_CREATE, &sessions[1], tree, 0);
	size_t body = w->at;

	client_write_create(c, "f", 0x12019f, 3, 0);
	wr_uint_to(w->start + body + AT_LEVEL, level, 1);
	if (length) {
		wr_zero(w, (8 - (w->at - body) % 8) % 8);
		wr_uint_to(w->start + body + AT_CONTEXTS, 64 + w->at - body, 4);
		wr_uint_to(w->start + body + AT_CONTEXTS + 4, length, 4);
		wr_copy(w, contexts, length);
	}
	assert_int_equal(client_ask(c, &answer), 0);
	return client_file_of(&answer);
}

static struct client_file open_with_oplock(void)
{
	return open_with(NULL, 0, SMB_OPLOCK_BATCH);
}

static struct client_file open_with_lease(void)
{
	uint8_t context[24 + 32] = {
		[4] = 16, [6] = 4, [10] = 24, [12] = 32, [16] = 'R',
		'q',      'L',     's',       [24] = 7,  [40] = R | H | W
	};

	return open_with(context, sizeof(context), SMB_OPLOCK_LEASE);
}

static void break_it(uint8_t to, bool must_ack)
{
	struct smb_break brk = { .from = R | H | W,
				 .to = to,
				 .must_ack = must_ack };

	holder->broken(holder, &brk);
	fake_host_run(&world.host);
}

/* The length of the notice that came over a line; 0: none came. */
static size_t notice_on(unsigned int i)
{
	struct client_answer answer;

	if (lines[i].wire.count == 0)
		return 0;
	assert_true(client_take(&lines[i].client, &answer));
	assert_int_equal(answer.header.command, SMB2_OPLOCK_BREAK);
	assert_true(answer.header.message_id == UINT64_MAX);
	assert_false(answer.header.flags & SMB2_FLAGS_SIGNED);
	return answer.body.length;
}

static void acknowledge(unsigned int i, struct client_file file)
{
	struct client *c = &lines[i].client;
	struct writer *w =
		client_begin(c, SMB2_OPLOCK_BREAK, &sessions[i], tree, 0);

	wr_u16(w, 24);
	wr_u8(w, SMB_OPLOCK_II);
	wr_zero(w, 5);
	wr_u64(w, file.persistent);
	wr_u64(w, file.volatile_id);
	assert_int_equal(client_ask(c, NULL), 0);
}

/* Whether the wire would close a silent line, for the sake of its notice. */
static bool may_be_cut(unsigned int i)
{
	struct smb_delivery *delivery = TAILQ_FIRST(&lines[i].wire.deliveries);

	assert_non_null(delivery);
	return delivery->is_unacked || delivery->has_other_way(delivery);
}

/* ---- which way ---- */

static void a_notice_takes_the_oldest_connection_and_then_the_next(void **state)
{
	struct client_file file = open_with_oplock();

	(void)state;
	break_it(R, true);
	assert_int_equal(notice_on(0), OPLOCK_NOTICE);
	assert_int_equal(notice_on(1), 0);
	assert_true(may_be_cut(0));
	fake_wire_deliver(&lines[0].wire, false);
	assert_int_equal(notice_on(1), OPLOCK_NOTICE);
	fake_wire_deliver(&lines[1].wire, false);
	assert_int_equal(notice_on(2), OPLOCK_NOTICE);
	/* The last is not cut for its silence. */
	assert_false(may_be_cut(2));
	acknowledge(2, file);
	assert_int_equal(answers, 1);
	assert_int_equal(lapses, 0);
}

static void what_was_received_is_not_sent_again(void **state)
{
	(void)state;
	open_with_oplock();
	break_it(0, false);
	assert_int_equal(notice_on(0), OPLOCK_NOTICE);
	fake_wire_deliver(&lines[0].wire, true);
	fake_wire_hang_up(&lines[0].wire);
	assert_int_equal(notice_on(1), 0);
	assert_int_equal(notice_on(2), 0);
}

/* TCP has received it; whether the client has read it only the client knows. */
static void what_must_be_acknowledged_outlives_its_connection(void **state)
{
	struct client_file file = open_with_oplock();

	(void)state;
	break_it(R, true);
	assert_int_equal(notice_on(0), OPLOCK_NOTICE);
	fake_wire_deliver(&lines[0].wire, true);
	assert_int_equal(notice_on(1), 0);
	fake_wire_hang_up(&lines[0].wire);
	assert_int_equal(notice_on(1), OPLOCK_NOTICE);
	fake_wire_deliver(&lines[1].wire, true);
	acknowledge(2, file);
	assert_int_equal(answers, 1);
	fake_wire_hang_up(&lines[1].wire);
	assert_int_equal(notice_on(2), 0);
}

static void what_was_acknowledged_is_not_sent_again(void **state)
{
	struct client_file file = open_with_oplock();

	(void)state;
	break_it(R, true);
	assert_int_equal(notice_on(0), OPLOCK_NOTICE);
	acknowledge(1, file);
	fake_wire_deliver(&lines[0].wire, false);
	assert_int_equal(notice_on(1), 0);
	assert_int_equal(notice_on(2), 0);
}

static void a_lost_connection_hands_its_notices_on(void **state)
{
	(void)state;
	open_with_lease();
	break_it(R, true);
	assert_int_equal(notice_on(0), LEASE_NOTICE);
	fake_wire_hang_up(&lines[0].wire);
	assert_int_equal(notice_on(1), LEASE_NOTICE);
	/* A notice that needs no acknowledgement as well. */
	break_it(0, false);
	assert_int_equal(notice_on(1), LEASE_NOTICE);
	fake_wire_hang_up(&lines[1].wire);
	assert_int_equal(notice_on(2), LEASE_NOTICE);
}

/* A client's other sessions know its leases, and nothing of its oplocks. */
static void only_a_lease_goes_over_other_sessions(void **state)
{
	(void)state;
	line_log_on(&lines[3], 0x311, &sessions[3]);
	open_with_oplock();
	break_it(R, true);
	for (int i = 0; i < 3; i++) {
		assert_int_equal(notice_on((unsigned int)i), OPLOCK_NOTICE);
		fake_wire_deliver(&lines[i].wire, false);
	}
	assert_int_equal(notice_on(3), 0);
	assert_int_equal(client_logoff(&lines[2].client, &sessions[2]), 0);
}

/* As Windows does it, and of leases it does not. */
static void an_oplock_s_notice_may_be_sent_once(void **state)
{
	(void)state;
	world.realm.facts.breaks_oplocks_once = true;
	open_with_oplock();
	break_it(R, true);
	assert_int_equal(notice_on(0), 0);
	assert_int_equal(notice_on(1), 0);
	assert_int_equal(notice_on(2), OPLOCK_NOTICE);
	assert_true(TAILQ_EMPTY(&lines[2].wire.deliveries));
	fake_wire_hang_up(&lines[2].wire);
	assert_int_equal(notice_on(0), 0);
	assert_int_equal(notice_on(1), 0);
	fake_host_advance(&world.host, SMB_BREAK_TIME_MS + 1);
	assert_int_equal(lapses, 1);
}

static void with_that_a_lease_s_is_sent_again(void **state)
{
	(void)state;
	world.realm.facts.breaks_oplocks_once = true;
	open_with_lease();
	break_it(R, true);
	assert_int_equal(notice_on(0), LEASE_NOTICE);
	fake_wire_deliver(&lines[0].wire, false);
	assert_int_equal(notice_on(1), LEASE_NOTICE);
}

static void a_lease_takes_any_connection_of_its_client(void **state)
{
	(void)state;
	line_log_on(&lines[3], 0x311, &sessions[3]);
	open_with_lease();
	break_it(R, true);
	for (int i = 0; i < 4; i++) {
		assert_int_equal(notice_on((unsigned int)i), LEASE_NOTICE);
		fake_wire_deliver(&lines[i].wire, false);
	}
}

/* The keys of the sealed are the session's. */
static void a_sealed_notice_stays_with_its_session(void **state)
{
	(void)state;
	line_log_on(&lines[3], 0x311, &sessions[3]);
	world.home->facts.must_encrypt = true;
	for (int i = 0; i < 3; i++)
		sessions[i].seals = true;
	assert_int_equal(client_tree(&lines[1].client, &sessions[1],
				     "\\\\srv\\home", &tree),
			 0);
	open_with_lease();
	break_it(R, true);
	for (int i = 0; i < 3; i++) {
		assert_int_equal(notice_on((unsigned int)i), LEASE_NOTICE);
		assert_true(lines[i].client.in_is_sealed);
		fake_wire_deliver(&lines[i].wire, false);
	}
	assert_int_equal(notice_on(3), 0);
}

/* ---- nobody to tell ---- */

/* 3.3.4.6, 3.3.7.1: its files close, and that answers the break. */
static void without_another_connection_its_files_close(void **state)
{
	(void)state;
	open_with_oplock();
	fake_wire_hang_up(&lines[2].wire);
	fake_wire_hang_up(&lines[1].wire);
	break_it(R, true);
	assert_int_equal(notice_on(0), OPLOCK_NOTICE);
	assert_int_equal(fake_objects_open(), 1);
	fake_wire_hang_up(&lines[0].wire);
	assert_int_equal(fake_objects_open(), 0);
	assert_int_equal(lapses, 0);
}

/* When it was sent, there was no other: it goes over one that comes later. */
static void a_notice_waits_for_a_connection_that_comes_later(void **state)
{
	struct client *late = &lines[3].client;

	(void)state;
	open_with_oplock();
	fake_wire_hang_up(&lines[2].wire);
	fake_wire_hang_up(&lines[1].wire);
	break_it(R, true);
	assert_int_equal(notice_on(0), OPLOCK_NOTICE);
	assert_false(may_be_cut(0));
	client_negotiate_dialect(late, 0x311);
	assert_int_equal(client_bind(late, &sessions[3], &sessions[0], "ann",
				     WORLD_PASSWORD),
			 0);
	assert_true(may_be_cut(0));
	fake_wire_hang_up(&lines[0].wire);
	assert_int_equal(notice_on(3), OPLOCK_NOTICE);
	assert_int_equal(fake_objects_open(), 1);
}

/* By a hook of conformance tests: the wire cuts it, and its files close. */
static void a_connection_made_silent_is_cut_though_it_is_the_last(void **state)
{
	(void)state;
	open_with_oplock();
	lines[2].wire.channel->is_unacked = true;
	break_it(R, true);
	fake_wire_hang_up(&lines[0].wire);
	fake_wire_hang_up(&lines[1].wire);
	assert_int_equal(notice_on(2), OPLOCK_NOTICE);
	assert_true(may_be_cut(2));
	fake_wire_hang_up(&lines[2].wire);
	assert_int_equal(fake_objects_open(), 0);
}

/* OL-4: retries do not make the time to acknowledge longer. */
static void the_time_runs_from_the_first_sending(void **state)
{
	(void)state;
	open_with_oplock();
	break_it(R, true);
	fake_host_advance(&world.host, SMB_BREAK_TIME_MS / 2);
	fake_wire_deliver(&lines[0].wire, false);
	assert_int_equal(lapses, 0);
	fake_host_advance(&world.host, SMB_BREAK_TIME_MS / 2 + 1);
	assert_int_equal(lapses, 1);
	/* And what is lost after that is not sent again. */
	assert_int_equal(notice_on(1), OPLOCK_NOTICE);
	fake_wire_deliver(&lines[1].wire, false);
	assert_int_equal(notice_on(2), 0);
}

static void a_closed_file_is_of_no_interest(void **state)
{
	struct client_file file = open_with_lease();

	(void)state;
	break_it(R, true);
	assert_int_equal(client_close(&lines[1].client, &sessions[1], tree,
				      file),
			 0);
	fake_wire_deliver(&lines[0].wire, false);
	assert_int_equal(notice_on(1), 0);
	assert_int_equal(notice_on(2), 0);
}

#define TEST(name) cmocka_unit_test_setup_teardown(name, start, stop)

int main(void)
{
	const struct CMUnitTest tests[] = {
		TEST(a_notice_takes_the_oldest_connection_and_then_the_next),
		TEST(what_was_received_is_not_sent_again),
		TEST(what_must_be_acknowledged_outlives_its_connection),
		TEST(what_was_acknowledged_is_not_sent_again),
		TEST(a_lost_connection_hands_its_notices_on),
		TEST(only_a_lease_goes_over_other_sessions),
		TEST(an_oplock_s_notice_may_be_sent_once),
		TEST(with_that_a_lease_s_is_sent_again),
		TEST(a_lease_takes_any_connection_of_its_client),
		TEST(a_sealed_notice_stays_with_its_session),
		TEST(without_another_connection_its_files_close),
		TEST(a_notice_waits_for_a_connection_that_comes_later),
		TEST(a_connection_made_silent_is_cut_though_it_is_the_last),
		TEST(the_time_runs_from_the_first_sending),
		TEST(a_closed_file_is_of_no_interest),
	};

	return cmocka_run_group_tests(tests, NULL, NULL);
}
