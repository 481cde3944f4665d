/*
 * Numbers are given again, each time with a new generation. Names are in a
 * hash table, and in an array by the cookie that each got when it was made, so
 * that a listing goes on where it was, whatever is made or removed meanwhile.
 */
#include "fuse/fs/tree.h"

#include <errno.h>
#include <linux/fs.h>
#include <stdlib.h>
#include <string.h>
#include <time.h>
#include <uthash.h>

struct memfs_entry {
	UT_hash_handle hh;
	uint64_t cookie;
	struct memfs_node *node;
	char name[];
};

/* ---- nodes ---- */

static int number_take(struct memfs_tree *tree, uint64_t *ret_number)
{
	if (tree->unused_count > 0) {
		*ret_number = tree->unused[--tree->unused_count];
		return 0;
	}
	if (tree->next >= tree->capacity) {
		uint64_t capacity = tree->capacity ? tree->capacity * 2 : 64;
		struct memfs_node **nodes;
		uint64_t *unused;

		nodes = reallocarray(tree->nodes, capacity, sizeof(*nodes));
		if (!nodes)
			return -ENOMEM;
		tree->nodes = nodes;
		unused = reallocarray(tree->unused, capacity, sizeof(*unused));
		if (!unused)
			return -ENOMEM;
		tree->unused = unused;
		tree->capacity = capacity;
	}
	*ret_number = tree->next++;
	return 0;
}

static struct memfs_node *node_new(struct memfs_tree *tree,
				   const struct memfs_new *what)
{
	struct memfs_node *node = calloc(1, sizeof(*node));

	if (!node)
		return NULL;
	if (what->target && !(node->target = strdup(what->target)))
		goto free_node;
	if (number_take(tree, &node->number) < 0)
		goto free_node;
	node->generation = ++tree->generation;
	pthread_rwlock_init(&node->lock, NULL);
	memfs_xattrs_init(&node->xattrs);
	node->stat = (struct stat){
		.st_ino = node->number,
		.st_mode = what->mode,
		.st_rdev = what->rdev,
		.st_uid = what->uid,
		.st_gid = what->gid,
		.st_blksize = MEMFS_BLOCK,
	};
	memfs_node_touch(node, MEMFS_ATIME | MEMFS_MTIME | MEMFS_CTIME);
	tree->nodes[node->number] = node;
	tree->count++;
	return node;

free_node:
	free(node->target);
	free(node);
	return NULL;
}

static void node_free(struct memfs_tree *tree, struct memfs_node *node)
{
	tree->nodes[node->number] = NULL;
	tree->unused[tree->unused_count++] = node->number;
	tree->count--;
	for (size_t i = 0; i < node->count; i++) {
		HASH_DEL(node->by_name, node->entries[i]);
		free(node->entries[i]);
	}
	free(node->entries);
	memfs_data_fini(&node->data, &tree->room);
	memfs_xattrs_fini(&node->xattrs);
	pthread_rwlock_destroy(&node->lock);
	free(node->target);
	free(node);
}

/* What has no name and is not open can't be opened any more: its bytes go at
   once, the node when the kernel has forgotten it. */
static void free_if_unused(struct memfs_tree *tree, struct memfs_node *node)
{
	if (node->stat.st_nlink > 0 || node->opens > 0)
		return;
	memfs_data_fini(&node->data, &tree->room);
	if (node->told == 0)
		node_free(tree, node);
}

int memfs_tree_init(struct memfs_tree *tree, uint64_t bytes_max, uid_t uid,
		    gid_t gid)
{
	const struct memfs_new root = { S_IFDIR | 0755, 0, uid, gid, NULL };
	struct memfs_node *node;

	*tree = (struct memfs_tree){
		.next = MEMFS_ROOT,
		.room.max = bytes_max / MEMFS_BLOCK,
	};
	pthread_rwlock_init(&tree->lock, NULL);
	node = node_new(tree, &root);
	if (!node)
		return -ENOMEM;
	node->stat.st_nlink = 2;
	node->parent = node;
	return 0;
}

