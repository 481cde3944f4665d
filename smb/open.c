/*
 * The life of opens. A FileId has two halves: the persistent one counts up and
 * is never used again, the volatile one is random and finds the open.
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
	open->volatile_id = smb_engine_fresh_file_id(engine);
	if (!smb_table_put(&engine->opens, open->volatile_id, open)) {
		free(open);
		return NULL;
	}
	open->persistent = ++engine->last_file_id;
	open->refs = 2;
	open->session = session;
	open->tree = smb_tree_ref(tree);
	open->object = object;
	open->pipe = pipe;
	TAILQ_INSERT_TAIL(&session->opens, open, entry);
	session->open_count++;
	engine->counts.opens++;
	return open;
}

void smb_open_enter(struct smb_open *open)
{
	open->requests++;
}

void smb_open_leave(struct smb_open *open)
{
	const struct smb_ports *ports = open->session->engine->ports;

	open->requests--;
	if (open->closer)
		ports->host_ops->wake(ports->host, open->closer);
}

void smb_open_end_waits(struct smb_open *open)
{
	if (!open->object || open->has_ended_waits)
		return;
	open->has_ended_waits = true;
	open->session->engine->ports->object_ops->closing(open->object);
}

static void detach(struct smb_open *open)
{
	struct smb_session *session = open->session;

	open->is_closing = true;
	smb_table_remove(&session->engine->opens, open->volatile_id);
	TAILQ_REMOVE(&session->opens, open, entry);
	session->open_count--;
	session->engine->counts.opens--;
}

static void co_wait_for_requests(struct smb_open *open, uint32_t except)
{
	const struct smb_ports *ports = open->session->engine->ports;

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
	const struct smb_object_ops *ops =
		open->session->engine->ports->object_ops;
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
