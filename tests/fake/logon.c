/*
 * An NTLM client. It trusts smb/auth/ntlmv2.c with the sums, which have known
 * answers of their own; layout and order are written here afresh.
 */
#include "tests/fake/logon.h"

#include <assert.h>
#include <string.h>

#include "smb/auth/auth.h"
#include "smb/auth/ntlmssp.h"
#include "smb/auth/ntlmv2.h"
#include "smb/wire/utf16.h"

static const char signature[8] = "NTLMSSP";

static uint32_t flags_of(const struct fake_logon *logon)
{
	uint32_t flags = SMB_NTLM_UNICODE | SMB_NTLM_REQUEST_TARGET |
			 SMB_NTLM_SIGN | SMB_NTLM_SEAL | SMB_NTLM_NTLM |
			 SMB_NTLM_ALWAYS_SIGN | SMB_NTLM_EXTENDED_SECURITY |
			 SMB_NTLM_128;

	if (logon->has_key_exchange)
		flags |= SMB_NTLM_KEY_EXCHANGE;
	return flags & ~logon->flags_dropped;
}

size_t fake_logon_negotiate(const struct fake_logon *logon, uint8_t *to,
			    size_t size)
{
	struct writer w = writer_at(to, size);

	wr_copy(&w, signature, 8);
	wr_u32(&w, 1);
	wr_u32(&w, flags_of(logon));
	if (!logon->has_no_version)
		wr_zero(&w, 24);
	assert(wr_ok(&w));
	return w.at;
}

/* ---- the NT response ---- */

static void write_av(struct writer *w, uint16_t id, struct bytes value)
{
	wr_u16(w, id);
	wr_u16(w, (uint16_t)value.length);
	wr_copy(w, value.at, value.length);
}

/* Our own pairs behind the server's, and the end. */
static void write_avs(struct writer *w, const struct fake_logon *logon,
		      struct reader info)
{
	uint16_t id;

	while ((id = rd_u16(&info)) != SMB_NTLM_AV_END && rd_ok(&info)) {
		struct bytes value = rd_bytes(&info, rd_u16(&info));
		size_t start = w->at;

		if (id == logon->drops_av)
			continue;
		write_av(w, id, value);
		if (logon->changes_av)
			w->start[start + 4] ^= 1;
	}
	if (logon->sends_mic || logon->hides_mic) {
		uint8_t av_flags[4] = { SMB_NTLM_AV_FLAG_MIC };

		write_av(w, SMB_NTLM_AV_FLAGS, (struct bytes){ av_flags, 4 });
	}
	if (!logon->drops_av_end)
		wr_u32(w, 0);
}

static void write_blob(struct writer *w, const struct fake_logon *logon,
		       struct reader info)
{
	wr_u16(w, 0x0101);
	wr_zero(w, 6);
	wr_u64(w, 0x01d0000000000000);
	wr_u64(w, 0xaaaaaaaaaaaaaaaa);
	wr_u32(w, 0);
	write_avs(w, logon, info);
	wr_u32(w, 0);
}

static struct smb_name name_of(const char *utf8, uint16_t *units)
{
	size_t n =
		smb_utf8_to_utf16(utf8, strlen(utf8), units, SMB_NTLM_NAME_MAX);

	assert(n != SIZE_MAX);
	return (struct smb_name){ units, (uint32_t)n };
}

static void key_of(const struct fake_logon *logon, uint8_t key[16])
{
	const char *domain = logon->hashed_domain;
	uint16_t user[SMB_NTLM_NAME_MAX], domain_units[SMB_NTLM_NAME_MAX];
	uint8_t password[512], hash[16];
	struct writer w = writer_at(password, sizeof(password));

	wr_utf16_of(&w, logon->password);
	smb_md4(password, w.at, hash);
	smb_ntlmv2_owf(hash, name_of(logon->user, user),
		       name_of(domain ? domain : logon->domain, domain_units),
		       key);
}

struct challenge {
	uint8_t random[8];
	struct reader info;
};

static struct challenge read_challenge(struct bytes message)
{
	struct reader r = reader_of(message);
	struct challenge c;

