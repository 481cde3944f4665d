/*
 * The preauthentication hash of SMB 3.1.1 (MS-SMB2 3.3.5.4): a chain over the
 * messages that lead to a session. Which messages belong to it is known by
 * NEGOTIATE and SESSION_SETUP.
 */
#include <assert.h>
#include <gnutls/crypto.h>
#include <gnutls/gnutls.h>

#include "smb/crypto.h"

void smb_preauth_add(uint8_t hash[SMB_HASH_LENGTH], const uint8_t *message,
		     size_t length)
{
	gnutls_hash_hd_t sha;
	int rc = gnutls_hash_init(&sha, GNUTLS_DIG_SHA512);

	assert(rc == 0);
	rc = gnutls_hash(sha, hash, SMB_HASH_LENGTH);
	assert(rc == 0);
	rc = gnutls_hash(sha, message, length);
	assert(rc == 0);
	gnutls_hash_deinit(sha, hash);
}
