/*
 * Which opens outlive their session, for how long, and who has them back. That
 * the file is as it was left is the object store's to say.
 */
#include "smb/durable.h"

#include <assert.h>
#include <stddef.h>
#include <string.h>

#include "smb/channel.h"
#include "smb/engine.h"
#include "smb/limits.h"
#include "smb/open.h"
#include "smb/session.h"
#include "smb/tree.h"
#include "smb/wire/utf16.h"

enum {
	CLOSE_AGAIN_MS = 1000, /* no task was to be had */
};

static const struct smb_host_ops *host_of(const struct smb_engine *engine)
{
	return engine->ports->host_ops;
}

static const struct smb_object_ops *objects_of(const struct smb_engine *engine)
{
	return engine->ports->object_ops;
}

/* ---- granting ---- */

/* Guests are nobody: whoever came back could say that he was one. */
static bool may_keep(const struct smb_open *open)
{
	return open->object && !open->object->is_directory &&
	       open->tree->facts.keeps_opens && open->session->has_key;
}

static void grant(struct smb_open *open, const struct smb_channel *channel,
		  uint32_t timeout_ms)
{
	struct smb_durable *durable = &open->durable;

	if (!durable->is_granted &&
	    !smb_table_put(&open->engine->kept, open->persistent, open))
		return;
	durable->is_granted = true;
	durable->timeout_ms = timeout_ms;
	memcpy(durable->client_guid, channel->client_guid,
	       sizeof(durable->client_guid));
}

/* 3.3.5.9.10: 0 means whatever the server likes. */
static uint32_t granted_time(const struct smb_durable_request *ask)
{
	if (!ask->wants_v2)
		return SMB_DURABLE_V1_TIME_MS;
	if (ask->timeout_ms == 0)
		return SMB_DURABLE_TIME_MS;
	return ask->timeout_ms < SMB_DURABLE_TIME_MAX_MS
		       ? ask->timeout_ms
		       : SMB_DURABLE_TIME_MAX_MS;
}

void smb_durable_grant(struct smb_open *open, const struct smb_channel *channel,
		       const struct smb_durable_request *ask,
		       const struct smb_created *created)
{
	if (!ask->wants_v1 && !ask->wants_v2)
		return;
	if (!may_keep(open) || !open->lease || created->is_breaking ||
	    !(created->caching & SMB_CACHE_HANDLE))
		return;
	if (ask->wants_v2)
		memcpy(open->durable.create_guid, ask->create_guid,
		       SMB_CREATE_GUID_LENGTH);
	grant(open, channel, granted_time(ask));
}

enum nt_status smb_durable_make_resilient(struct smb_open *open,
					  const struct smb_channel *channel,
					  uint32_t timeout_ms)
{
	if (timeout_ms > SMB_RESILIENT_TIME_MAX_MS)
		return NT_STATUS_INVALID_PARAMETER;
	if (!may_keep(open))
		return NT_STATUS_INVALID_DEVICE_REQUEST;
	grant(open, channel, timeout_ms ? timeout_ms : SMB_RESILIENT_TIME_MS);
	if (!open->durable.is_granted)
		return NT_STATUS_INSUFFICIENT_RESOURCES;
	open->durable.is_resilient = true;
	return NT_STATUS_SUCCESS;
}

/* ---- the end of one that is disconnected ---- */

static void co_close_expired(void *arg)
{
	struct smb_open *open = arg;
	struct smb_engine *engine = open->engine;

	open->durable.closing.handle = NULL;
	smb_open_co_close(open, 0, NULL);
	smb_open_unref(open);
	engine->closing_count--;
	if (engine->stopper)
		host_of(engine)->wake(engine->ports->host, engine->stopper);
}

static void set_timer(struct smb_open *open, uint32_t ms)
{
	struct smb_engine *engine = open->engine;

	host_of(engine)->timer_set(engine->ports->host, &open->durable.timer,
				   ms);
}

/* Whoever is about to have it back sees that it has expired. */
static void expire(struct smb_open *open)
{
	struct smb_engine *engine = open->engine;

	open->durable.is_expired = true;
	if (open->durable.is_returning || open->durable.closing.handle ||
	    open->is_closing)
		return;
	if (!host_of(engine)->run(engine->ports->host, co_close_expired, open,
				  &open->durable.closing)) {
		set_timer(open, CLOSE_AGAIN_MS);
		return;
	}
	smb_open_ref(open);
	engine->closing_count++;
}

static void timer_fired(struct smb_timer *timer)
{
	expire((void *)((char *)timer -
			offsetof(struct smb_open, durable.timer)));
}

