/*
 * CREATEs that are answered with an open that is there already: reconnects to
 * durable opens (MS-SMB2 3.3.5.9.7, 3.3.5.9.12), and CREATEs that come again
 * (3.3.5.9.10). Of a reconnect the contexts alone count; names are compared
 * for leases only.
 */
#include <string.h>

#include "smb/channel.h"
#include "smb/cmd/body.h"
#include "smb/cmd/create.h"
#include "smb/engine.h"
#include "smb/open.h"
#include "smb/session.h"
#include "smb/tree.h"

enum nt_status smb_create_settle_durable(uint16_t dialect,
					 struct smb_durable_request *durable)
{
	if (dialect < SMB_DIALECT_300)
		durable->wants_v2 = durable->reclaims_v2 = false;
	if (durable->wants_v2 && (durable->wants_v1 || durable->reclaims_v1))
		return NT_STATUS_INVALID_PARAMETER;
	if (durable->reclaims_v2 &&
	    (durable->wants_v1 || durable->wants_v2 || durable->reclaims_v1))
		return NT_STATUS_INVALID_PARAMETER;
	/* A reconnect is not asked for again. */
	if (durable->reclaims_v1)
		durable->wants_v1 = false;
	return NT_STATUS_SUCCESS;
}

/* ---- on another worker ---- */

struct visit {
	struct smb_durable_claim claim;
	struct smb_open *open;
	enum nt_status status;
};

static void co_claim_there(struct smb_engine *engine, void *arg)
{
	struct visit *visit = arg;

	visit->status =
		smb_durable_co_claim(engine, &visit->claim, &visit->open);
}

/* The id tells whose it is. */
static enum nt_status co_claim(struct smb_engine *engine,
			       const struct smb_durable_claim *claim,
			       struct smb_open **ret_open)
{
	unsigned int worker = smb_persistent_id_worker(claim->persistent);
	struct visit visit = { .claim = *claim };
	const struct smb_ports *ports = engine->ports;

	if (worker == engine->worker)
		return smb_durable_co_claim(engine, claim, ret_open);
	if (!ports->host_ops->co_visit ||
	    !ports->host_ops->co_visit(ports->host, worker, co_claim_there,
				       &visit))
		return NT_STATUS_OBJECT_NAME_NOT_FOUND;
	*ret_open = visit.open;
	return visit.status;
}

/* ---- having it back ---- */

/* The request runs on it from here on. Takes the reference. */
static void run_on(struct smb_request *rq, struct smb_open *open)
{
	rq->open = open;
	smb_request_count_open(rq);
}

/* What it is now, and the answer. */
static enum nt_status co_answer(struct smb_request *rq,
				const struct smb_create *how,
				const struct smb_create_wishes *wishes)
{
	struct smb_open *open = rq->open;
	struct smb_created created;
	enum nt_status status;

	status = smb_body_objects(rq)->co_tell(open->object,
					       how->wants_max_access, &created);
	if (status != NT_STATUS_SUCCESS)
		return status;
	if (open->is_closing)
		return NT_STATUS_FILE_CLOSED;
	if (wishes->is_replay)
		created.action = open->action;
	status = smb_create_answer(rq, open, how, wishes, &created);
	if (status == NT_STATUS_SUCCESS)
		smb_request_opened(rq, open);
	return status;
}

/* The open `persistent`, attached to the request's tree. */
static enum nt_status co_have_back(struct smb_request *rq,
				   const struct smb_durable_claim *claim)
{
	struct smb_engine *engine = rq->channel->engine;
	struct smb_open *open;
	enum nt_status status = co_claim(engine, claim, &open);

	if (status == NT_STATUS_SUCCESS)
		status = smb_durable_co_attach(open, rq->tree,
					       rq->channel->client_guid);
	if (status != NT_STATUS_SUCCESS)
		return status;
	if (rq->channel->dialect >= SMB_DIALECT_300)
		open->sequence.number = (uint16_t)rq->header.status;
	run_on(rq, smb_open_ref(open));
	return NT_STATUS_SUCCESS;
}

static struct smb_durable_claim claim_of(const struct smb_request *rq,
					 const struct smb_create *how,
					 const struct smb_create_wishes *wishes)
{
	return (struct smb_durable_claim){
		.persistent = wishes->durable.persistent,
		.client_guid = rq->channel->client_guid,
		.user = rq->session->user,
		.volume = rq->tree->volume,
		.lease = &wishes->lease,
		.name = &how->name,
	};
}

enum nt_status smb_create_co_reclaim(struct smb_request *rq,
				     const struct smb_create *how,
				     struct smb_create_wishes *wishes)
{
	struct smb_durable_claim claim = claim_of(rq, how, wishes);
	enum nt_status status;

	if (wishes->durable.reclaims_v2)
		claim.create_guid = wishes->durable.create_guid;
	status = co_have_back(rq, &claim);
	return status == NT_STATUS_SUCCESS ? co_answer(rq, how, wishes)
					   : status;
}

/* ---- replay ---- */

/* It was lost with its session before its answer came. */
static enum nt_status co_replay_kept(struct smb_request *rq,
				     const struct smb_create *how,
				     struct smb_create_wishes *wishes,
				     uint64_t persistent)
{
	const struct smb_durable_request *ask = &wishes->durable;
	struct smb_durable_claim claim = claim_of(rq, how, wishes);
	struct smb_engine *engine = rq->channel->engine;
	struct smb_replay replay = { .is_listed = false };
	enum nt_status status;

	claim.persistent = persistent;
	claim.create_guid = ask->create_guid;
	status = co_have_back(rq, &claim);
	if (status != NT_STATUS_SUCCESS)
		return status;
	/* It may come once more, and the same holds. */
	if (!smb_replay_find(engine, rq->channel->client_guid,
			     ask->create_guid) &&
	    smb_replay_begin(engine, &replay, rq->channel->client_guid,
			     ask->create_guid))
		smb_replay_opened(engine, &replay, rq->open);
	return co_answer(rq, how, wishes);
}

static bool lease_matches(const struct smb_open *open,
			  const struct smb_create_wishes *wishes)
{
	bool is_lease = open->lease && open->lease->holder.is_lease;

	if (!is_lease)
		return wishes->lease.version == 0;
	return wishes->lease.version == open->lease->version &&
	       memcmp(wishes->lease.key, open->lease->key,
		      SMB_LEASE_KEY_LENGTH) == 0;
}

enum nt_status smb_create_co_replay(struct smb_request *rq,
				    const struct smb_create *how,
				    struct smb_create_wishes *wishes,
				    const struct smb_replay *before)
{
	struct smb_open *open = before->open;

	if (!(rq->header.flags & SMB2_FLAGS_REPLAY_OPERATION))
		return NT_STATUS_DUPLICATE_OBJECTID;
	if (!open)
		return NT_STATUS_FILE_NOT_AVAILABLE;
	wishes->is_replay = true;
	if (open->durable.is_disconnected)
		return co_replay_kept(rq, how, wishes, open->persistent);
	if (open->session != rq->session || open->tree != rq->tree ||
	    !lease_matches(open, wishes))
		return NT_STATUS_ACCESS_DENIED;
	run_on(rq, smb_open_ref(open));
	return co_answer(rq, how, wishes);
}
