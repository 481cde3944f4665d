/*
 * What the file system below a directory can do, found by trying it.
 */
#pragma once

#include <stdbool.h>

#include "gateway/store/store.h"

/* What is known of a type of file system, whatever is tried. */
struct store_kind {
	bool has_holes;
	bool is_local;  /* says what it knows of an open file without waiting */
	bool is_memory; /* nothing is on a disk, but for the swap */
	bool is_far;    /* a program or another host answers, when it likes */
	bool dates_xattrs; /* setting one moves the change time */
};

/* Of statfs(2)'s f_type; all false if it is none that is known. Pure. */
struct store_kind store_kind_of(uint32_t magic);

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
