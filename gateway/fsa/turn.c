/*
 * Turns. Who gives his hands it to the one who has waited longest, by a note
 * to that one's worker: nobody overtakes.
 */
#include "gateway/fsa/turn.h"

#include <stddef.h>

#include "gateway/fsa/node.h"
#include "gateway/fsa/object.h"

/* One that waits; on its fiber's stack. */
struct fsa_turn_wait {
	TAILQ_ENTRY(fsa_turn_wait) entry;
	struct loop *loop;
	struct loop_note note;
	struct loop_waiter waiter;
	bool is_delivered; /* the turn is his, and he knows, on his worker */
};

void fsa_turn_init(struct fsa_turn *turn)
{
	turn->is_taken = false;
	TAILQ_INIT(&turn->waits);
}

static void deliver(struct loop_note *note)
{
	struct fsa_turn_wait *wait =
		(void *)((char *)note - offsetof(struct fsa_turn_wait, note));

	wait->is_delivered = true;
	loop_wake(&wait->waiter, 0);
}

/* Waits in line; false if the turn was free. Takes the lock. */
static bool stand_in_line(struct fsa_node *file, struct fsa_turn_wait *wait)
{
	bool must_wait;

	fsa_node_lock(file);
	must_wait = file->turn.is_taken;
	if (must_wait)
		TAILQ_INSERT_TAIL(&file->turn.waits, wait, entry);
	file->turn.is_taken = true;
	fsa_node_unlock(file);
	return must_wait;
}

void fsa_turn_co_take(struct fsa_node *node)
{
	struct fsa_turn_wait wait = { .loop = loop_current(),
				      .note.deliver = deliver };
	bool is_cancelled = false;

	if (!stand_in_line(fsa_node_file(node), &wait))
		return;
	while (!wait.is_delivered) {
		if (loop_co_wait(&wait.waiter, LOOP_FOREVER) < 0)
			is_cancelled = true;
	}
	if (is_cancelled)
		loop_cancel(loop_self());
}

void fsa_turn_give(struct fsa_node *node)
{
	struct fsa_node *file = fsa_node_file(node);
	struct fsa_turn_wait *next;

	fsa_node_lock(file);
	next = TAILQ_FIRST(&file->turn.waits);
	if (next)
		TAILQ_REMOVE(&file->turn.waits, next, entry);
	else
		file->turn.is_taken = false;
	fsa_node_unlock(file);
	if (next)
		loop_post(next->loop, &next->note);
}
