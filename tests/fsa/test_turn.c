/* Turns: of those who change streams of one file, one at a time. */
#include "tests/fsa/house.h"

#include "gateway/fsa/turn.h"

/* One that takes a turn, in a fiber of its own. */
struct taker {
	struct fsa_node *node;
	struct loop_fiber *fiber;
	bool is_over, is_cancelled;
};

static void co_take(void *arg)
{
	struct taker *t = arg;

	fsa_turn_co_take(t->node);
	t->is_cancelled = loop_is_cancelled();
	t->is_over = true;
}

static void start(struct taker *t, struct fsa_node *node)
{
	*t = (struct taker){ .node = node };
	t->fiber = loop_spawn(co_take, t);
	assert_non_null(t->fiber);
}

static void co_settle(void)
{
	for (int i = 0; i < 20; i++)
		loop_co_yield();
}

HOUSE_TEST(turns_are_taken_in_order)
{
	struct smb_object *f = house_co_file(h, "f");
	struct smb_object *s = house_co_file(h, "f:s");
	struct fsa_node *file = fsa_open_of(f)->node;
	struct taker a, b;

	/* Those of a stream are the file's. */
	fsa_turn_co_take(fsa_open_of(s)->node);
	start(&a, file);
	start(&b, file);
	co_settle();
	assert_false(a.is_over || b.is_over);
	fsa_turn_give(file);
	co_settle();
	assert_true(a.is_over && !b.is_over);
	assert_false(a.is_cancelled);
	fsa_turn_give(file);
	co_settle();
	assert_true(b.is_over);
	fsa_turn_give(file);
	assert_false(file->turn.is_taken);
	house_co_close(s);
	house_co_close(f);
}

/* What was begun is brought to its end: a file is emptied or it is not. */
HOUSE_TEST(a_cancel_waits_for_the_turn)
{
	struct smb_object *f = house_co_file(h, "f");
	struct fsa_node *file = fsa_open_of(f)->node;
	struct taker a;

	fsa_turn_co_take(file);
	start(&a, file);
	co_settle();
	loop_cancel(a.fiber);
	co_settle();
	assert_false(a.is_over);
	fsa_turn_give(file);
	co_settle();
	assert_true(a.is_over && a.is_cancelled);
	fsa_turn_give(file);
	assert_false(file->turn.is_taken);
	house_co_close(f);
}

int main(void)
{
	const struct CMUnitTest tests[] = {
		cmocka_unit_test(turns_are_taken_in_order),
		cmocka_unit_test(a_cancel_waits_for_the_turn),
	};

	return cmocka_run_group_tests(tests, NULL, NULL);
}
