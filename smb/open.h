/*
 * Opens (MS-SMB2 3.3.1.10): a FileId and what it stands for, a file of the
 * object store or a named pipe. What is done with the file is the store's
 * business; here are identity and life.
 *
 *   open ──smb_open_co_close()──> closing (in no table; its waits are ended)
 *        ──last request done────> closed (object closed), freed with last ref
 *
 * A durable one may be without a session for a while: durable.h.
 *
 * Thread: worker.
 */
#pragma once

#include <stdbool.h>
#include <stdint.h>
#include <sys/queue.h>

#include "smb/durable.h"
#include "smb/instance.h"
#include "smb/ports.h"
#include "smb/replay.h"
#include "smb/sequence.h"

struct smb_engine;
struct smb_lease;
struct smb_pipe;
struct smb_session;
struct smb_tree;
struct smb_turn;

enum {
	SMB_LOCK_BUCKETS = 64, /* 3.3.1.10, LockSequenceArray */
};

struct smb_open {
	uint64_t persistent, volatile_id; /* FileId */
	unsigned int refs;
	struct smb_engine *engine;
	struct smb_session *session; /* borrowed; NULL: disconnected */
	struct smb_tree *tree;       /* reference; that of its last session */
	TAILQ_ENTRY(smb_open) entry; /* of its session, or of those without */
	struct smb_object *object;   /* one of these two */
	struct smb_pipe *pipe;
	struct smb_lease *lease; /* or oplock; NULL: neither */
	TAILQ_ENTRY(smb_open) lease_entry;
	uint32_t requests;         /* that run on it */
	struct smb_parked *closer; /* waits until requests is 1 or 0 */
	bool is_closing;
	bool has_ended_waits;
	struct smb_turn *turns; /* QUERY_DIRECTORY: the first of these runs */
	enum smb_create_action action; /* of the CREATE that made it */
	struct smb_durable durable;
	struct smb_replay replay; /* listed until the client uses it */
	struct smb_instanced instanced;
	struct smb_sequence sequence;
	/* LOCK: of each bucket the number that was last done, and 1; or 0. */
	uint8_t lock_sequence[SMB_LOCK_BUCKETS];
};

/* A reference to the session's open with this id, not closing; or NULL. */
struct smb_open *smb_open_find(struct smb_session *session, uint64_t persistent,
			       uint64_t volatile_id);
struct smb_open *smb_open_ref(struct smb_open *open);
struct smb_open *smb_open_unref(struct smb_open *open);

/*
 * A new open of the tree with fresh ids; takes `object` or `pipe`. The session
 * holds a reference, the caller another. NULL: no memory or SMB_OPENS_MAX; the
 * object is then still the caller's to close.
 */
struct smb_open *smb_open_new(struct smb_tree *tree, struct smb_object *object,
			      struct smb_pipe *pipe);

/*
 * A request runs on it from now on, until smb_open_leave(): CLOSE waits for
 * that. The caller has a reference.
 */
void smb_open_enter(struct smb_open *open);
void smb_open_leave(struct smb_open *open);

/*
 * Into the tables of a session, with a fresh volatile id, or out of them; the
 * session's reference goes along. False: out of memory.
 */
bool smb_open_join_session(struct smb_open *open, struct smb_session *session);
void smb_open_leave_session(struct smb_open *open);

/* Ends what waits on it (CHANGE_NOTIFY, LOCK): it is about to be closed. */
void smb_open_end_waits(struct smb_open *open);

/*
 * Takes it out of the tables, ends what waits on it, waits until no request
 * but `except` (0 or 1, the caller's own) runs on it, and closes the object.
 * FILE_CLOSED if somebody else was first. `ret_facts` may be NULL.
 */
enum nt_status smb_open_co_close(struct smb_open *open, uint32_t except,
				 struct smb_file_facts *ret_facts);
