/*
 * Trees that are far: whose calls may wait for as long as a program or a
 * network likes. Each has a few threads of its own on each worker that uses
 * it, so that neither the ring's nor the loop's own threads ever hang there,
 * and the worker least of all. Nothing else tells such a tree from a near one.
 *
 * Thread: lanes belong to the worker; slots are shared (atomic).
 */
#include "gateway/store/lane.h"

#include <stdatomic.h>

#include "gateway/store/tree.h"

/* Threads a lane has at most: what is under way at once for one far tree. */
#define LANE_HANDS 8

#define SLOTS 64

/* Bit n: slot n + 1 belongs to a tree. */
static _Atomic uint64_t slots;

static _Thread_local struct loop_lane *lanes[SLOTS];

unsigned int store_lane_slot_take(void)
{
	uint64_t old = atomic_load(&slots);
	unsigned int bit;

	do {
		if (old == UINT64_MAX)
			return SLOTS;
		bit = (unsigned int)__builtin_ctzll(~old);
	} while (!atomic_compare_exchange_weak(&slots, &old,
					       old | UINT64_C(1) << bit));
	return bit + 1;
}

void store_lane_slot_give(unsigned int slot)
{
	if (slot && slot < SLOTS)
		atomic_fetch_and(&slots, ~(UINT64_C(1) << (slot - 1)));
}

struct loop_lane *store_lane_of(const struct store_tree *tree)
{
	unsigned int slot = store_tree_lane(tree);
	struct loop_lane **lane;

	if (!slot)
		return NULL;
	lane = &lanes[slot - 1];
	if (!*lane)
		*lane = loop_lane_new(LANE_HANDS);
	return *lane;
}

static int64_t call_close(void *arg)
{
	loop_close((int)(intptr_t)arg);
	return 0;
}

static void co_close(void *arg)
{
	loop_co_call(NULL, call_close, arg);
}

void store_lane_close(const struct store_tree *tree, int fd)
{
	struct loop_lane *lane = loop_current() ? store_lane_of(tree) : NULL;

	if (!lane || !loop_spawn_in(lane, co_close, (void *)(intptr_t)fd))
		loop_close(fd);
}

void store_lanes_end(void)
{
	for (unsigned int i = 0; i < SLOTS; i++)
		lanes[i] = loop_lane_free(lanes[i]);
}
