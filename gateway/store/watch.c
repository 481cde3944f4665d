/*
 * One inotify instance and the watches in it. The kernel has one watch for an
 * inode whoever asks, so they are counted here, by number: a number and its
 * count come and go together, which is why the mutex is held over the two
 * calls that make and end a watch. Neither waits for a disk.
 *
 * Events are read in batches; what a batch holds of watches that have ended
 * meanwhile is for the reader to leave out.
 */
#include "gateway/store/watch.h"

#include <assert.h>
#include <errno.h>
#include <poll.h>
#include <stdatomic.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>
#include <sys/epoll.h>
#include <sys/inotify.h>
#include <unistd.h>

#include "gateway/log.h"
#include "gateway/loop/loop.h"
#include "gateway/store/direct.h"
#include "gateway/store/news.h"
#include "gateway/store/store.h"
#include "gateway/store/tree.h"

enum {
	BATCH_SIZE = 32 * 1024,
	COUNTS_MIN = 64,
};

#define CHANGES                                                            \
	(IN_CREATE | IN_DELETE | IN_MOVED_FROM | IN_MOVED_TO | IN_MODIFY | \
	 IN_ATTRIB | IN_MOVE_SELF)

struct store_watch {
	int fd;
	int either_fd; /* readable when there is something of the kernel or: */
	struct store_news *news; /* reference */
	atomic_bool is_full_told;
	/* ---- under the mutex ---- */
	struct loop_mutex mutex;
	unsigned int *counts; /* by id */
	size_t size;
	/* ---- the reader's ---- */
	size_t at, end;
	uint64_t read_ns;
	_Alignas(struct inotify_event) char batch[BATCH_SIZE];
};

/* -errno; what there is by then is in the watch. */
static int open_all(struct store_watch *watch)
{
	struct epoll_event in = { .events = EPOLLIN };
	int err = store_news_new(&watch->news);

	if (err)
		return err;
	watch->fd = inotify_init1(IN_NONBLOCK | IN_CLOEXEC);
	watch->either_fd = epoll_create1(EPOLL_CLOEXEC);
	if (watch->fd < 0 || watch->either_fd < 0 ||
	    epoll_ctl(watch->either_fd, EPOLL_CTL_ADD, watch->fd, &in) < 0 ||
	    epoll_ctl(watch->either_fd, EPOLL_CTL_ADD,
		      store_news_fd(watch->news), &in) < 0)
		return -errno;
	return 0;
}

static void close_all(struct store_watch *watch)
{
	if (watch->fd >= 0)
		close(watch->fd);
	if (watch->either_fd >= 0)
		close(watch->either_fd);
	store_news_unref(watch->news);
}

int store_watch_new(struct store_watch **ret_watch)
{
	struct store_watch *watch = malloc(sizeof(*watch));
	int err;

	if (!watch)
		return -ENOMEM;
	watch->fd = watch->either_fd = -1;
	watch->news = NULL;
	err = open_all(watch);
	if (err) {
		close_all(watch);
		free(watch);
		return err;
	}
	atomic_init(&watch->is_full_told, false);
	loop_mutex_init(&watch->mutex);
	watch->counts = NULL;
	watch->size = watch->at = watch->end = 0;
	watch->read_ns = 0;
	*ret_watch = watch;
	return 0;
}

struct store_watch *store_watch_free(struct store_watch *watch)
{
	if (watch) {
		close_all(watch);
		loop_mutex_fini(&watch->mutex);
		free(watch->counts);
		free(watch);
	}
	return NULL;
}

/* ---- watches ---- */

/* Under the mutex. */
static bool make_room(struct store_watch *watch, size_t id)
{
	size_t size = watch->size ? watch->size : COUNTS_MIN;
	unsigned int *counts;

	while (size <= id)
		size *= 2;
	if (size == watch->size)
		return true;
	counts = reallocarray(watch->counts, size, sizeof(*counts));
	if (!counts)
		return false;
	memset(counts + watch->size, 0, (size - watch->size) * sizeof(*counts));
	watch->counts = counts;
	watch->size = size;
	return true;
}

static void tell_full(struct store_watch *watch)
{
	if (!atomic_exchange(&watch->is_full_told, true))
		gw_log(GW_LOG_ERROR,
		       "no more inotify watches (fs.inotify.max_user_watches): "
		       "some changes by local programs go unnoticed");
}

