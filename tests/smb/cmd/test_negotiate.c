/*
 * NEGOTIATE: MS-SMB2 3.3.5.3, 3.3.5.4. Tests negotiate.c and smb1.c.
 */
#include <setjmp.h>
#include <stdarg.h>
#include <stddef.h>
#include <stdint.h>

#include <cmocka.h>
#include <string.h>

#include "smb/channel.h"
#include "smb/status.h"
#include "tests/fake/world.h"

/* Whether leases are offered is not decided here. */
#define CAP_LEASING 0x2u

static struct world world;
static struct line line;
static struct client_session session;

static int start(void **state)
{
	(void)state;
	session = (struct client_session){};
	world_init(&world);
	line_init(&line, &world);
	return 0;
}

static int stop(void **state)
{
	(void)state;
	line_fini(&line);
	world_fini(&world);
	return 0;
}

/* ---- dialects ---- */

struct choice {
	uint16_t min, max;
	uint16_t offered[4];
	unsigned int count;
	uint16_t chosen; /* 0: NOT_SUPPORTED */
};

static const struct choice choices[] = {
	{ 0x202, 0x311, { 0x202 }, 1, 0x202 },
	{ 0x202, 0x311, { 0x202, 0x210, 0x300, 0x302 }, 4, 0x302 },
	{ 0x202, 0x311, { 0x302, 0x202, 0x300, 0x210 }, 4, 0x302 },
	{ 0x202, 0x300, { 0x202, 0x210, 0x300, 0x302 }, 4, 0x300 },
	{ 0x300, 0x311, { 0x202, 0x210 }, 2, 0 },
	{ 0x202, 0x311, { 0x2ff, 0x999 }, 2, 0 },
	{ 0x202, 0x311, { 0x311, 0x302 }, 2, 0x311 },
};

static void the_greatest_dialect_in_common_is_chosen(void **state)
{
	(void)state;
	for (size_t i = 0; i < sizeof(choices) / sizeof(choices[0]); i++) {
		const struct choice *choice = &choices[i];
		struct client_offer offer = { .dialect_count = choice->count };

		memcpy(offer.dialects, choice->offered,
		       sizeof(choice->offered));
		world.realm.facts.dialect_min = choice->min;
		world.realm.facts.dialect_max = choice->max;
		uint32_t status = client_negotiate(&line.client, &offer);

		assert_int_equal(status,
				 choice->chosen
					 ? 0
					 : (uint32_t)NT_STATUS_NOT_SUPPORTED);
		if (choice->chosen)
			assert_int_equal(line.client.dialect, choice->chosen);
		line_fini(&line);
		line_init(&line, &world);
	}
}

static void no_dialect_at_all_is_an_invalid_parameter(void **state)
{
	struct client_offer offer = { .dialect_count = 0 };

	(void)state;
	assert_int_equal(client_negotiate(&line.client, &offer),
			 (uint32_t)NT_STATUS_INVALID_PARAMETER);
	/* And the client may try again. */
	assert_int_equal(client_negotiate_dialect(&line.client, 0x311), 0);
}

/* TR-2, NG-6, NG-8: nothing is advertised that is not there. */
static void sizes_and_capabilities_go_with_the_dialect(void **state)
{
	static const struct {
		uint16_t dialect;
		uint32_t capabilities, size;
	} table[] = {
		{ 0x202, 0, 65536 },      { 0x210, 0x4, 8 << 20 },
		{ 0x300, 0x4c, 8 << 20 }, { 0x302, 0x4c, 8 << 20 },
		{ 0x311, 0xc, 8 << 20 },
	};

	(void)state;
	for (size_t i = 0; i < 5; i++) {
		assert_int_equal(client_negotiate_dialect(&line.client,
							  table[i].dialect),
				 0);
		assert_int_equal(line.client.server_capabilities & ~CAP_LEASING,
				 table[i].capabilities);
		assert_int_equal(line.client.read_max, table[i].size);
		assert_int_equal(line.client.server_security_mode, 1);
		assert_int_equal(line.client.credits, 1);
		line_fini(&line);
		line_init(&line, &world);
	}
}

static void encryption_is_only_for_who_asked(void **state)
{
	(void)state;
	line.client.capabilities = 0x3f;
	client_negotiate_dialect(&line.client, 0x300);
	assert_int_equal(line.client.server_capabilities & ~CAP_LEASING, 0xc);
	assert_int_equal(line.wire.channel->cipher, SMB_CIPHER_NONE);
}

