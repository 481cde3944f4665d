/*
 * The kernel keeps a POSIX ACL and the mode in step: an ACL that says no more
 * than nine bits becomes them, and the mask of one that does is the group's.
 */
#include "gateway/fsa/posix_xattr.h"

#include <sys/stat.h>

bool fsa_posix_is_there(const struct fsa_share *share, mode_t mode)
{
	return store_tree_features(share->tree)->has_acl &&
	       (S_ISREG(mode) || S_ISDIR(mode));
}

enum nt_status fsa_co_posix_get(struct store_file *file,
				const struct store_stat *stat, bool is_default,
				struct fsa_posix_acl *ret_acl)
{
	const char *name = is_default ? FSA_POSIX_DEFAULT : FSA_POSIX_ACCESS;
	uint8_t bytes[FSA_POSIX_BYTES_MAX];
	int64_t n = store_co_xattr_get(NULL, file, name, bytes, sizeof(bytes));

	if (n >= 0)
		return fsa_posix_acl_read((struct bytes){ bytes, (size_t)n },
					  ret_acl)
			       ? NT_STATUS_SUCCESS
			       : NT_STATUS_INVALID_ACL;
	if (fsa_status(FSA_XATTR, n) == NT_STATUS_EA_TOO_LARGE)
		return NT_STATUS_INVALID_ACL;
	if (is_default)
		*ret_acl = (struct fsa_posix_acl){ 0 };
	else
		fsa_posix_acl_of_mode(stat->mode, ret_acl);
	return NT_STATUS_SUCCESS;
}

enum nt_status fsa_co_posix_set(struct fsa_volume *volume,
				struct store_file *file, bool is_default,
				const struct fsa_posix_acl *acl)
{
	const char *name = is_default ? FSA_POSIX_DEFAULT : FSA_POSIX_ACCESS;
	uint8_t bytes[FSA_POSIX_BYTES_MAX];
	struct writer w = writer_at(bytes, sizeof(bytes));
	enum nt_status status;

	if (!acl->count) {
		status = fsa_status(FSA_XATTR,
				    store_co_xattr_remove(volume->creds, file,
							  name));
		/* There was none. */
		return status == NT_STATUS_OBJECT_NAME_NOT_FOUND
			       ? NT_STATUS_SUCCESS
			       : status;
	}
	fsa_posix_acl_write(&w, acl);
	if (!wr_ok(&w))
		return NT_STATUS_INTERNAL_ERROR;
	return fsa_status(FSA_SET, store_co_xattr_set(volume->creds, file, name,
						      bytes, w.at));
}
