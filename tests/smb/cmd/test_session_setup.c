/*
 * SESSION_SETUP and LOGOFF: MS-SMB2 3.3.5.5, 3.3.5.6. Tests session_setup.c,
 * logoff.c and session.c.
 */
#include <setjmp.h>
#include <stdarg.h>
#include <stddef.h>
#include <stdint.h>

#include <cmocka.h>
#include <string.h>

#include "smb/limits.h"
#include "smb/status.h"
#include "tests/fake/world.h"

static struct world world;
static struct line line, other;
static struct client_session session, second;

static int start(void **state)
{
	(void)state;
	session = second = (struct client_session){};
	world_init(&world);
	line_init(&line, &world);
	line_init(&other, &world);
	line.is_patient = true;
	return 0;
}

static int stop(void **state)
{
	(void)state;
	line_fini(&line);
	line_fini(&other);
	world_fini(&world);
	return 0;
}

#define STATUS(name) ((uint32_t)NT_STATUS_##name)

/* ---- algorithms ---- */

static void use(bool seals)
{
	struct client *c = &line.client;
	struct client_file file;
	struct bytes data;
	uint32_t tree;

	session.signs = true;
	session.seals = seals;
	assert_int_equal(client_tree(c, &session, "\\\\s\\home", &tree), 0);
	assert_int_equal(client_create(c, &session, tree, "f", 3, &file), 0);
	assert_int_equal(client_write(c, &session, tree, file, 0, "abc", 3), 0);
	assert_int_equal(client_read(c, &session, tree, file, 0, 9, &data), 0);
	assert_memory_equal(data.at, "abc", 3);
	assert_int_equal(c->in_is_sealed, seals);
	assert_int_equal(client_close(c, &session, tree, file), 0);
	assert_false(c->has_bad_signature);
}

/* KY-1 to KY-5, SG-1, EN-1, EN-2. */
static void every_signature_goes_with_every_cipher(void **state)
{
	(void)state;
	for (uint16_t signing = 0; signing <= 2; signing++) {
		for (uint16_t cipher = 1; cipher <= 4; cipher++) {
			struct client_offer offer = {
				.dialects = { 0x311 },
				.dialect_count = 1,
				.ciphers = { cipher },
				.cipher_count = 1,
				.signings = { signing },
				.signing_count = 1,
			};

			assert_int_equal(client_negotiate(&line.client, &offer),
					 0);
			line.client.credits_asked = 64;
			assert_int_equal(client_logon(&line.client, &session,
						      "ann", WORLD_PASSWORD),
					 0);
			use(false);
			use(true);
			line_fini(&line);
			line_init(&line, &world);
		}
	}
}

static void dialects_before_3_1_1_sign_and_seal_too(void **state)
{
	static const uint16_t dialects[] = { 0x202, 0x210, 0x300, 0x302 };

	(void)state;
	for (int i = 0; i < 4; i++) {
		line_log_on(&line, dialects[i], &session);
		use(false);
		if (dialects[i] >= 0x300)
			use(true);
		line_fini(&line);
		line_init(&line, &world);
	}
}

/* ---- refusals ---- */

/* SS-14, SS-15, AS-3. */
static void a_wrong_password_is_refused_late_and_without_pending(void **state)
{
	struct client *c = &line.client;
	uint64_t before;

	(void)state;
	client_negotiate_dialect(c, 0x311);
	before = world.host.ticks;
	assert_int_equal(client_logon(c, &session, "ann", "wrong"),
			 STATUS(LOGON_FAILURE));
	assert_true(world.host.ticks - before >= SMB_LOGON_DELAY_MS);
	assert_int_equal(line.wire.count, 0);

	session = (struct client_session){};
	assert_int_equal(client_logon(c, &session, "nobody", "wrong"),
			 STATUS(LOGON_FAILURE));
	session = (struct client_session){};
	assert_int_equal(client_logon(c, &session, "ann", WORLD_PASSWORD), 0);
}

static void a_hang_up_does_not_wait_for_the_delay(void **state)
{
	(void)state;
	client_negotiate_dialect(&line.client, 0x311);
	line.is_patient = false;
	assert_int_equal(client_logon(&line.client, &session, "ann", "wrong"),
			 UINT32_MAX);
	fake_wire_hang_up(&line.wire);
	assert_int_equal(world.host.tasks, 0);
}

