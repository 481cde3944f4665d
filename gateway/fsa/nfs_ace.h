/*
 * Owner, group and mode of a file as entries of its DACL, which is how macOS
 * learns and sets them (S-1-5-88-1-uid, -2-gid, -3-mode: MS-DTYP 2.4.2.4).
 * They deny nothing to nobody that there is. Pure. Private to gateway/fsa/.
 */
#pragma once

#include <stdbool.h>
#include <stdint.h>
#include <sys/types.h>

#include "smb/wire/sd.h"

enum {
	FSA_NFS_ACES = 3,
};

void fsa_nfs_aces_write(struct smb_ace aces[FSA_NFS_ACES], uid_t uid, gid_t gid,
			mode_t mode);

/*
 * Takes such entries out: how many of `count` are left, in their order. The
 * mode that one of them tells, the last, is told; else `ret_mode` is left.
 */
uint32_t fsa_nfs_aces_take(struct smb_ace *aces, uint32_t count,
			   mode_t *ret_mode);
