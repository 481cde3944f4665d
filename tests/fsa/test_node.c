/* The table of nodes, and the names that files are open by. */
#include "tests/fsa/desk.h"

static const struct store_key key_a = { 1, 10, 100 };
static const struct store_key key_b = { 1, 11, 100 };

YARD_TEST(a_key_has_one_node_as_long_as_somebody_holds_it)
{
	struct desk d;
	struct fsa_node *a, *b;

	desk_begin(&d, y);
	assert_null(fsa_node_find(d.fsa, y->tree, &key_a));
	a = fsa_node_get(d.fsa, y->tree, &key_a, "dir/a", false);
	assert_ptr_equal(a, fsa_node_get(d.fsa, y->tree, &key_a, "x", false));
	assert_ptr_equal(a, fsa_node_find(d.fsa, y->tree, &key_a));
	b = fsa_node_get(d.fsa, y->tree, &key_b, "dir/b", false);
	assert_ptr_not_equal(a, b);
	assert_int_equal(2, fsa_node_count(d.fsa));
	fsa_node_unref(b);
	for (int i = 0; i < 3; i++)
		fsa_node_unref(a);
	assert_int_equal(0, fsa_node_count(d.fsa));
	assert_null(fsa_node_unref(NULL));
	desk_end(&d);
}

/* Whatever their options; another directory's have their own. */
YARD_TEST(trees_of_one_directory_share_nodes)
{
	const struct store_options options = { .is_read_only = true };
	struct store_tree *other = yard_tree(y, &options), *apart;
	struct fsa_node *a, *b;
	struct desk d;

	desk_begin(&d, y);
	yard_mkdir(y, "sub");
	assert_int_equal(store_tree_open(yard_path(y, "sub"), &options, &apart),
			 0);
	a = fsa_node_get(d.fsa, y->tree, &key_a, "a", false);
	b = fsa_node_get(d.fsa, other, &key_a, "a", false);
	assert_ptr_equal(a, b);
	fsa_node_unref(b);
	b = fsa_node_get(d.fsa, apart, &key_a, "a", false);
	assert_ptr_not_equal(a, b);
	fsa_node_unref(a);
	fsa_node_unref(b);
	/* It keeps what it needs. */
	a = fsa_node_get(d.fsa, other, &key_a, "a", false);
	store_tree_unref(other);
	assert_true(store_tree_options(a->tree)->is_read_only);
	fsa_node_unref(a);
	store_tree_unref(apart);
	desk_end(&d);
}

static void expect_path(struct fsa_node *node, const char *expected)
{
	char *path = fsa_node_path(node);

	assert_string_equal(expected, path);
	free(path);
}

YARD_TEST(paths_follow_what_is_renamed)
{
	struct fsa_node *dir, *file, *beside;
	struct desk d;

	desk_begin(&d, y);
	dir = fsa_node_get(d.fsa, y->tree, &key_a, "dir", true);
	file = fsa_node_get(d.fsa, y->tree, &key_b, "dir/sub/f", false);
	beside = fsa_node_get(d.fsa, y->tree, &(struct store_key){ 1, 12, 1 },
			      "dirty", false);
	fsa_node_moved(d.fsa, y->tree, "dir", "new/place", true);
	expect_path(dir, "new/place");
	expect_path(file, "new/place/sub/f");
	expect_path(beside, "dirty");
	fsa_node_moved(d.fsa, y->tree, "new/place/sub/f", "g", false);
	expect_path(file, "g");
	fsa_node_unref(dir);
	fsa_node_unref(file);
	fsa_node_unref(beside);
	desk_end(&d);
}

static bool is_open_below(struct desk *d, struct store_tree *tree,
			  const char *path)
{
	struct fsa_node *node = fsa_node_below(d->fsa, tree, path);
	bool is = node;

	fsa_node_unref(node);
	return is;
}

YARD_TEST(opens_below_a_directory_are_seen)
{
	struct smb_object *dir, *file;
	struct desk d;

	desk_begin(&d, y);
	yard_mkdir(y, "dir");
	yard_mkdir(y, "dir/sub");
	yard_put(y, "dir/sub/f", "x", 1);
	dir = desk_co_open(d.volume, "dir", DESK_RW, DESK_ALL, FILE_OPEN, 0);
	assert_false(is_open_below(&d, y->tree, "dir"));
	assert_true(is_open_below(&d, y->tree, ""));
	file = desk_co_open(d.volume, "dir\\sub\\f", DESK_RW, DESK_ALL,
			    FILE_OPEN, 0);
	assert_true(is_open_below(&d, y->tree, "dir"));
	assert_true(is_open_below(&d, y->tree, "dir/sub"));
	assert_false(is_open_below(&d, y->tree, "di"));
	desk_co_close(file);
	desk_co_close(dir);
	desk_end(&d);
}

/* A file with two names: each open goes by the one that it was opened by. */
YARD_TEST(each_open_has_its_own_of_several_names)
{
	struct smb_object *first, *second;
	struct desk d;
	char *path;

	desk_begin(&d, y);
	yard_put(y, "one", "x", 1);
	assert_int_equal(0, link(yard_path(y, "one"), yard_path(y, "two")));
	first = desk_co_open(d.volume, "one", DESK_RW, DESK_ALL, FILE_OPEN, 0);
	second = desk_co_open(d.volume, "two", DESK_RW, DESK_ALL, FILE_OPEN, 0);
	assert_ptr_equal(fsa_open_of(first)->node, fsa_open_of(second)->node);
	fsa_node_moved(d.fsa, y->tree, "two", "three", false);
	path = fsa_open_path(fsa_open_of(first));
	assert_string_equal("one", path);
	free(path);
	path = fsa_open_path(fsa_open_of(second));
	assert_string_equal("three", path);
	free(path);
	desk_co_close(first);
	desk_co_close(second);
	desk_end(&d);
}

int main(void)
{
	const struct CMUnitTest tests[] = {
		cmocka_unit_test(
			a_key_has_one_node_as_long_as_somebody_holds_it),
		cmocka_unit_test(trees_of_one_directory_share_nodes),
		cmocka_unit_test(paths_follow_what_is_renamed),
		cmocka_unit_test(opens_below_a_directory_are_seen),
		cmocka_unit_test(each_open_has_its_own_of_several_names),
	};

	return cmocka_run_group_tests(tests, NULL, NULL);
}
