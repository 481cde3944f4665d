/*
 * Programs of shares that are started side by side, so that the slowest one
 * decides how long a start takes, and not all of them together.
 *
 * Thread: the main thread; each program is waited for on one of its own.
 */
#pragma once

#include <pthread.h>
#include <stdbool.h>
#include <stddef.h>

#include "gateway/config.h"
#include "gateway/store/store.h"

struct gw_program {
	const struct gw_share_config *how; /* NULL: nothing to start */
	bool may_come_late;                /* see struct store_program */
	/* What came of it. */
	struct store_tree *tree; /* reference, or NULL */
	int err;                 /* 0 or -errno */
	/* Private. */
	pthread_t thread;
	bool is_apart;
};

/* Starts them all, and waits until each is there or is not to be had. */
void gw_programs_start(struct gw_program *programs, size_t count);
