/*
 * Level 100 and the create context of the POSIX extensions of SMB 3.1.1.
 */
#include <setjmp.h>
#include <stdarg.h>
#include <stddef.h>
#include <stdint.h>

#include <cmocka.h>
#include <string.h>

#include "smb/wire/info.h"
#include "smb/wire/posix.h"

static const struct smb_file_facts facts = {
	.creation = 1,
	.access = 2,
	.write = 3,
	.change = 4,
	.allocation = 4096,
	.end_of_file = 5,
	.attributes = 0x20,
	.links = 9,
	.index = 0x0102030405060708,
	.volume_id = 0x1112131415161718,
	.reparse_tag = 0x80000014,
	.mode = 0104755, /* a regular file with set-user-id */
	.uid = 20001,
	.gid = 20002,
	.unix_links = 2,
};

static const uint8_t created[SMB_POSIX_CREATE_LENGTH] = {
	2, 0, 0, 0, 0x14, 0, 0, 0x80, 0xed, 0x09, 0, 0,                   /* */
	1, 2, 0, 0, 0,    0, 0, 22,   1,    0,    0, 0, 0x21, 0x4e, 0, 0, /* */
	1, 2, 0, 0, 0,    0, 0, 22,   2,    0,    0, 0, 0x22, 0x4e, 0, 0,
};

static void a_create_context_has_mode_and_owners(void **state)
{
	uint8_t out[64];
	struct writer w = writer_at(out, sizeof(out));

	(void)state;
	smb_posix_write_create(&w, &facts);
	assert_int_equal(w.at, SMB_POSIX_CREATE_LENGTH);
	assert_memory_equal(out, created, sizeof(created));
}

static void facts_of_a_file_end_with_that(void **state)
{
	uint8_t out[128];
	struct writer w = writer_at(out, sizeof(out));
	struct reader r;

	(void)state;
	smb_posix_write_info(&w, &facts);
	assert_int_equal(w.at, SMB_POSIX_INFO_LENGTH);
	r = reader_at(out, w.at);
	for (uint64_t i = 1; i <= 4; i++)
		assert_true(rd_u64(&r) == i);
	assert_int_equal(rd_u64(&r), 5);
	assert_int_equal(rd_u64(&r), 4096);
	assert_int_equal(rd_u32(&r), 0x20);
	assert_true(rd_u64(&r) == facts.index);
	assert_int_equal(rd_u32(&r), 0x15161718);
	assert_int_equal(rd_u32(&r), 0);
	assert_memory_equal(out + r.at, created, sizeof(created));
}

static void only_opens_of_its_kind_have_level_100(void **state)
{
	uint8_t out[128];
	struct writer w = writer_at(out, sizeof(out));
	struct smb_open_facts open = { .file = facts };

	(void)state;
	assert_int_equal(smb_info_file(&w, SMB_FILE_POSIX, &open, 128),
			 NT_STATUS_INVALID_INFO_CLASS);
	open.is_posix = true;
	assert_int_equal(smb_info_file(&w, SMB_FILE_POSIX, &open, 111),
			 NT_STATUS_INFO_LENGTH_MISMATCH);
	assert_int_equal(smb_info_file(&w, SMB_FILE_POSIX, &open, 112),
			 NT_STATUS_SUCCESS);
	assert_int_equal(w.at, SMB_POSIX_INFO_LENGTH);
}

static void a_directory_entry_ends_with_its_name(void **state)
{
	static const uint16_t units[] = { 'a', ':' };
	uint8_t out[200];
	struct writer w = writer_at(out, sizeof(out));
	struct smb_dir_writer d = { .w = &w,
				    .file_class = SMB_FILE_POSIX,
				    .size = sizeof(out) };
	const struct smb_dir_entry entry = { .name = { units, 2 },
					     .facts = facts };

	(void)state;
	assert_true(smb_dir_class_is_known(SMB_FILE_POSIX));
	assert_true(smb_dir_add(&d, &entry));
	assert_int_equal(w.at, SMB_POSIX_ENTRY_LENGTH + 4);
	assert_memory_equal(out + 8 + 68, created, sizeof(created));
	assert_memory_equal(out + 120, "\4\0\0\0a\0:\0", 8);
	assert_false(smb_dir_add(&d, &entry));
	assert_int_equal(out[0], 0);
}

static void a_volume_counts_blocks_and_files(void **state)
{
	const struct smb_volume_facts volume = {
		.unit_sectors = 8,
		.sector_bytes = 512,
		.units_total = 10,
		.units_free = 9,
		.units_available = 8,
		.files_total = 7,
		.files_free = 6,
		.volume_id = 5,
	};
	uint8_t out[64];
	struct writer w = writer_at(out, sizeof(out));
	struct reader r = reader_at(out, sizeof(out));

	(void)state;
	assert_int_equal(smb_info_volume(&w, SMB_FS_POSIX, &volume, 64),
			 NT_STATUS_SUCCESS);
	assert_int_equal(w.at, SMB_POSIX_FS_LENGTH);
	rd_skip(&r, 4);
	assert_int_equal(rd_u32(&r), 4096);
	for (uint64_t i = 10; i >= 5; i--)
		assert_int_equal(rd_u64(&r), i);
}

int main(void)
{
	const struct CMUnitTest tests[] = {
		cmocka_unit_test(a_create_context_has_mode_and_owners),
		cmocka_unit_test(facts_of_a_file_end_with_that),
		cmocka_unit_test(only_opens_of_its_kind_have_level_100),
		cmocka_unit_test(a_directory_entry_ends_with_its_name),
		cmocka_unit_test(a_volume_counts_blocks_and_files),
	};

	return cmocka_run_group_tests(tests, NULL, NULL);
}
