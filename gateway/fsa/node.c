/*
 * The table of file nodes: which files are open, found by (tree, key). Counts
 * references, keeps the names that they are open by up to date when something
 * is renamed, and remembers who is to be deleted. Who may open a file beside
 * whom, and the deleting itself, are open.c's and close.c's.
 *
 * A node lies in one bucket for all its life, and the bucket's lock is its
 * lock. What walks over all nodes takes the buckets one after the other.
 */
#include "gateway/fsa/node.h"

#include <assert.h>
#include <stdatomic.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>

#include "gateway/fsa/object.h"
#include "smb/wire/utf16.h"

#define BUCKETS 1024 /* a power of two; workers are few, opens some 10,000 */

struct fsa_bucket {
	struct loop_mutex lock;
	struct fsa_node *first;
	size_t count;
};

struct fsa_nodes {
	struct fsa_bucket buckets[BUCKETS];
	_Atomic uint64_t moves;
};

struct fsa_nodes *fsa_nodes_new(void)
{
	struct fsa_nodes *nodes = calloc(1, sizeof(*nodes));

	for (size_t i = 0; nodes && i < BUCKETS; i++)
		loop_mutex_init(&nodes->buckets[i].lock);
	return nodes;
}

struct fsa_nodes *fsa_nodes_free(struct fsa_nodes *nodes)
{
	for (size_t i = 0; nodes && i < BUCKETS; i++) {
		assert(!nodes->buckets[i].first);
		loop_mutex_fini(&nodes->buckets[i].lock);
	}
	free(nodes);
	return NULL;
}

size_t fsa_node_count(struct fsa *fsa)
{
	struct fsa_nodes *nodes = fsa_nodes_of(fsa);
	size_t count = 0;

	for (size_t i = 0; i < BUCKETS; i++) {
		loop_lock(&nodes->buckets[i].lock);
		count += nodes->buckets[i].count;
		loop_unlock(&nodes->buckets[i].lock);
	}
	return count;
}

static struct fsa_bucket *bucket_of(struct fsa *fsa,
				    const struct store_key *key)
{
	uint64_t h = key->inode ^ key->generation ^ (key->device << 32);

	h *= 0x9e3779b97f4a7c15u; /* 2^64 over the golden ratio */
	return &fsa_nodes_of(fsa)->buckets[h >> 32 & (BUCKETS - 1)];
}

/* Under the lock. */
static struct fsa_node *find_in(struct fsa_bucket *bucket,
				struct store_tree *tree,
				const struct store_key *key)
{
	struct fsa_node *node = bucket->first;

	while (node && (node->file || !fsa_key_equal(&node->key, key) ||
			!store_tree_has_same_root(node->tree, tree)))
		node = node->next;
	if (node)
		node->refs++;
	return node;
}

struct fsa_node *fsa_node_find(struct fsa *fsa, struct store_tree *tree,
			       const struct store_key *key)
{
	struct fsa_bucket *bucket = bucket_of(fsa, key);
	struct fsa_node *node;

	loop_lock(&bucket->lock);
	node = find_in(bucket, tree, key);
	loop_unlock(&bucket->lock);
	return node;
}

static struct fsa_node *node_new(struct fsa *fsa, struct store_tree *tree,
				 const struct store_key *key, const char *path,
				 bool is_directory)
{
	struct fsa_node *node = malloc(sizeof(*node));

	if (!node)
		return NULL;
	*node = (struct fsa_node){
		.fsa = fsa,
		.tree = tree,
		.key = *key,
		.is_directory = is_directory,
		.refs = 1,
		.bucket = bucket_of(fsa, key),
		.path = strdup(path),
	};
	TAILQ_INIT(&node->opens);
	TAILQ_INIT(&node->streams);
	fsa_turn_init(&node->turn);
	TAILQ_INIT(&node->lock_waits);
	TAILQ_INIT(&node->grants);
	TAILQ_INIT(&node->grant_waits);
	if (!node->path) {
		free(node);
		return NULL;
	}
	store_tree_ref(tree);
	return node;
}

/* Under the lock. */
static void put_in(struct fsa_bucket *bucket, struct fsa_node *node)
{
	node->next = bucket->first;
	bucket->first = node;
	bucket->count++;
}

struct fsa_node *fsa_node_get(struct fsa *fsa, struct store_tree *tree,
			      const struct store_key *key, const char *path,
			      bool is_directory)
{
	struct fsa_bucket *bucket = bucket_of(fsa, key);
	struct fsa_node *node;

	loop_lock(&bucket->lock);
	node = find_in(bucket, tree, key);
	if (!node) {
		node = node_new(fsa, tree, key, path, is_directory);
		if (node)
			put_in(bucket, node);
	}
	loop_unlock(&bucket->lock);
	return node;
}

