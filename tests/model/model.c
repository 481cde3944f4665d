/*
 * The model's requests on an open: data, ranges and names; and which request is
 * what. Sections are of MS-FSA.
 */
#include "tests/model/model.h"

#include <assert.h>
#include <stdio.h>
#include <string.h>

#include "tests/model/inside.h"

void model_init(struct model *m)
{
	memset(m, 0, sizeof(*m));
	memset(m->names, MODEL_NONE, sizeof(m->names));
	memset(m->waits, MODEL_NONE, sizeof(m->waits));
	memset(m->op_files, MODEL_NONE, sizeof(m->op_files));
	memset(m->states, MODEL_IS_OVER, sizeof(m->states));
	for (int i = 0; i < MODEL_LOCKS; i++)
		m->locks[i].open = MODEL_NONE;
}

bool model_end_op(struct run *r, uint8_t index, enum nt_status status)
{
	r->m->states[index] = MODEL_IS_OVER;
	r->m->op_files[index] = MODEL_NONE;
	r->m->for_handles[index] = false;
	r->m->is_woken[index] = false;
	r->m->is_cancelled[index] = false;
	r->answers[index].is_there = true;
	r->answers[index].status = (uint32_t)status;
	return true;
}

bool model_end(struct run *r, enum nt_status status)
{
	return model_end_op(r, r->index, status);
}

bool model_wait_in(struct run *r, enum model_state state)
{
	bool is_wait = state == MODEL_IS_ADMITTED_LATER ||
		       state == MODEL_IS_LOCKING || state == MODEL_IS_BREAKING;

	r->m->states[r->index] = state;
	if (is_wait && r->m->is_cancelled[r->index]) {
		model_remove_wait(r->m, r->index);
		model_end(r, NT_STATUS_CANCELLED);
	}
	return true;
}

/*
 * Somebody has let go of something of this file: who waits for that looks
 * afresh. A break that goes on in steps has not ended before its last one.
 */
void model_wake(struct run *r, uint8_t file, bool only_for_handles)
{
	struct model *m = r->m;

	for (int i = 0; i < MODEL_OPS; i++) {
		uint8_t waits_for = MODEL_NONE;

		if (m->states[i] == MODEL_IS_ADMITTED_LATER)
			waits_for = m->op_files[i];
		else if (m->states[i] == MODEL_IS_BREAKING)
			waits_for = m->opens[r->ops[i].open].file;
		if (waits_for == file &&
		    (m->for_handles[i] || !only_for_handles))
			m->is_woken[i] = true;
	}
}

/* ---- ranges: 2.1.4.10 ---- */

static bool meet(const struct model_lock *l, uint8_t offset, uint8_t length)
{
	return l->offset < offset + length && offset < l->offset + l->length;
}

static bool may_lock(const struct model *m, const struct model_op *op)
{
	uint8_t file = m->opens[op->open].file;

	for (int i = 0; i < MODEL_LOCKS; i++) {
		const struct model_lock *l = &m->locks[i];

		if (l->open == MODEL_NONE || m->opens[l->open].file != file ||
		    !meet(l, op->offset, op->length))
			continue;
		if (op->is_exclusive ||
		    (l->is_exclusive && l->open != op->open))
			return false;
	}
	return true;
}

/* By which they are sorted: what ends the list comes last. */
static uint32_t rank(const struct model_lock *l)
{
	return (uint32_t)l->open << 24 | (uint32_t)l->offset << 16 |
	       (uint32_t)l->length << 8 | l->is_exclusive;
}

static void add_lock(struct model *m, const struct model_op *op)
{
	struct model_lock lock = { op->open, op->offset, op->length,
				   op->is_exclusive };
	int i = MODEL_LOCKS - 1;

	assert(m->locks[i].open == MODEL_NONE);
	for (; i > 0 && rank(&m->locks[i - 1]) > rank(&lock); i--)
		m->locks[i] = m->locks[i - 1];
	m->locks[i] = lock;
}

void model_remove_lock(struct model *m, int at)
{
	for (; at + 1 < MODEL_LOCKS; at++)
		m->locks[at] = m->locks[at + 1];
	m->locks[at] = (struct model_lock){ .open = MODEL_NONE };
}

