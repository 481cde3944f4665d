/*
 * One question at a time:
 *
 *   asking worker                 the session's worker
 *   gw_ending_co_ask() ──note──>  ask_deliver() ──> co_end() ──┐
 *   (waits)                                                    │
 *   answer_deliver() <────────────────────note─────────────────┘
 *
 * The question belongs to whoever has its note. An asker that gives up says so
 * in it; it is freed when the answer is back, always on the asker's thread.
 */
#include "gateway/ending.h"

#include <stddef.h>
#include <stdio.h>
#include <stdlib.h>

#include "gateway/limits.h"
#include "gateway/server.h"
#include "gateway/worker.h"
#include "smb/smb.h"

/* Who waits, on its stack. */
struct asker {
	struct loop_waiter waiter;
	bool is_answered;
	bool was_ended;
};

struct ending {
	struct loop_note ask, answer;
	struct gw_worker *from, *to;
	uint64_t session_id;
	char user[256];
	bool was_ended;
	struct asker *asker; /* NULL: it has given up */
};

static void answer_deliver(struct loop_note *note)
{
	char *at = (char *)note - offsetof(struct ending, answer);
	struct ending *e = (struct ending *)(void *)at;

	if (e->asker) {
		e->asker->is_answered = true;
		e->asker->was_ended = e->was_ended;
		loop_wake(&e->asker->waiter, 0);
	}
	free(e);
}

static void answer_post(struct ending *e)
{
	e->answer.deliver = answer_deliver;
	loop_post(e->from->loop, &e->answer);
}

static void co_end(void *arg)
{
	struct ending *e = arg;

	e->was_ended = smb_engine_co_end_session(e->to->engine, e->session_id,
						 e->user);
	answer_post(e);
}

static void ask_deliver(struct loop_note *note)
{
	char *at = (char *)note - offsetof(struct ending, ask);
	struct ending *e = (struct ending *)(void *)at;

	if (!loop_spawn(co_end, e))
		answer_post(e);
}

bool gw_ending_co_ask(struct gw_worker *from, uint64_t session_id,
		      const char *user)
{
	unsigned int to = smb_session_id_worker(session_id);
	struct asker asker = { .is_answered = false };
	struct ending *e;

	if (to >= from->server->worker_count || from->is_stopping)
		return false;
	e = calloc(1, sizeof(*e));
	if (!e)
		return false;
	*e = (struct ending){ .from = from,
			      .to = &from->server->workers[to],
			      .session_id = session_id,
			      .asker = &asker };
	snprintf(e->user, sizeof(e->user), "%s", user);
	e->ask.deliver = ask_deliver;
	loop_post(e->to->loop, &e->ask);
	loop_co_wait(&asker.waiter, loop_now() + loop_ms(GW_ENDING_MS));
	/* Answered or not: it may have happened after the wait had ended. */
	if (!asker.is_answered)
		e->asker = NULL;
	return asker.is_answered && asker.was_ended;
}
