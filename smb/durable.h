/*
 * Durable and resilient opens (MS-SMB2 3.3.1.10, 3.3.5.9.6 to 3.3.5.9.12,
 * 3.3.5.15.9, 3.3.6.2, 3.3.7.1): an open outlives its session for a while, and
 * its client may have it back in another one.
 *
 *                       ┌──────────────smb_durable_attach()─────────────┐
 *                       v                                               │
 *   open ──granted──> durable ──its session ends──> disconnected ──claimed
 *                       │                               │
 *                       └─CLOSE, TREE_DISCONNECT─┐      ├─time is up
 *                                                v      v  others need it
 *                                             closed <──┘
 *
 * A disconnected open is in the table `kept` of its engine, by the persistent
 * half of its FileId; its volatile half means nothing any more.
 *
 * Thread: worker. An open that has no lease may go to another worker when it
 * is claimed; between the two it belongs to whoever claims it.
 */
#pragma once

#include <stdbool.h>
#include <stdint.h>

#include "smb/lease.h"
#include "smb/ports.h"
#include "smb/replay.h"
#include "smb/status.h"

struct smb_channel;
struct smb_engine;
struct smb_open;
struct smb_tree;

/* The create contexts DHnQ, DHnC, DH2Q and DH2C: 2.2.13.2.3, .4, .11, .12. */
struct smb_durable_request {
	bool wants_v1, wants_v2;
	bool reclaims_v1, reclaims_v2;
	uint64_t persistent; /* of the FileId that is reclaimed */
	uint32_t timeout_ms; /* DH2Q */
	uint8_t create_guid[SMB_CREATE_GUID_LENGTH]; /* zero without */
};

/* Of an open; start with {}. */
struct smb_durable {
	bool is_granted; /* durable, or resilient */
	bool is_resilient;
	bool is_disconnected;
	bool is_returning;   /* somebody is about to have it back */
	bool is_expired;     /* nobody has it back any more */
	uint32_t timeout_ms; /* how long it is kept */
	uint64_t deadline;   /* ticks, while it is disconnected */
	uint8_t client_guid[16];
	uint8_t create_guid[SMB_CREATE_GUID_LENGTH]; /* zero: version 1 */
	struct smb_timer timer;
	struct smb_task closing;
};

/*
 * Grants what CREATE asks for, if the open may have it: a file with the right
 * to cache handles (batch oplock, lease with H), of an account that has a key.
 */
void smb_durable_grant(struct smb_open *open, const struct smb_channel *channel,
		       const struct smb_durable_request *ask,
		       const struct smb_created *created);

/*
 * FSCTL_LMR_REQUEST_RESILIENCY: the open is kept for `timeout_ms` even without
 * an oplock; 0: as long as we like. INVALID_PARAMETER for more than
 * SMB_RESILIENT_TIME_MAX_MS, INVALID_DEVICE_REQUEST where nothing is kept.
 */
enum nt_status smb_durable_make_resilient(struct smb_open *open,
					  const struct smb_channel *channel,
					  uint32_t timeout_ms);

/* Its session ends: it is kept if it may be, else closed. */
void smb_durable_co_leave(struct smb_open *open);

/* The open closes, or goes: it is forgotten here. */
void smb_durable_forget(struct smb_open *open);

/*
 * The holder lost rights to cache: opens that are disconnected and would have
 * to acknowledge that are closed.
 */
void smb_durable_yield(struct smb_lease *lease, const struct smb_break *brk);

/* ---- having it back ---- */

/* Who wants which open. */
struct smb_durable_claim {
	uint64_t persistent;
	const uint8_t *create_guid; /* NULL: version 1 asks, any will do */
	const uint8_t *client_guid;
	const struct smb_user *user;
	struct smb_volume *volume; /* of the tree that it comes through */
	const struct smb_lease_request *lease; /* version 0: none */
	const struct smb_name *name;
};

/*
 * Takes a disconnected open out of its engine, for smb_durable_attach() on
 * the claimer's worker: a reference. OBJECT_NAME_NOT_FOUND if there is none
 * like that, ACCESS_DENIED if it is another user's, INVALID_PARAMETER if the
 * name of the lease is another (3.3.5.9.7, 3.3.5.9.12).
 */
enum nt_status smb_durable_co_claim(struct smb_engine *engine,
				    const struct smb_durable_claim *claim,
				    struct smb_open **ret_open);

/*
 * The open belongs to this tree and its session from now on, with fresh ids.
 * Takes the reference. If the tree has gone meanwhile it is kept again:
 * USER_SESSION_DELETED. INSUFFICIENT_RESOURCES: it is kept, or closed.
 */
enum nt_status smb_durable_co_attach(struct smb_open *open,
				     struct smb_tree *tree,
				     const uint8_t client_guid[16]);

/*
 * Closes all opens that are disconnected, and keeps none any more; returns
 * when they are closed.
 */
void smb_durable_co_stop(struct smb_engine *engine);
