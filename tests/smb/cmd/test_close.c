/*
 * CLOSE (MS-SMB2 3.3.5.10), FLUSH (3.3.5.11) and OPLOCK_BREAK (3.3.5.22).
 * Tests close.c, flush.c, oplock_break.c.
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

static void close_request(uint16_t flags)
{
	struct writer *w = fake_request(&f, SMB2_CLOSE);

	wr_u16(w, flags);
	wr_zero(w, 4);
	fake_file_id(&f);
	f.store.file = (struct smb_file_facts){ .creation = 1,
						.access = 2,
						.write = 3,
						.change = 4,
						.allocation = 5,
						.end_of_file = 6,
						.attributes = 0x20 };
}

static void close_tells_the_times_after_it(void **state)
{
	uint8_t expected[60] = {
		[0] = 60, [2] = 1,  [8] = 1,  [16] = 2,   [24] = 3,
		[32] = 4, [40] = 5, [48] = 6, [56] = 0x20
	};

	(void)state;
	close_request(1);
	assert_int_equal(fake_run(&f), NT_STATUS_SUCCESS);
	assert_int_equal(f.store.closes, 1);
	assert_int_equal(fake_answer(&f).length, 60);
	assert_memory_equal(fake_answer(&f).at, expected, 60);
}

static void close_tells_nothing_unless_asked(void **state)
{
	uint8_t expected[60] = { 60 };

	(void)state;
	close_request(0);
	assert_int_equal(fake_run(&f), NT_STATUS_SUCCESS);
	assert_memory_equal(fake_answer(&f).at, expected, 60);
}

static void a_file_is_closed_once(void **state)
{
	(void)state;
	close_request(0);
	assert_int_equal(fake_run(&f), NT_STATUS_SUCCESS);
	close_request(0);
	assert_int_equal(fake_run(&f), NT_STATUS_FILE_CLOSED);
	assert_int_equal(f.store.closes, 1);
}

/* CL-3. */
static void a_late_error_reaches_the_client(void **state)
{
	(void)state;
	close_request(1);
	f.store.answer = NT_STATUS_DISK_FULL;
	assert_int_equal(fake_run(&f), NT_STATUS_DISK_FULL);
}

static void a_pipe_is_closed_without_times(void **state)
{
	uint8_t expected[60] = { 60 };

	(void)state;
	fake_open_pipe(&f);
	close_request(1);
	assert_int_equal(fake_run(&f), NT_STATUS_SUCCESS);
	assert_memory_equal(fake_answer(&f).at, expected, 60);
}

static void flush_request(void)
{
	struct writer *w = fake_request(&f, SMB2_FLUSH);

	wr_u16(w, 0xffff); /* F_FULLFSYNC of macOS */
	wr_zero(w, 4);
	fake_file_id(&f);
}

static void flush_is_the_stores(void **state)
{
	(void)state;
	flush_request();
	assert_int_equal(fake_run(&f), NT_STATUS_SUCCESS);
	assert_int_equal(f.store.calls, 1);
	assert_int_equal(fake_answer(&f).length, 4);
	assert_memory_equal(fake_answer(&f).at, "\4\0\0\0", 4);

	flush_request();
	f.store.answer = NT_STATUS_IO_DEVICE_ERROR;
	assert_int_equal(fake_run(&f), NT_STATUS_IO_DEVICE_ERROR);
}

/* FL-1: writing or appending; of a directory, adding. */
static void flush_needs_a_right(void **state)
{
	(void)state;
	flush_request();
	f.open->object->granted = 0x1f01f9;
	assert_int_equal(fake_run(&f), NT_STATUS_ACCESS_DENIED);
	flush_request();
	f.open->object->granted = 0x4;
	assert_int_equal(fake_run(&f), NT_STATUS_SUCCESS);
}

static void a_pipe_is_always_flushed(void **state)
{
	(void)state;
	fake_open_pipe(&f);
	flush_request();
	assert_int_equal(fake_run(&f), NT_STATUS_SUCCESS);
}

static void bodies_cut_anywhere_are_refused(void **state)
{
	(void)state;
	for (size_t length = 0; length < 24; length++) {
		close_request(0);
		assert_int_equal(fake_run_cut(&f, length),
				 NT_STATUS_INVALID_PARAMETER);
		flush_request();
		assert_int_equal(fake_run_cut(&f, length),
				 NT_STATUS_INVALID_PARAMETER);
	}
}

static void nothing_is_breaking(void **state)
{
	struct writer *w = fake_request(&f, SMB2_OPLOCK_BREAK);

	(void)state;
	wr_zero(w, 6);
	fake_file_id(&f);
	assert_int_equal(fake_run(&f), NT_STATUS_INVALID_OPLOCK_PROTOCOL);

	w = fake_request(&f, SMB2_OPLOCK_BREAK);
	wr_u8(w, 0xff);
	wr_zero(w, 5);
	fake_file_id(&f);
	assert_int_equal(fake_run(&f), NT_STATUS_INVALID_PARAMETER);

	w = fake_request(&f, SMB2_OPLOCK_BREAK);
	wr_zero(w, 22);
	assert_int_equal(fake_run(&f), NT_STATUS_FILE_CLOSED);

	w = fake_request(&f, SMB2_OPLOCK_BREAK);
	w->at = 0;
	wr_u16(w, 36);
	wr_zero(w, 34);
	assert_int_equal(fake_run(&f), NT_STATUS_OBJECT_NAME_NOT_FOUND);
}

#define TEST(name) cmocka_unit_test_setup_teardown(name, set_up, tear_down)

int main(void)
{
	const struct CMUnitTest tests[] = {
		TEST(close_tells_the_times_after_it),
		TEST(close_tells_nothing_unless_asked),
		TEST(a_file_is_closed_once),
		TEST(a_late_error_reaches_the_client),
		TEST(a_pipe_is_closed_without_times),
		TEST(flush_is_the_stores),
		TEST(flush_needs_a_right),
		TEST(a_pipe_is_always_flushed),
		TEST(bodies_cut_anywhere_are_refused),
		TEST(nothing_is_breaking),
	};

	return cmocka_run_group_tests(tests, NULL, NULL);
}
