/*
 * SESSION_SETUP, MS-SMB2 2.2.5, 2.2.6, 3.3.5.5: a new session leg by leg, the
 * reauthentication of one that is up, or another connection for it. Knows what
 * a logon means for keys, signing and encryption; leaves who somebody is to
 * auth/, and which connections fit which session to binding.c.
 */
#include "smb/cmd/cmd.h"

#include <stdlib.h>
#include <string.h>

#include "smb/channel.h"
#include "smb/engine.h"
#include "smb/limits.h"
#include "smb/session.h"

enum {
	SESSION_IS_GUEST = 0x1, /* SessionFlags */
	SESSION_IS_NULL = 0x2,
	SESSION_ENCRYPT_DATA = 0x4,

	ANSWER_FIXED = 8,
};

struct ask {
	uint8_t flags;
	uint8_t security_mode;
	uint64_t previous_id;
	struct bytes token;
};

static enum nt_status decode(const struct smb_request *rq, struct ask *ret_ask)
{
	struct reader whole = reader_at(rq->start, rq->length);
	struct reader r = reader_of(rq->body);

	rd_skip(&r, 2);
	ret_ask->flags = rd_u8(&r);
	ret_ask->security_mode = rd_u8(&r);
	rd_skip(&r, 8); /* Capabilities, Channel */
	uint16_t offset = rd_u16(&r);
	uint16_t length = rd_u16(&r);

	ret_ask->previous_id = rd_u64(&r);
	ret_ask->token = rd_piece(&whole, offset, length);
	if (!rd_ok(&r) || !rd_ok(&whole))
		return NT_STATUS_INVALID_PARAMETER;
	return NT_STATUS_SUCCESS;
}

static enum nt_status answer(struct smb_request *rq, uint16_t flags,
			     const struct smb_auth_token *token,
			     enum nt_status status)
{
	size_t length = token->bytes ? token->length : 0;

	if (!smb_request_room(rq, ANSWER_FIXED + length))
		return NT_STATUS_INSUFFICIENT_RESOURCES;
	wr_u16(&rq->out, 9);
	wr_u16(&rq->out, flags);
	wr_u16(&rq->out, SMB_HEADER_LENGTH + ANSWER_FIXED);
	wr_u16(&rq->out, (uint16_t)length);
	wr_copy(&rq->out, token->bytes, length);
	rq->has_body = true;
	return status;
}

/* ---- which session ---- */

static void use_session(struct smb_request *rq, struct smb_session *session)
{
	rq->session = session;
	session->requests++;
	rq->is_session_counted = true;
}

/* A binding that an earlier leg has made, if it has not come to nothing. */
static void find_binding(struct smb_request *rq, struct smb_session *session)
{
	if (rq->binding && !rq->binding->session)
		rq->binding = smb_binding_unref(rq->binding);
	if (!rq->binding)
		rq->binding = smb_binding_find(session, rq->channel);
}

static enum nt_status add_binding(struct smb_request *rq,
				  struct smb_session *session)
{
	struct smb_channel *channel = rq->channel;
	struct smb_binding *binding;

	if (session->binding_count >= SMB_BINDINGS_MAX ||
	    channel->half_open_count >= SMB_SESSIONS_HALF_OPEN_MAX)
		return NT_STATUS_INSUFFICIENT_RESOURCES;
	binding = smb_binding_new(session, channel);
	if (!binding)
		return NT_STATUS_INSUFFICIENT_RESOURCES;
	rq->binding = smb_binding_ref(binding);
	return NT_STATUS_SUCCESS;
}

static enum nt_status check_facts(const struct smb_request *rq)
{
	struct smb_engine *engine = rq->channel->engine;
	uint64_t id = rq->header.session_id;
	const struct smb_session *own = smb_table_get(&engine->sessions, id);
	struct smb_session_facts facts;

	if (id == 0)
		return NT_STATUS_INVALID_PARAMETER;
	if (own && !own->is_valid)
		return NT_STATUS_REQUEST_NOT_ACCEPTED;
	if (!smb_session_ask(engine, id, &facts))
		return NT_STATUS_USER_SESSION_DELETED;

	enum nt_status status =
		smb_binding_check(&facts, rq->channel, rq->is_signed);

