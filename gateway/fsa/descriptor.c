/*
 * Where descriptors are kept: in an xattr of ours, or in the one that Samba
 * has left. What they mean is dacl.c's, their bytes are aclattr.c's.
 *
 * Linux does not know them, and goes on to decide by mode bits: a user of the
 * gateway passes both checks, a local program that of Linux. So the mode, and
 * the POSIX ACL where there can be one, is set along with a descriptor to what
 * comes near to it, and the descriptor remembers mode and ids that it was made
 * for. If somebody has changed them
 * since, by chmod or chown, then he meant it: what is stored says no more what
 * is wanted, and counts as not being there until a client sets a new one. One
 * of Samba's can't be checked so. It never gives more than Linux does, though,
 * and its owner and group, if they are accounts of a domain, are the file's.
 *
 * What is stored is read and written as the process. A user who may not read
 * a file has to be told so by its descriptor, and one who may not write data
 * may have WRITE_DAC; it is the change of the mode that proves it.
 */
#include "gateway/fsa/descriptor.h"

#include <stdlib.h>
#include <sys/stat.h>

#include "gateway/fsa/aclattr.h"
#include "gateway/fsa/attr_cache.h"
#include "gateway/fsa/dacl.h"
#include "gateway/fsa/posix_xattr.h"
#include "gateway/fsa/sid.h"

enum {
	/* Most are small; no xattr of Linux is greater than the other. */
	BLOB_SMALL = 2 * 1024,
	BLOB_MAX = 64 * 1024,
};

static const char *const names[] = { FSA_ACLATTR_NAME, FSA_ACLATTR_SAMBA,
				     NULL };

void fsa_descriptor_fini(struct fsa_descriptor *descriptor)
{
	free(descriptor->aces);
	*descriptor = (struct fsa_descriptor){};
}

bool fsa_descriptor_is_kept(const struct fsa_share *share, mode_t mode)
{
	return share->acl == FSA_ACL_XATTR &&
	       store_tree_features(share->tree)->has_xattr &&
	       (S_ISREG(mode) || S_ISDIR(mode));
}

/* ---- reading ---- */

/* An xattr as it lies on disk. */
struct blob {
	uint8_t *at; /* malloc; NULL: there is none */
	size_t length;
	size_t which; /* of `names` */
};

/* Says also whether it is certain that there is none. */
static enum nt_status co_read_blob(struct store_file *file, struct blob *ret,
				   bool *ret_is_none)
{
	static const size_t sizes[] = { BLOB_SMALL, BLOB_MAX };
	enum nt_status status;

	*ret = (struct blob){};
	*ret_is_none = false;
	for (size_t i = 0; i < 2; i++) {
		uint8_t *at = malloc(sizes[i]);
		size_t which;

		if (!at)
			return NT_STATUS_INSUFFICIENT_RESOURCES;

		int64_t n = store_co_xattr_first(NULL, file, names, at,
						 sizes[i], &which);

		if (n >= 0) {
			*ret = (struct blob){ at, (size_t)n, which };
			return NT_STATUS_SUCCESS;
		}
		free(at);
		/* None, or none that this process gets to see. */
		status = fsa_status(FSA_XATTR, n);
		*ret_is_none = status == NT_STATUS_OBJECT_NAME_NOT_FOUND;
		if (status != NT_STATUS_EA_TOO_LARGE)
			break;
	}
	return NT_STATUS_SUCCESS;
}

/* Most files have none, and that is remembered. */
static enum nt_status co_read_stored(const struct fsa_share *share,
				     struct store_file *file,
				     const struct store_stat *stat,
				     struct blob *ret)
{
	const struct fsa_attr_facts none = { .known = FSA_KNOWN_NO_DESCRIPTOR };
	struct fsa_attr_facts facts;
	uint64_t began = loop_wall_now();
	enum nt_status status;
	bool is_none;

	*ret = (struct blob){};
	fsa_attr_cache_find(share, stat, &facts);
	if (facts.known & FSA_KNOWN_NO_DESCRIPTOR)
		return NT_STATUS_SUCCESS;
	status = co_read_blob(file, ret, &is_none);
	if (is_none)
		fsa_attr_cache_add(share, stat, began, &none);
	return status;
}

/* The part that is a descriptor, unless it was made for something else. */
static bool unwrap(const struct blob *blob, const struct store_stat *stat,
		   struct bytes *ret_sd)
{
	struct bytes in = { blob->at, blob->length };
	struct fsa_aclattr attr;

	if (names[blob->which] != names[0])
		return fsa_aclattr_read_samba(blob->at, blob->length, ret_sd);
	return fsa_aclattr_read(in, &attr, ret_sd) &&
	       attr.mode == (stat->mode & 07777) && attr.uid == stat->uid &&
	       attr.gid == stat->gid;
}

