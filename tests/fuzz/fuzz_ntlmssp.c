/*
 * An AUTHENTICATE, after a NEGOTIATE and our CHALLENGE that are always the
 * same. A guest is let in, so that all names are looked at; and the proof of
 * one account is set right in every input that has room for it, so that what
 * lies behind the proof is reached.
 */
#include <stdlib.h>
#include <string.h>

#include "smb/auth/auth.h"
#include "smb/auth/ntlmssp.h"
#include "smb/auth/ntlmv2.h"
#include "smb/wire/utf16.h"
#include "tests/fake/realm.h"
#include "tests/fake/still.h"

int LLVMFuzzerTestOneInput(const uint8_t *bytes, size_t length);

static struct fake_realm realm;
static const struct smb_ports ports = {
	.host_ops = &still_host_ops,
	.realm_ops = &fake_realm_ops,
	.realm = &realm,
};

static bool read_name(struct bytes wire, uint16_t *units, struct smb_name *name)
{
	size_t count = smb_utf16_decode(wire, units, SMB_NTLM_NAME_MAX);

	*name = (struct smb_name){ units, (uint32_t)count };
	return count != SIZE_MAX;
}

/* Signs the client's blob as somebody would who knows the password. */
static void prove(uint8_t *message, size_t length)
{
	uint16_t user_units[SMB_NTLM_NAME_MAX], domain_units[SMB_NTLM_NAME_MAX];
	struct smb_name user, domain;
	struct smb_ntlm_authenticate m;
	uint8_t challenge[8], key[16], proof[16];

	if (!smb_ntlm_read_authenticate((struct bytes){ message, length }, &m))
		return;
	if (m.nt.length < 48 || !read_name(m.user, user_units, &user) ||
	    !read_name(m.domain, domain_units, &domain))
		return;
	still_random(NULL, challenge, sizeof(challenge));
	smb_ntlmv2_owf(realm.accounts[0].nt_hash, user, domain, key);
	smb_ntlmv2_proof(key, challenge,
			 (struct bytes){ m.nt.at + 16, m.nt.length - 16 },
			 proof);
	memcpy(message + (m.nt.at - message), proof, sizeof(proof));
}

int LLVMFuzzerTestOneInput(const uint8_t *bytes, size_t length)
{
	static const uint8_t negotiate[16] =
		"NTLMSSP\0\1\0\0\0\267\202\010\342";
	uint8_t *message = malloc(length ? length : 1);
	struct smb_auth_token answer;

	fake_realm_init(&realm);
	fake_realm_add_account(&realm, "ann", "secret");
	realm.has_guest = true;
	struct smb_auth *auth = smb_auth_new(&ports);

	smb_auth_step(auth, (struct bytes){ negotiate, 16 }, &answer);
	free(answer.bytes);
	if (length)
		memcpy(message, bytes, length);
	prove(message, length);
	smb_auth_step(auth, (struct bytes){ message, length }, &answer);
	free(answer.bytes);
	smb_auth_free(auth);
	assert(realm.references == 0);
	free(message);
	return 0;
}
