/*
 * NTLMSSP's messages, read and written (MS-NLMP 2.2). What they must contain
 * to be believed is known by smb/auth/ntlm.c, the sums by smb/auth/ntlmv2.c.
 */
#include "smb/auth/ntlmssp.h"

#include "smb/wire/utf16.h"

enum {
	TYPE_NEGOTIATE = 1,
	TYPE_CHALLENGE = 2,
	TYPE_AUTHENTICATE = 3,
	SIGNATURE_LENGTH = 8,
	VERSION_LENGTH = 8,
	MIC_LENGTH = 16,
	AUTHENTICATE_LENGTH = 64, /* up to the flags; the least there can be */
	/* NTLMv2_CLIENT_CHALLENGE 2.2.2.7, up to its AV pairs. */
	CLIENT_CHALLENGE_LENGTH = 28,
};

static const uint8_t signature[SIGNATURE_LENGTH] = "NTLMSSP";

static bool read_head(struct reader *r, uint32_t type)
{
	const uint8_t *s = rd_raw(r, SIGNATURE_LENGTH);

	return rd_u32(r) == type && rd_ok(r) &&
	       memcmp(s, signature, SIGNATURE_LENGTH) == 0;
}

bool smb_ntlm_is_message(struct bytes token)
{
	return token.length >= SIGNATURE_LENGTH &&
	       memcmp(token.at, signature, SIGNATURE_LENGTH) == 0;
}

/* Names and version may be left out, and say nothing to us. */
bool smb_ntlm_read_negotiate(struct bytes token, uint32_t *ret_flags)
{
	struct reader r = reader_of(token);

	if (!read_head(&r, TYPE_NEGOTIATE))
		return false;
	uint32_t flags = rd_u32(&r);

	if (!rd_ok(&r))
		return false;
	*ret_flags = flags;
	return true;
}

/* ---- CHALLENGE ---- */

static void write_av_text(struct writer *w, enum smb_ntlm_av id,
			  const char *text)
{
	wr_u16(w, (uint16_t)id);
	struct later length = wr_later_u16(w);
	size_t start = w->at;

	wr_utf16_of(w, text);
	wr_now_u16(w, length, (uint16_t)(w->at - start));
}

/* A server without a domain is its own: both names are the computer's. */
static void write_target_info(struct writer *w,
			      const struct smb_ntlm_challenge *challenge)
{
	const struct smb_server_facts *server = challenge->server;

	write_av_text(w, SMB_NTLM_AV_NB_DOMAIN, server->netbios_name);
	write_av_text(w, SMB_NTLM_AV_NB_COMPUTER, server->netbios_name);
	write_av_text(w, SMB_NTLM_AV_DNS_DOMAIN, server->dns_name);
	write_av_text(w, SMB_NTLM_AV_DNS_COMPUTER, server->dns_name);
	wr_u16(w, SMB_NTLM_AV_TIMESTAMP);
	wr_u16(w, 8);
	wr_u64(w, challenge->now);
	wr_u16(w, SMB_NTLM_AV_END);
	wr_u16(w, 0);
}

/* Length, maximum length, and an offset: where a field of the payload is. */
struct field {
	struct later length, max, offset;
};

static struct field write_field(struct writer *w)
{
	struct field f;

	f.length = wr_later_u16(w);
	f.max = wr_later_u16(w);
	f.offset = wr_later_u32(w);
	return f;
}

static void fill_field(struct writer *w, struct field f, size_t start)
{
	wr_now_u16(w, f.length, (uint16_t)(w->at - start));
	wr_now_u16(w, f.max, (uint16_t)(w->at - start));
	wr_now_u32(w, f.offset, (uint32_t)start);
}

/* 2.2.2.10: a version that every client knows, and NTLMSSP revision 15. */
static void write_version(struct writer *w)
{
	wr_u8(w, 6);
	wr_u8(w, 1);
	wr_u16(w, 7600);
	wr_zero(w, 3);
	wr_u8(w, 15);
}

void smb_ntlm_write_challenge(struct writer *w,
			      const struct smb_ntlm_challenge *challenge,
			      struct smb_ntlm_span *ret_target_info)
{
	wr_copy(w, signature, SIGNATURE_LENGTH);
	wr_u32(w, TYPE_CHALLENGE);
	struct field name = write_field(w);

