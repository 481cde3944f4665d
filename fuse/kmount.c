/*
 * Mounts: detached ones by fsopen(2) and its kin, and those that a program
 * makes at a place we give it. What the mount is called in /proc/self/mountinfo
 * tells a program's own one from ours; statx(2) with AT_STATX_DONT_SYNC asks
 * the kernel alone.
 */
#include "fuse/kmount.h"

#include <errno.h>
#include <fcntl.h>
#include <stdint.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>
#include <sys/mount.h>
#include <sys/stat.h>
#include <sys/sysmacros.h>
#include <sys/wait.h>
#include <unistd.h>

/* ---- detached ---- */

static int set_text(int fs, const char *key, const char *value)
{
	return fsconfig(fs, FSCONFIG_SET_STRING, key, value, 0) ? -errno : 0;
}

static int set_number(int fs, const char *key, unsigned int value)
{
	char text[16];

	snprintf(text, sizeof(text), "%u", value);
	return set_text(fs, key, text);
}

static int set_flag(int fs, const char *key)
{
	return fsconfig(fs, FSCONFIG_SET_FLAG, key, NULL, 0) ? -errno : 0;
}

static int configure(int fs, const char *name, int device_fd, bool is_read_only)
{
	int err = set_text(fs, "source", name);

	if (!err)
		err = set_text(fs, "subtype", "smbgate");
	if (!err)
		err = set_number(fs, "fd", (unsigned int)device_fd);
	if (!err)
		err = set_text(fs, "rootmode", "40000");
	if (!err)
		err = set_number(fs, "user_id", geteuid());
	if (!err)
		err = set_number(fs, "group_id", getegid());
	if (!err)
		err = set_flag(fs, "allow_other");
	if (!err)
		err = set_flag(fs, "default_permissions");
	if (!err && is_read_only)
		err = set_flag(fs, "ro");
	if (!err && fsconfig(fs, FSCONFIG_CMD_CREATE, NULL, NULL, 0))
		err = -errno;
	return err;
}

int fusefs_kmount_detached(const char *name, bool is_read_only,
			   int *ret_device_fd, int *ret_root_fd)
{
	int device = open("/dev/fuse", O_RDWR | O_CLOEXEC);
	int fs = -1, root = -1, err = device < 0 ? -errno : 0;

	if (!err) {
		fs = fsopen("fuse", FSOPEN_CLOEXEC);
		err = fs < 0 ? -errno : 0;
	}
	if (!err)
		err = configure(fs, name, device, is_read_only);
	if (!err) {
		root = fsmount(fs, FSMOUNT_CLOEXEC,
			       MOUNT_ATTR_NODEV | MOUNT_ATTR_NOSUID);
		err = root < 0 ? -errno : 0;
	}
	if (fs >= 0)
		close(fs);
	if (err && device >= 0)
		close(device);
	if (err)
		return err;
	*ret_device_fd = device;
	*ret_root_fd = root;
	return 0;
}

/* ---- places ---- */

static const char *places(void)
{
	const char *run = getenv("XDG_RUNTIME_DIR");

	if (geteuid() == 0)
		return "/run";
	return run && *run == '/' && strlen(run) < 80 ? run : "/tmp";
}

int fusefs_place_make(char place[FUSEFS_PLACE_SIZE])
{
	snprintf(place, FUSEFS_PLACE_SIZE, "%s/smbgate-XXXXXX", places());
	return mkdtemp(place) ? 0 : -errno;
}

static uint64_t mount_of(int dir_fd, const char *path, int flags)
{
	struct statx st;

	if (statx(dir_fd, path, flags | AT_STATX_DONT_SYNC, STATX_MNT_ID, &st))
		return 0;
	return st.stx_mnt_id;
}

/* The options of a mount, behind the dash of its line. */
static bool find_options(pid_t pid, uint64_t id, char *to, size_t size)
{
	char path[64], *line = NULL, *dash;
	size_t room = 0;
	bool is_found = false;
	FILE *in;

	snprintf(path, sizeof(path), "/proc/%d/mountinfo", (int)pid);
	in = fopen(path, "re");
	while (in && !is_found && getline(&line, &room, in) > 0) {
		dash = strstr(line, " - ");
		if (!dash || strtoull(line, NULL, 10) != id)
			continue;
		snprintf(to, size, "%s", dash + 3);
		is_found = true;
	}
	free(line);
	if (in)
		fclose(in);
	return is_found;
}

/*
 * Whether the mount treats several users right: each may come in, and the
 * kernel looks at modes. A process with one identity needs neither.
 */
static int check_options(pid_t pid, uint64_t id)
{
	char text[1024];

	if (!find_options(pid, id, text, sizeof(text)))
		return -EAGAIN;
	if (strncmp(text, "fuse", 4) != 0 || geteuid() != 0)
		return 0;
	return strstr(text, "allow_other") &&
			       strstr(text, "default_permissions")
		       ? 0
		       : -EACCES;
}

int fusefs_place_open(const char *place, pid_t pid, bool is_private)
{
	char path[FUSEFS_PLACE_SIZE + 32] = "";
	uint64_t outside, inside;
	int fd, err;

	if (is_private)
		snprintf(path, sizeof(path), "/proc/%d/root", (int)pid);
	snprintf(path + strlen(path), sizeof(path) - strlen(path), "%.127s/..",
		 place);
	outside = mount_of(AT_FDCWD, path, 0);
	path[strlen(path) - 3] = '\0';
	fd = open(path, O_PATH | O_DIRECTORY | O_CLOEXEC);
	if (fd < 0)
		return errno == ENOENT || errno == ESRCH ? -EAGAIN : -errno;
	inside = mount_of(fd, "", AT_EMPTY_PATH);
	err = !outside || !inside || inside == outside
		      ? -EAGAIN
		      : check_options(pid, inside);
	if (!err)
		return fd;
	close(fd);
	return err;
}

/* Who may not unmount may know a program that does. */
static void unmount_by_helper(const char *place)
{
	pid_t pid = fork();

	if (pid == 0) {
		execlp("fusermount3", "fusermount3", "-u", "-z", "-q", place,
		       NULL);
		_exit(127);
	}
	if (pid > 0)
		waitpid(pid, NULL, 0);
}

void fusefs_place_remove(const char *place)
{
	if (rmdir(place) == 0 || errno == ENOENT)
		return;
	if (umount2(place, MNT_DETACH | UMOUNT_NOFOLLOW) < 0 && errno == EPERM)
		unmount_by_helper(place);
	rmdir(place);
}

/* ---- abort ---- */

bool fusefs_kmount_abort(int root_fd)
{
	char path[64];
	struct statx st;
	bool is_done;
	int fd;

	if (statx(root_fd, "", AT_EMPTY_PATH | AT_STATX_DONT_SYNC, STATX_TYPE,
		  &st))
		return false;
	snprintf(path, sizeof(path), "/sys/fs/fuse/connections/%u/abort",
		 st.stx_dev_minor);
	fd = open(path, O_WRONLY | O_CLOEXEC);
	if (fd < 0)
		return false;
	is_done = write(fd, "1", 1) == 1;
	close(fd);
	return is_done;
}