	explicit_bzero(&facts, sizeof(facts));
	return status;
}

/* MC-4: the connection asks to be one of the session's. */
static enum nt_status bind_session(struct smb_request *rq)
{
	struct smb_session *session;
	enum nt_status status = check_facts(rq);

	if (status != NT_STATUS_SUCCESS)
		return status;
	session = smb_session_find(rq->channel->engine, rq->header.session_id);
	if (!session)
		return NT_STATUS_USER_SESSION_DELETED;
	find_binding(rq, session);
	if (rq->binding && rq->binding->is_up)
		status = NT_STATUS_REQUEST_NOT_ACCEPTED;
	else if (!rq->binding)
		status = add_binding(rq, session);
	if (rq->session || status != NT_STATUS_SUCCESS)
		smb_session_unref(session);
	else
		use_session(rq, session);
	return status;
}

/* The first or a further leg of a session's own, or its reauthentication. */
static bool is_known_here(const struct smb_request *rq)
{
	return rq->session && (!rq->session->is_valid || rq->binding->is_up);
}

/* rq->session is the one that the exchange is about. */
static enum nt_status find_session(struct smb_request *rq,
				   const struct ask *ask)
{
	struct smb_channel *channel = rq->channel;
	struct smb_session *session;

	if (ask->flags & SMB2_SESSION_FLAG_BINDING)
		return bind_session(rq);
	if (is_known_here(rq))
		return NT_STATUS_SUCCESS;
	if (rq->header.session_id != 0)
		return NT_STATUS_USER_SESSION_DELETED;
	if (channel->half_open_count >= SMB_SESSIONS_HALF_OPEN_MAX)
		return NT_STATUS_INSUFFICIENT_RESOURCES;
	session = smb_session_new(channel);
	if (!session)
		return NT_STATUS_INSUFFICIENT_RESOURCES;
	use_session(rq, session);
	rq->binding = smb_binding_find(session, channel);
	rq->header.session_id = session->id;
	return NT_STATUS_SUCCESS;
}

static enum nt_status begin_exchange(struct smb_binding *binding)
{
	if (!binding->auth) {
		binding->auth = smb_auth_new(binding->channel->engine->ports);
		binding->legs = 0;
	}
	if (!binding->auth)
		return NT_STATUS_INSUFFICIENT_RESOURCES;
	binding->legs++;
	return binding->legs > SMB_AUTH_LEGS_MAX ? NT_STATUS_INVALID_PARAMETER
						 : NT_STATUS_SUCCESS;
}

/* ---- failure ---- */

/*
 * SS-14: guesses cost time. Cancelling the request does not shorten it; the
 * end of the connection does.
 */
static void co_delay(struct smb_request *rq)
{
	const struct smb_ports *ports = rq->channel->engine->ports;
	struct smb_engine *engine = rq->channel->engine;
	uint64_t end = smb_engine_ticks(engine) + SMB_LOGON_DELAY_MS;

	while (!rq->channel->is_closed && smb_engine_ticks(engine) < end) {
		uint64_t left = end - smb_engine_ticks(engine);
		struct smb_parked parked = {};

		ports->host_ops->co_park(ports->host, &parked, (uint32_t)left);
	}
}

/* A connection that does not become the session's is no harm to it. */
static void give_up_binding(struct smb_request *rq)
{
	smb_binding_remove(rq->binding);
	smb_request_uncount(rq);
}

/* The session ends, whether it was in progress or up (SS-10). */
static enum nt_status co_fail(struct smb_request *rq, enum nt_status status)
{
	struct smb_session *session = rq->session;

	smb_channel_log(rq->channel, SMB_LOG_INFO,
			"session=%016llx logon refused status=%s",
			(unsigned long long)session->id,
			nt_status_name(status));
	rq->binding->auth = smb_auth_free(rq->binding->auth);
	if (session->is_valid && !rq->binding->is_up)
		give_up_binding(rq);
	else
		smb_session_co_end(session, 1);
	if (status == NT_STATUS_LOGON_FAILURE ||
	    status == NT_STATUS_ACCOUNT_DISABLED)
		co_delay(rq);
	return status;
}

/* ---- success ---- */

