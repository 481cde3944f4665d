/*
 * The one place where paths of a tree are resolved.
 */
#pragma once

#include "gateway/store/store.h"

/*
 * openat2 below the tree's root or below `dir` (NULL: the root), with `flags`
 * and `mode` of openat2(2): a descriptor or -errno. Never leaves the tree;
 * symlinks as the tree's options say.
 */
int store_co_resolve(struct store_tree *tree, struct store_creds *creds,
		     struct store_file *dir, const char *path, int flags,
		     mode_t mode);
