/*
 * Copies, holes and reserved space.
 */
#include "tests/store/yard.h"

#define MIB (1024u * 1024)

static uint8_t byte_at(size_t offset)
{
	return (uint8_t)(offset * 31 + offset / 4096 * 7 + 1);
}

static uint8_t *pattern(size_t size)
{
	uint8_t *bytes = malloc(size);
	size_t i;

	for (i = 0; i < size; i++)
		bytes[i] = byte_at(i);
	return bytes;
}

static struct store_file *co_put(struct yard *y, const char *name, size_t size)
{
	uint8_t *bytes = pattern(size);

	yard_put(y, name, bytes, size);
	free(bytes);
	return yard_co_open(y, name, STORE_OPEN_READ | STORE_OPEN_WRITE);
}

static uint8_t *contents(struct store_file *file, size_t size)
{
	uint8_t *bytes = malloc(size + 1);

	assert_int_equal(size, pread(store_file_fd(file), bytes, size + 1, 0));
	return bytes;
}

static bool has_holes(const struct yard *y)
{
	if (store_tree_features(y->tree)->has_sparse)
		return true;
	print_message("this file system has no holes\n");
	return false;
}

YARD_TEST(a_copy_is_the_same_and_ends_with_its_source)
{
	static const struct {
		uint64_t from, to, length;
		int64_t copied;
	} cases[] = {
		{ 0, 0, 0, 0 },
		{ 0, 0, 40 * MIB, 40 * MIB },
		{ 0, 0, UINT64_MAX, 40 * MIB + 77 },
		{ 1, 4097, 100000, 100000 },
		{ 40 * MIB, 0, MIB, 77 },
		{ 40 * MIB + 77, 0, MIB, 0 },
		{ UINT64_MAX, 0, 1, 0 },
	};
	struct store_file *from = co_put(y, "from", 40 * MIB + 77), *to;
	size_t i, size;
	uint8_t *bytes;

	for (i = 0; i < sizeof(cases) / sizeof(cases[0]); i++) {
		yard_put(y, "to", "", 0);
		to = yard_co_open(y, "to", STORE_OPEN_READ | STORE_OPEN_WRITE);
		assert_int_equal(cases[i].copied,
				 store_co_copy(from, cases[i].from, to,
					       cases[i].to, cases[i].length));
		size = (size_t)cases[i].copied;
		size += size ? cases[i].to : 0;
		bytes = contents(to, size);
		for (; size > cases[i].to; size--) {
			if (bytes[size - 1] !=
			    byte_at(size - 1 - cases[i].to + cases[i].from))
				fail_msg("case %zu wrong at %zu", i, size - 1);
		}
		free(bytes);
		store_file_close(to);
	}
	store_file_close(from);
}

/* As memmove: what the bytes were when the copy began. */
YARD_TEST(a_file_is_copied_onto_itself)
{
	static const struct {
		size_t from, to, length;
	} cases[] = {
		{ 0, MIB, MIB },        { 0, 1, 2 * MIB },
		{ 0, 4096, MIB },       { 4096, 0, MIB },
		{ 5, 300 * 1024, MIB }, { 300 * 1024, 5, MIB },
		{ 100, 100, MIB },      { 3 * MIB - 10, 3 * MIB - 5, 10 },
	};
	size_t i, k, size;

	for (i = 0; i < sizeof(cases) / sizeof(cases[0]); i++) {
		struct store_file *file = co_put(y, "f", 3 * MIB);
		uint8_t *want = malloc(4 * MIB), *got, *was = pattern(3 * MIB);

		memcpy(want, was, 3 * MIB);
		memcpy(want + cases[i].to, was + cases[i].from,
		       cases[i].length);
		size = cases[i].to + cases[i].length;
		size = size > 3 * MIB ? size : 3 * MIB;
		assert_int_equal(cases[i].length,
				 store_co_copy(file, cases[i].from, file,
					       cases[i].to, cases[i].length));
		got = contents(file, size);
		for (k = 0; k < size; k++) {
			if (got[k] != want[k])
				fail_msg("case %zu wrong at %zu", i, k);
		}
		free(was);
		free(want);
		free(got);
		store_file_close(file);
	}
}

