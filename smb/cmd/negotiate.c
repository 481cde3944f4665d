/*
 * NEGOTIATE, MS-SMB2 2.2.3, 2.2.4, 3.3.5.4: chooses dialect, cipher and
 * signing algorithm. What the client said is kept on the channel, where
 * VALIDATE_NEGOTIATE_INFO compares it. Offers nothing that isn't there: no DFS,
 * no leases, no multichannel, no POSIX extensions.
 */
#include "smb/cmd/negotiate.h"

#include <string.h>

#include "smb/auth/auth.h"
#include "smb/cmd/cmd.h"
#include "smb/engine.h"
#include "smb/wire/context.h"
#include "smb/wire/posix.h"

enum {
	DIALECTS_MAX = 64, /* five exist; a client may say some twice */
	DIALECTS_AT = 36,  /* in the body */
	IO_SIZE_202 = 65536,
	HASH_SHA512 = 1,
	SALT_LENGTH = 32,
};

/* The request, as far as it is acted on. */
struct ask {
	uint16_t dialects[DIALECTS_MAX];
	uint16_t dialect_count;
	uint16_t security_mode;
	uint32_t capabilities;
	uint8_t client_guid[16];
	uint32_t context_at; /* from the header on */
	uint16_t context_count;
	uint16_t all_dialects; /* DialectCount, as sent */
	struct smb_negotiate_offer offer;
};

uint16_t smb_dialect_choose(const struct smb_server_facts *facts,
			    const uint16_t *dialects, size_t count)
{
	static const uint16_t known[] = {
		SMB_DIALECT_311, SMB_DIALECT_302, SMB_DIALECT_300,
		SMB_DIALECT_210, SMB_DIALECT_202,
	};

	for (size_t k = 0; k < sizeof(known) / sizeof(known[0]); k++) {
		if (known[k] < facts->dialect_min ||
		    known[k] > facts->dialect_max)
			continue;
		for (size_t i = 0; i < count; i++) {
			if (dialects[i] == known[k])
				return known[k];
		}
	}
	return 0;
}

const char *smb_dialect_name(uint16_t dialect)
{
	switch (dialect) {
	case SMB_DIALECT_202:
		return "2.0.2";
	case SMB_DIALECT_210:
		return "2.1";
	case SMB_DIALECT_300:
		return "3.0";
	case SMB_DIALECT_302:
		return "3.0.2";
	case SMB_DIALECT_311:
		return "3.1.1";
	default:
		return "?";
	}
}

/* ---- the request ---- */

static enum nt_status decode(const struct smb_request *rq, struct ask *ret_ask)
{
	struct reader r = reader_of(rq->body);

	rd_skip(&r, 2);
	ret_ask->all_dialects = rd_u16(&r);
	ret_ask->security_mode = rd_u16(&r);
	rd_skip(&r, 2);
	ret_ask->capabilities = rd_u32(&r);
	rd_copy(&r, ret_ask->client_guid, 16);
	ret_ask->context_at = rd_u32(&r);
	ret_ask->context_count = rd_u16(&r);
	rd_skip(&r, 2);
	for (uint16_t i = 0; i < ret_ask->all_dialects && rd_ok(&r); i++) {
		uint16_t dialect = rd_u16(&r);

		if (ret_ask->dialect_count < DIALECTS_MAX)
			ret_ask->dialects[ret_ask->dialect_count++] = dialect;
	}
	if (!rd_ok(&r) || ret_ask->all_dialects == 0)
		return NT_STATUS_INVALID_PARAMETER;
	return NT_STATUS_SUCCESS;
}

/* NG-10: the contexts begin at the 8-aligned end of the dialects. */
static enum nt_status decode_contexts(const struct smb_request *rq,
				      struct ask *ask)
{
	uint32_t end = SMB_HEADER_LENGTH + DIALECTS_AT + 2u * ask->all_dialects;
	uint32_t at = (end + 7) & ~7u;

	if (ask->context_at != at || at > rq->length)
		return NT_STATUS_INVALID_PARAMETER;
	return smb_negotiate_read((struct bytes){ .at = rq->start + at,
						  .length = rq->length - at },
				  ask->context_count, &ask->offer);
}

/* ---- the choice ---- */

static bool is_offered(const uint16_t *offered, uint16_t count, uint16_t what)
{
	for (uint16_t i = 0; i < count; i++) {
		if (offered[i] == what)
			return true;
	}
	return false;
}