static void an_unknown_session_is_refused(void **state)
{
	(void)state;
	client_negotiate_dialect(&line.client, 0x311);
	session.id = 0x1234;
	assert_int_equal(client_logon(&line.client, &session, "ann", "x"),
			 STATUS(USER_SESSION_DELETED));
}

static void strangers_may_have_a_few_half_open_sessions_only(void **state)
{
	struct client *c = &line.client;
	struct client_answer answer;
	unsigned int refused = 0;

	(void)state;
	client_negotiate_dialect(c, 0x311);
	for (int i = 0; i < SMB_SESSIONS_HALF_OPEN_MAX + 3; i++) {
		struct writer *w =
			client_begin(c, SMB2_SESSION_SETUP, NULL, 0, 0);

		wr_u16(w, 25);
		wr_zero(w, 10);
		wr_u16(w, 88);
		wr_u16(w, 40);
		wr_zero(w, 8);
		wr_copy(w, "NTLMSSP\0\1\0\0\0\x15\x82\x08\xa2", 16);
		wr_zero(w, 24);
		client_ask(c, &answer);
		refused += answer.status == STATUS(INSUFFICIENT_RESOURCES);
	}
	assert_int_equal(refused, 3);
}

static void a_token_outside_of_the_message_is_refused(void **state)
{
	static const uint16_t table[][2] = {
		{ 88, 0xffff }, { 0xffff, 1 }, { 89, 8 }, { 96, 1 }
	};
	struct client *c = &line.client;

	(void)state;
	client_negotiate_dialect(c, 0x311);
	for (size_t i = 0; i < 4; i++) {
		struct writer *w =
			client_begin(c, SMB2_SESSION_SETUP, NULL, 0, 0);

		wr_u16(w, 25);
		wr_zero(w, 10);
		wr_u16(w, table[i][0]);
		wr_u16(w, table[i][1]);
		wr_zero(w, 8);
		wr_zero(w, 8);
		assert_int_equal(client_ask(c, NULL),
				 STATUS(INVALID_PARAMETER));
	}
}

/* ---- guest and anonymous ---- */

/* SG-5, SS-8, EN-8. */
static void anonymous_has_neither_signature_nor_seal(void **state)
{
	struct client *c = &line.client;
	uint32_t tree;

	(void)state;
	world.realm.has_anonymous = true;
	client_negotiate_dialect(c, 0x311);
	assert_int_equal(client_logon(c, &session, NULL, NULL), 0);
	assert_int_equal(session.flags, 0x2);
	assert_int_equal(client_tree(c, &session, "\\\\s\\IPC$", &tree), 0);
	session.seals = false;
	assert_int_equal(client_tree(c, &session, "\\\\s\\vault", &tree),
			 STATUS(ACCESS_DENIED));
}

static void anonymous_is_refused_where_encryption_is_demanded(void **state)
{
	(void)state;
	world.realm.has_anonymous = true;
	world.realm.facts.encryption = SMB_POLICY_REQUIRED;
	client_negotiate_dialect(&line.client, 0x311);
	assert_int_equal(client_logon(&line.client, &session, NULL, NULL),
			 STATUS(ACCESS_DENIED));
}

static void an_old_dialect_is_refused_where_encryption_is_demanded(void **state)
{
	(void)state;
	world.realm.facts.encryption = SMB_POLICY_REQUIRED;
	client_negotiate_dialect(&line.client, 0x210);
	assert_int_equal(client_logon(&line.client, &session, "ann",
				      WORLD_PASSWORD),
			 STATUS(ACCESS_DENIED));
}

/* SS-12, EN-4, EN-5. */
static void demanded_encryption_is_told_and_enforced(void **state)
{
	struct client *c = &line.client;
	uint32_t tree;

	(void)state;
	world.realm.facts.encryption = SMB_POLICY_REQUIRED;
	line_log_on(&line, 0x311, &session);
	assert_int_equal(session.flags, 0x4);
	assert_false(c->in_is_sealed);
	assert_int_equal(client_tree(c, &session, "\\\\s\\home", &tree),
			 STATUS(ACCESS_DENIED));
	assert_true(c->in_is_sealed);
	use(true);
}

/* ---- reauthentication ---- */

