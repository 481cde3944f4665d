/*
 * LOCK, MS-SMB2 2.2.26 and 3.3.5.14: which flags are right.
 */
#include <setjmp.h>
#include <stdarg.h>
#include <stddef.h>
#include <stdint.h>

#include <cmocka.h>
#include <string.h>

#include "smb/cmd/cmd.h"
#include "tests/fake/command.h"

enum {
	SHARED = 1,
	EXCLUSIVE = 2,
	UNLOCK = 4,
	NOW = 16,
};

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

/* With up to three elements; `count` is what the request says. */
static void request(uint16_t count, const uint32_t flags[3])
{
	struct writer *w = fake_request(&f, SMB2_LOCK);

	wr_u16(w, count);
	wr_u32(w, 0);
	fake_file_id(&f);
	for (unsigned int i = 0; i < 3 && (flags[i] || i == 0); i++) {
		wr_u64(w, 10 * (i + 1));
		wr_u64(w, i + 1);
		wr_u32(w, flags[i]);
		wr_u32(w, 0x12345678);
	}
}

/* Flags of up to three elements, how many reach the store, the answer. */
static const struct {
	uint32_t flags[3];
	uint32_t reach;
	enum nt_status answer;
} table[] = {
	{ { SHARED }, 1, NT_STATUS_SUCCESS },
	{ { EXCLUSIVE }, 1, NT_STATUS_SUCCESS },
	{ { SHARED | NOW }, 1, NT_STATUS_SUCCESS },
	{ { EXCLUSIVE | NOW }, 1, NT_STATUS_SUCCESS },
	{ { UNLOCK }, 1, NT_STATUS_SUCCESS },
	{ { 0 }, 0, NT_STATUS_INVALID_PARAMETER },
	{ { NOW }, 0, NT_STATUS_INVALID_PARAMETER },
	{ { SHARED | EXCLUSIVE }, 0, NT_STATUS_INVALID_PARAMETER },
	{ { UNLOCK | NOW }, 0, NT_STATUS_INVALID_PARAMETER },
	{ { UNLOCK | SHARED }, 0, NT_STATUS_INVALID_PARAMETER },
	{ { UNLOCK | EXCLUSIVE }, 0, NT_STATUS_INVALID_PARAMETER },
	{ { ~0x17u }, 0, NT_STATUS_INVALID_PARAMETER },
	{ { SHARED | NOW, EXCLUSIVE | NOW }, 2, NT_STATUS_SUCCESS },
	{ { SHARED | NOW, SHARED }, 0, NT_STATUS_INVALID_PARAMETER },
	{ { SHARED, SHARED }, 0, NT_STATUS_INVALID_PARAMETER },
	{ { SHARED | NOW, UNLOCK }, 0, NT_STATUS_INVALID_PARAMETER },
	{ { UNLOCK, UNLOCK, UNLOCK }, 3, NT_STATUS_SUCCESS },
	/* Unlocks before a bad element are done (3.3.5.14.1). */
	{ { UNLOCK, SHARED | NOW, UNLOCK }, 1, NT_STATUS_INVALID_PARAMETER },
	{ { UNLOCK, UNLOCK, NOW }, 2, NT_STATUS_INVALID_PARAMETER },
};

static uint16_t count_of(const uint32_t flags[3])
{
	return flags[2] ? 3 : flags[1] ? 2 : 1;
}

static void flags_are_judged_as_specified(void **state)
{
	(void)state;
	for (size_t i = 0; i < sizeof(table) / sizeof(table[0]); i++) {
		request(count_of(table[i].flags), table[i].flags);
		f.store.locks.count = 0;
		assert_int_equal(fake_run(&f), table[i].answer);
		assert_int_equal(f.store.locks.count, table[i].reach);
	}
}

static void locks_are_read(void **state)
{
	const uint32_t flags[3] = { EXCLUSIVE | NOW, SHARED | NOW };

	(void)state;
	request(2, flags);
	assert_int_equal(fake_run(&f), NT_STATUS_SUCCESS);
	assert_true(f.store.locks.is_immediate);
	assert_int_equal(f.store.lock[0].offset, 10);
	assert_int_equal(f.store.lock[0].length, 1);
	assert_true(f.store.lock[0].is_exclusive);
	assert_int_equal(f.store.lock[1].offset, 20);
	assert_int_equal(f.store.lock[1].length, 2);
	assert_false(f.store.lock[1].is_exclusive);
	assert_false(f.store.lock[1].is_unlock);
	assert_int_equal(fake_answer(&f).length, 4);
	assert_memory_equal(fake_answer(&f).at, "\4\0\0\0", 4);
}

static void a_failed_unlock_outweighs_a_bad_element(void **state)
{
	const uint32_t flags[3] = { UNLOCK, NOW };

	(void)state;
	request(2, flags);
	f.store.answer = NT_STATUS_RANGE_NOT_LOCKED;
	assert_int_equal(fake_run(&f), NT_STATUS_RANGE_NOT_LOCKED);
}

static void counts_that_do_not_fit_are_refused(void **state)
{
	static const uint16_t counts[] = { 0, 2, 3, 2731, 65535 };
	const uint32_t flags[3] = { UNLOCK };

	(void)state;
	for (size_t i = 0; i < sizeof(counts) / sizeof(counts[0]); i++) {
		request(counts[i], flags);
		assert_int_equal(fake_run(&f), NT_STATUS_INVALID_PARAMETER);
		assert_int_equal(f.store.calls, 0);
	}
}

/* smb2.lock.valid-request: the file comes before the flags. */
static void a_wrong_file_id_is_closed(void **state)
{
	const uint32_t flags[3] = { 0 };

	(void)state;
	request(1, flags);
	f.frame[SMB_HEADER_LENGTH + 8] ^= 1;
	assert_int_equal(fake_run(&f), NT_STATUS_FILE_CLOSED);
}

static void a_pipe_has_no_ranges(void **state)
{
	const uint32_t flags[3] = { SHARED };

	(void)state;
	fake_open_pipe(&f);
	request(1, flags);
	assert_int_equal(fake_run(&f), NT_STATUS_INVALID_DEVICE_REQUEST);
}

#define TEST(name) cmocka_unit_test_setup_teardown(name, set_up, tear_down)

int main(void)
{
	const struct CMUnitTest tests[] = {
		TEST(flags_are_judged_as_specified),
		TEST(locks_are_read),
		TEST(a_failed_unlock_outweighs_a_bad_element),
		TEST(counts_that_do_not_fit_are_refused),
		TEST(a_wrong_file_id_is_closed),
		TEST(a_pipe_has_no_ranges),
	};

	return cmocka_run_group_tests(tests, NULL, NULL);
}
