/*
 * Change notification. A watch belongs to one open directory; it begins with
 * the first request, whose filter, depth and buffer size it keeps (MS-FSA
 * 2.1.5.11). Changes are gathered in it, from whatever worker they come, and
 * go out with the next request: at once if one waits.
 *
 *   watched ──change──> full ──request──> watched
 *      │                 │ more than the buffer holds
 *      │                 └──> overflown ──request: NOTIFY_ENUM_DIR──> watched
 *      ├──fsa_notify_gone()────> gone (DELETE_PENDING from here on)
 *      └──fsa_notify_closing()─> closed (its waits: NOTIFY_CLEANUP)
 *
 * Thread: the list of watches and what stands below their line is under the
 * one lock of struct fsa_watches; waiters are the worker's. A note wakes them.
 */
#include "gateway/fsa/notify.h"

#include <assert.h>
#include <stdatomic.h>
#include <stdlib.h>
#include <string.h>

#include "gateway/fsa/object.h"
#include "gateway/fsa/outside.h"
#include "gateway/fsa/poll.h"
#include "gateway/fsa/stream.h"
#include "gateway/fsa/windows.h"
#include "smb/wire/utf16.h"

enum {
	/* Gathered for one watch, whatever buffer the client has. */
	CHANGES_BYTES_MAX = 256 * 1024,
	RECORD_FIXED = 12,
};

struct change {
	TAILQ_ENTRY(change) entry;
	enum fsa_action action;
	uint32_t count;
	uint16_t units[];
};

TAILQ_HEAD(changes, change);

struct fsa_watch {
	struct fsa_watches *all;
	struct loop *loop;
	struct loop_waiters waiters; /* in order; the worker's */
	bool is_closed;              /* the worker's */
	const struct fsa_share *share;
	uint32_t filter;
	bool is_recursive;
	uint32_t bytes_max;
	/* ---- under the lock ---- */
	TAILQ_ENTRY(fsa_watch) entry;
	unsigned int refs; /* the open, each request, a note on its way */
	char *path;
	struct changes changes;
	uint32_t bytes; /* as records */
	bool has_overflown;
	bool is_gone;
	bool is_told;                /* the note is on its way */
	struct fsa_watch *next_told; /* of those that are to be told */
	struct loop_note note;
};

TAILQ_HEAD(watch_list, fsa_watch);

struct fsa_watches {
	struct loop_mutex lock;
	atomic_size_t count; /* read without the lock */
	struct watch_list list;
};

/* How a wait ends. */
enum wake {
	WAKE_LOOK,
	WAKE_CLEANUP,
};

struct fsa_watches *fsa_watches_new(void)
{
	struct fsa_watches *watches = calloc(1, sizeof(*watches));

	if (!watches)
		return NULL;
	loop_mutex_init(&watches->lock);
	TAILQ_INIT(&watches->list);
	return watches;
}

struct fsa_watches *fsa_watches_free(struct fsa_watches *watches)
{
	if (watches) {
		assert(TAILQ_EMPTY(&watches->list));
		loop_mutex_fini(&watches->lock);
		free(watches);
	}
	return NULL;
}

/* ---- a watch ---- */

static void drop_changes(struct changes *changes)
{
	struct change *c;

	while ((c = TAILQ_FIRST(changes))) {
		TAILQ_REMOVE(changes, c, entry);
		free(c);
	}
}

/* Under the lock. */
static bool watch_has_news(const struct fsa_watch *w)
{
	return w->is_gone || w->has_overflown || !TAILQ_EMPTY(&w->changes);
}

static void watch_unref(struct fsa_watch *w)
{
	struct fsa_watches *all = w->all;

	loop_lock(&all->lock);
	assert(w->refs > 0);
	unsigned int left = --w->refs;

	loop_unlock(&all->lock);
	if (left > 0)
		return;
	assert(TAILQ_EMPTY(&w->waiters));
	drop_changes(&w->changes);
	free(w->path);
	free(w);
}

/* The first in line takes all that there is; the end of a directory is
   everybody's. */
