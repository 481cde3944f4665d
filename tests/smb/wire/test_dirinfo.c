/*
 * Directory entries (MS-FSCC 2.4): every byte of each class, the chain, and
 * every buffer size.
 */
#include <setjmp.h>
#include <stdarg.h>
#include <stddef.h>
#include <stdint.h>

#include <cmocka.h>
#include <string.h>

#include "smb/wire/info.h"

static const uint16_t name[] = { 'a', 'b', 'c' };
static const uint16_t alias[] = { 'S', 'N' };

static const struct smb_dir_entry entry = {
	.name = { name, 3 },
	.short_name = { alias, 2 },
	.facts = { .creation = 1,
		   .access = 2,
		   .write = 3,
		   .change = 4,
		   .allocation = 6,
		   .end_of_file = 5,
		   .attributes = 0x20,
		   .index = 0x0807060504030201,
		   .ea_size = 9 },
	.file_index = 7,
};

#define U64(a) a, 0, 0, 0, 0, 0, 0, 0
#define U32(a) a, 0, 0, 0
#define COMMON                                                          \
	U32(0), U32(7), U64(1), U64(2), U64(3), U64(4), U64(5), U64(6), \
		U32(0x20), U32(6)
#define SHORT 4, 0, 'S', 0, 'N', 0, U64(0), U64(0), U32(0)
#define INDEX 1, 2, 3, 4, 5, 6, 7, 8
#define NAME  'a', 0, 'b', 0, 'c', 0

static const struct {
	uint8_t file_class;
	uint8_t fixed;
	uint8_t bytes[128];
} table[] = {
	{ SMB_FILE_DIRECTORY, 64, { COMMON, NAME } },
	{ SMB_FILE_FULL_DIRECTORY, 68, { COMMON, U32(9), NAME } },
	{ SMB_FILE_BOTH_DIRECTORY, 94, { COMMON, U32(9), SHORT, NAME } },
	{ SMB_FILE_NAMES, 12, { U32(0), U32(7), U32(6), NAME } },
	{ SMB_FILE_ID_BOTH_DIRECTORY,
	  104,
	  { COMMON, U32(9), SHORT, 0, 0, INDEX, NAME } },
	{ SMB_FILE_ID_FULL_DIRECTORY,
	  80,
	  { COMMON, U32(9), U32(0), INDEX, NAME } },
};

static void every_class_is_written_as_specified(void **state)
{
	(void)state;
	for (size_t i = 0; i < sizeof(table) / sizeof(table[0]); i++) {
		uint8_t out[256];
		struct writer w = writer_at(out, sizeof(out));
		struct smb_dir_writer d = { .w = &w,
					    .file_class = table[i].file_class,
					    .size = sizeof(out) };

		assert_true(smb_dir_class_is_known(table[i].file_class));
		assert_int_equal(smb_dir_fixed_size(table[i].file_class),
				 table[i].fixed);
		assert_true(smb_dir_add(&d, &entry));
		assert_int_equal(d.count, 1);
		assert_int_equal(w.at, table[i].fixed + 6);
		assert_memory_equal(out, table[i].bytes, w.at);
	}
}

/* QD-5: entries 8-aligned and chained, nothing behind the last one. */
static void entries_are_chained_as_far_as_they_fit(void **state)
{
	(void)state;
	for (size_t i = 0; i < sizeof(table) / sizeof(table[0]); i++) {
		size_t length = table[i].fixed + 6u;
		size_t step = (length + 7) / 8 * 8;

		for (size_t size = 0; size <= 3 * step; size++) {
			uint8_t out[512] = { 0 };
			struct writer w = writer_at(out, 8 + size);
			struct smb_dir_writer d = {
				.w = &w,
				.file_class = table[i].file_class,
				.size = size,
				.start = 8,
			};
			size_t fit =
				size < length ? 0 : 1 + (size - length) / step;

			wr_zero(&w, 8);
			while (smb_dir_add(&d, &entry))
				;
			assert_true(wr_ok(&w));
			assert_int_equal(d.count, fit);
			assert_int_equal(w.at,
					 fit ? 8 + (fit - 1) * step + length
					     : 8);
			for (size_t e = 0; e < fit; e++) {
				assert_int_equal(out[8 + e * step],
						 e + 1 < fit ? step : 0);
				assert_memory_equal(out + 9 + e * step,
						    table[i].bytes + 1,
						    length - 1);
			}
		}
	}
}

