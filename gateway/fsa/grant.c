/*
 * Grants on their nodes, the notes to their holders, and those who wait for
 * them (MS-FSA 2.1.5.18, 2.1.5.19). The rules are oplock.c's; how a client is
 * told, and for how long it may be silent, is the protocol engine's.
 *
 * Who waits is woken when a holder has let go of what it was asked for; who
 * waits for handles, when any open has left. He then looks at the node afresh:
 * nobody hands anything over.
 */
#include "gateway/fsa/grant.h"

#include <stdlib.h>
#include <string.h>

void fsa_told_init(struct fsa_told *told)
{
	TAILQ_INIT(&told->grants);
	TAILQ_INIT(&told->waits);
}

/* ---- telling holders ---- */

static void deliver_break(struct loop_note *note)
{
	struct fsa_grant *grant =
		(void *)((char *)note - offsetof(struct fsa_grant, note));
	struct smb_break brk;

	fsa_node_lock(grant->node);
	brk = grant->told;
	grant->is_posted = false;
	fsa_node_unlock(grant->node);
	grant->holder->broken(grant->holder, &brk);
}

/* Under the lock. News that have not arrived yet are told in one. */
static void tell(struct fsa_grant *grant, const struct smb_break *brk,
		 struct fsa_told *told)
{
	if (grant->is_posted) {
		uint8_t from = grant->told.from;

		grant->told = *brk;
		grant->told.from = from;
		return;
	}
	grant->told = *brk;
	grant->is_posted = true;
	grant->to = grant->loop;
	if (grant->to)
		TAILQ_INSERT_TAIL(&told->grants, grant, told_entry);
}

bool fsa_grant_break(struct fsa_grant *grant, enum fsa_oplock_event event,
		     bool is_own, struct fsa_told *told)
{
	uint8_t taken = fsa_oplock_taken(&grant->oplock, event, is_own);
	struct smb_break brk;

	if (!taken)
		return false;
	if (fsa_oplock_break(&grant->oplock, taken, &brk))
		tell(grant, &brk, told);
	return fsa_oplock_delays(&grant->oplock, event);
}

/* ---- waking ---- */

static void deliver_wake(struct loop_note *note)
{
	struct fsa_grant_wait *wait =
		(void *)((char *)note - offsetof(struct fsa_grant_wait, note));

	wait->is_delivered = true;
	loop_wake(&wait->waiter, 0);
}

/* Under the lock. */
static void take_out(struct fsa_node *node, struct fsa_grant_wait *wait,
		     struct fsa_told *told)
{
	TAILQ_REMOVE(&node->grant_waits, wait, entry);
	TAILQ_INSERT_TAIL(&told->waits, wait, entry);
	wait->is_posted = true;
}

/*
 * Under the lock: those who wait for such a thing, or for whatever; those who
 * wait at the file for one of its streams, too.
 */
static void wake(struct fsa_node *node, bool handles_only,
		 struct fsa_told *told)
{
	struct fsa_grant_wait *wait, *next;

	if (node->file)
		wake(node->file, handles_only, told);

	for (wait = TAILQ_FIRST(&node->grant_waits); wait; wait = next) {
		next = TAILQ_NEXT(wait, entry);
		if (!handles_only || wait->is_for_handles)
			take_out(node, wait, told);
	}
}

void fsa_told_post(struct fsa_told *told)
{
	struct fsa_grant *grant;
	struct fsa_grant_wait *wait;

	while ((grant = TAILQ_FIRST(&told->grants))) {
		TAILQ_REMOVE(&told->grants, grant, told_entry);
		grant->note.deliver = deliver_break;
		loop_post(grant->to, &grant->note);
	}
	while ((wait = TAILQ_FIRST(&told->waits))) {
		TAILQ_REMOVE(&told->waits, wait, entry);
		wait->note.deliver = deliver_wake;
		loop_post(wait->loop, &wait->note);
	}
}

/* ---- CREATE ---- */

struct fsa_grant *fsa_grant_find(struct fsa_node *node,
				 const struct smb_holder *holder)
{
	struct fsa_grant *grant;

	TAILQ_FOREACH(grant, &node->grants, entry) {
		if (holder && grant->holder == holder)
			return grant;
	}
	return NULL;
}

bool fsa_grant_may_yield(const struct fsa_open *other,
			 const struct fsa_grant *own)
{
	return other->grant && other->grant != own &&
	       other->grant->oplock.caching & SMB_CACHE_HANDLE;
}

/* Under the lock: what stands beside a holder that asks. */
static struct fsa_oplock_others others_of(const struct fsa_node *node,
					  const struct fsa_grant *own,
					  bool is_lease)
{
	struct fsa_oplock_others others = {};
	struct fsa_open *other;

	TAILQ_FOREACH(other, &node->opens, node_entry) {
		const struct fsa_grant *grant = other->grant;
		uint8_t caching = grant ? grant->oplock.caching : 0;

		if (own && grant == own)
			continue;
		if (other->changes > 0)
			others.is_changing = true;
		if (caching || !fsa_oplock_is_stat(other->access, is_lease))
			others.has_open = true;
		if (!caching)
			continue;
		if (caching & SMB_CACHE_WRITE)
			others.has_write = true;
		if (!grant->oplock.is_lease)
			others.has_oplock = true;
		else if (caching & SMB_CACHE_HANDLE)
			others.has_handle = true;
	}
	return others;
}

