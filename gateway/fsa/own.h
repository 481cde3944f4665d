/*
 * What we have changed ourselves lately, so that it is known again when the
 * kernel tells of it (outside.c). A table of fixed size without pointers: what
 * does not fit pushes out what is oldest, and is then told like a change by
 * others. Pure; its user has the lock.
 */
#pragma once

#include <stdbool.h>
#include <stdint.h>

enum {
	FSA_OWN_ROWS = 512, /* a power of two */
	FSA_OWN_WAYS = 8,
};

enum fsa_own_kind {
	FSA_OWN_NONE,
	FSA_OWN_CAME,    /* a name was made */
	FSA_OWN_GONE,    /* it was removed */
	FSA_OWN_CHANGED, /* what it names was changed */
};

struct fsa_own {
	struct {
		uint64_t hash;
		uint64_t at_ns; /* CLOCK_REALTIME */
		enum fsa_own_kind kind;
	} rows[FSA_OWN_ROWS][FSA_OWN_WAYS];
};

/* Of a path below a root (store_tree_root_hash()); different ones hardly ever
   have the same. */
uint64_t fsa_own_hash(uint64_t root, const char *path);

/* A change of names that is to be told only once counts once. */
void fsa_own_put(struct fsa_own *own, enum fsa_own_kind kind, uint64_t hash,
		 uint64_t now_ns);

/* Whether such a change was ours, since then; it is then forgotten. */
bool fsa_own_take(struct fsa_own *own, enum fsa_own_kind kind, uint64_t hash,
		  uint64_t since_ns);

/* When we last made or changed it; 0 if that is long ago. */
uint64_t fsa_own_last(const struct fsa_own *own, uint64_t hash);
