/*
 * What the file system below a directory can do, found by trying it.
 */
#pragma once

#include <stdbool.h>

#include "gateway/store/store.h"

/*
 * Tries out the file system of the directory `root_fd` (O_PATH will do). With
 * `may_write` a file without a name is made for it where the file system has
 * such, else one that loses its name at once; if that is refused, or without
 * `may_write`, nothing is written and less is certain. Blocks. -errno if the
 * directory itself can't be asked.
 */
int store_probe(int root_fd, bool may_write, struct store_features *ret);

/*
 * Whether `name` in the directory can be found in another case. `ret_is_so` is
 * untouched, and false returned, if the name has no letter to turn.
 */
bool store_probe_case(int dir_fd, const char *name, bool *ret_is_so);
