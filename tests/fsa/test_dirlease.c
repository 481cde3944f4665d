/* Leases on directories: MS-FSA 2.1.4.12, MS-SMB2 3.3.5.9.11; LS-7.
 * Tests dirlease.c and change.c. */
#include "tests/fsa/party.h"

#include "gateway/fsa/dirlease.h"

static const uint8_t key_one[16] = { 1 }, key_two[16] = { 2 };

/* Opens a directory and asks for a lease on it. */
static struct smb_object *co_lease(struct house *h, struct party *p,
				   const char *name, uint8_t caching,
				   uint8_t granted)
{
	struct opener o = opener(h, p, caching);

	h->share.grants_oplocks = true;
	o.how.name = house_name(name);
	o.how.access = FILE_ALL_ACCESS & ~(uint32_t)DELETE;
	o.how.options = FILE_DIRECTORY_FILE;
	o.how.may_lease_directory = true;
	return co_now(&o, granted);
}

static struct party lease(const uint8_t *key)
{
	struct party p = party(true, true);

	memcpy(p.holder.key, key, sizeof(p.holder.key));
	return p;
}

/* Opens a file as one whose directory has this key. */
static struct smb_object *co_file(struct house *h, const char *name,
				  const uint8_t *parent_key, uint32_t options)
{
	struct opener o = opener(h, NULL, 0);

	o.how.name = house_name(name);
	o.how.options = options | FILE_NON_DIRECTORY_FILE;
	o.how.parent_key = parent_key;
	return co_now(&o, 0);
}

static void co_expect(struct party *p, unsigned int breaks)
{
	co_settle();
	assert_int_equal(p->breaks, breaks);
}

HOUSE_TEST(a_directory_is_never_leased_for_writing)
{
	static const struct {
		uint8_t wanted, granted;
	} table[] = { { R | H | W, R | H },
		      { R | W, R },
		      { R | H, R | H },
		      { R, R },
		      { W, 0 },
		      { 0, 0 } };

	for (size_t i = 0; i < sizeof(table) / sizeof(table[0]); i++) {
		struct party p = lease(key_one);

		house_co_close(co_lease(h, &p, "d", table[i].wanted,
					table[i].granted));
	}
}

HOUSE_TEST(who_may_not_have_one_gets_none)
{
	struct party p = lease(key_one), old = party(false, true);
	struct opener o = opener(h, &p, R | H);

	h->share.grants_oplocks = true;
	o.how.name = house_name("d");
	o.how.options = FILE_DIRECTORY_FILE;
	house_co_close(co_now(&o, 0));
	assert_false(o.created.has_grant);
	o = opener(h, &old, R | H | W);
	o.how.name = house_name("d");
	o.how.options = FILE_DIRECTORY_FILE;
	house_co_close(co_now(&o, 0));
	assert_false(o.created.has_grant);
}

HOUSE_TEST(a_new_file_breaks_the_lease_of_all_but_its_own_client)
{
	struct party one = lease(key_one), two = lease(key_two);
	struct smb_object *a = co_lease(h, &one, "d", R | H, R | H);
	struct smb_object *b = co_lease(h, &two, "d", R | H, R | H);
	struct smb_object *f;

	f = co_file(h, "d\\f", key_one, 0);
	co_expect(&one, 0);
	co_expect(&two, 1);
	assert_int_equal(two.last.from, R | H);
	assert_int_equal(two.last.to, 0);
	assert_true(two.last.must_ack);
	house_co_close(f);
	/* To open what is there changes nothing. */
	house_co_close(co_file(h, "d\\f", NULL, 0));
	co_expect(&one, 0);
	house_co_close(co_file(h, "d\\g", NULL, 0));
	co_expect(&one, 1);
	co_expect(&two, 1);
	house_co_close(a);
	house_co_close(b);
}

HOUSE_TEST(a_change_breaks_it_when_it_is_seen_in_a_list)
{
	struct smb_write write = { .bytes = (const uint8_t *)"x", .length = 1 };
	struct party one = lease(key_one), two = lease(key_two);
	struct smb_object *d, *f = co_file(h, "d2", NULL, 0);

	house_co_close(f);
	house_co_close(house_co_dir(h, "d"));
	f = co_file(h, "d\\f", NULL, 0);
	d = co_lease(h, &one, "d", R | H, R | H);
	assert_int_equal(fsa_object_ops.co_write(f, &write), NT_STATUS_SUCCESS);
	co_expect(&one, 0);
	house_co_close(f);
	co_expect(&one, 1);
	house_co_close(d);
	d = co_lease(h, &two, "d", R, R);
	f = co_file(h, "d\\f", NULL, 0);
	assert_int_equal(
		house_co_set(f, (struct smb_set){ .kind = SMB_SET_END_OF_FILE,
						  .value = 7 }),
		NT_STATUS_SUCCESS);
	co_expect(&two, 1);
	assert_false(two.last.must_ack);
	house_co_close(f);
	house_co_close(d);
}

HOUSE_TEST(other_directories_are_left_alone)
{
	struct party one = lease(key_one);
	struct smb_object *d = co_lease(h, &one, "d", R | H, R | H);

	house_co_close(co_file(h, "f", NULL, 0));
	house_co_close(co_file(h, "dd", NULL, 0));
	house_co_close(house_co_dir(h, "e"));
	house_co_close(co_file(h, "e\\f", NULL, 0));
	co_expect(&one, 0);
	house_co_close(house_co_dir(h, "d\\sub"));
	co_expect(&one, 1);
	house_co_close(d);
}

