/*
 * Opening, creating and opening once more; and what is never opened.
 */
#include "tests/store/yard.h"

#include <sys/socket.h>
#include <sys/sysmacros.h>
#include <sys/un.h>

/* Through a descriptor, as names of sockets have to be short. */
static void make_socket(const struct yard *y, const char *name)
{
	struct sockaddr_un address = { .sun_family = AF_UNIX };
	int fd = socket(AF_UNIX, SOCK_STREAM, 0);
	int dir = open(y->root, O_PATH);

	snprintf(address.sun_path, sizeof(address.sun_path),
		 "/proc/self/fd/%d/%s", dir, name);
	assert_int_equal(0, bind(fd, (struct sockaddr *)&address,
				 sizeof(address)));
	close(dir);
	close(fd);
}

/* A FIFO without a writer would wait for ever if it were opened. */
YARD_TEST(what_is_no_file_is_refused_at_once)
{
	static const char *const names[] = { "fifo", "socket", "null" };
	static const unsigned int flags[] = {
		STORE_OPEN_READ,
		STORE_OPEN_WRITE,
		STORE_OPEN_READ | STORE_OPEN_WRITE,
	};
	size_t i, k;

	assert_int_equal(0, mkfifo(yard_path(y, "fifo"), 0666));
	make_socket(y, "socket");
	if (mknod(yard_path(y, "null"), S_IFCHR | 0666, makedev(1, 3)))
		assert_int_equal(0, mkfifo(yard_path(y, "null"), 0666));
	for (i = 0; i < 3; i++) {
		assert_int_equal(0, yard_co_try(y->tree, NULL, names[i],
						STORE_OPEN_PATH));
		for (k = 0; k < 3; k++)
			assert_int_equal(-EOPNOTSUPP,
					 yard_co_try(y->tree, NULL, names[i],
						     flags[k]));
	}
}

YARD_TEST(a_fifo_is_not_opened_through_itself_either)
{
	struct store_file *fifo, *file;

	assert_int_equal(0, mkfifo(yard_path(y, "fifo"), 0666));
	fifo = yard_co_open(y, "fifo", STORE_OPEN_PATH);
	assert_int_equal(-EOPNOTSUPP,
			 store_co_reopen(fifo, NULL, STORE_OPEN_READ, &file));
	store_file_close(fifo);
}

/* Seen as a file, then a FIFO: what was seen is opened, or nothing. */
YARD_TEST(no_race_opens_a_fifo)
{
	struct yard_flipper f = { .a = "name", .b = "fifo" };
	int i, err;

	yard_put(y, "name", "text", 4);
	assert_int_equal(0, mkfifo(yard_path(y, "fifo"), 0666));
	yard_flip(y, &f);
	for (i = 0; i < 2000; i++) {
		err = yard_co_try(y->tree, NULL, "name", STORE_OPEN_READ);
		if (err)
			assert_int_equal(-EOPNOTSUPP, err);
	}
	yard_flip_end(&f);
}

