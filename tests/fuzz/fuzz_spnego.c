/*
 * Tokens of SESSION_SETUP, as a stranger sends them: SPNEGO and what is in it.
 * An input is a first token and, behind it, a second: the first byte tells how
 * much of the rest is the first, in 256ths.
 */
#include <stdlib.h>

#include "smb/auth/auth.h"
#include "tests/fake/realm.h"
#include "tests/fake/still.h"

int LLVMFuzzerTestOneInput(const uint8_t *bytes, size_t length);

int LLVMFuzzerTestOneInput(const uint8_t *bytes, size_t length)
{
	static struct fake_realm realm;
	static const struct smb_ports ports = {
		.host_ops = &still_host_ops,
		.realm_ops = &fake_realm_ops,
		.realm = &realm,
	};
	struct smb_auth_token answer;

	if (length == 0)
		return 0;
	fake_realm_init(&realm);
	fake_realm_add_account(&realm, "ann", "secret");
	struct smb_auth *auth = smb_auth_new(&ports);
	size_t first = (length - 1) * bytes[0] / 255;
	struct bytes one = { bytes + 1, first };
	struct bytes two = { bytes + 1 + first, length - 1 - first };
	enum nt_status status = smb_auth_step(auth, one, &answer);

	free(answer.bytes);
	if (status == NT_STATUS_MORE_PROCESSING_REQUIRED) {
		smb_auth_step(auth, two, &answer);
		free(answer.bytes);
	}
	smb_auth_free(auth);
	assert(realm.references == 0);
	return 0;
}
