/*
 * From names to nodes, one LOOKUP a component, as the kernel does it for
 * others: X on each directory, links followed inside the tree, ".." back on
 * the way that led here. Nothing leads out of the tree: an absolute link, or a
 * ".." at the root, is -EXDEV. A ".." above the directory that a walk starts
 * from begins the walk again at the root, by the path of that directory.
 */
#include <errno.h>
#include <limits.h>
#include <stdlib.h>
#include <string.h>
#include <unistd.h>

#include "gateway/store/direct.h"
#include "gateway/store/stat.h"
#include "gateway/store/tree.h"

#define LINKS_MAX 40
#define DEPTH_MAX 256

/* A directory on the way. */
struct step {
	struct direct_node *node; /* reference */
	struct fusefs_attr attr;
	size_t path_length; /* of walk.path, this one included */
};

struct walk {
	struct store_tree *tree;
	struct store_creds *creds;
	struct fusefs_conn *conn;
	struct fusefs_user user;
	unsigned int timeout_ms;
	bool is_link_wanted;
	bool starts_at_root;
	unsigned int links;
	size_t borrowed; /* components ahead that links have put there */
	size_t good;     /* of the path's own, behind us */
	size_t depth;
	struct step steps[DEPTH_MAX];
	char ahead[PATH_MAX]; /* what is still to be walked */
	char path[PATH_MAX];  /* what has been, from the root */
};

int store_direct_co_lookup(struct fusefs_conn *conn,
			   const struct store_creds *creds, uint64_t dir,
			   const char *name, unsigned int timeout_ms,
			   struct fusefs_entry *ret_entry)
{
	struct fuse_entry_out out;
	struct direct_call c;
	uint64_t stamp;
	int err = fusefs_name_check(name);

	if (err || fusefs_conn_recall(conn, dir, name, loop_now(), ret_entry))
		return err;
	stamp = fusefs_conn_stamp(conn);
	store_direct_begin(&c, FUSE_LOOKUP, dir, creds, 0, &out, sizeof(out));
	c.call.request.names[0] = name;
	err = store_direct_co_call(conn, &c, timeout_ms);
	if (!err)
		err = fusefs_entry_take(&out, c.call.length, ret_entry);
	if (!err)
		fusefs_conn_keep(conn, stamp, dir, name, ret_entry, loop_now());
	return err;
}

int store_direct_co_getattr(struct fusefs_conn *conn,
			    const struct store_creds *creds, uint64_t node,
			    unsigned int timeout_ms,
			    struct fusefs_attr *ret_attr)
{
	struct fuse_attr_out out;
	uint64_t stamp, attr_ns;
	struct direct_call c;
	int err;

	if (fusefs_conn_recall_attr(conn, node, loop_now(), ret_attr))
		return 0;
	stamp = fusefs_conn_stamp(conn);
	store_direct_begin(&c, FUSE_GETATTR, node, creds,
			   sizeof(c.call.request.body.getattr), &out,
			   sizeof(out));
	err = store_direct_co_call(conn, &c, timeout_ms);
	if (!err)
		err = fusefs_attr_take(&out, c.call.length, ret_attr, &attr_ns);
	if (!err)
		fusefs_conn_keep_attr(conn, stamp, node, ret_attr, attr_ns,
				      loop_now());
	return err;
}

/* No device of the kernel's has such a number. */
uint64_t store_direct_device(const struct fusefs_conn *conn)
{
	return UINT64_C(1) << 63 | fusefs_conn_serial(conn);
}

void store_direct_stat_of(const struct fusefs_conn *conn, uint64_t id,
			  uint64_t generation, const struct fusefs_attr *attr,
			  struct store_stat *ret_stat)
{
	*ret_stat = (struct store_stat){
		.key = { .device = store_direct_device(conn),
			 .inode = id,
			 .generation = generation },
		.mode = attr->mode,
		.uid = attr->uid,
		.gid = attr->gid,
		.rdev = attr->rdev,
		.links = attr->links,
		.size = attr->size,
		.allocated = attr->blocks * 512,
		.atime = attr->atime,
		.ctime = attr->ctime,
		.mtime = attr->mtime,
	};
}

/* ---- nodes ---- */

