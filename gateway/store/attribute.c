/*
 * Attributes of files: extended ones, times, mode, owner. All of them are
 * checked by the kernel against the user each time, whatever the file was
 * opened for, so all take credentials. O_PATH descriptors can't be used for
 * extended attributes and modes as such; their paths in /proc/self/fd can.
 */
#include <errno.h>
#include <fcntl.h>
#include <sys/stat.h>
#include <sys/xattr.h>
#include <unistd.h>

#include "gateway/loop/loop.h"
#include "gateway/store/creds.h"
#include "gateway/store/file.h"
#include "gateway/store/ops.h"
#include "gateway/store/store.h"

/* One call on one file, for a hand. */
struct attribute_call {
	char path[STORE_FD_PATH_SIZE];
	int fd;
	const char *name;
	const char *const *names;
	size_t which;
	void *to;
	const void *value;
	size_t size;
	int flags;                    /* of setxattr(2) */
	const struct timespec *times; /* two */
	mode_t mode;
	uid_t uid;
	gid_t gid;
};

static int co_call_on(struct store_file *file, struct store_creds *creds,
		      int64_t (*fn)(void *), struct attribute_call *c)
{
	c->fd = store_file_fd(file);
	store_fd_path(c->fd, c->path);
	return (int)loop_co_call(store_creds_identity(creds), fn, c);
}

/* ---- extended attributes ---- */

/*
 * Whether the process itself asks, of a file on a local disk that has just been
 * looked at. Its attributes lie beside the facts that are in memory already, so
 * going to another thread would cost ten times the call. The rare one that lies
 * apart costs one wait for the disk.
 */
static bool is_at_hand(struct store_creds *creds, struct store_file *file)
{
	struct statx st;

	return !store_creds_identity(creds) &&
	       !statx(store_file_fd(file), "",
		      AT_EMPTY_PATH | AT_STATX_DONT_SYNC, STATX_TYPE, &st) &&
	       store_tree_is_local(store_file_tree(file), &st);
}

/* A call that only reads, made where it is cheapest. */
static int64_t co_read_call(struct store_file *file, struct store_creds *creds,
			    int64_t (*fn)(void *), struct attribute_call *c)
{
	if (!is_at_hand(creds, file))
		return co_call_on(file, creds, fn, c);
	store_fd_path(store_file_fd(file), c->path);
	return fn(c);
}

static int64_t call_get(void *arg)
{
	const struct attribute_call *c = arg;
	ssize_t n = getxattr(c->path, c->name, c->to, c->size);

	return n < 0 ? -errno : n;
}

int64_t store_local_co_xattr_get(struct store_creds *creds,
				 struct store_file *file, const char *name,
				 void *to, size_t size)
{
	struct attribute_call c = { .name = name, .to = to, .size = size };

	if (!store_file_is_path(file) && store_creds_identity(creds))
		return loop_co_fgetxattr(store_creds_identity(creds),
					 store_file_fd(file), name, to, size);
	return co_read_call(file, creds, call_get, &c);
}

static int64_t call_first(void *arg)
{
	struct attribute_call *c = arg;
	int64_t n = -ENODATA;

	for (c->which = 0; c->names[c->which]; c->which++) {
		n = getxattr(c->path, c->names[c->which], c->to, c->size);
		if (n >= 0)
			return n;
		n = -errno;
		if (n != -ENODATA)
			break;
	}
	return n;
}

int64_t store_local_co_xattr_first(struct store_creds *creds,
				   struct store_file *file,
				   const char *const *names, void *to,
				   size_t size, size_t *ret_which)
{
	struct attribute_call c = { .names = names, .to = to, .size = size };
	int64_t n = co_read_call(file, creds, call_first, &c);

	if (n >= 0)
		*ret_which = c.which;
	return n;
}

static int64_t call_set(void *arg)
{
	const struct attribute_call *c = arg;

	return setxattr(c->path, c->name, c->value, c->size, c->flags) ? -errno
								       : 0;
}

static int co_set(struct store_creds *creds, struct store_file *file,
		  struct attribute_call *c)
{
	int err = store_file_check_write(file);

	if (err)
		return err;
	if (!store_file_is_path(file))
		return loop_co_fsetxattr(store_creds_identity(creds),
					 store_file_fd(file), c->name, c->value,
					 c->size, c->flags);
	return co_call_on(file, creds, call_set, c);
}

int store_local_co_xattr_set(struct store_creds *creds, struct store_file *file,
			     const char *name, const void *value, size_t size)
{
	struct attribute_call c = { .name = name,
				    .value = value,
				    .size = size };

	return co_set(creds, file, &c);
}

int store_local_co_xattr_create(struct store_creds *creds,
				struct store_file *file, const char *name,
				const void *value, size_t size)
{
	struct attribute_call c = { .name = name,
				    .value = value,
				    .size = size,
				    .flags = XATTR_CREATE };

	return co_set(creds, file, &c);
}

static int64_t call_remove(void *arg)
{
	const struct attribute_call *c = arg;

	return removexattr(c->path, c->name) ? -errno : 0;
}

int store_local_co_xattr_remove(struct store_creds *creds,
				struct store_file *file, const char *name)
{
	struct attribute_call c = { .name = name };
	int err = store_file_check_write(file);

	return err ? err : co_call_on(file, creds, call_remove, &c);
}

static int64_t call_list(void *arg)
{
	const struct attribute_call *c = arg;
	ssize_t n = listxattr(c->path, c->to, c->size);

	return n < 0 ? -errno : n;
}

int64_t store_local_co_xattr_list(struct store_creds *creds,
				  struct store_file *file, char *to,
				  size_t size)
{
	struct attribute_call c = { .to = to, .size = size };

	return co_call_on(file, creds, call_list, &c);
}

/* ---- times, mode, owner ---- */

static int64_t call_times(void *arg)
{
	const struct attribute_call *c = arg;

	return utimensat(c->fd, "", c->times, AT_EMPTY_PATH) ? -errno : 0;
}

int store_local_co_set_times(struct store_creds *creds, struct store_file *file,
			     const struct timespec *atime,
			     const struct timespec *mtime)
{
	const struct timespec times[2] = { *atime, *mtime };
	struct attribute_call c = { .times = times };
	int err = store_file_check_write(file);

	return err ? err : co_call_on(file, creds, call_times, &c);
}

static int64_t call_mode(void *arg)
{
	const struct attribute_call *c = arg;

	return chmod(c->path, c->mode) ? -errno : 0;
}

int store_local_co_set_mode(struct store_creds *creds, struct store_file *file,
			    mode_t mode)
{
	struct attribute_call c = { .mode = mode & 07777 };
	int err = store_file_check_write(file);

	return err ? err : co_call_on(file, creds, call_mode, &c);
}

static int64_t call_owner(void *arg)
{
	const struct attribute_call *c = arg;

	return fchownat(c->fd, "", c->uid, c->gid, AT_EMPTY_PATH) ? -errno : 0;
}

int store_local_co_set_owner(struct store_creds *creds, struct store_file *file,
			     uid_t uid, gid_t gid)
{
	struct attribute_call c = { .uid = uid, .gid = gid };
	int err = store_file_check_write(file);

	return err ? err : co_call_on(file, creds, call_owner, &c);
}
