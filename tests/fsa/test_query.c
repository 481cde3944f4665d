/* Facts of opens, and streams: MS-FSA 2.1.5.12. */
#include "tests/fsa/house.h"

HOUSE_TEST(an_open_tells_its_file_and_itself)
{
	struct smb_object *f, *d;
	struct smb_open_facts facts;

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
		struct smb_open_facts facts;

		yard_put(h->y, cases[i].name, "", 0);
		f = house_co_file(h, cases[i].name);
		facts = house_co_facts(f);
		assert_string_equal(house_text(facts.short_name),
				    cases[i].wanted);
		house_co_close(f);
	}
}

HOUSE_TEST(a_file_has_one_stream_and_a_directory_none)
{
	static const uint8_t wanted[38] = {
		0,   0, 0,   0, 14,  0, 0,   0, 3,   0, 0,   0,   0,
		0,   0, 0,   0, 0,   0, 0,   0, 0,   0, 0,   ':', 0,
		':', 0, '$', 0, 'D', 0, 'A', 0, 'T', 0, 'A', 0,
	};
	struct smb_object *f, *d = house_co_dir(h, "d");
	uint8_t bytes[64];
	uint32_t length = 77;

	yard_put(h->y, "f", "abc", 3);
	f = house_co_file(h, "f");
	assert_int_equal(fsa_object_ops.co_query_streams(f, bytes,
							 sizeof(bytes),
							 &length),
			 NT_STATUS_SUCCESS);
	assert_int_equal(length, sizeof(wanted));
	memset(bytes + 16, 0, 8); /* allocation is the disk's business */
	assert_memory_equal(bytes, wanted, sizeof(wanted));
	assert_int_equal(fsa_object_ops.co_query_streams(f, bytes, 37, &length),
			 NT_STATUS_BUFFER_OVERFLOW);
	assert_int_equal(fsa_object_ops.co_query_streams(d, bytes,
							 sizeof(bytes),
							 &length),
			 NT_STATUS_SUCCESS);
	assert_int_equal(length, 0);
	house_co_close(f);
	house_co_close(d);
}

int main(void)
{
	const struct CMUnitTest tests[] = {
		cmocka_unit_test(an_open_tells_its_file_and_itself),
		cmocka_unit_test(the_root_has_a_name_too),
		cmocka_unit_test(a_name_of_8_3_is_its_own_short_name),
		cmocka_unit_test(a_name_follows_renames_by_other_opens),
		cmocka_unit_test(a_file_has_one_stream_and_a_directory_none),
	};

	return cmocka_run_group_tests(tests, NULL, NULL);
}