static int add_direct(struct store_watch *watch, const struct direct_file *f)
{
	const char *slash = strrchr(f->path, '/');

	return store_news_add(watch->news, f->node->conn, f->node->id,
			      slash ? slash + 1 : f->path);
}

int store_watch_add(struct store_watch *watch, struct store_file *file)
{
	char path[32];
	int id;

	if (store_tree_ops(store_file_tree(file)) == &store_direct_ops)
		return add_direct(watch, direct_of(file));
	/* Far trees: nothing of theirs changes here, and asking may hang. */
	if (store_file_fd(file) < 0 || store_tree_lane(store_file_tree(file)))
		return -EOPNOTSUPP;
	snprintf(path, sizeof(path), "/proc/self/fd/%d", store_file_fd(file));
	loop_lock(&watch->mutex);
	id = inotify_add_watch(watch->fd, path, CHANGES);
	if (id < 0) {
		id = -errno;
	} else if (!make_room(watch, (size_t)id)) {
		(void)inotify_rm_watch(watch->fd, id);
		id = -ENOMEM;
	} else {
		watch->counts[id]++;
	}
	loop_unlock(&watch->mutex);
	if (id == -ENOSPC)
		tell_full(watch);
	return id;
}

void store_watch_remove(struct store_watch *watch, int id)
{
	if (id >= STORE_NEWS_FIRST) {
		store_news_remove(watch->news, id);
		return;
	}
	loop_lock(&watch->mutex);
	assert(id >= 0 && (size_t)id < watch->size && watch->counts[id]);
	/* It may have ended by itself, with its file. */
	if (!--watch->counts[id])
		(void)inotify_rm_watch(watch->fd, id);
	loop_unlock(&watch->mutex);
}

/* ---- events ---- */

int store_co_watch_wait(struct store_watch *watch)
{
	int events;

	if (watch->at < watch->end)
		return 0;
	events = loop_co_poll(watch->either_fd, POLLIN, LOOP_FOREVER);
	return events < 0 ? events : 0;
}

static unsigned int changes_of(uint32_t mask)
{
	static const struct {
		uint32_t mask;
		unsigned int changes;
	} table[] = {
		{ IN_CREATE, STORE_CHANGE_CAME },
		{ IN_DELETE, STORE_CHANGE_GONE },
		{ IN_MOVED_TO, STORE_CHANGE_CAME | STORE_CHANGE_MOVED },
		{ IN_MOVED_FROM, STORE_CHANGE_GONE | STORE_CHANGE_MOVED },
		{ IN_MODIFY, STORE_CHANGE_DATA },
		{ IN_ATTRIB, STORE_CHANGE_ATTRIBUTES },
		{ IN_MOVE_SELF, STORE_CHANGE_MOVED_SELF },
		{ IN_Q_OVERFLOW, STORE_CHANGE_LOST },
	};
	unsigned int changes = 0;

	for (size_t i = 0; i < sizeof(table) / sizeof(table[0]); i++) {
		if (mask & table[i].mask)
			changes |= table[i].changes;
	}
	return changes;
}

/* 1: there are some; 0: none now. */
static int fill(struct store_watch *watch)
{
	ssize_t n = read(watch->fd, watch->batch, sizeof(watch->batch));

	if (n < 0)
		return errno == EAGAIN || errno == EINTR ? 0 : -errno;
	watch->read_ns = loop_wall_now();
	watch->at = 0;
	watch->end = (size_t)n;
	return n > 0;
}

int store_watch_next(struct store_watch *watch, struct store_event *ret_event)
{
	const struct inotify_event *e;
	unsigned int changes;
	int err;

	do {
		if (watch->at >= watch->end) {
			err = fill(watch);
			if (!err)
				return store_news_next(watch->news, ret_event);
			if (err < 0)
				return err;
		}
		e = (const void *)(watch->batch + watch->at);
		watch->at += sizeof(*e) + e->len;
		changes = changes_of(e->mask);
	} while (!changes);
	*ret_event = (struct store_event){
		.id = e->wd,
		.changes = changes,
		.cookie = e->cookie,
		.is_directory = e->mask & IN_ISDIR,
		.read_ns = watch->read_ns,
	};
	if (e->len)
		snprintf(ret_event->name, sizeof(ret_event->name), "%s",
			 e->name);
	return 1;
}
