/*
 * Names that are being made: a short list, as long as CREATEs that make
 * something are under way.
 */
#include "gateway/fsa/making.h"

#include <assert.h>
#include <stdatomic.h>
#include <stddef.h>
#include <stdlib.h>

#include "gateway/fsa/node.h"
#include "gateway/loop/loop.h"
#include "smb/wire/utf16.h"

struct fsa_makings {
	struct loop_mutex lock;
	TAILQ_HEAD(, fsa_making) all;
	atomic_uint count; /* of them; written under the lock */
};

/* One that waits; on its fiber's stack. */
struct fsa_making_wait {
	TAILQ_ENTRY(fsa_making_wait) entry;
	struct loop *loop;
	struct loop_note note;
	struct loop_waiter waiter;
	bool is_delivered; /* it has ended, and he knows, on his worker */
};

struct fsa_makings *fsa_makings_new(void)
{
	struct fsa_makings *makings = calloc(1, sizeof(*makings));

	if (!makings)
		return NULL;
	loop_mutex_init(&makings->lock);
	TAILQ_INIT(&makings->all);
	return makings;
}

struct fsa_makings *fsa_makings_free(struct fsa_makings *makings)
{
	if (!makings)
		return NULL;
	assert(TAILQ_EMPTY(&makings->all));
	loop_mutex_fini(&makings->lock);
	free(makings);
	return NULL;
}

bool fsa_making_is_any(struct fsa *fsa)
{
	return atomic_load(&fsa_makings_of(fsa)->count) > 0;
}

static void deliver(struct loop_note *note)
{
	struct fsa_making_wait *wait =
		(void *)((char *)note - offsetof(struct fsa_making_wait, note));

	wait->is_delivered = true;
	loop_wake(&wait->waiter, 0);
}

/* Under the lock. */
static struct fsa_making *find(struct fsa_makings *makings,
			       struct store_tree *tree,
			       const struct store_key *in, const char *name)
{
	struct fsa_making *making;

	TAILQ_FOREACH(making, &makings->all, entry) {
		if (fsa_key_equal(&making->in, in) &&
		    smb_utf8_equal_nocase(making->name, name) &&
		    store_tree_has_same_root(making->tree, tree))
			return making;
	}
	return NULL;
}

static void co_wait(struct fsa_making_wait *wait)
{
	bool is_cancelled = false;

	while (!wait->is_delivered) {
		if (loop_co_wait(&wait->waiter, LOOP_FOREVER) < 0)
			is_cancelled = true;
	}
	if (is_cancelled)
		loop_cancel(loop_self());
}

/* Takes the lock: claims the name (`mine` may be NULL), or joins who waits. */
static bool claim_or_join(struct fsa_makings *makings, struct fsa_making *mine,
			  struct store_tree *tree, const struct store_key *in,
			  const char *name, struct fsa_making_wait *wait)
{
	struct fsa_making *other;

	loop_lock(&makings->lock);
	other = find(makings, tree, in, name);
	if (other) {
		TAILQ_INSERT_TAIL(&other->waits, wait, entry);
	} else if (mine) {
		TAILQ_INSERT_TAIL(&makings->all, mine, entry);
		atomic_fetch_add(&makings->count, 1);
	}
	loop_unlock(&makings->lock);
	return !other;
}

bool fsa_making_co_begin(struct fsa *fsa, struct fsa_making *making,
			 struct store_tree *tree, const struct store_key *in,
			 const char *name)
{
	struct fsa_making_wait wait = { .loop = loop_current(),
					.note.deliver = deliver };

	*making = (struct fsa_making){ .tree = tree, .in = *in, .name = name };
	TAILQ_INIT(&making->waits);
	making->is_claimed = claim_or_join(fsa_makings_of(fsa), making, tree,
					   in, name, &wait);
	if (!making->is_claimed)
		co_wait(&wait);
	return making->is_claimed;
}

void fsa_making_end(struct fsa *fsa, struct fsa_making *making)
{
	struct fsa_makings *makings = fsa_makings_of(fsa);
	struct fsa_making_wait *wait;

	if (!making->is_claimed)
		return;
	making->is_claimed = false;
	loop_lock(&makings->lock);
	TAILQ_REMOVE(&makings->all, making, entry);
	atomic_fetch_sub(&makings->count, 1);
	loop_unlock(&makings->lock);
	/* Nobody finds it any more: the list is ours. */
	while ((wait = TAILQ_FIRST(&making->waits))) {
		TAILQ_REMOVE(&making->waits, wait, entry);
		loop_post(wait->loop, &wait->note);
	}
}

bool fsa_making_co_is_free(struct fsa *fsa, struct store_tree *tree,
			   const struct store_key *in, const char *name)
{
	struct fsa_making_wait wait = { .loop = loop_current(),
					.note.deliver = deliver };
	bool is_free =
		claim_or_join(fsa_makings_of(fsa), NULL, tree, in, name, &wait);

	if (!is_free)
		co_wait(&wait);
	return is_free;
}
