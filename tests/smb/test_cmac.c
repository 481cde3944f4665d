/* AES-CMAC: the vectors of RFC 4493 4, and GnuTLS' own as a second opinion. */
#include <setjmp.h>
#include <stdarg.h>
#include <stddef.h>
#include <stdint.h>

#include <cmocka.h>
#include <gnutls/crypto.h>
#include <gnutls/gnutls.h>

#include "smb/cmac.h"
#include "tests/fake/hex.h"

static const char *const rfc_key = "2b7e151628aed2a6abf7158809cf4f3c";
static const char *const rfc_message =
	"6bc1bee22e409f96e93d7e117393172aae2d8a571e03ac9c9eb76fac45af8e51"
	"30c81c46a35ce411e5fbc1191a0a52eff69f2445df4f9b17ad2b417be66c3710";

static void macs_are_those_of_rfc_4493(void **state)
{
	static const struct {
		size_t length;
		const char *mac;
	} cases[] = {
		{ 0, "bb1d6929e95937287fa37d129b756746" },
		{ 16, "070a16b46b4d4144f79bdd9dd04a287c" },
		{ 40, "dfa66747de9ae63030ca32611497c827" },
		{ 64, "51f0bebf7e3b9d92fc49741779363cfe" },
	};
	uint8_t key[16], message[64], expected[16], mac[16];

	(void)state;
	unhex(rfc_key, key, 16);
	unhex(rfc_message, message, 64);
	struct smb_cmac *cmac = smb_cmac_new(key);

	for (size_t i = 0; i < 4; i++) {
		smb_cmac_begin(cmac);
		smb_cmac_add(cmac, message, cases[i].length);
		smb_cmac_end(cmac, mac);

		unhex(cases[i].mac, expected, 16);
		assert_memory_equal(mac, expected, 16);
	}
	smb_cmac_free(cmac);
}

static void a_message_may_come_in_pieces_of_any_length(void **state)
{
	uint8_t key[16], message[64], expected[16], mac[16];

	(void)state;
	unhex(rfc_key, key, 16);
	unhex(rfc_message, message, 64);
	unhex("51f0bebf7e3b9d92fc49741779363cfe", expected, 16);
	struct smb_cmac *cmac = smb_cmac_new(key);

	for (size_t piece = 1; piece <= 64; piece++) {
		smb_cmac_begin(cmac);
		for (size_t at = 0; at < 64; at += piece)
			smb_cmac_add(cmac, message + at,
				     64 - at < piece ? 64 - at : piece);
		smb_cmac_end(cmac, mac);

		assert_memory_equal(mac, expected, 16);
	}
	smb_cmac_free(cmac);
}

/* Around the scratch buffer's 8 KiB as well. */
static void it_agrees_with_the_librarys_for_every_length(void **state)
{
	static uint8_t message[3 * 8192];
	uint8_t key[16], expected[16], mac[16];

	(void)state;
	for (size_t i = 0; i < sizeof(message); i++)
		message[i] = (uint8_t)(i * i >> 3);
	unhex(rfc_key, key, 16);
	struct smb_cmac *cmac = smb_cmac_new(key);

	for (size_t length = 0; length <= sizeof(message);
	     length +=
	     length < 600 || (length & 8191) > 8150 || (length & 8191) < 40
		     ? 1
		     : 37) {
		gnutls_hmac_fast(GNUTLS_MAC_AES_CMAC_128, key, 16, message,
				 length, expected);
		smb_cmac_begin(cmac);
		smb_cmac_add(cmac, message, length);
		smb_cmac_end(cmac, mac);

		assert_memory_equal(mac, expected, 16);
	}
	smb_cmac_free(cmac);
	assert_null(smb_cmac_free(NULL));
}

int main(void)
{
	const struct CMUnitTest tests[] = {
		cmocka_unit_test(macs_are_those_of_rfc_4493),
		cmocka_unit_test(a_message_may_come_in_pieces_of_any_length),
		cmocka_unit_test(it_agrees_with_the_librarys_for_every_length),
	};

	return cmocka_run_group_tests(tests, NULL, NULL);
}