	wr_u32(w, challenge->flags);
	wr_copy(w, challenge->challenge, sizeof(challenge->challenge));
	wr_zero(w, 8);
	struct field info = write_field(w);

	write_version(w);
	size_t start = w->at;

	wr_utf16_of(w, challenge->server->netbios_name);
	fill_field(w, name, start);
	start = w->at;
	write_target_info(w, challenge);
	fill_field(w, info, start);
	*ret_target_info =
		(struct smb_ntlm_span){ .at = start, .length = w->at - start };
}

/* ---- AUTHENTICATE ---- */

/* A field's bytes; `ref_payload` is the lowest place that any lies at. */
static struct bytes read_field(struct reader *r, size_t *ref_payload)
{
	uint16_t length = rd_u16(r);

	rd_skip(r, 2);
	uint32_t offset = rd_u32(r);
	struct bytes b = rd_piece(r, offset, length);

	if (b.length && offset < *ref_payload)
		*ref_payload = offset;
	return b;
}

/*
 * The MIC comes behind the version, or in its place when a client leaves the
 * version out. Neither is there if the payload begins before.
 */
static size_t mic_place(size_t payload)
{
	if (payload >= AUTHENTICATE_LENGTH + VERSION_LENGTH + MIC_LENGTH)
		return AUTHENTICATE_LENGTH + VERSION_LENGTH;
	if (payload >= AUTHENTICATE_LENGTH + MIC_LENGTH)
		return AUTHENTICATE_LENGTH;
	return 0;
}

bool smb_ntlm_read_authenticate(struct bytes token,
				struct smb_ntlm_authenticate *ret_message)
{
	struct reader r = reader_of(token);
	size_t payload = token.length;
	struct smb_ntlm_authenticate m;

	if (!read_head(&r, TYPE_AUTHENTICATE))
		return false;
	m.lm = read_field(&r, &payload);
	m.nt = read_field(&r, &payload);
	m.domain = read_field(&r, &payload);
	m.user = read_field(&r, &payload);
	read_field(&r, &payload); /* the workstation: anybody's word */
	m.session_key = read_field(&r, &payload);
	m.flags = rd_u32(&r);
	m.mic_at = mic_place(payload);
	if (!rd_ok(&r) || payload < AUTHENTICATE_LENGTH)
		return false;
	*ret_message = m;
	return true;
}

/* ---- AV pairs ---- */

static uint16_t read_av(struct reader *r, struct bytes *ret_value)
{
	uint16_t id = rd_u16(r);

	*ret_value = rd_bytes(r, rd_u16(r));
	return id;
}

/* The value of the first pair with this id; false if there is none. */
static bool find_av(struct bytes list, uint16_t id, struct bytes *ret_value)
{
	struct reader r = reader_of(list);
	struct bytes value;
	uint16_t found;

	while ((found = read_av(&r, &value)) != SMB_NTLM_AV_END && rd_ok(&r)) {
		if (found == id) {
			*ret_value = value;
			return true;
		}
	}
	return false;
}

static bool list_ends(struct bytes list)
{
	struct reader r = reader_of(list);
	struct bytes value;

	while (read_av(&r, &value) != SMB_NTLM_AV_END && rd_ok(&r))
		continue;
	return rd_ok(&r);
}

static bool same(struct bytes a, struct bytes b)
{
	return a.length == b.length &&
	       (a.length == 0 || memcmp(a.at, b.at, a.length) == 0);
}

enum nt_status smb_ntlm_read_av(struct bytes nt_response, struct bytes ours,
				uint32_t *ret_av_flags)
{
	struct reader response = reader_of(nt_response);
	struct reader own = reader_of(ours);
	struct bytes value, returned;
	uint16_t id;

	rd_skip(&response, SMB_NTLM_PROOF + CLIENT_CHALLENGE_LENGTH);
	struct bytes list = rd_bytes(&response, rd_left(&response));

	if (!list_ends(list))
		return NT_STATUS_INVALID_PARAMETER;
	while ((id = read_av(&own, &value)) != SMB_NTLM_AV_END)
		if (!find_av(list, id, &returned) || !same(value, returned))
			return NT_STATUS_LOGON_FAILURE;
	*ret_av_flags = 0;
	if (find_av(list, SMB_NTLM_AV_FLAGS, &value)) {
		struct reader r = reader_of(value);

		*ret_av_flags = rd_u32(&r);
	}
	return NT_STATUS_SUCCESS;
}
