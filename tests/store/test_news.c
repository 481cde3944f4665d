/* What programs tell unasked: to whom it goes, and what is made of it. */
#include "tests/store/yard.h"

#include <poll.h>
#include <sys/socket.h>

#include "fuse/conn.h"
#include "gateway/store/news.h"

struct stage {
	struct store_news *news;
	struct fusefs_conn *conn;
	int theirs;
};

static void set_up(struct stage *s)
{
	const struct fusefs_limits limits = { .minor = 13 };
	size_t message_max;
	int ours;

	assert_int_equal(store_news_new(&s->news), 0);
	assert_int_equal(fusefs_conn_pair(&ours, &s->theirs, &message_max), 0);
	assert_int_equal(fusefs_conn_new(ours, &limits, &s->conn), 0);
}

static void tear_down(struct stage *s)
{
	store_news_unref(s->news);
	fusefs_conn_close(s->conn);
	fusefs_conn_unref(s->conn);
	close(s->theirs);
}

static void say(struct stage *s, int32_t code, const void *body, size_t length,
		const char *name)
{
	size_t rest = name ? strlen(name) + 1 : 0;
	struct fuse_out_header head = { .error = code };
	struct iovec parts[] = { { &head, sizeof(head) },
				 { (void *)(uintptr_t)body, length },
				 { (void *)(uintptr_t)name, rest } };
	struct msghdr message = { .msg_iov = parts, .msg_iovlen = 3 };

	head.len = (uint32_t)(sizeof(head) + length + rest);
	assert_true(sendmsg(s->theirs, &message, 0) > 0);
}

static void say_inode(struct stage *s, uint64_t node, int64_t offset)
{
	struct fuse_notify_inval_inode_out out = { .ino = node, .off = offset };

	say(s, FUSE_NOTIFY_INVAL_INODE, &out, sizeof(out), NULL);
}

static void say_entry(struct stage *s, uint64_t dir, const char *name)
{
	struct fuse_notify_inval_entry_out out = {
		.parent = dir, .namelen = (uint32_t)strlen(name)
	};

	say(s, FUSE_NOTIFY_INVAL_ENTRY, &out, sizeof(out), name);
}

static void expect(struct stage *s, int id, unsigned int changes,
		   const char *name)
{
	struct pollfd wait = { .fd = store_news_fd(s->news), .events = POLLIN };
	struct store_event e;

	while (!store_news_next(s->news, &e))
		assert_int_equal(poll(&wait, 1, 10000), 1);
	assert_int_equal(e.id, id);
	assert_int_equal(e.changes, changes);
	assert_string_equal(e.name, name);
}

static void what_is_watched_is_told(void **state)
{
	struct store_event e;
	struct stage s;
	int dir, file;

	(void)state;
	set_up(&s);
	dir = store_news_add(s.news, s.conn, 5, "d");
	file = store_news_add(s.news, s.conn, 7, "f");
	assert_true(dir >= STORE_NEWS_FIRST && file > dir);
	assert_false(store_news_next(s.news, &e));
	say_inode(&s, 6, 0); /* nobody's */
	say_inode(&s, 7, 0);
	say_inode(&s, 7, -1);
	say_entry(&s, 5, "new");
	say_entry(&s, 9, "f"); /* in whatever directory that is */
	expect(&s, file, STORE_CHANGE_DATA, "");
	expect(&s, file, STORE_CHANGE_ATTRIBUTES, "");
	expect(&s, dir, STORE_CHANGE_NAME, "new");
	expect(&s, file, STORE_CHANGE_DATA, "");
	assert_false(store_news_next(s.news, &e));
	store_news_remove(s.news, dir);
	store_news_remove(s.news, file);
	tear_down(&s);
}

static void a_node_is_watched_once_until_all_have_let_go(void **state)
{
	struct stage s;
	int id, other;

	(void)state;
	set_up(&s);
	id = store_news_add(s.news, s.conn, 7, "f");
	assert_int_equal(store_news_add(s.news, s.conn, 7, "f"), id);
	other = store_news_add(s.news, s.conn, 8, "g");
	store_news_remove(s.news, id);
	say_inode(&s, 7, 0);
	expect(&s, id, STORE_CHANGE_DATA, "");
	store_news_remove(s.news, id);
	say_inode(&s, 7, 0);
	say_inode(&s, 8, 0);
	expect(&s, other, STORE_CHANGE_DATA, "");
	store_news_remove(s.news, other);
	tear_down(&s);
}

static void lies_are_not_heard(void **state)
{
	const struct fuse_notify_inval_entry_out slash = { .parent = 5,
							   .namelen = 3 };
	const struct fuse_notify_inval_entry_out longer = { .parent = 5,
							    .namelen = 900 };
	struct stage s;
	int id;

	(void)state;
	set_up(&s);
	id = store_news_add(s.news, s.conn, 5, "d");
	say(&s, FUSE_NOTIFY_INVAL_ENTRY, &slash, sizeof(slash), "a/b");
	say(&s, FUSE_NOTIFY_INVAL_ENTRY, &longer, sizeof(longer), "abc");
	say(&s, FUSE_NOTIFY_INVAL_INODE, "12", 2, NULL);
	say(&s, 12345, "", 0, NULL);
	say_inode(&s, 5, -1);
	expect(&s, id, STORE_CHANGE_ATTRIBUTES, "");
	store_news_remove(s.news, id);
	tear_down(&s);
}

static void too_many_are_lost_and_that_is_told(void **state)
{
	struct store_event e = { .changes = 0 };
	struct stage s;
	int id;

	(void)state;
	set_up(&s);
	id = store_news_add(s.news, s.conn, 7, "f");
	for (int i = 0; i < 5000; i++)
		say_inode(&s, 7, 0);
	/* All were received when the end is seen. */
	shutdown(s.theirs, SHUT_WR);
	while (fusefs_conn_is_open(s.conn))
		usleep(1000);
	for (int i = 0; i < 4096; i++)
		expect(&s, id, STORE_CHANGE_DATA, "");
	expect(&s, -1, STORE_CHANGE_LOST, "");
	assert_false(store_news_next(s.news, &e));
	store_news_remove(s.news, id);
	tear_down(&s);
}

int main(void)
{
	const struct CMUnitTest tests[] = {
		cmocka_unit_test(what_is_watched_is_told),
		cmocka_unit_test(a_node_is_watched_once_until_all_have_let_go),
		cmocka_unit_test(lies_are_not_heard),
		cmocka_unit_test(too_many_are_lost_and_that_is_told),
	};

	return cmocka_run_group_tests(tests, NULL, NULL);
}
