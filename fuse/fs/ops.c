/*
 * Names and attributes. Every operation holds the tree's lock from beginning to
 * end: to write where names change, to read elsewhere, beside the locks of the
 * nodes that it looks at or changes.
 */
#include "fuse/fs/memfs.h"

#include <errno.h>
#include <stdlib.h>
#include <string.h>

static struct memfs *fs_of(fuse_req_t req)
{
	return fuse_req_userdata(req);
}

struct memfs_node *memfs_enter(fuse_req_t req, fuse_ino_t number,
			       bool is_writing)
{
	struct memfs_tree *tree = &fs_of(req)->tree;
	struct memfs_node *node;

	if (is_writing)
		pthread_rwlock_wrlock(&tree->lock);
	else
		pthread_rwlock_rdlock(&tree->lock);
	node = memfs_tree_node(tree, number);
	if (!node) {
		pthread_rwlock_unlock(&tree->lock);
		fuse_reply_err(req, ESTALE);
	}
	return node;
}

void memfs_leave(fuse_req_t req)
{
	pthread_rwlock_unlock(&fs_of(req)->tree.lock);
}

void memfs_kill_privileges(struct memfs_node *node)
{
	mode_t gone = S_ISUID;

	if (node->stat.st_mode & S_IXGRP)
		gone |= S_ISGID;
	if (S_ISREG(node->stat.st_mode))
		node->stat.st_mode &= ~gone;
}

static void stat_of(struct memfs_node *node, struct stat *ret_stat)
{
	pthread_rwlock_rdlock(&node->lock);
	memfs_node_stat(node, ret_stat);
	pthread_rwlock_unlock(&node->lock);
}

/* The kernel is about to be told of the node once more. */
static void entry_of(fuse_req_t req, struct memfs_node *node,
		     struct fuse_entry_param *ret_entry)
{
	*ret_entry = (struct fuse_entry_param){
		.ino = node->number,
		.generation = node->generation,
		.attr_timeout = fs_of(req)->timeout_s,
		.entry_timeout = fs_of(req)->timeout_s,
	};
	stat_of(node, &ret_entry->attr);
	node->told++;
}

/* The tree is locked. */
static void reply_entry(fuse_req_t req, struct memfs_node *node)
{
	struct fuse_entry_param entry;

	entry_of(req, node, &entry);
	memfs_leave(req);
	fuse_reply_entry(req, &entry);
}

static void leave_with(fuse_req_t req, int err)
{
	memfs_leave(req);
	fuse_reply_err(req, -err);
}

static void op_init(void *user_data, struct fuse_conn_info *conn)
{
	(void)user_data;
	conn->want |=
		conn->capable & (FUSE_CAP_DONT_MASK | FUSE_CAP_PARALLEL_DIROPS |
				 FUSE_CAP_EXPORT_SUPPORT);
	/* What is in memory is copied anyway. */
	conn->want &=
		~(unsigned int)(FUSE_CAP_SPLICE_READ | FUSE_CAP_SPLICE_WRITE |
				FUSE_CAP_SPLICE_MOVE);
}

static void op_lookup(fuse_req_t req, fuse_ino_t parent, const char *name)
{
	struct memfs_node *dir = memfs_enter(req, parent, false), *node;
	int err;

	if (!dir)
		return;
	if (strcmp(name, ".") == 0)
		node = dir, err = 0;
	else if (strcmp(name, "..") == 0)
		node = dir->parent, err = node ? 0 : -ENOENT;
	else
		err = memfs_lookup(&fs_of(req)->tree, dir, name, &node);
	if (err < 0)
		leave_with(req, err);
	else
		reply_entry(req, node);
}

static void forget_one(struct memfs_tree *tree, fuse_ino_t number,
		       uint64_t times)
{
	struct memfs_node *node = memfs_tree_node(tree, number);

	if (node)
		memfs_forget(tree, node, times);
}

