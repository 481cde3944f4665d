/*
 * Mode bits as a DACL and back. Pure. Private to gateway/fsa/.
 */
#pragma once

#include <stdbool.h>
#include <stdint.h>
#include <sys/types.h>

#include "smb/wire/sd.h"

/* Two that deny and three that allow. */
enum {
	FSA_ACL_ACES_MAX = 5
};

/*
 * The DACL that says what the nine bits say: how many ACEs. One that denies
 * is there only where a class has less than the ones after it.
 */
uint32_t fsa_acl_from_mode(mode_t mode, bool is_directory, uid_t uid, gid_t gid,
			   struct smb_ace aces[FSA_ACL_ACES_MAX]);

/*
 * The nine bits that come nearest to a DACL, for a file of this owner and
 * group: each class gets what the ACEs for it and for everyone give in their
 * order (MS-DTYP 2.5.3.2). ACEs for others can't be kept.
 */
mode_t fsa_acl_to_mode(const struct smb_ace *aces, uint32_t count, uid_t uid,
		       gid_t gid);
