/* The RPC runtime (C706 12.6, MS-RPCE 2.2.2) over an interface of the test. */
#include <setjmp.h>
#include <stdarg.h>
#include <stddef.h>
#include <stdint.h>

#include <cmocka.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>

#include "smb/limits.h"
#include "smb/rpc/dcerpc.h"
#include "tests/fake/hex.h"
#include "tests/fake/rpc.h"

#define COUNT(array) (sizeof(array) / sizeof((array)[0]))

/* ---- the interface: echoes, or answers as many bytes as asked ---- */

static enum smb_rpc_fault echo(struct smb_rpc_call *call)
{
	struct bytes all = rd_bytes(&call->in, rd_left(&call->in));

	wr_copy(&call->out, all.at, all.length);
	return SMB_RPC_OK;
}

static enum smb_rpc_fault fill(struct smb_rpc_call *call)
{
	uint32_t count = rd_u32(&call->in);

	for (uint32_t i = 0; i < count; i++)
		wr_u8(&call->out, (uint8_t)(i * 31));
	return SMB_RPC_OK;
}

static enum smb_rpc_fault refuse(struct smb_rpc_call *call)
{
	(void)call;
	return SMB_RPC_ACCESS_DENIED;
}

static const struct smb_rpc_operation operations[] = {
	{ 0, echo },
	{ 1, fill },
	{ 2, refuse },
};

static const struct smb_rpc_interface face = {
	.pipe = "test",
	.uuid = { 1, 2, 3, 4, 5, 6, 7, 8, 9, 10, 11, 12, 13, 14, 15, 16 },
	.version = 3,
	.operations = operations,
	.count = 3,
};

/* ---- the peer ---- */

static uint8_t sent[2 * SMB_RPC_CALL_MAX];
static size_t sent_length;
static size_t sent_lengths[1024];
static unsigned int sent_count;

static bool catch_it(void *arg, struct bytes fragment)
{
	(void)arg;
	if (sent_length + fragment.length > sizeof(sent))
		return false;
	memcpy(sent + sent_length, fragment.at, fragment.length);
	sent_length += fragment.length;
	sent_lengths[sent_count++] = fragment.length;
	return true;
}

static struct smb_rpc rpc;

static int set_up(void **state)
{
	(void)state;
	sent_length = sent_count = 0;
	rpc = (struct smb_rpc){ .interface = &face, .send = catch_it };
	return 0;
}

static int tear_down(void **state)
{
	(void)state;
	smb_rpc_fini(&rpc);
	return 0;
}

static bool put(const char *hex)
{
	uint8_t bytes[512];

	sent_length = sent_count = 0;
	return smb_rpc_take(&rpc,
			    (struct bytes){ bytes,
					    unhex(hex, bytes, sizeof(bytes)) });
}

static void assert_sent(const char *hex)
{
	uint8_t bytes[512];
	size_t length = unhex(hex, bytes, sizeof(bytes));

	assert_int_equal(sent_length, length);
	assert_memory_equal(sent, bytes, length);
}

#define NDR     "045d888aeb1cc9119fe808002b104860 02000000"
#define NDR64   "33057171babe37498319b5dbef9ccc36 01000000"
#define FACE    "0102030405060708090a0b0c0d0e0f10 03000000"
#define OTHER   "ff02030405060708090a0b0c0d0e0f10 03000000"
#define NOTHING "00000000000000000000000000000000 00000000"
#define BIND    "05000b03 10000000 4800 0000 07000000 b810 b810 00000000"

static void bound(void)
{
	assert_true(put(BIND "01000000 0000 0100" FACE NDR));
}

/* ---- bindings ---- */

static void a_binding_to_the_interface_is_accepted(void **state)
{
	(void)state;
	assert_true(put(BIND "01000000 0000 0100" FACE NDR));

	assert_sent("05000c03 10000000 4400 0000 07000000 b810 b810 f0530000"
		    "0b00 5c504950455c7465737400 000000"
		    "01000000 0000 0000" NDR);
}

