/* The preauthentication hash (MS-SMB2 3.3.5.4). */
#include <setjmp.h>
#include <stdarg.h>
#include <stddef.h>
#include <stdint.h>

#include <cmocka.h>
#include <gnutls/crypto.h>
#include <gnutls/gnutls.h>
#include <string.h>

#include "smb/crypto.h"

static void each_message_hashes_the_hash_before_it(void **state)
{
	static const char *const messages[] = { "negotiate", "", "setup" };
	uint8_t hash[SMB_HASH_LENGTH] = { 0 };
	uint8_t expected[SMB_HASH_LENGTH] = { 0 };
	uint8_t input[SMB_HASH_LENGTH + 16];

	(void)state;
	for (size_t i = 0; i < 3; i++) {
		size_t length = strlen(messages[i]);

		memcpy(input, expected, SMB_HASH_LENGTH);
		memcpy(input + SMB_HASH_LENGTH, messages[i], length);
		gnutls_hash_fast(GNUTLS_DIG_SHA512, input,
				 SMB_HASH_LENGTH + length, expected);
		smb_preauth_add(hash, (const uint8_t *)messages[i], length);

		assert_memory_equal(hash, expected, SMB_HASH_LENGTH);
	}
}

int main(void)
{
	const struct CMUnitTest tests[] = {
		cmocka_unit_test(each_message_hashes_the_hash_before_it),
	};

	return cmocka_run_group_tests(tests, NULL, NULL);
}