/* By speed here: GCM before CCM. */
static enum smb_cipher choose_cipher(const struct smb_negotiate_offer *offer)
{
	static const enum smb_cipher order[] = {
		SMB_CIPHER_AES128_GCM,
		SMB_CIPHER_AES256_GCM,
		SMB_CIPHER_AES128_CCM,
		SMB_CIPHER_AES256_CCM,
	};

	for (size_t i = 0; i < sizeof(order) / sizeof(order[0]); i++) {
		if (is_offered(offer->ciphers, offer->cipher_count,
			       (uint16_t)order[i]))
			return order[i];
	}
	return SMB_CIPHER_NONE;
}

/* Whether there is one in common; then `ret_signing` is it. */
static bool choose_signing(const struct smb_negotiate_offer *offer,
			   enum smb_signing *ret_signing)
{
	static const enum smb_signing order[] = {
		SMB_SIGNING_AES_GMAC,
		SMB_SIGNING_AES_CMAC,
		SMB_SIGNING_HMAC_SHA256,
	};

	for (size_t i = 0; i < sizeof(order) / sizeof(order[0]); i++) {
		if (!is_offered(offer->signings, offer->signing_count,
				(uint16_t)order[i]))
			continue;
		*ret_signing = order[i];
		return true;
	}
	return false;
}

void smb_negotiate_settle(struct smb_channel *channel, uint16_t dialect)
{
	const struct smb_server_facts *facts = channel->engine->facts;

	channel->dialect = dialect;
	channel->io_size_max =
		dialect == SMB_DIALECT_202 ? IO_SIZE_202 : facts->io_size_max;
	channel->capabilities = dialect == SMB_DIALECT_202
					? 0
					: SMB2_CAP_LEASING | SMB2_CAP_LARGE_MTU;
	channel->security_mode = SMB2_SIGNING_ENABLED;
	if (facts->signing == SMB_POLICY_REQUIRED)
		channel->security_mode |= SMB2_SIGNING_REQUIRED;
	channel->signing = dialect >= SMB_DIALECT_300 ? SMB_SIGNING_AES_CMAC
						      : SMB_SIGNING_HMAC_SHA256;
	channel->cipher = SMB_CIPHER_NONE;
	channel->state = SMB_CHANNEL_READY;
}

/* NG-8: only what the client has, too. */
static bool may_bind(const struct smb_channel *channel, const struct ask *ask)
{
	return channel->engine->facts->is_multichannel &&
	       ask->capabilities & SMB2_CAP_MULTI_CHANNEL;
}

static bool may_lease_directories(const struct smb_channel *channel,
				  const struct ask *ask)
{
	return channel->engine->facts->leases_directories &&
	       ask->capabilities & SMB2_CAP_DIRECTORY_LEASING;
}

static void settle(struct smb_channel *channel, uint16_t dialect,
		   const struct ask *ask)
{
	bool may_seal = channel->engine->facts->encryption != SMB_POLICY_OFF;

	smb_negotiate_settle(channel, dialect);
	channel->client_capabilities = ask->capabilities;
	channel->client_security_mode = ask->security_mode;
	memcpy(channel->client_guid, ask->client_guid, 16);
	if (dialect >= SMB_DIALECT_300 && may_bind(channel, ask))
		channel->capabilities |= SMB2_CAP_MULTI_CHANNEL;
	if (dialect >= SMB_DIALECT_300 && may_lease_directories(channel, ask))
		channel->capabilities |= SMB2_CAP_DIRECTORY_LEASING;
	if (dialect == SMB_DIALECT_311) {
		channel->has_posix = channel->engine->facts->has_posix &&
				     ask->offer.has_posix;
		choose_signing(&ask->offer, &channel->signing);
		if (may_seal)
			channel->cipher = choose_cipher(&ask->offer);
	} else if (dialect >= SMB_DIALECT_300 && may_seal &&
		   ask->capabilities & SMB2_CAP_ENCRYPTION) {
		channel->cipher = SMB_CIPHER_AES128_CCM;
		channel->capabilities |= SMB2_CAP_ENCRYPTION;
	}
}

/* ---- the answer ---- */

void smb_negotiate_answer(const struct smb_channel *channel, uint16_t dialect,
			  struct writer *w)
{
	const struct smb_server_facts *facts = channel->engine->facts;
	uint8_t token[256];
	size_t length = smb_auth_hint(token, sizeof(token));

