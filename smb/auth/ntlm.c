/*
 * Who believes what (MS-NLMP 3.2.5). NTLMv2 with extended session security and
 * 128-bit keys or nothing; an unknown user takes as long as a wrong password.
 *
 *   EXPECT_NEGOTIATE ──take_negotiate──> EXPECT_AUTHENTICATE
 *                     ──take_authenticate──> OVER (a user, or refused)
 *
 * Layout of the messages: smb/auth/ntlmssp.c. Sums: smb/auth/ntlmv2.c. Which
 * accounts there are: the realm.
 */
#include "smb/auth/ntlm.h"

#include <gnutls/gnutls.h>
#include <stdlib.h>
#include <string.h>

#include "smb/auth/ntlmssp.h"
#include "smb/wire/utf16.h"

enum {
	/* Two names of strangers, and nothing else, can make it long. */
	NEGOTIATE_MAX = 4096,
	/* Proof, client challenge and the end of a list. */
	NT_RESPONSE_MIN = 48,
	FLAGS_OF_OURS = SMB_NTLM_UNICODE | SMB_NTLM_REQUEST_TARGET |
			SMB_NTLM_NTLM | SMB_NTLM_TARGET_IS_SERVER |
			SMB_NTLM_EXTENDED_SECURITY | SMB_NTLM_TARGET_INFO |
			SMB_NTLM_VERSION | SMB_NTLM_128,
	FLAGS_DEMANDED =
		SMB_NTLM_UNICODE | SMB_NTLM_EXTENDED_SECURITY | SMB_NTLM_128,
};

/* What we grant if the client asks. */
static const uint32_t flags_echoed = SMB_NTLM_SIGN | SMB_NTLM_SEAL |
				     SMB_NTLM_ALWAYS_SIGN |
				     SMB_NTLM_KEY_EXCHANGE | SMB_NTLM_56;

enum state {
	EXPECT_NEGOTIATE,
	EXPECT_AUTHENTICATE,
	OVER,
};

struct smb_ntlm {
	const struct smb_ports *ports;
	enum state state;
	uint8_t *negotiate; /* kept for the MIC */
	size_t negotiate_length;
	uint8_t challenge[SMB_NTLM_CHALLENGE_MAX]; /* likewise */
	size_t challenge_length;
	struct smb_ntlm_span target_info; /* in it */
	uint8_t server_challenge[8];
	uint32_t flags;
	char claimed[SMB_NTLM_NAME_MAX]; /* for the log */
	struct smb_user *user;           /* reference, once known */
	bool has_key;
	bool has_key_exchange;
	uint8_t key[SMB_NTLM_KEY];
};

struct smb_ntlm *smb_ntlm_new(const struct smb_ports *ports)
{
	struct smb_ntlm *ntlm = calloc(1, sizeof(*ntlm));

	if (ntlm)
		ntlm->ports = ports;
	return ntlm;
}

struct smb_ntlm *smb_ntlm_free(struct smb_ntlm *ntlm)
{
	if (!ntlm)
		return NULL;
	if (ntlm->user)
		ntlm->ports->realm_ops->user_unref(ntlm->user);
	free(ntlm->negotiate);
	explicit_bzero(ntlm, sizeof(*ntlm));
	free(ntlm);
	return NULL;
}

/* ---- NEGOTIATE ---- */

static enum nt_status write_challenge(struct smb_ntlm *ntlm,
				      struct bytes *ret_answer)
{
	const struct smb_ports *p = ntlm->ports;
	struct writer w = writer_at(ntlm->challenge, sizeof(ntlm->challenge));
	struct smb_ntlm_challenge c = {
		.flags = ntlm->flags,
		.now = p->host_ops->now(p->host),
		.server = p->realm_ops->server(p->realm),
	};

