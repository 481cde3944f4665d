/*
 * Facts of files: of an open one, of a name in a directory, of many names at
 * once, with an extended attribute. Links are looked at, never through.
 *
 * Many names are asked for on the hands, a bunch at a time, not on the ring:
 * the ring gives each statx to a kernel worker, and such a switch costs ten
 * times what a statx of a cached inode takes.
 */
#include "gateway/store/stat.h"

#include <errno.h>
#include <fcntl.h>
#include <limits.h>
#include <linux/fiemap.h>
#include <linux/fs.h>
#include <string.h>
#include <sys/ioctl.h>
#include <sys/sysmacros.h>
#include <sys/xattr.h>
#include <unistd.h>

#include "gateway/loop/loop.h"
#include "gateway/store/creds.h"
#include "gateway/store/file.h"
#include "gateway/store/ops.h"
#include "gateway/store/tree.h"
#include "gateway/store/walk.h"

/*
 * Names a hand is given at a time: enough to make up for the switch, few
 * enough (about 50 us when cached) for others to get a hand soon.
 */
#define BUNCH 64

/* Bunches under way at once for one call: as many as there are hands. */
#define BUNCHES 4

/* Extents of an empty file that are added up; it has one at most. */
#define EXTENTS_MAX 8

static struct timespec time_of(const struct statx_timestamp *t)
{
	return (struct timespec){ .tv_sec = t->tv_sec, .tv_nsec = t->tv_nsec };
}

static uint64_t generation_of(const struct statx *from)
{
	if (!(from->stx_mask & STATX_BTIME))
		return 0;
	return (uint64_t)from->stx_btime.tv_sec * 1000000000u +
	       from->stx_btime.tv_nsec;
}

void store_stat_of(const struct statx *from, const struct store_tree *tree,
		   struct store_stat *ret_stat)
{
	*ret_stat = (struct store_stat){
		.key = {
			.device = makedev(from->stx_dev_major,
					  from->stx_dev_minor),
			.inode = from->stx_ino,
			.generation = generation_of(from),
		},
		.mode = from->stx_mode,
		.uid = from->stx_uid,
		.gid = from->stx_gid,
		.rdev = makedev(from->stx_rdev_major, from->stx_rdev_minor),
		.links = from->stx_nlink,
		.size = from->stx_size,
		.allocated = from->stx_blocks * 512,
		.atime = time_of(&from->stx_atime),
		.btime = time_of(&from->stx_btime),
		.ctime = time_of(&from->stx_ctime),
		.mtime = time_of(&from->stx_mtime),
		.has_btime = from->stx_mask & STATX_BTIME,
	};
	ret_stat->is_mount_root =
		tree && from->stx_attributes & STATX_ATTR_MOUNT_ROOT &&
		!store_tree_is_root(tree, &ret_stat->key);
}

/*
 * Asks for what the kernel remembers, which never waits. On a local file
 * system that is all there is to know.
 */
static bool stat_at_once(const struct store_tree *tree, int fd,
			 struct statx *ret)
{
	return !statx(fd, "", AT_EMPTY_PATH | AT_STATX_DONT_SYNC,
		      STORE_STATX_MASK, ret) &&
	       store_tree_is_local(tree, ret);
}

static int co_stat_fd(const struct store_tree *tree, int fd,
		      struct store_stat *ret_stat)
{
	struct statx st;
	int err = 0;

	if (!stat_at_once(tree, fd, &st))
		err = loop_co_statx(NULL, fd, "", AT_EMPTY_PATH,
				    STORE_STATX_MASK, &st);
	if (!err)
		store_stat_of(&st, tree, ret_stat);
	return err;
}

/* ---- empty files that take space ---- */

struct extents_call {
	char path[STORE_FD_PATH_SIZE];
	uint64_t bytes;
};

