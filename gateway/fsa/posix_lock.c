/*
 * Locks of open file descriptions (fcntl(2), F_OFD_SETLK): each open of a
 * client has one of its own, and what it locks twice is one lock there. So
 * whoever unlocks looks at what else the open has locked in that part.
 *
 * The kernel tells nobody when a lock is free without a thread that waits for
 * it: who waits for local programs asks again and again.
 */
#include "gateway/fsa/posix_lock.h"

#include <stdlib.h>

#include "gateway/fsa/windows.h"

enum {
	ASK_AGAIN_MS = 100,
};

/* The part of a range that the kernel knows; false: none of it. */
static bool part_of(uint64_t offset, uint64_t length, struct store_span *ret)
{
	uint64_t room = (uint64_t)INT64_MAX - offset;

	if (!length || offset > INT64_MAX)
		return false;
	ret->offset = offset;
	ret->length = length > room ? STORE_SPAN_REST : length;
	return true;
}

/* An exclusive lock needs a file that can be written. */
static enum store_lock kind_of(const struct fsa_open *open, bool is_exclusive)
{
	bool may_write =
		open->base.granted & (FILE_WRITE_DATA | FILE_APPEND_DATA);
	bool may_read = open->base.granted & (FILE_READ_DATA | FILE_EXECUTE);

	if (is_exclusive && may_write)
		return STORE_LOCK_EXCLUSIVE;
	return may_read ? STORE_LOCK_SHARED : STORE_LOCK_NONE;
}

/* A file system without locks is no reason to refuse one between clients. */
static enum nt_status co_set(struct fsa_open *open, uint64_t offset,
			     uint64_t length, enum store_lock kind)
{
	enum nt_status status;
	struct store_span span;

	if (!part_of(offset, length, &span))
		return NT_STATUS_SUCCESS;
	status = fsa_status(FSA_LOCK, store_co_lock(open->file, &span, kind));
	return status == NT_STATUS_LOCK_NOT_GRANTED ? status
						    : NT_STATUS_SUCCESS;
}

/* Their last bytes have 64-bit numbers. */
static bool meet(const struct fsa_range *r, const struct smb_lock *lock)
{
	return r->length && lock->length &&
	       r->offset <= lock->offset + (lock->length - 1) &&
	       lock->offset <= r->offset + (r->length - 1);
}

/* Copies what the open has locked and meets this range; malloc, or NULL. */
static struct fsa_range *own_ranges(struct fsa_open *open,
				    const struct smb_lock *lock,
				    size_t *ret_count)
{
	struct fsa_ranges *all = &open->node->ranges;
	struct fsa_range *own;
	size_t count = 0;

	fsa_node_lock(open->node);
	own = reallocarray(NULL, all->count + 1, sizeof(*own));
	for (size_t i = 0; own && i < all->count; i++) {
		const struct fsa_range *r = &all->at[i];

		if (r->owner == open && meet(r, lock))
			own[count++] = *r;
	}
	fsa_node_unlock(open->node);
	*ret_count = count;
	return own;
}

/* Sets again what the open has there: shared ranges, then exclusive ones. */
static void co_restore(struct fsa_open *open, const struct smb_lock *lock,
		       bool exclusive_only)
{
	size_t count;
	struct fsa_range *own = own_ranges(open, lock, &count);

	for (int round = exclusive_only; own && round < 2; round++) {
		for (size_t i = 0; i < count; i++) {
			if (own[i].is_exclusive == round)
				(void)co_set(open, own[i].offset, own[i].length,
					     kind_of(open, round));
		}
	}
	free(own);
}

enum nt_status fsa_posix_lock_co_take(struct fsa_open *open,
				      const struct smb_lock *lock,
				      struct smb_call *call)
{
	enum store_lock kind = kind_of(open, lock->is_exclusive);
	enum nt_status status;
	bool has_told = false;

	if (kind == STORE_LOCK_NONE)
		return NT_STATUS_SUCCESS;
	for (;;) {
		status = co_set(open, lock->offset, lock->length, kind);
		if (status != NT_STATUS_LOCK_NOT_GRANTED || !call)
			break;
		if (!has_told)
			call->going_async(call);
		has_told = true;
		status = fsa_status(FSA_WAIT,
				    loop_co_sleep(loop_ms(ASK_AGAIN_MS)));
		if (open->is_closing)
			status = NT_STATUS_RANGE_NOT_LOCKED;
		if (!nt_status_is_ok(status))
			break;
	}
	if (nt_status_is_ok(status) && kind == STORE_LOCK_SHARED)
		co_restore(open, lock, true);
	return status;
}

void fsa_posix_lock_co_give(struct fsa_open *open, const struct smb_lock *lock)
{
	(void)co_set(open, lock->offset, lock->length, STORE_LOCK_NONE);
	co_restore(open, lock, false);
}
