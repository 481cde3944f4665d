/* New names: MS-FSA 2.1.5.14.6 and 2.1.5.14.11. */
#include "gateway/fsa/change.h"
#include "gateway/fsa/turn.h"
#include "tests/fsa/house.h"

static enum nt_status co_name(struct smb_object *object, enum smb_set_kind kind,
			      const char *name, bool is_replace)
{
	return house_co_set(object,
			    (struct smb_set){ .kind = kind,
					      .name = house_name(name),
					      .is_replace = is_replace });
}

static enum nt_status co_rename(struct smb_object *object, const char *name)
{
	return co_name(object, SMB_SET_RENAME, name, false);
}

static enum nt_status co_replace(struct smb_object *object, const char *name)
{
	return co_name(object, SMB_SET_RENAME, name, true);
}

HOUSE_TEST(a_file_gets_another_name)
{
	struct smb_object *f = house_co_file(h, "old");

	assert_int_equal(co_rename(f, "new"), NT_STATUS_SUCCESS);
	assert_false(house_exists(h, "old"));
	assert_true(house_exists(h, "new"));
	assert_string_equal(house_text(house_co_facts(f).path), "\\new");
	house_co_close(f);
}

HOUSE_TEST(a_file_moves_to_another_directory)
{
	struct smb_object *f = house_co_file(h, "old");

	yard_mkdir(h->y, "Sub");
	assert_int_equal(co_rename(f, "sub\\new"), NT_STATUS_SUCCESS);
	assert_true(house_exists(h, "Sub/new"));
	assert_string_equal(house_text(house_co_facts(f).path), "\\Sub\\new");
	assert_int_equal(co_rename(f, "none\\new"),
			 NT_STATUS_OBJECT_PATH_NOT_FOUND);
	house_co_close(f);
}

HOUSE_TEST(only_the_case_changes)
{
	struct smb_object *f = house_co_file(h, "name");

	assert_int_equal(co_rename(f, "NAME"), NT_STATUS_SUCCESS);
	assert_false(house_exists(h, "name"));
	assert_true(house_exists(h, "NAME"));
	assert_int_equal(co_rename(f, "NAME"), NT_STATUS_SUCCESS);
	assert_string_equal(house_text(house_co_facts(f).path), "\\NAME");
	house_co_close(f);
}

HOUSE_TEST(a_directory_with_opens_below_stays)
{
	struct smb_object *d = house_co_dir(h, "d");
	struct smb_object *f = house_co_file(h, "d\\f");

	assert_int_equal(co_rename(d, "e"), NT_STATUS_ACCESS_DENIED);
	house_co_close(f);
	assert_int_equal(co_rename(d, "e"), NT_STATUS_SUCCESS);
	assert_true(house_exists(h, "e/f"));
	assert_int_equal(co_rename(d, "e\\sub"), NT_STATUS_ACCESS_DENIED);
	assert_int_equal(co_rename(d, "E"), NT_STATUS_SUCCESS);
	assert_true(house_exists(h, "E/f"));
	house_co_close(d);
}

HOUSE_TEST(a_rename_needs_delete_access)
{
	struct smb_object *f = house_co_open(h, "f", FILE_GENERIC_READ, 0);

	assert_int_equal(co_rename(f, "g"), NT_STATUS_ACCESS_DENIED);
	assert_true(house_exists(h, "f"));
	house_co_close(f);
}

HOUSE_TEST(what_is_there_is_replaced_only_if_asked)
{
	struct smb_object *f = house_co_file(h, "f");

	yard_put(h->y, "Other", "x", 1);
	yard_mkdir(h->y, "d");
	assert_int_equal(co_rename(f, "other"),
			 NT_STATUS_OBJECT_NAME_COLLISION);
	assert_int_equal(co_replace(f, "d"), NT_STATUS_ACCESS_DENIED);
	assert_int_equal(co_replace(f, "oTHER"), NT_STATUS_SUCCESS);
	assert_false(house_exists(h, "Other"));
	assert_true(house_exists(h, "oTHER"));
	assert_int_equal(house_co_facts(f).file.end_of_file, 0);
	house_co_close(f);
}

