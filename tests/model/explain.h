/*
 * Whether what a server did can be explained: some order of the requests, each
 * one moment, in which the tables of model.h give the answers and the notices
 * that were seen, and leave waiting what has not been answered.
 *
 * What was seen may have more than one explanation, so all states that are
 * possible are carried on.
 */
#pragma once

#include "tests/model/model.h"

enum {
	EXPLAIN_STATES_MAX = 1 << 12,
	EXPLAIN_NOTICES_MAX = 32,
};

struct explain_states {
	size_t count;
	bool is_cut; /* there were more, now or before: they are lost */
	struct model at[EXPLAIN_STATES_MAX];
};

struct explain_seen {
	size_t notice_count;
	struct model_notice notices[EXPLAIN_NOTICES_MAX];
};

/*
 * The states that the world may be in after the requests `ops` (new and old),
 * of those in `before`. None: it can't be explained, or if some were lost, it
 * can't be told whether it can. A loud search prints the
 * ways that it tries, as lines of comment.
 */
void explain(const struct explain_states *before, const struct model_op *ops,
	     const struct explain_seen *seen, struct explain_states *ret_after,
	     bool is_loud);
