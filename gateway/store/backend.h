/*
 * The programs behind trees: started before the tree is, stopped after it.
 */
#pragma once

#include "gateway/store/store.h"

struct fusefs_backend;
struct fusefs_conn;

/*
 * Starts it; *ret_root_fd is the caller's, or *ret_conn (the direct door) a
 * reference. Renewals go to `tree`.
 */
int store_backend_start(struct store_tree *tree,
			const struct store_program *program, bool is_read_only,
			struct fusefs_backend **ret_backend, int *ret_root_fd,
			struct fusefs_conn **ret_conn);
