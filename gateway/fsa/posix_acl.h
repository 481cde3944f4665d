/*
 * POSIX ACLs as DACLs and back, and their bytes in xattrs (acl(5)). Pure.
 * Private to gateway/fsa/.
 */
#pragma once

#include <stdbool.h>
#include <stddef.h>
#include <stdint.h>
#include <sys/types.h>

#include "smb/wire/cursor.h"
#include "smb/wire/sd.h"

#define FSA_POSIX_ACCESS  "system.posix_acl_access"
#define FSA_POSIX_DEFAULT "system.posix_acl_default"

enum {
	/* More than most file systems keep. */
	FSA_POSIX_ENTRIES_MAX = 128,
	/* Of a DACL of one: each entry may deny and allow. */
	FSA_POSIX_ACES_MAX = 2 * FSA_POSIX_ENTRIES_MAX,
	FSA_POSIX_BYTES_MAX = 4 + 8 * FSA_POSIX_ENTRIES_MAX,
};

/* Tags of entries, in the order that the kernel wants them in. */
enum {
	FSA_POSIX_USER_OBJ = 0x01,
	FSA_POSIX_USER = 0x02,
	FSA_POSIX_GROUP_OBJ = 0x04,
	FSA_POSIX_GROUP = 0x08,
	FSA_POSIX_MASK = 0x10,
	FSA_POSIX_OTHER = 0x20,
};

struct fsa_posix_entry {
	uint16_t tag;
	uint16_t bits;
	uint32_t id; /* of USER and GROUP */
};

struct fsa_posix_acl {
	uint32_t count;
	struct fsa_posix_entry entries[FSA_POSIX_ENTRIES_MAX];
};

/* A file as far as its ACL is concerned. */
struct fsa_posix_file {
	bool is_directory;
	uid_t uid;
	gid_t gid;
	/* A descriptor is kept beside it, and decides: the ACL then gives what
	   the gateway needs to act on it, and the owner reads and writes. */
	bool is_kept;
};

/* False if it is none, or none of a known version, or too long. */
bool fsa_posix_acl_read(struct bytes in, struct fsa_posix_acl *ret_acl);
void fsa_posix_acl_write(struct writer *w, const struct fsa_posix_acl *acl);

/* The ACL that nine bits are. */
void fsa_posix_acl_of_mode(mode_t mode, struct fsa_posix_acl *ret_acl);

/* The bits of owner, group and others, where nobody else can have any. */
mode_t fsa_posix_acl_mode(const struct fsa_posix_acl *acl);

/*
 * The DACL of a file, or with `is_default` the ACEs that new files below a
 * directory inherit: how many.
 */
uint32_t fsa_posix_acl_to_dacl(const struct fsa_posix_acl *acl,
			       const struct fsa_posix_file *file,
			       bool is_default,
			       struct smb_ace aces[FSA_POSIX_ACES_MAX]);

/*
 * The ACL that comes nearest to a DACL: each user and group that it names gets
 * what the ACEs for him and for everyone give. With `is_default` it is the one
 * for new files, and has no entries if there is nothing to inherit. False: it
 * names too many.
 */
bool fsa_posix_acl_from_dacl(const struct smb_ace *aces, uint32_t count,
			     const struct fsa_posix_file *file, bool is_default,
			     struct fsa_posix_acl *ret_acl);
