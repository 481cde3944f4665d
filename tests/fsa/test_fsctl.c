/* FSCTLs on files: MS-FSCC 2.3. Tests hole.c as well. */
#include "tests/fsa/house.h"

#include "smb/wire/cursor.h"

enum {
	GET_COMPRESSION = 0x9003c,
	GET_OBJECT_ID = 0x9009c,
	GET_REPARSE_POINT = 0x900a8,
	CREATE_OR_GET_OBJECT_ID = 0x900c0,
	SET_SPARSE = 0x900c4,
	QUERY_ALLOCATED_RANGES = 0x940cf,
	SET_ZERO_DATA = 0x980c8,
	FILE_LEVEL_TRIM = 0x98208,
	SET_COMPRESSION = 0x9c040,
};

static uint8_t out[256];
static uint32_t out_length;

static enum nt_status co_ask(struct smb_object *object, uint32_t code,
			     const void *in, uint32_t in_length,
			     uint32_t out_size)
{
	struct smb_ioctl ioctl = { .code = code,
				   .in = in,
				   .in_length = in_length,
				   .out = out,
				   .out_size = out_size };

	out_length = 0;
	return fsa_object_ops.co_ioctl(object, &ioctl, &out_length);
}

static enum nt_status co_ask_range(struct smb_object *object, uint32_t code,
				   uint64_t a, uint64_t b, uint32_t out_size)
{
	uint8_t in[16];
	struct writer w = writer_at(in, sizeof(in));

	wr_u64(&w, a);
	wr_u64(&w, b);
	return co_ask(object, code, in, sizeof(in), out_size);
}

static void assert_range(size_t index, uint64_t start, uint64_t length)
{
	struct reader r = reader_at(out, out_length);

	rd_seek(&r, index * 16);
	assert_int_equal(rd_u64(&r), start);
	assert_int_equal(rd_u64(&r), length);
	assert_true(rd_ok(&r));
}

static void co_write_at(struct smb_object *object, uint64_t offset)
{
	static const uint8_t bytes[4096] = { 1 };
	struct smb_write how = { .bytes = bytes,
				 .length = sizeof(bytes),
				 .offset = offset };

	assert_int_equal(fsa_object_ops.co_write(object, &how),
			 NT_STATUS_SUCCESS);
}

static bool can_be_sparse(struct house *h)
{
	const struct store_features *can = store_tree_features(h->y->tree);

	return can->has_sparse && can->has_xattr;
}

static uint32_t co_attributes(struct smb_object *object)
{
	return house_co_facts(object).file.attributes;
}

HOUSE_TEST(nothing_is_compressed)
{
	struct smb_object *f = house_co_file(h, "f");
	uint8_t none[2] = { 0, 0 }, lznt1[2] = { 2, 0 };

	out[0] = out[1] = 9;
	assert_int_equal(co_ask(f, GET_COMPRESSION, NULL, 0, 2),
			 NT_STATUS_SUCCESS);
	assert_int_equal(out_length, 2);
	assert_int_equal(out[0] | out[1], 0);
	assert_int_equal(co_ask(f, GET_COMPRESSION, NULL, 0, 1),
			 NT_STATUS_BUFFER_TOO_SMALL);
	assert_int_equal(co_ask(f, SET_COMPRESSION, none, 2, 0),
			 NT_STATUS_SUCCESS);
	assert_int_equal(co_ask(f, SET_COMPRESSION, lznt1, 2, 0),
			 NT_STATUS_NOT_SUPPORTED);
	assert_int_equal(co_ask(f, SET_COMPRESSION, none, 1, 0),
			 NT_STATUS_INVALID_PARAMETER);
	house_co_close(f);
}

HOUSE_TEST(unknown_ones_are_invalid)
{
	struct smb_object *f = house_co_file(h, "f");

	assert_int_equal(co_ask(f, 0x90064, NULL, 0, 64),
			 NT_STATUS_INVALID_DEVICE_REQUEST);
	assert_int_equal(co_ask(f, 0, NULL, 0, 0),
			 NT_STATUS_INVALID_DEVICE_REQUEST);
	assert_int_equal(co_ask(f, GET_REPARSE_POINT, NULL, 0, 64),
			 NT_STATUS_NOT_A_REPARSE_POINT);
	house_co_close(f);
}

