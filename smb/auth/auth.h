/*
 * Authentication: tokens in, tokens out, in the end a user and a session key.
 * SPNEGO (RFC 4178, MS-SPNG) or raw NTLMSSP (MS-NLMP); NTLMv2 only. Verifies
 * MIC and mechListMIC where they are sent and demands them where they must be.
 *
 * Thread: worker. Never suspends.
 */
#pragma once

#include <stdbool.h>
#include <stddef.h>
#include <stdint.h>

#include "smb/ports.h"
#include "smb/status.h"
#include "smb/wire/cursor.h"

struct smb_auth;

/*
 * The NegTokenInit2 of a NEGOTIATE response (MS-SPNG 2.2.1): the mechanisms
 * that are offered. Written to `to`; the length, 0 if it doesn't fit.
 */
size_t smb_auth_hint(uint8_t *to, size_t size);

/* One exchange. `ports` is borrowed. NULL: out of memory. */
struct smb_auth *smb_auth_new(const struct smb_ports *ports);
struct smb_auth *smb_auth_free(struct smb_auth *auth);

struct smb_auth_token {
	uint8_t *bytes; /* malloc, the caller's to free; NULL: none */
	size_t length;
};

/*
 * Takes the client's next token. MORE_PROCESSING_REQUIRED with an answer;
 * SUCCESS, perhaps with one; LOGON_FAILURE (unknown user and wrong password
 * alike, in the same time), ACCOUNT_DISABLED (after the right password),
 * INVALID_PARAMETER for what can't be read. After anything but
 * MORE_PROCESSING_REQUIRED no further token may come.
 */
enum nt_status smb_auth_step(struct smb_auth *auth, struct bytes token,
			     struct smb_auth_token *ret_answer);

/* After SUCCESS. Borrowed: take a reference with user_ref to keep it. */
struct smb_user *smb_auth_user(const struct smb_auth *auth);

/*
 * After SUCCESS: the session key, 16 bytes with NTLM; `ret_key` has room for
 * 32. 0 for guest and anonymous: there is none.
 */
size_t smb_auth_key(const struct smb_auth *auth, uint8_t ret_key[32]);

/* The name that the client told, for the log; "" before it did. Borrowed. */
const char *smb_auth_claimed(const struct smb_auth *auth);

/* MD4 (RFC 1320): the NT hash of a password is MD4 of its UTF-16LE bytes. */
void smb_md4(const uint8_t *bytes, size_t length, uint8_t ret_digest[16]);
