/*
 * Security information of files (MS-FSA 2.1.5.13 and 2.1.5.16): what is asked
 * for, what is set, and what new files get. There is always a descriptor to
 * show: the one that is kept with the file, or one computed of its owner, its
 * group and its mode. There is never a SACL.
 *
 * Who may own a file is the kernel's to say where the owner is somebody in
 * Linux. Where descriptors are kept, a user may also give it to a SID that he
 * has himself, such as Everyone; Linux goes on to know him as the owner then.
 */
#include "gateway/fsa/security.h"

#include <stdlib.h>
#include <sys/stat.h>

#include "gateway/fsa/access.h"
#include "gateway/fsa/acl.h"
#include "gateway/fsa/change.h"
#include "gateway/fsa/dacl.h"
#include "gateway/fsa/nfs_ace.h"
#include "gateway/fsa/posix_xattr.h"
#include "gateway/fsa/sid.h"
#include "gateway/fsa/windows.h"

/* ---- what Linux knows, as a descriptor ---- */

/* The DACL of a file's POSIX ACL, and what new files below it inherit. */
static enum nt_status co_from_posix(struct fsa_open *open,
				    const struct store_stat *stat,
				    struct fsa_descriptor *d)
{
	const struct fsa_posix_file file = { S_ISDIR(stat->mode), stat->uid,
					     stat->gid, false };
	struct fsa_posix_acl acl;
	enum nt_status status = fsa_co_posix_get(open->file, stat, false, &acl);

	if (!nt_status_is_ok(status))
		return status;
	d->sd.dacl_count = fsa_posix_acl_to_dacl(&acl, &file, false, d->aces);
	if (!file.is_directory)
		return NT_STATUS_SUCCESS;
	status = fsa_co_posix_get(open->file, stat, true, &acl);
	if (nt_status_is_ok(status))
		d->sd.dacl_count +=
			fsa_posix_acl_to_dacl(&acl, &file, true,
					      d->aces + d->sd.dacl_count);
	return status;
}

static bool uses_posix(const struct fsa_open *open, mode_t mode)
{
	return open->volume->share->acl == FSA_ACL_POSIX &&
	       fsa_posix_is_there(open->volume->share, mode);
}

static enum nt_status co_compute(struct fsa_open *open,
				 const struct store_stat *stat,
				 struct fsa_descriptor *d)
{
	d->aces = reallocarray(NULL, 2 * FSA_POSIX_ACES_MAX, sizeof(*d->aces));
	if (!d->aces)
		return NT_STATUS_INSUFFICIENT_RESOURCES;
	d->sd = (struct smb_descriptor){
		.control = FSA_SD_DACL_PROTECTED,
		.has_owner = true,
		.has_group = true,
		.has_dacl = true,
		.owner = fsa_sid_of_user(stat->uid),
		.group = fsa_sid_of_group(stat->gid),
		.dacl = d->aces,
	};
	if (uses_posix(open, stat->mode))
		return co_from_posix(open, stat, d);
	d->sd.dacl_count = fsa_acl_from_mode(stat->mode, S_ISDIR(stat->mode),
					     stat->uid, stat->gid, d->aces);
	return NT_STATUS_SUCCESS;
}

/* The descriptor of a file now, stored or computed. */
static enum nt_status co_present(struct fsa_open *open,
				 const struct store_stat *stat,
				 struct fsa_descriptor *ret)
{
	enum nt_status status =
		fsa_co_descriptor_get(open->volume, open->file, stat, ret);

	if (!nt_status_is_ok(status) || ret->is_stored)
		return status;
	status = co_compute(open, stat, ret);
	if (!nt_status_is_ok(status))
		fsa_descriptor_fini(ret);
	return status;
}

/* ---- query ---- */

/* Adds to the DACL what macOS wants to find there. */
static enum nt_status add_nfs(struct fsa_descriptor *d,
			      const struct store_stat *stat)
{
	uint32_t count = d->sd.dacl_count;
	struct smb_ace *more =
		reallocarray(d->aces, count + FSA_NFS_ACES, sizeof(*more));

	if (!more)
		return NT_STATUS_INSUFFICIENT_RESOURCES;
	fsa_nfs_aces_write(more + count, stat->uid, stat->gid, stat->mode);
	d->aces = more;
	d->sd.dacl = more;
	d->sd.dacl_count = count + FSA_NFS_ACES;
	return NT_STATUS_SUCCESS;
}

static enum nt_status check_reading(const struct fsa_open *open, uint32_t parts)
{
	uint32_t needed = 0;

