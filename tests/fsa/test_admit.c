/*
 * What changes while a CREATE waits, or just before somebody begins to wait.
 * Tests admit.c, and of grant.c and rename.c what has to do with it. That it
 * goes well in whatever order things happen, tests/model shows.
 */
#include "tests/fsa/party.h"

static void begin(struct house *h)
{
	h->share.grants_oplocks = true;
}

static void answer(const struct opener *o, uint8_t caching)
{
	assert_int_equal(fsa_object_ops.oplock_answer(o->created.object,
						      caching),
			 NT_STATUS_SUCCESS);
}

/* MS-SMB2 3.3.5.9.8, though both were asked for before one was granted. */
HOUSE_TEST(a_lease_is_held_on_one_file)
{
	struct party first = party(true, false), both = party(true, false);
	struct opener a = opener(h, &first, R | W | H);
	struct opener b = opener(h, &both, R | W | H);
	struct opener c = opener(h, &both, R | W | H);

	begin(h);
	c.how.name = house_name("other");
	co_now(&a, R | W | H);
	co_start(&b);
	co_now(&c, R | W | H);
	answer(&a, R | H);
	co_until(&b.is_over);
	assert_int_equal(b.status, NT_STATUS_INVALID_PARAMETER);
	house_co_close(c.created.object);

	/* The lease is free for another file now. */
	b = opener(h, &both, R | H);
	both.holder.object = NULL;
	co_now(&b, R | H);
	house_co_close(b.created.object);
	house_co_close(a.created.object);
}

/* The name leads elsewhere by now: what it leads to is what is opened. */
HOUSE_TEST(a_file_that_is_renamed_meanwhile_is_not_what_was_asked_for)
{
	struct party first = party(true, false);
	struct opener a = opener(h, &first, R | W | H);
	struct opener b = opener(h, NULL, 0), c = opener(h, NULL, 0);

	begin(h);
	c.how.name = house_name("new");
	c.how.disposition = FILE_OPEN;
	b.how.disposition = FILE_OPEN;
	co_now(&a, R | W | H);
	co_start(&b);
	assert_int_equal(house_co_set(a.created.object,
				      (struct smb_set){
					      .kind = SMB_SET_RENAME,
					      .name = house_name("new"),
				      }),
			 NT_STATUS_SUCCESS);
	answer(&a, R | H);
	co_until(&b.is_over);
	assert_int_equal(b.status, NT_STATUS_OBJECT_NAME_NOT_FOUND);
	co_now(&c, 0);
	house_co_close(c.created.object);
	house_co_close(a.created.object);
}

/* And another file is that has the name now. */
HOUSE_TEST(the_file_that_has_the_name_by_now_is_opened)
{
	struct party first = party(true, false);
	struct opener a = opener(h, &first, R | W | H);
	struct opener b = opener(h, NULL, 0), c = opener(h, NULL, 0);

	begin(h);
	co_now(&a, R | W | H);
	co_start(&b);
	assert_int_equal(house_co_set(a.created.object,
				      (struct smb_set){
					      .kind = SMB_SET_RENAME,
					      .name = house_name("new"),
				      }),
			 NT_STATUS_SUCCESS);
	co_now(&c, 0);
	answer(&a, R | H);
	co_until(&b.is_over);
	assert_int_equal(b.status, NT_STATUS_SUCCESS);
	assert_true(house_co_facts(b.created.object).file.index ==
		    house_co_facts(c.created.object).file.index);
	house_co_close(b.created.object);
	house_co_close(c.created.object);
	house_co_close(a.created.object);
}

/* CLOSE has ended all waits of the open before; nobody would end this one. */
HOUSE_TEST(an_open_that_is_closing_waits_for_nobody)
{
	struct party first = party(true, false);
	struct opener a = opener(h, &first, R | H);
	struct opener b = opener(h, NULL, 0);
	struct smb_set set = { .kind = SMB_SET_DISPOSITION, .is_delete = true };

	begin(h);
	co_now(&a, R | H);
	co_now(&b, 0);
	fsa_object_ops.closing(b.created.object);
	set.call = &b.call;
	assert_int_equal(fsa_object_ops.co_set(b.created.object, &set),
			 NT_STATUS_FILE_CLOSED);
	assert_false(b.is_waiting);
	house_co_close(b.created.object);
	house_co_close(a.created.object);
}

/* What is replaced is not opened any more, and is free again afterwards. */
HOUSE_TEST(who_replaces_a_file_leaves_nothing_behind)
{
	struct opener a = opener(h, NULL, 0), b = opener(h, NULL, 0);
	struct smb_set set = { .kind = SMB_SET_RENAME, .is_replace = true };

	begin(h);
	b.how.name = house_name("old");
	co_now(&a, 0);
	co_now(&b, 0);
	set.name = house_name("old");
	assert_int_equal(house_co_set(a.created.object, set),
			 NT_STATUS_ACCESS_DENIED);
	house_co_close(b.created.object);
	assert_int_equal(fsa_node_count(h->share.fsa), 1);
	assert_int_equal(house_co_set(a.created.object, set),
			 NT_STATUS_SUCCESS);
	assert_int_equal(fsa_node_count(h->share.fsa), 1);
	assert_false(house_exists(h, "file"));
	b.how.disposition = FILE_OPEN;
	co_now(&b, 0);
	assert_int_equal(fsa_node_count(h->share.fsa), 1);
	house_co_close(b.created.object);
	house_co_close(a.created.object);
}

/* A name that was never there for anybody else is not one that is deleted. */
HOUSE_TEST(what_its_maker_takes_back_is_looked_for_again)
{
	struct smb_object *made = house_co_file(h, "file");
	struct fsa_node *node = fsa_node_ref(fsa_open_of(made)->node);
	struct opener a = opener(h, NULL, 0);

	house_co_close(made);
	fsa_node_lock(node);
	node->is_delete_pending = node->is_taken_back = true;
	fsa_node_unlock(node);
	assert_non_null(loop_spawn(co_open, &a));
	for (int i = 0; i < 3; i++)
		loop_co_yield();
	assert_false(a.is_over);
	assert_int_equal(unlink(yard_path(h->y, "file")), 0);
	fsa_node_lock(node);
	node->is_deleted = true;
	fsa_node_unlock(node);
	co_until(&a.is_over);
	assert_int_equal(a.status, NT_STATUS_SUCCESS);
	assert_int_equal(a.created.action, SMB_CREATE_CREATED);
	fsa_node_unref(node);
	house_co_close(a.created.object);
}

int main(void)
{
	const struct CMUnitTest tests[] = {
		cmocka_unit_test(a_lease_is_held_on_one_file),
		cmocka_unit_test(
			a_file_that_is_renamed_meanwhile_is_not_what_was_asked_for),
		cmocka_unit_test(the_file_that_has_the_name_by_now_is_opened),
		cmocka_unit_test(an_open_that_is_closing_waits_for_nobody),
		cmocka_unit_test(who_replaces_a_file_leaves_nothing_behind),
		cmocka_unit_test(what_its_maker_takes_back_is_looked_for_again),
	};

	return cmocka_run_group_tests(tests, NULL, NULL);
}
