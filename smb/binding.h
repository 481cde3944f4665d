/*
 * A session on one connection: what MS-SMB2 3.3.1.14 calls a channel of the
 * session, with a signing key of its own, and the SESSION_SETUP exchange that
 * is under way on that connection.
 *
 *   in progress ──exchange succeeds──> up <──reauthentication──> up
 *        │                             │
 *        └──failure──> removed <───────┴──connection lost, session ended
 *
 * A session's first binding is made with it, the others by SESSION_SETUP with
 * the flag BINDING. Requests hold a reference, so that their answers can still
 * be signed when the session has gone.
 *
 * Thread: worker. All connections of a client are on one worker.
 */
#pragma once

#include <stdbool.h>
#include <stdint.h>
#include <sys/queue.h>

#include "smb/auth/auth.h"
#include "smb/crypto.h"
#include "smb/ports.h"
#include "smb/status.h"

struct smb_channel;
struct smb_session;

struct smb_binding {
	unsigned int refs;
	struct smb_session *session; /* borrowed; NULL once removed */
	struct smb_channel *channel; /* likewise */
	TAILQ_ENTRY(smb_binding) session_entry, channel_entry;
	bool is_up;
	struct smb_signer *signer; /* Channel.SigningKey; NULL: none */
	struct smb_auth *auth;     /* an exchange that is under way, or NULL */
	unsigned int legs;         /* of that exchange */
	uint8_t preauth[SMB_HASH_LENGTH]; /* 3.1.1: of the binding's set-up */
};

/*
 * Puts the session on a connection, in progress. Borrowed from the session,
 * which holds the reference. NULL: no memory or SMB_SESSIONS_MAX.
 */
struct smb_binding *smb_binding_new(struct smb_session *session,
				    struct smb_channel *channel);

/* A reference to the session's binding to this connection, or NULL. */
struct smb_binding *smb_binding_find(struct smb_session *session,
				     const struct smb_channel *channel);
struct smb_binding *smb_binding_ref(struct smb_binding *binding);
struct smb_binding *smb_binding_unref(struct smb_binding *binding);

/* The exchange has succeeded for the first time: requests may use it. */
void smb_binding_set_up(struct smb_binding *binding);

/* Off its session and its connection. */
void smb_binding_remove(struct smb_binding *binding);

/*
 * The connection is lost: the session loses it, and ends with the last one
 * that was up.
 */
void smb_binding_co_lose(struct smb_binding *binding);

/*
 * Whether a connection may be bound to the session that these are the facts
 * of, as far as the two have to agree (MS-SMB2 3.3.5.5): the order in which
 * faults are found is part of the protocol. `is_signed`: with the session's
 * key, and verified.
 */
enum nt_status smb_binding_check(const struct smb_session_facts *session,
				 const struct smb_channel *channel,
				 bool is_signed);
