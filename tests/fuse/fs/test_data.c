/* Bytes, holes, the room for them, and what lies behind an end. */
#include "tests/fuse/cm.h"

#include <errno.h>
#include <stdlib.h>
#include <string.h>

#include "fuse/fs/data.h"

static struct memfs_room room;
static struct memfs_data data;

static int set_up(void **state)
{
	(void)state;
	room = (struct memfs_room){ .max = 16 };
	data = (struct memfs_data){ 0 };
	return 0;
}

static int tear_down(void **state)
{
	(void)state;
	memfs_data_fini(&data, &room);
	assert_int_equal(room.used, 0);
	return 0;
}

static void write_text(uint64_t offset, const char *text)
{
	assert_int_equal(memfs_data_write(&data, &room, offset, text,
					  strlen(text)),
			 0);
}

static void what_was_written_is_read(void **state)
{
	char bytes[16] = "";

	(void)state;
	write_text(MEMFS_BLOCK - 3, "across");

	assert_int_equal(memfs_data_read(&data, MEMFS_BLOCK - 3, bytes, 16), 6);
	assert_string_equal(bytes, "across");
	assert_int_equal(data.size, MEMFS_BLOCK + 3);
	assert_int_equal(room.used, 2);
}

static void a_hole_is_zeroes_and_takes_no_room(void **state)
{
	char bytes[4] = "xxxx";

	(void)state;
	write_text(10 * MEMFS_BLOCK, "far");

	assert_int_equal(memfs_data_read(&data, 5 * MEMFS_BLOCK, bytes, 4), 4);
	assert_memory_equal(bytes, "\0\0\0\0", 4);
	assert_int_equal(room.used, 1);
}

static void reading_stops_at_the_end(void **state)
{
	char bytes[8];

	(void)state;
	write_text(0, "12345");

	assert_int_equal(memfs_data_read(&data, 3, bytes, 8), 2);
	assert_int_equal(memfs_data_read(&data, 5, bytes, 8), 0);
	assert_int_equal(memfs_data_read(&data, UINT64_MAX, bytes, 8), 0);
}

static void what_was_cut_off_does_not_come_back(void **state)
{
	char bytes[6];

	(void)state;
	write_text(0, "secret");
	assert_int_equal(memfs_data_resize(&data, &room, 2), 0);
	assert_int_equal(memfs_data_resize(&data, &room, 6), 0);

	assert_int_equal(memfs_data_read(&data, 0, bytes, 6), 6);
	assert_memory_equal(bytes, "se\0\0\0\0", 6);
}

static void seeking_finds_data_and_holes(void **state)
{
	(void)state;
	write_text(2 * MEMFS_BLOCK, "a");
	write_text(3 * MEMFS_BLOCK, "b");
	memfs_data_resize(&data, &room, 8 * MEMFS_BLOCK);

	assert_int_equal(memfs_data_seek(&data, 0, true), 0);
	assert_int_equal(memfs_data_seek(&data, 0, false), 2 * MEMFS_BLOCK);
	assert_int_equal(memfs_data_seek(&data, 2 * MEMFS_BLOCK + 7, false),
			 2 * MEMFS_BLOCK + 7);
	assert_int_equal(memfs_data_seek(&data, 2 * MEMFS_BLOCK + 7, true),
			 4 * MEMFS_BLOCK);
	assert_int_equal(memfs_data_seek(&data, 4 * MEMFS_BLOCK, false),
			 -ENXIO);
	assert_int_equal(memfs_data_seek(&data, 8 * MEMFS_BLOCK, true), -ENXIO);
}

static void the_end_is_a_hole(void **state)
{
	(void)state;
	write_text(0, "a");

	assert_int_equal(memfs_data_seek(&data, 0, true), 1);
}

static void punching_gives_room_back(void **state)
{
	char bytes[3 * MEMFS_BLOCK], wanted[3 * MEMFS_BLOCK];

	(void)state;
	memset(bytes, 'x', sizeof(bytes));
	memcpy(wanted, bytes, sizeof(bytes));
	assert_int_equal(memfs_data_write(&data, &room, 0, bytes,
					  sizeof(bytes)),
			 0);
	memfs_data_punch(&data, &room, 100, 2 * MEMFS_BLOCK);
	memset(wanted + 100, 0, 2 * MEMFS_BLOCK);

	assert_int_equal(room.used, 2);
	memfs_data_read(&data, 0, bytes, sizeof(bytes));
	assert_memory_equal(bytes, wanted, sizeof(bytes));
}

