/*
 * NEGOTIATE and SESSION_SETUP of the client. The NTLM tokens are those of
 * tests/fake/logon.c.
 */
#include <assert.h>
#include <stdlib.h>
#include <string.h>

#include "smb/wire/context.h"
#include "smb/wire/posix.h"
#include "smb/wire/utf16.h"
#include "tests/client/client.h"
#include "tests/fake/logon.h"

enum {
	TOKEN_MAX = 2048,
	MORE_PROCESSING = 0xc0000016,
};

/* ---- NEGOTIATE ---- */

static void write_numbers(struct writer *w, size_t start,
			  enum smb_negotiate_type type, const uint16_t *numbers,
			  unsigned int count)
{
	uint8_t data[64];
	struct writer d = writer_at(data, sizeof(data));

	wr_u16(&d, (uint16_t)count);
	for (unsigned int i = 0; i < count; i++)
		wr_u16(&d, numbers[i]);
	smb_negotiate_add(w, start, type, data, d.at);
}

/* What Windows and others send besides, and one of the future. */
static unsigned int write_odd(struct writer *w, size_t start)
{
	static const uint8_t compression[] = { 1, 0, 0, 0, 0, 0, 0, 0, 1, 0 };
	static const uint8_t netname[] = { 'n', 0, 'a', 0, 's', 0 };
	static const uint8_t transport[] = { 1, 0, 0, 0 };
	static const uint8_t future[] = { 1, 2, 3 };

	smb_negotiate_add(w, start, SMB_NEGOTIATE_COMPRESSION, compression,
			  sizeof(compression));
	smb_negotiate_add(w, start, SMB_NEGOTIATE_NETNAME, netname,
			  sizeof(netname));
	smb_negotiate_add(w, start, SMB_NEGOTIATE_TRANSPORT, transport,
			  sizeof(transport));
	smb_negotiate_add(w, start, (enum smb_negotiate_type)0x7777, future,
			  sizeof(future));
	return 4;
}

static unsigned int write_contexts(struct writer *w, size_t start,
				   const struct client_offer *offer)
{
	static const uint8_t preauth[] = { 1, 0, 4, 0, 1, 0, 9, 8, 7, 6 };
	unsigned int count = 1;

	smb_negotiate_add(w, start, SMB_NEGOTIATE_PREAUTH, preauth,
			  sizeof(preauth));
	if (offer->has_odd_contexts)
		count += write_odd(w, start);
	if (offer->has_posix) {
		smb_negotiate_add(w, start, SMB_NEGOTIATE_POSIX, smb_posix_id,
				  SMB_POSIX_ID_LENGTH);
		count++;
	}
	if (offer->cipher_count) {
		write_numbers(w, start, SMB_NEGOTIATE_ENCRYPTION,
			      offer->ciphers, offer->cipher_count);
		count++;
	}
	if (offer->signing_count) {
		write_numbers(w, start, SMB_NEGOTIATE_SIGNING, offer->signings,
			      offer->signing_count);
		count++;
	}
	return count;
}

static bool offers_311(const struct client_offer *offer)
{
	for (unsigned int i = 0; i < offer->dialect_count; i++) {
		if (offer->dialects[i] == SMB_DIALECT_311)
			return true;
	}
	return false;
}

static void write_negotiate(struct client *c, struct writer *w,
			    const struct client_offer *offer)
{
	wr_u16(w, 36);
	wr_u16(w, (uint16_t)offer->dialect_count);
	wr_u16(w, c->security_mode);
	wr_u16(w, 0);
	wr_u32(w, c->capabilities);
	wr_copy(w, c->guid, 16);
	struct later at = wr_later_u32(w);
	struct later count = wr_later_u16(w);

	wr_u16(w, 0);
	for (unsigned int i = 0; i < offer->dialect_count; i++)
		wr_u16(w, offer->dialects[i]);
	if (!offers_311(offer))
		return;
	wr_align(w, 8);
	size_t start = w->at;

	wr_now_u32(w, at, (uint32_t)start);
	wr_now_u16(w, count, (uint16_t)write_contexts(w, start, offer));
}

static void read_contexts(struct client *c, const struct client_answer *answer,
			  uint32_t at, uint16_t count)
{
	struct smb_negotiate_offer chosen;
	struct bytes chain = { answer->whole.at + at,
			       answer->whole.length - at };

	assert(at % 8 == 0);
	assert(at <= answer->whole.length);
	if (smb_negotiate_read(chain, count, &chosen) != NT_STATUS_SUCCESS)
		assert(!"bad negotiate contexts");
	assert(chosen.cipher_count <= 1);
	assert(chosen.signing_count <= 1);
	if (chosen.has_encryption)
		c->cipher = (enum smb_cipher)chosen.ciphers[0];
	if (chosen.has_signing)
		c->signing = (enum smb_signing)chosen.signings[0];
}