bool fsa_grant_take(struct fsa_open *open, struct smb_holder *holder,
		    uint8_t wanted, struct fsa_grant *spare)
{
	struct fsa_node *node = open->node;
	struct fsa_grant *grant = fsa_grant_find(node, holder);
	struct fsa_oplock_others others =
		others_of(node, grant, holder->is_lease);
	uint8_t granted;

	if (grant) {
		free(spare);
		open->grant = grant;
		grant->opens++;
		return fsa_oplock_raise(&grant->oplock, wanted, &others);
	}
	granted = fsa_oplock_grant(holder->is_lease, wanted, &others);
	if (!granted && !holder->is_lease) {
		free(spare);
		return false;
	}
	*spare = (struct fsa_grant){
		.node = node,
		.holder = holder,
		.loop = loop_current(),
		.oplock = { .is_lease = holder->is_lease, .caching = granted },
		.opens = 1,
	};
	TAILQ_INSERT_TAIL(&node->grants, spare, entry);
	holder->file = node;
	open->grant = spare;
	return true;
}

void fsa_grant_tell(struct fsa_open *open, struct smb_created *ret)
{
	fsa_node_lock(open->node);
	if (open->grant) {
		ret->has_grant = true;
		ret->caching = open->grant->oplock.caching;
		ret->is_breaking = open->grant->oplock.is_breaking;
	}
	fsa_node_unlock(open->node);
}

/* ---- waiting ---- */

void fsa_grant_wait_begin(struct fsa_node *node, struct fsa_grant_wait *wait,
			  const struct fsa_open *by, bool is_for_handles)
{
	*wait = (struct fsa_grant_wait){
		.loop = loop_current(),
		.by = by,
		.is_for_handles = is_for_handles,
	};
	TAILQ_INSERT_TAIL(&node->grant_waits, wait, entry);
}

enum nt_status fsa_grant_co_wait(struct fsa_node *node,
				 struct fsa_grant_wait *wait,
				 struct smb_call *call)
{
	enum nt_status status;

	if (call)
		call->going_async(call);
	status =
		fsa_status(FSA_WAIT, loop_co_wait(&wait->waiter, LOOP_FOREVER));
	fsa_node_lock(node);
	if (!wait->is_posted)
		TAILQ_REMOVE(&node->grant_waits, wait, entry);
	fsa_node_unlock(node);
	while (wait->is_posted && !wait->is_delivered)
		loop_co_yield();
	return wait->is_closing ? NT_STATUS_FILE_CLOSED : status;
}

/* ---- other events ---- */

/* Under the lock: whether the event has to wait. */
static bool break_all(struct fsa_node *node, const struct fsa_grant *own,
		      enum fsa_oplock_event event, struct fsa_told *told)
{
	struct fsa_grant *grant;
	bool must_wait = false;

	TAILQ_FOREACH(grant, &node->grants, entry) {
		bool is_own = own && grant == own;

		if (fsa_grant_break(grant, event, is_own, told) && !is_own)
			must_wait = true;
	}
	return must_wait;
}

/* `changing`: the open that changes something from that moment on, or NULL. */
static enum nt_status co_event(struct fsa_node *node, struct fsa_open *by,
			       enum fsa_oplock_event event,
			       struct fsa_open *changing, struct smb_call *call)
{
	enum nt_status status = NT_STATUS_SUCCESS;
	struct fsa_grant_wait wait;
	struct fsa_told told;
	bool must_wait;

	do {
		fsa_told_init(&told);
		fsa_node_lock(node);
		must_wait =
			break_all(node, by ? by->grant : NULL, event, &told);
		/* Nobody would end a wait that begins behind fsa_closing(). */
		if (must_wait && by && by->is_closing) {
			must_wait = false;
			status = NT_STATUS_FILE_CLOSED;
		} else if (!must_wait && changing) {
			changing->changes++;
		}
		if (must_wait)
			fsa_grant_wait_begin(node, &wait, by,
					     event == FSA_OPLOCK_NAME);
		fsa_node_unlock(node);
		fsa_told_post(&told);
		if (must_wait)
			status = fsa_grant_co_wait(node, &wait, call);
	} while (must_wait && nt_status_is_ok(status));
	return status;
}

enum nt_status fsa_grant_co_event(struct fsa_open *by,
				  enum fsa_oplock_event event,
				  struct smb_call *call)
{
	return co_event(by->node, by, event, NULL, call);
}

enum nt_status fsa_grant_co_begin_change(struct fsa_open *by,
					 struct smb_call *call)
{
	return co_event(by->node, by, FSA_OPLOCK_WRITE, by, call);
}