void memfs_tree_fini(struct memfs_tree *tree)
{
	for (uint64_t i = MEMFS_ROOT; i < tree->next; i++)
		if (tree->nodes[i])
			node_free(tree, tree->nodes[i]);
	free(tree->nodes);
	free(tree->unused);
	pthread_rwlock_destroy(&tree->lock);
}

struct memfs_node *memfs_tree_node(struct memfs_tree *tree, uint64_t number)
{
	return number < tree->next && number >= MEMFS_ROOT ? tree->nodes[number]
							   : NULL;
}

void memfs_node_stat(const struct memfs_node *node, struct stat *ret_stat)
{
	*ret_stat = node->stat;
	if (node->target)
		ret_stat->st_size = (off_t)strlen(node->target);
	else
		ret_stat->st_size = (off_t)node->data.size;
	ret_stat->st_blocks =
		(blkcnt_t)(node->data.count * (MEMFS_BLOCK / 512));
}

void memfs_node_touch(struct memfs_node *node, unsigned int times)
{
	struct timespec now;

	clock_gettime(CLOCK_REALTIME, &now);
	if (times & MEMFS_ATIME)
		node->stat.st_atim = now;
	if (times & MEMFS_MTIME)
		node->stat.st_mtim = now;
	if (times & MEMFS_CTIME)
		node->stat.st_ctim = now;
}

void memfs_forget(struct memfs_tree *tree, struct memfs_node *node,
		  uint64_t times)
{
	/* A kernel that forgets more than it was told has forgotten it. */
	node->told -= times < node->told ? times : node->told;
	free_if_unused(tree, node);
}

void memfs_released(struct memfs_tree *tree, struct memfs_node *node)
{
	if (node->opens > 0)
		node->opens--;
	free_if_unused(tree, node);
}

/* ---- names ---- */

static struct memfs_entry *entry_find(const struct memfs_node *dir,
				      const char *name)
{
	struct memfs_entry *entry;

	HASH_FIND_STR(dir->by_name, name, entry);
	return entry;
}

static int entry_add(struct memfs_node *dir, const char *name,
		     struct memfs_node *node)
{
	size_t size = strlen(name) + 1;
	struct memfs_entry *entry;

	if (dir->count == dir->capacity) {
		size_t capacity = dir->capacity ? dir->capacity * 2 : 8;
		struct memfs_entry **entries =
			reallocarray(dir->entries, capacity,
				     sizeof(struct memfs_entry *));

		if (!entries)
			return -ENOMEM;
		dir->entries = entries;
		dir->capacity = capacity;
	}
	entry = malloc(sizeof(*entry) + size);
	if (!entry)
		return -ENOMEM;
	memcpy(entry->name, name, size);
	entry->node = node;
	entry->cookie = ++dir->cookie;
	dir->entries[dir->count++] = entry;
	HASH_ADD_STR(dir->by_name, name, entry);
	return 0;
}

/* The place of the first entry whose cookie is greater. */
static size_t place_after(const struct memfs_node *dir, uint64_t cookie)
{
	size_t low = 0, high = dir->count;

	while (low < high) {
		size_t middle = low + (high - low) / 2;

		if (dir->entries[middle]->cookie <= cookie)
			low = middle + 1;
		else
			high = middle;
	}
	return low;
}

static void entry_drop(struct memfs_node *dir, struct memfs_entry *entry)
{
	size_t at = place_after(dir, entry->cookie - 1);

	memmove(dir->entries + at, dir->entries + at + 1,
		(dir->count - at - 1) * sizeof(struct memfs_entry *));
	dir->count--;
	HASH_DEL(dir->by_name, entry);
	free(entry);
}

static bool is_dir(const struct memfs_node *node)
{
	return S_ISDIR(node->stat.st_mode);
}