HOUSE_TEST(what_is_open_is_not_replaced)
{
	struct smb_object *f = house_co_file(h, "f");
	struct smb_object *g = house_co_file(h, "g");

	assert_int_equal(co_replace(f, "g"), NT_STATUS_ACCESS_DENIED);
	house_co_close(g);
	assert_int_equal(co_replace(f, "g"), NT_STATUS_SUCCESS);
	house_co_close(f);
}

HOUSE_TEST(what_is_read_only_is_not_replaced)
{
	struct smb_object *f = house_co_file(h, "f");

	yard_put(h->y, "g", "", 0);
	assert_int_equal(chmod(yard_path(h->y, "g"), 0444), 0);
	assert_int_equal(co_replace(f, "g"), NT_STATUS_ACCESS_DENIED);
	house_co_close(f);
}

HOUSE_TEST(a_name_of_the_same_file_is_not_another_file)
{
	struct smb_object *f;

	yard_put(h->y, "a", "x", 1);
	assert_int_equal(link(yard_path(h->y, "a"), yard_path(h->y, "b")), 0);
	f = house_co_file(h, "a");
	assert_int_equal(co_rename(f, "b"), NT_STATUS_OBJECT_NAME_COLLISION);
	assert_int_equal(co_replace(f, "b"), NT_STATUS_SUCCESS);
	assert_false(house_exists(h, "a"));
	assert_true(house_exists(h, "b"));
	house_co_close(f);
}

HOUSE_TEST(an_open_directory_may_stand_in_the_way)
{
	static const struct {
		uint32_t access, sharing;
		enum nt_status status;
	} cases[] = {
		{ FILE_ALL_ACCESS, HOUSE_SHARE_ALL,
		  NT_STATUS_SHARING_VIOLATION },
		{ FILE_GENERIC_READ, HOUSE_SHARE_ALL, NT_STATUS_SUCCESS },
		{ FILE_GENERIC_READ, FILE_SHARE_READ | FILE_SHARE_WRITE,
		  NT_STATUS_SUCCESS },
		{ FILE_GENERIC_READ, FILE_SHARE_READ,
		  NT_STATUS_SHARING_VIOLATION },
		{ FILE_GENERIC_READ | DELETE, HOUSE_SHARE_ALL,
		  NT_STATUS_SHARING_VIOLATION },
		{ SYNCHRONIZE | FILE_READ_ATTRIBUTES, 0, NT_STATUS_SUCCESS },
	};

	yard_mkdir(h->y, "d");
	for (size_t i = 0; i < sizeof(cases) / sizeof(cases[0]); i++) {
		struct smb_object *d = NULL, *f;
		struct smb_create how = {
			.name = house_name("d"),
			.access = cases[i].access,
			.sharing = cases[i].sharing,
			.disposition = FILE_OPEN,
			.options = FILE_DIRECTORY_FILE,
		};

		assert_int_equal(house_co_create(h, &how, &d),
				 NT_STATUS_SUCCESS);
		f = house_co_file(h, "d\\f");
		assert_int_equal(co_rename(f, "d\\g"), cases[i].status);
		house_co_close(f);
		house_co_close(d);
		(void)unlink(yard_path(h->y, "d/g"));
	}
}

HOUSE_TEST(bad_names_are_refused)
{
	struct smb_object *f = house_co_file(h, "f");

	assert_int_not_equal(co_rename(f, ""), NT_STATUS_SUCCESS);
	assert_int_equal(co_rename(f, "a*b"), NT_STATUS_OBJECT_NAME_INVALID);
	assert_int_not_equal(co_rename(f, "f:stream"), NT_STATUS_SUCCESS);
	assert_int_not_equal(co_rename(f, "..\\outside\\f"), NT_STATUS_SUCCESS);
	assert_true(house_exists(h, "f"));
	house_co_close(f);
}

