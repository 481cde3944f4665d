/*
 * Rows by a hash of the node, or of directory and name; some ways in each.
 */
#include "fuse/cache.h"

#include <stddef.h>
#include <string.h>

static uint64_t hash_of(uint64_t node, const char *name)
{
	uint64_t hash = node * 0x9e3779b97f4a7c15u;

	for (; *name; name++)
		hash = (hash ^ (unsigned char)*name) * UINT64_C(1099511628211);
	return hash ^ hash >> 31;
}

static size_t row_of(uint64_t hash)
{
	return hash & (FUSEFS_CACHE_ROWS - 1);
}

/* ---- what was dropped lately ---- */

uint64_t fusefs_cache_stamp(const struct fusefs_cache *cache)
{
	return cache->drops;
}

static void note_drop(struct fusefs_cache *cache, uint64_t hash)
{
	cache->dropped[cache->drops++ % FUSEFS_CACHE_DROPS] = hash;
}

/* Whether it may have been dropped since; many drops are all. */
static bool was_dropped(const struct fusefs_cache *cache, uint64_t stamp,
			uint64_t hash)
{
	if (cache->drops - stamp >= FUSEFS_CACHE_DROPS)
		return true;
	for (; stamp < cache->drops; stamp++) {
		if (cache->dropped[stamp % FUSEFS_CACHE_DROPS] == hash)
			return true;
	}
	return false;
}

/* ---- facts ---- */

static struct fusefs_kept_attr *attr_place(struct fusefs_cache *cache,
					   uint64_t node, uint64_t hash)
{
	struct fusefs_kept_attr *row = cache->attrs[row_of(hash)], *k = row;

	for (size_t i = 0; i < FUSEFS_CACHE_WAYS; i++) {
		if (row[i].node == node)
			return &row[i];
		if (row[i].until_ns < k->until_ns)
			k = &row[i];
	}
	return k;
}

void fusefs_cache_put_attr(struct fusefs_cache *cache, uint64_t stamp,
			   uint64_t node, const struct fusefs_attr *attr,
			   uint64_t attr_ns, uint64_t now)
{
	uint64_t hash = hash_of(node, "");

	if (!attr_ns || was_dropped(cache, stamp, hash))
		return;
	*attr_place(cache, node, hash) = (struct fusefs_kept_attr){
		.node = node, .until_ns = now + attr_ns, .attr = *attr
	};
}

bool fusefs_cache_attr(const struct fusefs_cache *cache, uint64_t node,
		       uint64_t now, struct fusefs_attr *ret_attr)
{
	const struct fusefs_kept_attr *row =
		cache->attrs[row_of(hash_of(node, ""))];

	for (size_t i = 0; i < FUSEFS_CACHE_WAYS; i++) {
		if (row[i].node == node && row[i].until_ns > now) {
			*ret_attr = row[i].attr;
			return true;
		}
	}
	return false;
}

void fusefs_cache_drop_attr(struct fusefs_cache *cache, uint64_t node)
{
	uint64_t hash = hash_of(node, "");
	struct fusefs_kept_attr *row = cache->attrs[row_of(hash)];

	note_drop(cache, hash);
	for (size_t i = 0; i < FUSEFS_CACHE_WAYS; i++) {
		if (row[i].node == node)
			row[i] = (struct fusefs_kept_attr){ .node = 0 };
	}
}

/* ---- names ---- */

static bool is_name(const struct fusefs_kept_name *k, uint64_t dir,
		    const char *name)
{
	return k->dir == dir && !strcmp(k->name, name);
}

static struct fusefs_kept_name *name_place(struct fusefs_cache *cache,
					   uint64_t dir, const char *name,
					   uint64_t hash)
{
	struct fusefs_kept_name *row = cache->names[row_of(hash)], *k = row;

	for (size_t i = 0; i < FUSEFS_CACHE_WAYS; i++) {
		if (is_name(&row[i], dir, name))
			return &row[i];
		if (row[i].until_ns < k->until_ns)
			k = &row[i];
	}
	return k;
}

