/*
 * What NTLMv2 computes. Which inputs may be trusted is known by
 * smb/auth/ntlm.c.
 */
#include "smb/auth/ntlmv2.h"

#include <assert.h>
#include <gnutls/crypto.h>
#include <gnutls/gnutls.h>
#include <string.h>

#include "smb/wire/utf16.h"

bool smb_ntlmv2_is_allowed(void)
{
	return gnutls_fips140_mode_enabled() == 0;
}

static struct bytes piece(const void *at, size_t length)
{
	return (struct bytes){ at, length };
}

/* HMAC-MD5 over pieces, as if they were one. */
static void hmac(const uint8_t key[SMB_NTLM_KEY], const struct bytes *pieces,
		 size_t count, uint8_t ret_mac[16])
{
	gnutls_hmac_hd_t md5;
	int rc = gnutls_hmac_init(&md5, GNUTLS_MAC_MD5, key, SMB_NTLM_KEY);

	assert(rc == 0);
	for (size_t i = 0; i < count; i++) {
		rc = gnutls_hmac(md5, pieces[i].at, pieces[i].length);
		assert(rc == 0);
	}
	gnutls_hmac_deinit(md5, ret_mac);
}

static void rc4(const uint8_t key[SMB_NTLM_KEY], const uint8_t *in,
		uint8_t *out, size_t length)
{
	uint8_t copy[SMB_NTLM_KEY];
	gnutls_datum_t k = { copy, sizeof(copy) };
	gnutls_cipher_hd_t cipher;

	memcpy(copy, key, sizeof(copy));
	int rc = gnutls_cipher_init(&cipher, GNUTLS_CIPHER_ARCFOUR_128, &k,
				    NULL);

	assert(rc == 0);
	rc = gnutls_cipher_encrypt2(cipher, in, length, out, length);
	assert(rc == 0);
	gnutls_cipher_deinit(cipher);
	explicit_bzero(copy, sizeof(copy));
}

void smb_ntlmv2_owf(const uint8_t nt_hash[SMB_NTLM_KEY], struct smb_name user,
		    struct smb_name domain, uint8_t ret_key[SMB_NTLM_KEY])
{
	uint8_t names[4 * SMB_NTLM_NAME_MAX];
	struct writer w = writer_at(names, sizeof(names));

	for (uint32_t i = 0; i < user.count; i++)
		wr_u16(&w, smb_upcase(user.units[i]));
	wr_utf16(&w, domain);
	assert(wr_ok(&w));
	struct bytes text = piece(names, w.at);

	hmac(nt_hash, &text, 1, ret_key);
}

void smb_ntlmv2_proof(const uint8_t key[SMB_NTLM_KEY],
		      const uint8_t challenge[8], struct bytes blob,
		      uint8_t ret_proof[SMB_NTLM_KEY])
{
	const struct bytes pieces[] = { piece(challenge, 8), blob };

	hmac(key, pieces, 2, ret_proof);
}

void smb_ntlmv2_session_key(const uint8_t key[SMB_NTLM_KEY],
			    const uint8_t proof[SMB_NTLM_KEY],
			    uint8_t ret_session_key[SMB_NTLM_KEY])
{
	struct bytes text = piece(proof, SMB_NTLM_KEY);

	hmac(key, &text, 1, ret_session_key);
}

void smb_ntlmv2_decrypt(const uint8_t key[SMB_NTLM_KEY],
			const uint8_t encrypted[SMB_NTLM_KEY],
			uint8_t ret_plain[SMB_NTLM_KEY])
{
	rc4(key, encrypted, ret_plain, SMB_NTLM_KEY);
}

void smb_ntlmv2_mic(const uint8_t session_key[SMB_NTLM_KEY],
		    struct bytes negotiate, struct bytes challenge,
		    struct bytes authenticate, size_t mic_at,
		    uint8_t ret_mic[16])
{
	static const uint8_t zero[16];
	size_t behind = mic_at + sizeof(zero);

	assert(sum_fits(mic_at, sizeof(zero), authenticate.length));
	const struct bytes pieces[] = {
		negotiate,
		challenge,
		piece(authenticate.at, mic_at),
		piece(zero, sizeof(zero)),
		piece(authenticate.at + behind, authenticate.length - behind),
	};

	hmac(session_key, pieces, 5, ret_mic);
}

/* A key for one purpose of one side: 3.4.5.2, 3.4.5.3. The NUL is hashed. */
static void side_key(const uint8_t session_key[SMB_NTLM_KEY],
		     const char *purpose, uint8_t ret_key[SMB_NTLM_KEY])
{
	gnutls_hash_hd_t md5;
	int rc = gnutls_hash_init(&md5, GNUTLS_DIG_MD5);

	assert(rc == 0);
	rc = gnutls_hash(md5, session_key, SMB_NTLM_KEY);
	assert(rc == 0);
	rc = gnutls_hash(md5, purpose, strlen(purpose) + 1);
	assert(rc == 0);
	gnutls_hash_deinit(md5, ret_key);
}

void smb_ntlmv2_sign(const uint8_t session_key[SMB_NTLM_KEY], bool by_server,
		     bool has_key_exchange, struct bytes message,
		     uint8_t ret_signature[16])
{
	static const uint8_t number[4]; /* the first one: zero */
	const struct bytes pieces[] = { piece(number, 4), message };
	struct writer w = writer_at(ret_signature, 16);
	uint8_t key[SMB_NTLM_KEY], sum[16];

	side_key(session_key,
		 by_server ? "session key to server-to-client signing key "
			     "magic constant"
			   : "session key to client-to-server signing key "
			     "magic constant",
		 key);
	hmac(key, pieces, 2, sum);
	if (has_key_exchange) {
		side_key(session_key,
			 by_server ? "session key to server-to-client sealing "
				     "key magic constant"
				   : "session key to client-to-server sealing "
				     "key magic constant",
			 key);
		rc4(key, sum, sum, 8);
	}
	wr_u32(&w, 1);
	wr_copy(&w, sum, 8);
	wr_copy(&w, number, 4);
	explicit_bzero(key, sizeof(key));
}
