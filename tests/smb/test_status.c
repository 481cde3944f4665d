/* Names of status values (MS-ERREF 2.3). */

#include <setjmp.h>
#include <stdarg.h>
#include <stddef.h>
#include <stdint.h>

#include <cmocka.h>

#include "smb/status.h"

static void every_status_has_its_name(void **state)
{
	(void)state;
#define CHECK(name, value)                                                \
	assert_string_equal(nt_status_name((enum nt_status)(int)(value)), \
			    #name);
	NT_STATUS_TABLE(CHECK)
#undef CHECK
}

static void an_unknown_status_is_a_question_mark(void **state)
{
	(void)state;
	assert_string_equal(nt_status_name((enum nt_status)0x12345678), "?");
}

static void severity_is_in_the_two_high_bits(void **state)
{
	(void)state;
	assert_true(nt_status_is_ok(NT_STATUS_SUCCESS));
	assert_true(nt_status_is_ok(NT_STATUS_PENDING));
	assert_false(nt_status_is_ok(NT_STATUS_BUFFER_OVERFLOW));
	assert_false(nt_status_is_error(NT_STATUS_BUFFER_OVERFLOW));
	assert_true(nt_status_is_error(NT_STATUS_ACCESS_DENIED));
}

int main(void)
{
	const struct CMUnitTest tests[] = {
		cmocka_unit_test(every_status_has_its_name),
		cmocka_unit_test(an_unknown_status_is_a_question_mark),
		cmocka_unit_test(severity_is_in_the_two_high_bits),
	};

	return cmocka_run_group_tests(tests, NULL, NULL);
}
