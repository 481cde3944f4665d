/*
 * The order of checks: MS-SMB2 3.3.5.2.3 to 3.3.5.2.9. Tests settle.c and
 * dispatch.c.
 */
#include <setjmp.h>
#include <stdarg.h>
#include <stddef.h>
#include <stdint.h>

#include <cmocka.h>
#include <string.h>

#include "smb/dispatch.h"
#include "smb/status.h"
#include "tests/fake/world.h"

static struct world world;
static struct line line, other;
static struct client_session session, second;
static uint32_t tree;

#define STATUS(name) ((uint32_t)NT_STATUS_##name)

static void connect(uint16_t dialect)
{
	line_init(&line, &world);
	tree = line_connect(&line, dialect, &session);
}

static int start(void **state)
{
	(void)state;
	second = (struct client_session){};
	world_init(&world);
	line_init(&other, &world);
	connect(0x311);
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

/* An ECHO of which one field of the header is set, then signed or not. */
static uint32_t echo_with(size_t at, uint64_t value, unsigned int size,
			  bool is_signed, struct client_answer *ret_answer)
{
	struct client *c = &line.client;
	struct client_answer answer;
	uint8_t copy[68];

	session.signs = false;
	wr_u32(client_begin(c, SMB2_ECHO, &session, tree, 0), 4);
	struct bytes message = client_finish(c);

	memcpy(copy, message.at, sizeof(copy));
	wr_uint_to(copy + at, value, size);
	if (is_signed)
		smb_sign_in_place(session.signer, copy, sizeof(copy));
	session.signs = true;
	if (!fake_wire_put(&line.wire, copy, sizeof(copy)) ||
	    !client_take(c, &answer))
		return UINT32_MAX;
	if (ret_answer)
		*ret_answer = answer;
	return answer.status;
}

/* ---- message ids: CR-1 ---- */

static void a_replayed_message_id_ends_the_connection(void **state)
{
	(void)state;
	assert_int_equal(client_echo(&line.client, &session), 0);
	line.client.message_id--;
	assert_int_equal(client_echo(&line.client, &session), UINT32_MAX);
	assert_true(line.wire.is_closed);
}

static void a_message_id_beyond_the_window_ends_the_connection(void **state)
{
	(void)state;
	line.client.message_id += 5000;
	assert_int_equal(client_echo(&line.client, &session), UINT32_MAX);
	assert_true(line.wire.is_closed);
}

static void ids_may_come_in_any_order_inside_the_window(void **state)
{
	struct client *c = &line.client;
	uint64_t first = c->message_id;

	(void)state;
	for (uint64_t i = 5; i-- > 0;) {
		c->message_id = first + i;
		assert_int_equal(client_echo(c, &session), 0);
	}
}

/* CR-3: all ids of a charge are spent. */
static void a_charge_spends_its_ids(void **state)
{
	struct client *c = &line.client;

	(void)state;
	c->charge = 3;
	assert_int_equal(client_echo(c, &session), 0);
	c->message_id -= 1;
	assert_int_equal(client_echo(c, &session), UINT32_MAX);
}

/* ---- sessions ---- */

static void a_foreign_session_is_no_session_here(void **state)
{
	(void)state;
	client_negotiate_dialect(&other.client, 0x311);
	struct client_session copy = { .id = session.id };

	assert_int_equal(client_echo(&other.client, &copy), 0);
	assert_int_equal(client_logoff(&other.client, &copy),
			 STATUS(USER_SESSION_DELETED));
	assert_int_equal(client_echo(&line.client, &session), 0);
}

static void a_session_in_progress_serves_nothing(void **state)
{
	struct client *c = &other.client;
	struct client_answer answer;
	struct writer *w;

	(void)state;
	client_negotiate_dialect(c, 0x311);
	w = client_begin(c, SMB2_SESSION_SETUP, NULL, 0, 0);
	wr_u16(w, 25);
	wr_zero(w, 10);
	wr_u16(w, 88);
	wr_u16(w, 40);
	wr_zero(w, 8);
	wr_copy(w, "NTLMSSP\0\1\0\0\0\x15\x82\x08\xa2", 16);
	wr_zero(w, 24);
	assert_int_equal(client_ask(c, &answer),
			 STATUS(MORE_PROCESSING_REQUIRED));
	second.id = answer.header.session_id;
	assert_int_equal(client_tree(c, &second, "\\\\s\\home", &tree),
			 STATUS(USER_SESSION_DELETED));
}

/* EC-1 */
static void echo_needs_no_session(void **state)
{
	(void)state;
	assert_int_equal(client_echo(&line.client, NULL), 0);
}

/* SG-7 */
static void a_signature_needs_a_session(void **state)
{
	(void)state;
	assert_int_equal(echo_with(40, 0x777, 8, true, NULL),
			 STATUS(USER_SESSION_DELETED));
}

/* ---- flags: HD-3 ---- */

static void flags_are_those_of_the_dialect(void **state)
{
	static const struct {
		uint16_t dialect;
		uint32_t flags;
		bool is_right;
	} table[] = {
		{ 0x311, 0x70, true },        { 0x302, 0x70, false },
		{ 0x300, 0x20000000, true },  { 0x210, 0x20000000, false },
		{ 0x311, 0x10000000, true },  { 0x311, 0x1, false },
		{ 0x311, 0x2, false },        { 0x311, 0x80, false },
		{ 0x311, 0x40000000, false }, { 0x311, 0x4, false },
	};

	(void)state;
	for (size_t i = 0; i < sizeof(table) / sizeof(table[0]); i++) {
		line_fini(&line);
		connect(table[i].dialect);
		struct client_answer answer;
		uint32_t status =
			echo_with(16, table[i].flags, 4, true, &answer);

		assert_int_equal(status, table[i].is_right
						 ? 0
						 : STATUS(INVALID_PARAMETER));
		/* Refusals are signed as well. */
		assert_true(answer.is_signed);
		assert_int_equal(answer.header.flags & 0x70,
				 table[i].flags & 0x70);
	}
}

/* ---- signatures ---- */

/* SG-3 */
static void a_wrong_signature_is_access_denied(void **state)
{
	struct client_answer answer;

	(void)state;
	assert_int_equal(echo_with(16, 8, 4, false, &answer),
			 STATUS(ACCESS_DENIED));
	assert_true(fake_host_logged(&world.host, "wrong signature"));
	/* The flag stays, though there is no key for it. */
	assert_true(answer.header.flags & SMB2_FLAGS_SIGNED);
	assert_false(answer.is_signed);
	assert_int_equal(client_echo(&line.client, &session), 0);
}

static void an_unsigned_request_is_answered_unsigned(void **state)
{
	struct client_answer answer;

	(void)state;
	assert_int_equal(echo_with(4, 64, 2, false, &answer), 0);
	assert_false(answer.header.flags & SMB2_FLAGS_SIGNED);
	assert_int_equal(echo_with(4, 64, 2, true, &answer), 0);
	assert_true(answer.is_signed);
}

static void unsigned_is_denied_where_signing_is_demanded(void **state)
{
	struct client_answer answer;

	(void)state;
	line_fini(&line);
	world.realm.facts.signing = SMB_POLICY_REQUIRED;
	connect(0x302);
	assert_int_equal(echo_with(4, 64, 2, false, &answer),
			 STATUS(ACCESS_DENIED));
	assert_true(answer.is_signed);
	assert_int_equal(echo_with(4, 64, 2, true, &answer), 0);
}

/* SS-13: the client may demand it for its own session. */
static void a_client_that_demands_signing_is_held_to_it(void **state)
{
	struct client_offer offer = { { 0x210 }, 1, .security_mode = 3 };

	(void)state;
	line_fini(&line);
	line_init(&line, &world);
	session = (struct client_session){};
	client_negotiate(&line.client, &offer);
	line.client.credits_asked = 10;
	client_logon(&line.client, &session, "ann", WORLD_PASSWORD);
	assert_int_equal(echo_with(4, 64, 2, false, NULL),
			 STATUS(ACCESS_DENIED));
}

/* ---- seals ---- */

/* CP-7, EN-6: a transform speaks for its own session. */
static void another_session_inside_a_transform_ends_the_connection(void **state)
{
	struct client *c = &line.client;

	(void)state;
	assert_int_equal(client_logon(c, &second, "bob", "Other-2"), 0);
	session.seals = true;
	wr_u32(client_begin(c, SMB2_ECHO, &session, 0, 0), 4);
	wr_uint_to(c->w.start + 40, second.id, 8);
	assert_false(client_post(c));
}

/* The same behind the first: nobody learns whether that session exists. */
static void another_session_in_a_sealed_chain_is_deleted(void **state)
{
	struct client *c = &line.client;
	struct client_answer answer;

	(void)state;
	assert_int_equal(client_logon(c, &second, "bob", "Other-2"), 0);
	const uint64_t ids[] = { second.id, UINT64_MAX };

	session.seals = true;
	for (size_t i = 0; i < 2; i++) {
		wr_u32(client_begin(c, SMB2_ECHO, &session, 0, 0), 4);
		size_t at = c->w.at;

		wr_u32(client_begin(c, SMB2_ECHO, &session, 0, 0), 4);
		wr_uint_to(c->w.start + (at + 7) / 8 * 8 + 40, ids[i], 8);
		wr_u32(client_begin(c, SMB2_ECHO, &session, 0,
				    SMB2_FLAGS_RELATED_OPERATIONS),
		       4);
		assert_true(client_post(c));
		assert_true(client_take(c, &answer));
		assert_int_equal(answer.status, 0);
		assert_true(client_take(c, &answer));
		assert_int_equal(answer.status, STATUS(USER_SESSION_DELETED));
		assert_true(answer.is_sealed);
		assert_true(client_take(c, &answer));
		assert_int_equal(answer.status, STATUS(INVALID_PARAMETER));
	}
}

static void a_sealed_request_is_answered_sealed(void **state)
{
	struct client *c = &line.client;

	(void)state;
	session.seals = true;
	assert_int_equal(client_echo(c, &session), 0);
	assert_true(c->in_is_sealed);
	session.seals = false;
	assert_int_equal(client_echo(c, &session), 0);
	assert_false(c->in_is_sealed);
}

/* ---- trees and bodies ---- */

static void an_unknown_tree_is_deleted(void **state)
{
	struct client_file file;

	(void)state;
	assert_int_equal(client_create(&line.client, &session, tree + 1, "f", 3,
				       &file),
			 STATUS(NETWORK_NAME_DELETED));
}

/* HD-4: for this request only. */
static void a_wrong_body_size_is_an_invalid_parameter(void **state)
{
	struct client *c = &line.client;

	(void)state;
	for (uint16_t command = 1; command < SMB2_COMMANDS; command++) {
		if (command == SMB2_CANCEL)
			continue;
		wr_u16(client_begin(c, (enum smb_command)command, &session,
				    tree, 0),
		       3);
		assert_int_equal(client_ask(c, NULL),
				 STATUS(INVALID_PARAMETER));
		wr_u16(client_begin(c, (enum smb_command)command, &session,
				    tree, 0),
		       smb_dispatch_row(command)->size);
		assert_int_equal(client_ask(c, NULL),
				 STATUS(INVALID_PARAMETER));
	}
	wr_u16(client_begin(c, (enum smb_command)19, &session, tree, 0), 4);
	assert_int_equal(client_ask(c, NULL), STATUS(INVALID_PARAMETER));
	assert_int_equal(client_echo(c, &session), 0);
}

/* The order: session before flags before tree before body. */
static void the_first_fault_in_order_is_told(void **state)
{
	struct client *c = &line.client;
	struct client_session unknown = { .id = 0x4242 };

	(void)state;
	wr_u16(client_begin(c, SMB2_CLOSE, &unknown, tree + 1, 0x80), 3);
	assert_int_equal(client_ask(c, NULL), STATUS(USER_SESSION_DELETED));
	wr_u16(client_begin(c, SMB2_CLOSE, &session, tree + 1, 0x80), 3);
	assert_int_equal(client_ask(c, NULL), STATUS(INVALID_PARAMETER));
	wr_u16(client_begin(c, SMB2_CLOSE, &session, tree + 1, 0), 3);
	assert_int_equal(client_ask(c, NULL), STATUS(NETWORK_NAME_DELETED));
	wr_u16(client_begin(c, SMB2_CLOSE, &session, tree, 0), 3);
	assert_int_equal(client_ask(c, NULL), STATUS(INVALID_PARAMETER));
	client_begin(c, SMB2_CLOSE, &session, tree, 0);
	client_write_close(c, (struct client_file){ 1, 2 });
	assert_int_equal(client_ask(c, NULL), STATUS(FILE_CLOSED));
}

static uint32_t ask_fsctl(struct client *c, struct client_session *of,
			  uint32_t tree_id, uint32_t code)
{
	struct writer *w = client_begin(c, SMB2_IOCTL, of, tree_id, 0);

	wr_u16(w, 57);
	wr_zero(w, 2);
	wr_u32(w, code);
	wr_u64(w, UINT64_MAX);
	wr_u64(w, UINT64_MAX);
	wr_zero(w, 24);
	wr_u32(w, 1); /* Flags */
	wr_zero(w, 5);
	return client_ask(c, NULL);
}

/* It is about the connection; other hooks are not asked by strangers. */
static void one_hook_of_tests_needs_no_session(void **state)
{
	struct client *c = &line.client;
	const uint32_t unacked = 0x83848003, pads_reads = 0x83848023;

	(void)state;
	assert_int_equal(ask_fsctl(c, NULL, 0, unacked),
			 STATUS(USER_SESSION_DELETED));
	world.realm.facts.is_test = true;
	assert_int_equal(ask_fsctl(c, NULL, 0, pads_reads),
			 STATUS(USER_SESSION_DELETED));
	assert_int_equal(ask_fsctl(c, &session, 0, pads_reads),
			 STATUS(NETWORK_NAME_DELETED));
	assert_int_equal(ask_fsctl(c, &session, tree, pads_reads), 0);
	assert_int_equal(ask_fsctl(c, NULL, 0, unacked), 0);
}

#define TEST(name) cmocka_unit_test_setup_teardown(name, start, stop)

int main(void)
{
	const struct CMUnitTest tests[] = {
		TEST(a_replayed_message_id_ends_the_connection),
		TEST(one_hook_of_tests_needs_no_session),
		TEST(a_message_id_beyond_the_window_ends_the_connection),
		TEST(ids_may_come_in_any_order_inside_the_window),
		TEST(a_charge_spends_its_ids),
		TEST(a_foreign_session_is_no_session_here),
		TEST(a_session_in_progress_serves_nothing),
		TEST(echo_needs_no_session),
		TEST(a_signature_needs_a_session),
		TEST(flags_are_those_of_the_dialect),
		TEST(a_wrong_signature_is_access_denied),
		TEST(an_unsigned_request_is_answered_unsigned),
		TEST(unsigned_is_denied_where_signing_is_demanded),
		TEST(a_client_that_demands_signing_is_held_to_it),
		TEST(another_session_inside_a_transform_ends_the_connection),
		TEST(another_session_in_a_sealed_chain_is_deleted),
		TEST(a_sealed_request_is_answered_sealed),
		TEST(an_unknown_tree_is_deleted),
		TEST(a_wrong_body_size_is_an_invalid_parameter),
		TEST(the_first_fault_in_order_is_told),
	};

	return cmocka_run_group_tests(tests, NULL, NULL);
}
