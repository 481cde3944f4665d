/*
 * Names in directories: made, removed, moved and linked, by whom it may be.
 */
#include "tests/store/yard.h"

#include <linux/fs.h>

static bool exists(const struct yard *y, const char *name)
{
	struct stat st;

	return !lstat(yard_path(y, name), &st);
}

YARD_TEST(names_are_made_moved_and_removed)
{
	struct store_file *root = yard_co_open(y, "", STORE_OPEN_PATH), *dir;
	struct stat st;

	assert_int_equal(0, store_co_mkdir(NULL, root, "dir", 0751));
	assert_int_equal(0, lstat(yard_path(y, "dir"), &st));
	assert_int_equal(S_IFDIR | 0751, st.st_mode);
	assert_int_equal(-EEXIST, store_co_mkdir(NULL, root, "dir", 0755));
	dir = yard_co_open(y, "dir", STORE_OPEN_PATH);
	yard_put(y, "a", "a", 1);
	assert_int_equal(0, store_co_rename(NULL, root, "a", dir, "b", 0));
	assert_false(exists(y, "a"));
	assert_true(exists(y, "dir/b"));
	assert_int_equal(-ENOTEMPTY, store_co_unlink(NULL, root, "dir", true));
	assert_int_equal(-EISDIR, store_co_unlink(NULL, root, "dir", false));
	assert_int_equal(-ENOTDIR, store_co_unlink(NULL, dir, "b", true));
	assert_int_equal(0, store_co_unlink(NULL, dir, "b", false));
	assert_int_equal(0, store_co_unlink(NULL, root, "dir", true));
	assert_int_equal(-ENOENT, store_co_mkdir(NULL, dir, "late", 0755));
	store_file_close(dir);
	store_file_close(root);
}

YARD_TEST(a_move_replaces_only_if_it_may)
{
	struct store_file *root = yard_co_open(y, "", STORE_OPEN_PATH);

	yard_put(y, "a", "a", 1);
	yard_put(y, "b", "b", 1);
	assert_int_equal(-EEXIST, store_co_rename(NULL, root, "a", root, "b",
						  RENAME_NOREPLACE));
	assert_true(exists(y, "a"));
	assert_int_equal(0, store_co_rename(NULL, root, "a", root, "b", 0));
	assert_false(exists(y, "a"));
	store_file_close(root);
}

YARD_TEST(a_file_gets_a_second_name)
{
	struct store_file *root = yard_co_open(y, "", STORE_OPEN_PATH);
	struct store_file *file;
	struct store_stat st, again;

	yard_put(y, "a", "a", 1);
	file = yard_co_open(y, "a", STORE_OPEN_PATH);
	assert_int_equal(0, store_co_link(NULL, file, root, "b"));
	assert_int_equal(-EEXIST, store_co_link(NULL, file, root, "b"));
	assert_int_equal(0, store_co_stat(file, &st));
	assert_int_equal(2, st.links);
	assert_int_equal(0, store_co_stat_at(NULL, root, "b", &again));
	assert_memory_equal(&st.key, &again.key, sizeof(st.key));
	store_file_close(file);
	/* Of a link it is the link that gets one. */
	yard_link(y, "../outside/secret", "out");
	file = yard_co_open(y, "out", STORE_OPEN_NOFOLLOW);
	assert_int_equal(0, store_co_link(NULL, file, root, "out2"));
	assert_int_equal(0, store_co_stat_at(NULL, root, "out2", &st));
	assert_true(S_ISLNK(st.mode));
	store_file_close(file);
	store_file_close(root);
}

YARD_TEST(a_symlink_is_made_as_told)
{
	struct store_file *root = yard_co_open(y, "", STORE_OPEN_PATH);
	char target[64] = "";

	assert_int_equal(0, store_co_symlink(NULL, root, "l", "../any/thing"));
	assert_int_equal(12, readlink(yard_path(y, "l"), target, 63));
	assert_string_equal("../any/thing", target);
	assert_int_equal(-EEXIST, store_co_symlink(NULL, root, "l", "x"));
	store_file_close(root);
}

/* Names lead into their directory and nowhere else. */
YARD_TEST(what_is_not_one_component_is_refused)
{
	static const char *const names[] = {
		"", ".", "..", "/", "a/b", "../outside/x", "a/", "/etc",
	};
	struct store_file *root = yard_co_open(y, "", STORE_OPEN_PATH);
	struct store_stat st;
	size_t i;

	yard_put(y, "a", "", 0);
	for (i = 0; i < sizeof(names) / sizeof(names[0]); i++) {
		const char *n = names[i];

		assert_int_equal(-EINVAL, store_co_mkdir(NULL, root, n, 0755));
		assert_int_equal(-EINVAL, store_co_unlink(NULL, root, n, true));
		assert_int_equal(-EINVAL,
				 store_co_unlink(NULL, root, n, false));
		assert_int_equal(-EINVAL,
				 store_co_rename(NULL, root, n, root, "b", 0));
		assert_int_equal(-EINVAL,
				 store_co_rename(NULL, root, "a", root, n, 0));
		assert_int_equal(-EINVAL, store_co_link(NULL, root, root, n));
		assert_int_equal(-EINVAL, store_co_symlink(NULL, root, n, "t"));
		assert_int_equal(-EINVAL, store_co_stat_at(NULL, root, n, &st));
	}
	store_file_close(root);
}

