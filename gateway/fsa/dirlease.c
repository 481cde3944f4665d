/*
 * The table of directories that somebody has a lease on, by their path. An
 * entry has a reference to the node, which it keeps alive for those that are
 * just breaking the leases, without the table's lock: no two locks are held at
 * once.
 */
#include "gateway/fsa/dirlease.h"

#include <assert.h>
#include <stdatomic.h>
#include <stdlib.h>
#include <string.h>

#include "gateway/fsa/grant.h"
#include "gateway/fsa/object.h"

enum {
	BUCKETS = 256, /* a power of two */
};

struct fsa_dirlease {
	LIST_ENTRY(fsa_dirlease) entry;
	struct fsa_node *node; /* reference */
	char *path;            /* malloc */
	size_t opens;          /* that have a lease */
	size_t users;          /* that break them just now */
};

LIST_HEAD(dirlease_list, fsa_dirlease);

struct fsa_dirleases {
	struct loop_mutex lock;
	atomic_size_t count; /* read without the lock */
	struct dirlease_list buckets[BUCKETS];
};

struct fsa_dirleases *fsa_dirleases_new(void)
{
	struct fsa_dirleases *all = calloc(1, sizeof(*all));

	if (!all)
		return NULL;
	loop_mutex_init(&all->lock);
	return all;
}

struct fsa_dirleases *fsa_dirleases_free(struct fsa_dirleases *all)
{
	if (all) {
		assert(atomic_load(&all->count) == 0);
		loop_mutex_fini(&all->lock);
		free(all);
	}
	return NULL;
}

/* ---- the table: all under the lock ---- */

static struct dirlease_list *bucket_of(struct fsa_dirleases *all,
				       const char *path, size_t length)
{
	uint32_t hash = 2166136261u; /* FNV-1a */

	for (size_t i = 0; i < length; i++)
		hash = (hash ^ (unsigned char)path[i]) * 16777619u;
	return &all->buckets[(hash ^ hash >> 16) & (BUCKETS - 1)];
}

/* The next one behind `after` (NULL: the first) that has this path. */
static struct fsa_dirlease *find(struct fsa_dirleases *all,
				 struct fsa_dirlease *after, const char *path,
				 size_t length, const struct store_tree *tree)
{
	struct fsa_dirlease *d =
		after ? LIST_NEXT(after, entry)
		      : LIST_FIRST(bucket_of(all, path, length));

	while (d && (strncmp(d->path, path, length) != 0 || d->path[length] ||
		     !store_tree_has_same_root(d->node->tree, tree)))
		d = LIST_NEXT(d, entry);
	return d;
}

static void insert(struct fsa_dirleases *all, struct fsa_dirlease *d)
{
	LIST_INSERT_HEAD(bucket_of(all, d->path, strlen(d->path)), d, entry);
	atomic_fetch_add(&all->count, 1);
}

/* Whether it was the last one's: free it without the lock then. */
static bool unuse(struct fsa_dirleases *all, struct fsa_dirlease *d)
{
	if (d->opens || d->users)
		return false;
	LIST_REMOVE(d, entry);
	atomic_fetch_sub(&all->count, 1);
	return true;
}

static void dirlease_free(struct fsa_dirlease *d)
{
	fsa_node_unref(d->node);
	free(d->path);
	free(d);
}

/* ---- holding ---- */

static struct fsa_dirlease *dirlease_new(struct fsa_node *node)
{
	struct fsa_dirlease *d = calloc(1, sizeof(*d));

	if (!d)
		return NULL;
	d->path = fsa_node_path(node);
	if (!d->path) {
		free(d);
		return NULL;
	}
	d->node = fsa_node_ref(node);
	return d;
}

bool fsa_dirlease_hold(struct fsa_open *open)
{
	struct fsa_dirleases *all = fsa_dirleases_of(open->node->fsa);
	struct fsa_dirlease *new = dirlease_new(open->node), *d = NULL;

	if (!new)
		return false;
	loop_lock(&all->lock);
	do {
		d = find(all, d, new->path, strlen(new->path),
			 open->node->tree);
	} while (d && d->node != open->node);
	if (!d) {
		d = new;
		insert(all, d);
	}
	d->opens++;
	loop_unlock(&all->lock);
	open->dirlease = d;
	if (d != new)
		dirlease_free(new);
	return true;
}

