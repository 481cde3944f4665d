/*
 * File system information classes (MS-FSCC 2.5): every byte of every class, and
 * every buffer size from nothing to enough.
 */
#include <setjmp.h>
#include <stdarg.h>
#include <stddef.h>
#include <stdint.h>

#include <cmocka.h>
#include <string.h>

#include "smb/wire/info.h"

static const struct smb_volume_facts facts = {
	.creation = 0x0102030405060708,
	.serial = 0x11121314,
	.volume_id = 0x2122232425262728,
	.label = "data",
	.attributes = 0x00c5004f,
	.name_max = 255,
	.units_total = 0x1000,
	.units_free = 0x900,
	.units_available = 0x800,
	.unit_sectors = 8,
	.sector_bytes = 512,
	.physical_sector_bytes = 4096,
	.has_trim = true,
};

#define U32(a, b, c, d) a, b, c, d
#define U64_LOW(a, b)   a, b, 0, 0, 0, 0, 0, 0
#define NONE64          255, 255, 255, 255, 255, 255, 255, 255

struct expected {
	uint8_t fs_class;
	uint8_t minimum;
	uint8_t length;
	uint8_t length_at; /* of the text's length; 0: no text */
	uint8_t bytes[64];
};

static const struct expected table[] = {
	{ SMB_FS_VOLUME,
	  24,
	  26,
	  12,
	  { 8,
	    7,
	    6,
	    5,
	    4,
	    3,
	    2,
	    1,
	    U32(0x14, 0x13, 0x12, 0x11),
	    U32(8, 0, 0, 0),
	    0,
	    0,
	    'd',
	    0,
	    'a',
	    0,
	    't',
	    0,
	    'a',
	    0 } },
	{ SMB_FS_SIZE,
	  24,
	  24,
	  0,
	  { U64_LOW(0, 0x10), U64_LOW(0, 8), U32(8, 0, 0, 0),
	    U32(0, 2, 0, 0) } },
	{ SMB_FS_DEVICE, 8, 8, 0, { U32(7, 0, 0, 0), U32(0x20, 0, 0, 0) } },
	{ SMB_FS_ATTRIBUTE,
	  16,
	  20,
	  8,
	  { U32(0x4f, 0, 0xc5, 0), U32(255, 0, 0, 0), U32(8, 0, 0, 0), 'N', 0,
	    'T', 0, 'F', 0, 'S', 0 } },
	{ SMB_FS_CONTROL,
	  48,
	  48,
	  0,
	  { U64_LOW(0, 0), U64_LOW(0, 0), U64_LOW(0, 0), NONE64, NONE64 } },
	{ SMB_FS_FULL_SIZE,
	  32,
	  32,
	  0,
	  { U64_LOW(0, 0x10), U64_LOW(0, 8), U64_LOW(0, 9), U32(8, 0, 0, 0),
	    U32(0, 2, 0, 0) } },
	{ SMB_FS_OBJECT_ID,
	  64,
	  64,
	  0,
	  { 0x28, 0x27, 0x26, 0x25, 0x24, 0x23, 0x22, 0x21 } },
	{ SMB_FS_SECTOR_SIZE,
	  28,
	  28,
	  0,
	  { U32(0, 2, 0, 0), U32(0, 16, 0, 0), U32(0, 16, 0, 0),
	    U32(0, 16, 0, 0), U32(0xb, 0, 0, 0) } },
};

static void every_class_is_written_as_specified(void **state)
{
	(void)state;
	for (size_t i = 0; i < sizeof(table) / sizeof(table[0]); i++) {
		uint8_t out[256];
		struct writer w = writer_at(out, sizeof(out));

		assert_int_equal(smb_info_volume(&w, table[i].fs_class, &facts,
						 sizeof(out)),
				 NT_STATUS_SUCCESS);
		assert_true(wr_ok(&w));
		assert_int_equal(w.at, table[i].length);
		assert_memory_equal(out, table[i].bytes, table[i].length);
	}
}

static void every_buffer_size_has_its_answer(void **state)
{
	(void)state;
	for (size_t i = 0; i < sizeof(table) / sizeof(table[0]); i++) {
		const struct expected *e = &table[i];

		for (size_t size = 0; size <= e->length; size++) {
			uint8_t out[128], wanted[64];
			struct writer w = writer_at(out, size);
			enum nt_status expected = NT_STATUS_SUCCESS;

			if (size < e->minimum)
				expected = NT_STATUS_INFO_LENGTH_MISMATCH;
			else if (size < e->length)
				expected = NT_STATUS_BUFFER_OVERFLOW;
			assert_int_equal(smb_info_volume(&w, e->fs_class,
							 &facts, size),
					 expected);
			assert_true(wr_ok(&w));

			/* A text that is cut has the length of what is there. */
			memcpy(wanted, e->bytes, sizeof(wanted));
			if (e->length_at)
				wanted[e->length_at] -=
					(uint8_t)(e->length - w.at);
			assert_memory_equal(out, wanted, w.at);
		}
	}
}

static void a_read_only_volume_is_a_read_only_device(void **state)
{
	struct smb_volume_facts f = facts;
	uint8_t out[8];
	struct writer w = writer_at(out, sizeof(out));

	(void)state;
	f.is_read_only = true;

	assert_int_equal(smb_info_volume(&w, SMB_FS_DEVICE, &f, 8),
			 NT_STATUS_SUCCESS);
	assert_int_equal(out[4], 0x22);
}

static void unknown_classes_are_refused(void **state)
{
	static const uint8_t unknown[] = { 0, SMB_FS_LABEL, 9, 10, 12, 101 };
	uint8_t out[8];
	struct writer w = writer_at(out, sizeof(out));

	(void)state;
	for (size_t i = 0; i < sizeof(unknown); i++)
		assert_int_equal(smb_info_volume(&w, unknown[i], &facts, 8),
				 NT_STATUS_INVALID_INFO_CLASS);
}

int main(void)
{
	const struct CMUnitTest tests[] = {
		cmocka_unit_test(every_class_is_written_as_specified),
		cmocka_unit_test(every_buffer_size_has_its_answer),
		cmocka_unit_test(a_read_only_volume_is_a_read_only_device),
		cmocka_unit_test(unknown_classes_are_refused),
	};

	return cmocka_run_group_tests(tests, NULL, NULL);
}
