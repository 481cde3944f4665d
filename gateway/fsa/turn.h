/*
 * Turns: of those who change streams of one file, or its name, whoever they
 * are and on whatever worker, one at a time. A stream is written whole, so that
 * two who read, change and write it back at once would lose what one of them
 * did; a file that is renamed has its new name on disk before we know it by it.
 * Private to gateway/fsa/.
 *
 * Thread: shared; under the lock of the node that it is in.
 */
#pragma once

#include <stdbool.h>
#include <sys/queue.h>

struct fsa_node;
struct fsa_turn_wait;

struct fsa_turn {
	bool is_taken;
	TAILQ_HEAD(, fsa_turn_wait) waits; /* oldest first */
};

void fsa_turn_init(struct fsa_turn *turn);

/*
 * Waits until it is this fiber's turn at the file of `node`, and takes it: end
 * it with fsa_turn_give(). Turns are short, and who waits for one has begun to
 * change the file: a cancel comes too late, and is left to a later wait.
 */
void fsa_turn_co_take(struct fsa_node *node);
void fsa_turn_give(struct fsa_node *node);
