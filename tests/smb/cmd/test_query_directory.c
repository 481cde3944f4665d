/*
 * QUERY_DIRECTORY, MS-SMB2 2.2.33, 2.2.34 and 3.3.5.18.
 */
#include <setjmp.h>
#include <stdarg.h>
#include <stddef.h>
#include <stdint.h>

#include <cmocka.h>
#include <string.h>

#include "smb/cmd/cmd.h"
#include "smb/wire/info.h"
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

static void request(uint8_t file_class, uint8_t flags, const char *pattern,
		    uint32_t size)
{
	struct writer *w = fake_request(&f, SMB2_QUERY_DIRECTORY);

	wr_u8(w, file_class);
	wr_u8(w, flags);
	wr_zero(w, 4);
	fake_file_id(&f);
	wr_u16(w, 0x60);
	wr_u16(w, (uint16_t)(2 * strlen(pattern)));
	wr_u32(w, size);
	for (const char *p = pattern; *p; p++)
		wr_u16(w, (uint8_t)*p);
	f.open->object->is_directory = true;
	f.store.entries = 3;
}

/* Names of one letter: 14 bytes, 16 with padding. */
static void entries_go_straight_into_the_answer(void **state)
{
	static const uint8_t expected[] = {
		9,   0, 0x48, 0, 46, 0, 0,  0, 16, 0, 0, 0, 0, 0, 0, 0, 2,   0,
		0,   0, 'f',  0, 0,  0, 16, 0, 0,  0, 0, 0, 0, 0, 2, 0, 0,   0,
		'f', 0, 0,    0, 0,  0, 0,  0, 0,  0, 0, 0, 2, 0, 0, 0, 'f', 0,
	};

	(void)state;
	request(SMB_FILE_NAMES, 0, "*", 1000);
	assert_int_equal(fake_run(&f), NT_STATUS_SUCCESS);
	assert_int_equal(fake_answer(&f).length, sizeof(expected));
	assert_memory_equal(fake_answer(&f).at, expected, sizeof(expected));
	assert_false(f.store.list.needs_facts);
}

static void flags_and_pattern_reach_the_store(void **state)
{
	(void)state;
	request(SMB_FILE_ID_BOTH_DIRECTORY, 0x13, "a*", 1000);
	assert_int_equal(fake_run(&f), NT_STATUS_SUCCESS);
	assert_true(f.store.list.is_restart);
	assert_true(f.store.list.is_single);
	assert_true(f.store.list.is_reopen);
	assert_true(f.store.list.needs_facts);
	assert_int_equal(f.store.list.pattern.count, 2);
	assert_int_equal(f.store.pattern[0], 'a');
	assert_int_equal(f.store.entries, 2);

	request(SMB_FILE_ID_BOTH_DIRECTORY, 0, "", 1000);
	assert_int_equal(fake_run(&f), NT_STATUS_SUCCESS);
	assert_int_equal(f.store.list.pattern.count, 0);
	assert_false(f.store.list.is_restart);
	assert_false(f.store.list.is_single);
	assert_false(f.store.list.is_reopen);
}

/* QD-9. */
static void macos_asks_for_more(void **state)
{
	(void)state;
	f.session->lists_for_apple = true;
	request(SMB_FILE_ID_BOTH_DIRECTORY, 0, "", 1000);
	assert_int_equal(fake_run(&f), NT_STATUS_SUCCESS);
	assert_true(f.store.list.needs_apple);
	request(SMB_FILE_NAMES, 0, "", 1000);
	assert_int_equal(fake_run(&f), NT_STATUS_SUCCESS);
	assert_false(f.store.list.needs_apple);
}

/* QD-4. */
static void the_end_is_told_without_data(void **state)
{
	(void)state;
	request(SMB_FILE_NAMES, 0, "*", 1000);
	f.store.entries = 0;
	assert_int_equal(fake_run(&f), NT_STATUS_NO_MORE_FILES);
	assert_int_equal(fake_answer(&f).length, 0);
	request(SMB_FILE_NAMES, 0, "*", 1000);
	f.store.answer = NT_STATUS_NO_SUCH_FILE;
	assert_int_equal(fake_run(&f), NT_STATUS_NO_SUCH_FILE);
}

