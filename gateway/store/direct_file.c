/*
 * Open files of the direct door: opened, created, closed; their facts. Access
 * is looked at here, by mode, owner and groups, as the kernel would.
 */
#include <errno.h>
#include <fcntl.h>
#include <stdlib.h>
#include <string.h>
#include <unistd.h>

#include "gateway/store/direct.h"
#include "gateway/store/file.h"
#include "gateway/store/tree.h"

#define OPEN_IO (STORE_OPEN_READ | STORE_OPEN_WRITE)

/* Without O_APPEND: where the end is, is asked for with each write. */
static uint32_t io_flags(unsigned int flags)
{
	uint32_t o = O_RDONLY;

	if ((flags & OPEN_IO) == OPEN_IO)
		o = O_RDWR;
	else if (flags & STORE_OPEN_WRITE)
		o = O_WRONLY;
	if (flags & STORE_OPEN_TRUNCATE)
		o |= O_TRUNC;
	if (flags & STORE_OPEN_SYNC)
		o |= O_DSYNC;
	return o | O_LARGEFILE;
}

static int wanted_access(unsigned int flags)
{
	return (flags & STORE_OPEN_READ ? R_OK : 0) |
	       (flags & STORE_OPEN_WRITE ? W_OK : 0);
}

static int check_type(mode_t mode, unsigned int flags)
{
	if (flags & STORE_OPEN_DIRECTORY && !S_ISDIR(mode))
		return -ENOTDIR;
	if (!(flags & OPEN_IO) || S_ISREG(mode) || S_ISDIR(mode))
		return 0;
	return S_ISLNK(mode) ? -ELOOP : -EOPNOTSUPP;
}

/* Takes what the place holds. */
static int file_new(struct store_tree *tree, struct direct_place *place,
		    struct direct_file **ret_file)
{
	struct direct_file *f = malloc(sizeof(*f));

	if (!f) {
		store_direct_place_fini(place);
		return -ENOMEM;
	}
	*f = (struct direct_file){
		.head.refs = 1,
		.head.tree = store_tree_ref(tree),
		.node = place->node,
		.path = place->path,
		.type = place->attr.mode & S_IFMT,
	};
	*ret_file = f;
	return 0;
}

/* ---- closing ---- */

struct closing {
	struct direct_call call;
	struct direct_node *node; /* reference */
	unsigned int timeout_ms;
	uint64_t handle;
	uint32_t open_flags;
	struct fusefs_who who;
	bool is_directory, is_written;
};

static void begin(struct closing *c, uint32_t opcode, size_t size)
{
	store_direct_begin(&c->call, opcode, c->node->id, NULL, size, NULL, 0);
	c->call.call.request.head.uid = c->who.uid;
	c->call.call.request.head.gid = c->who.gid;
}

/* What was written is to be there when the next one opens the file. */
static void co_release(void *arg)
{
	struct closing *c = arg;
	struct fusefs_conn *conn = c->node->conn;

	if (c->is_written) {
		begin(c, FUSE_FLUSH, sizeof(struct fuse_flush_in));
		c->call.call.request.body.flush.fh = c->handle;
		store_direct_co_call(conn, &c->call, c->timeout_ms);
	}
	begin(c, c->is_directory ? FUSE_RELEASEDIR : FUSE_RELEASE,
	      sizeof(struct fuse_release_in));
	c->call.call.request.body.release.fh = c->handle;
	c->call.call.request.body.release.flags = c->open_flags;
	store_direct_co_call(conn, &c->call, c->timeout_ms);
	store_direct_node_unref(c->node);
	free(c);
}

/* Where no fiber can be had, the program finds out when the connection ends. */
void store_direct_file_free(struct store_file *file)
{
	struct direct_file *f = direct_of(file);
	struct closing *c = f->is_open ? malloc(sizeof(*c)) : NULL;

	if (c) {
		*c = (struct closing){
			.node = store_direct_node_ref(f->node),
			.timeout_ms = store_tree_timeout(f->head.tree),
			.handle = f->handle,
			.open_flags = f->open_flags,
			.who = f->who,
			.is_directory = S_ISDIR(f->type),
			.is_written = f->is_written,
		};
		if (!loop_current() || !loop_spawn(co_release, c)) {
			store_direct_node_unref(c->node);
			free(c);
		}
	}
	store_direct_node_unref(f->node);
	free(f->path);
	free(f);
}

/* ---- opening ---- */

