/* Names that are being made: who comes by waits, and looks again. */
#include "tests/fsa/house.h"

#include "gateway/fsa/making.h"

static const struct store_key here = { .device = 1, .inode = 2 };
static const struct store_key there = { .device = 1, .inode = 3 };

/* One that comes by the name, in a fiber of its own. */
struct passer {
	struct house *h;
	struct loop_fiber *fiber;
	bool makes; /* else he looks */
	struct fsa_making making;
	bool is_over, was_free, is_cancelled;
};

static void co_pass(void *arg)
{
	struct passer *p = arg;
	struct fsa *fsa = p->h->fsa;

	p->was_free =
		p->makes ? fsa_making_co_begin(fsa, &p->making,
					       p->h->share.tree, &here, "name")
			 : fsa_making_co_is_free(fsa, p->h->share.tree, &here,
						 "Name");
	p->is_cancelled = loop_is_cancelled();
	p->is_over = true;
}

static void start(struct house *h, struct passer *p, bool makes)
{
	*p = (struct passer){ .h = h, .makes = makes };
	p->fiber = loop_spawn(co_pass, p);
	assert_non_null(p->fiber);
}

static void co_settle(void)
{
	for (int i = 0; i < 20; i++)
		loop_co_yield();
}

HOUSE_TEST(all_who_come_by_wait_for_the_maker)
{
	struct fsa_making making;
	struct passer maker, looker;

	assert_false(fsa_making_is_any(h->fsa));
	assert_true(fsa_making_co_begin(h->fsa, &making, h->share.tree, &here,
					"name"));
	assert_true(fsa_making_is_any(h->fsa));
	start(h, &maker, true);
	start(h, &looker, false);
	co_settle();
	assert_false(maker.is_over || looker.is_over);
	fsa_making_end(h->fsa, &making);
	co_settle();
	assert_true(maker.is_over && !maker.was_free);
	assert_true(looker.is_over && !looker.was_free);
	/* It is nobody's now; to end it twice is nothing. */
	fsa_making_end(h->fsa, &making);
	assert_false(fsa_making_is_any(h->fsa));
}

HOUSE_TEST(other_names_are_free)
{
	struct fsa_making making, other;

	assert_true(fsa_making_co_begin(h->fsa, &making, h->share.tree, &here,
					"name"));
	assert_true(
		fsa_making_co_is_free(h->fsa, h->share.tree, &there, "name"));
	assert_true(fsa_making_co_begin(h->fsa, &other, h->share.tree, &here,
					"names"));
	fsa_making_end(h->fsa, &other);
	fsa_making_end(h->fsa, &making);
}

/* What is cancelled notices at its next wait. */
HOUSE_TEST(a_cancel_waits_for_the_maker)
{
	struct fsa_making making;
	struct passer looker;

	assert_true(fsa_making_co_begin(h->fsa, &making, h->share.tree, &here,
					"name"));
	start(h, &looker, false);
	co_settle();
	loop_cancel(looker.fiber);
	co_settle();
	assert_false(looker.is_over);
	fsa_making_end(h->fsa, &making);
	co_settle();
	assert_true(looker.is_over && looker.is_cancelled);
}

/* A CREATE leaves no name claimed, whatever becomes of it. */
HOUSE_TEST(creates_claim_and_give_back)
{
	struct smb_object *f = house_co_file(h, "f");
	struct smb_object *s = house_co_file(h, "f:s");

	assert_false(fsa_making_is_any(h->fsa));
	house_co_close(s);
	house_co_close(f);
}

/* One that opens a file, in a fiber of its own. */
struct opener {
	struct house *h;
	const char *name;
	struct smb_object *object;
};

static void co_open(void *arg)
{
	struct opener *o = arg;

	o->object = house_co_file(o->h, o->name);
}

static struct store_key co_key_of_root(struct house *h)
{
	struct smb_object *root = house_co_dir(h, "");
	struct store_key key = fsa_open_of(root)->node->key;

	house_co_close(root);
	return key;
}

/* Claims the name, and looks on how another waits for it to open it. */
static void co_watch_opener(struct house *h, const struct store_key *in,
			    const char *name, const char *path)
{
	struct opener o = { .h = h, .name = path };
	struct fsa_making making;

	assert_true(
		fsa_making_co_begin(h->fsa, &making, h->share.tree, in, name));
	assert_non_null(loop_spawn(co_open, &o));
	for (int i = 0; i < 100; i++)
		loop_co_sleep(loop_ms(1));
	assert_null(o.object);
	fsa_making_end(h->fsa, &making);
	while (!o.object)
		loop_co_sleep(loop_ms(1));
	house_co_close(o.object);
}

HOUSE_TEST(opens_wait_for_the_maker)
{
	struct smb_object *f = house_co_file(h, "f");
	struct smb_object *s = house_co_file(h, "f:s");
	struct store_key root = co_key_of_root(h);
	struct store_key file = fsa_open_of(f)->node->key;

	co_watch_opener(h, &root, "f", "f");
	co_watch_opener(h, &root, "f", "f:s");
	co_watch_opener(h, &file, "s", "f:s");
	co_watch_opener(h, &root, "new", "new");
	co_watch_opener(h, &file, "new", "f:new");
	house_co_close(s);
	house_co_close(f);
}

/* One that takes a name from another file, in a fiber of its own. */
struct taker {
	struct smb_object *object;
	bool links;
	bool is_over;
	enum nt_status status;
};

static void co_take(void *arg)
{
	struct taker *t = arg;
	struct smb_set set = {
		.kind = t->links ? SMB_SET_LINK : SMB_SET_RENAME,
		.name = house_name("taken"),
		.is_replace = true,
	};

	t->status = house_co_set(t->object, set);
	t->is_over = true;
}

static void co_watch_taker(struct house *h, const struct store_key *in,
			   struct smb_object *object, bool links)
{
	struct taker t = { .object = object, .links = links };
	struct fsa_making making;

	house_co_close(house_co_file(h, "taken"));
	assert_true(fsa_making_co_begin(h->fsa, &making, h->share.tree, in,
					"taken"));
	assert_non_null(loop_spawn(co_take, &t));
	for (int i = 0; i < 100; i++)
		loop_co_sleep(loop_ms(1));
	assert_false(t.is_over);
	fsa_making_end(h->fsa, &making);
	while (!t.is_over)
		loop_co_sleep(loop_ms(1));
	assert_int_equal(t.status, NT_STATUS_SUCCESS);
	assert_false(fsa_making_is_any(h->fsa));
}

HOUSE_TEST(names_are_taken_after_they_were_made)
{
	struct store_key root = co_key_of_root(h);
	struct smb_object *f = house_co_file(h, "renamed");

	co_watch_taker(h, &root, f, false);
	house_co_close(f);
	f = house_co_file(h, "linked");
	co_watch_taker(h, &root, f, true);
	house_co_close(f);
}

int main(void)
{
	const struct CMUnitTest tests[] = {
		cmocka_unit_test(all_who_come_by_wait_for_the_maker),
		cmocka_unit_test(other_names_are_free),
		cmocka_unit_test(a_cancel_waits_for_the_maker),
		cmocka_unit_test(creates_claim_and_give_back),
		cmocka_unit_test(opens_wait_for_the_maker),
		cmocka_unit_test(names_are_taken_after_they_were_made),
	};

	return cmocka_run_group_tests(tests, NULL, NULL);
}
