/* Names that are the same but for case: MS-FSA 2.1.5.1, NM-4 and NM-7. */
#include "tests/fsa/desk.h"

#include "gateway/fsa/fold.h"

static const struct fsa_share share = { .maps_names = true };

static bool is_same(const char *a, const char *b)
{
	struct fsa_folded x, z;

	fsa_fold_disk(&share, a, &x);
	fsa_fold_disk(&share, b, &z);
	return fsa_folded_equal(&x, &z);
}

static void case_makes_no_difference_and_letters_do(void **state)
{
	(void)state;
	assert_true(is_same("Readme.TXT", "rEADME.txt"));
	assert_true(is_same("\xc3\xa4", "\xc3\x84")); /* ä Ä */
	assert_true(is_same("\xd0\xb6", "\xd0\x96")); /* ж Ж */
	assert_false(is_same("a", "\xc3\xa4"));
	assert_false(is_same("ab", "a"));
	assert_false(is_same("\xc3\x9f", "ss")); /* NTFS knows no ß = ss */
}

static void composed_and_decomposed_differ(void **state)
{
	(void)state;
	assert_false(is_same("\xc3\xa9", "e\xcc\x81"));
	assert_false(is_same("e", "e\xcc\x81"));
	assert_true(is_same("E\xcc\x81", "e\xcc\x81"));
}

static void bytes_that_are_no_text_fold_to_themselves(void **state)
{
	(void)state;
	assert_true(is_same("\xff\xe9x", "\xff\xe9X"));
	assert_false(is_same("\xff", "\xfe"));
	assert_true(is_same("\xed\xa0\x80x", "\xed\xa0\x80X"));
}

static void a_set_finds_what_it_holds_in_any_case(void **state)
{
	struct fsa_name_set set = { 0 };
	struct fsa_folded want;
	char name[32];

	(void)state;
	fsa_fold_disk(&share, "x", &want);
	assert_null(fsa_name_set_find(&set, &share, &want));
	for (int i = 0; i < 5000; i++) {
		snprintf(name, sizeof(name), "Name-%d", i);
		assert_true(fsa_name_set_add(&set, &share, name));
	}
	for (int i = 0; i < 5000; i++) {
		snprintf(name, sizeof(name), "nAME-%d", i);
		fsa_fold_disk(&share, name, &want);
		snprintf(name, sizeof(name), "Name-%d", i);
		assert_string_equal(name,
				    fsa_name_set_find(&set, &share, &want));
	}
	fsa_fold_disk(&share, "name-5000", &want);
	assert_null(fsa_name_set_find(&set, &share, &want));
	fsa_name_set_fini(&set);
}

static void of_several_the_first_is_found(void **state)
{
	struct fsa_name_set set = { 0 };
	struct fsa_folded want;

	(void)state;
	assert_true(fsa_name_set_add(&set, &share, "One"));
	assert_true(fsa_name_set_add(&set, &share, "oNE"));
	fsa_fold_disk(&share, "one", &want);
	assert_string_equal("One", fsa_name_set_find(&set, &share, &want));
	fsa_name_set_fini(&set);
}

static void a_name_that_was_removed_is_not_found(void **state)
{
	struct fsa_name_set set = { 0 };
	struct fsa_folded want;

	(void)state;
	fsa_name_set_remove(&set, &share, "One");
	assert_true(fsa_name_set_add(&set, &share, "One"));
	assert_true(fsa_name_set_add(&set, &share, "oNE"));
	fsa_fold_disk(&share, "one", &want);
	fsa_name_set_remove(&set, &share, "ONE");
	assert_string_equal("One", fsa_name_set_find(&set, &share, &want));
	fsa_name_set_remove(&set, &share, "One");
	assert_string_equal("oNE", fsa_name_set_find(&set, &share, &want));
	fsa_name_set_remove(&set, &share, "oNE");
	assert_null(fsa_name_set_find(&set, &share, &want));
	assert_true(fsa_name_set_add(&set, &share, "One"));
	assert_string_equal("One", fsa_name_set_find(&set, &share, &want));
	fsa_name_set_fini(&set);
}

int main(void)
{
	const struct CMUnitTest tests[] = {
		cmocka_unit_test(case_makes_no_difference_and_letters_do),
		cmocka_unit_test(composed_and_decomposed_differ),
		cmocka_unit_test(bytes_that_are_no_text_fold_to_themselves),
		cmocka_unit_test(a_set_finds_what_it_holds_in_any_case),
		cmocka_unit_test(of_several_the_first_is_found),
		cmocka_unit_test(a_name_that_was_removed_is_not_found),
	};

	return cmocka_run_group_tests(tests, NULL, NULL);
}
