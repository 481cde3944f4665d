/*
 * One exchange of tokens: raw NTLMSSP, or SPNEGO with NTLMSSP inside.
 *
 *                ┌─ "NTLMSSP" ──> RAW ──────take_raw──> over
 *   FIRST ──token┤
 *                └─ NegTokenInit ─> WRAPPED ──take_resp──> over
 *
 * Knows when a mechListMIC is due (RFC 4178 5). Tokens of SPNEGO are read and
 * written by smb/auth/spnego.c; whom to believe is known by smb/auth/ntlm.c.
 */
#include "smb/auth/auth.h"

#include <stdlib.h>
#include <string.h>

#include "smb/auth/ntlm.h"
#include "smb/auth/ntlmssp.h"
#include "smb/auth/spnego.h"
#include "smb/limits.h"

enum state {
	FIRST,
	RAW,
	WRAPPED,
	OVER,
};

struct smb_auth {
	enum state state;
	struct smb_ntlm *ntlm;
	uint8_t *mech_list; /* a copy: what a mechListMIC covers */
	size_t mech_list_length;
	bool mic_is_due; /* we asked for one */
};

size_t smb_auth_hint(uint8_t *to, size_t size)
{
	struct writer w = writer_at(to, size);

	smb_spnego_write_hint(&w);
	return wr_ok(&w) ? w.at : 0;
}

struct smb_auth *smb_auth_new(const struct smb_ports *ports)
{
	struct smb_auth *auth = calloc(1, sizeof(*auth));

	if (!auth)
		return NULL;
	auth->ntlm = smb_ntlm_new(ports);
	return auth->ntlm ? auth : smb_auth_free(auth);
}

struct smb_auth *smb_auth_free(struct smb_auth *auth)
{
	if (auth) {
		smb_ntlm_free(auth->ntlm);
		free(auth->mech_list);
		free(auth);
	}
	return NULL;
}

/* ---- raw ---- */

static bool copy_answer(struct bytes from, struct smb_auth_token *ret_answer)
{
	uint8_t *bytes = malloc(from.length);

	if (!bytes)
		return false;
	memcpy(bytes, from.at, from.length);
	*ret_answer = (struct smb_auth_token){ bytes, from.length };
	return true;
}

static enum nt_status take_raw(struct smb_auth *auth, struct bytes token,
			       struct smb_auth_token *ret_answer)
{
	struct bytes answer = { NULL, 0 };
	enum nt_status status = smb_ntlm_step(auth->ntlm, token, &answer);

	if (answer.length && !copy_answer(answer, ret_answer))
		return NT_STATUS_INSUFFICIENT_RESOURCES;
	return status;
}

/* ---- SPNEGO ---- */

/* Says `status`, in a token. */
static enum nt_status answer_with(enum nt_status status,
				  const struct smb_spnego_answer *answer,
				  struct smb_auth_token *ret_answer)
{
	size_t size = smb_spnego_answer_max(answer);
	uint8_t *bytes = malloc(size);
	struct writer w = writer_at(bytes, size);

	if (!bytes)
		return NT_STATUS_INSUFFICIENT_RESOURCES;
	smb_spnego_write_answer(&w, answer);
	*ret_answer = (struct smb_auth_token){ bytes, w.at };
	return status;
}

/* The client guessed another mechanism first: ours, then, and prove the list. */
static enum nt_status choose_ours(struct smb_auth *auth,
				  struct smb_auth_token *ret_answer)
{
	const struct smb_spnego_answer answer = {
		.state = SMB_SPNEGO_REQUEST_MIC,
		.names_mech = true,
	};

	auth->mic_is_due = true;
	return answer_with(NT_STATUS_MORE_PROCESSING_REQUIRED, &answer,
			   ret_answer);
}

/* What the mechanism answers to a NEGOTIATE, or to a token that isn't there. */
static enum nt_status go_on(struct smb_auth *auth, struct bytes token,
			    bool names_mech, struct smb_auth_token *ret_answer)
{
	struct smb_spnego_answer answer = {
		.state = SMB_SPNEGO_ACCEPT_INCOMPLETE,
		.names_mech = names_mech,
	};
	enum nt_status status = NT_STATUS_MORE_PROCESSING_REQUIRED;

	if (token.length)
		status = smb_ntlm_step(auth->ntlm, token, &answer.token);
	if (status != NT_STATUS_MORE_PROCESSING_REQUIRED)
		return status;
	return answer_with(status, &answer, ret_answer);
}

