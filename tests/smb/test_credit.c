/*
 * The window of message ids: MS-SMB2 3.3.1.1, 3.3.1.2, 3.3.5.2.3.
 */
#include <setjmp.h>
#include <stdarg.h>
#include <stddef.h>
#include <stdint.h>

#include <cmocka.h>
#include <stdbool.h>
#include <string.h>

#include "smb/credit.h"

static struct smb_credits window;

static int start(void **state)
{
	(void)state;
	smb_credit_init(&window, 64);
	return 0;
}

static bool takes(uint64_t id, uint16_t charge)
{
	return smb_credit_take(&window, id, charge) == NT_STATUS_SUCCESS;
}

static void a_new_window_has_id_0_alone(void **state)
{
	(void)state;
	assert_false(takes(1, 1));
	assert_false(takes(0, 2));
	assert_true(takes(0, 1));
	assert_false(takes(0, 1));
	assert_false(takes(1, 1));
}

static void an_id_is_spent_once(void **state)
{
	(void)state;
	assert_int_equal(smb_credit_grant(&window, 9, 0), 9);
	assert_true(takes(3, 1));
	assert_false(takes(3, 1));
	assert_false(takes(2, 2));
	assert_false(takes(0, 10));
	assert_true(takes(0, 3));
	assert_true(takes(4, 6));
	assert_false(takes(9, 1));
	assert_int_equal(window.low, 10);
	assert_int_equal(window.range, 0);
}

static void a_charge_across_the_end_is_refused(void **state)
{
	(void)state;
	smb_credit_grant(&window, 3, 0);
	assert_false(takes(2, 3));
	assert_false(takes(4, 1));
	assert_false(takes(UINT64_MAX, 1));
	assert_false(takes(UINT64_MAX - 1, 3));
	assert_true(takes(2, 2));
}

static void a_refused_charge_leaves_the_window_as_it_was(void **state)
{
	struct smb_credits before;

	(void)state;
	smb_credit_grant(&window, 7, 0);
	takes(5, 1);
	before = window;
	assert_false(takes(4, 3));
	assert_false(takes(7, 2));
	assert_memory_equal(&window, &before, sizeof(window));
}

/* CR-2: what is asked for, up to the maximum of the window. */
static void no_more_is_granted_than_the_window_holds(void **state)
{
	(void)state;
	assert_int_equal(smb_credit_grant(&window, 1, 1000), 63);
	assert_int_equal(smb_credit_grant(&window, 1, 0), 0);
	assert_true(takes(0, 1));
	assert_int_equal(smb_credit_grant(&window, 1, 1000), 1);
}

/* smb2.credits.skipped_mid: an id that is left out holds the window. */
static void a_hole_stops_the_granting_until_it_is_filled(void **state)
{
	(void)state;
	smb_credit_grant(&window, 1, 1000);
	for (uint64_t id = 1; id < 64; id++) {
		assert_true(takes(id, 1));
		assert_int_equal(smb_credit_grant(&window, 1, 0), 0);
	}
	assert_true(takes(0, 1));
	assert_int_equal(window.range, 0);
	assert_int_equal(smb_credit_grant(&window, 1, 63), 64);
}

static void the_window_moves_on_for_ever(void **state)
{
	(void)state;
	uint64_t id = 0;

	for (int i = 0; i < 100000; i++) {
		uint16_t charge = (uint16_t)(1 + i % 3);

		smb_credit_grant(&window, charge, 4);
		assert_true(takes(id, charge));
		id += charge;
	}
	for (int i = 0; i < SMB_CREDITS_MAX / 64; i++)
		assert_true(window.spent[i] == 0);
}

/* CR-7: all ones is the id of break notices. */
static void the_last_id_is_never_granted(void **state)
{
	(void)state;
	window.low = UINT64_MAX - 3;
	window.range = 1;
	assert_int_equal(smb_credit_grant(&window, 1, 100), 2);
	assert_int_equal(smb_credit_grant(&window, 1, 100), 0);
	assert_true(takes(UINT64_MAX - 1, 1));
	assert_false(takes(UINT64_MAX, 1));
}

int main(void)
{
	const struct CMUnitTest tests[] = {
		cmocka_unit_test_setup(a_new_window_has_id_0_alone, start),
		cmocka_unit_test_setup(an_id_is_spent_once, start),
		cmocka_unit_test_setup(a_charge_across_the_end_is_refused,
				       start),
		cmocka_unit_test_setup(
			a_refused_charge_leaves_the_window_as_it_was, start),
		cmocka_unit_test_setup(no_more_is_granted_than_the_window_holds,
				       start),
		cmocka_unit_test_setup(
			a_hole_stops_the_granting_until_it_is_filled, start),
		cmocka_unit_test_setup(the_window_moves_on_for_ever, start),
		cmocka_unit_test_setup(the_last_id_is_never_granted, start),
	};

	return cmocka_run_group_tests(tests, NULL, NULL);
}
