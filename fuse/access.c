/*
 * The three classes of a mode, the sticky bit, and what an owner may give
 * away: path_resolution(7), chmod(2), chown(2), unlink(2).
 */
#include "fuse/access.h"

#include <endian.h>
#include <errno.h>
#include <string.h>
#include <unistd.h>

static bool is_in_group(const struct fusefs_user *user, gid_t gid)
{
	return user->gid == gid || user->has_group(user->arg, gid);
}

int fusefs_access(const struct fusefs_attr *attr,
		  const struct fusefs_user *user, int wanted)
{
	unsigned int may = attr->mode & 7;

	if (user->is_trusted)
		return 0;
	if (user->uid == 0) {
		bool may_run = S_ISDIR(attr->mode) || attr->mode & 0111;

		return wanted & X_OK && !may_run ? -EACCES : 0;
	}
	if (user->uid == attr->uid)
		may = attr->mode >> 6 & 7;
	else if (is_in_group(user, attr->gid))
		may = attr->mode >> 3 & 7;
	return (unsigned int)wanted & ~may ? -EACCES : 0;
}

/* As linux/posix_acl_xattr.h has them: little-endian, a version, entries. */
struct acl_entry {
	uint16_t tag, bits;
	uint32_t id;
};

enum {
	ACL_VERSION = 2,
	ACL_HEAD_SIZE = 4,
	TAG_USER_OBJ = 0x01,
	TAG_USER = 0x02,
	TAG_GROUP_OBJ = 0x04,
	TAG_GROUP = 0x08,
	TAG_MASK = 0x10,
	TAG_OTHER = 0x20,
};

static struct acl_entry acl_entry(const uint8_t *acl, size_t at)
{
	struct acl_entry e;

	memcpy(&e, acl + at, sizeof(e));
	return (struct acl_entry){ .tag = le16toh(e.tag),
				   .bits = le16toh(e.bits) & 7,
				   .id = le32toh(e.id) };
}

static bool is_acl(const uint8_t *acl, size_t length)
{
	uint32_t version;

	if (length < ACL_HEAD_SIZE + sizeof(struct acl_entry) ||
	    (length - ACL_HEAD_SIZE) % sizeof(struct acl_entry))
		return false;
	memcpy(&version, acl, sizeof(version));
	return le32toh(version) == ACL_VERSION;
}

/* What counts of an ACL for one user. */
struct acl_says {
	int owner, user, other, mask; /* -1: nothing */
	bool is_in_group;             /* in any that is named */
	bool group_allows;            /* one of these, all that is wanted */
};

static void take_entry(struct acl_says *says, const struct acl_entry *e,
		       const struct fusefs_attr *attr,
		       const struct fusefs_user *user, int wanted)
{
	gid_t gid = e->tag == TAG_GROUP ? e->id : attr->gid;

	if (e->tag == TAG_USER_OBJ) {
		says->owner = e->bits;
	} else if (e->tag == TAG_USER && e->id == user->uid) {
		says->user = e->bits;
	} else if (e->tag == TAG_MASK) {
		says->mask = e->bits;
	} else if (e->tag == TAG_OTHER) {
		says->other = e->bits;
	} else if ((e->tag == TAG_GROUP_OBJ || e->tag == TAG_GROUP) &&
		   is_in_group(user, gid)) {
		says->is_in_group = true;
		says->group_allows |= !(wanted & ~e->bits);
	}
}

int fusefs_access_acl(const struct fusefs_attr *attr, const void *acl,
		      size_t length, const struct fusefs_user *user, int wanted)
{
	struct acl_says says = { -1, -1, -1, -1, false, false };
	bool may;

	if (user->is_trusted || user->uid == 0)
		return fusefs_access(attr, user, wanted);
	if (!is_acl(acl, length))
		return -EACCES;
	for (size_t at = ACL_HEAD_SIZE; at < length;
	     at += sizeof(struct acl_entry)) {
		const struct acl_entry e = acl_entry(acl, at);

		take_entry(&says, &e, attr, user, wanted);
	}
	if (says.owner < 0 || says.other < 0)
		return -EACCES;
	if (user->uid == attr->uid)
		may = !(wanted & ~says.owner);
	else if (says.user >= 0)
		may = !(wanted & ~(says.user & says.mask));
	else if (says.is_in_group)
		may = says.group_allows && !(wanted & ~says.mask);
	else
		may = !(wanted & ~says.other);
	return may ? 0 : -EACCES;
}

int fusefs_access_remove(const struct fusefs_attr *dir,
			 const struct fusefs_attr *entry,
			 const struct fusefs_user *user)
{
	if (user->is_trusted || user->uid == 0 || !(dir->mode & S_ISVTX))
		return 0;
	return user->uid == dir->uid || user->uid == entry->uid ? 0 : -EPERM;
}

int fusefs_access_own(const struct fusefs_attr *attr,
		      const struct fusefs_user *user)
{
	return user->is_trusted || user->uid == 0 || user->uid == attr->uid
		       ? 0
		       : -EPERM;
}

int fusefs_access_give(const struct fusefs_attr *attr,
		       const struct fusefs_user *user, uid_t uid, gid_t gid)
{
	if (user->is_trusted || user->uid == 0)
		return 0;
	if (user->uid != attr->uid || (uid != (uid_t)-1 && uid != attr->uid))
		return -EPERM;
	return gid == (gid_t)-1 || gid == attr->gid || is_in_group(user, gid)
		       ? 0
		       : -EPERM;
}
