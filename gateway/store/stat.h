/*
 * From statx(2) to what the rooms above see.
 */
#pragma once

#include <sys/stat.h>

#include "gateway/store/store.h"

/* What store asks statx for, always. */
#define STORE_STATX_MASK (STATX_BASIC_STATS | STATX_BTIME)

/* Pure. `tree` may be NULL: then nothing is a mount root. */
void store_stat_of(const struct statx *from, const struct store_tree *tree,
		   struct store_stat *ret_stat);
