/*
 * What is found out about a file system, without leaving anything there.
 */
#include "tests/store/yard.h"

#include <dirent.h>
#include <sys/vfs.h>

#include "gateway/store/probe.h"

#define EXT4_MAGIC  0xEF53
#define TMPFS_SUPER 0x01021994

static int entry_count(const struct yard *y)
{
	struct dirent *e;
	DIR *dir = opendir(y->root);
	int count = 0;

	while ((e = readdir(dir)))
		count++;
	closedir(dir);
	return count;
}

YARD_TEST(what_is_known_of_this_file_system_is_found)
{
	const struct store_features *f = store_tree_features(y->tree);
	struct statfs fs;

	assert_int_equal(0, statfs(y->root, &fs));
	assert_int_equal(fs.f_namelen, f->name_max);
	if (fs.f_type != EXT4_MAGIC && fs.f_type != TMPFS_SUPER) {
		print_message("no file system that is known by heart\n");
		return;
	}
	assert_true(f->has_sparse);
	assert_true(f->has_btime);
	assert_false(f->has_reflink);
	assert_false(f->is_case_insensitive);
	assert_int_equal(255, f->name_max);
}

YARD_TEST(probing_leaves_nothing_behind)
{
	struct store_features f;
	int fd = open(y->root, O_PATH | O_DIRECTORY), before;

	yard_put(y, "name", "", 0);
	before = entry_count(y);
	assert_int_equal(0, store_probe(fd, true, &f));
	assert_int_equal(before, entry_count(y));
	close(fd);
}

YARD_TEST(asking_agrees_with_trying)
{
	struct store_features tried, asked;
	struct stat before, after;
	int fd = open(y->root, O_PATH | O_DIRECTORY);

	assert_int_equal(0, store_probe(fd, true, &tried));
	assert_int_equal(0, fstat(fd, &before));
	assert_int_equal(0, store_probe(fd, false, &asked));
	assert_int_equal(0, fstat(fd, &after));
	assert_memory_equal(&before.st_mtim, &after.st_mtim,
			    sizeof(before.st_mtim));
	assert_int_equal(tried.has_xattr, asked.has_xattr);
	assert_int_equal(tried.has_acl, asked.has_acl);
	assert_int_equal(tried.has_btime, asked.has_btime);
	assert_int_equal(tried.has_sparse, asked.has_sparse);
	assert_int_equal(tried.name_max, asked.name_max);
	assert_true(tried.volume_id == asked.volume_id);
	assert_true(tried.volume_id != 0);
	close(fd);
}

YARD_TEST(case_is_tried_with_names_that_have_letters)
{
	int fd = open(y->root, O_PATH | O_DIRECTORY);
	bool is_so = true;

	yard_put(y, "123", "", 0);
	yard_put(y, "Name", "", 0);
	yard_put(y, "both", "", 0);
	yard_put(y, "BOTH", "", 0);
	assert_false(store_probe_case(fd, "123", &is_so));
	assert_false(store_probe_case(fd, "none", &is_so));
	assert_true(is_so);
	assert_true(store_probe_case(fd, "both", &is_so));
	assert_false(is_so);
	assert_true(store_probe_case(fd, "Name", &is_so));
	close(fd);
}

/* What is not known may wait: it must never be taken for local. */
static void only_known_file_systems_are_local(void **state)
{
	static const uint32_t others[] = { 0x65735546 /* FUSE */,
					   0x6969 /* NFS */,
					   0x794c7630 /* overlay */,
					   0x517b /* SMB */, 0 };
	size_t i;

	(void)state;
	assert_true(store_kind_of(EXT4_MAGIC).is_local);
	assert_true(store_kind_of(EXT4_MAGIC).dates_xattrs);
	assert_false(store_kind_of(EXT4_MAGIC).is_memory);
	assert_true(store_kind_of(TMPFS_SUPER).is_memory);
	for (i = 0; i < sizeof(others) / sizeof(others[0]); i++) {
		assert_false(store_kind_of(others[i]).is_local);
		assert_false(store_kind_of(others[i]).dates_xattrs);
		assert_false(store_kind_of(others[i]).is_memory);
	}
}

int main(void)
{
	const struct CMUnitTest tests[] = {
		cmocka_unit_test(what_is_known_of_this_file_system_is_found),
		cmocka_unit_test(only_known_file_systems_are_local),
		cmocka_unit_test(probing_leaves_nothing_behind),
		cmocka_unit_test(asking_agrees_with_trying),
		cmocka_unit_test(case_is_tried_with_names_that_have_letters),
	};

	return cmocka_run_group_tests(tests, NULL, NULL);
}