/* NDR64 and the negotiation of features at bind time are not for us. */
static void what_is_not_ours_is_refused_context_by_context(void **state)
{
	(void)state;
	assert_true(put("05000b03 10000000 0000 0000 07000000 b810 b810"
			"00000000 04000000"
			"0000 0100" FACE NDR64 "0100 0200" FACE NDR64 NDR
			"0200 0100" OTHER NDR "0300 0100" FACE
			"2c1cb76c12984045 0300000000000000 01000000"));

	assert_sent("05000c03 10000000 8c00 0000 07000000 b810 b810 f0530000"
		    "0b00 5c504950455c7465737400 000000 04000000"
		    "0200 0200" NOTHING "0000 0000" NDR "0200 0100" NOTHING
		    "0200 0200" NOTHING);
	assert_int_equal(rpc.context_count, 1);
	assert_int_equal(rpc.contexts[0], 1);
}

static void fragments_are_as_long_as_the_client_takes(void **state)
{
	static const struct {
		const char *receive_max;
		size_t fragment_max;
	} cases[] = {
		{ "0000", 1432 }, { "9805", 1432 }, { "d007", 2000 },
		{ "b810", 4280 }, { "ffff", 4280 },
	};

	(void)state;
	for (size_t i = 0; i < COUNT(cases); i++) {
		char hex[512] = "05000b03 10000000 4800 0000 07000000 b810";

		set_up(state);
		strcat(hex, cases[i].receive_max);
		strcat(hex, "00000000 01000000 0000 0100" FACE NDR);
		assert_true(put(hex));
		assert_int_equal(rpc.fragment_max, cases[i].fragment_max);
	}
}

static void a_context_may_come_later(void **state)
{
	(void)state;
	bound();
	assert_true(put("05000e03 10000000 4800 0000 08000000 b810 b810"
			"00000000 01000000 0500 0100" FACE NDR));

	assert_sent("05000f03 10000000 3800 0000 08000000 b810 b810 f0530000"
		    "0000 0000 01000000 0000 0000" NDR);
	assert_true(put("05000003 10000000 1c00 0000 09000000 00000000"
			"0500 0000 01020304"));
	assert_sent("05000203 10000000 1c00 0000 09000000 04000000"
		    "0500 0000 01020304");
}

static void too_many_contexts_are_refused_one_by_one(void **state)
{
	(void)state;
	bound();
	for (int id = 1; id < 12; id++) {
		char hex[512];

		snprintf(hex, sizeof(hex),
			 "05000e03 10000000 4800 0000 08000000 b810 b810"
			 "00000000 01000000 %02x00 0100" FACE NDR,
			 id);
		assert_true(put(hex));
		assert_int_equal(sent[32], id < SMB_RPC_CONTEXTS_MAX ? 0 : 2);
	}
}

static void authentication_is_answered_with_a_nak(void **state)
{
	(void)state;
	assert_true(put("05000b03 10000000 5800 0800 07000000 b810 b810"
			"00000000 01000000 0000 0100" FACE NDR
			"0a020000 00000000 4e544c4d53535000"));

	assert_sent("05000d03 10000000 1800 0000 07000000 0800 01 0500 000000");
	assert_false(put("05000003 10000000 1800 0000 07000000 00000000"
			 "0000 0000"));
}

/* ---- calls ---- */

static void a_call_is_answered(void **state)
{
	(void)state;
	bound();
	assert_true(put("05000003 10000000 1c00 0000 09000000 04000000"
			"0000 0000 01020304"));
	assert_sent("05000203 10000000 1c00 0000 09000000 04000000"
		    "0000 0000 01020304");
	/* with an object, which says nothing to us */
	assert_true(put("05000083 10000000 2c00 0000 0a000000 04000000"
			"0000 0000 ffffffffffffffffffffffffffffffff 0908"));
	assert_sent("05000203 10000000 1a00 0000 0a000000 02000000"
		    "0000 0000 0908");
	/* without parameters */
	assert_true(put("05000003 10000000 1800 0000 0b000000 00000000"
			"0000 0000"));
	assert_sent("05000203 10000000 1800 0000 0b000000 00000000"
		    "0000 0000");
}

