/*
 * Names that are being made. A file is on disk before the open that makes it
 * is in its node: who opened it in between would come first, and its maker
 * would have to wait for him, or be refused his own file. So a name is claimed
 * before it is made, and others wait until the open is in and the file has
 * what it is to have, or until all of it was taken back. The same with a name
 * that a rename or a link takes from another file. Private to gateway/fsa/.
 *
 * Thread: shared; a lock of its own, under which no other is taken.
 */
#pragma once

#include <stdbool.h>
#include <sys/queue.h>

#include "gateway/fsa/fsa.h"
#include "gateway/store/store.h"

struct fsa_making_wait;

/* One that is claimed; lies with who makes it, who keeps `name` as it is. */
struct fsa_making {
	TAILQ_ENTRY(fsa_making) entry;
	struct store_tree *tree; /* any below the same root; borrowed */
	struct store_key in;     /* its directory; of a stream: its file */
	const char *name;        /* UTF-8; the same whatever its case */
	TAILQ_HEAD(, fsa_making_wait) waits;
	bool is_claimed;
};

/* All of a struct fsa. NULL: out of memory; none is left then. */
struct fsa_makings *fsa_makings_new(void);
struct fsa_makings *fsa_makings_free(struct fsa_makings *makings);

/* Those of `fsa`; borrowed. In fsa.c. */
struct fsa_makings *fsa_makings_of(struct fsa *fsa);

/* Whether any name is being made: else there is nothing to wait for. */
bool fsa_making_is_any(struct fsa *fsa);

/*
 * Claims the name: end it with fsa_making_end(). False if it was somebody
 * else's: he has ended it since, and all is to be looked at anew. Such a wait
 * is short, and isn't cancelled: that is left to a later one.
 */
bool fsa_making_co_begin(struct fsa *fsa, struct fsa_making *making,
			 struct store_tree *tree, const struct store_key *in,
			 const char *name);

/* Wakes those who wait for it; nothing if it isn't claimed. */
void fsa_making_end(struct fsa *fsa, struct fsa_making *making);

/* False if somebody was making the name, as above. */
bool fsa_making_co_is_free(struct fsa *fsa, struct store_tree *tree,
			   const struct store_key *in, const char *name);
