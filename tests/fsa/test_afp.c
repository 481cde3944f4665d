/* The streams of macOS: what they may contain, and when they say nothing. */
#include <setjmp.h>
#include <stdarg.h>
#include <stddef.h>
#include <stdint.h>

#include <cmocka.h>
#include <string.h>

#include "gateway/fsa/afp.h"

static const uint8_t silent[FSA_AFP_INFO_SIZE] = { 'A', 'F', 'P', 0, 0, 1 };

static void they_are_known_by_name(void **state)
{
	(void)state;
	assert_int_equal(FSA_AFP_INFO, fsa_afp_of("afp_AFPINFO"));
	assert_int_equal(FSA_AFP_RESOURCE, fsa_afp_of("AFP_Resource"));
	assert_int_equal(FSA_AFP_NONE, fsa_afp_of("AFP_Resource2"));
}

static void what_says_nothing_is_told(void **state)
{
	uint8_t info[FSA_AFP_INFO_SIZE];

	(void)state;
	memcpy(info, silent, sizeof(info));
	assert_true(fsa_afp_says_nothing(FSA_AFP_INFO, info, 60));
	info[47] = 1; /* the last byte of FinderInfo */
	assert_false(fsa_afp_says_nothing(FSA_AFP_INFO, info, 60));
	assert_true(fsa_afp_says_nothing(FSA_AFP_INFO, info, 59));
	info[0] = 'B';
	assert_true(fsa_afp_says_nothing(FSA_AFP_INFO, info, 60));
	assert_true(fsa_afp_says_nothing(FSA_AFP_RESOURCE, info, 0));
	assert_false(fsa_afp_says_nothing(FSA_AFP_RESOURCE, info, 1));
	assert_false(fsa_afp_says_nothing(FSA_AFP_NONE, info, 0));
}

static void what_is_none_is_read_as_one_that_says_nothing(void **state)
{
	uint8_t info[FSA_AFP_INFO_SIZE] = "garbage";

	(void)state;
	fsa_afp_info_complete(info, 60);
	assert_memory_equal(silent, info, 60);
	info[16] = 'x';
	fsa_afp_info_complete(info, 60);
	assert_int_equal('x', info[16]);
	fsa_afp_info_complete(info, 30);
	assert_memory_equal(silent, info, 60);
}

static void a_write_begins_with_the_signature(void **state)
{
	static const struct {
		uint64_t offset;
		size_t length;
		bool is_good;
	} cases[] = {
		{ 0, 0, false },          { 0, 2, false }, { 0, 3, true },
		{ 0, 17, true },          { 0, 60, true }, { 0, 100, true },
		{ 1, 59, false },         { 1, 60, true }, { 10000, 60, true },
		{ UINT64_MAX, 3, false },
	};
	uint8_t from[100] = { 'A', 'F', 'P', 0, 0, 1 };

	(void)state;
	memset(from + 16, 'f', 84);
	for (size_t i = 0; i < sizeof(cases) / sizeof(cases[0]); i++) {
		uint8_t info[FSA_AFP_INFO_SIZE];
		size_t length = cases[i].length;

		memcpy(info, silent, sizeof(info));
		assert_int_equal(cases[i].is_good ? NT_STATUS_SUCCESS
						  : NT_STATUS_INVALID_PARAMETER,
				 fsa_afp_info_write(info, cases[i].offset, from,
						    length));
		if (!cases[i].is_good || length > 60)
			length = cases[i].is_good ? 60 : 0;
		assert_memory_equal(from, info, length);
		assert_memory_equal(silent + length, info + length,
				    60 - length);
	}
	from[2] = 'Q';
	assert_int_equal(NT_STATUS_INVALID_PARAMETER,
			 fsa_afp_info_write((uint8_t[60]){ 0 }, 0, from, 60));
}

static void entries_have_half_of_finder_info(void **state)
{
	uint8_t finder[FSA_AFP_FINDER_SIZE], to[16];

	(void)state;
	for (unsigned int i = 0; i < sizeof(finder); i++)
		finder[i] = (uint8_t)(i + 1);
	fsa_afp_finder_compress(finder, false, 946684800 + 0x01020304, to);
	assert_memory_equal("\1\2\3\4\5\6\7\10\11\12\31\32\1\2\3\4", to, 16);
	fsa_afp_finder_compress(finder, true, 946684799, to);
	assert_memory_equal("\0\0\0\0\0\0\0\0\11\12\31\32\377\377\377\377", to,
			    16);
	fsa_afp_finder_compress(finder, true, INT64_C(1) << 40, to);
	assert_memory_equal("\177\377\377\377", to + 12, 4);
}

int main(void)
{
	const struct CMUnitTest tests[] = {
		cmocka_unit_test(they_are_known_by_name),
		cmocka_unit_test(what_says_nothing_is_told),
		cmocka_unit_test(what_is_none_is_read_as_one_that_says_nothing),
		cmocka_unit_test(a_write_begins_with_the_signature),
		cmocka_unit_test(entries_have_half_of_finder_info),
	};

	return cmocka_run_group_tests(tests, NULL, NULL);
}
