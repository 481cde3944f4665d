/*
 * The model's opens: CREATE, CLOSE, and the end of a connection. Sections are
 * of MS-FSA unless they say otherwise.
 */
#include "tests/model/inside.h"

#include <assert.h>
#include <string.h>

enum {
	SUPERSEDE,
	OPEN,
	CREATE,
	OPEN_IF,
	OVERWRITE,
	OVERWRITE_IF,
};

/* ---- CREATE: 2.1.5.1 ---- */

static bool lets(uint8_t sharing, uint8_t access)
{
	return !(access & ~sharing);
}

static bool excludes(const struct model_open *o, uint8_t access,
		     uint8_t sharing)
{
	return access && o->access &&
	       !(lets(o->sharing, access) && lets(sharing, o->access));
}

static bool overwrites(const struct model_op *op)
{
	return op->disposition == SUPERSEDE || op->disposition == OVERWRITE ||
	       op->disposition == OVERWRITE_IF;
}

/* A lease is of one file (MS-SMB2 3.3.5.9.8). */
static bool has_lease_elsewhere(const struct run *r, uint8_t file)
{
	const struct model_grant *g =
		&r->m->grants[model_lease(r->op->actor, r->op->key)];

	return r->op->wants == MODEL_WANTS_LEASE && g->is_used &&
	       g->file != file;
}

static uint8_t count_opens(const struct model *m, uint8_t actor)
{
	uint8_t count = 0;

	for (int i = 0; i < MODEL_OPENS; i++)
		count += m->opens[i].is_used && m->opens[i].actor == actor;
	return count;
}

/* Those that came later move up. */
static void close_rank(struct model *m, uint8_t actor, uint8_t order)
{
	for (int i = 0; i < MODEL_OPENS; i++) {
		struct model_open *o = &m->opens[i];

		if (o->is_used && o->actor == actor && o->order > order)
			o->order--;
	}
}

static void enter(struct run *r, uint8_t file, bool is_new)
{
	struct model *m = r->m;
	const struct model_op *op = r->op;
	struct model_open o = {
		.is_used = true,
		.deletes = op->deletes,
		.actor = op->actor,
		.file = file,
		.access = op->access,
		.sharing = op->sharing,
		.grant = MODEL_NONE,
		.order = (uint8_t)(count_opens(m, op->actor) + 1),
	};

	if (op->wants != MODEL_WANTS_NOTHING)
		model_take_grant(r, &o);
	m->opens[op->open] = o;
	m->op_files[r->index] = MODEL_NONE;
	m->for_handles[r->index] = false;
	model_wait_in(r, !is_new && overwrites(op) ? MODEL_IS_CHANGING
						   : MODEL_IS_ADMITTED);
}

/* It is in, and the bytes that were there go. */
static bool empty(struct run *r)
{
	struct model_file *f = &r->m->files[r->m->opens[r->op->open].file];

	f->size = 0;
	memset(f->bytes, 0, MODEL_BYTES);
	return model_wait_in(r, MODEL_IS_ADMITTED);
}

/* What it has been granted may be less by now. */
static bool tell_created(struct run *r)
{
	struct model_answer *answer = &r->answers[r->index];
	uint8_t grant = r->m->opens[r->op->open].grant;
	uint8_t caching = grant == MODEL_NONE ? 0 : r->m->grants[grant].caching;

	answer->caching = caching;
	answer->grant = MODEL_WANTS_NOTHING;
	if (grant != MODEL_NONE && model_is_lease(grant))
		answer->grant = MODEL_WANTS_LEASE;
	else if (caching)
		answer->grant = MODEL_WANTS_OPLOCK;
	return model_end(r, NT_STATUS_SUCCESS);
}

/* Who excludes it and may let go of his handle is asked to. */
static enum nt_status ask_for_handles(struct run *r, uint8_t file, uint8_t own,
				      bool *ref_waits)
{
	struct model *m = r->m;
	uint8_t access = r->op->access | (overwrites(r->op) ? MODEL_WRITE : 0);

	for (int round = 0; round < 2; round++) {
		for (uint8_t i = 0; i < MODEL_OPENS; i++) {
			struct model_open *o = &m->opens[i];

			if (!o->is_used || o->file != file ||
			    !excludes(o, access, r->op->sharing))
				continue;
			if (o->grant == MODEL_NONE || o->grant == own ||
			    !(m->grants[o->grant].caching & MODEL_H))
				return NT_STATUS_SHARING_VIOLATION;
			if (round > 0)
				*ref_waits |=
					model_break_grant(m, o->grant,
							  EVENT_SHARE, false);
		}
	}
	return NT_STATUS_SUCCESS;
}

