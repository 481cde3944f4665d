/*
 * AES-GCM by the chosen library, and the one that is always there: GnuTLS.
 */
#include "smb/gcm.h"

#include <assert.h>
#include <gnutls/crypto.h>
#include <gnutls/gnutls.h>
#include <string.h>

#include "smb/smb.h"

static const struct smb_gcm_library *chosen = &smb_gcm_gnutls;

const char *smb_crypto_choose(void)
{
	const struct smb_gcm_library *faster = smb_gcm_ipsec_mb();

	if (faster)
		chosen = faster;
	return chosen->name;
}

/* ---- by any library ---- */

bool smb_gcm_start(struct smb_gcm *gcm, const uint8_t *key, size_t length)
{
	assert(length == 16 || length == 32);
	gcm->by = chosen;
	gcm->key = gcm->by->key_new(key, length);
	return gcm->key;
}

void smb_gcm_end(struct smb_gcm *gcm)
{
	if (gcm->key)
		gcm->by->key_free(gcm->key);
	gcm->key = NULL;
}

void smb_gcm_seal(struct smb_gcm *gcm, const uint8_t nonce[SMB_GCM_NONCE],
		  struct bytes aad, uint8_t *text, size_t length,
		  uint8_t ret_tag[SMB_GCM_TAG])
{
	gcm->by->seal(gcm->key, nonce, aad, text, length, ret_tag);
}

bool smb_gcm_open(struct smb_gcm *gcm, const uint8_t nonce[SMB_GCM_NONCE],
		  struct bytes aad, uint8_t *text, size_t length,
		  const uint8_t tag[SMB_GCM_TAG])
{
	return gcm->by->open(gcm->key, nonce, aad, text, length, tag);
}

void smb_gcm_mac(struct smb_gcm *gcm, const uint8_t nonce[SMB_GCM_NONCE],
		 struct bytes first, struct bytes rest,
		 uint8_t ret_tag[SMB_GCM_TAG])
{
	assert(first.length % 16 == 0);
	gcm->by->mac(gcm->key, nonce, first, rest, ret_tag);
}

/* ---- by GnuTLS ---- */

/* The library's own object, under our name. */
static gnutls_aead_cipher_hd_t handle_of(struct smb_gcm_key *key)
{
	return (gnutls_aead_cipher_hd_t)(void *)key;
}

static struct smb_gcm_key *tls_key_new(const uint8_t *bytes, size_t length)
{
	uint8_t copy[32];
	gnutls_datum_t k = { copy, (unsigned int)length };
	gnutls_aead_cipher_hd_t handle;
	int rc;

	memcpy(copy, bytes, length);
	rc = gnutls_aead_cipher_init(&handle,
				     length == 16 ? GNUTLS_CIPHER_AES_128_GCM
						  : GNUTLS_CIPHER_AES_256_GCM,
				     &k);
	explicit_bzero(copy, sizeof(copy));
	return rc < 0 ? NULL : (struct smb_gcm_key *)(void *)handle;
}

static void tls_key_free(struct smb_gcm_key *key)
{
	gnutls_aead_cipher_deinit(handle_of(key));
}

/* One piece in place is the fast way: encryptv2 goes over it twice. */
static void tls_seal(struct smb_gcm_key *key, const uint8_t nonce[12],
		     struct bytes aad, uint8_t *text, size_t length,
		     uint8_t ret_tag[SMB_GCM_TAG])
{
	size_t sealed_length = length + SMB_GCM_TAG;
	int rc =
		gnutls_aead_cipher_encrypt(handle_of(key), nonce, SMB_GCM_NONCE,
					   aad.at, aad.length, SMB_GCM_TAG,
					   text, length, text, &sealed_length);

	assert(rc == 0);
	assert(sealed_length == length + SMB_GCM_TAG);
	memcpy(ret_tag, text + length, SMB_GCM_TAG);
}

/* The library's type has no const; it only reads. */
static giovec_t piece_of(struct bytes b)
{
	giovec_t piece = { .iov_len = b.length };

	memcpy(&piece.iov_base, &b.at, sizeof(b.at));
	return piece;
}

static bool tls_open(struct smb_gcm_key *key, const uint8_t nonce[12],
		     struct bytes aad, uint8_t *text, size_t length,
		     const uint8_t tag[SMB_GCM_TAG])
{
	giovec_t aad_piece = piece_of(aad);
	giovec_t text_piece = { text, length };
	uint8_t copy[SMB_GCM_TAG];

	memcpy(copy, tag, sizeof(copy));
	return gnutls_aead_cipher_decryptv2(handle_of(key), nonce,
					    SMB_GCM_NONCE, &aad_piece, 1,
					    &text_piece, 1, copy,
					    SMB_GCM_TAG) == 0;
}

/*
 * GMAC is GCM without a text. This way GnuTLS runs its fast code, three times
 * as fast as its own GMAC, and can't reuse a nonce that was forgotten.
 */
static void tls_mac(struct smb_gcm_key *key, const uint8_t nonce[12],
		    struct bytes first, struct bytes rest,
		    uint8_t ret_tag[SMB_GCM_TAG])
{
	giovec_t pieces[2] = { piece_of(first), piece_of(rest) };
	size_t tag_length = SMB_GCM_TAG;
	int rc = gnutls_aead_cipher_encryptv2(handle_of(key), nonce,
					      SMB_GCM_NONCE, pieces, 2, NULL, 0,
					      ret_tag, &tag_length);

	assert(rc == 0);
}

const struct smb_gcm_library smb_gcm_gnutls = {
	.name = "gnutls",
	.key_new = tls_key_new,
	.key_free = tls_key_free,
	.seal = tls_seal,
	.open = tls_open,
	.mac = tls_mac,
};
