/*
 * What the other files of the room need to know of a tree.
 */
#pragma once

#include <stdbool.h>
#include <sys/stat.h>

#include "gateway/store/store.h"

struct fusefs_conn;

/* An O_PATH descriptor of the root directory. Borrowed. */
int store_tree_root_fd(const struct store_tree *tree);

/* What its program is called in the log; "" if there is none. */
const char *store_tree_name(const struct store_tree *tree);

/*
 * The root is another one from now on: that of the same program, started
 * again. `root_fd` is copied, or `conn` referenced. Thread: any.
 */
int store_tree_renew(struct store_tree *tree, int root_fd,
		     struct fusefs_conn *conn);

/* The direct door: the connection at the moment, a reference; -ENOTCONN. */
int store_tree_conn(struct store_tree *tree, struct fusefs_conn **ret_conn);

/* For any answer of its program. */
unsigned int store_tree_timeout(const struct store_tree *tree);

/*
 * Space of a file system that says it has none at all: it does not know, and
 * clients don't write to a full disk. So there is some.
 */
void store_tree_mend_space(struct store_space *space);

/* Whether the program behind it is there and answers; without one: true. */
bool store_tree_is_ready(const struct store_tree *tree);

/* Its lane's slot (lane.h); 0: none of its calls hangs. */
unsigned int store_tree_lane(const struct store_tree *tree);

/* The file that the tree's root is. */
bool store_tree_is_root(const struct store_tree *tree,
			const struct store_key *key);

/*
 * Whether a file with these facts lies in the root's own file system, and that
 * one says what it knows of an open file without waiting for anything: then
 * statx(2) need not go through the loop.
 */
bool store_tree_is_local(const struct store_tree *tree,
			 const struct statx *file);

/* The same, and contents are in memory (or, rarely, in the swap). */
bool store_tree_is_in_memory(const struct store_tree *tree,
			     const struct statx *file);

static inline bool store_tree_is_read_only(const struct store_tree *tree)
{
	return store_tree_options(tree)->is_read_only;
}