/* SS-10, KY-6. */
static void reauthentication_keeps_keys_trees_and_opens(void **state)
{
	struct client *c = &line.client;
	struct client_file file;
	uint32_t tree;

	(void)state;
	tree = line_connect(&line, 0x311, &session);
	assert_int_equal(client_create(c, &session, tree, "f", 2, &file), 0);
	assert_int_equal(client_logon(c, &session, "ann", WORLD_PASSWORD), 0);
	assert_int_equal(client_write(c, &session, tree, file, 0, "x", 1), 0);
	session.seals = true;
	assert_int_equal(client_logon(c, &session, "ann", WORLD_PASSWORD), 0);
	assert_true(c->in_is_sealed);
	assert_int_equal(client_close(c, &session, tree, file), 0);
	assert_false(c->has_bad_signature);
}

/* smb2.session.reauth6 */
static void a_failed_reauthentication_ends_the_session(void **state)
{
	struct client *c = &line.client;
	struct client_file file;
	uint32_t tree;

	(void)state;
	tree = line_connect(&line, 0x311, &session);
	assert_int_equal(client_create(c, &session, tree, "f", 2, &file), 0);
	assert_int_equal(client_logon(c, &session, "ann", "wrong"),
			 STATUS(LOGON_FAILURE));
	assert_int_equal(fake_objects_open(), 0);
	assert_int_equal(client_close(c, &session, tree, file),
			 STATUS(USER_SESSION_DELETED));
}

static void requests_go_on_while_a_session_reauthenticates(void **state)
{
	struct client *c = &line.client;
	struct client_answer answer;
	struct client_file file;
	uint32_t tree;

	(void)state;
	tree = line_connect(&line, 0x311, &session);
	assert_int_equal(client_create(c, &session, tree, "f", 2, &file), 0);
	fake_objects_hold(FAKE_WRITE);
	client_begin(c, SMB2_WRITE, &session, tree, 0);
	client_write_write(c, file, 0, "x", 1);
	client_post(c);
	assert_int_equal(client_logon(c, &session, "ann", WORLD_PASSWORD), 0);
	fake_objects_release(FAKE_WRITE);
	fake_host_run(&world.host);
	assert_true(client_take(c, &answer));
	assert_int_equal(answer.status, 0);
}

/* ---- previous session ---- */

/* SS-9: the file that the lost session held is closed first. */
static void log_on_again(bool is_lost)
{
	struct client_file file;
	uint32_t tree = line_connect(&line, 0x311, &session);

	client_create(&line.client, &session, tree, "f", 2, &file);
	client_negotiate_dialect(&other.client, 0x311);
	fake_objects_hold(FAKE_CLOSE);
	if (is_lost)
		fake_wire_begin_hang_up(&line.wire);
	assert_int_equal(client_logon_again(&other.client, &second, "ann",
					    WORLD_PASSWORD, session.id),
			 UINT32_MAX);
	assert_int_equal(other.wire.count, 0);
	fake_objects_release(FAKE_CLOSE);
	fake_host_run(&world.host);
	assert_int_equal(other.wire.count, 1);
	assert_int_equal(fake_objects_open(), 0);
}

static void the_previous_session_of_the_same_user_ends(void **state)
{
	(void)state;
	log_on_again(false);
	assert_int_equal(client_echo(&line.client, &session),
			 STATUS(USER_SESSION_DELETED));
}

/* The same if it is on its way already: its connection was lost first. */
static void the_end_of_a_lost_session_is_waited_for(void **state)
{
	(void)state;
	log_on_again(true);
}

static void the_session_of_another_user_stays(void **state)
{
	(void)state;
	line_log_on(&line, 0x311, &session);
	client_negotiate_dialect(&other.client, 0x311);
	assert_int_equal(client_logon_again(&other.client, &second, "bob",
					    "Other-2", session.id),
			 0);
	assert_int_equal(client_echo(&line.client, &session), 0);
}

/* ---- binding ---- */

static uint32_t bind_to(struct client *c, uint64_t id)
{
	struct client_session there = { .id = id };
	struct writer *w = client_begin(c, SMB2_SESSION_SETUP, &there, 0, 0);

	wr_u16(w, 25);
	wr_u8(w, 1);
	wr_zero(w, 9);
	wr_u16(w, 88);
	wr_u16(w, 0);
	wr_zero(w, 8);
	wr_u8(w, 0);
	return client_ask(c, NULL);
}

