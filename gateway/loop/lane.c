/*
 * Lanes: hands of their own for what may hang. Which files those are is for
 * the users of the loop to know.
 */
#include <assert.h>
#include <stdlib.h>

#include "gateway/loop/inside.h"

struct loop_lane {
	struct loop_hands *hands;
};

struct loop_lane *loop_lane_new(unsigned int hands)
{
	struct loop_lane *lane = malloc(sizeof(*lane));

	if (lane != NULL &&
	    loop_hands_new(loop_current(), hands, &lane->hands) < 0) {
		free(lane);
		lane = NULL;
	}
	return lane;
}

struct loop_lane *loop_lane_free(struct loop_lane *lane)
{
	if (lane != NULL) {
		loop_hands_free(lane->hands);
		free(lane);
	}
	return NULL;
}

struct loop_lane *loop_lane_enter(struct loop_lane *lane)
{
	struct loop_fiber *fiber = loop_self();
	struct loop_lane *before;

	assert(fiber != NULL);
	before = fiber->lane;
	fiber->lane = lane;
	return before;
}

struct loop_fiber *loop_spawn_in(struct loop_lane *lane, loop_fiber_fn *fn,
				 void *arg)
{
	struct loop_fiber *fiber = loop_spawn(fn, arg);

	if (fiber != NULL)
		fiber->lane = lane;
	return fiber;
}

void loop_lane_take(struct loop_lane *lane, struct loop_op *op)
{
	loop_hands_take(lane->hands, op);
}
