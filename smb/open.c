/*
 * The life of opens. A FileId has two halves, both random: the volatile one
 * finds the open of a session, the persistent one tells the worker and finds
 * it when the session has ended.
 */
#include "smb/open.h"

#include <assert.h>
#include <stdlib.h>

#include "smb/engine.h"
#include "smb/lease.h"
#include "smb/limits.h"
#include "smb/rpc/rpc.h"
#include "smb/session.h"
#include "smb/tree.h"

struct smb_open *smb_open_ref(struct smb_open *open)
{
	open->refs++;
	return open;
}

struct smb_open *smb_open_unref(struct smb_open *open)
{
	if (!open || --open->refs > 0)
		return NULL;
	assert(open->is_closing);
	assert(!open->object);
	assert(!open->pipe);
	assert(open->requests == 0);
	smb_tree_unref(open->tree);
	free(open->instanced.path);
	free(open);
	return NULL;
}

struct smb_open *smb_open_find(struct smb_session *session, uint64_t persistent,
			       uint64_t volatile_id)
{
	struct smb_open *open =
		smb_table_get(&session->engine->opens, volatile_id);

	if (!open || open->session != session || open->persistent != persistent)
		return NULL;
	return smb_open_ref(open);
}

bool smb_open_join_session(struct smb_open *open, struct smb_session *session)
{
	struct smb_engine *engine = open->engine;

	open->volatile_id = smb_engine_fresh_file_id(engine);
	if (!smb_table_put(&engine->opens, open->volatile_id, open))
		return false;
	open->session = session;
	TAILQ_INSERT_TAIL(&session->opens, open, entry);
	session->open_count++;
	return true;
}

void smb_open_leave_session(struct smb_open *open)
{
	struct smb_session *session = open->session;

	smb_table_remove(&open->engine->opens, open->volatile_id);
	TAILQ_REMOVE(&session->opens, open, entry);
	session->open_count--;
}

struct smb_open *smb_open_new(struct smb_tree *tree, struct smb_object *object,
			      struct smb_pipe *pipe)
{
	struct smb_session *session = tree->session;
	struct smb_engine *engine = session->engine;

	assert(!object != !pipe);
	if (tree->is_gone || session->is_gone ||
	    session->open_count >= SMB_OPENS_MAX)
		return NULL;
	struct smb_open *open = calloc(1, sizeof(*open));

	if (!open)
		return NULL;
	open->engine = engine;
	if (!smb_open_join_session(open, session)) {
		free(open);
		return NULL;
	}
	open->persistent = smb_engine_fresh_persistent_id(engine);
	open->refs = 2;
	open->tree = smb_tree_ref(tree);
	open->object = object;
	open->pipe = pipe;
	engine->counts.opens++;
	return open;
}

void smb_open_enter(struct smb_open *open)
{
	open->requests++;
}

void smb_open_leave(struct smb_open *open)
{
	const struct smb_ports *ports = open->engine->ports;

	open->requests--;
	if (open->closer)
		ports->host_ops->wake(ports->host, open->closer);
}

void smb_open_end_waits(struct smb_open *open)
{
	if (!open->object || open->has_ended_waits)
		return;
	open->has_ended_waits = true;
	open->engine->ports->object_ops->closing(open->object);
}

static void detach(struct smb_open *open)
{
	open->is_closing = true;
	smb_durable_forget(open);
	smb_instance_leave(open);
	if (open->session)
		smb_open_leave_session(open);
	open->engine->counts.opens--;
}

static void co_wait_for_requests(struct smb_open *open, uint32_t except)
{
	const struct smb_ports *ports = open->engine->ports;

	while (open->requests > except) {
		struct smb_parked parked = {};

		open->closer = &parked;
		ports->host_ops->co_park(ports->host, &parked, UINT32_MAX);
		open->closer = NULL;
	}
}

enum nt_status smb_open_co_close(struct smb_open *open, uint32_t except,
				 struct smb_file_facts *ret_facts)
{
	const struct smb_object_ops *ops = open->engine->ports->object_ops;
	enum nt_status status = NT_STATUS_SUCCESS;

	if (open->is_closing)
		return NT_STATUS_FILE_CLOSED;
	smb_open_ref(open);
	detach(open);
	smb_open_end_waits(open);
	co_wait_for_requests(open, except);
	if (open->object)
		status = ops->co_close(open->object, ret_facts);
	smb_lease_leave(open);
	open->object = NULL;
	open->pipe = smb_pipe_free(open->pipe);
	smb_open_unref(open); /* the session's */
	smb_open_unref(open);
	return status;
}
