/* Requests as they are sent, replies as they may not be. */
#include "tests/fuse/cm.h"

#include <dirent.h>

#include "fuse/proto.h"

static const struct fusefs_who ann = { .uid = 1000, .gid = 100 };

static void a_request_is_header_body_names_and_data(void **state)
{
	struct fusefs_request r;
	struct iovec parts[FUSEFS_PARTS_MAX];

	(void)state;
	fusefs_request_init(&r, FUSE_SETXATTR, 7, &ann,
			    FUSE_COMPAT_SETXATTR_IN_SIZE);
	r.names[0] = "user.a";
	r.data = "xyz";
	r.data_size = 3;

	assert_int_equal(fusefs_request_parts(&r, parts), 4);
	assert_int_equal(r.head.len, 40 + 8 + 7 + 3);
	assert_int_equal(r.head.opcode, FUSE_SETXATTR);
	assert_int_equal(r.head.nodeid, 7);
	assert_int_equal(r.head.uid, 1000);
	assert_int_equal(r.head.gid, 100);
	assert_int_equal(parts[2].iov_len, 7); /* with its NUL */
	assert_memory_equal(parts[3].iov_base, "xyz", 3);
}

static void replies_are_checked(void **state)
{
	static const struct {
		struct fuse_out_header head;
		size_t length;
		int err;
	} cases[] = {
		{ { 16, 0, 2 }, 16, 0 },
		{ { 16, -ENOENT, 2 }, 16, -ENOENT },
		{ { 40, 0, 2 }, 40, 0 },
		{ { 16, 0, 2 }, 15, -EPROTO },       /* shorter than it says */
		{ { 16, 0, 2 }, 40, -EPROTO },       /* longer */
		{ { 40, -ENOENT, 2 }, 40, -EPROTO }, /* an error with a body */
		{ { 16, 2, 2 }, 16, -EPROTO },       /* a positive error */
		{ { 16, -512, 2 }, 16, -EPROTO },    /* the kernel's own */
		{ { 16, INT32_MIN, 2 }, 16, -EPROTO },
		{ { 16, 0, 0 }, 16, -EPROTO }, /* a notice */
	};

	(void)state;
	for (size_t i = 0; i < sizeof(cases) / sizeof(cases[0]); i++)
		assert_int_equal(fusefs_reply_check(&cases[i].head,
						    cases[i].length),
				 cases[i].err);
}

static struct fuse_entry_out entry(void)
{
	return (struct fuse_entry_out){
		.nodeid = 5,
		.generation = 9,
		.entry_valid = 1,
		.entry_valid_nsec = 500000000,
		.attr = { .mode = S_IFREG | 0640,
			  .size = 12,
			  .nlink = 2,
			  .mtime = 77,
			  .mtimensec = 8 },
	};
}

static void an_entry_is_taken(void **state)
{
	struct fuse_entry_out out = entry();
	struct fusefs_entry e;

	(void)state;
	assert_int_equal(fusefs_entry_take(&out, sizeof(out), &e), 0);
	assert_int_equal(e.node, 5);
	assert_int_equal(e.generation, 9);
	assert_int_equal(e.entry_ns, 1500000000);
	assert_int_equal(e.attr.size, 12);
	assert_int_equal(e.attr.mtime.tv_sec, 77);
	out.nodeid = 0;
	assert_int_equal(fusefs_entry_take(&out, sizeof(out), &e), -ENOENT);
}

