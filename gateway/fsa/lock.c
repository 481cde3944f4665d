/*
 * LOCK (MS-FSA 2.1.5.8, 2.1.5.9; MS-SMB2 3.3.5.14): several ranges at once, all
 * or none; unlocks in their order; and waiting for a range that others hold.
 * What conflicts with what is range.c's.
 *
 * Whoever gives a range back looks, still under the node's lock, who waits for
 * it, locks it for them and sends their worker a note. So a range never gets
 * lost between the one who gives and the one who takes:
 *
 *   waiting (in the node's list) ──serve()──> granted ──note──> woken
 *      │                └──fsa_lock_closing()──> ended ──note──> woken
 *      └──cancel: taken out of the list by its own fiber
 *
 * A wait whose note is under way belongs to the note as well: if its fiber was
 * cancelled at that moment, the note frees it.
 */
#include <stdlib.h>

#include "gateway/fsa/grant.h"
#include "gateway/fsa/object.h"
#include "gateway/fsa/posix_lock.h"

struct fsa_lock_wait {
	TAILQ_ENTRY(fsa_lock_wait) entry; /* in the node's list, or a post's */
	struct fsa_range range;
	struct loop *loop; /* the waiter's */
	struct loop_note note;
	/* ---- under the node's lock ---- */
	bool is_posted; /* out of the list, a note is on its way */
	enum nt_status result;
	/* ---- the waiter's worker ---- */
	struct loop_waiter waiter;
	bool is_delivered;
	bool is_abandoned;
};

/* ---- waking ---- */

static void deliver(struct loop_note *note)
{
	struct fsa_lock_wait *wait =
		(void *)((char *)note - offsetof(struct fsa_lock_wait, note));

	wait->is_delivered = true;
	if (wait->is_abandoned)
		free(wait);
	else
		loop_wake(&wait->waiter, 0);
}

/* Under the lock: moves a wait from the node's list to those to be told. */
static void take_out(struct fsa_node *node, struct fsa_lock_wait *wait,
		     enum nt_status result, struct fsa_lock_waits *told)
{
	TAILQ_REMOVE(&node->lock_waits, wait, entry);
	TAILQ_INSERT_TAIL(told, wait, entry);
	wait->is_posted = true;
	wait->result = result;
}

/* Under the lock: locks for those who wait what they can have by now. */
static void serve(struct fsa_node *node, struct fsa_lock_waits *told)
{
	struct fsa_lock_wait *wait, *next;

	for (wait = TAILQ_FIRST(&node->lock_waits); wait; wait = next) {
		next = TAILQ_NEXT(wait, entry);
		if (fsa_range_is_free(&node->ranges, &wait->range) &&
		    fsa_range_add(&node->ranges, &wait->range))
			take_out(node, wait, NT_STATUS_SUCCESS, told);
	}
}

/* Without the lock. */
static void post(struct fsa_lock_waits *told)
{
	struct fsa_lock_wait *wait;

	while ((wait = TAILQ_FIRST(told))) {
		TAILQ_REMOVE(told, wait, entry);
		wait->note.deliver = deliver;
		loop_post(wait->loop, &wait->note);
	}
}

void fsa_lock_release(struct fsa_open *open)
{
	struct fsa_node *node = open->node;
	struct fsa_lock_waits told = TAILQ_HEAD_INITIALIZER(told);

	fsa_node_lock(node);
	if (fsa_range_remove_owner(&node->ranges, open))
		serve(node, &told);
	fsa_node_unlock(node);
	post(&told);
}

void fsa_lock_closing(struct fsa_open *open)
{
	struct fsa_node *node = open->node;
	struct fsa_lock_waits told = TAILQ_HEAD_INITIALIZER(told);
	struct fsa_lock_wait *wait, *next;

	fsa_node_lock(node);
	for (wait = TAILQ_FIRST(&node->lock_waits); wait; wait = next) {
		next = TAILQ_NEXT(wait, entry);
		if (wait->range.owner == open)
			take_out(node, wait, NT_STATUS_RANGE_NOT_LOCKED, &told);
	}
	fsa_node_unlock(node);
	post(&told);
}

/* ---- waiting ---- */

/* Waits for what fsa_co_lock() has put into the node's list. */
static enum nt_status co_wait(struct fsa_node *node, struct fsa_lock_wait *wait)
{
	enum nt_status status =
		fsa_status(FSA_WAIT, loop_co_wait(&wait->waiter, LOOP_FOREVER));
	bool is_posted;

	fsa_node_lock(node);
	is_posted = wait->is_posted;
	if (!is_posted)
		TAILQ_REMOVE(&node->lock_waits, wait, entry);
	else
		status = wait->result;
	fsa_node_unlock(node);
	if (is_posted && !wait->is_delivered)
		wait->is_abandoned = true;
	else
		free(wait);
	return status;
}

/* ---- locking ---- */

static bool locks_in_kernel(const struct fsa_open *open)
{
	return open->volume->share->locks_in_kernel && !open->is_special;
}

static struct fsa_range range_of(const struct fsa_open *open,
				 const struct smb_lock *lock)
{
	return (struct fsa_range){
		.offset = lock->offset,
		.length = lock->length,
		.is_exclusive = lock->is_exclusive,
		.owner = open,
	};
}

/* Under the lock. */
static enum nt_status add_all(struct fsa_open *open,
			      const struct smb_locks *locks)
{
	struct fsa_ranges *ranges = &open->node->ranges;
	enum nt_status status = NT_STATUS_SUCCESS;
	uint32_t i;

	for (i = 0; i < locks->count; i++) {
		struct fsa_range range = range_of(open, &locks->locks[i]);

		if (!fsa_range_is_free(ranges, &range))
			status = NT_STATUS_LOCK_NOT_GRANTED;
		else if (!fsa_range_add(ranges, &range))
			status = NT_STATUS_INSUFFICIENT_RESOURCES;
		if (!nt_status_is_ok(status))
			break;
	}
	if (!nt_status_is_ok(status) && i)
		fsa_range_undo(ranges, i);
	return status;
}