static void take_user(struct smb_session *session,
		      const struct smb_binding *binding)
{
	const struct smb_realm_ops *realm = session->engine->ports->realm_ops;
	struct smb_user *old = session->user;

	session->user = realm->user_ref(smb_auth_user(binding->auth));
	if (old)
		realm->user_unref(old);
}

static bool make_sealers(struct smb_session *session, enum smb_cipher cipher)
{
	uint64_t start;

	smb_engine_random(session->engine, &start, sizeof(start));
	session->sealer = smb_sealer_new(cipher, session->keys.seal, start);
	session->unsealer = smb_sealer_new(cipher, session->keys.unseal, 0);
	return session->sealer && session->unsealer;
}

/* What the exchange on a connection has given: false if there is no key. */
static bool derive_keys(const struct smb_binding *binding,
			struct smb_keys *ret_keys)
{
	const struct smb_channel *channel = binding->channel;
	uint8_t key[32];
	size_t length = smb_auth_key(binding->auth, key);

	if (length == 0)
		return false;
	smb_keys_derive(channel->dialect, channel->cipher, key, length,
			binding->preauth, ret_keys);
	explicit_bzero(key, sizeof(key));
	return true;
}

static void note_facts(struct smb_session *session,
		       const struct smb_channel *channel)
{
	session->facts = (struct smb_session_facts){
		.dialect = channel->dialect,
		.signing = (uint16_t)channel->signing,
		.cipher = (uint16_t)channel->cipher,
		.is_authenticated = session->has_key,
	};
	memcpy(session->facts.client_guid, channel->client_guid, 16);
	memcpy(session->facts.signing_key, session->keys.signing, 16);
}

/* 3.3.5.5.3: keys, signing and encryption of a session that comes up. */
static enum nt_status make_keys(struct smb_session *session,
				struct smb_binding *binding)
{
	const struct smb_channel *channel = binding->channel;

	session->has_key = derive_keys(binding, &session->keys);
	note_facts(session, channel);
	if (!session->has_key)
		return NT_STATUS_SUCCESS;
	binding->signer =
		smb_signer_new(channel->signing, session->keys.signing);
	if (!binding->signer)
		return NT_STATUS_INSUFFICIENT_RESOURCES;
	if (channel->cipher != SMB_CIPHER_NONE &&
	    !make_sealers(session, channel->cipher))
		return NT_STATUS_INSUFFICIENT_RESOURCES;
	return NT_STATUS_SUCCESS;
}

/*
 * SS-13, SS-12, EN-5. A session whose encryption is not demanded may use it
 * request by request.
 */
static enum nt_status apply_policy(struct smb_session *session,
				   const struct ask *ask)
{
	const struct smb_server_facts *facts = session->engine->facts;

	session->must_sign = session->has_key &&
			     (facts->signing == SMB_POLICY_REQUIRED ||
			      ask->security_mode & SMB2_SIGNING_REQUIRED);
	session->must_seal = facts->encryption == SMB_POLICY_REQUIRED;
	if (session->must_seal && !session->sealer)
		return NT_STATUS_ACCESS_DENIED;
	return NT_STATUS_SUCCESS;
}

/* SS-9: the session that the client lost, if it is the same user's. */
static void co_end_previous(struct smb_request *rq, uint64_t id)
{
	struct smb_session *session = rq->session;
	struct smb_engine *engine = session->engine;
	const struct smb_ports *ports = engine->ports;

	if (id == 0 || id == session->id || !session->has_key)
		return;
	if (smb_session_id_worker(id) == engine->worker)
		smb_engine_co_end_session(engine, id, session->user->name);
	else if (ports->host_ops->co_end_session)
		ports->host_ops->co_end_session(ports->host, id,
						session->user->name);
}

static uint16_t flags_of(const struct smb_session *session,
			 const struct smb_user *user)
{
	uint16_t flags = 0;

	if (user->is_anonymous)
		flags |= SESSION_IS_NULL;
	else if (user->is_guest)
		flags |= SESSION_IS_GUEST;
	if (session->must_seal)
		flags |= SESSION_ENCRYPT_DATA;
	return flags;
}