static void op_forget(fuse_req_t req, fuse_ino_t number, uint64_t times)
{
	struct memfs_tree *tree = &fs_of(req)->tree;

	pthread_rwlock_wrlock(&tree->lock);
	forget_one(tree, number, times);
	pthread_rwlock_unlock(&tree->lock);
	fuse_reply_none(req);
}

static void op_forget_multi(fuse_req_t req, size_t count,
			    struct fuse_forget_data *forgets)
{
	struct memfs_tree *tree = &fs_of(req)->tree;

	pthread_rwlock_wrlock(&tree->lock);
	for (size_t i = 0; i < count; i++)
		forget_one(tree, forgets[i].ino, forgets[i].nlookup);
	pthread_rwlock_unlock(&tree->lock);
	fuse_reply_none(req);
}

/* ---- attributes ---- */

static void op_getattr(fuse_req_t req, fuse_ino_t number,
		       struct fuse_file_info *file)
{
	struct memfs_node *node = memfs_enter(req, number, false);
	struct stat stat;

	(void)file;
	if (!node)
		return;
	stat_of(node, &stat);
	memfs_leave(req);
	fuse_reply_attr(req, &stat, fs_of(req)->timeout_s);
}

static void set_times(struct memfs_node *node, const struct stat *wanted,
		      int what)
{
	if (what & FUSE_SET_ATTR_ATIME)
		node->stat.st_atim = wanted->st_atim;
	if (what & FUSE_SET_ATTR_MTIME)
		node->stat.st_mtim = wanted->st_mtim;
	memfs_node_touch(node,
			 (what & FUSE_SET_ATTR_ATIME_NOW ? MEMFS_ATIME : 0) |
				 (what & FUSE_SET_ATTR_MTIME_NOW ? MEMFS_MTIME
								 : 0) |
				 MEMFS_CTIME);
	if (what & FUSE_SET_ATTR_CTIME)
		node->stat.st_ctim = wanted->st_ctim;
}

static int set_attributes(struct memfs_tree *tree, struct memfs_node *node,
			  const struct stat *wanted, int what)
{
	if (what & FUSE_SET_ATTR_SIZE) {
		int err = S_ISREG(node->stat.st_mode) ? 0 : -EINVAL;

		if (err == 0)
			err = memfs_data_resize(&node->data, &tree->room,
						(uint64_t)wanted->st_size);
		if (err < 0)
			return err;
		memfs_kill_privileges(node);
		memfs_node_touch(node, MEMFS_MTIME);
	}
	if (what & FUSE_SET_ATTR_UID)
		node->stat.st_uid = wanted->st_uid;
	if (what & FUSE_SET_ATTR_GID)
		node->stat.st_gid = wanted->st_gid;
	if (what & (FUSE_SET_ATTR_UID | FUSE_SET_ATTR_GID))
		memfs_kill_privileges(node);
	if (what & FUSE_SET_ATTR_MODE)
		node->stat.st_mode = (node->stat.st_mode & S_IFMT) |
				     (wanted->st_mode & 07777);
	set_times(node, wanted, what);
	return 0;
}

static void op_setattr(fuse_req_t req, fuse_ino_t number, struct stat *wanted,
		       int what, struct fuse_file_info *file)
{
	struct memfs_node *node = memfs_enter(req, number, false);
	struct stat stat;
	int err;

	(void)file;
	if (!node)
		return;
	pthread_rwlock_wrlock(&node->lock);
	err = set_attributes(&fs_of(req)->tree, node, wanted, what);
	memfs_node_stat(node, &stat);
	pthread_rwlock_unlock(&node->lock);
	memfs_leave(req);
	if (err < 0)
		fuse_reply_err(req, -err);
	else
		fuse_reply_attr(req, &stat, fs_of(req)->timeout_s);
}