static void read_answer(struct client *c, const struct client_answer *answer)
{
	struct reader r = reader_of(answer->body);

	rd_skip(&r, 2);
	c->server_security_mode = rd_u16(&r);
	c->dialect = rd_u16(&r);
	uint16_t count = rd_u16(&r);

	rd_skip(&r, 16);
	c->server_capabilities = rd_u32(&r);
	rd_skip(&r, 4);
	c->read_max = rd_u32(&r);
	rd_skip(&r, 4 + 16 + 4);
	uint32_t at = rd_u32(&r);

	assert(rd_ok(&r));
	c->signing = c->dialect >= SMB_DIALECT_300 ? SMB_SIGNING_AES_CMAC
						   : SMB_SIGNING_HMAC_SHA256;
	c->cipher = SMB_CIPHER_NONE;
	if (c->dialect == SMB_DIALECT_311)
		read_contexts(c, answer, at, count);
	else if (c->server_capabilities & 0x40)
		c->cipher = SMB_CIPHER_AES128_CCM;
}

uint32_t client_negotiate(struct client *c, const struct client_offer *offer)
{
	struct writer *w = client_begin(c, SMB2_NEGOTIATE, NULL, 0, 0);
	struct client_answer answer;

	if (offer->security_mode)
		c->security_mode = offer->security_mode;
	write_negotiate(c, w, offer);
	struct bytes sent = client_finish(c);

	memset(c->preauth, 0, sizeof(c->preauth));
	smb_preauth_add(c->preauth, sent.at, sent.length);
	if (!c->link.send(c->link.link, sent.at, sent.length) ||
	    !client_take(c, &answer))
		return UINT32_MAX;
	if (answer.status != 0)
		return answer.status;
	read_answer(c, &answer);
	smb_preauth_add(c->preauth, answer.whole.at, answer.whole.length);
	return 0;
}

uint32_t client_negotiate_dialect(struct client *c, uint16_t dialect)
{
	struct client_offer offer = {
		.dialects = { dialect },
		.dialect_count = 1,
		.ciphers = { 1, 2, 3, 4 },
		.cipher_count = 4,
		.signings = { 0, 1, 2 },
		.signing_count = 3,
		.has_odd_contexts = true,
	};

	return client_negotiate(c, &offer);
}

/* ---- SESSION_SETUP ---- */

static void remember(struct client *c, struct client_session *session)
{
	for (size_t i = 0; i < sizeof(c->sessions) / sizeof(c->sessions[0]);
	     i++) {
		if (c->sessions[i] == session)
			return;
		if (!c->sessions[i]) {
			c->sessions[i] = session;
			return;
		}
	}
	assert(!"too many sessions");
}

void client_session_fini(struct client *c, struct client_session *session)
{
	for (size_t i = 0; i < sizeof(c->sessions) / sizeof(c->sessions[0]);
	     i++) {
		if (c->sessions[i] == session)
			c->sessions[i] = NULL;
	}
	smb_signer_free(session->signer);
	smb_sealer_free(session->sealer);
	smb_sealer_free(session->unsealer);
	*session = (struct client_session){};
}

/* One leg; the answer's token is copied to `ret_token`. */
static uint32_t leg(struct client *c, struct client_session *session,
		    struct bytes token, uint64_t previous_id, bool is_new,
		    uint8_t *ret_token, size_t *ret_length)
{
	struct writer *w = client_begin(c, SMB2_SESSION_SETUP, session, 0, 0);
	struct client_answer answer;

	wr_u16(w, 25);
	wr_u8(w, session->binds); /* SMB2_SESSION_FLAG_BINDING */
	wr_u8(w, (uint8_t)c->security_mode);
	wr_u32(w, c->capabilities);
	wr_u32(w, 0);
	wr_u16(w, 64 + 24);
	wr_u16(w, (uint16_t)token.length);
	wr_u64(w, previous_id);
	wr_copy(w, token.at, token.length);
	struct bytes sent = client_finish(c);

	if (is_new && !session->seals)
		smb_preauth_add(session->preauth, sent.at, sent.length);
	if (!c->link.send(c->link.link, sent.at, sent.length) ||
	    !client_take(c, &answer))
		return UINT32_MAX;
	session->id = answer.header.session_id;
	*ret_length = 0;
	if (answer.status != 0 && answer.status != MORE_PROCESSING)
		return answer.status;
	if (answer.status == MORE_PROCESSING && is_new)
		smb_preauth_add(session->preauth, answer.whole.at,
				answer.whole.length);
	struct reader r = reader_of(answer.body);
	struct reader whole = reader_of(answer.whole);

	rd_skip(&r, 2);
	session->flags = rd_u16(&r);
	uint16_t offset = rd_u16(&r);
	uint16_t length = rd_u16(&r);
	struct bytes theirs = rd_piece(&whole, offset, length);

	assert(rd_ok(&r));
	assert(rd_ok(&whole));
	assert(theirs.length <= TOKEN_MAX);
	if (theirs.length)
		memcpy(ret_token, theirs.at, theirs.length);
	*ret_length = theirs.length;
	return answer.status;
}