/* One SID instead of another, wherever it is. */
static void replace_sid(struct fsa_descriptor *d, const struct smb_sid *from,
			const struct smb_sid *to)
{
	const struct smb_sid old = *from;

	for (uint32_t i = 0; i < d->sd.dacl_count; i++) {
		if (smb_sid_equal(&d->aces[i].sid, &old))
			d->aces[i].sid = *to;
	}
}

/* Owner and group are somebody; accounts of a domain are nobody here. */
static void name_owner(struct fsa_descriptor *d, const struct store_stat *stat)
{
	struct smb_sid user = fsa_sid_of_user(stat->uid);
	struct smb_sid group = fsa_sid_of_group(stat->gid);

	if (!d->sd.has_owner || fsa_sid_is_of_domain(&d->sd.owner)) {
		replace_sid(d, &d->sd.owner, &user);
		d->sd.owner = user;
	}
	if (!d->sd.has_group || fsa_sid_is_of_domain(&d->sd.group)) {
		replace_sid(d, &d->sd.group, &group);
		d->sd.group = group;
	}
	d->sd.has_owner = true;
	d->sd.has_group = true;
}

enum nt_status fsa_co_descriptor_get(struct fsa_volume *volume,
				     struct store_file *file,
				     const struct store_stat *stat,
				     struct fsa_descriptor *ret_descriptor)
{
	struct fsa_descriptor d = {};
	enum nt_status status;
	struct blob blob;
	struct bytes in;

	*ret_descriptor = d;
	if (!fsa_descriptor_is_kept(volume->share, stat->mode))
		return NT_STATUS_SUCCESS;
	status = co_read_stored(volume->share, file, stat, &blob);
	if (!nt_status_is_ok(status) || !blob.at)
		return status;
	if (!unwrap(&blob, stat, &in))
		goto free_blob;
	d.aces = reallocarray(NULL, SMB_ACES_MAX, sizeof(*d.aces));
	if (!d.aces) {
		status = NT_STATUS_INSUFFICIENT_RESOURCES;
		goto free_blob;
	}
	if (!nt_status_is_ok(smb_descriptor_read(in, d.aces, &d.sd))) {
		free(d.aces); /* rubbish says nothing */
		goto free_blob;
	}
	d.is_stored = true;
	name_owner(&d, stat);
	*ret_descriptor = d;
free_blob:
	free(blob.at);
	return status;
}

/* ---- writing ---- */

bool fsa_descriptor_acl(const struct smb_descriptor *sd, bool is_directory,
			uid_t uid, gid_t gid, struct fsa_posix_acl *ret_acl)
{
	const struct fsa_posix_file file = { is_directory, uid, gid, true };

	if (sd->has_dacl && !sd->is_dacl_null)
		return fsa_posix_acl_from_dacl(sd->dacl, sd->dacl_count, &file,
					       false, ret_acl);
	fsa_posix_acl_of_mode(0777, ret_acl);
	return true;
}

/* With further users and groups, where there can be any. */
static enum nt_status co_set_mode(struct fsa_volume *volume,
				  struct store_file *file,
				  const struct store_stat *stat,
				  const struct smb_descriptor *sd)
{
	mode_t special = stat->mode & 07000;
	struct fsa_posix_acl acl;

	if (!fsa_descriptor_acl(sd, S_ISDIR(stat->mode), stat->uid, stat->gid,
				&acl))
		return NT_STATUS_INVALID_ACL;
	if (fsa_posix_is_there(volume->share, stat->mode))
		return fsa_co_posix_set(volume, file, false, &acl);
	return fsa_status(FSA_SET,
			  store_co_set_mode(volume->creds, file,
					    special |
						    fsa_posix_acl_mode(&acl)));
}

static enum nt_status co_write_blob(struct store_file *file,
				    const struct smb_descriptor *sd)
{
	size_t size = FSA_ACLATTR_HEAD + smb_descriptor_size(sd);
	uint8_t *blob = malloc(size);
	struct writer w = writer_at(blob, size);
	enum nt_status status = NT_STATUS_INSUFFICIENT_RESOURCES;
	struct store_stat stat;

	if (!blob)
		return status;
	/* As it is now: chmod(2) clears a bit more than it was asked to. */
	status = fsa_status(FSA_QUERY, store_co_stat(file, &stat));
	if (!nt_status_is_ok(status))
		goto free_blob;
	fsa_aclattr_write(&w, &(struct fsa_aclattr){ stat.mode & 07777,
						     stat.uid, stat.gid });
	smb_descriptor_write(&w, sd);
	status = NT_STATUS_INVALID_ACL;
	if (wr_ok(&w))
		status =
			fsa_status(FSA_SET, store_co_xattr_set(NULL, file,
							       FSA_ACLATTR_NAME,
							       blob, w.at));
free_blob:
	free(blob);
	return status;
}

enum nt_status fsa_co_descriptor_put(struct fsa_volume *volume,
				     struct store_file *file,
				     const struct store_stat *stat,
				     const struct smb_descriptor *sd)
{
	enum nt_status status = co_set_mode(volume, file, stat, sd);

	return nt_status_is_ok(status) ? co_write_blob(file, sd) : status;
}
