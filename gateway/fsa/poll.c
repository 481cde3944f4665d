/*
 * Places are files and directories that are looked at. One fiber finds those
 * whose time has come; each file system among them gets a fiber of its own for
 * the round, so that one that hangs keeps nobody else waiting. A place that is
 * being looked at stays, whoever leaves it meanwhile.
 */
#include "gateway/fsa/poll.h"

#include <assert.h>
#include <stdatomic.h>
#include <stddef.h>
#include <stdlib.h>
#include <string.h>
#include <sys/queue.h>
#include <sys/stat.h>

#include "gateway/fsa/dirlease.h"
#include "gateway/fsa/grant.h"
#include "gateway/fsa/notify.h"
#include "gateway/fsa/object.h"
#include "gateway/fsa/outside.h"
#include "gateway/fsa/picture.h"

enum {
	TICK_MS = 200, /* how often the clock is looked at */
	/* Until what we did while a directory was looked at is known as ours. */
	GRACE_MS = 50,
	FILTER = FSA_CHANGE_SIZE | FSA_CHANGE_LAST_WRITE |
		 FSA_CHANGE_ATTRIBUTES | FSA_CHANGE_SECURITY,
};

struct fsa_polled {
	LIST_ENTRY(fsa_polled) entry;
	SLIST_ENTRY(fsa_polled) due; /* of a round */
	struct fsa_node *node;       /* reference */
	struct store_tree *tree;     /* reference: the node's may go with it */
	size_t opens;
	unsigned int every_ms;
	bool is_looked_at;
	uint64_t due_ns; /* of loop_now() */
	/* ---- who looks; before the first look, who joins ---- */
	uint64_t looked_ns; /* when the last look began, of the wall's clock */
	bool has_stat;
	struct store_stat stat;
	struct fsa_picture *picture; /* of a directory; NULL: none so far */
};

SLIST_HEAD(due_list, fsa_polled);

struct fsa_polls {
	atomic_size_t count; /* read without the lock */
	/* ---- under the lock ---- */
	struct loop_mutex lock;
	LIST_HEAD(, fsa_polled) places;
	struct loop *sleeper; /* where the looker waits for a first place */
	struct loop_note note;
	/* ---- the looker's ---- */
	struct loop_waiter *waiter;
};

static void delivered(struct loop_note *note)
{
	char *at = (char *)note - offsetof(struct fsa_polls, note);
	struct fsa_polls *polls = (struct fsa_polls *)(void *)at;

	if (polls->waiter)
		loop_wake(polls->waiter, 0);
	polls->waiter = NULL;
}

struct fsa_polls *fsa_polls_new(void)
{
	struct fsa_polls *polls = calloc(1, sizeof(*polls));

	if (!polls)
		return NULL;
	loop_mutex_init(&polls->lock);
	LIST_INIT(&polls->places);
	polls->note.deliver = delivered;
	return polls;
}

struct fsa_polls *fsa_polls_free(struct fsa_polls *polls)
{
	if (polls) {
		assert(LIST_EMPTY(&polls->places));
		loop_mutex_fini(&polls->lock);
		free(polls);
	}
	return NULL;
}

bool fsa_polls_any(const struct fsa_polls *polls)
{
	return atomic_load_explicit(&polls->count, memory_order_relaxed) > 0;
}

/* ---- joining ---- */

static void place_free(struct fsa_polled *p)
{
	fsa_node_unref(p->node);
	store_tree_unref(p->tree);
	fsa_picture_free(p->picture);
	free(p);
}

static struct fsa_polled *place_new(struct fsa_node *node,
				    const struct store_stat *stat)
{
	struct fsa_polled *p = malloc(sizeof(*p));

	if (!p)
		return NULL;
	*p = (struct fsa_polled){ .node = fsa_node_ref(node),
				  .tree = store_tree_ref(node->tree),
				  .looked_ns = loop_wall_now(),
				  .due_ns = loop_now(),
				  .has_stat = stat };
	if (stat)
		p->stat = *stat;
	return p;
}

