/*
 * A function of the protocol engine that has to run where its data is: on
 * another worker, while the caller waits.
 *
 * Thread: a worker's.
 */
#pragma once

#include <stdbool.h>

struct gw_worker;
struct smb_engine;

/*
 * smb_host_ops.co_visit of the worker `from`. False, and co_fn has not run: no
 * such worker, it has ended, or has no memory. Never gives up waiting: what
 * `arg` points at may lie on the caller's stack.
 */
bool gw_visit_co_make(struct gw_worker *from, unsigned int worker,
		 void (*co_fn)(struct smb_engine *engine, void *arg),
		 void *arg);