static void log_logon(const struct smb_request *rq, const char *what)
{
	static const char *const signings[] = { "HMAC-SHA256", "AES-CMAC",
						"AES-GMAC" };
	const struct smb_session *session = rq->session;
	const char *signing = session->must_seal   ? "sealed"
			      : session->must_sign ? "required"
			      : session->has_key   ? "offered"
						   : "none";

	smb_channel_log(rq->channel, SMB_LOG_INFO,
			"session=%016llx user=%.128s %s dialect=%s signing=%s "
			"protection=%s",
			(unsigned long long)session->id, session->user->name,
			what, smb_dialect_name(rq->channel->dialect),
			signings[rq->channel->signing], signing);
}

static enum nt_status co_come_up(struct smb_request *rq, const struct ask *ask)
{
	struct smb_session *session = rq->session;
	enum nt_status status = make_keys(session, rq->binding);

	if (status == NT_STATUS_SUCCESS)
		status = apply_policy(session, ask);
	if (status != NT_STATUS_SUCCESS)
		return status;
	smb_session_set_valid(session);
	rq->must_sign = session->has_key;
	log_logon(rq, "logged on");
	co_end_previous(rq, ask->previous_id);
	return NT_STATUS_SUCCESS;
}

/*
 * Another connection of the session (MC-5): a key of its own to sign with, all
 * else is the session's (KY-6). This answer is the first that it signs.
 */
static enum nt_status come_up_bound(struct smb_request *rq)
{
	struct smb_binding *binding = rq->binding;
	const struct smb_user *user = smb_auth_user(binding->auth);
	struct smb_keys keys;

	if (strcmp(user->name, rq->session->user->name) != 0 ||
	    !derive_keys(binding, &keys))
		return NT_STATUS_ACCESS_DENIED;
	binding->signer = smb_signer_new(rq->channel->signing, keys.signing);
	explicit_bzero(&keys, sizeof(keys));
	if (!binding->signer)
		return NT_STATUS_INSUFFICIENT_RESOURCES;
	smb_binding_set_up(binding);
	rq->signer = smb_signer_free(rq->signer);
	rq->must_sign = true;
	log_logon(rq, "bound");
	return NT_STATUS_SUCCESS;
}

/* SS-10: in a reauthentication keys, trees and opens stay as they are. */
static enum nt_status co_succeed(struct smb_request *rq, const struct ask *ask,
				 const struct smb_auth_token *token)
{
	struct smb_session *session = rq->session;
	struct smb_binding *binding = rq->binding;
	enum nt_status status = NT_STATUS_SUCCESS;

	if (session->is_valid && !binding->is_up) {
		status = come_up_bound(rq);
	} else {
		take_user(session, binding);
		if (session->is_valid)
			log_logon(rq, "reauthenticated");
		else
			status = co_come_up(rq, ask);
	}
	if (status != NT_STATUS_SUCCESS)
		return co_fail(rq, status);
	binding->auth = smb_auth_free(binding->auth);
	if (session->is_gone)
		return NT_STATUS_USER_SESSION_DELETED;
	return answer(rq, flags_of(session, session->user), token, status);
}

enum nt_status smb_cmd_co_session_setup(struct smb_request *rq)
{
	bool is_hashed = rq->channel->dialect == SMB_DIALECT_311;
	struct smb_auth_token token = { .bytes = NULL };
	struct ask ask = { 0 };
	enum nt_status status = decode(rq, &ask);

	if (status == NT_STATUS_SUCCESS)
		status = find_session(rq, &ask);
	if (status != NT_STATUS_SUCCESS)
		return status;
	struct smb_binding *binding = rq->binding;

	if (is_hashed && !binding->is_up)
		smb_preauth_add(binding->preauth, rq->start, rq->length);
	status = begin_exchange(binding);
	if (status == NT_STATUS_SUCCESS)
		status = smb_auth_step(binding->auth, ask.token, &token);
	if (status == NT_STATUS_MORE_PROCESSING_REQUIRED) {
		if (is_hashed && !binding->is_up)
			rq->preauth = binding->preauth;
		status = answer(rq, 0, &token, status);
	} else if (status == NT_STATUS_SUCCESS) {
		status = co_succeed(rq, &ask, &token);
	} else {
		status = co_fail(rq, status);
	}
	free(token.bytes);
	return status;
}
