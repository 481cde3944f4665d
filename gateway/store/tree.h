/*
 * What the other files of the room need to know of a tree.
 */
#pragma once

#include <stdbool.h>

#include "gateway/store/store.h"

/* An O_PATH descriptor of the root directory. Borrowed. */
int store_tree_root_fd(const struct store_tree *tree);

/* The file that the tree's root is. */
bool store_tree_is_root(const struct store_tree *tree,
			const struct store_key *key);

static inline bool store_tree_is_read_only(const struct store_tree *tree)
{
	return store_tree_options(tree)->is_read_only;
}