/* A program that has no OPENDIR needs none. */
static int co_open_handle(struct direct_file *f, struct store_creds *creds,
			  unsigned int flags)
{
	bool is_directory = S_ISDIR(f->type);
	struct fuse_open_out out = { .fh = 0 };
	struct fusefs_user user;
	struct direct_call c;
	int err;

	f->open_flags = is_directory ? O_RDONLY | O_DIRECTORY | O_LARGEFILE
				     : io_flags(flags);
	store_direct_begin(&c, is_directory ? FUSE_OPENDIR : FUSE_OPEN,
			   f->node->id, creds, sizeof(c.call.request.body.open),
			   &out, sizeof(out));
	c.call.request.body.open.flags = f->open_flags;
	err = store_direct_co_call(f->node->conn, &c,
				   store_tree_timeout(f->head.tree));
	if (err == -ENOSYS)
		return 0;
	if (!err && c.call.length != sizeof(out))
		err = -EPROTO;
	if (err)
		return err;
	f->handle = out.fh;
	f->is_open = true;
	store_direct_user(creds, &user, &f->who);
	return 0;
}

/* Not every program does O_TRUNC with OPEN. */
static int co_truncate_opened(struct direct_file *f, unsigned int flags)
{
	bool is_done =
		fusefs_conn_limits(f->node->conn)->flags & FUSE_ATOMIC_O_TRUNC;

	if (!(flags & STORE_OPEN_TRUNCATE) || is_done)
		return 0;
	return store_direct_co_truncate(&f->head, 0);
}

/* Opens what the place is, which it takes. */
static int co_open_place(struct store_tree *tree, struct store_creds *creds,
			 struct direct_place *place, unsigned int flags,
			 struct store_file **ret_file)
{
	struct direct_file *f;
	struct fusefs_user user;
	struct fusefs_who who;
	int err = check_type(place->attr.mode, flags);

	store_direct_user(creds, &user, &who);
	if (!err)
		err = store_direct_co_may(place->node->conn, creds,
					  place->node->id, &place->attr, &user,
					  wanted_access(flags),
					  store_tree_timeout(tree));
	if (err) {
		store_direct_place_fini(place);
		return err;
	}
	err = file_new(tree, place, &f);
	if (err)
		return err;
	if (flags & OPEN_IO)
		err = co_open_handle(f, creds, flags);
	if (!err)
		err = co_truncate_opened(f, flags);
	if (err)
		store_file_close(&f->head);
	else
		*ret_file = &f->head;
	return err;
}

/* ---- creating ---- */

static int co_create_handle(struct direct_place *dir, struct store_creds *creds,
			    const char *name, uint32_t flags, mode_t mode,
			    unsigned int timeout_ms,
			    struct fusefs_entry *ret_entry,
			    uint64_t *ret_handle)
{
	struct {
		struct fuse_entry_out entry;
		struct fuse_open_out open;
	} out;
	struct direct_call c;
	int err;

	store_direct_begin(&c, FUSE_CREATE, dir->node->id, creds,
			   sizeof(c.call.request.body.create), &out,
			   sizeof(out));
	c.call.request.body.create.flags = flags | O_CREAT | O_EXCL;
	c.call.request.body.create.mode = S_IFREG | (mode & 07777);
	c.call.request.names[0] = name;
	err = store_direct_co_call(dir->node->conn, &c, timeout_ms);
	if (!err && c.call.length != sizeof(out))
		err = -EPROTO;
	if (!err)
		err = fusefs_entry_take(&out.entry, sizeof(out.entry),
					ret_entry);
	if (!err)
		*ret_handle = out.open.fh;
	return err;
}

/* The directory is the place; its path grows by the name. */
static int child_of(struct direct_place *dir, const char *name,
		    const struct fusefs_entry *entry,
		    struct direct_place *ret_place)
{
	struct direct_node *node =
		store_direct_node_new(dir->node->conn, entry);
	char *path = NULL;

	if (node && asprintf(&path, "%s%s%s", dir->path, *dir->path ? "/" : "",
			     name) < 0)
		path = NULL;
	if (!path) {
		store_direct_node_unref(node);
		return -ENOMEM;
	}
	*ret_place = (struct direct_place){ .node = node,
					    .attr = entry->attr,
					    .path = path };
	return 0;
}

static int co_create_in(struct store_tree *tree, struct store_creds *creds,
			struct direct_place *dir, const char *name,
			unsigned int flags, mode_t mode,
			struct store_file **ret_file)
{
	unsigned int timeout_ms = store_tree_timeout(tree);
	struct direct_place place;
	struct fusefs_entry entry;
	struct fusefs_user user;
	struct fusefs_who who;
	struct direct_file *f;
	uint64_t handle;
	int err;

	store_direct_user(creds, &user, &who);
	err = store_direct_co_may(dir->node->conn, creds, dir->node->id,
				  &dir->attr, &user, W_OK | X_OK, timeout_ms);
	if (err)
		return err;
	err = co_create_handle(dir, creds, name, io_flags(flags), mode,
			       timeout_ms, &entry, &handle);
	if (err == -ENOSYS) { /* then in two steps */
		err = store_direct_co_make(dir->node, creds, FUSE_MKNOD, name,
					   S_IFREG | (mode & 07777), timeout_ms,
					   &entry);
		if (!err)
			err = child_of(dir, name, &entry, &place);
		return err ? err
			   : co_open_place(tree, creds, &place,
					   flags & ~(unsigned int)
							   STORE_OPEN_CREATE,
					   ret_file);
	}
	if (!err)
		err = child_of(dir, name, &entry, &place);
	if (!err)
		err = file_new(tree, &place, &f);
	if (err)
		return err;
	f->is_open = true;
	f->handle = handle;
	f->open_flags = io_flags(flags);
	f->who = who;
	*ret_file = &f->head;
	return 0;
}