static void what_can_t_be_an_entry_is_refused(void **state)
{
	struct fuse_entry_out out = entry();
	struct fusefs_entry e;

	(void)state;
	assert_int_equal(fusefs_entry_take(&out, sizeof(out) - 1, &e), -EPROTO);
	assert_int_equal(fusefs_entry_take(&out, 0, &e), -EPROTO);
	out.nodeid = FUSEFS_ROOT;
	assert_int_equal(fusefs_entry_take(&out, sizeof(out), &e), -EPROTO);
	out = entry();
	out.attr.size = UINT64_MAX;
	assert_int_equal(fusefs_entry_take(&out, sizeof(out), &e), -EPROTO);
	out = entry();
	out.attr.mode = 0644;
	assert_int_equal(fusefs_entry_take(&out, sizeof(out), &e), -EPROTO);
	out = entry();
	out.entry_valid = UINT64_MAX;
	out.attr.mtimensec = UINT32_MAX;
	assert_int_equal(fusefs_entry_take(&out, sizeof(out), &e), 0);
	assert_int_equal(e.attr.mtime.tv_nsec, 999999999);
}

static void facts_are_taken(void **state)
{
	struct fuse_attr_out out = { .attr = { .mode = S_IFDIR | 0755 } };
	struct fusefs_attr attr;
	uint64_t ns;

	(void)state;
	assert_int_equal(fusefs_attr_take(&out, sizeof(out), &attr, &ns), 0);
	assert_true(S_ISDIR(attr.mode));
	assert_int_equal(ns, 0);
	out.attr_valid = 2;
	out.attr_valid_nsec = 5;
	assert_int_equal(fusefs_attr_take(&out, sizeof(out), &attr, &ns), 0);
	assert_int_equal(ns, 2000000005);
	assert_int_equal(fusefs_attr_take(&out, sizeof(out) + 1, &attr, &ns),
			 -EPROTO);
}

/* Puts an entry at the end of a listing. */
static size_t put(uint8_t *to, size_t at, const char *name, size_t length)
{
	struct fuse_dirent head = { .ino = 3,
				    .off = at + 1,
				    .namelen = (uint32_t)length,
				    .type = DT_REG };

	memcpy(to + at, &head, FUSE_NAME_OFFSET);
	memcpy(to + at + FUSE_NAME_OFFSET, name, length);
	return at + FUSE_DIRENT_ALIGN(FUSE_NAME_OFFSET + length);
}

static void a_listing_is_taken_entry_by_entry(void **state)
{
	uint8_t bytes[200] = { 0 };
	size_t end = put(bytes, put(bytes, 0, "one", 3), "second", 6), at = 0;
	struct fusefs_dirent e;

	(void)state;
	assert_int_equal(fusefs_dirent_take(bytes, end, &at, &e), 1);
	assert_int_equal(e.name_length, 3);
	assert_memory_equal(e.name, "one", 3);
	assert_int_equal(fusefs_dirent_take(bytes, end, &at, &e), 1);
	assert_memory_equal(e.name, "second", 6);
	assert_int_equal(e.type, DT_REG);
	assert_int_equal(fusefs_dirent_take(bytes, end, &at, &e), 0);
}

/* As programs with libfuse 2 do it; the rest comes whole with the next one. */
static void a_listing_may_be_cut_behind_its_first_entry(void **state)
{
	uint8_t bytes[200] = { 0 };
	size_t first = put(bytes, 0, "one", 3);
	size_t end = put(bytes, first, "second", 6);
	struct fusefs_dirent e;

	(void)state;
	for (size_t cut = first + 1; cut < end; cut++) {
		size_t at = 0;

		assert_int_equal(fusefs_dirent_take(bytes, cut, &at, &e), 1);
		assert_int_equal(fusefs_dirent_take(bytes, cut, &at, &e), 0);
		assert_int_equal(at, first);
	}
}

static size_t put_facts(uint8_t *to, size_t at, uint64_t node, const char *name,
			size_t length)
{
	const struct fuse_entry_out out = { .nodeid = node,
					    .attr_valid = 1,
					    .attr.mode = S_IFREG | 0644 };

	memcpy(to + at, &out, sizeof(out));
	return put(to, at + sizeof(out), name, length);
}

