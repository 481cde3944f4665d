/*
 * Places are files and directories that are watched: an id of the kernel's
 * watch, the node, and how many opens have an interest. The kernel's news are
 * read by one fiber, after a moment of grace: what we did ourselves is known
 * by then (own.c), and many small ones come at once.
 *
 * A place that is being looked at stays, with its node and its tree, whoever
 * leaves it meanwhile: no lock is held over what follows from a change.
 */
#include "gateway/fsa/outside.h"

#include <assert.h>
#include <stdatomic.h>
#include <stdlib.h>
#include <string.h>
#include <sys/stat.h>

#include "gateway/fsa/dirlease.h"
#include "gateway/fsa/grant.h"
#include "gateway/fsa/notify.h"
#include "gateway/fsa/object.h"
#include "gateway/fsa/own.h"
#include "gateway/fsa/poll.h"
#include "gateway/store/watch.h"

/* The kernel's news are no older than this when they are looked at. */
#define NEWS_AGE_NS (UINT64_C(3) * 1000000000)

enum {
	BUCKETS = 1024, /* a power of two */
	/* A loaded machine takes its time to tell us what we did. */
	GRACE_MS = 250,
	/* Shares that show one directory: more are not told of its changes. */
	VIEWS_MAX = 8,
	SEEN_MAX = 256, /* a power of two */
	/* What a local program may have changed by touching a file. */
	FILTER_DATA = FSA_CHANGE_SIZE | FSA_CHANGE_LAST_WRITE,
	FILTER_ATTRIBUTES = FSA_CHANGE_ATTRIBUTES | FSA_CHANGE_LAST_WRITE |
			    FSA_CHANGE_LAST_ACCESS | FSA_CHANGE_CREATION |
			    FSA_CHANGE_EA | FSA_CHANGE_SECURITY,
};

struct fsa_place {
	LIST_ENTRY(fsa_place) entry;
	int id;
	struct fsa_node *node;   /* reference */
	struct store_tree *tree; /* reference: the node's may go with it */
	size_t opens;
	size_t users; /* that look at it just now */
};

LIST_HEAD(place_list, fsa_place);

/* What was looked at lately: a write a time is news, and one look does. */
struct seen {
	int id;
	uint64_t hash; /* of the name and the kind */
	uint64_t looked_ns;
};

struct fsa_outside {
	struct store_watch *watch;  /* NULL: the system gives us none */
	struct seen seen[SEEN_MAX]; /* the reader's */
	atomic_size_t count;        /* of places; read without the lock */
	/* ---- under the lock ---- */
	struct loop_mutex lock;
	struct place_list buckets[BUCKETS];
	struct fsa_own own;
};

struct fsa_outside *fsa_outside_new(void)
{
	struct fsa_outside *o = calloc(1, sizeof(*o));

	if (!o)
		return NULL;
	loop_mutex_init(&o->lock);
	if (store_watch_new(&o->watch) < 0)
		o->watch = NULL;
	return o;
}

struct fsa_outside *fsa_outside_free(struct fsa_outside *o)
{
	if (o) {
		assert(atomic_load(&o->count) == 0);
		store_watch_free(o->watch);
		loop_mutex_fini(&o->lock);
		free(o);
	}
	return NULL;
}

/* ---- places: all under the lock ---- */

static struct place_list *bucket_of(struct fsa_outside *o, int id)
{
	return &o->buckets[(unsigned int)id & (BUCKETS - 1)];
}

static struct fsa_place *find(struct fsa_outside *o, int id,
			      const struct fsa_node *node)
{
	struct fsa_place *p;

	LIST_FOREACH(p, bucket_of(o, id), entry) {
		if (p->id == id && p->node == node)
			return p;
	}
	return NULL;
}

/* Whether nobody needs it any more: free it without the lock then. */
static bool unuse(struct fsa_outside *o, struct fsa_place *p)
{
	if (p->opens || p->users)
		return false;
	LIST_REMOVE(p, entry);
	atomic_fetch_sub(&o->count, 1);
	return true;
}

static void place_free(struct fsa_place *p)
{
	fsa_node_unref(p->node);
	store_tree_unref(p->tree);
	free(p);
}

/* ---- joining ---- */

static struct fsa_place *place_new(struct fsa_node *node, int id)
{
	struct fsa_place *p = malloc(sizeof(*p));

	if (p)
		*p = (struct fsa_place){ .id = id,
					 .node = fsa_node_ref(node),
					 .tree = store_tree_ref(node->tree) };
	return p;
}

