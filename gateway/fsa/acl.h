/*
 * Mode bits as a DACL and back. Pure. Private to gateway/fsa/.
 */
#pragma once

#include <stdbool.h>
#include <stdint.h>
#include <sys/types.h>

#include "smb/wire/sd.h"

/* Whom Linux gives bits to. */
enum fsa_party_kind {
	FSA_PARTY_OWNER,
	FSA_PARTY_OWNING_GROUP,
	FSA_PARTY_USER,
	FSA_PARTY_GROUP,
	FSA_PARTY_OTHER,
};

struct fsa_acl_party {
	enum fsa_party_kind kind;
	uint32_t id; /* of a user or a group */
};

/*
 * The three bits (4: read, 2: write, 1: execute) that come nearest to what a
 * DACL gives to somebody: what the ACEs for him and for everyone say in their
 * order (MS-DTYP 2.5.3.2). `for_children`: those that are inherited.
 */
unsigned int fsa_acl_bits(const struct smb_ace *aces, uint32_t count,
			  bool for_children, const struct fsa_acl_party *who);

/* The data rights that bits stand for, and no others. */
uint32_t fsa_acl_rights(unsigned int bits, bool is_directory);

/* All that an owner has who has these bits, and all that others have. */
uint32_t fsa_acl_owner_mask(unsigned int bits, bool is_directory);
uint32_t fsa_acl_other_mask(unsigned int bits, bool is_directory);

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