	if (parts & SMB_SECURITY_SACL)
		needed |= ACCESS_SYSTEM_SECURITY;
	if (parts & ~(uint32_t)SMB_SECURITY_SACL)
		needed |= READ_CONTROL;
	return needed & ~open->base.granted ? NT_STATUS_ACCESS_DENIED
					    : NT_STATUS_SUCCESS;
}

enum nt_status fsa_co_query_security(struct smb_object *object, uint32_t parts,
				     uint8_t *to, uint32_t size,
				     uint32_t *ret_length)
{
	struct fsa_open *open = fsa_open_of(object);
	struct writer w = writer_at(to, size);
	struct fsa_descriptor d = {};
	struct store_stat stat;
	enum nt_status status = check_reading(open, parts);

	if (nt_status_is_ok(status))
		status =
			fsa_status(FSA_QUERY, store_co_stat(open->file, &stat));
	if (nt_status_is_ok(status))
		status = co_present(open, &stat, &d);
	if (!nt_status_is_ok(status))
		return status;
	d.sd.has_owner &= (parts & SMB_SECURITY_OWNER) != 0;
	d.sd.has_group &= (parts & SMB_SECURITY_GROUP) != 0;
	d.sd.has_dacl &= (parts & SMB_SECURITY_DACL) != 0;
	if (d.sd.has_dacl && !d.sd.is_dacl_null &&
	    open->volume->base.is_for_apple)
		status = add_nfs(&d, &stat);
	if (!nt_status_is_ok(status)) {
		fsa_descriptor_fini(&d);
		return status;
	}
	if (!d.sd.has_dacl)
		d.sd.control = 0;

	size_t length = smb_descriptor_size(&d.sd);

	*ret_length = (uint32_t)length;
	if (length > size) {
		status = NT_STATUS_BUFFER_TOO_SMALL;
	} else {
		smb_descriptor_write(&w, &d.sd);
		status = wr_ok(&w) ? NT_STATUS_SUCCESS
				   : NT_STATUS_INTERNAL_ERROR;
	}
	fsa_descriptor_fini(&d);
	return status;
}

/* ---- set ---- */

static enum nt_status check_writing(const struct fsa_open *open, uint32_t parts)
{
	uint32_t needed = 0;

	if (parts & (SMB_SECURITY_OWNER | SMB_SECURITY_GROUP))
		needed |= WRITE_OWNER;
	if (parts & SMB_SECURITY_DACL)
		needed |= WRITE_DAC;
	if (parts & SMB_SECURITY_SACL)
		needed |= ACCESS_SYSTEM_SECURITY;
	return needed & ~open->base.granted ? NT_STATUS_ACCESS_DENIED
					    : NT_STATUS_SUCCESS;
}

/* Whether a SID that is nobody in Linux may be put into a descriptor. */
static bool may_name(const struct fsa_open *open, const struct smb_sid *sid)
{
	struct fsa_subject who = fsa_volume_subject(open->volume);
	mode_t kind = open->base.is_directory ? S_IFDIR : S_IFREG;

	return !open->is_special &&
	       fsa_descriptor_is_kept(open->volume->share, kind) &&
	       fsa_subject_has(&who, sid);
}

/* Changes only what differs: naming the present owner is allowed to all. */
static enum nt_status co_chown(struct fsa_open *open, uid_t uid, gid_t gid,
			       struct store_stat *stat)
{
	int err;

	if (uid == stat->uid && gid == stat->gid)
		return NT_STATUS_SUCCESS;
	err = store_co_set_owner(open->volume->creds, open->file,
				 uid == stat->uid ? (uid_t)-1 : uid,
				 gid == stat->gid ? (gid_t)-1 : gid);
	if (err)
		return fsa_status(FSA_SET, err);
	return fsa_status(FSA_QUERY, store_co_stat(open->file, stat));
}

/*
 * Owner and group, in Linux and in the descriptor. `stat` follows. Tells
 * whether there is something that only a descriptor can keep.
 */
static enum nt_status co_set_owner(struct fsa_open *open,
				   const struct smb_descriptor *sd,
				   uint32_t parts, struct store_stat *stat,
				   struct smb_descriptor *now, bool *ret_keep)
{
	uid_t uid = stat->uid;
	gid_t gid = stat->gid;

