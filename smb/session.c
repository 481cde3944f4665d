/*
 * The life of sessions: found by id, counted by reference, ended once. Knows
 * what belongs to a session and in which order it goes; leaves how a session
 * comes to be to cmd/session_setup.c.
 */
#include "smb/session.h"

#include <assert.h>
#include <stdlib.h>
#include <string.h>

#include "smb/channel.h"
#include "smb/engine.h"
#include "smb/open.h"
#include "smb/request.h"
#include "smb/tree.h"

struct smb_session *smb_session_ref(struct smb_session *session)
{
	session->refs++;
	return session;
}

struct smb_session *smb_session_unref(struct smb_session *session)
{
	if (!session || --session->refs > 0)
		return NULL;
	assert(session->is_gone);
	assert(session->requests == 0);
	assert(TAILQ_EMPTY(&session->opens));
	assert(TAILQ_EMPTY(&session->trees));
	const struct smb_realm_ops *realm = session->engine->ports->realm_ops;

	smb_auth_free(session->auth);
	if (session->user)
		realm->user_unref(session->user);
	smb_signer_free(session->signer);
	smb_sealer_free(session->sealer);
	smb_sealer_free(session->unsealer);
	explicit_bzero(&session->keys, sizeof(session->keys));
	explicit_bzero(session->preauth, sizeof(session->preauth));
	free(session);
	return NULL;
}

struct smb_session *smb_session_find(struct smb_engine *engine, uint64_t id)
{
	struct smb_session *session = smb_table_get(&engine->sessions, id);

	return session ? smb_session_ref(session) : NULL;
}

struct smb_session *smb_session_new(struct smb_channel *channel)
{
	struct smb_engine *engine = channel->engine;

	if (channel->session_count >= SMB_SESSIONS_MAX)
		return NULL;
	struct smb_session *session = calloc(1, sizeof(*session));

	if (!session)
		return NULL;
	session->id = smb_engine_fresh_session_id(engine);
	if (!smb_table_put(&engine->sessions, session->id, session)) {
		free(session);
		return NULL;
	}
	session->engine = engine;
	session->channel = channel;
	session->refs = 2;
	TAILQ_INIT(&session->trees);
	TAILQ_INIT(&session->opens);
	memcpy(session->preauth, channel->preauth, sizeof(session->preauth));
	TAILQ_INSERT_TAIL(&channel->sessions, session, entry);
	channel->session_count++;
	channel->half_open_count++;
	engine->counts.sessions++;
	return session;
}

void smb_session_set_valid(struct smb_session *session)
{
	assert(!session->is_valid);
	assert(!session->is_gone);
	session->is_valid = true;
	session->channel->half_open_count--;
	session->channel->valid_count++;
}

/* Out of the table and off its channel: nobody finds it any more. */
static void detach(struct smb_session *session)
{
	struct smb_channel *channel = session->channel;

	session->is_gone = true;
	session->channel = NULL;
	smb_table_remove(&session->engine->sessions, session->id);
	session->engine->counts.sessions--;
	TAILQ_REMOVE(&channel->sessions, session, entry);
	channel->session_count--;
	if (!session->is_valid) {
		channel->half_open_count--;
		return;
	}
	channel->valid_count--;
	if (channel->valid_count == 0)
		channel->stranger_since = smb_engine_ticks(session->engine);
}

/*
 * Requests that wait on an open end when its waits do, each with the status of
 * its kind; those without one (CREATE) are cancelled.
 */
static void end_requests(struct smb_session *session,
			 struct smb_channel *channel)
{
	struct smb_open *open;
	struct smb_request *rq;

	TAILQ_FOREACH(open, &session->opens, entry)
		smb_open_end_waits(open);
	TAILQ_FOREACH(rq, &channel->requests, entry) {
		if (rq->session == session && !rq->open &&
		    rq->header.command == SMB2_CREATE)
			smb_request_cancel(rq);
	}
}

static void co_wait_for_requests(struct smb_session *session, uint32_t except)
{
	const struct smb_ports *ports = session->engine->ports;

	while (session->requests > except) {
		struct smb_parked parked = {};

		session->ender = &parked;
		ports->host_ops->co_park(ports->host, &parked, UINT32_MAX);
		session->ender = NULL;
	}
}

void smb_session_co_end(struct smb_session *session, uint32_t except)
{
	struct smb_channel *channel = session->channel;

	if (session->is_gone)
		return;
	smb_session_ref(session);
	detach(session);
	end_requests(session, channel);
	co_wait_for_requests(session, except);
	while (!TAILQ_EMPTY(&session->opens))
		smb_open_co_close(TAILQ_FIRST(&session->opens), 0, NULL);
	while (!TAILQ_EMPTY(&session->trees))
		smb_tree_co_end(TAILQ_FIRST(&session->trees));
	smb_session_unref(session); /* the table's */
	smb_session_unref(session);
}
