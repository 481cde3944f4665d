/*
 * A table of sets, each of a few places that take turns. A place belongs to a
 * file by its key and its change time together; what is out of date is never
 * looked for again, and is written over in its turn.
 */
#include "gateway/fsa/attr_cache.h"

#include <stdlib.h>

enum {
	SETS = 4096, /* a power of two; 16,384 files in some 2 MiB */
	WAYS = 4,
	LOCKS = 64,    /* a power of two; each of as many sets */
	TICK_MS = 100, /* no file system's clock is slower, save FAT's */
};

struct place {
	struct store_key key;
	struct timespec ctime;
	struct fsa_attr_facts facts; /* known: 0 if the place is empty */
};

struct set {
	struct place places[WAYS];
	unsigned int next; /* whose turn it is */
};

struct fsa_attr_cache {
	struct loop_mutex locks[LOCKS];
	struct set sets[SETS];
};

struct fsa_attr_cache *fsa_attr_cache_new(void)
{
	struct fsa_attr_cache *cache = calloc(1, sizeof(*cache));

	for (size_t i = 0; cache && i < LOCKS; i++)
		loop_mutex_init(&cache->locks[i]);
	return cache;
}

struct fsa_attr_cache *fsa_attr_cache_free(struct fsa_attr_cache *cache)
{
	for (size_t i = 0; cache && i < LOCKS; i++)
		loop_mutex_fini(&cache->locks[i]);
	free(cache);
	return NULL;
}

bool fsa_attr_cache_takes(const struct fsa_share *share,
			  const struct store_stat *stat)
{
	return stat && stat->has_btime &&
	       store_tree_dates_xattrs(share->tree, &stat->key);
}

static size_t index_of(const struct store_key *key)
{
	uint64_t h = key->inode ^ key->generation ^ (key->device << 32);

	h *= 0x9e3779b97f4a7c15u; /* 2^64 over the golden ratio */
	return h >> 32 & (SETS - 1);
}

static bool is_of(const struct place *place, const struct store_stat *stat)
{
	return place->facts.known && fsa_key_equal(&place->key, &stat->key) &&
	       place->ctime.tv_sec == stat->ctime.tv_sec &&
	       place->ctime.tv_nsec == stat->ctime.tv_nsec;
}

/* Under the lock. NULL: nothing is known of the file. */
static struct place *place_of(struct set *set, const struct store_stat *stat)
{
	for (size_t i = 0; i < WAYS; i++) {
		if (is_of(&set->places[i], stat))
			return &set->places[i];
	}
	return NULL;
}

void fsa_attr_cache_find(const struct fsa_share *share,
			 const struct store_stat *stat,
			 struct fsa_attr_facts *ret_facts)
{
	struct fsa_attr_cache *cache = fsa_attr_cache_of(share->fsa);
	const struct place *place;
	size_t i;

	*ret_facts = (struct fsa_attr_facts){};
	if (!fsa_attr_cache_takes(share, stat))
		return;
	i = index_of(&stat->key);
	loop_lock(&cache->locks[i % LOCKS]);
	place = place_of(&cache->sets[i], stat);
	if (place)
		*ret_facts = place->facts;
	loop_unlock(&cache->locks[i % LOCKS]);
}

/* The clock's next tick came before the reading: a later change shows. */
static bool is_settled(const struct timespec *ctime, uint64_t began_ns)
{
	uint64_t changed = (uint64_t)ctime->tv_sec * 1000000000u +
			   (uint64_t)ctime->tv_nsec;

	return ctime->tv_sec >= 0 && changed + loop_ms(TICK_MS) < began_ns;
}

/* Under the lock: the next place in turn, emptied for the file. */
static struct place *make_place(struct set *set, const struct store_stat *stat)
{
	struct place *place = &set->places[set->next++ % WAYS];

	*place = (struct place){ .key = stat->key, .ctime = stat->ctime };
	return place;
}

void fsa_attr_cache_add(const struct fsa_share *share,
			const struct store_stat *stat, uint64_t began_ns,
			const struct fsa_attr_facts *facts)
{
	struct fsa_attr_cache *cache = fsa_attr_cache_of(share->fsa);
	struct place *place;
	size_t i;

	if (!fsa_attr_cache_takes(share, stat) ||
	    !is_settled(&stat->ctime, began_ns))
		return;
	i = index_of(&stat->key);
	loop_lock(&cache->locks[i % LOCKS]);
	place = place_of(&cache->sets[i], stat);
	if (!place)
		place = make_place(&cache->sets[i], stat);
	place->facts.known |= facts->known;
	if (facts->known & FSA_KNOWN_DOSATTR)
		place->facts.dosattr = facts->dosattr;
	loop_unlock(&cache->locks[i % LOCKS]);
}