/* ---- streams ---- */

struct fsa_node *fsa_node_find_stream(struct fsa_node *file, const char *name)
{
	struct fsa_node *node;

	TAILQ_FOREACH(node, &file->streams, stream_entry) {
		if (!node->is_deleted &&
		    smb_utf8_equal_nocase(node->stream, name))
			return node;
	}
	return NULL;
}

/* Under the lock. */
static struct fsa_node *stream_new(struct fsa_node *file, const char *name)
{
	struct fsa_node *node = node_new(file->fsa, file->tree, &file->key,
					 file->path, file->is_directory);

	if (!node)
		return NULL;
	node->stream = strdup(name);
	if (!node->stream) {
		store_tree_unref(node->tree);
		free(node->path);
		free(node);
		return NULL;
	}
	node->file = file;
	file->refs++;
	TAILQ_INSERT_TAIL(&file->streams, node, stream_entry);
	put_in(file->bucket, node);
	return node;
}

struct fsa_node *fsa_node_get_stream(struct fsa_node *file, const char *name)
{
	struct fsa_node *node;

	fsa_node_lock(file);
	node = fsa_node_find_stream(file, name);
	if (node)
		node->refs++;
	else
		node = stream_new(file, name);
	fsa_node_unlock(file);
	return node;
}

bool fsa_node_has_stream_opens(const struct fsa_node *file)
{
	const struct fsa_node *node;

	TAILQ_FOREACH(node, &file->streams, stream_entry) {
		if (!TAILQ_EMPTY(&node->opens))
			return true;
	}
	return false;
}

bool fsa_node_has_opens(const struct fsa_node *file)
{
	return !TAILQ_EMPTY(&file->opens) || fsa_node_has_stream_opens(file);
}

static void node_free(struct fsa_node *node)
{
	assert(TAILQ_EMPTY(&node->streams));
	assert(TAILQ_EMPTY(&node->turn.waits));
	assert(TAILQ_EMPTY(&node->opens));
	assert(TAILQ_EMPTY(&node->lock_waits));
	assert(TAILQ_EMPTY(&node->grants));
	assert(TAILQ_EMPTY(&node->grant_waits));
	fsa_ranges_fini(&node->ranges);
	free(node->doomed_path);
	free(node->doomed_as);
	store_tree_unref(node->doomed_in);
	store_tree_unref(node->tree);
	free(node->path);
	free(node->stream);
	free(node);
}

struct fsa_node *fsa_node_ref(struct fsa_node *node)
{
	loop_lock(&node->bucket->lock);
	node->refs++;
	loop_unlock(&node->bucket->lock);
	return node;
}

struct fsa_node *fsa_node_unref(struct fsa_node *node)
{
	struct fsa_bucket *bucket;
	struct fsa_node **at, *file;
	bool is_last;

	if (!node)
		return NULL;
	bucket = node->bucket;
	file = node->file;
	loop_lock(&bucket->lock);
	assert(node->refs > 0);
	is_last = --node->refs == 0;
	if (is_last) {
		for (at = &bucket->first; *at != node; at = &(*at)->next)
			;
		*at = node->next;
		bucket->count--;
		if (file)
			TAILQ_REMOVE(&file->streams, node, stream_entry);
	}
	loop_unlock(&bucket->lock);
	if (is_last) {
		node_free(node);
		fsa_node_unref(file);
	}
	return NULL;
}

void fsa_node_lock(struct fsa_node *node)
{
	loop_lock(&node->bucket->lock);
}

void fsa_node_unlock(struct fsa_node *node)
{
	loop_unlock(&node->bucket->lock);
}

/* ---- names ---- */

char *fsa_node_path(struct fsa_node *node)
{
	char *path;

	fsa_node_lock(node);
	path = strdup(node->path);
	fsa_node_unlock(node);
	return path;
}

char *fsa_open_path(struct fsa_open *open)
{
	char *path;

	fsa_node_lock(open->node);
	path = strdup(open->path ? open->path : open->node->path);
	fsa_node_unlock(open->node);
	return path;
}

/* What of `path` comes behind the directory `top`; NULL if it isn't below. */
static const char *below(const char *path, const char *top)
{
	size_t length = strlen(top);

	if (!length)
		return *path ? path : NULL;
	if (strncmp(path, top, length) != 0 || path[length] != '/')
		return NULL;
	return path + length + 1;
}

