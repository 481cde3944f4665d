/*
 * A list: files have few, and what has many (streams) is not in a hurry.
 */
#include "fuse/fs/xattr.h"

#include <errno.h>
#include <limits.h>
#include <linux/limits.h>
#include <stdlib.h>
#include <string.h>
#include <sys/xattr.h>

struct memfs_xattr {
	TAILQ_ENTRY(memfs_xattr) entry;
	size_t name_size; /* with its NUL */
	size_t size;
	char bytes[]; /* the name, the value */
};

void memfs_xattrs_init(struct memfs_xattrs *xattrs)
{
	TAILQ_INIT(xattrs);
}

void memfs_xattrs_fini(struct memfs_xattrs *xattrs)
{
	struct memfs_xattr *x;

	while ((x = TAILQ_FIRST(xattrs))) {
		TAILQ_REMOVE(xattrs, x, entry);
		free(x);
	}
}

static struct memfs_xattr *find(const struct memfs_xattrs *xattrs,
				const char *name)
{
	struct memfs_xattr *x;

	TAILQ_FOREACH(x, xattrs, entry)
		if (strcmp(x->bytes, name) == 0)
			return x;
	return NULL;
}

int memfs_xattrs_set(struct memfs_xattrs *xattrs, const char *name,
		     const void *value, size_t size, int flags)
{
	struct memfs_xattr *old = find(xattrs, name), *x;
	size_t name_size = strlen(name) + 1;

	if (old && (flags & XATTR_CREATE))
		return -EEXIST;
	if (!old && (flags & XATTR_REPLACE))
		return -ENODATA;
	if (name_size == 1 || name_size - 1 > XATTR_NAME_MAX)
		return -ERANGE;
	if (size > XATTR_SIZE_MAX)
		return -E2BIG;
	if (!old &&
	    memfs_xattrs_list(xattrs, NULL, 0) + name_size > XATTR_LIST_MAX)
		return -ENOSPC;
	x = malloc(sizeof(*x) + name_size + size);
	if (!x)
		return -ENOMEM;
	x->name_size = name_size;
	x->size = size;
	memcpy(x->bytes, name, name_size);
	if (size > 0)
		memcpy(x->bytes + name_size, value, size);
	if (old) {
		TAILQ_INSERT_BEFORE(old, x, entry);
		TAILQ_REMOVE(xattrs, old, entry);
		free(old);
	} else {
		TAILQ_INSERT_TAIL(xattrs, x, entry);
	}
	return 0;
}

int memfs_xattrs_get(const struct memfs_xattrs *xattrs, const char *name,
		     const void **ret_value, size_t *ret_size)
{
	const struct memfs_xattr *x = find(xattrs, name);

	if (!x)
		return -ENODATA;
	*ret_value = x->bytes + x->name_size;
	*ret_size = x->size;
	return 0;
}

int memfs_xattrs_remove(struct memfs_xattrs *xattrs, const char *name)
{
	struct memfs_xattr *x = find(xattrs, name);

	if (!x)
		return -ENODATA;
	TAILQ_REMOVE(xattrs, x, entry);
	free(x);
	return 0;
}

size_t memfs_xattrs_list(const struct memfs_xattrs *xattrs, char *ret_names,
			 size_t size)
{
	const struct memfs_xattr *x;
	size_t length = 0;

	TAILQ_FOREACH(x, xattrs, entry) {
		if (length + x->name_size <= size)
			memcpy(ret_names + length, x->bytes, x->name_size);
		length += x->name_size;
	}
	return length;
}
