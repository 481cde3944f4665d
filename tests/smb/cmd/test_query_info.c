/*
 * QUERY_INFO, MS-SMB2 2.2.37, 2.2.38 and 3.3.5.20.
 */
#include <setjmp.h>
#include <stdarg.h>
#include <stddef.h>
#include <stdint.h>

#include <cmocka.h>
#include <string.h>

#include "smb/cmd/cmd.h"
#include "smb/limits.h"
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

static void request(uint8_t type, uint8_t info_class, uint32_t size,
		    uint32_t additional)
{
	struct writer *w = fake_request(&f, SMB2_QUERY_INFO);

	wr_u8(w, type);
	wr_u8(w, info_class);
	wr_u32(w, size);
	wr_zero(w, 8);
	wr_u32(w, additional);
	wr_zero(w, 4);
	fake_file_id(&f);
}

static void assert_output(const void *data, uint32_t length)
{
	struct reader r = reader_of(fake_answer(&f));

	assert_int_equal(fake_answer(&f).length, 8 + length);
	assert_int_equal(rd_u16(&r), 9);
	assert_int_equal(rd_u16(&r), 0x48);
	assert_int_equal(rd_u32(&r), length);
	if (data)
		assert_memory_equal(fake_answer(&f).at + 8, data, length);
}

static void facts_of_a_file_are_told(void **state)
{
	(void)state;
	f.store.open.file.index = 0x1234;
	request(FILE_INFO, SMB_FILE_INTERNAL, 100, 0);
	assert_int_equal(fake_run(&f), NT_STATUS_SUCCESS);
	assert_output("\x34\x12\0\0\0\0\0\0", 8);
}

/* 3.3.5.20.1, as smb2.getinfo.getinfo_access has it. */
static void each_class_needs_its_right(void **state)
{
	static const struct {
		uint8_t type, info_class;
		uint32_t access;
	} cases[] = {
		{ FILE_INFO, SMB_FILE_BASIC, 0x80 },
		{ FILE_INFO, SMB_FILE_ALL, 0x80 },
		{ FILE_INFO, SMB_FILE_NETWORK_OPEN, 0x80 },
		{ FILE_INFO, SMB_FILE_ATTRIBUTE_TAG, 0x80 },
		{ FILE_INFO, SMB_FILE_FULL_EA, 0x8 },
		{ SECURITY_INFO, 0, 0x20000 },
		{ FILE_INFO, SMB_FILE_STANDARD, 0 },
		{ FILE_INFO, SMB_FILE_INTERNAL, 0 },
		{ FILE_INFO, SMB_FILE_EA, 0 },
		{ FILE_INFO, SMB_FILE_ACCESS, 0 },
		{ FILE_INFO, SMB_FILE_POSITION, 0 },
		{ FILE_INFO, SMB_FILE_MODE, 0 },
		{ FILE_INFO, SMB_FILE_ALIGNMENT, 0 },
		{ FILE_INFO, SMB_FILE_STREAM, 0 },
		{ FILE_INFO, SMB_FILE_COMPRESSION, 0 },
		{ FILE_INFO, SMB_FILE_NORMALIZED_NAME, 0 },
		{ VOLUME_INFO, SMB_FS_SIZE, 0 },
	};

	(void)state;
	for (size_t i = 0; i < sizeof(cases) / sizeof(cases[0]); i++) {
		request(cases[i].type, cases[i].info_class, 200, 7);
		f.open->object->granted = 0x1f01ff & ~cases[i].access;
		assert_int_equal(fake_run(&f), cases[i].access
						       ? NT_STATUS_ACCESS_DENIED
						       : NT_STATUS_SUCCESS);
		request(cases[i].type, cases[i].info_class, 200, 7);
		f.open->object->granted = 0x100000 | cases[i].access;
		assert_int_equal(fake_run(&f), NT_STATUS_SUCCESS);
	}
}

static void the_sacl_needs_a_privilege(void **state)
{
	(void)state;
	request(SECURITY_INFO, 0, 100, 8);
	assert_int_equal(fake_run(&f), NT_STATUS_ACCESS_DENIED);
	request(SECURITY_INFO, 0, 100, 8);
	f.open->object->granted |= 0x1000000;
	assert_int_equal(fake_run(&f), NT_STATUS_SUCCESS);
	assert_int_equal(f.store.parts, 8);
}

