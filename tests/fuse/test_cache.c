/* What a program has told, while it holds. */
#include "tests/fuse/cm.h"

#include <fcntl.h>
#include <stdio.h>

#include "fuse/cache.h"

#define SECOND UINT64_C(1000000000)
#define DIR    5
#define FILE_  7

static const struct fusefs_who nobody = { 0 };
static struct fusefs_cache cache;

static int set_up(void **state)
{
	(void)state;
	cache = (struct fusefs_cache){ .drops = 0 };
	return 0;
}

static struct fusefs_entry entry(uint64_t node)
{
	return (struct fusefs_entry){ .node = node,
				      .generation = 3,
				      .entry_ns = SECOND,
				      .attr_ns = SECOND,
				      .attr = { .size = node } };
}

static void put(const char *name, uint64_t node)
{
	struct fusefs_entry e = entry(node);

	fusefs_cache_put_entry(&cache, fusefs_cache_stamp(&cache), DIR, name,
			       &e, 0);
}

static bool has(const char *name)
{
	struct fusefs_entry e;

	return fusefs_cache_entry(&cache, DIR, name, 1, &e);
}

static bool has_attr(uint64_t node)
{
	struct fusefs_attr attr;

	return fusefs_cache_attr(&cache, node, 1, &attr);
}

static void names_and_facts_hold_as_long_as_was_said(void **state)
{
	struct fusefs_entry e;

	(void)state;
	put("f", FILE_);
	assert_true(fusefs_cache_entry(&cache, DIR, "f", SECOND - 1, &e));
	assert_int_equal(e.node, FILE_);
	assert_int_equal(e.generation, 3);
	assert_int_equal(e.attr.size, FILE_);
	assert_false(fusefs_cache_entry(&cache, DIR, "f", SECOND, &e));
	assert_false(fusefs_cache_entry(&cache, DIR, "g", 1, &e));
	assert_false(fusefs_cache_entry(&cache, DIR + 1, "f", 1, &e));
}

static void what_does_not_hold_is_not_kept(void **state)
{
	struct fusefs_entry e = entry(FILE_);
	char name[FUSEFS_CACHE_NAME_MAX + 2];

	(void)state;
	e.entry_ns = 0;
	fusefs_cache_put_entry(&cache, 0, DIR, "f", &e, 0);
	assert_false(has("f"));
	assert_true(has_attr(FILE_));
	e = entry(FILE_ + 1);
	e.attr_ns = 0;
	fusefs_cache_put_entry(&cache, 0, DIR, "g", &e, 0);
	assert_false(has("g"));
	memset(name, 'n', sizeof(name));
	name[sizeof(name) - 1] = '\0';
	put(name, FILE_);
	assert_false(has(name));
	name[sizeof(name) - 2] = '\0';
	put(name, FILE_);
	assert_true(has(name));
}

/* A name has the facts of its file, whoever told them last. */
static void facts_are_the_files(void **state)
{
	const struct fusefs_attr attr = { .size = 99 };
	struct fusefs_entry e;

	(void)state;
	put("f", FILE_);
	fusefs_cache_put_attr(&cache, 0, FILE_, &attr, SECOND, 0);
	assert_true(fusefs_cache_entry(&cache, DIR, "f", 1, &e));
	assert_int_equal(e.attr.size, 99);
	fusefs_cache_drop_attr(&cache, FILE_);
	assert_false(has("f"));
}

/* An answer from before a change comes behind it. */
static void late_answers_are_not_kept(void **state)
{
	uint64_t stamp = fusefs_cache_stamp(&cache);
	struct fusefs_entry e = entry(FILE_);

	(void)state;
	fusefs_cache_drop_attr(&cache, FILE_);
	fusefs_cache_put_entry(&cache, stamp, DIR, "f", &e, 0);
	assert_false(has_attr(FILE_));
	fusefs_cache_drop_name(&cache, DIR, "g");
	e = entry(FILE_ + 1);
	fusefs_cache_put_entry(&cache, stamp, DIR, "g", &e, 0);
	assert_false(has("g"));
	put("g", FILE_ + 1);
	assert_true(has("g"));
	/* After very many drops nobody knows. */
	for (unsigned int i = 0; i < FUSEFS_CACHE_DROPS; i++)
		fusefs_cache_drop_attr(&cache, 1000);
	e = entry(FILE_ + 2);
	fusefs_cache_put_entry(&cache, stamp, DIR, "h", &e, 0);
	assert_false(has_attr(FILE_ + 2));
}

static struct fusefs_request request(uint32_t opcode, uint64_t node,
				     const char *name)
{
	struct fusefs_request r;

	fusefs_request_init(&r, opcode, node, &nobody, sizeof(r.body.rename));
	r.names[0] = name;
	return r;
}

