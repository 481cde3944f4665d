/*
 * A descriptor in an xattr with any bytes in it, ours or Samba's, or a POSIX
 * ACL: read without a fault, and what is in it evaluated and inherited.
 */
#include <stddef.h>
#include <stdint.h>
#include <stdlib.h>
#include <string.h>

#include "gateway/fsa/aclattr.h"
#include "gateway/fsa/dacl.h"
#include "gateway/fsa/posix_acl.h"
#include "gateway/fsa/sid.h"

int LLVMFuzzerTestOneInput(const uint8_t *data, size_t size);

static bool is_in_all(const void *groups, gid_t gid)
{
	(void)groups;
	(void)gid;
	return true;
}

static void use(struct bytes in)
{
	static struct smb_ace aces[SMB_ACES_MAX], heirs[SMB_ACES_MAX];
	const struct fsa_subject who = { 1000, is_in_all, NULL };
	struct smb_sid user = fsa_sid_of_user(1000);
	struct smb_descriptor sd;

	if (smb_descriptor_read(in, aces, &sd) != NT_STATUS_SUCCESS)
		return;
	(void)fsa_dacl_rights(&sd, &who);
	(void)fsa_dacl_inherit(&sd, true, &user, &user, heirs);
	fsa_dacl_settle(aces, sd.dacl_count);
}

/* A POSIX ACL, as a DACL and back. */
static void use_posix(struct bytes in)
{
	static struct smb_ace aces[FSA_POSIX_ACES_MAX];
	const struct fsa_posix_file file = { true, 1000, 1000, false };
	struct fsa_posix_acl acl, back;
	uint32_t count;

	if (!fsa_posix_acl_read(in, &acl))
		return;
	count = fsa_posix_acl_to_dacl(&acl, &file, true, aces);
	(void)fsa_posix_acl_from_dacl(aces, count, &file, true, &back);
}

int LLVMFuzzerTestOneInput(const uint8_t *data, size_t size)
{
	struct fsa_aclattr attr;
	struct bytes sd;
	uint8_t *copy = malloc(size ? size : 1);

	if (!copy)
		return 0;
	if (size)
		memcpy(copy, data, size);
	if (fsa_aclattr_read((struct bytes){ copy, size }, &attr, &sd))
		use(sd);
	if (fsa_aclattr_read_samba(copy, size, &sd))
		use(sd);
	use_posix((struct bytes){ data, size });
	free(copy);
	return 0;
}