void fsa_grant_end_change(struct fsa_open *by)
{
	fsa_node_lock(by->node);
	by->changes--;
	fsa_node_unlock(by->node);
}

enum nt_status fsa_grant_co_event_on(struct fsa_node *node,
				     enum fsa_oplock_event event,
				     struct smb_call *call)
{
	return co_event(node, NULL, event, NULL, call);
}

static void event_now(struct fsa_node *node, struct fsa_open *by,
		      enum fsa_oplock_event event)
{
	struct fsa_told told;

	fsa_told_init(&told);
	fsa_node_lock(node);
	break_all(node, by ? by->grant : NULL, event, &told);
	fsa_node_unlock(node);
	fsa_told_post(&told);
}

void fsa_grant_event(struct fsa_open *by, enum fsa_oplock_event event)
{
	event_now(by->node, by, event);
}

void fsa_grant_event_on(struct fsa_node *node, enum fsa_oplock_event event)
{
	event_now(node, NULL, event);
}

static bool has_key(const struct fsa_grant *grant, const uint8_t *key)
{
	return key && grant->holder->is_lease &&
	       !memcmp(grant->holder->key, key, sizeof(grant->holder->key));
}

void fsa_grant_child_changed(struct fsa_node *node, const uint8_t *parent_key)
{
	struct fsa_grant *grant;
	struct fsa_told told;

	fsa_told_init(&told);
	fsa_node_lock(node);
	TAILQ_FOREACH(grant, &node->grants, entry) {
		if (!has_key(grant, parent_key))
			fsa_grant_break(grant, FSA_OPLOCK_CHILD, false, &told);
	}
	fsa_node_unlock(node);
	fsa_told_post(&told);
}

void fsa_grant_closing(struct fsa_open *open)
{
	struct fsa_node *node = open->node;
	struct fsa_grant_wait *wait, *next;
	struct fsa_told told;

	fsa_told_init(&told);
	fsa_node_lock(node);
	for (wait = TAILQ_FIRST(&node->grant_waits); wait; wait = next) {
		next = TAILQ_NEXT(wait, entry);
		if (wait->by != open)
			continue;
		wait->is_closing = true;
		take_out(node, wait, &told);
	}
	fsa_node_unlock(node);
	fsa_told_post(&told);
}

/* ---- what holders answer ---- */

enum nt_status fsa_oplock_answer(struct smb_object *object, uint8_t caching)
{
	struct fsa_open *open = fsa_open_of(object);
	enum fsa_oplock_ack ack = FSA_OPLOCK_NOT_BREAKING;
	struct fsa_told told;
	struct smb_break next;
	bool has_next = false;

	fsa_told_init(&told);
	fsa_node_lock(open->node);
	if (open->grant) {
		ack = fsa_oplock_ack(&open->grant->oplock, caching, &has_next,
				     &next);
		if (has_next)
			tell(open->grant, &next, &told);
		if (!open->grant->oplock.is_breaking)
			wake(open->node, false, &told);
	}
	fsa_node_unlock(open->node);
	fsa_told_post(&told);
	switch (ack) {
	case FSA_OPLOCK_ACKED:
		return NT_STATUS_SUCCESS;
	case FSA_OPLOCK_TOO_MUCH:
		return NT_STATUS_REQUEST_NOT_ACCEPTED;
	case FSA_OPLOCK_NOT_BREAKING:
		break;
	}
	return NT_STATUS_UNSUCCESSFUL;
}

void fsa_oplock_lapse(struct smb_object *object)
{
	struct fsa_open *open = fsa_open_of(object);
	struct fsa_told told;

	fsa_told_init(&told);
	fsa_node_lock(open->node);
	if (open->grant && open->grant->oplock.is_breaking) {
		fsa_oplock_expire(&open->grant->oplock);
		wake(open->node, false, &told);
	}
	fsa_node_unlock(open->node);
	fsa_told_post(&told);
}

/* ---- another worker ---- */

void fsa_grant_depart(struct fsa_open *open)
{
	if (open->grant && !open->grant->oplock.is_lease)
		open->grant->loop = NULL;
}

void fsa_grant_arrive(struct fsa_open *open, struct fsa_told *told)
{
	struct fsa_grant *grant = open->grant;

	if (!grant || grant->loop)
		return;
	grant->loop = loop_current();
	if (!grant->is_posted)
		return;
	grant->to = grant->loop;
	TAILQ_INSERT_TAIL(&told->grants, grant, told_entry);
}

/* ---- the end ---- */

bool fsa_grant_may_leave(const struct fsa_open *open)
{
	return !open->grant || !open->grant->is_posted;
}

void fsa_grant_leave(struct fsa_open *open, struct fsa_told *told)
{
	struct fsa_grant *grant = open->grant;

	bool is_gone = grant && --grant->opens == 0;

	open->grant = NULL;
	if (is_gone) {
		TAILQ_REMOVE(&open->node->grants, grant, entry);
		grant->holder->file = NULL;
		free(grant);
	}
	/* One open of many: the lease owes its answer still. */
	wake(open->node, !is_gone, told);
}
