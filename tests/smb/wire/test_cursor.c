/* The reader and the writer: bounds, stickiness, pieces, late values. */
#include <setjmp.h>
#include <stdarg.h>
#include <stddef.h>
#include <stdint.h>

#include <cmocka.h>

#include "smb/wire/cursor.h"

static const uint8_t eight[] = { 1, 2, 3, 4, 5, 6, 7, 8 };

static void numbers_are_little_endian(void **state)
{
	struct reader r = reader_at(eight, 8);

	(void)state;
	assert_int_equal(rd_u8(&r), 0x01);
	assert_int_equal(rd_u16(&r), 0x0302);
	assert_int_equal(rd_u32(&r), 0x07060504);
	rd_seek(&r, 0);
	assert_true(rd_u64(&r) == 0x0807060504030201);
	assert_true(rd_ok(&r));
}

static void a_bad_read_makes_all_later_ones_zero(void **state)
{
	struct reader r = reader_at(eight, 3);

	(void)state;
	assert_int_equal(rd_u32(&r), 0);
	assert_int_equal(rd_u8(&r), 0);
	assert_int_equal(rd_left(&r), 0);
	assert_null(rd_raw(&r, 0));
	assert_int_equal(rd_bytes(&r, 1).length, 0);
	assert_false(rd_ok(&r));
}

static void nothing_can_be_read_of_nothing(void **state)
{
	struct reader r = reader_of((struct bytes){ NULL, 0 });

	(void)state;
	rd_skip(&r, 0);
	rd_align(&r, 4);
	struct reader inside = rd_sub(&r, 0);

	assert_int_equal(rd_bytes(&r, rd_left(&r)).length, 0);
	assert_true(rd_ok(&r) && rd_ok(&inside));
	assert_int_equal(rd_u8(&r), 0);
	assert_false(rd_ok(&r));
}

static void pieces_lie_inside_or_nowhere(void **state)
{
	static const struct {
		uint64_t offset, length;
		bool is_right;
	} cases[] = {
		{ 0, 8, true },           { 8, 0, true },
		{ 3, 5, true },           { UINT64_MAX, 0, true },
		{ 3, 6, false },          { 8, 1, false },
		{ UINT64_MAX, 2, false }, { 2, UINT64_MAX, false },
	};

	(void)state;
	for (size_t i = 0; i < sizeof(cases) / sizeof(cases[0]); i++) {
		struct reader r = reader_at(eight, 8);
		struct bytes b = rd_piece(&r, cases[i].offset, cases[i].length);

		assert_int_equal(rd_ok(&r), cases[i].is_right);
		assert_int_equal(b.length,
				 cases[i].is_right ? cases[i].length : 0);
	}
}

static void a_reader_in_a_reader_has_its_own_end(void **state)
{
	struct reader r = reader_at(eight, 8);
	struct reader inside = rd_sub(&r, 3);

	(void)state;
	rd_u32(&inside);
	assert_false(rd_ok(&inside));
	assert_int_equal(rd_u8(&r), 4);
	rd_align(&r, 8);
	assert_int_equal(rd_left(&r), 0);
	assert_true(rd_ok(&r));
	rd_seek(&r, 9);
	assert_false(rd_ok(&r));
}

static void what_does_not_fit_is_not_written(void **state)
{
	uint8_t to[4] = { 9, 9, 9, 9 };
	struct writer w = writer_at(to, 3);

	(void)state;
	wr_u16(&w, 0x0102);
	wr_u16(&w, 0x0304);
	wr_u8(&w, 5);
	assert_false(wr_ok(&w));
	assert_int_equal(w.at, 2);
	assert_int_equal(wr_left(&w), 0);
	assert_int_equal(to[2], 9);
}

static void late_values_come_where_they_belong(void **state)
{
	static const uint8_t expected[] = { 7,    0xcd, 0xab, 0,
					    0x78, 0x56, 0x34, 0x12 };
	uint8_t to[8];
	struct writer w = writer_at(to, sizeof(to));

	(void)state;
	wr_u8(&w, 7);
	struct later two = wr_later_u16(&w);

	wr_align(&w, 4);
	struct later four = wr_later_u32(&w);

	wr_now_u32(&w, four, 0x12345678);
	wr_now_u16(&w, two, 0xabcd);
	assert_true(wr_ok(&w));
	assert_memory_equal(to, expected, sizeof(expected));
	wr_u8(&w, 1);
	wr_now_u16(&w, two, 0);
	assert_memory_equal(to, expected, sizeof(expected));
}

int main(void)
{
	const struct CMUnitTest tests[] = {
		cmocka_unit_test(numbers_are_little_endian),
		cmocka_unit_test(a_bad_read_makes_all_later_ones_zero),
		cmocka_unit_test(nothing_can_be_read_of_nothing),
		cmocka_unit_test(pieces_lie_inside_or_nowhere),
		cmocka_unit_test(a_reader_in_a_reader_has_its_own_end),
		cmocka_unit_test(what_does_not_fit_is_not_written),
		cmocka_unit_test(late_values_come_where_they_belong),
	};

	return cmocka_run_group_tests(tests, NULL, NULL);
}
