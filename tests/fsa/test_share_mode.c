/* Who may open beside whom: MS-FSA 2.1.5.1.2.2. */
#include <stdarg.h>
#include <stddef.h>

#include <setjmp.h>
#include <stdint.h>

#include <cmocka.h>

#include "gateway/fsa/object.h"
#include "gateway/fsa/windows.h"

/* The rule once more, a right at a time. */
static bool expected(uint32_t access_a, uint32_t sharing_a, uint32_t access_b,
		     uint32_t sharing_b)
{
	static const struct {
		uint32_t right, share;
	} rules[] = {
		{ FILE_READ_DATA, FILE_SHARE_READ },
		{ FILE_EXECUTE, FILE_SHARE_READ },
		{ FILE_WRITE_DATA, FILE_SHARE_WRITE },
		{ FILE_APPEND_DATA, FILE_SHARE_WRITE },
		{ DELETE, FILE_SHARE_DELETE },
	};
	uint32_t rights = 0;

	for (size_t i = 0; i < 5; i++)
		rights |= rules[i].right;
	if (!(access_a & rights) || !(access_b & rights))
		return true;
	for (size_t i = 0; i < 5; i++) {
		if (access_a & rules[i].right && !(sharing_b & rules[i].share))
			return false;
		if (access_b & rules[i].right && !(sharing_a & rules[i].share))
			return false;
	}
	return true;
}

/* Seven rights: the five that count, and two that don't. */
static uint32_t access_of(unsigned int bits)
{
	static const uint32_t rights[] = {
		FILE_READ_DATA, FILE_WRITE_DATA, FILE_APPEND_DATA,
		FILE_EXECUTE,   DELETE,          FILE_WRITE_ATTRIBUTES,
		READ_CONTROL
	};
	uint32_t access = 0;

	for (size_t i = 0; i < 7; i++) {
		if (bits & 1u << i)
			access |= rights[i];
	}
	return access;
}

static void all_pairs_of_opens_follow_the_rule(void **state)
{
	(void)state;
	for (unsigned int a = 0; a < 128; a++) {
		for (unsigned int b = 0; b < 128; b++) {
			for (unsigned int s = 0; s < 64; s++)
				assert_int_equal(expected(access_of(a), s & 7,
							  access_of(b), s >> 3),
						 fsa_share_mode_allows(
							 access_of(a), s & 7,
							 access_of(b), s >> 3));
		}
	}
}

static void an_open_for_facts_alone_is_a_stat_open(void **state)
{
	(void)state;
	assert_true(fsa_access_is_stat(FILE_READ_ATTRIBUTES | SYNCHRONIZE |
				       FILE_WRITE_ATTRIBUTES | READ_CONTROL));
	assert_false(fsa_access_is_stat(FILE_READ_ATTRIBUTES | FILE_EXECUTE));
	assert_false(fsa_access_is_stat(FILE_APPEND_DATA));
	assert_false(fsa_access_is_stat(DELETE));
}

int main(void)
{
	const struct CMUnitTest tests[] = {
		cmocka_unit_test(all_pairs_of_opens_follow_the_rule),
		cmocka_unit_test(an_open_for_facts_alone_is_a_stat_open),
	};

	return cmocka_run_group_tests(tests, NULL, NULL);
}
