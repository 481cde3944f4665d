/*
 * Steps: mostly one request at a time, sometimes several at once; a connection
 * that is cut in the middle of things; or a wait until breaks have lapsed that
 * nobody acknowledged. And the checks after each.
 */
#include "tests/model/play.h"

#include <assert.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>

#include "gateway/fsa/fsa.h"
#include "smb/limits.h"
#include "tests/model/play_inside.h"

enum {
	/* Breaks that are not answered by then end their time as a step. */
	PATIENCE_MS = 20 * 1000,
	TRIES_MAX = 1000,
};

/* ---- a step ---- */

static uint8_t free_op(const struct play *p)
{
	for (uint8_t i = 0; i < MODEL_OPS; i++) {
		if (p->ops[i].kind == MODEL_NOTHING)
			return i;
	}
	return MODEL_NONE;
}

static uint8_t begin_op(struct play *p, const struct model_op *op)
{
	uint8_t index = free_op(p);

	assert(index != MODEL_NONE);
	p->ops[index] = *op;
	for (size_t i = 0; i < p->now->count; i++)
		p->now->at[i].states[index] = MODEL_IS_NEW;
	return index;
}

static void tell_op(const struct play *p, uint8_t index, const char *what)
{
	const struct model_op *op = &p->ops[index];

	printf("#   %s %2u %s -> %s %08x caching=%u length=%u\n", what, index,
	       model_show(op), op->seen.is_there ? "" : "none", op->seen.status,
	       op->seen.caching, op->seen.length);
}

static void cut(struct play *p, uint8_t actor)
{
	struct actor *a = &p->actors[actor];

	for (size_t i = draw(p, 40); i > 0; i--)
		scene_step(&p->scene);
	actor_disconnect(a, draw(p, 2) ? SIZE_MAX : draw(p, 200));
	for (int i = 0; i < MODEL_OPS; i++) {
		if (p->ops[i].actor == actor && p->ops[i].kind != MODEL_LAPSE)
			p->ops[i].is_lost = true;
	}
	p->result.cuts++;
}

static void send_one(struct play *p, uint8_t index)
{
	const struct model_op *op = &p->ops[index];

	p->result.requests++;
	if (op->kind == MODEL_GONE)
		p->is_cutting[op->actor] = true;
	else
		actor_send(&p->actors[op->actor], p->ops, index);
}

static void send_burst(struct play *p)
{
	static const uint8_t sizes[] = { 1, 1, 1, 1, 1, 1, 2, 2, 3, 4 };
	size_t count = sizes[draw(p, sizeof(sizes))];

	p->has_data_op = false;
	memset(p->has_acked, 0, sizeof(p->has_acked));
	/* Who hangs up does nothing else: at last nobody may be left. */
	for (int tries = 0; count > 0 && tries < TRIES_MAX; tries++) {
		struct model_op op;

		if (!play_choose(p, &op))
			continue;
		send_one(p, begin_op(p, &op));
		count--;
	}
	for (uint8_t i = 0; i < MODEL_ACTORS; i++) {
		if (p->is_cutting[i])
			cut(p, i);
		p->is_cutting[i] = false;
	}
}

/* ---- the time to acknowledge ---- */

static uint8_t owes_longest(const struct play *p)
{
	uint8_t longest = MODEL_NONE;

	for (uint8_t i = 0; i < MODEL_GRANTS; i++) {
		if (p->told[i].is_owed &&
		    (longest == MODEL_NONE ||
		     p->told[i].from_ns < p->told[longest].from_ns))
			longest = i;
	}
	return longest;
}

/* Waits until some breaks have lapsed, and others certainly have not. */
static void let_lapse(struct play *p)
{
	uint64_t end = p->told[owes_longest(p)].to_ns;
	bool has_grown;

	do {
		has_grown = false;
		for (int i = 0; i < MODEL_GRANTS; i++) {
			const struct told *t = &p->told[i];

			if (t->is_owed && t->from_ns <= end + loop_ms(300) &&
			    t->to_ns > end) {
				end = t->to_ns;
				has_grown = true;
			}
		}
	} while (has_grown);
	for (uint8_t i = 0; i < MODEL_GRANTS; i++) {
		struct model_op op = { .kind = MODEL_LAPSE,
				       .actor = MODEL_NONE,
				       .target = i };

		if (p->told[i].is_owed && p->told[i].to_ns <= end)
			begin_op(p, &op);
	}
	end += loop_ms(SMB_BREAK_TIME_MS + 1);
	if (end > p->scene.sim.now_ns)
		scene_wait(&p->scene,
			   (end - p->scene.sim.now_ns) / loop_ms(1) + 1);
}

