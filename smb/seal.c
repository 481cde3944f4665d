/*
 * The sealing transform (MS-SMB2 2.2.41, 3.1.4.3): one message, encrypted and
 * authenticated in place. Knows the ciphers and the nonces of one direction.
 * Which session a sealed message belongs to, and when to seal, is known above.
 */
#include <assert.h>
#include <gnutls/crypto.h>
#include <gnutls/gnutls.h>
#include <stdlib.h>
#include <string.h>

#include "smb/crypto.h"
#include "smb/gcm.h"

enum {
	PROTOCOL_ID = 0x424d53fd, /* 0xFD 'S' 'M' 'B' */
	TAG_AT = 4,
	TAG_LENGTH = 16,
	NONCE_AT = 20, /* from here to the text: authenticated as well */
	NONCE_FIELD = 16,
	AAD_LENGTH = SMB_TRANSFORM_LENGTH - NONCE_AT,
	FLAG_ENCRYPTED = 1,
};

struct smb_sealer {
	struct smb_gcm gcm;
	gnutls_aead_cipher_hd_t ccm; /* if is_ccm */
	bool is_ccm;
	size_t nonce_length;
	uint64_t nonce_next; /* UINT64_MAX: used up */
	/* frozen */
	enum smb_cipher cipher;
	uint8_t key[SMB_KEY_MAX];
};

struct cipher {
	gnutls_cipher_algorithm_t algorithm;
	unsigned int key_length;
	size_t nonce_length;
	bool is_ccm;
};

static const struct cipher ciphers[] = {
	[SMB_CIPHER_AES128_CCM] = { GNUTLS_CIPHER_AES_128_CCM, 16, 11, true },
	[SMB_CIPHER_AES128_GCM] = { GNUTLS_CIPHER_AES_128_GCM, 16, 12, false },
	[SMB_CIPHER_AES256_CCM] = { GNUTLS_CIPHER_AES_256_CCM, 32, 11, true },
	[SMB_CIPHER_AES256_GCM] = { GNUTLS_CIPHER_AES_256_GCM, 32, 12, false },
};

static bool sealer_start(struct smb_sealer *sealer, const struct cipher *c)
{
	gnutls_datum_t k = { sealer->key, c->key_length };

	if (!c->is_ccm)
		return smb_gcm_start(&sealer->gcm, sealer->key, c->key_length);
	return gnutls_aead_cipher_init(&sealer->ccm, c->algorithm, &k) == 0;
}

struct smb_sealer *smb_sealer_new(enum smb_cipher cipher, const uint8_t *key,
				  uint64_t nonce_start)
{
	assert(cipher > SMB_CIPHER_NONE && cipher <= SMB_CIPHER_AES256_GCM);
	const struct cipher *c = &ciphers[cipher];
	struct smb_sealer *sealer = calloc(1, sizeof(*sealer));

	if (!sealer)
		return NULL;
	sealer->cipher = cipher;
	memcpy(sealer->key, key, c->key_length);
	if (!sealer_start(sealer, c)) {
		explicit_bzero(sealer->key, sizeof(sealer->key));
		free(sealer);
		return NULL;
	}
	sealer->is_ccm = c->is_ccm;
	sealer->nonce_length = c->nonce_length;
	sealer->nonce_next = nonce_start;
	return sealer;
}

struct smb_sealer *smb_sealer_free(struct smb_sealer *sealer)
{
	if (!sealer)
		return NULL;
	if (sealer->is_ccm)
		gnutls_aead_cipher_deinit(sealer->ccm);
	smb_gcm_end(&sealer->gcm);
	explicit_bzero(sealer->key, sizeof(sealer->key));
	free(sealer);
	return NULL;
}

struct smb_sealer *smb_sealer_copy(const struct smb_sealer *sealer)
{
	return smb_sealer_new(sealer->cipher, sealer->key, UINT64_MAX);
}

/* The counter from a random start never wraps, so no nonce comes twice. */
bool smb_seal_head(struct smb_sealer *sealer, uint8_t *packet, size_t length,
		   uint64_t session_id)
{
	struct writer w = writer_at(packet, SMB_TRANSFORM_LENGTH);

	if (sealer->nonce_next == UINT64_MAX)
		return false;
	wr_u32(&w, PROTOCOL_ID);
	wr_zero(&w, TAG_LENGTH);
	wr_u64(&w, sealer->nonce_next++);
	wr_zero(&w, NONCE_FIELD - 8);
	wr_u32(&w, (uint32_t)length);
	wr_u16(&w, 0);
	wr_u16(&w, FLAG_ENCRYPTED);
	wr_u64(&w, session_id);
	return true;
}