	wr_u16(w, 65);
	wr_u16(w, channel->security_mode);
	wr_u16(w, dialect);
	wr_u16(w, 0); /* NegotiateContextCount */
	wr_copy(w, facts->guid, 16);
	wr_u32(w, channel->capabilities);
	wr_u32(w, channel->io_size_max);
	wr_u32(w, channel->io_size_max);
	wr_u32(w, channel->io_size_max);
	wr_u64(w, smb_engine_now(channel->engine));
	wr_u64(w, 0); /* ServerStartTime */
	wr_u16(w, SMB_HEADER_LENGTH + 64);
	wr_u16(w, (uint16_t)length);
	wr_u32(w, 0); /* NegotiateContextOffset */
	wr_copy(w, token, length);
}

/* 2.2.4.1, one for each of ours that the client offered. */
static void add_contexts(struct smb_channel *channel, const struct ask *ask,
			 struct writer *w)
{
	const struct later count = { .at = 6 };
	const struct later offset = { .at = 60 };
	const struct smb_negotiate_offer *offer = &ask->offer;
	uint8_t data[6 + SALT_LENGTH];
	enum smb_signing signing;
	struct writer d = writer_at(data, sizeof(data));
	uint16_t added = 1;

	wr_align(w, 8);
	wr_now_u32(w, offset, SMB_HEADER_LENGTH + (uint32_t)w->at);
	wr_u16(&d, 1);
	wr_u16(&d, SALT_LENGTH);
	wr_u16(&d, HASH_SHA512);
	smb_engine_random(channel->engine, wr_room(&d, SALT_LENGTH),
			  SALT_LENGTH);
	smb_negotiate_add(w, 0, SMB_NEGOTIATE_PREAUTH, data, d.at);
	if (offer->has_encryption) {
		d = writer_at(data, sizeof(data));
		wr_u16(&d, 1);
		wr_u16(&d, (uint16_t)channel->cipher);
		smb_negotiate_add(w, 0, SMB_NEGOTIATE_ENCRYPTION, data, d.at);
		added++;
	}
	if (offer->has_signing && choose_signing(offer, &signing)) {
		d = writer_at(data, sizeof(data));
		wr_u16(&d, 1);
		wr_u16(&d, (uint16_t)signing);
		smb_negotiate_add(w, 0, SMB_NEGOTIATE_SIGNING, data, d.at);
		added++;
	}
	if (channel->has_posix) {
		smb_negotiate_add(w, 0, SMB_NEGOTIATE_POSIX, smb_posix_id,
				  SMB_POSIX_ID_LENGTH);
		added++;
	}
	wr_now_u16(w, count, added);
}

static void log_choice(const struct smb_channel *channel, const struct ask *ask)
{
	static const char *const ciphers[] = { "none", "AES-128-CCM",
					       "AES-128-GCM", "AES-256-CCM",
					       "AES-256-GCM" };
	static const char *const signings[] = { "HMAC-SHA256", "AES-CMAC",
						"AES-GMAC" };

	smb_channel_log(channel, SMB_LOG_DEBUG,
			"negotiated dialect=%s signing=%s cipher=%s server=%s",
			smb_dialect_name(channel->dialect),
			signings[channel->signing], ciphers[channel->cipher],
			ask->offer.netname);
}

enum nt_status smb_cmd_co_negotiate(struct smb_request *rq)
{
	struct smb_channel *channel = rq->channel;
	struct ask ask = { 0 };
	enum nt_status status = decode(rq, &ask);

	if (status != NT_STATUS_SUCCESS)
		return status;
	uint16_t dialect = smb_dialect_choose(channel->engine->facts,
					      ask.dialects, ask.dialect_count);

	if (dialect == 0)
		return NT_STATUS_NOT_SUPPORTED;
	if (dialect == SMB_DIALECT_311)
		status = decode_contexts(rq, &ask);
	if (status != NT_STATUS_SUCCESS)
		return status;
	if (!smb_request_room(rq, SMB_NEGOTIATE_BODY_MAX))
		return NT_STATUS_INSUFFICIENT_RESOURCES;
	settle(channel, dialect, &ask);
	smb_negotiate_answer(channel, dialect, &rq->out);
	if (dialect == SMB_DIALECT_311) {
		add_contexts(channel, &ask, &rq->out);
		smb_preauth_add(channel->preauth, rq->start, rq->length);
		rq->preauth = channel->preauth;
	}
	log_choice(channel, &ask);
	return NT_STATUS_SUCCESS;
}
