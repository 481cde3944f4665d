/*
 * The life of sessions: found by id, counted by reference, ended once. Knows
 * what belongs to a session and in which order it goes; leaves how a session
 * comes to be to cmd/session_setup.c, and its connections to binding.c.
 */
#include "smb/session.h"

#include <assert.h>
#include <stdlib.h>
#include <string.h>

#include "smb/channel.h"
#include "smb/durable.h"
#include "smb/engine.h"
#include "smb/open.h"
#include "smb/request.h"
#include "smb/tree.h"
#include "smb/wire/utf16.h"

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
	assert(TAILQ_EMPTY(&session->bindings));
	assert(TAILQ_EMPTY(&session->opens));
	assert(TAILQ_EMPTY(&session->trees));
	const struct smb_realm_ops *realm = session->engine->ports->realm_ops;

	if (session->user)
		realm->user_unref(session->user);
	smb_sealer_free(session->sealer);
	smb_sealer_free(session->unsealer);
	explicit_bzero(&session->keys, sizeof(session->keys));
	explicit_bzero(&session->facts, sizeof(session->facts));
	free(session);
	return NULL;
}

struct smb_session *smb_session_find(struct smb_engine *engine, uint64_t id)
{
	struct smb_session *session = smb_table_get(&engine->sessions, id);

	return session ? smb_session_ref(session) : NULL;
}

bool smb_session_ask(struct smb_engine *engine, uint64_t id,
		     struct smb_session_facts *ret_facts)
{
	const struct smb_ports *ports = engine->ports;
	const struct smb_session *session =
		smb_table_get(&engine->sessions, id);

	if (session && session->is_valid) {
		*ret_facts = session->facts;
		return true;
	}
	return !session && ports->host_ops->session_ask &&
	       ports->host_ops->session_ask(ports->host, id, ret_facts);
}

struct smb_session *smb_session_new(struct smb_channel *channel)
{
	struct smb_engine *engine = channel->engine;
	struct smb_session *session = calloc(1, sizeof(*session));

	if (!session)
		return NULL;
	session->id = smb_engine_fresh_session_id(engine);
	session->engine = engine;
	session->refs = 2;
	TAILQ_INIT(&session->bindings);
	TAILQ_INIT(&session->trees);
	TAILQ_INIT(&session->opens);
	TAILQ_INIT(&session->end_waits);
	if (!smb_binding_new(session, channel)) {
		free(session);
		return NULL;
	}
	if (!smb_table_put(&engine->sessions, session->id, session)) {
		smb_binding_remove(TAILQ_FIRST(&session->bindings));
		free(session);
		return NULL;
	}
	engine->counts.sessions++;
	return session;
}

void smb_session_set_valid(struct smb_session *session)
{
	const struct smb_ports *ports = session->engine->ports;

	assert(!session->is_valid);
	assert(!session->is_gone);
	session->is_valid = true;
	smb_binding_set_up(TAILQ_FIRST(&session->bindings));
	if (ports->host_ops->session_tell)
		ports->host_ops->session_tell(ports->host, session->id,
					      &session->facts);
}

struct smb_channel *smb_session_channel(const struct smb_session *session)
{
	const struct smb_binding *binding;

	TAILQ_FOREACH(binding, &session->bindings, session_entry) {
		if (binding->is_up && !binding->channel->is_dropped &&
		    !binding->channel->is_closed)
			return binding->channel;
	}
	return NULL;
}

/* ---- its end ---- */

/* Out of the table: nobody finds it any more. */
static void detach(struct smb_session *session)
{
	const struct smb_ports *ports = session->engine->ports;

	session->is_gone = true;
	smb_table_remove(&session->engine->sessions, session->id);
	session->engine->counts.sessions--;
	if (session->is_valid && ports->host_ops->session_forget)
		ports->host_ops->session_forget(ports->host, session->id);
}

void smb_session_cancel(struct smb_session *session,
			bool (*is_meant)(const struct smb_request *rq,
					 const void *arg),
			const void *arg)
{
	struct smb_binding *binding;
	struct smb_request *rq;

	TAILQ_FOREACH(binding, &session->bindings, session_entry) {
		TAILQ_FOREACH(rq, &binding->channel->requests, entry) {
			if (rq->session == session && is_meant(rq, arg))
				smb_request_cancel(rq);
		}
	}
}

static bool is_create(const struct smb_request *rq, const void *arg)
{
	(void)arg;
	return !rq->open && rq->header.command == SMB2_CREATE;
}

/*
 * Requests that wait on an open end when its waits do, each with the status of
 * its kind; those without one (CREATE) are cancelled.
 */
static void end_requests(struct smb_session *session)
{
	struct smb_open *open;

	TAILQ_FOREACH(open, &session->opens, entry)
		smb_open_end_waits(open);
	smb_session_cancel(session, is_create, NULL);
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

/* One that waits for the end of a session. */
struct smb_end_wait {
	TAILQ_ENTRY(smb_end_wait) entry;
	struct smb_parked parked;
	bool is_over;
};

static void tell_end(struct smb_session *session)
{
	const struct smb_ports *ports = session->engine->ports;
	struct smb_end_wait *wait;

	while ((wait = TAILQ_FIRST(&session->end_waits))) {
		TAILQ_REMOVE(&session->end_waits, wait, entry);
		wait->is_over = true;
		ports->host_ops->wake(ports->host, &wait->parked);
	}
}

bool smb_session_co_wait_end(struct smb_engine *engine, uint64_t id,
			     const char *user)
{
	struct smb_end_wait wait = { .is_over = false };
	struct smb_session *session;

	TAILQ_FOREACH(session, &engine->ending, ending_entry) {
		if (session->id == id && session->is_valid &&
		    session->has_key &&
		    smb_utf8_equal_nocase(session->user->name, user))
			break;
	}
	if (!session)
		return false;
	TAILQ_INSERT_TAIL(&session->end_waits, &wait, entry);
	engine->ports->host_ops->co_park(engine->ports->host, &wait.parked,
					 UINT32_MAX);
	/* It is still there: the wait was cancelled. */
	if (!wait.is_over)
		TAILQ_REMOVE(&session->end_waits, &wait, entry);
	return wait.is_over;
}

void smb_session_co_end(struct smb_session *session, uint32_t except)
{
	struct smb_engine *engine = session->engine;

	if (session->is_gone)
		return;
	smb_session_ref(session);
	detach(session);
	TAILQ_INSERT_TAIL(&engine->ending, session, ending_entry);
	end_requests(session);
	while (!TAILQ_EMPTY(&session->bindings))
		smb_binding_remove(TAILQ_FIRST(&session->bindings));
	co_wait_for_requests(session, except);
	while (!TAILQ_EMPTY(&session->opens))
		smb_durable_co_leave(TAILQ_FIRST(&session->opens));
	while (!TAILQ_EMPTY(&session->trees))
		smb_tree_co_end(TAILQ_FIRST(&session->trees));
	TAILQ_REMOVE(&engine->ending, session, ending_entry);
	tell_end(session);
	smb_session_unref(session); /* the table's */
	smb_session_unref(session);
}
