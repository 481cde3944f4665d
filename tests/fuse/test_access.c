/* Who may do what: the rules of path_resolution(7), unlink(2), chown(2). */
#include "tests/fuse/cm.h"

#include <unistd.h>

#include "fuse/access.h"

static bool is_in_50(const void *arg, gid_t gid)
{
	(void)arg;
	return gid == 50;
}

static const struct fusefs_user root = { .has_group = is_in_50 };
static const struct fusefs_user ann = { .uid = 10,
					.gid = 20,
					.has_group = is_in_50 };
static const struct fusefs_user trusted = { .uid = 10, .is_trusted = true };

static void the_first_class_that_fits_decides(void **state)
{
	static const struct {
		mode_t mode;
		uid_t uid;
		gid_t gid;
		int wanted;
		int err;
	} cases[] = {
		{ 0700, 10, 0, R_OK | W_OK | X_OK, 0 },
		{ 0077, 10, 20, R_OK, -EACCES }, /* the owner has less */
		{ 0070, 1, 20, R_OK | W_OK | X_OK, 0 },
		{ 0050, 1, 50, R_OK | X_OK, 0 }, /* a group besides */
		{ 0050, 1, 50, W_OK, -EACCES },
		{ 0707, 1, 50, R_OK, -EACCES }, /* the group has less */
		{ 0004, 1, 1, R_OK, 0 },
		{ 0004, 1, 1, R_OK | W_OK, -EACCES },
		{ 0000, 1, 1, F_OK, 0 },
	};

	(void)state;
	for (size_t i = 0; i < sizeof(cases) / sizeof(cases[0]); i++) {
		struct fusefs_attr attr = { .mode = S_IFREG | cases[i].mode,
					    .uid = cases[i].uid,
					    .gid = cases[i].gid };

		assert_int_equal(fusefs_access(&attr, &ann, cases[i].wanted),
				 cases[i].err);
		assert_int_equal(fusefs_access(&attr, &trusted,
					       R_OK | W_OK | X_OK),
				 0);
	}
}

static void root_may_all_but_run_what_nobody_may(void **state)
{
	struct fusefs_attr file = { .mode = S_IFREG, .uid = 5 };
	struct fusefs_attr dir = { .mode = S_IFDIR, .uid = 5 };

	(void)state;
	assert_int_equal(fusefs_access(&file, &root, R_OK | W_OK), 0);
	assert_int_equal(fusefs_access(&file, &root, X_OK), -EACCES);
	assert_int_equal(fusefs_access(&dir, &root, R_OK | W_OK | X_OK), 0);
	file.mode |= 0001;
	assert_int_equal(fusefs_access(&file, &root, X_OK), 0);
}

static void a_sticky_directory_protects_its_entries(void **state)
{
	struct fusefs_attr dir = { .mode = S_IFDIR | S_ISVTX | 0777, .uid = 1 };
	struct fusefs_attr entry = { .mode = S_IFREG, .uid = 2 };

	(void)state;
	assert_int_equal(fusefs_access_remove(&dir, &entry, &ann), -EPERM);
	assert_int_equal(fusefs_access_remove(&dir, &entry, &root), 0);
	entry.uid = 10;
	assert_int_equal(fusefs_access_remove(&dir, &entry, &ann), 0);
	entry.uid = 2;
	dir.uid = 10;
	assert_int_equal(fusefs_access_remove(&dir, &entry, &ann), 0);
	/* Without it, who may change the directory may do so. */
	dir = (struct fusefs_attr){ .mode = S_IFDIR | 0777, .uid = 1 };
	assert_int_equal(fusefs_access(&dir, &ann, W_OK | X_OK), 0);
	assert_int_equal(fusefs_access_remove(&dir, &entry, &ann), 0);
	dir.mode = S_IFDIR | 0555;
	assert_int_equal(fusefs_access(&dir, &ann, W_OK | X_OK), -EACCES);
}

