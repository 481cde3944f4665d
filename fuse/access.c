/*
 * The three classes of a mode, the sticky bit, and what an owner may give
 * away: path_resolution(7), chmod(2), chown(2), unlink(2).
 */
#include "fuse/access.h"

#include <errno.h>
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

int fusefs_access_remove(const struct fusefs_attr *dir,
			 const struct fusefs_attr *entry,
			 const struct fusefs_user *user)
{
	int err = fusefs_access(dir, user, W_OK | X_OK);

	if (err || user->is_trusted || user->uid == 0 || !(dir->mode & S_ISVTX))
		return err;
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