static void wake(struct fsa_watch *w, bool everybody)
{
	struct loop_waiter *waiter;

	while ((waiter = TAILQ_FIRST(&w->waiters))) {
		TAILQ_REMOVE(&w->waiters, waiter, entry);
		loop_wake(waiter, WAKE_LOOK);
		if (!everybody)
			break;
	}
}

static void deliver(struct loop_note *note)
{
	struct fsa_watch *w =
		(struct fsa_watch *)(void *)((char *)note -
					     offsetof(struct fsa_watch, note));

	loop_lock(&w->all->lock);
	w->is_told = false;
	bool has_news = watch_has_news(w);
	bool is_gone = w->is_gone;

	loop_unlock(&w->all->lock);
	if (has_news)
		wake(w, is_gone);
	watch_unref(w);
}

static struct fsa_watch *watch_new(struct fsa_open *open, uint32_t filter,
				   bool is_recursive, uint32_t size)
{
	struct fsa_watch *w = calloc(1, sizeof(*w));
	char *path = fsa_node_path(open->node);

	if (!w || !path) {
		free(w);
		free(path);
		return NULL;
	}
	w->all = fsa_watches_of(open->node->fsa);
	w->loop = loop_current();
	w->share = open->volume->share;
	w->filter = filter;
	w->is_recursive = is_recursive;
	w->bytes_max = size < CHANGES_BYTES_MAX ? size : CHANGES_BYTES_MAX;
	w->path = path;
	w->refs = 1;
	w->note.deliver = deliver;
	TAILQ_INIT(&w->waiters);
	TAILQ_INIT(&w->changes);
	loop_lock(&w->all->lock);
	TAILQ_INSERT_TAIL(&w->all->list, w, entry);
	atomic_fetch_add(&w->all->count, 1);
	loop_unlock(&w->all->lock);
	return w;
}

void fsa_notify_closing(struct fsa_open *open)
{
	struct fsa_watch *w = open->watch;
	struct loop_waiter *waiter;

	if (!w)
		return;
	open->watch = NULL;
	w->is_closed = true;
	loop_lock(&w->all->lock);
	TAILQ_REMOVE(&w->all->list, w, entry);
	atomic_fetch_sub(&w->all->count, 1);
	loop_unlock(&w->all->lock);
	while ((waiter = TAILQ_FIRST(&w->waiters))) {
		TAILQ_REMOVE(&w->waiters, waiter, entry);
		loop_wake(waiter, WAKE_CLEANUP);
	}
	watch_unref(w);
}

/* ---- changes come in: all under the lock ---- */

static uint32_t record_size(uint32_t count)
{
	return (RECORD_FIXED + 2 * count + 3) & ~3u;
}

static bool is_repeated(const struct fsa_watch *w, enum fsa_action action,
			const uint16_t *units, uint32_t count)
{
	const struct change *last = TAILQ_LAST(&w->changes, changes);

	return last && action == FSA_ACTION_MODIFIED &&
	       last->action == action && last->count == count &&
	       memcmp(last->units, units, count * sizeof(*units)) == 0;
}

static void overflow(struct fsa_watch *w)
{
	drop_changes(&w->changes);
	w->bytes = 0;
	w->has_overflown = true;
}

/* `path` is relative to the watched directory; `stream` may be NULL. */
static void watch_add(struct fsa_watch *w, enum fsa_action action,
		      const char *path, const char *stream)
{
	uint32_t count;
	uint16_t *units;

	if (w->has_overflown)
		return;
	units = stream ? fsa_stream_name_from_path(w->share, path, stream,
						   &count)
		       : fsa_name_from_path(w->share, path, &count);
	if (!units || count < 2)
		goto overflown;

	/* Without the backslash that it begins with. */
	const uint16_t *name = units + 1;

	count--;
	if (is_repeated(w, action, name, count))
		goto free_units;

	struct change *c = malloc(sizeof(*c) + count * sizeof(*name));

	if (!c || record_size(count) > w->bytes_max - w->bytes) {
		free(c);
		goto overflown;
	}
	c->action = action;
	c->count = count;
	memcpy(c->units, name, count * sizeof(*name));
	TAILQ_INSERT_TAIL(&w->changes, c, entry);
	w->bytes += record_size(count);
free_units:
	free(units);
	return;
overflown:
	free(units);
	overflow(w);
}

