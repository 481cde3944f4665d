/*
 * Mutexes that know their place: one at a time, and never across a wait.
 */
#include <assert.h>

#include "gateway/loop/inside.h"
#include "gateway/loop/loop.h"

static _Thread_local unsigned int held;

unsigned int loop_locks_held(void)
{
	return held;
}

void loop_mutex_init(struct loop_mutex *m)
{
	pthread_mutex_init(&m->mutex, NULL);
}

void loop_mutex_fini(struct loop_mutex *m)
{
	pthread_mutex_destroy(&m->mutex);
}

void loop_lock(struct loop_mutex *m)
{
	assert(held == 0);
	pthread_mutex_lock(&m->mutex);
	held++;
}

void loop_unlock(struct loop_mutex *m)
{
	assert(held == 1);
	held--;
	pthread_mutex_unlock(&m->mutex);
}
