/*
 * POSIX extensions of SMB 3.1.1, as the Linux client and Samba speak them:
 * files as stat(2) has them. Owners and groups are the SIDs S-1-22-1-uid and
 * S-1-22-2-gid. Pure.
 *
 * Thread: any.
 */
#pragma once

#include <stdint.h>

#include "smb/ports.h"
#include "smb/wire/cursor.h"

enum {
	SMB_POSIX_ID_LENGTH = 16,
	SMB_POSIX_CREATE_LENGTH = 44, /* of the answer's context */
	SMB_POSIX_INFO_LENGTH = 112,  /* of level 100 of a file */
	SMB_POSIX_ENTRY_LENGTH = 124, /* of level 100 of a directory, no name */
	SMB_POSIX_FS_LENGTH = 56,     /* of level 100 of a volume */
};

/* What the negotiate context lists and the create context is called. */
extern const uint8_t smb_posix_id[SMB_POSIX_ID_LENGTH];

/* The create context of an answer: links, reparse tag, mode, owner, group. */
void smb_posix_write_create(struct writer *w,
			    const struct smb_file_facts *facts);

/* Level 100 of a file; in a directory entry, the name's length follows. */
void smb_posix_write_info(struct writer *w, const struct smb_file_facts *facts);

/* Level 100 of a volume. */
void smb_posix_write_volume(struct writer *w,
			    const struct smb_volume_facts *facts);
