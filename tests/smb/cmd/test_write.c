/*
 * WRITE, MS-SMB2 2.2.21, 2.2.22 and 3.3.5.13.
 */
#include <setjmp.h>
#include <stdarg.h>
#include <stddef.h>
#include <stdint.h>

#include <cmocka.h>
#include <string.h>

#include "smb/cmd/cmd.h"
#include "tests/fake/command.h"

static struct fake_command f;

static int set_up(void **state)
{
	(void)state;
	fake_command_init(&f);
	return 0;
}

static int tear_down(void **state)
{
	(void)state;
	fake_command_fini(&f);
	return 0;
}

static void request(uint16_t data_offset, uint32_t length, uint64_t offset,
		    uint32_t flags)
{
	struct writer *w = fake_request(&f, SMB2_WRITE);

	wr_u16(w, data_offset);
	wr_u32(w, length);
	wr_u64(w, offset);
	fake_file_id(&f);
	wr_zero(w, 12);
	wr_u32(w, flags);
	wr_copy(w, "abcdefgh", 8);
}

static void data_are_written_and_counted(void **state)
{
	static const uint8_t expected[] = { 17, 0, 0, 0, 8, 0, 0, 0,
					    0,  0, 0, 0, 0, 0, 0, 0 };

	(void)state;
	request(0x70, 8, 7, 0);

	assert_int_equal(fake_run(&f), NT_STATUS_SUCCESS);
	assert_int_equal(f.store.write.offset, 7);
	assert_int_equal(f.store.write.length, 8);
	assert_false(f.store.write.is_write_through);
	assert_memory_equal(f.store.written, "abcdefgh", 8);
	assert_int_equal(fake_answer(&f).length, 16);
	assert_memory_equal(fake_answer(&f).at, expected, 16);
}

/* WR-1: data may begin later than they have to. */
static void data_may_lie_behind_padding(void **state)
{
	(void)state;
	request(0x74, 4, 0, 1);

	assert_int_equal(fake_run(&f), NT_STATUS_SUCCESS);
	assert_memory_equal(f.store.written, "efgh", 4);
	assert_true(f.store.write.is_write_through);
}

static void nothing_is_written_wherever_it_lies(void **state)
{
	(void)state;
	request(0, 0, INT64_MAX, 0);
	assert_int_equal(fake_run(&f), NT_STATUS_SUCCESS);
	assert_int_equal(f.store.write.length, 0);
}

static void bad_requests_do_not_reach_the_store(void **state)
{
	static const struct {
		uint16_t data_offset;
		uint32_t length;
		uint64_t offset;
	} bad[] = {
		{ 0x6f, 8, 0 }, /* data in the fixed part */
		{ 0, 8, 0 },    /* in the header */
		{ 0x71, 8, 0 }, /* one byte behind the end */
		{ 0x78, 1, 0 },
		{ 0xffff, 8, 0 },
		{ 0x70, 9, 0 },
		{ 0x70, UINT32_MAX, 0 },
		{ 0x70, 8, UINT64_MAX },     /* at the end, with WRITE_DATA */
		{ 0x70, 8, UINT64_MAX - 1 }, /* negative */
		{ 0x70, 8, INT64_MAX },      /* the end is negative */
	};

	(void)state;
	for (size_t i = 0; i < sizeof(bad) / sizeof(bad[0]); i++) {
		request(bad[i].data_offset, bad[i].length, bad[i].offset, 0);
		assert_int_equal(fake_run(&f), NT_STATUS_INVALID_PARAMETER);
		assert_int_equal(f.store.calls, 0);
	}
}

/* WR-2: a handle that may only append writes at the end. */
static void appending_goes_to_the_end(void **state)
{
	(void)state;
	request(0x70, 8, UINT64_MAX, 0);
	f.open->object->granted = 0x4;
	assert_int_equal(fake_run(&f), NT_STATUS_SUCCESS);
	assert_true(f.store.write.offset == UINT64_MAX);
}

static void writing_needs_a_right(void **state)
{
	(void)state;
	request(0x70, 8, 0, 0);
	f.open->object->granted = 0x1f01f9;
	assert_int_equal(fake_run(&f), NT_STATUS_ACCESS_DENIED);
	request(0x70, 8, 0, 0);
	f.open->object->granted = 0x2;
	assert_int_equal(fake_run(&f), NT_STATUS_SUCCESS);
}

static void a_directory_is_not_written(void **state)
{
	(void)state;
	request(0x70, 8, 0, 0);
	f.open->object->is_directory = true;
	assert_int_equal(fake_run(&f), NT_STATUS_INVALID_DEVICE_REQUEST);
}

static void what_the_store_says_is_passed_on(void **state)
{
	(void)state;
	request(0x70, 8, 0, 0);
	f.store.answer = NT_STATUS_DISK_FULL;
	assert_int_equal(fake_run(&f), NT_STATUS_DISK_FULL);
}

static void a_body_cut_anywhere_is_refused(void **state)
{
	(void)state;
	for (size_t length = 0; length < 56; length++) {
		request(0x70, 8, 0, 0);
		assert_int_equal(fake_run_cut(&f, length),
				 NT_STATUS_INVALID_PARAMETER);
		assert_int_equal(f.store.calls, 0);
	}
}

#define TEST(name) cmocka_unit_test_setup_teardown(name, set_up, tear_down)

int main(void)
{
	const struct CMUnitTest tests[] = {
		TEST(data_are_written_and_counted),
		TEST(data_may_lie_behind_padding),
		TEST(nothing_is_written_wherever_it_lies),
		TEST(bad_requests_do_not_reach_the_store),
		TEST(appending_goes_to_the_end),
		TEST(writing_needs_a_right),
		TEST(a_directory_is_not_written),
		TEST(what_the_store_says_is_passed_on),
		TEST(a_body_cut_anywhere_is_refused),
	};

	return cmocka_run_group_tests(tests, NULL, NULL);
}
