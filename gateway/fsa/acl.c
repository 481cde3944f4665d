/*
 * Security descriptors: owner and group are the file's own, and the DACL is
 * computed from the mode bits; setting one maps it back, as near as nine bits
 * come. There is never a SACL. Which users there are is sid.c's, what a
 * descriptor looks like is smb/wire/sd.h's.
 *
 * MS-DTYP 2.4.4 to 2.4.6, 2.5.3.2; MS-FSA 2.1.5.13 and 2.1.5.16.
 */
#include "gateway/fsa/acl.h"

#include <stdlib.h>
#include <sys/stat.h>

#include "gateway/fsa/notify.h"
#include "gateway/fsa/object.h"
#include "gateway/fsa/sid.h"
#include "gateway/fsa/windows.h"

enum {
	CONTROL_DACL_PRESENT = 0x0004,
	CONTROL_DACL_PROTECTED = 0x1000,
	CONTROL_SELF_RELATIVE = 0x8000,

	ACE_INHERIT_ONLY = 0x08,

	/* What owners have in any case: chmod and chown ask for no bits. */
	OWNER_ALWAYS = READ_CONTROL | WRITE_DAC | WRITE_OWNER | SYNCHRONIZE |
		       FILE_READ_ATTRIBUTES | FILE_WRITE_ATTRIBUTES,
	ANYBODY_ALWAYS = READ_CONTROL | SYNCHRONIZE | FILE_READ_ATTRIBUTES,
};

/* ---- mode bits and ACEs ---- */

/* The data rights that one bit of a class stands for, and no others. */
static uint32_t rights_of(unsigned int bits, bool is_directory)
{
	return (bits & 4 ? FILE_READ_DATA | FILE_READ_EA : 0) |
	       (bits & 2 ? FILE_WRITE_DATA | FILE_APPEND_DATA | FILE_WRITE_EA |
				   (is_directory ? FILE_DELETE_CHILD : 0)
			 : 0) |
	       (bits & 1 ? FILE_EXECUTE : 0);
}

static uint32_t owner_mask(unsigned int bits, bool is_directory)
{
	if (bits == 7)
		return FILE_ALL_ACCESS;
	return rights_of(bits, is_directory) | OWNER_ALWAYS |
	       (bits & 2 ? DELETE : 0);
}

static uint32_t other_mask(unsigned int bits, bool is_directory)
{
	return rights_of(bits, is_directory) | ANYBODY_ALWAYS |
	       (bits & 2 ? DELETE | FILE_WRITE_ATTRIBUTES : 0);
}

uint32_t fsa_acl_from_mode(mode_t mode, bool is_directory, uid_t uid, gid_t gid,
			   struct smb_ace aces[FSA_ACL_ACES_MAX])
{
	unsigned int user = mode >> 6 & 7, group = mode >> 3 & 7;
	unsigned int other = mode & 7;
	struct smb_sid user_sid = fsa_sid_of_user(uid);
	struct smb_sid group_sid = fsa_sid_of_group(gid);
	uint32_t count = 0;

	if ((group | other) & ~user)
		aces[count++] = (struct smb_ace){
			.type = SMB_ACE_DENIED,
			.mask = rights_of((group | other) & ~user,
					  is_directory),
			.sid = user_sid,
		};
	if (other & ~group)
		aces[count++] = (struct smb_ace){
			.type = SMB_ACE_DENIED,
			.mask = rights_of(other & ~group, is_directory),
			.sid = group_sid,
		};
	aces[count++] = (struct smb_ace){
		.mask = owner_mask(user, is_directory),
		.sid = user_sid,
	};
	aces[count++] = (struct smb_ace){
		.mask = other_mask(group, is_directory),
		.sid = group_sid,
	};
	aces[count++] = (struct smb_ace){
		.mask = other_mask(other, is_directory),
		.sid = fsa_sid_everyone(),
	};
	return count;
}

enum class {
	CLASS_USER,
	CLASS_GROUP,
	CLASS_OTHER,
};

