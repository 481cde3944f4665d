/* Identities: what a user may not, he may not through us either. */
#include "tests/loop/engines.h"

#include <errno.h>
#include <fcntl.h>
#include <grp.h>
#include <stdlib.h>
#include <string.h>
#include <sys/stat.h>
#include <sys/wait.h>
#include <unistd.h>

#include <linux/capability.h>
#include <sys/syscall.h>

enum {
	USER = 65534,
	OTHER = 12345,
	GROUP = 54321
};

static int tree_open(char *name)
{
	strcpy(name, "/tmp/loop-id-XXXXXX");
	assert_non_null(mkdtemp(name));
	assert_int_equal(chmod(name, 0777), 0);
	return open(name, O_PATH | O_DIRECTORY | O_CLOEXEC);
}

static void file_make(int tree, const char *path, uid_t uid, gid_t gid,
		      mode_t mode)
{
	int fd = openat(tree, path, O_CREAT | O_WRONLY | O_CLOEXEC, mode);

	assert_true(fd >= 0);
	assert_int_equal(fchown(fd, uid, gid), 0);
	assert_int_equal(fchmod(fd, mode), 0);
	close(fd);
}

static int co_open(const struct loop_identity *as, int tree, const char *path,
		   uint64_t flags)
{
	struct open_how how = {
		.flags = flags,
		.mode = (flags & O_CREAT) != 0 ? 0640 : 0,
		.resolve = RESOLVE_BENEATH,
	};
	int fd = loop_co_openat2(as, tree, path, &how);

	if (fd >= 0)
		loop_close(fd);
	return fd < 0 ? fd : 0;
}

static void co_rights(void *arg)
{
	const gid_t groups[] = { GROUP };
	char name[32];
	int tree = tree_open(name);
	struct loop_identity *user;
	struct loop_identity *member;
	struct loop_identity *root;
	struct statx st;

	(void)arg;
	assert_int_equal(loop_identity_new(USER, USER, NULL, 0, &user), 0);
	assert_int_equal(loop_identity_new(USER, USER, groups, 1, &member), 0);
	assert_int_equal(loop_identity_new(0, 0, NULL, 0, &root), 0);
	file_make(tree, "foreign", OTHER, OTHER, 0600);
	file_make(tree, "group", OTHER, GROUP, 0060);
	file_make(tree, "own", USER, OTHER, 0600);
	for (int i = 0; i < 3; i++) {
		assert_int_equal(co_open(user, tree, "foreign", O_RDONLY),
				 -EACCES);
		assert_int_equal(co_open(NULL, tree, "foreign", O_RDONLY), 0);
		assert_int_equal(co_open(root, tree, "foreign", O_RDONLY), 0);
		assert_int_equal(co_open(user, tree, "own", O_RDWR), 0);
		assert_int_equal(co_open(user, tree, "group", O_RDWR), -EACCES);
		assert_int_equal(co_open(member, tree, "group", O_RDWR), 0);
	}
	assert_int_equal(co_open(user, tree, "new", O_CREAT | O_EXCL | O_RDWR),
			 0);
	assert_int_equal(loop_co_statx(user, tree, "new", 0,
				       STATX_UID | STATX_GID, &st),
			 0);
	assert_int_equal(st.stx_uid, USER);
	assert_int_equal(st.stx_gid, USER);
	assert_int_equal(loop_co_mkdirat(user, tree, "dir", 0700), 0);
	assert_int_equal(loop_co_statx(NULL, tree, "dir", 0, STATX_UID, &st),
			 0);
	assert_int_equal(st.stx_uid, USER);
	assert_int_equal(loop_co_unlinkat(user, tree, "dir", AT_REMOVEDIR), 0);
	assert_int_equal(geteuid(), 0);
	for (size_t i = 0; i < 4; i++) {
		const char *paths[] = { "foreign", "group", "own", "new" };

		assert_int_equal(loop_co_unlinkat(NULL, tree, paths[i], 0), 0);
	}
	loop_close(tree);
	assert_int_equal(rmdir(name), 0);
	loop_identity_free(user);
	loop_identity_free(member);
	loop_identity_free(root);
}

static void a_user_gets_what_is_his_and_no_more(void **state)
{
	(void)state;
	on_each_engine(co_rights, NULL);
}

static int64_t whoami(void *arg)
{
	struct __user_cap_header_struct header = {
		.version = _LINUX_CAPABILITY_VERSION_3,
	};
	struct __user_cap_data_struct sets[_LINUX_CAPABILITY_U32S_3];
	gid_t groups[8];
	uid_t r, e, s;

	(void)arg;
	syscall(SYS_getresuid, &r, &e, &s);
	syscall(SYS_capget, &header, sets);
	if (e == USER)
		assert_int_equal(sets[0].effective | sets[1].effective, 0);
	else
		assert_true(sets[0].effective != 0);
	if (r != e || s != e)
		return -EIO;
	return (int64_t)e * 10 + syscall(SYS_getgroups, 8, groups);
}

static void co_hand(void *arg)
{
	const gid_t groups[] = { 7, 8, 9 };
	struct loop_identity *user;
	int64_t own = loop_co_call(NULL, whoami, NULL);

	(void)arg;
	assert_int_equal(loop_identity_new(USER, USER, groups, 3, &user), 0);
	assert_int_equal(loop_co_call(user, whoami, NULL), USER * 10 + 3);
	assert_int_equal(loop_co_call(NULL, whoami, NULL), own);
	assert_int_equal(loop_co_call(user, whoami, NULL), USER * 10 + 3);
	assert_int_equal(loop_co_call(user, whoami, NULL), USER * 10 + 3);
	loop_identity_free(user);
	assert_int_equal(loop_identity_new(USER, USER, NULL, 0, &user), 0);
	assert_int_equal(loop_co_call(user, whoami, NULL), USER * 10);
	loop_identity_free(user);
}

static void a_hand_wears_the_whole_identity_and_takes_it_off(void **state)
{
	(void)state;
	on_each_engine(co_hand, NULL);
}

static void co_refused(void *arg)
{
	struct loop_identity *identity = NULL;

	(void)arg;
	assert_int_equal(loop_identity_new(OTHER, OTHER, NULL, 0, &identity),
			 -EPERM);
	assert_null(identity);
	assert_int_equal(geteuid(), USER);
}

static void without_the_right_there_are_no_identities(void **state)
{
	int status;
	pid_t pid = fork();

	(void)state;
	if (pid == 0) {
		if (setgroups(0, NULL) < 0 || setgid(USER) < 0 ||
		    setuid(USER) < 0)
			_exit(2);
		on_each_engine(co_refused, NULL);
		_exit(0);
	}
	assert_int_equal(waitpid(pid, &status, 0), pid);
	assert_true(WIFEXITED(status));
	assert_int_equal(WEXITSTATUS(status), 0);
}

int main(void)
{
	const struct CMUnitTest tests[] = {
		cmocka_unit_test(a_user_gets_what_is_his_and_no_more),
		cmocka_unit_test(
			a_hand_wears_the_whole_identity_and_takes_it_off),
		cmocka_unit_test(without_the_right_there_are_no_identities),
	};

	if (geteuid() != 0) {
		printf("skipped: identities need root\n");
		return 0;
	}
	return cmocka_run_group_tests(tests, NULL, NULL);
}
