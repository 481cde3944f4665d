/*
 * Leases on directories: which are held, found by the path of the directory,
 * so that who changes something in it can have them broken (MS-FSA 2.1.4.12,
 * where the target is the parent; MS-SMB2 3.3.4.20). The lease itself is a
 * grant of the directory's node, as a file's is (grant.h).
 *
 * Thread: any; one lock for all.
 */
#pragma once

#include <stdbool.h>
#include <stddef.h>
#include <stdint.h>

#include "gateway/fsa/fsa.h"
#include "gateway/fsa/node.h"

struct fsa_dirlease;
struct fsa_open;

/* All of a struct fsa: fsa_new() makes them, fsa_free() frees them. */
struct fsa_dirleases;
struct fsa_dirleases *fsa_dirleases_new(void);
struct fsa_dirleases *fsa_dirleases_free(struct fsa_dirleases *all);

/* Those of `fsa`; borrowed. In fsa.c. */
struct fsa_dirleases *fsa_dirleases_of(struct fsa *fsa);

/*
 * The open is one of a directory and has a lease: changes break it from here
 * on, until fsa_dirlease_release(). False: out of memory.
 */
bool fsa_dirlease_hold(struct fsa_open *open);

/* Does nothing where nothing is held. */
void fsa_dirlease_release(struct fsa_open *open);

/*
 * What has the name `path` was made, removed or changed: takes the leases of
 * its directory from all but those whose key is `parent_key` (NULL: nobody's).
 * Costs one load where there are none.
 */
void fsa_dirlease_changed(struct fsa *fsa, const struct store_tree *tree,
			  const char *path, const uint8_t *parent_key);

/* A directory has another path now, and so have those below it. */
void fsa_dirlease_moved(struct fsa *fsa, const struct store_tree *tree,
			const char *from, const char *to);