YARD_TEST(nothing_moves_from_tree_to_tree)
{
	struct store_tree *other = yard_tree(y, &(struct store_options){});
	struct store_file *here = yard_co_open(y, "", STORE_OPEN_PATH), *there;

	yard_put(y, "a", "a", 1);
	assert_int_equal(0, store_co_open(other, NULL, NULL, "",
					  STORE_OPEN_PATH, 0, &there));
	assert_int_equal(-EXDEV,
			 store_co_rename(NULL, here, "a", there, "b", 0));
	assert_int_equal(-EXDEV, store_co_link(NULL, here, there, "b"));
	store_file_close(here);
	store_file_close(there);
	store_tree_unref(other);
}

YARD_TEST(a_read_only_tree_keeps_its_names)
{
	struct store_tree *tree =
		yard_tree(y, &(struct store_options){ .is_read_only = true });
	struct store_file *root;

	yard_put(y, "a", "a", 1);
	assert_int_equal(0, store_co_open(tree, NULL, NULL, "", STORE_OPEN_PATH,
					  0, &root));
	assert_int_equal(-EROFS, store_co_mkdir(NULL, root, "d", 0755));
	assert_int_equal(-EROFS, store_co_unlink(NULL, root, "a", false));
	assert_int_equal(-EROFS,
			 store_co_rename(NULL, root, "a", root, "b", 0));
	assert_int_equal(-EROFS, store_co_link(NULL, root, root, "b"));
	assert_int_equal(-EROFS, store_co_symlink(NULL, root, "l", "a"));
	store_file_close(root);
	store_tree_unref(tree);
}

/* Each verb as a user, where the user may and where not. */
YARD_ROOT_TEST(each_verb_is_done_as_the_user)
{
	struct store_creds *ann = yard_creds(YARD_ANN);
	struct store_file *open, *shut, *file;
	struct store_stat st;

	yard_mkdir(y, "open");
	yard_mkdir(y, "shut");
	assert_int_equal(0, chmod(yard_path(y, "open"), 0777));
	yard_put(y, "shut/a", "a", 1);
	open = yard_co_open(y, "open", STORE_OPEN_PATH);
	shut = yard_co_open(y, "shut", STORE_OPEN_PATH);

	assert_int_equal(0, store_co_mkdir(ann, open, "dir", 0755));
	assert_int_equal(0, store_co_stat_at(ann, open, "dir", &st));
	assert_int_equal(YARD_ANN, st.uid);
	assert_int_equal(YARD_ANN, st.gid);
	assert_int_equal(0, store_co_symlink(ann, open, "link", "dir"));
	assert_int_equal(0, store_co_stat_at(ann, open, "link", &st));
	assert_int_equal(YARD_ANN, st.uid);
	yard_put(y, "open/own", "x", 1);
	assert_int_equal(0, chown(yard_path(y, "open/own"), YARD_ANN, 0));
	file = yard_co_open(y, "open/own", STORE_OPEN_PATH);
	assert_int_equal(0, store_co_link(ann, file, open, "second"));
	assert_int_equal(0, store_co_rename(ann, open, "second", open, "2", 0));
	assert_int_equal(0, store_co_unlink(ann, open, "2", false));

	assert_int_equal(-EACCES, store_co_mkdir(ann, shut, "dir", 0755));
	assert_int_equal(-EACCES, store_co_symlink(ann, shut, "l", "dir"));
	assert_int_equal(-EACCES, store_co_link(ann, file, shut, "l"));
	assert_int_equal(-EACCES, store_co_unlink(ann, shut, "a", false));
	assert_int_equal(-EACCES,
			 store_co_rename(ann, shut, "a", open, "a", 0));
	assert_int_equal(-EACCES,
			 store_co_rename(ann, open, "own", shut, "b", 0));
	assert_int_equal(0, chmod(yard_path(y, "shut"), 0700));
	assert_int_equal(-EACCES, store_co_stat_at(ann, shut, "a", &st));
	store_file_close(file);
	store_file_close(open);
	store_file_close(shut);
	store_creds_unref(ann);
}

YARD_TEST(fifos_and_sockets_are_made)
{
	struct store_file *dir = yard_co_open(y, "", STORE_OPEN_PATH);
	struct stat st;

	assert_int_equal(store_co_mknod(NULL, dir, "p", S_IFIFO | 0640), 0);
	assert_int_equal(lstat(yard_path(y, "p"), &st), 0);
	assert_true(S_ISFIFO(st.st_mode));
	assert_int_equal(store_co_mknod(NULL, dir, "s", S_IFSOCK | 0640), 0);
	assert_int_equal(store_co_mknod(NULL, dir, "s", S_IFSOCK | 0640),
			 -EEXIST);
	store_file_close(dir);
}

int main(void)
{
	const struct CMUnitTest tests[] = {
		cmocka_unit_test(names_are_made_moved_and_removed),
		cmocka_unit_test(fifos_and_sockets_are_made),
		cmocka_unit_test(a_move_replaces_only_if_it_may),
		cmocka_unit_test(a_file_gets_a_second_name),
		cmocka_unit_test(a_symlink_is_made_as_told),
		cmocka_unit_test(what_is_not_one_component_is_refused),
		cmocka_unit_test(nothing_moves_from_tree_to_tree),
		cmocka_unit_test(a_read_only_tree_keeps_its_names),
		cmocka_unit_test(each_verb_is_done_as_the_user),
	};

	return cmocka_run_group_tests(tests, NULL, NULL);
}