static bool ask_for_data(struct run *r, uint8_t file, uint8_t own)
{
	enum event event = overwrites(r->op) ? EVENT_OVERWRITE
			   : r->op->deletes  ? EVENT_OPEN_TO_DELETE
					     : EVENT_OPEN;
	bool waits = false;

	for (uint8_t i = 0; i < MODEL_GRANTS; i++) {
		if (!r->m->grants[i].is_used || r->m->grants[i].file != file ||
		    i == own)
			continue;
		if (event == EVENT_OPEN && !r->op->access)
			continue;
		waits |= model_break_grant(r->m, i, event, false);
	}
	return waits;
}

static bool admit(struct run *r, uint8_t file)
{
	struct model *m = r->m;
	uint8_t own = r->op->wants == MODEL_WANTS_LEASE
			      ? model_lease(r->op->actor, r->op->key)
			      : MODEL_NONE;
	bool waits = false;
	enum nt_status status;

	/* It went while we waited, or has another name by now. */
	if (!m->files[file].is_used || m->names[r->op->name] != file) {
		m->op_files[r->index] = MODEL_NONE;
		return model_run_create(r);
	}
	if (m->files[file].is_pending)
		return model_end(r, NT_STATUS_DELETE_PENDING);
	if (has_lease_elsewhere(r, file))
		return model_end(r, NT_STATUS_INVALID_PARAMETER);
	status = ask_for_handles(r, file, own, &waits);
	if (!nt_status_is_ok(status))
		return model_end(r, status);
	m->for_handles[r->index] = waits;
	if (!waits)
		waits = ask_for_data(r, file, own);
	if (!waits) {
		enter(r, file, false);
		return true;
	}
	m->op_files[r->index] = file;
	return model_wait_in(r, MODEL_IS_ADMITTED_LATER);
}

bool model_run_create(struct run *r)
{
	struct model *m = r->m;
	const struct model_op *op = r->op;
	uint8_t file = m->op_files[r->index];

	if (m->states[r->index] == MODEL_IS_ADMITTED)
		return tell_created(r);
	if (m->states[r->index] == MODEL_IS_CHANGING)
		return empty(r);
	if (file != MODEL_NONE)
		return admit(r, file);
	file = m->names[op->name];
	if (has_lease_elsewhere(r, file))
		return model_end(r, NT_STATUS_INVALID_PARAMETER);
	if (file != MODEL_NONE) {
		if (m->files[file].is_pending)
			return model_end(r, NT_STATUS_DELETE_PENDING);
		if (op->disposition == CREATE)
			return model_end(r, NT_STATUS_OBJECT_NAME_COLLISION);
		return admit(r, file);
	}
	if (op->disposition == OPEN || op->disposition == OVERWRITE)
		return model_end(r, NT_STATUS_OBJECT_NAME_NOT_FOUND);
	m->files[op->file] =
		(struct model_file){ .is_used = true, .name = op->name };
	m->names[op->name] = op->file;
	enter(r, op->file, true);
	return true;
}

/* ---- CLOSE: 2.1.5.4 ---- */

bool model_has_opens(const struct model *m, uint8_t file)
{
	for (int i = 0; i < MODEL_OPENS; i++) {
		if (m->opens[i].is_used && m->opens[i].file == file)
			return true;
	}
	return false;
}

/* The requests that wait for something on behalf of the open. */
static void end_waits(struct run *r, uint8_t open)
{
	for (uint8_t i = 0; i < MODEL_OPS; i++) {
		if (r->ops[i].open != open || r->ops[i].kind == MODEL_CREATE)
			continue;
		if (r->m->states[i] == MODEL_IS_LOCKING) {
			model_remove_wait(r->m, i);
			model_end_op(r, i, NT_STATUS_RANGE_NOT_LOCKED);
		} else if (r->m->states[i] == MODEL_IS_BREAKING &&
			   !r->m->is_woken[i]) {
			model_end_op(r, i, NT_STATUS_FILE_CLOSED);
		}
	}
}

