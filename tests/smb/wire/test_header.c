/*
 * The SMB2 packet header: MS-SMB2 2.2.1.
 */
#include <setjmp.h>
#include <stdarg.h>
#include <stddef.h>
#include <stdint.h>

#include <cmocka.h>
#include <string.h>

#include "smb/wire/header.h"
#include "tests/fake/hex.h"

static const char sync_header[] = "fe534d42 4000 0200 01020304 0900 0500 "
				  "08000000 70000000 1122334455667788 "
				  "fffe0000 44332211 8877665544332211 "
				  "000102030405060708090a0b0c0d0e0f";

static void fields_lie_where_the_specification_has_them(void **state)
{
	uint8_t bytes[64];
	struct smb_header h;
	struct reader r = reader_at(bytes, sizeof(bytes));

	(void)state;
	assert_int_equal(unhex(sync_header, bytes, 64), 64);
	assert_true(smb_header_read(&r, &h));
	assert_int_equal(h.credit_charge, 2);
	assert_int_equal(h.status, 0x04030201);
	assert_int_equal(h.command, SMB2_WRITE);
	assert_int_equal(h.credits, 5);
	assert_int_equal(h.flags, 8);
	assert_int_equal(h.next, 0x70);
	assert_true(h.message_id == 0x8877665544332211u);
	assert_int_equal(h.process_id, 0xfeff);
	assert_int_equal(h.tree_id, 0x11223344);
	assert_true(h.session_id == 0x1122334455667788u);
	assert_int_equal(h.signature[15], 15);
	assert_int_equal(rd_left(&r), 0);
}

static void an_async_header_has_an_async_id(void **state)
{
	uint8_t bytes[64];
	struct smb_header h;
	struct reader r = reader_at(bytes, sizeof(bytes));

	(void)state;
	unhex(sync_header, bytes, 64);
	bytes[16] |= SMB2_FLAGS_ASYNC_COMMAND;
	assert_true(smb_header_read(&r, &h));
	assert_true(h.async_id == 0x112233440000feffu);
	assert_int_equal(h.tree_id, 0);
}

static void what_is_written_is_read_again(void **state)
{
	uint8_t bytes[64], again[64];
	struct smb_header h;
	struct reader r = reader_at(bytes, sizeof(bytes));
	struct writer w = writer_at(again, sizeof(again));

	(void)state;
	for (int is_async = 0; is_async < 2; is_async++) {
		r = reader_at(bytes, sizeof(bytes));
		w = writer_at(again, sizeof(again));
		unhex(sync_header, bytes, 64);
		bytes[16] |= is_async ? SMB2_FLAGS_ASYNC_COMMAND : 0;
		assert_true(smb_header_read(&r, &h));
		smb_header_write(&w, &h);
		assert_true(wr_ok(&w));
		assert_memory_equal(bytes, again, 64);
	}
}

static void anything_else_is_no_header(void **state)
{
	uint8_t bytes[64];
	struct smb_header h;

	(void)state;
	unhex(sync_header, bytes, 64);
	for (size_t length = 0; length < 64; length++) {
		struct reader r = reader_at(bytes, length);

		assert_false(smb_header_read(&r, &h));
	}
	for (size_t at = 0; at < 6; at++) {
		struct reader r = reader_at(bytes, 64);

		bytes[at] ^= 1;
		assert_false(smb_header_read(&r, &h));
		bytes[at] ^= 1;
	}
}

int main(void)
{
	const struct CMUnitTest tests[] = {
		cmocka_unit_test(fields_lie_where_the_specification_has_them),
		cmocka_unit_test(an_async_header_has_an_async_id),
		cmocka_unit_test(what_is_written_is_read_again),
		cmocka_unit_test(anything_else_is_no_header),
	};

	return cmocka_run_group_tests(tests, NULL, NULL);
}
