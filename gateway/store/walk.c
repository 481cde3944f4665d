/*
 * Names to descriptors, inside the tree only. The kernel does the walking and
 * the guarding, by openat2 with RESOLVE_BENEATH; this file chooses where to
 * start from, what becomes of symlinks, and finds out afterwards which
 * component it was that failed.
 *
 * RESOLVE_BENEATH means below the directory that the walk starts from. A link
 * to "../x" in a sub-directory stays inside the tree but not below that
 * directory. So a walk from a sub-directory first goes without links; if there
 * is one, the walk is done again from the root, by the path that the kernel
 * says the directory has now. Absolute links always lead out (-EXDEV).
 */
#include "gateway/store/walk.h"

#include <errno.h>
#include <fcntl.h>
#include <limits.h>
#include <stdlib.h>
#include <string.h>
#include <unistd.h>

#include "gateway/loop/loop.h"
#include "gateway/store/creds.h"
#include "gateway/store/file.h"
#include "gateway/store/ops.h"
#include "gateway/store/tree.h"

/*
 * While anything is being renamed the kernel can't vouch for a ".." in a link
 * and says EAGAIN. Storms of renames pass; a walk is not worth more than this.
 */
#define WALK_TRIES 128

static int co_openat2(const struct loop_identity *as, int dir_fd,
		      const char *path, const struct open_how *how)
{
	int fd = -EAGAIN, tries;

	for (tries = 0; fd == -EAGAIN && tries < WALK_TRIES; tries++) {
		if (tries)
			loop_co_yield();
		fd = loop_co_openat2(as, dir_fd, path, how);
	}
	return fd == -EAGAIN ? -EXDEV : fd;
}

/*
 * What the kernel calls the directory now, relative to what it calls the root:
 * bytes put into `to`. Both names come from the same moment's mounts, so this
 * also works where the root is not reachable from our own.
 */
static int path_below_root(struct store_tree *tree, struct store_file *dir,
			   char *to, size_t size)
{
	char name[STORE_FD_PATH_SIZE], root[PATH_MAX];
	ssize_t root_length, length;

	store_fd_path(store_tree_root_fd(tree), name);
	root_length = readlink(name, root, sizeof(root));
	store_fd_path(store_file_fd(dir), name);
	length = root_length < 0 ? -1 : readlink(name, to, size);
	if (length < 0)
		return -errno;
	if ((size_t)length >= size || (size_t)root_length >= sizeof(root))
		return -ENAMETOOLONG;
	if (root_length == 1)
		root_length = 0; /* "/" is in front of all that follows */
	if (length < root_length || memcmp(to, root, (size_t)root_length))
		return -EXDEV;
	length -= root_length;
	memmove(to, to + root_length, (size_t)length);
	if (!length)
		return 0;
	if (to[0] != '/')
		return -EXDEV;
	memmove(to, to + 1, (size_t)length - 1);
	return (int)length - 1;
}

static int co_resolve_from_root(struct store_tree *tree,
				const struct loop_identity *as,
				struct store_file *dir, const char *path,
				const struct open_how *how)
{
	size_t size = PATH_MAX + strlen(path) + 2;
	char *whole = malloc(size);
	int length, fd;

	if (!whole)
		return -ENOMEM;
	length = path_below_root(tree, dir, whole, PATH_MAX);
	if (length < 0) {
		free(whole);
		return length;
	}
	snprintf(whole + length, size - (size_t)length, "%s%s",
		 length ? "/" : "", path);
	fd = co_openat2(as, store_tree_root_fd(tree), whole, how);
	free(whole);
	return fd;
}

int store_co_resolve(struct store_tree *tree, struct store_creds *creds,
		     struct store_file *dir, const char *path, int flags,
		     mode_t mode)
{
	const struct loop_identity *as = store_creds_identity(creds);
	bool follows =
		store_tree_options(tree)->symlinks == STORE_SYMLINKS_FOLLOW;
	struct open_how how = {
		.flags = (unsigned int)(flags | O_CLOEXEC),
		.mode = mode,
		.resolve = RESOLVE_BENEATH | RESOLVE_NO_MAGICLINKS,
	};
	int fd;

	if (!dir && follows)
		return co_openat2(as, store_tree_root_fd(tree), path, &how);
	how.resolve |= RESOLVE_NO_SYMLINKS;
	fd = co_openat2(as, dir ? store_file_fd(dir) : store_tree_root_fd(tree),
			path, &how);
	if (fd != -ELOOP || !follows)
		return fd;
	how.resolve &= ~(uint64_t)RESOLVE_NO_SYMLINKS;
	return co_resolve_from_root(tree, as, dir, path, &how);
}

/* ---- walking, and where it ended ---- */

static size_t component_count(const char *path)
{
	size_t count = 0;

	while (*(path += strspn(path, "/"))) {
		path += strcspn(path, "/");
		count++;
	}
	return count;
}

/* The length of the first `count` components with what lies between them. */
static size_t prefix_length(const char *path, size_t count)
{
	const char *p = path;

	while (count--) {
		p += strspn(p, "/");
		p += strcspn(p, "/");
	}
	return (size_t)(p - path);
}

static int co_walk_prefix(struct store_tree *tree, struct store_creds *creds,
			  const char *path, size_t length)
{
	char *prefix = strndup(path, length);
	int fd;

	if (!prefix)
		return -ENOMEM;
	fd = store_co_resolve(tree, creds, NULL, prefix, O_PATH | O_DIRECTORY,
			      0);
	free(prefix);
	return fd;
}

/*
 * The whole path failed with `err`. If n components can be walked, so can any
 * fewer: so halve. Returns the error of the first one that can't.
 */
static int co_find_failure(struct store_tree *tree, struct store_creds *creds,
			   const char *path, int err, size_t *ret_good)
{
	size_t good = 0, bad = component_count(path);

	while (good + 1 < bad) {
		size_t middle = good + (bad - good) / 2;
		int fd = co_walk_prefix(tree, creds, path,
					prefix_length(path, middle));

		if (fd < 0) {
			bad = middle;
			err = fd;
		} else {
			good = middle;
			loop_close(fd);
		}
	}
	*ret_good = good;
	return err;
}

int store_local_co_walk(struct store_tree *tree, struct store_creds *creds,
			const char *path, struct store_file **ret_dir,
			size_t *ret_good)
{
	int fd = store_co_resolve(tree, creds, NULL, *path ? path : ".",
				  O_PATH | O_DIRECTORY, 0);

	if (fd < 0)
		return co_find_failure(tree, creds, path, fd, ret_good);
	*ret_good = component_count(path);
	return store_file_new(tree, fd, STORE_OPEN_PATH | STORE_OPEN_DIRECTORY,
			      S_IFDIR, ret_dir);
}