	rd_skip(&r, 24);
	rd_copy(&r, c.random, 8);
	rd_skip(&r, 8);
	uint16_t length = rd_u16(&r);

	rd_skip(&r, 2);
	c.info = reader_of(rd_piece(&r, rd_u32(&r), length));
	assert(rd_ok(&r));
	return c;
}

/* The response, and the session's base key. */
static size_t write_response(const struct fake_logon *logon,
			     struct bytes challenge, uint8_t *to, size_t size,
			     uint8_t base_key[16])
{
	struct challenge c = read_challenge(challenge);
	struct writer w = writer_at(to, size);
	uint8_t key[16];

	wr_zero(&w, 16);
	write_blob(&w, logon, c.info);
	assert(wr_ok(&w));
	key_of(logon, key);
	smb_ntlmv2_proof(key, c.random, (struct bytes){ to + 16, w.at - 16 },
			 to);
	smb_ntlmv2_session_key(key, to, base_key);
	return logon->nt_length ? logon->nt_length : w.at;
}

/* ---- AUTHENTICATE ---- */

enum {
	FIELDS = 6,
	LM = 0,
	NT = 1,
	DOMAIN = 2,
	USER = 3,
	KEY = 5
};

static void write_names(struct writer *w, const struct fake_logon *logon,
			size_t start[FIELDS + 1])
{
	start[DOMAIN] = w->at;
	wr_utf16_of(w, logon->is_anonymous ? "" : logon->domain);
	start[USER] = w->at;
	wr_utf16_of(w, logon->is_anonymous ? "" : logon->user);
	start[USER + 1] = w->at;
	wr_utf16_of(w, "CLIENT");
}

static size_t write_message(const struct fake_logon *logon,
			    struct bytes response, struct bytes key,
			    uint8_t *to, size_t size)
{
	struct writer w = writer_at(to, size);
	size_t start[FIELDS + 1];

	wr_copy(&w, signature, 8);
	wr_u32(&w, 3);
	wr_zero(&w, (size_t)FIELDS * 8);
	wr_u32(&w, flags_of(logon));
	if (!logon->has_no_version)
		wr_zero(&w, 8);
	if (logon->sends_mic)
		wr_zero(&w, 16);
	start[LM] = w.at;
	wr_zero(&w, logon->is_anonymous ? 1 : 0);
	start[NT] = w.at;
	wr_copy(&w, response.at, response.length);
	write_names(&w, logon, start);
	start[KEY] = w.at;
	wr_copy(&w, key.at, key.length);
	start[FIELDS] = w.at;
	assert(wr_ok(&w));
	for (unsigned int i = 0; i < FIELDS; i++) {
		uint8_t *field = to + 12 + (size_t)i * 8;

		wr_uint_to(field, start[i + 1] - start[i], 2);
		wr_uint_to(field + 2, start[i + 1] - start[i], 2);
		wr_uint_to(field + 4, start[i], 4);
	}
	return w.at;
}

size_t fake_logon_authenticate(const struct fake_logon *logon,
			       struct bytes negotiate, struct bytes challenge,
			       uint8_t *to, size_t size, uint8_t ret_key[16])
{
	size_t mic_at = logon->has_no_version ? 64 : 72;
	uint8_t response[2048], encrypted[16] = { 0 };
	struct bytes key = { encrypted, 0 };
	struct bytes nt = { response, 0 };

	if (!logon->is_anonymous)
		nt.length = write_response(logon, challenge, response,
					   sizeof(response), ret_key);
	if (logon->has_key_exchange) {
		memset(encrypted, 0x5c, sizeof(encrypted));
		key.length = logon->has_wrong_key_length ? 15 : 16;
		smb_ntlmv2_decrypt(ret_key, encrypted, ret_key);
	}
	size_t length = write_message(logon, nt, key, to, size);

	if (logon->sends_mic)
		smb_ntlmv2_mic(ret_key, negotiate, challenge,
			       (struct bytes){ to, length }, mic_at,
			       to + mic_at);
	if (logon->has_wrong_mic)
		to[mic_at] ^= 1;
	return length;
}
