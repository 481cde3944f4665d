/* Tokens of SPNEGO (RFC 4178 4.2, MS-SPNG 2.2). */
#include <setjmp.h>
#include <stdarg.h>
#include <stddef.h>
#include <stdint.h>

#include <cmocka.h>
#include <stdlib.h>
#include <string.h>

#include "smb/auth/spnego.h"
#include "tests/fake/hex.h"

#define COUNT(array) (sizeof(array) / sizeof((array)[0]))

/* Parts of tokens: OIDs of SPNEGO, NTLMSSP, Kerberos and NEGOEX. */
#define SPNEGO "06062b0601050502"
#define NTLM   "060a2b06010401823702020a"
#define KRB5   "06092a864886f712010202"
#define NEGOEX "060a2b06010401823702021e"

static void mechanisms_are_found_in_any_place(void **state)
{
	static const struct {
		const char *hex;
		bool has_ntlm, is_first;
		size_t list_length, token_length;
	} cases[] = {
		{ "601c" SPNEGO "a0123010a00e300c" NTLM, true, true, 14, 0 },
		{ "6024" SPNEGO "a01a3018a00e300c" NTLM "a2060404aabbccdd",
		  true, true, 14, 4 },
		{ "6027" SPNEGO "a01d301ba0193017" KRB5 NTLM, true, false, 25,
		  0 },
		{ "6028" SPNEGO "a01e301ca01a3018" NEGOEX NTLM, true, false, 26,
		  0 },
		{ "601b" SPNEGO "a011300fa00d300b" KRB5, false, false, 13, 0 },
		/* reqFlags before the token, a MIC behind it */
		{ "602f" SPNEGO "a0253023a00e300c" NTLM
		  "a10403020100a2060404aabbccdda3030401ee",
		  true, true, 14, 4 },
		/* no list at all, to which nothing can be answered */
		{ "6010" SPNEGO "a0063004a0023000", false, false, 2, 0 },
	};

	(void)state;
	for (size_t i = 0; i < COUNT(cases); i++) {
		uint8_t bytes[128];
		struct bytes b = { bytes,
				   unhex(cases[i].hex, bytes, sizeof(bytes)) };
		struct smb_spnego_init init;

		if (!smb_spnego_read_init(b, &init))
			fail_msg("%s can't be read", cases[i].hex);
		assert_int_equal(init.has_ntlm, cases[i].has_ntlm);
		assert_int_equal(init.is_ntlm_first, cases[i].is_first);
		assert_int_equal(init.mech_list.length, cases[i].list_length);
		assert_int_equal(init.mech_list.at[0], 0x30);
		assert_int_equal(init.mech_token.length, cases[i].token_length);
	}
}

static void malformed_first_tokens_are_refused(void **state)
{
	static const char *const cases[] = {
		"",
		"00",
		"60",
		"6000",
		"6080",
		/* another mechanism than SPNEGO */
		"601c" NTLM "a00e300ca00a3008",
		/* a NegTokenResp inside */
		"601c" SPNEGO "a1123010a00e300c" NTLM,
		/* lengths that go beyond */
		"601c" SPNEGO "a0123010a00e300d" NTLM,
		"601c" SPNEGO "a0123010a00f300c" NTLM,
		"601d" SPNEGO "a0123010a00e300c" NTLM,
		/* a list of something else */
		"6016" SPNEGO "a00c300aa00830060404aabbccdd",
		/* bytes behind the list in its tag */
		"601d" SPNEGO "a0133011a00f300c" NTLM "00",
		/* a token that is no octet string */
		"6024" SPNEGO "a01a3018a00e300c" NTLM "a2060604aabbccdd",
	};

	(void)state;
	for (size_t i = 0; i < COUNT(cases); i++) {
		uint8_t bytes[128];
		struct bytes b = { bytes,
				   unhex(cases[i], bytes, sizeof(bytes)) };
		struct smb_spnego_init init;

		if (smb_spnego_read_init(b, &init))
			fail_msg("%s was accepted", cases[i]);
	}
}

