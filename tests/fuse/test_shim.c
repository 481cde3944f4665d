/* The helper that stands in for fusermount: both ends, on real sockets. */
#include <stdarg.h>
#include <stddef.h>

#include <setjmp.h>
#include <stdint.h>

#include <cmocka.h>

#include <errno.h>
#include <fcntl.h>
#include <poll.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>
#include <sys/socket.h>
#include <sys/wait.h>
#include <unistd.h>

#include "fuse/shim.h"

struct yard {
	char place[64], mountpoint[80];
	int fd;      /* listens */
	int pair[2]; /* to be handed over, and its other end */
	int comm[2]; /* the helper's, and the program's */
};

static void yard_init(struct yard *y)
{
	strcpy(y->place, "/tmp/smbgate-shim-XXXXXX");
	assert_non_null(mkdtemp(y->place));
	snprintf(y->mountpoint, sizeof(y->mountpoint), "%s/mnt", y->place);
	assert_int_equal(fusefs_shim_open(y->place, &y->fd), 0);
	assert_int_equal(socketpair(AF_UNIX, SOCK_SEQPACKET, 0, y->pair), 0);
	assert_int_equal(socketpair(AF_UNIX, SOCK_STREAM, 0, y->comm), 0);
}

static void yard_fini(struct yard *y)
{
	close(y->fd);
	for (int i = 0; i < 2; i++) {
		close(y->pair[i]);
		close(y->comm[i]);
	}
	fusefs_shim_clear(y->place);
	assert_int_equal(rmdir(y->place), 0);
}

static void quiet(void)
{
	int fd = open("/dev/null", O_WRONLY);

	dup2(fd, 1);
	dup2(fd, 2);
}

/* The helper, as a program calls it; in a process group of its own if so. */
static pid_t call_helper(struct yard *y, bool is_stranger)
{
	pid_t pid = fork();
	char number[16];
	char *argv[] = { (char[]){ "fusermount" },
			 (char[]){ "-o" },
			 (char[]){ "rw,nosuid" },
			 (char[]){ "--" },
			 y->mountpoint,
			 NULL };

	if (pid)
		return pid;
	if (is_stranger)
		setpgid(0, 0);
	snprintf(number, sizeof(number), "%d", y->comm[0]);
	setenv("_FUSE_COMMFD", number, 1);
	quiet();
	_exit(fusefs_shim_main(5, argv));
}

static int give(struct yard *y)
{
	struct pollfd wait = { .fd = y->fd, .events = POLLIN };

	assert_int_equal(poll(&wait, 1, 10000), 1);
	return fusefs_shim_give(y->fd, getpgrp(), y->pair[1]);
}

static int status_of(pid_t pid)
{
	int status;

	assert_int_equal(waitpid(pid, &status, 0), pid);
	return WEXITSTATUS(status);
}

/* What a program does with the answer: as libfuse's receive_fd. */
static int receive(int comm)
{
	union {
		struct cmsghdr head;
		char bytes[CMSG_SPACE(sizeof(int))];
	} control;
	char byte;
	struct iovec part = { &byte, 1 };
	struct msghdr message = { .msg_iov = &part,
				  .msg_iovlen = 1,
				  .msg_control = &control,
				  .msg_controllen = sizeof(control) };
	int fd;

	assert_int_equal(recvmsg(comm, &message, 0), 1);
	assert_int_equal(control.head.cmsg_type, SCM_RIGHTS);
	memcpy(&fd, CMSG_DATA(&control.head), sizeof(fd));
	return fd;
}

static void a_program_gets_the_socket(void **state)
{
	struct yard y;
	char text[8];
	pid_t pid;
	int fd;

	(void)state;
	yard_init(&y);
	assert_int_equal(fusefs_shim_give(y.fd, getpgrp(), y.pair[1]), -EAGAIN);
	pid = call_helper(&y, false);
	assert_int_equal(give(&y), 0);
	assert_int_equal(status_of(pid), 0);
	fd = receive(y.comm[1]);
	assert_int_equal(write(fd, "hello", 5), 5);
	assert_int_equal(read(y.pair[0], text, sizeof(text)), 5);
	close(fd);
	yard_fini(&y);
}

static void a_stranger_gets_nothing(void **state)
{
	struct yard y;
	pid_t pid;

	(void)state;
	yard_init(&y);
	pid = call_helper(&y, true);
	assert_int_equal(give(&y), -EPERM);
	assert_int_equal(status_of(pid), 1);
	yard_fini(&y);
}

static int run(int argc, char **argv)
{
	pid_t pid = fork();

	if (pid == 0) {
		quiet();
		unsetenv("_FUSE_COMMFD");
		_exit(fusefs_shim_main(argc, argv));
	}
	return status_of(pid);
}

static void it_answers_as_fusermount_does(void **state)
{
	char name[] = "fusermount3", u[] = "-uqz", v[] = "--version";
	char path[] = "/nowhere", odd[] = "--odd";
	char *unmount[] = { name, u, path, NULL };
	char *version[] = { name, v, NULL };
	char *bare[] = { name, path, NULL };
	char *unknown[] = { name, odd, path, NULL };

	(void)state;
	assert_int_equal(run(3, unmount), 0);
	assert_int_equal(run(2, version), 0);
	assert_int_equal(run(2, bare), 1);
	assert_int_equal(run(1, bare), 1);
	assert_int_equal(run(3, unknown), 1);
}

static void it_is_told_by_its_name(void **state)
{
	(void)state;
	assert_true(fusefs_shim_is("fusermount"));
	assert_true(fusefs_shim_is("/run/x/bin/fusermount3"));
	assert_true(fusefs_shim_is("mergerfs-fusermount"));
	assert_false(fusefs_shim_is("smbgate"));
	assert_false(fusefs_shim_is("/opt/fusermount/smbgate"));
}

int main(void)
{
	const struct CMUnitTest tests[] = {
		cmocka_unit_test(a_program_gets_the_socket),
		cmocka_unit_test(a_stranger_gets_nothing),
		cmocka_unit_test(it_answers_as_fusermount_does),
		cmocka_unit_test(it_is_told_by_its_name),
	};

	return cmocka_run_group_tests(tests, NULL, NULL);
}
