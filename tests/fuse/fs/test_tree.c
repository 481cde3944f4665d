/* Names, links, directories and renames, as Linux has them; who keeps a node. */
#include "tests/fuse/cm.h"

#include <errno.h>
#include <fcntl.h>
#include <linux/fs.h>
#include <stdio.h>
#include <string.h>

#include "fuse/fs/tree.h"

static struct memfs_tree tree;
static struct memfs_node *root;

static int set_up(void **state)
{
	(void)state;
	assert_int_equal(memfs_tree_init(&tree, 1 << 20, 0, 0), 0);
	root = memfs_tree_node(&tree, MEMFS_ROOT);
	return 0;
}

static int tear_down(void **state)
{
	(void)state;
	memfs_tree_fini(&tree);
	return 0;
}

static struct memfs_node *make(struct memfs_node *dir, const char *name,
			       mode_t mode)
{
	const struct memfs_new what = { .mode = mode, .uid = 7, .gid = 8 };
	struct memfs_node *node;

	assert_int_equal(memfs_make(&tree, dir, name, &what, &node), 0);
	return node;
}

static struct memfs_node *file(struct memfs_node *dir, const char *name)
{
	return make(dir, name, S_IFREG | 0644);
}

static struct memfs_node *dir(struct memfs_node *in, const char *name)
{
	return make(in, name, S_IFDIR | 0755);
}

static bool is_at(struct memfs_node *in, const char *name,
		  const struct memfs_node *node)
{
	struct memfs_node *found;

	return memfs_lookup(&tree, in, name, &found) == 0 && found == node;
}

static void what_is_made_is_found(void **state)
{
	struct memfs_node *a = file(root, "a"), *found;

	(void)state;
	assert_true(is_at(root, "a", a));
	assert_int_equal(memfs_lookup(&tree, root, "A", &found), -ENOENT);
	assert_int_equal(memfs_lookup(&tree, a, "b", &found), -ENOTDIR);
	assert_int_equal(a->stat.st_uid, 7);
	assert_ptr_equal(memfs_tree_node(&tree, a->number), a);
	assert_null(memfs_tree_node(&tree, 0));
	assert_null(memfs_tree_node(&tree, 1000));
}

static void names_that_can_not_be_are_refused(void **state)
{
	const struct memfs_new what = { .mode = S_IFREG };
	struct memfs_node *node;
	char name[MEMFS_NAME_MAX + 2];

	(void)state;
	memset(name, 'n', sizeof(name) - 1);
	name[sizeof(name) - 1] = '\0';
	assert_int_equal(memfs_make(&tree, root, name, &what, &node),
			 -ENAMETOOLONG);
	assert_int_equal(memfs_make(&tree, root, "..", &what, &node), -EINVAL);
	assert_int_equal(memfs_make(&tree, root, "a/b", &what, &node), -EINVAL);
	file(root, "a");
	assert_int_equal(memfs_make(&tree, root, "a", &what, &node), -EEXIST);
}

static void a_set_group_id_directory_gives_its_group(void **state)
{
	struct memfs_node *d = make(root, "d", S_IFDIR | S_ISGID | 0755);

	(void)state;
	d->stat.st_gid = 99;

	assert_int_equal(file(d, "f")->stat.st_gid, 99);
	assert_int_equal(dir(d, "sub")->stat.st_mode & S_ISGID, S_ISGID);
}

static void links_are_counted(void **state)
{
	struct memfs_node *a = file(root, "a"), *d = dir(root, "d");

	(void)state;
	assert_int_equal(memfs_link(&tree, a, d, "b"), 0);
	assert_int_equal(a->stat.st_nlink, 2);
	assert_int_equal(root->stat.st_nlink, 3);
	assert_int_equal(memfs_link(&tree, d, root, "e"), -EPERM);
	assert_int_equal(memfs_remove(&tree, root, "a", false), 0);
	assert_int_equal(a->stat.st_nlink, 1);
	assert_int_equal(memfs_remove(&tree, root, "d", true), -ENOTEMPTY);
	assert_int_equal(memfs_remove(&tree, root, "d", false), -EISDIR);
	assert_int_equal(memfs_remove(&tree, d, "b", true), -ENOTDIR);
	assert_int_equal(memfs_remove(&tree, d, "b", false), 0);
	assert_int_equal(memfs_remove(&tree, root, "d", true), 0);
	assert_int_equal(root->stat.st_nlink, 2);
	assert_int_equal(tree.count, 1);
}