/* Splits the last component off; `parent` gets the rest. */
static const char *split(const char *path, char *parent, size_t size)
{
	const char *slash = strrchr(path, '/');

	if (!slash)
		*parent = '\0';
	else
		snprintf(parent, size, "%.*s", (int)(slash - path), path);
	return slash ? slash + 1 : path;
}

static int co_create(struct store_tree *tree, struct store_creds *creds,
		     struct store_file *dir, const char *path,
		     unsigned int flags, mode_t mode,
		     struct store_file **ret_file)
{
	char *parent = malloc(strlen(path) + 1);
	struct direct_place place;
	const char *name;
	int err;

	if (!parent)
		return -ENOMEM;
	name = split(path, parent, strlen(path) + 1);
	err = fusefs_name_check(name);
	if (!err)
		err = store_direct_co_walk_to(tree, creds, dir, parent, false,
					      &place, NULL);
	free(parent);
	if (err)
		return err;
	err = S_ISDIR(place.attr.mode) ? co_create_in(tree, creds, &place, name,
						      flags, mode, ret_file)
				       : -ENOTDIR;
	store_direct_place_fini(&place);
	return err;
}

int store_direct_co_open(struct store_tree *tree, struct store_creds *creds,
			 struct store_file *dir, const char *path,
			 unsigned int flags, mode_t mode,
			 struct store_file **ret_file)
{
	int err = store_open_check(tree, flags);
	struct direct_place place;

	if (err)
		return err;
	if (flags & STORE_OPEN_CREATE)
		return co_create(tree, creds, dir, path, flags, mode, ret_file);
	err = store_direct_co_walk_to(tree, creds, dir, path,
				      flags & STORE_OPEN_NOFOLLOW, &place,
				      NULL);
	return err ? err : co_open_place(tree, creds, &place, flags, ret_file);
}

int store_direct_co_reopen(struct store_file *file, struct store_creds *creds,
			   unsigned int flags, struct store_file **ret_file)
{
	struct direct_file *f = direct_of(file);
	int err = store_open_check(file->tree, flags);
	struct direct_place place = { .node = NULL };

	if (!err && flags & STORE_OPEN_CREATE)
		err = -EINVAL;
	if (!err)
		err = store_direct_co_getattr(f->node->conn, creds, f->node->id,
					      store_tree_timeout(file->tree),
					      &place.attr);
	if (err)
		return err;
	place.path = strdup(f->path);
	if (!place.path)
		return -ENOMEM;
	place.node = store_direct_node_ref(f->node);
	return co_open_place(file->tree, creds, &place, flags, ret_file);
}

int store_direct_co_walk(struct store_tree *tree, struct store_creds *creds,
			 const char *path, struct store_file **ret_dir,
			 size_t *ret_good)
{
	struct direct_place place;
	struct direct_file *f;
	int err = store_direct_co_walk_to(tree, creds, NULL, path, false,
					  &place, ret_good);

	if (err)
		return err;
	if (!S_ISDIR(place.attr.mode)) {
		store_direct_place_fini(&place);
		*ret_good -= *ret_good > 0;
		return -ENOTDIR;
	}
	err = file_new(tree, &place, &f);
	if (!err)
		*ret_dir = &f->head;
	return err;
}

/* ---- facts ---- */

int store_direct_co_stat(struct store_file *file, struct store_stat *ret_stat)
{
	struct direct_node *node = direct_of(file)->node;
	struct fusefs_attr attr;
	int err =
		store_direct_co_getattr(node->conn, NULL, node->id,
					store_tree_timeout(file->tree), &attr);

	if (!err)
		store_direct_stat_of(node->conn, node->id, node->generation,
				     &attr, ret_stat);
	return err;
}

int store_direct_co_access(struct store_creds *creds, struct store_file *file,
			   int mode)
{
	struct direct_node *node = direct_of(file)->node;
	struct fusefs_attr attr;
	struct fusefs_user user;
	struct fusefs_who who;
	int err;

	if (mode & W_OK && store_tree_is_read_only(file->tree))
		return -EACCES;
	store_direct_user(creds, &user, &who);
	err = store_direct_co_getattr(node->conn, creds, node->id,
				      store_tree_timeout(file->tree), &attr);
	if (!err)
		err = store_direct_co_may(node->conn, creds, node->id, &attr,
					  &user, mode,
					  store_tree_timeout(file->tree));
	return err;
}