static void op_readlink(fuse_req_t req, fuse_ino_t number)
{
	struct memfs_tree *tree = &fs_of(req)->tree;
	struct memfs_node *node = memfs_enter(req, number, false);

	if (!node)
		return;
	if (node->target)
		fuse_reply_readlink(req, node->target);
	else
		fuse_reply_err(req, EINVAL);
	pthread_rwlock_unlock(&tree->lock);
}

static void op_statfs(fuse_req_t req, fuse_ino_t number)
{
	const struct memfs_tree *tree = &fs_of(req)->tree;
	struct memfs_node *node = memfs_enter(req, number, false);
	struct statvfs facts;
	uint64_t free_blocks;

	if (!node)
		return;
	free_blocks = tree->room.used < tree->room.max
			      ? tree->room.max - tree->room.used
			      : 0;
	facts = (struct statvfs){
		.f_bsize = MEMFS_BLOCK,
		.f_frsize = MEMFS_BLOCK,
		.f_blocks = tree->room.max,
		.f_bfree = free_blocks,
		.f_bavail = free_blocks,
		.f_files = tree->room.max + 1024,
		.f_ffree = tree->room.max + 1024 - tree->count,
		.f_favail = tree->room.max + 1024 - tree->count,
		.f_namemax = MEMFS_NAME_MAX,
	};
	memfs_leave(req);
	fuse_reply_statfs(req, &facts);
}

/* ---- names ---- */

/* 0 with the tree locked and the node made, or the error was replied. */
static int make(fuse_req_t req, fuse_ino_t parent, const char *name,
		mode_t mode, dev_t rdev, const char *target,
		struct memfs_node **ret_node)
{
	const struct fuse_ctx *ctx = fuse_req_ctx(req);
	const struct memfs_new what = {
		.mode = S_ISLNK(mode) ? mode : mode & ~ctx->umask,
		.rdev = rdev,
		.uid = ctx->uid,
		.gid = ctx->gid,
		.target = target,
	};
	struct memfs_node *dir = memfs_enter(req, parent, true);
	int err;

	if (!dir)
		return -ESTALE;
	err = memfs_make(&fs_of(req)->tree, dir, name, &what, ret_node);
	if (err < 0)
		leave_with(req, err);
	return err;
}

static void op_mknod(fuse_req_t req, fuse_ino_t parent, const char *name,
		     mode_t mode, dev_t rdev)
{
	struct memfs_node *node;

	if (make(req, parent, name, mode, rdev, NULL, &node) == 0)
		reply_entry(req, node);
}

static void op_mkdir(fuse_req_t req, fuse_ino_t parent, const char *name,
		     mode_t mode)
{
	struct memfs_node *node;

	if (make(req, parent, name, S_IFDIR | mode, 0, NULL, &node) == 0)
		reply_entry(req, node);
}

static void op_symlink(fuse_req_t req, const char *target, fuse_ino_t parent,
		       const char *name)
{
	struct memfs_node *node;

	if (make(req, parent, name, S_IFLNK | 0777, 0, target, &node) == 0)
		reply_entry(req, node);
}

static void op_create(fuse_req_t req, fuse_ino_t parent, const char *name,
		      mode_t mode, struct fuse_file_info *file)
{
	struct fuse_entry_param entry;
	struct memfs_node *node;

	if (make(req, parent, name, S_IFREG | (mode & 07777), 0, NULL, &node) <
	    0)
		return;
	node->opens++;
	entry_of(req, node, &entry);
	memfs_leave(req);
	fuse_reply_create(req, &entry, file);
}

static void remove_name(fuse_req_t req, fuse_ino_t parent, const char *name,
			bool is_rmdir)
{
	struct memfs_node *dir = memfs_enter(req, parent, true);

	if (dir)
		leave_with(req, memfs_remove(&fs_of(req)->tree, dir, name,
					     is_rmdir));
}

static void op_unlink(fuse_req_t req, fuse_ino_t parent, const char *name)
{
	remove_name(req, parent, name, false);
}

static void op_rmdir(fuse_req_t req, fuse_ino_t parent, const char *name)
{
	remove_name(req, parent, name, true);
}