	if ((parts & SMB_SECURITY_OWNER) && sd->has_owner) {
		if (!fsa_sid_to_user(&sd->owner, &uid)) {
			if (!may_name(open, &sd->owner))
				return NT_STATUS_INVALID_OWNER;
			*ret_keep = true;
		}
		now->owner = sd->owner;
	}
	if ((parts & SMB_SECURITY_GROUP) && sd->has_group) {
		if (!fsa_sid_to_group(&sd->group, &gid)) {
			if (!may_name(open, &sd->group))
				return NT_STATUS_INVALID_PRIMARY_GROUP;
			*ret_keep = true;
		}
		now->group = sd->group;
	}
	return co_chown(open, uid, gid, stat);
}

/* A DACL that was not sent is one that allows all: MS-DTYP 2.4.6. */
static void take_dacl(const struct smb_descriptor *sd,
		      struct smb_descriptor *now)
{
	now->control = fsa_dacl_control(sd->control);
	now->has_dacl = true;
	now->is_dacl_null = !sd->has_dacl || sd->is_dacl_null;
	now->dacl = sd->dacl;
	now->dacl_count = now->is_dacl_null ? 0 : sd->dacl_count;
}

/* What POSIX ACLs keep of a DACL: that of a directory becomes two. */
static enum nt_status co_set_posix(struct fsa_open *open,
				   const struct smb_descriptor *now,
				   const struct store_stat *stat)
{
	const struct fsa_posix_file file = { S_ISDIR(stat->mode), stat->uid,
					     stat->gid, false };
	struct fsa_posix_acl acl, heirs = { 0 };
	enum nt_status status;

	fsa_posix_acl_of_mode(0777, &acl);
	if (!now->is_dacl_null &&
	    (!fsa_posix_acl_from_dacl(now->dacl, now->dacl_count, &file, false,
				      &acl) ||
	     !fsa_posix_acl_from_dacl(now->dacl, now->dacl_count, &file, true,
				      &heirs)))
		return NT_STATUS_INVALID_ACL;
	status = fsa_co_posix_set(open->volume, open->file, false, &acl);
	if (nt_status_is_ok(status) && file.is_directory)
		status = fsa_co_posix_set(open->volume, open->file, true,
					  &heirs);
	return status;
}

/* What a share without descriptors keeps of a DACL. */
static enum nt_status co_set_mode(struct fsa_open *open,
				  const struct smb_descriptor *now,
				  const struct store_stat *stat)
{
	if (uses_posix(open, stat->mode))
		return co_set_posix(open, now, stat);

	mode_t mode = now->is_dacl_null
			      ? 0777
			      : fsa_acl_to_mode(now->dacl, now->dacl_count,
						stat->uid, stat->gid);

	return fsa_status(FSA_SET,
			  store_co_set_mode(open->volume->creds, open->file,
					    (stat->mode & 07000) | mode));
}

/* Sets the parts of `sd` that are asked for; rights have been checked. */
static enum nt_status co_set(struct fsa_open *open, uint32_t parts,
			     const struct smb_descriptor *sd)
{
	bool has_dacl = parts & SMB_SECURITY_DACL, keep = has_dacl;
	struct fsa_descriptor d = {};
	struct store_stat stat;
	enum nt_status status =
		fsa_status(FSA_QUERY, store_co_stat(open->file, &stat));

	if (nt_status_is_ok(status))
		status = co_present(open, &stat, &d);
	if (!nt_status_is_ok(status))
		return status;
	keep |= d.is_stored;
	status = co_set_owner(open, sd, parts, &stat, &d.sd, &keep);
	if (has_dacl)
		take_dacl(sd, &d.sd);
	if (!nt_status_is_ok(status) || !keep)
		goto fini;
	if (fsa_descriptor_is_kept(open->volume->share, stat.mode))
		status = fsa_co_descriptor_put(open->volume, open->file, &stat,
					       &d.sd);
	else if (has_dacl)
		status = co_set_mode(open, &d.sd, &stat);
fini:
	fsa_descriptor_fini(&d);
	return status;
}

/*
 * By the POSIX extensions a DACL is a way to say chmod: done, and taken out of
 * `parts`.
 */
static enum nt_status co_take_mode(struct fsa_open *open, uint32_t *parts,
				   const struct smb_descriptor *sd)
{
	mode_t mode;

	for (uint32_t i = 0; i < sd->dacl_count; i++) {
		if (!fsa_sid_to_mode(&sd->dacl[i].sid, &mode))
			continue;
		*parts &= ~(uint32_t)SMB_SECURITY_DACL;
		return fsa_status(FSA_SET,
				  store_co_set_mode(open->volume->creds,
						    open->file, mode));
	}
	return NT_STATUS_SUCCESS;
}

/*
 * To macOS it is so if it tells another mode than the file has: what else it
 * says then is what was there. Those entries are never kept.
 */
