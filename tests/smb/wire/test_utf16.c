/* Text: UTF-16, UTF-8 and NTFS' upper case (MS-UCODEREF 3.1.5.3). */
#include <setjmp.h>
#include <stdarg.h>
#include <stddef.h>
#include <stdint.h>

#include <cmocka.h>
#include <string.h>

#include "smb/wire/utf16.h"

#define COUNT(array) (sizeof(array) / sizeof((array)[0]))

static struct smb_name name_of(const uint16_t *units, size_t count)
{
	return (struct smb_name){ units, (uint32_t)count };
}

static void the_table_has_the_units_that_ntfs_maps(void **state)
{
	size_t mapped = 0;

	(void)state;
	for (uint32_t u = 0; u <= UINT16_MAX; u++)
		mapped += smb_upcase((uint16_t)u) != u;

	assert_int_equal(mapped, 973);
}

static void upper_case_is_its_own_upper_case(void **state)
{
	(void)state;
	for (uint32_t u = 0; u <= UINT16_MAX; u++) {
		uint16_t up = smb_upcase((uint16_t)u);

		assert_int_equal(smb_upcase(up), up);
	}
}

/* What NTFS maps differs from Unicode's simple upper case here and there. */
static void units_are_mapped_as_ntfs_does(void **state)
{
	static const uint16_t pairs[][2] = {
		{ 'a', 'A' },       { 'z', 'Z' },       { '0', '0' },
		{ '[', '[' },       { 0xe9, 0xc9 },     { 0xf7, 0xf7 },
		{ 0xff, 0x178 },    { 0x131, 0x131 },   { 0x1c5, 0x1c5 },
		{ 0x1c6, 0x1c4 },   { 0x3b1, 0x391 },   { 0x3c2, 0x3c2 },
		{ 0x3c3, 0x3a3 },   { 0xb5, 0xb5 },     { 0x17f, 0x17f },
		{ 0xdf, 0xdf },     { 0x430, 0x410 },   { 0x44f, 0x42f },
		{ 0x10d0, 0x10d0 }, { 0x2d00, 0x10a0 }, { 0x24d0, 0x24b6 },
		{ 0xff41, 0xff21 }, { 0x1f80, 0x1f88 }, { 0xd801, 0xd801 },
		{ 0xffff, 0xffff },
	};

	(void)state;
	for (size_t i = 0; i < COUNT(pairs); i++)
		assert_int_equal(smb_upcase(pairs[i][0]), pairs[i][1]);
}

static void names_are_equal_whatever_their_case(void **state)
{
	static const uint16_t a[] = { 'Z', 'o', 0xeb, 0xd83d, 0xde00 };
	static const uint16_t b[] = { 'z', 'O', 0xcb, 0xd83d, 0xde00 };
	static const uint16_t c[] = { 'z', 'O', 'e', 0xd83d, 0xde00 };

	(void)state;
	assert_true(smb_name_equal_nocase(name_of(a, 5), name_of(b, 5)));
	assert_false(smb_name_equal_nocase(name_of(a, 5), name_of(c, 5)));
	assert_false(smb_name_equal_nocase(name_of(a, 5), name_of(b, 4)));
	assert_true(smb_name_equal_nocase(name_of(a, 0), name_of(NULL, 0)));
}

static void utf8_texts_are_equal_whatever_their_case(void **state)
{
	static const struct {
		const char *a, *b;
		bool is_equal;
	} cases[] = {
		{ "", "", true },
		{ "home", "HOME", true },
		{ "home", "homes", false },
		{ "homes", "home", false },
		{ "zo\xc3\xab", "ZO\xc3\x8b", true },
		{ "zo\xc3\xab", "ZOE", false },
		{ "\xc3\xbf", "\xc5\xb8", true }, /* of unlike lengths */
		{ "\xf0\x9f\x98\x80", "\xf0\x9f\x98\x80", true },
		{ "\xf0\x9f\x98\x80", "\xf0\x9f\x98\x81", false },
		{ "a\xff", "a\xff", true },
		{ "a\xff", "A\xff", false },
		{ "\xc0\x80", "", false },
	};

	(void)state;
	for (size_t i = 0; i < COUNT(cases); i++)
		assert_int_equal(smb_utf8_equal_nocase(cases[i].a, cases[i].b),
				 cases[i].is_equal);
}

static void wire_bytes_become_units(void **state)
{
	static const uint8_t wire[] = { 0x41, 0x00, 0x20, 0xac };
	struct bytes all = { wire, 4 }, odd = { wire, 3 }, none = { NULL, 0 };
	uint16_t units[2] = { 0 };

	(void)state;
	assert_int_equal(smb_utf16_decode(all, units, 2), 2);
	assert_int_equal(units[0], 0x41);
	assert_int_equal(units[1], 0xac20);
	assert_true(smb_utf16_decode(all, units, 1) == SIZE_MAX);
	assert_true(smb_utf16_decode(odd, units, 2) == SIZE_MAX);
	assert_int_equal(smb_utf16_decode(none, units, 0), 0);
}

