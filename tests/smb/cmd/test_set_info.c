/*
 * SET_INFO, MS-SMB2 2.2.39, 2.2.40 and 3.3.5.21.
 */
#include <setjmp.h>
#include <stdarg.h>
#include <stddef.h>
#include <stdint.h>

#include <cmocka.h>
#include <string.h>

#include "smb/cmd/cmd.h"
#include "smb/wire/info.h"
#include "tests/fake/command.h"

enum {
	FILE_INFO = 1,
	VOLUME_INFO = 2,
	SECURITY_INFO = 3,
	QUOTA_INFO = 4,
};

static struct fake_command f;

static int set_up(void **state)
{
	(void)state;
	fake_command_init(&f);
	return 0;
}

static int tear_down(void **state)
{
	(void)state;
	fake_command_fini(&f);
	return 0;
}

static uint16_t offset = 0x60;

static void request(uint8_t type, uint8_t info_class, const void *in,
		    size_t length, uint32_t additional)
{
	struct writer *w = fake_request(&f, SMB2_SET_INFO);

	wr_u8(w, type);
	wr_u8(w, info_class);
	wr_u32(w, (uint32_t)length);
	wr_u16(w, offset);
	wr_zero(w, 2);
	wr_u32(w, additional);
	fake_file_id(&f);
	wr_copy(w, in, length);
}

static void what_is_set_reaches_the_store(void **state)
{
	(void)state;
	request(FILE_INFO, SMB_FILE_END_OF_FILE, "\1\2\0\0\0\0\0\0", 8, 0);
	assert_int_equal(fake_run(&f), NT_STATUS_SUCCESS);
	assert_int_equal(f.store.set.kind, SMB_SET_END_OF_FILE);
	assert_int_equal(f.store.set.value, 0x201);
	assert_int_equal(fake_answer(&f).length, 2);
	assert_memory_equal(fake_answer(&f).at, "\2\0", 2);

	request(FILE_INFO, SMB_FILE_END_OF_FILE, "\1\2\0\0\0\0\0\0", 8, 0);
	f.store.answer = NT_STATUS_DISK_FULL;
	assert_int_equal(fake_run(&f), NT_STATUS_DISK_FULL);
}

static void a_rename_carries_its_name(void **state)
{
	uint8_t in[24] = { [0] = 1, [16] = 4, [20] = 'd', [22] = 'e' };

	(void)state;
	request(FILE_INFO, SMB_FILE_RENAME, in, sizeof(in), 0);
	assert_int_equal(fake_run(&f), NT_STATUS_SUCCESS);
	assert_int_equal(f.store.set.kind, SMB_SET_RENAME);
	assert_int_equal(f.store.set.name.count, 2);
	assert_int_equal(f.store.name[1], 'e');
	assert_true(f.store.set.is_replace);
}

static void each_class_needs_its_right(void **state)
{
	static const struct {
		uint8_t info_class;
		uint32_t access;
	} cases[] = {
		{ SMB_FILE_BASIC, 0x100 },  { SMB_FILE_DISPOSITION, 0x10000 },
		{ SMB_FILE_ALLOCATION, 2 }, { SMB_FILE_END_OF_FILE, 2 },
		{ SMB_FILE_POSITION, 0 },   { SMB_FILE_MODE, 0 },
	};
	static const uint8_t zero[40];

	(void)state;
	for (size_t i = 0; i < sizeof(cases) / sizeof(cases[0]); i++) {
		request(FILE_INFO, cases[i].info_class, zero, 40, 0);
		f.open->object->granted = 0x1f01ff & ~cases[i].access;
		assert_int_equal(fake_run(&f), cases[i].access
						       ? NT_STATUS_ACCESS_DENIED
						       : NT_STATUS_SUCCESS);
		request(FILE_INFO, cases[i].info_class, zero, 40, 0);
		f.open->object->granted = cases[i].access;
		assert_int_equal(fake_run(&f), NT_STATUS_SUCCESS);
	}
}

/* 3.3.5.21.3. */
static void parts_of_a_descriptor_need_their_rights(void **state)
{
	static const struct {
		uint32_t parts, access;
	} cases[] = {
		{ 1, 0x80000 }, { 2, 0x80000 },   { 4, 0x40000 },
		{ 7, 0xc0000 }, { 8, 0x1000000 }, { 15, 0x10c0000 },
	};
	static const uint8_t descriptor[20] = { 1 };

	(void)state;
	for (size_t i = 0; i < sizeof(cases) / sizeof(cases[0]); i++) {
		request(SECURITY_INFO, 0, descriptor, 20, cases[i].parts);
		f.open->object->granted = cases[i].access;
		assert_int_equal(fake_run(&f), NT_STATUS_SUCCESS);
		assert_int_equal(f.store.parts, cases[i].parts);
		assert_int_equal(f.store.size, 20);
		request(SECURITY_INFO, 0, descriptor, 20, cases[i].parts);
		f.open->object->granted &= f.open->object->granted - 1;
		assert_int_equal(fake_run(&f), NT_STATUS_ACCESS_DENIED);
	}
}

