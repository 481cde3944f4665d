/*
 * CMAC is a CBC chain of which only the last block is kept, and whose last
 * input block is masked with a subkey. The chain runs through a scratch buffer
 * that stays in the first-level cache; the last block is held back until the
 * end is known. What is signed, and when, is smb/sign.c's.
 */
#include "smb/cmac.h"

#include <assert.h>
#include <gnutls/crypto.h>
#include <gnutls/gnutls.h>
#include <stdlib.h>
#include <string.h>

enum {
	BLOCK = 16,
	SCRATCH = 8 * 1024,
};

struct smb_cmac {
	gnutls_cipher_hd_t cbc;
	uint8_t whole_mask[BLOCK];   /* K1 */
	uint8_t partial_mask[BLOCK]; /* K2 */
	uint8_t held[BLOCK];         /* not yet in the chain */
	size_t held_length;
	uint8_t scratch[SCRATCH];
};

/* Doubling in GF(2^128): RFC 4493 2.3. */
static void doubled(const uint8_t from[BLOCK], uint8_t to[BLOCK])
{
	uint8_t carry = (uint8_t)(-(from[0] >> 7) & 0x87);

	for (int i = 0; i < BLOCK - 1; i++)
		to[i] = (uint8_t)(from[i] << 1 | from[i + 1] >> 7);
	to[BLOCK - 1] = (uint8_t)(from[BLOCK - 1] << 1) ^ carry;
}

/* Chains whole blocks, at most a scratch full; the state is in the handle. */
static void chain(struct smb_cmac *cmac, const uint8_t *bytes, size_t length)
{
	int rc = gnutls_cipher_encrypt2(cmac->cbc, bytes, length, cmac->scratch,
					SCRATCH);

	assert(rc == 0);
}

void smb_cmac_begin(struct smb_cmac *cmac)
{
	uint8_t zero[BLOCK] = { 0 };

	gnutls_cipher_set_iv(cmac->cbc, zero, sizeof(zero));
	cmac->held_length = 0;
}

struct smb_cmac *smb_cmac_new(const uint8_t key[16])
{
	uint8_t key_copy[BLOCK], zero[BLOCK] = { 0 };
	gnutls_datum_t k = { key_copy, sizeof(key_copy) };
	gnutls_datum_t iv = { zero, sizeof(zero) };
	struct smb_cmac *cmac = calloc(1, sizeof(*cmac));

	if (!cmac)
		return NULL;
	memcpy(key_copy, key, sizeof(key_copy));
	int rc = gnutls_cipher_init(&cmac->cbc, GNUTLS_CIPHER_AES_128_CBC, &k,
				    &iv);

	explicit_bzero(key_copy, sizeof(key_copy));
	if (rc < 0) {
		free(cmac);
		return NULL;
	}
	chain(cmac, zero, BLOCK);
	doubled(cmac->scratch, cmac->whole_mask);
	doubled(cmac->whole_mask, cmac->partial_mask);
	return cmac;
}

struct smb_cmac *smb_cmac_free(struct smb_cmac *cmac)
{
	if (cmac) {
		gnutls_cipher_deinit(cmac->cbc);
		explicit_bzero(cmac, sizeof(*cmac));
		free(cmac);
	}
	return NULL;
}

static size_t smaller(size_t a, size_t b)
{
	return a < b ? a : b;
}

void smb_cmac_add(struct smb_cmac *cmac, const uint8_t *bytes, size_t length)
{
	size_t n = smaller(BLOCK - cmac->held_length, length);

	if (n)
		memcpy(cmac->held + cmac->held_length, bytes, n);
	cmac->held_length += n;
	bytes += n;
	length -= n;
	if (length == 0)
		return;
	chain(cmac, cmac->held, BLOCK);
	while (length > BLOCK) {
		n = smaller((length - 1) & ~(size_t)(BLOCK - 1), SCRATCH);
		chain(cmac, bytes, n);
		bytes += n;
		length -= n;
	}
	memcpy(cmac->held, bytes, length);
	cmac->held_length = length;
}

void smb_cmac_end(struct smb_cmac *cmac, uint8_t ret_mac[16])
{
	const uint8_t *mask = cmac->whole_mask;

	if (cmac->held_length < BLOCK) {
		mask = cmac->partial_mask;
		memset(cmac->held + cmac->held_length, 0,
		       BLOCK - cmac->held_length);
		cmac->held[cmac->held_length] = 0x80;
	}
	for (int i = 0; i < BLOCK; i++)
		cmac->held[i] ^= mask[i];
	chain(cmac, cmac->held, BLOCK);
	memcpy(ret_mac, cmac->scratch, BLOCK);
}
