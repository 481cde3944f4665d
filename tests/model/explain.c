/*
 * A search, depth first: whoever can move does, and a way that contradicts what
 * was seen is left. What leads to a place that was visited is left as well.
 */
#include "tests/model/explain.h"

#include <stdio.h>
#include <string.h>

#include "smb/status.h"

enum {
	VISITED = 1 << 23, /* at most; a small part is enough as a rule */
	VISITED_FIRST = 1 << 14,
	KEPT = EXPLAIN_STATES_MAX * 2,
};

struct search {
	const struct model_op *ops;
	const struct explain_seen *seen;
	struct explain_states *after;
	bool is_loud;
	/* Of the run at hand; of requests that it ends, the status alone. */
	struct model_answer answers[MODEL_OPS];
	uint64_t visited[VISITED];  /* hashes */
	uint32_t searches[VISITED]; /* in which each was visited */
	uint32_t search;
	size_t visited_count, visited_size; /* of that, in use: a power of 2 */
	uint32_t kept[KEPT];          /* where in `after`, by their hashes */
	uint32_t kept_searches[KEPT]; /* in which each was kept */
};

/* A place in the search: the tables, and the notices that are explained. */
struct place {
	_Alignas(8) struct model m;
	uint64_t used; /* bits of seen->notices */
};

static uint64_t mix(uint64_t h, const uint8_t *bytes)
{
	uint64_t word;

	memcpy(&word, bytes, sizeof(word));
	h = (h ^ word) * 0x9e3779b97f4a7c15u;
	return h ^ h >> 29;
}

/* Of whole words; four at a time, for the processor's multipliers. */
static uint64_t hash(const void *data, size_t size)
{
	const uint8_t *bytes = data;
	uint64_t a = 1, b = 2, c = 3, d = 4;
	size_t i = 0;

	for (; i + 32 <= size; i += 32) {
		a = mix(a, bytes + i);
		b = mix(b, bytes + i + 8);
		c = mix(c, bytes + i + 16);
		d = mix(d, bytes + i + 24);
	}
	for (; i + 8 <= size; i += 8)
		a = mix(a, bytes + i);
	a = mix(a, (const uint8_t *)&b);
	a = mix(a, (const uint8_t *)&c);
	return mix(a, (const uint8_t *)&d);
}

/* True if it is new. */
static bool visit(struct search *s, const struct place *p)
{
	uint64_t h = hash(p, sizeof(*p));
	size_t mask = s->visited_size - 1, at = h & mask;

	while (s->searches[at] == s->search && s->visited[at] != h)
		at = (at + 1) & mask;
	if (s->searches[at] == s->search)
		return false;
	if (s->visited_count >= s->visited_size - s->visited_size / 8) {
		s->after->is_cut = true;
		return false;
	}
	s->visited[at] = h;
	s->searches[at] = s->search;
	s->visited_count++;
	return true;
}

/* ---- answers ---- */

static bool has_answer(const struct model_op *op)
{
	return op->kind != MODEL_CANCEL && op->kind != MODEL_LAPSE &&
	       op->kind != MODEL_GONE && !op->is_lost;
}

static bool is_same_status(const struct model_op *op, uint32_t status)
{
	/* The holder may not have been told of the next step of its break. */
	if (op->kind == MODEL_ACK_OPLOCK &&
	    op->seen.status == (uint32_t)NT_STATUS_INVALID_DEVICE_STATE)
		return status == (uint32_t)NT_STATUS_INVALID_OPLOCK_PROTOCOL;
	/* Or while the lease's last open is being closed. */
	if (op->kind == MODEL_ACK_LEASE &&
	    op->seen.status == (uint32_t)NT_STATUS_UNSUCCESSFUL &&
	    status == (uint32_t)NT_STATUS_OBJECT_NAME_NOT_FOUND)
		return true;
	return op->seen.status == status;
}

static bool is_as_seen(const struct model_op *op,
		       const struct model_answer *answer)
{
	const struct model_answer *seen = &op->seen;

	if (!has_answer(op))
		return true;
	if (!seen->is_there || !is_same_status(op, answer->status))
		return false;
	if (seen->status)
		return true;
	if (op->kind == MODEL_CREATE)
		return seen->grant == answer->grant &&
		       seen->caching == answer->caching;
	if (op->kind == MODEL_READ_DATA)
		return seen->length == answer->length &&
		       memcmp(seen->bytes, answer->bytes, seen->length) == 0;
	return true;
}

static bool answers_are_as_seen(const struct search *s,
				const struct model *before,
				const struct model *after,
				const struct model_answer *answers)
{
	for (int i = 0; i < MODEL_OPS; i++) {
		if (before->states[i] == MODEL_IS_OVER ||
		    after->states[i] != MODEL_IS_OVER ||
		    is_as_seen(&s->ops[i], &answers[i]))
			continue;
		if (s->is_loud)
			printf("#     %d would have %08x grant=%d caching=%u "
			       "length=%u\n",
			       i, answers[i].status, answers[i].grant,
			       answers[i].caching, answers[i].length);
		return false;
	}
	return true;
}

/* ---- notices ---- */

/* An oplock's notice tells the new level alone. */
static bool is_same_notice(const struct model_notice *seen,
			   const struct model_notice *sent)
{
	if (seen->to != sent->to)
		return false;
	return !model_is_lease(sent->grant) ||
	       (seen->from == sent->from && seen->must_ack == sent->must_ack);
}