/* Notices that were seen, and grants that owe nothing any more. */
static void keep_time(struct play *p)
{
	for (size_t i = 0; i < p->seen.notice_count; i++)
		p->told[p->seen.notices[i].grant] = (struct told){
			.is_owed = true,
			.from_ns = p->step_began_ns,
			.to_ns = p->scene.sim.now_ns,
		};
	for (int i = 0; i < MODEL_GRANTS; i++) {
		bool is_owed = false;

		for (size_t k = 0; k < p->now->count; k++)
			is_owed |= p->now->at[k].grants[i].is_breaking;
		p->told[i].is_owed &= is_owed;
	}
}

/* ---- checks ---- */

static void tell_failure(const struct play *p, const char *why)
{
	printf("# seed %llu, step %llu: %s\n",
	       (unsigned long long)p->options->seed,
	       (unsigned long long)p->result.steps, why);
	for (uint8_t i = 0; i < MODEL_OPS; i++) {
		if (p->ops[i].kind == MODEL_NOTHING)
			continue;
		tell_op(p, i,
			guess(p)->states[i] == MODEL_IS_NEW ? "new " : "old ");
	}
	for (size_t i = 0; i < p->seen.notice_count; i++) {
		const struct model_notice *n = &p->seen.notices[i];

		printf("#   notice grant=%u %u -> %u ack=%d\n", n->grant,
		       n->from, n->to, n->must_ack);
	}
	struct smb_engine_counts counts = scene_counts(&p->scene);

	printf("#   %u opens, %zu nodes, %u sessions, %zu fibers\n",
	       counts.opens, fsa_node_count(p->scene.fsa), counts.sessions,
	       scene_fibers(&p->scene));
	model_print(guess(p));
}

/* A request that waits beyond the step was told to be waiting. */
static bool all_waits_are_announced(const struct play *p)
{
	for (int i = 0; i < MODEL_OPS; i++) {
		const struct model_op *op = &p->ops[i];

		if (op->kind == MODEL_NOTHING || op->kind >= MODEL_CANCEL ||
		    op->is_lost || op->seen.is_there)
			continue;
		if (!p->actors[op->actor].requests[i].async_id)
			return false;
	}
	return true;
}

static size_t node_count(const struct model *m)
{
	bool is_open[MODEL_FILES] = { false };
	size_t count = 0;

	for (int i = 0; i < MODEL_OPENS; i++) {
		if (m->opens[i].is_used)
			is_open[m->opens[i].file] = true;
	}
	for (int i = 0; i < MODEL_OPS; i++) {
		if (m->op_files[i] != MODEL_NONE)
			is_open[m->op_files[i]] = true;
	}
	for (int i = 0; i < MODEL_FILES; i++)
		count += is_open[i];
	return count;
}

/* What the server holds is what it has to; states in which not are wrong. */
static bool holds_what_it_should(struct play *p)
{
	struct smb_engine_counts counts = scene_counts(&p->scene);
	size_t nodes = fsa_node_count(p->scene.fsa);
	size_t up = 0, waiting = 0, kept = 0;

	for (int i = 0; i < MODEL_ACTORS; i++)
		up += p->actors[i].is_up;
	for (int i = 0; i < MODEL_OPS; i++)
		waiting += guess(p)->states[i] != MODEL_IS_OVER;
	for (size_t i = 0; i < p->now->count; i++) {
		const struct model *m = &p->now->at[i];

		if (open_count(m) == counts.opens && node_count(m) == nodes)
			p->now->at[kept++] = *m;
	}
	if (kept)
		p->now->count = kept;
	return kept && counts.channels == up && counts.sessions == up &&
	       scene_fibers(&p->scene) == 2 * up + waiting;
}

static const char *check(struct play *p)
{
	struct explain_states *next = p->next;

	for (int i = 0; i < MODEL_ACTORS; i++) {
		struct actor *a = &p->actors[i];

		if (a->is_up &&
		    (!actor_take(a, p->ops, &p->seen) || a->line->is_gone))
			return "an answer to nothing, or a lost connection";
	}
	if (!all_waits_are_announced(p))
		return "a request is neither answered nor announced";
	explain(p->now, p->ops, &p->seen, next, false);
	if (!next->count) {
		p->now->count = 1;
		explain(p->now, p->ops, &p->seen, next, true);
		return next->is_cut ? "no explanation among those that there "
				      "was room for"
				    : "what was seen can't be explained";
	}
	p->next = p->now;
	p->now = next;
	if (!holds_what_it_should(p))
		return "opens, nodes, sessions or fibers are left, or lost";
	return NULL;
}

static void end_step(struct play *p)
{
	keep_time(p);
	if (p->now->count > p->result.states_max)
		p->result.states_max = p->now->count;
	p->result.breaks += p->seen.notice_count;
	p->seen.notice_count = 0;
	for (uint8_t i = 0; i < MODEL_OPS; i++) {
		if (p->ops[i].kind == MODEL_NOTHING)
			continue;
		loop_sim_note(&p->scene.sim, p->ops[i].seen.status);
		if (guess(p)->states[i] == MODEL_IS_OVER)
			p->ops[i] = (struct model_op){ .kind = MODEL_NOTHING };
		else
			p->result.waits++;
	}
}

