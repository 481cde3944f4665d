/*
 * Names and facts that a program has told us, kept for as long as it says that
 * they hold, as the kernel keeps them for others. What we change ourselves is
 * dropped, before and after; so is what the program says has changed.
 *
 * An answer that was on its way while what it tells of was dropped is not
 * kept: each question takes a stamp along, and the last drops are remembered.
 *
 * Tables of fixed size without pointers: what does not fit pushes out what
 * ends first. Pure; not locked. `now`: any clock that goes on, in ns.
 */
#pragma once

#include <stdbool.h>
#include <stdint.h>

#include "fuse/proto.h"

enum {
	FUSEFS_CACHE_ROWS = 1024, /* powers of two */
	FUSEFS_CACHE_WAYS = 4,
	FUSEFS_CACHE_DROPS = 256,
	FUSEFS_CACHE_NAME_MAX = 95, /* longer ones are not kept */
};

struct fusefs_kept_name {
	uint64_t dir; /* 0: none */
	uint64_t node, generation;
	uint64_t until_ns;
	char name[FUSEFS_CACHE_NAME_MAX + 1];
};

struct fusefs_kept_attr {
	uint64_t node; /* 0: none */
	uint64_t until_ns;
	struct fusefs_attr attr;
};

struct fusefs_cache {
	uint64_t drops; /* so far */
	uint64_t dropped[FUSEFS_CACHE_DROPS];
	struct fusefs_kept_name names[FUSEFS_CACHE_ROWS][FUSEFS_CACHE_WAYS];
	struct fusefs_kept_attr attrs[FUSEFS_CACHE_ROWS][FUSEFS_CACHE_WAYS];
};

/* Before a question is sent; its answer is put with it. */
uint64_t fusefs_cache_stamp(const struct fusefs_cache *cache);

void fusefs_cache_put_attr(struct fusefs_cache *cache, uint64_t stamp,
			   uint64_t node, const struct fusefs_attr *attr,
			   uint64_t attr_ns, uint64_t now);
void fusefs_cache_put_entry(struct fusefs_cache *cache, uint64_t stamp,
			    uint64_t dir, const char *name,
			    const struct fusefs_entry *entry, uint64_t now);

/* False: that is not known, or does not hold any more. */
bool fusefs_cache_attr(const struct fusefs_cache *cache, uint64_t node,
		       uint64_t now, struct fusefs_attr *ret_attr);
bool fusefs_cache_entry(const struct fusefs_cache *cache, uint64_t dir,
			const char *name, uint64_t now,
			struct fusefs_entry *ret_entry);

/* Facts of a node; a name, and the facts of what it stands for, if it is kept
   (true). */
void fusefs_cache_drop_attr(struct fusefs_cache *cache, uint64_t node);
bool fusefs_cache_drop_name(struct fusefs_cache *cache, uint64_t dir,
			    const char *name);

void fusefs_cache_drop_all(struct fusefs_cache *cache);

/* Drops what this request changes. */
void fusefs_cache_drop_changed(struct fusefs_cache *cache,
			       const struct fusefs_request *request);