static void facts_come_with_a_listing(void **state)
{
	uint8_t bytes[600] = { 0 };
	size_t end = put_facts(bytes, 0, 7, "one", 3), at = 0;
	struct fusefs_entry facts;
	struct fusefs_dirent e;

	(void)state;
	end = put_facts(bytes, end, FUSEFS_ROOT, "..", 2);
	end = put_facts(bytes, end, 0, "second", 6);
	assert_int_equal(fusefs_direntplus_take(bytes, end, &at, &e, &facts),
			 1);
	assert_memory_equal(e.name, "one", 3);
	assert_int_equal(facts.node, 7);
	assert_int_equal(facts.attr_ns, 1000000000);
	assert_int_equal(fusefs_direntplus_take(bytes, end, &at, &e, &facts),
			 1);
	assert_int_equal(facts.node, 0);
	assert_int_equal(fusefs_direntplus_take(bytes, end, &at, &e, &facts),
			 1);
	assert_memory_equal(e.name, "second", 6);
	assert_int_equal(facts.node, 0);
	assert_int_equal(fusefs_direntplus_take(bytes, end, &at, &e, &facts),
			 0);
	/* Cut: in the facts, in the entry, and all that follows them. */
	for (size_t cut = 1; cut < 128; cut++) {
		size_t from = 0, whole = put_facts(bytes, 0, 7, "one", 3);

		assert_int_equal(fusefs_direntplus_take(bytes, whole - cut,
							&from, &e, &facts),
				 -EPROTO);
	}
}

static void entries_that_lie_are_refused(void **state)
{
	static const struct {
		const char *name;
		size_t length;
		size_t cut;
	} cases[] = {
		{ "", 0, 0 },      { "a/b", 3, 0 }, { "a\0b", 3, 0 },
		{ "three", 5, 8 }, { "x", 1, 31 },
	};

	(void)state;
	for (size_t i = 0; i < sizeof(cases) / sizeof(cases[0]); i++) {
		uint8_t bytes[200] = { 0 };
		size_t end = put(bytes, 0, cases[i].name, cases[i].length);
		struct fusefs_dirent e;
		size_t at = 0;

		assert_int_equal(fusefs_dirent_take(bytes, end - cases[i].cut,
						    &at, &e),
				 -EPROTO);
	}
}

static void targets_and_names(void **state)
{
	char to[4], name[FUSEFS_NAME_MAX + 2];

	(void)state;
	assert_int_equal(fusefs_target_take("abc", 3, to, sizeof(to)), 0);
	assert_string_equal(to, "abc");
	assert_int_equal(fusefs_target_take("abcd", 4, to, sizeof(to)),
			 -ERANGE);
	assert_int_equal(fusefs_target_take("a\0b", 3, to, sizeof(to)),
			 -EPROTO);
	assert_int_equal(fusefs_target_take("", 0, to, sizeof(to)), -EPROTO);
	assert_int_equal(fusefs_name_check("x"), 0);
	assert_int_equal(fusefs_name_check(""), -EINVAL);
	assert_int_equal(fusefs_name_check(".."), -EINVAL);
	assert_int_equal(fusefs_name_check("a/b"), -EINVAL);
	memset(name, 'x', sizeof(name));
	name[sizeof(name) - 1] = '\0';
	assert_int_equal(fusefs_name_check(name), -ENAMETOOLONG);
}

int main(void)
{
	const struct CMUnitTest tests[] = {
		cmocka_unit_test(a_request_is_header_body_names_and_data),
		cmocka_unit_test(replies_are_checked),
		cmocka_unit_test(an_entry_is_taken),
		cmocka_unit_test(what_can_t_be_an_entry_is_refused),
		cmocka_unit_test(facts_are_taken),
		cmocka_unit_test(a_listing_is_taken_entry_by_entry),
		cmocka_unit_test(a_listing_may_be_cut_behind_its_first_entry),
		cmocka_unit_test(facts_come_with_a_listing),
		cmocka_unit_test(entries_that_lie_are_refused),
		cmocka_unit_test(targets_and_names),
	};

	return cmocka_run_group_tests(tests, NULL, NULL);
}