static void dir_changed(struct memfs_node *dir)
{
	memfs_node_touch(dir, MEMFS_MTIME | MEMFS_CTIME);
}

int memfs_lookup(struct memfs_tree *tree, struct memfs_node *dir,
		 const char *name, struct memfs_node **ret_node)
{
	const struct memfs_entry *entry;

	(void)tree;
	if (!is_dir(dir))
		return -ENOTDIR;
	entry = entry_find(dir, name);
	if (!entry)
		return -ENOENT;
	*ret_node = entry->node;
	return 0;
}

/* May there be a new name in it? */
static int check_new(const struct memfs_node *dir, const char *name)
{
	if (!is_dir(dir))
		return -ENOTDIR;
	if (dir->stat.st_nlink == 0)
		return -ENOENT;
	if (strlen(name) > MEMFS_NAME_MAX)
		return -ENAMETOOLONG;
	if (!*name || strchr(name, '/') || strcmp(name, ".") == 0 ||
	    strcmp(name, "..") == 0)
		return -EINVAL;
	return entry_find(dir, name) ? -EEXIST : 0;
}

int memfs_make(struct memfs_tree *tree, struct memfs_node *dir,
	       const char *name, const struct memfs_new *what,
	       struct memfs_node **ret_node)
{
	struct memfs_new new = *what;
	struct memfs_node *node;
	int err = check_new(dir, name);

	if (err < 0)
		return err;
	if (dir->stat.st_mode & S_ISGID) {
		new.gid = dir->stat.st_gid;
		if (S_ISDIR(new.mode))
			new.mode |= S_ISGID;
	}
	/* A node needs memory, too: as many as blocks, and a few. */
	if (tree->count > tree->room.max + 1024)
		return -ENOSPC;
	node = node_new(tree, &new);
	if (!node)
		return -ENOMEM;
	err = entry_add(dir, name, node);
	if (err < 0) {
		node_free(tree, node);
		return err;
	}
	node->stat.st_nlink = 1;
	if (is_dir(node)) {
		node->stat.st_nlink = 2;
		node->parent = dir;
		dir->stat.st_nlink++;
	}
	dir_changed(dir);
	*ret_node = node;
	return 0;
}

int memfs_link(struct memfs_tree *tree, struct memfs_node *node,
	       struct memfs_node *dir, const char *name)
{
	int err = check_new(dir, name);

	(void)tree;
	if (err < 0)
		return err;
	if (is_dir(node))
		return -EPERM;
	if (node->stat.st_nlink == 0)
		return -ENOENT;
	err = entry_add(dir, name, node);
	if (err < 0)
		return err;
	node->stat.st_nlink++;
	memfs_node_touch(node, MEMFS_CTIME);
	dir_changed(dir);
	return 0;
}

/* A name of a node goes, and the node if it was the last. */
static void unname(struct memfs_tree *tree, struct memfs_node *dir,
		   struct memfs_entry *entry)
{
	struct memfs_node *node = entry->node;

	entry_drop(dir, entry);
	if (is_dir(node)) {
		node->stat.st_nlink = 0;
		node->parent = NULL;
		dir->stat.st_nlink--;
	} else {
		node->stat.st_nlink--;
	}
	memfs_node_touch(node, MEMFS_CTIME);
	dir_changed(dir);
	free_if_unused(tree, node);
}

int memfs_remove(struct memfs_tree *tree, struct memfs_node *dir,
		 const char *name, bool is_rmdir)
{
	struct memfs_entry *entry;

	if (!is_dir(dir))
		return -ENOTDIR;
	entry = entry_find(dir, name);
	if (!entry)
		return -ENOENT;
	if (is_rmdir && !is_dir(entry->node))
		return -ENOTDIR;
	if (!is_rmdir && is_dir(entry->node))
		return -EISDIR;
	if (is_rmdir && entry->node->count > 0)
		return -ENOTEMPTY;
	unname(tree, dir, entry);
	return 0;
}

