/*
 * Hands: threads for calls that block. One list of operations, taken in order
 * by whichever thread is free; threads are started when they are needed first,
 * up to a maximum. A hand that goes on to an operation of the same identity
 * keeps it on; before it rests it is itself again, since whoever has the uid
 * of a thread may send it signals.
 *
 * Thread: hands_take and the life are the loop's; the rest runs on the hands.
 */
#include <assert.h>
#include <errno.h>
#include <pthread.h>
#include <signal.h>
#include <stdlib.h>

#include "gateway/loop/inside.h"

STAILQ_HEAD(hand_queue, loop_op);

struct loop_hands {
	struct loop *loop;
	pthread_mutex_t mutex; /* of all that follows */
	pthread_cond_t has_work;
	struct hand_queue queue;
	size_t queued;
	size_t idle;
	bool is_ending;

	/* The loop's thread alone. */
	unsigned int count;
	unsigned int count_max;
	pthread_t threads[];
};

/* What one hand wears at the moment. */
struct dress {
	struct loop_credentials *own;
	uint64_t serial; /* of the identity that it has on; 0 is its own */
};

static void undress(struct dress *dress)
{
	if (dress->serial == 0)
		return;
	loop_credentials_restore(dress->own);
	dress->serial = 0;
}

static int dress_as(struct dress *dress, const struct loop_identity *as)
{
	if (as == NULL) {
		undress(dress);
		return 0;
	}
	if (dress->serial == as->serial)
		return 0;
	undress(dress);
	if (dress->own == NULL)
		dress->own = loop_credentials_new();
	if (dress->own == NULL)
		return -ENOMEM;

	int ret = loop_credentials_take(dress->own, as);

	if (ret == 0)
		dress->serial = as->serial;
	return ret;
}

static void hand_delivered(struct loop_note *note)
{
	struct loop_op *op = (struct loop_op *)((char *)note -
						offsetof(struct loop_op, note));

	op->complete(op, op->result, false);
}

static void hand_work(struct dress *dress, struct loop_op *op)
{
	int ret = dress_as(dress, op->as);

	op->result = ret < 0 ? ret : loop_op_call(op);
	op->note.deliver = hand_delivered;
	loop_post(op->loop, &op->note);
}

/* The next operation; NULL when the hands are to end. */
static struct loop_op *hand_next(struct loop_hands *hands, struct dress *dress)
{
	struct loop_op *op;

	pthread_mutex_lock(&hands->mutex);
	if (STAILQ_EMPTY(&hands->queue)) {
		pthread_mutex_unlock(&hands->mutex);
		undress(dress);
		pthread_mutex_lock(&hands->mutex);
	}
	hands->idle++;
	while (STAILQ_EMPTY(&hands->queue) && !hands->is_ending)
		pthread_cond_wait(&hands->has_work, &hands->mutex);
	hands->idle--;
	op = STAILQ_FIRST(&hands->queue);
	if (op != NULL) {
		STAILQ_REMOVE_HEAD(&hands->queue, hand_entry);
		hands->queued--;
	}
	pthread_mutex_unlock(&hands->mutex);
	return op;
}

static void *hand_main(void *arg)
{
	struct loop_hands *hands = arg;
	struct dress dress = { .serial = 0 };
	struct loop_op *op;

	pthread_setname_np(pthread_self(), "smbgate-hand");
	while ((op = hand_next(hands, &dress)) != NULL)
		hand_work(&dress, op);
	loop_credentials_free(dress.own);
	return NULL;
}

/* Signals are for the threads that main() chooses, never for a hand. */
static int hand_start(struct loop_hands *hands)
{
	sigset_t all;
	sigset_t before;

	sigfillset(&all);
	pthread_sigmask(SIG_SETMASK, &all, &before);

	int ret = pthread_create(&hands->threads[hands->count], NULL, hand_main,
				 hands);

	pthread_sigmask(SIG_SETMASK, &before, NULL);
	if (ret == 0)
		hands->count++;
	return -ret;
}

void loop_hands_take(struct loop_hands *hands, struct loop_op *op)
{
	op->is_on_hand = true;
	op->loop->counters.hand_calls++;
	pthread_mutex_lock(&hands->mutex);
	STAILQ_INSERT_TAIL(&hands->queue, op, hand_entry);
	hands->queued++;

	bool is_short = hands->queued > hands->idle;

	pthread_cond_signal(&hands->has_work);
	pthread_mutex_unlock(&hands->mutex);
	if (is_short && hands->count < hands->count_max)
		hand_start(hands);
}

/* One hand at once, so that a queue never waits for a thread that can't be. */
int loop_hands_new(struct loop *loop, unsigned int count_max,
		   struct loop_hands **ret_hands)
{
	struct loop_hands *hands =
		calloc(1, sizeof(*hands) + count_max * sizeof(pthread_t));

	if (hands == NULL)
		return -ENOMEM;
	hands->loop = loop;
	hands->count_max = count_max;
	STAILQ_INIT(&hands->queue);
	pthread_mutex_init(&hands->mutex, NULL);
	pthread_cond_init(&hands->has_work, NULL);

	int ret = hand_start(hands);

	if (ret < 0) {
		loop_hands_free(hands);
		return ret == -EAGAIN ? -ENOMEM : ret;
	}
	*ret_hands = hands;
	return 0;
}

struct loop_hands *loop_hands_free(struct loop_hands *hands)
{
	if (hands == NULL)
		return NULL;
	pthread_mutex_lock(&hands->mutex);
	assert(STAILQ_EMPTY(&hands->queue));
	hands->is_ending = true;
	pthread_cond_broadcast(&hands->has_work);
	pthread_mutex_unlock(&hands->mutex);
	for (unsigned int i = 0; i < hands->count; i++)
		pthread_join(hands->threads[i], NULL);
	pthread_cond_destroy(&hands->has_work);
	pthread_mutex_destroy(&hands->mutex);
	free(hands);
	return NULL;
}