/* The part of `path` below the watched directory; NULL: it is not below. */
static const char *below(const struct fsa_watch *w, const char *path)
{
	size_t length = strlen(w->path);
	const char *rest = path;

	if (length > 0) {
		if (strncmp(path, w->path, length) != 0 || path[length] != '/')
			return NULL;
		rest = path + length + 1;
	}
	if (*rest == '\0' || (!w->is_recursive && strchr(rest, '/')))
		return NULL;
	return rest;
}

/* Puts it among those that get a note, once the lock is free. */
static void watch_tell(struct fsa_watch *w, struct fsa_watch **told)
{
	if (w->is_told || !watch_has_news(w))
		return;
	w->is_told = true;
	w->refs++;
	w->next_told = *told;
	*told = w;
}

/* Gives up the lock and sends the notes. */
static void unlock_and_post(struct fsa_watches *all, struct fsa_watch *told)
{
	loop_unlock(&all->lock);
	while (told) {
		struct fsa_watch *next = told->next_told;

		loop_post(told->loop, &told->note);
		told = next;
	}
}

static bool is_in(const struct fsa_watch *w, const struct store_tree *tree)
{
	return store_tree_has_same_root(w->share->tree, tree);
}

/* To those that asked for one of `filter` and for none of `except`. */
static void tell_all(struct fsa_watches *all, struct store_tree *tree,
		     const char *path, enum fsa_action action, uint32_t filter,
		     uint32_t except, struct fsa_watch **told)
{
	struct fsa_watch *w;

	TAILQ_FOREACH(w, &all->list, entry) {
		const char *rest;

		if (!is_in(w, tree) || !(w->filter & filter) ||
		    (w->filter & except))
			continue;
		rest = below(w, path);
		if (!rest)
			continue;
		watch_add(w, action, rest, NULL);
		watch_tell(w, told);
	}
}

void fsa_notify_changed(struct fsa *fsa, struct store_tree *tree,
			const char *path, enum fsa_action action,
			uint32_t filter)
{
	struct fsa_watches *all = fsa_watches_of(fsa);
	struct fsa_watch *told = NULL;

	if (atomic_load_explicit(&all->count, memory_order_relaxed) == 0)
		return;
	loop_lock(&all->lock);
	tell_all(all, tree, path, action, filter, 0, &told);
	unlock_and_post(all, told);
}

void fsa_notify_stream(struct fsa *fsa, struct store_tree *tree,
		       const char *path, const char *stream,
		       enum fsa_action action, uint32_t filter)
{
	struct fsa_watches *all = fsa_watches_of(fsa);
	struct fsa_watch *told = NULL, *w;

	if (atomic_load_explicit(&all->count, memory_order_relaxed) == 0)
		return;
	loop_lock(&all->lock);
	TAILQ_FOREACH(w, &all->list, entry) {
		const char *rest = below(w, path);

		if (!is_in(w, tree) || !(w->filter & filter) || !rest)
			continue;
		watch_add(w, action, rest, stream);
		watch_tell(w, &told);
	}
	unlock_and_post(all, told);
}

static bool is_same_directory(const char *a, const char *b)
{
	const char *a_end = strrchr(a, '/');
	const char *b_end = strrchr(b, '/');
	size_t a_length = a_end ? (size_t)(a_end - a) : 0;
	size_t b_length = b_end ? (size_t)(b_end - b) : 0;

	return a_length == b_length && memcmp(a, b, a_length) == 0;
}

