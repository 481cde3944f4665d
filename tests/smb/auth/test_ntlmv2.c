/* The sums of NTLMv2: MS-NLMP 4.2.4, and signatures against another maker's. */
#include <setjmp.h>
#include <stdarg.h>
#include <stddef.h>
#include <stdint.h>

#include <cmocka.h>
#include <string.h>

#include "smb/auth/ntlmv2.h"
#include "tests/fake/hex.h"

static const uint16_t user_units[] = { 'U', 's', 'e', 'r' };
static const uint16_t domain_units[] = { 'D', 'o', 'm', 'a', 'i', 'n' };
static const struct smb_name user = { user_units, 4 };
static const struct smb_name domain = { domain_units, 6 };
static const char *const temp =
	"0101000000000000 0000000000000000 aaaaaaaaaaaaaaaa 00000000"
	"02000c0044006f006d00610069006e00"
	"01000c00530065007200760065007200"
	"00000000 00000000";

static void assert_hex(const uint8_t *bytes, const char *hex)
{
	uint8_t expected[16];

	unhex(hex, expected, 16);
	assert_memory_equal(bytes, expected, 16);
}

static void sums_are_those_of_the_specification(void **state)
{
	uint8_t hash[16], challenge[8], blob[128];
	uint8_t key[16], proof[16], session_key[16], encrypted[16];
	struct bytes b = { blob, unhex(temp, blob, sizeof(blob)) };

	(void)state;
	unhex("a4f49c406510bdcab6824ee7c30fd852", hash, 16);
	unhex("0123456789abcdef", challenge, 8);
	/* 4.2.4.1.1 NTOWFv2 */
	smb_ntlmv2_owf(hash, user, domain, key);
	assert_hex(key, "0c868a403bfd7a93a3001ef22ef02e3f");
	/* 4.2.4.2.2 NTLMv2 response */
	smb_ntlmv2_proof(key, challenge, b, proof);
	assert_hex(proof, "68cd0ab851e51c96aabc927bebef6a1c");
	/* 4.2.4.1.2 session base key */
	smb_ntlmv2_session_key(key, proof, session_key);
	assert_hex(session_key, "8de40ccadbc14a82f15cb0ad0de95ca3");
	/* 4.2.4.2.3 encrypted session key; RC4 is its own inverse */
	unhex("c5dad2544fc9799094ce1ce90bc9d03e", encrypted, 16);
	smb_ntlmv2_decrypt(session_key, encrypted, key);
	assert_hex(key, "55555555555555555555555555555555");
}

static void signatures_are_those_that_clients_make(void **state)
{
	static const struct {
		bool by_server, has_key_exchange;
		const char *signature;
	} cases[] = {
		{ false, false, "0100000052894add5dcf3cd900000000" },
		{ true, false, "01000000f37bb99170135d0d00000000" },
		{ false, true, "01000000566c27b883d6630500000000" },
		{ true, true, "01000000b573a42621a940e400000000" },
	};
	struct bytes message = { (const uint8_t *)"mechanism list", 14 };
	uint8_t key[16], signature[16];

	(void)state;
	memset(key, 0x55, sizeof(key));
	for (size_t i = 0; i < 4; i++) {
		smb_ntlmv2_sign(key, cases[i].by_server,
				cases[i].has_key_exchange, message, signature);
		assert_hex(signature, cases[i].signature);
	}
}

static void a_mic_does_not_cover_itself(void **state)
{
	uint8_t key[16] = { 1 }, message[100] = { 2 }, a[16], b[16];
	struct bytes m = { message, sizeof(message) };
	struct bytes other = { (const uint8_t *)"xy", 2 };

	(void)state;
	for (size_t at = 0; at <= sizeof(message) - 16; at += 21) {
		smb_ntlmv2_mic(key, other, other, m, at, a);
		memset(message + at, 0x77, 16);
		smb_ntlmv2_mic(key, other, other, m, at, b);
		assert_memory_equal(a, b, 16);
		message[at ? at - 1 : 16] ^= 1;
		smb_ntlmv2_mic(key, other, other, m, at, b);
		assert_memory_not_equal(a, b, 16);
	}
}

static void users_have_no_case(void **state)
{
	static const uint16_t lower[] = { 'z', 'o', 0xeb };
	static const uint16_t upper[] = { 'Z', 'O', 0xcb };
	uint8_t hash[16] = { 3 }, a[16], b[16];

	(void)state;
	smb_ntlmv2_owf(hash, (struct smb_name){ lower, 3 }, domain, a);
	smb_ntlmv2_owf(hash, (struct smb_name){ upper, 3 }, domain, b);

	assert_memory_equal(a, b, 16);
}

int main(void)
{
	const struct CMUnitTest tests[] = {
		cmocka_unit_test(sums_are_those_of_the_specification),
		cmocka_unit_test(signatures_are_those_that_clients_make),
		cmocka_unit_test(a_mic_does_not_cover_itself),
		cmocka_unit_test(users_have_no_case),
	};

	if (!smb_ntlmv2_is_allowed()) {
		print_message("skipped: the library is in FIPS mode\n");
		return 0;
	}
	return cmocka_run_group_tests(tests, NULL, NULL);
}
