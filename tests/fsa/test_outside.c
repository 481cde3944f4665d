/* Changes by local programs: who is told, and who loses a lease (LS-8, CN-8). */
#include "tests/fsa/watcher.h"

#include "gateway/fsa/outside.h"
#include "gateway/fsa/stream.h"

#include <sys/xattr.h>

/* A test's body, with the reader beside it. */
static void co_with_reader(struct house *h, house_fn *fn)
{
	h->share.watches_outside = true;
	h->share.grants_oplocks = true;
	co_with_beside(h, fsa_co_outside, fn);
}

#define OUTSIDE_TEST(name)                        \
	static void with_##name(struct house *h); \
	HOUSE_TEST(name)                          \
	{                                         \
		co_with_reader(h, with_##name);   \
	}                                         \
	static void with_##name(struct house *h)

/* ---- CHANGE_NOTIFY ---- */

OUTSIDE_TEST(names_that_come_and_go_are_told)
{
	struct smb_object *d = co_dir(h);
	struct request r;

	co_watch(&r, h, d);
	assert_int_equal(close(creat(yard_path(h->y, "d/f"), 0644)), 0);
	co_expect(&r, "+f");
	co_watch(&r, h, d);
	assert_int_equal(rename(yard_path(h->y, "d/f"), yard_path(h->y, "d/g")),
			 0);
	co_expect(&r, "<f >g");
	co_watch(&r, h, d);
	assert_int_equal(rename(yard_path(h->y, "d/g"), yard_path(h->y, "g")),
			 0);
	co_expect(&r, "-g");
	co_watch(&r, h, d);
	assert_int_equal(mkdir(yard_path(h->y, "d/sub"), 0755), 0);
	assert_int_equal(rmdir(yard_path(h->y, "d/sub")), 0);
	co_expect(&r, "+sub -sub");
	house_co_close(d);
}

OUTSIDE_TEST(changes_of_files_are_told)
{
	struct smb_object *d = co_dir(h);
	struct request r;

	yard_put(h->y, "d/f", "abc", 3);
	co_watch(&r, h, d);
	assert_int_equal(truncate(yard_path(h->y, "d/f"), 1), 0);
	co_expect(&r, "~f");
	co_watch(&r, h, d);
	assert_int_equal(chmod(yard_path(h->y, "d/f"), 0600), 0);
	co_expect(&r, "~f");
	house_co_close(d);
}

OUTSIDE_TEST(our_own_changes_are_told_once)
{
	struct smb_object *d = co_dir(h), *f;
	struct request r;

	co_watch(&r, h, d);
	f = house_co_file(h, "d\\f");
	co_expect(&r, "+f");
	co_watch(&r, h, d);
	co_write_some(f, 3);
	co_grace();
	assert_false(r.is_done);
	house_co_close(f);
	co_expect(&r, "~f");
	f = house_co_file(h, "d\\f");
	co_watch(&r, h, d);
	assert_int_equal(
		house_co_set(f, (struct smb_set){ .kind = SMB_SET_RENAME,
						  .name = house_name("d\\g") }),
		NT_STATUS_SUCCESS);
	co_expect(&r, "<f >g");
	co_watch(&r, h, d);
	assert_int_equal(
		house_co_set(f, (struct smb_set){ .kind = SMB_SET_DISPOSITION,
						  .is_delete = true }),
		NT_STATUS_SUCCESS);
	house_co_close(f);
	co_expect(&r, "-g");
	co_watch(&r, h, d);
	co_grace();
	assert_false(r.is_done);
	house_co_close(d);
	co_settle();
	assert_int_equal(r.status, NT_STATUS_NOTIFY_CLEANUP);
}

/* A local program that undoes at once what a client did is heard. */
OUTSIDE_TEST(others_are_told_apart_from_us)
{
	struct smb_object *d = co_dir(h);
	struct request r;

	co_watch(&r, h, d);
	house_co_close(house_co_file(h, "d\\f"));
	assert_int_equal(unlink(yard_path(h->y, "d/f")), 0);
	co_expect(&r, "+f");
	r = (struct request){ .h = h, .object = d };
	assert_non_null(loop_spawn(co_request, &r));
	co_expect(&r, "-f");
	house_co_close(d);
}

OUTSIDE_TEST(a_share_that_does_not_want_it_hears_nothing)
{
	struct smb_object *d;
	struct request r;

	h->share.watches_outside = false;
	d = co_dir(h);
	co_watch(&r, h, d);
	assert_int_equal(close(creat(yard_path(h->y, "d/f"), 0644)), 0);
	co_grace();
	assert_false(r.is_done);
	house_co_close(d);
	co_settle();
}

/* ---- leases ---- */

OUTSIDE_TEST(a_local_change_takes_a_lease)
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

OUTSIDE_TEST(so_does_a_change_of_attributes)
{
	struct smb_object *f;
	struct party p;

	yard_put(h->y, "f", "abc", 3);
	f = co_lease(h, &p, "f", R);
	assert_int_equal(chmod(yard_path(h->y, "f"), 0600), 0);
	co_expect_breaks(&p, 1);
	house_co_close(f);
}

OUTSIDE_TEST(a_file_that_is_renamed_or_removed_is_let_go)
{
	struct smb_object *f, *g;
	struct party p, q;

	yard_put(h->y, "f", "abc", 3);
	yard_put(h->y, "g", "abc", 3);
	f = co_lease(h, &p, "f", R | W | H);
	g = co_lease(h, &q, "g", R | H);
	assert_int_equal(rename(yard_path(h->y, "f"), yard_path(h->y, "f2")),
			 0);
	assert_int_equal(unlink(yard_path(h->y, "g")), 0);
	co_expect_breaks(&p, 1);
	assert_int_equal(p.last.to, R);
	co_expect_breaks(&q, 1);
	assert_int_equal(q.last.to, R);
	house_co_close(f);
	house_co_close(g);
}

OUTSIDE_TEST(a_client_does_not_take_its_own)
{
	struct smb_object *f;
	struct party p;

	f = co_lease(h, &p, "f", R | W | H);
	co_write_some(f, 5);
	assert_int_equal(house_co_set(f,
				      (struct smb_set){ .kind = SMB_SET_BASIC,
							.attributes = 0x2,
							.write = 2000000000 }),
			 NT_STATUS_SUCCESS);
	assert_int_equal(
		house_co_set(f, (struct smb_set){ .kind = SMB_SET_RENAME,
						  .name = house_name("g") }),
		NT_STATUS_SUCCESS);
	co_grace();
	assert_int_equal(p.breaks, 0);
	/* After which a stranger is known as one. */
	yard_put(h->y, "g", "xyz", 3);
	co_expect_breaks(&p, 1);
	house_co_close(f);
}

#define STREAM_XATTR FSA_STREAM_PREFIX "s" FSA_STREAM_SUFFIX

static bool has_streams(struct house *h)
{
	h->share.streams = FSA_STREAMS_XATTR;
	if (store_tree_features(h->y->tree)->has_xattr)
		return true;
	print_message("no xattrs here\n");
	return false;
}

OUTSIDE_TEST(a_local_change_of_a_stream_takes_its_lease)
{
	struct smb_object *s;
	struct party p;

	if (!has_streams(h))
		return;
	yard_put(h->y, "f", "abc", 3);
	assert_int_equal(setxattr(yard_path(h->y, "f"), STREAM_XATTR, "x", 2,
				  0),
			 0);
	s = co_lease(h, &p, "f:s", R | H);
	/* The data of the file is not the stream's. */
	assert_int_equal(truncate(yard_path(h->y, "f"), 1), 0);
	co_grace();
	assert_int_equal(p.breaks, 0);
	assert_int_equal(setxattr(yard_path(h->y, "f"), STREAM_XATTR, "y", 2,
				  0),
			 0);
	co_expect_breaks(&p, 1);
	assert_int_equal(p.last.to, 0);
	house_co_close(s);
}

OUTSIDE_TEST(a_client_does_not_take_that_of_a_stream)
{
	struct smb_object *f, *s;
	struct party p;

	if (!has_streams(h))
		return;
	f = house_co_file(h, "f");
	s = co_lease(h, &p, "f:s", R | W | H);
	co_write_some(s, 5);
	co_write_some(f, 5);
	assert_int_equal(house_co_set(f,
				      (struct smb_set){ .kind = SMB_SET_BASIC,
							.attributes = 0x2,
							.write = 2000000000 }),
			 NT_STATUS_SUCCESS);
	co_grace();
	assert_int_equal(p.breaks, 0);
	assert_int_equal(setxattr(yard_path(h->y, "f"), STREAM_XATTR, "y", 2,
				  0),
			 0);
	co_expect_breaks(&p, 1);
	house_co_close(s);
	house_co_close(f);
}

/* What happens in a directory is told once, whoever has its streams. */
OUTSIDE_TEST(a_stream_of_a_directory_is_no_second_view)
{
	struct smb_object *d, *s;
	struct request r;
	struct party p;

	if (!has_streams(h))
		return;
	d = co_dir(h);
	s = co_lease(h, &p, "d:s", R | H);
	co_watch(&r, h, d);
	assert_int_equal(close(creat(yard_path(h->y, "d/f"), 0644)), 0);
	co_expect(&r, "+f");
	assert_int_equal(p.breaks, 0);
	assert_int_equal(setxattr(yard_path(h->y, "d"), STREAM_XATTR, "y", 2,
				  0),
			 0);
	co_expect_breaks(&p, 1);
	house_co_close(s);
	house_co_close(d);
	co_settle();
}

OUTSIDE_TEST(a_list_that_is_cached_goes_with_a_local_change)
{
	struct party p = party(true, true);
	struct opener o = opener(h, &p, R | H);
	uint8_t key[16] = { 7 };
	struct smb_object *d, *f;

	memcpy(p.holder.key, key, sizeof(key));
	o.how.name = house_name("d");
	o.how.options = FILE_DIRECTORY_FILE;
	o.how.may_lease_directory = true;
	d = co_now(&o, R | H);
	/* The client's own, with its key. */
	o = opener(h, NULL, 0);
	o.how.name = house_name("d\\f");
	o.how.parent_key = key;
	f = co_now(&o, 0);
	co_write_some(f, 2);
	house_co_close(f);
	co_grace();
	assert_int_equal(p.breaks, 0);
	assert_int_equal(close(creat(yard_path(h->y, "d/g"), 0644)), 0);
	co_expect_breaks(&p, 1);
	assert_int_equal(p.last.to, 0);
	house_co_close(d);
}

int main(void)
{
	const struct CMUnitTest tests[] = {
		cmocka_unit_test(names_that_come_and_go_are_told),
		cmocka_unit_test(changes_of_files_are_told),
		cmocka_unit_test(our_own_changes_are_told_once),
		cmocka_unit_test(others_are_told_apart_from_us),
		cmocka_unit_test(a_share_that_does_not_want_it_hears_nothing),
		cmocka_unit_test(a_local_change_takes_a_lease),
		cmocka_unit_test(so_does_a_change_of_attributes),
		cmocka_unit_test(a_file_that_is_renamed_or_removed_is_let_go),
		cmocka_unit_test(a_client_does_not_take_its_own),
		cmocka_unit_test(a_local_change_of_a_stream_takes_its_lease),
		cmocka_unit_test(a_client_does_not_take_that_of_a_stream),
		cmocka_unit_test(a_stream_of_a_directory_is_no_second_view),
		cmocka_unit_test(
			a_list_that_is_cached_goes_with_a_local_change),
	};

	return cmocka_run_group_tests(tests, NULL, NULL);
}
