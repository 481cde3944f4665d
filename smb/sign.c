/*
 * Signatures of SMB2 messages (MS-SMB2 3.1.4.1, 3.1.5.1) with the three
 * algorithms. Knows where in the header the signature, the flags and the
 * MessageId stand. When to sign and what a wrong signature means is known by
 * smb/frame and smb/session.
 */
#include <assert.h>
#include <gnutls/crypto.h>
#include <gnutls/gnutls.h>
#include <stdlib.h>
#include <string.h>

#include "smb/cmac.h"
#include "smb/crypto.h"
#include "smb/gcm.h"

/* MS-SMB2 2.2.1. */
enum {
	HEADER_LENGTH = 64,
	COMMAND_AT = 12,
	FLAGS_AT = 16,
	MESSAGE_ID_AT = 24,
	SIGNATURE_AT = 48,
	COMMAND_CANCEL = 12,
	FLAG_SERVER_TO_REDIR = 1,
	FLAG_SIGNED = 8,
};

struct smb_signer {
	enum smb_signing algorithm;
	union {
		gnutls_hmac_hd_t hmac;
		struct smb_gcm gcm;
		struct smb_cmac *cmac;
	} with;
	uint8_t key[16]; /* frozen */
};

/* A message as it is signed: its header, the signature zero, and the rest. */
struct parts {
	uint8_t header[HEADER_LENGTH];
	const uint8_t *rest;
	size_t rest_length;
};

static struct parts parts_of(const uint8_t *message, size_t length)
{
	struct parts p = { .rest = message + HEADER_LENGTH,
			   .rest_length = length - HEADER_LENGTH };

	memcpy(p.header, message, SIGNATURE_AT);
	return p;
}

static bool signer_start(struct smb_signer *signer, const uint8_t key[16])
{
	uint8_t copy[16];
	int rc = 0;

	memcpy(copy, key, sizeof(copy));
	switch (signer->algorithm) {
	case SMB_SIGNING_HMAC_SHA256:
		rc = gnutls_hmac_init(&signer->with.hmac, GNUTLS_MAC_SHA256,
				      copy, sizeof(copy));
		break;
	case SMB_SIGNING_AES_CMAC:
		signer->with.cmac = smb_cmac_new(copy);
		rc = signer->with.cmac ? 0 : -1;
		break;
	case SMB_SIGNING_AES_GMAC:
		rc = smb_gcm_start(&signer->with.gcm, copy, sizeof(copy)) ? 0
									  : -1;
		break;
	}
	explicit_bzero(copy, sizeof(copy));
	return rc == 0;
}

struct smb_signer *smb_signer_new(enum smb_signing algorithm,
				  const uint8_t key[16])
{
	struct smb_signer *signer = calloc(1, sizeof(*signer));

	if (!signer)
		return NULL;
	signer->algorithm = algorithm;
	memcpy(signer->key, key, sizeof(signer->key));
	if (!signer_start(signer, key)) {
		explicit_bzero(signer->key, sizeof(signer->key));
		free(signer);
		return NULL;
	}
	return signer;
}

struct smb_signer *smb_signer_free(struct smb_signer *signer)
{
	if (!signer)
		return NULL;
	switch (signer->algorithm) {
	case SMB_SIGNING_HMAC_SHA256:
		gnutls_hmac_deinit(signer->with.hmac, NULL);
		break;
	case SMB_SIGNING_AES_CMAC:
		smb_cmac_free(signer->with.cmac);
		break;
	case SMB_SIGNING_AES_GMAC:
		smb_gcm_end(&signer->with.gcm);
		break;
	}
	explicit_bzero(signer->key, sizeof(signer->key));
	free(signer);
	return NULL;
}

struct smb_signer *smb_signer_copy(const struct smb_signer *signer)
{
	return smb_signer_new(signer->algorithm, signer->key);
}

enum smb_signing smb_signer_algorithm(const struct smb_signer *signer)
{
	return signer->algorithm;
}

static void sign_hmac(struct smb_signer *signer, const struct parts *p,
		      uint8_t ret_signature[SMB_SIGNATURE_LENGTH])
{
	uint8_t digest[32];
	int rc = gnutls_hmac(signer->with.hmac, p->header, HEADER_LENGTH);

	assert(rc == 0);
	rc = gnutls_hmac(signer->with.hmac, p->rest, p->rest_length);
	assert(rc == 0);
	gnutls_hmac_output(signer->with.hmac, digest);
	memcpy(ret_signature, digest, SMB_SIGNATURE_LENGTH);
}

static void sign_cmac(struct smb_signer *signer, const struct parts *p,
		      uint8_t ret_signature[SMB_SIGNATURE_LENGTH])
{
	smb_cmac_begin(signer->with.cmac);
	smb_cmac_add(signer->with.cmac, p->header, HEADER_LENGTH);
	smb_cmac_add(signer->with.cmac, p->rest, p->rest_length);
	smb_cmac_end(signer->with.cmac, ret_signature);
}

/* MessageId, then who sent it, then whether it is a CANCEL. */
static void gmac_nonce(const uint8_t header[HEADER_LENGTH], uint8_t nonce[12])
{
	struct reader r = reader_at(header, HEADER_LENGTH);

	rd_seek(&r, COMMAND_AT);
	uint32_t role = rd_u16(&r) == COMMAND_CANCEL ? 2 : 0;

	rd_seek(&r, FLAGS_AT);
	if (rd_u32(&r) & FLAG_SERVER_TO_REDIR)
		role |= 1;
	memcpy(nonce, header + MESSAGE_ID_AT, 8);
	wr_uint_to(nonce + 8, role, 4);
}

static void sign_gmac(struct smb_signer *signer, const struct parts *p,
		      uint8_t ret_signature[SMB_SIGNATURE_LENGTH])
{
	struct bytes header = { p->header, HEADER_LENGTH };
	struct bytes rest = { p->rest, p->rest_length };
	uint8_t nonce[SMB_GCM_NONCE];

	gmac_nonce(p->header, nonce);
	smb_gcm_mac(&signer->with.gcm, nonce, header, rest, ret_signature);
}

static void sign_parts(struct smb_signer *signer, const struct parts *p,
		       uint8_t ret_signature[SMB_SIGNATURE_LENGTH])
{
	switch (signer->algorithm) {
	case SMB_SIGNING_HMAC_SHA256:
		sign_hmac(signer, p, ret_signature);
		break;
	case SMB_SIGNING_AES_CMAC:
		sign_cmac(signer, p, ret_signature);
		break;
	case SMB_SIGNING_AES_GMAC:
		sign_gmac(signer, p, ret_signature);
		break;
	}
}

void smb_sign(struct smb_signer *signer, const uint8_t *message, size_t length,
	      uint8_t ret_signature[SMB_SIGNATURE_LENGTH])
{
	assert(length >= HEADER_LENGTH);
	struct parts p = parts_of(message, length);

	sign_parts(signer, &p, ret_signature);
}

void smb_sign_in_place(struct smb_signer *signer, uint8_t *message,
		       size_t length)
{
	assert(length >= HEADER_LENGTH);
	message[FLAGS_AT] |= FLAG_SIGNED;
	smb_sign(signer, message, length, message + SIGNATURE_AT);
}

bool smb_signature_is_right(struct smb_signer *signer, const uint8_t *message,
			    size_t length)
{
	uint8_t signature[SMB_SIGNATURE_LENGTH];

	if (length < HEADER_LENGTH)
		return false;
	smb_sign(signer, message, length, signature);
	return gnutls_memcmp(signature, message + SIGNATURE_AT,
			     sizeof(signature)) == 0;
}