static bool may_pass(const struct model *m, const struct model_op *op,
		     bool is_write)
{
	uint8_t file = m->opens[op->open].file;

	for (int i = 0; i < MODEL_LOCKS; i++) {
		const struct model_lock *l = &m->locks[i];

		if (l->open == MODEL_NONE || m->opens[l->open].file != file ||
		    !op->length || !meet(l, op->offset, op->length))
			continue;
		if (l->is_exclusive ? l->open != op->open : is_write)
			return false;
	}
	return true;
}

void model_remove_wait(struct model *m, uint8_t index)
{
	int i = 0;

	while (i < MODEL_OPS && m->waits[i] != index)
		i++;
	if (i == MODEL_OPS)
		return;
	for (; i + 1 < MODEL_OPS; i++)
		m->waits[i] = m->waits[i + 1];
	m->waits[i] = MODEL_NONE;
}

static void add_wait(struct run *r)
{
	const struct model *m = r->m;
	uint8_t file = m->opens[r->op->open].file, *waits = r->m->waits;
	int i = 0, at;

	while (waits[i] != MODEL_NONE &&
	       m->opens[r->ops[waits[i]].open].file <= file)
		i++;
	for (at = MODEL_OPS - 1; at > i; at--)
		waits[at] = waits[at - 1];
	waits[i] = r->index;
}

/* Those that wait get what they can have by now, in their order. */
void model_serve_waits(struct run *r)
{
	struct model *m = r->m;

	for (int i = 0; i < MODEL_OPS && m->waits[i] != MODEL_NONE;) {
		uint8_t index = m->waits[i];

		if (!may_lock(m, &r->ops[index])) {
			i++;
			continue;
		}
		add_lock(m, &r->ops[index]);
		model_remove_wait(m, index);
		model_end_op(r, index, NT_STATUS_SUCCESS);
	}
}

/* ---- data: 2.1.5.2, 2.1.5.3 ---- */

static bool run_read(struct run *r)
{
	const struct model_op *op = r->op;
	const struct model_open *o = &r->m->opens[op->open];
	const struct model_file *f = &r->m->files[o->file];
	struct model_answer *answer = &r->answers[r->index];
	uint8_t end_at = op->offset + op->length;

	if (!(o->access & MODEL_READ))
		return model_end(r, NT_STATUS_ACCESS_DENIED);
	if (!may_pass(r->m, op, false))
		return model_end(r, NT_STATUS_FILE_LOCK_CONFLICT);
	if (op->offset >= f->size)
		return model_end(r, NT_STATUS_END_OF_FILE);
	if (end_at > f->size)
		end_at = f->size;
	answer->length = end_at - op->offset;
	memcpy(answer->bytes, f->bytes + op->offset, answer->length);
	return model_end(r, NT_STATUS_SUCCESS);
}

/* Waits until others have nothing unwritten; true: it may go on. */
static bool may_change(struct run *r, enum event event)
{
	const struct model_open *o = &r->m->opens[r->op->open];

	if (!model_break_all(r->m, o->file, o->grant, event))
		return true;
	if (o->is_closing)
		return !model_end(r, NT_STATUS_FILE_CLOSED);
	r->m->for_handles[r->index] = event == EVENT_NAME;
	model_wait_in(r, MODEL_IS_BREAKING);
	return false;
}

/* Others are told first, the bytes change later; true: now. */
static bool is_changing(struct run *r)
{
	if (r->m->states[r->index] == MODEL_IS_CHANGING)
		return true;
	if (may_change(r, EVENT_WRITE))
		model_wait_in(r, MODEL_IS_CHANGING);
	return false;
}

static bool run_write(struct run *r)
{
	const struct model_op *op = r->op;
	const struct model_open *o = &r->m->opens[op->open];
	struct model_file *f = &r->m->files[o->file];

	if (!(o->access & MODEL_WRITE))
		return model_end(r, NT_STATUS_ACCESS_DENIED);
	if (r->m->states[r->index] == MODEL_IS_NEW && !may_pass(r->m, op, true))
		return model_end(r, NT_STATUS_FILE_LOCK_CONFLICT);
	if (!is_changing(r))
		return true;
	memset(f->bytes + op->offset, op->fill, op->length);
	if (f->size < op->offset + op->length)
		f->size = op->offset + op->length;
	return model_end(r, NT_STATUS_SUCCESS);
}

static bool run_set_size(struct run *r)
{
	const struct model_open *o = &r->m->opens[r->op->open];
	struct model_file *f = &r->m->files[o->file];

	if (!(o->access & MODEL_WRITE))
		return model_end(r, NT_STATUS_ACCESS_DENIED);
	if (!is_changing(r))
		return true;
	f->size = r->op->length;
	memset(f->bytes + f->size, 0, MODEL_BYTES - f->size);
	return model_end(r, NT_STATUS_SUCCESS);
}