static void multichannel_is_only_for_who_has_it(void **state)
{
	(void)state;
	line.client.capabilities = 0x77;
	client_negotiate_dialect(&line.client, 0x311);
	assert_int_equal(line.client.server_capabilities & ~CAP_LEASING, 0x4);
	line_fini(&line);
	world.realm.facts.is_multichannel = false;
	line_init(&line, &world);
	client_negotiate_dialect(&line.client, 0x311);
	assert_int_equal(line.client.server_capabilities & ~CAP_LEASING, 0x4);
}

static void leases_on_directories_are_only_for_who_knows_them(void **state)
{
	static const struct {
		uint16_t dialect;
		uint32_t client;
		bool has, is_told;
	} table[] = {
		{ 0x210, 0x7f, true, false },  { 0x300, 0x20, true, true },
		{ 0x300, 0x5f, true, false },  { 0x311, 0x7f, true, true },
		{ 0x311, 0x7f, false, false },
	};

	(void)state;
	for (size_t i = 0; i < 5; i++) {
		world.realm.facts.leases_directories = table[i].has;
		line.client.capabilities = table[i].client;
		client_negotiate_dialect(&line.client, table[i].dialect);
		assert_int_equal(!!(line.client.server_capabilities & 0x20),
				 table[i].is_told);
		line_fini(&line);
		line_init(&line, &world);
	}
}

static void a_policy_without_encryption_offers_none(void **state)
{
	(void)state;
	world.realm.facts.encryption = SMB_POLICY_OFF;
	client_negotiate_dialect(&line.client, 0x302);
	assert_int_equal(line.client.server_capabilities & ~CAP_LEASING, 0xc);
	line_fini(&line);
	line_init(&line, &world);
	client_negotiate_dialect(&line.client, 0x311);
	assert_int_equal(line.client.cipher, SMB_CIPHER_NONE);
}

static void a_server_that_demands_signing_says_so(void **state)
{
	(void)state;
	world.realm.facts.signing = SMB_POLICY_REQUIRED;
	client_negotiate_dialect(&line.client, 0x311);
	assert_int_equal(line.client.server_security_mode, 3);
}

/* ---- contexts ---- */

static void ciphers_and_signatures_are_chosen_by_our_order(void **state)
{
	static const struct {
		uint16_t ciphers[4], signings[4];
		unsigned int cipher_count, signing_count;
		int cipher, signing;
	} table[] = {
		{ { 1, 2, 3, 4 }, { 0, 1, 2 }, 4, 3, 2, 2 },
		{ { 3, 4 }, { 0, 1 }, 2, 2, 4, 1 },
		{ { 3, 1 }, { 0 }, 2, 1, 1, 0 },
		{ { 3 }, { 2 }, 1, 1, 3, 2 },
		{ { 77 }, { 77 }, 1, 1, 0, 1 },
		{ { 0 }, { 0 }, 0, 0, 0, 1 },
	};

	(void)state;
	for (size_t i = 0; i < sizeof(table) / sizeof(table[0]); i++) {
		struct client_offer offer = {
			.dialects = { 0x311 },
			.dialect_count = 1,
			.cipher_count = table[i].cipher_count,
			.signing_count = table[i].signing_count,
		};

		memcpy(offer.ciphers, table[i].ciphers, 8);
		memcpy(offer.signings, table[i].signings, 8);
		assert_int_equal(client_negotiate(&line.client, &offer), 0);
		assert_int_equal(line.client.cipher, table[i].cipher);
		assert_int_equal(line.client.signing, table[i].signing);
		assert_int_equal(line.wire.channel->cipher, table[i].cipher);
		assert_int_equal(line.wire.channel->signing, table[i].signing);
		line_fini(&line);
		line_init(&line, &world);
	}
}

static void the_posix_extensions_are_for_who_knows_them(void **state)
{
	(void)state;
	for (unsigned int i = 0; i < 4; i++) {
		const struct client_offer offer = {
			.dialects = { 0x311 },
			.dialect_count = 1,
			.has_posix = i & 1,
		};

		world.realm.facts.has_posix = i & 2;
		assert_int_equal(client_negotiate(&line.client, &offer), 0);
		assert_int_equal(line.wire.channel->has_posix, i == 3);
		line_fini(&line);
		line_init(&line, &world);
	}
}

