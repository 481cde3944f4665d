/* Changes that nobody tells of, and that are looked for. */
#include "tests/fsa/watcher.h"

#include "gateway/fsa/poll.h"

/* A test's body, with the one who looks beside it. */
static void co_with_looker(struct house *h, house_fn *fn)
{
	h->share.watches_outside = true; /* which is not asked then */
	h->share.grants_oplocks = true;
	h->share.poll_ms = 100;
	co_with_beside(h, fsa_co_poll, fn);
	while (fsa_polls_any(fsa_polls_of(h->fsa))) /* a round ends */
		assert_int_equal(loop_co_sleep(loop_ms(5)), 0);
}

#define POLL_TEST(name)                           \
	static void with_##name(struct house *h); \
	HOUSE_TEST(name)                          \
	{                                         \
		co_with_looker(h, with_##name);   \
	}                                         \
	static void with_##name(struct house *h)

/* Watched, and looked at for the first time. */
static struct smb_object *co_watched(struct request *r, struct house *h)
{
	struct smb_object *d = co_dir(h);

	co_watch(r, h, d);
	co_grace();
	return d;
}

POLL_TEST(names_that_come_and_go_are_told)
{
	struct request r;
	struct smb_object *d;

	yard_mkdir(h->y, "d");
	yard_put(h->y, "d/old", "abc", 3);
	d = co_watched(&r, h);
	assert_false(r.is_done);
	yard_put(h->y, "d/f", "abc", 3);
	co_expect(&r, "+f");
	co_watch(&r, h, d);
	yard_put(h->y, "d/f", "longer", 6);
	co_expect(&r, "~f");
	co_watch(&r, h, d);
	assert_int_equal(unlink(yard_path(h->y, "d/f")), 0);
	co_expect(&r, "-f");
	house_co_close(d);
}

POLL_TEST(our_own_changes_are_told_once)
{
	struct request r;
	struct smb_object *d = co_watched(&r, h), *f;

	f = house_co_file(h, "d\\f");
	co_expect(&r, "+f");
	co_watch(&r, h, d);
	co_write_some(f, 3);
	co_grace();
	assert_false(r.is_done);
	house_co_close(f);
	co_expect(&r, "~f");
	co_watch(&r, h, d);
	co_grace();
	assert_false(r.is_done);
	house_co_close(d);
	co_settle();
}

POLL_TEST(a_change_takes_a_lease)
{
	struct smb_object *f;
	struct party p;

	yard_put(h->y, "f", "abc", 3);
	f = co_lease(h, &p, "f", R | H);
	co_grace();
	assert_int_equal(p.breaks, 0);
	yard_put(h->y, "f", "xyz", 3);
	co_expect_breaks(&p, 1);
	assert_int_equal(p.last.from, R | H);
	assert_int_equal(p.last.to, 0);
	house_co_close(f);
}

/* Before anybody has looked: it is held against what the opener saw. */
POLL_TEST(so_does_one_right_after_the_open)
{
	struct smb_object *f;
	struct party p;

	yard_put(h->y, "f", "abc", 3);
	f = co_lease(h, &p, "f", R | H);
	yard_put(h->y, "f", "longer", 6);
	co_expect_breaks(&p, 1);
	house_co_close(f);
}

/* However old the file says that it is: rsync and sshfs set times. */
POLL_TEST(a_change_with_an_old_time_is_seen)
{
	const struct timespec old[2] = { { .tv_sec = 1000000000 },
					 { .tv_sec = 1000000000 } };
	struct smb_object *f;
	struct party p;

	yard_put(h->y, "f", "abc", 3);
	f = co_lease(h, &p, "f", R | H);
	co_grace();
	yard_put(h->y, "f", "longer", 6);
	assert_int_equal(utimensat(AT_FDCWD, yard_path(h->y, "f"), old, 0), 0);
	co_expect_breaks(&p, 1);
	house_co_close(f);
}

POLL_TEST(a_client_does_not_take_its_own)
{
	struct smb_object *f;
	struct party p;

	yard_put(h->y, "f", "abc", 3);
	f = co_lease(h, &p, "f", R | W | H);
	co_write_some(f, 3);
	co_grace();
	co_grace();
	assert_int_equal(p.breaks, 0);
	house_co_close(f);
}

POLL_TEST(a_file_that_is_removed_is_let_go)
{
	struct smb_object *f;
	struct party p;

	yard_put(h->y, "f", "abc", 3);
	f = co_lease(h, &p, "f", R | H);
	assert_int_equal(unlink(yard_path(h->y, "f")), 0);
	co_expect_breaks(&p, 1);
	assert_int_equal(p.last.to, R);
	house_co_close(f);
}

POLL_TEST(a_list_that_is_cached_goes_with_a_change)
{
	struct party p = party(true, true);
	struct opener o = opener(h, &p, R | H);
	struct smb_object *d;

	yard_mkdir(h->y, "d");
	o.how.name = house_name("d");
	o.how.options = FILE_DIRECTORY_FILE;
	o.how.may_lease_directory = true;
	d = co_now(&o, R | H);
	co_grace();
	assert_int_equal(p.breaks, 0);
	assert_int_equal(close(creat(yard_path(h->y, "d/g"), 0644)), 0);
	co_expect_breaks(&p, 1);
	assert_int_equal(p.last.to, 0);
	house_co_close(d);
}

POLL_TEST(of_a_large_directory_only_that_it_changed_is_told)
{
	struct smb_object *d;
	struct request r;
	char name[32];

	yard_mkdir(h->y, "d");
	for (int i = 0; i < 4200; i++) {
		snprintf(name, sizeof(name), "d/%d", i);
		yard_put(h->y, name, "", 0);
	}
	d = co_watched(&r, h);
	co_grace();
	assert_false(r.is_done);
	yard_put(h->y, "d/new", "", 0);
	co_until(&r.is_done);
	assert_int_equal(r.status, NT_STATUS_NOTIFY_ENUM_DIR);
	house_co_close(d);
}

int main(void)
{
	const struct CMUnitTest tests[] = {
		cmocka_unit_test(names_that_come_and_go_are_told),
		cmocka_unit_test(our_own_changes_are_told_once),
		cmocka_unit_test(a_change_takes_a_lease),
		cmocka_unit_test(so_does_one_right_after_the_open),
		cmocka_unit_test(a_change_with_an_old_time_is_seen),
		cmocka_unit_test(a_client_does_not_take_its_own),
		cmocka_unit_test(a_file_that_is_removed_is_let_go),
		cmocka_unit_test(a_list_that_is_cached_goes_with_a_change),
		cmocka_unit_test(
			of_a_large_directory_only_that_it_changed_is_told),
	};

	return cmocka_run_group_tests(tests, NULL, NULL);
}