/* MC-4: nobody is bound to a session without its key. */
static void a_binding_without_signature_is_refused(void **state)
{
	(void)state;
	line_log_on(&line, 0x311, &session);
	client_negotiate_dialect(&other.client, 0x311);
	assert_int_equal(bind_to(&other.client, 0), STATUS(INVALID_PARAMETER));
	assert_int_equal(bind_to(&other.client, 77),
			 STATUS(USER_SESSION_DELETED));
	assert_int_equal(bind_to(&other.client, session.id),
			 STATUS(INVALID_PARAMETER));
	assert_int_equal(client_echo(&line.client, &session), 0);
}

/* ---- logoff ---- */

/* LO-1 */
static void logoff_closes_what_is_open_before_it_answers(void **state)
{
	struct client *c = &line.client;
	struct client_file file;
	uint32_t tree;

	(void)state;
	tree = line_connect(&line, 0x311, &session);
	client_create(c, &session, tree, "f", 2, &file);
	assert_int_equal(client_logoff(c, &session), 0);
	assert_int_equal(fake_objects_open(), 0);
	assert_int_equal(client_logoff(c, &session),
			 STATUS(USER_SESSION_DELETED));
	assert_false(c->has_bad_signature);
}

/* AS-7: each wait ends with the status of its kind. */
static void logoff_ends_requests_that_wait(void **state)
{
	struct client *c = &line.client;
	struct client_answer answer;
	struct client_file root, file;
	uint32_t tree;

	(void)state;
	tree = line_connect(&line, 0x311, &session);
	client_create(c, &session, tree, "", 1, &root);
	client_create(c, &session, tree, "f", 2, &file);
	client_begin(c, SMB2_CHANGE_NOTIFY, &session, tree, 0);
	client_write_notify(c, root);
	client_post(c);
	client_begin(c, SMB2_LOCK, &session, tree, 0);
	client_write_lock(c, file, 5, 1, 2);
	client_post(c);
	assert_true(client_take(c, &answer));
	assert_true(client_take(c, &answer));
	assert_int_equal(answer.status, STATUS(PENDING));

	struct writer *w = client_begin(c, SMB2_LOGOFF, &session, 0, 0);

	wr_u32(w, 4);
	client_post(c);
	assert_true(client_take(c, &answer));
	assert_int_equal(answer.status, STATUS(NOTIFY_CLEANUP));
	assert_true(client_take(c, &answer));
	assert_int_equal(answer.status, STATUS(RANGE_NOT_LOCKED));
	assert_true(client_take(c, &answer));
	assert_int_equal(answer.header.command, SMB2_LOGOFF);
	assert_int_equal(answer.status, 0);
	assert_false(c->has_bad_signature);
}

#define TEST(name) cmocka_unit_test_setup_teardown(name, start, stop)

int main(void)
{
	const struct CMUnitTest tests[] = {
		TEST(every_signature_goes_with_every_cipher),
		TEST(dialects_before_3_1_1_sign_and_seal_too),
		TEST(a_wrong_password_is_refused_late_and_without_pending),
		TEST(a_hang_up_does_not_wait_for_the_delay),
		TEST(an_unknown_session_is_refused),
		TEST(strangers_may_have_a_few_half_open_sessions_only),
		TEST(a_token_outside_of_the_message_is_refused),
		TEST(anonymous_has_neither_signature_nor_seal),
		TEST(anonymous_is_refused_where_encryption_is_demanded),
		TEST(an_old_dialect_is_refused_where_encryption_is_demanded),
		TEST(demanded_encryption_is_told_and_enforced),
		TEST(reauthentication_keeps_keys_trees_and_opens),
		TEST(a_failed_reauthentication_ends_the_session),
		TEST(requests_go_on_while_a_session_reauthenticates),
		TEST(the_previous_session_of_the_same_user_ends),
		TEST(the_end_of_a_lost_session_is_waited_for),
		TEST(the_session_of_another_user_stays),
		TEST(a_binding_without_signature_is_refused),
		TEST(logoff_closes_what_is_open_before_it_answers),
		TEST(logoff_ends_requests_that_wait),
	};

	return cmocka_run_group_tests(tests, NULL, NULL);
}
