/*
 * What actors do next: mostly what makes sense, seldom what is refused at once.
 * Names, ranges and lease keys are few, so that everybody is in the way of
 * everybody.
 */
#include <string.h>

#include "tests/model/play_inside.h"

enum {
	OPENS_WANTED = 10, /* more are opened below, more closed above */
	WAITS_WANTED = 6,  /* the orders in which they may end are many */
};

/* ---- places ---- */

static bool op_uses_open(const struct play *p, uint8_t open)
{
	for (int i = 0; i < MODEL_OPS; i++) {
		if (p->ops[i].kind == MODEL_CREATE && p->ops[i].open == open)
			return true;
	}
	return false;
}

static uint8_t free_open(const struct play *p)
{
	for (uint8_t i = 0; i < MODEL_OPENS; i++) {
		bool is_free = !op_uses_open(p, i);

		for (size_t k = 0; k < p->now->count && is_free; k++)
			is_free = !p->now->at[k].opens[i].is_used;
		if (is_free)
			return i;
	}
	return MODEL_NONE;
}

static bool model_uses_file(const struct model *m, uint8_t file)
{
	if (m->files[file].is_used)
		return true;
	return memchr(m->op_files, file, sizeof(m->op_files)) != NULL;
}

static uint8_t free_file(const struct play *p)
{
	for (uint8_t i = 0; i < MODEL_FILES; i++) {
		bool is_free = true;

		for (int k = 0; k < MODEL_OPS; k++)
			is_free &= p->ops[k].kind != MODEL_CREATE ||
				   p->ops[k].file != i;
		for (size_t k = 0; k < p->now->count && is_free; k++)
			is_free = !model_uses_file(&p->now->at[k], i);
		if (is_free)
			return i;
	}
	return MODEL_NONE;
}

/* One of the actor's opens; MODEL_NONE if it has none. */
static uint8_t some_open(struct play *p, uint8_t actor)
{
	uint8_t opens[MODEL_OPENS];
	size_t count = 0;

	for (uint8_t i = 0; i < MODEL_OPENS; i++) {
		const struct model_open *o = &guess(p)->opens[i];

		if (o->is_used && o->actor == actor)
			opens[count++] = i;
	}
	return count ? opens[draw(p, count)] : MODEL_NONE;
}

/* ---- choosing ---- */

/* Ranges are few and near each other, so that they meet. */
static void choose_range(struct play *p, struct model_op *op)
{
	op->offset = (uint8_t)(4 * draw(p, 8));
	op->length = (uint8_t)(4 * (1 + draw(p, 4)));
	if (draw(p, 8) == 0)
		op->length = 1;
}

static bool choose_create(struct play *p, struct model_op *op)
{
	static const uint8_t accesses[] = { 0, 1, 1, 2, 3, 3, 3, 4, 7, 7, 5 };
	static const uint8_t dispositions[] = {
		0, 1, 1, 1, 2, 3, 3, 3, 3, 4, 5
	};
	static const uint8_t rights[] = { 0, 1, 3, 5, 7, 7, 7, 3, 4 };

	op->open = free_open(p);
	op->file = free_file(p);
	if (op->open == MODEL_NONE || op->file == MODEL_NONE)
		return false;
	op->name = (uint8_t)draw(p, MODEL_NAMES);
	op->access = accesses[draw(p, sizeof(accesses))];
	op->sharing = draw(p, 2) ? 7 : (uint8_t)draw(p, 8);
	op->disposition = dispositions[draw(p, sizeof(dispositions))];
	op->deletes = op->access & MODEL_DELETE && draw(p, 4) == 0;
	op->wants = (enum model_wants)draw(p, 3);
	op->key = (uint8_t)draw(p, MODEL_KEYS);
	op->caching = rights[draw(p, sizeof(rights))];
	if (op->wants == MODEL_WANTS_OPLOCK) {
		static const uint8_t levels[] = { 1, 5, 7 };

		op->caching = levels[draw(p, 3)];
	}
	return true;
}

/* What a holder is asked to acknowledge; false if nothing. */
static bool choose_ack(struct play *p, struct model_op *op)
{
	uint8_t owed[MODEL_GRANTS];
	size_t count = 0;

	for (uint8_t i = 0; i < MODEL_GRANTS; i++) {
		const struct model_grant *g = &guess(p)->grants[i];
		uint8_t actor = model_is_lease(i)
					? (i - MODEL_OPENS) / MODEL_KEYS
					: guess(p)->opens[i].actor;

		if (g->is_used && g->is_breaking && actor == op->actor &&
		    !p->has_acked[i])
			owed[count++] = i;
	}
	if (!count)
		return false;
	uint8_t grant = owed[draw(p, count)];

	p->has_acked[grant] = true;

	op->caching = guess(p)->grants[grant].offered;
	if (draw(p, 4) == 0)
		op->caching &= (uint8_t)draw(p, 8);
	if (!(op->caching & MODEL_R) || draw(p, 30) == 0)
		op->caching = 0;
	op->kind = model_is_lease(grant) ? MODEL_ACK_LEASE : MODEL_ACK_OPLOCK;
	if (!model_is_lease(grant)) {
		op->open = grant;
		op->caching &= MODEL_R;
	} else {
		op->key = (grant - MODEL_OPENS) % MODEL_KEYS;
	}
	return true;
}

