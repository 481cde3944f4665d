/*
 * What store keeps for each worker thread and nobody hands down to it:
 * counters here, pipes in pipe.c, credentials in creds.c. They are per thread
 * for the same reason as the loop: rings, personalities and fibers belong to
 * one thread, and nothing here is ever looked at from another.
 */
#include "gateway/store/worker.h"

#include <assert.h>

#include "gateway/store/lane.h"
#include "gateway/store/pipe.h"

static _Thread_local struct store_counters counters;

struct store_counters *store_worker_counters(void)
{
	return &counters;
}

const struct store_counters *store_counters(void)
{
	return &counters;
}

void store_worker_end(void)
{
	assert(!store_creds_count());
	store_pipes_end();
	store_lanes_end();
	counters = (struct store_counters){};
}