static void tell_step(const struct play *p)
{
	printf("# step %llu at %llu us, %zu states, trace %016llx\n",
	       (unsigned long long)p->result.steps,
	       (unsigned long long)p->scene.sim.now_ns / 1000, p->now->count,
	       (unsigned long long)p->scene.sim.trace);
	for (uint8_t i = 0; i < MODEL_OPS; i++) {
		if (p->ops[i].kind != MODEL_NOTHING)
			tell_op(p, i, "");
	}
	for (size_t i = 0; i < p->seen.notice_count; i++)
		printf("#   notice grant=%u %u -> %u\n",
		       p->seen.notices[i].grant, p->seen.notices[i].from,
		       p->seen.notices[i].to);
	model_print(guess(p));
}

static void connect_actor(struct play *p, struct actor *a)
{
	bool is_up = actor_connect(a);

	assert(is_up || p->options->has_faults);
	if (!is_up)
		actor_disconnect(a, 0);
}

/* Somebody who had hung up comes back: true if that was the step. */
static bool come_back(struct play *p)
{
	for (int i = 0; i < MODEL_ACTORS; i++) {
		if (!p->actors[i].is_up && draw(p, 4) == 0) {
			connect_actor(p, &p->actors[i]);
			return true;
		}
	}
	return false;
}

static bool anybody_is_up(const struct play *p)
{
	for (int i = 0; i < MODEL_ACTORS; i++) {
		if (p->actors[i].is_up)
			return true;
	}
	return false;
}

static bool step(struct play *p)
{
	uint8_t longest = owes_longest(p);
	const char *why;

	p->step_began_ns = p->scene.sim.now_ns;
	if (longest != MODEL_NONE &&
	    (draw(p, 200) == 0 ||
	     p->told[longest].from_ns + loop_ms(PATIENCE_MS) <
		     p->scene.sim.now_ns))
		let_lapse(p);
	else if (come_back(p) || !anybody_is_up(p))
		return true;
	else
		send_burst(p);
	scene_settle(&p->scene);
	why = p->options->has_faults ? play_adopt(p) : check(p);
	if (p->options->is_verbose)
		tell_step(p);
	if (why) {
		tell_failure(p, why);
		return false;
	}
	end_step(p);
	return true;
}

/* ---- the whole ---- */

static void begin(struct play *p)
{
	struct loop_sim_options options = {
		.seed = p->options->seed,
		/* Linux moves the few bytes of such a file in one piece: who
		   reads sees a write whole, or nothing of it. */
		.short_ppm = { [LOOP_SIM_SOCKETS] = 100000 },
		.interrupt_ppm = 20000,
		.inline_ppm = 200000,
		.starve_ppm = 20000,
		.late_mail_ppm = 300000,
		.hang_ppm = 2000,
		.hang_ns = loop_ms(50),
		.delay_ns = 60000,
	};

	if (p->options->has_faults) {
		options.error_ppm[LOOP_SIM_NAMES] = 20000;
		options.short_ppm[LOOP_SIM_DATA] = 100000;
		options.error_ppm[LOOP_SIM_DATA] = 30000;
		options.error_ppm[LOOP_SIM_CALLS] = 20000;
		options.error_ppm[LOOP_SIM_SOCKETS] = 1000;
	}
	scene_init(&p->scene, &options, p->options->workers);
	p->now = calloc(1, sizeof(*p->now));
	p->next = calloc(1, sizeof(*p->next));
	assert(p->now);
	assert(p->next);
	model_init(&p->now->at[0]);
	p->now->count = 1;
	for (uint8_t i = 0; i < MODEL_ACTORS; i++) {
		p->actors[i] = (struct actor){ .index = i,
					       .scene = &p->scene,
					       .line = &p->scene.lines[i] };
		connect_actor(p, &p->actors[i]);
	}
}

static void finish(struct play *p)
{
	for (int i = 0; i < MODEL_ACTORS; i++) {
		if (p->actors[i].is_up)
			actor_disconnect(&p->actors[i], 0);
	}
	if (p->result.is_good)
		scene_fini(&p->scene);
	p->result.events = p->scene.sim.steps;
	p->result.faults = p->scene.sim.errors;
	p->result.trace = p->scene.sim.trace;
	free(p->now);
	free(p->next);
}

struct play_result play(const struct play_options *options)
{
	struct play *p = calloc(1, sizeof(*p));
	struct play_result result;

	assert(p);
	p->options = options;
	begin(p);
	p->result.is_good = true;
	while (p->result.is_good && p->result.steps < options->steps) {
		p->result.steps++;
		p->result.is_good = step(p);
	}
	finish(p);
	result = p->result;
	free(p);
	return result;
}