/* The first of a grant that is unexplained is the one, or none is. */
static bool find_notice(const struct search *s, struct place *p,
			const struct model_notice *sent)
{
	for (size_t i = 0; i < s->seen->notice_count; i++) {
		const struct model_notice *seen = &s->seen->notices[i];

		if (p->used & 1ull << i || seen->grant != sent->grant)
			continue;
		if (!is_same_notice(seen, sent))
			return false;
		p->used |= 1ull << i;
		return true;
	}
	return false;
}

static void match_notices(const struct search *s, struct place *p)
{
	uint8_t kept = 0;

	for (uint8_t i = 0; i < p->m.notice_count; i++) {
		struct model_notice sent = p->m.notices[i];

		if (!find_notice(s, p, &sent))
			p->m.notices[kept++] = sent;
	}
	memset(&p->m.notices[kept], 0,
	       (size_t)(MODEL_NOTICES - kept) * sizeof(p->m.notices[0]));
	p->m.notice_count = kept;
}

/* ---- the search ---- */

static bool all_is_seen(const struct search *s, const struct place *p)
{
	for (int i = 0; i < p->m.notice_count; i++) {
		if (!p->m.notices[i].is_gone)
			return false;
	}
	return p->used == (1ull << s->seen->notice_count) - 1;
}

/* Whatever has not ended has no answer, and nothing to look at. */
static bool is_at_rest(const struct search *s, const struct place *p)
{
	for (uint8_t i = 0; i < MODEL_OPS; i++) {
		const struct model_op *op = &s->ops[i];
		uint8_t state = p->m.states[i];

		if (state == MODEL_IS_OVER)
			continue;
		if (state == MODEL_IS_NEW || state == MODEL_IS_ADMITTED ||
		    state == MODEL_IS_READY || state == MODEL_IS_CHECKED ||
		    state == MODEL_IS_CHANGING || state == MODEL_IS_CLOSING ||
		    state == MODEL_IS_DELETING || state == MODEL_IS_LEAVING ||
		    !has_answer(op) || op->seen.is_there || p->m.is_woken[i])
			return false;
	}
	return true;
}

static void tell_rest(const struct search *s, const struct place *p)
{
	for (int i = 0; i < p->m.notice_count; i++)
		printf("#     not seen: grant=%u %u -> %u gone=%d\n",
		       p->m.notices[i].grant, p->m.notices[i].from,
		       p->m.notices[i].to, p->m.notices[i].is_gone);
	for (size_t i = 0; i < s->seen->notice_count; i++) {
		if (!(p->used & 1ull << i))
			printf("#     not explained: notice %zu\n", i);
	}
	for (int i = 0; i < MODEL_OPS; i++) {
		if (p->m.states[i] != MODEL_IS_OVER)
			printf("#     %d is in state %u, woken=%d\n", i,
			       p->m.states[i], p->m.is_woken[i]);
	}
}

static void keep(struct search *s, const struct place *p)
{
	struct explain_states *after = s->after;
	struct place kept = *p;
	const struct model *m = &kept.m;
	size_t at;

	memset(kept.m.notices, 0, sizeof(kept.m.notices));
	kept.m.notice_count = 0;
	kept.used = 0;
	at = hash(&kept, sizeof(kept)) % KEPT;
	while (s->kept_searches[at] == s->search &&
	       memcmp(&after->at[s->kept[at]], m, sizeof(*m)) != 0)
		at = (at + 1) % KEPT;
	if (s->kept_searches[at] == s->search)
		return;
	if (after->count == EXPLAIN_STATES_MAX) {
		after->is_cut = true;
		return;
	}
	s->kept[at] = (uint32_t)after->count;
	s->kept_searches[at] = s->search;
	after->at[after->count++] = *m;
}

static void go_on(struct search *s, const struct place *from)
{
	if (!visit(s, from))
		return;
	if (all_is_seen(s, from) && is_at_rest(s, from))
		keep(s, from);
	else if (s->is_loud)
		tell_rest(s, from);
	for (uint8_t i = 0; i < MODEL_OPS; i++) {
		struct place to;

		if (from->m.states[i] == MODEL_IS_OVER)
			continue;
		to = *from;
		s->answers[i] = (struct model_answer){ 0 };
		if (s->is_loud)
			printf("#     runs %d\n", i);
		if (!model_run(&to.m, s->ops, i, s->answers) ||
		    !answers_are_as_seen(s, &from->m, &to.m, s->answers))
			continue;
		match_notices(s, &to);
		go_on(s, &to);
	}
}

static void search_from(struct search *s, const struct explain_states *before)
{
	s->visited_count = 0;
	s->search++;
	s->after->count = 0;
	s->after->is_cut = false;
	for (size_t i = 0; i < before->count; i++) {
		struct place start;

		memset(&start, 0, sizeof(start));
		start.m = before->at[i];
		go_on(s, &start);
	}
}

void explain(const struct explain_states *before, const struct model_op *ops,
	     const struct explain_seen *seen, struct explain_states *ret_after,
	     bool is_loud)
{
	static struct search s;

	s.is_loud = is_loud;
	s.ops = ops;
	s.seen = seen;
	s.after = ret_after;
	/* What is small stays in the processor's cache. */
	for (s.visited_size = VISITED_FIRST; s.visited_size <= VISITED;
	     s.visited_size *= 8) {
		search_from(&s, before);
		if (!ret_after->is_cut)
			break;
	}
	ret_after->is_cut |= before->is_cut;
}
