/*
 * What a directory looked like at one moment: its names and what they stood
 * for, to be compared with what it looks like later.
 */
#pragma once

#include <stdbool.h>
#include <stddef.h>

#include "gateway/store/store.h"

enum {
	/* A directory with more entries is not looked at one by one. */
	FSA_PICTURE_MAX = 4096,
};

struct fsa_picture;

/*
 * Lists the directory at this path and looks at each entry, as the process
 * itself. NULL: that can't be done now. Free with fsa_picture_free().
 */
struct fsa_picture *fsa_picture_co_take(struct store_tree *tree,
					const char *path);
struct fsa_picture *fsa_picture_free(struct fsa_picture *picture);

/* Of the directory itself. */
const struct store_stat *fsa_picture_stat(const struct fsa_picture *picture);

/* False: there were too many entries, and none is in it. */
bool fsa_picture_is_whole(const struct fsa_picture *picture);

enum fsa_difference {
	FSA_DIFFERENCE_CAME,
	FSA_DIFFERENCE_GONE,
	FSA_DIFFERENCE_CHANGED, /* what it stands for, or its facts */
};

/* What differs, by name; `stat` is what it is now, or was, if it is gone. */
typedef void fsa_differs(void *arg, const char *name, enum fsa_difference what,
			 const struct store_stat *stat);
void fsa_picture_compare(const struct fsa_picture *old,
			 const struct fsa_picture *new, fsa_differs *differs,
			 void *arg);

/* Whether nothing has happened to the file between these two. */
bool fsa_stat_is_same(const struct store_stat *a, const struct store_stat *b);