void fsa_dirlease_release(struct fsa_open *open)
{
	struct fsa_dirleases *all = fsa_dirleases_of(open->node->fsa);
	struct fsa_dirlease *d = open->dirlease;
	bool is_last;

	if (!d)
		return;
	open->dirlease = NULL;
	loop_lock(&all->lock);
	d->opens--;
	is_last = unuse(all, d);
	loop_unlock(&all->lock);
	if (is_last)
		dirlease_free(d);
}

/* ---- breaking ---- */

static size_t parent_length(const char *path)
{
	const char *slash = strrchr(path, '/');

	return slash ? (size_t)(slash - path) : 0;
}

void fsa_dirlease_changed(struct fsa *fsa, const struct store_tree *tree,
			  const char *path, const uint8_t *parent_key)
{
	struct fsa_dirleases *all = fsa_dirleases_of(fsa);
	struct dirlease_list ended = LIST_HEAD_INITIALIZER(ended);
	size_t length = parent_length(path);
	struct fsa_dirlease *d, *next;

	/* The root's own facts are in no directory of the share. */
	if (atomic_load_explicit(&all->count, memory_order_relaxed) == 0 ||
	    !*path)
		return;
	loop_lock(&all->lock);
	for (d = find(all, NULL, path, length, tree); d; d = next) {
		d->users++;
		loop_unlock(&all->lock);
		fsa_grant_child_changed(d->node, parent_key);
		loop_lock(&all->lock);
		d->users--;
		next = find(all, d, path, length, tree);
		if (unuse(all, d))
			LIST_INSERT_HEAD(&ended, d, entry);
	}
	loop_unlock(&all->lock);
	while ((d = LIST_FIRST(&ended))) {
		LIST_REMOVE(d, entry);
		dirlease_free(d);
	}
}

/* What of `path` comes behind the directory `top`, or NULL. */
static const char *behind(const char *path, const char *top)
{
	size_t length = strlen(top);

	if (strncmp(path, top, length) != 0 ||
	    (path[length] != '/' && path[length]))
		return NULL;
	return path + length;
}

/*
 * Under the lock: takes out those that move, with their new paths. One whose
 * path can't be made for lack of memory keeps the old one: its lease is then
 * not broken by changes, as if nothing had happened there.
 */
static void take_moved(struct fsa_dirleases *all, const struct store_tree *tree,
		       const char *from, const char *to,
		       struct dirlease_list *moved)
{
	struct fsa_dirlease *d, *next;

	for (size_t i = 0; i < BUCKETS; i++) {
		for (d = LIST_FIRST(&all->buckets[i]); d; d = next) {
			const char *rest = behind(d->path, from);
			char *path;

			next = LIST_NEXT(d, entry);
			if (!rest ||
			    !store_tree_has_same_root(d->node->tree, tree))
				continue;
			path = malloc(strlen(to) + strlen(rest) + 1);
			if (!path)
				continue;
			strcpy(stpcpy(path, to), rest);
			free(d->path);
			d->path = path;
			LIST_REMOVE(d, entry);
			atomic_fetch_sub(&all->count, 1);
			LIST_INSERT_HEAD(moved, d, entry);
		}
	}
}

void fsa_dirlease_moved(struct fsa *fsa, const struct store_tree *tree,
			const char *from, const char *to)
{
	struct fsa_dirleases *all = fsa_dirleases_of(fsa);
	struct dirlease_list moved = LIST_HEAD_INITIALIZER(moved);
	struct fsa_dirlease *d;

	if (atomic_load_explicit(&all->count, memory_order_relaxed) == 0)
		return;
	loop_lock(&all->lock);
	take_moved(all, tree, from, to, &moved);
	while ((d = LIST_FIRST(&moved))) {
		LIST_REMOVE(d, entry);
		insert(all, d);
	}
	loop_unlock(&all->lock);
}