/* NG-9: VALIDATE_NEGOTIATE_INFO will compare these. */
static void what_the_client_said_is_kept(void **state)
{
	struct client_offer offer = { { 0x302 }, 1, .security_mode = 3 };

	(void)state;
	line.client.capabilities = 0x55;
	client_negotiate(&line.client, &offer);
	assert_int_equal(line.wire.channel->client_capabilities, 0x55);
	assert_int_equal(line.wire.channel->client_security_mode, 3);
	assert_memory_equal(line.wire.channel->client_guid, line.client.guid,
			    16);
}

/* A NEGOTIATE for 3.1.1 of which one field is set wrong. */
static uint32_t negotiate_with(size_t at, uint32_t value, unsigned int size)
{
	static const uint8_t preauth[] = { 1, 0, 0, 0, 1, 0 };
	struct client *c = &line.client;
	struct client_answer answer;
	struct writer *w = client_begin(c, SMB2_NEGOTIATE, NULL, 0, 0);

	wr_u16(w, 36);
	wr_u16(w, 1);
	wr_u16(w, 1);
	wr_zero(w, 2 + 4 + 16);
	wr_u32(w, 0x68);
	wr_u16(w, 1);
	wr_u16(w, 0);
	wr_u16(w, 0x311);
	wr_zero(w, 2);
	wr_u16(w, 1);
	wr_u16(w, sizeof(preauth));
	wr_u32(w, 0);
	wr_copy(w, preauth, sizeof(preauth));
	wr_uint_to(w->start + at, value, size);
	if (!client_post(c) || !client_take(c, &answer))
		return UINT32_MAX;
	return answer.status;
}

static void a_wrong_field_of_negotiate_is_an_invalid_parameter(void **state)
{
	static const struct {
		const char *what;
		size_t at;
		uint32_t value;
		unsigned int size;
		enum nt_status status;
	} table[] = {
		{ "nothing", 64, 36, 2, NT_STATUS_SUCCESS },
		{ "size", 64, 35, 2, NT_STATUS_INVALID_PARAMETER },
		{ "dialect count", 66, 1000, 2, NT_STATUS_INVALID_PARAMETER },
		{ "context offset", 92, 0x70, 4, NT_STATUS_INVALID_PARAMETER },
		{ "context offset", 92, 0x60, 4, NT_STATUS_INVALID_PARAMETER },
		{ "context offset", 92, 0xfffffff8, 4,
		  NT_STATUS_INVALID_PARAMETER },
		{ "context count", 96, 2, 2, NT_STATUS_INVALID_PARAMETER },
		{ "context count", 96, 0, 2, NT_STATUS_INVALID_PARAMETER },
		{ "context length", 106, 999, 2, NT_STATUS_INVALID_PARAMETER },
		{ "hash", 116, 2, 2,
		  NT_STATUS_SMB_NO_PREAUTH_INTEGRITY_HASH_OVERLAP },
		{ "SIGNED", 16, 8, 4, NT_STATUS_INVALID_PARAMETER },
		{ "RELATED", 16, 4, 4, NT_STATUS_INVALID_PARAMETER },
	};

	(void)state;
	for (size_t i = 0; i < sizeof(table) / sizeof(table[0]); i++) {
		uint32_t status = negotiate_with(table[i].at, table[i].value,
						 table[i].size);

		if (status != (uint32_t)table[i].status)
			fail_msg("%s: %x", table[i].what, status);
		line_fini(&line);
		line_init(&line, &world);
	}
}

/* ---- out of turn ---- */

static void a_second_negotiate_ends_the_connection(void **state)
{
	(void)state;
	client_negotiate_dialect(&line.client, 0x302);
	assert_int_equal(client_negotiate_dialect(&line.client, 0x302),
			 UINT32_MAX);
	assert_true(line.wire.is_closed);
}

static void anything_before_negotiate_ends_the_connection(void **state)
{
	(void)state;
	assert_int_equal(client_echo(&line.client, NULL), UINT32_MAX);
	assert_true(line.wire.is_closed);
}

/* ---- from SMB1 ---- */

static bool put_smb1(const char *dialects, size_t length)
{
	uint8_t bytes[256] = { 0xff, 'S', 'M', 'B', 0x72 };

	wr_uint_to(bytes + 33, length, 2);
	memcpy(bytes + 35, dialects, length);
	return fake_wire_put(&line.wire, bytes, 35 + length);
}

#define PUT_SMB1(text) put_smb1(text, sizeof(text))

