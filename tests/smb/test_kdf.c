/*
 * Key derivation (MS-SMB2 3.1.4.2, 3.3.5.5.3). The vectors are the ones that
 * Microsoft published with "SMB 2 and SMB 3 security in Windows 10: the
 * anatomy of signing and cryptographic keys".
 */
#include <setjmp.h>
#include <stdarg.h>
#include <stddef.h>
#include <stdint.h>

#include <cmocka.h>
#include <string.h>

#include "smb/crypto.h"
#include "tests/fake/hex.h"

static const char *const hash_first =
	"0DD13628CC3ED218EF9DF9772D436D0887AB9814BFAE63A80AA845F36909DB79"
	"28622DDDAD522D9751640A459762C5A9D6BB084CBB3CE6BDADEF5D5BCE3C6C01";
static const char *const hash_second =
	"EA3BF912B11CBFEC5B1889E8209614218687F82FA5294521AD3063425E49E88A"
	"10BD022124CE25123BC9111F52D9566BA88BF46344E6063DC5E3FF0389026F6C";

static void keys_are_those_of_the_published_examples(void **state)
{
	const struct {
		uint16_t dialect;
		const char *session_key, *hash;
		const char *signing, *unseal, *seal, *application;
	} cases[] = {
		{ 0x0300, "7CD451825D0450D235424E44BA6E78CC", hash_first,
		  "0B7E9C5CAC36C0F6EA9AB275298CEDCE",
		  "FAD27796665B313EBB578F388632B4F7",
		  "B0F0427F7CEB416D1D9DCC0CD4F99447",
		  "BB23A4575AA26C721AF525AF15A87B4F" },
		{ 0x0300, "4E01A2B313BCF660CC250BEF021AEDE6", hash_first,
		  "BA1A17DBBFEC349BCA105563D598952F", NULL, NULL, NULL },
		{ 0x0311, "270E1BA896585EEB7AF3472D3B4C75A7", hash_first,
		  "73FE7A9A77BEF0BDE49C650D8CCB5F76",
		  "629BCBC54422A0F572B97F45989B6073",
		  "E2AF0DCEFAC68DA71A0DFBD0D1350D74",
		  "6D7AD7954E9EC61E907B4D473DC178FF" },
		{ 0x0311, "84B9DBB730116A8FA6E9889555C265F9", hash_second,
		  "C962BCA1A9DD1697B030644199705431", NULL, NULL, NULL },
	};

	(void)state;
	for (size_t i = 0; i < sizeof(cases) / sizeof(cases[0]); i++) {
		uint8_t key[16], hash[64], expected[16];
		struct smb_keys keys;

		unhex(cases[i].session_key, key, 16);
		unhex(cases[i].hash, hash, 64);
		smb_keys_derive(cases[i].dialect, SMB_CIPHER_AES128_GCM, key,
				16, hash, &keys);

		unhex(cases[i].signing, expected, 16);
		assert_memory_equal(keys.signing, expected, 16);
		if (!cases[i].unseal)
			continue;
		unhex(cases[i].unseal, expected, 16);
		assert_memory_equal(keys.unseal, expected, 16);
		unhex(cases[i].seal, expected, 16);
		assert_memory_equal(keys.seal, expected, 16);
		unhex(cases[i].application, expected, 16);
		assert_memory_equal(keys.application, expected, 16);
	}
}

static void old_dialects_use_the_session_key_itself(void **state)
{
	uint8_t key[32], hash[64] = { 0 };
	struct smb_keys keys;

	(void)state;
	for (size_t i = 0; i < sizeof(key); i++)
		key[i] = (uint8_t)(i + 1);
	smb_keys_derive(0x0210, SMB_CIPHER_NONE, key, 32, hash, &keys);

	assert_memory_equal(keys.signing, key, 16);
	assert_memory_equal(keys.application, key, 16);
}

static void a_short_session_key_is_padded_with_zeroes(void **state)
{
	uint8_t key[16] = { 1, 2, 3, 4, 5, 6, 7, 8 }, hash[64] = { 9 };
	struct smb_keys shorter, padded;

	(void)state;
	smb_keys_derive(0x0311, SMB_CIPHER_AES256_GCM, key, 8, hash, &shorter);
	smb_keys_derive(0x0311, SMB_CIPHER_AES256_GCM, key, 16, hash, &padded);

	assert_memory_equal(&shorter, &padded, sizeof(padded));
}

/* KY-5: the whole key, and 32 bytes, for the 256-bit ciphers alone. */
static void only_256_bit_ciphers_see_the_whole_key(void **state)
{
	uint8_t key[32], hash[64] = { 7 }, expected[32];
	struct smb_keys short_key, long_key, wide;

	(void)state;
	for (size_t i = 0; i < sizeof(key); i++)
		key[i] = (uint8_t)(3 * i);
	smb_keys_derive(0x0311, SMB_CIPHER_AES128_GCM, key, 16, hash,
			&short_key);
	smb_keys_derive(0x0311, SMB_CIPHER_AES128_GCM, key, 32, hash,
			&long_key);
	smb_keys_derive(0x0311, SMB_CIPHER_AES256_CCM, key, 32, hash, &wide);

	assert_memory_equal(&short_key, &long_key, sizeof(long_key));
	assert_memory_equal(wide.signing, long_key.signing, 16);
	assert_memory_equal(wide.application, long_key.application, 16);
	smb_kdf(key, 32, "SMBS2CCipherKey", hash, 64, expected, 32);
	assert_memory_equal(wide.seal, expected, 32);
	smb_kdf(key, 32, "SMBC2SCipherKey", hash, 64, expected, 32);
	assert_memory_equal(wide.unseal, expected, 32);
}

int main(void)
{
	const struct CMUnitTest tests[] = {
		cmocka_unit_test(keys_are_those_of_the_published_examples),
		cmocka_unit_test(old_dialects_use_the_session_key_itself),
		cmocka_unit_test(a_short_session_key_is_padded_with_zeroes),
		cmocka_unit_test(only_256_bit_ciphers_see_the_whole_key),
	};

	return cmocka_run_group_tests(tests, NULL, NULL);
}