struct direct_node *store_direct_node_new(struct fusefs_conn *conn,
					  const struct fusefs_entry *entry)
{
	bool is_root = entry->node == FUSEFS_ROOT;
	struct fusefs_node *held =
		is_root ? NULL : fusefs_conn_hold(conn, entry);
	struct direct_node *node =
		is_root || held ? malloc(sizeof(*node)) : NULL;

	if (!node) {
		if (held)
			fusefs_conn_let_go(conn, held);
		return NULL;
	}
	*node = (struct direct_node){ .refs = 1,
				      .conn = fusefs_conn_ref(conn),
				      .held = held,
				      .id = entry->node,
				      .generation = entry->generation };
	return node;
}

struct direct_node *store_direct_node_ref(struct direct_node *node)
{
	atomic_fetch_add(&node->refs, 1);
	return node;
}

struct direct_node *store_direct_node_unref(struct direct_node *node)
{
	if (node && atomic_fetch_sub(&node->refs, 1) == 1) {
		if (node->held)
			fusefs_conn_let_go(node->conn, node->held);
		fusefs_conn_unref(node->conn);
		free(node);
	}
	return NULL;
}

void store_direct_place_fini(struct direct_place *place)
{
	place->node = store_direct_node_unref(place->node);
	free(place->path);
	place->path = NULL;
}

/* ---- the way ---- */

static struct step *top(struct walk *w)
{
	return &w->steps[w->depth - 1];
}

static void pop(struct walk *w)
{
	store_direct_node_unref(top(w)->node);
	w->depth--;
	w->path[w->depth ? top(w)->path_length : 0] = '\0';
}

/* Takes the next component out of what is ahead. False: there is none. */
static bool next(struct walk *w, char name[NAME_MAX + 1], int *ret_err)
{
	const char *start = w->ahead + strspn(w->ahead, "/");
	size_t length = strcspn(start, "/");

	*ret_err = 0;
	if (!length)
		return false;
	if (length > NAME_MAX) {
		*ret_err = -ENAMETOOLONG;
		return true;
	}
	memcpy(name, start, length);
	name[length] = '\0';
	memmove(w->ahead, start + length, strlen(start + length) + 1);
	return true;
}

static bool is_last(const struct walk *w)
{
	return !w->ahead[strspn(w->ahead, "/")];
}

static size_t count_components(const char *path)
{
	size_t count = 0;

	while (*(path += strspn(path, "/"))) {
		path += strcspn(path, "/");
		count++;
	}
	return count;
}

static int push(struct walk *w, const char *name,
		const struct fusefs_entry *entry)
{
	size_t length = w->depth ? top(w)->path_length : 0;
	struct direct_node *node = store_direct_node_new(w->conn, entry);

	if (!node)
		return -ENOMEM;
	if (w->depth == DEPTH_MAX ||
	    length + strlen(name) + 2 > sizeof(w->path)) {
		store_direct_node_unref(node);
		return -ENAMETOOLONG;
	}
	if (length)
		w->path[length++] = '/';
	strcpy(w->path + length, name);
	w->depth++;
	*top(w) = (struct step){ .node = node,
				 .attr = entry->attr,
				 .path_length = length + strlen(name) };
	return 0;
}

/* Puts the target of the link in front of what is ahead. */
static int co_follow(struct walk *w, uint64_t link)
{
	char target[PATH_MAX], rest[PATH_MAX];
	struct direct_call c;
	int err;

	if (++w->links > LINKS_MAX)
		return -ELOOP;
	store_direct_begin(&c, FUSE_READLINK, link, w->creds, 0, rest,
			   sizeof(rest) - 1);
	err = store_direct_co_call(w->conn, &c, w->timeout_ms);
	if (!err)
		err = fusefs_target_take(rest, c.call.length, target,
					 sizeof(target));
	if (err)
		return err;
	if (*target == '/')
		return -EXDEV;
	if (strlen(target) + strlen(w->ahead) + 2 > sizeof(w->ahead))
		return -ENAMETOOLONG;
	strcpy(rest, w->ahead);
	strcpy(w->ahead, target);
	strcat(w->ahead, rest);
	w->borrowed += count_components(target);
	return 0;
}

static bool is_followed(const struct walk *w, mode_t mode)
{
	return S_ISLNK(mode) && !(is_last(w) && w->is_link_wanted);
}