	p->host_ops->random(p->host, ntlm->server_challenge,
			    sizeof(ntlm->server_challenge));
	memcpy(c.challenge, ntlm->server_challenge, sizeof(c.challenge));
	smb_ntlm_write_challenge(&w, &c, &ntlm->target_info);
	if (!wr_ok(&w))
		return NT_STATUS_INTERNAL_ERROR;
	ntlm->challenge_length = w.at;
	*ret_answer = (struct bytes){ ntlm->challenge, w.at };
	return NT_STATUS_MORE_PROCESSING_REQUIRED;
}

static enum nt_status take_negotiate(struct smb_ntlm *ntlm,
				     struct bytes message,
				     struct bytes *ret_answer)
{
	uint32_t flags;

	if (message.length > NEGOTIATE_MAX ||
	    !smb_ntlm_read_negotiate(message, &flags))
		return NT_STATUS_INVALID_PARAMETER;
	ntlm->negotiate = malloc(message.length);
	if (!ntlm->negotiate)
		return NT_STATUS_INSUFFICIENT_RESOURCES;
	memcpy(ntlm->negotiate, message.at, message.length);
	ntlm->negotiate_length = message.length;
	ntlm->flags = FLAGS_OF_OURS | (flags & flags_echoed);
	ntlm->state = EXPECT_AUTHENTICATE;
	return write_challenge(ntlm, ret_answer);
}

/* ---- AUTHENTICATE ---- */

/* The names of an AUTHENTICATE, and what follows from a right password. */
struct claim {
	uint16_t user_units[SMB_NTLM_NAME_MAX];
	uint16_t domain_units[SMB_NTLM_NAME_MAX];
	struct smb_name user, domain;
	uint8_t session_key[SMB_NTLM_KEY]; /* SessionBaseKey */
};

static bool read_name(struct bytes wire, uint16_t *units,
		      struct smb_name *ret_name)
{
	size_t count = smb_utf16_decode(wire, units, SMB_NTLM_NAME_MAX);

	if (count == SIZE_MAX)
		return false;
	*ret_name = (struct smb_name){ units, (uint32_t)count };
	return true;
}

/* Whether this hash and this form of the domain made the client's proof. */
static bool try_domain(const struct smb_ntlm *ntlm,
		       const uint8_t nt_hash[SMB_NTLM_KEY], struct bytes nt,
		       struct smb_name domain, struct claim *claim)
{
	struct bytes blob = { nt.at + SMB_NTLM_PROOF,
			      nt.length - SMB_NTLM_PROOF };
	uint8_t key[SMB_NTLM_KEY], proof[SMB_NTLM_KEY];

	smb_ntlmv2_owf(nt_hash, claim->user, domain, key);
	smb_ntlmv2_proof(key, ntlm->server_challenge, blob, proof);
	bool is_right = gnutls_memcmp(proof, nt.at, SMB_NTLM_PROOF) == 0;

	if (is_right)
		smb_ntlmv2_session_key(key, proof, claim->session_key);
	explicit_bzero(key, sizeof(key));
	return is_right;
}

/*
 * Clients differ in what they hash: the domain as they send it, in upper case,
 * or none. Whatever it is called, it is us.
 */
static bool proof_is_right(const struct smb_ntlm *ntlm,
			   const uint8_t nt_hash[SMB_NTLM_KEY], struct bytes nt,
			   struct claim *claim)
{
	const struct smb_name none = { NULL, 0 };
	uint16_t units[SMB_NTLM_NAME_MAX];
	struct smb_name upper = { units, claim->domain.count };

	for (uint32_t i = 0; i < claim->domain.count; i++)
		units[i] = smb_upcase(claim->domain.units[i]);
	return try_domain(ntlm, nt_hash, nt, claim->domain, claim) ||
	       try_domain(ntlm, nt_hash, nt, upper, claim) ||
	       try_domain(ntlm, nt_hash, nt, none, claim);
}

/* "ann@REALM" without a domain is how a principal is spelt: ann. */
static struct smb_name before_at(const struct claim *claim)
{
	struct smb_name user = claim->user;