HOUSE_TEST(the_root_and_the_doomed_keep_their_names)
{
	struct smb_object *root = house_co_dir(h, "");
	struct smb_object *f = house_co_file(h, "f");

	assert_int_equal(co_rename(root, "r"), NT_STATUS_ACCESS_DENIED);
	house_co_close(root);
	assert_int_equal(
		house_co_set(f, (struct smb_set){ .kind = SMB_SET_DISPOSITION,
						  .is_delete = true }),
		NT_STATUS_SUCCESS);
	assert_int_equal(co_rename(f, "g"), NT_STATUS_ACCESS_DENIED);
	house_co_close(f);
}

struct renaming {
	struct smb_object *object;
	enum nt_status status;
	bool is_over;
};

static void co_replace_apart(void *arg)
{
	struct renaming *r = arg;

	r->status = co_replace(r->object, "new");
	r->is_over = true;
}

/* One has the file moved on disk, and is about to say so; another comes. */
HOUSE_TEST(who_renames_what_is_being_renamed_comes_second)
{
	struct smb_object *f = house_co_file(h, "old");
	struct renaming r = { .object = f };
	char *to = strdup(yard_path(h->y, "new"));

	assert_non_null(to);
	fsa_turn_co_take(fsa_open_of(f)->node);
	assert_int_equal(rename(yard_path(h->y, "old"), to), 0);
	free(to);
	yard_put(h->y, "old", "another", 7);
	assert_non_null(loop_spawn(co_replace_apart, &r));
	assert_int_equal(loop_co_sleep(loop_ms(20)), 0);
	assert_false(r.is_over);
	fsa_changed_name(fsa_open_of(f), "old", "new");
	fsa_turn_give(fsa_open_of(f)->node);
	while (!r.is_over)
		assert_int_equal(loop_co_sleep(loop_ms(1)), 0);
	assert_int_equal(r.status, NT_STATUS_SUCCESS);
	assert_true(house_exists(h, "old"));
	assert_string_equal(house_text(house_co_facts(f).path), "\\new");
	house_co_close(f);
}

HOUSE_TEST(a_link_is_a_second_name)
{
	struct smb_object *f = house_co_file(h, "f");
	struct smb_object *d = house_co_dir(h, "d");

	assert_int_equal(co_name(f, SMB_SET_LINK, "g", false),
			 NT_STATUS_SUCCESS);
	assert_true(house_exists(h, "f"));
	assert_true(house_exists(h, "g"));
	assert_int_equal(house_co_facts(f).file.links, 2);
	assert_int_equal(co_name(f, SMB_SET_LINK, "g", false),
			 NT_STATUS_OBJECT_NAME_COLLISION);
	assert_int_equal(co_name(f, SMB_SET_LINK, "g", true),
			 NT_STATUS_SUCCESS);
	yard_put(h->y, "x", "xyz", 3);
	assert_int_equal(co_name(f, SMB_SET_LINK, "x", true),
			 NT_STATUS_SUCCESS);
	assert_int_equal(house_co_facts(f).file.links, 3);
	assert_int_equal(co_name(d, SMB_SET_LINK, "e", false),
			 NT_STATUS_FILE_IS_A_DIRECTORY);
	house_co_close(d);
	house_co_close(f);
}

int main(void)
{
	const struct CMUnitTest tests[] = {
		cmocka_unit_test(a_file_gets_another_name),
		cmocka_unit_test(a_file_moves_to_another_directory),
		cmocka_unit_test(only_the_case_changes),
		cmocka_unit_test(a_directory_with_opens_below_stays),
		cmocka_unit_test(a_rename_needs_delete_access),
		cmocka_unit_test(what_is_there_is_replaced_only_if_asked),
		cmocka_unit_test(what_is_open_is_not_replaced),
		cmocka_unit_test(what_is_read_only_is_not_replaced),
		cmocka_unit_test(a_name_of_the_same_file_is_not_another_file),
		cmocka_unit_test(an_open_directory_may_stand_in_the_way),
		cmocka_unit_test(bad_names_are_refused),
		cmocka_unit_test(the_root_and_the_doomed_keep_their_names),
		cmocka_unit_test(
			who_renames_what_is_being_renamed_comes_second),
		cmocka_unit_test(a_link_is_a_second_name),
	};

	return cmocka_run_group_tests(tests, NULL, NULL);
}
