/* The room as the engine sees it. Tests fsa.c and ops.c. */
#include "tests/fsa/desk.h"

#include "gateway/fsa/notify.h"

static void every_verb_has_its_function(void **state)
{
	void *verbs[sizeof(fsa_object_ops) / sizeof(void *)];

	(void)state;
	memcpy(verbs, &fsa_object_ops, sizeof(verbs));
	for (size_t i = 0; i < sizeof(verbs) / sizeof(verbs[0]); i++)
		assert_non_null(verbs[i]);
}

YARD_TEST(a_new_room_is_empty_and_has_all_its_tables)
{
	struct desk d;

	desk_begin(&d, y);
	assert_int_equal(0, fsa_node_count(d.fsa));
	assert_non_null(fsa_nodes_of(d.fsa));
	assert_non_null(fsa_watches_of(d.fsa));
	desk_end(&d);
	assert_null(fsa_free(NULL));
}

YARD_TEST(a_volume_that_remembers_names_leaves_none_behind)
{
	struct desk d;

	desk_begin(&d, y);
	assert_int_equal(NT_STATUS_OBJECT_NAME_NOT_FOUND,
			 desk_co_try(d.volume, "none", FILE_READ_DATA, DESK_ALL,
				     FILE_OPEN, 0));
	assert_non_null(fsa_volume_of(d.volume)->names);
	desk_end(&d);
}

int main(void)
{
	const struct CMUnitTest tests[] = {
		cmocka_unit_test(every_verb_has_its_function),
		cmocka_unit_test(a_new_room_is_empty_and_has_all_its_tables),
		cmocka_unit_test(
			a_volume_that_remembers_names_leaves_none_behind),
	};

	return cmocka_run_group_tests(tests, NULL, NULL);
}