static enum nt_status take_init(struct smb_auth *auth, struct bytes token,
				struct smb_auth_token *ret_answer)
{
	struct smb_spnego_init init;

	if (!smb_spnego_read_init(token, &init))
		return NT_STATUS_INVALID_PARAMETER;
	if (!init.has_ntlm)
		return NT_STATUS_LOGON_FAILURE;
	auth->mech_list = malloc(init.mech_list.length);
	if (!auth->mech_list)
		return NT_STATUS_INSUFFICIENT_RESOURCES;
	memcpy(auth->mech_list, init.mech_list.at, init.mech_list.length);
	auth->mech_list_length = init.mech_list.length;
	if (!init.is_ntlm_first)
		return choose_ours(auth, ret_answer);
	return go_on(auth, init.mech_token, true, ret_answer);
}

/*
 * The last word. A MIC is answered with one of ours; guests and the anonymous
 * have no key to make or check one with.
 */
static enum nt_status complete(struct smb_auth *auth,
			       const struct smb_spnego_resp *resp,
			       struct smb_auth_token *ret_answer)
{
	struct bytes list = { auth->mech_list, auth->mech_list_length };
	struct smb_spnego_answer answer = {
		.state = SMB_SPNEGO_ACCEPT_COMPLETED,
	};
	uint8_t mic[16];

	if (!smb_ntlm_has_key(auth->ntlm))
		return answer_with(NT_STATUS_SUCCESS, &answer, ret_answer);
	if (auth->mic_is_due && !resp->has_mic)
		return NT_STATUS_LOGON_FAILURE;
	if (resp->has_mic) {
		if (!smb_ntlm_verify(auth->ntlm, list, resp->mic))
			return NT_STATUS_LOGON_FAILURE;
		smb_ntlm_sign(auth->ntlm, list, mic);
		answer.mic = (struct bytes){ mic, sizeof(mic) };
	}
	return answer_with(NT_STATUS_SUCCESS, &answer, ret_answer);
}

static enum nt_status take_resp(struct smb_auth *auth, struct bytes token,
				struct smb_auth_token *ret_answer)
{
	struct smb_spnego_answer answer = {
		.state = SMB_SPNEGO_ACCEPT_INCOMPLETE,
	};
	struct smb_spnego_resp resp;

	if (!smb_spnego_read_resp(token, &resp) || resp.token.length == 0)
		return NT_STATUS_INVALID_PARAMETER;
	enum nt_status status =
		smb_ntlm_step(auth->ntlm, resp.token, &answer.token);

	if (status == NT_STATUS_SUCCESS)
		return complete(auth, &resp, ret_answer);
	if (status == NT_STATUS_MORE_PROCESSING_REQUIRED)
		return answer_with(status, &answer, ret_answer);
	return status;
}

/* ---- either ---- */

static enum nt_status take(struct smb_auth *auth, struct bytes token,
			   struct smb_auth_token *ret_answer)
{
	switch (auth->state) {
	case FIRST:
		auth->state = smb_ntlm_is_message(token) ? RAW : WRAPPED;
		if (auth->state == WRAPPED)
			return take_init(auth, token, ret_answer);
		return take_raw(auth, token, ret_answer);
	case RAW:
		return take_raw(auth, token, ret_answer);
	case WRAPPED:
		return take_resp(auth, token, ret_answer);
	case OVER:
		break;
	}
	return NT_STATUS_INVALID_PARAMETER;
}

enum nt_status smb_auth_step(struct smb_auth *auth, struct bytes token,
			     struct smb_auth_token *ret_answer)
{
	struct smb_auth_token answer = { NULL, 0 };
	enum nt_status status = NT_STATUS_INVALID_PARAMETER;

	if (token.length <= SMB_AUTH_TOKEN_MAX)
		status = take(auth, token, &answer);
	if (status != NT_STATUS_MORE_PROCESSING_REQUIRED)
		auth->state = OVER;
	*ret_answer = answer;
	return status;
}

struct smb_user *smb_auth_user(const struct smb_auth *auth)
{
	return smb_ntlm_user(auth->ntlm);
}

size_t smb_auth_key(const struct smb_auth *auth, uint8_t ret_key[32])
{
	if (!smb_ntlm_has_key(auth->ntlm))
		return 0;
	smb_ntlm_key(auth->ntlm, ret_key);
	return SMB_NTLM_KEY;
}

const char *smb_auth_claimed(const struct smb_auth *auth)
{
	return smb_ntlm_claimed(auth->ntlm);
}
