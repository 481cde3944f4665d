/*
 * The three entries. Whom they are shown to is security.c's to know.
 */
#include "gateway/fsa/nfs_ace.h"

enum {
	AUTHORITY_NT = 5,
	NT_NFS = 88,

	NFS_USER = 1,
	NFS_GROUP = 2,
	NFS_MODE = 3,

	MODE_BITS = 07777,
};

static struct smb_ace ace_of(uint32_t kind, uint32_t value)
{
	return (struct smb_ace){
		.type = SMB_ACE_DENIED,
		.sid = { .revision = 1,
			 .count = 3,
			 .authority = AUTHORITY_NT,
			 .parts = { NT_NFS, kind, value } },
	};
}

void fsa_nfs_aces_write(struct smb_ace aces[FSA_NFS_ACES], uid_t uid, gid_t gid,
			mode_t mode)
{
	aces[0] = ace_of(NFS_USER, uid);
	aces[1] = ace_of(NFS_GROUP, gid);
	aces[2] = ace_of(NFS_MODE, mode & MODE_BITS);
}

static bool is_nfs(const struct smb_sid *sid)
{
	return sid->revision == 1 && sid->count == 3 &&
	       sid->authority == AUTHORITY_NT && sid->parts[0] == NT_NFS &&
	       sid->parts[1] >= NFS_USER && sid->parts[1] <= NFS_MODE;
}

uint32_t fsa_nfs_aces_take(struct smb_ace *aces, uint32_t count,
			   mode_t *ret_mode)
{
	uint32_t left = 0;

	for (uint32_t i = 0; i < count; i++) {
		const struct smb_sid *sid = &aces[i].sid;

		if (!is_nfs(sid))
			aces[left++] = aces[i];
		else if (sid->parts[1] == NFS_MODE)
			*ret_mode = sid->parts[2] & MODE_BITS;
	}
	return left;
}
