/*
 * Names in directories of the direct door: made, removed, moved, listed. Who
 * may is decided by the directory's mode, owner and sticky bit.
 */
#include <assert.h>
#include <dirent.h>
#include <errno.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>
#include <unistd.h>

#include "gateway/store/direct.h"
#include "gateway/store/file.h"
#include "gateway/store/tree.h"

/* ---- who may ---- */

/* The facts of the directory, and leave to change it. */
static int co_may_change(struct store_creds *creds, struct store_file *dir,
			 const char *name, struct fusefs_attr *ret_attr)
{
	struct direct_node *node = direct_of(dir)->node;
	struct fusefs_user user;
	struct fusefs_who who;
	int err = store_tree_is_read_only(dir->tree) ? -EROFS
						     : fusefs_name_check(name);

	store_direct_user(creds, &user, &who);
	if (err || user.is_trusted)
		return err;
	err = store_direct_co_getattr(node->conn, creds, node->id,
				      store_tree_timeout(dir->tree), ret_attr);
	if (!err)
		err = store_direct_co_may(node->conn, creds, node->id, ret_attr,
					  &user, W_OK | X_OK,
					  store_tree_timeout(dir->tree));
	return err;
}

/* What a name stands for, forgotten at once; leave to take it away. */
static int co_may_remove(struct store_creds *creds, struct store_file *dir,
			 const char *name, bool may_be_missing)
{
	struct direct_node *node = direct_of(dir)->node;
	struct fusefs_entry entry;
	struct fusefs_attr attr;
	struct fusefs_user user;
	struct fusefs_who who;
	int err = co_may_change(creds, dir, name, &attr);

	store_direct_user(creds, &user, &who);
	if (err || user.is_trusted || !(attr.mode & S_ISVTX))
		return err;
	err = store_direct_co_lookup(node->conn, creds, node->id, name,
				     store_tree_timeout(dir->tree), &entry);
	if (err)
		return err == -ENOENT && may_be_missing ? 0 : err;
	fusefs_conn_pass(node->conn, &entry);
	return fusefs_access_remove(&attr, &entry.attr, &user);
}

/* ---- made ---- */

int store_direct_co_make(struct direct_node *dir, struct store_creds *creds,
			 uint32_t opcode, const char *name, mode_t mode,
			 unsigned int timeout_ms,
			 struct fusefs_entry *ret_entry)
{
	struct fuse_entry_out out;
	struct direct_call c;
	int err;

	store_direct_begin(&c, opcode, dir->id, creds,
			   opcode == FUSE_MKDIR
				   ? sizeof(c.call.request.body.mkdir)
				   : sizeof(c.call.request.body.mknod),
			   &out, sizeof(out));
	if (opcode == FUSE_MKDIR)
		c.call.request.body.mkdir.mode = mode;
	else
		c.call.request.body.mknod.mode = mode;
	c.call.request.names[0] = name;
	err = store_direct_co_call(dir->conn, &c, timeout_ms);
	return err ? err : fusefs_entry_take(&out, c.call.length, ret_entry);
}

static int co_make_and_forget(struct store_creds *creds, struct store_file *dir,
			      uint32_t opcode, const char *name, mode_t mode)
{
	struct direct_node *node = direct_of(dir)->node;
	struct fusefs_entry entry;
	struct fusefs_attr attr;
	int err = co_may_change(creds, dir, name, &attr);

	if (!err)
		err = store_direct_co_make(node, creds, opcode, name, mode,
					   store_tree_timeout(dir->tree),
					   &entry);
	if (!err)
		fusefs_conn_pass(node->conn, &entry);
	return err;
}

int store_direct_co_mkdir(struct store_creds *creds, struct store_file *dir,
			  const char *name, mode_t mode)
{
	return co_make_and_forget(creds, dir, FUSE_MKDIR, name, mode & 07777);
}

int store_direct_co_mknod(struct store_creds *creds, struct store_file *dir,
			  const char *name, mode_t mode)
{
	return co_make_and_forget(creds, dir, FUSE_MKNOD, name, mode);
}

int store_direct_co_symlink(struct store_creds *creds, struct store_file *dir,
			    const char *name, const char *target)
{
	struct direct_node *node = direct_of(dir)->node;
	struct fuse_entry_out out;
	struct fusefs_entry entry;
	struct fusefs_attr attr;
	struct direct_call c;
	int err = co_may_change(creds, dir, name, &attr);

	if (err)
		return err;
	store_direct_begin(&c, FUSE_SYMLINK, node->id, creds, 0, &out,
			   sizeof(out));
	c.call.request.names[0] = name;
	c.call.request.names[1] = target;
	err = store_direct_co_call(node->conn, &c,
				   store_tree_timeout(dir->tree));
	if (!err)
		err = fusefs_entry_take(&out, c.call.length, &entry);
	if (!err)
		fusefs_conn_pass(node->conn, &entry);
	return err;
}

