/*
 * One thread a watch. What it shares with its owner has two holders and one
 * mutex; the last of them frees it.
 */
#include "fuse/kwatch.h"

#include <errno.h>
#include <fcntl.h>
#include <pthread.h>
#include <signal.h>
#include <stdlib.h>
#include <sys/eventfd.h>
#include <sys/stat.h>
#include <time.h>
#include <unistd.h>

struct fusefs_watch {
	pthread_mutex_t mutex;
	pthread_cond_t changed;
	unsigned int holders;
	unsigned int interval_ms;
	int root_fd;
	int told_fd; /* -1 when its owner has gone */
	bool has_answer;
	int err;
	uint64_t asked_ms; /* 0: no question is out */
};

static uint64_t now_ms(void)
{
	struct timespec t;

	clock_gettime(CLOCK_MONOTONIC, &t);
	return (uint64_t)t.tv_sec * 1000 + (uint64_t)t.tv_nsec / 1000000;
}

/* With the mutex, which it gives back. */
static void let_go(struct fusefs_watch *w)
{
	bool is_last = --w->holders == 0;

	pthread_mutex_unlock(&w->mutex);
	if (!is_last)
		return;
	close(w->root_fd);
	pthread_cond_destroy(&w->changed);
	pthread_mutex_destroy(&w->mutex);
	free(w);
}

static int ask(int root_fd)
{
	struct statx st;

	return statx(root_fd, "", AT_EMPTY_PATH | AT_STATX_FORCE_SYNC,
		     STATX_BASIC_STATS, &st)
		       ? -errno
		       : 0;
}

static void rest(struct fusefs_watch *w)
{
	struct timespec until;

	clock_gettime(CLOCK_MONOTONIC, &until);
	until.tv_sec += w->interval_ms / 1000;
	until.tv_nsec += (long)(w->interval_ms % 1000) * 1000000;
	if (until.tv_nsec >= 1000000000) {
		until.tv_nsec -= 1000000000;
		until.tv_sec++;
	}
	while (w->told_fd >= 0 &&
	       pthread_cond_timedwait(&w->changed, &w->mutex, &until) == 0)
		;
}

static void *watch_main(void *arg)
{
	struct fusefs_watch *w = arg;
	int err;

	pthread_setname_np(pthread_self(), "smbgate-watch");
	pthread_mutex_lock(&w->mutex);
	while (w->told_fd >= 0) {
		w->asked_ms = now_ms();
		pthread_mutex_unlock(&w->mutex);
		err = ask(w->root_fd);
		pthread_mutex_lock(&w->mutex);
		w->asked_ms = 0;
		w->has_answer = true;
		w->err = err;
		if (w->told_fd >= 0)
			eventfd_write(w->told_fd, 1);
		rest(w);
	}
	let_go(w);
	return NULL;
}

static int start_thread(struct fusefs_watch *w)
{
	pthread_attr_t attr;
	pthread_t thread;
	sigset_t all, before;
	int err;

	sigfillset(&all);
	pthread_sigmask(SIG_SETMASK, &all, &before);
	pthread_attr_init(&attr);
	pthread_attr_setdetachstate(&attr, PTHREAD_CREATE_DETACHED);
	err = pthread_create(&thread, &attr, watch_main, w);
	pthread_attr_destroy(&attr);
	pthread_sigmask(SIG_SETMASK, &before, NULL);
	return err;
}

struct fusefs_watch *fusefs_watch_new(int root_fd, unsigned int interval_ms,
				      int told_fd)
{
	struct fusefs_watch *w = calloc(1, sizeof(*w));
	pthread_condattr_t attr;

	if (!w)
		return NULL;
	*w = (struct fusefs_watch){
		.holders = 2,
		.interval_ms = interval_ms,
		.root_fd = fcntl(root_fd, F_DUPFD_CLOEXEC, 0),
		.told_fd = told_fd,
		.asked_ms = now_ms(),
	};
	pthread_mutex_init(&w->mutex, NULL);
	pthread_condattr_init(&attr);
	pthread_condattr_setclock(&attr, CLOCK_MONOTONIC);
	pthread_cond_init(&w->changed, &attr);
	pthread_condattr_destroy(&attr);
	if (w->root_fd >= 0 && !start_thread(w))
		return w;
	w->holders = 1;
	return fusefs_watch_end(w);
}

uint64_t fusefs_watch_waiting_ms(struct fusefs_watch *watch)
{
	uint64_t asked, now = now_ms();

	pthread_mutex_lock(&watch->mutex);
	asked = watch->asked_ms;
	pthread_mutex_unlock(&watch->mutex);
	return asked && now > asked ? now - asked : 0;
}

bool fusefs_watch_has_answer(struct fusefs_watch *watch, int *ret_err)
{
	bool has_answer;

	pthread_mutex_lock(&watch->mutex);
	has_answer = watch->has_answer;
	if (has_answer)
		*ret_err = watch->err;
	pthread_mutex_unlock(&watch->mutex);
	return has_answer;
}

struct fusefs_watch *fusefs_watch_end(struct fusefs_watch *watch)
{
	if (!watch)
		return NULL;
	pthread_mutex_lock(&watch->mutex);
	watch->told_fd = -1;
	pthread_cond_signal(&watch->changed);
	let_go(watch);
	return NULL;
}
