/*
 * Context chains: create contexts (MS-SMB2 2.2.13.2, 2.2.14.2) and negotiate
 * contexts (2.2.3.1, 2.2.4.1). Pure.
 */
#pragma once

#include <stdbool.h>
#include <stddef.h>
#include <stdint.h>

#include "smb/status.h"
#include "smb/wire/cursor.h"

/* ---- create contexts ---- */

struct smb_create_context {
	struct bytes name; /* 4 or 16 bytes in practice */
	struct bytes data;
};

/* A walk along a chain. Start with {.chain = …}. */
struct smb_create_contexts {
	struct bytes chain;
	size_t at;
	bool is_over;
};

/*
 * SUCCESS with the next context; NO_MORE_ENTRIES behind the last;
 * INVALID_PARAMETER for bad geometry.
 */
enum nt_status smb_create_contexts_next(struct smb_create_contexts *walk,
					struct smb_create_context *ret_context);

/* True if the name is this 4-byte tag ("MxAc"). */
bool smb_create_context_is(const struct smb_create_context *context,
			   const char tag[4]);

/*
 * Adds a context to the chain that `w` holds from `start` on; `ref_last`
 * (SIZE_MAX before the first) is where the last one begins.
 */
void smb_create_context_add(struct writer *w, size_t start, size_t *ref_last,
			    const char tag[4], const void *data, size_t length);

/* The same with a name of any length. */
void smb_create_context_add_named(struct writer *w, size_t start,
				  size_t *ref_last, struct bytes name,
				  const void *data, size_t length);

/* ---- negotiate contexts ---- */

enum smb_negotiate_type {
	SMB_NEGOTIATE_PREAUTH = 1,
	SMB_NEGOTIATE_ENCRYPTION = 2,
	SMB_NEGOTIATE_COMPRESSION = 3,
	SMB_NEGOTIATE_NETNAME = 5,
	SMB_NEGOTIATE_TRANSPORT = 6,
	SMB_NEGOTIATE_RDMA_TRANSFORM = 7,
	SMB_NEGOTIATE_SIGNING = 8,
	SMB_NEGOTIATE_POSIX = 0x100,
};

/* What a client's contexts say, as far as we act on it. */
struct smb_negotiate_offer {
	bool has_preauth; /* with SHA-512 among its algorithms */
	bool has_encryption;
	uint16_t ciphers[16];
	uint16_t cipher_count;
	bool has_signing;
	uint16_t signings[16];
	uint16_t signing_count;
	bool has_posix;
	char netname[256]; /* UTF-8, for the log; may be empty */
};

/*
 * Reads `count` contexts from a chain of 8-aligned ones. Unknown types are
 * passed over. INVALID_PARAMETER for bad geometry, duplicates, or no PREAUTH;
 * SMB_NO_PREAUTH_INTEGRITY_HASH_OVERLAP without SHA-512.
 */
enum nt_status smb_negotiate_read(struct bytes chain, uint16_t count,
				  struct smb_negotiate_offer *ret_offer);

/* Adds one context, 8-aligned from `start`. */
void smb_negotiate_add(struct writer *w, size_t start,
		       enum smb_negotiate_type type, const void *data,
		       size_t length);