static enum nt_status co_lock_or_wait(struct fsa_open *open,
				      struct smb_call *call,
				      const struct smb_locks *locks)
{
	struct fsa_node *node = open->node;
	struct fsa_lock_wait *wait = malloc(sizeof(*wait));
	enum nt_status status;

	if (!wait)
		return NT_STATUS_INSUFFICIENT_RESOURCES;
	*wait = (struct fsa_lock_wait){
		.range = range_of(open, &locks->locks[0]),
		.loop = loop_current(),
	};
	fsa_node_lock(node);
	status = add_all(open, locks);
	if (status == NT_STATUS_LOCK_NOT_GRANTED)
		TAILQ_INSERT_TAIL(&node->lock_waits, wait, entry);
	fsa_node_unlock(node);
	if (status != NT_STATUS_LOCK_NOT_GRANTED) {
		free(wait);
		return status;
	}
	call->going_async(call);
	return co_wait(node, wait);
}

static enum nt_status lock_now(struct fsa_open *open,
			       const struct smb_locks *locks)
{
	enum nt_status status;

	fsa_node_lock(open->node);
	status = add_all(open, locks);
	fsa_node_unlock(open->node);
	return status;
}

/* Of locks, those that were unlocked: all, or those before a wrong one. */
static uint32_t unlock_in_node(struct fsa_open *open,
			       const struct smb_locks *locks,
			       enum nt_status *ret_status)
{
	struct fsa_node *node = open->node;
	struct fsa_lock_waits told = TAILQ_HEAD_INITIALIZER(told);
	enum nt_status status = NT_STATUS_SUCCESS;
	uint32_t i;

	fsa_node_lock(node);
	for (i = 0; i < locks->count; i++) {
		const struct smb_lock *lock = &locks->locks[i];

		if (!lock->is_unlock)
			status = NT_STATUS_INVALID_PARAMETER;
		else if (!fsa_range_remove(&node->ranges, open, lock->offset,
					   lock->length))
			status = NT_STATUS_RANGE_NOT_LOCKED;
		if (!nt_status_is_ok(status))
			break;
	}
	serve(node, &told);
	fsa_node_unlock(node);
	post(&told);
	*ret_status = status;
	return i;
}

static enum nt_status co_unlock(struct fsa_open *open,
				const struct smb_locks *locks)
{
	enum nt_status status;
	uint32_t count = unlock_in_node(open, locks, &status);

	for (uint32_t i = 0; locks_in_kernel(open) && i < count; i++)
		fsa_posix_lock_co_give(open, &locks->locks[i]);
	return status;
}

/* ---- in the kernel, for local programs ---- */

/* Gives back what the kernel did not grant, and what came before it. */
static void co_take_back(struct fsa_open *open, const struct smb_locks *locks,
			 uint32_t taken)
{
	struct fsa_lock_waits told = TAILQ_HEAD_INITIALIZER(told);
	struct fsa_node *node = open->node;

	fsa_node_lock(node);
	for (uint32_t i = 0; i < locks->count; i++)
		(void)fsa_range_remove(&node->ranges, open,
				       locks->locks[i].offset,
				       locks->locks[i].length);
	serve(node, &told);
	fsa_node_unlock(node);
	post(&told);
	for (uint32_t i = 0; i < taken; i++)
		fsa_posix_lock_co_give(open, &locks->locks[i]);
}

static enum nt_status co_lock_in_kernel(struct fsa_open *open,
					const struct smb_locks *locks,
					struct smb_call *call)
{
	enum nt_status status = NT_STATUS_SUCCESS;
	uint32_t taken = 0;

	while (taken < locks->count) {
		status = fsa_posix_lock_co_take(open, &locks->locks[taken],
						call);
		if (!nt_status_is_ok(status))
			break;
		taken++;
	}
	if (!nt_status_is_ok(status))
		co_take_back(open, locks, taken);
	return status;
}

static enum nt_status check_locks(const struct smb_locks *locks)
{
	for (uint32_t i = 0; i < locks->count; i++) {
		const struct smb_lock *lock = &locks->locks[i];

		if (lock->is_unlock)
			return NT_STATUS_INVALID_PARAMETER;
		/* The last byte must have a 64-bit number. */
		if (lock->length &&
		    lock->offset > UINT64_MAX - lock->length + 1)
			return NT_STATUS_INVALID_LOCK_RANGE;
	}
	return NT_STATUS_SUCCESS;
}

enum nt_status fsa_co_lock(struct smb_object *object, struct smb_call *call,
			   const struct smb_locks *locks)
{
	struct fsa_open *open = fsa_open_of(object);
	enum nt_status status;

	if (open->base.is_directory || !locks->count)
		return NT_STATUS_INVALID_PARAMETER;
	if (locks->locks[0].is_unlock)
		return co_unlock(open, locks);
	status = check_locks(locks);
	/* Who may lock may go on to write what others have cached (LK-5). */
	if (nt_status_is_ok(status))
		status = fsa_grant_co_event(open, FSA_OPLOCK_WRITE, call);
	if (!nt_status_is_ok(status))
		return status;
	if (locks->is_immediate || locks->count > 1 || open->is_closing) {
		status = lock_now(open, locks);
		call = NULL;
	} else {
		status = co_lock_or_wait(open, call, locks);
	}
	if (nt_status_is_ok(status) && locks_in_kernel(open))
		status = co_lock_in_kernel(open, locks, call);
	return status;
}
