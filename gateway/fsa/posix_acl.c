/*
 * POSIX ACLs. Like a mode with further users and groups, and a mask for all
 * but the owner and the others; there is nothing that denies. Of a DACL they
 * keep who may read, write and execute.
 */
#include "gateway/fsa/posix_acl.h"

#include <string.h>

#include "gateway/fsa/acl.h"
#include "gateway/fsa/dacl.h"
#include "gateway/fsa/sid.h"

enum {
	VERSION = 2,
	ID_NONE = -1,
	BITS = 7,
	INHERITED_BY_ALL = FSA_ACE_OBJECT_INHERIT | FSA_ACE_CONTAINER_INHERIT,
};

/* ---- bytes ---- */

static bool tag_is_known(uint16_t tag)
{
	return tag && tag <= FSA_POSIX_OTHER && !(tag & (tag - 1));
}

bool fsa_posix_acl_read(struct bytes in, struct fsa_posix_acl *ret_acl)
{
	struct reader r = reader_of(in);
	struct fsa_posix_acl acl = { 0 };

	if (rd_u32(&r) != VERSION)
		return false;
	while (rd_ok(&r) && rd_left(&r)) {
		struct fsa_posix_entry e = { .tag = rd_u16(&r) };

		e.bits = rd_u16(&r) & BITS;
		e.id = rd_u32(&r);
		if (!rd_ok(&r) || !tag_is_known(e.tag) ||
		    acl.count == FSA_POSIX_ENTRIES_MAX)
			return false;
		acl.entries[acl.count++] = e;
	}
	if (!rd_ok(&r) || !acl.count)
		return false;
	*ret_acl = acl;
	return true;
}

static bool has_id(uint16_t tag)
{
	return tag == FSA_POSIX_USER || tag == FSA_POSIX_GROUP;
}

void fsa_posix_acl_write(struct writer *w, const struct fsa_posix_acl *acl)
{
	wr_u32(w, VERSION);
	for (uint32_t i = 0; i < acl->count; i++) {
		const struct fsa_posix_entry *e = &acl->entries[i];

		wr_u16(w, e->tag);
		wr_u16(w, e->bits);
		wr_u32(w, has_id(e->tag) ? e->id : (uint32_t)ID_NONE);
	}
}

/* ---- the nine bits ---- */

void fsa_posix_acl_of_mode(mode_t mode, struct fsa_posix_acl *ret_acl)
{
	*ret_acl = (struct fsa_posix_acl){
		.count = 3,
		.entries = { { FSA_POSIX_USER_OBJ, mode >> 6 & BITS, 0 },
			     { FSA_POSIX_GROUP_OBJ, mode >> 3 & BITS, 0 },
			     { FSA_POSIX_OTHER, mode & BITS, 0 } },
	};
}

/* The bits of the one entry with this tag; `none` without it. */
static unsigned int bits_of(const struct fsa_posix_acl *acl, uint16_t tag,
			    unsigned int none)
{
	for (uint32_t i = 0; i < acl->count; i++) {
		if (acl->entries[i].tag == tag)
			return acl->entries[i].bits;
	}
	return none;
}

mode_t fsa_posix_acl_mode(const struct fsa_posix_acl *acl)
{
	return bits_of(acl, FSA_POSIX_USER_OBJ, 0) << 6 |
	       bits_of(acl, FSA_POSIX_GROUP_OBJ, 0) << 3 |
	       bits_of(acl, FSA_POSIX_OTHER, 0);
}

/* ---- to a DACL ---- */

/* What an entry is worth behind the mask. */
static unsigned int effective(const struct fsa_posix_acl *acl,
			      const struct fsa_posix_entry *e)
{
	bool is_masked = e->tag == FSA_POSIX_USER ||
			 e->tag == FSA_POSIX_GROUP ||
			 e->tag == FSA_POSIX_GROUP_OBJ;

	return is_masked ? e->bits & bits_of(acl, FSA_POSIX_MASK, BITS)
			 : e->bits;
}

static struct smb_sid sid_of(const struct fsa_posix_entry *e,
			     const struct fsa_posix_file *file, bool is_default)
{
	switch (e->tag) {
	case FSA_POSIX_USER_OBJ:
		return is_default ? fsa_sid_creator_owner()
				  : fsa_sid_of_user(file->uid);
	case FSA_POSIX_USER:
		return fsa_sid_of_user(e->id);
	case FSA_POSIX_GROUP_OBJ:
		return is_default ? fsa_sid_creator_group()
				  : fsa_sid_of_group(file->gid);
	case FSA_POSIX_GROUP:
		return fsa_sid_of_group(e->id);
	default:
		return fsa_sid_everyone();
	}
}

