/*
 * The extended attributes of one file in memory.
 *
 * Pure; not locked.
 */
#pragma once

#include <stddef.h>
#include <stdint.h>
#include <sys/queue.h>

struct memfs_xattr;
TAILQ_HEAD(memfs_xattrs, memfs_xattr);

void memfs_xattrs_init(struct memfs_xattrs *xattrs);
void memfs_xattrs_fini(struct memfs_xattrs *xattrs);

/* As setxattr(2): 0, -EEXIST, -ENODATA, -ERANGE, -E2BIG, -ENOSPC or -ENOMEM. */
int memfs_xattrs_set(struct memfs_xattrs *xattrs, const char *name,
		     const void *value, size_t size, int flags);

/* The value, which stays theirs: 0 or -ENODATA. */
int memfs_xattrs_get(const struct memfs_xattrs *xattrs, const char *name,
		     const void **ret_value, size_t *ret_size);

/* 0 or -ENODATA. */
int memfs_xattrs_remove(struct memfs_xattrs *xattrs, const char *name);

/*
 * The names, each with its NUL: how many bytes, of which at most `size` were
 * written.
 */
size_t memfs_xattrs_list(const struct memfs_xattrs *xattrs, char *ret_names,
			 size_t size);
