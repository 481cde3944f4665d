/*
 * Channel sequences, MS-SMB2 3.3.5.2.10 (RP-1, RP-2).
 */
#include <setjmp.h>
#include <stdarg.h>
#include <stddef.h>
#include <stdint.h>

#include <cmocka.h>

#include "smb/sequence.h"

static struct smb_sequence sequence;

static int start(void **state)
{
	(void)state;
	sequence = (struct smb_sequence){ .number = 0 };
	return 0;
}

static bool change(uint16_t number)
{
	struct smb_sequenced rq = { .number = number, .changes = true };
	bool may = smb_sequence_begin(&sequence, &rq);

	smb_sequence_end(&sequence, &rq);
	assert_int_equal(sequence.running, 0);
	assert_int_equal(sequence.running_before, 0);
	return may;
}

/* Compared modulo 2^16: half of the numbers are ahead. */
static void a_change_of_before_is_refused(void **state)
{
	static const struct {
		uint16_t number;
		bool may;
	} steps[] = {
		{ 0, true },       { 0x8000, false }, { 0x8001, false },
		{ 0xffff, false }, { 0x7fff, true },  { 0x7ffe, false },
		{ 0, false },      { 0x8000, true },  { 0xffff, true },
		{ 0, true },       { 1, true },       { 0, false },
		{ 1, true },       { 0xffff, false },
	};

	(void)state;
	for (size_t i = 0; i < sizeof(steps) / sizeof(steps[0]); i++)
		assert_int_equal(change(steps[i].number), steps[i].may);
}

static void what_changes_nothing_may_be_late(void **state)
{
	struct smb_sequenced rq = { .number = 0xffff };

	(void)state;
	assert_true(smb_sequence_begin(&sequence, &rq));
	assert_int_equal(sequence.number, 0);
	smb_sequence_end(&sequence, &rq);
}

/* The first may still run on the channel that was lost. */
static void a_replay_waits_for_those_before_it(void **state)
{
	struct smb_sequenced first = { .changes = true };
	struct smb_sequenced again = { .number = 1,
				       .is_replay = true,
				       .changes = true };

	(void)state;
	assert_true(smb_sequence_begin(&sequence, &first));
	assert_false(smb_sequence_begin(&sequence, &again));
	smb_sequence_end(&sequence, &again);
	smb_sequence_end(&sequence, &first);
	assert_true(smb_sequence_begin(&sequence, &again));
	smb_sequence_end(&sequence, &again);
}

/* A CHANGE_NOTIFY waits while the numbers come round. */
static void what_waits_long_is_counted_right(void **state)
{
	struct smb_sequenced notify = { .number = 0 };

	(void)state;
	assert_true(smb_sequence_begin(&sequence, &notify));
	for (uint32_t number = 30000; number <= 0x10000; number += 30000) {
		struct smb_sequenced rq = { .number = (uint16_t)number };

		smb_sequence_begin(&sequence, &rq);
		smb_sequence_end(&sequence, &rq);
	}
	struct smb_sequenced rq = { .number = 0 };

	smb_sequence_begin(&sequence, &rq);
	assert_int_equal(sequence.running_before, 1);
	smb_sequence_end(&sequence, &notify);
	smb_sequence_end(&sequence, &rq);
	assert_int_equal(sequence.running, 0);
	assert_int_equal(sequence.running_before, 0);
}

int main(void)
{
#define TEST(name) cmocka_unit_test_setup(name, start)
	const struct CMUnitTest tests[] = {
		TEST(a_change_of_before_is_refused),
		TEST(what_changes_nothing_may_be_late),
		TEST(a_replay_waits_for_those_before_it),
		TEST(what_waits_long_is_counted_right),
	};

	return cmocka_run_group_tests(tests, NULL, NULL);
}