/* The last answer of a new session was signed with the key that it gave. */
static void make_keys(struct client *c, struct client_session *session,
		      const uint8_t key[16])
{
	uint64_t nonce = session->id;

	smb_keys_derive(c->dialect, c->cipher, key, 16, session->preauth,
			&session->keys);
	session->signer = smb_signer_new(c->signing, session->keys.signing);
	assert(session->signer);
	if (c->cipher == SMB_CIPHER_NONE)
		return;
	session->sealer =
		smb_sealer_new(c->cipher, session->keys.unseal, nonce);
	session->unsealer = smb_sealer_new(c->cipher, session->keys.seal, 0);
	assert(session->sealer);
	assert(session->unsealer);
}

static bool last_is_signed(struct client *c, struct client_session *session)
{
	struct client_answer answer = {
		.whole = { c->in, c->in_end },
	};
	struct reader r = reader_at(c->in, c->in_end);

	if (!smb_header_read(&r, &answer.header))
		return false;
	return smb_signature_is_right(session->signer, c->in, c->in_end);
}

uint32_t client_logon_again(struct client *c, struct client_session *session,
			    const char *user, const char *password,
			    uint64_t previous_id)
{
	struct fake_logon logon = {
		.user = user ? user : "",
		.domain = "",
		.password = password ? password : "",
		.is_anonymous = !user,
		.sends_mic = user,
		.has_key_exchange = user,
	};
	bool is_new = session->id == 0 || session->binds;
	uint8_t first[TOKEN_MAX], challenge[TOKEN_MAX], third[TOKEN_MAX];
	uint8_t key[16];
	size_t length;
	struct bytes token = { first, fake_logon_negotiate(&logon, first,
							   sizeof(first)) };

	remember(c, session);
	if (is_new)
		memcpy(session->preauth, c->preauth, sizeof(c->preauth));
	uint32_t status =
		leg(c, session, token, previous_id, is_new, challenge, &length);

	if (status != MORE_PROCESSING)
		return status;
	struct bytes theirs = { challenge, length };
	struct bytes last = {
		third, fake_logon_authenticate(&logon, token, theirs, third,
					       sizeof(third), key)
	};

	status = leg(c, session, last, previous_id, is_new, challenge, &length);
	if (status != 0 || !is_new || session->flags & 3)
		return status;
	make_keys(c, session, key);
	if (!last_is_signed(c, session))
		c->has_bad_signature = true;
	return 0;
}

/* All but the key that signs is the session's own. */
static void make_bound(struct client *c, struct client_session *bound,
		       const struct client_session *session)
{
	memcpy(bound->keys.seal, session->keys.seal, SMB_KEY_MAX);
	memcpy(bound->keys.unseal, session->keys.unseal, SMB_KEY_MAX);
	smb_sealer_free(bound->sealer);
	smb_sealer_free(bound->unsealer);
	bound->sealer = NULL;
	bound->unsealer = NULL;
	bound->signs = session->signs;
	bound->seals = session->seals;
	if (!session->sealer)
		return;
	/* No nonce is used twice: they begin elsewhere. */
	bound->sealer =
		smb_sealer_new(c->cipher, session->keys.unseal, ~session->id);
	bound->unsealer = smb_sealer_new(c->cipher, session->keys.seal, 0);
	assert(bound->sealer);
	assert(bound->unsealer);
}

uint32_t client_bind(struct client *c, struct client_session *bound,
		     const struct client_session *session, const char *user,
		     const char *password)
{
	struct smb_signer *first = NULL;
	uint32_t status;

	*bound = (struct client_session){ .id = session->id, .binds = true };
	if (session->signer)
		first = smb_signer_new(smb_signer_algorithm(session->signer),
				       session->keys.signing);
	bound->signer = first;
	bound->signs = first;
	status = client_logon(c, bound, user, password);
	bound->binds = false;
	if (status == 0) {
		smb_signer_free(first);
		make_bound(c, bound, session);
	}
	return status;
}

uint32_t client_logon(struct client *c, struct client_session *session,
		      const char *user, const char *password)
{
	return client_logon_again(c, session, user, password, 0);
}