void fsa_outside_join(struct fsa_open *open)
{
	struct fsa_outside *o = fsa_outside_of(open->node->fsa);
	struct fsa_place *new, *p;
	int id;

	if (open->place || !o->watch || !open->volume->share->watches_outside ||
	    open->volume->share->poll_ms)
		return;
	id = store_watch_add(o->watch, open->file);
	new = id < 0 ? NULL : place_new(open->node, id);
	if (!new) {
		if (id >= 0)
			store_watch_remove(o->watch, id);
		return;
	}
	loop_lock(&o->lock);
	p = find(o, id, open->node);
	if (!p) {
		p = new;
		LIST_INSERT_HEAD(bucket_of(o, id), p, entry);
		atomic_fetch_add(&o->count, 1);
	}
	p->opens++;
	loop_unlock(&o->lock);
	open->place = p;
	if (p != new)
		place_free(new);
}

void fsa_outside_leave(struct fsa_open *open)
{
	struct fsa_outside *o = fsa_outside_of(open->node->fsa);
	struct fsa_place *p = open->place;
	bool is_last;

	if (!p)
		return;
	open->place = NULL;
	store_watch_remove(o->watch, p->id);
	loop_lock(&o->lock);
	p->opens--;
	is_last = unuse(o, p);
	loop_unlock(&o->lock);
	if (is_last)
		place_free(p);
}

/*
 * The places of an id, to be looked at; give them back with let_go(). Streams
 * change with the facts of their file; names in a directory are not theirs.
 */
static size_t take(struct fsa_outside *o, int id, bool wants_streams,
		   struct fsa_place *ret_places[VIEWS_MAX])
{
	struct fsa_place *p;
	size_t count = 0;

	loop_lock(&o->lock);
	LIST_FOREACH(p, bucket_of(o, id), entry) {
		if (p->id != id || count == VIEWS_MAX ||
		    (p->node->file && !wants_streams))
			continue;
		p->users++;
		ret_places[count++] = p;
	}
	loop_unlock(&o->lock);
	return count;
}

static void let_go(struct fsa_outside *o, struct fsa_place **places,
		   size_t count)
{
	for (size_t i = 0; i < count; i++) {
		bool is_last;

		loop_lock(&o->lock);
		places[i]->users--;
		is_last = unuse(o, places[i]);
		loop_unlock(&o->lock);
		if (is_last)
			place_free(places[i]);
	}
}

/* ---- our own changes ---- */

void fsa_own_begin(struct fsa_node *node)
{
	atomic_fetch_add(&fsa_node_file(node)->own_under_way, 1);
}

void fsa_own_end(struct fsa_node *node)
{
	struct fsa_node *file = fsa_node_file(node);

	atomic_store(&file->own_ns, loop_wall_now());
	atomic_fetch_sub(&file->own_under_way, 1);
}

uint64_t fsa_own_ended(struct fsa_node *node)
{
	return atomic_load(&fsa_node_file(node)->own_ns);
}

static uint64_t hash_of(const struct store_tree *tree, const char *path)
{
	return fsa_own_hash(store_tree_root_hash(tree), path);
}

static void put_own(struct fsa *fsa, const struct store_tree *tree,
		    const char *path, enum fsa_own_kind kind)
{
	struct fsa_outside *o = fsa_outside_of(fsa);
	uint64_t hash, now;

	if (atomic_load_explicit(&o->count, memory_order_relaxed) == 0 &&
	    !fsa_polls_any(fsa_polls_of(fsa)))
		return;
	hash = hash_of(tree, path);
	now = loop_wall_now();
	loop_lock(&o->lock);
	fsa_own_put(&o->own, kind, hash, now);
	loop_unlock(&o->lock);
}

void fsa_own_name(struct fsa *fsa, const struct store_tree *tree,
		  const char *path, bool came)
{
	put_own(fsa, tree, path, came ? FSA_OWN_CAME : FSA_OWN_GONE);
}

void fsa_own_change(struct fsa *fsa, const struct store_tree *tree,
		    const char *path)
{
	put_own(fsa, tree, path, FSA_OWN_CHANGED);
}

bool fsa_own_was_name(struct fsa *fsa, const struct store_tree *tree,
		      const char *path, bool came, uint64_t since_ns)
{
	struct fsa_outside *o = fsa_outside_of(fsa);
	uint64_t hash = hash_of(tree, path);
	bool is_own;

	loop_lock(&o->lock);
	is_own = fsa_own_take(&o->own, came ? FSA_OWN_CAME : FSA_OWN_GONE, hash,
			      since_ns);
	loop_unlock(&o->lock);
	return is_own;
}

