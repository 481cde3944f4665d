/*
 * Cryptography of SMB2: preauthentication hash, key derivation, signatures and
 * the sealing transform, on GnuTLS, and AES-GCM on what smb/gcm.h has. Keys are
 * wiped when their holder goes.
 *
 * Thread: a key object belongs to one worker (a GnuTLS handle must not be used
 * by two threads at once).
 */
#pragma once

#include <stdbool.h>
#include <stddef.h>
#include <stdint.h>

#include "smb/status.h"
#include "smb/wire/cursor.h"

enum {
	SMB_HASH_LENGTH = 64, /* SHA-512 */
	SMB_SIGNATURE_LENGTH = 16,
	SMB_KEY_MAX = 32,
	SMB_TRANSFORM_LENGTH = 52, /* MS-SMB2 2.2.41 */
	SMB_SEAL_SPARE = 16, /* bytes behind the text that sealing needs */
};

/* MS-SMB2 2.2.3.1.7 SigningAlgorithms. */
enum smb_signing {
	SMB_SIGNING_HMAC_SHA256 = 0,
	SMB_SIGNING_AES_CMAC = 1,
	SMB_SIGNING_AES_GMAC = 2,
};

/* MS-SMB2 2.2.3.1.2 Ciphers. */
enum smb_cipher {
	SMB_CIPHER_NONE = 0,
	SMB_CIPHER_AES128_CCM = 1,
	SMB_CIPHER_AES128_GCM = 2,
	SMB_CIPHER_AES256_CCM = 3,
	SMB_CIPHER_AES256_GCM = 4,
};

/* H = SHA512(H ‖ message), MS-SMB2 3.3.5.4. Starts as 64 zero bytes. */
void smb_preauth_add(uint8_t hash[SMB_HASH_LENGTH], const uint8_t *message,
		     size_t length);

/*
 * SP800-108 in counter mode with HMAC-SHA256 (MS-SMB2 3.1.4.2). `label` is
 * taken with its terminating NUL; `length` is 16 or 32 bytes of output.
 */
void smb_kdf(const uint8_t *key, size_t key_length, const char *label,
	     const uint8_t *context, size_t context_length, uint8_t *ret_key,
	     size_t length);

/* The keys of a session or of a channel: 3.3.5.5.3. */
struct smb_keys {
	uint8_t signing[16];
	uint8_t application[16];
	uint8_t unseal[SMB_KEY_MAX]; /* client to server */
	uint8_t seal[SMB_KEY_MAX];   /* server to client */
};

/*
 * Derives the keys of `dialect` from the session key of the authentication
 * (`full_length` bytes, at most 32). `preauth` is used by 3.1.1 alone.
 */
void smb_keys_derive(uint16_t dialect, enum smb_cipher cipher,
		     const uint8_t *full_key, size_t full_length,
		     const uint8_t preauth[SMB_HASH_LENGTH],
		     struct smb_keys *ret_keys);

/* ---- signatures ---- */

struct smb_signer;

/* NULL: out of memory. Free with smb_signer_free(). */
struct smb_signer *smb_signer_new(enum smb_signing algorithm,
				  const uint8_t key[16]);
struct smb_signer *smb_signer_free(struct smb_signer *signer);

/* Another with the same key, for another thread: reads what is frozen. NULL:
   out of memory. */
struct smb_signer *smb_signer_copy(const struct smb_signer *signer);
enum smb_signing smb_signer_algorithm(const struct smb_signer *signer);

/*
 * The signature of one message from its SMB2 header up to its end, padding
 * included. The signature field counts as zero whatever it holds. GMAC takes
 * its nonce from MessageId, Command and the SERVER_TO_REDIR flag (3.1.4.1).
 */
void smb_sign(struct smb_signer *signer, const uint8_t *message, size_t length,
	      uint8_t ret_signature[SMB_SIGNATURE_LENGTH]);

/* Signs in place: sets the SIGNED flag and the signature field. */
void smb_sign_in_place(struct smb_signer *signer, uint8_t *message,
		       size_t length);

/* Compares in constant time. */
bool smb_signature_is_right(struct smb_signer *signer, const uint8_t *message,
			    size_t length);

/* ---- sealing ---- */

struct smb_sealer;

/*
 * One direction's cipher and its nonces: a random start for each session, then
 * a counter, never repeated (3.1.4.3). `key` has 16 or 32 bytes by the cipher.
 */
struct smb_sealer *smb_sealer_new(enum smb_cipher cipher, const uint8_t *key,
				  uint64_t nonce_start);
struct smb_sealer *smb_sealer_free(struct smb_sealer *sealer);

/* Another with the same key, for another thread: reads what is frozen. It has
   no nonces: it seals texts whose head was made before. NULL: out of memory. */
struct smb_sealer *smb_sealer_copy(const struct smb_sealer *sealer);

/*
 * Seals in place: `packet` has SMB_TRANSFORM_LENGTH bytes of room, then
 * `length` bytes of text, then SMB_SEAL_SPARE bytes of room. The transform
 * header is written. False when the nonces are used up: end the session.
 */
bool smb_seal(struct smb_sealer *sealer, uint8_t *packet, size_t length,
	      uint64_t session_id);

/* The same in two: the transform header with its nonce, and then the text. */
bool smb_seal_head(struct smb_sealer *sealer, uint8_t *packet, size_t length,
		   uint64_t session_id);
void smb_seal_text(struct smb_sealer *sealer, uint8_t *packet, size_t length);

/*
 * Unseals in place. `packet` is the whole received message with its transform
 * header; the text begins at SMB_TRANSFORM_LENGTH. False if anything is wrong:
 * drop the connection and read nothing of it.
 */
bool smb_unseal(struct smb_sealer *sealer, uint8_t *packet, size_t length);

struct smb_transform {
	uint32_t size; /* OriginalMessageSize */
	uint16_t flags;
	uint64_t session_id;
};

/* Reads a transform header; false if it isn't one or sizes don't agree. */
bool smb_transform_parse(struct bytes packet, struct smb_transform *ret_head);
