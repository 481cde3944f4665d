/*
 * Previous versions: MS-SMB2 2.2.13.2.7, 2.2.32.2, 3.3.5.15.1. Tests
 * snapshot_name.c as well.
 */
#include "tests/fsa/house.h"

#include "gateway/fsa/previous.h"
#include "smb/wire/cursor.h"

enum {
	ENUMERATE = 0x144064,
};

/* 2024-01-31 10:11:12 UTC. */
static const uint64_t then = 133511694720000000u;
static const char then_token[] = "@GMT-2024.01.31-10.11.12";

static void tokens_tell_times(void **state)
{
	static const char *const none[] = {
		"@GMT-2024.01.31-10.11.1",  "@GMT-2024.01.31-10.11.123",
		"@GMT-2024.02.31-10.11.12", "@GMT-2024.01.31_10.11.12",
		"@gmt-2024.01.31-10.11.12", "@GMT-2024.01.31-25.11.12",
		"@GMT-2024.01.31-10.11. 2",
	};
	uint64_t at = 0;

	(void)state;
	assert_true(fsa_previous_token(house_name(then_token), &at));
	assert_true(at == then);
	for (size_t i = 0; i < sizeof(none) / sizeof(none[0]); i++)
		assert_false(fsa_previous_token(house_name(none[i]), &at));
}

static void a_token_is_cut_out_of_a_path(void **state)
{
	static const struct {
		const char *path, *rest;
	} cases[] = {
		{ "@GMT-2024.01.31-10.11.12", "" },
		{ "@GMT-2024.01.31-10.11.12\\a\\b", "a\\b" },
		{ "a\\@GMT-2024.01.31-10.11.12\\b", "a\\b" },
		{ "a\\b\\@GMT-2024.01.31-10.11.12", "a\\b" },
		{ "a\\b", NULL },
		{ "", NULL },
	};

	(void)state;
	for (size_t i = 0; i < sizeof(cases) / sizeof(cases[0]); i++) {
		uint16_t units[64];
		struct smb_name rest;
		uint64_t at = 0;
		bool is_cut = fsa_previous_cut(house_name(cases[i].path), units,
					       &rest, &at);

		assert_int_equal(is_cut, cases[i].rest != NULL);
		if (!is_cut)
			continue;
		assert_true(at == then);
		assert_string_equal(house_text(rest), cases[i].rest);
	}
}

static void patterns_stay_below_and_tell_a_day(void **state)
{
	static const char *const right[] = {
		".snapshots/%Y-%m-%d_%H%M%S",
		"%Y%m%d",
		".zfs/snapshot/daily-%Y-%m-%d",
		"s/@GMT-%Y.%m.%d-%H.%M.%S/home",
	};
	static const char *const wrong[] = {
		"",          ".snapshots", "/.snapshots/%Y%m%d",
		"../%Y%m%d", "s//%Y%m%d",  "s/%Y/%m%d",
		"s/%H%M",    "%Y%m%d/",
	};

	(void)state;
	for (size_t i = 0; i < sizeof(right) / sizeof(right[0]); i++)
		assert_true(fsa_snapshot_pattern_is_right(right[i]));
	for (size_t i = 0; i < sizeof(wrong) / sizeof(wrong[0]); i++)
		assert_false(fsa_snapshot_pattern_is_right(wrong[i]));
}

/* Two snapshots of a tree with d/f, and what is none. */
static void make_snapshots(struct house *h)
{
	static const char *const dirs[] = {
		"d",
		"s",
		"s/2024-01-31_101112",
		"s/2024-01-31_101112/d",
		"s/2023-01-01_000000",
		"s/today",
		"s/2024-01-31_10111",
	};

	for (size_t i = 0; i < sizeof(dirs) / sizeof(dirs[0]); i++)
		yard_mkdir(h->y, dirs[i]);
	yard_put(h->y, "d/f", "new!", 4);
	yard_put(h->y, "s/2024-01-31_101112/d/f", "old", 3);
	yard_put(h->y, "s/2022-01-01_000000", "", 0);
	h->share.snapshots = "s/%Y-%m-%d_%H%M%S";
}

static enum nt_status co_try(struct house *h, const char *name, uint64_t time,
			     uint32_t access, uint32_t disposition,
			     struct smb_open_facts *ret_facts)
{
	struct smb_object *object;
	struct smb_create how = {
		.name = house_name(name),
		.access = access,
		.sharing = HOUSE_SHARE_ALL,
		.disposition = disposition,
		.has_snapshot = time != 0,
		.snapshot = time,
	};
	enum nt_status status = house_co_create(h, &how, &object);

	if (status != NT_STATUS_SUCCESS)
		return status;
	*ret_facts = house_co_facts(object);
	assert_string_equal(house_text(ret_facts->path), "\\d\\f");
	house_co_close(object);
	return status;
}

