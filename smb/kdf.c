/*
 * Key derivation: SP800-108 in counter mode (MS-SMB2 3.1.4.2), and which keys
 * of a session come from which labels (3.3.5.5.3). Where the session key comes
 * from is known by smb/auth/; who keeps the derived ones, by smb/session.
 */
#include <assert.h>
#include <gnutls/crypto.h>
#include <gnutls/gnutls.h>
#include <string.h>

#include "smb/crypto.h"

enum {
	PRF_LENGTH = 32, /* HMAC-SHA256 */
	COUNTER_LENGTH = 4,
};

static void put_be32(uint8_t to[4], uint32_t v)
{
	to[0] = (uint8_t)(v >> 24);
	to[1] = (uint8_t)(v >> 16);
	to[2] = (uint8_t)(v >> 8);
	to[3] = (uint8_t)v;
}

static void feed(gnutls_hmac_hd_t prf, const void *bytes, size_t length)
{
	int rc = gnutls_hmac(prf, bytes, length);

	assert(rc == 0);
}

/* One round of the PRF gives 32 bytes: all that SMB2 ever asks for. */
void smb_kdf(const uint8_t *key, size_t key_length, const char *label,
	     const uint8_t *context, size_t context_length, uint8_t *ret_key,
	     size_t length)
{
	uint8_t number[COUNTER_LENGTH];
	uint8_t out[PRF_LENGTH];
	gnutls_hmac_hd_t prf;
	int rc = gnutls_hmac_init(&prf, GNUTLS_MAC_SHA256, key, key_length);

	assert(rc == 0);
	assert(length <= PRF_LENGTH);
	put_be32(number, 1);
	feed(prf, number, sizeof(number));
	feed(prf, label, strlen(label) + 1);
	feed(prf, "", 1);
	feed(prf, context, context_length);
	put_be32(number, (uint32_t)length * 8);
	feed(prf, number, sizeof(number));
	gnutls_hmac_deinit(prf, out);
	memcpy(ret_key, out, length);
	explicit_bzero(out, sizeof(out));
}

/* What a dialect family calls its keys. Contexts carry their NUL. */
struct labels {
	const char *signing, *signing_context;
	const char *application, *application_context;
	const char *unseal, *unseal_context;
	const char *seal, *seal_context;
};

static const struct labels labels_30 = {
	.signing = "SMB2AESCMAC",
	.signing_context = "SmbSign",
	.application = "SMB2APP",
	.application_context = "SmbRpc",
	.unseal = "SMB2AESCCM",
	.unseal_context = "ServerIn ",
	.seal = "SMB2AESCCM",
	.seal_context = "ServerOut",
};

/* The context is the preauthentication hash. */
static const struct labels labels_311 = {
	.signing = "SMBSigningKey",
	.application = "SMBAppKey",
	.unseal = "SMBC2SCipherKey",
	.seal = "SMBS2CCipherKey",
};

/* A key to derive from, and the hash if the dialect has one. */
struct origin {
	const uint8_t *key;
	size_t key_length;
	const uint8_t *preauth;
};

static void derive(const struct origin *from, const char *label,
		   const char *context, uint8_t *ret_key, size_t length)
{
	const uint8_t *bytes = from->preauth;
	size_t bytes_length = SMB_HASH_LENGTH;

	if (context) {
		bytes = (const uint8_t *)context;
		bytes_length = strlen(context) + 1;
	}
	smb_kdf(from->key, from->key_length, label, bytes, bytes_length,
		ret_key, length);
}

static bool cipher_is_256(enum smb_cipher cipher)
{
	return cipher == SMB_CIPHER_AES256_CCM ||
	       cipher == SMB_CIPHER_AES256_GCM;
}

void smb_keys_derive(uint16_t dialect, enum smb_cipher cipher,
		     const uint8_t *full_key, size_t full_length,
		     const uint8_t preauth[SMB_HASH_LENGTH],
		     struct smb_keys *ret_keys)
{
	const struct labels *l = dialect >= 0x0311 ? &labels_311 : &labels_30;
	uint8_t session_key[16] = { 0 };
	struct origin from = { session_key, sizeof(session_key), preauth };
	struct origin full = from;
	size_t length = 16;

	assert(full_length <= SMB_KEY_MAX);
	*ret_keys = (struct smb_keys){ 0 };
	memcpy(session_key, full_key, full_length < 16 ? full_length : 16);
	if (dialect < 0x0300) {
		memcpy(ret_keys->signing, session_key, 16);
		memcpy(ret_keys->application, session_key, 16);
		goto wipe;
	}
	/* Only the 256-bit ciphers take the key as long as it came. */
	if (cipher_is_256(cipher)) {
		if (full_length > 16) {
			full.key = full_key;
			full.key_length = full_length;
		}
		length = 32;
	}
	derive(&from, l->signing, l->signing_context, ret_keys->signing, 16);
	derive(&from, l->application, l->application_context,
	       ret_keys->application, 16);
	derive(&full, l->unseal, l->unseal_context, ret_keys->unseal, length);
	derive(&full, l->seal, l->seal_context, ret_keys->seal, length);
wipe:
	explicit_bzero(session_key, sizeof(session_key));
}