static void every_size_has_its_answer(void **state)
{
	(void)state;
	for (uint32_t size = 0; size < 50; size++) {
		uint32_t fit = size < 14 ? 0 : 1 + (size - 14) / 16;

		request(SMB_FILE_NAMES, 0, "*", size);
		assert_int_equal(fake_run(&f),
				 fit ? NT_STATUS_SUCCESS
				     : NT_STATUS_INFO_LENGTH_MISMATCH);
		assert_int_equal(f.store.entries, 3 - (fit > 3 ? 3 : fit));
		assert_true(fake_answer(&f).length <= 8 + size);
	}
}

static void refusals_in_their_order(void **state)
{
	(void)state;
	request(99, 0, "a\\b", 1);
	f.open->object->is_directory = false;
	f.open->object->granted = 0;
	assert_int_equal(fake_run(&f), NT_STATUS_INVALID_PARAMETER);
	request(99, 0, "a\\b", 1);
	assert_int_equal(fake_run(&f), NT_STATUS_ACCESS_DENIED);
	f.open->object->granted = 1;
	request(99, 0, "a\\b", 1);
	assert_int_equal(fake_run(&f), NT_STATUS_INVALID_INFO_CLASS);
	request(SMB_FILE_NAMES, 0, "a\\b", 1);
	assert_int_equal(fake_run(&f), NT_STATUS_INFO_LENGTH_MISMATCH);
	request(SMB_FILE_NAMES, 0, "a\\b", 100);
	assert_int_equal(fake_run(&f), NT_STATUS_OBJECT_NAME_INVALID);
	request(SMB_FILE_NAMES, 0, "a/b", 100);
	assert_int_equal(fake_run(&f), NT_STATUS_OBJECT_NAME_INVALID);
	request(SMB_FILE_NAMES, 0, "*", (1 << 20) + 1);
	assert_int_equal(fake_run(&f), NT_STATUS_INVALID_PARAMETER);
	request(SMB_FILE_NAMES, 0, "*", 65537);
	f.rq->header.credit_charge = 1;
	assert_int_equal(fake_run(&f), NT_STATUS_INVALID_PARAMETER);
	assert_int_equal(f.store.calls, 0);
}

/* ---- turns ---- */

static struct smb_turn {
	struct smb_turn *next;
} other;

static void leave(struct fake_command *rig)
{
	rig->open->turns = rig->open->turns->next;
}

static void calls_on_a_handle_take_turns(void **state)
{
	(void)state;
	request(SMB_FILE_NAMES, 0, "*", 100);
	other.next = NULL;
	f.open->turns = &other;
	f.on_park = leave;
	f.park_answer = NT_STATUS_SUCCESS;
	assert_int_equal(fake_run(&f), NT_STATUS_SUCCESS);
	assert_int_equal(f.parks, 1);
	assert_null(f.open->turns);
}

static void a_cancelled_call_leaves_the_line(void **state)
{
	(void)state;
	request(SMB_FILE_NAMES, 0, "*", 100);
	other.next = NULL;
	f.open->turns = &other;
	f.park_answer = NT_STATUS_CANCELLED;
	assert_int_equal(fake_run(&f), NT_STATUS_CANCELLED);
	assert_ptr_equal(f.open->turns, &other);
	assert_null(other.next);
	assert_int_equal(f.store.calls, 0);
	f.open->turns = NULL;
}

static void a_body_cut_anywhere_is_refused(void **state)
{
	(void)state;
	for (size_t length = 0; length < 34; length++) {
		request(SMB_FILE_NAMES, 0, "*", 100);
		assert_int_equal(fake_run_cut(&f, length),
				 NT_STATUS_INVALID_PARAMETER);
	}
}

#define TEST(name) cmocka_unit_test_setup_teardown(name, set_up, tear_down)

int main(void)
{
	const struct CMUnitTest tests[] = {
		TEST(entries_go_straight_into_the_answer),
		TEST(flags_and_pattern_reach_the_store),
		TEST(macos_asks_for_more),
		TEST(the_end_is_told_without_data),
		TEST(every_size_has_its_answer),
		TEST(refusals_in_their_order),
		TEST(calls_on_a_handle_take_turns),
		TEST(a_cancelled_call_leaves_the_line),
		TEST(a_body_cut_anywhere_is_refused),
	};

	return cmocka_run_group_tests(tests, NULL, NULL);
}