static void a_node_lives_while_it_is_told_or_open(void **state)
{
	struct memfs_node *a = file(root, "a");
	uint64_t number = a->number, generation = a->generation;

	(void)state;
	a->told = 2;
	a->opens = 1;
	assert_int_equal(memfs_data_write(&a->data, &tree.room, 0, "x", 1), 0);
	memfs_remove(&tree, root, "a", false);
	memfs_forget(&tree, a, 1);
	assert_ptr_equal(memfs_tree_node(&tree, number), a);
	memfs_forget(&tree, a, 1);
	assert_ptr_equal(memfs_tree_node(&tree, number), a);
	assert_int_equal(tree.room.used, 1);
	memfs_released(&tree, a);
	assert_null(memfs_tree_node(&tree, number));
	/* Its number comes back with another generation. */
	a = file(root, "b");
	assert_int_equal(a->number, number);
	assert_int_not_equal(a->generation, generation);
}

static void bytes_go_before_the_kernel_forgets(void **state)
{
	struct memfs_node *a = file(root, "a");

	(void)state;
	a->told = 1;
	assert_int_equal(memfs_data_write(&a->data, &tree.room, 0, "x", 1), 0);
	memfs_remove(&tree, root, "a", false);
	assert_int_equal(tree.room.used, 0);
	memfs_forget(&tree, a, 1);
}

static void nothing_is_made_in_what_was_removed(void **state)
{
	const struct memfs_new what = { .mode = S_IFREG };
	struct memfs_node *d = dir(root, "d"), *node;

	(void)state;
	d->told = 1;
	memfs_remove(&tree, root, "d", true);
	assert_int_equal(memfs_make(&tree, d, "f", &what, &node), -ENOENT);
	memfs_forget(&tree, d, 1);
}

static void a_rename_replaces(void **state)
{
	struct memfs_node *a = file(root, "a"), *d = dir(root, "d");

	(void)state;
	file(d, "b");
	assert_int_equal(memfs_rename(&tree, root, "a", d, "b", 0), 0);
	assert_true(is_at(d, "b", a));
	assert_int_equal(d->count, 1);
	assert_int_equal(tree.count, 3);
	assert_int_equal(memfs_rename(&tree, root, "a", d, "c", 0), -ENOENT);
}

static void a_rename_heeds_its_flags(void **state)
{
	struct memfs_node *a = file(root, "a"), *b = file(root, "b");
	struct memfs_node *d = dir(root, "d"), *sub = dir(d, "sub");

	(void)state;
	assert_int_equal(memfs_rename(&tree, root, "a", root, "b",
				      RENAME_NOREPLACE),
			 -EEXIST);
	assert_int_equal(memfs_rename(&tree, root, "a", root, "b",
				      RENAME_EXCHANGE),
			 0);
	assert_true(is_at(root, "a", b) && is_at(root, "b", a));
	assert_int_equal(memfs_rename(&tree, root, "a", root, "no",
				      RENAME_EXCHANGE),
			 -ENOENT);
	assert_int_equal(memfs_rename(&tree, root, "a", root, "x",
				      RENAME_WHITEOUT),
			 -EINVAL);
	/* A directory and a file change places. */
	assert_int_equal(memfs_rename(&tree, d, "sub", root, "a",
				      RENAME_EXCHANGE),
			 0);
	assert_true(is_at(root, "a", sub) && is_at(d, "sub", b));
	assert_ptr_equal(sub->parent, root);
	assert_int_equal(root->stat.st_nlink, 4);
	assert_int_equal(d->stat.st_nlink, 2);
}