/* Whether an ACE is about the members of a class. */
static bool ace_concerns(const struct smb_ace *ace, enum class who, uid_t uid,
			 gid_t gid)
{
	uid_t ace_uid;
	gid_t ace_gid;

	if (ace->flags & ACE_INHERIT_ONLY)
		return false;
	if (fsa_sid_is_everyone(&ace->sid))
		return true;
	if (who == CLASS_USER)
		return fsa_sid_is_owner(&ace->sid) ||
		       (fsa_sid_to_user(&ace->sid, &ace_uid) && ace_uid == uid);
	if (who == CLASS_GROUP)
		return fsa_sid_is_owning_group(&ace->sid) ||
		       (fsa_sid_to_group(&ace->sid, &ace_gid) &&
			ace_gid == gid);
	return false;
}

/* What a class has after all ACEs: who says a thing first is right. */
static unsigned int class_bits(const struct smb_ace *aces, uint32_t count,
			       enum class who, uid_t uid, gid_t gid)
{
	uint32_t allowed = 0, denied = 0;

	for (uint32_t i = 0; i < count; i++) {
		uint32_t mask = fsa_access_map(aces[i].mask);

		if (!ace_concerns(&aces[i], who, uid, gid))
			continue;
		if (aces[i].type == SMB_ACE_ALLOWED)
			allowed |= mask & ~denied;
		else if (aces[i].type == SMB_ACE_DENIED)
			denied |= mask & ~allowed;
	}
	return (allowed & FILE_READ_DATA ? 4u : 0) |
	       (allowed & FILE_WRITE_DATA ? 2u : 0) |
	       (allowed & FILE_EXECUTE ? 1u : 0);
}

mode_t fsa_acl_to_mode(const struct smb_ace *aces, uint32_t count, uid_t uid,
		       gid_t gid)
{
	return class_bits(aces, count, CLASS_USER, uid, gid) << 6 |
	       class_bits(aces, count, CLASS_GROUP, uid, gid) << 3 |
	       class_bits(aces, count, CLASS_OTHER, uid, gid);
}

/* ---- query ---- */

enum nt_status fsa_co_query_security(struct smb_object *object, uint32_t parts,
				     uint8_t *to, uint32_t size,
				     uint32_t *ret_length)
{
	struct fsa_open *open = fsa_open_of(object);
	struct smb_ace aces[FSA_ACL_ACES_MAX];
	struct store_stat stat;

	if ((parts & SMB_SECURITY_SACL) &&
	    !(open->access & ACCESS_SYSTEM_SECURITY))
		return NT_STATUS_ACCESS_DENIED;
	if ((parts & ~(uint32_t)SMB_SECURITY_SACL) &&
	    !(open->access & READ_CONTROL))
		return NT_STATUS_ACCESS_DENIED;

	int err = store_co_stat(open->file, &stat);

	if (err < 0)
		return fsa_status(FSA_QUERY, err);

	struct smb_descriptor sd = {
		.control = CONTROL_SELF_RELATIVE,
		.has_owner = (parts & SMB_SECURITY_OWNER) != 0,
		.has_group = (parts & SMB_SECURITY_GROUP) != 0,
		.has_dacl = (parts & SMB_SECURITY_DACL) != 0,
		.owner = fsa_sid_of_user(stat.uid),
		.group = fsa_sid_of_group(stat.gid),
	};

	if (sd.has_dacl) {
		sd.control |= CONTROL_DACL_PRESENT | CONTROL_DACL_PROTECTED;
		sd.dacl_count = fsa_acl_from_mode(stat.mode, S_ISDIR(stat.mode),
						  stat.uid, stat.gid, aces);
		sd.dacl = aces;
	}

	size_t length = smb_descriptor_size(&sd);
	struct writer w = writer_at(to, size);

	*ret_length = (uint32_t)length;
	if (length > size)
		return NT_STATUS_BUFFER_TOO_SMALL;
	smb_descriptor_write(&w, &sd);
	return wr_ok(&w) ? NT_STATUS_SUCCESS : NT_STATUS_INTERNAL_ERROR;
}

/* ---- set ---- */

