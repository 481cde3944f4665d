/*
 * What is done to names in a directory: making, removing, moving, linking.
 * Each name is one component, so it can't lead anywhere but into the directory
 * that the descriptor stands for. Leaves to the kernel whether the user may.
 */
#include <assert.h>
#include <errno.h>
#include <fcntl.h>
#include <stdio.h>
#include <sys/stat.h>
#include <unistd.h>

#include "gateway/loop/loop.h"
#include "gateway/store/creds.h"
#include "gateway/store/file.h"
#include "gateway/store/ops.h"
#include "gateway/store/store.h"

static int check_change(const struct store_file *dir, const char *name)
{
	int err = store_file_check_write(dir);

	return err ? err : store_name_check(name);
}

int store_local_co_mkdir(struct store_creds *creds, struct store_file *dir,
			 const char *name, mode_t mode)
{
	int err = check_change(dir, name);

	if (err)
		return err;
	return loop_co_mkdirat(store_creds_identity(creds), store_file_fd(dir),
			       name, mode);
}

int store_local_co_unlink(struct store_creds *creds, struct store_file *dir,
			  const char *name, bool is_directory)
{
	int err = check_change(dir, name);

	if (err)
		return err;
	return loop_co_unlinkat(store_creds_identity(creds), store_file_fd(dir),
				name, is_directory ? AT_REMOVEDIR : 0);
}

/*
 * Few programs behind FUSE know RENAME_NOREPLACE: they call it invalid. So the
 * name is looked for, and then taken. Someone else may be quicker in between,
 * by way of the program; clients of ours are kept apart above.
 */
static int co_rename_in_steps(struct store_creds *creds,
			      struct store_file *from_dir, const char *from,
			      struct store_file *to_dir, const char *to)
{
	struct store_stat ignored;
	int err = store_local_co_stat_at(creds, to_dir, to, &ignored);

	if (err != -ENOENT)
		return err ? err : -EEXIST;
	return loop_co_renameat2(store_creds_identity(creds),
				 store_file_fd(from_dir), from,
				 store_file_fd(to_dir), to, 0);
}

int store_local_co_rename(struct store_creds *creds,
			  struct store_file *from_dir, const char *from,
			  struct store_file *to_dir, const char *to,
			  unsigned int flags)
{
	int err = check_change(from_dir, from);

	if (!err)
		err = check_change(to_dir, to);
	if (!err && store_file_tree(from_dir) != store_file_tree(to_dir))
		err = -EXDEV;
	if (err)
		return err;
	err = loop_co_renameat2(store_creds_identity(creds),
				store_file_fd(from_dir), from,
				store_file_fd(to_dir), to, flags);
	if (err == -EINVAL && flags == RENAME_NOREPLACE)
		err = co_rename_in_steps(creds, from_dir, from, to_dir, to);
	return err;
}

/*
 * By the descriptor's path, as linking a descriptor as such takes a capability
 * that users don't have.
 */
int store_local_co_link(struct store_creds *creds, struct store_file *file,
			struct store_file *dir, const char *name)
{
	char path[STORE_FD_PATH_SIZE];
	int err = check_change(dir, name);

	if (!err && store_file_tree(file) != store_file_tree(dir))
		err = -EXDEV;
	if (err)
		return err;
	store_fd_path(store_file_fd(file), path);
	return loop_co_linkat(store_creds_identity(creds), AT_FDCWD, path,
			      store_file_fd(dir), name, AT_SYMLINK_FOLLOW);
}

int store_local_co_symlink(struct store_creds *creds, struct store_file *dir,
			   const char *name, const char *target)
{
	int err = check_change(dir, name);

	if (err)
		return err;
	return loop_co_symlinkat(store_creds_identity(creds), target,
				 store_file_fd(dir), name);
}

struct mknod_call {
	int dir;
	const char *name;
	mode_t mode;
};

static int64_t call_mknod(void *arg)
{
	const struct mknod_call *c = arg;

	return mknodat(c->dir, c->name, c->mode, 0) ? -errno : 0;
}

int store_local_co_mknod(struct store_creds *creds, struct store_file *dir,
			 const char *name, mode_t mode)
{
	struct mknod_call c = { store_file_fd(dir), name, mode };
	int err = check_change(dir, name);

	if (err)
		return err;
	assert(S_ISFIFO(mode) || S_ISSOCK(mode));
	return (int)loop_co_call(store_creds_identity(creds), call_mknod, &c);
}

struct readlink_call {
	int fd;
	char *to;
	size_t size;
};

static int64_t call_readlink(void *arg)
{
	const struct readlink_call *c = arg;
	ssize_t length = readlinkat(c->fd, "", c->to, c->size);

	if (length < 0) /* so it says of what is no link */
		return errno == ENOENT ? -EINVAL : -errno;
	if ((size_t)length >= c->size)
		return -ERANGE;
	c->to[length] = '\0';
	return 0;
}

int store_local_co_readlink(struct store_file *file, char *to, size_t size)
{
	struct readlink_call c = { store_file_fd(file), to, size };

	if (!size)
		return -ERANGE;
	return (int)loop_co_call(NULL, call_readlink, &c);
}
