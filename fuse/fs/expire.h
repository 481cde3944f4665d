/*
 * Files that nobody has changed for a while go, and the kernel is told: what
 * makes a file system in memory a place for what is in passing.
 */
#pragma once

#include "fuse/fs/memfs.h"

struct memfs_expiry {
	struct memfs *fs;
	struct fuse_session *session;
	unsigned int after_s;
};

/* Starts its thread, which borrows `expiry` until the process ends.
   0 or -errno. */
int memfs_expiry_start(struct memfs_expiry *expiry);

/*
 * Removes those files whose bytes and names are older than `after_s` at `now`,
 * and that nobody has open. How many; told() is called for each, unlocked.
 */
unsigned int memfs_expire(struct memfs_tree *tree, int64_t now_s,
			  unsigned int after_s,
			  void (*told)(void *context, uint64_t parent,
				       uint64_t number, const char *name),
			  void *context);
