/*
 * Open files: made, opened once more, counted, closed. Knows how to open a
 * thing without waking what must not be woken: a device may rewind, a FIFO may
 * wait for ever. So a path is first resolved to an O_PATH descriptor, which
 * touches nothing; then the kernel is asked what it is; and only a regular
 * file or a directory is opened for I/O, through the descriptor and not by its
 * name, so that nobody can put something else in its place meanwhile. How
 * names are walked is walk.c's.
 *
 * New files get just the mode that is asked for: the process has to have set
 * its umask to 0, which main does before any thread exists.
 */
#include "gateway/store/file.h"

#include <assert.h>
#include <fcntl.h>
#include <stdatomic.h>
#include <stdlib.h>
#include <sys/stat.h>

#include "gateway/loop/loop.h"
#include "gateway/store/creds.h"
#include "gateway/store/lane.h"
#include "gateway/store/ops.h"
#include "gateway/store/walk.h"

#define OPEN_IO (STORE_OPEN_READ | STORE_OPEN_WRITE)
#define OPEN_CHANGES \
	(STORE_OPEN_WRITE | STORE_OPEN_CREATE | STORE_OPEN_TRUNCATE)

struct local_file {
	struct store_file head;
	int fd;
	bool is_path;
	mode_t type;
	atomic_bool refuses_splice;
};

int store_file_new(struct store_tree *tree, int fd, unsigned int flags,
		   mode_t type, struct store_file **ret_file)
{
	struct local_file *file = malloc(sizeof(*file));

	if (!file) {
		store_lane_close(tree, fd);
		return -ENOMEM;
	}
	*file = (struct local_file){
		.head.refs = 1,
		.head.tree = store_tree_ref(tree),
		.fd = fd,
		.is_path = !(flags & OPEN_IO),
		.type = type,
	};
	*ret_file = &file->head;
	return 0;
}

static struct local_file *local(struct store_file *file)
{
	return (struct local_file *)file;
}

static const struct local_file *local_const(const struct store_file *file)
{
	return (const struct local_file *)file;
}

void store_local_file_free(struct store_file *file)
{
	if (local(file)->is_path) /* which tells the file system nothing */
		loop_close(local(file)->fd);
	else
		store_lane_close(file->tree, local(file)->fd);
	free(local(file));
}

struct store_file *store_file_ref(struct store_file *file)
{
	atomic_fetch_add(&file->refs, 1);
	return file;
}

struct store_file *store_file_close(struct store_file *file)
{
	if (file && atomic_fetch_sub(&file->refs, 1) == 1) {
		struct store_tree *tree = file->tree;

		store_tree_ops(tree)->file_free(file);
		store_tree_unref(tree);
	}
	return NULL;
}

int store_file_fd(const struct store_file *file)
{
	return store_tree_ops(file->tree) == &store_local_ops
		       ? local_const(file)->fd
		       : -1;
}

struct store_tree *store_file_tree(const struct store_file *file)
{
	return file->tree;
}

bool store_file_is_path(const struct store_file *file)
{
	return local_const(file)->is_path;
}

bool store_file_is_spliceable(const struct store_file *file)
{
	const struct local_file *f = local_const(file);

	return f->type == S_IFREG && !f->is_path && !f->refuses_splice;
}

void store_file_refuses_splice(struct store_file *file)
{
	local(file)->refuses_splice = true;
}

/* ---- flags ---- */

int store_open_check(const struct store_tree *tree, unsigned int flags)
{
	if (flags & OPEN_CHANGES && store_tree_is_read_only(tree))
		return -EROFS;
	if (flags & STORE_OPEN_CREATE && flags & STORE_OPEN_DIRECTORY)
		return -EINVAL;
	if (flags & (STORE_OPEN_TRUNCATE | STORE_OPEN_APPEND) &&
	    !(flags & STORE_OPEN_WRITE))
		return -EINVAL;
	return 0;
}

static int io_flags(unsigned int flags)
{
	int o = O_RDONLY;

	if ((flags & OPEN_IO) == OPEN_IO)
		o = O_RDWR;
	else if (flags & STORE_OPEN_WRITE)
		o = O_WRONLY;
	if (flags & STORE_OPEN_TRUNCATE)
		o |= O_TRUNC;
	if (flags & STORE_OPEN_APPEND)
		o |= O_APPEND;
	if (flags & STORE_OPEN_SYNC)
		o |= O_DSYNC;
	if (flags & STORE_OPEN_DIRECTORY)
		o |= O_DIRECTORY;
	return o | O_NOCTTY;
}

