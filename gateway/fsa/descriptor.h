/*
 * The security descriptor that is kept with a file. Private to gateway/fsa/.
 */
#pragma once

#include <stdbool.h>

#include "gateway/fsa/object.h"
#include "gateway/fsa/posix_acl.h"
#include "smb/wire/sd.h"

struct fsa_descriptor {
	bool is_stored; /* false: mode bits are all there is to know */
	struct smb_descriptor sd; /* if so, with an owner and a group */
	struct smb_ace *aces;     /* of its DACL; malloc */
};

/* fini is for all, also for those that are {}. */
void fsa_descriptor_fini(struct fsa_descriptor *descriptor);

/* Whether the share keeps one for files like this, and can. */
bool fsa_descriptor_is_kept(const struct fsa_share *share, mode_t mode);

/*
 * What is stored with the file, if it is still worth anything: not what was
 * made for another mode, owner or group than `stat` has. Nobody's rights are
 * asked for. INSUFFICIENT_RESOURCES.
 */
enum nt_status fsa_co_descriptor_get(struct fsa_volume *volume,
				     struct store_file *file,
				     const struct store_stat *stat,
				     struct fsa_descriptor *ret_descriptor);

/*
 * Stores a descriptor, with an owner and a group, after its mode was set as
 * the user: who may not do that in Linux may not do this. The owner keeps his
 * bits to read and write, which what is stored beside the file needs.
 * INVALID_ACL: it is too long.
 */
enum nt_status fsa_co_descriptor_put(struct fsa_volume *volume,
				     struct store_file *file,
				     const struct store_stat *stat,
				     const struct smb_descriptor *sd);

/*
 * The POSIX ACL that goes with a descriptor; pure. False: it names more users
 * and groups than one can have.
 */
bool fsa_descriptor_acl(const struct smb_descriptor *sd, bool is_directory,
			uid_t uid, gid_t gid, struct fsa_posix_acl *ret_acl);
