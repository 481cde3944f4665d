/* Operations on files, alike on both engines. */
#include "tests/loop/engines.h"

#include <errno.h>
#include <fcntl.h>
#include <stdlib.h>
#include <string.h>
#include <sys/stat.h>
#include <sys/xattr.h>
#include <unistd.h>

#include <linux/fs.h>

static int tree_open(char *name)
{
	strcpy(name, "/tmp/loop-file-XXXXXX");
	assert_non_null(mkdtemp(name));

	int fd = open(name, O_PATH | O_DIRECTORY | O_CLOEXEC);

	assert_true(fd >= 0);
	return fd;
}

static void tree_close(const char *name, int fd)
{
	loop_close(fd);
	assert_int_equal(rmdir(name), 0);
}

static int co_open(int dir, const char *path, uint64_t flags, uint64_t resolve)
{
	struct open_how how = {
		.flags = flags,
		.mode = (flags & O_CREAT) != 0 ? 0600 : 0,
		.resolve = resolve,
	};

	return loop_co_openat2(NULL, dir, path, &how);
}

static void co_names(void *arg)
{
	char name[32];
	int tree = tree_open(name);
	struct statx st;
	int fd;

	(void)arg;
	fd = co_open(tree, "a", O_RDWR | O_CREAT | O_EXCL, RESOLVE_BENEATH);
	assert_true(fd >= 0);
	assert_int_equal(fcntl(fd, F_GETFD), FD_CLOEXEC);
	loop_close(fd);
	assert_int_equal(co_open(tree, "a", O_RDWR | O_CREAT | O_EXCL, 0),
			 -EEXIST);
	assert_int_equal(loop_co_mkdirat(NULL, tree, "d", 0700), 0);
	assert_int_equal(loop_co_mkdirat(NULL, tree, "d", 0700), -EEXIST);
	assert_int_equal(loop_co_linkat(NULL, tree, "a", tree, "d/b", 0), 0);
	assert_int_equal(loop_co_statx(NULL, tree, "d/b", 0, STATX_BASIC_STATS,
				       &st),
			 0);
	assert_int_equal(st.stx_nlink, 2);
	assert_int_equal(loop_co_renameat2(NULL, tree, "d/b", tree, "a",
					   RENAME_NOREPLACE),
			 -EEXIST);
	assert_int_equal(loop_co_renameat2(NULL, tree, "d/b", tree, "c",
					   RENAME_NOREPLACE),
			 0);
	assert_int_equal(loop_co_unlinkat(NULL, tree, "c", 0), 0);
	assert_int_equal(loop_co_unlinkat(NULL, tree, "c", 0), -ENOENT);
	assert_int_equal(loop_co_unlinkat(NULL, tree, "d", 0), -EISDIR);
	assert_int_equal(loop_co_unlinkat(NULL, tree, "d", AT_REMOVEDIR), 0);
	assert_int_equal(loop_co_unlinkat(NULL, tree, "a", 0), 0);
	assert_int_equal(loop_co_statx(NULL, tree, "a", 0, STATX_BASIC_STATS,
				       &st),
			 -ENOENT);
	tree_close(name, tree);
}

static void names_are_made_moved_and_removed(void **state)
{
	(void)state;
	on_each_engine(co_names, NULL);
}

static void co_resolve(void *arg)
{
	char name[32];
	int tree = tree_open(name);
	const uint64_t beneath = RESOLVE_BENEATH | RESOLVE_NO_MAGICLINKS;

	(void)arg;
	assert_int_equal(loop_co_symlinkat(NULL, "/etc", tree, "out"), 0);
	assert_int_equal(loop_co_symlinkat(NULL, "out", tree, "in"), 0);
	assert_int_equal(co_open(tree, "..", O_PATH, beneath), -EXDEV);
	assert_int_equal(co_open(tree, "/", O_PATH, beneath), -EXDEV);
	assert_int_equal(co_open(tree, "out", O_PATH, beneath), -EXDEV);
	assert_int_equal(co_open(tree, "in/passwd", O_PATH, beneath), -EXDEV);
	assert_int_equal(co_open(tree, "out/passwd", O_PATH,
				 beneath | RESOLVE_NO_SYMLINKS),
			 -ELOOP);
	assert_int_equal(co_open(tree, "none", O_PATH, beneath), -ENOENT);
	assert_int_equal(loop_co_unlinkat(NULL, tree, "in", 0), 0);
	assert_int_equal(loop_co_unlinkat(NULL, tree, "out", 0), 0);
	tree_close(name, tree);
}

static void no_path_leads_out_of_the_tree(void **state)
{
	(void)state;
	on_each_engine(co_resolve, NULL);
}

