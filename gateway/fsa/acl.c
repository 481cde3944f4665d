/*
 * Mode bits as a DACL, and a DACL as mode bits, as near as nine bits come.
 * Which users there are is sid.c's, what an ACE looks like smb/wire/sd.h's.
 *
 * MS-DTYP 2.4.4, 2.5.3.2.
 */
#include "gateway/fsa/acl.h"

#include "gateway/fsa/dacl.h"
#include "gateway/fsa/object.h"
#include "gateway/fsa/sid.h"
#include "gateway/fsa/windows.h"

enum {
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

	if (ace->flags & FSA_ACE_INHERIT_ONLY)
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
