/*
 * Both ends of the helper. Who asks is told by the kernel (SO_PEERCRED): the
 * user that this process is, in the process group that the program was started
 * in. A descriptor travels as libfuse's own helper sends it: one byte with
 * SCM_RIGHTS.
 */
#include "fuse/shim.h"

#include <errno.h>
#include <getopt.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>
#include <sys/socket.h>
#include <sys/stat.h>
#include <sys/un.h>
#include <unistd.h>

enum {
	PATH_SIZE = 256,
};

const char *const fusefs_shim_names[] = { "fusermount", "fusermount3",
					  "mergerfs-fusermount", NULL };
const char *const fusefs_shim_paths[] = { "/bin/fusermount",
					  "/bin/fusermount3",
					  "/usr/bin/fusermount",
					  "/usr/bin/fusermount3",
					  "/usr/local/bin/mergerfs-fusermount",
					  "/usr/bin/mergerfs-fusermount",
					  NULL };

bool fusefs_shim_is(const char *name)
{
	const char *slash = strrchr(name, '/');

	for (size_t i = 0; fusefs_shim_names[i]; i++) {
		if (!strcmp(slash ? slash + 1 : name, fusefs_shim_names[i]))
			return true;
	}
	return false;
}

/* ---- descriptors on their way ---- */

union control {
	struct cmsghdr head;
	char bytes[CMSG_SPACE(sizeof(int))];
};

static int send_fd(int socket_fd, int fd)
{
	char byte = 0;
	struct iovec part = { &byte, 1 };
	union control control = { .bytes = { 0 } };
	struct msghdr message = { .msg_iov = &part,
				  .msg_iovlen = 1,
				  .msg_control = &control,
				  .msg_controllen = sizeof(control) };
	struct cmsghdr *head = CMSG_FIRSTHDR(&message);

	head->cmsg_level = SOL_SOCKET;
	head->cmsg_type = SCM_RIGHTS;
	head->cmsg_len = CMSG_LEN(sizeof(fd));
	memcpy(CMSG_DATA(head), &fd, sizeof(fd));
	return sendmsg(socket_fd, &message, MSG_NOSIGNAL) < 0 ? -errno : 0;
}

/* A descriptor, or -errno. */
static int receive_fd(int socket_fd)
{
	char byte;
	struct iovec part = { &byte, 1 };
	union control control;
	struct msghdr message = { .msg_iov = &part,
				  .msg_iovlen = 1,
				  .msg_control = &control,
				  .msg_controllen = sizeof(control) };
	ssize_t n = recvmsg(socket_fd, &message, MSG_CMSG_CLOEXEC);
	struct cmsghdr *head = n > 0 ? CMSG_FIRSTHDR(&message) : NULL;
	int fd;

	if (n < 0)
		return -errno;
	if (!head || head->cmsg_type != SCM_RIGHTS ||
	    head->cmsg_len != CMSG_LEN(sizeof(fd)))
		return -EPROTO;
	memcpy(&fd, CMSG_DATA(head), sizeof(fd));
	return fd;
}

/* False: longer than a socket's name may be. */
static bool name_socket(const char *place, struct sockaddr_un *ret_name)
{
	*ret_name = (struct sockaddr_un){ .sun_family = AF_UNIX };
	return snprintf(ret_name->sun_path, sizeof(ret_name->sun_path),
			"%s/socket", place) < (int)sizeof(ret_name->sun_path);
}

/* ---- the helper ---- */

static int fail(const char *what, int err)
{
	fprintf(stderr, "fusermount (smbgate): %s: %s\n", what, strerror(-err));
	return 1;
}

/* A descriptor, or -errno. */
static int ask(const char *mountpoint)
{
	char *path = realpath(mountpoint, NULL);
	char *slash = path ? strrchr(path, '/') : NULL;
	struct sockaddr_un name;
	int s, fd = -EINVAL;

	if (slash)
		*slash = '\0';
	if (!slash || !name_socket(path, &name)) {
		free(path);
		return -EINVAL;
	}
	free(path);
	s = socket(AF_UNIX, SOCK_STREAM | SOCK_CLOEXEC, 0);
	if (s < 0)
		return -errno;
	fd = connect(s, (struct sockaddr *)&name, sizeof(name)) < 0
		     ? -errno
		     : receive_fd(s);
	close(s);
	return fd;
}