/* Under the lock. */
static struct fsa_polled *find(struct fsa_polls *polls,
			       const struct fsa_node *node)
{
	struct fsa_polled *p;

	LIST_FOREACH(p, &polls->places, entry) {
		if (p->node == node)
			break;
	}
	return p;
}

/* Under the lock. Whether nobody needs it any more: free it without, then. */
static bool unuse(struct fsa_polls *polls, struct fsa_polled *p)
{
	if (p->opens || p->is_looked_at)
		return false;
	LIST_REMOVE(p, entry);
	atomic_fetch_sub(&polls->count, 1);
	return true;
}

void fsa_poll_join(struct fsa_open *open, const struct store_stat *stat)
{
	struct fsa_polls *polls = fsa_polls_of(open->node->fsa);
	unsigned int every_ms = open->volume->share->poll_ms;
	struct fsa_polled *new, *p;
	struct loop *sleeper;

	if (open->polled || !every_ms)
		return;
	new = place_new(open->node, stat);
	if (!new)
		return;
	loop_lock(&polls->lock);
	p = find(polls, open->node);
	if (!p) {
		p = new;
		LIST_INSERT_HEAD(&polls->places, p, entry);
		atomic_fetch_add(&polls->count, 1);
	}
	p->opens++;
	if (!p->every_ms || every_ms < p->every_ms)
		p->every_ms = every_ms;
	sleeper = polls->sleeper;
	polls->sleeper = NULL;
	loop_unlock(&polls->lock);
	if (sleeper)
		loop_post(sleeper, &polls->note);
	open->polled = p;
	if (p != new)
		place_free(new);
}

void fsa_poll_leave(struct fsa_open *open)
{
	struct fsa_polls *polls = fsa_polls_of(open->node->fsa);
	struct fsa_polled *p = open->polled;
	bool is_last;

	if (!p)
		return;
	open->polled = NULL;
	loop_lock(&polls->lock);
	p->opens--;
	is_last = unuse(polls, p);
	loop_unlock(&polls->lock);
	if (is_last)
		place_free(p);
}

/* ---- a file ---- */

enum found {
	FOUND_NOTHING, /* no such name */
	FOUND,
	FOUND_OUT_NOTHING,
};

static enum found co_find(struct store_tree *tree, const char *path,
			  struct store_stat *ret_stat)
{
	struct store_file *file;
	enum nt_status status;
	int err =
		store_co_open(tree, NULL, NULL, path,
			      STORE_OPEN_PATH | STORE_OPEN_NOFOLLOW, 0, &file);

	if (!err) {
		err = store_co_stat(file, ret_stat);
		store_file_close(file);
		return err ? FOUND_OUT_NOTHING : FOUND;
	}
	status = fsa_status(FSA_OPEN, err);
	return status == NT_STATUS_OBJECT_NAME_NOT_FOUND ||
			       status == NT_STATUS_OBJECT_PATH_NOT_FOUND
		       ? FOUND_NOTHING
		       : FOUND_OUT_NOTHING;
}

/* Whether we did anything to it since the last look. */
static bool is_node_own(struct fsa_node *node, uint64_t since_ns)
{
	struct fsa_node *file = fsa_node_file(node);

	return atomic_load(&file->own_under_way) > 0 ||
	       atomic_load(&file->own_ns) >= since_ns;
}

static bool is_deleted(struct fsa_node *node)
{
	bool is_so;

	fsa_node_lock(node);
	is_so = node->is_deleted;
	fsa_node_unlock(node);
	return is_so;
}

