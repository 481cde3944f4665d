/*
 * Timers in a binary heap by deadline. A timer knows its place, so that moving
 * and clearing it need no search. Index 0 stays empty and means «not set».
 */
#include <assert.h>
#include <stdlib.h>

#include "gateway/loop/inside.h"
#include "gateway/loop/loop.h"

#define CAPACITY_FIRST 64

static void put(struct loop_timers *t, size_t index, struct loop_timer *timer)
{
	t->heap[index] = timer;
	timer->heap_index = index;
}

static void move_up(struct loop_timers *t, size_t index)
{
	struct loop_timer *timer = t->heap[index];

	while (index > 1 &&
	       t->heap[index / 2]->deadline_ns > timer->deadline_ns) {
		put(t, index, t->heap[index / 2]);
		index /= 2;
	}
	put(t, index, timer);
}

static size_t earlier_child(const struct loop_timers *t, size_t index)
{
	size_t child = 2 * index;

	if (child < t->count &&
	    t->heap[child + 1]->deadline_ns < t->heap[child]->deadline_ns)
		child++;
	return child;
}

static void move_down(struct loop_timers *t, size_t index)
{
	struct loop_timer *timer = t->heap[index];

	while (2 * index <= t->count) {
		size_t child = earlier_child(t, index);

		if (timer->deadline_ns <= t->heap[child]->deadline_ns)
			break;
		put(t, index, t->heap[child]);
		index = child;
	}
	put(t, index, timer);
}

/*
 * A deadline that can't be kept would be a promise broken in silence: without
 * memory for a pointer the process ends.
 */
static void make_room(struct loop_timers *t)
{
	if (t->count + 1 < t->capacity)
		return;

	size_t capacity = t->capacity == 0 ? CAPACITY_FIRST : 2 * t->capacity;
	struct loop_timer **heap =
		reallocarray(t->heap, capacity, sizeof(struct loop_timer *));

	if (heap == NULL)
		abort();
	t->heap = heap;
	t->capacity = capacity;
}

static void take_out(struct loop_timers *t, struct loop_timer *timer)
{
	size_t index = timer->heap_index;
	struct loop_timer *last = t->heap[t->count--];

	timer->heap_index = 0;
	if (last == timer)
		return;
	put(t, index, last);
	move_up(t, index);
	move_down(t, last->heap_index);
}

void loop_timer_set(struct loop_timer *timer, uint64_t deadline_ns)
{
	struct loop_timers *t = &loop_current()->timers;

	assert(timer->fire != NULL);
	if (timer->heap_index != 0)
		take_out(t, timer);
	make_room(t);
	timer->deadline_ns = deadline_ns;
	put(t, ++t->count, timer);
	move_up(t, t->count);
}

void loop_timer_clear(struct loop_timer *timer)
{
	if (timer->heap_index != 0)
		take_out(&loop_current()->timers, timer);
}

uint64_t loop_timers_next(const struct loop_timers *timers)
{
	return timers->count == 0 ? LOOP_FOREVER : timers->heap[1]->deadline_ns;
}

/* Timers that are set anew for a time that is due wait for the next round. */
void loop_timers_fire(struct loop *loop)
{
	struct loop_timers *t = &loop->timers;
	size_t left = t->count;

	while (left-- > 0 && loop_timers_next(t) <= loop->now_ns) {
		struct loop_timer *timer = t->heap[1];

		take_out(t, timer);
		timer->fire(timer);
	}
}

void loop_timers_fini(struct loop_timers *timers)
{
	free(timers->heap);
	*timers = (struct loop_timers){ .heap = NULL };
}