static void op_rename(fuse_req_t req, fuse_ino_t from_parent, const char *from,
		      fuse_ino_t to_parent, const char *to, unsigned int flags)
{
	struct memfs_tree *tree = &fs_of(req)->tree;
	struct memfs_node *from_dir = memfs_enter(req, from_parent, true);
	struct memfs_node *to_dir;

	if (!from_dir)
		return;
	to_dir = memfs_tree_node(tree, to_parent);
	leave_with(req, to_dir ? memfs_rename(tree, from_dir, from, to_dir, to,
					      flags)
			       : -ESTALE);
}

static void op_link(fuse_req_t req, fuse_ino_t number, fuse_ino_t parent,
		    const char *name)
{
	struct memfs_tree *tree = &fs_of(req)->tree;
	struct memfs_node *node = memfs_enter(req, number, true), *dir;
	int err;

	if (!node)
		return;
	dir = memfs_tree_node(tree, parent);
	err = dir ? memfs_link(tree, node, dir, name) : -ESTALE;
	if (err < 0)
		leave_with(req, err);
	else
		reply_entry(req, node);
}

/* ---- listings ---- */

/* The cookies of . and .. come before those of the entries. */
enum {
	DOT = 1,
	DOT_DOT = 2,
	FIRST = 2, /* added to an entry's */
};

struct listing {
	fuse_req_t req;
	bool is_plus;
	char *bytes;
	size_t size, used;
};

/* False: it has no room. */
static bool list_one(struct listing *l, const char *name,
		     struct memfs_node *node, uint64_t cookie)
{
	struct fuse_entry_param entry = { .attr.st_ino = node->number,
					  .attr.st_mode = node->stat.st_mode };
	size_t room = l->size - l->used, needs;

	if (!l->is_plus) {
		needs = fuse_add_direntry(l->req, l->bytes + l->used, room,
					  name, &entry.attr, (off_t)cookie);
	} else {
		/* What is listed is told, but for . and .. */
		if (cookie > FIRST) {
			entry_of(l->req, node, &entry);
			entry.ino = node->number;
		}
		needs = fuse_add_direntry_plus(l->req, l->bytes + l->used, room,
					       name, &entry, (off_t)cookie);
		if (needs > room && cookie > FIRST)
			node->told--;
	}
	if (needs > room)
		return false;
	l->used += needs;
	return true;
}

static void list_all(struct listing *l, struct memfs_node *dir, uint64_t offset)
{
	struct memfs_node *above = dir->parent ? dir->parent : dir, *node;
	uint64_t cookie = offset > FIRST ? offset - FIRST : 0;
	const char *name;

	if (offset < DOT && !list_one(l, ".", dir, DOT))
		return;
	if (offset < DOT_DOT && !list_one(l, "..", above, DOT_DOT))
		return;
	while ((name = memfs_list(dir, cookie, &cookie, &node)))
		if (!list_one(l, name, node, cookie + FIRST))
			return;
}

static void list(fuse_req_t req, fuse_ino_t number, size_t size, off_t offset,
		 bool is_plus)
{
	struct listing l = { .req = req, .is_plus = is_plus, .size = size };
	struct memfs_node *dir = memfs_enter(req, number, false);

	if (!dir)
		return;
	l.bytes = malloc(size);
	if (l.bytes)
		list_all(&l, dir, (uint64_t)offset);
	memfs_leave(req);
	if (l.bytes)
		fuse_reply_buf(req, l.bytes, l.used);
	else
		fuse_reply_err(req, ENOMEM);
	free(l.bytes);
}

static void op_readdir(fuse_req_t req, fuse_ino_t number, size_t size,
		       off_t offset, struct fuse_file_info *file)
{
	(void)file;
	list(req, number, size, offset, false);
}

static void op_readdirplus(fuse_req_t req, fuse_ino_t number, size_t size,
			   off_t offset, struct fuse_file_info *file)
{
	(void)file;
	list(req, number, size, offset, true);
}