static void change(uint32_t opcode, uint64_t node, const char *name)
{
	struct fusefs_request r = request(opcode, node, name);

	fusefs_cache_drop_changed(&cache, &r);
}

static void put_all(void)
{
	const struct fusefs_attr attr = { .size = 0 };

	put("f", FILE_);
	put("g", FILE_ + 1);
	fusefs_cache_put_attr(&cache, fusefs_cache_stamp(&cache), DIR, &attr,
			      SECOND, 0);
}

static void our_own_changes_are_not_kept_from_us(void **state)
{
	static const uint32_t of_file[] = { FUSE_SETATTR,  FUSE_WRITE,
					    FUSE_SETXATTR, FUSE_REMOVEXATTR,
					    FUSE_FLUSH,    FUSE_FALLOCATE };
	static const uint32_t of_name[] = { FUSE_CREATE, FUSE_MKDIR,
					    FUSE_UNLINK, FUSE_RMDIR,
					    FUSE_MKNOD,  FUSE_SYMLINK };

	(void)state;
	for (size_t i = 0; i < sizeof(of_file) / sizeof(*of_file); i++) {
		put_all();
		change(of_file[i], FILE_, NULL);
		assert_false(has_attr(FILE_));
		assert_true(has("g") && has_attr(DIR));
	}
	for (size_t i = 0; i < sizeof(of_name) / sizeof(*of_name); i++) {
		put_all();
		change(of_name[i], DIR, "f");
		assert_false(has("f") || has_attr(FILE_) || has_attr(DIR));
		assert_true(has("g"));
	}
	put_all();
	change(FUSE_READ, FILE_, NULL);
	change(FUSE_GETATTR, FILE_, NULL);
	assert_true(has("f"));
}

/* Its links are fewer, under whatever name it is known. */
static void a_file_that_loses_an_unknown_name_is_looked_at_again(void **state)
{
	uint64_t stamp = fusefs_cache_stamp(&cache);
	struct fusefs_entry e = entry(FILE_);

	(void)state;
	put_all();
	change(FUSE_UNLINK, DIR, "other");
	assert_false(has_attr(FILE_) || has_attr(FILE_ + 1));
	fusefs_cache_put_entry(&cache, stamp, DIR, "f", &e, 0);
	assert_false(has("f"));
}

static void a_rename_changes_both_names(void **state)
{
	struct fusefs_request r = request(FUSE_RENAME, DIR, "f");

	(void)state;
	put_all();
	r.body.rename.newdir = DIR;
	r.names[1] = "g";
	fusefs_cache_drop_changed(&cache, &r);
	assert_false(has("f") || has("g") || has_attr(DIR));
	put_all();
	r = request(FUSE_LINK, DIR, "new");
	r.body.link.oldnodeid = FILE_;
	fusefs_cache_drop_changed(&cache, &r);
	assert_false(has_attr(FILE_) || has_attr(DIR));
	put_all();
	r = request(FUSE_OPEN, FILE_, NULL);
	fusefs_cache_drop_changed(&cache, &r);
	assert_true(has("f"));
	r.body.open.flags = O_RDWR | O_TRUNC;
	fusefs_cache_drop_changed(&cache, &r);
	assert_false(has("f"));
}

static void more_than_there_is_room_for_push_out(void **state)
{
	char name[32];
	int kept = 0;

	(void)state;
	for (int i = 0; i < 4 * FUSEFS_CACHE_ROWS * FUSEFS_CACHE_WAYS; i++) {
		snprintf(name, sizeof(name), "%d", i);
		put(name, (uint64_t)i + 10);
		assert_true(has(name));
	}
	for (int i = 0; i < 4 * FUSEFS_CACHE_ROWS * FUSEFS_CACHE_WAYS; i++) {
		snprintf(name, sizeof(name), "%d", i);
		kept += has(name);
	}
	assert_in_range(kept, FUSEFS_CACHE_ROWS,
			FUSEFS_CACHE_ROWS * FUSEFS_CACHE_WAYS);
}

int main(void)
{
	const struct CMUnitTest tests[] = {
#define TEST(name) cmocka_unit_test_setup(name, set_up)
		TEST(names_and_facts_hold_as_long_as_was_said),
		TEST(what_does_not_hold_is_not_kept),
		TEST(facts_are_the_files),
		TEST(late_answers_are_not_kept),
		TEST(our_own_changes_are_not_kept_from_us),
		TEST(a_file_that_loses_an_unknown_name_is_looked_at_again),
		TEST(a_rename_changes_both_names),
		TEST(more_than_there_is_room_for_push_out),
	};

	return cmocka_run_group_tests(tests, NULL, NULL);
}
