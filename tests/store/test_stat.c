/*
 * Facts of files, one or many, and what a user may do to them.
 */
#include "tests/store/yard.h"

#include <sys/xattr.h>

#include <sys/sysmacros.h>

#include "gateway/store/stat.h"

static void every_field_is_carried_over(void **state)
{
	const struct statx from = {
		.stx_mask = STATX_BASIC_STATS | STATX_BTIME,
		.stx_nlink = 3,
		.stx_uid = 4,
		.stx_gid = 5,
		.stx_mode = S_IFREG | 0640,
		.stx_ino = UINT64_C(0x1234567890abcdef),
		.stx_size = UINT64_C(1) << 40,
		.stx_blocks = 9,
		.stx_atime = { .tv_sec = -1, .tv_nsec = 1 },
		.stx_btime = { .tv_sec = 2, .tv_nsec = 3 },
		.stx_ctime = { .tv_sec = 4, .tv_nsec = 5 },
		.stx_mtime = { .tv_sec = 6, .tv_nsec = 7 },
		.stx_rdev_major = 8,
		.stx_rdev_minor = 9,
		.stx_dev_major = 10,
		.stx_dev_minor = 11,
	};
	struct store_stat st;

	(void)state;
	store_stat_of(&from, NULL, &st);
	assert_true(st.key.device == makedev(10, 11));
	assert_true(st.key.inode == from.stx_ino);
	assert_true(st.key.generation == UINT64_C(2000000003));
	assert_int_equal(S_IFREG | 0640, st.mode);
	assert_int_equal(4, st.uid);
	assert_int_equal(5, st.gid);
	assert_true(st.rdev == makedev(8, 9));
	assert_int_equal(3, st.links);
	assert_true(st.size == from.stx_size);
	assert_int_equal(9 * 512, st.allocated);
	assert_int_equal(-1, st.atime.tv_sec);
	assert_int_equal(3, st.btime.tv_nsec);
	assert_int_equal(4, st.ctime.tv_sec);
	assert_int_equal(7, st.mtime.tv_nsec);
	assert_true(st.has_btime);
	assert_false(st.is_mount_root);
}

static void without_a_birth_time_there_is_no_generation(void **state)
{
	const struct statx from = { .stx_mask = STATX_BASIC_STATS,
				    .stx_btime = { .tv_sec = 2 } };
	struct store_stat st;

	(void)state;
	store_stat_of(&from, NULL, &st);
	assert_int_equal(0, st.key.generation);
	assert_false(st.has_btime);
}

YARD_TEST(a_key_tells_files_apart_and_names_not)
{
	struct store_file *root = yard_co_open(y, "", STORE_OPEN_PATH);
	struct store_stat a, b, c;

	yard_put(y, "a", "", 0);
	yard_put(y, "c", "", 0);
	assert_int_equal(0, link(yard_path(y, "a"), yard_path(y, "b")));
	assert_int_equal(0, store_co_stat_at(NULL, root, "a", &a));
	assert_int_equal(0, store_co_stat_at(NULL, root, "b", &b));
	assert_int_equal(0, store_co_stat_at(NULL, root, "c", &c));
	assert_memory_equal(&a.key, &b.key, sizeof(a.key));
	assert_memory_not_equal(&a.key, &c.key, sizeof(a.key));
	store_file_close(root);
}

YARD_TEST(a_link_is_looked_at_not_through)
{
	struct store_file *root = yard_co_open(y, "", STORE_OPEN_PATH);
	struct store_stat st;

	yard_link(y, "../outside/secret", "l");
	assert_int_equal(0, store_co_stat_at(NULL, root, "l", &st));
	assert_true(S_ISLNK(st.mode));
	assert_int_equal(-ENOENT, store_co_stat_at(NULL, root, "none", &st));
	store_file_close(root);
}

static void check_many(const char *const *names, size_t count,
		       const struct store_stat *stats, const int *errors)
{
	size_t i;

	for (i = 0; i < count; i++) {
		if (i % 10 == 7) {
			assert_int_equal(-ENOENT, errors[i]);
			continue;
		}
		assert_int_equal(0, errors[i]);
		assert_int_equal(strlen(names[i]) + i, stats[i].size);
	}
}

