/*
 * Notes between threads: a list without a lock, pushed by any thread and taken
 * whole by its loop. Whoever finds it empty rings the loop's bell; until the
 * loop has looked, further notes need no bell. So each note arrives once and
 * in order however the bell behaves, and a burst costs one wake-up.
 */
#include <stdatomic.h>

#include "gateway/loop/inside.h"
#include "gateway/loop/loop.h"

static struct loop *ringing_loop(const struct loop *to)
{
	struct loop *from = loop_current();

	if (from == NULL || !from->is_running || from->ops != to->ops)
		return NULL;
	return from;
}

void loop_post(struct loop *to, struct loop_note *note)
{
	struct loop_note *latest = atomic_load(&to->mail);

	do
		note->next = latest;
	while (!atomic_compare_exchange_weak(&to->mail, &latest, note));
	if (latest == NULL && to != loop_current())
		to->ops->ring(to, ringing_loop(to));
}

void loop_mail_deliver(struct loop *loop)
{
	if (loop->ops->has_mail != NULL && !loop->ops->has_mail(loop))
		return;

	struct loop_note *note = atomic_exchange(&loop->mail, NULL);
	struct loop_note *first = NULL;

	while (note != NULL) {
		struct loop_note *next = note->next;

		note->next = first;
		first = note;
		note = next;
	}
	while (first != NULL) {
		struct loop_note *next = first->next;

		loop->counters.notes++;
		first->deliver(first);
		first = next;
	}
}
