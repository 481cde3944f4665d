/*
 * POSIX ACLs of files, in the xattrs where the kernel has them. Private to
 * gateway/fsa/.
 */
#pragma once

#include "gateway/fsa/object.h"
#include "gateway/fsa/posix_acl.h"

/* Whether the share's files have any. */
bool fsa_posix_is_there(const struct fsa_share *share, mode_t mode);

/*
 * The ACL of a file, or the one for new files below a directory (no entries,
 * if there is none; then `stat` may be NULL). Nobody's rights are asked for.
 */
enum nt_status fsa_co_posix_get(struct store_file *file,
				const struct store_stat *stat, bool is_default,
				struct fsa_posix_acl *ret_acl);

/* Sets it as the user, who must own the file; no entries: takes it away. */
enum nt_status fsa_co_posix_set(struct fsa_volume *volume,
				struct store_file *file, bool is_default,
				const struct fsa_posix_acl *acl);