static void kinds_do_not_replace_each_other(void **state)
{
	struct memfs_node *d = dir(root, "d");

	(void)state;
	file(root, "f");
	dir(root, "empty");
	file(d, "inside");
	assert_int_equal(memfs_rename(&tree, root, "f", root, "d", 0), -EISDIR);
	assert_int_equal(memfs_rename(&tree, root, "d", root, "f", 0),
			 -ENOTDIR);
	assert_int_equal(memfs_rename(&tree, root, "empty", root, "d", 0),
			 -ENOTEMPTY);
	assert_int_equal(memfs_rename(&tree, root, "d", root, "empty", 0), 0);
	assert_int_equal(root->stat.st_nlink, 3);
}

static void a_directory_does_not_go_into_itself(void **state)
{
	struct memfs_node *d = dir(root, "d"), *sub = dir(d, "sub");

	(void)state;
	assert_int_equal(memfs_rename(&tree, root, "d", sub, "x", 0), -EINVAL);
	assert_int_equal(memfs_rename(&tree, root, "d", d, "x", 0), -EINVAL);
	assert_int_equal(memfs_rename(&tree, d, "sub", root, "sub", 0), 0);
	assert_int_equal(memfs_rename(&tree, root, "d", sub, "d", 0), 0);
}

static void one_name_for_two_of_a_file_stays(void **state)
{
	struct memfs_node *a = file(root, "a");

	(void)state;
	memfs_link(&tree, a, root, "b");
	assert_int_equal(memfs_rename(&tree, root, "a", root, "b", 0), 0);
	assert_true(is_at(root, "a", a) && is_at(root, "b", a));
}

static void a_listing_goes_on_whatever_happens(void **state)
{
	struct memfs_node *node;
	uint64_t cookie = 0;
	char name[16];
	int seen = 0;

	(void)state;
	for (int i = 0; i < 100; i++) {
		snprintf(name, sizeof(name), "f%d", i);
		file(root, name);
	}
	/* Each is removed as soon as it is seen, and another one made. */
	while (seen < 100 && memfs_list(root, cookie, &cookie, &node)) {
		snprintf(name, sizeof(name), "f%d", seen);
		assert_true(is_at(root, name, node));
		assert_int_equal(memfs_remove(&tree, root, name, false), 0);
		snprintf(name, sizeof(name), "g%d", seen++);
		file(root, name);
	}
	assert_int_equal(seen, 100);
	assert_int_equal(root->count, 100);
}

int main(void)
{
	const struct CMUnitTest tests[] = {
		cmocka_unit_test_setup_teardown(what_is_made_is_found, set_up,
						tear_down),
		cmocka_unit_test_setup_teardown(
			names_that_can_not_be_are_refused, set_up, tear_down),
		cmocka_unit_test_setup_teardown(
			a_set_group_id_directory_gives_its_group, set_up,
			tear_down),
		cmocka_unit_test_setup_teardown(links_are_counted, set_up,
						tear_down),
		cmocka_unit_test_setup_teardown(
			a_node_lives_while_it_is_told_or_open, set_up,
			tear_down),
		cmocka_unit_test_setup_teardown(
			bytes_go_before_the_kernel_forgets, set_up, tear_down),
		cmocka_unit_test_setup_teardown(
			nothing_is_made_in_what_was_removed, set_up, tear_down),
		cmocka_unit_test_setup_teardown(a_rename_replaces, set_up,
						tear_down),
		cmocka_unit_test_setup_teardown(a_rename_heeds_its_flags,
						set_up, tear_down),
		cmocka_unit_test_setup_teardown(kinds_do_not_replace_each_other,
						set_up, tear_down),
		cmocka_unit_test_setup_teardown(
			a_directory_does_not_go_into_itself, set_up, tear_down),
		cmocka_unit_test_setup_teardown(
			one_name_for_two_of_a_file_stays, set_up, tear_down),
		cmocka_unit_test_setup_teardown(
			a_listing_goes_on_whatever_happens, set_up, tear_down),
	};

	return cmocka_run_group_tests(tests, NULL, NULL);
}
