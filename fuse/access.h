/*
 * Who may do what, as the kernel decides by mode, owner and groups; where
 * there is no kernel between us and the program, somebody has to.
 *
 * Pure.
 */
#pragma once

#include <stdbool.h>
#include <sys/types.h>

#include "fuse/proto.h"

struct fusefs_user {
	uid_t uid;
	gid_t gid;
	/* Whether the user is in this group, `gid` aside. */
	bool (*has_group)(const void *arg, gid_t gid);
	const void *arg;
	/* Nobody checks: the program acts as this process anyway. */
	bool is_trusted;
};

/*
 * `wanted`: R_OK, W_OK and X_OK of access(2). 0 or -EACCES. Root may read and
 * write all, and execute what anybody may (path_resolution(7)).
 */
int fusefs_access(const struct fusefs_attr *attr,
		  const struct fusefs_user *user, int wanted);

/*
 * The same of a file with a POSIX ACL, which is system.posix_acl_access as the
 * program gives it (acl(5), "ACCESS CHECK ALGORITHM"). One that is malformed
 * allows nothing.
 */
int fusefs_access_acl(const struct fusefs_attr *attr, const void *acl,
		      size_t length, const struct fusefs_user *user,
		      int wanted);

/*
 * Whether the sticky bit lets an entry of this directory be taken away or
 * replaced, by who may change the directory.
 */
int fusefs_access_remove(const struct fusefs_attr *dir,
			 const struct fusefs_attr *entry,
			 const struct fusefs_user *user);

/* Whether mode or explicit times may be changed: 0 or -EPERM. */
int fusefs_access_own(const struct fusefs_attr *attr,
		      const struct fusefs_user *user);

/* Whether owner and group may become these (-1: stay): 0 or -EPERM. */
int fusefs_access_give(const struct fusefs_attr *attr,
		       const struct fusefs_user *user, uid_t uid, gid_t gid);
