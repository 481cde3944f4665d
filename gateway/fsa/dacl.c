/*
 * Discretionary ACLs: who gets what, and what children get. Which bytes they
 * are is smb/wire/sd.h's, where they are kept security.c's, what mode bits
 * come near to them acl.c's.
 *
 * MS-DTYP 2.4.4 (ACEs), 2.5.3.2 (evaluation), 2.5.3.4 (inheritance); MS-FSA
 * 2.1.5.16.
 */
#include "gateway/fsa/dacl.h"

#include "gateway/fsa/object.h"
#include "gateway/fsa/sid.h"
#include "gateway/fsa/windows.h"

enum {
	INHERITANCE = FSA_ACE_OBJECT_INHERIT | FSA_ACE_CONTAINER_INHERIT |
		      FSA_ACE_NO_PROPAGATE | FSA_ACE_INHERIT_ONLY,
};

#define GENERIC_RIGHTS \
	(GENERIC_READ | (uint32_t)GENERIC_WRITE | GENERIC_EXECUTE | GENERIC_ALL)

/* ---- evaluation ---- */

bool fsa_subject_has(const struct fsa_subject *who, const struct smb_sid *sid)
{
	uid_t uid;
	gid_t gid;

	if (fsa_sid_is_everyone(sid) || fsa_sid_is_network(sid))
		return true;
	if (fsa_sid_to_user(sid, &uid))
		return uid == who->uid;
	if (fsa_sid_to_group(sid, &gid))
		return who->has_group(who->groups, gid);
	return !who->uid && fsa_sid_is_administrators(sid);
}

static bool concerns(const struct smb_ace *ace, const struct fsa_subject *who,
		     bool is_owner)
{
	if (ace->flags & FSA_ACE_INHERIT_ONLY)
		return false;
	if (fsa_sid_is_owner_rights(&ace->sid))
		return is_owner;
	return fsa_subject_has(who, &ace->sid);
}

/* Whether an ACE says what its owner has, so that nothing goes without one. */
static bool speaks_of_owner(const struct smb_descriptor *sd)
{
	for (uint32_t i = 0; i < sd->dacl_count; i++) {
		if (!(sd->dacl[i].flags & FSA_ACE_INHERIT_ONLY) &&
		    sd->dacl[i].type <= SMB_ACE_DENIED &&
		    fsa_sid_is_owner_rights(&sd->dacl[i].sid))
			return true;
	}
	return false;
}

uint32_t fsa_dacl_rights(const struct smb_descriptor *sd,
			 const struct fsa_subject *who)
{
	bool is_owner = sd->has_owner && fsa_subject_has(who, &sd->owner);
	uint32_t allowed = 0, denied = 0;

	if (!sd->has_dacl || sd->is_dacl_null)
		return FILE_ALL_ACCESS;
	if (is_owner && !speaks_of_owner(sd))
		allowed |= READ_CONTROL | WRITE_DAC;
	if (!who->uid)
		allowed |= WRITE_OWNER;
	for (uint32_t i = 0; i < sd->dacl_count; i++) {
		const struct smb_ace *ace = &sd->dacl[i];
		uint32_t mask = fsa_access_map(ace->mask);

		if (!concerns(ace, who, is_owner))
			continue;
		if (ace->type == SMB_ACE_ALLOWED)
			allowed |= mask & ~denied;
		else if (ace->type == SMB_ACE_DENIED)
			denied |= mask & ~allowed;
	}
	return allowed & FILE_ALL_ACCESS;
}

/* ---- setting ---- */

void fsa_dacl_settle(struct smb_ace *aces, uint32_t count)
{
	for (uint32_t i = 0; i < count; i++) {
		if (!(aces[i].flags & FSA_ACE_INHERIT_ONLY))
			aces[i].mask = fsa_access_map(aces[i].mask);
	}
}