/* QD-8: EaSize of a reparse point is its tag. */
static void a_reparse_point_shows_its_tag(void **state)
{
	struct smb_dir_entry e = entry;
	uint8_t out[256];
	struct writer w = writer_at(out, sizeof(out));
	struct smb_dir_writer d = { .w = &w,
				    .file_class = SMB_FILE_ID_BOTH_DIRECTORY,
				    .size = sizeof(out) };

	(void)state;
	e.facts.attributes |= 0x400;
	e.facts.reparse_tag = 0xa000000c;

	assert_true(smb_dir_add(&d, &e));
	assert_memory_equal(out + 64, "\x0c\x00\x00\xa0", 4);
}

/* QD-9: rights, resource fork, FinderInfo and mode, where AAPL was agreed. */
static void macos_finds_what_it_wants_in_an_entry(void **state)
{
	static const uint8_t expected[] = {
		0xff, 1,    0x1f, 0,     24,  0, U64(3), 'f', 'i', 'n', 'd',
		'e',  'r',  0,    0,     0,   0, 0,      0,   0,   0,   0,
		0,    0xa4, 0x81, INDEX, 'a', 0, 'b',    0,   'c', 0,
	};
	struct smb_dir_entry e = entry;
	uint8_t out[256];
	struct writer w = writer_at(out, sizeof(out));
	struct smb_dir_writer d = { .w = &w,
				    .file_class = SMB_FILE_ID_BOTH_DIRECTORY,
				    .is_apple = true,
				    .size = sizeof(out) };

	(void)state;
	e.apple = (struct smb_apple_facts){ .access = 0x1f01ff,
					    .mode = 0100644,
					    .resource = 3,
					    .finder = "finder" };
	assert_true(smb_dir_add(&d, &e));
	assert_int_equal(w.at, 64 + sizeof(expected));
	assert_memory_equal(out + 64, expected, sizeof(expected));
}

/* Where a reparse point's tag can stand, and macOS' rights do not. */
static void some_classes_tell_the_size_of_eas(void **state)
{
	unsigned int telling = 0;

	(void)state;
	for (unsigned int c = 0; c < 256; c++) {
		struct smb_dir_writer d = { .file_class = (uint8_t)c };

		telling += smb_dir_class_is_known((uint8_t)c) &&
			   smb_dir_has_ea_size(&d);
	}
	assert_int_equal(telling, 4);
	assert_false(smb_dir_has_ea_size(&(struct smb_dir_writer){
		.file_class = SMB_FILE_ID_BOTH_DIRECTORY, .is_apple = true }));
}

static void other_classes_are_unknown(void **state)
{
	unsigned int known = 0;

	(void)state;
	for (unsigned int c = 0; c < 256; c++)
		known += smb_dir_class_is_known((uint8_t)c);
	/* And level 100, which posix.c writes. */
	assert_int_equal(known, sizeof(table) / sizeof(table[0]) + 1);
}

int main(void)
{
	const struct CMUnitTest tests[] = {
		cmocka_unit_test(every_class_is_written_as_specified),
		cmocka_unit_test(entries_are_chained_as_far_as_they_fit),
		cmocka_unit_test(a_reparse_point_shows_its_tag),
		cmocka_unit_test(macos_finds_what_it_wants_in_an_entry),
		cmocka_unit_test(some_classes_tell_the_size_of_eas),
		cmocka_unit_test(other_classes_are_unknown),
	};

	return cmocka_run_group_tests(tests, NULL, NULL);
}
