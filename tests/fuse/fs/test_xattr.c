/* Extended attributes as setxattr(2) and its kin have them. */
#include "tests/fuse/cm.h"

#include <errno.h>
#include <linux/limits.h>
#include <string.h>
#include <sys/xattr.h>

#include "fuse/fs/xattr.h"

static int set(struct memfs_xattrs *xattrs, const char *name, const char *value,
	       int flags)
{
	return memfs_xattrs_set(xattrs, name, value, strlen(value), flags);
}

static void a_value_is_kept_and_replaced(void **state)
{
	struct memfs_xattrs xattrs;
	const void *value;
	size_t size;

	(void)state;
	memfs_xattrs_init(&xattrs);
	assert_int_equal(set(&xattrs, "user.a", "one", 0), 0);
	assert_int_equal(set(&xattrs, "user.a", "second", 0), 0);

	assert_int_equal(memfs_xattrs_get(&xattrs, "user.a", &value, &size), 0);
	assert_int_equal(size, 6);
	assert_memory_equal(value, "second", 6);
	memfs_xattrs_fini(&xattrs);
}

static void flags_are_heeded(void **state)
{
	struct memfs_xattrs xattrs;

	(void)state;
	memfs_xattrs_init(&xattrs);
	assert_int_equal(set(&xattrs, "user.a", "", XATTR_REPLACE), -ENODATA);
	assert_int_equal(set(&xattrs, "user.a", "", XATTR_CREATE), 0);
	assert_int_equal(set(&xattrs, "user.a", "", XATTR_CREATE), -EEXIST);
	assert_int_equal(set(&xattrs, "user.a", "x", XATTR_REPLACE), 0);
	memfs_xattrs_fini(&xattrs);
}

static void what_is_not_there_is_said(void **state)
{
	struct memfs_xattrs xattrs;
	const void *value;
	size_t size;

	(void)state;
	memfs_xattrs_init(&xattrs);
	assert_int_equal(memfs_xattrs_get(&xattrs, "user.a", &value, &size),
			 -ENODATA);
	assert_int_equal(memfs_xattrs_remove(&xattrs, "user.a"), -ENODATA);
	memfs_xattrs_fini(&xattrs);
}

static void names_are_listed_in_order_of_making(void **state)
{
	struct memfs_xattrs xattrs;
	char names[32];

	(void)state;
	memfs_xattrs_init(&xattrs);
	set(&xattrs, "user.b", "", 0);
	set(&xattrs, "user.a", "", 0);
	set(&xattrs, "user.c", "", 0);
	set(&xattrs, "user.b", "again", 0);
	assert_int_equal(memfs_xattrs_remove(&xattrs, "user.a"), 0);

	assert_int_equal(memfs_xattrs_list(&xattrs, NULL, 0), 14);
	assert_int_equal(memfs_xattrs_list(&xattrs, names, 32), 14);
	assert_memory_equal(names, "user.b\0user.c\0", 14);
	memfs_xattrs_fini(&xattrs);
}

static void limits_are_linux(void **state)
{
	struct memfs_xattrs xattrs;
	static char big[XATTR_SIZE_MAX + 1];
	char name[XATTR_NAME_MAX + 2];

	(void)state;
	memfs_xattrs_init(&xattrs);
	memset(name, 'n', sizeof(name) - 1);
	name[sizeof(name) - 1] = '\0';
	assert_int_equal(set(&xattrs, name, "", 0), -ERANGE);
	assert_int_equal(set(&xattrs, "", "", 0), -ERANGE);
	assert_int_equal(memfs_xattrs_set(&xattrs, "user.a", big, sizeof(big),
					  0),
			 -E2BIG);
	memfs_xattrs_fini(&xattrs);
}

int main(void)
{
	const struct CMUnitTest tests[] = {
		cmocka_unit_test(a_value_is_kept_and_replaced),
		cmocka_unit_test(flags_are_heeded),
		cmocka_unit_test(what_is_not_there_is_said),
		cmocka_unit_test(names_are_listed_in_order_of_making),
		cmocka_unit_test(limits_are_linux),
	};

	return cmocka_run_group_tests(tests, NULL, NULL);
}