void smb_durable_forget(struct smb_open *open)
{
	struct smb_engine *engine = open->engine;
	struct smb_durable *durable = &open->durable;

	smb_replay_end(&open->replay);
	if (durable->is_granted)
		smb_table_remove(&engine->kept, open->persistent);
	if (!durable->is_disconnected)
		return;
	durable->is_disconnected = false;
	host_of(engine)->timer_clear(engine->ports->host, &durable->timer);
	TAILQ_REMOVE(&engine->disconnected, open, entry);
	engine->counts.disconnected--;
	if (host_of(engine)->keep_client)
		host_of(engine)->keep_client(engine->ports->host,
					     durable->client_guid, false);
}

/*
 * Nobody answers for such an open: what takes its handle from it, or what it
 * alone would have to write back, ends it (3.3.4.6, 3.3.4.7).
 */
void smb_durable_yield(struct smb_lease *lease, const struct smb_break *brk)
{
	bool takes_handle = brk->from & ~brk->to & SMB_CACHE_HANDLE;
	struct smb_open *open;

	TAILQ_FOREACH(open, &lease->opens, lease_entry) {
		if (open->session && !takes_handle)
			return;
	}
	TAILQ_FOREACH(open, &lease->opens, lease_entry) {
		if (open->durable.is_disconnected)
			expire(open);
	}
}

/* ---- leaving ---- */

static void disconnect(struct smb_open *open, uint32_t ms)
{
	struct smb_engine *engine = open->engine;
	struct smb_durable *durable = &open->durable;

	open->session = NULL;
	durable->is_disconnected = true;
	durable->deadline = smb_engine_ticks(engine) + ms;
	durable->timer.fire = timer_fired;
	TAILQ_INSERT_TAIL(&engine->disconnected, open, entry);
	engine->counts.disconnected++;
	if (host_of(engine)->keep_client)
		host_of(engine)->keep_client(engine->ports->host,
					     durable->client_guid, true);
	set_timer(open, ms);
	if (engine->counts.disconnected > SMB_DISCONNECTED_MAX)
		expire(TAILQ_FIRST(&engine->disconnected));
}

static bool is_worth_keeping(const struct smb_open *open)
{
	const struct smb_durable *durable = &open->durable;

	if (!durable->is_granted || open->is_closing ||
	    open->engine->is_stopping)
		return false;
	return durable->is_resilient ||
	       (open->lease && !open->lease->is_awaited &&
		!open->lease->has_news);
}

void smb_durable_co_leave(struct smb_open *open)
{
	enum nt_status status = NT_STATUS_NOT_SUPPORTED;

	smb_open_ref(open);
	if (is_worth_keeping(open))
		status = objects_of(open->engine)
				 ->co_keep(open->object,
					   open->durable.is_resilient);
	/* A break may have come in the meantime, or a CLOSE. */
	if (status == NT_STATUS_SUCCESS && is_worth_keeping(open)) {
		smb_open_leave_session(open);
		disconnect(open, open->durable.timeout_ms);
	} else {
		smb_open_co_close(open, 0, NULL);
	}
	smb_open_unref(open);
}

/* ---- claiming ---- */

static bool lease_matches(const struct smb_open *open,
			  const struct smb_durable_claim *claim)
{
	const struct smb_lease *lease = open->lease;
	const struct smb_lease_request *ask = claim->lease;

	if (!lease || !lease->holder.is_lease)
		return ask->version == 0;
	return ask->version == lease->version &&
	       memcmp(ask->key, lease->key, sizeof(lease->key)) == 0 &&
	       memcmp(claim->client_guid, open->durable.client_guid, 16) == 0;
}

static bool is_same_user(const struct smb_user *a, const struct smb_user *b)
{
	return a->is_guest == b->is_guest &&
	       a->is_anonymous == b->is_anonymous &&
	       smb_utf8_equal_nocase(a->name, b->name);
}

/* 3.3.5.9.7, 3.3.5.9.12, in their order. */
static enum nt_status check_claim(const struct smb_open *open,
				  const struct smb_durable_claim *claim)
{
	const struct smb_durable *durable = &open->durable;

	if (!durable->is_disconnected || durable->is_returning ||
	    durable->is_expired || open->is_closing)
		return NT_STATUS_OBJECT_NAME_NOT_FOUND;
	if (claim->create_guid &&
	    memcmp(claim->create_guid, durable->create_guid,
		   SMB_CREATE_GUID_LENGTH) != 0)
		return NT_STATUS_OBJECT_NAME_NOT_FOUND;
	if (!lease_matches(open, claim) ||
	    !objects_of(open->engine)->is_of(open->object, claim->volume))
		return NT_STATUS_OBJECT_NAME_NOT_FOUND;
	/* Its tree, and so its session, are those that it was opened in. */
	if (!is_same_user(open->tree->session->user, claim->user))
		return NT_STATUS_ACCESS_DENIED;
	return NT_STATUS_SUCCESS;
}

