/*
 * SPNEGO's tokens, read and written. Knows one mechanism to offer, NTLMSSP.
 * Which token may come when, and what MICs are made with, is known by
 * smb/auth/auth.c.
 */
#include "smb/auth/spnego.h"

#include "smb/auth/der.h"

/* Contents of object identifiers. */
static const uint8_t oid_spnego[] = { 0x2b, 0x06, 0x01, 0x05, 0x05, 0x02 };
static const uint8_t oid_ntlm[] = { 0x2b, 0x06, 0x01, 0x04, 0x01,
				    0x82, 0x37, 0x02, 0x02, 0x0a };

/* MS-SPNG 2.2.1: what the hint is always called. */
static const char hint_name[] = "not_defined_in_RFC4178@please_ignore";

static struct bytes piece(const void *at, size_t length)
{
	return (struct bytes){ at, length };
}

static struct bytes rest_of(struct reader *r)
{
	return rd_bytes(r, rd_left(r));
}

static bool is_oid(struct reader *r, const uint8_t *oid, size_t length)
{
	struct bytes b = rest_of(r);

	return b.length == length && memcmp(b.at, oid, length) == 0;
}

/* The octets inside [n], if that comes next; empty if it doesn't. */
static struct bytes optional_octets(struct reader *r, unsigned int n,
				    bool *ret_is_there)
{
	*ret_is_there = smb_der_is(r, (uint8_t)(SMB_DER_CONTEXT + n));
	if (!*ret_is_there)
		return piece(NULL, 0);
	struct reader tagged = smb_der_enter(r, (uint8_t)(SMB_DER_CONTEXT + n));
	struct reader octets = smb_der_enter(&tagged, SMB_DER_OCTETS);

	if (!rd_ok(&octets))
		rd_fail(r);
	return rest_of(&octets);
}

static void skip_optional(struct reader *r, unsigned int n)
{
	if (smb_der_is(r, (uint8_t)(SMB_DER_CONTEXT + n)))
		smb_der_skip(r);
}

/* mechTypes: which of them is ours, and the list as it stands. */
static bool read_mechs(struct reader *r, struct smb_spnego_init *init)
{
	struct reader tagged = smb_der_enter(r, SMB_DER_CONTEXT);

	init->mech_list = piece(tagged.start, tagged.length);
	struct reader list = smb_der_enter(&tagged, SMB_DER_SEQUENCE);

	for (unsigned int i = 0; rd_left(&list) > 0; i++) {
		struct reader oid = smb_der_enter(&list, SMB_DER_OID);

		if (!is_oid(&oid, oid_ntlm, sizeof(oid_ntlm)))
			continue;
		init->has_ntlm = true;
		init->is_ntlm_first |= i == 0;
	}
	return rd_ok(&list) && rd_left(&tagged) == 0;
}

/*
 * Behind the token there may be a MIC, which can't have been made yet, or
 * hints; neither says anything to us.
 */
bool smb_spnego_read_init(struct bytes token, struct smb_spnego_init *ret_init)
{
	struct reader r = reader_of(token);
	struct smb_spnego_init init = { .mech_token = { NULL, 0 } };
	struct reader outer = smb_der_enter(&r, SMB_DER_APPLICATION);
	struct reader oid = smb_der_enter(&outer, SMB_DER_OID);
	struct reader choice = smb_der_enter(&outer, SMB_DER_CONTEXT);
	struct reader body = smb_der_enter(&choice, SMB_DER_SEQUENCE);
	bool is_there;

	if (!rd_ok(&oid) || !is_oid(&oid, oid_spnego, sizeof(oid_spnego)))
		return false;
	if (!rd_ok(&body) || !read_mechs(&body, &init))
		return false;
	skip_optional(&body, 1);
	init.mech_token = optional_octets(&body, 2, &is_there);
	if (!rd_ok(&body))
		return false;
	*ret_init = init;
	return true;
}

bool smb_spnego_read_resp(struct bytes token, struct smb_spnego_resp *ret_resp)
{
	struct reader r = reader_of(token);
	struct smb_spnego_resp resp = { .has_mic = false };
	struct reader choice = smb_der_enter(&r, SMB_DER_CONTEXT + 1);
	struct reader body = smb_der_enter(&choice, SMB_DER_SEQUENCE);
	bool is_there;

	skip_optional(&body, 0);
	skip_optional(&body, 1);
	resp.token = optional_octets(&body, 2, &is_there);
	resp.mic = optional_octets(&body, 3, &resp.has_mic);
	if (!rd_ok(&body))
		return false;
	*ret_resp = resp;
	return true;
}

void smb_spnego_write_hint(struct writer *w)
{
	size_t outer = smb_der_begin(w, SMB_DER_APPLICATION);

	smb_der_write(w, SMB_DER_OID, piece(oid_spnego, sizeof(oid_spnego)));
	size_t choice = smb_der_begin(w, SMB_DER_CONTEXT);
	size_t body = smb_der_begin(w, SMB_DER_SEQUENCE);
	size_t mechs = smb_der_begin(w, SMB_DER_CONTEXT);
	size_t list = smb_der_begin(w, SMB_DER_SEQUENCE);

	smb_der_write(w, SMB_DER_OID, piece(oid_ntlm, sizeof(oid_ntlm)));
	smb_der_end(w, list);
	smb_der_end(w, mechs);
	size_t hints = smb_der_begin(w, SMB_DER_CONTEXT + 3);
	size_t fields = smb_der_begin(w, SMB_DER_SEQUENCE);
	size_t name = smb_der_begin(w, SMB_DER_CONTEXT);

	smb_der_write(w, SMB_DER_GENERAL_STRING,
		      piece(hint_name, sizeof(hint_name) - 1));
	smb_der_end(w, name);
	smb_der_end(w, fields);
	smb_der_end(w, hints);
	smb_der_end(w, body);
	smb_der_end(w, choice);
	smb_der_end(w, outer);
}

/* One element inside [n]. */
static void write_tagged(struct writer *w, unsigned int n, uint8_t tag,
			 struct bytes content)
{
	size_t begun = smb_der_begin(w, (uint8_t)(SMB_DER_CONTEXT + n));

	smb_der_write(w, tag, content);
	smb_der_end(w, begun);
}

void smb_spnego_write_answer(struct writer *w,
			     const struct smb_spnego_answer *answer)
{
	uint8_t state = (uint8_t)answer->state;
	size_t choice = smb_der_begin(w, SMB_DER_CONTEXT + 1);
	size_t body = smb_der_begin(w, SMB_DER_SEQUENCE);

	write_tagged(w, 0, SMB_DER_ENUMERATED, piece(&state, 1));
	if (answer->names_mech)
		write_tagged(w, 1, SMB_DER_OID,
			     piece(oid_ntlm, sizeof(oid_ntlm)));
	if (answer->token.length)
		write_tagged(w, 2, SMB_DER_OCTETS, answer->token);
	if (answer->mic.length)
		write_tagged(w, 3, SMB_DER_OCTETS, answer->mic);
	smb_der_end(w, body);
	smb_der_end(w, choice);
}

size_t smb_spnego_answer_max(const struct smb_spnego_answer *answer)
{
	enum {
		ALL_TAGS_AND_LENGTHS = 96
	};

	return ALL_TAGS_AND_LENGTHS + answer->token.length + answer->mic.length;
}