HOUSE_TEST(object_ids_are_stable_and_differ)
{
	struct smb_object *f = house_co_file(h, "f");
	struct smb_object *g = house_co_file(h, "g");
	uint8_t first[64];

	assert_int_equal(co_ask(f, CREATE_OR_GET_OBJECT_ID, NULL, 0, 64),
			 NT_STATUS_SUCCESS);
	assert_int_equal(out_length, 64);
	memcpy(first, out, 64);
	assert_int_equal(co_ask(f, GET_OBJECT_ID, NULL, 0, 64),
			 NT_STATUS_SUCCESS);
	assert_memory_equal(out, first, 64);
	assert_int_equal(co_ask(g, GET_OBJECT_ID, NULL, 0, 64),
			 NT_STATUS_SUCCESS);
	assert_memory_not_equal(out, first, 16);
	assert_int_equal(co_ask(f, GET_OBJECT_ID, NULL, 0, 63),
			 NT_STATUS_BUFFER_TOO_SMALL);
	house_co_close(g);
	house_co_close(f);
}

HOUSE_TEST(the_sparse_attribute_comes_and_goes)
{
	static const uint8_t yes[1024] = { 0xff }, no[1024] = { 0 };
	struct smb_object *f = house_co_file(h, "f");
	struct smb_object *d = house_co_dir(h, "d");
	struct smb_object *weak = house_co_open(h, "f", FILE_GENERIC_READ, 0);

	if (!can_be_sparse(h))
		goto close;
	assert_int_equal(co_ask(f, SET_SPARSE, NULL, 0, 0), NT_STATUS_SUCCESS);
	assert_int_equal(co_attributes(f) & 0x200, 0x200);
	assert_int_equal(co_ask(f, SET_SPARSE, no, sizeof(no), 0),
			 NT_STATUS_SUCCESS);
	assert_int_equal(co_attributes(f) & 0x200, 0);
	assert_int_equal(co_ask(f, SET_SPARSE, yes, sizeof(yes), 0),
			 NT_STATUS_SUCCESS);
	/* Setting other attributes does not take it away. */
	assert_int_equal(house_co_set(f,
				      (struct smb_set){ .kind = SMB_SET_BASIC,
							.attributes = 0x80 }),
			 NT_STATUS_SUCCESS);
	assert_int_equal(co_attributes(f) & 0x200, 0x200);
	assert_int_equal(co_ask(d, SET_SPARSE, yes, 1, 0),
			 NT_STATUS_INVALID_PARAMETER);
	assert_int_equal(co_ask(weak, SET_SPARSE, yes, 1, 0),
			 NT_STATUS_ACCESS_DENIED);
close:
	house_co_close(weak);
	house_co_close(d);
	house_co_close(f);
}

HOUSE_TEST(ranges_of_a_plain_file_are_one)
{
	struct smb_object *f = house_co_file(h, "f");
	struct smb_object *weak =
		house_co_open(h, "f", FILE_READ_ATTRIBUTES, 0);

	assert_int_equal(co_ask_range(f, QUERY_ALLOCATED_RANGES, 0, 100, 0),
			 NT_STATUS_SUCCESS);
	assert_int_equal(out_length, 0);
	co_write_at(f, 4096);
	assert_int_equal(co_ask_range(f, QUERY_ALLOCATED_RANGES, 0, 0, 16),
			 NT_STATUS_SUCCESS);
	assert_int_equal(out_length, 0);
	assert_int_equal(co_ask_range(f, QUERY_ALLOCATED_RANGES, 1, 100000, 16),
			 NT_STATUS_SUCCESS);
	assert_int_equal(out_length, 16);
	assert_range(0, 1, 8191);
	assert_int_equal(co_ask_range(f, QUERY_ALLOCATED_RANGES, 0, 100, 15),
			 NT_STATUS_BUFFER_TOO_SMALL);
	assert_int_equal(co_ask_range(f, QUERY_ALLOCATED_RANGES, 512,
				      UINT64_MAX, 64),
			 NT_STATUS_INVALID_PARAMETER);
	assert_int_equal(co_ask(f, QUERY_ALLOCATED_RANGES, NULL, 0, 64),
			 NT_STATUS_INVALID_PARAMETER);
	assert_int_equal(co_ask_range(weak, QUERY_ALLOCATED_RANGES, 0, 100, 64),
			 NT_STATUS_ACCESS_DENIED);
	house_co_close(weak);
	house_co_close(f);
}