static void co_look_at_file(struct fsa_polled *p)
{
	uint64_t began = loop_wall_now();
	char *path = fsa_node_path(p->node);
	struct store_stat stat;
	enum found found =
		path ? co_find(p->tree, path, &stat) : FOUND_OUT_NOTHING;
	bool is_own = is_node_own(p->node, p->looked_ns);

	free(path);
	if (found == FOUND_OUT_NOTHING)
		return;
	if (found == FOUND && !fsa_key_equal(&stat.key, &p->node->key))
		found = FOUND_NOTHING;
	if (found == FOUND && p->has_stat && !is_own &&
	    !fsa_stat_is_same(&p->stat, &stat))
		fsa_grant_event_on(p->node, FSA_OPLOCK_WRITE);
	/* Renamed or deleted: what is cached is right, the name is not. */
	if (found == FOUND_NOTHING && !is_own && !is_deleted(p->node))
		fsa_grant_event_on(p->node, FSA_OPLOCK_OPEN_TO_DELETE);
	if (found == FOUND)
		p->stat = stat;
	p->has_stat = found == FOUND;
	p->looked_ns = began;
}

/* ---- a directory ---- */

struct comparing {
	struct fsa_polled *p;
	const char *dir; /* its path */
};

static void tell(struct fsa_polled *p, const char *path,
		 enum fsa_difference what, const struct store_stat *stat)
{
	static const enum fsa_action actions[] = {
		[FSA_DIFFERENCE_CAME] = FSA_ACTION_ADDED,
		[FSA_DIFFERENCE_GONE] = FSA_ACTION_REMOVED,
		[FSA_DIFFERENCE_CHANGED] = FSA_ACTION_MODIFIED,
	};
	struct fsa *fsa = p->node->fsa;
	bool is_directory = S_ISDIR(stat->mode);
	uint32_t name_filter =
		is_directory ? FSA_CHANGE_DIR_NAME : FSA_CHANGE_FILE_NAME;

	fsa_notify_changed(fsa, p->tree, path, actions[what],
			   what == FSA_DIFFERENCE_CHANGED ? FILTER
							  : name_filter);
	if (is_directory && what == FSA_DIFFERENCE_GONE)
		fsa_notify_gone(fsa, p->tree, path);
	fsa_dirlease_changed(fsa, p->tree, path, NULL);
}

static bool is_change_own(struct fsa_polled *p, const char *path,
			  const struct store_stat *stat)
{
	struct fsa *fsa = p->node->fsa;
	struct fsa_node *node = fsa_node_find(fsa, p->tree, &stat->key);
	bool is_own = node && is_node_own(node, p->looked_ns);

	fsa_node_unref(node);
	return is_own || fsa_own_was_change(fsa, p->tree, path, p->looked_ns);
}

static void differs(void *arg, const char *name, enum fsa_difference what,
		    const struct store_stat *stat)
{
	struct comparing *c = arg;
	struct fsa_polled *p = c->p;
	char *path = malloc(strlen(c->dir) + strlen(name) + 2);
	bool is_own;

	if (!path)
		return;
	strcpy(stpcpy(stpcpy(path, c->dir), *c->dir ? "/" : ""), name);
	if (what == FSA_DIFFERENCE_CHANGED)
		is_own = is_change_own(p, path, stat);
	else
		is_own = fsa_own_was_name(p->node->fsa, p->tree, path,
					  what == FSA_DIFFERENCE_CAME,
					  p->looked_ns);
	if (!is_own)
		tell(p, path, what, stat);
	free(path);
}

/* Something in it has changed, and nobody knows what. */
static void tell_lost(struct fsa_polled *p, const char *path)
{
	fsa_grant_child_changed(p->node, NULL);
	fsa_notify_lost_at(p->node->fsa, p->tree, path);
}

static void compare(struct fsa_polled *p, const char *path,
		    const struct fsa_picture *new)
{
	struct comparing c = { .p = p, .dir = path };
	const struct store_stat *stat = fsa_picture_stat(new);

	if (p->picture && fsa_picture_is_whole(p->picture) &&
	    fsa_picture_is_whole(new))
		fsa_picture_compare(p->picture, new, differs, &c);
	else if (p->has_stat && !fsa_stat_is_same(&p->stat, stat))
		tell_lost(p, path);
}

