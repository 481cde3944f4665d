/*
 * Security descriptors, ACLs and SIDs of MS-DTYP 2.4 on the wire. Pure.
 */
#pragma once

#include <stdbool.h>
#include <stddef.h>
#include <stdint.h>

#include "smb/status.h"
#include "smb/wire/cursor.h"

enum {
	SMB_SID_PARTS_MAX = 15,
	SMB_ACES_MAX = 512,
};

struct smb_sid {
	uint8_t revision;
	uint8_t count;
	uint64_t authority; /* 48 bits */
	uint32_t parts[SMB_SID_PARTS_MAX];
};

enum smb_ace_type {
	SMB_ACE_ALLOWED = 0,
	SMB_ACE_DENIED = 1,
	SMB_ACE_AUDIT = 2,
};

struct smb_ace {
	uint8_t type;
	uint8_t flags;
	uint32_t mask;
	struct smb_sid sid;
};

/* SECURITY_INFORMATION, MS-DTYP 2.4.7. */
enum {
	SMB_SECURITY_OWNER = 0x1,
	SMB_SECURITY_GROUP = 0x2,
	SMB_SECURITY_DACL = 0x4,
	SMB_SECURITY_SACL = 0x8,
};

struct smb_descriptor {
	uint16_t control;
	bool has_owner, has_group, has_dacl, has_sacl;
	struct smb_sid owner, group;
	/* Borrowed arrays; a DACL that is present and NULL allows all. */
	const struct smb_ace *dacl;
	uint32_t dacl_count;
	bool is_dacl_null;
};

/* Bytes that smb_descriptor_write() needs. */
size_t smb_descriptor_size(const struct smb_descriptor *sd);

/* Self-relative: owner, group, DACL behind the fixed part. */
void smb_descriptor_write(struct writer *w, const struct smb_descriptor *sd);

/*
 * Reads a self-relative descriptor; the ACEs go to `aces`, room for
 * SMB_ACES_MAX. INVALID_SECURITY_DESCR for anything malformed.
 */
enum nt_status smb_descriptor_read(struct bytes in, struct smb_ace *aces,
				   struct smb_descriptor *ret_sd);

bool smb_sid_equal(const struct smb_sid *a, const struct smb_sid *b);

/* Reads one SID; the reader turns bad if it isn't one. */
void smb_sid_read(struct reader *r, struct smb_sid *ret_sid);
void smb_sid_write(struct writer *w, const struct smb_sid *sid);
