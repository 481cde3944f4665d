/*
 * The table of ids, against a plain list that does the same slowly.
 */
#include <setjmp.h>
#include <stdarg.h>
#include <stddef.h>
#include <stdint.h>

#include <cmocka.h>
#include <stdbool.h>

#include "smb/table.h"

enum {
	IDS = 600,
};

static void an_empty_table_finds_nothing(void **state)
{
	struct smb_table table = {};

	(void)state;
	assert_null(smb_table_get(&table, 1));
	smb_table_remove(&table, 1);
	smb_table_fini(&table);
}

static void what_is_put_is_found_until_it_is_removed(void **state)
{
	struct smb_table table = {};
	static bool is_in[IDS];
	static int values[IDS];
	uint32_t seed = 1;

	(void)state;
	for (int round = 0; round < 20000; round++) {
		seed = seed * 1103515245u + 12345u;
		uint32_t i = (seed >> 8) % IDS;
		uint64_t id = i + 1;

		if (is_in[i])
			smb_table_remove(&table, id);
		else
			assert_true(smb_table_put(&table, id, &values[i]));
		is_in[i] = !is_in[i];
		if (round % 100)
			continue;
		for (uint32_t k = 0; k < IDS; k++)
			assert_ptr_equal(smb_table_get(&table, k + 1),
					 is_in[k] ? &values[k] : NULL);
	}
	smb_table_fini(&table);
}

static void ids_far_apart_share_a_table(void **state)
{
	struct smb_table table = {};
	int value;

	(void)state;
	for (int bit = 0; bit < 64; bit++)
		assert_true(smb_table_put(&table, 1ull << bit, &value));
	for (int bit = 0; bit < 64; bit += 2)
		smb_table_remove(&table, 1ull << bit);
	for (int bit = 0; bit < 64; bit++)
		assert_ptr_equal(smb_table_get(&table, 1ull << bit),
				 bit % 2 ? &value : NULL);
	assert_int_equal(table.count, 32);
	smb_table_fini(&table);
}

int main(void)
{
	const struct CMUnitTest tests[] = {
		cmocka_unit_test(an_empty_table_finds_nothing),
		cmocka_unit_test(what_is_put_is_found_until_it_is_removed),
		cmocka_unit_test(ids_far_apart_share_a_table),
	};

	return cmocka_run_group_tests(tests, NULL, NULL);
}