static void co_data(void *arg)
{
	static uint8_t out[300000];
	static uint8_t in[400000];
	int fd = open("/tmp", O_TMPFILE | O_RDWR | O_CLOEXEC, 0600);
	struct statx st;

	(void)arg;
	for (size_t i = 0; i < sizeof(out); i++)
		out[i] = (uint8_t)(i * 31 + i / 77);
	assert_int_equal(loop_co_write(fd, out, sizeof(out), 1000, 0),
			 sizeof(out));
	assert_int_equal(loop_co_fsync(fd, true), 0);
	assert_int_equal(loop_co_fsync(fd, false), 0);
	assert_int_equal(loop_co_read(fd, in, sizeof(in), 1000), sizeof(out));
	assert_memory_equal(in, out, sizeof(out));
	assert_int_equal(loop_co_read(fd, in, 10, 301000), 0);
	assert_int_equal(loop_co_read(fd, in, 10, 300995), 5);
	assert_int_equal(loop_co_read(fd, in, 0, 0), 0);
	assert_int_equal(loop_co_ftruncate(fd, 5), 0);
	assert_int_equal(loop_co_statx(NULL, fd, "", AT_EMPTY_PATH, STATX_SIZE,
				       &st),
			 0);
	assert_int_equal(st.stx_size, 5);
	assert_int_equal(loop_co_ftruncate(fd, (uint64_t)5 << 30), 0);
	assert_int_equal(loop_co_write(fd, "end", 3, (uint64_t)5 << 30, 0), 3);
	assert_int_equal(loop_co_read(fd, in, 9, ((uint64_t)5 << 30) - 1), 4);
	assert_memory_equal(in, "\0end", 4);
	assert_int_equal(loop_co_fallocate(fd, 0, 0, 8192), 0);
	assert_int_equal(loop_co_write(fd, out, 8192, 0, 0), 8192);
	assert_int_equal(loop_co_fallocate(fd,
					   FALLOC_FL_PUNCH_HOLE |
						   FALLOC_FL_KEEP_SIZE,
					   0, 4096),
			 0);
	assert_int_equal(loop_co_read(fd, in, 8192, 0), 8192);
	assert_int_equal(in[1], 0);
	assert_memory_equal(in + 4096, out + 4096, 4096);
	assert_int_equal(loop_co_ftruncate(fd, UINT64_MAX), -EINVAL);
	loop_close(fd);
}

static void bytes_are_written_and_read_back(void **state)
{
	(void)state;
	on_each_engine(co_data, NULL);
}

static void co_bad_fd(void *arg)
{
	int fd = open("/tmp", O_TMPFILE | O_WRONLY | O_CLOEXEC, 0600);
	char byte;

	(void)arg;
	assert_int_equal(loop_co_read(fd, &byte, 1, 0), -EBADF);
	assert_int_equal(loop_co_read(-1, &byte, 1, 0), -EBADF);
	assert_int_equal(loop_co_write(-1, "x", 1, 0, 0), -EBADF);
	assert_int_equal(loop_co_fsync(-1, false), -EBADF);
	loop_close(fd);
	fd = open("/tmp", O_RDONLY | O_DIRECTORY | O_CLOEXEC);
	assert_int_equal(loop_co_read(fd, &byte, 1, 0), -EISDIR);
	loop_close(fd);
}

static void wrong_descriptors_are_errors(void **state)
{
	(void)state;
	on_each_engine(co_bad_fd, NULL);
}

static void co_xattr(void *arg)
{
	int fd = open("/tmp", O_TMPFILE | O_RDWR | O_CLOEXEC, 0600);
	char value[16] = "";

	(void)arg;
	assert_int_equal(loop_co_fgetxattr(NULL, fd, "user.a", value, 16),
			 -ENODATA);
	assert_int_equal(loop_co_fsetxattr(NULL, fd, "user.a", "12345", 5, 0),
			 0);
	assert_int_equal(loop_co_fgetxattr(NULL, fd, "user.a", NULL, 0), 5);
	assert_int_equal(loop_co_fgetxattr(NULL, fd, "user.a", value, 4),
			 -ERANGE);
	assert_int_equal(loop_co_fgetxattr(NULL, fd, "user.a", value, 16), 5);
	assert_string_equal(value, "12345");
	assert_int_equal(loop_co_fsetxattr(NULL, fd, "user.a", "", 0,
					   XATTR_CREATE),
			 -EEXIST);
	assert_int_equal(loop_co_fsetxattr(NULL, fd, "user.a", "", 0,
					   XATTR_REPLACE),
			 0);
	assert_int_equal(loop_co_fgetxattr(NULL, fd, "user.a", value, 16), 0);
	loop_close(fd);
}

static void xattrs_are_kept(void **state)
{
	int fd = open("/tmp", O_TMPFILE | O_RDWR | O_CLOEXEC, 0600);
	bool has_xattrs = fsetxattr(fd, "user.t", "", 0, 0) == 0;

	(void)state;
	close(fd);
	if (!has_xattrs) {
		print_message("skipped: no user.* attributes in /tmp\n");
		skip();
	}
	on_each_engine(co_xattr, NULL);
}

struct many {
	int fd;
	size_t begun;
	size_t done;
};

static void co_write_mine(void *arg)
{
	struct many *m = arg;
	uint64_t mine = (uint64_t)(uintptr_t)loop_self();
	uint64_t back = 0;
	size_t at = 8 * m->begun++;

	assert_int_equal(loop_co_write(m->fd, &mine, 8, at, 0), 8);
	assert_int_equal(loop_co_read(m->fd, &back, 8, at), 8);
	assert_int_equal(mine, back);
	m->done++;
}

/* More than the ring has entries, so that it fills and empties meanwhile. */
static void co_many_at_once(void *arg)
{
	struct many m = { .begun = 0 };

	(void)arg;
	m.fd = open("/tmp", O_TMPFILE | O_RDWR | O_CLOEXEC, 0600);
	for (int i = 0; i < 1000; i++)
		assert_non_null(loop_spawn(co_write_mine, &m));
	while (m.done < 1000)
		loop_co_sleep(loop_ms(1));
	loop_close(m.fd);
}

static void a_thousand_operations_at_once_all_complete(void **state)
{
	(void)state;
	on_each_engine(co_many_at_once, NULL);
}

int main(void)
{
	const struct CMUnitTest tests[] = {
		cmocka_unit_test(names_are_made_moved_and_removed),
		cmocka_unit_test(no_path_leads_out_of_the_tree),
		cmocka_unit_test(bytes_are_written_and_read_back),
		cmocka_unit_test(wrong_descriptors_are_errors),
		cmocka_unit_test(xattrs_are_kept),
		cmocka_unit_test(a_thousand_operations_at_once_all_complete),
	};

	return cmocka_run_group_tests(tests, NULL, NULL);
}
