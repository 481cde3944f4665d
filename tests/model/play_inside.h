/*
 * What play.c (steps and checks) and choose.c (what actors do next) share.
 */
#pragma once

#include "tests/model/actor.h"
#include "tests/model/explain.h"
#include "tests/model/play.h"
#include "tests/model/scene.h"

enum {
	/* Requests in one step. */
	BURST_MAX = 4,
};

/* When the holder of a grant was told to acknowledge: between these two. */
struct told {
	bool is_owed;
	uint64_t from_ns, to_ns;
};

struct play {
	const struct play_options *options;
	struct play_result result;
	struct scene scene;
	struct actor actors[MODEL_ACTORS];
	struct model_op ops[MODEL_OPS];
	struct explain_seen seen;
	struct explain_states *now, *next;
	struct told told[MODEL_GRANTS];
	uint64_t step_began_ns;
	/* In this step. */
	bool has_data_op;
	bool has_acked[MODEL_GRANTS];
	bool is_cutting[MODEL_ACTORS];
};

static inline uint64_t draw(struct play *p, uint64_t count)
{
	return loop_sim_draw(&p->scene.sim, count);
}

/* What is taken for true where an actor has to choose. */
static inline const struct model *guess(const struct play *p)
{
	return &p->now->at[0];
}

static inline size_t open_count(const struct model *m)
{
	size_t count = 0;

	for (int i = 0; i < MODEL_OPENS; i++)
		count += m->opens[i].is_used;
	return count;
}

/*
 * Something that some actor may do now, into ret_op. False: not this time; ask
 * again.
 */
bool play_choose(struct play *p, struct model_op *ret_op);

/*
 * Where things fail: what was seen is taken as it is. What is wrong all the
 * same, or NULL.
 */
const char *play_adopt(struct play *p);
