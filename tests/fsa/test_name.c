/* Names: MS-FSCC 2.1.5, and what Linux lets them be. */
#include "tests/fsa/desk.h"

static const struct fsa_share mapping = { .maps_names = true };
static const struct fsa_share plain = { .maps_names = false };

static void expect_back(const struct fsa_share *share, const char *disk)
{
	uint16_t units[255];
	char back[256];
	size_t count = fsa_name_from_disk(share, disk, units, 255);

	assert_true(count > 0 && count <= strlen(disk));
	for (size_t i = 0; i < count; i++)
		assert_false(
			units[i] < 0x20 ||
			(units[i] < 0x80 && strchr("\"*/:<>?\\|", units[i])));
	assert_int_equal(strlen(disk),
			 fsa_name_to_disk(share,
					  (struct smb_name){ units,
							     (uint32_t)count },
					  back, sizeof(back)));
	assert_string_equal(disk, back);
}

static void all_short_names_come_back_from_either_share(void **state)
{
	char disk[3] = { 0 };

	(void)state;
	for (unsigned int a = 1; a < 256; a++) {
		for (unsigned int b = 0; b < 256; b++) {
			disk[0] = (char)a;
			disk[1] = (char)b;
			if (a == '/' || b == '/' || !strcmp(disk, ".") ||
			    !strcmp(disk, ".."))
				continue;
			expect_back(&mapping, disk);
			expect_back(&plain, disk);
		}
	}
}

/* Bytes that make trouble come often. */
static char random_byte(void)
{
	static const char trouble[] = "\xed\xa0\x80\xb0\xef\x9c\xba\x81\xf0"
				      "\x9f\xf4\x90\xc0\xc1\xfe\x7f. :\\\x01";

	return random() % 2 ? trouble[(size_t)random() % (sizeof(trouble) - 1)]
			    : (char)(1 + random() % 255);
}

static void random_names_come_back_from_either_share(void **state)
{
	char disk[256];

	(void)state;
	srandom(1);
	for (int round = 0; round < 200000; round++) {
		size_t length = 1 + (size_t)random() % (round % 50 ? 12 : 255);

		for (size_t i = 0; i < length; i++) {
			do
				disk[i] = random_byte();
			while (disk[i] == '/');
		}
		disk[length] = '\0';
		if (!strcmp(disk, ".") || !strcmp(disk, ".."))
			continue;
		expect_back(&mapping, disk);
		expect_back(&plain, disk);
	}
}

static void names_are_shown_as_macintosh_clients_have_them(void **state)
{
	static const struct {
		const char *disk;
		uint16_t shown[8];
		size_t count;
	} cases[] = {
		{ "a:b", { 'a', 0xf022, 'b' }, 3 },
		{ "\"*<>?\\|",
		  { 0xf020, 0xf021, 0xf023, 0xf024, 0xf025, 0xf026, 0xf027 },
		  7 },
		{ "\x01\x1f", { 0xf001, 0xf01f }, 2 },
		{ "end.", { 'e', 'n', 'd', 0xf029 }, 4 },
		{ "end ", { 'e', 'n', 'd', 0xf028 }, 4 },
		{ "a. b", { 'a', '.', ' ', 'b' }, 4 },
		{ "\xe9", { 0xf7e9 }, 1 },
		{ "\xef\x80\xa2", { 0xf7ef, 0xf780, 0xf7a2 }, 3 },
		{ "\xed\xa0\x80", { 0xd800 }, 1 },
		{ "\xf0\x9f\x98\x80", { 0xd83d, 0xde00 }, 2 },
	};

	(void)state;
	for (size_t i = 0; i < sizeof(cases) / sizeof(cases[0]); i++) {
		uint16_t units[255];

		assert_int_equal(cases[i].count,
				 fsa_name_from_disk(&mapping, cases[i].disk,
						    units, 255));
		assert_memory_equal(cases[i].shown, units,
				    cases[i].count * sizeof(*units));
	}
	assert_int_equal(SIZE_MAX, fsa_name_from_disk(&mapping, "abc",
						      (uint16_t[2]){ 0 }, 2));
}

static enum nt_status path_of(const struct desk *d, struct smb_name name,
			      const char *expected, enum fsa_part_kind kind)
{
	char *path = NULL;
	struct fsa_part part;
	enum nt_status status = fsa_name_to_path(&d->share, name, &path, &part);

	if (nt_status_is_ok(status)) {
		assert_string_equal(expected, path);
		assert_int_equal(kind, part.kind);
	}
	free(path);
	return status;
}

