/*
 * File information classes that are asked for (MS-FSCC 2.4): every byte of
 * every class, and every buffer size from nothing to enough.
 */
#include <setjmp.h>
#include <stdarg.h>
#include <stddef.h>
#include <stdint.h>

#include <cmocka.h>
#include <string.h>

#include "smb/wire/info.h"

static const uint16_t path[] = { '\\', 'd', '\\', 'F' };
static const uint16_t alias[] = { 'A', '~', '1' };

static const struct smb_open_facts facts = {
	.file = { .creation = 0x0102030405060708,
		  .access = 0x1112131415161718,
		  .write = 0x2122232425262728,
		  .change = 0x3132333435363738,
		  .allocation = 0x4000,
		  .end_of_file = 0x3001,
		  .attributes = 0x420,
		  .links = 2,
		  .index = 0x5152535455565758,
		  .volume_id = 0x6162636465666768,
		  .ea_size = 0x71,
		  .reparse_tag = 0xa000000c },
	.granted = 0x00120089,
	.mode = 0x20,
	.position = 0x81,
	.path = { path, 4 },
	.short_name = { alias, 3 },
};

#define TIMES                                                               \
	8, 7, 6, 5, 4, 3, 2, 1, 0x18, 0x17, 0x16, 0x15, 0x14, 0x13, 0x12,   \
		0x11, 0x28, 0x27, 0x26, 0x25, 0x24, 0x23, 0x22, 0x21, 0x38, \
		0x37, 0x36, 0x35, 0x34, 0x33, 0x32, 0x31
#define SIZES  0, 0x40, 0, 0, 0, 0, 0, 0, 1, 0x30, 0, 0, 0, 0, 0, 0
#define BASIC  TIMES, 0x20, 4, 0, 0, 0, 0, 0, 0
#define STD    SIZES, 2, 0, 0, 0, 0, 0, 0, 0
#define INDEX  0x58, 0x57, 0x56, 0x55, 0x54, 0x53, 0x52, 0x51
#define ACCESS 0x89, 0, 0x12, 0
#define POS    0x81, 0, 0, 0, 0, 0, 0, 0
#define PATH   8, 0, 0, 0, '\\', 0, 'd', 0, '\\', 0, 'F', 0

struct expected {
	uint8_t file_class;
	uint8_t minimum;
	uint8_t length;
	uint8_t bytes[128];
};

static const struct expected table[] = {
	{ SMB_FILE_BASIC, 40, 40, { BASIC } },
	{ SMB_FILE_STANDARD, 24, 24, { STD } },
	{ SMB_FILE_INTERNAL, 8, 8, { INDEX } },
	{ SMB_FILE_EA, 4, 4, { 0x71, 0, 0, 0 } },
	{ SMB_FILE_ACCESS, 4, 4, { ACCESS } },
	{ SMB_FILE_NAME, 8, 12, { PATH } },
	{ SMB_FILE_POSITION, 8, 8, { POS } },
	{ SMB_FILE_MODE, 4, 4, { 0x20, 0, 0, 0 } },
	{ SMB_FILE_ALIGNMENT, 4, 4, { 0 } },
	{ SMB_FILE_ALL,
	  104,
	  108,
	  { BASIC, STD, INDEX, 0x71, 0, 0, 0, ACCESS, POS, 0x20, 0, 0, 0, 0, 0,
	    0, 0, PATH } },
	{ SMB_FILE_ALTERNATE_NAME,
	  8,
	  10,
	  { 6, 0, 0, 0, 'A', 0, '~', 0, '1', 0 } },
	{ SMB_FILE_COMPRESSION, 16, 16, { 1, 0x30 } },
	{ SMB_FILE_NETWORK_OPEN,
	  56,
	  56,
	  { TIMES, SIZES, 0x20, 4, 0, 0, 0, 0, 0, 0 } },
	{ SMB_FILE_ATTRIBUTE_TAG, 8, 8, { 0x20, 4, 0, 0, 0xc, 0, 0, 0xa0 } },
	{ SMB_FILE_NORMALIZED_NAME,
	  8,
	  10,
	  { 6, 0, 0, 0, 'd', 0, '\\', 0, 'F', 0 } },
	{ SMB_FILE_ID,
	  24,
	  24,
	  { 0x68, 0x67, 0x66, 0x65, 0x64, 0x63, 0x62, 0x61, INDEX } },
};

static void every_class_is_written_as_specified(void **state)
{
	(void)state;
	for (size_t i = 0; i < sizeof(table) / sizeof(table[0]); i++) {
		uint8_t out[256];
		struct writer w = writer_at(out, sizeof(out));

		assert_int_equal(smb_info_file(&w, table[i].file_class, &facts,
					       sizeof(out)),
				 NT_STATUS_SUCCESS);
		assert_true(wr_ok(&w));
		assert_int_equal(w.at, table[i].length);
		assert_memory_equal(out, table[i].bytes, table[i].length);
	}
}

/* MS-SMB2 3.3.5.20.1: too small for the fixed part, cut, whole. */
static void every_buffer_size_has_its_answer(void **state)
{
	(void)state;
	for (size_t i = 0; i < sizeof(table) / sizeof(table[0]); i++) {
		const struct expected *e = &table[i];

		for (size_t size = 0; size <= e->length; size++) {
			uint8_t out[128];
			struct writer w = writer_at(out, size);
			enum nt_status expected = NT_STATUS_SUCCESS;

			if (size < e->minimum)
				expected = NT_STATUS_INFO_LENGTH_MISMATCH;
			else if (size < e->length)
				expected = NT_STATUS_BUFFER_OVERFLOW;
			assert_int_equal(smb_info_file(&w, e->file_class,
						       &facts, size),
					 expected);
			assert_true(wr_ok(&w));
			assert_memory_equal(out, e->bytes, w.at);
			assert_true(size < e->minimum ? w.at == 0
						      : size - w.at < 2);
		}
	}
}

