/*
 * The client's side of NTLM, as good or as bad as a test wants it.
 */
#pragma once

#include <stdbool.h>
#include <stddef.h>
#include <stdint.h>

#include "smb/wire/cursor.h"

/* What the client is and does. All text UTF-8. */
struct fake_logon {
	const char *user, *domain, *password;
	const char *hashed_domain; /* NULL: the domain itself */
	bool is_anonymous;
	bool sends_mic;      /* and says so in MsvAvFlags */
	bool has_no_version; /* 16-byte NEGOTIATE, MIC at 64 */
	bool has_key_exchange;
	/* Ways to be wrong. */
	uint32_t flags_dropped;
	bool has_wrong_mic, hides_mic;
	bool has_wrong_key_length;
	bool changes_av, drops_av_end;
	uint16_t drops_av; /* an id of ours that does not come back */
	size_t nt_length;  /* other than 0: cut to this length */
};

/* A NEGOTIATE; its length. */
size_t fake_logon_negotiate(const struct fake_logon *logon, uint8_t *to,
			    size_t size);

/*
 * The AUTHENTICATE for a CHALLENGE, and the session key; its length.
 */
size_t fake_logon_authenticate(const struct fake_logon *logon,
			       struct bytes negotiate, struct bytes challenge,
			       uint8_t *to, size_t size, uint8_t ret_key[16]);
