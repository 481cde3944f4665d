/* MD4: the test suite of RFC 1320 A.5, and NT hashes. */
#include <setjmp.h>
#include <stdarg.h>
#include <stddef.h>
#include <stdint.h>

#include <cmocka.h>
#include <string.h>

#include "smb/auth/auth.h"
#include "tests/fake/hex.h"

static void digests_are_those_of_rfc_1320(void **state)
{
	static const char *const cases[][2] = {
		{ "", "31d6cfe0d16ae931b73c59d7e0c089c0" },
		{ "a", "bde52cb31de33e46245e05fbdbd6fb24" },
		{ "abc", "a448017aaf21d8525fc10ae87aa6729d" },
		{ "message digest", "d9130a8164549fe818874806e1c7014b" },
		{ "abcdefghijklmnopqrstuvwxyz",
		  "d79e1c308aa5bbcdeea8ed63df412da9" },
		{ "ABCDEFGHIJKLMNOPQRSTUVWXYZabcdefghijklmnopqrstuvwxyz"
		  "0123456789",
		  "043f8582f241db351ce627e153e7f0e4" },
		{ "1234567890123456789012345678901234567890123456789012345678"
		  "9012345678901234567890",
		  "e33b4ddc9c38f2199c3e7b164fcc0536" },
	};
	uint8_t digest[16], expected[16];

	(void)state;
	for (size_t i = 0; i < sizeof(cases) / sizeof(cases[0]); i++) {
		smb_md4((const uint8_t *)cases[i][0], strlen(cases[i][0]),
			digest);
		unhex(cases[i][1], expected, 16);
		assert_memory_equal(digest, expected, 16);
	}
}

/* MS-NLMP 4.2.2.1.2. */
static void a_passwords_nt_hash_is_md4_of_its_utf16(void **state)
{
	static const uint8_t password[] = "P\0a\0s\0s\0w\0o\0r\0d";
	uint8_t digest[16], expected[16];

	(void)state;
	smb_md4(password, 16, digest);

	unhex("a4f49c406510bdcab6824ee7c30fd852", expected, 16);
	assert_memory_equal(digest, expected, 16);
}

/* One-block and two-block paddings: 55, 56, 63, 64, 119, 120 … */
static void every_padding_is_right(void **state)
{
	/* MD4 over the digests of 0 … 255 bytes, as another maker has it. */
	static const char *const all = "835efa60a6bb566916b28f034dcc60f4";
	uint8_t bytes[256], digests[256 * 16], digest[16], expected[16];

	(void)state;
	for (size_t i = 0; i < sizeof(bytes); i++)
		bytes[i] = (uint8_t)i;
	for (size_t n = 0; n < 256; n++)
		smb_md4(bytes, n, digests + 16 * n);
	smb_md4(digests, sizeof(digests), digest);

	unhex(all, expected, 16);
	assert_memory_equal(digest, expected, 16);
}

int main(void)
{
	const struct CMUnitTest tests[] = {
		cmocka_unit_test(digests_are_those_of_rfc_1320),
		cmocka_unit_test(a_passwords_nt_hash_is_md4_of_its_utf16),
		cmocka_unit_test(every_padding_is_right),
	};

	return cmocka_run_group_tests(tests, NULL, NULL);
}