/* One component. -EAGAIN: start again from the root. */
static int co_step(struct walk *w, const char *name)
{
	struct fusefs_entry entry;
	int err;

	if (!strcmp(name, "."))
		return 0;
	if (!S_ISDIR(top(w)->attr.mode))
		return -ENOTDIR;
	if (!strcmp(name, "..")) {
		if (w->depth == 1)
			return w->starts_at_root ? -EXDEV : -EAGAIN;
		pop(w);
		return 0;
	}
	err = store_direct_co_may(w->conn, w->creds, top(w)->node->id,
				  &top(w)->attr, &w->user, X_OK, w->timeout_ms);
	if (!err)
		err = store_direct_co_lookup(w->conn, w->creds,
					     top(w)->node->id, name,
					     w->timeout_ms, &entry);
	if (err)
		return err;
	if (!is_followed(w, entry.attr.mode))
		return push(w, name, &entry);
	err = store_tree_options(w->tree)->symlinks == STORE_SYMLINKS_FOLLOW
		      ? co_follow(w, entry.node)
		      : -ELOOP;
	fusefs_conn_pass(w->conn, &entry);
	return err;
}

static int co_steps(struct walk *w)
{
	char name[NAME_MAX + 1];
	bool was_borrowed;
	int err;

	while (next(w, name, &err)) {
		was_borrowed = w->borrowed > 0;
		if (was_borrowed)
			w->borrowed--;
		if (!err)
			err = co_step(w, name);
		if (err)
			return err;
		if (!w->borrowed)
			w->good++;
	}
	return 0;
}

/* ---- from where to where ---- */

static int co_start(struct walk *w, struct store_file *dir)
{
	const struct fusefs_entry root = { .node = FUSEFS_ROOT };
	struct step *first = &w->steps[0];
	struct direct_node *node =
		dir ? store_direct_node_ref(direct_of(dir)->node)
		    : store_direct_node_new(w->conn, &root);

	if (!node)
		return -ENOMEM;
	*first = (struct step){ .node = node };
	w->depth = 1;
	w->starts_at_root = !dir;
	w->path[0] = '\0';
	if (dir)
		strcpy(w->path, direct_of(dir)->path);
	first->path_length = strlen(w->path);
	return store_direct_co_getattr(w->conn, w->creds, node->id,
				       w->timeout_ms, &first->attr);
}

static int co_walk(struct walk *w, struct store_file *dir, const char *path)
{
	int err;

	if (strlen(path) >= sizeof(w->ahead))
		return -ENAMETOOLONG;
	strcpy(w->ahead, path);
	err = co_start(w, dir);
	return err ? err : co_steps(w);
}

/* The same by the way from the root. */
static int co_walk_again(struct walk *w, struct store_file *dir,
			 const char *path)
{
	const char *start = direct_of(dir)->path;

	while (w->depth)
		pop(w);
	if (strlen(start) + strlen(path) + 2 > sizeof(w->ahead))
		return -ENAMETOOLONG;
	w->links = 0;
	w->borrowed = w->good = 0;
	stpcpy(stpcpy(stpcpy(w->ahead, start), "/"), path);
	return co_start(w, NULL) ?: co_steps(w);
}

static int place_of(struct walk *w, struct direct_place *ret_place)
{
	char *path = strdup(w->path);

	if (!path)
		return -ENOMEM;
	*ret_place = (struct direct_place){
		.node = store_direct_node_ref(top(w)->node),
		.attr = top(w)->attr,
		.path = path,
	};
	return 0;
}

static int conn_of(struct walk *w, struct store_file *dir)
{
	w->conn = fusefs_conn_ref(direct_of(dir)->node->conn);
	return fusefs_conn_is_open(w->conn) ? 0 : -ENOTCONN;
}

int store_direct_co_walk_to(struct store_tree *tree, struct store_creds *creds,
			    struct store_file *dir, const char *path,
			    bool is_link_wanted, struct direct_place *ret_place,
			    size_t *ret_good)
{
	struct walk *w = calloc(1, sizeof(*w));
	struct fusefs_who who;
	int err;

	if (!w)
		return -ENOMEM;
	w->tree = tree;
	w->creds = creds;
	w->timeout_ms = store_tree_timeout(tree);
	w->is_link_wanted = is_link_wanted;
	store_direct_user(creds, &w->user, &who);
	err = dir ? conn_of(w, dir) : store_direct_co_conn(tree, &w->conn);
	if (!err)
		err = co_walk(w, dir, path);
	if (err == -EAGAIN)
		err = dir ? co_walk_again(w, dir, path) : -EXDEV;
	if (!err)
		err = place_of(w, ret_place);
	if (ret_good)
		*ret_good = w->good;
	while (w->depth)
		pop(w);
	fusefs_conn_unref(w->conn);
	free(w);
	return err;
}