void fusefs_cache_put_entry(struct fusefs_cache *cache, uint64_t stamp,
			    uint64_t dir, const char *name,
			    const struct fusefs_entry *entry, uint64_t now)
{
	uint64_t hash = hash_of(dir, name);
	struct fusefs_kept_name *k;

	fusefs_cache_put_attr(cache, stamp, entry->node, &entry->attr,
			      entry->attr_ns, now);
	if (!entry->entry_ns || strlen(name) > FUSEFS_CACHE_NAME_MAX ||
	    was_dropped(cache, stamp, hash))
		return;
	k = name_place(cache, dir, name, hash);
	*k = (struct fusefs_kept_name){ .dir = dir,
					.node = entry->node,
					.generation = entry->generation,
					.until_ns = now + entry->entry_ns };
	strcpy(k->name, name);
}

bool fusefs_cache_entry(const struct fusefs_cache *cache, uint64_t dir,
			const char *name, uint64_t now,
			struct fusefs_entry *ret_entry)
{
	const struct fusefs_kept_name *row =
		cache->names[row_of(hash_of(dir, name))];

	for (size_t i = 0; i < FUSEFS_CACHE_WAYS; i++) {
		if (!is_name(&row[i], dir, name) || row[i].until_ns <= now)
			continue;
		*ret_entry = (struct fusefs_entry){
			.node = row[i].node,
			.generation = row[i].generation,
		};
		return fusefs_cache_attr(cache, row[i].node, now,
					 &ret_entry->attr);
	}
	return false;
}

bool fusefs_cache_drop_name(struct fusefs_cache *cache, uint64_t dir,
			    const char *name)
{
	uint64_t hash = hash_of(dir, name);
	struct fusefs_kept_name *row = cache->names[row_of(hash)];

	note_drop(cache, hash);
	for (size_t i = 0; i < FUSEFS_CACHE_WAYS; i++) {
		if (!is_name(&row[i], dir, name))
			continue;
		fusefs_cache_drop_attr(cache, row[i].node);
		row[i] = (struct fusefs_kept_name){ .dir = 0 };
		return true;
	}
	return false;
}

void fusefs_cache_drop_all(struct fusefs_cache *cache)
{
	cache->drops += FUSEFS_CACHE_DROPS;
	memset(cache->names, 0, sizeof(cache->names));
	memset(cache->attrs, 0, sizeof(cache->attrs));
}

/* Of a name whose file is not known: whose facts it changes, neither. */
static void drop_name_of_any(struct fusefs_cache *cache, uint64_t dir,
			     const char *name)
{
	if (fusefs_cache_drop_name(cache, dir, name))
		return;
	cache->drops += FUSEFS_CACHE_DROPS;
	memset(cache->attrs, 0, sizeof(cache->attrs));
}

/* ---- what we change ourselves ---- */

void fusefs_cache_drop_changed(struct fusefs_cache *cache,
			       const struct fusefs_request *r)
{
	uint64_t node = r->head.nodeid;

	switch (r->head.opcode) {
	case FUSE_LINK: /* the file's count of links */
		fusefs_cache_drop_attr(cache, r->body.link.oldnodeid);
		break;
	case FUSE_RENAME:
	case FUSE_RENAME2:
		fusefs_cache_drop_attr(cache, r->body.rename.newdir);
		drop_name_of_any(cache, r->body.rename.newdir, r->names[1]);
		drop_name_of_any(cache, node, r->names[0]);
		break;
	case FUSE_UNLINK:
	case FUSE_RMDIR:
		drop_name_of_any(cache, node, r->names[0]);
		break;
	case FUSE_CREATE:
	case FUSE_MKDIR:
	case FUSE_MKNOD:
	case FUSE_SYMLINK:
		break;
	case FUSE_OPEN:
		if (r->body.open.flags & 3) /* to write; it may be cut */
			fusefs_cache_drop_attr(cache, node);
		return;
	case FUSE_SETATTR:
	case FUSE_WRITE:
	case FUSE_FLUSH:
	case FUSE_RELEASE:
	case FUSE_FSYNC:
	case FUSE_SETXATTR:
	case FUSE_REMOVEXATTR:
	case FUSE_FALLOCATE:
		fusefs_cache_drop_attr(cache, node);
		return;
	default:
		return;
	}
	fusefs_cache_drop_attr(cache, node);
	fusefs_cache_drop_name(cache, node, r->names[0]);
}