/* Every count near the bounds of what is asked for at once. */
/* A block of attributes is none of the file's data. */
YARD_TEST(an_empty_file_takes_no_space_for_its_attributes)
{
	static const unsigned int kinds[] = { STORE_OPEN_PATH,
					      STORE_OPEN_WRITE };
	static const char value[3000];

	if (!store_tree_features(y->tree)->has_xattr)
		return;
	for (size_t i = 0; i < 2; i++) {
		struct store_file *file;
		struct store_stat st;
		int err;

		yard_put(y, "f", "", 0);
		file = yard_co_open(y, "f", kinds[i]);
		err = store_co_xattr_set(NULL, file, "user.big", value,
					 sizeof(value));
		if (!err) {
			assert_int_equal(0, store_co_stat(file, &st));
			assert_int_equal(0, st.allocated);
		}
		store_file_close(file);

		/* What somebody has reserved counts as ever. */
		file = yard_co_open(y, "f", STORE_OPEN_WRITE);
		err = store_co_allocate(file, 4096);
		assert_int_equal(0, store_co_stat(file, &st));
		assert_int_equal(0, st.size);
		if (!err)
			assert_int_equal(4096, st.allocated);
		assert_int_equal(0, store_co_truncate(file, 0));
		store_file_close(file);
	}
}

YARD_TEST(many_are_asked_for_at_once)
{
	static const size_t counts[] = { 0, 1, 63, 64, 65, 128, 257, 1000 };
	struct store_file *root = yard_co_open(y, "", STORE_OPEN_PATH);
	static const char filler[1100];
	struct store_stat *stats = calloc(1000, sizeof(*stats));
	int *errors = calloc(1000, sizeof(*errors));
	char(*text)[16] = calloc(1000, 16);
	const char **names = calloc(1000, sizeof(*names));
	size_t i;

	for (i = 0; i < 1000; i++) {
		snprintf(text[i], sizeof(text[i]), "n%zu", i);
		names[i] = text[i];
		if (i % 10 != 7)
			yard_put(y, text[i], filler, strlen(text[i]) + i);
	}
	for (i = 0; i < sizeof(counts) / sizeof(counts[0]); i++) {
		memset(errors, 0x55, 1000 * sizeof(*errors));
		store_co_stat_many(NULL, root, names, counts[i], stats, errors);
		check_many(names, counts[i], stats, errors);
	}
	free(names);
	free(text);
	free(errors);
	free(stats);
	store_file_close(root);
}

struct cancelled {
	struct store_file *dir;
	const char *names[400];
	struct store_stat stats[400];
	int errors[400];
	bool was_cancelled_still;
	struct loop_waiter done;
};

static void co_stat_cancelled(void *arg)
{
	struct cancelled *c = arg;

	store_co_stat_many(NULL, c->dir, c->names, 400, c->stats, c->errors);
	c->was_cancelled_still = loop_is_cancelled();
	loop_wake(&c->done, 0);
}

/* Helpers work on the asker's stack: it may not leave before they are done. */
YARD_TEST(a_cancel_waits_until_many_are_there)
{
	struct cancelled *c = calloc(1, sizeof(*c));
	struct loop_fiber *fiber;
	int round, i;

	yard_put(y, "f", "", 0);
	c->dir = yard_co_open(y, "", STORE_OPEN_PATH);
	for (i = 0; i < 400; i++)
		c->names[i] = "f";
	for (round = 0; round < 4; round++) {
		c->done = (struct loop_waiter){};
		memset(c->errors, 0x55, sizeof(c->errors));
		fiber = loop_spawn(co_stat_cancelled, c);
		for (i = 0; i < round; i++)
			loop_co_yield();
		loop_cancel(fiber);
		assert_int_equal(0, loop_co_wait(&c->done, LOOP_FOREVER));
		for (i = 0; i < 400; i++)
			assert_int_equal(0, c->errors[i]);
		assert_true(c->was_cancelled_still);
	}
	store_file_close(c->dir);
	free(c);
}

YARD_TEST(no_name_of_many_leads_out)
{
	const char *names[] = { "..", "../outside/secret", "a", "" };
	struct store_file *root = yard_co_open(y, "", STORE_OPEN_PATH);
	struct store_stat stats[4];
	int errors[4];

	yard_put(y, "a", "", 0);
	store_co_stat_many(NULL, root, names, 4, stats, errors);
	assert_int_equal(-EINVAL, errors[0]);
	assert_int_equal(-EINVAL, errors[1]);
	assert_int_equal(0, errors[2]);
	assert_int_equal(-EINVAL, errors[3]);
	store_file_close(root);
}

YARD_ROOT_TEST(many_are_refused_to_who_may_not_look)
{
	const char *names[] = { "a", "b" };
	struct store_creds *ann = yard_creds(YARD_ANN);
	struct store_file *dir;
	struct store_stat stats[2];
	int errors[2];

	yard_mkdir(y, "d");
	yard_put(y, "d/a", "", 0);
	yard_put(y, "d/b", "", 0);
	dir = yard_co_open(y, "d", STORE_OPEN_PATH);
	assert_int_equal(0, chmod(yard_path(y, "d"), 0744));
	store_co_stat_many(ann, dir, names, 2, stats, errors);
	assert_int_equal(-EACCES, errors[0]);
	assert_int_equal(-EACCES, errors[1]);
	store_file_close(dir);
	store_creds_unref(ann);
}

