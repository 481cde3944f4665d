/* When a write shows: MS-FSA 2.1.5.4, 2.1.5.7 and what Windows does. */
#include <stdarg.h>
#include <stddef.h>

#include <setjmp.h>
#include <stdint.h>

#include <cmocka.h>

#include "gateway/fsa/write_time.h"

#define SECOND UINT64_C(1000000000)

enum {
	OLD = 100,
	NEW = 200,
	NEWER = 300,
};

static void a_first_write_shows_after_two_seconds(void **state)
{
	struct fsa_write_time wt = {};

	(void)state;
	assert_int_equal(fsa_write_time_shown(&wt, OLD, SECOND), OLD);
	assert_true(fsa_write_time_asks(&wt, SECOND));
	fsa_write_time_wrote(&wt, OLD, SECOND);
	assert_int_equal(fsa_write_time_shown(&wt, NEW, SECOND), OLD);
	assert_int_equal(fsa_write_time_shown(&wt, NEW, 3 * SECOND - 1), OLD);
	assert_int_equal(fsa_write_time_shown(&wt, NEW, 3 * SECOND), NEW);
	assert_false(fsa_write_time_close(&wt));
}

static void writes_in_between_change_nothing(void **state)
{
	struct fsa_write_time wt = {};

	(void)state;
	fsa_write_time_wrote(&wt, OLD, SECOND);
	assert_false(fsa_write_time_asks(&wt, 2 * SECOND));
	fsa_write_time_wrote(&wt, 0, 2 * SECOND);
	assert_int_equal(fsa_write_time_shown(&wt, NEW, 2 * SECOND), OLD);
	assert_int_equal(fsa_write_time_shown(&wt, NEW, 3 * SECOND), NEW);
}

static void later_writes_show_when_it_is_closed(void **state)
{
	struct fsa_write_time wt = {};

	(void)state;
	fsa_write_time_wrote(&wt, OLD, SECOND);
	assert_true(fsa_write_time_asks(&wt, 4 * SECOND));
	fsa_write_time_wrote(&wt, NEW, 4 * SECOND);
	assert_int_equal(fsa_write_time_shown(&wt, NEWER, 9 * SECOND), NEW);
	assert_false(fsa_write_time_asks(&wt, 9 * SECOND));
	assert_true(fsa_write_time_close(&wt));
	assert_int_equal(fsa_write_time_shown(&wt, NEWER, 9 * SECOND), NEWER);
}

static void what_settles_it_shows_it_at_once(void **state)
{
	struct fsa_write_time wt = {};

	(void)state;
	fsa_write_time_settle(&wt);
	assert_false(wt.was_settled);
	fsa_write_time_wrote(&wt, OLD, SECOND);
	fsa_write_time_settle(&wt);
	assert_int_equal(fsa_write_time_shown(&wt, NEW, SECOND), NEW);
	fsa_write_time_wrote(&wt, NEW, 2 * SECOND);
	assert_int_equal(fsa_write_time_shown(&wt, NEWER, 9 * SECOND), NEW);
	fsa_write_time_settle(&wt);
	assert_int_equal(fsa_write_time_shown(&wt, NEWER, 9 * SECOND), NEWER);
	assert_false(fsa_write_time_close(&wt));
}

static void a_close_begins_anew(void **state)
{
	struct fsa_write_time wt = {};

	(void)state;
	fsa_write_time_wrote(&wt, OLD, SECOND);
	assert_false(fsa_write_time_close(&wt));
	fsa_write_time_wrote(&wt, NEW, 9 * SECOND);
	assert_int_equal(fsa_write_time_shown(&wt, NEWER, 9 * SECOND), NEW);
	assert_int_equal(fsa_write_time_shown(&wt, NEWER, 11 * SECOND), NEWER);
}

int main(void)
{
	const struct CMUnitTest tests[] = {
		cmocka_unit_test(a_first_write_shows_after_two_seconds),
		cmocka_unit_test(writes_in_between_change_nothing),
		cmocka_unit_test(later_writes_show_when_it_is_closed),
		cmocka_unit_test(what_settles_it_shows_it_at_once),
		cmocka_unit_test(a_close_begins_anew),
	};

	return cmocka_run_group_tests(tests, NULL, NULL);
}
