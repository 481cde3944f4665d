/*
 * Lists of extended attributes from outside (MS-FSCC FileFullEaInformation).
 */
#include <setjmp.h>
#include <stdarg.h>
#include <stddef.h>
#include <stdint.h>

#include <cmocka.h>
#include <string.h>

#include "smb/wire/info.h"

static const uint8_t two[] = {
	20,  0,   0, 0,   0,    5,   6,   0,   'E', 'A', 'O',
	'N', 'E', 0, 'V', 'A',  'L', 'U', 'E', '1', /* the second begins at 20 */
	0,   0,   0, 0,   0x80, 1,   0,   0,   'B', 0,
};

static enum nt_status check(const uint8_t *list, size_t length)
{
	return smb_ea_list_check((struct bytes){ list, length });
}

static void a_chain_of_two_is_good(void **state)
{
	(void)state;
	assert_int_equal(check(two, sizeof(two)), NT_STATUS_SUCCESS);
}

static void a_list_cut_anywhere_is_bad(void **state)
{
	(void)state;
	for (size_t length = 0; length < sizeof(two); length++)
		assert_int_equal(check(two, length),
				 NT_STATUS_EA_LIST_INCONSISTENT);
}

static void bad_geometry_is_refused(void **state)
{
	static const struct {
		uint8_t at, value;
	} faults[] = {
		{ 0, 16 },   /* the next begins inside this one */
		{ 0, 21 },   /* unaligned */
		{ 0, 28 },   /* behind what is there */
		{ 3, 0x80 }, /* far behind */
		{ 4, 1 },    /* an unknown flag */
		{ 5, 4 },    /* no NUL behind the name */
		{ 7, 1 },    /* a value that is too long */
		{ 13, 1 },   /* no NUL */
	};

	(void)state;
	for (size_t i = 0; i < sizeof(faults) / sizeof(faults[0]); i++) {
		uint8_t bad[sizeof(two)];

		memcpy(bad, two, sizeof(two));
		bad[faults[i].at] = faults[i].value;
		assert_int_equal(check(bad, sizeof(bad)),
				 NT_STATUS_EA_LIST_INCONSISTENT);
	}
}

static void names_have_no_forbidden_characters(void **state)
{
	static const char forbidden[] = "\\/:*?\"<>|,+=[];\x01\x1f";

	(void)state;
	for (size_t i = 0; i < sizeof(forbidden) - 1; i++) {
		uint8_t bad[sizeof(two)];

		memcpy(bad, two, sizeof(two));
		bad[10] = (uint8_t)forbidden[i];
		assert_int_equal(check(bad, sizeof(bad)),
				 NT_STATUS_INVALID_EA_NAME);
	}
}

static void a_name_is_not_empty(void **state)
{
	static const uint8_t in[] = { 0, 0, 0, 0, 0, 0, 1, 0, 0, 'v' };

	(void)state;
	assert_int_equal(check(in, sizeof(in)), NT_STATUS_INVALID_EA_NAME);
}

int main(void)
{
	const struct CMUnitTest tests[] = {
		cmocka_unit_test(a_chain_of_two_is_good),
		cmocka_unit_test(a_list_cut_anywhere_is_bad),
		cmocka_unit_test(bad_geometry_is_refused),
		cmocka_unit_test(names_have_no_forbidden_characters),
		cmocka_unit_test(a_name_is_not_empty),
	};

	return cmocka_run_group_tests(tests, NULL, NULL);
}