struct move {
	const char *from, *to;
	bool is_directory;
};

/*
 * A path that can't be changed for lack of memory stays as it was: deleting by
 * it finds another file there, or none, and does nothing.
 */
static void move_path(char **path, const struct move *m)
{
	const char *rest = "";
	size_t size;
	char *moved;

	if (!*path)
		return;
	if (strcmp(*path, m->from) != 0) {
		rest = m->is_directory ? below(*path, m->from) : NULL;
		if (!rest)
			return;
	}
	size = strlen(m->to) + strlen(rest) + 2;
	moved = malloc(size);
	if (!moved)
		return;
	snprintf(moved, size, "%s%s%s", m->to, *rest ? "/" : "", rest);
	free(*path);
	*path = moved;
}

uint64_t fsa_node_moves(struct fsa *fsa)
{
	return atomic_load(&fsa_nodes_of(fsa)->moves);
}

void fsa_node_moved(struct fsa *fsa, struct store_tree *tree, const char *from,
		    const char *to, bool is_directory)
{
	struct fsa_nodes *nodes = fsa_nodes_of(fsa);
	struct move move = { from, to, is_directory };
	struct fsa_node *node;
	struct fsa_open *open;

	/* First: who is in no bucket yet when we pass it, looks at this. */
	atomic_fetch_add(&nodes->moves, 1);
	for (size_t i = 0; i < BUCKETS; i++) {
		loop_lock(&nodes->buckets[i].lock);
		for (node = nodes->buckets[i].first; node; node = node->next) {
			if (!store_tree_has_same_root(node->tree, tree))
				continue;
			move_path(&node->path, &move);
			move_path(&node->doomed_path, &move);
			TAILQ_FOREACH(open, &node->opens, node_entry)
				move_path(&open->path, &move);
		}
		loop_unlock(&nodes->buckets[i].lock);
	}
}

/* Under the lock. */
static bool has_open_below(const struct fsa_node *node, const char *path)
{
	struct fsa_open *open;

	TAILQ_FOREACH(open, &node->opens, node_entry) {
		if (below(open->path ? open->path : node->path, path))
			return true;
	}
	return false;
}

struct fsa_node *fsa_node_below(struct fsa *fsa, struct store_tree *tree,
				const char *path)
{
	struct fsa_nodes *nodes = fsa_nodes_of(fsa);
	struct fsa_node *node = NULL;

	for (size_t i = 0; i < BUCKETS && !node; i++) {
		loop_lock(&nodes->buckets[i].lock);
		node = nodes->buckets[i].first;
		while (node && (!store_tree_has_same_root(node->tree, tree) ||
				!has_open_below(node, path)))
			node = node->next;
		if (node)
			node->refs++;
		loop_unlock(&nodes->buckets[i].lock);
	}
	return node;
}

/* ---- to be deleted ---- */

/* Under the lock; what it gives is to be freed. */
static void set_doom(struct fsa_node *node, char **path,
		     struct store_user **user, struct store_tree **tree)
{
	char *old_path = node->doomed_path;
	struct store_user *old_user = node->doomed_as;
	struct store_tree *old_tree = node->doomed_in;

	node->doomed_path = *path;
	node->doomed_as = *user;
	node->doomed_in = *tree;
	node->is_delete_pending = *path != NULL;
	*path = old_path;
	*user = old_user;
	*tree = old_tree;
}

enum nt_status fsa_node_doom(struct fsa_open *by)
{
	struct fsa_node *node = by->node;
	char *path = fsa_open_path(by);
	struct store_user *user = store_creds_user(by->volume->creds);
	struct store_tree *tree = store_tree_ref(by->tree);
	enum nt_status status = NT_STATUS_INSUFFICIENT_RESOURCES;

	if (path && user) {
		fsa_node_lock(node);
		set_doom(node, &path, &user, &tree);
		node->has_doomed_key = by->has_parent_key;
		memcpy(node->doomed_key, by->parent_key,
		       sizeof(node->doomed_key));
		fsa_node_unlock(node);
		status = NT_STATUS_SUCCESS;
	}
	free(path);
	free(user);
	store_tree_unref(tree);
	return status;
}

void fsa_node_pardon(struct fsa_node *node)
{
	struct store_tree *tree = NULL;
	struct store_user *user = NULL;
	char *path = NULL;

	fsa_node_lock(node);
	set_doom(node, &path, &user, &tree);
	fsa_node_unlock(node);
	free(path);
	free(user);
	store_tree_unref(tree);
}
