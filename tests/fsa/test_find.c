/* Finding a name whatever its case: MS-FSA 2.1.5.1, NM-4, NM-7, NM-8. */
#include "tests/fsa/desk.h"

static enum nt_status co_expect(struct desk *d, const char *path,
				const char *spelled, bool exists)
{
	struct fsa_found found;
	enum nt_status status =
		fsa_co_find(fsa_volume_of(d->volume), path, &found);

	if (!nt_status_is_ok(status))
		return status;
	assert_string_equal(spelled, found.path);
	assert_int_equal(exists, found.exists);
	if (*found.path)
		assert_string_equal(strrchr(found.path, '/')
					    ? strrchr(found.path, '/') + 1
					    : found.path,
				    found.leaf);
	fsa_found_fini(&found);
	return status;
}

YARD_TEST(names_are_found_in_any_case_and_told_as_they_are)
{
	struct desk d;

	desk_begin(&d, y);
	yard_mkdir(y, "Dir");
	yard_mkdir(y, "Dir/\xc3\x84rger");
	yard_put(y, "Dir/\xc3\x84rger/File.TXT", "x", 1);
	assert_int_equal(0, co_expect(&d, "", "", true));
	assert_int_equal(0, co_expect(&d, "Dir", "Dir", true));
	assert_int_equal(0, co_expect(&d, "DIR", "Dir", true));
	assert_int_equal(0, co_expect(&d, "dir/\xc3\xa4rger/file.txt",
				      "Dir/\xc3\x84rger/File.TXT", true));
	assert_int_equal(0, co_expect(&d, "dir/\xc3\xa4RGER/New.Txt",
				      "Dir/\xc3\x84rger/New.Txt", false));
	desk_end(&d);
}

YARD_TEST(the_exact_name_is_taken_before_others)
{
	struct desk d;

	desk_begin(&d, y);
	yard_put(y, "name", "x", 1);
	yard_put(y, "NAME", "x", 1);
	assert_int_equal(0, co_expect(&d, "NAME", "NAME", true));
	assert_int_equal(0, co_expect(&d, "name", "name", true));
	desk_end(&d);
}

YARD_TEST(a_missing_parent_is_a_missing_path)
{
	struct desk d;

	desk_begin(&d, y);
	yard_put(y, "file", "x", 1);
	assert_int_equal(NT_STATUS_OBJECT_PATH_NOT_FOUND,
			 co_expect(&d, "no/leaf", "", false));
	assert_int_equal(NT_STATUS_OBJECT_PATH_NOT_FOUND,
			 co_expect(&d, "no/such/leaf", "", false));
	assert_int_equal(NT_STATUS_OBJECT_PATH_NOT_FOUND,
			 co_expect(&d, "file/leaf", "", false));
	assert_int_equal(NT_STATUS_OBJECT_PATH_NOT_FOUND,
			 co_expect(&d, "FILE/leaf", "", false));
	assert_int_equal(0, co_expect(&d, "no", "no", false));
	desk_end(&d);
}

YARD_TEST(a_case_sensitive_share_finds_exact_names_alone)
{
	struct desk d;

	desk_begin(&d, y);
	d.share.is_case_sensitive = true;
	yard_put(y, "File", "x", 1);
	assert_int_equal(0, co_expect(&d, "file", "file", false));
	assert_int_equal(0, co_expect(&d, "File", "File", true));
	desk_end(&d);
}

YARD_TEST(composed_and_decomposed_names_are_two)
{
	struct desk d;

	desk_begin(&d, y);
	yard_put(y, "cafe\xcc\x81", "x", 1);
	assert_int_equal(0, co_expect(&d, "caf\xc3\xa9", "caf\xc3\xa9", false));
	assert_int_equal(0,
			 co_expect(&d, "CAFE\xcc\x81", "cafe\xcc\x81", true));
	desk_end(&d);
}

/* What is remembered of a directory must not outlive it. */
YARD_TEST(changes_behind_our_back_are_seen)
{
	struct desk d;
	char name[16], other[16];

	desk_begin(&d, y);
	for (int i = 0; i < 50; i++) {
		snprintf(name, sizeof(name), "File-%d", i);
		snprintf(other, sizeof(other), "fILE-%d", i);
		assert_int_equal(0, co_expect(&d, other, other, false));
		yard_put(y, name, "x", 1);
		assert_int_equal(0, co_expect(&d, other, name, true));
		assert_int_equal(0, unlink(yard_path(y, name)));
		assert_int_equal(0, co_expect(&d, other, other, false));
	}
	desk_end(&d);
}

/* Our own new files must neither cost a listing each nor be missed. */
YARD_TEST(names_that_we_add_are_known_at_once)
{
	struct desk d;
	char name[16];

	desk_begin(&d, y);
	for (int i = 0; i < 100; i++) {
		snprintf(name, sizeof(name), "old-%d", i);
		yard_put(y, name, "x", 1);
	}
	for (int i = 0; i < 200; i++) {
		snprintf(name, sizeof(name), "New-%d", i);
		desk_co_close(desk_co_open(d.volume, name, DESK_RW, DESK_ALL,
					   FILE_CREATE, 0));
		snprintf(name, sizeof(name), "nEW-%d", i);
		assert_int_equal(NT_STATUS_OBJECT_NAME_COLLISION,
				 desk_co_try(d.volume, name, DESK_RW, DESK_ALL,
					     FILE_CREATE, 0));
	}
	assert_int_equal(0, co_expect(&d, "NEW-0", "New-0", true));
	desk_end(&d);
}

static uint64_t asked(void)
{
	const struct loop_counters *counters = loop_counters(loop_current());

	return counters->submitted + counters->hand_calls;
}

