/*
 * Previous versions (MS-SMB2 2.2.13.2.7, 3.3.5.15.1): snapshots that lie in
 * the tree, by directories whose names tell a time. Private to gateway/fsa/;
 * what a pattern looks like is in fsa.h.
 *
 * Thread: worker.
 */
#pragma once

#include "gateway/fsa/fsctl.h"
#include "gateway/fsa/object.h"

enum {
	FSA_TOKEN_UNITS = 24, /* "@GMT-2024.01.31-23.59.59" */
};

/* What time a token says, as FILETIME; false if it is none. Pure. */
bool fsa_previous_token(struct smb_name name, uint64_t *ret_time);

/*
 * A path with a token among its components, without it; `to` has room for as
 * many units as the name. False if it has none. Pure.
 */
bool fsa_previous_cut(struct smb_name name, uint16_t *to,
		      struct smb_name *ret_name, uint64_t *ret_time);

/*
 * A path below the tree's root as it was in the snapshot, whose own path is its
 * first `previous` bytes; itself if that is 0. Pure.
 */
static inline const char *fsa_previous_own_path(const char *path,
						size_t previous)
{
	return path + previous + (previous && path[previous] == '/');
}

/*
 * Where the snapshot of that time lies, below the tree's root (malloc).
 * OBJECT_NAME_NOT_FOUND if there is none.
 */
enum nt_status fsa_co_previous_root(struct fsa_volume *volume, uint64_t time,
				    char **ret_root);

/* FSCTL_SRV_ENUMERATE_SNAPSHOTS: tokens, newest first. */
enum nt_status fsa_co_enumerate_snapshots(struct fsa_fsctl *f);