/* Says how many bytes of data there is room for, up to a few extents. */
static int64_t call_extents(void *arg)
{
	struct extents_call *c = arg;
	union {
		struct fiemap map;
		char room[sizeof(struct fiemap) +
			  EXTENTS_MAX * sizeof(struct fiemap_extent)];
	} u = { .map = { .fm_length = FIEMAP_MAX_OFFSET,
			 .fm_extent_count = EXTENTS_MAX } };
	int fd = open(c->path, O_RDONLY | O_NONBLOCK | O_CLOEXEC), err = 0;

	if (fd < 0)
		return -errno;
	if (ioctl(fd, FS_IOC_FIEMAP, &u.map))
		err = -errno;
	else if (u.map.fm_mapped_extents == EXTENTS_MAX)
		err = -E2BIG;
	close(fd);
	for (uint32_t i = 0; !err && i < u.map.fm_mapped_extents; i++)
		c->bytes += u.map.fm_extents[i].fe_length;
	return err;
}

/*
 * Attributes that don't fit into the inode have a block of their own, which
 * Linux counts with the file's. Of an empty file it would be all there is, and
 * look like space that somebody has reserved.
 */
static void co_leave_out_attributes(struct store_file *file,
				    struct store_stat *stat)
{
	struct extents_call c = { .bytes = 0 };

	store_fd_path(store_file_fd(file), c.path);
	if (!loop_co_call(NULL, call_extents, &c) && c.bytes < stat->allocated)
		stat->allocated = c.bytes;
}

int store_local_co_stat(struct store_file *file, struct store_stat *ret_stat)
{
	int err = co_stat_fd(store_file_tree(file), store_file_fd(file),
			     ret_stat);

	if (!err && S_ISREG(ret_stat->mode) && !ret_stat->size &&
	    ret_stat->allocated)
		co_leave_out_attributes(file, ret_stat);
	return err;
}

/*
 * By way of a descriptor: the ring finds a cached name at once, but hands each
 * statx to another thread.
 */
static int co_look_at(struct store_creds *creds, struct store_file *dir,
		      const char *name, struct store_stat *ret_stat,
		      int *ret_fd)
{
	struct store_tree *tree = store_file_tree(dir);
	int err = store_name_check(name), fd;

	if (err)
		return err;
	fd = store_co_resolve(tree, creds, dir, name, O_PATH | O_NOFOLLOW, 0);
	if (fd < 0)
		return fd;
	err = co_stat_fd(tree, fd, ret_stat);
	if (err)
		loop_close(fd);
	else
		*ret_fd = fd;
	return err;
}

int store_local_co_stat_at(struct store_creds *creds, struct store_file *dir,
			   const char *name, struct store_stat *ret_stat)
{
	int fd, err = co_look_at(creds, dir, name, ret_stat, &fd);

	if (!err)
		loop_close(fd);
	return err;
}

int store_local_co_look(struct store_creds *creds, struct store_file *dir,
			const char *name, struct store_stat *ret_stat,
			struct store_file **ret_file)
{
	int fd, err = co_look_at(creds, dir, name, ret_stat, &fd);

	return err ? err
		   : store_file_new(store_file_tree(dir), fd, STORE_OPEN_PATH,
				    ret_stat->mode & S_IFMT, ret_file);
}

/* ---- many at once ---- */

/* Lies on the stack of the fiber that asks; its helpers share it. */
struct crowd {
	const struct loop_identity *as;
	struct store_file *dir;
	const char *const *names;
	/* Facts, */
	struct store_stat *stats;
	int *errors;
	/* or an attribute, or the names of all. */
	const char *attribute; /* NULL: names */
	char *values;
	size_t size;
	int64_t *lengths; /* NULL: facts */
	size_t count;
	size_t taken;         /* names that a bunch was made of */
	unsigned int helpers; /* fibers that have not ended */
	struct loop_waiter done;
};

struct bunch {
	const struct crowd *crowd;
	size_t start, end;
};

/*
 * By the directory's path in /proc: the kernel has no call that takes a name
 * in a directory. A single name that is not followed leads nowhere else.
 */
static int64_t call_xattr_bunch(void *arg)
{
	const struct bunch *b = arg;
	const struct crowd *c = b->crowd;
	char path[STORE_FD_PATH_SIZE + NAME_MAX + 2];
	size_t i, length;
	ssize_t n;

	store_fd_path(store_file_fd(c->dir), path);
	length = strlen(path);
	path[length++] = '/';
	for (i = b->start; i < b->end; i++) {
		c->lengths[i] = store_name_check(c->names[i]);
		if (!c->lengths[i] && strlen(c->names[i]) > NAME_MAX)
			c->lengths[i] = -ENAMETOOLONG;
		if (c->lengths[i])
			continue;
		strcpy(path + length, c->names[i]);
		char *to = c->values + i * c->size;

		n = c->attribute ? lgetxattr(path, c->attribute, to, c->size)
				 : llistxattr(path, to, c->size);
		c->lengths[i] = n < 0 ? -errno : n;
	}
	return 0;
}