	for (uint32_t i = 0; claim->domain.count == 0 && i < user.count; i++)
		if (user.units[i] == '@')
			user.count = i;
	return user;
}

static bool find_account(const struct smb_ntlm *ntlm, const struct claim *claim,
			 struct smb_user **ret_user,
			 uint8_t ret_nt_hash[SMB_NTLM_KEY])
{
	const struct smb_ports *p = ntlm->ports;
	struct smb_name shorter = before_at(claim);

	if (p->realm_ops->account(p->realm, claim->user, ret_user, ret_nt_hash))
		return true;
	return shorter.count < claim->user.count &&
	       p->realm_ops->account(p->realm, shorter, ret_user, ret_nt_hash);
}

/* No session key: neither signatures nor sealing, as the policy has it. */
static enum nt_status become(struct smb_ntlm *ntlm, struct smb_user *user)
{
	if (!user)
		return NT_STATUS_LOGON_FAILURE;
	ntlm->user = user;
	return NT_STATUS_SUCCESS;
}

static enum nt_status become_guest(struct smb_ntlm *ntlm)
{
	const struct smb_ports *p = ntlm->ports;

	return become(ntlm, p->realm_ops->guest(p->realm));
}

/* Who has no name is a guest where guests are welcome. */
static enum nt_status become_anonymous(struct smb_ntlm *ntlm)
{
	const struct smb_ports *p = ntlm->ports;
	struct smb_user *user = p->realm_ops->anonymous(p->realm);

	return user ? become(ntlm, user) : become_guest(ntlm);
}

static bool is_anonymous(const struct smb_ntlm_authenticate *m)
{
	return m->user.length == 0 && m->nt.length == 0 && m->lm.length <= 1;
}

/* The key of the session: the client's own, if it sends one. */
static bool exchange_key(struct smb_ntlm *ntlm,
			 const struct smb_ntlm_authenticate *m,
			 const struct claim *claim)
{
	ntlm->has_key_exchange = ntlm->flags & m->flags & SMB_NTLM_KEY_EXCHANGE;
	if (!ntlm->has_key_exchange) {
		memcpy(ntlm->key, claim->session_key, SMB_NTLM_KEY);
		return true;
	}
	if (m->session_key.length != SMB_NTLM_KEY)
		return false;
	smb_ntlmv2_decrypt(claim->session_key, m->session_key.at, ntlm->key);
	return true;
}

/*
 * A client that says it sends a MIC must send the right one. That it says so
 * is under the proof. Many never do, so it can't be demanded.
 */
static bool mic_is_right(const struct smb_ntlm *ntlm, struct bytes message,
			 const struct smb_ntlm_authenticate *m,
			 uint32_t av_flags)
{
	struct bytes negotiate = { ntlm->negotiate, ntlm->negotiate_length };
	struct bytes challenge = { ntlm->challenge, ntlm->challenge_length };
	uint8_t mic[16];

	if (!(av_flags & SMB_NTLM_AV_FLAG_MIC))
		return true;
	if (m->mic_at == 0)
		return false;
	smb_ntlmv2_mic(ntlm->key, negotiate, challenge, message, m->mic_at,
		       mic);
	return gnutls_memcmp(mic, message.at + m->mic_at, sizeof(mic)) == 0;
}

/* What is left to check once the password is right. */
static enum nt_status admit(struct smb_ntlm *ntlm, struct bytes message,
			    const struct smb_ntlm_authenticate *m,
			    const struct claim *claim, uint32_t av_flags)
{
	if (!exchange_key(ntlm, m, claim) ||
	    !mic_is_right(ntlm, message, m, av_flags))
		return NT_STATUS_LOGON_FAILURE;
	if (ntlm->user->is_disabled)
		return NT_STATUS_ACCOUNT_DISABLED;
	ntlm->has_key = true;
	return NT_STATUS_SUCCESS;
}