int store_direct_co_link(struct store_creds *creds, struct store_file *file,
			 struct store_file *dir, const char *name)
{
	struct direct_node *node = direct_of(dir)->node;
	struct fuse_entry_out out;
	struct fusefs_entry entry;
	struct fusefs_attr attr;
	struct direct_call c;
	int err = co_may_change(creds, dir, name, &attr);

	if (!err && (file->tree != dir->tree ||
		     direct_of(file)->node->conn != node->conn))
		err = -EXDEV;
	if (err)
		return err;
	store_direct_begin(&c, FUSE_LINK, node->id, creds,
			   sizeof(c.call.request.body.link), &out, sizeof(out));
	c.call.request.body.link.oldnodeid = direct_of(file)->node->id;
	c.call.request.names[0] = name;
	err = store_direct_co_call(node->conn, &c,
				   store_tree_timeout(dir->tree));
	if (!err)
		err = fusefs_entry_take(&out, c.call.length, &entry);
	if (!err)
		fusefs_conn_pass(node->conn, &entry);
	return err;
}

int store_direct_co_readlink(struct store_file *file, char *to, size_t size)
{
	struct direct_node *node = direct_of(file)->node;
	struct direct_call c;
	char *target;
	int err;

	if (!S_ISLNK(direct_of(file)->type))
		return -EINVAL;
	target = malloc(PATH_MAX);
	if (!target)
		return -ENOMEM;
	store_direct_begin(&c, FUSE_READLINK, node->id, NULL, 0, target,
			   PATH_MAX);
	err = store_direct_co_call(node->conn, &c,
				   store_tree_timeout(file->tree));
	if (!err)
		err = fusefs_target_take(target, c.call.length, to, size);
	free(target);
	return err;
}

/* ---- removed and moved ---- */

int store_direct_co_unlink(struct store_creds *creds, struct store_file *dir,
			   const char *name, bool is_directory)
{
	struct direct_node *node = direct_of(dir)->node;
	struct direct_call c;
	int err = co_may_remove(creds, dir, name, false);

	if (err)
		return err;
	store_direct_begin(&c, is_directory ? FUSE_RMDIR : FUSE_UNLINK,
			   node->id, creds, 0, NULL, 0);
	c.call.request.names[0] = name;
	return store_direct_co_call(node->conn, &c,
				    store_tree_timeout(dir->tree));
}

static int co_call_rename(struct store_creds *creds, struct direct_node *from,
			  const char *from_name, struct direct_node *to,
			  const char *to_name, unsigned int flags,
			  unsigned int timeout_ms)
{
	struct direct_call c;

	/* RENAME is RENAME2 without flags. */
	store_direct_begin(&c, flags ? FUSE_RENAME2 : FUSE_RENAME, from->id,
			   creds,
			   flags ? sizeof(struct fuse_rename2_in)
				 : sizeof(struct fuse_rename_in),
			   NULL, 0);
	c.call.request.body.rename.newdir = to->id;
	if (flags)
		c.call.request.body.rename.flags = flags;
	c.call.request.names[0] = from_name;
	c.call.request.names[1] = to_name;
	return store_direct_co_call(from->conn, &c, timeout_ms);
}

static int co_check_missing(struct store_creds *creds, struct direct_node *dir,
			    const char *name, unsigned int timeout_ms)
{
	struct fusefs_entry entry;
	int err = store_direct_co_lookup(dir->conn, creds, dir->id, name,
					 timeout_ms, &entry);

	if (!err)
		fusefs_conn_pass(dir->conn, &entry);
	return err == -ENOENT ? 0 : err ? err : -EEXIST;
}

/* Few programs know RENAME_NOREPLACE: looked for, then taken (name.c). */
int store_direct_co_rename(struct store_creds *creds,
			   struct store_file *from_dir, const char *from,
			   struct store_file *to_dir, const char *to,
			   unsigned int flags)
{
	struct direct_node *a = direct_of(from_dir)->node;
	struct direct_node *b = direct_of(to_dir)->node;
	unsigned int timeout_ms = store_tree_timeout(from_dir->tree);
	int err = from_dir->tree == to_dir->tree && a->conn == b->conn
			  ? co_may_remove(creds, from_dir, from, false)
			  : -EXDEV;

	if (!err)
		err = co_may_remove(creds, to_dir, to, true);
	if (!err && flags)
		err = co_check_missing(creds, b, to, timeout_ms);
	if (err)
		return err;
	err = co_call_rename(creds, a, from, b, to, flags, timeout_ms);
	if (flags && (err == -EINVAL || err == -ENOSYS))
		err = co_call_rename(creds, a, from, b, to, 0, timeout_ms);
	return err;
}

