/*
 * Facts that are set, extended attributes and space, of the direct door.
 */
#include <errno.h>
#include <fcntl.h>
#include <string.h>
#include <sys/xattr.h>
#include <unistd.h>

#include "gateway/store/direct.h"
#include "gateway/store/file.h"
#include "gateway/store/tree.h"

/* ---- extended attributes ---- */

/* Programs without any say so in several ways; some call it an I/O error. */
static int xattr_error(int err)
{
	return err == -ENOSYS || err == -EIO ? -EOPNOTSUPP : err;
}

/* The facts of the file, and leave to read or change its attributes. */
static int co_may(struct store_creds *creds, struct store_file *file,
		  int wanted)
{
	struct direct_node *node = direct_of(file)->node;
	struct fusefs_attr attr;
	struct fusefs_user user;
	struct fusefs_who who;
	int err = wanted & W_OK ? store_file_check_write(file) : 0;

	store_direct_user(creds, &user, &who);
	if (err || user.is_trusted || user.uid == 0)
		return err;
	err = store_direct_co_getattr(node->conn, creds, node->id,
				      store_tree_timeout(file->tree), &attr);
	if (!err)
		err = store_direct_co_may(node->conn, creds, node->id, &attr,
					  &user, wanted,
					  store_tree_timeout(file->tree));
	return err;
}

/* GETXATTR and LISTXATTR: with size 0 they say how much there is. */
static int64_t co_get(struct store_creds *creds, struct store_file *file,
		      uint32_t opcode, const char *name, void *to, size_t size)
{
	struct direct_node *node = direct_of(file)->node;
	struct fuse_getxattr_out out;
	struct direct_call c;
	int err;

	if (size > 65536)
		size = 65536; /* XATTR_SIZE_MAX: none is larger */
	store_direct_begin(&c, opcode, node->id, creds,
			   sizeof(c.call.request.body.getxattr),
			   size ? to : &out, size ? size : sizeof(out));
	c.call.request.body.getxattr.size = (uint32_t)size;
	c.call.request.names[0] = name;
	err = store_direct_co_call(node->conn, &c,
				   store_tree_timeout(file->tree));
	if (err)
		return xattr_error(err);
	if (size)
		return (int64_t)c.call.length;
	return c.call.length == sizeof(out) ? (int64_t)out.size : -EPROTO;
}

int64_t store_direct_co_xattr_get(struct store_creds *creds,
				  struct store_file *file, const char *name,
				  void *to, size_t size)
{
	int err = co_may(creds, file, R_OK);

	return err ? err : co_get(creds, file, FUSE_GETXATTR, name, to, size);
}

int64_t store_direct_co_xattr_first(struct store_creds *creds,
				    struct store_file *file,
				    const char *const *names, void *to,
				    size_t size, size_t *ret_which)
{
	int64_t n = -ENODATA;

	for (size_t i = 0; names[i] && n == -ENODATA; i++) {
		n = store_direct_co_xattr_get(creds, file, names[i], to, size);
		if (n >= 0)
			*ret_which = i;
	}
	return n;
}

static int co_set_xattr(struct store_creds *creds, struct store_file *file,
			const char *name, const void *value, size_t size,
			uint32_t flags)
{
	struct direct_node *node = direct_of(file)->node;
	int err = co_may(creds, file, W_OK);
	struct direct_call c;

	if (err)
		return err;
	/* Without FUSE_SETXATTR_EXT the body ends after `flags`. */
	store_direct_begin(&c, FUSE_SETXATTR, node->id, creds,
			   FUSE_COMPAT_SETXATTR_IN_SIZE, NULL, 0);
	c.call.request.body.setxattr.size = (uint32_t)size;
	c.call.request.body.setxattr.flags = flags;
	c.call.request.names[0] = name;
	c.call.request.data = value;
	c.call.request.data_size = size;
	return xattr_error(
		store_direct_co_call(node->conn, &c,
				     store_tree_timeout(file->tree)));
}

int store_direct_co_xattr_set(struct store_creds *creds,
			      struct store_file *file, const char *name,
			      const void *value, size_t size)
{
	return co_set_xattr(creds, file, name, value, size, 0);
}

int store_direct_co_xattr_create(struct store_creds *creds,
				 struct store_file *file, const char *name,
				 const void *value, size_t size)
{
	return co_set_xattr(creds, file, name, value, size, XATTR_CREATE);
}

int store_direct_co_xattr_remove(struct store_creds *creds,
				 struct store_file *file, const char *name)
{
	struct direct_node *node = direct_of(file)->node;
	int err = co_may(creds, file, W_OK);
	struct direct_call c;

	if (err)
		return err;
	store_direct_begin(&c, FUSE_REMOVEXATTR, node->id, creds, 0, NULL, 0);
	c.call.request.names[0] = name;
	return xattr_error(
		store_direct_co_call(node->conn, &c,
				     store_tree_timeout(file->tree)));
}

int64_t store_direct_co_xattr_list(struct store_creds *creds,
				   struct store_file *file, char *to,
				   size_t size)
{
	int64_t n = co_get(creds, file, FUSE_LISTXATTR, NULL, to, size);

	/* Names that don't end are none. */
	if (n > 0 && size && to[n - 1])
		return -EPROTO;
	return n;
}

