/*
 * Tests suggest.c: which word somebody meant.
 */
#include <stdarg.h>
#include <stddef.h>

#include <setjmp.h>
#include <stdint.h>

#include <cmocka.h>

#include "gateway/suggest.h"

static const char *const words[] = { "signing",   "encryption", "listen",
				     "read-only", "name",       "uid" };

static const char *meant(const char *typed)
{
	return gw_suggest(typed, words, sizeof(words) / sizeof(words[0]));
}

static void slips_of_the_fingers_are_understood(void **state)
{
	(void)state;
	assert_string_equal(meant("sining"), "signing");
	assert_string_equal(meant("singing"), "signing");
	assert_string_equal(meant("encription"), "encryption");
	assert_string_equal(meant("lisetn"), "listen");
	assert_string_equal(meant("nmae"), "name");
}

static void case_and_joints_do_not_count(void **state)
{
	(void)state;
	assert_string_equal(meant("SIGNING"), "signing");
	assert_string_equal(meant("read_only"), "read-only");
	assert_string_equal(meant("readonly"), "read-only");
}

static void an_abbreviation_is_understood_if_it_is_the_only_one(void **state)
{
	static const char *const two[] = { "min_dialect", "min_other" };

	(void)state;
	assert_string_equal(meant("encr"), "encryption");
	assert_null(gw_suggest("min_", two, 2));
}

static void other_words_are_left_alone(void **state)
{
	(void)state;
	assert_null(meant("umbrella"));
	assert_null(meant(""));
	assert_null(meant("x"));
	assert_null(
		meant("a-word-that-is-far-too-long-to-be-one-of-ours-here"));
}

int main(void)
{
	const struct CMUnitTest tests[] = {
		cmocka_unit_test(slips_of_the_fingers_are_understood),
		cmocka_unit_test(case_and_joints_do_not_count),
		cmocka_unit_test(
			an_abbreviation_is_understood_if_it_is_the_only_one),
		cmocka_unit_test(other_words_are_left_alone),
	};

	return cmocka_run_group_tests(tests, NULL, NULL);
}
