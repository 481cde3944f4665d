/*
 * What a discretionary ACL gives to whom, and what new files inherit of their
 * directory's. Pure. Private to gateway/fsa/.
 */
#pragma once

#include <stdbool.h>
#include <stdint.h>
#include <sys/types.h>

#include "smb/wire/sd.h"

enum {
	/* Flags of an ACE, MS-DTYP 2.4.4.1. */
	FSA_ACE_OBJECT_INHERIT = 0x01,
	FSA_ACE_CONTAINER_INHERIT = 0x02,
	FSA_ACE_NO_PROPAGATE = 0x04,
	FSA_ACE_INHERIT_ONLY = 0x08,
	FSA_ACE_INHERITED = 0x10,

	/* Control bits of a descriptor, MS-DTYP 2.4.6. */
	FSA_SD_DACL_PRESENT = 0x0004,
	FSA_SD_DACL_AUTO_INHERIT_REQ = 0x0100,
	FSA_SD_DACL_AUTO_INHERITED = 0x0400,
	FSA_SD_DACL_PROTECTED = 0x1000,
	FSA_SD_SELF_RELATIVE = 0x8000,
};

/* Who asks: as much as a token says of a user of Linux. */
struct fsa_subject {
	uid_t uid;
	bool (*has_group)(const void *groups, gid_t gid);
	const void *groups;
};

/*
 * Whether the SID stands for the user: as himself, as a group of his, or as
 * one that all have who come over the network. CREATOR OWNER is nobody.
 */
bool fsa_subject_has(const struct fsa_subject *who, const struct smb_sid *sid);

/*
 * All rights that a descriptor gives to somebody (MS-DTYP 2.5.3.2): of ACEs
 * that speak of the same right, the first is right. An owner has READ_CONTROL
 * and WRITE_DAC unless an ACE for OWNER RIGHTS speaks of him; root may take
 * ownership. A DACL that is absent or NULL gives all, an empty one nothing.
 */
uint32_t fsa_dacl_rights(const struct smb_descriptor *sd,
			 const struct fsa_subject *who);

/*
 * Makes of a DACL that was sent one that is kept: generic rights become those
 * of files, save in ACEs that are there for children alone (MS-FSA 2.1.5.16).
 */
void fsa_dacl_settle(struct smb_ace *aces, uint32_t count);

/* The control bits that are kept of those that were sent with a DACL. */
uint16_t fsa_dacl_control(uint16_t sent);

/* Whether a new file or directory inherits anything. */
bool fsa_dacl_has_heirs(const struct smb_descriptor *parent, bool is_directory);

/*
 * What a new file or directory inherits (MS-DTYP 2.5.3.4): how many ACEs, at
 * most SMB_ACES_MAX. CREATOR OWNER and CREATOR GROUP become `owner` and
 * `group`. 0: there is nothing to inherit.
 */
uint32_t fsa_dacl_inherit(const struct smb_descriptor *parent,
			  bool is_directory, const struct smb_sid *owner,
			  const struct smb_sid *group,
			  struct smb_ace aces[SMB_ACES_MAX]);
