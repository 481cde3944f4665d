/*
 * The sums of NTLMv2 (MS-NLMP 3.3.2, 3.4). Pure. MD5 and RC4 are what the
 * protocol is made of; smb_ntlmv2_is_allowed() says whether the library lets
 * us have them.
 */
#pragma once

#include <stdbool.h>
#include <stddef.h>
#include <stdint.h>

#include "smb/ports.h"
#include "smb/wire/cursor.h"

enum {
	SMB_NTLM_KEY = 16,
	SMB_NTLM_NAME_MAX = 256, /* units of a user's or a domain's name */
};

/* False in FIPS mode. Nothing else here may be called then. */
bool smb_ntlmv2_is_allowed(void);

/*
 * NTOWFv2: the key that an NT hash gives for a user (upper-cased here) and a
 * domain (taken as it is). Neither is longer than SMB_NTLM_NAME_MAX.
 */
void smb_ntlmv2_owf(const uint8_t nt_hash[SMB_NTLM_KEY], struct smb_name user,
		    struct smb_name domain, uint8_t ret_key[SMB_NTLM_KEY]);

/* NTProofStr over the server's challenge and the client's blob. */
void smb_ntlmv2_proof(const uint8_t key[SMB_NTLM_KEY],
		      const uint8_t challenge[8], struct bytes blob,
		      uint8_t ret_proof[SMB_NTLM_KEY]);

/* SessionBaseKey; with NTLMv2 it is the key exchange key too. */
void smb_ntlmv2_session_key(const uint8_t key[SMB_NTLM_KEY],
			    const uint8_t proof[SMB_NTLM_KEY],
			    uint8_t ret_session_key[SMB_NTLM_KEY]);

/* RC4: what EncryptedRandomSessionKey hides. */
void smb_ntlmv2_decrypt(const uint8_t key[SMB_NTLM_KEY],
			const uint8_t encrypted[SMB_NTLM_KEY],
			uint8_t ret_plain[SMB_NTLM_KEY]);

/* The MIC over the three messages; the last one's own field counts as zero. */
void smb_ntlmv2_mic(const uint8_t session_key[SMB_NTLM_KEY],
		    struct bytes negotiate, struct bytes challenge,
		    struct bytes authenticate, size_t mic_at,
		    uint8_t ret_mic[16]);

/*
 * The signature of one message, the first that this side signs (GSS_GetMIC,
 * 3.4.4.2), with extended session security and 128-bit keys.
 */
void smb_ntlmv2_sign(const uint8_t session_key[SMB_NTLM_KEY], bool by_server,
		     bool has_key_exchange, struct bytes message,
		     uint8_t ret_signature[16]);