static enum nt_status co_check_object(struct smb_open *open,
				      const struct smb_durable_claim *claim)
{
	bool is_lease = open->lease && open->lease->holder.is_lease;

	return objects_of(open->engine)
		->co_may_return(open->object, is_lease ? claim->name : NULL);
}

/* Nobody has it after all: its time goes on. */
static void give_up(struct smb_open *open)
{
	struct smb_durable *durable = &open->durable;
	uint64_t now = smb_engine_ticks(open->engine);

	durable->is_returning = false;
	if (durable->is_expired || now >= durable->deadline)
		expire(open);
	else
		set_timer(open, (uint32_t)(durable->deadline - now));
}

/* Out of this engine: it may be put into another. */
static void take_out(struct smb_open *open)
{
	smb_durable_forget(open);
	smb_instance_leave(open);
	open->durable.is_granted = false;
	open->durable.is_returning = false;
	open->tree = smb_tree_unref(open->tree);
	open->engine->counts.opens--;
	open->engine = NULL;
}

enum nt_status smb_durable_co_claim(struct smb_engine *engine,
				    const struct smb_durable_claim *claim,
				    struct smb_open **ret_open)
{
	struct smb_open *open = smb_table_get(&engine->kept, claim->persistent);
	enum nt_status status = open ? check_claim(open, claim)
				     : NT_STATUS_OBJECT_NAME_NOT_FOUND;

	if (status != NT_STATUS_SUCCESS)
		return status;
	open->durable.is_returning = true;
	host_of(engine)->timer_clear(engine->ports->host, &open->durable.timer);
	status = co_check_object(open, claim);
	if (status == NT_STATUS_OBJECT_NAME_NOT_FOUND)
		open->durable.is_expired = true; /* it never will be again */
	if (status != NT_STATUS_SUCCESS) {
		give_up(open);
		return status;
	}
	objects_of(engine)->co_depart(open->object);
	if (open->durable.is_expired) {
		objects_of(engine)->arrive(open->object, open->tree->volume);
		give_up(open);
		return NT_STATUS_OBJECT_NAME_NOT_FOUND;
	}
	take_out(open);
	*ret_open = open;
	return NT_STATUS_SUCCESS;
}

/* ---- attaching ---- */

static enum nt_status check_tree(const struct smb_tree *tree)
{
	if (tree->is_gone || tree->session->is_gone)
		return NT_STATUS_USER_SESSION_DELETED;
	if (tree->session->open_count >= SMB_OPENS_MAX)
		return NT_STATUS_INSUFFICIENT_RESOURCES;
	return NT_STATUS_SUCCESS;
}

enum nt_status smb_durable_co_attach(struct smb_open *open,
				     struct smb_tree *tree,
				     const uint8_t client_guid[16])
{
	struct smb_engine *engine = tree->session->engine;
	enum nt_status status;

	open->engine = engine;
	open->tree = smb_tree_ref(tree);
	if (open->lease)
		open->lease->engine = engine;
	objects_of(engine)->arrive(open->object, tree->volume);
	open->has_ended_waits = false;
	memcpy(open->durable.client_guid, client_guid, 16);
	smb_instance_move(open, client_guid);
	open->persistent = smb_engine_fresh_persistent_id(engine);
	engine->counts.opens++;
	open->durable.is_granted =
		smb_table_put(&engine->kept, open->persistent, open);
	status = check_tree(tree);
	if (status == NT_STATUS_SUCCESS && open->durable.is_granted &&
	    smb_open_join_session(open, tree->session))
		return NT_STATUS_SUCCESS;
	if (status == NT_STATUS_SUCCESS)
		status = NT_STATUS_INSUFFICIENT_RESOURCES;
	if (open->durable.is_granted) {
		disconnect(open, open->durable.timeout_ms);
		return status;
	}
	smb_open_co_close(open, 0, NULL);
	return status;
}

/* ---- the end of the engine ---- */

void smb_durable_co_stop(struct smb_engine *engine)
{
	struct smb_open *open;

	engine->is_stopping = true;
	TAILQ_FOREACH(open, &engine->disconnected, entry)
		expire(open);
	while (engine->counts.disconnected || engine->closing_count) {
		struct smb_parked parked = {};

		engine->stopper = &parked;
		host_of(engine)->co_park(engine->ports->host, &parked,
					 CLOSE_AGAIN_MS);
		engine->stopper = NULL;
	}
}