/* ---- facts by name ---- */

int store_direct_co_stat_at(struct store_creds *creds, struct store_file *dir,
			    const char *name, struct store_stat *ret_stat)
{
	struct direct_place place;
	int err = fusefs_name_check(name);

	if (!err)
		err = store_direct_co_walk_to(dir->tree, creds, dir, name, true,
					      &place, NULL);
	if (err)
		return err;
	store_direct_stat_of(place.node->conn, place.node->id,
			     place.node->generation, &place.attr, ret_stat);
	store_direct_place_fini(&place);
	return 0;
}

#define CROWD 16 /* names asked for at once */

struct asked {
	struct direct_call call;
	struct fuse_entry_out out;
	struct fusefs_entry entry;
	bool is_kept; /* nothing was asked */
};

static int stat_of_asked(struct fusefs_conn *conn, struct asked *a, int err,
			 uint64_t stamp, uint64_t dir, const char *name,
			 struct store_stat *ret_stat)
{
	struct fusefs_entry entry = a->entry;

	if (!a->is_kept && !err) {
		err = fusefs_entry_take(&a->out, a->call.call.length, &entry);
		if (!err)
			fusefs_conn_keep(conn, stamp, dir, name, &entry,
					 loop_now());
	}
	if (err)
		return err;
	store_direct_stat_of(conn, entry.node, entry.generation, &entry.attr,
			     ret_stat);
	fusefs_conn_pass(conn, &entry);
	return 0;
}

static void co_stat_some(struct store_creds *creds, struct store_file *dir,
			 struct asked *asked, const char *const *names,
			 size_t count, struct store_stat *stats, int *errors)
{
	struct direct_node *node = direct_of(dir)->node;
	unsigned int timeout_ms = store_tree_timeout(dir->tree);
	uint64_t stamp = fusefs_conn_stamp(node->conn);

	for (size_t i = 0; i < count; i++) {
		errors[i] = fusefs_name_check(names[i]);
		if (errors[i])
			continue;
		asked[i].is_kept =
			fusefs_conn_recall(node->conn, node->id, names[i],
					   loop_now(), &asked[i].entry);
		if (asked[i].is_kept)
			continue;
		store_direct_begin(&asked[i].call, FUSE_LOOKUP, node->id, creds,
				   0, &asked[i].out, sizeof(asked[i].out));
		asked[i].call.call.request.names[0] = names[i];
		store_direct_co_send(node->conn, &asked[i].call);
	}
	for (size_t i = 0; i < count; i++) {
		int err = 0;

		if (errors[i])
			continue;
		if (!asked[i].is_kept)
			err = store_direct_co_wait(node->conn, &asked[i].call,
						   timeout_ms);
		errors[i] = stat_of_asked(node->conn, &asked[i], err, stamp,
					  node->id, names[i], &stats[i]);
	}
}

void store_direct_co_stat_many(struct store_creds *creds,
			       struct store_file *dir, const char *const *names,
			       size_t count, struct store_stat *ret_stats,
			       int *ret_errors)
{
	struct asked *asked = calloc(CROWD, sizeof(*asked));
	int err;

	fusefs_conn_use_facts(direct_of(dir)->node->conn);
	err = asked ? store_direct_co_access(creds, dir, X_OK) : -ENOMEM;

	for (size_t i = 0; i < count; i += CROWD) {
		size_t some = count - i < CROWD ? count - i : CROWD;

		for (size_t j = 0; err && j < some; j++)
			ret_errors[i + j] = err;
		if (!err)
			co_stat_some(creds, dir, asked, names + i, some,
				     ret_stats + i, ret_errors + i);
	}
	free(asked);
}

/* ---- listing ---- */

struct direct_listing {
	struct store_listing head;
	struct store_file *dir; /* our own, opened; reference */
	struct store_creds *creds;
	bool is_at_end;
	bool has_facts;  /* READDIRPLUS */
	uint64_t stamp;  /* of the batch */
	uint64_t cookie; /* behind the last entry given */
	size_t at, end;  /* of the batch */
	char name[FUSEFS_NAME_MAX + 1];
	_Alignas(8) char batch[FUSEFS_LISTING_SIZE];
};

