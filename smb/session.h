/*
 * Sessions (MS-SMB2 3.3.1.8) and the channels that are bound to them.
 *
 *   new ──SESSION_SETUP──> in progress ──success──> valid <──reauth──> valid
 *                               │                     │
 *                               └──failure──┐         ├─LOGOFF, PreviousSessionId,
 *                                           v         v  last connection lost
 *                                          gone <─────┘
 *
 * A session that is gone is in no table any more; requests that still hold a
 * reference find is_gone set and touch nothing of it. Its opens and trees are
 * closed by smb_session_co_end(), which returns when all are.
 *
 * Thread: worker.
 */
#pragma once

#include <stdbool.h>
#include <stdint.h>
#include <sys/queue.h>

#include "smb/auth/auth.h"
#include "smb/crypto.h"
#include "smb/smb.h"

struct smb_open;
struct smb_tree;

struct smb_session {
	uint64_t id;
	unsigned int refs;
	struct smb_engine *engine;
	struct smb_channel *channel; /* the one it lives on; NULL once gone */
	TAILQ_ENTRY(smb_session) entry; /* of its channel */
	struct smb_auth *auth; /* an exchange that is under way, or NULL */
	unsigned int legs;     /* of that exchange */
	struct smb_user *user; /* reference; NULL until valid */
	uint8_t preauth[SMB_HASH_LENGTH]; /* 3.1.1: of its set-up */
	struct smb_keys keys;
	struct smb_signer *signer;
	struct smb_sealer *sealer, *unsealer; /* NULL: no encryption */
	bool is_valid;
	bool is_gone;
	bool has_key;             /* false for guest and anonymous */
	bool must_sign;           /* Session.SigningRequired */
	bool must_seal;           /* Session.EncryptData */
	uint32_t requests;        /* that run in it */
	struct smb_parked *ender; /* waits until requests is 1 or 0 */
	uint32_t tree_count, open_count;
	TAILQ_HEAD(smb_trees, smb_tree) trees;
	TAILQ_HEAD(smb_opens, smb_open) opens;
};

/* A reference to a session of this engine by its id, or NULL. */
struct smb_session *smb_session_find(struct smb_engine *engine, uint64_t id);
struct smb_session *smb_session_ref(struct smb_session *session);
struct smb_session *smb_session_unref(struct smb_session *session);

/* A new session of a channel, in progress; its id is random. NULL: no memory
   or SMB_SESSIONS_MAX. The table holds a reference, the caller another. */
struct smb_session *smb_session_new(struct smb_channel *channel);

/* The exchange has succeeded for the first time: requests may use it. */
void smb_session_set_valid(struct smb_session *session);

/*
 * Ends it: out of the table, its requests cancelled, waits for all but
 * `except` (how many of them are the caller's own), closes opens and trees.
 */
void smb_session_co_end(struct smb_session *session, uint32_t except);