static void owners_may_change_and_give_to_their_groups(void **state)
{
	struct fusefs_attr mine = { .mode = S_IFREG, .uid = 10, .gid = 1 };
	struct fusefs_attr other = { .mode = S_IFREG, .uid = 11, .gid = 1 };
	const uid_t same = (uid_t)-1;

	(void)state;
	assert_int_equal(fusefs_access_own(&mine, &ann), 0);
	assert_int_equal(fusefs_access_own(&other, &ann), -EPERM);
	assert_int_equal(fusefs_access_own(&other, &root), 0);
	assert_int_equal(fusefs_access_give(&mine, &ann, same, 50), 0);
	assert_int_equal(fusefs_access_give(&mine, &ann, 10, 1), 0);
	assert_int_equal(fusefs_access_give(&mine, &ann, same, 99), -EPERM);
	assert_int_equal(fusefs_access_give(&mine, &ann, 11, (gid_t)-1),
			 -EPERM);
	assert_int_equal(fusefs_access_give(&other, &ann, same, 50), -EPERM);
	assert_int_equal(fusefs_access_give(&other, &root, 3, 4), 0);
}

struct entry {
	uint16_t tag, bits;
	uint32_t id;
};

static int may(const struct entry *entries, size_t count, uid_t owner,
	       gid_t group, int wanted)
{
	const struct fusefs_attr attr = { .mode = S_IFREG | 0777,
					  .uid = owner,
					  .gid = group };
	uint8_t acl[200] = { 2 };

	memcpy(acl + 4, entries, count * sizeof(*entries));
	return fusefs_access_acl(&attr, acl, 4 + count * sizeof(*entries), &ann,
				 wanted);
}

static void an_acl_decides_as_acl_5_says(void **state)
{
	/* user::rw-, user:10:r-x, group::r--, group:50:-w-, mask, other::x */
	struct entry acl[] = {
		{ 0x01, 6, 0 },  { 0x02, 5, 10 }, { 0x04, 4, 0 },
		{ 0x08, 2, 50 }, { 0x10, 7, 0 },  { 0x20, 1, 0 }
	};

	(void)state;
	assert_int_equal(may(acl, 6, 10, 0, R_OK | W_OK), 0);
	assert_int_equal(may(acl, 6, 10, 0, X_OK), -EACCES);
	assert_int_equal(may(acl, 6, 1, 20, R_OK | X_OK), 0);
	assert_int_equal(may(acl, 6, 1, 20, W_OK), -EACCES);
	acl[4].bits = 1; /* the mask leaves X of it */
	assert_int_equal(may(acl, 6, 1, 20, X_OK), 0);
	assert_int_equal(may(acl, 6, 1, 20, R_OK), -EACCES);
	acl[4].bits = 7;
	acl[1].id = 11; /* somebody else: then the groups */
	assert_int_equal(may(acl, 6, 1, 20, R_OK), 0);
	assert_int_equal(may(acl, 6, 1, 20, W_OK), 0);
	/* None of them allows both, and the others do not count. */
	assert_int_equal(may(acl, 6, 1, 20, R_OK | W_OK), -EACCES);
	assert_int_equal(may(acl, 6, 1, 20, X_OK), -EACCES);
	acl[3].id = 51;
	assert_int_equal(may(acl, 6, 1, 1, X_OK), 0);
	assert_int_equal(may(acl, 6, 1, 1, R_OK), -EACCES);
}

static void what_is_no_acl_allows_nothing(void **state)
{
	const struct entry acl[] = { { 0x01, 7, 0 },
				     { 0x04, 7, 0 },
				     { 0x20, 7, 0 } };
	const struct fusefs_attr attr = { .mode = S_IFREG | 0777 };
	const uint8_t other[12] = { 3 };

	(void)state;
	assert_int_equal(may(acl, 3, 1, 1, R_OK), 0);
	assert_int_equal(may(acl, 2, 1, 1, R_OK), -EACCES);
	assert_int_equal(may(acl, 0, 1, 1, R_OK), -EACCES);
	assert_int_equal(fusefs_access_acl(&attr, other, 12, &ann, R_OK),
			 -EACCES);
	assert_int_equal(fusefs_access_acl(&attr, other, 7, &ann, R_OK),
			 -EACCES);
	assert_int_equal(fusefs_access_acl(&attr, other, 0, &root, R_OK), 0);
}

int main(void)
{
	const struct CMUnitTest tests[] = {
		cmocka_unit_test(an_acl_decides_as_acl_5_says),
		cmocka_unit_test(what_is_no_acl_allows_nothing),
		cmocka_unit_test(the_first_class_that_fits_decides),
		cmocka_unit_test(root_may_all_but_run_what_nobody_may),
		cmocka_unit_test(a_sticky_directory_protects_its_entries),
		cmocka_unit_test(owners_may_change_and_give_to_their_groups),
	};

	return cmocka_run_group_tests(tests, NULL, NULL);
}