/* ---- locks: 2.1.5.8, 2.1.5.9 ---- */

static bool run_lock(struct run *r)
{
	struct model *m = r->m;

	if (!may_change(r, EVENT_WRITE))
		return true;
	if (may_lock(m, r->op)) {
		add_lock(m, r->op);
		return model_end(r, NT_STATUS_SUCCESS);
	}
	if (r->op->is_immediate || m->opens[r->op->open].is_closing)
		return model_end(r, NT_STATUS_LOCK_NOT_GRANTED);
	add_wait(r);
	return model_wait_in(r, MODEL_IS_LOCKING);
}

static bool run_unlock(struct run *r)
{
	struct model *m = r->m;
	int found = -1;

	for (int i = 0; i < MODEL_LOCKS; i++) {
		const struct model_lock *l = &m->locks[i];

		if (l->open != r->op->open || l->offset != r->op->offset ||
		    l->length != r->op->length)
			continue;
		if (found < 0)
			found = i;
		if (l->is_exclusive) {
			found = i;
			break;
		}
	}
	if (found < 0)
		return model_end(r, NT_STATUS_RANGE_NOT_LOCKED);
	model_remove_lock(m, found);
	model_serve_waits(r);
	return model_end(r, NT_STATUS_SUCCESS);
}

/* ---- names: 2.1.5.14.11, 2.1.5.14.3 ---- */

/*
 * Handles are asked for first; between that and the deed others may come, and
 * are not asked again.
 */
static bool is_ready(struct run *r)
{
	if (r->m->states[r->index] == MODEL_IS_READY)
		return true;
	if (may_change(r, EVENT_NAME))
		model_wait_in(r, MODEL_IS_READY);
	return false;
}

/* The deed, whatever has happened to the file since it was looked at. */
static bool give_name(struct run *r, uint8_t file)
{
	struct model *m = r->m;
	uint8_t claimed = m->op_files[r->index];
	uint8_t there = m->names[r->op->name];

	if (claimed != MODEL_NONE) {
		model_delete_file(m, claimed);
	} else if (there != MODEL_NONE && there != file) {
		if (!r->op->is_replace)
			return model_end(r, NT_STATUS_OBJECT_NAME_COLLISION);
		/* It came meanwhile: once more. */
		return model_wait_in(r, MODEL_IS_READY);
	}
	m->names[m->files[file].name] = MODEL_NONE;
	m->names[r->op->name] = file;
	m->files[file].name = r->op->name;
	return model_end(r, NT_STATUS_SUCCESS);
}

static bool run_rename(struct run *r)
{
	struct model *m = r->m;
	const struct model_open *o = &m->opens[r->op->open];
	uint8_t there = m->names[r->op->name];

	if (m->states[r->index] == MODEL_IS_DELETING)
		return give_name(r, o->file);
	if (m->states[r->index] != MODEL_IS_CHECKED) {
		if (!(o->access & MODEL_DELETE))
			return model_end(r, NT_STATUS_ACCESS_DENIED);
		if (!is_ready(r))
			return true;
		if (m->files[o->file].is_pending)
			return model_end(r, NT_STATUS_ACCESS_DENIED);
		return model_wait_in(r, MODEL_IS_CHECKED);
	}
	if (there != MODEL_NONE && there != o->file) {
		if (!r->op->is_replace)
			return model_end(r, NT_STATUS_OBJECT_NAME_COLLISION);
		if (model_has_opens(m, there) || m->files[there].is_pending)
			return model_end(r, NT_STATUS_ACCESS_DENIED);
		/* Nobody opens it from now on; then it goes. */
		m->files[there].is_pending = true;
		m->op_files[r->index] = there;
	}
	return model_wait_in(r, MODEL_IS_DELETING);
}

static bool run_dispose(struct run *r)
{
	const struct model_open *o = &r->m->opens[r->op->open];

	if (!(o->access & MODEL_DELETE))
		return model_end(r, NT_STATUS_ACCESS_DENIED);
	if (r->op->deletes && !is_ready(r))
		return true;
	r->m->files[o->file].is_pending = r->op->deletes;
	return model_end(r, NT_STATUS_SUCCESS);
}

/* ---- what is no request ---- */