/* Who set it, and who closed last, must both be of the client that keeps. */
HOUSE_TEST(a_file_that_goes_spares_only_whose_it_was_altogether)
{
	static const struct {
		const uint8_t *setter, *closer;
		unsigned int breaks;
	} table[] = { { key_one, key_one, 0 },
		      { key_one, key_two, 1 },
		      { key_two, key_one, 1 },
		      { NULL, NULL, 1 } };

	for (size_t i = 0; i < sizeof(table) / sizeof(table[0]); i++) {
		struct party one = lease(key_one);
		struct smb_object *d, *setter, *closer;

		house_co_close(house_co_dir(h, "d"));
		house_co_close(co_file(h, "d\\f", NULL, 0));
		d = co_lease(h, &one, "d", R | H, R | H);
		setter = co_file(h, "d\\f", table[i].setter,
				 FILE_DELETE_ON_CLOSE);
		closer = co_file(h, "d\\f", table[i].closer, 0);
		house_co_close(setter);
		co_expect(&one, 0);
		house_co_close(closer);
		co_expect(&one, table[i].breaks);
		house_co_close(d);
	}
}

static enum nt_status co_rename(struct smb_object *object, const char *to)
{
	return house_co_set(object, (struct smb_set){ .kind = SMB_SET_RENAME,
						      .name = house_name(to) });
}

HOUSE_TEST(a_rename_breaks_the_leases_of_both_directories)
{
	struct party one = lease(key_one), two = lease(key_two);
	struct smb_object *d, *e, *f;

	d = co_lease(h, &one, "d", R | H, R | H);
	f = co_file(h, "d\\f", key_one, 0);
	e = co_lease(h, &two, "e", R | H, R | H);
	assert_int_equal(co_rename(f, "d\\g"), NT_STATUS_SUCCESS);
	co_expect(&one, 0);
	assert_int_equal(co_rename(f, "e\\f"), NT_STATUS_SUCCESS);
	co_expect(&one, 0);
	co_expect(&two, 1);
	house_co_close(f);
	house_co_close(d);
	house_co_close(e);
}

HOUSE_TEST(a_lease_moves_with_its_directory)
{
	struct party one = lease(key_one);
	struct smb_object *d = co_lease(h, &one, "d", R, R);
	struct smb_object *mover = house_co_dir(h, "d");

	assert_int_equal(co_rename(mover, "moved"), NT_STATUS_SUCCESS);
	house_co_close(mover);
	house_co_close(house_co_dir(h, "d"));
	house_co_close(co_file(h, "d\\f", NULL, 0));
	co_expect(&one, 0);
	house_co_close(co_file(h, "moved\\f", NULL, 0));
	co_expect(&one, 1);
	house_co_close(d);
}

/* A client that closes what it kept open for itself. */
struct closer {
	struct party party; /* first */
	bool is_closed;
};

static void co_close_it(void *arg)
{
	struct closer *c = arg;

	house_co_close(c->party.holder.object);
	c->is_closed = true;
}

static void broken_and_closed(struct smb_holder *holder,
			      const struct smb_break *brk)
{
	struct closer *c = (struct closer *)(void *)holder;

	c->party.last = *brk;
	assert_non_null(loop_spawn(co_close_it, c));
}

HOUSE_TEST(a_directory_moves_when_those_below_let_go)
{
	struct closer one = { .party = lease(key_one) };
	struct party two = lease(key_two);
	struct opener o = opener(h, &one.party, R | H);
	struct smb_object *d = house_co_dir(h, "d"), *kept;

	h->share.grants_oplocks = true;
	one.party.holder.broken = broken_and_closed;
	o.how.name = house_name("d\\f");
	co_now(&o, R | H);
	assert_int_equal(co_rename(d, "e"), NT_STATUS_SUCCESS);
	assert_true(one.is_closed);
	assert_int_equal(one.party.last.to, R);
	assert_true(house_exists(h, "e/f"));
	/* One that answers and stays open stays in the way. */
	o = opener(h, &two, R | H);
	o.how.name = house_name("e\\f");
	kept = co_now(&o, R | H);
	assert_int_equal(co_rename(d, "d"), NT_STATUS_ACCESS_DENIED);
	co_expect(&two, 1);
	house_co_close(kept);
	house_co_close(d);
}

int main(void)
{
	const struct CMUnitTest tests[] = {
		cmocka_unit_test(a_directory_is_never_leased_for_writing),
		cmocka_unit_test(who_may_not_have_one_gets_none),
		cmocka_unit_test(
			a_new_file_breaks_the_lease_of_all_but_its_own_client),
		cmocka_unit_test(a_change_breaks_it_when_it_is_seen_in_a_list),
		cmocka_unit_test(other_directories_are_left_alone),
		cmocka_unit_test(
			a_file_that_goes_spares_only_whose_it_was_altogether),
		cmocka_unit_test(
			a_rename_breaks_the_leases_of_both_directories),
		cmocka_unit_test(a_lease_moves_with_its_directory),
		cmocka_unit_test(a_directory_moves_when_those_below_let_go),
	};

	return cmocka_run_group_tests(tests, NULL, NULL);
}