YARD_TEST(copies_cross_file_systems)
{
	const struct store_options options = {};
	char name[] = "/dev/shm/store-XXXXXX";
	struct store_file *from = co_put(y, "from", 20 * MIB + 3), *to;
	struct store_tree *tree;
	uint8_t *bytes;
	size_t i;

	if (!mkdtemp(name)) {
		print_message("no other file system here\n");
		store_file_close(from);
		return;
	}
	assert_int_equal(0, store_tree_open(name, &options, &tree));
	assert_int_equal(0, store_co_open(tree, NULL, NULL, "to",
					  STORE_OPEN_READ | STORE_OPEN_WRITE |
						  STORE_OPEN_CREATE,
					  0600, &to));
	assert_int_equal(20 * MIB,
			 store_co_copy(from, 3, to, 0, UINT64_C(1) << 40));
	bytes = contents(to, 20 * MIB);
	for (i = 0; i < 20 * MIB; i++) {
		if (bytes[i] != byte_at(i + 3))
			fail_msg("wrong at %zu", i);
	}
	free(bytes);
	store_file_close(to);
	store_file_close(from);
	store_tree_unref(tree);
	nftw(name, yard_remove, 16, FTW_DEPTH | FTW_PHYS);
}

YARD_TEST(a_copy_needs_files_that_are_open_for_it)
{
	struct store_file *from = co_put(y, "from", 100);
	struct store_file *other = yard_co_open(y, "from", STORE_OPEN_READ);
	struct store_file *path = yard_co_open(y, "from", STORE_OPEN_PATH);

	assert_true(store_co_copy(from, 0, other, 200, 10) < 0);
	assert_true(store_co_copy(path, 0, from, 200, 10) < 0);
	assert_int_equal(-EFBIG,
			 store_co_copy(from, 0, from, UINT64_MAX - 5, 10));
	store_file_close(path);
	store_file_close(other);
	store_file_close(from);
}

struct cancelled {
	struct store_file *from, *to;
	int64_t result;
	struct loop_waiter done;
};

static void co_copy_cancelled(void *arg)
{
	struct cancelled *c = arg;

	c->result = store_co_copy(c->from, 0, c->to, 0, 64 * MIB);
	loop_wake(&c->done, 0);
}

YARD_TEST(a_copy_can_be_cancelled)
{
	struct cancelled c = {};
	struct loop_fiber *fiber;

	c.from = co_put(y, "from", 1);
	assert_int_equal(0, ftruncate(store_file_fd(c.from), 64 * MIB));
	c.to = yard_co_open(y, "to", STORE_OPEN_WRITE | STORE_OPEN_CREATE);
	fiber = loop_spawn(co_copy_cancelled, &c);
	assert_non_null(fiber);
	loop_cancel(fiber);
	assert_int_equal(0, loop_co_wait(&c.done, LOOP_FOREVER));
	assert_int_equal(-ECANCELED, c.result);
	store_file_close(c.to);
	store_file_close(c.from);
}

/* ---- holes ---- */

YARD_TEST(runs_of_data_are_found)
{
	struct store_file *file;
	uint64_t start = 0, end = 0;

	if (!has_holes(y))
		return;
	yard_put(y, "f", "", 0);
	file = yard_co_open(y, "f", STORE_OPEN_READ | STORE_OPEN_WRITE);
	assert_int_equal(0, store_co_next_data(file, 0, &start, &end));
	assert_int_equal(0, store_co_truncate(file, 8 * MIB));
	assert_int_equal(0, store_co_next_data(file, 0, &start, &end));
	assert_int_equal(1, pwrite(store_file_fd(file), "x", 1, 2 * MIB));
	assert_int_equal(1, pwrite(store_file_fd(file), "x", 1, 4 * MIB));
	assert_int_equal(1, store_co_next_data(file, 0, &start, &end));
	assert_in_range(start, 1 * MIB, 2 * MIB);
	assert_in_range(end, 2 * MIB + 1, 3 * MIB);
	assert_int_equal(1, store_co_next_data(file, 2 * MIB, &start, &end));
	assert_int_equal(2 * MIB, start);
	assert_int_equal(1, store_co_next_data(file, end, &start, &end));
	assert_in_range(end, 4 * MIB + 1, 5 * MIB);
	assert_int_equal(0, store_co_next_data(file, end, &start, &end));
	assert_int_equal(0, store_co_next_data(file, 8 * MIB, &start, &end));
	assert_int_equal(0, store_co_next_data(file, UINT64_MAX, &start, &end));
	store_file_close(file);
}