int store_direct_co_list_open(struct store_creds *creds, struct store_file *dir,
			      struct store_listing **ret_listing)
{
	struct direct_listing *l = malloc(sizeof(*l));
	int err;

	if (!l)
		return -ENOMEM;
	err = store_direct_co_reopen(dir, creds,
				     STORE_OPEN_READ | STORE_OPEN_DIRECTORY,
				     &l->dir);
	if (err) {
		free(l);
		return err;
	}
	l->head.tree = dir->tree;
	l->creds = creds ? store_creds_ref(creds) : NULL;
	l->is_at_end = false;
	l->has_facts = fusefs_conn_wants_facts(direct_of(dir)->node->conn);
	l->cookie = 0;
	l->at = l->end = 0;
	*ret_listing = &l->head;
	return 0;
}

struct store_listing *store_direct_listing_free(struct store_listing *listing)
{
	struct direct_listing *l = (struct direct_listing *)listing;

	store_file_close(l->dir);
	store_creds_unref(l->creds);
	free(l);
	return NULL;
}

static int co_fetch(struct direct_listing *l)
{
	struct direct_file *f = direct_of(l->dir);
	struct direct_call c;
	int err;

	l->stamp = fusefs_conn_stamp(f->node->conn);
	store_direct_begin(&c, l->has_facts ? FUSE_READDIRPLUS : FUSE_READDIR,
			   f->node->id, l->creds,
			   sizeof(c.call.request.body.read), l->batch,
			   sizeof(l->batch));
	c.call.request.body.read.fh = f->handle;
	c.call.request.body.read.offset = l->cookie;
	c.call.request.body.read.size = sizeof(l->batch);
	c.call.request.body.read.flags = f->open_flags;
	err = store_direct_co_call(f->node->conn, &c,
				   store_tree_timeout(l->dir->tree));
	if (err == -ENOSYS && l->has_facts) {
		l->has_facts = false;
		return co_fetch(l);
	}
	if (err && err != -ENOENT)
		return err;
	l->at = 0;
	l->end = err ? 0 : c.call.length;
	l->is_at_end = !l->end;
	return 0;
}

static bool is_dots(const struct fusefs_dirent *e)
{
	return e->name[0] == '.' &&
	       (e->name_length == 1 ||
		(e->name_length == 2 && e->name[1] == '.'));
}

/* Facts that come along are kept for who asks for them next. */
static int take_entry(struct direct_listing *l, struct fusefs_dirent *ret_e)
{
	struct direct_node *dir = direct_of(l->dir)->node;
	struct fusefs_entry facts;
	int got;

	if (!l->has_facts)
		return fusefs_dirent_take(l->batch, l->end, &l->at, ret_e);
	got = fusefs_direntplus_take(l->batch, l->end, &l->at, ret_e, &facts);
	if (got <= 0 || is_dots(ret_e))
		return got;
	memcpy(l->name, ret_e->name, ret_e->name_length);
	l->name[ret_e->name_length] = '\0';
	if (!facts.node)
		return got;
	fusefs_conn_keep(dir->conn, l->stamp, dir->id, l->name, &facts,
			 loop_now());
	fusefs_conn_pass(dir->conn, &facts);
	return got;
}

int store_direct_co_list_next(struct store_listing *listing,
			      struct store_entry *ret_entry)
{
	struct direct_listing *l = (struct direct_listing *)listing;
	struct fusefs_dirent e = { .name_length = 0 };
	int got;

	for (;;) {
		if (l->at == l->end) {
			got = l->is_at_end ? 0 : co_fetch(l);
			if (got || l->is_at_end)
				return got;
		}
		got = take_entry(l, &e);
		if (got < 0)
			return got;
		if (!got) { /* cut: it comes whole with the next batch */
			l->at = l->end;
			continue;
		}
		l->cookie = e.cookie;
		if (!is_dots(&e))
			break;
	}
	memcpy(l->name, e.name, e.name_length);
	l->name[e.name_length] = '\0';
	*ret_entry = (struct store_entry){
		.name = l->name,
		.inode = e.ino,
		.cookie = e.cookie,
		.type = (unsigned char)(e.type <= DT_WHT ? e.type : DT_UNKNOWN),
	};
	return 1;
}

int store_direct_co_list_seek(struct store_listing *listing, uint64_t cookie)
{
	struct direct_listing *l = (struct direct_listing *)listing;

	l->cookie = cookie;
	l->at = l->end = 0;
	l->is_at_end = false;
	return 0;
}