/* ---- times, mode, owner ---- */

static int co_setattr(struct store_creds *creds, struct store_file *file,
		      const struct fuse_setattr_in *in)
{
	struct direct_node *node = direct_of(file)->node;
	struct fuse_attr_out out;
	struct direct_call c;

	store_direct_begin(&c, FUSE_SETATTR, node->id, creds, sizeof(*in), &out,
			   sizeof(out));
	c.call.request.body.setattr = *in;
	return store_direct_co_call(node->conn, &c,
				    store_tree_timeout(file->tree));
}

static int co_facts(struct store_creds *creds, struct store_file *file,
		    struct fusefs_attr *ret_attr, struct fusefs_user *ret_user)
{
	struct direct_node *node = direct_of(file)->node;
	struct fusefs_who who;
	int err = store_file_check_write(file);

	store_direct_user(creds, ret_user, &who);
	if (err)
		return err;
	return store_direct_co_getattr(node->conn, creds, node->id,
				       store_tree_timeout(file->tree),
				       ret_attr);
}

/* Both to now: who may write may. Else the owner alone: utimensat(2). */
static bool is_just_now(const struct timespec *atime,
			const struct timespec *mtime)
{
	return atime->tv_nsec == UTIME_NOW && mtime->tv_nsec == UTIME_NOW;
}

static void set_time(const struct timespec *t, uint32_t valid, uint32_t now,
		     struct fuse_setattr_in *in, uint64_t *s, uint32_t *ns)
{
	if (t->tv_nsec == UTIME_OMIT)
		return;
	in->valid |= valid;
	if (t->tv_nsec == UTIME_NOW) {
		in->valid |= now;
		return;
	}
	*s = (uint64_t)t->tv_sec;
	*ns = (uint32_t)t->tv_nsec;
}

int store_direct_co_set_times(struct store_creds *creds,
			      struct store_file *file,
			      const struct timespec *atime,
			      const struct timespec *mtime)
{
	struct fuse_setattr_in in = { .valid = 0 };
	struct fusefs_attr attr;
	struct fusefs_user user;
	int err = co_facts(creds, file, &attr, &user);

	if (!err)
		err = fusefs_access_own(&attr, &user);
	if (err == -EPERM && is_just_now(atime, mtime))
		err = store_direct_co_may(direct_of(file)->node->conn, creds,
					  direct_of(file)->node->id, &attr,
					  &user, W_OK,
					  store_tree_timeout(file->tree));
	if (err)
		return err;
	set_time(atime, FATTR_ATIME, FATTR_ATIME_NOW, &in, &in.atime,
		 &in.atimensec);
	set_time(mtime, FATTR_MTIME, FATTR_MTIME_NOW, &in, &in.mtime,
		 &in.mtimensec);
	return in.valid ? co_setattr(creds, file, &in) : 0;
}

int store_direct_co_set_mode(struct store_creds *creds, struct store_file *file,
			     mode_t mode)
{
	struct fuse_setattr_in in = { .valid = FATTR_MODE };
	struct fusefs_attr attr;
	struct fusefs_user user;
	int err = co_facts(creds, file, &attr, &user);

	if (!err)
		err = fusefs_access_own(&attr, &user);
	if (err)
		return err;
	in.mode = (attr.mode & S_IFMT) | (mode & 07777);
	return co_setattr(creds, file, &in);
}

int store_direct_co_set_owner(struct store_creds *creds,
			      struct store_file *file, uid_t uid, gid_t gid)
{
	struct fuse_setattr_in in = { .uid = uid, .gid = gid };
	struct fusefs_attr attr;
	struct fusefs_user user;
	int err = co_facts(creds, file, &attr, &user);

	if (!err)
		err = fusefs_access_give(&attr, &user, uid, gid);
	if (err)
		return err;
	in.valid = (uid != (uid_t)-1 ? FATTR_UID : 0) |
		   (gid != (gid_t)-1 ? FATTR_GID : 0);
	return in.valid ? co_setattr(creds, file, &in) : 0;
}

/* ---- space ---- */

int store_direct_co_space(struct store_tree *tree,
			  struct store_space *ret_space)
{
	struct fuse_statfs_out out;
	struct fusefs_conn *conn;
	struct direct_call c;
	int err = store_direct_co_conn(tree, &conn);

	if (err)
		return err;
	store_direct_begin(&c, FUSE_STATFS, FUSEFS_ROOT, NULL, 0, &out,
			   sizeof(out));
	err = store_direct_co_call(conn, &c, store_tree_timeout(tree));
	fusefs_conn_unref(conn);
	if (!err && c.call.length != sizeof(out))
		err = -EPROTO;
	if (err == -ENOSYS) {
		out = (struct fuse_statfs_out){ .st.blocks = 0 };
		err = 0;
	}
	if (err)
		return err;
	*ret_space = (struct store_space){
		.block_size = out.st.frsize ? out.st.frsize : out.st.bsize,
		.blocks_total = out.st.blocks,
		.blocks_free = out.st.bfree,
		.blocks_available = out.st.bavail,
	};
	store_tree_mend_space(ret_space);
	return 0;
}
