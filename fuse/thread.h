/*
 * Threads of this room: they end by themselves, and signals are the process's,
 * not theirs.
 */
#pragma once

#include <pthread.h>
#include <signal.h>

/* 0 or -errno; `fn` runs with `arg`, which is its own from then on. */
static inline int fusefs_thread_start(void *(*fn)(void *arg), void *arg)
{
	sigset_t all, before;
	pthread_attr_t attr;
	pthread_t thread;
	int err;

	sigfillset(&all);
	pthread_sigmask(SIG_SETMASK, &all, &before);
	pthread_attr_init(&attr);
	pthread_attr_setdetachstate(&attr, PTHREAD_CREATE_DETACHED);
	err = pthread_create(&thread, &attr, fn, arg);
	pthread_attr_destroy(&attr);
	pthread_sigmask(SIG_SETMASK, &before, NULL);
	return -err;
}
