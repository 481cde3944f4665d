/* Facts of opens: MS-FSA 2.1.5.12. */
#include "tests/fsa/house.h"

HOUSE_TEST(an_open_tells_its_file_and_itself)
{
	struct smb_object *f, *d;
	struct smb_open_facts facts = {};

	yard_mkdir(h->y, "Dir");
	yard_put(h->y, "Dir/File", "12345", 5);
	f = house_co_open(h, "dir\\file", FILE_GENERIC_READ, 0);
	facts = house_co_facts(f);
	assert_int_equal(facts.file.end_of_file, 5);
	assert_int_equal(facts.file.links, 1);
	assert_false(facts.file.is_directory);
	assert_int_equal(facts.granted, FILE_GENERIC_READ);
	assert_string_equal(house_text(facts.path), "\\Dir\\File");
	d = house_co_dir(h, "dir");
	facts = house_co_facts(d);
	assert_true(facts.file.is_directory);
	assert_int_equal(facts.file.end_of_file, 0);
	assert_string_equal(house_text(facts.path), "\\Dir");
	house_co_close(d);
	house_co_close(f);
}

HOUSE_TEST(the_root_has_a_name_too)
{
	struct smb_object *root = house_co_dir(h, "");

	assert_string_equal(house_text(house_co_facts(root).path), "\\");
	house_co_close(root);
}

HOUSE_TEST(a_name_follows_renames_by_other_opens)
{
	struct smb_object *a = house_co_file(h, "old");
	struct smb_object *b = house_co_file(h, "old");

	assert_int_equal(
		house_co_set(b, (struct smb_set){ .kind = SMB_SET_RENAME,
						  .name = house_name("new") }),
		NT_STATUS_SUCCESS);
	assert_string_equal(house_text(house_co_facts(a).path), "\\new");
	house_co_close(b);
	house_co_close(a);
}

HOUSE_TEST(a_name_of_8_3_is_its_own_short_name)
{
	static const struct {
		const char *name, *wanted;
	} cases[] = {
		{ "a", "a" },
		{ "Readme.TXT", "Readme.TXT" },
		{ "12345678.123", "12345678.123" },
		{ "123456789", "" },
		{ "a.1234", "" },
		{ "a.b.c", "" },
		{ "a b", "" },
		{ "a+b", "" },
		{ ".dot", "" },
	};

	for (size_t i = 0; i < sizeof(cases) / sizeof(cases[0]); i++) {
		struct smb_object *f;
		struct smb_open_facts facts = {};

		yard_put(h->y, cases[i].name, "", 0);
		f = house_co_file(h, cases[i].name);
		facts = house_co_facts(f);
		assert_string_equal(house_text(facts.short_name),
				    cases[i].wanted);
		house_co_close(f);
	}
}

int main(void)
{
	const struct CMUnitTest tests[] = {
		cmocka_unit_test(an_open_tells_its_file_and_itself),
		cmocka_unit_test(the_root_has_a_name_too),
		cmocka_unit_test(a_name_of_8_3_is_its_own_short_name),
		cmocka_unit_test(a_name_follows_renames_by_other_opens),
	};

	return cmocka_run_group_tests(tests, NULL, NULL);
}
