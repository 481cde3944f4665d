/* Copies and clones: MS-SMB2 3.3.5.15.6, MS-FSA 2.1.5.10.4. */
#include "tests/fsa/house.h"

enum {
	BLOCK = 64 * 1024, /* a whole number of blocks of any file system */
};

static void co_fill(struct smb_object *object, uint64_t offset, uint8_t byte,
		    uint32_t length)
{
	uint8_t *bytes = malloc(length);
	struct smb_write how = { .bytes = bytes,
				 .length = length,
				 .offset = offset };

	memset(bytes, byte, length);
	assert_int_equal(fsa_object_ops.co_write(object, &how),
			 NT_STATUS_SUCCESS);
	free(bytes);
}

static struct smb_object *co_full(struct house *h, const char *name,
				  uint8_t byte)
{
	struct smb_object *object = house_co_file(h, name);

	co_fill(object, 0, byte, BLOCK);
	return object;
}

static uint8_t byte_of(struct house *h, const char *name, off_t at)
{
	int fd = open(yard_path(h->y, name), O_RDONLY | O_CLOEXEC);
	uint8_t byte = 0;

	assert_true(fd >= 0);
	assert_int_equal(pread(fd, &byte, 1, at), 1);
	close(fd);
	return byte;
}

static enum nt_status co_copy(struct smb_object *to, struct smb_copy how)
{
	uint64_t copied = 4711;
	enum nt_status status = fsa_object_ops.co_copy(to, &how, &copied);

	assert_int_equal(copied, status == NT_STATUS_SUCCESS ? how.length : 0);
	return status;
}

HOUSE_TEST(a_copy_goes_where_it_should)
{
	struct smb_object *a = co_full(h, "a", 'a'), *b = co_full(h, "b", 'b');

	assert_int_equal(co_copy(b, (struct smb_copy){ .source = a,
						       .from = 10,
						       .to = BLOCK + 4096,
						       .length = 100 }),
			 NT_STATUS_SUCCESS);
	assert_int_equal(house_co_facts(b).file.end_of_file,
			 BLOCK + 4096 + 100);
	assert_int_equal(byte_of(h, "b", BLOCK - 1), 'b');
	assert_int_equal(byte_of(h, "b", BLOCK), 0);
	assert_int_equal(byte_of(h, "b", BLOCK + 4096), 'a');
	house_co_close(a);
	house_co_close(b);
}

/* The source must have all of it; the rest of the rules are READ's, WRITE's. */
HOUSE_TEST(a_copy_beyond_the_source_is_an_invalid_view)
{
	struct smb_object *a = co_full(h, "a", 'a'), *b = co_full(h, "b", 'b');

	assert_int_equal(co_copy(b, (struct smb_copy){ .source = a,
						       .from = 1,
						       .length = BLOCK }),
			 NT_STATUS_INVALID_VIEW_SIZE);
	assert_int_equal(co_copy(b, (struct smb_copy){ .source = a,
						       .to = INT64_MAX,
						       .length = 1 }),
			 NT_STATUS_INVALID_PARAMETER);
	assert_int_equal(co_copy(b, (struct smb_copy){ .source = a,
						       .from = UINT64_MAX,
						       .length = 2 }),
			 NT_STATUS_INVALID_PARAMETER);
	assert_int_equal(byte_of(h, "b", 0), 'b');
	house_co_close(a);
	house_co_close(b);
}

HOUSE_TEST(rights_of_both_ends_are_checked)
{
	static const struct {
		uint32_t from, to;
		enum nt_status status;
	} cases[] = {
		{ FILE_READ_DATA, FILE_WRITE_DATA, NT_STATUS_SUCCESS },
		{ FILE_EXECUTE, FILE_WRITE_DATA, NT_STATUS_SUCCESS },
		{ FILE_READ_ATTRIBUTES, FILE_WRITE_DATA,
		  NT_STATUS_ACCESS_DENIED },
		{ FILE_READ_DATA, FILE_READ_DATA, NT_STATUS_ACCESS_DENIED },
		{ FILE_READ_DATA, FILE_APPEND_DATA, NT_STATUS_ACCESS_DENIED },
	};

	house_co_close(co_full(h, "a", 'a'));
	house_co_close(co_full(h, "b", 'b'));
	for (size_t i = 0; i < sizeof(cases) / sizeof(cases[0]); i++) {
		struct smb_object *a = house_co_open(h, "a", cases[i].from, 0);
		struct smb_object *b = house_co_open(h, "b", cases[i].to, 0);

		assert_int_equal(co_copy(b, (struct smb_copy){ .source = a,
							       .length = 1 }),
				 cases[i].status);
		house_co_close(a);
		house_co_close(b);
	}
}

HOUSE_TEST(directories_are_not_copied)
{
	struct smb_object *d = house_co_dir(h, "d"), *f = co_full(h, "f", 'f');

	assert_int_equal(co_copy(f, (struct smb_copy){ .source = d }),
			 NT_STATUS_INVALID_DEVICE_REQUEST);
	assert_int_equal(co_copy(d, (struct smb_copy){ .source = f }),
			 NT_STATUS_INVALID_DEVICE_REQUEST);
	house_co_close(d);
	house_co_close(f);
}

static void co_lock_first_byte(struct smb_object *object, struct smb_call *call)
{
	const struct smb_lock lock = { .length = 1, .is_exclusive = true };
	const struct smb_locks locks = { &lock, 1, true };

	assert_int_equal(fsa_object_ops.co_lock(object, call, &locks),
			 NT_STATUS_SUCCESS);
}

