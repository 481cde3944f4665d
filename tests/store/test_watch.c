/* What inotify tells, and how watches are counted. */
#include "tests/store/yard.h"

#include "gateway/store/watch.h"

static struct store_watch *watch_of(void)
{
	struct store_watch *watch = NULL;

	assert_int_equal(store_watch_new(&watch), 0);
	return watch;
}

/* The next event must be this one. */
static struct store_event next(struct store_watch *watch, int id,
			       unsigned int changes, const char *name)
{
	struct store_event e = { .id = -1 };

	assert_int_equal(store_watch_next(watch, &e), 1);
	assert_int_equal(e.id, id);
	assert_int_equal(e.changes, changes);
	assert_string_equal(e.name, name);
	return e;
}

static void expect_none(struct store_watch *watch)
{
	struct store_event e;

	assert_int_equal(store_watch_next(watch, &e), 0);
}

YARD_TEST(what_happens_in_a_directory_is_told_in_order)
{
	struct store_watch *watch = watch_of();
	struct store_file *dir;
	uint32_t cookie;
	int id;

	yard_mkdir(y, "d");
	dir = yard_co_open(y, "d", STORE_OPEN_PATH | STORE_OPEN_DIRECTORY);
	id = store_watch_add(watch, dir);
	assert_true(id >= 0);
	expect_none(watch);
	assert_int_equal(close(creat(yard_path(y, "d/f"), 0644)), 0);
	assert_int_equal(truncate(yard_path(y, "d/f"), 3), 0);
	assert_int_equal(chmod(yard_path(y, "d/f"), 0600), 0);
	assert_int_equal(rename(yard_path(y, "d/f"), yard_path(y, "d/g")), 0);
	assert_int_equal(unlink(yard_path(y, "d/g")), 0);
	assert_int_equal(mkdir(yard_path(y, "d/e"), 0755), 0);
	assert_int_equal(store_co_watch_wait(watch), 0);
	next(watch, id, STORE_CHANGE_CAME, "f");
	next(watch, id, STORE_CHANGE_DATA, "f");
	next(watch, id, STORE_CHANGE_ATTRIBUTES, "f");
	cookie = next(watch, id, STORE_CHANGE_GONE | STORE_CHANGE_MOVED, "f")
			 .cookie;
	assert_int_equal(next(watch, id, STORE_CHANGE_CAME | STORE_CHANGE_MOVED,
			      "g")
				 .cookie,
			 cookie);
	next(watch, id, STORE_CHANGE_GONE, "g");
	assert_true(next(watch, id, STORE_CHANGE_CAME, "e").is_directory);
	expect_none(watch);
	store_watch_remove(watch, id);
	store_file_close(dir);
	store_watch_free(watch);
}

YARD_TEST(a_file_is_watched_itself)
{
	struct store_watch *watch = watch_of();
	struct store_file *file;
	int id;

	yard_put(y, "f", "abc", 3);
	yard_put(y, "other", "abc", 3);
	file = yard_co_open(y, "f", STORE_OPEN_READ);
	id = store_watch_add(watch, file);
	assert_true(id >= 0);
	assert_int_equal(truncate(yard_path(y, "other"), 1), 0);
	assert_int_equal(truncate(yard_path(y, "f"), 1), 0);
	assert_int_equal(rename(yard_path(y, "f"), yard_path(y, "g")), 0);
	assert_int_equal(unlink(yard_path(y, "g")), 0);
	next(watch, id, STORE_CHANGE_DATA, "");
	next(watch, id, STORE_CHANGE_MOVED_SELF, "");
	next(watch, id, STORE_CHANGE_ATTRIBUTES, "");
	store_watch_remove(watch, id);
	store_file_close(file);
	store_watch_free(watch);
}

YARD_TEST(one_thing_is_watched_once_until_all_have_let_go)
{
	struct store_watch *watch = watch_of();
	struct store_file *a, *b;
	int id;

	yard_put(y, "f", "abc", 3);
	a = yard_co_open(y, "f", STORE_OPEN_READ);
	b = yard_co_open(y, "f", STORE_OPEN_PATH);
	id = store_watch_add(watch, a);
	assert_int_equal(store_watch_add(watch, b), id);
	store_watch_remove(watch, id);
	assert_int_equal(truncate(yard_path(y, "f"), 1), 0);
	next(watch, id, STORE_CHANGE_DATA, "");
	store_watch_remove(watch, id);
	assert_int_equal(truncate(yard_path(y, "f"), 0), 0);
	expect_none(watch);
	store_file_close(a);
	store_file_close(b);
	store_watch_free(watch);
}

static void co_wait(void *arg)
{
	struct store_watch **watch = arg;

	assert_int_equal(store_co_watch_wait(*watch), -ECANCELED);
	*watch = NULL;
}

YARD_TEST(a_wait_can_be_cancelled)
{
	struct store_watch *watch = watch_of(), *waiting = watch;
	struct loop_fiber *fiber = loop_spawn(co_wait, &waiting);

	(void)y;
	loop_co_yield();
	loop_cancel(fiber);
	while (waiting)
		loop_co_yield();
	store_watch_free(watch);
}

YARD_TEST(too_much_at_once_is_said_so)
{
	struct store_watch *watch = watch_of();
	struct store_event e = { .changes = 0 };
	struct store_file *dir;
	FILE *limit = fopen("/proc/sys/fs/inotify/max_queued_events", "r");
	unsigned int most = 0, seen = 0;
	int id;

	if (!limit || fscanf(limit, "%u", &most) != 1 || most > 100000) {
		print_message("the limit of inotify's queue is not known\n");
		most = 0;
	}
	if (limit)
		fclose(limit);
	yard_put(y, "f", "", 0);
	yard_put(y, "g", "", 0);
	dir = yard_co_open(y, "", STORE_OPEN_PATH | STORE_OPEN_DIRECTORY);
	id = store_watch_add(watch, dir);
	for (unsigned int i = 0; most && i < most / 2 + 1; i++) {
		assert_int_equal(chmod(yard_path(y, "f"), 0644), 0);
		assert_int_equal(chmod(yard_path(y, "g"), 0644), 0);
	}
	while (store_watch_next(watch, &e) == 1)
		seen++;
	if (most)
		assert_int_equal(e.changes, STORE_CHANGE_LOST);
	assert_true(seen <= most + 1);
	store_watch_remove(watch, id);
	store_file_close(dir);
	store_watch_free(watch);
}

int main(void)
{
	const struct CMUnitTest tests[] = {
		cmocka_unit_test(what_happens_in_a_directory_is_told_in_order),
		cmocka_unit_test(a_file_is_watched_itself),
		cmocka_unit_test(
			one_thing_is_watched_once_until_all_have_let_go),
		cmocka_unit_test(a_wait_can_be_cancelled),
		cmocka_unit_test(too_much_at_once_is_said_so),
	};

	return cmocka_run_group_tests(tests, NULL, NULL);
}
