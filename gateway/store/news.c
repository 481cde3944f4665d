/*
 * A table of what is watched, and a queue of what is told of it. A program
 * tells of names, and does not say what became of them; who has only a file
 * open is told of its name in any directory, and finds out by a look at the
 * file whether it is meant.
 */
#include "gateway/store/news.h"

#include <assert.h>
#include <errno.h>
#include <stdatomic.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>
#include <sys/eventfd.h>
#include <sys/queue.h>
#include <unistd.h>

#include "fuse/conn.h"
#include "gateway/loop/loop.h"

enum {
	/* More than this at once, and all are lost. */
	QUEUE_MAX = 4096
};

struct watched {
	LIST_ENTRY(watched) entry;
	int id;
	unsigned int count;
	uint64_t conn, node;
	char *name;
};

struct item {
	STAILQ_ENTRY(item) entry;
	struct store_event event;
};

struct store_news {
	atomic_uint refs;
	int fd;
	/* ---- under the mutex ---- */
	struct loop_mutex mutex;
	LIST_HEAD(, watched) watched;
	STAILQ_HEAD(, item) queue;
	size_t queued;
	bool is_lost;
	int next_id;
};

int store_news_new(struct store_news **ret_news)
{
	struct store_news *news = calloc(1, sizeof(*news));
	int err;

	if (!news)
		return -ENOMEM;
	news->fd = eventfd(0, EFD_CLOEXEC | EFD_NONBLOCK);
	if (news->fd < 0) {
		err = -errno;
		free(news);
		return err;
	}
	news->refs = 1;
	news->next_id = STORE_NEWS_FIRST;
	loop_mutex_init(&news->mutex);
	LIST_INIT(&news->watched);
	STAILQ_INIT(&news->queue);
	*ret_news = news;
	return 0;
}

static void watched_free(struct watched *w)
{
	free(w->name);
	free(w);
}

struct store_news *store_news_unref(struct store_news *news)
{
	struct watched *w;
	struct item *item;

	if (!news || atomic_fetch_sub(&news->refs, 1) != 1)
		return NULL;
	while ((w = LIST_FIRST(&news->watched))) {
		LIST_REMOVE(w, entry);
		watched_free(w);
	}
	while ((item = STAILQ_FIRST(&news->queue))) {
		STAILQ_REMOVE_HEAD(&news->queue, entry);
		free(item);
	}
	loop_mutex_fini(&news->mutex);
	close(news->fd);
	free(news);
	return NULL;
}

int store_news_fd(const struct store_news *news)
{
	return news->fd;
}

/* ---- what is told ---- */

/* Under the mutex. */
static void push(struct store_news *news, int id, unsigned int changes,
		 const char *name)
{
	struct item *item =
		news->queued < QUEUE_MAX ? malloc(sizeof(*item)) : NULL;

	if (!item) {
		news->is_lost = true;
		return;
	}
	item->event = (struct store_event){ .id = id,
					    .changes = changes,
					    .read_ns = loop_wall_now() };
	snprintf(item->event.name, sizeof(item->event.name), "%s", name);
	STAILQ_INSERT_TAIL(&news->queue, item, entry);
	news->queued++;
}

/* Under the mutex. */
static void tell(struct store_news *news, const struct watched *w,
		 const struct fusefs_notice *n)
{
	if (*n->name && w->node == n->node)
		push(news, w->id, STORE_CHANGE_NAME, n->name);
	else if (*n->name && !strcmp(w->name, n->name))
		push(news, w->id, STORE_CHANGE_DATA, "");
	else if (!*n->name && w->node == n->node)
		push(news, w->id,
		     n->is_data ? STORE_CHANGE_DATA : STORE_CHANGE_ATTRIBUTES,
		     "");
}

/* On the connection's thread. */
static void heard(void *arg, uint64_t serial, const struct fusefs_notice *n)
{
	struct store_news *news = arg;
	struct watched *w;
	bool is_any;

	loop_lock(&news->mutex);
	LIST_FOREACH(w, &news->watched, entry) {
		if (w->conn == serial)
			tell(news, w, n);
	}
	is_any = news->queued || news->is_lost;
	loop_unlock(&news->mutex);
	if (is_any)
		eventfd_write(news->fd, 1);
}

static void release(void *arg)
{
	store_news_unref(arg);
}

bool store_news_next(struct store_news *news, struct store_event *ret_event)
{
	struct item *item;
	eventfd_t ignored;
	bool is_lost;

	eventfd_read(news->fd, &ignored);
	loop_lock(&news->mutex);
	item = STAILQ_FIRST(&news->queue);
	if (item) {
		STAILQ_REMOVE_HEAD(&news->queue, entry);
		news->queued--;
	}
	is_lost = !item && news->is_lost;
	news->is_lost &= !is_lost;
	loop_unlock(&news->mutex);
	if (is_lost)
		*ret_event =
			(struct store_event){ .id = -1,
					      .changes = STORE_CHANGE_LOST };
	else if (item)
		*ret_event = item->event;
	free(item);
	return is_lost || item;
}

/* ---- what is watched ---- */

/* Under the mutex. */
static struct watched *find(struct store_news *news, uint64_t serial,
			    uint64_t node)
{
	struct watched *w;

	LIST_FOREACH(w, &news->watched, entry) {
		if (w->conn == serial && w->node == node)
			break;
	}
	return w;
}

/* Takes the name; NULL: no memory. */
static struct watched *watched_new(uint64_t serial, uint64_t node, char *name)
{
	struct watched *w = name ? malloc(sizeof(*w)) : NULL;

	if (!w) {
		free(name);
		return NULL;
	}
	*w = (struct watched){ .conn = serial, .node = node, .name = name };
	return w;
}

int store_news_add(struct store_news *news, struct fusefs_conn *conn,
		   uint64_t node, const char *name)
{
	const struct fusefs_listener listener = { heard, release, news };
	uint64_t serial = fusefs_conn_serial(conn);
	struct watched *new = watched_new(serial, node, strdup(name)), *w;
	int id;

	if (!new)
		return -ENOMEM;
	atomic_fetch_add(&news->refs, 1);
	if (!fusefs_conn_listen(conn, &listener))
		atomic_fetch_sub(&news->refs, 1);
	loop_lock(&news->mutex);
	w = find(news, serial, node);
	if (!w) {
		w = new;
		w->id = news->next_id++;
		LIST_INSERT_HEAD(&news->watched, w, entry);
	}
	w->count++;
	id = w->id;
	loop_unlock(&news->mutex);
	if (w != new)
		watched_free(new);
	return id;
}

void store_news_remove(struct store_news *news, int id)
{
	struct watched *w;

	loop_lock(&news->mutex);
	LIST_FOREACH(w, &news->watched, entry) {
		if (w->id == id)
			break;
	}
	assert(w && w->count);
	if (--w->count)
		w = NULL;
	else
		LIST_REMOVE(w, entry);
	loop_unlock(&news->mutex);
	if (w)
		watched_free(w);
}
