/* READ, WRITE, FLUSH: MS-FSA 2.1.5.2, 2.1.5.3; RD-1, RD-2, WR-2, FL-1. */
#include "tests/fsa/desk.h"

YARD_TEST(reading_ends_where_the_file_does)
{
	static const struct {
		uint64_t offset;
		uint32_t length, minimum;
		enum nt_status status;
		const char *text;
	} cases[] = {
		{ 0, 10, 0, 0, "0123456789" },
		{ 0, 64, 1, 0, "0123456789" },
		{ 9, 2, 0, 0, "9" },
		{ 10, 1, 0, NT_STATUS_END_OF_FILE, "" },
		{ 10, 0, 0, 0, "" },
		{ 10, 0, 1, NT_STATUS_END_OF_FILE, "" },
		{ 9, 1, 2, NT_STATUS_END_OF_FILE, "" },
		{ 0, 5, 10, NT_STATUS_END_OF_FILE, "" },
		{ INT64_MAX, 0, 0, 0, "" },
		{ INT64_MAX - 1, 1, 0, NT_STATUS_END_OF_FILE, "" },
		{ INT64_MAX, 1, 0, NT_STATUS_INVALID_PARAMETER, "" },
		{ INT64_MAX + UINT64_C(1), 0, 0, NT_STATUS_INVALID_PARAMETER,
		  "" },
		{ UINT64_MAX, 0, 0, NT_STATUS_INVALID_PARAMETER, "" },
	};
	struct smb_object *object;
	char text[128];
	struct desk d;

	desk_begin(&d, y);
	yard_put(y, "f", "0123456789", 10);
	object = desk_co_open(d.volume, "f", DESK_RW, DESK_ALL, FILE_OPEN, 0);
	for (size_t i = 0; i < sizeof(cases) / sizeof(cases[0]); i++) {
		assert_int_equal(cases[i].status,
				 desk_co_read(object, cases[i].offset,
					      cases[i].length, cases[i].minimum,
					      text));
		assert_string_equal(cases[i].text, text);
	}
	desk_co_close(object);
	desk_end(&d);
}

YARD_TEST(each_right_allows_its_own)
{
	static const struct {
		uint32_t access;
		enum nt_status read, write, flush;
	} cases[] = {
		{ FILE_READ_DATA, 0, NT_STATUS_ACCESS_DENIED,
		  NT_STATUS_ACCESS_DENIED },
		{ FILE_EXECUTE, 0, NT_STATUS_ACCESS_DENIED,
		  NT_STATUS_ACCESS_DENIED },
		{ FILE_WRITE_DATA, NT_STATUS_ACCESS_DENIED, 0, 0 },
		{ FILE_APPEND_DATA, NT_STATUS_ACCESS_DENIED, 0, 0 },
		{ FILE_READ_ATTRIBUTES, NT_STATUS_ACCESS_DENIED,
		  NT_STATUS_ACCESS_DENIED, NT_STATUS_ACCESS_DENIED },
	};
	struct smb_object *object;
	char text[128];
	struct desk d;

	desk_begin(&d, y);
	yard_put(y, "f", "0123456789", 10);
	for (size_t i = 0; i < sizeof(cases) / sizeof(cases[0]); i++) {
		object = desk_co_open(d.volume, "f", cases[i].access, DESK_ALL,
				      FILE_OPEN, 0);
		assert_int_equal(cases[i].read,
				 desk_co_read(object, 0, 4, 0, text));
		assert_int_equal(cases[i].write, desk_co_write(object, 0, "a"));
		assert_int_equal(cases[i].flush,
				 fsa_object_ops.co_flush(object));
		desk_co_close(object);
	}
	desk_end(&d);
}

YARD_TEST(directories_have_no_data_and_can_be_flushed)
{
	struct smb_object *object;
	char text[128];
	struct desk d;

	desk_begin(&d, y);
	yard_mkdir(y, "d");
	object = desk_co_open(d.volume, "d", FILE_LIST_DIRECTORY, DESK_ALL,
			      FILE_OPEN, 0);
	assert_int_equal(NT_STATUS_INVALID_DEVICE_REQUEST,
			 desk_co_read(object, 0, 4, 0, text));
	assert_int_equal(NT_STATUS_ACCESS_DENIED,
			 fsa_object_ops.co_flush(object));
	desk_co_close(object);
	object = desk_co_open(d.volume, "d", FILE_ADD_SUBDIRECTORY, DESK_ALL,
			      FILE_OPEN, 0);
	assert_int_equal(NT_STATUS_INVALID_DEVICE_REQUEST,
			 desk_co_write(object, 0, "x"));
	assert_int_equal(0, fsa_object_ops.co_flush(object));
	desk_co_close(object);
	desk_end(&d);
}

