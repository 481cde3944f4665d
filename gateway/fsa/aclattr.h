/*
 * Security descriptors as bytes of an xattr: ours, and those that Samba has
 * left. Pure. Private to gateway/fsa/.
 *
 * Ours: version (1), a byte of 0, the mode's twelve bits (16), uid (32), gid
 * (32), all little-endian, and a self-relative descriptor to the end. Mode and
 * ids are those of the file when it was written.
 */
#pragma once

#include <stdbool.h>
#include <stddef.h>
#include <stdint.h>
#include <sys/types.h>

#include "smb/wire/cursor.h"

/* What the room keeps for itself begins so; no EA of a client may. */
#define FSA_OWN_PREFIX    "user.smbgate."
#define FSA_ACLATTR_NAME  FSA_OWN_PREFIX "acl"
#define FSA_ACLATTR_SAMBA "security.NTACL"

enum {
	FSA_ACLATTR_HEAD = 12, /* in front of the descriptor */
};

/* The file that a descriptor was made for. */
struct fsa_aclattr {
	uint16_t mode; /* 07777 */
	uint32_t uid, gid;
};

void fsa_aclattr_write(struct writer *w, const struct fsa_aclattr *attr);

/* False if it is none of a known version. `ret_sd` is a part of `in`. */
bool fsa_aclattr_read(struct bytes in, struct fsa_aclattr *ret_attr,
		      struct bytes *ret_sd);

/*
 * The descriptor in an xattr_NTACL of Samba, versions 1 to 4 in NDR, as a part
 * of `blob`, which is changed for it. False if it is none. Its hashes are those
 * of Samba's own reading of the file and tell nobody else anything.
 */
bool fsa_aclattr_read_samba(uint8_t *blob, size_t length, struct bytes *ret_sd);
