/*
 * A message's task: its elements in order, each with the checks that may
 * depend on the one before it (tree, size), its command, its answer. Knows how
 * a compound hands on what it found; leaves the commands to cmd/.
 */
#include "smb/frame.h"

#include "smb/cmd/ioctl.h"
#include "smb/dispatch.h"
#include "smb/engine.h"
#include "smb/open.h"
#include "smb/reply.h"
#include "smb/session.h"
#include "smb/tree.h"

static bool is_related(const struct smb_request *rq)
{
	return rq->header.flags & SMB2_FLAGS_RELATED_OPERATIONS;
}

static bool needs_tree(const struct smb_request *rq)
{
	return rq->header.command != SMB2_IOCTL || smb_ioctl_needs_tree(rq);
}

/* A reference; NULL if there is none. */
static struct smb_tree *tree_of(const struct smb_request *rq)
{
	const struct smb_request *at = rq;

	/* Elements between that need no tree do not break the chain. */
	while (is_related(at) && at > rq->message->requests) {
		at--;
		if (at->tree)
			return at->tree->is_gone ? NULL
						 : smb_tree_ref(at->tree);
	}
	return smb_tree_find(rq->session, at->header.tree_id);
}

static enum nt_status check_tree(struct smb_request *rq)
{
	rq->tree = rq->session ? tree_of(rq) : NULL;
	if (!rq->tree)
		return needs_tree(rq) ? NT_STATUS_NETWORK_NAME_DELETED
				      : NT_STATUS_SUCCESS;
	if (!rq->tree->facts.must_encrypt || rq->message->session)
		return NT_STATUS_SUCCESS;
	rq->is_sealed = rq->session->sealer;
	return NT_STATUS_ACCESS_DENIED;
}

/* Checks 11 to 13, then the command. */
static enum nt_status co_run(struct smb_request *rq)
{
	const struct smb_command_row *row =
		smb_dispatch_row(rq->header.command);
	enum nt_status status = rq->status;

	if (status != NT_STATUS_SUCCESS)
		return status;
	if (!row)
		return NT_STATUS_INVALID_PARAMETER;
	if (rq->session && rq->session->is_gone)
		return NT_STATUS_USER_SESSION_DELETED;
	if (row->needs_tree)
		status = check_tree(rq);
	if (status != NT_STATUS_SUCCESS)
		return status;
	if (!smb_dispatch_size_is_right(row, rq->body))
		return NT_STATUS_INVALID_PARAMETER;
	return row->co_run(rq);
}

/* What the elements behind this one may be related to. */
static void begin_chain(struct smb_request *rq)
{
	if (is_related(rq))
		return;
	rq->message->open = smb_open_unref(rq->message->open);
	rq->message->open_status = NT_STATUS_SUCCESS;
}

/* CP-3: they share the fate of a CREATE that failed. */
static void hand_on(struct smb_request *rq)
{
	if (rq->header.command != SMB2_CREATE ||
	    !nt_status_is_error(rq->status))
		return;
	rq->message->open = smb_open_unref(rq->message->open);
	rq->message->open_status = rq->status;
}

static void log_request(const struct smb_request *rq)
{
	const struct smb_ports *ports = rq->channel->engine->ports;
	const struct smb_command_row *row =
		smb_dispatch_row(rq->header.command);

	if (!ports->host_ops->log_is_on(ports->host, SMB_LOG_DEBUG))
		return;
	smb_channel_log(rq->channel, SMB_LOG_DEBUG,
			"session=%016llx id=%llu %s status=%s",
			(unsigned long long)rq->header.session_id,
			(unsigned long long)rq->header.message_id,
			row ? row->name : "?", nt_status_name(rq->status));
}

static void done(struct smb_request *rq)
{
	if (rq->async_id)
		rq->channel->async_count--;
	TAILQ_REMOVE(&rq->channel->requests, rq, entry);
	rq->is_listed = false;
	rq->is_running = false;
	smb_request_uncount(rq);
	rq->open = smb_open_unref(rq->open);
}

/* What came too late for this element is not meant for the next one. */
static void forget_cancel(const struct smb_request *rq)
{
	const struct smb_ports *ports = rq->channel->engine->ports;

	if (rq->is_cancelled && rq->message->task.handle)
		ports->host_ops->uncancel(ports->host, &rq->message->task);
}

static void co_serve(struct smb_request *rq)
{
	begin_chain(rq);
	if (rq->session) {
		rq->session->requests++;
		rq->is_session_counted = true;
	}
	rq->is_running = true;
	if (rq->is_cancelled)
		smb_request_cancel(rq);
	rq->status = co_run(rq);
	forget_cancel(rq);
	if (rq->refusal != NT_STATUS_SUCCESS &&
	    rq->status == NT_STATUS_CANCELLED)
		rq->status = rq->refusal;
	hand_on(rq);
	log_request(rq);
	if (!rq->is_drop && !rq->channel->is_closed)
		smb_reply_co_add(rq);
	done(rq);
}

static void finish(struct smb_message *message)
{
	struct smb_channel *channel = message->channel;
	const struct smb_ports *ports = channel->engine->ports;

	channel->weight -= message->weight;
	message->weight = 0;
	smb_reply_flush(message);
	message->task.handle = NULL;
	channel->message_count--;
	channel->engine->counts.requests -= message->count;
	smb_message_free(message);
	if (channel->closer)
		ports->host_ops->wake(ports->host, channel->closer);
}

void smb_message_co_serve(void *arg)
{
	struct smb_message *message = arg;
	struct smb_channel *channel = message->channel;

	for (uint16_t i = 0; i < message->count; i++) {
		struct smb_request *rq = &message->requests[i];

		if (channel->is_closed)
			break;
		if (rq->is_silent)
			continue;
		co_serve(rq);
		if (rq->is_drop) {
			smb_channel_drop(channel,
					 "request breaks its dialect's rules");
			break;
		}
	}
	finish(message);
}
