/*
 * CREATEs that may come twice (MS-SMB2 3.3.5.9.10): a client that lost the
 * channel before it had the answer sends its CREATE again, with the same
 * CreateGuid and the replay flag, and is to get the same open.
 *
 *   none ──smb_replay_begin()──> running ──smb_replay_opened()──> opened
 *     ^                             │                                │
 *     └────────smb_replay_end()─────┴─the client uses it, or it closes
 *
 * Thread: worker.
 */
#pragma once

#include <stdbool.h>
#include <stdint.h>
#include <sys/queue.h>

struct smb_engine;
struct smb_open;

enum {
	SMB_CREATE_GUID_LENGTH = 16,
};

/* Start with {}. It stays where it is as long as it is listed. */
struct smb_replay {
	LIST_ENTRY(smb_replay) entry; /* of its bucket */
	bool is_listed;
	uint8_t client_guid[16];
	uint8_t create_guid[SMB_CREATE_GUID_LENGTH];
	struct smb_open *open; /* borrowed; NULL while the CREATE runs */
};

LIST_HEAD(smb_replay_bucket, smb_replay);

/* An engine's. Start with {}. */
struct smb_replay_table {
	struct smb_replay_bucket *buckets; /* NULL before the first */
	uint64_t secret[4];                /* clients can't choose collisions */
};

void smb_replay_table_fini(struct smb_replay_table *table);

/* That of the client with this CreateGuid; borrowed; NULL if there is none. */
struct smb_replay *smb_replay_find(struct smb_engine *engine,
				   const uint8_t client_guid[16],
				   const uint8_t create_guid[16]);

/* The CREATE begins; there is none like it. False: out of memory. */
bool smb_replay_begin(struct smb_engine *engine, struct smb_replay *replay,
		      const uint8_t client_guid[16],
		      const uint8_t create_guid[16]);

/* It made this open, which goes on in its place: see struct smb_open. */
void smb_replay_opened(struct smb_engine *engine, struct smb_replay *replay,
		       struct smb_open *open);

/* It is forgotten. Nothing happens if it isn't listed. */
void smb_replay_end(struct smb_replay *replay);