/* NG-1, NG-4 */
static void smb1_with_a_wildcard_leads_to_smb2(void **state)
{
	struct client *c = &line.client;
	struct client_answer answer;

	(void)state;
	assert_true(PUT_SMB1("\2NT LM 0.12\0\2SMB 2.002\0\2SMB 2.???"));
	assert_true(client_take(c, &answer));
	assert_int_equal(answer.status, 0);
	assert_int_equal(answer.header.credits, 1);
	assert_int_equal(answer.body.at[4], 0xff);
	assert_int_equal(answer.body.at[5], 0x02);

	c->message_id = 1;
	assert_int_equal(client_negotiate_dialect(c, 0x311), 0);
	assert_int_equal(client_logon(c, &session, "ann", WORLD_PASSWORD), 0);
	assert_false(c->has_bad_signature);
}

/* NG-2 */
static void smb1_with_2_002_alone_is_negotiated_at_once(void **state)
{
	struct client *c = &line.client;
	struct client_answer answer;

	(void)state;
	assert_true(PUT_SMB1("\2NT LM 0.12\0\2SMB 2.002"));
	assert_true(client_take(c, &answer));
	assert_int_equal(answer.body.at[4], 0x02);
	assert_int_equal(answer.body.at[5], 0x02);

	c->message_id = 1;
	c->dialect = 0x202;
	assert_int_equal(client_logon(c, &session, "ann", WORLD_PASSWORD), 0);
}

/* NG-3 */
static void smb1_alone_is_hung_up_on(void **state)
{
	(void)state;
	assert_false(PUT_SMB1("\2NT LM 0.12"));
	assert_true(line.wire.is_closed);
	assert_int_equal(line.wire.count, 0);
}

static void a_list_of_smb1_dialects_cut_anywhere_does_no_harm(void **state)
{
	static const char names[] = "\2NT LM 0.12\0\2SMB 2.???";

	(void)state;
	for (size_t length = 0; length < sizeof(names); length++) {
		assert_false(put_smb1(names, length));
		line_fini(&line);
		line_init(&line, &world);
	}
}

/* ---- which worker ---- */

static void the_first_message_tells_the_client(void **state)
{
	uint8_t guid[16] = { 0 };
	struct client_offer offer = { { 0x202, 0x300 }, 2 };
	struct client *c = &line.client;

	(void)state;
	assert_int_equal(smb_first_message((const uint8_t *)"\xffSMB", 4, guid),
			 0);
	assert_int_equal(smb_first_message((const uint8_t *)"GET ", 4, guid),
			 -1);
	assert_int_equal(smb_first_message((const uint8_t *)"\xfeS", 2, guid),
			 -1);
	struct writer *w = client_begin(c, SMB2_NEGOTIATE, NULL, 0, 0);

	wr_u16(w, 36);
	wr_u16(w, 2);
	wr_zero(w, 8);
	wr_copy(w, c->guid, 16);
	wr_zero(w, 8);
	wr_u16(w, offer.dialects[0]);
	wr_u16(w, offer.dialects[1]);
	struct bytes message = client_finish(c);

	assert_int_equal(smb_first_message(message.at, message.length, guid),
			 1);
	assert_memory_equal(guid, c->guid, 16);
	for (size_t cut = 4; cut < message.length; cut++)
		assert_int_equal(smb_first_message(message.at, cut, guid), 0);
}

#define TEST(name) cmocka_unit_test_setup_teardown(name, start, stop)

int main(void)
{
	const struct CMUnitTest tests[] = {
		TEST(the_greatest_dialect_in_common_is_chosen),
		TEST(no_dialect_at_all_is_an_invalid_parameter),
		TEST(sizes_and_capabilities_go_with_the_dialect),
		TEST(encryption_is_only_for_who_asked),
		TEST(multichannel_is_only_for_who_has_it),
		TEST(leases_on_directories_are_only_for_who_knows_them),
		TEST(a_policy_without_encryption_offers_none),
		TEST(a_server_that_demands_signing_says_so),
		TEST(ciphers_and_signatures_are_chosen_by_our_order),
		TEST(the_posix_extensions_are_for_who_knows_them),
		TEST(what_the_client_said_is_kept),
		TEST(a_wrong_field_of_negotiate_is_an_invalid_parameter),
		TEST(a_second_negotiate_ends_the_connection),
		TEST(anything_before_negotiate_ends_the_connection),
		TEST(smb1_with_a_wildcard_leads_to_smb2),
		TEST(smb1_with_2_002_alone_is_negotiated_at_once),
		TEST(smb1_alone_is_hung_up_on),
		TEST(a_list_of_smb1_dialects_cut_anywhere_does_no_harm),
		TEST(the_first_message_tells_the_client),
	};

	return cmocka_run_group_tests(tests, NULL, NULL);
}
