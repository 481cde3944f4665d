/*
 * What the other files of the room need to know of open files: descriptors,
 * and how to name one in a path.
 */
#pragma once

#include <errno.h>
#include <stdio.h>
#include <string.h>

#include "gateway/store/store.h"
#include "gateway/store/tree.h"

/* "/proc/self/fd/" and a number. */
#define STORE_FD_PATH_SIZE 32

/*
 * The name of one of our own descriptors: the way to open or change what an
 * O_PATH descriptor stands for. Never a path of a tree.
 */
static inline void store_fd_path(int fd, char to[STORE_FD_PATH_SIZE])
{
	snprintf(to, STORE_FD_PATH_SIZE, "/proc/self/fd/%d", fd);
}

/* 0 if `name` is one component that stays below its directory, or -EINVAL. */
static inline int store_name_check(const char *name)
{
	if (!*name || !strcmp(name, ".") || !strcmp(name, "..") ||
	    strchr(name, '/'))
		return -EINVAL;
	return 0;
}

/* Whether the tree and each other suit STORE_OPEN_*: 0, -EROFS or -EINVAL. */
int store_open_check(const struct store_tree *tree, unsigned int flags);

/*
 * Makes a file of a descriptor, which it takes, also on failure. `type` is
 * S_IFMT of the mode where it is known, else 0. `flags`: enum
 * store_open_flags.
 */
int store_file_new(struct store_tree *tree, int fd, unsigned int flags,
		   mode_t type, struct store_file **ret_file);

/* Whether the descriptor is an O_PATH one, which most calls refuse. */
bool store_file_is_path(const struct store_file *file);

/* A regular file that has not yet refused to be spliced. */
bool store_file_is_spliceable(const struct store_file *file);
void store_file_refuses_splice(struct store_file *file);

/* 0, or -EROFS if the tree is not to be changed. */
static inline int store_file_check_write(const struct store_file *file)
{
	return store_tree_is_read_only(store_file_tree(file)) ? -EROFS : 0;
}