static void text_goes_to_units_and_back(void **state)
{
	static const char *const texts[] = {
		"",
		"a",
		"zo\xc3\xab",
		"\xe4\xb8\xad\xe6\x96\x87",
		"x\xf0\x9f\x98\x80y",
		"\xef\xbf\xbf",
	};
	uint16_t units[16];
	uint8_t wire[32];
	char back[32];

	(void)state;
	for (size_t i = 0; i < COUNT(texts); i++) {
		size_t length = strlen(texts[i]);
		size_t n = smb_utf8_to_utf16(texts[i], length, units, 16);
		struct writer w = writer_at(wire, sizeof(wire));

		assert_true(n <= 16);
		assert_int_equal(smb_utf16_to_utf8(name_of(units, n), back,
						   sizeof(back)),
				 length);
		assert_string_equal(back, texts[i]);
		wr_utf16_of(&w, texts[i]);
		assert_true(wr_ok(&w));
		assert_int_equal(w.at, 2 * n);
		struct bytes written = { wire, w.at };
		uint16_t again[16];

		assert_int_equal(smb_utf16_decode(written, again, 16), n);
		assert_memory_equal(again, units, 2 * n);
	}
}

static void malformed_text_is_refused(void **state)
{
	static const char *const texts[] = {
		"\x80",
		"\xc3",
		"\xc0\xaf",
		"\xed\xa0\x80",
		"\xf4\x90\x80\x80",
		"a\xff",
		"\xe4\xb8",
	};
	uint16_t units[16];
	uint8_t wire[32];

	(void)state;
	for (size_t i = 0; i < COUNT(texts); i++) {
		struct writer w = writer_at(wire, sizeof(wire));

		assert_true(smb_utf8_to_utf16(texts[i], strlen(texts[i]), units,
					      16) == SIZE_MAX);
		wr_utf16_of(&w, texts[i]);
		assert_false(wr_ok(&w));
	}
	assert_true(smb_utf8_to_utf16("a\0b", 3, units, 16) == SIZE_MAX);
	assert_true(smb_utf8_to_utf16("abc", 3, units, 2) == SIZE_MAX);
	assert_true(smb_utf8_to_utf16("a\xf0\x9f\x98\x80", 5, units, 2) ==
		    SIZE_MAX);
}

static void malformed_names_are_refused(void **state)
{
	static const uint16_t names[][2] = {
		{ 0xd800, 'a' }, { 'a', 0xdc00 }, { 0xdc00, 0xd800 },
		{ 'a', 0xd800 }, { 'a', 0 },
	};
	char to[16];

	(void)state;
	for (size_t i = 0; i < COUNT(names); i++)
		assert_true(smb_utf16_to_utf8(name_of(names[i], 2), to, 16) ==
			    SIZE_MAX);
}

static void what_does_not_fit_is_refused(void **state)
{
	static const uint16_t units[] = { 'a', 0x4e2d };
	char to[5];

	(void)state;
	assert_int_equal(smb_utf16_to_utf8(name_of(units, 2), to, 5), 4);
	assert_true(smb_utf16_to_utf8(name_of(units, 2), to, 4) == SIZE_MAX);
	assert_true(smb_utf16_to_utf8(name_of(units, 0), to, 0) == SIZE_MAX);
	assert_int_equal(smb_utf16_to_utf8(name_of(units, 0), to, 1), 0);
}

static void a_log_line_stays_one_line(void **state)
{
	static const uint16_t units[] = { 'a', '\n', 0xd800, 0x1b,
					  0,   0xeb, 0x2028, 'z' };
	char to[32], tight[4];

	(void)state;
	smb_utf16_show(name_of(units, COUNT(units)), to, sizeof(to));
	assert_string_equal(to, "a????\xc3\xab?z");
	smb_utf16_show(name_of(units, COUNT(units)), tight, sizeof(tight));
	assert_string_equal(tight, "a??");
	smb_utf16_show(name_of(units, COUNT(units)), NULL, 0);
}

int main(void)
{
	const struct CMUnitTest tests[] = {
		cmocka_unit_test(the_table_has_the_units_that_ntfs_maps),
		cmocka_unit_test(upper_case_is_its_own_upper_case),
		cmocka_unit_test(units_are_mapped_as_ntfs_does),
		cmocka_unit_test(names_are_equal_whatever_their_case),
		cmocka_unit_test(utf8_texts_are_equal_whatever_their_case),
		cmocka_unit_test(wire_bytes_become_units),
		cmocka_unit_test(text_goes_to_units_and_back),
		cmocka_unit_test(malformed_text_is_refused),
		cmocka_unit_test(malformed_names_are_refused),
		cmocka_unit_test(what_does_not_fit_is_refused),
		cmocka_unit_test(a_log_line_stays_one_line),
	};

	return cmocka_run_group_tests(tests, NULL, NULL);
}
