/*
 * The opens of application instances, a short list of each engine. Clients
 * that share an instance have different ClientGuids, and so may be anywhere:
 * every worker is asked.
 */
#include "smb/instance.h"

#include <stdlib.h>
#include <string.h>

#include "smb/channel.h"
#include "smb/engine.h"
#include "smb/open.h"
#include "smb/request.h"
#include "smb/session.h"
#include "smb/tree.h"
#include "smb/wire/utf16.h"

/* ---- the list ---- */

static void enlist(struct smb_open *open, const uint8_t client_guid[16])
{
	struct smb_instanced *at = &open->instanced;

	memcpy(at->client_guid, client_guid, sizeof(at->client_guid));
	at->open = open;
	LIST_INSERT_HEAD(&open->engine->instances, at, entry);
}

bool smb_instance_join(struct smb_open *open, struct smb_name path,
		       const struct smb_instance *instance,
		       const uint8_t client_guid[16])
{
	struct smb_instanced *at = &open->instanced;

	if (!instance->has_id)
		return true;
	at->path = malloc(path.count * sizeof(*at->path) + 1);
	if (!at->path)
		return false;
	if (path.count)
		memcpy(at->path, path.units, path.count * sizeof(*at->path));
	at->path_count = path.count;
	at->instance = *instance;
	enlist(open, client_guid);
	return true;
}

void smb_instance_move(struct smb_open *open, const uint8_t client_guid[16])
{
	if (open->instanced.instance.has_id)
		enlist(open, client_guid);
}

void smb_instance_leave(struct smb_open *open)
{
	if (!open->instanced.open)
		return;
	LIST_REMOVE(&open->instanced, entry);
	open->instanced.open = NULL;
}

/* ---- taking over ---- */

struct take_over {
	const struct smb_instance *instance;
	struct smb_name path;
	const uint8_t *client_guid;
	const struct smb_user *user;
	const struct smb_volume *volume;
	enum nt_status status;
};

/* Who may read the file by his own rights (3.3.5.9.13): the same user. */
static bool is_meant(const struct smb_instanced *at, const struct take_over *by)
{
	const struct smb_open *open = at->open;
	struct smb_name path = { at->path, at->path_count };

	return memcmp(at->instance.id, by->instance->id, 16) == 0 &&
	       memcmp(at->client_guid, by->client_guid, 16) != 0 &&
	       smb_name_equal_nocase(path, by->path) &&
	       open->engine->ports->object_ops->is_of(open->object,
						      by->volume) &&
	       smb_utf8_equal_nocase(open->tree->session->user->name,
				     by->user->name);
}

static bool is_newer(const struct smb_instance *a, const struct smb_instance *b)
{
	if (a->version_high != b->version_high)
		return a->version_high > b->version_high;
	return a->version_low > b->version_low;
}

/* 3.3.5.9.15: versions count where both sides have one. */
static bool may_take(const struct smb_instanced *at, const struct take_over *by)
{
	return !by->instance->has_version || !at->instance.has_version ||
	       is_newer(by->instance, &at->instance);
}

/* Each that is closed is out of the list: begin again. */
static void co_take(struct smb_engine *engine, void *arg)
{
	struct take_over *by = arg;
	struct smb_instanced *at = LIST_FIRST(&engine->instances);

	while (at && by->status == NT_STATUS_SUCCESS) {
		if (!is_meant(at, by)) {
			at = LIST_NEXT(at, entry);
			continue;
		}
		if (may_take(at, by))
			smb_open_co_close(at->open, 0, NULL);
		else
			by->status = NT_STATUS_FILE_FORCED_CLOSED;
		at = LIST_FIRST(&engine->instances);
	}
}

enum nt_status smb_instance_co_take_over(struct smb_request *rq,
					 struct smb_name path,
					 const struct smb_instance *instance)
{
	struct smb_engine *engine = rq->channel->engine;
	const struct smb_host_ops *host = engine->ports->host_ops;
	struct take_over by = {
		.instance = instance,
		.path = path,
		.client_guid = rq->channel->client_guid,
		.user = rq->session->user,
		.volume = rq->tree->volume,
		.status = NT_STATUS_SUCCESS,
	};

	if (!instance->has_id)
		return NT_STATUS_SUCCESS;
	co_take(engine, &by);
	for (unsigned int worker = 0;
	     by.status == NT_STATUS_SUCCESS && host->co_visit; worker++) {
		if (worker != engine->worker &&
		    !host->co_visit(engine->ports->host, worker, co_take, &by))
			break;
	}
	return by.status;
}
