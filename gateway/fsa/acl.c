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

uint32_t fsa_acl_rights(unsigned int bits, bool is_directory)
{
	return (bits & 4 ? FILE_READ_DATA | FILE_READ_EA : 0) |
	       (bits & 2 ? FILE_WRITE_DATA | FILE_APPEND_DATA | FILE_WRITE_EA |
				   (is_directory ? FILE_DELETE_CHILD : 0)
			 : 0) |
	       (bits & 1 ? FILE_EXECUTE : 0);
}

uint32_t fsa_acl_owner_mask(unsigned int bits, bool is_directory)
{
	if (bits == 7)
		return FILE_ALL_ACCESS;
	return fsa_acl_rights(bits, is_directory) | OWNER_ALWAYS |
	       (bits & 2 ? DELETE : 0);
}

uint32_t fsa_acl_other_mask(unsigned int bits, bool is_directory)
{
	return fsa_acl_rights(bits, is_directory) | ANYBODY_ALWAYS |
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
			.mask = fsa_acl_rights((group | other) & ~user,
					       is_directory),
			.sid = user_sid,
		};
	if (other & ~group)
		aces[count++] = (struct smb_ace){
			.type = SMB_ACE_DENIED,
			.mask = fsa_acl_rights(other & ~group, is_directory),
			.sid = group_sid,
		};
	aces[count++] = (struct smb_ace){
		.mask = fsa_acl_owner_mask(user, is_directory),
		.sid = user_sid,
	};
	aces[count++] = (struct smb_ace){
		.mask = fsa_acl_other_mask(group, is_directory),
		.sid = group_sid,
	};
	aces[count++] = (struct smb_ace){
		.mask = fsa_acl_other_mask(other, is_directory),
		.sid = fsa_sid_everyone(),
	};
	return count;
}

/* Whether an ACE is about somebody. */
static bool ace_concerns(const struct smb_ace *ace,
			 const struct fsa_acl_party *who)
{
	uint32_t id;

	if (fsa_sid_is_everyone(&ace->sid))
		return true;
	switch (who->kind) {
	case FSA_PARTY_OWNER:
		return fsa_sid_is_owner(&ace->sid) ||
		       (fsa_sid_to_user(&ace->sid, &id) && id == who->id);
	case FSA_PARTY_OWNING_GROUP:
		return fsa_sid_is_owning_group(&ace->sid) ||
		       (fsa_sid_to_group(&ace->sid, &id) && id == who->id);
	case FSA_PARTY_USER:
		return fsa_sid_to_user(&ace->sid, &id) && id == who->id;
	case FSA_PARTY_GROUP:
		return fsa_sid_to_group(&ace->sid, &id) && id == who->id;
	case FSA_PARTY_OTHER:
		break;
	}
	return false;
}

/* Who says a thing first is right. */
unsigned int fsa_acl_bits(const struct smb_ace *aces, uint32_t count,
			  bool for_children, const struct fsa_acl_party *who)
{
	const uint8_t inherited =
		FSA_ACE_OBJECT_INHERIT | FSA_ACE_CONTAINER_INHERIT;
	uint32_t allowed = 0, denied = 0;

	for (uint32_t i = 0; i < count; i++) {
		uint32_t mask = fsa_access_map(aces[i].mask);
		bool counts = for_children
				      ? aces[i].flags & inherited
				      : !(aces[i].flags & FSA_ACE_INHERIT_ONLY);

		if (!counts || !ace_concerns(&aces[i], who))
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
	const struct fsa_acl_party classes[] = {
		{ FSA_PARTY_OWNER, uid },
		{ FSA_PARTY_OWNING_GROUP, gid },
		{ FSA_PARTY_OTHER, 0 },
	};
	mode_t mode = 0;

	for (size_t i = 0; i < 3; i++)
		mode = mode << 3 |
		       fsa_acl_bits(aces, count, false, &classes[i]);
	return mode;
}