HOUSE_TEST(locks_of_others_stop_a_copy)
{
	struct smb_object *a = co_full(h, "a", 'a'), *b = co_full(h, "b", 'b');
	struct smb_object *locker = house_co_file(h, "a");
	struct smb_copy first = { .source = a, .length = 1 };
	struct smb_copy second = { .source = a, .from = 1, .length = 1 };
	struct smb_copy back = { .source = b, .length = 1 };

	co_lock_first_byte(locker, &h->call);
	assert_int_equal(co_copy(b, first), NT_STATUS_FILE_LOCK_CONFLICT);
	assert_int_equal(co_copy(a, back), NT_STATUS_FILE_LOCK_CONFLICT);
	assert_int_equal(co_copy(b, second), NT_STATUS_SUCCESS);
	assert_int_equal(co_copy(locker, back), NT_STATUS_SUCCESS);
	house_co_close(locker);
	house_co_close(a);
	house_co_close(b);
}

HOUSE_TEST(a_file_is_copied_onto_itself_as_memory_is_moved)
{
	struct smb_object *a = co_full(h, "a", 'a');

	co_fill(a, 0, '0', 1);
	assert_int_equal(co_copy(a, (struct smb_copy){ .source = a,
						       .to = 1,
						       .length = BLOCK }),
			 NT_STATUS_SUCCESS);
	assert_int_equal(byte_of(h, "a", 0), '0');
	assert_int_equal(byte_of(h, "a", 1), '0');
	assert_int_equal(byte_of(h, "a", 2), 'a');
	assert_int_equal(byte_of(h, "a", BLOCK), 'a');
	house_co_close(a);
}

/* ---- clones ---- */

static bool has_clones(struct house *h, struct smb_object *a,
		       struct smb_object *b)
{
	if (store_tree_features(h->y->tree)->has_reflink)
		return true;
	print_message("this file system has no clones\n");
	house_co_close(a);
	house_co_close(b);
	return false;
}

static struct smb_copy cloned(struct smb_object *source, uint64_t from,
			      uint64_t to, uint64_t length)
{
	return (struct smb_copy){ .source = source,
				  .from = from,
				  .to = to,
				  .length = length,
				  .is_clone = true };
}

HOUSE_TEST(clones_are_refused_where_blocks_have_one_owner)
{
	struct smb_object *a = co_full(h, "a", 'a'), *b = co_full(h, "b", 'b');
	bool can = store_tree_features(h->y->tree)->has_reflink;
	struct smb_volume_facts facts;

	assert_int_equal(co_copy(b, cloned(a, 0, 0, BLOCK)),
			 can ? NT_STATUS_SUCCESS : NT_STATUS_NOT_SUPPORTED);
	assert_int_equal(byte_of(h, "b", BLOCK - 1), can ? 'a' : 'b');
	assert_int_equal(fsa_object_ops.co_query_volume(h->volume, &facts),
			 NT_STATUS_SUCCESS);
	assert_int_equal((facts.attributes & 0x8000000) != 0, can);
	house_co_close(a);
	house_co_close(b);
}

HOUSE_TEST(a_clone_stays_inside_of_both_files)
{
	struct smb_object *a = co_full(h, "a", 'a'), *b = co_full(h, "b", 'b');

	if (!has_clones(h, a, b))
		return;
	co_fill(b, BLOCK, 'b', BLOCK);
	assert_int_equal(co_copy(b, cloned(a, 0, 0, 2 * BLOCK)),
			 NT_STATUS_NOT_SUPPORTED);
	assert_int_equal(co_copy(a, cloned(b, 0, BLOCK, BLOCK)),
			 NT_STATUS_NOT_SUPPORTED);
	assert_int_equal(co_copy(b, cloned(a, 1, 0, 4096)),
			 NT_STATUS_INVALID_PARAMETER);
	assert_int_equal(co_copy(b, cloned(b, 0, 4096, BLOCK)),
			 NT_STATUS_NOT_SUPPORTED);
	assert_int_equal(co_copy(b, cloned(a, 0, 0, 0)), NT_STATUS_SUCCESS);
	assert_int_equal(byte_of(h, "b", 0), 'b');
	assert_int_equal(co_copy(b, cloned(b, 0, BLOCK, BLOCK)),
			 NT_STATUS_SUCCESS);
	house_co_close(a);
	house_co_close(b);
}

HOUSE_TEST(a_clone_passes_by_locks)
{
	struct smb_object *a = co_full(h, "a", 'a'), *b = co_full(h, "b", 'b');
	struct smb_object *locker;

	if (!has_clones(h, a, b))
		return;
	locker = house_co_file(h, "b");
	co_lock_first_byte(locker, &h->call);
	assert_int_equal(co_copy(b, cloned(a, 0, 0, BLOCK)), NT_STATUS_SUCCESS);
	house_co_close(locker);
	house_co_close(a);
	house_co_close(b);
}

int main(void)
{
	const struct CMUnitTest tests[] = {
		cmocka_unit_test(a_copy_goes_where_it_should),
		cmocka_unit_test(a_copy_beyond_the_source_is_an_invalid_view),
		cmocka_unit_test(rights_of_both_ends_are_checked),
		cmocka_unit_test(directories_are_not_copied),
		cmocka_unit_test(locks_of_others_stop_a_copy),
		cmocka_unit_test(
			a_file_is_copied_onto_itself_as_memory_is_moved),
		cmocka_unit_test(
			clones_are_refused_where_blocks_have_one_owner),
		cmocka_unit_test(a_clone_stays_inside_of_both_files),
		cmocka_unit_test(a_clone_passes_by_locks),
	};

	return cmocka_run_group_tests(tests, NULL, NULL);
}
