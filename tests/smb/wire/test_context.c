/*
 * Chains of create contexts, MS-SMB2 2.2.13.2.
 */
#include <setjmp.h>
#include <stdarg.h>
#include <stddef.h>
#include <stdint.h>

#include <cmocka.h>
#include <string.h>

#include "smb/wire/context.h"

/* MxAc without data, then AlSi with 8 bytes. */
static const uint8_t two[] = {
	24,  0,   0,   0,   16, 0, 4, 0, 0, 0, 24, 0, 0, 0, 0, 0,
	'M', 'x', 'A', 'c', 0,  0, 0, 0, /* the second begins at 24 */
	0,   0,   0,   0,   16, 0, 4, 0, 0, 0, 24, 0, 8, 0, 0, 0,
	'A', 'l', 'S', 'i', 0,  0, 0, 0, 1, 2, 3,  4, 5, 6, 7, 8,
};

/* Walks it all: how many there are; SIZE_MAX if the chain is bad. */
static size_t walk(const uint8_t *chain, size_t length)
{
	struct smb_create_contexts w = { .chain = { chain, length } };
	struct smb_create_context c;
	enum nt_status status;
	size_t count = 0;

	while ((status = smb_create_contexts_next(&w, &c)) == NT_STATUS_SUCCESS)
		count++;
	return status == NT_STATUS_NO_MORE_ENTRIES ? count : SIZE_MAX;
}

static void a_chain_is_walked_to_its_end(void **state)
{
	struct smb_create_contexts w = { .chain = { two, sizeof(two) } };
	struct smb_create_context c;

	(void)state;
	assert_int_equal(smb_create_contexts_next(&w, &c), NT_STATUS_SUCCESS);
	assert_true(smb_create_context_is(&c, "MxAc"));
	assert_int_equal(c.data.length, 0);
	assert_int_equal(smb_create_contexts_next(&w, &c), NT_STATUS_SUCCESS);
	assert_true(smb_create_context_is(&c, "AlSi"));
	assert_false(smb_create_context_is(&c, "MxAc"));
	assert_int_equal(c.data.length, 8);
	assert_int_equal(c.data.at[7], 8);
	assert_int_equal(smb_create_contexts_next(&w, &c),
			 NT_STATUS_NO_MORE_ENTRIES);
	assert_int_equal(walk(NULL, 0), 0);
}

static void a_chain_cut_anywhere_is_bad(void **state)
{
	(void)state;
	for (size_t length = 1; length < sizeof(two); length++)
		assert_true(walk(two, length) == SIZE_MAX);
}

static void bad_geometry_is_refused(void **state)
{
	static const struct {
		uint8_t at, value;
	} faults[] = {
		{ 0, 25 },             /* the next is unaligned */
		{ 0, 8 },              /* it begins inside this one */
		{ 0, 64 },             /* it lies behind the chain */
		{ 3, 0x80 },           /* far behind */
		{ 4, 8 },              /* the name lies in the fixed part */
		{ 4, 24 },             /* the name lies in the next context */
		{ 5, 1 },    { 6, 0 }, /* names have 4 bytes at least */
		{ 6, 3 },    { 6, 9 },
		{ 34, 16 }, /* the data lie on the name */
		{ 34, 28 }, /* they are unaligned */
		{ 34, 32 }, /* they lie behind the end */
		{ 36, 9 },   { 39, 0xff },
	};

	(void)state;
	for (size_t i = 0; i < sizeof(faults) / sizeof(faults[0]); i++) {
		uint8_t bad[sizeof(two)];

		memcpy(bad, two, sizeof(two));
		bad[faults[i].at] = faults[i].value;
		assert_true(walk(bad, sizeof(bad)) == SIZE_MAX);
	}
}

static void an_answer_reads_back(void **state)
{
	uint8_t out[128] = { 0 };
	struct writer w = writer_at(out, sizeof(out));
	size_t last = SIZE_MAX;

	(void)state;
	wr_zero(&w, 4); /* alignment counts from the chain's start */
	smb_create_context_add(&w, 4, &last, "MxAc", NULL, 0);
	smb_create_context_add(&w, 4, &last, "AlSi", "\1\2\3\4\5\6\7\10", 8);

	assert_true(wr_ok(&w));
	assert_int_equal(w.at, 4 + sizeof(two));
	assert_memory_equal(out + 4, two, sizeof(two));
}

int main(void)
{
	const struct CMUnitTest tests[] = {
		cmocka_unit_test(a_chain_is_walked_to_its_end),
		cmocka_unit_test(a_chain_cut_anywhere_is_bad),
		cmocka_unit_test(bad_geometry_is_refused),
		cmocka_unit_test(an_answer_reads_back),
	};

	return cmocka_run_group_tests(tests, NULL, NULL);
}