/* ---- extended attributes ---- */

static void op_setxattr(fuse_req_t req, fuse_ino_t number, const char *name,
			const char *value, size_t size, int flags)
{
	struct memfs_node *node = memfs_enter(req, number, false);
	int err;

	if (!node)
		return;
	pthread_rwlock_wrlock(&node->lock);
	err = memfs_xattrs_set(&node->xattrs, name, value, size, flags);
	if (err == 0)
		memfs_node_touch(node, MEMFS_CTIME);
	pthread_rwlock_unlock(&node->lock);
	leave_with(req, err);
}

static void op_removexattr(fuse_req_t req, fuse_ino_t number, const char *name)
{
	struct memfs_node *node = memfs_enter(req, number, false);
	int err;

	if (!node)
		return;
	pthread_rwlock_wrlock(&node->lock);
	err = memfs_xattrs_remove(&node->xattrs, name);
	if (err == 0)
		memfs_node_touch(node, MEMFS_CTIME);
	pthread_rwlock_unlock(&node->lock);
	leave_with(req, err);
}

static void op_getxattr(fuse_req_t req, fuse_ino_t number, const char *name,
			size_t size)
{
	struct memfs_tree *tree = &fs_of(req)->tree;
	struct memfs_node *node = memfs_enter(req, number, false);
	const void *value;
	size_t length;
	int err;

	if (!node)
		return;
	pthread_rwlock_rdlock(&node->lock);
	err = memfs_xattrs_get(&node->xattrs, name, &value, &length);
	if (err < 0)
		fuse_reply_err(req, -err);
	else if (size == 0)
		fuse_reply_xattr(req, length);
	else if (length > size)
		fuse_reply_err(req, ERANGE);
	else
		fuse_reply_buf(req, value, length);
	pthread_rwlock_unlock(&node->lock);
	pthread_rwlock_unlock(&tree->lock);
}

static void op_listxattr(fuse_req_t req, fuse_ino_t number, size_t size)
{
	struct memfs_node *node = memfs_enter(req, number, false);
	char *names;
	size_t length;

	if (!node)
		return;
	names = malloc(size ? size : 1);
	pthread_rwlock_rdlock(&node->lock);
	length = memfs_xattrs_list(&node->xattrs, names, names ? size : 0);
	pthread_rwlock_unlock(&node->lock);
	memfs_leave(req);
	if (!names)
		fuse_reply_err(req, ENOMEM);
	else if (size == 0)
		fuse_reply_xattr(req, length);
	else if (length > size)
		fuse_reply_err(req, ERANGE);
	else
		fuse_reply_buf(req, names, length);
	free(names);
}

const struct fuse_lowlevel_ops memfs_ops = {
	.init = op_init,
	.lookup = op_lookup,
	.forget = op_forget,
	.forget_multi = op_forget_multi,
	.getattr = op_getattr,
	.setattr = op_setattr,
	.readlink = op_readlink,
	.mknod = op_mknod,
	.mkdir = op_mkdir,
	.symlink = op_symlink,
	.unlink = op_unlink,
	.rmdir = op_rmdir,
	.rename = op_rename,
	.link = op_link,
	.create = op_create,
	.statfs = op_statfs,
	.readdir = op_readdir,
	.readdirplus = op_readdirplus,
	.setxattr = op_setxattr,
	.getxattr = op_getxattr,
	.listxattr = op_listxattr,
	.removexattr = op_removexattr,
	.open = memfs_op_open,
	.release = memfs_op_release,
	.flush = memfs_op_flush,
	.fsync = memfs_op_fsync,
	.fsyncdir = memfs_op_fsync,
	.read = memfs_op_read,
	.write = memfs_op_write,
	.fallocate = memfs_op_fallocate,
	.lseek = memfs_op_lseek,
	.copy_file_range = memfs_op_copy,
};
