/*
 * Listings: all of it, once each, from anywhere, whatever happens meanwhile.
 */
#include "tests/store/yard.h"

#include <dirent.h>

#define MANY 10000

static void put_many(const struct yard *y, int count)
{
	char name[32];
	int i, fd;

	for (i = 0; i < count; i++) {
		snprintf(name, sizeof(name), "entry-%05d", i);
		fd = open(yard_path(y, name), O_CREAT | O_WRONLY, 0644);
		assert_true(fd >= 0);
		close(fd);
	}
}

static struct store_listing *co_list(struct yard *y)
{
	struct store_file *root = yard_co_open(y, "", STORE_OPEN_PATH);
	struct store_listing *l = NULL;

	assert_int_equal(0, store_co_list_open(NULL, root, &l));
	store_file_close(root);
	return l;
}

static int number_of(const struct store_entry *e)
{
	int n = -1;

	assert_int_equal(1, sscanf(e->name, "entry-%d", &n));
	assert_in_range(n, 0, MANY - 1);
	return n;
}

YARD_TEST(an_empty_directory_has_no_entries)
{
	struct store_listing *l = co_list(y);
	struct store_entry e;

	assert_int_equal(0, store_co_list_next(l, &e));
	assert_int_equal(0, store_co_list_next(l, &e));
	store_listing_free(l);
	assert_null(store_listing_free(NULL));
}

YARD_TEST(entries_say_what_they_are)
{
	struct store_listing *l;
	struct store_entry e;
	struct stat st;
	int count = 0;

	yard_put(y, "f", "", 0);
	yard_mkdir(y, "d");
	yard_link(y, "f", "l");
	l = co_list(y);
	while (store_co_list_next(l, &e) == 1) {
		assert_int_equal(0, lstat(yard_path(y, e.name), &st));
		assert_int_equal(st.st_ino, e.inode);
		assert_int_equal(IFTODT(st.st_mode), e.type);
		count++;
	}
	assert_int_equal(3, count);
	store_listing_free(l);
}

YARD_TEST(ten_thousand_entries_come_once_each_while_others_go)
{
	char *seen = calloc(MANY, 1);
	struct store_listing *l;
	struct store_entry e;
	int count = 0, n;

	put_many(y, MANY);
	l = co_list(y);
	while ((n = store_co_list_next(l, &e)) == 1) {
		n = number_of(&e);
		assert_int_equal(0, seen[n]);
		seen[n] = 1;
		/* What was seen may go, as clients do that clear a folder. */
		if (++count % 3 == 0)
			assert_int_equal(0, unlink(yard_path(y, e.name)));
	}
	assert_int_equal(0, n);
	assert_int_equal(MANY, count);
	store_listing_free(l);
	free(seen);
}

YARD_TEST(what_is_deleted_ahead_is_no_error)
{
	struct store_listing *l;
	struct store_entry e;
	char name[32];
	int count = 0, i;

	put_many(y, 2000);
	l = co_list(y);
	assert_int_equal(1, store_co_list_next(l, &e));
	for (i = 0; i < 2000; i++) {
		snprintf(name, sizeof(name), "entry-%05d", i);
		assert_int_equal(0, unlink(yard_path(y, name)));
	}
	while (store_co_list_next(l, &e) == 1)
		count++;
	/* One batch was read already; nothing behind it is left. */
	assert_true(count < 2000);
	store_listing_free(l);
}

