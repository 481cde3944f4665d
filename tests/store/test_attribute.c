/*
 * Attributes: the same through any kind of open file, and only for whom they
 * may be.
 */
#include "tests/store/yard.h"

static bool has_xattr(const struct yard *y)
{
	if (store_tree_features(y->tree)->has_xattr)
		return true;
	print_message("this file system has no user attributes\n");
	return false;
}

/* Each kind of open file: how the descriptor was made must not matter. */
static const unsigned int kinds[] = {
	STORE_OPEN_PATH,
	STORE_OPEN_READ,
	STORE_OPEN_READ | STORE_OPEN_WRITE,
};

#define KINDS (sizeof(kinds) / sizeof(kinds[0]))

YARD_TEST(attributes_are_set_got_listed_and_removed)
{
	struct store_file *file;
	char got[64];
	size_t i;

	if (!has_xattr(y))
		return;
	for (i = 0; i < KINDS; i++) {
		yard_put(y, "f", "", 0);
		file = yard_co_open(y, "f", kinds[i]);
		assert_int_equal(-ENODATA,
				 store_co_xattr_get(NULL, file, "user.a", got,
						    sizeof(got)));
		assert_int_equal(0, store_co_xattr_set(NULL, file, "user.a",
						       "one", 3));
		assert_int_equal(0, store_co_xattr_set(NULL, file, "user.a",
						       "three", 5));
		assert_int_equal(0, store_co_xattr_set(NULL, file, "user.b", "",
						       0));
		assert_int_equal(5, store_co_xattr_get(NULL, file, "user.a",
						       got, sizeof(got)));
		assert_memory_equal("three", got, 5);
		assert_int_equal(5, store_co_xattr_get(NULL, file, "user.a",
						       NULL, 0));
		assert_int_equal(-ERANGE, store_co_xattr_get(NULL, file,
							     "user.a", got, 4));
		assert_int_equal(0, store_co_xattr_get(NULL, file, "user.b",
						       got, sizeof(got)));
		assert_int_equal(14, store_co_xattr_list(NULL, file, got,
							 sizeof(got)));
		assert_int_equal(14, store_co_xattr_list(NULL, file, NULL, 0));
		assert_int_equal(-ERANGE,
				 store_co_xattr_list(NULL, file, got, 13));
		assert_int_equal(0,
				 store_co_xattr_remove(NULL, file, "user.a"));
		assert_int_equal(-ENODATA,
				 store_co_xattr_remove(NULL, file, "user.a"));
		assert_int_equal(0,
				 store_co_xattr_remove(NULL, file, "user.b"));
		store_file_close(file);
	}
}

YARD_TEST(the_first_attribute_of_several_is_got)
{
	static const char *const names[] = { "user.a", "user.b", NULL };
	struct store_file *file;
	size_t which = 7;
	char got[8];

	if (!has_xattr(y))
		return;
	for (size_t i = 0; i < KINDS; i++) {
		yard_put(y, "f", "", 0);
		file = yard_co_open(y, "f", kinds[i]);
		(void)store_co_xattr_remove(NULL, file, "user.a");
		(void)store_co_xattr_remove(NULL, file, "user.b");
		assert_int_equal(-ENODATA,
				 store_co_xattr_first(NULL, file, names, got,
						      sizeof(got), &which));
		assert_int_equal(0, store_co_xattr_set(NULL, file, "user.b",
						       "two", 3));
		assert_int_equal(3, store_co_xattr_first(NULL, file, names, got,
							 sizeof(got), &which));
		assert_int_equal(1, which);
		assert_int_equal(0, store_co_xattr_set(NULL, file, "user.a",
						       "one one", 7));
		assert_int_equal(7, store_co_xattr_first(NULL, file, names, got,
							 sizeof(got), &which));
		assert_int_equal(0, which);
		assert_int_equal(-ERANGE,
				 store_co_xattr_first(NULL, file, names, got, 4,
						      &which));
		store_file_close(file);
	}
}

YARD_ROOT_TEST(attributes_are_changed_as_the_user)
{
	struct store_creds *ann = yard_creds(YARD_ANN);
	struct store_file *file;
	char got[8];
	size_t i;

	if (!has_xattr(y)) {
		store_creds_unref(ann);
		return;
	}
	yard_put(y, "f", "", 0);
	for (i = 0; i < KINDS; i++) {
		file = yard_co_open(y, "f", kinds[i]);
		assert_int_equal(0, chown(yard_path(y, "f"), 0, 0));
		assert_int_equal(0, chmod(yard_path(y, "f"), 0644));
		assert_int_equal(0, store_co_xattr_set(NULL, file, "user.a",
						       "x", 1));
		assert_int_equal(1, store_co_xattr_get(ann, file, "user.a", got,
						       8));
		assert_int_equal(-EACCES, store_co_xattr_set(ann, file,
							     "user.a", "y", 1));
		assert_int_equal(-EACCES,
				 store_co_xattr_remove(ann, file, "user.a"));
		assert_int_equal(0, chmod(yard_path(y, "f"), 0600));
		assert_int_equal(-EACCES, store_co_xattr_get(ann, file,
							     "user.a", got, 8));
		assert_int_equal(0, chown(yard_path(y, "f"), YARD_ANN, 0));
		assert_int_equal(0, store_co_xattr_set(ann, file, "user.a", "y",
						       1));
		store_file_close(file);
	}
	store_creds_unref(ann);
}

