/*
 * What the room keeps for each worker, between its files.
 */
#pragma once

#include "gateway/store/store.h"

/* The calling worker's counters, to be counted up. */
struct store_counters *store_worker_counters(void);