static void a_request_is_put_together(void **state)
{
	(void)state;
	bound();
	assert_true(put("05000001 10000000 1c00 0000 09000000 04000000"
			"0000 0000 01020304"));
	assert_int_equal(sent_count, 0);
	assert_true(put("05000000 10000000 1a00 0000 09000000 04000000"
			"0000 0000 0506"));
	assert_true(put("05000002 10000000 1a00 0000 09000000 04000000"
			"0000 0000 0708"));
	assert_sent("05000203 10000000 2000 0000 09000000 08000000"
		    "0000 0000 0102030405060708");
}

static void a_long_answer_is_cut_into_fragments(void **state)
{
	static const uint32_t lengths[] = { 0,    1,    4255, 4256,   4257,
					    8512, 8513, 9000, 1000000 };

	(void)state;
	for (size_t i = 0; i < COUNT(lengths); i++) {
		uint32_t n = lengths[i], got = 0;
		char hex[256];

		set_up(state);
		bound();
		snprintf(hex, sizeof(hex),
			 "05000003 10000000 1c00 0000 09000000 00000000"
			 "0000 0100 %02x%02x%02x%02x",
			 n & 0xff, n >> 8 & 0xff, n >> 16 & 0xff, n >> 24);
		assert_true(put(hex));
		const uint8_t *at = sent;

		for (unsigned int f = 0; f < sent_count; f++) {
			bool is_first = f == 0, is_last = f == sent_count - 1;

			assert_true(sent_lengths[f] <= 4280);
			assert_int_equal(smb_rpc_fragment_length(at),
					 sent_lengths[f]);
			assert_int_equal(at[3], is_first + 2 * is_last);
			for (size_t b = 24; b < sent_lengths[f]; b++)
				assert_int_equal(at[b], (uint8_t)(got++ * 31));
			at += sent_lengths[f];
		}
		assert_int_equal(got, n);
	}
}

static void faults_say_why(void **state)
{
	static const struct {
		const char *operation, *context, *stub, *status;
	} cases[] = {
		{ "0300", "0000", "", "0200011c" }, /* no such operation */
		{ "0000", "0100", "", "0300011c" }, /* no such context */
		{ "0200", "0000", "", "05000000" },
		{ "0100", "0000", "01", "f7060000" }, /* too short a stub */
		{ "0100", "0000", "01001000", "1b00001c" }, /* too long */
	};

	(void)state;
	bound();
	for (size_t i = 0; i < COUNT(cases); i++) {
		char hex[256];
		uint8_t status[4];

		snprintf(
			hex, sizeof(hex),
			"05000003 10000000 1c00 0000 09000000 00000000 %s %s %s",
			cases[i].context, cases[i].operation, cases[i].stub);
		assert_true(put(hex));
		assert_int_equal(sent_count, 1);
		assert_int_equal(sent[2], 3);
		unhex(cases[i].status, status, 4);
		assert_memory_equal(sent + 24, status, 4);
	}
}

