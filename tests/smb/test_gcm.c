/*
 * AES-GCM: gcm.c with GnuTLS, and gcm_ipsec_mb.c where it is there. The known
 * answers are of «The Galois/Counter Mode of Operation», appendix B. The two
 * libraries give the same bytes for all lengths up to 64 KiB: a selection here,
 * every one of them if SLOW is set.
 */
#include <setjmp.h>
#include <stdarg.h>
#include <stddef.h>
#include <stdint.h>

#include <cmocka.h>
#include <stdlib.h>
#include <string.h>

#include "smb/gcm.h"
#include "smb/smb.h"
#include "tests/fake/hex.h"

enum {
	LENGTH_MAX = 64 * 1024,
	LENGTH_ALL = 1100, /* up to here, each length */
	STEP = 257,        /* and then so far apart: all remainders of 256 */
	HEADER = 64,
};

static uint8_t texts[2][LENGTH_MAX + SMB_GCM_TAG], plain[LENGTH_MAX];
static uint8_t key_bytes[32], nonce[SMB_GCM_NONCE], aad_bytes[32];

static struct smb_gcm gcm_by(const struct smb_gcm_library *by, size_t length)
{
	struct smb_gcm gcm = { .by = by };

	gcm.key = by->key_new(key_bytes, length);
	assert_non_null(gcm.key);
	return gcm;
}

static void fill(void)
{
	uint32_t x = 1;

	for (size_t i = 0; i < LENGTH_MAX; i++) {
		x = x * 1664525 + 1013904223;
		plain[i] = (uint8_t)(x >> 24);
	}
	memcpy(key_bytes, plain + 100, sizeof(key_bytes));
	memcpy(nonce, plain + 200, sizeof(nonce));
	memcpy(aad_bytes, plain + 300, sizeof(aad_bytes));
}

static void check_known(const struct smb_gcm_library *by)
{
	static const uint8_t iv[] = { 0xca, 0xfe, 0xba, 0xbe, 0xfa, 0xce,
				      0xdb, 0xad, 0xde, 0xca, 0xf8, 0x88 };
	struct smb_gcm gcm = { .by = by };
	uint8_t key[16], aad[20], text[60 + SMB_GCM_TAG], tag[SMB_GCM_TAG];
	uint8_t right_tag[SMB_GCM_TAG], right[16];

	unhex("feffe9928665731c6d6a8f9467308308", key, sizeof(key));
	unhex("feedfacedeadbeeffeedfacedeadbeefabaddad2", aad, sizeof(aad));
	unhex("d9313225f88406e5a55909c5aff5269a86a7a9531534f7da2e4c303d8a31"
	      "8a721c3c0c95956809532fcf0e2449a6b525b16aedf5aa0de657ba637b39",
	      text, 60);
	gcm.key = by->key_new(key, sizeof(key));
	assert_non_null(gcm.key);
	smb_gcm_seal(&gcm, iv, (struct bytes){ aad, sizeof(aad) }, text, 60,
		     tag);
	unhex("5bc94fbc3221a5db94fae95ae7121a47", right_tag, 16);
	unhex("42831ec2217774244b7221b784d0d49c", right, 16);
	assert_memory_equal(tag, right_tag, sizeof(right_tag));
	assert_memory_equal(text, right, sizeof(right));
	smb_gcm_end(&gcm);
}

static void known_answers(void **state)
{
	(void)state;
	check_known(&smb_gcm_gnutls);
	if (smb_gcm_ipsec_mb())
		check_known(smb_gcm_ipsec_mb());
}

/* Both seal `length` bytes, and each opens what the other has sealed. */
static void check_seal(struct smb_gcm gcm[2], size_t length)
{
	struct bytes aad = { aad_bytes, sizeof(aad_bytes) };
	uint8_t tags[2][SMB_GCM_TAG];

	for (int i = 0; i < 2; i++) {
		memcpy(texts[i], plain, length);
		smb_gcm_seal(&gcm[i], nonce, aad, texts[i], length, tags[i]);
	}
	assert_memory_equal(texts[0], texts[1], length);
	assert_memory_equal(tags[0], tags[1], SMB_GCM_TAG);
	for (int i = 0; i < 2; i++) {
		assert_true(smb_gcm_open(&gcm[i], nonce, aad, texts[i], length,
					 tags[0]));
		assert_memory_equal(texts[i], plain, length);
	}
}