YARD_TEST(times_are_set_one_or_both)
{
	const struct timespec a = { 1000000000, 123456789 };
	const struct timespec b = { -1000, 5 };
	const struct timespec omit = { .tv_nsec = UTIME_OMIT };
	const struct timespec now = { .tv_nsec = UTIME_NOW };
	struct store_file *file;
	struct store_stat st;
	size_t i;

	for (i = 0; i < KINDS; i++) {
		yard_put(y, "f", "", 0);
		file = yard_co_open(y, "f", kinds[i]);
		assert_int_equal(0, store_co_set_times(NULL, file, &a, &b));
		assert_int_equal(0, store_co_stat(file, &st));
		assert_memory_equal(&a, &st.atime, sizeof(a));
		assert_int_equal(b.tv_sec, st.mtime.tv_sec);
		assert_int_equal(0, store_co_set_times(NULL, file, &omit, &a));
		assert_int_equal(0, store_co_stat(file, &st));
		assert_memory_equal(&a, &st.atime, sizeof(a));
		assert_memory_equal(&a, &st.mtime, sizeof(a));
		assert_int_equal(0,
				 store_co_set_times(NULL, file, &now, &omit));
		assert_int_equal(0, store_co_stat(file, &st));
		assert_true(st.atime.tv_sec > 1000000000);
		assert_memory_equal(&a, &st.mtime, sizeof(a));
		store_file_close(file);
	}
}

YARD_TEST(modes_and_owners_are_set)
{
	struct store_file *file;
	struct store_stat st;
	size_t i;

	for (i = 0; i < KINDS; i++) {
		yard_put(y, "f", "", 0);
		file = yard_co_open(y, "f", kinds[i]);
		assert_int_equal(0, store_co_set_mode(NULL, file, 0751));
		assert_int_equal(0, store_co_set_owner(NULL, file, (uid_t)-1,
						       getegid()));
		assert_int_equal(0, store_co_stat(file, &st));
		assert_int_equal(S_IFREG | 0751, st.mode);
		assert_int_equal(geteuid(), st.uid);
		assert_int_equal(getegid(), st.gid);
		store_file_close(file);
	}
}

YARD_ROOT_TEST(only_the_owner_changes_times_and_mode)
{
	const struct timespec t = { 1000000000, 0 };
	struct store_creds *ann = yard_creds(YARD_ANN);
	struct store_file *file;
	struct store_stat st;
	size_t i;

	for (i = 0; i < KINDS; i++) {
		yard_put(y, "f", "", 0);
		assert_int_equal(0, chown(yard_path(y, "f"), YARD_BOB, 0));
		file = yard_co_open(y, "f", kinds[i]);
		assert_int_equal(-EPERM, store_co_set_times(ann, file, &t, &t));
		assert_int_equal(-EPERM, store_co_set_mode(ann, file, 0777));
		assert_int_equal(-EPERM, store_co_set_owner(ann, file, YARD_ANN,
							    (gid_t)-1));
		assert_int_equal(0, store_co_set_owner(NULL, file, YARD_ANN,
						       (gid_t)-1));
		assert_int_equal(0, store_co_set_times(ann, file, &t, &t));
		assert_int_equal(0, store_co_set_mode(ann, file, 0700));
		assert_int_equal(0, store_co_set_owner(ann, file, (uid_t)-1,
						       YARD_ANN));
		assert_int_equal(0, store_co_stat(file, &st));
		assert_int_equal(YARD_ANN, st.uid);
		assert_int_equal(YARD_ANN, st.gid);
		store_file_close(file);
	}
	store_creds_unref(ann);
}

YARD_TEST(a_links_target_keeps_its_attributes)
{
	struct store_file *link;
	struct stat before, after;
	char got[8];

	yard_link(y, "../outside/secret", "l");
	assert_int_equal(0, stat(yard_path(y, "../outside/secret"), &before));
	link = yard_co_open(y, "l", STORE_OPEN_NOFOLLOW);
	assert_true(store_co_set_mode(NULL, link, 0777) < 0);
	assert_true(store_co_xattr_set(NULL, link, "user.a", "x", 1) < 0);
	assert_true(store_co_xattr_get(NULL, link, "user.a", got, 8) < 0);
	assert_int_equal(0, stat(yard_path(y, "../outside/secret"), &after));
	assert_int_equal(before.st_mode, after.st_mode);
	store_file_close(link);
}

YARD_TEST(a_read_only_tree_keeps_its_attributes)
{
	struct store_tree *tree =
		yard_tree(y, &(struct store_options){ .is_read_only = true });
	const struct timespec t = { 1, 1 };
	struct store_file *f;

	yard_put(y, "f", "", 0);
	assert_int_equal(0, store_co_open(tree, NULL, NULL, "f",
					  STORE_OPEN_READ, 0, &f));
	assert_int_equal(-EROFS, store_co_xattr_set(NULL, f, "user.a", "x", 1));
	assert_int_equal(-EROFS, store_co_xattr_remove(NULL, f, "user.a"));
	assert_int_equal(-EROFS, store_co_set_times(NULL, f, &t, &t));
	assert_int_equal(-EROFS, store_co_set_mode(NULL, f, 0));
	assert_int_equal(-EROFS, store_co_set_owner(NULL, f, 1, 1));
	store_file_close(f);
	store_tree_unref(tree);
}

int main(void)
{
	const struct CMUnitTest tests[] = {
		cmocka_unit_test(attributes_are_set_got_listed_and_removed),
		cmocka_unit_test(the_first_attribute_of_several_is_got),
		cmocka_unit_test(attributes_are_changed_as_the_user),
		cmocka_unit_test(times_are_set_one_or_both),
		cmocka_unit_test(modes_and_owners_are_set),
		cmocka_unit_test(only_the_owner_changes_times_and_mode),
		cmocka_unit_test(a_links_target_keeps_its_attributes),
		cmocka_unit_test(a_read_only_tree_keeps_its_attributes),
	};

	return cmocka_run_group_tests(tests, NULL, NULL);
}
