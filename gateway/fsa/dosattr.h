/*
 * The bytes of user.DOSATTRIB, as Samba writes them: a hexadecimal text with
 * its NUL, then a version and a structure in little-endian NDR; the oldest
 * files have the text alone. Pure. Private to gateway/fsa/.
 */
#pragma once

#include <stdbool.h>
#include <stddef.h>
#include <stdint.h>

#include "gateway/fsa/object.h"
#include "smb/wire/cursor.h"

#define FSA_DOSATTR_NAME "user.DOSATTRIB"

enum {
	/* What a client can set (MS-FSCC 2.6): neither kind nor compression. */
	FSA_DOSATTR_SETTABLE = 0x3127,
	/* What is shown of the stored ones. */
	FSA_DOSATTR_STORED = 0x3327,
};

/* Reparse tags, MS-FSCC 2.1.2.1. */
#define FSA_TAG_SYMLINK 0xa000000cu
#define FSA_TAG_NFS     0x80000014u

/* What fsa_dosattr_encode() writes: at most. */
enum {
	FSA_DOSATTR_SIZE = 52
};

/* False, and nothing changed, if it is none of the versions 1 to 5 or text. */
bool fsa_dosattr_decode(struct bytes in, struct fsa_dosattr *ret_attr);

/*
 * Version 4, and behind it a change time if there is one, where Samba does not
 * look. How many bytes it is.
 */
size_t fsa_dosattr_encode(const struct fsa_dosattr *attr,
			  uint8_t to[FSA_DOSATTR_SIZE]);

/* Whether the share has a place for more than READONLY. */
bool fsa_dosattr_is_kept(const struct fsa_share *share);

/* As whom to read it; NULL is the process. */
struct store_creds *fsa_dosattr_reader(const struct fsa_volume *volume,
				       const struct store_stat *stat);

/*
 * What was read, from `began_ns` of loop_wall_now() on, of a file that had such
 * a stat (or NULL): `length` bytes, or an error of store/. Remembered where it
 * can be.
 */
void fsa_dosattr_learn(const struct fsa_volume *volume,
		       const struct store_stat *stat, uint64_t began_ns,
		       const uint8_t *value, int64_t length,
		       struct fsa_dosattr *ret_attr);