YARD_TEST(writing_has_its_bounds)
{
	const uint64_t most = 0xfffffff0000;
	struct smb_object *object;
	char text[128];
	struct desk d;

	desk_begin(&d, y);
	object = desk_co_open(d.volume, "f", DESK_RW, DESK_ALL, FILE_CREATE, 0);
	assert_int_equal(0, desk_co_write(object, 3, "abc"));
	assert_int_equal(0, desk_co_read(object, 0, 16, 6, text));
	assert_memory_equal("\0\0\0abc", text, 6);
	assert_int_equal(NT_STATUS_INVALID_PARAMETER,
			 desk_co_write(object, UINT64_MAX, "a"));
	assert_int_equal(NT_STATUS_INVALID_PARAMETER,
			 desk_co_write(object, INT64_MAX + UINT64_C(1), ""));
	assert_int_equal(NT_STATUS_INVALID_PARAMETER,
			 desk_co_write(object, INT64_MAX, "a"));
	assert_int_equal(0, desk_co_write(object, INT64_MAX, ""));
	assert_int_equal(NT_STATUS_INVALID_PARAMETER,
			 desk_co_write(object, most, "a"));
	assert_int_equal(0, desk_co_write(object, most, ""));
	desk_co_close(object);
	desk_end(&d);
}

/* WR-2: all ones means the end, to those that can't but append. */
/* What was written shows late, and FLUSH is one of the things that show it. */
YARD_TEST(flushing_settles_the_write_time)
{
	struct smb_open_facts before = {}, after = {};
	struct smb_object *object;
	struct desk d;

	desk_begin(&d, y);
	object = desk_co_open(d.volume, "f", FILE_ALL_ACCESS, DESK_ALL,
			      FILE_CREATE, 0);
	assert_int_equal(0, fsa_object_ops.co_query(object, &before));
	assert_int_equal(0, loop_co_sleep(loop_ms(20)));
	assert_int_equal(0, desk_co_write(object, 0, "abc"));
	assert_int_equal(0, fsa_object_ops.co_query(object, &after));
	assert_int_equal(before.file.write, after.file.write);
	assert_int_equal(0, fsa_object_ops.co_flush(object));
	assert_int_equal(0, fsa_object_ops.co_query(object, &after));
	assert_true(before.file.write < after.file.write);
	desk_co_close(object);
	desk_end(&d);
}

YARD_TEST(who_can_only_append_may_leave_the_place_open)
{
	struct smb_object *object;
	char text[128];
	struct desk d;

	desk_begin(&d, y);
	yard_put(y, "f", "abc", 3);
	object = desk_co_open(d.volume, "f", FILE_APPEND_DATA, DESK_ALL,
			      FILE_OPEN, 0);
	assert_int_equal(0, desk_co_write(object, UINT64_MAX, "def"));
	/* An offset that is named is taken as it is. */
	assert_int_equal(0, desk_co_write(object, 0, "A"));
	desk_co_close(object);
	object = desk_co_open(d.volume, "f", DESK_RW, DESK_ALL, FILE_OPEN, 0);
	assert_int_equal(0, desk_co_read(object, 0, 16, 0, text));
	assert_string_equal("Abcdef", text);
	desk_co_close(object);
	desk_end(&d);
}

static uint8_t *no_room(void *owner, uint32_t length)
{
	(void)owner;
	(void)length;
	return NULL;
}

YARD_TEST(a_body_may_stay_in_the_kernel_and_be_dropped)
{
	const struct store_options options = { .read_path = STORE_READ_SPLICE };
	const struct smb_read how = { .length = 65536,
				      .may_be_opaque = true,
				      .room = no_room };
	struct smb_object *object;
	static char zeroes[65536];
	struct smb_body body;
	struct desk d;

	desk_begin(&d, y);
	d.share.tree = yard_tree(y, &options);
	yard_put(y, "f", zeroes, sizeof(zeroes));
	object = desk_co_open(d.volume, "f", DESK_RW, DESK_ALL, FILE_OPEN, 0);
	for (int i = 0; i < 100; i++) {
		assert_int_equal(0,
				 fsa_object_ops.co_read(object, &how, &body));
		assert_null(body.bytes);
		assert_non_null(body.opaque);
		assert_int_equal(sizeof(zeroes), body.length);
		fsa_object_ops.body_drop(&body);
	}
	desk_co_close(object);
	desk_end(&d);
	store_tree_unref(d.share.tree);
}

int main(void)
{
	const struct CMUnitTest tests[] = {
		cmocka_unit_test(reading_ends_where_the_file_does),
		cmocka_unit_test(each_right_allows_its_own),
		cmocka_unit_test(directories_have_no_data_and_can_be_flushed),
		cmocka_unit_test(writing_has_its_bounds),
		cmocka_unit_test(flushing_settles_the_write_time),
		cmocka_unit_test(who_can_only_append_may_leave_the_place_open),
		cmocka_unit_test(a_body_may_stay_in_the_kernel_and_be_dropped),
	};

	return cmocka_run_group_tests(tests, NULL, NULL);
}