HOUSE_TEST(ranges_of_a_sparse_file_leave_out_its_holes)
{
	const uint64_t chunk = 1 << 20;
	struct smb_object *f = house_co_file(h, "f");

	if (!can_be_sparse(h))
		goto close;
	assert_int_equal(co_ask(f, SET_SPARSE, NULL, 0, 0), NT_STATUS_SUCCESS);
	co_write_at(f, 0);
	co_write_at(f, 2 * chunk);
	co_write_at(f, 4 * chunk);
	assert_int_equal(co_ask_range(f, QUERY_ALLOCATED_RANGES, 0, 8 * chunk,
				      64),
			 NT_STATUS_SUCCESS);
	assert_int_equal(out_length, 48);
	assert_range(1, 2 * chunk, 4096);
	assert_int_equal(co_ask_range(f, QUERY_ALLOCATED_RANGES, 0, 8 * chunk,
				      32),
			 NT_STATUS_BUFFER_OVERFLOW);
	assert_int_equal(out_length, 32);
	assert_int_equal(co_ask_range(f, SET_ZERO_DATA, 2 * chunk,
				      2 * chunk + 4096, 0),
			 NT_STATUS_SUCCESS);
	assert_int_equal(co_ask_range(f, QUERY_ALLOCATED_RANGES, 10, 4 * chunk,
				      64),
			 NT_STATUS_SUCCESS);
	assert_int_equal(out_length, 32);
	assert_range(0, 10, 4086);
	assert_range(1, 4 * chunk, 10);
close:
	house_co_close(f);
}

HOUSE_TEST(zeroes_never_change_the_size)
{
	struct smb_object *f = house_co_file(h, "f");
	struct smb_object *weak = house_co_open(h, "f", FILE_APPEND_DATA, 0);
	struct smb_object *d = house_co_dir(h, "d");
	struct stat st;
	int fd;
	char first = 1;

	if (!store_tree_features(h->y->tree)->has_sparse)
		goto close;
	co_write_at(f, 0);
	assert_int_equal(co_ask_range(f, SET_ZERO_DATA, 4096, 4104, 0),
			 NT_STATUS_SUCCESS);
	assert_int_equal(co_ask_range(f, SET_ZERO_DATA, 8192, 8200, 0),
			 NT_STATUS_SUCCESS);
	assert_int_equal(co_ask_range(f, SET_ZERO_DATA, 4095, 4095, 0),
			 NT_STATUS_SUCCESS);
	assert_int_equal(co_ask_range(f, SET_ZERO_DATA, 4096, 4095, 0),
			 NT_STATUS_INVALID_PARAMETER);
	assert_int_equal(co_ask_range(f, SET_ZERO_DATA, 0, UINT64_C(1) << 63,
				      0),
			 NT_STATUS_INVALID_PARAMETER);
	assert_int_equal(co_ask_range(weak, SET_ZERO_DATA, 0, 10, 0),
			 NT_STATUS_ACCESS_DENIED);
	assert_int_equal(co_ask_range(d, SET_ZERO_DATA, 0, 10, 0),
			 NT_STATUS_INVALID_PARAMETER);
	assert_int_equal(co_ask_range(f, SET_ZERO_DATA, 0, 1 << 20, 0),
			 NT_STATUS_SUCCESS);
	assert_int_equal(stat(yard_path(h->y, "f"), &st), 0);
	assert_int_equal(st.st_size, 4096);
	fd = open(yard_path(h->y, "f"), O_RDONLY);
	assert_int_equal(read(fd, &first, 1), 1);
	assert_int_equal(first, 0);
	close(fd);
close:
	house_co_close(d);
	house_co_close(weak);
	house_co_close(f);
}