static enum nt_status co_take_nfs(struct fsa_open *open, uint32_t *parts,
				  struct smb_descriptor *sd,
				  struct smb_ace *aces)
{
	const mode_t none = (mode_t)-1;
	struct store_stat stat;
	mode_t mode = none;
	int err;

	sd->dacl_count = fsa_nfs_aces_take(aces, sd->dacl_count, &mode);
	if (mode == none)
		return NT_STATUS_SUCCESS;
	err = store_co_stat(open->file, &stat);
	if (err)
		return fsa_status(FSA_QUERY, err);
	if (mode == (stat.mode & 07777))
		return NT_STATUS_SUCCESS;
	*parts &= ~(uint32_t)SMB_SECURITY_DACL;
	return fsa_status(FSA_SET, store_co_set_mode(open->volume->creds,
						     open->file, mode));
}

enum nt_status fsa_co_set_security(struct smb_object *object, uint32_t parts,
				   const uint8_t *security, uint32_t length)
{
	struct fsa_open *open = fsa_open_of(object);
	struct smb_descriptor sd;
	struct smb_ace *aces;
	enum nt_status status = check_writing(open, parts);

	if (!nt_status_is_ok(status))
		return status;
	aces = reallocarray(NULL, SMB_ACES_MAX, sizeof(*aces));
	if (!aces)
		return NT_STATUS_INSUFFICIENT_RESOURCES;
	status = smb_descriptor_read((struct bytes){ security, length }, aces,
				     &sd);
	if (nt_status_is_ok(status) && open->base.is_posix &&
	    parts & SMB_SECURITY_DACL)
		status = co_take_mode(open, &parts, &sd);
	else if (nt_status_is_ok(status) && parts & SMB_SECURITY_DACL &&
		 open->volume->base.is_for_apple)
		status = co_take_nfs(open, &parts, &sd, aces);
	if (nt_status_is_ok(status) && parts != 0) {
		fsa_dacl_settle(aces, sd.dacl_count);
		status = co_set(open, parts, &sd);
	}
	if (nt_status_is_ok(status))
		fsa_changed_self(open, FSA_CHANGE_SECURITY);
	free(aces);
	return status;
}

/* ---- new files ---- */

/* The DACL that comes from the directory, if there is anything in it. */
static enum nt_status co_inherit(struct fsa_open *open,
				 const struct fsa_descriptor *parent,
				 struct smb_ace *aces)
{
	struct store_stat stat;
	int err = store_co_stat(open->file, &stat);

	if (err)
		return fsa_status(FSA_QUERY, err);

	struct smb_descriptor sd = {
		.control = parent->sd.control & FSA_SD_DACL_AUTO_INHERITED,
		.has_owner = true,
		.has_group = true,
		.has_dacl = true,
		.owner = fsa_sid_of_user(stat.uid),
		.group = fsa_sid_of_group(stat.gid),
		.dacl = aces,
	};

	sd.dacl_count = fsa_dacl_inherit(&parent->sd, open->base.is_directory,
					 &sd.owner, &sd.group, aces);
	return sd.dacl_count ? fsa_co_descriptor_put(open->volume, open->file,
						     &stat, &sd)
			     : NT_STATUS_SUCCESS;
}

enum nt_status fsa_co_security_of_new(struct fsa_open *open,
				      const struct fsa_descriptor *parent,
				      const uint8_t *security, uint32_t length)
{
	struct smb_descriptor sd = {};
	enum nt_status status = NT_STATUS_SUCCESS;
	uint32_t parts = 0;
	struct smb_ace *aces;

	if (!security && !parent->is_stored)
		return NT_STATUS_SUCCESS;
	aces = reallocarray(NULL, SMB_ACES_MAX, sizeof(*aces));
	if (!aces)
		return NT_STATUS_INSUFFICIENT_RESOURCES;
	if (security)
		status = smb_descriptor_read((struct bytes){ security, length },
					     aces, &sd);
	if (nt_status_is_ok(status) && sd.has_dacl)
		fsa_dacl_settle(aces, sd.dacl_count);
	else if (nt_status_is_ok(status) && parent->is_stored)
		status = co_inherit(open, parent, aces);
	parts |= sd.has_owner ? SMB_SECURITY_OWNER : 0;
	parts |= sd.has_group ? SMB_SECURITY_GROUP : 0;
	parts |= sd.has_dacl ? SMB_SECURITY_DACL : 0;
	if (nt_status_is_ok(status) && parts)
		status = co_set(open, parts, &sd);
	free(aces);
	return status;
}