uint16_t fsa_dacl_control(uint16_t sent)
{
	const uint16_t inherited =
		FSA_SD_DACL_AUTO_INHERITED | FSA_SD_DACL_AUTO_INHERIT_REQ;
	uint16_t control = sent & FSA_SD_DACL_PROTECTED;

	/* Only who knows of automatic inheritance says both. */
	if ((sent & inherited) == inherited)
		control |= FSA_SD_DACL_AUTO_INHERITED;
	return control;
}

/* ---- inheritance ---- */

/* What a child gets of one ACE. */
struct bequest {
	bool is_effective;   /* it counts for the child itself */
	uint8_t propagation; /* and for whom below it; 0: nobody */
};

static struct bequest bequest_of(uint8_t flags, bool is_directory)
{
	uint8_t kinds =
		flags & (FSA_ACE_OBJECT_INHERIT | FSA_ACE_CONTAINER_INHERIT);

	if (!is_directory)
		return (struct bequest){
			.is_effective = kinds & FSA_ACE_OBJECT_INHERIT,
		};
	return (struct bequest){
		.is_effective = kinds & FSA_ACE_CONTAINER_INHERIT,
		.propagation = flags & FSA_ACE_NO_PROPAGATE ? 0 : kinds,
	};
}

bool fsa_dacl_has_heirs(const struct smb_descriptor *parent, bool is_directory)
{
	if (!parent->has_dacl || parent->is_dacl_null)
		return false;
	for (uint32_t i = 0; i < parent->dacl_count; i++) {
		struct bequest b =
			bequest_of(parent->dacl[i].flags, is_directory);

		if (b.is_effective || b.propagation)
			return true;
	}
	return false;
}

/* The child's own part: creators have names, rights are rights of files. */
static struct smb_ace effective(const struct smb_ace *ace,
				const struct smb_sid *owner,
				const struct smb_sid *group)
{
	struct smb_ace own = *ace;

	own.mask = fsa_access_map(ace->mask);
	if (fsa_sid_is_creator_owner(&ace->sid))
		own.sid = *owner;
	else if (fsa_sid_is_owning_group(&ace->sid))
		own.sid = *group;
	return own;
}

static bool is_template(const struct smb_ace *ace)
{
	return fsa_sid_is_creator_owner(&ace->sid) ||
	       fsa_sid_is_owning_group(&ace->sid) || ace->mask & GENERIC_RIGHTS;
}

/* Up to two ACEs: one for the child, and one for what is below it. */
static uint32_t inherit_one(const struct smb_ace *ace, bool is_directory,
			    uint8_t mark, const struct smb_sid *owner,
			    const struct smb_sid *group, struct smb_ace to[2])
{
	struct bequest bequest = bequest_of(ace->flags, is_directory);
	uint8_t others =
		(ace->flags & ~(INHERITANCE | FSA_ACE_INHERITED)) | mark;
	uint32_t count = 0;

	if (bequest.is_effective) {
		to[count] = effective(ace, owner, group);
		to[count].flags = others;
		if (bequest.propagation && !is_template(ace)) {
			to[count].flags |= bequest.propagation;
			bequest.propagation = 0;
		}
		count++;
	}
	if (bequest.propagation) {
		to[count] = *ace;
		to[count++].flags =
			others | bequest.propagation | FSA_ACE_INHERIT_ONLY;
	}
	return count;
}

uint32_t fsa_dacl_inherit(const struct smb_descriptor *parent,
			  bool is_directory, const struct smb_sid *owner,
			  const struct smb_sid *group,
			  struct smb_ace aces[SMB_ACES_MAX])
{
	uint8_t mark = parent->control & FSA_SD_DACL_AUTO_INHERITED
			       ? FSA_ACE_INHERITED
			       : 0;
	uint32_t count = 0;

	if (!parent->has_dacl || parent->is_dacl_null)
		return 0;
	for (uint32_t i = 0; i < parent->dacl_count; i++) {
		struct smb_ace two[2];
		uint32_t n = inherit_one(&parent->dacl[i], is_directory, mark,
					 owner, group, two);

		for (uint32_t k = 0; k < n && count < SMB_ACES_MAX; k++)
			aces[count++] = two[k];
	}
	return count;
}