static void further_tokens_are_read(void **state)
{
	static const struct {
		const char *hex;
		size_t token_length;
		bool has_mic;
		size_t mic_length;
	} cases[] = {
		{ "a1023000", 0, false, 0 },
		{ "a10a3008a2060404aabbccdd", 4, false, 0 },
		{ "a1123010a2060404aabbccdda3060404aabbccdd", 4, true, 4 },
		{ "a10f300da0030a0101a2060404aabbccdd", 4, false, 0 },
		{ "a1083006a3040402eeff", 0, true, 2 },
	};

	(void)state;
	for (size_t i = 0; i < COUNT(cases); i++) {
		uint8_t bytes[128];
		struct bytes b = { bytes,
				   unhex(cases[i].hex, bytes, sizeof(bytes)) };
		struct smb_spnego_resp resp;

		assert_true(smb_spnego_read_resp(b, &resp));
		assert_int_equal(resp.token.length, cases[i].token_length);
		assert_int_equal(resp.has_mic, cases[i].has_mic);
		assert_int_equal(resp.mic.length, cases[i].mic_length);
	}
}

static void a_token_cut_anywhere_is_harmless(void **state)
{
	static const char *const whole =
		"602f" SPNEGO "a0253023a00e300c" NTLM
		"a10403020100a2060404aabbccdda3030401ee";
	uint8_t bytes[128];
	size_t length = unhex(whole, bytes, sizeof(bytes));
	struct smb_spnego_init init;
	struct smb_spnego_resp resp;

	(void)state;
	for (size_t n = 0; n < length; n++) {
		uint8_t *cut = malloc(n ? n : 1);

		memcpy(cut, bytes, n);
		assert_false(
			smb_spnego_read_init((struct bytes){ cut, n }, &init));
		assert_false(
			smb_spnego_read_resp((struct bytes){ cut, n }, &resp));
		free(cut);
	}
}

static void the_hint_offers_ntlm(void **state)
{
	static const char *const expected =
		"6048" SPNEGO "a03e303ca00e300c" NTLM "a32a3028a0261b24"
		"6e6f745f646566696e65645f696e5f5246433431373840706c65617365"
		"5f69676e6f7265";
	uint8_t to[128], bytes[128];
	struct writer w = writer_at(to, sizeof(to));

	(void)state;
	smb_spnego_write_hint(&w);

	assert_true(wr_ok(&w));
	assert_int_equal(w.at, unhex(expected, bytes, sizeof(bytes)));
	assert_memory_equal(to, bytes, w.at);
}

static void answers_are_written_as_the_rfc_says(void **state)
{
	static const uint8_t token[] = { 0xaa, 0xbb }, mic[] = { 0xcc };
	const struct {
		struct smb_spnego_answer answer;
		const char *hex;
	} cases[] = {
		{ { .state = SMB_SPNEGO_ACCEPT_COMPLETED },
		  "a1073005a0030a0100" },
		{ { .state = SMB_SPNEGO_REQUEST_MIC, .names_mech = true },
		  "a1153013a0030a0103a10c" NTLM },
		{ { .state = SMB_SPNEGO_ACCEPT_INCOMPLETE,
		    .names_mech = true,
		    .token = { token, 2 } },
		  "a11b3019a0030a0101a10c" NTLM "a2040402aabb" },
		{ { .state = SMB_SPNEGO_ACCEPT_COMPLETED, .mic = { mic, 1 } },
		  "a10c300aa0030a0100a3030401cc" },
	};

	(void)state;
	for (size_t i = 0; i < COUNT(cases); i++) {
		uint8_t to[128], bytes[128];
		struct writer w = writer_at(to, sizeof(to));

		smb_spnego_write_answer(&w, &cases[i].answer);
		assert_int_equal(w.at,
				 unhex(cases[i].hex, bytes, sizeof(bytes)));
		assert_memory_equal(to, bytes, w.at);
		assert_true(w.at <= smb_spnego_answer_max(&cases[i].answer));
	}
}

int main(void)
{
	const struct CMUnitTest tests[] = {
		cmocka_unit_test(mechanisms_are_found_in_any_place),
		cmocka_unit_test(malformed_first_tokens_are_refused),
		cmocka_unit_test(further_tokens_are_read),
		cmocka_unit_test(a_token_cut_anywhere_is_harmless),
		cmocka_unit_test(the_hint_offers_ntlm),
		cmocka_unit_test(answers_are_written_as_the_rfc_says),
	};

	return cmocka_run_group_tests(tests, NULL, NULL);
}
