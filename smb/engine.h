/*
 * One engine a worker: its ports, its tables of sessions, trees and opens, and
 * the ids that it gives them.
 *
 * Thread: worker.
 */
#pragma once

#include <stdint.h>

#include "smb/lease.h"
#include "smb/open.h"
#include "smb/ports.h"
#include "smb/replay.h"
#include "smb/session.h"
#include "smb/smb.h"
#include "smb/table.h"

struct smb_engine {
	const struct smb_ports *ports;
	const struct smb_server_facts *facts; /* ports' realm's; frozen */
	unsigned int worker;
	struct smb_table sessions; /* by id; the table holds a reference */
	TAILQ_HEAD(, smb_session) ending; /* no longer there, not yet ended */
	struct smb_table trees;        /* by id; a reference is the session's */
	struct smb_table opens;        /* by volatile id; likewise */
	struct smb_lease_table leases; /* by client and key */
	struct smb_table kept;         /* durable opens, by persistent id */
	struct smb_opens disconnected; /* of those; longest first */
	struct smb_replay_table replays;
	struct smb_instances instances; /* opens of applications that move */
	TAILQ_HEAD(smb_channels, smb_channel) channels; /* oldest first */
	uint32_t last_tree_id;
	uint64_t last_channel_serial;
	uint64_t last_async_id;     /* a client's connections share them */
	bool is_stopping;           /* nothing outlives its session */
	uint32_t closing_count;     /* opens whose time is up */
	struct smb_parked *stopper; /* waits for those */
	struct smb_engine_counts counts;
};

/* FILETIME, wall clock. */
uint64_t smb_engine_now(const struct smb_engine *engine);

/* Milliseconds, monotonic. */
uint64_t smb_engine_ticks(const struct smb_engine *engine);

void smb_engine_random(const struct smb_engine *engine, void *to,
		       size_t length);

/* A new session's id: random, of 32 bits, and it tells the worker. */
uint64_t smb_engine_fresh_session_id(const struct smb_engine *engine);

/* The volatile half of a new FileId: random. */
uint64_t smb_engine_fresh_file_id(const struct smb_engine *engine);

/* The persistent half: it tells the worker, the rest is random. */
uint64_t smb_engine_fresh_persistent_id(const struct smb_engine *engine);

/* The worker that an open with this persistent id is on, if it exists. */
unsigned int smb_persistent_id_worker(uint64_t persistent);