static bool choose_cancel(struct play *p, struct model_op *op)
{
	for (int tries = 0; tries < 8; tries++) {
		uint8_t i = (uint8_t)draw(p, MODEL_OPS);

		if (p->ops[i].kind != MODEL_NOTHING &&
		    p->ops[i].kind < MODEL_CANCEL &&
		    p->ops[i].actor == op->actor) {
			op->target = i;
			return true;
		}
	}
	return false;
}

static bool changes_data(const struct model_op *op)
{
	return op->kind == MODEL_READ_DATA || op->kind == MODEL_WRITE_DATA ||
	       op->kind == MODEL_SET_SIZE ||
	       (op->kind == MODEL_CREATE && op->disposition != 1 &&
		op->disposition != 2 && op->disposition != 3);
}

static bool choose_args(struct play *p, struct model_op *op)
{
	switch (op->kind) {
	case MODEL_CREATE:
		return choose_create(p, op);
	case MODEL_ACK_LEASE:
		return choose_ack(p, op);
	case MODEL_CANCEL:
		return choose_cancel(p, op);
	case MODEL_GONE:
		return !p->is_cutting[op->actor];
	default:
		break;
	}
	op->open = some_open(p, op->actor);
	choose_range(p, op);
	op->fill = (uint8_t)(1 + draw(p, 255));
	op->is_exclusive = draw(p, 3) > 0;
	op->is_immediate = draw(p, 2);
	op->is_replace = draw(p, 2);
	op->name = (uint8_t)draw(p, MODEL_NAMES);
	op->deletes = draw(p, 3) > 0;
	return op->open != MODEL_NONE;
}

/* So many times in a hundred or so; but see choose_kind(). */
static const struct {
	enum model_kind kind;
	unsigned int weight;
} weights[] = {
	{ MODEL_CREATE, 26 },     { MODEL_CLOSE, 12 },   { MODEL_READ_DATA, 8 },
	{ MODEL_WRITE_DATA, 10 }, { MODEL_SET_SIZE, 3 }, { MODEL_LOCK, 12 },
	{ MODEL_UNLOCK, 6 },      { MODEL_RENAME, 6 },   { MODEL_DISPOSE, 4 },
	{ MODEL_ACK_LEASE, 20 },  { MODEL_CANCEL, 3 },   { MODEL_GONE, 1 },
};

enum {
	WEIGHT_COUNT = sizeof(weights) / sizeof(weights[0]),
};

static enum model_kind choose_kind(struct play *p)
{
	unsigned int sum = 0, at;

	for (int i = 0; i < WEIGHT_COUNT; i++)
		sum += weights[i].weight;
	at = (unsigned int)draw(p, sum);
	for (int i = 0;; i++) {
		if (at < weights[i].weight)
			return weights[i].kind;
		at -= weights[i].weight;
	}
}

/* A lock may be waited for, or held, only so many times. */
static bool is_crowded(const struct play *p)
{
	size_t locks = 0, waits = 0;

	for (int i = 0; i < MODEL_LOCKS; i++)
		locks += guess(p)->locks[i].open != MODEL_NONE;
	for (int i = 0; i < MODEL_OPS; i++)
		waits += p->ops[i].kind != MODEL_NOTHING;
	return locks + 2 * BURST_MAX >= MODEL_LOCKS || waits > WAITS_WANTED;
}

bool play_choose(struct play *p, struct model_op *op)
{
	*op = (struct model_op){
		.kind = choose_kind(p),
		.actor = (uint8_t)draw(p, MODEL_ACTORS),
	};
	if (!p->actors[op->actor].is_up || p->is_cutting[op->actor])
		return false;
	if (op->kind == MODEL_CREATE && open_count(guess(p)) > OPENS_WANTED &&
	    draw(p, 3))
		op->kind = MODEL_CLOSE;
	if (is_crowded(p) && draw(p, 4)) {
		if (op->kind == MODEL_LOCK || op->kind == MODEL_CREATE)
			op->kind = MODEL_CLOSE;
	}
	if (!choose_args(p, op))
		return false;
	if (changes_data(op)) {
		if (p->has_data_op)
			return false;
		p->has_data_op = true;
	}
	return true;
}