/* What is authenticated beside the text: the head from the nonce on. */
static struct bytes aad_of(const uint8_t *packet)
{
	return (struct bytes){ packet + NONCE_AT, AAD_LENGTH };
}

static void seal_ccm(struct smb_sealer *sealer, uint8_t *packet, size_t length)
{
	uint8_t *text = packet + SMB_TRANSFORM_LENGTH;
	size_t sealed_length = length + TAG_LENGTH;
	int rc = gnutls_aead_cipher_encrypt(sealer->ccm, packet + NONCE_AT,
					    sealer->nonce_length,
					    packet + NONCE_AT, AAD_LENGTH,
					    TAG_LENGTH, text, length, text,
					    &sealed_length);

	assert(rc == 0);
	assert(sealed_length == length + TAG_LENGTH);
	memcpy(packet + TAG_AT, text + length, TAG_LENGTH);
}

void smb_seal_text(struct smb_sealer *sealer, uint8_t *packet, size_t length)
{
	if (sealer->is_ccm)
		seal_ccm(sealer, packet, length);
	else
		smb_gcm_seal(&sealer->gcm, packet + NONCE_AT, aad_of(packet),
			     packet + SMB_TRANSFORM_LENGTH, length,
			     packet + TAG_AT);
}

bool smb_seal(struct smb_sealer *sealer, uint8_t *packet, size_t length,
	      uint64_t session_id)
{
	if (!smb_seal_head(sealer, packet, length, session_id))
		return false;
	smb_seal_text(sealer, packet, length);
	return true;
}

static bool unseal_gcm(struct smb_sealer *sealer, uint8_t *packet,
		       size_t length)
{
	return smb_gcm_open(&sealer->gcm, packet + NONCE_AT, aad_of(packet),
			    packet + SMB_TRANSFORM_LENGTH, length,
			    packet + TAG_AT);
}

/*
 * GnuTLS does CCM in pieces by copying the whole text to fresh memory. In one
 * piece it wants the tag behind the text, where the packet has no room: so the
 * text moves down over its own header for the while.
 */
static bool unseal_ccm(struct smb_sealer *sealer, uint8_t *packet,
		       size_t length)
{
	uint8_t header[SMB_TRANSFORM_LENGTH];
	uint8_t *moved = packet + SMB_TRANSFORM_LENGTH - TAG_LENGTH;
	size_t text_length = length;

	memcpy(header, packet, sizeof(header));
	memmove(moved, packet + SMB_TRANSFORM_LENGTH, length);
	memcpy(moved + length, header + TAG_AT, TAG_LENGTH);
	int rc = gnutls_aead_cipher_decrypt(sealer->ccm, header + NONCE_AT,
					    sealer->nonce_length,
					    header + NONCE_AT, AAD_LENGTH,
					    TAG_LENGTH, moved,
					    length + TAG_LENGTH, moved,
					    &text_length);

	memmove(packet + SMB_TRANSFORM_LENGTH, moved, length);
	memcpy(packet, header, sizeof(header));
	return rc == 0 && text_length == length;
}

bool smb_unseal(struct smb_sealer *sealer, uint8_t *packet, size_t length)
{
	struct bytes whole = { packet, length };
	struct smb_transform head;

	if (!smb_transform_parse(whole, &head) || head.flags != FLAG_ENCRYPTED)
		return false;
	if (sealer->is_ccm ? unseal_ccm(sealer, packet, head.size)
			   : unseal_gcm(sealer, packet, head.size))
		return true;
	/* What came out is not text, and nobody shall take it for one. */
	explicit_bzero(packet + SMB_TRANSFORM_LENGTH, head.size);
	return false;
}

bool smb_transform_parse(struct bytes packet, struct smb_transform *ret_head)
{
	struct reader r = reader_of(packet);
	struct smb_transform head;
	uint32_t protocol = rd_u32(&r);

	rd_skip(&r, TAG_LENGTH + NONCE_FIELD);
	head.size = rd_u32(&r);
	rd_skip(&r, 2);
	head.flags = rd_u16(&r);
	head.session_id = rd_u64(&r);
	if (!rd_ok(&r) || protocol != PROTOCOL_ID || head.size == 0)
		return false;
	if (head.size != rd_left(&r))
		return false;
	*ret_head = head;
	return true;
}