/* Watches at and below a directory go with it. */
static void follow(struct fsa_watches *all, struct store_tree *tree,
		   const char *from, const char *to)
{
	size_t length = strlen(from);
	struct fsa_watch *w;

	TAILQ_FOREACH(w, &all->list, entry) {
		char *path;

		if (!is_in(w, tree) || strncmp(w->path, from, length) != 0 ||
		    (w->path[length] != '/' && w->path[length] != '\0'))
			continue;
		path = malloc(strlen(to) + strlen(w->path) - length + 1);
		if (!path) {
			overflow(w);
			continue;
		}
		strcpy(stpcpy(path, to), w->path + length);
		free(w->path);
		w->path = path;
	}
}

void fsa_notify_renamed(struct fsa *fsa, struct store_tree *tree,
			const char *from, const char *to, bool is_directory)
{
	struct fsa_watches *all = fsa_watches_of(fsa);
	uint32_t filter =
		is_directory ? FSA_CHANGE_DIR_NAME : FSA_CHANGE_FILE_NAME;
	struct fsa_watch *told = NULL;
	bool is_pair = is_same_directory(from, to);

	if (atomic_load_explicit(&all->count, memory_order_relaxed) == 0)
		return;
	loop_lock(&all->lock);
	tell_all(all, tree, from,
		 is_pair ? FSA_ACTION_OLD_NAME : FSA_ACTION_REMOVED, filter, 0,
		 &told);
	if (is_directory)
		follow(all, tree, from, to);
	tell_all(all, tree, to,
		 is_pair ? FSA_ACTION_NEW_NAME : FSA_ACTION_ADDED, filter, 0,
		 &told);
	/* The new name comes with attributes: those that are not told of names
	   hear of these. */
	if (!is_directory)
		tell_all(all, tree, to, FSA_ACTION_MODIFIED,
			 FSA_CHANGE_ATTRIBUTES | FSA_CHANGE_CREATION, filter,
			 &told);
	unlock_and_post(all, told);
}

void fsa_notify_gone(struct fsa *fsa, struct store_tree *tree, const char *path)
{
	struct fsa_watches *all = fsa_watches_of(fsa);
	struct fsa_watch *told = NULL, *w;

	if (atomic_load_explicit(&all->count, memory_order_relaxed) == 0)
		return;
	loop_lock(&all->lock);
	TAILQ_FOREACH(w, &all->list, entry) {
		if (!is_in(w, tree) || strcmp(w->path, path) != 0)
			continue;
		w->is_gone = true;
		watch_tell(w, &told);
	}
	unlock_and_post(all, told);
}

void fsa_notify_lost(struct fsa *fsa)
{
	struct fsa_watches *all = fsa_watches_of(fsa);
	struct fsa_watch *told = NULL, *w;

	loop_lock(&all->lock);
	TAILQ_FOREACH(w, &all->list, entry) {
		if (!w->share->watches_outside)
			continue;
		overflow(w);
		watch_tell(w, &told);
	}
	unlock_and_post(all, told);
}

void fsa_notify_lost_at(struct fsa *fsa, const struct store_tree *tree,
			const char *path)
{
	struct fsa_watches *all = fsa_watches_of(fsa);
	struct fsa_watch *told = NULL, *w;

	loop_lock(&all->lock);
	TAILQ_FOREACH(w, &all->list, entry) {
		if (strcmp(w->path, path) ||
		    !store_tree_has_same_root(w->share->tree, tree))
			continue;
		overflow(w);
		watch_tell(w, &told);
	}
	unlock_and_post(all, told);
}

void fsa_notify_doomed(struct fsa_open *by)
{
	char *path = by->base.is_directory ? fsa_open_path(by) : NULL;

	if (path)
		fsa_notify_gone(by->node->fsa, by->node->tree, path);
	free(path);
}

/* ---- changes go out ---- */

static void write_records(const struct changes *changes, struct writer *w)
{
	const struct change *c;

	TAILQ_FOREACH(c, changes, entry) {
		bool is_last = !TAILQ_NEXT(c, entry);

		wr_u32(w, is_last ? 0 : record_size(c->count));
		wr_u32(w, c->action);
		wr_u32(w, 2 * c->count);
		wr_utf16(w, (struct smb_name){ c->units, c->count });
		if (!is_last)
			wr_align(w, 4);
	}
}

