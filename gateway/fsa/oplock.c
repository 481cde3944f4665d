/*
 * The rules of oplock.h. Who holds what on which file, who waits and who is
 * told are grant.c's; here one holder's state meets one event at a time.
 *
 * What takes what, of others (the own one: nothing, but for level II):
 *
 *               lease                  oplock
 *   SHARE       H                      H and W: BATCH becomes II
 *   OPEN        W                      H and W: BATCH, EXCLUSIVE become II
 *   .. TO_DELETE H and W                H and W
 *   OVERWRITE   all                    all
 *   WRITE       all                    all
 *   NAME        H                      H and W, of BATCH
 *   CHILD       all                    (directories have leases only)
 */
#include "gateway/fsa/oplock.h"

#include "gateway/fsa/windows.h"

#define R SMB_CACHE_READ
#define H SMB_CACHE_HANDLE
#define W SMB_CACHE_WRITE

#define ALL (R | H | W)

static uint8_t taken_for_handle(const struct fsa_oplock *oplock)
{
	if (!(oplock->caching & H))
		return 0;
	return oplock->is_lease ? H : H | W;
}

uint8_t fsa_oplock_taken(const struct fsa_oplock *oplock,
			 enum fsa_oplock_event event, bool is_own)
{
	bool is_level_two = !oplock->is_lease && oplock->caching == R;

	if (is_own)
		return event == FSA_OPLOCK_WRITE && is_level_two ? R : 0;
	switch (event) {
	case FSA_OPLOCK_SHARE:
	case FSA_OPLOCK_NAME:
		return taken_for_handle(oplock);
	case FSA_OPLOCK_OPEN:
		if (!(oplock->caching & W))
			return 0;
		return oplock->is_lease ? W : H | W;
	case FSA_OPLOCK_OPEN_TO_DELETE:
		return H | W;
	case FSA_OPLOCK_OVERWRITE:
	case FSA_OPLOCK_WRITE:
	case FSA_OPLOCK_CHILD:
		break;
	}
	return ALL;
}

/* What an event can't go on with. */
static uint8_t delaying(enum fsa_oplock_event event)
{
	switch (event) {
	case FSA_OPLOCK_SHARE:
	case FSA_OPLOCK_NAME:
		return H;
	case FSA_OPLOCK_OPEN_TO_DELETE:
		return H | W;
	case FSA_OPLOCK_CHILD:
		return 0;
	case FSA_OPLOCK_OPEN:
	case FSA_OPLOCK_OVERWRITE:
	case FSA_OPLOCK_WRITE:
		break;
	}
	return W;
}

bool fsa_oplock_delays(const struct fsa_oplock *oplock,
		       enum fsa_oplock_event event)
{
	return oplock->is_breaking && oplock->caching & delaying(event);
}

/* Goes on to what is to be left; an acknowledgement is owed for W and H. */
static struct smb_break step(struct fsa_oplock *oplock, uint8_t to)
{
	struct smb_break brk = {
		.from = oplock->caching,
		.to = to,
		.must_ack = oplock->caching & (W | H),
	};

	oplock->is_breaking = brk.must_ack;
	oplock->offered = to;
	if (!brk.must_ack)
		oplock->caching = to;
	return brk;
}

bool fsa_oplock_break(struct fsa_oplock *oplock, uint8_t taken,
		      struct smb_break *ret_break)
{
	uint8_t left = oplock->caching & ~taken;

	if (oplock->is_breaking) {
		oplock->final &= ~taken;
		return false;
	}
	if (left == oplock->caching)
		return false;
	oplock->final = left;
	*ret_break = step(oplock, left);
	return true;
}

/*
 * What was asked of it meanwhile follows in steps that clients expect: W and H
 * go first, and R alone afterwards (breaking3 of smbtorture shows Windows').
 */
static struct smb_break next_step(struct fsa_oplock *oplock)
{
	uint8_t to = oplock->final;
	struct smb_break brk;

	if (oplock->caching & (W | H))
		to |= oplock->caching & R;
	brk = step(oplock, to);
	brk.is_next = true;
	return brk;
}

enum fsa_oplock_ack fsa_oplock_ack(struct fsa_oplock *oplock, uint8_t caching,
				   bool *ret_has_next,
				   struct smb_break *ret_next)
{
	if (!oplock->is_breaking)
		return FSA_OPLOCK_NOT_BREAKING;
	if (caching & ~oplock->offered)
		return FSA_OPLOCK_TOO_MUCH;
	oplock->caching = fsa_oplock_valid(caching);
	oplock->is_breaking = false;
	*ret_has_next = oplock->caching & ~oplock->final;
	if (*ret_has_next)
		*ret_next = next_step(oplock);
	return FSA_OPLOCK_ACKED;
}

void fsa_oplock_expire(struct fsa_oplock *oplock)
{
	oplock->caching = 0;
	oplock->is_breaking = false;
}

uint8_t fsa_oplock_valid(uint8_t caching)
{
	return caching & R ? caching & ALL : 0;
}

uint8_t fsa_oplock_grant(bool is_lease, uint8_t wanted,
			 const struct fsa_oplock_others *others)
{
	uint8_t granted = fsa_oplock_valid(wanted);

	if (others->has_write || others->is_changing)
		return 0;
	if (!is_lease && others->has_handle)
		return 0;
	if (others->has_open)
		granted &= is_lease ? ALL & ~W : R;
	if (others->has_oplock)
		granted &= ALL & ~H;
	return granted;
}

bool fsa_oplock_raise(struct fsa_oplock *oplock, uint8_t wanted,
		      const struct fsa_oplock_others *others)
{
	if (oplock->is_breaking || wanted == oplock->caching ||
	    oplock->caching & ~wanted || fsa_oplock_valid(wanted) != wanted)
		return false;
	if (fsa_oplock_grant(oplock->is_lease, wanted, others) != wanted)
		return false;
	oplock->caching = wanted;
	return true;
}

bool fsa_oplock_is_stat(uint32_t access, bool is_lease)
{
	uint32_t harmless =
		FILE_READ_ATTRIBUTES | FILE_WRITE_ATTRIBUTES | SYNCHRONIZE;

	if (is_lease)
		harmless |= READ_CONTROL;
	return !(access & ~harmless);
}