HOUSE_TEST(zeroes_respect_locks)
{
	struct smb_object *f = house_co_file(h, "f");
	struct smb_object *g = house_co_file(h, "f");
	struct smb_lock lock = { .offset = 10,
				 .length = 10,
				 .is_exclusive = true };
	struct smb_locks locks = { .locks = &lock,
				   .count = 1,
				   .is_immediate = true };

	co_write_at(f, 0);
	assert_int_equal(fsa_object_ops.co_lock(g, &h->call, &locks),
			 NT_STATUS_SUCCESS);
	assert_int_equal(co_ask_range(f, SET_ZERO_DATA, 0, 11, 0),
			 NT_STATUS_FILE_LOCK_CONFLICT);
	assert_int_equal(co_ask_range(f, SET_ZERO_DATA, 20, 100, 0),
			 NT_STATUS_SUCCESS);
	house_co_close(g);
	house_co_close(f);
}

static enum nt_status co_trim(struct smb_object *object, uint32_t key,
			      uint32_t count, const uint64_t (*ranges)[2],
			      uint32_t out_size)
{
	uint8_t in[8 + 16 * 4];
	struct writer w = writer_at(in, sizeof(in));

	wr_u32(&w, key);
	wr_u32(&w, count);
	for (uint32_t i = 0; i < count; i++) {
		wr_u64(&w, ranges[i][0]);
		wr_u64(&w, ranges[i][1]);
	}
	return co_ask(object, FILE_LEVEL_TRIM, in, (uint32_t)w.at, out_size);
}

/* The blocks that lie in a range as a whole lose their bytes. */
HOUSE_TEST(trimming_gives_blocks_back)
{
	static const uint64_t ranges[][2] = { { 1, 8191 }, { 8192, 4095 } };
	struct smb_object *f = house_co_file(h, "f");
	struct smb_object *weak = house_co_open(h, "f", FILE_READ_DATA, 0);
	int fd = open(yard_path(h->y, "f"), O_RDONLY);
	char bytes[3] = { 9, 9, 9 };

	if (!store_tree_features(h->y->tree)->has_sparse)
		goto close;
	for (uint64_t at = 0; at < 3 * 4096; at += 4096)
		co_write_at(f, at);
	assert_int_equal(co_trim(f, 0, 2, ranges, 4), NT_STATUS_SUCCESS);
	assert_int_equal(out_length, 4);
	assert_int_equal(out[0], 2);
	for (int i = 0; i < 3; i++)
		assert_int_equal(pread(fd, &bytes[i], 1, i * 4096), 1);
	assert_memory_equal(bytes, "\1\0\1", 3);
	assert_int_equal(co_trim(f, 1, 1, ranges, 4),
			 NT_STATUS_INVALID_PARAMETER);
	assert_int_equal(co_trim(f, 0, 0, ranges, 4),
			 NT_STATUS_INVALID_PARAMETER);
	assert_int_equal(co_trim(f, 0, 1, ranges, 3),
			 NT_STATUS_BUFFER_TOO_SMALL);
	assert_int_equal(co_trim(weak, 0, 1, ranges, 4),
			 NT_STATUS_ACCESS_DENIED);
close:
	close(fd);
	house_co_close(weak);
	house_co_close(f);
}

int main(void)
{
	const struct CMUnitTest tests[] = {
		cmocka_unit_test(nothing_is_compressed),
		cmocka_unit_test(unknown_ones_are_invalid),
		cmocka_unit_test(object_ids_are_stable_and_differ),
		cmocka_unit_test(the_sparse_attribute_comes_and_goes),
		cmocka_unit_test(ranges_of_a_plain_file_are_one),
		cmocka_unit_test(ranges_of_a_sparse_file_leave_out_its_holes),
		cmocka_unit_test(zeroes_never_change_the_size),
		cmocka_unit_test(zeroes_respect_locks),
		cmocka_unit_test(trimming_gives_blocks_back),
	};

	return cmocka_run_group_tests(tests, NULL, NULL);
}