/*
 * What later ACEs would give to who has an entry of his own: users are members
 * of groups, and all are everyone.
 */
static unsigned int given_later(const struct fsa_posix_acl *acl,
				const struct fsa_posix_entry *of)
{
	unsigned int bits = 0;

	if (of->tag == FSA_POSIX_OTHER)
		return 0;
	for (uint32_t i = 0; i < acl->count; i++) {
		const struct fsa_posix_entry *e = &acl->entries[i];
		bool is_group = e->tag == FSA_POSIX_GROUP ||
				e->tag == FSA_POSIX_GROUP_OBJ;
		bool of_user = of->tag == FSA_POSIX_USER ||
			       of->tag == FSA_POSIX_USER_OBJ;

		if (e->tag == FSA_POSIX_OTHER || (is_group && of_user))
			bits |= effective(acl, e);
	}
	return bits;
}

uint32_t fsa_posix_acl_to_dacl(const struct fsa_posix_acl *acl,
			       const struct fsa_posix_file *file,
			       bool is_default,
			       struct smb_ace aces[FSA_POSIX_ACES_MAX])
{
	uint8_t flags =
		is_default ? INHERITED_BY_ALL | FSA_ACE_INHERIT_ONLY : 0;
	uint32_t count = 0;

	for (int denies = 1; denies >= 0; denies--) {
		for (uint32_t i = 0; i < acl->count; i++) {
			const struct fsa_posix_entry *e = &acl->entries[i];
			unsigned int bits = effective(acl, e);
			unsigned int lacks = given_later(acl, e) & ~bits;

			if (e->tag == FSA_POSIX_MASK || (denies && !lacks))
				continue;
			aces[count++] = (struct smb_ace){
				.type = denies ? SMB_ACE_DENIED
					       : SMB_ACE_ALLOWED,
				.flags = flags,
				.mask = denies ? fsa_acl_rights(
							 lacks,
							 file->is_directory)
					: e->tag == FSA_POSIX_USER_OBJ
						? fsa_acl_owner_mask(
							  bits,
							  file->is_directory)
						: fsa_acl_other_mask(
							  bits,
							  file->is_directory),
				.sid = sid_of(e, file, is_default),
			};
		}
	}
	return count;
}

/* ---- from a DACL ---- */

/* One that a DACL names; the file's own are others' entries. */
static bool entry_of(const struct smb_ace *ace,
		     const struct fsa_posix_file *file, bool is_default,
		     struct fsa_posix_entry *ret)
{
	uint32_t id;

	if (fsa_sid_to_user(&ace->sid, &id)) {
		*ret = (struct fsa_posix_entry){ FSA_POSIX_USER, 0, id };
		return is_default || id != file->uid;
	}
	if (fsa_sid_to_group(&ace->sid, &id)) {
		*ret = (struct fsa_posix_entry){ FSA_POSIX_GROUP, 0, id };
		return is_default || id != file->gid;
	}
	return false;
}

/* Where the entry is, or is to be, in the order of tags and ids. */
static uint32_t place_of(const struct fsa_posix_acl *acl,
			 const struct fsa_posix_entry *e)
{
	uint32_t at = 0;

	while (at < acl->count && (acl->entries[at].tag < e->tag ||
				   (acl->entries[at].tag == e->tag &&
				    acl->entries[at].id < e->id)))
		at++;
	return at;
}

/* Once, at its place. False: there is no room. */
static bool insert(struct fsa_posix_acl *acl, const struct fsa_posix_entry *e)
{
	uint32_t at = place_of(acl, e);
	struct fsa_posix_entry *to = &acl->entries[at];

	if (at < acl->count && to->tag == e->tag && to->id == e->id)
		return true;
	if (acl->count == FSA_POSIX_ENTRIES_MAX)
		return false;
	memmove(to + 1, to, (acl->count - at) * sizeof(*to));
	*to = *e;
	acl->count++;
	return true;
}

static bool is_inherited(const struct smb_ace *ace)
{
	return ace->flags & INHERITED_BY_ALL;
}

