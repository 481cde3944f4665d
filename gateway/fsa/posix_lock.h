/*
 * Byte ranges that clients lock, locked in the kernel as well, so that local
 * programs that lock know of them and the other way round (share option). What
 * holds between clients is range.c's all the same: the kernel's locks are
 * advice, know no empty ranges and end at 2^63.
 *
 * Thread: the open's worker.
 */
#pragma once

#include "gateway/fsa/object.h"
#include "smb/ports.h"

/*
 * The open has just locked this: locks it in the kernel. `call`: waits until
 * local programs have let go of it, NULL: LOCK_NOT_GRANTED at once. CANCELLED;
 * RANGE_NOT_LOCKED if the open is closed meanwhile.
 */
enum nt_status fsa_posix_lock_co_take(struct fsa_open *open,
				      const struct smb_lock *lock,
				      struct smb_call *call);

/* It has just unlocked this; what it still has there stays locked. */
void fsa_posix_lock_co_give(struct fsa_open *open, const struct smb_lock *lock);
