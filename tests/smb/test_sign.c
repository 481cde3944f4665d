/*
 * Signatures (MS-SMB2 3.1.4.1). The expected values were computed with
 * OpenSSL from the sections' rules.
 */
#include <setjmp.h>
#include <stdarg.h>
#include <stddef.h>
#include <stdint.h>

#include <cmocka.h>
#include <string.h>

#include "smb/crypto.h"
#include "tests/fake/hex.h"

enum {
	MESSAGE_LENGTH = 104,
	SIGNATURE_AT = 48,
};

static const enum smb_signing algorithms[] = {
	SMB_SIGNING_HMAC_SHA256,
	SMB_SIGNING_AES_CMAC,
	SMB_SIGNING_AES_GMAC,
};

static struct smb_signer *signer_of(enum smb_signing algorithm)
{
	uint8_t key[16];

	for (int i = 0; i < 16; i++)
		key[i] = (uint8_t)i;
	return smb_signer_new(algorithm, key);
}

/* A header with the signature field full of rubbish, and 40 bytes more. */
static void message_of(uint16_t command, uint32_t flags, uint64_t message_id,
		       uint8_t to[MESSAGE_LENGTH])
{
	struct writer w = writer_at(to, MESSAGE_LENGTH);

	wr_u32(&w, 0x424d53fe);
	wr_u16(&w, 64);
	wr_u16(&w, 1);
	wr_u32(&w, 0);
	wr_u16(&w, command);
	wr_u16(&w, 1);
	wr_u32(&w, flags);
	wr_u32(&w, 0);
	wr_u64(&w, message_id);
	wr_u32(&w, 0xfeff);
	wr_u32(&w, 3);
	wr_u64(&w, 0x77);
	for (int i = 0; i < 16; i++)
		wr_u8(&w, 0xaa);
	for (int i = 0; i < 40; i++)
		wr_u8(&w, (uint8_t)i);
	assert_true(wr_ok(&w));
}

static void signatures_are_the_known_ones(void **state)
{
	static const struct {
		enum smb_signing algorithm;
		uint16_t command;
		uint32_t flags;
		uint64_t message_id;
		const char *signature;
	} cases[] = {
		{ SMB_SIGNING_HMAC_SHA256, 8, 0, 5,
		  "7adc98fbfbd91be454cbe9c7a5cc99e8" },
		{ SMB_SIGNING_AES_CMAC, 8, 0, 5,
		  "9a8e95046ae9c2d2463e5e1c2cd6c187" },
		{ SMB_SIGNING_AES_GMAC, 8, 0, 5,
		  "c604014e8bd54d4ad5d79b692cd47621" },
		/* SG-2: the nonce tells a server, and a CANCEL. */
		{ SMB_SIGNING_AES_GMAC, 8, 1, 5,
		  "e04767e2ba84852b692cc0ea96fb18e9" },
		{ SMB_SIGNING_AES_GMAC, 12, 0, 6,
		  "f61ddc418dee2f07bf7600e9555d3cab" },
		{ SMB_SIGNING_AES_GMAC, 12, 1, 6,
		  "260b4bb7d7258e7fbd62f7b3edfbc55d" },
	};

	(void)state;
	for (size_t i = 0; i < sizeof(cases) / sizeof(cases[0]); i++) {
		struct smb_signer *signer = signer_of(cases[i].algorithm);
		uint8_t message[MESSAGE_LENGTH], expected[16];

		message_of(cases[i].command, cases[i].flags,
			   cases[i].message_id, message);
		smb_sign_in_place(signer, message, sizeof(message));

		unhex(cases[i].signature, expected, 16);
		assert_memory_equal(message + SIGNATURE_AT, expected, 16);
		assert_int_equal(message[16] & 8, 8);
		assert_int_equal(smb_signer_algorithm(signer),
				 cases[i].algorithm);
		smb_signer_free(signer);
	}
}

static void a_signature_field_counts_as_zero(void **state)
{
	(void)state;
	for (size_t i = 0; i < 3; i++) {
		struct smb_signer *signer = signer_of(algorithms[i]);
		uint8_t message[MESSAGE_LENGTH], a[16], b[16];

		message_of(1, 8, 9, message);
		smb_sign(signer, message, sizeof(message), a);
		memset(message + SIGNATURE_AT, 0x5a, 16);
		smb_sign(signer, message, sizeof(message), b);

		assert_memory_equal(a, b, 16);
		smb_signer_free(signer);
	}
}

static void a_change_of_any_byte_is_noticed(void **state)
{
	(void)state;
	for (size_t i = 0; i < 3; i++) {
		struct smb_signer *signer = signer_of(algorithms[i]);
		uint8_t message[MESSAGE_LENGTH];

		message_of(9, 0, 77, message);
		smb_sign_in_place(signer, message, sizeof(message));
		assert_true(smb_signature_is_right(signer, message,
						   sizeof(message)));
		for (size_t at = 0; at < sizeof(message); at++) {
			message[at] ^= 0x10;
			assert_false(smb_signature_is_right(signer, message,
							    sizeof(message)));
			message[at] ^= 0x10;
		}
		assert_false(smb_signature_is_right(signer, message,
						    sizeof(message) - 1));
		smb_signer_free(signer);
	}
}

static void every_length_is_signed_and_verified(void **state)
{
	static uint8_t message[64 + 3000];

	(void)state;
	for (size_t i = 0; i < 3; i++) {
		struct smb_signer *signer = signer_of(algorithms[i]);

		message_of(9, 0, 78, message);
		for (size_t n = 64; n <= sizeof(message); n++) {
			smb_sign_in_place(signer, message, n);
			assert_true(smb_signature_is_right(signer, message, n));
		}
		smb_signer_free(signer);
	}
}

static void less_than_a_header_is_never_right(void **state)
{
	uint8_t message[63] = { 0 };

	(void)state;
	for (size_t i = 0; i < 3; i++) {
		struct smb_signer *signer = signer_of(algorithms[i]);

		assert_false(smb_signature_is_right(signer, message, 63));
		assert_false(smb_signature_is_right(signer, message, 0));
		smb_signer_free(signer);
	}
	assert_null(smb_signer_free(NULL));
}

int main(void)
{
	const struct CMUnitTest tests[] = {
		cmocka_unit_test(signatures_are_the_known_ones),
		cmocka_unit_test(a_signature_field_counts_as_zero),
		cmocka_unit_test(a_change_of_any_byte_is_noticed),
		cmocka_unit_test(every_length_is_signed_and_verified),
		cmocka_unit_test(less_than_a_header_is_never_right),
	};

	return cmocka_run_group_tests(tests, NULL, NULL);
}