static void a_broken_protocol_ends_the_association(void **state)
{
	static const struct {
		bool is_bound;
		const char *hex;
	} cases[] = {
		{ false, "" },
		{ false, "05000b03 10000000 4800 0000 0700" },
		/* versions, and the other order of bytes */
		{ false, "04000b03 10000000 1000 0000 07000000" },
		{ false, "05020b03 10000000 1000 0000 07000000" },
		{ false, "05000b03 00000000 1000 0000 07000000" },
		/* a cut BIND */
		{ false, "05000b03 10000000 1000 0000 07000000" },
		{ false, BIND "01000000 0000 0100" FACE },
		{ false, BIND "02000000 0000 0100" FACE NDR },
		/* calls and contexts before it, and a second one */
		{ false,
		  "05000003 10000000 1800 0000 07000000 00000000 00000000" },
		{ false, "05000e03 10000000 4800 0000 07000000 b810 b810"
			 "00000000 01000000 0000 0100" FACE NDR },
		{ true, BIND "01000000 0000 0100" FACE NDR },
		/* answers, and what nobody knows */
		{ true,
		  "05000203 10000000 1800 0000 07000000 00000000 00000000" },
		{ true, "05006303 10000000 1000 0000 07000000" },
		/* a request that is cut, goes on before it began, or has a
		   verifier */
		{ true, "05000003 10000000 1400 0000 07000000 00000000" },
		{ true, "05000083 10000000 1c00 0000 07000000 00000000 00000000"
			"00000000" },
		{ true,
		  "05000002 10000000 1800 0000 07000000 00000000 00000000" },
		{ true,
		  "05000003 10000000 1800 0800 07000000 00000000 00000000" },
	};

	(void)state;
	for (size_t i = 0; i < COUNT(cases); i++) {
		set_up(state);
		if (cases[i].is_bound)
			bound();
		if (put(cases[i].hex))
			fail_msg("case %zu: %s", i, cases[i].hex);
	}
}

static void fragments_of_two_calls_do_not_mix(void **state)
{
	static const char *const seconds[] = {
		"05000001 10000000 1800 0000 09000000 00000000 0000 0000",
		"05000000 10000000 1800 0000 0a000000 00000000 0000 0000",
		"05000000 10000000 1800 0000 09000000 00000000 0100 0000",
		"05000000 10000000 1800 0000 09000000 00000000 0000 0100",
	};

	(void)state;
	for (size_t i = 0; i < COUNT(seconds); i++) {
		set_up(state);
		bound();
		assert_true(put("05000001 10000000 1c00 0000 09000000 00000000"
				"0000 0000 01020304"));
		assert_false(put(seconds[i]));
		smb_rpc_fini(&rpc);
	}
}

static void a_request_has_its_limit(void **state)
{
	static uint8_t fragment[65528];
	struct bytes b = { fragment, sizeof(fragment) };
	unsigned int taken = 0;

	(void)state;
	bound();
	unhex("05000001 10000000 f8ff 0000 09000000 00000000 0000 0000",
	      fragment, 24);
	while (smb_rpc_take(&rpc, b)) {
		fragment[3] = 0;
		taken++;
	}
	assert_int_equal(taken, SMB_RPC_CALL_MAX / (sizeof(fragment) - 24));
}

static void a_request_may_be_given_up(void **state)
{
	(void)state;
	bound();
	assert_true(put("05000001 10000000 1c00 0000 09000000 00000000"
			"0000 0000 01020304"));
	assert_true(put("05001303 10000000 1000 0000 09000000"));
	assert_true(put("05001203 10000000 1000 0000 09000000"));
	assert_int_equal(sent_count, 0);
	assert_true(put("05000003 10000000 1a00 0000 0a000000 00000000"
			"0000 0000 0102"));
	assert_sent("05000203 10000000 1a00 0000 0a000000 02000000"
		    "0000 0000 0102");
}

#define TEST(name) cmocka_unit_test_setup_teardown(name, set_up, tear_down)

int main(void)
{
	const struct CMUnitTest tests[] = {
		TEST(a_binding_to_the_interface_is_accepted),
		TEST(what_is_not_ours_is_refused_context_by_context),
		TEST(fragments_are_as_long_as_the_client_takes),
		TEST(a_context_may_come_later),
		TEST(too_many_contexts_are_refused_one_by_one),
		TEST(authentication_is_answered_with_a_nak),
		TEST(a_call_is_answered),
		TEST(a_request_is_put_together),
		TEST(a_long_answer_is_cut_into_fragments),
		TEST(faults_say_why),
		TEST(a_broken_protocol_ends_the_association),
		TEST(fragments_of_two_calls_do_not_mix),
		TEST(a_request_has_its_limit),
		TEST(a_request_may_be_given_up),
	};

	return cmocka_run_group_tests(tests, NULL, NULL);
}