static int64_t call_stat_bunch(void *arg)
{
	const struct bunch *b = arg;
	const struct crowd *c = b->crowd;
	struct statx st;
	size_t i;

	for (i = b->start; i < b->end; i++) {
		c->errors[i] = store_name_check(c->names[i]);
		if (c->errors[i])
			continue;
		if (statx(store_file_fd(c->dir), c->names[i],
			  AT_SYMLINK_NOFOLLOW, STORE_STATX_MASK, &st))
			c->errors[i] = -errno;
		else
			store_stat_of(&st, store_file_tree(c->dir),
				      &c->stats[i]);
	}
	return 0;
}

static void set_error(const struct crowd *c, size_t i, int err)
{
	if (c->lengths)
		c->lengths[i] = err;
	else
		c->errors[i] = err;
}

static void co_bunches(struct crowd *c)
{
	while (c->taken < c->count) {
		struct bunch b = { .crowd = c, .start = c->taken };
		int64_t err;

		b.end = c->count - b.start > BUNCH ? b.start + BUNCH : c->count;
		c->taken = b.end;
		err = loop_co_call(c->as,
				   c->lengths ? call_xattr_bunch
					      : call_stat_bunch,
				   &b);
		for (size_t i = b.start; err < 0 && i < b.end; i++)
			set_error(c, i, (int)err);
	}
}

static void co_help(void *arg)
{
	struct crowd *c = arg;

	co_bunches(c);
	if (!--c->helpers)
		loop_wake(&c->done, 0);
}

/* The helpers use this stack: a cancel has to wait, and is passed on. */
static void co_wait_for_helpers(struct crowd *c)
{
	bool is_cancelled = false;

	while (c->helpers) {
		if (loop_co_wait(&c->done, LOOP_FOREVER) != -ECANCELED)
			continue;
		is_cancelled = true;
		if (c->helpers)
			c->done = (struct loop_waiter){};
	}
	if (is_cancelled)
		loop_cancel(loop_self());
}

/* Several bunches at a time. */
static void co_crowd(struct crowd *c)
{
	size_t bunches = (c->count + BUNCH - 1) / BUNCH;

	while (c->helpers + 1 < BUNCHES && c->helpers + 1 < bunches &&
	       loop_spawn(co_help, c))
		c->helpers++;
	co_bunches(c);
	co_wait_for_helpers(c);
}

void store_local_co_xattr_many(struct store_creds *creds,
			       struct store_file *dir, const char *const *names,
			       size_t count, const char *attribute,
			       void *values, size_t size, int64_t *ret_lengths)
{
	struct crowd c = {
		.as = store_creds_identity(creds),
		.dir = dir,
		.names = names,
		.attribute = attribute,
		.values = values,
		.size = size,
		.lengths = ret_lengths,
		.count = count,
	};

	co_crowd(&c);
}

void store_local_co_stat_many(struct store_creds *creds, struct store_file *dir,
			      const char *const *names, size_t count,
			      struct store_stat *ret_stats, int *ret_errors)
{
	struct crowd c = {
		.as = store_creds_identity(creds),
		.dir = dir,
		.names = names,
		.stats = ret_stats,
		.errors = ret_errors,
		.count = count,
	};

	co_crowd(&c);
}

/* ---- may the user do it? ---- */

struct access_call {
	int fd, mode;
};

static int64_t call_access(void *arg)
{
	const struct access_call *c = arg;

	if (!faccessat(c->fd, "", c->mode, AT_EMPTY_PATH | AT_EACCESS))
		return 0;
	return errno == EROFS ? -EACCES : -errno;
}

int store_local_co_access(struct store_creds *creds, struct store_file *file,
			  int mode)
{
	struct access_call c = { store_file_fd(file), mode };

	if (mode & W_OK && store_tree_is_read_only(store_file_tree(file)))
		return -EACCES;
	return (int)loop_co_call(store_creds_identity(creds), call_access, &c);
}
