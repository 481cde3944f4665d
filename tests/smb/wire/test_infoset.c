/*
 * File information classes that are set (MS-FSCC 2.4, MS-SMB2 3.3.5.21.1).
 */
#include <setjmp.h>
#include <stdarg.h>
#include <stddef.h>
#include <stdint.h>

#include <cmocka.h>
#include <string.h>

#include "smb/limits.h"
#include "smb/wire/info.h"

static uint16_t names[SMB_PATH_MAX];
static struct smb_set set;
static uint32_t access_needed;

static enum nt_status read_set(uint8_t file_class, const void *in,
			       size_t length)
{
	return smb_info_set(file_class, (struct bytes){ in, length }, names,
			    &set, &access_needed);
}

/* Class, smallest buffer, kind, access (MS-SMB2 3.3.5.21.1). */
static const struct {
	uint8_t file_class;
	size_t minimum;
	enum smb_set_kind kind;
	uint32_t access;
} table[] = {
	{ SMB_FILE_BASIC, 40, SMB_SET_BASIC, 0x100 },
	{ SMB_FILE_DISPOSITION, 1, SMB_SET_DISPOSITION, 0x10000 },
	{ SMB_FILE_POSITION, 8, SMB_SET_POSITION, 0 },
	{ SMB_FILE_MODE, 4, SMB_SET_MODE, 0 },
	{ SMB_FILE_ALLOCATION, 8, SMB_SET_ALLOCATION, 2 },
	{ SMB_FILE_END_OF_FILE, 8, SMB_SET_END_OF_FILE, 2 },
	{ SMB_FILE_VALID_DATA_LENGTH, 8, SMB_SET_VALID_DATA, 2 },
};

static void every_plain_class_has_its_size_kind_and_access(void **state)
{
	static const uint8_t zero[64];

	(void)state;
	for (size_t i = 0; i < sizeof(table) / sizeof(table[0]); i++) {
		for (size_t length = 0; length < table[i].minimum; length++)
			assert_int_equal(read_set(table[i].file_class, zero,
						  length),
					 NT_STATUS_INFO_LENGTH_MISMATCH);
		assert_int_equal(read_set(table[i].file_class, zero,
					  table[i].minimum),
				 NT_STATUS_SUCCESS);
		assert_int_equal(set.kind, table[i].kind);
		assert_int_equal(access_needed, table[i].access);
		assert_int_equal(read_set(table[i].file_class, zero, 64),
				 NT_STATUS_SUCCESS);
	}
}

static void other_classes_are_refused(void **state)
{
	static const uint8_t unknown[] = { 0, 5, 12, 18, 64, 65, 71, 255 };
	static const uint8_t zero[64];

	(void)state;
	for (size_t i = 0; i < sizeof(unknown); i++)
		assert_int_equal(read_set(unknown[i], zero, sizeof(zero)),
				 NT_STATUS_INVALID_INFO_CLASS);
}

static void times_and_attributes_are_read(void **state)
{
	uint8_t in[40] = { [0] = 1, [8] = 2, [16] = 3, [24] = 4, [32] = 0x21 };

	(void)state;
	assert_int_equal(read_set(SMB_FILE_BASIC, in, 40), NT_STATUS_SUCCESS);
	assert_int_equal(set.creation, 1);
	assert_int_equal(set.access, 2);
	assert_int_equal(set.write, 3);
	assert_int_equal(set.change, 4);
	assert_int_equal(set.attributes, 0x21);
}

/* 0, -1 and -2 are wishes; other negative times are nothing. */
static void negative_times_are_refused(void **state)
{
	(void)state;
	for (size_t field = 0; field < 4; field++) {
		uint8_t in[40] = { 0 };

		memset(in + 8 * field, 0xff, 8);
		assert_int_equal(read_set(SMB_FILE_BASIC, in, 40),
				 NT_STATUS_SUCCESS);
		in[8 * field] = 0xfe;
		assert_int_equal(read_set(SMB_FILE_BASIC, in, 40),
				 NT_STATUS_SUCCESS);
		in[8 * field] = 0xfd;
		assert_int_equal(read_set(SMB_FILE_BASIC, in, 40),
				 NT_STATUS_INVALID_PARAMETER);
	}
}

static void negative_sizes_are_refused(void **state)
{
	static const uint8_t minus[8] = { 0, 0, 0, 0, 0, 0, 0, 0x80 };
	static const uint8_t most[8] = { 1, 0, 0, 0, 0, 0, 0, 0x7f };

	(void)state;
	assert_int_equal(read_set(SMB_FILE_END_OF_FILE, minus, 8),
			 NT_STATUS_INVALID_PARAMETER);
	assert_int_equal(read_set(SMB_FILE_END_OF_FILE, most, 8),
			 NT_STATUS_SUCCESS);
	assert_true(set.value == 0x7f00000000000001);
}

