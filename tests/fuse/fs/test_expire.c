/* Old files go and are told; what is open, new or a directory stays. */
#include "tests/fuse/cm.h"

#include <string.h>

#include "fuse/fs/expire.h"

struct told {
	unsigned int count;
	uint64_t parent, number;
	char name[MEMFS_NAME_MAX + 1];
};

static void tell(void *context, uint64_t parent, uint64_t number,
		 const char *name)
{
	struct told *told = context;

	told->count++;
	told->parent = parent;
	told->number = number;
	strcpy(told->name, name);
}

static struct memfs_node *make(struct memfs_tree *tree, struct memfs_node *in,
			       const char *name, mode_t mode, int64_t changed)
{
	const struct memfs_new what = { .mode = mode };
	struct memfs_node *node;

	assert_int_equal(memfs_make(tree, in, name, &what, &node), 0);
	node->stat.st_mtim.tv_sec = changed;
	node->stat.st_ctim.tv_sec = changed;
	return node;
}

static void only_old_files_go(void **state)
{
	struct memfs_tree tree;
	struct memfs_node *root, *dir, *old, *open, *found;
	struct told told = { 0 };
	uint64_t number;

	(void)state;
	assert_int_equal(memfs_tree_init(&tree, 1 << 20, 0, 0), 0);
	root = memfs_tree_node(&tree, MEMFS_ROOT);
	dir = make(&tree, root, "dir", S_IFDIR | 0755, 100);
	old = make(&tree, dir, "old", S_IFREG | 0644, 100);
	number = old->number;
	make(&tree, dir, "new", S_IFREG | 0644, 195);
	open = make(&tree, dir, "open", S_IFREG | 0644, 100);
	open->opens = 1;

	assert_int_equal(memfs_expire(&tree, 200, 10, tell, &told), 1);

	assert_int_equal(told.count, 1);
	assert_int_equal(told.parent, dir->number);
	assert_int_equal(told.number, number);
	assert_string_equal(told.name, "old");
	assert_int_not_equal(memfs_lookup(&tree, dir, "old", &found), 0);
	assert_int_equal(memfs_lookup(&tree, dir, "new", &found), 0);
	assert_int_equal(memfs_lookup(&tree, dir, "open", &found), 0);
	memfs_tree_fini(&tree);
}

int main(void)
{
	const struct CMUnitTest tests[] = {
		cmocka_unit_test(only_old_files_go),
	};

	return cmocka_run_group_tests(tests, NULL, NULL);
}
