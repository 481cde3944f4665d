/* The table of our own changes. */
#include <stdarg.h>
#include <stddef.h>

#include <setjmp.h>
#include <stdint.h>

#include <cmocka.h>

#include "gateway/fsa/own.h"

#define SECOND UINT64_C(1000000000)

static struct fsa_own own;

static int setup(void **state)
{
	(void)state;
	own = (struct fsa_own){ 0 };
	return 0;
}

static void each_change_of_a_name_counts_once(void **state)
{
	uint64_t hash = fsa_own_hash(1, "a/b");

	(void)state;
	assert_false(fsa_own_take(&own, FSA_OWN_GONE, hash, SECOND));
	fsa_own_put(&own, FSA_OWN_GONE, hash, SECOND);
	fsa_own_put(&own, FSA_OWN_GONE, hash, SECOND + 1);
	assert_false(fsa_own_take(&own, FSA_OWN_CAME, hash, 0));
	assert_true(fsa_own_take(&own, FSA_OWN_GONE, hash, 0));
	assert_true(fsa_own_take(&own, FSA_OWN_GONE, hash, 0));
	assert_false(fsa_own_take(&own, FSA_OWN_GONE, hash, 0));
}

static void what_is_long_ago_is_forgotten(void **state)
{
	uint64_t hash = fsa_own_hash(1, "a");

	(void)state;
	fsa_own_put(&own, FSA_OWN_CAME, hash, SECOND);
	assert_false(fsa_own_take(&own, FSA_OWN_CAME, hash, SECOND + 1));
}

static void the_last_change_is_known(void **state)
{
	uint64_t hash = fsa_own_hash(1, "a");

	(void)state;
	assert_int_equal(fsa_own_last(&own, hash), 0);
	fsa_own_put(&own, FSA_OWN_CAME, hash, 5);
	assert_int_equal(fsa_own_last(&own, hash), 5);
	/* It was made, and its facts came with it. */
	assert_true(fsa_own_take(&own, FSA_OWN_CAME, hash, 0));
	assert_int_equal(fsa_own_last(&own, hash), 5);
	fsa_own_put(&own, FSA_OWN_CHANGED, hash, 8);
	fsa_own_put(&own, FSA_OWN_CHANGED, hash, 9);
	assert_int_equal(fsa_own_last(&own, hash), 9);
}

static void trees_and_paths_differ(void **state)
{
	(void)state;
	assert_true(fsa_own_hash(1, "a") != fsa_own_hash(1, "b"));
	assert_true(fsa_own_hash(1, "a") != fsa_own_hash(2, "a"));
}

/* Changes of one file over and over push out nothing else. */
static void a_full_row_forgets_the_oldest(void **state)
{
	uint64_t first = 7, others = 7 + FSA_OWN_ROWS;

	(void)state;
	fsa_own_put(&own, FSA_OWN_GONE, first, 1);
	for (int i = 0; i < 100; i++)
		fsa_own_put(&own, FSA_OWN_CHANGED, others, 2);
	assert_true(fsa_own_take(&own, FSA_OWN_GONE, first, 0));
	fsa_own_put(&own, FSA_OWN_GONE, first, 1);
	for (unsigned int i = 0; i < FSA_OWN_WAYS; i++)
		fsa_own_put(&own, FSA_OWN_GONE,
			    others + (uint64_t)i * FSA_OWN_ROWS, 2);
	assert_false(fsa_own_take(&own, FSA_OWN_GONE, first, 0));
	assert_true(fsa_own_take(&own, FSA_OWN_GONE, others, 0));
}

int main(void)
{
	const struct CMUnitTest tests[] = {
		cmocka_unit_test_setup(each_change_of_a_name_counts_once,
				       setup),
		cmocka_unit_test_setup(what_is_long_ago_is_forgotten, setup),
		cmocka_unit_test_setup(the_last_change_is_known, setup),
		cmocka_unit_test_setup(trees_and_paths_differ, setup),
		cmocka_unit_test_setup(a_full_row_forgets_the_oldest, setup),
	};

	return cmocka_run_group_tests(tests, NULL, NULL);
}