static enum nt_status check_rights(const struct fsa_open *open, uint32_t parts)
{
	uint32_t needed = 0;

	if (parts & (SMB_SECURITY_OWNER | SMB_SECURITY_GROUP))
		needed |= WRITE_OWNER;
	if (parts & SMB_SECURITY_DACL)
		needed |= WRITE_DAC;
	if (parts & SMB_SECURITY_SACL)
		needed |= ACCESS_SYSTEM_SECURITY;
	return needed & ~open->access ? NT_STATUS_ACCESS_DENIED
				      : NT_STATUS_SUCCESS;
}

/* Changes only what differs: naming the present owner is allowed to all. */
static enum nt_status co_set_owner(struct fsa_open *open,
				   const struct smb_descriptor *sd,
				   uint32_t parts, struct store_stat *stat)
{
	uid_t uid = stat->uid;
	gid_t gid = stat->gid;

	if ((parts & SMB_SECURITY_OWNER) && sd->has_owner &&
	    !fsa_sid_to_user(&sd->owner, &uid))
		return NT_STATUS_INVALID_OWNER;
	if ((parts & SMB_SECURITY_GROUP) && sd->has_group &&
	    !fsa_sid_to_group(&sd->group, &gid))
		return NT_STATUS_INVALID_PRIMARY_GROUP;
	if (uid == stat->uid && gid == stat->gid)
		return NT_STATUS_SUCCESS;

	int err = store_co_set_owner(open->volume->creds, open->file,
				     uid == stat->uid ? (uid_t)-1 : uid,
				     gid == stat->gid ? (gid_t)-1 : gid);

	if (err < 0)
		return fsa_status(FSA_SET, err);
	stat->uid = uid;
	stat->gid = gid;
	return NT_STATUS_SUCCESS;
}

static enum nt_status co_set_dacl(struct fsa_open *open,
				  const struct smb_descriptor *sd,
				  const struct store_stat *stat)
{
	mode_t special = stat->mode & 07000;
	mode_t mode = 0777;

	/* A DACL that is not there allows all: MS-DTYP 2.4.6. */
	if (sd->has_dacl && !sd->is_dacl_null)
		mode = fsa_acl_to_mode(sd->dacl, sd->dacl_count, stat->uid,
				       stat->gid);
	if ((special | mode) == (stat->mode & 07777))
		return NT_STATUS_SUCCESS;
	return fsa_status(FSA_SET,
			  store_co_set_mode(open->volume->creds, open->file,
					    special | mode));
}

static void tell(struct fsa_open *open)
{
	char *path = fsa_node_path(open->node);

	if (path)
		fsa_notify_changed(open->volume->share->fsa,
				   open->volume->share->tree, path,
				   FSA_ACTION_MODIFIED, FSA_CHANGE_SECURITY);
	free(path);
}

enum nt_status fsa_co_set_security(struct smb_object *object, uint32_t parts,
				   const uint8_t *security, uint32_t length)
{
	struct fsa_open *open = fsa_open_of(object);
	struct smb_ace *aces = calloc(SMB_ACES_MAX, sizeof(*aces));
	struct smb_descriptor sd;
	struct store_stat stat;
	enum nt_status status;

	if (!aces)
		return NT_STATUS_INSUFFICIENT_RESOURCES;
	status = check_rights(open, parts);
	if (status != NT_STATUS_SUCCESS)
		goto free_aces;
	status = smb_descriptor_read((struct bytes){ security, length }, aces,
				     &sd);
	if (status != NT_STATUS_SUCCESS)
		goto free_aces;
	status = fsa_status(FSA_QUERY, store_co_stat(open->file, &stat));
	if (status != NT_STATUS_SUCCESS)
		goto free_aces;
	status = co_set_owner(open, &sd, parts, &stat);
	if (status == NT_STATUS_SUCCESS && (parts & SMB_SECURITY_DACL))
		status = co_set_dacl(open, &sd, &stat);
	if (status == NT_STATUS_SUCCESS)
		tell(open);
free_aces:
	free(aces);
	return status;
}