YARD_TEST(flags_mean_what_they_say)
{
	static const struct {
		const char *path;
		unsigned int flags;
		int err;
	} cases[] = {
		{ "file", STORE_OPEN_PATH, 0 },
		{ "file", STORE_OPEN_READ, 0 },
		{ "file", STORE_OPEN_WRITE | STORE_OPEN_SYNC, 0 },
		{ "file", STORE_OPEN_DIRECTORY, -ENOTDIR },
		{ "file", STORE_OPEN_READ | STORE_OPEN_DIRECTORY, -ENOTDIR },
		{ "dir", STORE_OPEN_PATH, 0 },
		{ "dir", STORE_OPEN_READ, 0 },
		{ "dir", STORE_OPEN_READ | STORE_OPEN_DIRECTORY, 0 },
		{ "dir", STORE_OPEN_WRITE, -EISDIR },
		{ "", STORE_OPEN_PATH, 0 },
		{ "", STORE_OPEN_READ | STORE_OPEN_DIRECTORY, 0 },
		{ "missing", STORE_OPEN_READ, -ENOENT },
		{ "file", STORE_OPEN_WRITE | STORE_OPEN_CREATE, -EEXIST },
		{ "dir", STORE_OPEN_WRITE | STORE_OPEN_CREATE, -EEXIST },
		{ "dir/x", STORE_OPEN_CREATE | STORE_OPEN_DIRECTORY, -EINVAL },
		{ "file", STORE_OPEN_TRUNCATE, -EINVAL },
		{ "file", STORE_OPEN_READ | STORE_OPEN_APPEND, -EINVAL },
		{ "dir/new", STORE_OPEN_CREATE, 0 },
		{ "dir/new", STORE_OPEN_WRITE | STORE_OPEN_TRUNCATE, 0 },
		{ "to_file", STORE_OPEN_WRITE | STORE_OPEN_CREATE, -EEXIST },
		{ "to_file", STORE_OPEN_NOFOLLOW, 0 },
		{ "to_dir", STORE_OPEN_READ | STORE_OPEN_DIRECTORY, 0 },
		{ "to_dir",
		  STORE_OPEN_READ | STORE_OPEN_DIRECTORY | STORE_OPEN_NOFOLLOW,
		  -ENOTDIR },
	};
	size_t i;

	yard_put(y, "file", "text", 4);
	yard_mkdir(y, "dir");
	yard_link(y, "file", "to_file");
	yard_link(y, "dir", "to_dir");
	for (i = 0; i < sizeof(cases) / sizeof(cases[0]); i++) {
		int err = yard_co_try(y->tree, NULL, cases[i].path,
				      cases[i].flags);

		if (err != cases[i].err)
			fail_msg("%s %x: %d", cases[i].path, cases[i].flags,
				 err);
	}
}

YARD_TEST(a_new_file_has_the_mode_asked_for)
{
	struct store_file *file, *dir;
	struct store_stat st;

	yard_mkdir(y, "dir");
	dir = yard_co_open(y, "dir", STORE_OPEN_DIRECTORY);
	assert_int_equal(0, store_co_open(y->tree, NULL, dir, "new",
					  STORE_OPEN_CREATE | STORE_OPEN_WRITE,
					  0666, &file));
	assert_int_equal(0, store_co_stat(file, &st));
	assert_int_equal(S_IFREG | 0666, st.mode);
	assert_int_equal(0, access(yard_path(y, "dir/new"), F_OK));
	store_file_close(file);
	store_file_close(dir);
}

YARD_TEST(a_file_is_cut_when_it_is_opened_so)
{
	struct store_file *file;
	struct store_stat st;

	yard_put(y, "file", "text", 4);
	file = yard_co_open(y, "file", STORE_OPEN_WRITE | STORE_OPEN_TRUNCATE);
	assert_int_equal(0, store_co_stat(file, &st));
	assert_int_equal(0, st.size);
	store_file_close(file);
}

YARD_TEST(a_file_is_opened_again_wherever_its_name_is)
{
	struct store_file *file, *again;
	struct store_stat a, b;

	yard_put(y, "file", "text", 4);
	file = yard_co_open(y, "file", STORE_OPEN_PATH);
	assert_int_equal(0, rename(yard_path(y, "file"), yard_path(y, "new")));
	yard_put(y, "file", "another", 7);
	assert_int_equal(0,
			 store_co_reopen(file, NULL, STORE_OPEN_READ, &again));
	assert_int_equal(0, store_co_stat(file, &a));
	assert_int_equal(0, store_co_stat(again, &b));
	assert_memory_equal(&a.key, &b.key, sizeof(a.key));
	store_file_close(again);
	/* Nor does it need any name. */
	assert_int_equal(0, unlink(yard_path(y, "new")));
	assert_int_equal(0, store_co_reopen(file, NULL,
					    STORE_OPEN_READ | STORE_OPEN_WRITE,
					    &again));
	assert_ptr_equal(y->tree, store_file_tree(again));
	store_file_close(again);
	store_file_close(file);
}