HOUSE_TEST(a_file_is_opened_as_it_was)
{
	struct smb_open_facts facts = {};

	make_snapshots(h);
	assert_int_equal(co_try(h, "d\\f", 0, FILE_GENERIC_READ, FILE_OPEN,
				&facts),
			 NT_STATUS_SUCCESS);
	assert_int_equal(facts.file.end_of_file, 4);
	assert_int_equal(co_try(h, "d\\f", then, FILE_GENERIC_READ, FILE_OPEN,
				&facts),
			 NT_STATUS_SUCCESS);
	assert_int_equal(facts.file.end_of_file, 3);
	assert_int_equal(co_try(h, "@GMT-2024.01.31-10.11.12\\D\\F", 0,
				FILE_GENERIC_READ, FILE_OPEN, &facts),
			 NT_STATUS_SUCCESS);
	assert_int_equal(facts.file.end_of_file, 3);
	assert_int_equal(co_try(h, "d\\f", then, MAXIMUM_ALLOWED, FILE_OPEN,
				&facts),
			 NT_STATUS_SUCCESS);
	assert_int_equal(facts.granted & (FILE_WRITE_DATA | DELETE | WRITE_DAC),
			 0);
	assert_true(facts.granted & FILE_READ_DATA);
}

HOUSE_TEST(nothing_of_the_past_changes)
{
	struct smb_open_facts facts = {};

	make_snapshots(h);
	assert_int_equal(co_try(h, "d\\f", then, FILE_WRITE_DATA, FILE_OPEN,
				&facts),
			 NT_STATUS_ACCESS_DENIED);
	assert_int_equal(co_try(h, "d\\f", then, DELETE, FILE_OPEN, &facts),
			 NT_STATUS_ACCESS_DENIED);
	assert_int_equal(co_try(h, "d\\g", then, FILE_READ_DATA, FILE_CREATE,
				&facts),
			 NT_STATUS_ACCESS_DENIED);
	assert_int_equal(co_try(h, "d\\f", then, FILE_READ_DATA, FILE_OVERWRITE,
				&facts),
			 NT_STATUS_ACCESS_DENIED);
	assert_false(house_exists(h, "s/2024-01-31_101112/d/g"));
}

HOUSE_TEST(a_time_without_a_snapshot_is_not_found)
{
	struct smb_open_facts facts = {};

	make_snapshots(h);
	assert_int_equal(co_try(h, "d\\f", then + 10000000, FILE_READ_DATA,
				FILE_OPEN, &facts),
			 NT_STATUS_OBJECT_NAME_NOT_FOUND);
	assert_int_equal(co_try(h, "d\\none", then, FILE_READ_DATA, FILE_OPEN,
				&facts),
			 NT_STATUS_OBJECT_NAME_NOT_FOUND);
	h->share.snapshots = NULL;
	assert_int_equal(co_try(h, "d\\f", then, FILE_READ_DATA, FILE_OPEN,
				&facts),
			 NT_STATUS_OBJECT_NAME_NOT_FOUND);
}

static uint8_t out[256];

static enum nt_status co_enumerate(struct house *h, uint32_t size,
				   uint32_t *ret_length)
{
	struct smb_object *object = house_co_open(h, "", FILE_READ_DATA, 0);
	struct smb_ioctl ioctl = { .code = ENUMERATE,
				   .out = out,
				   .out_size = size };
	enum nt_status status =
		fsa_object_ops.co_ioctl(object, &ioctl, ret_length);

	house_co_close(object);
	return status;
}

static void assert_head(uint32_t count, uint32_t told, uint32_t size)
{
	struct reader r = reader_at(out, 12);

	assert_int_equal(rd_u32(&r), count);
	assert_int_equal(rd_u32(&r), told);
	assert_int_equal(rd_u32(&r), size);
}

HOUSE_TEST(snapshots_are_told_newest_first)
{
	uint32_t length;

	assert_int_equal(co_enumerate(h, 16, &length), NT_STATUS_SUCCESS);
	assert_int_equal(length, 16);
	assert_head(0, 0, 0);
	make_snapshots(h);
	assert_int_equal(unlink(yard_path(h->y, "s/2022-01-01_000000")), 0);
	assert_int_equal(co_enumerate(h, 15, &length),
			 NT_STATUS_INVALID_PARAMETER);
	assert_int_equal(co_enumerate(h, 16, &length), NT_STATUS_SUCCESS);
	assert_int_equal(length, 16);
	assert_head(2, 0, 102);
	assert_int_equal(co_enumerate(h, 114, &length), NT_STATUS_SUCCESS);
	assert_int_equal(length, 114);
	assert_head(2, 2, 102);
	for (size_t i = 0; i < sizeof(then_token); i++)
		assert_int_equal(out[12 + 2 * i], then_token[i]);
	assert_int_equal(out[12 + 50 + 2 * 8], '3');
}

int main(void)
{
	const struct CMUnitTest tests[] = {
		cmocka_unit_test(tokens_tell_times),
		cmocka_unit_test(a_token_is_cut_out_of_a_path),
		cmocka_unit_test(patterns_stay_below_and_tell_a_day),
		cmocka_unit_test(a_file_is_opened_as_it_was),
		cmocka_unit_test(nothing_of_the_past_changes),
		cmocka_unit_test(a_time_without_a_snapshot_is_not_found),
		cmocka_unit_test(snapshots_are_told_newest_first),
	};

	return cmocka_run_group_tests(tests, NULL, NULL);
}