static int path_flags(unsigned int flags)
{
	int o = O_PATH;

	if (flags & STORE_OPEN_DIRECTORY)
		o |= O_DIRECTORY;
	if (flags & STORE_OPEN_NOFOLLOW)
		o |= O_NOFOLLOW;
	return o;
}

/* ---- opening ---- */

/*
 * What the descriptor stands for. Asks for what the kernel remembers, since a
 * file can't change its type: never waits.
 */
static int type_of(int fd, mode_t *ret_type)
{
	struct statx st;

	if (statx(fd, "", AT_EMPTY_PATH | AT_STATX_DONT_SYNC, STATX_TYPE, &st))
		return -errno;
	*ret_type = st.stx_mode & S_IFMT;
	return 0;
}

static int check_type(mode_t type, unsigned int flags)
{
	if (flags & STORE_OPEN_DIRECTORY && type != S_IFDIR)
		return -ENOTDIR;
	if (!(flags & OPEN_IO) || type == S_IFREG || type == S_IFDIR)
		return 0;
	return type == S_IFLNK ? -ELOOP : -EOPNOTSUPP;
}

/* Opens what `fd` (borrowed) stands for, with other flags. */
static int co_open_through(struct store_tree *tree, struct store_creds *creds,
			   int fd, unsigned int flags,
			   struct store_file **ret_file)
{
	char path[STORE_FD_PATH_SIZE];
	struct open_how how = { .flags = O_CLOEXEC };
	mode_t type = 0;
	int err = type_of(fd, &type);

	if (!err)
		err = check_type(type, flags);
	if (err)
		return err;
	how.flags |= (unsigned int)(flags & OPEN_IO ? io_flags(flags) : O_PATH);
	store_fd_path(fd, path);
	fd = loop_co_openat2(store_creds_identity(creds), AT_FDCWD, path, &how);
	return fd < 0 ? fd : store_file_new(tree, fd, flags, type, ret_file);
}

/*
 * A new file is a regular one and nobody else's, so it is opened at once. A
 * descriptor that can't do any I/O can't create: take a reading one then.
 */
static int co_create(struct store_tree *tree, struct store_creds *creds,
		     struct store_file *dir, const char *path,
		     unsigned int flags, mode_t mode,
		     struct store_file **ret_file)
{
	int fd = store_co_resolve(tree, creds, dir, path,
				  io_flags(flags) | O_CREAT | O_EXCL,
				  mode & 07777);

	if (fd < 0)
		return fd;
	return store_file_new(tree, fd, flags | STORE_OPEN_READ, S_IFREG,
			      ret_file);
}

int store_local_co_open(struct store_tree *tree, struct store_creds *creds,
			struct store_file *dir, const char *path,
			unsigned int flags, mode_t mode,
			struct store_file **ret_file)
{
	int err = store_open_check(tree, flags), fd;
	bool is_at_once = flags & STORE_OPEN_DIRECTORY || !(flags & OPEN_IO);

	if (err)
		return err;
	assert(!dir || dir->tree == tree);
	if (flags & STORE_OPEN_CREATE)
		return co_create(tree, creds, dir, path, flags, mode, ret_file);
	if (!*path)
		return co_open_through(tree, creds,
				       dir ? local(dir)->fd
					   : store_tree_root_fd(tree),
				       flags, ret_file);
	if (is_at_once && flags & OPEN_IO) /* a directory, or -ENOTDIR */
		fd = store_co_resolve(tree, creds, dir, path,
				      io_flags(flags) |
					      (path_flags(flags) & O_NOFOLLOW),
				      0);
	else
		fd = store_co_resolve(tree, creds, dir, path, path_flags(flags),
				      0);
	if (fd < 0)
		return fd;
	if (is_at_once)
		return store_file_new(tree, fd, flags,
				      flags & STORE_OPEN_DIRECTORY ? S_IFDIR
								   : 0,
				      ret_file);
	err = co_open_through(tree, creds, fd, flags, ret_file);
	loop_close(fd);
	return err;
}

int store_local_co_reopen(struct store_file *file, struct store_creds *creds,
			  unsigned int flags, struct store_file **ret_file)
{
	int err = store_open_check(file->tree, flags);

	if (!err && flags & STORE_OPEN_CREATE)
		err = -EINVAL;
	if (err)
		return err;
	return co_open_through(file->tree, creds, local(file)->fd, flags,
			       ret_file);
}
