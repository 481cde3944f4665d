/*
 * A play in which things fail: calls, transfers, connections. Then nobody can
 * say what a request has done, so the tables follow the answers, and what is
 * checked is that all goes on, that each request is answered once, and that
 * nothing is left in the end.
 */
#include <string.h>

#include "tests/model/play_inside.h"

static uint8_t grant_of(const struct model_op *op)
{
	return op->wants == MODEL_WANTS_LEASE ? model_lease(op->actor, op->key)
					      : op->open;
}

static void adopt_create(struct model *m, const struct model_op *op)
{
	uint8_t grant = grant_of(op);

	m->opens[op->open] = (struct model_open){
		.is_used = true,
		.actor = op->actor,
		.access = op->access,
		.sharing = op->sharing,
		.grant = op->seen.grant ? grant : MODEL_NONE,
	};
	if (op->seen.grant)
		m->grants[grant].is_used = true;
}

static void adopt_answer(struct model *m, const struct model_op *op)
{
	if (op->kind == MODEL_CREATE && op->seen.status == 0)
		adopt_create(m, op);
	else if (op->kind == MODEL_CLOSE)
		m->opens[op->open].is_used = false;
	else if (op->kind == MODEL_ACK_OPLOCK)
		m->grants[op->open].is_breaking = false;
	else if (op->kind == MODEL_ACK_LEASE)
		m->grants[model_lease(op->actor, op->key)].is_breaking = false;
}

static void adopt_notice(struct model *m, const struct model_notice *notice)
{
	struct model_grant *g = &m->grants[notice->grant];

	g->is_breaking = notice->must_ack || !model_is_lease(notice->grant);
	g->offered = notice->to;
}

static void forget_actor(struct model *m, uint8_t actor)
{
	for (int i = 0; i < MODEL_OPENS; i++) {
		if (m->opens[i].is_used && m->opens[i].actor == actor)
			m->opens[i].is_used = false;
	}
	for (uint8_t i = 0; i < MODEL_KEYS; i++)
		m->grants[model_lease(actor, i)].is_breaking = false;
}

static void hang_up(struct play *p, uint8_t actor)
{
	actor_disconnect(&p->actors[actor], 0);
	for (int i = 0; i < MODEL_OPS; i++) {
		if (p->ops[i].actor == actor)
			p->ops[i].is_lost = true;
	}
}

const char *play_adopt(struct play *p)
{
	struct model *m = &p->now->at[0];

	for (uint8_t i = 0; i < MODEL_ACTORS; i++) {
		struct actor *a = &p->actors[i];

		if (a->is_up && !actor_take(a, p->ops, &p->seen))
			return "an answer to nothing";
		if (a->is_up && a->line->is_gone)
			hang_up(p, i);
	}
	for (size_t i = 0; i < p->seen.notice_count; i++)
		adopt_notice(m, &p->seen.notices[i]);
	for (int i = 0; i < MODEL_OPS; i++) {
		struct model_op *op = &p->ops[i];

		if (op->kind == MODEL_LAPSE)
			m->grants[op->target].is_breaking = false;
		if (op->seen.is_there)
			adopt_answer(m, op);
		m->states[i] = op->kind == MODEL_NOTHING ||
					       op->kind >= MODEL_CANCEL ||
					       op->is_lost || op->seen.is_there
				       ? MODEL_IS_OVER
				       : MODEL_IS_LOCKING;
	}
	for (uint8_t i = 0; i < MODEL_ACTORS; i++) {
		if (!p->actors[i].is_up)
			forget_actor(m, i);
	}
	return NULL;
}