static void punching_inside_a_block_spares_the_rest(void **state)
{
	char bytes[6];

	(void)state;
	write_text(0, "abcdef");
	memfs_data_punch(&data, &room, 2, 2);

	memfs_data_read(&data, 0, bytes, 6);
	assert_memory_equal(bytes, "ab\0\0ef", 6);
}

static void more_than_there_is_room_for_is_refused(void **state)
{
	char *bytes = calloc(17, MEMFS_BLOCK);

	(void)state;
	assert_int_equal(memfs_data_write(&data, &room, 0, bytes,
					  (size_t)17 * MEMFS_BLOCK),
			 -ENOSPC);
	assert_int_equal(data.size, 0);
	assert_int_equal(memfs_data_write(&data, &room, INT64_MAX, bytes, 1),
			 -EFBIG);
	assert_int_equal(memfs_data_resize(&data, &room, UINT64_MAX), -EFBIG);
	free(bytes);
}

static void reserved_room_is_used(void **state)
{
	(void)state;
	assert_int_equal(memfs_data_reserve(&data, &room, 0, 16 * MEMFS_BLOCK),
			 0);

	write_text(15 * MEMFS_BLOCK, "fits");

	assert_int_equal(room.used, 16);
}

/* Against a plain array. */
static void chance_finds_no_difference(void **state)
{
	enum {
		SIZE = 12 * MEMFS_BLOCK
	};
	uint8_t *model = calloc(1, SIZE), *bytes = calloc(1, SIZE);
	uint32_t dice = 1;
	size_t size = 0;

	(void)state;
	for (int i = 0; i < 2000; i++) {
		size_t from, length;

		dice = dice * 1103515245 + 12345;
		from = dice / 7 % SIZE;
		dice = dice * 1103515245 + 12345;
		length = dice / 7 % (SIZE - from);
		switch (dice / 65536 % 3) {
		case 0:
			memset(bytes, (int)i, length);
			memfs_data_write(&data, &room, from, bytes, length);
			memset(model + from, (int)i, length);
			if (length > 0 && size < from + length)
				size = from + length;
			break;
		case 1:
			memfs_data_punch(&data, &room, from, length);
			memset(model + from, 0, length);
			break;
		default:
			memfs_data_resize(&data, &room, from);
			memset(model + from, 0, SIZE - from);
			size = from;
		}
		assert_int_equal(data.size, size);
		assert_int_equal(memfs_data_read(&data, 0, bytes, SIZE), size);
		assert_memory_equal(bytes, model, size);
	}
	free(model);
	free(bytes);
}

int main(void)
{
	const struct CMUnitTest tests[] = {
		cmocka_unit_test_setup_teardown(what_was_written_is_read,
						set_up, tear_down),
		cmocka_unit_test_setup_teardown(
			a_hole_is_zeroes_and_takes_no_room, set_up, tear_down),
		cmocka_unit_test_setup_teardown(reading_stops_at_the_end,
						set_up, tear_down),
		cmocka_unit_test_setup_teardown(
			what_was_cut_off_does_not_come_back, set_up, tear_down),
		cmocka_unit_test_setup_teardown(seeking_finds_data_and_holes,
						set_up, tear_down),
		cmocka_unit_test_setup_teardown(the_end_is_a_hole, set_up,
						tear_down),
		cmocka_unit_test_setup_teardown(punching_gives_room_back,
						set_up, tear_down),
		cmocka_unit_test_setup_teardown(
			punching_inside_a_block_spares_the_rest, set_up,
			tear_down),
		cmocka_unit_test_setup_teardown(
			more_than_there_is_room_for_is_refused, set_up,
			tear_down),
		cmocka_unit_test_setup_teardown(reserved_room_is_used, set_up,
						tear_down),
		cmocka_unit_test_setup_teardown(chance_finds_no_difference,
						set_up, tear_down),
	};

	return cmocka_run_group_tests(tests, NULL, NULL);
}
