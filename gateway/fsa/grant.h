/*
 * Who holds an oplock or a lease on a file, how holders are told that they
 * lose it, and how others wait until they have let go. What is lost by what is
 * oplock.h's.
 *
 * A grant belongs to one open (an oplock) or to all opens of one lease, which
 * have its smb_holder in common. It lives in the node as long as one of them.
 *
 * Holders are told on their own worker, by a note that lies in the grant; who
 * waits is woken on his by a note that lies in the wait. Neither goes away
 * while its note is under way: fsa_grant_may_leave() and fsa_grant_co_wait()
 * see to that.
 *
 * Thread: what is below the lines is under the node's lock.
 */
#pragma once

#include <stdbool.h>
#include <stdint.h>
#include <sys/queue.h>

#include "gateway/fsa/object.h"
#include "gateway/fsa/oplock.h"

struct fsa_grant {
	struct fsa_node *node; /* borrowed: its opens hold it */
	struct smb_holder *holder;
	struct loop_note note;
	/* ---- under the lock ---- */
	struct loop *loop; /* the holder's; NULL while it changes workers */
	TAILQ_ENTRY(fsa_grant) entry;      /* in the node */
	TAILQ_ENTRY(fsa_grant) told_entry; /* among those to be told */
	struct fsa_oplock oplock;
	unsigned int opens;
	bool is_posted;  /* the note is under way, or about to be */
	struct loop *to; /* where it is to be posted */
	struct smb_break told;
};

/* One that waits until somebody lets go; on its fiber's stack. */
struct fsa_grant_wait {
	struct loop *loop;
	const struct fsa_open *by; /* whose closing ends it, or NULL */
	bool is_for_handles;       /* any open that closes may end it */
	struct loop_note note;
	struct loop_waiter waiter;
	bool is_delivered; /* on its own worker */
	/* ---- under the lock ---- */
	TAILQ_ENTRY(fsa_grant_wait) entry; /* in the node, or a told list's */
	bool is_posted;
	bool is_closing;
};

/* Whom to tell once the lock is given back: fsa_told_post(). */
struct fsa_told {
	struct fsa_grants grants;
	struct fsa_grant_waits waits;
};

void fsa_told_init(struct fsa_told *told);

/* Without the lock. */
void fsa_told_post(struct fsa_told *told);

/* ---- CREATE ---- */

/* Under the lock: the grant that this holder has on the node; or NULL. */
struct fsa_grant *fsa_grant_find(struct fsa_node *node,
				 const struct smb_holder *holder);

/*
 * Under the lock: whether an open in whose way `other` stands may hope that
 * its holder lets go of it. `own`: the grant of who asks, or NULL.
 */
bool fsa_grant_may_yield(const struct fsa_open *other,
			 const struct fsa_grant *own);

/*
 * Under the lock: takes from a grant what the event takes. True if the event
 * has to wait for it.
 */
bool fsa_grant_break(struct fsa_grant *grant, enum fsa_oplock_event event,
		     bool is_own, struct fsa_told *told);

/*
 * Under the lock, with the open not yet in its node: gives it what can be
 * granted of `wanted`. `spare` (malloc) becomes the grant if there is none
 * yet; what isn't used is freed. True if the rights of the holder are new or
 * more than before.
 */
bool fsa_grant_take(struct fsa_open *open, struct smb_holder *holder,
		    uint8_t wanted, struct fsa_grant *spare);

/* What the open's holder has, for the answer of CREATE. Takes the lock. */
void fsa_grant_tell(struct fsa_open *open, struct smb_created *ret);

/* ---- waiting ---- */

/* Under the lock: joins those who wait. */
void fsa_grant_wait_begin(struct fsa_node *node, struct fsa_grant_wait *wait,
			  const struct fsa_open *by, bool is_for_handles);

/*
 * Without the lock: waits until somebody lets go of something; then look
 * afresh. CANCELLED; FILE_CLOSED if `by` is being closed.
 */
enum nt_status fsa_grant_co_wait(struct fsa_node *node,
				 struct fsa_grant_wait *wait,
				 struct smb_call *call);

/* ---- other events ---- */

/*
 * `by` is about to do this: takes from all holders what the event takes, and
 * waits where it has to. `call` may be NULL. Errors as fsa_grant_co_wait().
 */
enum nt_status fsa_grant_co_event(struct fsa_open *by,
				  enum fsa_oplock_event event,
				  struct smb_call *call);

/* The same for a file that `by` does something to without having it open. */
enum nt_status fsa_grant_co_event_on(struct fsa_node *node,
				     enum fsa_oplock_event event,
				     struct smb_call *call);

/*
 * `by` is about to change what the file holds: as fsa_grant_co_event() with
 * FSA_OPLOCK_WRITE. If it may, fsa_grant_end_change() has to follow once that
 * is done, well or badly. What others open between the two gives them no right
 * to cache: they would keep what was there before, and nobody would tell them.
 */
enum nt_status fsa_grant_co_begin_change(struct fsa_open *by,
					 struct smb_call *call);
void fsa_grant_end_change(struct fsa_open *by);

/* As fsa_grant_co_event(), without waiting. */
void fsa_grant_event(struct fsa_open *by, enum fsa_oplock_event event);

/* A stranger has done it to the file: nobody waits, and nobody is spared. */
void fsa_grant_event_on(struct fsa_node *node, enum fsa_oplock_event event);

/*
 * Something in this directory has changed: takes their leases from all but
 * those with this key (16 bytes; NULL: nobody's). Nobody waits for them.
 */
void fsa_grant_child_changed(struct fsa_node *node, const uint8_t *parent_key);

/* Ends the waits of an open that is about to be closed. */
void fsa_grant_closing(struct fsa_open *open);

/* ---- another worker ---- */

/*
 * Under the lock, once fsa_grant_may_leave(): the open goes to another worker,
 * and its oplock with it. What its holder is to be told waits. (The opens of a
 * lease stay on one worker.)
 */
void fsa_grant_depart(struct fsa_open *open);

/* Under the lock: the open is on this worker now. */
void fsa_grant_arrive(struct fsa_open *open, struct fsa_told *told);

/* ---- the end ---- */

/* Under the lock: false while a note to the open's holder is under way. */
bool fsa_grant_may_leave(const struct fsa_open *open);

/*
 * Under the lock, once it may: the open has left its node. Its grant goes with
 * the last of its opens, and who waits looks afresh.
 */
void fsa_grant_leave(struct fsa_open *open, struct fsa_told *told);
