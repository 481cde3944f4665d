/*
 * A tree of files in memory: nodes, and names for them in directories.
 *
 * A node has a number by which a kernel means it. It lives as long as it has a
 * name, is open, or the kernel remembers it.
 *
 * Pure but for the clock. Thread: not locked; callers hold the tree's lock to
 * read where they find, and to write where they change names. The attributes,
 * bytes and extended attributes of a node are under its own lock.
 */
#pragma once

#include <pthread.h>
#include <stdatomic.h>
#include <stdint.h>
#include <sys/stat.h>
#include <sys/types.h>

#include "fuse/fs/data.h"
#include "fuse/fs/xattr.h"

enum {
	MEMFS_ROOT = 1, /* FUSE_ROOT_ID */
	MEMFS_NAME_MAX = 255,
};

struct memfs_entry;

struct memfs_node {
	uint64_t number;
	uint64_t generation;
	_Atomic uint64_t told; /* how often the kernel was told of it */
	_Atomic unsigned int opens;
	/* under the tree's lock */
	struct memfs_node *parent; /* of a directory that has a name */
	struct memfs_entry *by_name;
	struct memfs_entry **entries; /* by cookie */
	size_t count;
	size_t capacity;
	uint64_t cookie; /* of the newest entry */
	/* under the node's own */
	pthread_rwlock_t lock;
	struct stat stat; /* without size and blocks */
	struct memfs_data data;
	struct memfs_xattrs xattrs;
	char *target; /* of a symlink */
};

struct memfs_tree {
	pthread_rwlock_t lock;
	struct memfs_node **nodes; /* by number */
	uint64_t capacity;
	uint64_t *unused; /* numbers to be given again: a stack */
	uint64_t unused_count;
	uint64_t next;
	uint64_t generation;
	uint64_t count; /* of nodes */
	struct memfs_room room;
};

/* What a new node is to be. */
struct memfs_new {
	mode_t mode;
	dev_t rdev;
	uid_t uid;
	gid_t gid;
	const char *target; /* of a symlink; copied */
};

/* With room for so many bytes. 0 or -ENOMEM. */
int memfs_tree_init(struct memfs_tree *tree, uint64_t bytes_max, uid_t uid,
		    gid_t gid);
void memfs_tree_fini(struct memfs_tree *tree);

/* NULL: there is none of this number. */
struct memfs_node *memfs_tree_node(struct memfs_tree *tree, uint64_t number);

/* The attributes, whole. The node's lock is held to read. */
void memfs_node_stat(const struct memfs_node *node, struct stat *ret_stat);

enum memfs_times {
	MEMFS_ATIME = 1,
	MEMFS_MTIME = 2,
	MEMFS_CTIME = 4,
};

/* Now is the time of it. The node's lock is held to write. */
void memfs_node_touch(struct memfs_node *node, unsigned int times);

/* 0, -ENOENT or -ENOTDIR. */
int memfs_lookup(struct memfs_tree *tree, struct memfs_node *dir,
		 const char *name, struct memfs_node **ret_node);

/*
 * 0, -EEXIST, -ENOENT (the directory itself was removed), -ENOTDIR,
 * -ENAMETOOLONG, -ENOSPC or -ENOMEM. A set-group-id directory gives its group.
 */
int memfs_make(struct memfs_tree *tree, struct memfs_node *dir,
	       const char *name, const struct memfs_new *what,
	       struct memfs_node **ret_node);

/* As memfs_make(), or -EPERM for a directory. */
int memfs_link(struct memfs_tree *tree, struct memfs_node *node,
	       struct memfs_node *dir, const char *name);

/* Exactly one of unlink(2) and rmdir(2). 0 or their errors. The node may be
   gone afterwards. */
int memfs_remove(struct memfs_tree *tree, struct memfs_node *dir,
		 const char *name, bool is_rmdir);

/* renameat2(2) with RENAME_NOREPLACE and RENAME_EXCHANGE; other flags are
   -EINVAL. */
int memfs_rename(struct memfs_tree *tree, struct memfs_node *from_dir,
		 const char *from, struct memfs_node *to_dir, const char *to,
		 unsigned int flags);

/* The kernel forgets that it was told so often. The node may be gone. */
void memfs_forget(struct memfs_tree *tree, struct memfs_node *node,
		  uint64_t times);

/* One who has it open no more. The node may be gone. */
void memfs_released(struct memfs_tree *tree, struct memfs_node *node);

/*
 * The first name whose cookie is greater, with that cookie; the first of all
 * for 0. NULL: there is none. It stays the tree's.
 */
const char *memfs_list(const struct memfs_node *dir, uint64_t cookie,
		       uint64_t *ret_cookie, struct memfs_node **ret_node);
