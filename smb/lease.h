/*
 * Leases and oplocks as clients see them (MS-SMB2 3.3.1.12, 3.3.4.6, 3.3.4.7):
 * keys, versions and epochs, the notice that a holder is broken, and the time
 * that it has to acknowledge. What may be held beside whom is the object
 * store's.
 *
 * A lease belongs to a client (ClientGuid) and its key, and so to all opens
 * that name it; an oplock to one open. Both are a struct smb_lease.
 *
 *   told ──notice──> awaited ──acknowledgement──> told
 *    │                  └──SMB_BREAK_TIME_MS: nothing is left──> told
 *    └──last open closed, last reference──> freed
 *
 * Thread: worker. One client's connections are all on one worker.
 */
#pragma once

#include <stdbool.h>
#include <stddef.h>
#include <stdint.h>
#include <sys/queue.h>

#include "smb/notice.h"
#include "smb/ports.h"

struct smb_engine;
struct smb_open;

enum {
	SMB_LEASE_KEY_LENGTH = 16,
	SMB_LEASE_BREAK_IN_PROGRESS = 0x2, /* 2.2.14.2.10, Flags */
	SMB_LEASE_PARENT_KEY_SET = 0x4,
};

/* OplockLevel, 2.2.13. */
enum {
	SMB_OPLOCK_NONE = 0,
	SMB_OPLOCK_II = 1,
	SMB_OPLOCK_EXCLUSIVE = 8,
	SMB_OPLOCK_BATCH = 9,
	SMB_OPLOCK_LEASE = 0xff,
};

/* A create context RqLs, 2.2.13.2.8 and 2.2.13.2.10. */
struct smb_lease_request {
	uint8_t version; /* 1 or 2; 0: none came */
	uint8_t key[SMB_LEASE_KEY_LENGTH];
	uint32_t state;
	uint32_t flags;
	uint8_t parent_key[SMB_LEASE_KEY_LENGTH];
	uint16_t epoch;
};

struct smb_lease {
	struct smb_holder holder; /* first */
	unsigned int refs;
	struct smb_engine *engine;
	TAILQ_HEAD(smb_lease_opens, smb_open) opens; /* by their lease_entry */
	uint8_t caching; /* SMB_CACHE_* as the client was told */
	bool is_awaited; /* an acknowledgement */
	bool has_news;   /* that came before there was an open to tell */
	struct smb_break news;
	struct smb_timer timer;
	struct smb_notices notices; /* on their way */
	/* ---- leases only ---- */
	LIST_ENTRY(smb_lease) entry; /* of its bucket */
	uint8_t client_guid[16];
	uint8_t key[SMB_LEASE_KEY_LENGTH];
	uint8_t version;
	uint16_t epoch;
	bool has_parent;
	uint8_t parent_key[SMB_LEASE_KEY_LENGTH];
};

LIST_HEAD(smb_lease_bucket, smb_lease);

/* An engine's leases. Start with {}. */
struct smb_lease_table {
	struct smb_lease_bucket *buckets; /* NULL before the first lease */
	uint64_t secret[4];               /* clients can't choose collisions */
};

/* No lease is left. */
void smb_lease_table_fini(struct smb_lease_table *table);

/* A reference, or NULL. */
struct smb_lease *smb_lease_find(struct smb_engine *engine,
				 const uint8_t client_guid[16],
				 const uint8_t key[SMB_LEASE_KEY_LENGTH]);

/*
 * The client's lease with the key of `ask`, made if there is none yet: a
 * reference. NULL: out of memory.
 */
struct smb_lease *smb_lease_get(struct smb_engine *engine,
				const uint8_t client_guid[16],
				const struct smb_lease_request *ask);

/* For an open that asks for an oplock. NULL: out of memory. */
struct smb_lease *smb_lease_new_oplock(struct smb_engine *engine);
struct smb_lease *smb_lease_unref(struct smb_lease *lease);

/*
 * The open was granted this: takes part in the lease, and is told the news
 * that came meanwhile once its answer is on its way.
 */
void smb_lease_join(struct smb_lease *lease, struct smb_open *open,
		    const struct smb_created *created);

/* The open's object is gone. */
void smb_lease_leave(struct smb_open *open);

/*
 * An acknowledgement (3.3.5.22): the client keeps `caching`. UNSUCCESSFUL if
 * none is awaited, REQUEST_NOT_ACCEPTED if that is too much: it is awaited
 * still.
 */
enum nt_status smb_lease_acknowledge(struct smb_lease *lease, uint8_t caching);

/* The client answers nonsense: it has nothing any more. */
void smb_lease_lapse(struct smb_lease *lease);

/* OplockLevel as rights, and back; NONE for a level that doesn't exist. */
uint8_t smb_oplock_caching(uint8_t level);
uint8_t smb_oplock_level(uint8_t caching);
