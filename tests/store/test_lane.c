/*
 * Which trees have lanes. That hanging there is not felt elsewhere is
 * tests/loop/test_lane.c's; that all verbs go there (verbs.c) show the tests
 * of the program with a file system that hangs.
 */
#include "tests/store/yard.h"

#include "gateway/store/lane.h"
#include "gateway/store/probe.h"
#include "gateway/store/tree.h"

#include <linux/magic.h>

static void slots_are_given_again(void **state)
{
	unsigned int a = store_lane_slot_take(), b = store_lane_slot_take();

	(void)state;
	assert_true(a > 0);
	assert_int_not_equal(a, b);
	store_lane_slot_give(a);
	assert_int_equal(store_lane_slot_take(), a);
	store_lane_slot_give(a);
	store_lane_slot_give(b);
	store_lane_slot_give(0); /* of a near tree: nothing */
}

static void when_slots_run_out_the_last_is_shared(void **state)
{
	unsigned int first = store_lane_slot_take(), last = first, next;

	(void)state;
	while ((next = store_lane_slot_take()) != last)
		last = next;
	assert_int_equal(store_lane_slot_take(), last);
	for (unsigned int slot = first; slot < last; slot++)
		store_lane_slot_give(slot);
	store_lane_slot_give(last); /* is there for all */
	assert_int_equal(store_lane_slot_take(), first);
	store_lane_slot_give(first);
}

static void what_others_answer_for_is_far(void **state)
{
	(void)state;
	assert_true(store_kind_of(FUSE_SUPER_MAGIC).is_far);
	assert_true(store_kind_of(NFS_SUPER_MAGIC).is_far);
	assert_false(store_kind_of(EXT4_SUPER_MAGIC).is_far);
	assert_false(store_kind_of(TMPFS_MAGIC).is_far);
}

static void co_near(struct yard *y)
{
	int fd = open(y->root, O_RDONLY | O_CLOEXEC);

	assert_int_equal(store_tree_lane(y->tree), 0);
	assert_null(store_lane_of(y->tree));
	store_lane_close(y->tree, fd);
	assert_int_equal(fcntl(fd, F_GETFD), -1);
}

static void a_near_tree_has_no_lane(void **state)
{
	(void)state;
	yard_run(co_near);
}

int main(void)
{
	const struct CMUnitTest tests[] = {
		cmocka_unit_test(slots_are_given_again),
		cmocka_unit_test(when_slots_run_out_the_last_is_shared),
		cmocka_unit_test(what_others_answer_for_is_far),
		cmocka_unit_test(a_near_tree_has_no_lane),
	};

	return cmocka_run_group_tests(tests, NULL, NULL);
}