/* What there is to say now; PENDING: nothing. */
static enum nt_status watch_take(struct fsa_watch *w, uint8_t *to,
				 uint32_t size, uint32_t *ret_length)
{
	struct changes changes = TAILQ_HEAD_INITIALIZER(changes);
	struct writer out = writer_at(to, size);

	loop_lock(&w->all->lock);
	bool has_news = watch_has_news(w);
	bool is_gone = w->is_gone;
	bool is_too_much = w->has_overflown;

	TAILQ_CONCAT(&changes, &w->changes, entry);
	w->bytes = 0;
	w->has_overflown = false;
	loop_unlock(&w->all->lock);

	if (!has_news)
		return NT_STATUS_PENDING;
	write_records(&changes, &out);
	drop_changes(&changes);
	*ret_length = 0;
	if (is_gone)
		return NT_STATUS_DELETE_PENDING;
	if (is_too_much || !wr_ok(&out))
		return NT_STATUS_NOTIFY_ENUM_DIR;
	*ret_length = (uint32_t)out.at;
	return NT_STATUS_SUCCESS;
}

/* Waits in line. PENDING: look again. */
static enum nt_status co_wait(struct fsa_watch *w, bool is_first)
{
	struct loop_waiter waiter = {};

	if (w->is_closed)
		return NT_STATUS_NOTIFY_CLEANUP;
	if (is_first)
		TAILQ_INSERT_HEAD(&w->waiters, &waiter, entry);
	else
		TAILQ_INSERT_TAIL(&w->waiters, &waiter, entry);

	int result = loop_co_wait(&waiter, LOOP_FOREVER);

	if (result < 0) {
		/* Whoever woke it has taken it out of the line already. */
		struct loop_waiter *other;

		TAILQ_FOREACH(other, &w->waiters, entry) {
			if (other == &waiter) {
				TAILQ_REMOVE(&w->waiters, &waiter, entry);
				break;
			}
		}
		wake(w, false);
		return fsa_status(FSA_WAIT, result);
	}
	return result == WAKE_CLEANUP ? NT_STATUS_NOTIFY_CLEANUP
				      : NT_STATUS_PENDING;
}

static enum nt_status co_take(struct fsa_watch *w, struct smb_call *call,
			      uint8_t *to, uint32_t size, uint32_t *ret_length)
{
	enum nt_status status = NT_STATUS_PENDING;
	bool has_waited = false;

	for (;;) {
		if (has_waited || TAILQ_EMPTY(&w->waiters))
			status = watch_take(w, to, size, ret_length);
		if (status != NT_STATUS_PENDING)
			return status;
		if (!has_waited)
			call->going_async(call);
		status = co_wait(w, has_waited);
		if (status != NT_STATUS_PENDING)
			return status;
		has_waited = true;
	}
}

enum nt_status fsa_co_notify(struct smb_object *object, struct smb_call *call,
			     uint32_t filter, bool is_recursive, uint8_t *to,
			     uint32_t size, uint32_t *ret_length)
{
	struct fsa_open *open = fsa_open_of(object);
	struct fsa_watch *w;

	if (!object->is_directory)
		return NT_STATUS_INVALID_PARAMETER;
	if (!(object->granted & FILE_LIST_DIRECTORY))
		return NT_STATUS_ACCESS_DENIED;
	if (open->is_closing)
		return NT_STATUS_NOTIFY_CLEANUP;
	if (!open->watch)
		open->watch = watch_new(open, filter, is_recursive, size);
	w = open->watch;
	if (!w)
		return NT_STATUS_INSUFFICIENT_RESOURCES;
	fsa_outside_join(open);
	fsa_poll_join(open, NULL);
	loop_lock(&w->all->lock);
	w->refs++;
	loop_unlock(&w->all->lock);

	enum nt_status status = co_take(w, call, to, size, ret_length);

	watch_unref(w);
	return status;
}