/* ---- rename ---- */

/* Is `node` the directory, or above it? */
static bool is_above(const struct memfs_node *node,
		     const struct memfs_node *dir)
{
	for (; dir; dir = dir->parent) {
		if (dir == node)
			return true;
		if (dir->parent == dir)
			break;
	}
	return false;
}

static void moved(struct memfs_node *node, struct memfs_node *from,
		  struct memfs_node *to)
{
	if (is_dir(node)) {
		node->parent = to;
		from->stat.st_nlink--;
		to->stat.st_nlink++;
	}
	memfs_node_touch(node, MEMFS_CTIME);
}

static int exchange(struct memfs_node *from_dir, struct memfs_entry *from,
		    struct memfs_node *to_dir, struct memfs_entry *to)
{
	struct memfs_node *node = from->node;

	if (is_above(from->node, to_dir) || is_above(to->node, from_dir))
		return -EINVAL;
	from->node = to->node;
	to->node = node;
	moved(to->node, from_dir, to_dir);
	moved(from->node, to_dir, from_dir);
	dir_changed(from_dir);
	dir_changed(to_dir);
	return 0;
}

/* May it take the place of that one? */
static int check_replace(const struct memfs_node *node,
			 const struct memfs_node *old)
{
	if (is_dir(old) && !is_dir(node))
		return -EISDIR;
	if (!is_dir(old) && is_dir(node))
		return -ENOTDIR;
	return old->count > 0 ? -ENOTEMPTY : 0;
}

int memfs_rename(struct memfs_tree *tree, struct memfs_node *from_dir,
		 const char *from_name, struct memfs_node *to_dir,
		 const char *to_name, unsigned int flags)
{
	struct memfs_entry *from, *to;
	struct memfs_node *node;
	int err;

	if ((flags & ~(unsigned int)(RENAME_NOREPLACE | RENAME_EXCHANGE)) ||
	    flags == (RENAME_NOREPLACE | RENAME_EXCHANGE))
		return -EINVAL;
	if (!is_dir(from_dir) || !is_dir(to_dir))
		return -ENOTDIR;
	from = entry_find(from_dir, from_name);
	if (!from)
		return -ENOENT;
	err = check_new(to_dir, to_name);
	if (err < 0 && (err != -EEXIST || (flags & RENAME_NOREPLACE)))
		return err;
	to = entry_find(to_dir, to_name);
	if (flags & RENAME_EXCHANGE)
		return to ? exchange(from_dir, from, to_dir, to) : -ENOENT;
	node = from->node;
	if (to && to->node == node)
		return 0;
	if (is_dir(node) && is_above(node, to_dir))
		return -EINVAL;
	if (to && (err = check_replace(node, to->node)) < 0)
		return err;
	/* The new name first: it may want memory. */
	if (to) {
		struct memfs_node *old = to->node;

		to->node = node;
		if (is_dir(old)) {
			old->stat.st_nlink = 0;
			old->parent = NULL;
			to_dir->stat.st_nlink--;
		} else {
			old->stat.st_nlink--;
		}
		memfs_node_touch(old, MEMFS_CTIME);
		free_if_unused(tree, old);
	} else if ((err = entry_add(to_dir, to_name, node)) < 0) {
		return err;
	}
	entry_drop(from_dir, from);
	moved(node, from_dir, to_dir);
	dir_changed(from_dir);
	dir_changed(to_dir);
	return 0;
}

const char *memfs_list(const struct memfs_node *dir, uint64_t cookie,
		       uint64_t *ret_cookie, struct memfs_node **ret_node)
{
	size_t at = place_after(dir, cookie);

	if (at >= dir->count)
		return NULL;
	*ret_cookie = dir->entries[at]->cookie;
	*ret_node = dir->entries[at]->node;
	return dir->entries[at]->name;
}