static void check_mac(struct smb_gcm gcm[2], size_t length)
{
	struct bytes header = { aad_bytes, sizeof(aad_bytes) };
	struct bytes rest = { plain, length };
	uint8_t tags[2][SMB_GCM_TAG];

	for (int i = 0; i < 2; i++)
		smb_gcm_mac(&gcm[i], nonce, header, rest, tags[i]);
	assert_memory_equal(tags[0], tags[1], SMB_GCM_TAG);
}

static void both_libraries_give_the_same_bytes(void **state)
{
	size_t step = getenv("SLOW") ? 1 : STEP;

	(void)state;
	if (!smb_gcm_ipsec_mb()) {
		print_message("skipped: no libipsec-mb, or no CPU for it\n");
		return;
	}
	for (size_t bits = 128; bits <= 256; bits += 128) {
		struct smb_gcm gcm[2] = { gcm_by(&smb_gcm_gnutls, bits / 8),
					  gcm_by(smb_gcm_ipsec_mb(),
						 bits / 8) };

		for (size_t n = 1; n <= LENGTH_MAX;
		     n += n < LENGTH_ALL ? 1 : step) {
			check_seal(gcm, n);
			check_mac(gcm, n);
		}
		check_seal(gcm, LENGTH_MAX);
		check_mac(gcm, 0);
		smb_gcm_end(&gcm[0]);
		smb_gcm_end(&gcm[1]);
	}
}

static void check_forged(const struct smb_gcm_library *by)
{
	struct smb_gcm gcm = gcm_by(by, 16);
	struct bytes aad = { aad_bytes, sizeof(aad_bytes) };
	uint8_t tag[SMB_GCM_TAG];

	for (size_t bit = 0; bit < 8 * (size_t)SMB_GCM_TAG; bit++) {
		memcpy(texts[0], plain, 1000);
		smb_gcm_seal(&gcm, nonce, aad, texts[0], 1000, tag);
		tag[bit / 8] ^= (uint8_t)(1 << bit % 8);
		assert_false(
			smb_gcm_open(&gcm, nonce, aad, texts[0], 1000, tag));
	}
	memcpy(texts[0], plain, 1000);
	smb_gcm_seal(&gcm, nonce, aad, texts[0], 1000, tag);
	texts[0][999] ^= 1;
	assert_false(smb_gcm_open(&gcm, nonce, aad, texts[0], 1000, tag));
	smb_gcm_end(&gcm);
}

static void what_was_forged_is_not_opened(void **state)
{
	(void)state;
	check_forged(&smb_gcm_gnutls);
	if (smb_gcm_ipsec_mb())
		check_forged(smb_gcm_ipsec_mb());
}

static void the_faster_library_is_chosen(void **state)
{
	const struct smb_gcm_library *faster = smb_gcm_ipsec_mb();
	struct smb_gcm gcm;

	(void)state;
	assert_true(smb_gcm_start(&gcm, key_bytes, 16));
	assert_ptr_equal(gcm.by, &smb_gcm_gnutls);
	smb_gcm_end(&gcm);
	assert_string_equal(smb_crypto_choose(),
			    faster ? faster->name : "gnutls");
	assert_true(smb_gcm_start(&gcm, key_bytes, 16));
	assert_ptr_equal(gcm.by, faster ? faster : &smb_gcm_gnutls);
	smb_gcm_end(&gcm);
	smb_gcm_end(&gcm);
}

int main(void)
{
	const struct CMUnitTest tests[] = {
		cmocka_unit_test(known_answers),
		cmocka_unit_test(both_libraries_give_the_same_bytes),
		cmocka_unit_test(what_was_forged_is_not_opened),
		cmocka_unit_test(the_faster_library_is_chosen),
	};

	fill();
	return cmocka_run_group_tests(tests, NULL, NULL);
}