static void a_short_descriptor_is_refused(void **state)
{
	static const uint8_t descriptor[20] = { 1 };

	(void)state;
	request(SECURITY_INFO, 0, descriptor, 19, 4);
	assert_int_equal(fake_run(&f), NT_STATUS_INVALID_SECURITY_DESCR);
	request(SECURITY_INFO, 0, NULL, 0, 4);
	assert_int_equal(fake_run(&f), NT_STATUS_INVALID_SECURITY_DESCR);
	assert_int_equal(f.store.calls, 0);
}

static void what_cannot_be_set_is_refused(void **state)
{
	static const struct {
		uint8_t type, info_class;
		size_t length;
		enum nt_status status;
	} cases[] = {
		{ FILE_INFO, SMB_FILE_BASIC, 39,
		  NT_STATUS_INFO_LENGTH_MISMATCH },
		{ FILE_INFO, SMB_FILE_STANDARD, 40,
		  NT_STATUS_INVALID_INFO_CLASS },
		{ FILE_INFO, 65, 40, NT_STATUS_INVALID_INFO_CLASS },
		{ VOLUME_INFO, SMB_FS_LABEL, 40, NT_STATUS_ACCESS_DENIED },
		{ VOLUME_INFO, SMB_FS_CONTROL, 40, NT_STATUS_NOT_SUPPORTED },
		{ VOLUME_INFO, SMB_FS_SIZE, 40, NT_STATUS_INVALID_INFO_CLASS },
		{ QUOTA_INFO, 0, 40, NT_STATUS_NOT_SUPPORTED },
		{ 0, 4, 40, NT_STATUS_INVALID_PARAMETER },
		{ 5, 4, 40, NT_STATUS_INVALID_PARAMETER },
	};
	static const uint8_t zero[40];

	(void)state;
	for (size_t i = 0; i < sizeof(cases) / sizeof(cases[0]); i++) {
		request(cases[i].type, cases[i].info_class, zero,
			cases[i].length, 0);
		assert_int_equal(fake_run(&f), cases[i].status);
		assert_int_equal(f.store.calls, 0);
	}
}

static void bad_geometry_does_not_reach_the_store(void **state)
{
	static const uint16_t offsets[] = { 0, 0x5f, 0x61, 0xffff };
	static const uint8_t zero[8];

	(void)state;
	for (size_t i = 0; i < sizeof(offsets) / sizeof(offsets[0]); i++) {
		offset = offsets[i];
		request(FILE_INFO, SMB_FILE_END_OF_FILE, zero, 8, 0);
		offset = 0x60;
		assert_int_equal(fake_run(&f), NT_STATUS_INVALID_PARAMETER);
	}
	for (size_t length = 0; length < 40; length++) {
		request(FILE_INFO, SMB_FILE_END_OF_FILE, zero, 8, 0);
		assert_int_equal(fake_run_cut(&f, length),
				 NT_STATUS_INVALID_PARAMETER);
	}
	assert_int_equal(f.store.calls, 0);
}

static void a_pipe_stays_as_it_is(void **state)
{
	static const uint8_t zero[8];

	(void)state;
	fake_open_pipe(&f);
	request(FILE_INFO, SMB_FILE_PIPE, zero, 8, 0);
	assert_int_equal(fake_run(&f), NT_STATUS_SUCCESS);
	request(FILE_INFO, SMB_FILE_PIPE, zero, 7, 0);
	assert_int_equal(fake_run(&f), NT_STATUS_INFO_LENGTH_MISMATCH);
	request(FILE_INFO, SMB_FILE_DISPOSITION, zero, 8, 0);
	assert_int_equal(fake_run(&f), NT_STATUS_NOT_SUPPORTED);
}

#define TEST(name) cmocka_unit_test_setup_teardown(name, set_up, tear_down)

int main(void)
{
	const struct CMUnitTest tests[] = {
		TEST(what_is_set_reaches_the_store),
		TEST(a_rename_carries_its_name),
		TEST(each_class_needs_its_right),
		TEST(parts_of_a_descriptor_need_their_rights),
		TEST(a_short_descriptor_is_refused),
		TEST(what_cannot_be_set_is_refused),
		TEST(bad_geometry_does_not_reach_the_store),
		TEST(a_pipe_stays_as_it_is),
	};

	return cmocka_run_group_tests(tests, NULL, NULL);
}
