/*
 * Visits between workers:
 *
 *   caller                       the other worker
 *   gw_visit_co_make() ──note "go"──> go_deliver() ──> co_run() ──┐
 *   (waits)                                                  │
 *   back_deliver() <───────────────note "back"───────────────┘
 *
 * The visit lies on the caller's stack and belongs to whoever has its note. A
 * worker does not end while it is visited (gw_worker_let_in()), so that each
 * note arrives.
 */
#include "gateway/visit.h"

#include <stddef.h>

#include "gateway/server.h"
#include "gateway/worker.h"

struct visit {
	struct loop_note go, back;
	struct gw_worker *from, *to;
	void (*co_fn)(struct smb_engine *engine, void *arg);
	void *arg;
	bool has_run;
	bool is_back;
	struct loop_waiter waiter;
};

static void back_deliver(struct loop_note *note)
{
	char *at = (char *)note - offsetof(struct visit, back);
	struct visit *v = (struct visit *)(void *)at;

	v->is_back = true;
	loop_wake(&v->waiter, 0);
}

static void go_back(struct visit *v)
{
	struct gw_worker *here = v->to;

	v->back.deliver = back_deliver;
	loop_post(v->from->loop, &v->back);
	gw_worker_let_out(here);
}

static void co_run(void *arg)
{
	struct visit *v = arg;

	v->co_fn(v->to->engine, v->arg);
	v->has_run = true;
	go_back(v);
}

static void go_deliver(struct loop_note *note)
{
	char *at = (char *)note - offsetof(struct visit, go);
	struct visit *v = (struct visit *)(void *)at;

	if (!loop_spawn(co_run, v))
		go_back(v);
}

bool gw_visit_co_make(struct gw_worker *from, unsigned int worker,
		 void (*co_fn)(struct smb_engine *engine, void *arg), void *arg)
{
	struct visit v = { .from = from, .co_fn = co_fn, .arg = arg };

	if (worker >= from->server->worker_count)
		return false;
	v.to = &from->server->workers[worker];
	if (v.to == from) {
		co_fn(from->engine, arg);
		return true;
	}
	if (!gw_worker_let_in(v.to))
		return false;
	v.go.deliver = go_deliver;
	loop_post(v.to->loop, &v.go);
	/* A request that is cancelled has to see it through. */
	while (!v.is_back)
		loop_co_wait(&v.waiter, LOOP_FOREVER);
	return v.has_run;
}
