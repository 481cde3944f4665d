/*
 * Negotiate contexts: MS-SMB2 2.2.3.1. Tests negotiate.c of wire/.
 */
#include <setjmp.h>
#include <stdarg.h>
#include <stddef.h>
#include <stdint.h>

#include <cmocka.h>
#include <string.h>

#include "smb/wire/context.h"
#include "tests/fake/hex.h"

/* SHA-512 and a salt of two bytes. */
#define PREAUTH  "0100 0800 00000000 0100 0200 0100 abcd"
#define CIPHERS  "0200 0600 00000000 0200 0200 0100 0000"
#define SIGNINGS "0800 0600 00000000 0200 0200 0100 0000"
#define NETNAME  "0500 0600 00000000 6e00 6100 7300 0000"
#define UNKNOWN  "7777 0300 00000000 0102 0300 0000 0000"
#define POSIX    "0001 1000 00000000 93ad25509cb411e7b42383de968bcd7c"
#define COMPRESS "0300 0a00 00000000 0100000000000000 0100 000000000000"

static enum nt_status read(const char *text, uint16_t count,
			   struct smb_negotiate_offer *offer)
{
	static uint8_t bytes[512];
	size_t length = unhex(text, bytes, sizeof(bytes));

	return smb_negotiate_read((struct bytes){ bytes, length }, count,
				  offer);
}

static void an_offer_is_read_whole(void **state)
{
	struct smb_negotiate_offer offer;

	(void)state;
	assert_int_equal(
		read(PREAUTH CIPHERS SIGNINGS NETNAME UNKNOWN POSIX COMPRESS, 7,
		     &offer),
		NT_STATUS_SUCCESS);
	assert_true(offer.has_preauth);
	assert_true(offer.has_encryption);
	assert_int_equal(offer.cipher_count, 2);
	assert_int_equal(offer.ciphers[0], 2);
	assert_int_equal(offer.ciphers[1], 1);
	assert_true(offer.has_signing);
	assert_int_equal(offer.signing_count, 2);
	assert_int_equal(offer.signings[0], 2);
	assert_true(offer.has_posix);
	assert_string_equal(offer.netname, "nas");
}

struct wrong {
	const char *what, *text;
	uint16_t count;
	enum nt_status status;
};

static void what_is_wrong_is_refused(void **state)
{
	static const struct wrong table[] = {
		{ "nothing", "", 0, NT_STATUS_INVALID_PARAMETER },
		{ "one too many", PREAUTH, 2, NT_STATUS_INVALID_PARAMETER },
		{ "no preauth", CIPHERS, 1, NT_STATUS_INVALID_PARAMETER },
		{ "preauth twice", PREAUTH PREAUTH, 2,
		  NT_STATUS_INVALID_PARAMETER },
		{ "no hash", "0100 0400 00000000 0000 0000", 1,
		  NT_STATUS_INVALID_PARAMETER },
		{ "another hash", "0100 0600 00000000 0100 0000 0200", 1,
		  NT_STATUS_SMB_NO_PREAUTH_INTEGRITY_HASH_OVERLAP },
		{ "salt cut", "0100 0600 00000000 0100 0100 0100", 1,
		  NT_STATUS_INVALID_PARAMETER },
		{ "hashes cut", "0100 0600 00000000 0200 0000 0100", 1,
		  NT_STATUS_INVALID_PARAMETER },
		{ "ciphers cut", PREAUTH "0200 0400 00000000 0200 0200", 2,
		  NT_STATUS_INVALID_PARAMETER },
		{ "no ciphers", PREAUTH "0200 0200 00000000 0000", 2,
		  NT_STATUS_INVALID_PARAMETER },
		{ "ciphers twice", PREAUTH CIPHERS CIPHERS, 3,
		  NT_STATUS_INVALID_PARAMETER },
		{ "signings cut", PREAUTH "0800 0400 00000000 0200 0200", 2,
		  NT_STATUS_INVALID_PARAMETER },
		{ "posix odd", PREAUTH "0001 0200 00000000 93ad", 2,
		  NT_STATUS_INVALID_PARAMETER },
		{ "data beyond the end",
		  "0100 0900 00000000 0100 0200 0100 "
		  "abcd",
		  1, NT_STATUS_INVALID_PARAMETER },
	};

	(void)state;
	for (size_t i = 0; i < sizeof(table) / sizeof(table[0]); i++) {
		struct smb_negotiate_offer offer = { .cipher_count = 77 };

		if (read(table[i].text, table[i].count, &offer) !=
		    table[i].status)
			fail_msg("%s", table[i].what);
		assert_int_equal(offer.cipher_count, 77);
	}
}

static void a_chain_cut_anywhere_is_refused(void **state)
{
	uint8_t bytes[512];
	size_t length = unhex(PREAUTH SIGNINGS POSIX, bytes, sizeof(bytes));
	struct smb_negotiate_offer offer;

	(void)state;
	for (size_t cut = 0; cut < length; cut++)
		assert_int_not_equal(smb_negotiate_read((struct bytes){ bytes,
									cut },
							3, &offer),
				     NT_STATUS_SUCCESS);
}

static void more_ciphers_than_we_know_are_passed_over(void **state)
{
	uint8_t bytes[512];
	struct writer w = writer_at(bytes, sizeof(bytes));
	struct smb_negotiate_offer offer;
	uint8_t preauth[6] = { 1, 0, 0, 0, 1, 0 };
	uint8_t many[202] = { 100, 0 };

	(void)state;
	smb_negotiate_add(&w, 0, SMB_NEGOTIATE_PREAUTH, preauth, 6);
	smb_negotiate_add(&w, 0, SMB_NEGOTIATE_ENCRYPTION, many, sizeof(many));
	assert_true(wr_ok(&w));
	assert_int_equal(smb_negotiate_read((struct bytes){ bytes, w.at }, 2,
					    &offer),
			 NT_STATUS_SUCCESS);
	assert_int_equal(offer.cipher_count, 16);
}

static void contexts_are_written_8_aligned_from_their_start(void **state)
{
	uint8_t bytes[64], expected[64];
	struct writer w = writer_at(bytes, sizeof(bytes));

	(void)state;
	wr_u16(&w, 0xffff);
	smb_negotiate_add(&w, 2, SMB_NEGOTIATE_SIGNING, "\1\0\2\0", 4);
	smb_negotiate_add(&w, 2, SMB_NEGOTIATE_ENCRYPTION, "\1\0\1\0", 4);
	size_t length = unhex("ffff 0800 0400 00000000 0100 0200 00000000"
			      "0200 0400 00000000 0100 0100",
			      expected, sizeof(expected));

	assert_int_equal(w.at, length);
	assert_memory_equal(bytes, expected, length);
}

int main(void)
{
	const struct CMUnitTest tests[] = {
		cmocka_unit_test(an_offer_is_read_whole),
		cmocka_unit_test(what_is_wrong_is_refused),
		cmocka_unit_test(a_chain_cut_anywhere_is_refused),
		cmocka_unit_test(more_ciphers_than_we_know_are_passed_over),
		cmocka_unit_test(
			contexts_are_written_8_aligned_from_their_start),
	};

	return cmocka_run_group_tests(tests, NULL, NULL);
}
