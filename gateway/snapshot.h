/*
 * What a snapshot is made of; realm.h has its face.
 *
 * Thread: frozen; any.
 */
#pragma once

#include "gateway/realm.h"

struct gw_snapshot {
	_Atomic unsigned int references;
	struct fsa *fsa; /* borrowed */
	struct gw_users *users;
	struct gw_names *names;
	struct gw_share **shares;
	size_t share_count;
	bool has_lost_program; /* one of a share that did not start */
};

struct gw_snapshot *gw_snapshot_ref(struct gw_snapshot *snapshot);