YARD_ROOT_TEST(opening_again_asks_for_leave_again)
{
	struct store_creds *ann = yard_creds(YARD_ANN);
	struct store_file *file, *again;

	yard_put(y, "file", "text", 4);
	assert_int_equal(0, chmod(yard_path(y, "file"), 0640));
	file = yard_co_open(y, "file", STORE_OPEN_READ | STORE_OPEN_WRITE);
	assert_int_equal(-EACCES,
			 store_co_reopen(file, ann, STORE_OPEN_READ, &again));
	assert_int_equal(0,
			 store_co_reopen(file, ann, STORE_OPEN_PATH, &again));
	store_file_close(again);
	store_file_close(file);
	store_creds_unref(ann);
}

YARD_ROOT_TEST(a_new_file_belongs_to_its_maker)
{
	struct store_creds *ann = yard_creds(YARD_ANN);
	struct store_file *file;
	struct store_stat st;

	assert_int_equal(0, store_co_open(y->tree, ann, NULL, "new",
					  STORE_OPEN_CREATE | STORE_OPEN_WRITE,
					  0600, &file));
	assert_int_equal(0, store_co_stat(file, &st));
	assert_int_equal(YARD_ANN, st.uid);
	assert_int_equal(YARD_ANN, st.gid);
	store_file_close(file);
	yard_mkdir(y, "shut");
	assert_int_equal(-EACCES,
			 yard_co_try(y->tree, ann, "shut/new",
				     STORE_OPEN_CREATE | STORE_OPEN_WRITE));
	store_creds_unref(ann);
}

YARD_TEST(a_read_only_tree_refuses_before_the_kernel)
{
	struct store_tree *tree =
		yard_tree(y, &(struct store_options){ .is_read_only = true });

	yard_put(y, "file", "text", 4);
	assert_int_equal(0, yard_co_try(tree, NULL, "file", STORE_OPEN_READ));
	assert_int_equal(-EROFS,
			 yard_co_try(tree, NULL, "file", STORE_OPEN_WRITE));
	assert_int_equal(-EROFS,
			 yard_co_try(tree, NULL, "new", STORE_OPEN_CREATE));
	/* Even where the kernel would have said something else. */
	assert_int_equal(-EROFS,
			 yard_co_try(tree, NULL, "missing", STORE_OPEN_WRITE));
	store_tree_unref(tree);
}

YARD_TEST(the_last_holder_closes)
{
	struct store_file *file;
	int fd;

	yard_put(y, "file", "text", 4);
	file = yard_co_open(y, "file", STORE_OPEN_READ);
	fd = store_file_fd(file);
	assert_ptr_equal(file, store_file_ref(file));
	assert_null(store_file_close(file));
	assert_int_equal(0, fcntl(fd, F_GETFD) & ~FD_CLOEXEC);
	assert_null(store_file_close(file));
	assert_null(store_file_close(NULL));
}

int main(void)
{
	const struct CMUnitTest tests[] = {
		cmocka_unit_test(what_is_no_file_is_refused_at_once),
		cmocka_unit_test(a_fifo_is_not_opened_through_itself_either),
		cmocka_unit_test(no_race_opens_a_fifo),
		cmocka_unit_test(flags_mean_what_they_say),
		cmocka_unit_test(a_new_file_has_the_mode_asked_for),
		cmocka_unit_test(a_file_is_cut_when_it_is_opened_so),
		cmocka_unit_test(a_file_is_opened_again_wherever_its_name_is),
		cmocka_unit_test(opening_again_asks_for_leave_again),
		cmocka_unit_test(a_new_file_belongs_to_its_maker),
		cmocka_unit_test(a_read_only_tree_refuses_before_the_kernel),
		cmocka_unit_test(the_last_holder_closes),
	};

	return cmocka_run_group_tests(tests, NULL, NULL);
}
