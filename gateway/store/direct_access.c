/*
 * Who may do what on the direct door: by mode, owner and groups, and by the
 * POSIX ACLs of programs that leave those to their kernel (FUSE_POSIX_ACL).
 */
#include <errno.h>
#include <stdlib.h>
#include <unistd.h>

#include "gateway/store/direct.h"

/* An ACL of as many entries as an attribute can hold (XATTR_SIZE_MAX). */
#define ACL_SIZE_MAX 65536

static int co_check_acl(struct fusefs_conn *conn,
			const struct store_creds *creds, uint64_t node,
			const struct fusefs_attr *attr,
			const struct fusefs_user *user, int wanted,
			unsigned int timeout_ms)
{
	uint8_t *acl = malloc(ACL_SIZE_MAX);
	struct direct_call c;
	int err;

	if (!acl)
		return -ENOMEM;
	store_direct_begin(&c, FUSE_GETXATTR, node, creds,
			   sizeof(c.call.request.body.getxattr), acl,
			   ACL_SIZE_MAX);
	c.call.request.body.getxattr.size = ACL_SIZE_MAX;
	c.call.request.names[0] = "system.posix_acl_access";
	err = store_direct_co_call(conn, &c, timeout_ms);
	if (err == -ENODATA || err == -ENOSYS || err == -EOPNOTSUPP)
		err = fusefs_access(attr, user, wanted);
	else if (!err)
		err = fusefs_access_acl(attr, acl, c.call.length, user, wanted);
	free(acl);
	return err;
}

/* An ACL says nothing of root, nor of the owner that the mode does not. */
int store_direct_co_may(struct fusefs_conn *conn,
			const struct store_creds *creds, uint64_t node,
			const struct fusefs_attr *attr,
			const struct fusefs_user *user, int wanted,
			unsigned int timeout_ms)
{
	bool has_acls = fusefs_conn_limits(conn)->flags & FUSE_POSIX_ACL;

	if (!has_acls || !wanted || user->is_trusted || user->uid == 0 ||
	    user->uid == attr->uid || S_ISLNK(attr->mode))
		return fusefs_access(attr, user, wanted);
	return co_check_acl(conn, creds, node, attr, user, wanted, timeout_ms);
}