/* A hash of nobody's is tried for an unknown name, so that both take long. */
static enum nt_status log_on(struct smb_ntlm *ntlm, struct bytes message,
			     const struct smb_ntlm_authenticate *m,
			     struct claim *claim, uint32_t av_flags)
{
	uint8_t nt_hash[SMB_NTLM_KEY] = { 0 };
	bool is_known = find_account(ntlm, claim, &ntlm->user, nt_hash);
	bool is_right = proof_is_right(ntlm, nt_hash, m->nt, claim);

	explicit_bzero(nt_hash, sizeof(nt_hash));
	if (!is_known)
		return become_guest(ntlm);
	if (!is_right)
		return NT_STATUS_LOGON_FAILURE;
	return admit(ntlm, message, m, claim, av_flags);
}

static enum nt_status take_authenticate(struct smb_ntlm *ntlm,
					struct bytes message)
{
	struct bytes ours = { ntlm->challenge + ntlm->target_info.at,
			      ntlm->target_info.length };
	struct smb_ntlm_authenticate m;
	struct claim claim;
	uint32_t av_flags;

	ntlm->state = OVER;
	if (!smb_ntlm_read_authenticate(message, &m))
		return NT_STATUS_INVALID_PARAMETER;
	if (is_anonymous(&m))
		return become_anonymous(ntlm);
	if ((m.flags & FLAGS_DEMANDED) != FLAGS_DEMANDED ||
	    m.nt.length < NT_RESPONSE_MIN)
		return NT_STATUS_LOGON_FAILURE;
	if (!read_name(m.user, claim.user_units, &claim.user) ||
	    !read_name(m.domain, claim.domain_units, &claim.domain))
		return NT_STATUS_INVALID_PARAMETER;
	smb_utf16_show(claim.user, ntlm->claimed, sizeof(ntlm->claimed));
	enum nt_status status = smb_ntlm_read_av(m.nt, ours, &av_flags);

	if (status == NT_STATUS_SUCCESS)
		status = log_on(ntlm, message, &m, &claim, av_flags);
	explicit_bzero(claim.session_key, sizeof(claim.session_key));
	return status;
}

enum nt_status smb_ntlm_step(struct smb_ntlm *ntlm, struct bytes message,
			     struct bytes *ret_answer)
{
	if (!smb_ntlmv2_is_allowed())
		return NT_STATUS_NOT_SUPPORTED;
	switch (ntlm->state) {
	case EXPECT_NEGOTIATE:
		return take_negotiate(ntlm, message, ret_answer);
	case EXPECT_AUTHENTICATE:
		return take_authenticate(ntlm, message);
	case OVER:
		break;
	}
	return NT_STATUS_INVALID_PARAMETER;
}

/* ---- afterwards ---- */

struct smb_user *smb_ntlm_user(const struct smb_ntlm *ntlm)
{
	return ntlm->user;
}

bool smb_ntlm_has_key(const struct smb_ntlm *ntlm)
{
	return ntlm->has_key;
}

void smb_ntlm_key(const struct smb_ntlm *ntlm, uint8_t ret_key[SMB_NTLM_KEY])
{
	memcpy(ret_key, ntlm->key, SMB_NTLM_KEY);
}

void smb_ntlm_sign(const struct smb_ntlm *ntlm, struct bytes message,
		   uint8_t ret_signature[16])
{
	smb_ntlmv2_sign(ntlm->key, true, ntlm->has_key_exchange, message,
			ret_signature);
}

bool smb_ntlm_verify(const struct smb_ntlm *ntlm, struct bytes message,
		     struct bytes signature)
{
	uint8_t expected[16];

	smb_ntlmv2_sign(ntlm->key, false, ntlm->has_key_exchange, message,
			expected);
	return signature.length == sizeof(expected) &&
	       gnutls_memcmp(expected, signature.at, sizeof(expected)) == 0;
}

const char *smb_ntlm_claimed(const struct smb_ntlm *ntlm)
{
	return ntlm->claimed;
}
