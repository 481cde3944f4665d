/*
 * Lanes of this worker: which trees have one, and closing in it.
 */
#pragma once

#include "gateway/loop/loop.h"
#include "gateway/store/store.h"

/*
 * A number for a tree that may keep calls waiting, 1 or more, given back with
 * store_lane_slot_give(). Several trees share the last one if there are many.
 * Thread: any.
 */
unsigned int store_lane_slot_take(void);
void store_lane_slot_give(unsigned int slot);

/* The lane of the tree on this worker; NULL: it needs none, or has none yet
   and there is no thread to be had. */
struct loop_lane *store_lane_of(const struct store_tree *tree);

/*
 * Closes a descriptor of the tree without waiting: a file system that a
 * program serves is told of it, and may take long to answer.
 */
void store_lane_close(const struct store_tree *tree, int fd);

/* Ends this worker's lanes, when nothing is under way in them. */
void store_lanes_end(void);