YARD_TEST(zeroed_bytes_are_zero_and_the_size_stays)
{
	static const struct {
		uint64_t offset, length;
	} cases[] = {
		{ 0, 0 },         { 10, 20 },          { 4096, 8192 },
		{ 5000, 100000 }, { MIB - 10, 10 },    { MIB - 10, 4096 },
		{ MIB, 1 },       { 100, UINT64_MAX }, { UINT64_MAX, 5 },
	};
	size_t i, k;

	for (i = 0; i < sizeof(cases) / sizeof(cases[0]); i++) {
		struct store_file *file = co_put(y, "f", MIB);
		uint8_t *got;

		assert_int_equal(0, store_co_zero(file, cases[i].offset,
						  cases[i].length));
		got = contents(file, MIB);
		for (k = 0; k < MIB; k++) {
			bool in = k >= cases[i].offset &&
				  k - cases[i].offset < cases[i].length;

			if (got[k] != (in ? 0 : byte_at(k)))
				fail_msg("case %zu wrong at %zu", i, k);
		}
		free(got);
		store_file_close(file);
	}
}

YARD_TEST(zeroed_ranges_are_given_back)
{
	struct store_file *file;
	struct store_stat before, after;

	if (!has_holes(y))
		return;
	file = co_put(y, "f", 4 * MIB);
	assert_int_equal(0, store_co_flush(file));
	assert_int_equal(0, store_co_stat(file, &before));
	assert_int_equal(0, store_co_zero(file, MIB, 2 * MIB));
	assert_int_equal(0, store_co_stat(file, &after));
	assert_true(after.allocated + 2 * MIB <= before.allocated);
	assert_int_equal(4 * MIB, after.size);
	store_file_close(file);
}

YARD_TEST(reserved_space_does_not_show_in_the_size)
{
	struct store_file *file = co_put(y, "f", 100);
	struct store_stat st;
	int err = store_co_allocate(file, 4 * MIB);

	if (err == -EOPNOTSUPP) {
		print_message("this file system reserves no space\n");
	} else {
		assert_int_equal(0, err);
		assert_int_equal(0, store_co_stat(file, &st));
		assert_int_equal(100, st.size);
		assert_true(st.allocated >= 4 * MIB);
	}
	assert_int_equal(0, store_co_allocate(file, 0));
	assert_int_equal(-EFBIG, store_co_allocate(file, UINT64_MAX));
	store_file_close(file);
}

YARD_TEST(a_read_only_tree_keeps_its_bytes)
{
	struct store_tree *tree =
		yard_tree(y, &(struct store_options){ .is_read_only = true });
	struct store_file *file;

	yard_put(y, "f", "abc", 3);
	assert_int_equal(0, store_co_open(tree, NULL, NULL, "f",
					  STORE_OPEN_READ, 0, &file));
	assert_int_equal(-EROFS, store_co_copy(file, 0, file, 5, 1));
	assert_int_equal(-EROFS, store_co_zero(file, 0, 1));
	assert_int_equal(-EROFS, store_co_allocate(file, 1));
	store_file_close(file);
	store_tree_unref(tree);
}

/* Block sizes up to 64 KiB are held to be whole blocks here. */
YARD_TEST(a_clone_shares_blocks)
{
	const size_t block = 64 * 1024;
	struct store_file *from = co_put(y, "from", 2 * block);
	struct store_file *to = co_put(y, "to", block);
	uint8_t *bytes;
	int err = store_co_clone(from, block, to, 0, block);

	if (!store_tree_features(y->tree)->has_reflink) {
		assert_true(err < 0);
		print_message("this file system has no clones\n");
	} else {
		assert_int_equal(err, 0);
		bytes = contents(to, block);
		assert_int_equal(bytes[0], byte_at(block));
		assert_int_equal(bytes[block - 1], byte_at(2 * block - 1));
		free(bytes);
		assert_int_equal(store_co_clone(from, 1, to, 0, block),
				 -EINVAL);
	}
	store_file_close(to);
	store_file_close(from);
}

int main(void)
{
	const struct CMUnitTest tests[] = {
		cmocka_unit_test(a_clone_shares_blocks),
		cmocka_unit_test(a_copy_is_the_same_and_ends_with_its_source),
		cmocka_unit_test(a_file_is_copied_onto_itself),
		cmocka_unit_test(copies_cross_file_systems),
		cmocka_unit_test(a_copy_needs_files_that_are_open_for_it),
		cmocka_unit_test(a_copy_can_be_cancelled),
		cmocka_unit_test(runs_of_data_are_found),
		cmocka_unit_test(zeroed_bytes_are_zero_and_the_size_stays),
		cmocka_unit_test(zeroed_ranges_are_given_back),
		cmocka_unit_test(reserved_space_does_not_show_in_the_size),
		cmocka_unit_test(a_read_only_tree_keeps_its_bytes),
	};

	return cmocka_run_group_tests(tests, NULL, NULL);
}