static void small_buffers_have_their_answers(void **state)
{
	static const uint16_t name[] = { '\\', 'a', 'b' };

	(void)state;
	f.store.open.path = (struct smb_name){ name, 3 };
	request(FILE_INFO, SMB_FILE_NAME, 7, 0);
	assert_int_equal(fake_run(&f), NT_STATUS_INFO_LENGTH_MISMATCH);
	assert_int_equal(fake_answer(&f).length, 0);
	request(FILE_INFO, SMB_FILE_NAME, 8, 0);
	assert_int_equal(fake_run(&f), NT_STATUS_BUFFER_OVERFLOW);
	assert_output("\6\0\0\0\\\0a\0", 8);
	request(FILE_INFO, SMB_FILE_NAME, 10, 0);
	assert_int_equal(fake_run(&f), NT_STATUS_SUCCESS);
	request(FILE_INFO, 99, 100, 0);
	assert_int_equal(fake_run(&f), NT_STATUS_INVALID_INFO_CLASS);
}

/* Windows 10 1803 brought it: smb2.getinfo.normalized. */
static void the_normalized_name_is_of_311_only(void **state)
{
	(void)state;
	request(FILE_INFO, SMB_FILE_NORMALIZED_NAME, 100, 0);
	f.channel->dialect = SMB_DIALECT_302;
	assert_int_equal(fake_run(&f), NT_STATUS_NOT_SUPPORTED);
}

static void streams_and_eas_come_as_they_are(void **state)
{
	(void)state;
	request(FILE_INFO, SMB_FILE_STREAM, 32, 0);
	f.store.length = 30;
	assert_int_equal(fake_run(&f), NT_STATUS_SUCCESS);
	assert_int_equal(f.store.size, 32);
	assert_output(NULL, 30);
	request(FILE_INFO, SMB_FILE_STREAM, 31, 0);
	assert_int_equal(fake_run(&f), NT_STATUS_INFO_LENGTH_MISMATCH);

	request(FILE_INFO, SMB_FILE_FULL_EA, 40, 0);
	f.store.answer = NT_STATUS_BUFFER_OVERFLOW;
	assert_int_equal(fake_run(&f), NT_STATUS_BUFFER_OVERFLOW);
	assert_output(NULL, 30);
	request(FILE_INFO, SMB_FILE_FULL_EA, 40, 0);
	f.store.answer = NT_STATUS_NO_EAS_ON_FILE;
	assert_int_equal(fake_run(&f), NT_STATUS_NO_EAS_ON_FILE);
	assert_int_equal(fake_answer(&f).length, 0);
}

static void level_100_is_for_opens_of_the_posix_extensions(void **state)
{
	(void)state;
	request(VOLUME_INFO, SMB_FS_POSIX, 100, 0);
	assert_int_equal(fake_run(&f), NT_STATUS_INVALID_INFO_CLASS);
	f.open->object->is_posix = true;
	request(VOLUME_INFO, SMB_FS_POSIX, 100, 0);
	assert_int_equal(fake_run(&f), NT_STATUS_SUCCESS);
	assert_int_equal(fake_answer(&f).length, 8 + 56);
}

static void facts_of_the_volume_are_told(void **state)
{
	(void)state;
	request(VOLUME_INFO, SMB_FS_DEVICE, 100, 0);
	assert_int_equal(fake_run(&f), NT_STATUS_SUCCESS);
	assert_output("\7\0\0\0\x20\0\0\0", 8);
	request(VOLUME_INFO, 99, 100, 0);
	assert_int_equal(fake_run(&f), NT_STATUS_INVALID_INFO_CLASS);
}

/* 3.3.5.20.3, smb2.getinfo.qsec_buffercheck. */
static void a_descriptor_that_does_not_fit_tells_its_size(void **state)
{
	(void)state;
	for (int is_311 = 0; is_311 < 2; is_311++) {
		uint8_t expected[] = { 9, 0, 0, 0, 4, 0, 0, 0, 0x60, 0, 0, 0 };
		uint8_t wrapped[] = { 9, 0, 1, 0, 12, 0, 0,    0, 4, 0,
				      0, 0, 0, 0, 0,  0, 0x60, 0, 0, 0 };

		f.channel->dialect = is_311 ? SMB_DIALECT_311 : SMB_DIALECT_300;
		request(SECURITY_INFO, 0, is_311, 0);
		f.store.answer = NT_STATUS_BUFFER_TOO_SMALL;
		f.store.needed = 0x60;
		assert_int_equal(fake_run(&f), NT_STATUS_BUFFER_TOO_SMALL);
		assert_true(f.rq->has_body);
		assert_int_equal(fake_answer(&f).length,
				 is_311 ? sizeof(wrapped) : sizeof(expected));
		assert_memory_equal(fake_answer(&f).at,
				    is_311 ? wrapped : expected,
				    fake_answer(&f).length);
	}
}

