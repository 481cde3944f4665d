/*
 * An NTLM acceptor: NEGOTIATE in, CHALLENGE out, AUTHENTICATE in, in the end a
 * user and a key. For smb/auth/auth.c.
 *
 * Thread: worker.
 */
#pragma once

#include <stdbool.h>
#include <stddef.h>
#include <stdint.h>

#include "smb/auth/ntlmv2.h"
#include "smb/ports.h"
#include "smb/status.h"
#include "smb/wire/cursor.h"

struct smb_ntlm;

/* `ports` is borrowed. NULL: out of memory. */
struct smb_ntlm *smb_ntlm_new(const struct smb_ports *ports);
struct smb_ntlm *smb_ntlm_free(struct smb_ntlm *ntlm);

/*
 * Takes the client's next message. MORE_PROCESSING_REQUIRED with an answer,
 * which is borrowed until the acceptor goes; else as smb_auth_step().
 */
enum nt_status smb_ntlm_step(struct smb_ntlm *ntlm, struct bytes message,
			     struct bytes *ret_answer);

/* After SUCCESS. */
struct smb_user *smb_ntlm_user(const struct smb_ntlm *ntlm); /* borrowed */
bool smb_ntlm_has_key(const struct smb_ntlm *ntlm);

/* After SUCCESS, with a key. */
void smb_ntlm_key(const struct smb_ntlm *ntlm, uint8_t ret_key[SMB_NTLM_KEY]);

/* Our first signature, and whether this is the client's first one. */
void smb_ntlm_sign(const struct smb_ntlm *ntlm, struct bytes message,
		   uint8_t ret_signature[16]);
bool smb_ntlm_verify(const struct smb_ntlm *ntlm, struct bytes message,
		     struct bytes signature);

/* The name that the client told, for the log; "" before it did. Borrowed. */
const char *smb_ntlm_claimed(const struct smb_ntlm *ntlm);