static void co_look_at_directory(struct fsa_polled *p)
{
	uint64_t began = loop_wall_now();
	char *path = fsa_node_path(p->node);
	struct fsa_picture *new =
		path ? fsa_picture_co_take(p->tree, path) : NULL;

	if (new && !loop_co_sleep(loop_ms(GRACE_MS))) {
		compare(p, path, new);
		fsa_picture_free(p->picture);
		p->picture = new;
		p->stat = *fsa_picture_stat(new);
		p->has_stat = true;
		p->looked_ns = began;
		new = NULL;
	}
	fsa_picture_free(new);
	free(path);
}

/* ---- rounds ---- */

/* What is due of one tree. */
struct round {
	struct fsa_polls *polls;
	struct due_list due;
};

static void end_look(struct fsa_polls *polls, struct fsa_polled *p)
{
	bool is_last;

	loop_lock(&polls->lock);
	p->is_looked_at = false;
	p->due_ns = loop_now() + loop_ms(p->every_ms);
	is_last = unuse(polls, p);
	loop_unlock(&polls->lock);
	if (is_last)
		place_free(p);
}

static void co_round(void *arg)
{
	struct round *round = arg;
	struct fsa_polled *p;

	while ((p = SLIST_FIRST(&round->due))) {
		SLIST_REMOVE_HEAD(&round->due, due);
		if (!loop_is_cancelled() && p->node->is_directory)
			co_look_at_directory(p);
		else if (!loop_is_cancelled())
			co_look_at_file(p);
		end_look(round->polls, p);
	}
	free(round);
}

/* All that is due, of whatever tree. */
static void take_due(struct fsa_polls *polls, struct due_list *ret_due)
{
	uint64_t now = loop_now();
	struct fsa_polled *p;

	SLIST_INIT(ret_due);
	loop_lock(&polls->lock);
	LIST_FOREACH(p, &polls->places, entry) {
		if (p->is_looked_at || p->due_ns > now)
			continue;
		p->is_looked_at = true;
		SLIST_INSERT_HEAD(ret_due, p, due);
	}
	loop_unlock(&polls->lock);
}

/* Moves those of the first one's tree into a round of their own. */
static void begin_round(struct fsa_polls *polls, struct due_list *due)
{
	struct store_tree *tree = SLIST_FIRST(due)->tree;
	struct due_list rest = SLIST_HEAD_INITIALIZER(rest);
	struct round *round = malloc(sizeof(*round));
	struct due_list mine = SLIST_HEAD_INITIALIZER(mine);
	struct fsa_polled *p;

	while ((p = SLIST_FIRST(due))) {
		SLIST_REMOVE_HEAD(due, due);
		if (p->tree == tree)
			SLIST_INSERT_HEAD(&mine, p, due);
		else
			SLIST_INSERT_HEAD(&rest, p, due);
	}
	*due = rest;
	if (round) {
		*round = (struct round){ .polls = polls, .due = mine };
		if (loop_spawn(co_round, round))
			return;
	}
	free(round);
	while ((p = SLIST_FIRST(&mine))) { /* another time */
		SLIST_REMOVE_HEAD(&mine, due);
		end_look(polls, p);
	}
}

/* Until it is time to look at the clock; without any place, until one comes. */
static int co_tick(struct fsa_polls *polls)
{
	struct loop_waiter waiter = {};
	int err;

	loop_lock(&polls->lock);
	polls->sleeper = LIST_EMPTY(&polls->places) ? loop_current() : NULL;
	polls->waiter = polls->sleeper ? &waiter : NULL;
	loop_unlock(&polls->lock);
	if (!polls->waiter)
		return loop_co_sleep(loop_ms(TICK_MS));
	err = loop_co_wait(&waiter, LOOP_FOREVER);
	polls->waiter = NULL;
	loop_lock(&polls->lock);
	polls->sleeper = NULL;
	loop_unlock(&polls->lock);
	return err;
}

void fsa_co_poll(void *arg)
{
	struct fsa_polls *polls = fsa_polls_of(arg);
	struct due_list due;

	while (!co_tick(polls)) {
		take_due(polls, &due);
		while (!SLIST_EMPTY(&due))
			begin_round(polls, &due);
	}
}