YARD_TEST(a_listing_goes_on_from_any_cookie)
{
	struct {
		uint64_t cookie;
		int next;
	} *stops = calloc(3000, 16);
	struct store_listing *l;
	struct store_entry e;
	int i;

	put_many(y, 3000);
	l = co_list(y);
	for (i = 0; store_co_list_next(l, &e) == 1; i++) {
		if (i)
			stops[i - 1].next = number_of(&e);
		stops[i].cookie = e.cookie;
	}
	assert_int_equal(3000, i);
	for (i = 0; i < 2999; i += 37) {
		assert_int_equal(0, store_co_list_seek(l, stops[i].cookie));
		assert_int_equal(1, store_co_list_next(l, &e));
		assert_int_equal(stops[i].next, number_of(&e));
		/* And one step back, as at the end of each full answer. */
		assert_int_equal(0, store_co_list_seek(l, stops[i].cookie));
		assert_int_equal(1, store_co_list_next(l, &e));
		assert_int_equal(stops[i].next, number_of(&e));
	}
	assert_int_equal(0, store_co_list_seek(l, stops[2999].cookie));
	assert_int_equal(0, store_co_list_next(l, &e));
	store_listing_free(l);
	free(stops);
}

YARD_TEST(a_listing_from_the_start_sees_what_is_new)
{
	struct store_listing *l;
	struct store_entry e;
	int count = 0;

	put_many(y, 10);
	l = co_list(y);
	assert_int_equal(1, store_co_list_next(l, &e));
	yard_put(y, "entry-00010", "", 0);
	assert_int_equal(0, store_co_list_seek(l, 0));
	while (store_co_list_next(l, &e) == 1)
		count++;
	assert_int_equal(11, count);
	store_listing_free(l);
}

YARD_TEST(a_directory_that_is_gone_has_ended)
{
	struct store_file *dir;
	struct store_listing *l;
	struct store_entry e;

	yard_mkdir(y, "d");
	dir = yard_co_open(y, "d", STORE_OPEN_PATH);
	assert_int_equal(0, store_co_list_open(NULL, dir, &l));
	assert_int_equal(0, rmdir(yard_path(y, "d")));
	assert_int_equal(0, store_co_list_next(l, &e));
	store_listing_free(l);
	store_file_close(dir);
}

YARD_TEST(a_file_can_not_be_listed)
{
	struct store_listing *l;
	struct store_file *file;

	yard_put(y, "f", "", 0);
	file = yard_co_open(y, "f", STORE_OPEN_PATH);
	assert_int_equal(-ENOTDIR, store_co_list_open(NULL, file, &l));
	store_file_close(file);
}

YARD_ROOT_TEST(only_who_may_read_a_directory_lists_it)
{
	struct store_creds *ann = yard_creds(YARD_ANN);
	struct store_listing *l;
	struct store_file *dir;
	struct store_entry e;

	yard_mkdir(y, "d");
	yard_put(y, "d/f", "", 0);
	dir = yard_co_open(y, "d", STORE_OPEN_PATH);
	assert_int_equal(0, chmod(yard_path(y, "d"), 0711));
	assert_int_equal(-EACCES, store_co_list_open(ann, dir, &l));
	assert_int_equal(0, chmod(yard_path(y, "d"), 0755));
	assert_int_equal(0, store_co_list_open(ann, dir, &l));
	/* The listing holds them itself. */
	store_creds_unref(ann);
	assert_int_equal(1, store_co_list_next(l, &e));
	assert_string_equal("f", e.name);
	store_listing_free(l);
	assert_int_equal(0, store_creds_count());
	store_file_close(dir);
}

int main(void)
{
	const struct CMUnitTest tests[] = {
		cmocka_unit_test(an_empty_directory_has_no_entries),
		cmocka_unit_test(entries_say_what_they_are),
		cmocka_unit_test(
			ten_thousand_entries_come_once_each_while_others_go),
		cmocka_unit_test(what_is_deleted_ahead_is_no_error),
		cmocka_unit_test(a_listing_goes_on_from_any_cookie),
		cmocka_unit_test(a_listing_from_the_start_sees_what_is_new),
		cmocka_unit_test(a_directory_that_is_gone_has_ended),
		cmocka_unit_test(a_file_can_not_be_listed),
		cmocka_unit_test(only_who_may_read_a_directory_lists_it),
	};

	return cmocka_run_group_tests(tests, NULL, NULL);
}
