/*
 * What clients may keep of a file on their side, and when they must give it
 * up: oplocks and leases (MS-FSA 2.1.5.18 and 2.1.5.19; MS-SMB2 3.3.1.4). Both
 * are rights to cache, told as LeaseState tells them: of the levels of an
 * oplock, II is R, EXCLUSIVE is RW and BATCH is RWH. Pure.
 *
 *        ┌──raise──┐
 *        v         │                   ┌──ack, more is to go──┐
 *   none, R, RH, RW, RWH ──break──> breaking ─────────────────┘
 *        ^   (R: no ack, done)         │
 *        └──────ack, or none in time───┘
 */
#pragma once

#include <stdbool.h>
#include <stdint.h>

#include "smb/ports.h"

struct fsa_oplock {
	bool is_lease;
	uint8_t caching;  /* SMB_CACHE_* that the holder has now */
	bool is_breaking; /* an acknowledgement is awaited */
	uint8_t offered;  /* if so: what the holder was told to keep */
	uint8_t final;    /* and what is to be left in the end */
};

/* What is about to be done to a file, by somebody. */
enum fsa_oplock_event {
	FSA_OPLOCK_SHARE, /* an open that the holder's share mode forbids */
	FSA_OPLOCK_OPEN,
	FSA_OPLOCK_OPEN_TO_DELETE, /* an open that deletes the file on close */
	FSA_OPLOCK_OVERWRITE,      /* an open that empties the file */
	FSA_OPLOCK_WRITE,          /* bytes, size or locks change */
	FSA_OPLOCK_NAME,           /* rename, link, delete */
	FSA_OPLOCK_CHILD, /* of a directory: what is in it has changed */
};

/*
 * The rights that an event takes from a holder. `is_own`: the holder itself
 * does it. An oplock of level II goes with every write, its own too; a lease
 * never breaks itself.
 */
uint8_t fsa_oplock_taken(const struct fsa_oplock *oplock,
			 enum fsa_oplock_event event, bool is_own);

/*
 * Whether the event has to wait for the holder's acknowledgement: for what may
 * be unwritten, or for handles that may be closed; once the break was begun.
 */
bool fsa_oplock_delays(const struct fsa_oplock *oplock,
		       enum fsa_oplock_event event);

/*
 * Takes rights away. True if the holder is to be told, `ret_break` then says
 * what. While it still owes an acknowledgement it is told later.
 */
bool fsa_oplock_break(struct fsa_oplock *oplock, uint8_t taken,
		      struct smb_break *ret_break);

enum fsa_oplock_ack {
	FSA_OPLOCK_ACKED,
	FSA_OPLOCK_NOT_BREAKING,
	FSA_OPLOCK_TOO_MUCH, /* more than was offered: nothing has changed */
};

/*
 * The holder acknowledges, keeping `caching`. If more is to go, `ret_has_next`
 * is set and the next break begins at once.
 */
enum fsa_oplock_ack fsa_oplock_ack(struct fsa_oplock *oplock, uint8_t caching,
				   bool *ret_has_next,
				   struct smb_break *ret_next);

/* The holder did not answer in time: it has nothing any more. */
void fsa_oplock_expire(struct fsa_oplock *oplock);

/* What stands beside one who asks: opens of other holders. */
struct fsa_oplock_others {
	bool has_open; /* one that is more than a stat open, or holds rights */
	bool has_oplock;  /* with rights */
	bool has_handle;  /* a lease with H */
	bool has_write;   /* somebody has W, and keeps it */
	bool is_changing; /* somebody is writing, and has told who is there */
};

/* The rights of what clients ask for: R, RW, RH, RWH; or none. */
uint8_t fsa_oplock_valid(uint8_t caching);

/* What can be granted of `wanted` (2.1.5.18; levels or leases). */
uint8_t fsa_oplock_grant(bool is_lease, uint8_t wanted,
			 const struct fsa_oplock_others *others);

/*
 * One more open of a lease asks: its rights may grow, all that was asked for
 * or nothing, and never shrink (LS-2). True if they have changed.
 */
bool fsa_oplock_raise(struct fsa_oplock *oplock, uint8_t wanted,
		      const struct fsa_oplock_others *others);

/*
 * Opens that touch nothing that is cached (2.1.5.18): they break nothing.
 * Leases allow for READ_CONTROL as well.
 */
bool fsa_oplock_is_stat(uint32_t access, bool is_lease);