static int mount_at(const char *mountpoint)
{
	const char *number = getenv("_FUSE_COMMFD");
	int fd, err;

	if (!number || !*number)
		return fail("there is no _FUSE_COMMFD", -EINVAL);
	fd = ask(mountpoint);
	if (fd < 0)
		return fail(mountpoint, fd);
	err = send_fd((int)strtol(number, NULL, 10), fd);
	return err ? fail("_FUSE_COMMFD", err) : 0;
}

/* What libfuse's own takes; the options are the kernel's business, or ours. */
int fusefs_shim_main(int argc, char **argv)
{
	static const struct option longs[] = {
		{ "unmount", no_argument, NULL, 'u' },
		{ "lazy", no_argument, NULL, 'z' },
		{ "quiet", no_argument, NULL, 'q' },
		{ "version", no_argument, NULL, 'V' },
		{ NULL, 0, NULL, 0 },
	};
	bool unmounts = false;
	int c;

	optind = 1;
	while ((c = getopt_long(argc, argv, "o:uzqV", longs, NULL)) >= 0) {
		if (c == 'V') {
			puts("fusermount3 version: 3.14.0");
			return 0;
		}
		unmounts |= c == 'u';
		if (c == '?')
			return 1;
	}
	if (unmounts) /* there is no mount; the socket's end is the end */
		return 0;
	if (optind >= argc)
		return fail("there is no mount point", -EINVAL);
	return mount_at(argv[optind]);
}

/* ---- the backend's side ---- */

static const char *join(char to[PATH_SIZE], const char *place, const char *name)
{
	snprintf(to, PATH_SIZE, "%s/%s", place, name);
	return to;
}

static int make_bin(const char *place)
{
	char self[PATH_SIZE], name[32], path[PATH_SIZE];
	ssize_t n = readlink("/proc/self/exe", self, sizeof(self) - 1);

	if (n < 0)
		return -errno;
	self[n] = '\0';
	for (size_t i = 0; fusefs_shim_names[i]; i++) {
		snprintf(name, sizeof(name), "bin/%s", fusefs_shim_names[i]);
		if (symlink(self, join(path, place, name)) < 0)
			return -errno;
	}
	return 0;
}

static int listen_in(const char *place)
{
	struct sockaddr_un name;
	int fd;

	if (!name_socket(place, &name))
		return -ENAMETOOLONG;
	fd = socket(AF_UNIX, SOCK_STREAM | SOCK_CLOEXEC | SOCK_NONBLOCK, 0);
	if (fd < 0)
		return -errno;
	if (bind(fd, (struct sockaddr *)&name, sizeof(name)) == 0 &&
	    chmod(name.sun_path, 0600) == 0 && listen(fd, 4) == 0)
		return fd;
	close(fd);
	return -EADDRNOTAVAIL;
}

int fusefs_shim_open(const char *place, int *ret_fd)
{
	char path[PATH_SIZE];
	int err, fd;

	if (mkdir(join(path, place, "mnt"), 0700) < 0 ||
	    mkdir(join(path, place, "bin"), 0700) < 0)
		return -errno;
	err = make_bin(place);
	if (err)
		return err;
	fd = listen_in(place);
	if (fd < 0)
		return fd;
	*ret_fd = fd;
	return 0;
}

static bool is_known(int fd, pid_t group)
{
	struct ucred peer;
	socklen_t size = sizeof(peer);

	return getsockopt(fd, SOL_SOCKET, SO_PEERCRED, &peer, &size) == 0 &&
	       peer.uid == geteuid() && peer.pid > 0 &&
	       getpgid(peer.pid) == group;
}

int fusefs_shim_give(int fd, pid_t group, int theirs)
{
	int peer = accept4(fd, NULL, NULL, SOCK_CLOEXEC);
	int err;

	if (peer < 0)
		return -EAGAIN;
	err = is_known(peer, group) ? send_fd(peer, theirs) : -EPERM;
	close(peer);
	return err;
}

void fusefs_shim_clear(const char *place)
{
	char name[32], path[PATH_SIZE];

	for (size_t i = 0; fusefs_shim_names[i]; i++) {
		snprintf(name, sizeof(name), "bin/%s", fusefs_shim_names[i]);
		unlink(join(path, place, name));
	}
	rmdir(join(path, place, "bin"));
	rmdir(join(path, place, "mnt"));
	unlink(join(path, place, "socket"));
}
