/* Nodes are forgotten exactly as often as they were told, and not too soon. */
#include "tests/fuse/cm.h"

#include "fuse/nodes.h"

static void a_node_is_forgotten_as_often_as_it_was_told(void **state)
{
	struct fusefs_nodes nodes;
	struct fusefs_forget what;
	struct fusefs_node *a;

	(void)state;
	fusefs_nodes_init(&nodes, 0);
	a = fusefs_nodes_tell(&nodes, 5);
	assert_ptr_equal(fusefs_nodes_tell(&nodes, 5), a);
	assert_ptr_equal(fusefs_nodes_tell(&nodes, 5), a);

	assert_false(fusefs_nodes_release(&nodes, a, &what));
	assert_false(fusefs_nodes_release(&nodes, a, &what));
	assert_true(fusefs_nodes_release(&nodes, a, &what));

	assert_int_equal(what.id, 5);
	assert_int_equal(what.count, 3);
	fusefs_nodes_fini(&nodes);
}

static void those_that_are_idle_for_longest_go_first(void **state)
{
	struct fusefs_nodes nodes;
	struct fusefs_forget what;
	struct fusefs_node *n[4];

	(void)state;
	fusefs_nodes_init(&nodes, 2);
	for (uint64_t i = 0; i < 4; i++)
		n[i] = fusefs_nodes_tell(&nodes, 10 + i);
	assert_false(fusefs_nodes_release(&nodes, n[1], &what));
	assert_false(fusefs_nodes_release(&nodes, n[0], &what));
	/* Meant again: idle no more, and told once more. */
	assert_ptr_equal(fusefs_nodes_tell(&nodes, 11), n[1]);
	assert_false(fusefs_nodes_release(&nodes, n[1], &what));

	assert_true(fusefs_nodes_release(&nodes, n[2], &what));
	assert_int_equal(what.id, 10);
	assert_int_equal(what.count, 1);
	assert_true(fusefs_nodes_release(&nodes, n[3], &what));
	assert_int_equal(what.id, 11);
	assert_int_equal(what.count, 2);
	fusefs_nodes_fini(&nodes);
}

static void many_are_found_again(void **state)
{
	struct fusefs_nodes nodes;
	struct fusefs_forget what;
	uint64_t i;

	(void)state;
	fusefs_nodes_init(&nodes, 5000);
	for (i = 1; i <= 5000; i++)
		fusefs_nodes_release(&nodes, fusefs_nodes_tell(&nodes, i << 40),
				     &what);
	assert_int_equal(nodes.idle_count, 5000);
	for (i = 1; i <= 5000; i++)
		assert_int_equal(fusefs_nodes_tell(&nodes, i << 40)->told, 2);
	assert_int_equal(nodes.idle_count, 0);
	fusefs_nodes_fini(&nodes);
}

int main(void)
{
	const struct CMUnitTest tests[] = {
		cmocka_unit_test(a_node_is_forgotten_as_often_as_it_was_told),
		cmocka_unit_test(those_that_are_idle_for_longest_go_first),
		cmocka_unit_test(many_are_found_again),
	};

	return cmocka_run_group_tests(tests, NULL, NULL);
}
