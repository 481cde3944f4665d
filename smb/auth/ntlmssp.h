/*
 * The three messages of NTLMSSP (MS-NLMP 2.2.1) and their AV pairs (2.2.2.1).
 * Pure.
 */
#pragma once

#include <stdbool.h>
#include <stddef.h>
#include <stdint.h>

#include "smb/ports.h"
#include "smb/wire/cursor.h"

/* MS-NLMP 2.2.2.5. */
enum smb_ntlm_flag {
	SMB_NTLM_UNICODE = 0x00000001,
	SMB_NTLM_REQUEST_TARGET = 0x00000004,
	SMB_NTLM_SIGN = 0x00000010,
	SMB_NTLM_SEAL = 0x00000020,
	SMB_NTLM_NTLM = 0x00000200,
	SMB_NTLM_ALWAYS_SIGN = 0x00008000,
	SMB_NTLM_TARGET_IS_SERVER = 0x00020000,
	SMB_NTLM_EXTENDED_SECURITY = 0x00080000,
	SMB_NTLM_TARGET_INFO = 0x00800000,
	SMB_NTLM_VERSION = 0x02000000,
	SMB_NTLM_128 = 0x20000000,
	SMB_NTLM_KEY_EXCHANGE = 0x40000000,
};

#define SMB_NTLM_56 0x80000000u

/* MS-NLMP 2.2.2.1 AvId. */
enum smb_ntlm_av {
	SMB_NTLM_AV_END = 0,
	SMB_NTLM_AV_NB_COMPUTER = 1,
	SMB_NTLM_AV_NB_DOMAIN = 2,
	SMB_NTLM_AV_DNS_COMPUTER = 3,
	SMB_NTLM_AV_DNS_DOMAIN = 4,
	SMB_NTLM_AV_FLAGS = 6,
	SMB_NTLM_AV_TIMESTAMP = 7,
};

enum {
	SMB_NTLM_AV_FLAG_MIC = 0x2, /* of MsvAvFlags: there is a MIC */
	SMB_NTLM_PROOF = 16,        /* NTProofStr, at an NT response's start */
	SMB_NTLM_CHALLENGE_MAX = 2048,
};

/* Whether the bytes are a message of NTLMSSP, and not SPNEGO. */
bool smb_ntlm_is_message(struct bytes token);

/* The flags of a NEGOTIATE; false if it isn't one. */
bool smb_ntlm_read_negotiate(struct bytes token, uint32_t *ret_flags);

struct smb_ntlm_challenge {
	uint32_t flags;
	uint8_t challenge[8];
	uint64_t now; /* FILETIME */
	const struct smb_server_facts *server;
};

/* The place of TargetInfo in what was written. */
struct smb_ntlm_span {
	size_t at, length;
};

/* Writes a CHALLENGE from the writer's start on. */
void smb_ntlm_write_challenge(struct writer *w,
			      const struct smb_ntlm_challenge *challenge,
			      struct smb_ntlm_span *ret_target_info);

/* An AUTHENTICATE. All pieces lie in the token. */
struct smb_ntlm_authenticate {
	struct bytes lm, nt;
	struct bytes domain, user; /* UTF-16LE */
	struct bytes session_key;  /* EncryptedRandomSessionKey */
	uint32_t flags;
	size_t mic_at; /* 0: there is no room for a MIC */
};

bool smb_ntlm_read_authenticate(struct bytes token,
				struct smb_ntlm_authenticate *ret_message);

/*
 * Reads the AV pairs of an NT response: INVALID_PARAMETER if they don't end as
 * they must, LOGON_FAILURE if one of `ours` (TargetInfo of the CHALLENGE) is
 * missing or changed.
 */
enum nt_status smb_ntlm_read_av(struct bytes nt_response, struct bytes ours,
				uint32_t *ret_av_flags);
