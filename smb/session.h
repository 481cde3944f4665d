/*
 * Sessions (MS-SMB2 3.3.1.8). A session lives on up to SMB_BINDINGS_MAX
 * connections of its client (binding.h), as long as one of them is up.
 *
 *   new ──SESSION_SETUP──> in progress ──success──> valid <──reauth──> valid
 *                               │                     │
 *                               └──failure──┐         ├─LOGOFF, PreviousSessionId,
 *                                           v         v  last connection lost
 *                                          gone <─────┘
 *
 * A session that is gone is in no table any more; requests that still hold a
 * reference find is_gone set and touch nothing of it. Its trees and opens are
 * closed by smb_session_co_end(), which returns when all are; durable opens
 * stay without it (durable.h).
 *
 * Thread: worker.
 */
#pragma once

#include <stdbool.h>
#include <stdint.h>
#include <sys/queue.h>

#include "smb/binding.h"
#include "smb/crypto.h"
#include "smb/smb.h"

struct smb_open;
struct smb_request;
struct smb_tree;

enum {
	SMB2_SESSION_FLAG_BINDING = 0x1, /* 2.2.5, Flags */
};

struct smb_session {
	uint64_t id;
	unsigned int refs;
	struct smb_engine *engine;
	TAILQ_HEAD(, smb_binding) bindings; /* oldest first; none once gone */
	uint32_t binding_count, up_count;
	struct smb_user *user;          /* reference; NULL until valid */
	struct smb_session_facts facts; /* for who wants to be bound to it */
	struct smb_keys keys;
	struct smb_sealer *sealer, *unsealer; /* NULL: no encryption */
	bool is_valid;
	bool is_gone;
	bool has_key;             /* false for guest and anonymous */
	bool must_sign;           /* Session.SigningRequired */
	bool must_seal;           /* Session.EncryptData */
	bool lists_for_apple;     /* as AAPL has it: create_apple.c */
	bool copies_for_apple;    /* whole files */
	uint32_t requests;        /* that run in it */
	struct smb_parked *ender; /* waits until requests is 1 or 0 */
	TAILQ_ENTRY(smb_session) ending_entry; /* in the engine's, once gone */
	TAILQ_HEAD(, smb_end_wait) end_waits;  /* for its end */
	uint32_t tree_count, open_count;
	TAILQ_HEAD(smb_trees, smb_tree) trees;
	TAILQ_HEAD(smb_opens, smb_open) opens;
};

/* A reference to a session of this engine by its id, or NULL. */
struct smb_session *smb_session_find(struct smb_engine *engine, uint64_t id);
/* The facts of a session that is up, of this engine or of another worker's;
   false: there is none. Wipe them. */
bool smb_session_ask(struct smb_engine *engine, uint64_t id,
		     struct smb_session_facts *ret_facts);
struct smb_session *smb_session_ref(struct smb_session *session);
struct smb_session *smb_session_unref(struct smb_session *session);

/* A new session of a channel, in progress, bound to it; its id is random.
   NULL: no memory or SMB_SESSIONS_MAX. The table holds a reference, the caller
   another. */
struct smb_session *smb_session_new(struct smb_channel *channel);

/* The first exchange has succeeded: requests may use it on its connection, and
   others of its client may be bound to it. */
void smb_session_set_valid(struct smb_session *session);

/* A connection on which it is up, the oldest that is there; or NULL. */
struct smb_channel *smb_session_channel(const struct smb_session *session);

/* Cancels what the function says of the requests that run in it. */
void smb_session_cancel(struct smb_session *session,
			bool (*is_meant)(const struct smb_request *rq,
					 const void *arg),
			const void *arg);

/*
 * Ends it: out of the table, its requests cancelled, waits for all but
 * `except` (how many of them are the caller's own), closes trees and opens but
 * those that are kept for their client.
 */
void smb_session_co_end(struct smb_session *session, uint32_t except);

/*
 * Waits until the session of this id has ended, with all that it had open, if
 * it is ending just now and is this user's; false if there is none, or if the
 * wait was cancelled.
 */
bool smb_session_co_wait_end(struct smb_engine *engine, uint64_t id,
			     const char *user);