/* MODEL_NONE, or the file that is to be deleted now. */
static uint8_t leave(struct run *r, uint8_t open)
{
	struct model *m = r->m;
	struct model_open *o = &m->opens[open];
	uint8_t file = o->file;

	end_waits(r, open);
	for (int i = MODEL_LOCKS; i-- > 0;) {
		if (m->locks[i].open == open)
			model_remove_lock(m, i);
	}
	model_serve_waits(r);
	if (o->deletes) {
		model_break_all(m, file, o->grant, EVENT_NAME);
		m->files[file].is_pending = true;
	}
	bool is_gone = model_leave_grant(m, o);

	close_rank(m, o->actor, o->order);
	memset(o, 0, sizeof(*o));
	model_wake(r, file, !is_gone);
	return m->files[file].is_pending && !model_has_opens(m, file)
		       ? file
		       : MODEL_NONE;
}

/* Once nobody waits for it any more, its place is free. */
void model_delete_file(struct model *m, uint8_t file)
{
	m->names[m->files[file].name] = MODEL_NONE;
	memset(&m->files[file], 0, sizeof(m->files[file]));
}

/* A request that has begun to change something goes on to its end. */
static bool is_in_the_middle(const struct run *r, uint8_t actor, uint8_t open)
{
	for (uint8_t i = 0; i < MODEL_OPS; i++) {
		uint8_t state = r->m->states[i];

		if (i == r->index || r->ops[i].actor != actor ||
		    (open != MODEL_NONE && r->ops[i].open != open))
			continue;
		if (r->m->is_woken[i] || state == MODEL_IS_DELETING ||
		    state == MODEL_IS_ADMITTED || state == MODEL_IS_READY ||
		    state == MODEL_IS_CHECKED || state == MODEL_IS_CHANGING)
			return true;
	}
	return false;
}

bool model_run_close(struct run *r)
{
	struct model *m = r->m;

	if (m->states[r->index] == MODEL_IS_DELETING) {
		model_delete_file(m, m->op_files[r->index]);
		return model_end(r, NT_STATUS_SUCCESS);
	}
	if (!m->opens[r->op->open].is_used)
		return model_end(r, NT_STATUS_FILE_CLOSED);
	if (m->states[r->index] != MODEL_IS_CLOSING &&
	    m->opens[r->op->open].is_closing)
		return model_end(r, NT_STATUS_FILE_CLOSED);
	if (m->states[r->index] == MODEL_IS_NEW) {
		end_waits(r, r->op->open);
		m->opens[r->op->open].is_closing = true;
		return model_wait_in(r, MODEL_IS_CLOSING);
	}
	if (is_in_the_middle(r, r->op->actor, r->op->open))
		return false;
	uint8_t file = leave(r, r->op->open);

	if (file == MODEL_NONE)
		return model_end(r, NT_STATUS_SUCCESS);
	m->op_files[r->index] = file;
	return model_wait_in(r, MODEL_IS_DELETING);
}

/* ---- a connection that is cut ---- */

static void end_requests(struct run *r)
{
	for (uint8_t i = 0; i < MODEL_OPS; i++) {
		if (i == r->index || r->ops[i].actor != r->op->actor ||
		    r->m->states[i] == MODEL_IS_OVER ||
		    r->ops[i].kind == MODEL_LAPSE)
			continue;
		model_remove_wait(r->m, i);
		model_end_op(r, i, NT_STATUS_CANCELLED);
	}
}

static uint8_t oldest_open(const struct model *m, uint8_t actor)
{
	uint8_t oldest = MODEL_NONE;

	for (uint8_t i = 0; i < MODEL_OPENS; i++) {
		const struct model_open *o = &m->opens[i];

		if (o->is_used && o->actor == actor &&
		    (oldest == MODEL_NONE || o->order < m->opens[oldest].order))
			oldest = i;
	}
	return oldest;
}

bool model_run_gone(struct run *r)
{
	struct model *m = r->m;
	uint8_t open, file;

	if (m->states[r->index] == MODEL_IS_NEW &&
	    is_in_the_middle(r, r->op->actor, MODEL_NONE))
		return false;
	if (m->states[r->index] == MODEL_IS_NEW)
		end_requests(r);
	if (m->states[r->index] == MODEL_IS_DELETING)
		model_delete_file(m, m->op_files[r->index]);
	m->op_files[r->index] = MODEL_NONE;
	m->states[r->index] = MODEL_IS_LEAVING;
	open = oldest_open(m, r->op->actor);
	if (open == MODEL_NONE)
		return model_end(r, NT_STATUS_SUCCESS);
	file = leave(r, open);
	if (file != MODEL_NONE) {
		m->op_files[r->index] = file;
		m->states[r->index] = MODEL_IS_DELETING;
	}
	return true;
}