static uint64_t own_last(struct fsa *fsa, const struct store_tree *tree,
			 const char *path)
{
	struct fsa_outside *o = fsa_outside_of(fsa);
	uint64_t hash = hash_of(tree, path), last;

	loop_lock(&o->lock);
	last = fsa_own_last(&o->own, hash);
	loop_unlock(&o->lock);
	return last;
}

bool fsa_own_was_change(struct fsa *fsa, const struct store_tree *tree,
			const char *path, uint64_t since_ns)
{
	uint64_t last = own_last(fsa, tree, path);

	return last && last >= since_ns;
}

static bool is_own_name(struct fsa *fsa, const struct store_tree *tree,
			const char *path, bool came)
{
	return fsa_own_was_name(fsa, tree, path, came,
				loop_wall_now() - NEWS_AGE_NS);
}

/* ---- whose change was it? ---- */

static uint64_t ns_of(const struct timespec *t)
{
	return (uint64_t)t->tv_sec * 1000000000u + (uint64_t)t->tv_nsec;
}

static bool is_node_own(struct fsa_node *node, const struct store_stat *stat)
{
	return atomic_load(&fsa_node_file(node)->own_under_way) > 0 ||
	       ns_of(&stat->ctime) <= fsa_own_ended(node);
}

/* Facts of what has this name now. False: nothing has. */
static bool co_look(struct store_tree *tree, const char *path,
		    struct store_stat *ret_stat)
{
	struct store_file *file;
	int err =
		store_co_open(tree, NULL, NULL, path,
			      STORE_OPEN_PATH | STORE_OPEN_NOFOLLOW, 0, &file);

	if (err)
		return false;
	err = store_co_stat(file, ret_stat);
	store_file_close(file);
	return !err;
}

/* Whether the last change of what is named so was ours. */
static bool co_is_own_change(struct fsa *fsa, struct store_tree *tree,
			     const char *path)
{
	struct store_stat stat;
	struct fsa_node *node;
	bool is_own;

	/* It went since: that is told as such. */
	if (!co_look(tree, path, &stat))
		return true;
	if (ns_of(&stat.ctime) <= own_last(fsa, tree, path))
		return true;
	node = fsa_node_find(fsa, tree, &stat.key);
	is_own = node && is_node_own(node, &stat);
	fsa_node_unref(node);
	return is_own;
}

/* ---- a file that somebody caches ---- */

static void co_file_changed(struct fsa_place *p)
{
	struct fsa_node *node = p->node;
	char *path = fsa_node_path(node);
	bool is_deleted, is_there;
	struct store_stat stat;

	if (!path)
		return;
	is_there = co_look(p->tree, path, &stat) &&
		   fsa_key_equal(&stat.key, &node->key);
	free(path);
	fsa_node_lock(node);
	is_deleted = node->is_deleted;
	fsa_node_unlock(node);
	if (is_there && !is_node_own(node, &stat))
		fsa_grant_event_on(node, FSA_OPLOCK_WRITE);
	/* Renamed or deleted: what is cached is right, the name is not. */
	if (!is_there && !is_deleted &&
	    !atomic_load(&fsa_node_file(node)->own_under_way))
		fsa_grant_event_on(node, FSA_OPLOCK_OPEN_TO_DELETE);
}

/* ---- in a directory ---- */

/* The path (malloc) of a name in the directory; NULL: no memory. */
static char *path_in(const struct fsa_place *p, const char *name)
{
	char *dir = fsa_node_path(p->node), *path;

	path = dir ? malloc(strlen(dir) + strlen(name) + 2) : NULL;
	if (path)
		strcpy(stpcpy(stpcpy(path, dir), *dir ? "/" : ""), name);
	free(dir);
	return path;
}

static void tell_name(struct fsa_place *p, const char *path, bool came,
		      bool is_directory)
{
	struct fsa *fsa = p->node->fsa;

	if (is_own_name(fsa, p->tree, path, came))
		return;
	fsa_notify_changed(fsa, p->tree, path,
			   came ? FSA_ACTION_ADDED : FSA_ACTION_REMOVED,
			   is_directory ? FSA_CHANGE_DIR_NAME
					: FSA_CHANGE_FILE_NAME);
	if (is_directory && !came)
		fsa_notify_gone(fsa, p->tree, path);
	fsa_dirlease_changed(fsa, p->tree, path, NULL);
}

