/*
 * The engine's objects as bytes: sessions, trees, opens, leases and locked
 * ranges, so that they can be handed on, kept and compared. The encoding is
 * stable: little-endian, each record with its kind, its version and its length
 * in front; records may follow each other. Keys are not among them: whoever
 * goes on with a session authenticates it anew. Pure, but for the functions
 * that look at an object of the engine.
 *
 *   record: kind u16, version u16, length u32, then `length` bytes
 */
#pragma once

#include <stdbool.h>
#include <stdint.h>

#include "smb/instance.h"
#include "smb/open.h"
#include "smb/status.h"
#include "smb/wire/cursor.h"

struct smb_lease;
struct smb_session;
struct smb_tree;

enum {
	SMB_STATE_NAME_MAX = 256,    /* bytes of UTF-8, with the NUL */
	SMB_STATE_RECORD_MAX = 1024, /* no record is longer */
};

struct smb_session_state {
	uint64_t id;
	uint16_t dialect;
	uint8_t client_guid[16];
	char user[SMB_STATE_NAME_MAX];
	bool is_guest, is_anonymous;
	bool must_sign, must_seal;
};

struct smb_tree_state {
	uint32_t id;
	uint64_t session_id;
	char share[SMB_STATE_NAME_MAX];
	uint32_t access_max;
	bool must_encrypt;
};

struct smb_open_state {
	uint64_t persistent, volatile_id;
	uint32_t tree_id; /* of the tree that it is open in, or was */
	uint32_t granted; /* access */
	bool is_directory;
	uint8_t action; /* enum smb_create_action */
	bool is_durable, is_resilient, is_disconnected;
	uint32_t timeout_ms;
	uint8_t client_guid[16];
	uint8_t create_guid[SMB_CREATE_GUID_LENGTH];
	bool has_lease; /* or oplock: `lease_key` is then 0 */
	uint8_t lease_key[SMB_LEASE_KEY_LENGTH];
	uint8_t caching; /* SMB_CACHE_* */
	uint16_t channel_sequence;
	uint8_t lock_sequence[SMB_LOCK_BUCKETS];
	struct smb_instance instance;
};

struct smb_lease_state {
	uint8_t client_guid[16];
	uint8_t key[SMB_LEASE_KEY_LENGTH];
	uint8_t parent_key[SMB_LEASE_KEY_LENGTH];
	bool has_parent;
	uint8_t version; /* 1 or 2 */
	uint16_t epoch;
	uint8_t caching;
	bool is_awaited; /* an acknowledgement */
};

struct smb_lock_state {
	uint64_t persistent; /* of its open */
	uint64_t offset, length;
	bool is_exclusive;
};

/* ---- what they are now ---- */

void smb_session_describe(const struct smb_session *session,
			  struct smb_session_state *ret_state);
void smb_tree_describe(const struct smb_tree *tree,
		       struct smb_tree_state *ret_state);
void smb_open_describe(const struct smb_open *open,
		       struct smb_open_state *ret_state);
void smb_lease_describe(const struct smb_lease *lease,
			struct smb_lease_state *ret_state);

/* ---- as bytes: one record each; the writer fails where room is short ---- */

void smb_session_save(struct writer *w, const struct smb_session_state *state);
void smb_tree_save(struct writer *w, const struct smb_tree_state *state);
void smb_open_save(struct writer *w, const struct smb_open_state *state);
void smb_lease_save(struct writer *w, const struct smb_lease_state *state);
void smb_lock_save(struct writer *w, const struct smb_lock_state *state);

/*
 * ---- and back ----
 *
 * Each reads one record and moves the reader behind it. UNKNOWN_REVISION: a
 * version that is not known here. INVALID_PARAMETER: another kind of record,
 * one that is cut, or values that no object has. The reader has not moved then.
 */

enum nt_status smb_session_load(struct reader *r,
				struct smb_session_state *ret_state);
enum nt_status smb_tree_load(struct reader *r,
			     struct smb_tree_state *ret_state);
enum nt_status smb_open_load(struct reader *r,
			     struct smb_open_state *ret_state);
enum nt_status smb_lease_load(struct reader *r,
			      struct smb_lease_state *ret_state);
enum nt_status smb_lock_load(struct reader *r,
			     struct smb_lock_state *ret_state);
