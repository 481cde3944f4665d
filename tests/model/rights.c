/*
 * The model's rights to cache: who loses what, who may have what, and what
 * holders answer. Sections are of MS-FSA unless they say otherwise.
 */
#include "tests/model/inside.h"

#include <assert.h>
#include <string.h>

/* ---- rights to cache: 2.1.5.18, 2.1.5.19 ---- */

static uint8_t taken(const struct model *m, uint8_t index, enum event event)
{
	const struct model_grant *g = &m->grants[index];
	uint8_t both = model_is_lease(index) ? 0 : MODEL_W;

	switch (event) {
	case EVENT_SHARE:
	case EVENT_NAME:
		return g->caching & MODEL_H ? MODEL_H | both : 0;
	case EVENT_OPEN:
		return !(g->caching & MODEL_W) ? 0
		       : model_is_lease(index) ? MODEL_W
					       : MODEL_W | MODEL_H;
	case EVENT_OPEN_TO_DELETE:
		return MODEL_H | MODEL_W;
	default:
		return MODEL_R | MODEL_H | MODEL_W;
	}
}

static void tell(struct model *m, uint8_t index, uint8_t from, uint8_t to,
		 bool must_ack)
{
	assert(m->notice_count < MODEL_NOTICES);
	m->notices[m->notice_count++] = (struct model_notice){
		.grant = index,
		.from = from,
		.to = to,
		.must_ack = must_ack,
	};
}

/* MS-SMB2 3.3.4.7: what keeps writes or handles must be acknowledged. */
static void begin_break(struct model *m, uint8_t index, uint8_t to)
{
	struct model_grant *g = &m->grants[index];
	bool must_ack = g->caching & (MODEL_W | MODEL_H);

	tell(m, index, g->caching, to, must_ack);
	g->is_breaking = must_ack;
	g->offered = to;
	if (!must_ack)
		g->caching = to;
}

/* Whether the event has to wait for it. */
bool model_break_grant(struct model *m, uint8_t index, enum event event,
		       bool is_own)
{
	static const uint8_t delaying[] = {
		[EVENT_SHARE] = MODEL_H,
		[EVENT_OPEN] = MODEL_W,
		[EVENT_OPEN_TO_DELETE] = MODEL_H | MODEL_W,
		[EVENT_OVERWRITE] = MODEL_W,
		[EVENT_WRITE] = MODEL_W,
		[EVENT_NAME] = MODEL_H,
	};
	struct model_grant *g = &m->grants[index];
	uint8_t takes = taken(m, index, event) &
			(g->caching | MODEL_R | MODEL_H | MODEL_W);

	if (is_own) {
		bool is_two = !model_is_lease(index) && g->caching == MODEL_R;

		takes = event == EVENT_WRITE && is_two ? MODEL_R : 0;
	}
	if (!takes)
		return false;
	if (g->is_breaking) {
		g->final &= (uint8_t)~takes;
	} else if (g->caching & takes) {
		g->final = g->caching & (uint8_t)~takes;
		begin_break(m, index, g->final);
	}
	return !is_own && g->is_breaking && g->caching & delaying[event];
}

bool model_break_all(struct model *m, uint8_t file, uint8_t own,
		     enum event event)
{
	bool must_wait = false;

	for (uint8_t i = 0; i < MODEL_GRANTS; i++) {
		if (m->grants[i].is_used && m->grants[i].file == file)
			must_wait |= model_break_grant(m, i, event, i == own);
	}
	return must_wait;
}

static bool is_valid(uint8_t caching)
{
	return caching & MODEL_R;
}

/* Others have been told already of what somebody else is about to write. */
static bool is_changed_by_others(const struct run *r, uint8_t file, uint8_t own)
{
	for (int i = 0; i < MODEL_OPS; i++) {
		const struct model_open *o = &r->m->opens[r->ops[i].open];

		if (r->m->states[i] == MODEL_IS_CHANGING && o->is_used &&
		    o->file == file &&
		    (o->grant == MODEL_NONE || o->grant != own))
			return true;
	}
	return false;
}