static void classes_that_are_not_of_facts_are_unknown(void **state)
{
	uint8_t out[256];
	struct writer w = writer_at(out, sizeof(out));
	unsigned int known = 0;

	(void)state;
	for (unsigned int c = 0; c < 256; c++)
		known += smb_info_file(&w, (uint8_t)c, &facts, 0) !=
			 NT_STATUS_INVALID_INFO_CLASS;
	assert_int_equal(known, sizeof(table) / sizeof(table[0]));
}

static void a_file_without_short_name_says_so(void **state)
{
	struct smb_open_facts f = facts;
	uint8_t out[64];
	struct writer w = writer_at(out, sizeof(out));

	(void)state;
	f.short_name.count = 0;

	assert_int_equal(smb_info_file(&w, SMB_FILE_ALTERNATE_NAME, &f, 64),
			 NT_STATUS_OBJECT_NAME_NOT_FOUND);
	assert_int_equal(w.at, 0);
}

static void the_root_has_an_empty_normalized_name(void **state)
{
	struct smb_open_facts f = facts;
	uint8_t out[64];
	struct writer w = writer_at(out, sizeof(out));

	(void)state;
	f.path.count = 1;

	assert_int_equal(smb_info_file(&w, SMB_FILE_NORMALIZED_NAME, &f, 64),
			 NT_STATUS_SUCCESS);
	assert_int_equal(w.at, 4);
	assert_memory_equal(out, "\0\0\0\0", 4);
}

/* MS-FSCC FileStandardInformation: a file that goes has one link less. */
static void a_pending_delete_takes_a_link(void **state)
{
	struct smb_open_facts f = facts;
	uint8_t out[64];
	struct writer w = writer_at(out, sizeof(out));

	(void)state;
	f.file.is_delete_pending = true;
	f.file.links = 1;

	assert_int_equal(smb_info_file(&w, SMB_FILE_STANDARD, &f, 64),
			 NT_STATUS_SUCCESS);
	assert_int_equal(out[16], 0);
	assert_int_equal(out[20], 1);
}

/* MS-SMB2 3.3.5.20.1. */
static void access_that_a_class_needs(void **state)
{
	static const struct {
		uint8_t file_class;
		uint32_t access;
	} cases[] = {
		{ SMB_FILE_BASIC, 0x80 },
		{ SMB_FILE_ALL, 0x80 },
		{ SMB_FILE_NETWORK_OPEN, 0x80 },
		{ SMB_FILE_ATTRIBUTE_TAG, 0x80 },
		{ SMB_FILE_FULL_EA, 0x8 },
		{ SMB_FILE_STANDARD, 0 },
		{ SMB_FILE_STREAM, 0 },
		{ 255, 0 },
	};

	(void)state;
	for (size_t i = 0; i < sizeof(cases) / sizeof(cases[0]); i++)
		assert_int_equal(smb_info_file_access(cases[i].file_class),
				 cases[i].access);
}

/* MS-FSCC FilePipeInformation and FilePipeLocalInformation. */
static void pipes_tell_their_state(void **state)
{
	static const uint8_t local[] = { 1,   0,   0,   0,   2,    0,    0, 0,
					 255, 255, 255, 255, 1,    0,    0, 0,
					 0,   16,  0,   0,   0x34, 0x12, 0, 0,
					 0,   16,  0,   0,   0,    16,   0, 0,
					 3,   0,   0,   0,   0,    0,    0, 0 };
	uint8_t out[64];
	struct writer w = writer_at(out, sizeof(out));

	(void)state;
	assert_int_equal(smb_info_pipe(&w, SMB_FILE_PIPE_LOCAL, 0x1234, 40),
			 NT_STATUS_SUCCESS);
	assert_int_equal(w.at, 40);
	assert_memory_equal(out, local, 40);

	w.at = 0;
	assert_int_equal(smb_info_pipe(&w, SMB_FILE_PIPE, 0, 8),
			 NT_STATUS_SUCCESS);
	assert_memory_equal(out, "\1\0\0\0\0\0\0\0", 8);

	assert_int_equal(smb_info_pipe(&w, SMB_FILE_PIPE, 0, 7),
			 NT_STATUS_INFO_LENGTH_MISMATCH);
	assert_int_equal(smb_info_pipe(&w, SMB_FILE_PIPE_LOCAL, 0, 39),
			 NT_STATUS_INFO_LENGTH_MISMATCH);
	assert_int_equal(smb_info_pipe(&w, SMB_FILE_BASIC, 0, 64),
			 NT_STATUS_INVALID_INFO_CLASS);
}

int main(void)
{
	const struct CMUnitTest tests[] = {
		cmocka_unit_test(every_class_is_written_as_specified),
		cmocka_unit_test(every_buffer_size_has_its_answer),
		cmocka_unit_test(classes_that_are_not_of_facts_are_unknown),
		cmocka_unit_test(a_file_without_short_name_says_so),
		cmocka_unit_test(the_root_has_an_empty_normalized_name),
		cmocka_unit_test(a_pending_delete_takes_a_link),
		cmocka_unit_test(access_that_a_class_needs),
		cmocka_unit_test(pipes_tell_their_state),
	};

	return cmocka_run_group_tests(tests, NULL, NULL);
}