YARD_TEST(attributes_of_many_are_read_at_once)
{
	static const char *const names[] = { "with", "without", "long",  "link",
					     "none", "../with", "empty", "." };
	static const int64_t expected[] = { 3,        -ENODATA, -ERANGE,
					    -ENODATA, -ENOENT,  -EINVAL,
					    0,        -EINVAL };
	struct store_file *root;
	char values[8][4];
	int64_t lengths[8];

	yard_put(y, "with", "", 0);
	yard_put(y, "without", "", 0);
	yard_put(y, "long", "", 0);
	yard_put(y, "empty", "", 0);
	yard_link(y, "with", "link");
	if (setxattr(yard_path(y, "with"), "user.t", "abc", 3, 0) < 0) {
		print_message("no xattrs here\n");
		return;
	}
	assert_int_equal(setxattr(yard_path(y, "long"), "user.t", "abcde", 5,
				  0),
			 0);
	assert_int_equal(setxattr(yard_path(y, "empty"), "user.t", "", 0, 0),
			 0);
	root = yard_co_open(y, "", STORE_OPEN_PATH | STORE_OPEN_DIRECTORY);
	store_co_xattr_many(NULL, root, names, 8, "user.t", values, 4, lengths);
	for (size_t i = 0; i < 8; i++) {
		/* A link has none, or can't have any. */
		if (lengths[i] != -EPERM && lengths[i] != -EOPNOTSUPP)
			assert_int_equal(lengths[i], expected[i]);
	}
	assert_memory_equal(values[0], "abc", 3);
	/* Their names. */
	char lists[2][64];

	store_co_xattr_many(NULL, root, names, 2, NULL, lists, 64, lengths);
	assert_int_equal(lengths[1], 0);
	assert_true(lengths[0] >= 7);
	assert_non_null(memmem(lists[0], (size_t)lengths[0], "user.t", 7));
	store_file_close(root);
}

YARD_ROOT_TEST(access_is_as_the_kernel_decides)
{
	static const struct {
		mode_t mode;
		uid_t owner;
		int asked, err;
	} cases[] = {
		{ 0644, YARD_BOB, R_OK, 0 },
		{ 0644, YARD_BOB, W_OK, -EACCES },
		{ 0644, YARD_ANN, R_OK | W_OK, 0 },
		{ 0044, YARD_ANN, R_OK, -EACCES },
		{ 0600, YARD_BOB, R_OK, -EACCES },
		{ 0755, YARD_BOB, X_OK, 0 },
		{ 0766, YARD_BOB, R_OK | W_OK | X_OK, -EACCES },
	};
	struct store_creds *ann = yard_creds(YARD_ANN);
	struct store_file *file;
	size_t i;

	yard_put(y, "f", "", 0);
	file = yard_co_open(y, "f", STORE_OPEN_PATH);
	for (i = 0; i < sizeof(cases) / sizeof(cases[0]); i++) {
		assert_int_equal(0,
				 chown(yard_path(y, "f"), cases[i].owner, 0));
		assert_int_equal(0, chmod(yard_path(y, "f"), cases[i].mode));
		assert_int_equal(cases[i].err,
				 store_co_access(ann, file, cases[i].asked));
	}
	assert_int_equal(0, store_co_access(NULL, file, R_OK | W_OK));
	store_file_close(file);
	store_creds_unref(ann);
}

YARD_TEST(nobody_may_write_where_all_is_read_only)
{
	struct store_tree *tree =
		yard_tree(y, &(struct store_options){ .is_read_only = true });
	struct store_file *root;

	assert_int_equal(0, store_co_open(tree, NULL, NULL, "", 0, 0, &root));
	assert_int_equal(-EACCES, store_co_access(NULL, root, W_OK));
	assert_int_equal(0, store_co_access(NULL, root, R_OK));
	store_file_close(root);
	store_tree_unref(tree);
}

int main(void)
{
	const struct CMUnitTest tests[] = {
		cmocka_unit_test(every_field_is_carried_over),
		cmocka_unit_test(without_a_birth_time_there_is_no_generation),
		cmocka_unit_test(a_key_tells_files_apart_and_names_not),
		cmocka_unit_test(a_link_is_looked_at_not_through),
		cmocka_unit_test(
			an_empty_file_takes_no_space_for_its_attributes),
		cmocka_unit_test(many_are_asked_for_at_once),
		cmocka_unit_test(a_cancel_waits_until_many_are_there),
		cmocka_unit_test(no_name_of_many_leads_out),
		cmocka_unit_test(many_are_refused_to_who_may_not_look),
		cmocka_unit_test(attributes_of_many_are_read_at_once),
		cmocka_unit_test(access_is_as_the_kernel_decides),
		cmocka_unit_test(nobody_may_write_where_all_is_read_only),
	};

	return cmocka_run_group_tests(tests, NULL, NULL);
}