/* What is to be had beside the others. */
static uint8_t grantable(const struct run *r, uint8_t file, uint8_t own,
			 uint8_t wanted)
{
	const struct model *m = r->m;
	bool is_lease = model_is_lease(own);
	uint8_t granted = is_valid(wanted) ? wanted : 0;

	if (is_changed_by_others(r, file, own))
		return 0;
	for (uint8_t i = 0; i < MODEL_OPENS; i++) {
		const struct model_open *o = &m->opens[i];
		uint8_t caching;

		if (!o->is_used || o->file != file || o->grant == own)
			continue;
		caching = o->grant == MODEL_NONE ? 0
						 : m->grants[o->grant].caching;
		if (caching & MODEL_W)
			return 0;
		if (!is_lease && caching & MODEL_H && model_is_lease(o->grant))
			return 0;
		if (caching || o->access)
			granted &= is_lease ? MODEL_R | MODEL_H : MODEL_R;
		if (caching && !model_is_lease(o->grant))
			granted &= MODEL_R | MODEL_W;
	}
	return granted;
}

/* The open is in no table yet. */
void model_take_grant(struct run *r, struct model_open *o)
{
	const struct model_op *op = r->op;
	struct model *m = r->m;
	uint8_t index = op->wants == MODEL_WANTS_LEASE
				? model_lease(op->actor, op->key)
				: op->open;
	struct model_grant *g = &m->grants[index];
	uint8_t granted = grantable(r, o->file, index, op->caching);

	if (g->is_used) {
		g->opens++;
		o->grant = index;
		/* More of it, all that is asked for, or nothing. */
		if (!g->is_breaking && granted == op->caching &&
		    !(g->caching & ~granted))
			g->caching = granted;
		return;
	}
	if (!granted && op->wants == MODEL_WANTS_OPLOCK)
		return;
	*g = (struct model_grant){
		.is_used = true,
		.file = o->file,
		.caching = granted,
		.opens = 1,
	};
	o->grant = index;
}

/* True if the grant has ended with it. */
bool model_leave_grant(struct model *m, struct model_open *o)
{
	struct model_grant *g;

	if (o->grant == MODEL_NONE)
		return false;
	g = &m->grants[o->grant];
	if (--g->opens > 0)
		return false;
	memset(g, 0, sizeof(*g));
	for (int i = 0; i < m->notice_count; i++) {
		if (m->notices[i].grant == o->grant)
			m->notices[i].is_gone = true;
	}
	return true;
}

/* ---- acknowledgements: MS-SMB2 3.3.5.22 ---- */

static void lapse(struct run *r, struct model_grant *g)
{
	g->caching = 0;
	g->is_breaking = false;
	g->offered = g->final = 0;
	model_wake(r, g->file, false);
}

static void acknowledge(struct run *r, uint8_t index, uint8_t caching)
{
	struct model *m = r->m;
	struct model_grant *g = &m->grants[index];

	g->caching = is_valid(caching) ? caching : 0;
	g->is_breaking = false;
	if (g->caching & ~g->final) {
		/* First writes and handles go, then the rest. */
		uint8_t to = g->final;

		if (g->caching & (MODEL_W | MODEL_H))
			to |= g->caching & MODEL_R;
		begin_break(m, index, to);
		if (g->is_breaking)
			return;
	}
	g->offered = g->final = 0;
	model_wake(r, g->file, false);
}

bool model_run_ack_lease(struct run *r)
{
	uint8_t index = model_lease(r->op->actor, r->op->key);
	struct model_grant *g = &r->m->grants[index];

	if (!g->is_used)
		return model_end(r, NT_STATUS_OBJECT_NAME_NOT_FOUND);
	if (!g->is_breaking)
		return model_end(r, NT_STATUS_UNSUCCESSFUL);
	if (r->op->caching & ~g->offered)
		return model_end(r, NT_STATUS_REQUEST_NOT_ACCEPTED);
	acknowledge(r, index, r->op->caching);
	return model_end(r, NT_STATUS_SUCCESS);
}

bool model_run_ack_oplock(struct run *r)
{
	uint8_t index = r->op->open;
	struct model_grant *g = &r->m->grants[index];

	if (r->m->opens[index].grant != index)
		return model_end(r, NT_STATUS_INVALID_OPLOCK_PROTOCOL);
	/* Or INVALID_DEVICE_STATE, while it does not know of the next step. */
	if (!g->is_breaking)
		return model_end(r, NT_STATUS_INVALID_OPLOCK_PROTOCOL);
	if (r->op->caching & ~g->offered) {
		lapse(r, g);
		return model_end(r, NT_STATUS_INVALID_OPLOCK_PROTOCOL);
	}
	acknowledge(r, index, r->op->caching);
	return model_end(r, NT_STATUS_SUCCESS);
}

bool model_run_lapse(struct run *r)
{
	struct model_grant *g = &r->m->grants[r->op->target];

	if (g->is_used && g->is_breaking)
		lapse(r, g);
	return model_end(r, NT_STATUS_SUCCESS);
}