static void a_descriptor_that_fits_is_told(void **state)
{
	(void)state;
	request(SECURITY_INFO, 0, 1 << 20, 7);
	f.store.length = 48;
	assert_int_equal(fake_run(&f), NT_STATUS_SUCCESS);
	assert_int_equal(f.store.parts, 7);
	assert_int_equal(f.store.size, SMB_SECURITY_BYTES_MAX);
	assert_output(NULL, 48);
}

static void other_types_are_refused(void **state)
{
	(void)state;
	request(QUOTA_INFO, 0, 100, 0);
	assert_int_equal(fake_run(&f), NT_STATUS_NOT_SUPPORTED);
	request(5, 0, 100, 0);
	assert_int_equal(fake_run(&f), NT_STATUS_INVALID_PARAMETER);
	request(0, 0, 100, 0);
	assert_int_equal(fake_run(&f), NT_STATUS_INVALID_PARAMETER);
}

static void bad_requests_do_not_reach_the_store(void **state)
{
	(void)state;
	request(FILE_INFO, SMB_FILE_BASIC, (1 << 20) + 1, 0);
	assert_int_equal(fake_run(&f), NT_STATUS_INVALID_PARAMETER);
	request(FILE_INFO, SMB_FILE_BASIC, 65537, 0);
	f.rq->header.credit_charge = 1;
	assert_int_equal(fake_run(&f), NT_STATUS_INVALID_PARAMETER);
	request(FILE_INFO, SMB_FILE_BASIC, 100, 0);
	f.frame[SMB_HEADER_LENGTH + 12] = 1; /* input that is not there */
	assert_int_equal(fake_run(&f), NT_STATUS_INVALID_PARAMETER);
	for (size_t length = 0; length < 40; length++) {
		request(FILE_INFO, SMB_FILE_BASIC, 100, 0);
		assert_int_equal(fake_run_cut(&f, length),
				 NT_STATUS_INVALID_PARAMETER);
	}
	assert_int_equal(f.store.calls, 0);
}

static void a_pipe_is_told_as_clients_expect(void **state)
{
	(void)state;
	fake_open_pipe(&f);
	request(FILE_INFO, SMB_FILE_STANDARD, 100, 0);
	assert_int_equal(fake_run(&f), NT_STATUS_SUCCESS);
	assert_output("\0\x10\0\0\0\0\0\0\0\0\0\0\0\0\0\0\1\0\0\0\1\0\0\0", 24);
	request(FILE_INFO, SMB_FILE_PIPE_LOCAL, 100, 0);
	assert_int_equal(fake_run(&f), NT_STATUS_SUCCESS);
	request(FILE_INFO, SMB_FILE_NAME, 100, 0);
	assert_int_equal(fake_run(&f), NT_STATUS_SUCCESS);
	request(VOLUME_INFO, SMB_FS_SIZE, 100, 0);
	assert_int_equal(fake_run(&f), NT_STATUS_NOT_SUPPORTED);
	request(SECURITY_INFO, 0, 100, 7);
	assert_int_equal(fake_run(&f), NT_STATUS_NOT_SUPPORTED);
	assert_int_equal(f.store.calls, 0);
}

#define TEST(name) cmocka_unit_test_setup_teardown(name, set_up, tear_down)

int main(void)
{
	const struct CMUnitTest tests[] = {
		TEST(facts_of_a_file_are_told),
		TEST(each_class_needs_its_right),
		TEST(the_sacl_needs_a_privilege),
		TEST(small_buffers_have_their_answers),
		TEST(the_normalized_name_is_of_311_only),
		TEST(streams_and_eas_come_as_they_are),
		TEST(level_100_is_for_opens_of_the_posix_extensions),
		TEST(facts_of_the_volume_are_told),
		TEST(a_descriptor_that_does_not_fit_tells_its_size),
		TEST(a_descriptor_that_fits_is_told),
		TEST(other_types_are_refused),
		TEST(bad_requests_do_not_reach_the_store),
		TEST(a_pipe_is_told_as_clients_expect),
	};

	return cmocka_run_group_tests(tests, NULL, NULL);
}
