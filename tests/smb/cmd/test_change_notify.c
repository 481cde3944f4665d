/*
 * CHANGE_NOTIFY, MS-SMB2 2.2.35, 2.2.36 and 3.3.5.19.
 */
#include <setjmp.h>
#include <stdarg.h>
#include <stddef.h>
#include <stdint.h>

#include <cmocka.h>
#include <string.h>

#include "smb/cmd/cmd.h"
#include "smb/limits.h"
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

static void request(uint16_t flags, uint32_t size, uint32_t filter)
{
	struct writer *w = fake_request(&f, SMB2_CHANGE_NOTIFY);

	wr_u16(w, flags);
	wr_u32(w, size);
	fake_file_id(&f);
	wr_u32(w, filter);
	wr_zero(w, 4);
	f.open->object->is_directory = true;
}

static void it_goes_async_and_waits_in_the_store(void **state)
{
	static const uint8_t expected[] = { 9, 0, 0x48, 0, 4, 0,
					    0, 0, 1,    1, 1, 1 };

	(void)state;
	request(1, 100, 0x17);
	f.store.length = 4;
	assert_int_equal(fake_run(&f), NT_STATUS_SUCCESS);
	assert_true(f.rq->async_id != 0);
	assert_true(f.store.is_recursive);
	assert_int_equal(f.store.filter, 0x17);
	assert_int_equal(f.store.size, 100);
	assert_int_equal(fake_answer(&f).length, sizeof(expected));
	assert_memory_equal(fake_answer(&f).at, expected, sizeof(expected));
}

static void how_a_wait_ends_is_told_without_data(void **state)
{
	static const enum nt_status ends[] = {
		NT_STATUS_NOTIFY_ENUM_DIR,
		NT_STATUS_NOTIFY_CLEANUP,
		NT_STATUS_CANCELLED,
		NT_STATUS_DELETE_PENDING,
	};

	(void)state;
	for (size_t i = 0; i < sizeof(ends) / sizeof(ends[0]); i++) {
		request(0, 100, 1);
		f.store.answer = ends[i];
		assert_int_equal(fake_run(&f), ends[i]);
		assert_int_equal(fake_answer(&f).length, 0);
	}
}

/* It may wait for days: its room is bounded. */
static void a_large_room_is_cut(void **state)
{
	(void)state;
	request(0, 1 << 20, 1);
	assert_int_equal(fake_run(&f), NT_STATUS_SUCCESS);
	assert_int_equal(f.store.size, SMB_NOTIFY_BYTES_MAX);
	request(0, 0, 1);
	assert_int_equal(fake_run(&f), NT_STATUS_SUCCESS);
	assert_int_equal(f.store.size, 0);
}

/* CN-2. */
static void what_cannot_be_watched_is_refused(void **state)
{
	(void)state;
	request(0, 100, 1);
	f.open->object->is_directory = false;
	assert_int_equal(fake_run(&f), NT_STATUS_INVALID_PARAMETER);
	request(0, (1 << 20) + 1, 1);
	assert_int_equal(fake_run(&f), NT_STATUS_INVALID_PARAMETER);
	request(0, 100, 1);
	f.open->object->granted = 0x1f01fe;
	assert_int_equal(fake_run(&f), NT_STATUS_ACCESS_DENIED);
	assert_int_equal(f.store.calls, 0);
	assert_int_equal(f.rq->async_id, 0);
}

/* CR-6: past the bound, without going async. */
static void too_many_are_refused(void **state)
{
	(void)state;
	request(0, 100, 1);
	f.channel->async_count = SMB_ASYNC_MAX;
	assert_int_equal(fake_run(&f), NT_STATUS_INSUFFICIENT_RESOURCES);
	assert_int_equal(f.store.calls, 0);
	f.channel->async_count = 0;
}

static void a_body_cut_anywhere_is_refused(void **state)
{
	(void)state;
	for (size_t length = 0; length < 28; length++) {
		request(0, 100, 1);
		assert_int_equal(fake_run_cut(&f, length),
				 NT_STATUS_INVALID_PARAMETER);
	}
}

#define TEST(name) cmocka_unit_test_setup_teardown(name, set_up, tear_down)

int main(void)
{
	const struct CMUnitTest tests[] = {
		TEST(it_goes_async_and_waits_in_the_store),
		TEST(how_a_wait_ends_is_told_without_data),
		TEST(a_large_room_is_cut),
		TEST(what_cannot_be_watched_is_refused),
		TEST(too_many_are_refused),
		TEST(a_body_cut_anywhere_is_refused),
	};

	return cmocka_run_group_tests(tests, NULL, NULL);
}
