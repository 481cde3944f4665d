/*
 * The programs behind trees: started before the tree is, stopped after it.
 */
#pragma once

#include "gateway/store/store.h"

struct fusefs_backend;

/* Starts it; *ret_root_fd is the caller's. Renewals go to `tree`. */
int store_backend_start(struct store_tree *tree,
			const struct store_program *program, bool is_read_only,
			struct fusefs_backend **ret_backend, int *ret_root_fd);