static uint64_t co_cost_of_a_short_life(struct desk *d, int i)
{
	uint64_t before = asked();
	char name[16];

	snprintf(name, sizeof(name), "New-%d", i);
	desk_co_close(desk_co_open(d->volume, name, DESK_RW | DELETE, DESK_ALL,
				   FILE_CREATE, FILE_DELETE_ON_CLOSE));
	return asked() - before;
}

/* Those that we remove are gone, and cost no listing of all the others. */
YARD_TEST(names_that_we_remove_are_forgotten_at_once)
{
	enum {
		OLD = 3000,
		ROUNDS = 50
	};
	struct desk d;
	char name[16];
	uint64_t first, later = 0;

	desk_begin(&d, y);
	for (int i = 0; i < OLD; i++) {
		snprintf(name, sizeof(name), "old-%d", i);
		yard_put(y, name, "", 0);
	}
	loop_co_sleep(loop_ms(150));
	first = co_cost_of_a_short_life(&d, 0);
	for (int i = 1; i <= ROUNDS; i++) {
		later += co_cost_of_a_short_life(&d, i);
		snprintf(name, sizeof(name), "nEW-%d", i);
		assert_int_equal(0, co_expect(&d, name, name, false));
	}
	/* The first one has to list. */
	assert_true(later / ROUNDS + 3 <= first);
	desk_end(&d);
}

/* What was not known before is not taken for known because of it. */
YARD_TEST(what_we_remove_hides_no_change_behind_our_back)
{
	struct desk d;

	desk_begin(&d, y);
	yard_put(y, "one", "", 0);
	yard_put(y, "two", "", 0);
	loop_co_sleep(loop_ms(150));
	assert_int_equal(0, co_expect(&d, "THREE", "THREE", false));
	yard_put(y, "three", "", 0);
	desk_co_close(desk_co_open(d.volume, "one", DESK_RW | DELETE, DESK_ALL,
				   FILE_OPEN, FILE_DELETE_ON_CLOSE));
	assert_int_equal(0, co_expect(&d, "THREE", "three", true));
	assert_int_equal(0, co_expect(&d, "ONE", "ONE", false));
	desk_end(&d);
}

YARD_TEST(many_directories_are_remembered_and_forgotten)
{
	struct desk d;
	char name[32], spelled[32];

	desk_begin(&d, y);
	for (int round = 0; round < 3; round++) {
		for (int i = 0; i < 40; i++) {
			snprintf(spelled, sizeof(spelled), "Dir-%d", i);
			if (!round)
				yard_mkdir(y, spelled);
			snprintf(spelled, sizeof(spelled), "Dir-%d/F", i);
			if (!round)
				yard_put(y, spelled, "x", 1);
			snprintf(name, sizeof(name), "dIR-%d/f", i);
			assert_int_equal(0, co_expect(&d, name, spelled, true));
		}
	}
	desk_end(&d);
}

YARD_TEST(a_shown_link_on_the_way_is_named)
{
	const struct store_options options = { .symlinks =
						       STORE_SYMLINKS_SHOW };
	struct fsa_found found;
	struct desk d;

	desk_begin(&d, y);
	d.share.tree = yard_tree(y, &options);
	yard_mkdir(y, "dir");
	yard_mkdir(y, "dir/sub");
	yard_put(y, "dir/sub/f", "x", 1);
	yard_link(y, "sub", "dir/Link");
	assert_int_equal(NT_STATUS_STOPPED_ON_SYMLINK,
			 fsa_co_find(fsa_volume_of(d.volume), "dir/link/f",
				     &found));
	assert_string_equal("dir/Link/f", found.path);
	assert_int_equal(strlen("dir/Link"), found.link_length);
	assert_non_null(found.dir);
	fsa_found_fini(&found);
	desk_end(&d);
	store_tree_unref(d.share.tree);
}

YARD_ROOT_TEST(nothing_is_found_where_the_user_may_not_go)
{
	struct desk d;

	desk_begin(&d, y);
	fsa_object_ops.disconnect(d.volume);
	d.volume = desk_volume(&d, YARD_ANN);
	yard_mkdir(y, "Shut");
	yard_put(y, "Shut/f", "x", 1);
	assert_int_equal(0, chmod(yard_path(y, "Shut"), 0700));
	assert_int_equal(NT_STATUS_ACCESS_DENIED,
			 co_expect(&d, "Shut/f", "", false));
	/* Searchable but not readable: exact names alone. */
	assert_int_equal(0, chmod(yard_path(y, "Shut"), 0711));
	assert_int_equal(0, co_expect(&d, "Shut/f", "Shut/f", true));
	assert_int_equal(0, co_expect(&d, "shut/F", "Shut/F", false));
	desk_end(&d);
}

int main(void)
{
	const struct CMUnitTest tests[] = {
		cmocka_unit_test(
			names_are_found_in_any_case_and_told_as_they_are),
		cmocka_unit_test(the_exact_name_is_taken_before_others),
		cmocka_unit_test(a_missing_parent_is_a_missing_path),
		cmocka_unit_test(
			a_case_sensitive_share_finds_exact_names_alone),
		cmocka_unit_test(composed_and_decomposed_names_are_two),
		cmocka_unit_test(changes_behind_our_back_are_seen),
		cmocka_unit_test(names_that_we_add_are_known_at_once),
		cmocka_unit_test(names_that_we_remove_are_forgotten_at_once),
		cmocka_unit_test(
			what_we_remove_hides_no_change_behind_our_back),
		cmocka_unit_test(many_directories_are_remembered_and_forgotten),
		cmocka_unit_test(a_shown_link_on_the_way_is_named),
		cmocka_unit_test(nothing_is_found_where_the_user_may_not_go),
	};

	return cmocka_run_group_tests(tests, NULL, NULL);
}