static void tell_moved(struct fsa_place *p, const char *from, const char *to,
		       bool is_directory)
{
	struct fsa *fsa = p->node->fsa;
	bool is_own_from = is_own_name(fsa, p->tree, from, false);
	bool is_own_to = is_own_name(fsa, p->tree, to, true);

	if (is_own_from || is_own_to)
		return;
	fsa_dirlease_changed(fsa, p->tree, from, NULL);
	fsa_node_moved(fsa, p->tree, from, to, is_directory);
	if (is_directory)
		fsa_dirlease_moved(fsa, p->tree, from, to);
	fsa_notify_renamed(fsa, p->tree, from, to, is_directory);
	fsa_dirlease_changed(fsa, p->tree, to, NULL);
}

static void co_tell_change(struct fsa_place *p, const char *path,
			   unsigned int changes)
{
	struct fsa *fsa = p->node->fsa;

	if (co_is_own_change(fsa, p->tree, path))
		return;
	fsa_notify_changed(fsa, p->tree, path, FSA_ACTION_MODIFIED,
			   changes & STORE_CHANGE_DATA ? FILTER_DATA
						       : FILTER_ATTRIBUTES);
	fsa_dirlease_changed(fsa, p->tree, path, NULL);
}

/* ---- the news ---- */

/* One half of a rename, until the other one comes, right behind it. */
struct half {
	bool is_there;
	struct store_event event;
};

static void tell_event(struct fsa_outside *o, const struct store_event *e,
		       bool came)
{
	struct fsa_place *places[VIEWS_MAX];
	size_t count = take(o, e->id, false, places);

	for (size_t i = 0; i < count; i++) {
		char *path = path_in(places[i], e->name);

		if (path)
			tell_name(places[i], path, came, e->is_directory);
		free(path);
	}
	let_go(o, places, count);
}

static void half_flush(struct fsa_outside *o, struct half *half)
{
	if (half->is_there)
		tell_event(o, &half->event, false);
	half->is_there = false;
}

/* The place among those that is of the same tree; or NULL. */
static struct fsa_place *same_tree(struct fsa_place **places, size_t count,
				   const struct fsa_place *as)
{
	for (size_t i = 0; i < count; i++) {
		if (store_tree_has_same_root(places[i]->tree, as->tree))
			return places[i];
	}
	return NULL;
}

static void tell_pair(struct fsa_outside *o, const struct store_event *from,
		      const struct store_event *to)
{
	struct fsa_place *olds[VIEWS_MAX], *news[VIEWS_MAX];
	size_t old_count = take(o, from->id, false, olds);
	size_t new_count = take(o, to->id, false, news);

	for (size_t i = 0; i < new_count; i++) {
		struct fsa_place *old = same_tree(olds, old_count, news[i]);
		char *path = path_in(news[i], to->name);
		char *former = old ? path_in(old, from->name) : NULL;

		if (path && former)
			tell_moved(news[i], former, path, to->is_directory);
		else if (path)
			tell_name(news[i], path, true, to->is_directory);
		free(former);
		free(path);
	}
	for (size_t i = 0; i < old_count; i++) {
		char *path = same_tree(news, new_count, olds[i])
				     ? NULL
				     : path_in(olds[i], from->name);

		if (path)
			tell_name(olds[i], path, false, from->is_directory);
		free(path);
	}
	let_go(o, olds, old_count);
	let_go(o, news, new_count);
}

static void tell_names(struct fsa_outside *o, const struct store_event *e,
		       struct half *half)
{
	bool is_pair = half->is_there && e->changes & STORE_CHANGE_CAME &&
		       e->cookie == half->event.cookie;

	if (is_pair) {
		half->is_there = false;
		tell_pair(o, &half->event, e);
		return;
	}
	half_flush(o, half);
	if (e->changes == (STORE_CHANGE_GONE | STORE_CHANGE_MOVED))
		*half = (struct half){ true, *e };
	else
		tell_event(o, e, e->changes & STORE_CHANGE_CAME);
}

/* Whether it was looked at since this happened; it is about to be, if not. */
static bool was_seen(struct fsa_outside *o, const struct store_event *e)
{
	uint64_t hash = fsa_own_hash(0, e->name) ^ e->changes;
	struct seen *seen =
		&o->seen[(hash + (unsigned int)e->id) & (SEEN_MAX - 1)];

	if (seen->id == e->id && seen->hash == hash &&
	    seen->looked_ns > e->read_ns)
		return true;
	*seen = (struct seen){ e->id, hash, loop_wall_now() };
	return false;
}

