/*
 * AES-GCM, which seals messages and, without a text, signs them (GMAC). Two
 * libraries can do it: GnuTLS, which is always there, and libipsec-mb, which on
 * CPUs with VAES takes less than half of the time and is used if the program
 * was built with it. Both give the same bytes.
 *
 * Thread: a key belongs to one thread at a time.
 */
#pragma once

#include <stdbool.h>
#include <stddef.h>
#include <stdint.h>

#include "smb/wire/cursor.h"

enum {
	SMB_GCM_NONCE = 12,
	SMB_GCM_TAG = 16,
};

struct smb_gcm_key;

/* What a library does. `key` is its own object. */
struct smb_gcm_library {
	const char *name;
	struct smb_gcm_key *(*key_new)(const uint8_t *bytes, size_t length);
	void (*key_free)(struct smb_gcm_key *key);
	void (*seal)(struct smb_gcm_key *key, const uint8_t nonce[12],
		     struct bytes aad, uint8_t *text, size_t length,
		     uint8_t ret_tag[SMB_GCM_TAG]);
	bool (*open)(struct smb_gcm_key *key, const uint8_t nonce[12],
		     struct bytes aad, uint8_t *text, size_t length,
		     const uint8_t tag[SMB_GCM_TAG]);
	void (*mac)(struct smb_gcm_key *key, const uint8_t nonce[12],
		    struct bytes first, struct bytes rest,
		    uint8_t ret_tag[SMB_GCM_TAG]);
};

extern const struct smb_gcm_library smb_gcm_gnutls;

/*
 * libipsec-mb; NULL if the program was built without it or this CPU gains
 * nothing by it. Thread: the first call is made before others start.
 */
const struct smb_gcm_library *smb_gcm_ipsec_mb(void);

struct smb_gcm {
	const struct smb_gcm_library *by;
	struct smb_gcm_key *key; /* NULL: not started */
};

/*
 * A key of 16 or 32 bytes, for the library that smb_gcm_choose() has chosen
 * (GnuTLS before that). False: out of memory. End it with smb_gcm_end().
 */
bool smb_gcm_start(struct smb_gcm *gcm, const uint8_t *key, size_t length);
void smb_gcm_end(struct smb_gcm *gcm);

/*
 * Encrypts `length` bytes in place. Behind them are SMB_GCM_TAG bytes of room,
 * which may be overwritten.
 */
void smb_gcm_seal(struct smb_gcm *gcm, const uint8_t nonce[SMB_GCM_NONCE],
		  struct bytes aad, uint8_t *text, size_t length,
		  uint8_t ret_tag[SMB_GCM_TAG]);

/* Decrypts in place. False: the tag is wrong, and so is what is there now. */
bool smb_gcm_open(struct smb_gcm *gcm, const uint8_t nonce[SMB_GCM_NONCE],
		  struct bytes aad, uint8_t *text, size_t length,
		  const uint8_t tag[SMB_GCM_TAG]);

/* GMAC of two pieces in a row; the first is a multiple of 16 bytes long. */
void smb_gcm_mac(struct smb_gcm *gcm, const uint8_t nonce[SMB_GCM_NONCE],
		 struct bytes first, struct bytes rest,
		 uint8_t ret_tag[SMB_GCM_TAG]);
