/*
 * The direct door: a tree whose files a program shows that takes this process
 * for its kernel (fuse/conn.h). No mount, no privilege, no descriptor of any
 * file; each call has a deadline, and none can hang this process. What the
 * kernel would have done is done here: walking, access, counting nodes.
 *
 * Names and facts are kept for as long as the program says that they hold, but
 * for what we change and what it takes back (fuse/cache.h); of contents nothing
 * is, so that what clients read is what the program has at that moment.
 */
#include "gateway/store/direct.h"

#include <errno.h>
#include <limits.h>

#include "gateway/store/tree.h"

const struct store_ops store_direct_ops = {
	.co_space = store_direct_co_space,
	.co_open = store_direct_co_open,
	.co_reopen = store_direct_co_reopen,
	.co_walk = store_direct_co_walk,
	.co_stat = store_direct_co_stat,
	.co_stat_at = store_direct_co_stat_at,
	.co_access = store_direct_co_access,
	.co_mkdir = store_direct_co_mkdir,
	.co_unlink = store_direct_co_unlink,
	.co_rename = store_direct_co_rename,
	.co_link = store_direct_co_link,
	.co_symlink = store_direct_co_symlink,
	.co_mknod = store_direct_co_mknod,
	.co_readlink = store_direct_co_readlink,
	.co_list_open = store_direct_co_list_open,
	.co_list_next = store_direct_co_list_next,
	.co_list_seek = store_direct_co_list_seek,
	.listing_free = store_direct_listing_free,
	.co_stat_many = store_direct_co_stat_many,
	.co_read = store_direct_co_read,
	.co_write = store_direct_co_write,
	.co_flush = store_direct_co_flush,
	.co_truncate = store_direct_co_truncate,
	.co_allocate = store_direct_co_allocate,
	.co_zero = store_direct_co_zero,
	.co_next_data = store_direct_co_next_data,
	.co_copy = store_direct_co_copy,
	.co_clone = store_direct_co_clone,
	.co_lock = store_direct_co_lock,
	.co_xattr_get = store_direct_co_xattr_get,
	.co_xattr_first = store_direct_co_xattr_first,
	.co_xattr_set = store_direct_co_xattr_set,
	.co_xattr_create = store_direct_co_xattr_create,
	.co_xattr_remove = store_direct_co_xattr_remove,
	.co_xattr_list = store_direct_co_xattr_list,
	.co_set_times = store_direct_co_set_times,
	.co_set_mode = store_direct_co_set_mode,
	.co_set_owner = store_direct_co_set_owner,
	.file_free = store_direct_file_free,
};

/* ---- at the start ---- */

static int ask(struct fusefs_conn *conn, struct fusefs_call *call,
	       uint32_t opcode, size_t body_size, void *to, size_t to_size,
	       unsigned int timeout_ms)
{
	struct fusefs_user user;
	struct fusefs_who who;

	store_direct_user(NULL, &user, &who);
	call->to = to;
	call->to_size = to_size;
	fusefs_request_init(&call->request, opcode, FUSEFS_ROOT, &who,
			    body_size);
	return fusefs_conn_ask(conn, call, timeout_ms);
}

static int look_at_root(struct fusefs_conn *conn, unsigned int timeout_ms,
			struct store_stat *ret_root)
{
	struct fuse_attr_out out;
	struct fusefs_attr attr;
	struct fusefs_call call;
	uint64_t ignored;
	int err = ask(conn, &call, FUSE_GETATTR, sizeof(struct fuse_getattr_in),
		      &out, sizeof(out), timeout_ms);

	if (!err)
		err = fusefs_attr_take(&out, call.length, &attr, &ignored);
	if (!err && !S_ISDIR(attr.mode))
		err = -ENOTDIR;
	if (!err)
		store_direct_stat_of(conn, FUSEFS_ROOT, 0, &attr, ret_root);
	return err;
}

/* One that is not there is as good an answer as one that is. */
static bool has_xattr(struct fusefs_conn *conn, unsigned int timeout_ms)
{
	struct fuse_getxattr_out out;
	struct fusefs_call call = { .to = &out, .to_size = sizeof(out) };
	struct fusefs_user user;
	struct fusefs_who who;
	int err;

	store_direct_user(NULL, &user, &who);
	fusefs_request_init(&call.request, FUSE_GETXATTR, FUSEFS_ROOT, &who,
			    sizeof(struct fuse_getxattr_in));
	call.request.names[0] = "user.smbgate.probe";
	err = fusefs_conn_ask(conn, &call, timeout_ms);
	return !err || err == -ENODATA;
}

static uint32_t name_max(struct fusefs_conn *conn, unsigned int timeout_ms)
{
	struct fuse_statfs_out out;
	struct fusefs_call call;
	int err =
		ask(conn, &call, FUSE_STATFS, 0, &out, sizeof(out), timeout_ms);

	if (err || call.length != sizeof(out) || !out.st.namelen ||
	    out.st.namelen > NAME_MAX)
		return NAME_MAX;
	return out.st.namelen;
}

int store_direct_look(struct fusefs_conn *conn, unsigned int timeout_ms,
		      struct store_features *ret_features,
		      struct store_stat *ret_root)
{
	int err = look_at_root(conn, timeout_ms, ret_root);

	if (err)
		return err;
	*ret_features = (struct store_features){
		.has_xattr = has_xattr(conn, timeout_ms),
		.name_max = name_max(conn, timeout_ms),
	};
	return 0;
}