YARD_TEST(paths_are_checked_name_by_name)
{
	static const struct {
		const char *name, *path;
		enum nt_status status;
		enum fsa_part_kind kind;
	} cases[] = {
		{ "", "" },
		{ "a", "a" },
		{ "a\\b\\c", "a/b/c" },
		{ "dir\\", "dir" },
		{ "\xd7\xa9\xd7\x9c\xd7\x95\xd7\x9d",
		  "\xd7\xa9\xd7\x9c\xd7\x95\xd7\x9d" },
		{ "f::$DATA", "f", .kind = FSA_PART_DATA },
		{ "f::$data", "f", .kind = FSA_PART_DATA },
		{ "d::$INDEX_ALLOCATION", "d", .kind = FSA_PART_INDEX },
		{ "d:$I30:$INDEX_ALLOCATION", "d", .kind = FSA_PART_INDEX },
		{ "d\\f:s", "d/f", .kind = FSA_PART_STREAM },
		{ "f:s:$DaTa", "f", .kind = FSA_PART_STREAM },
		{ "f:?*\"<>|\x05", "f", .kind = FSA_PART_STREAM },
		{ ":s", "", .kind = FSA_PART_STREAM },
		{ "...", "..." },
		{ "\\a", NULL, NT_STATUS_INVALID_PARAMETER },
		{ "a\\\\b", NULL, NT_STATUS_OBJECT_NAME_INVALID },
		{ ".", NULL, NT_STATUS_OBJECT_NAME_INVALID },
		{ "a\\.\\b", NULL, NT_STATUS_OBJECT_NAME_INVALID },
		{ "..", NULL, NT_STATUS_OBJECT_PATH_SYNTAX_BAD },
		{ "a\\..\\b", "b" },
		{ "a\\b\\..", "a" },
		{ "a\\..", "" },
		{ "a\\b\\..\\..\\c", "c" },
		{ "a\\..\\..\\b", NULL, NT_STATUS_OBJECT_PATH_SYNTAX_BAD },
		{ "a\\..\\.", NULL, NT_STATUS_OBJECT_NAME_INVALID },
		{ "a*", NULL, NT_STATUS_OBJECT_NAME_INVALID },
		{ "a/b", NULL, NT_STATUS_OBJECT_NAME_INVALID },
		{ "a\x1f", NULL, NT_STATUS_OBJECT_NAME_INVALID },
		{ "f:", NULL, NT_STATUS_OBJECT_NAME_INVALID },
		{ "f::", NULL, NT_STATUS_OBJECT_NAME_INVALID },
		{ "f:s:", NULL, NT_STATUS_OBJECT_NAME_INVALID },
		{ "f:s:$FOO", NULL, NT_STATUS_OBJECT_NAME_INVALID },
		{ "f:s:$INDEX_ALLOCATION", NULL,
		  NT_STATUS_OBJECT_NAME_INVALID },
		{ "f:s:t:$DATA", NULL, NT_STATUS_OBJECT_NAME_INVALID },
		{ "f:s/b", NULL, NT_STATUS_OBJECT_NAME_INVALID },
		{ "f:s\\b", NULL, NT_STATUS_OBJECT_NAME_INVALID },
		/* Stand-ins for dots make no way up. */
		{ "\xef\x80\xa9", NULL, NT_STATUS_OBJECT_NAME_INVALID },
		{ "\xef\x80\xa9\xef\x80\xa9", NULL,
		  NT_STATUS_OBJECT_NAME_INVALID },
		{ ".\xef\x80\xa9", NULL, NT_STATUS_OBJECT_NAME_INVALID },
	};
	struct desk d;

	desk_begin(&d, y);
	for (size_t i = 0; i < sizeof(cases) / sizeof(cases[0]); i++) {
		struct smb_name name = desk_name(cases[i].name);

		assert_int_equal(cases[i].status,
				 path_of(&d, name, cases[i].path,
					 cases[i].kind));
	}
	desk_end(&d);
}

YARD_TEST(a_name_fits_255_units_and_255_bytes)
{
	uint16_t units[600];
	struct desk d;
	char expected[256];

	desk_begin(&d, y);
	for (size_t i = 0; i < 600; i++)
		units[i] = 'a';
	memset(expected, 'a', 255);
	expected[255] = '\0';
	assert_int_equal(NT_STATUS_SUCCESS,
			 path_of(&d, (struct smb_name){ units, 255 }, expected,
				 FSA_PART_FILE));
	assert_int_equal(NT_STATUS_OBJECT_NAME_INVALID,
			 path_of(&d, (struct smb_name){ units, 256 }, "",
				 FSA_PART_FILE));
	units[0] = 0xe4; /* two bytes */
	assert_int_equal(NT_STATUS_OBJECT_NAME_INVALID,
			 path_of(&d, (struct smb_name){ units, 255 }, "",
				 FSA_PART_FILE));
	desk_end(&d);
}

static void a_path_is_told_with_backslashes(void **state)
{
	const uint16_t expected[] = { '\\', 'a', '\\', 'b', 0xf022 };
	uint32_t count;
	uint16_t *units = fsa_name_from_path(&mapping, "a/b:", &count);

	(void)state;
	assert_int_equal(5, count);
	assert_memory_equal(expected, units, sizeof(expected));
	free(units);
	units = fsa_name_from_path(&mapping, "", &count);
	assert_int_equal(1, count);
	assert_int_equal('\\', units[0]);
	free(units);
	/* In the target of a link dots are no name. */
	units = fsa_name_from_path(&mapping, "../x", &count);
	assert_int_equal(5, count);
	assert_int_equal('.', units[2]);
	free(units);
}

int main(void)
{
	const struct CMUnitTest tests[] = {
		cmocka_unit_test(all_short_names_come_back_from_either_share),
		cmocka_unit_test(random_names_come_back_from_either_share),
		cmocka_unit_test(
			names_are_shown_as_macintosh_clients_have_them),
		cmocka_unit_test(paths_are_checked_name_by_name),
		cmocka_unit_test(a_name_fits_255_units_and_255_bytes),
		cmocka_unit_test(a_path_is_told_with_backslashes),
	};

	return cmocka_run_group_tests(tests, NULL, NULL);
}
