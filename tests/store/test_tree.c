/*
 * Trees: opened, counted, and what they say of themselves.
 */
#include "tests/store/yard.h"

#include <sys/statvfs.h>

static int try_open(const char *path)
{
	const struct store_options options = {};
	struct store_tree *tree = NULL;
	int err = store_tree_open(path, &options, &tree);

	store_tree_unref(tree);
	return err;
}

YARD_TEST(only_a_directory_is_a_tree)
{
	yard_put(y, "f", "", 0);
	assert_int_equal(0, try_open(y->root));
	assert_int_equal(-ENOTDIR, try_open(yard_path(y, "f")));
	assert_int_equal(-ENOENT, try_open(yard_path(y, "none")));
}

YARD_TEST(a_tree_keeps_its_options_and_owner)
{
	const struct store_options options = {
		.symlinks = STORE_SYMLINKS_SHOW,
		.read_path = STORE_READ_SPLICE,
		.is_read_only = true,
	};
	struct store_tree *tree = yard_tree(y, &options);
	uid_t uid = 1;
	gid_t gid = 1;

	assert_int_equal(STORE_SYMLINKS_SHOW,
			 store_tree_options(tree)->symlinks);
	assert_int_equal(STORE_READ_SPLICE,
			 store_tree_options(tree)->read_path);
	assert_true(store_tree_options(tree)->is_read_only);
	store_tree_owner(tree, &uid, &gid);
	assert_int_equal(geteuid(), uid);
	assert_int_equal(getegid(), gid);
	store_tree_unref(tree);
}

YARD_TEST(a_tree_lives_as_long_as_its_files)
{
	struct store_tree *tree = yard_tree(y, &(struct store_options){});
	struct store_file *root;
	struct store_stat st;

	assert_int_equal(0, store_co_open(tree, NULL, NULL, "", 0, 0, &root));
	assert_ptr_equal(tree, store_tree_ref(tree));
	store_tree_unref(tree);
	store_tree_unref(tree);
	assert_int_equal(0, store_co_stat(root, &st));
	assert_false(st.is_mount_root);
	assert_int_equal(-ENOENT, yard_co_try(store_file_tree(root), NULL,
					      "none", STORE_OPEN_READ));
	store_file_close(root);
	assert_null(store_tree_unref(NULL));
}

YARD_TEST(space_is_what_the_file_system_says)
{
	struct statvfs fs;
	struct store_space space;

	assert_int_equal(0, statvfs(y->root, &fs));
	assert_int_equal(0, store_co_space(y->tree, &space));
	assert_int_equal(fs.f_frsize, space.block_size);
	assert_int_equal(fs.f_blocks, space.blocks_total);
	assert_true(space.blocks_available <= space.blocks_free);
	assert_true(space.blocks_free <= space.blocks_total);
}

/* A file system below the root is marked; the root itself is not. */
YARD_TEST(what_is_mounted_below_shows_it)
{
	const struct store_options options = { .is_read_only = true };
	struct store_file *root;
	struct store_tree *tree;
	struct store_stat st;

	(void)y;
	assert_int_equal(0, store_tree_open("/", &options, &tree));
	assert_int_equal(0, store_co_open(tree, NULL, NULL, "", 0, 0, &root));
	assert_int_equal(0, store_co_stat_at(NULL, root, "proc", &st));
	assert_true(st.is_mount_root);
	assert_int_equal(0, store_co_stat_at(NULL, root, "etc", &st));
	assert_false(st.is_mount_root);
	store_file_close(root);
	store_tree_unref(tree);
}

YARD_TEST(trees_of_one_directory_have_the_same_root)
{
	const struct store_options options = { .is_read_only = true };
	struct store_tree *same = yard_tree(y, &options), *below;

	yard_mkdir(y, "sub");
	assert_int_equal(0, store_tree_open(yard_path(y, "sub"), &options,
					    &below));
	assert_true(store_tree_has_same_root(y->tree, same));
	assert_false(store_tree_has_same_root(y->tree, below));
	assert_int_equal(store_tree_root_hash(y->tree),
			 store_tree_root_hash(same));
	assert_int_not_equal(store_tree_root_hash(y->tree),
			     store_tree_root_hash(below));
	store_tree_unref(same);
	store_tree_unref(below);
}

int main(void)
{
	const struct CMUnitTest tests[] = {
		cmocka_unit_test(only_a_directory_is_a_tree),
		cmocka_unit_test(a_tree_keeps_its_options_and_owner),
		cmocka_unit_test(a_tree_lives_as_long_as_its_files),
		cmocka_unit_test(space_is_what_the_file_system_says),
		cmocka_unit_test(what_is_mounted_below_shows_it),
		cmocka_unit_test(trees_of_one_directory_have_the_same_root),
	};

	return cmocka_run_group_tests(tests, NULL, NULL);
}