static void only_some_modes_can_be_set(void **state)
{
	(void)state;
	for (unsigned int bit = 0; bit < 32; bit++) {
		uint8_t in[4];

		wr_uint_to(in, 1u << bit, 4);
		assert_int_equal(read_set(SMB_FILE_MODE, in, 4),
				 0x3e & (1u << bit)
					 ? NT_STATUS_SUCCESS
					 : NT_STATUS_INVALID_PARAMETER);
	}
}

/* MS-FSCC FileRenameInformation, the form of SMB2. */
static void a_rename_has_a_name_below_the_share(void **state)
{
	uint8_t in[32] = { [0] = 1,    [16] = 8,    [20] = '\\',
			   [22] = 'd', [24] = '\\', [26] = 'x' };

	(void)state;
	assert_int_equal(read_set(SMB_FILE_RENAME, in, 28), NT_STATUS_SUCCESS);
	assert_int_equal(set.kind, SMB_SET_RENAME);
	assert_int_equal(access_needed, 0x10000);
	assert_true(set.is_replace);
	assert_int_equal(set.name.count, 3);
	assert_int_equal(set.name.units[0], 'd');
	assert_int_equal(set.name.units[2], 'x');

	assert_int_equal(read_set(SMB_FILE_LINK, in, 32), NT_STATUS_SUCCESS);
	assert_int_equal(set.kind, SMB_SET_LINK);
	assert_int_equal(access_needed, 0);
}

static void a_bad_rename_is_refused(void **state)
{
	uint8_t in[32] = { [16] = 4, [20] = 'a', [22] = 'b' };

	(void)state;
	for (size_t length = 0; length < 20; length++)
		assert_int_equal(read_set(SMB_FILE_RENAME, in, length),
				 NT_STATUS_INFO_LENGTH_MISMATCH);
	for (size_t length = 20; length < 24; length++)
		assert_int_equal(read_set(SMB_FILE_RENAME, in, length),
				 NT_STATUS_INVALID_PARAMETER);

	static const struct {
		size_t at;
		uint8_t value;
	} faults[] = {
		{ 8, 1 },     /* a root handle */
		{ 16, 0 },    /* no name */
		{ 16, 3 },    /* half a character */
		{ 16, 14 },   /* longer than the buffer */
		{ 19, 0x80 }, /* much longer */
	};

	for (size_t i = 0; i < sizeof(faults) / sizeof(faults[0]); i++) {
		uint8_t bad[32];

		memcpy(bad, in, sizeof(bad));
		bad[faults[i].at] = faults[i].value;
		assert_int_equal(read_set(SMB_FILE_RENAME, bad, 32),
				 NT_STATUS_INVALID_PARAMETER);
	}
}

static void a_name_of_only_a_backslash_is_refused(void **state)
{
	uint8_t in[24] = { [16] = 2, [20] = '\\' };

	(void)state;
	assert_int_equal(read_set(SMB_FILE_RENAME, in, 24),
			 NT_STATUS_INVALID_PARAMETER);
}

static void a_list_of_eas_is_checked(void **state)
{
	uint8_t in[] = { 0, 0, 0, 0, 0, 2, 1, 0, 'E', 'A', 0, 'v' };

	(void)state;
	assert_int_equal(read_set(SMB_FILE_FULL_EA, in, sizeof(in)),
			 NT_STATUS_SUCCESS);
	assert_int_equal(set.kind, SMB_SET_EAS);
	assert_int_equal(access_needed, 0x10);
	assert_ptr_equal(set.eas, in);
	assert_int_equal(set.eas_length, sizeof(in));
	assert_int_equal(read_set(SMB_FILE_FULL_EA, in, sizeof(in) - 1),
			 NT_STATUS_EA_LIST_INCONSISTENT);
	assert_int_equal(read_set(SMB_FILE_FULL_EA, in, 7),
			 NT_STATUS_INFO_LENGTH_MISMATCH);
}

int main(void)
{
	const struct CMUnitTest tests[] = {
		cmocka_unit_test(
			every_plain_class_has_its_size_kind_and_access),
		cmocka_unit_test(other_classes_are_refused),
		cmocka_unit_test(times_and_attributes_are_read),
		cmocka_unit_test(negative_times_are_refused),
		cmocka_unit_test(negative_sizes_are_refused),
		cmocka_unit_test(only_some_modes_can_be_set),
		cmocka_unit_test(a_rename_has_a_name_below_the_share),
		cmocka_unit_test(a_bad_rename_is_refused),
		cmocka_unit_test(a_name_of_only_a_backslash_is_refused),
		cmocka_unit_test(a_list_of_eas_is_checked),
	};

	return cmocka_run_group_tests(tests, NULL, NULL);
}
