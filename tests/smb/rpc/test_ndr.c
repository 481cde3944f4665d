/* NDR (C706 14.2, 14.3). */
#include <setjmp.h>
#include <stdarg.h>
#include <stddef.h>
#include <stdint.h>

#include <cmocka.h>
#include <string.h>

#include "smb/rpc/ndr.h"
#include "tests/fake/hex.h"

static void a_string_is_written_with_its_counts(void **state)
{
	static const char *const expected =
		"aa000000 03000000 00000000 03000000 6100eb000000 0000"
		"07000000";
	uint8_t to[64], bytes[64];
	struct writer w = writer_at(to, sizeof(to));
	size_t length = unhex(expected, bytes, sizeof(bytes));

	(void)state;
	wr_u8(&w, 0xaa);
	smb_ndr_write_string(&w, "a\xc3\xab");
	smb_ndr_write_u32(&w, 7);

	assert_int_equal(w.at, length);
	assert_memory_equal(to, bytes, length);
}

static void strings_are_read_where_they_lie(void **state)
{
	static const struct {
		const char *hex;
		bool is_right;
		size_t length; /* bytes */
	} cases[] = {
		{ "03000000 00000000 03000000 6100eb000000", true, 4 },
		{ "01000000 00000000 01000000 0000", true, 0 },
		/* more room than text */
		{ "09000000 00000000 02000000 61000000", true, 2 },
		/* more text than room, or than there is */
		{ "01000000 00000000 02000000 61000000", false, 0 },
		{ "ffffffff 00000000 ffffffff 61000000", false, 0 },
		{ "03000000 00000000 03000000 61000000", false, 0 },
		/* begins in its middle */
		{ "03000000 01000000 02000000 61000000", false, 0 },
		/* no terminator */
		{ "00000000 00000000 00000000", false, 0 },
		{ "02000000 00000000 02000000 61006200", false, 0 },
		{ "02000000 00000000 02000000 61000001", false, 0 },
		{ "02000000 00000000", false, 0 },
		{ "", false, 0 },
	};

	(void)state;
	for (size_t i = 0; i < sizeof(cases) / sizeof(cases[0]); i++) {
		uint8_t bytes[64];
		struct reader r = reader_at(bytes, unhex(cases[i].hex, bytes,
							 sizeof(bytes)));
		struct bytes text = smb_ndr_read_string(&r);

		if (rd_ok(&r) != cases[i].is_right)
			fail_msg("%s", cases[i].hex);
		assert_int_equal(text.length, cases[i].length);
	}
}

static void a_null_pointer_has_no_string(void **state)
{
	uint8_t bytes[32];
	struct reader r = reader_at(
		bytes,
		unhex("00000000 01000000 01000000 00000000 01000000 0000",
		      bytes, sizeof(bytes)));

	(void)state;
	assert_int_equal(smb_ndr_read_pointed_string(&r).length, 0);
	assert_int_equal(r.at, 4);
	assert_int_equal(smb_ndr_read_pointed_string(&r).length, 0);
	assert_true(rd_ok(&r));
	assert_int_equal(rd_left(&r), 0);
}

static void pointers_differ(void **state)
{
	uint8_t to[8];
	struct writer w = writer_at(to, sizeof(to));
	struct reader r = reader_at(to, sizeof(to));

	(void)state;
	smb_ndr_write_pointer(&w);
	smb_ndr_write_pointer(&w);

	assert_int_not_equal(rd_u32(&r), rd_u32(&r));
	assert_int_not_equal(to[2], 0);
}

int main(void)
{
	const struct CMUnitTest tests[] = {
		cmocka_unit_test(a_string_is_written_with_its_counts),
		cmocka_unit_test(strings_are_read_where_they_lie),
		cmocka_unit_test(a_null_pointer_has_no_string),
		cmocka_unit_test(pointers_differ),
	};

	return cmocka_run_group_tests(tests, NULL, NULL);
}