/*
 * Who counts as the owner of files to come: their creator. A DACL that says
 * nothing of him, but of the directory's owner, means him.
 */
static uint32_t owner_to_come(const struct smb_ace *aces, uint32_t count,
			      const struct smb_sid *creator, uint32_t owner)
{
	for (uint32_t i = 0; i < count; i++) {
		if (is_inherited(&aces[i]) &&
		    smb_sid_equal(&aces[i].sid, creator))
			return (uint32_t)ID_NONE;
	}
	return owner;
}

static unsigned int bits_given(const struct fsa_posix_entry *e,
			       const struct smb_ace *aces, uint32_t count,
			       const struct fsa_posix_file *file,
			       bool is_default)
{
	struct smb_sid creator = e->tag == FSA_POSIX_USER_OBJ
					 ? fsa_sid_creator_owner()
					 : fsa_sid_creator_group();
	struct fsa_acl_party who = { FSA_PARTY_OTHER, e->id };

	switch (e->tag) {
	case FSA_POSIX_USER_OBJ:
		who.kind = FSA_PARTY_OWNER;
		who.id = is_default ? owner_to_come(aces, count, &creator,
						    file->uid)
				    : file->uid;
		break;
	case FSA_POSIX_USER:
		who.kind = FSA_PARTY_USER;
		break;
	case FSA_POSIX_GROUP_OBJ:
		who.kind = FSA_PARTY_OWNING_GROUP;
		who.id = is_default ? owner_to_come(aces, count, &creator,
						    file->gid)
				    : file->gid;
		break;
	case FSA_POSIX_GROUP:
		who.kind = FSA_PARTY_GROUP;
		break;
	default:
		break;
	}
	return fsa_acl_bits(aces, count, is_default, &who);
}

/*
 * Windows lets everybody pass through a directory on his way; who may do
 * anything there must be able to here. Whoever may execute a file may read it
 * over the network. And the owner, who could give himself all of it, keeps
 * what is needed for that which is stored beside the file.
 */
static unsigned int widen(unsigned int bits, uint16_t tag, bool is_directory)
{
	if (is_directory && bits)
		bits |= 1;
	if (!is_directory && bits & 1)
		bits |= 4;
	if (tag == FSA_POSIX_USER_OBJ)
		bits |= is_directory ? 7 : 6;
	return bits;
}

static bool has_heirs(const struct smb_ace *aces, uint32_t count)
{
	for (uint32_t i = 0; i < count; i++) {
		if (is_inherited(&aces[i]))
			return true;
	}
	return false;
}

/* With further users and groups there must be a mask: all that any has. */
static bool add_mask(struct fsa_posix_acl *acl)
{
	struct fsa_posix_entry mask = { .tag = FSA_POSIX_MASK };

	if (acl->count <= 3)
		return true;
	for (uint32_t i = 0; i < acl->count; i++) {
		if (acl->entries[i].tag &
		    (FSA_POSIX_USER | FSA_POSIX_GROUP | FSA_POSIX_GROUP_OBJ))
			mask.bits |= acl->entries[i].bits;
	}
	return insert(acl, &mask);
}

bool fsa_posix_acl_from_dacl(const struct smb_ace *aces, uint32_t count,
			     const struct fsa_posix_file *file, bool is_default,
			     struct fsa_posix_acl *ret_acl)
{
	struct fsa_posix_acl acl;
	struct fsa_posix_entry e;

	*ret_acl = (struct fsa_posix_acl){ 0 };
	if (is_default && !has_heirs(aces, count))
		return true;
	fsa_posix_acl_of_mode(0, &acl);
	for (uint32_t i = 0; i < count; i++) {
		bool counts = is_default
				      ? is_inherited(&aces[i])
				      : !(aces[i].flags & FSA_ACE_INHERIT_ONLY);

		if (counts && entry_of(&aces[i], file, is_default, &e) &&
		    !insert(&acl, &e))
			return false;
	}
	for (uint32_t i = 0; i < acl.count; i++) {
		struct fsa_posix_entry *to = &acl.entries[i];
		unsigned int bits =
			bits_given(to, aces, count, file, is_default);

		if (file->is_kept)
			bits = widen(bits, to->tag, file->is_directory);
		to->bits = (uint16_t)bits;
	}
	if (!add_mask(&acl))
		return false;
	*ret_acl = acl;
	return true;
}