static bool run_cancel(struct run *r)
{
	uint8_t target = r->op->target;
	uint8_t state = r->m->states[target];

	if (r->m->is_woken[target]) {
		r->m->is_cancelled[target] = true;
	} else if (state == MODEL_IS_ADMITTED_LATER ||
		   state == MODEL_IS_LOCKING || state == MODEL_IS_BREAKING) {
		model_remove_wait(r->m, target);
		model_end_op(r, target, NT_STATUS_CANCELLED);
	}
	return model_end(r, NT_STATUS_SUCCESS);
}

/* ---- all of them ---- */

static const struct {
	const char *name;
	bool (*run)(struct run *r);
	bool needs_open;
} kinds[MODEL_KIND_COUNT] = {
	[MODEL_CREATE] = { "create", model_run_create, false },
	[MODEL_CLOSE] = { "close", model_run_close, false },
	[MODEL_READ_DATA] = { "read", run_read, true },
	[MODEL_WRITE_DATA] = { "write", run_write, true },
	[MODEL_SET_SIZE] = { "set size", run_set_size, true },
	[MODEL_LOCK] = { "lock", run_lock, true },
	[MODEL_UNLOCK] = { "unlock", run_unlock, true },
	[MODEL_RENAME] = { "rename", run_rename, true },
	[MODEL_DISPOSE] = { "dispose", run_dispose, true },
	[MODEL_ACK_LEASE] = { "ack lease", model_run_ack_lease, false },
	[MODEL_ACK_OPLOCK] = { "ack oplock", model_run_ack_oplock, true },
	[MODEL_CANCEL] = { "cancel", run_cancel, false },
	[MODEL_LAPSE] = { "lapse", model_run_lapse, false },
	[MODEL_GONE] = { "gone", model_run_gone, false },
};

bool model_run(struct model *m, const struct model_op *ops, uint8_t index,
	       struct model_answer answers[MODEL_OPS])
{
	const struct model_op *op = &ops[index];
	struct run r = { m, ops, op, index, answers };

	if (m->states[index] == MODEL_IS_OVER ||
	    m->states[index] == MODEL_IS_LOCKING)
		return false;
	if (m->states[index] == MODEL_IS_ADMITTED_LATER ||
	    m->states[index] == MODEL_IS_BREAKING) {
		if (!m->is_woken[index])
			return false;
		m->is_woken[index] = false;
	}
	if (kinds[op->kind].needs_open &&
	    m->states[index] != MODEL_IS_DELETING &&
	    !m->opens[op->open].is_used)
		return model_end(&r, NT_STATUS_FILE_CLOSED);
	return kinds[op->kind].run(&r);
}

const char *model_show(const struct model_op *op)
{
	static char text[200];

	snprintf(text, sizeof(text),
		 "%s actor=%u open=%u name=%u access=%u sharing=%u disp=%u "
		 "del=%d wants=%d key=%u caching=%u range=%u+%u fill=%02x "
		 "excl=%d now=%d replace=%d target=%u",
		 op->kind == MODEL_NOTHING ? "-" : kinds[op->kind].name,
		 op->actor, op->open, op->name, op->access, op->sharing,
		 op->disposition, op->deletes, op->wants, op->key, op->caching,
		 op->offset, op->length, op->fill, op->is_exclusive,
		 op->is_immediate, op->is_replace, op->target);
	return text;
}

void model_print(const struct model *m)
{
	for (int i = 0; i < MODEL_FILES; i++) {
		if (m->files[i].is_used)
			printf("#   file %d: name=%u size=%u pending=%d\n", i,
			       m->files[i].name, m->files[i].size,
			       m->files[i].is_pending);
	}
	for (int i = 0; i < MODEL_OPENS; i++) {
		const struct model_open *o = &m->opens[i];

		if (o->is_used)
			printf("#   open %d: actor=%u file=%u access=%u "
			       "sharing=%u grant=%u deletes=%d\n",
			       i, o->actor, o->file, o->access, o->sharing,
			       o->grant, o->deletes);
	}
	for (int i = 0; i < MODEL_GRANTS; i++) {
		const struct model_grant *g = &m->grants[i];

		if (g->is_used)
			printf("#   grant %d: file=%u caching=%u breaking=%d "
			       "offered=%u final=%u opens=%u\n",
			       i, g->file, g->caching, g->is_breaking,
			       g->offered, g->final, g->opens);
	}
}