/*
 * Whether this may have changed what somebody caches of a file. A stream is an
 * attribute of its file, or of a directory, and no part of its data.
 */
static bool is_cached(const struct fsa_place *p, const struct store_event *e)
{
	if (p->node->file)
		return !*e->name && e->changes & ~STORE_CHANGE_DATA;
	return !p->node->is_directory;
}

static void co_tell_facts(struct fsa_outside *o, const struct store_event *e)
{
	struct fsa_place *places[VIEWS_MAX];
	size_t count = take(o, e->id, true, places);

	for (size_t i = 0; i < count; i++) {
		char *path;

		if (is_cached(places[i], e)) {
			co_file_changed(places[i]);
			continue;
		}
		if (places[i]->node->file)
			continue;
		/* Its own facts are seen in the directory above. */
		path = *e->name ? path_in(places[i], e->name) : NULL;
		if (path)
			co_tell_change(places[i], path, e->changes);
		free(path);
	}
	let_go(o, places, count);
}

/*
 * A name that a program says is not what it was: what is it now? A file that
 * we know by it was there before.
 */
static void co_tell_name(struct fsa_place *p, const char *path)
{
	struct fsa *fsa = p->node->fsa;
	struct store_stat stat = { .mode = 0 };
	bool is_there = co_look(p->tree, path, &stat);
	struct fsa_node *node =
		is_there ? fsa_node_find(fsa, p->tree, &stat.key) : NULL;

	if (!node) {
		tell_name(p, path, is_there, S_ISDIR(stat.mode));
		return;
	}
	co_tell_change(p, path, STORE_CHANGE_DATA);
	if (!node->is_directory && !is_node_own(node, &stat))
		fsa_grant_event_on(node, FSA_OPLOCK_WRITE);
	fsa_node_unref(node);
}

static void co_tell_named(struct fsa_outside *o, const struct store_event *e)
{
	struct fsa_place *places[VIEWS_MAX];
	size_t count = take(o, e->id, false, places);

	for (size_t i = 0; i < count; i++) {
		char *path = path_in(places[i], e->name);

		if (path)
			co_tell_name(places[i], path);
		free(path);
	}
	let_go(o, places, count);
}

/* News were lost: nobody's cache or list can be relied on. */
static void tell_lost_in(struct fsa_outside *o, struct place_list *bucket)
{
	struct place_list ended = LIST_HEAD_INITIALIZER(ended);
	struct fsa_place *p, *next;

	loop_lock(&o->lock);
	for (p = LIST_FIRST(bucket); p; p = next) {
		p->users++;
		loop_unlock(&o->lock);
		if (p->node->is_directory)
			fsa_grant_child_changed(p->node, NULL);
		else
			fsa_grant_event_on(p->node, FSA_OPLOCK_WRITE);
		loop_lock(&o->lock);
		p->users--;
		next = LIST_NEXT(p, entry);
		if (unuse(o, p))
			LIST_INSERT_HEAD(&ended, p, entry);
	}
	loop_unlock(&o->lock);
	while ((p = LIST_FIRST(&ended))) {
		LIST_REMOVE(p, entry);
		place_free(p);
	}
}

static void tell_lost(struct fsa *fsa, struct fsa_outside *o)
{
	for (size_t i = 0; i < BUCKETS; i++)
		tell_lost_in(o, &o->buckets[i]);
	fsa_notify_lost(fsa);
}

static void co_tell(struct fsa *fsa, struct fsa_outside *o,
		    const struct store_event *e, struct half *half)
{
	if (e->changes & (STORE_CHANGE_CAME | STORE_CHANGE_GONE)) {
		tell_names(o, e, half);
		return;
	}
	half_flush(o, half);
	if (e->changes & STORE_CHANGE_LOST)
		tell_lost(fsa, o);
	else if (e->changes & STORE_CHANGE_NAME)
		co_tell_named(o, e);
	else if (!was_seen(o, e))
		co_tell_facts(o, e);
}

void fsa_co_outside(void *arg)
{
	struct fsa *fsa = arg;
	struct fsa_outside *o = fsa_outside_of(fsa);
	struct store_event event;

	if (!o->watch)
		return;
	while (!store_co_watch_wait(o->watch) &&
	       !loop_co_sleep(loop_ms(GRACE_MS))) {
		struct half half = { .is_there = false };

		while (store_watch_next(o->watch, &event) > 0)
			co_tell(fsa, o, &event, &half);
		half_flush(o, &half);
	}
}
