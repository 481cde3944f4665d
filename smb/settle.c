/*
 * The checks that a message passes on arrival, before anything waits: the
 * window of message ids, the state of the connection, session, encryption,
 * flags, signature, in this order (MS-SMB2 3.3.5.2.3 to 3.3.5.2.9). What is
 * wrong with a request becomes its status; what is wrong with the connection
 * ends it. The rest of the checks (tree, size, FileId) follow when the request
 * runs: serve.c.
 */
#include "smb/frame.h"

#include "smb/apart.h"
#include "smb/cmd/ioctl.h"
#include "smb/dispatch.h"
#include "smb/engine.h"
#include "smb/open.h"
#include "smb/session.h"
#include "smb/tree.h"

static bool is_related(const struct smb_request *rq)
{
	return rq->header.flags & SMB2_FLAGS_RELATED_OPERATIONS;
}

static bool is_first(const struct smb_request *rq)
{
	return rq == rq->message->requests;
}

/* ---- window and state ---- */

/* CANCEL takes no id of its own: it names that of another. */
static bool take_credits(struct smb_message *message)
{
	struct smb_channel *channel = message->channel;

	for (uint16_t i = 0; i < message->count; i++) {
		const struct smb_header *header = &message->requests[i].header;
		uint16_t charge = header->credit_charge;

		if (header->command == SMB2_CANCEL)
			continue;
		if (charge == 0 || channel->dialect <= SMB_DIALECT_202)
			charge = 1;
		if (smb_credit_take(&channel->credits, header->message_id,
				    charge) != NT_STATUS_SUCCESS)
			return false;
	}
	return true;
}

/* NEGOTIATE comes first, alone and once. */
static bool fits_state(const struct smb_message *message)
{
	bool is_ready = message->channel->state == SMB_CHANNEL_READY;

	for (uint16_t i = 0; i < message->count; i++) {
		bool is_negotiate =
			message->requests[i].header.command == SMB2_NEGOTIATE;

		if (is_negotiate == is_ready)
			return false;
	}
	return is_ready || message->count == 1;
}

/* ---- session ---- */

/* MS-SMB2 2.2.5 Flags: a connection is to be bound to a session. */
static bool is_binding(const struct smb_request *rq)
{
	struct reader r = reader_of(rq->body);

	rd_skip(&r, 2);
	return rq->header.command == SMB2_SESSION_SETUP &&
	       rd_u8(&r) & SMB2_SESSION_FLAG_BINDING;
}

/*
 * A connection that is not bound yet proves with the session's own key that it
 * is the same client's (3.3.5.2.4), wherever the session lives.
 */
static void take_session_key(struct smb_request *rq)
{
	struct smb_session_facts facts;

	if (!smb_session_ask(rq->channel->engine, rq->header.session_id,
			     &facts))
		return;
	if (facts.is_authenticated)
		rq->signer = smb_signer_new((enum smb_signing)facts.signing,
					    facts.signing_key);
	explicit_bzero(&facts, sizeof(facts));
}

/*
 * CP-7: what came in a session's transform speaks for that session alone. The
 * first element of another one ends the connection (3.3.5.2.1.1).
 */
static bool fits_transform(const struct smb_request *rq)
{
	const struct smb_session *sealed_by = rq->message->session;

	if (!sealed_by || (is_related(rq) && !is_first(rq)))
		return true;
	return rq->header.session_id == sealed_by->id;
}

/* The session, if it is on this connection, if only in progress. */
static void find_session(struct smb_request *rq)
{
	struct smb_session *session;

	if (is_related(rq) && !is_first(rq)) {
		if (rq[-1].session)
			rq->session = smb_session_ref(rq[-1].session);
		if (rq[-1].binding)
			rq->binding = smb_binding_ref(rq[-1].binding);
		return;
	}
	/* It gets no other's, and does not learn whether there is one. */
	if (!fits_transform(rq))
		return;
	session = smb_session_find(rq->channel->engine, rq->header.session_id);
	if (session)
		rq->binding = smb_binding_find(session, rq->channel);
	if (rq->binding)
		rq->session = session;
	else
		smb_session_unref(session);
	if (is_binding(rq) && !(rq->binding && rq->binding->is_up))
		take_session_key(rq);
}

static bool needs_session(const struct smb_request *rq,
			  const struct smb_command_row *row)
{
	if (rq->header.command == SMB2_IOCTL)
		return smb_ioctl_needs_session(rq);
	return !row || row->needs_session;
}

static enum nt_status check_session(const struct smb_request *rq,
				    const struct smb_command_row *row)
{
	const struct smb_session *session = rq->session;
	bool is_signed = rq->header.flags & SMB2_FLAGS_SIGNED;

	if (rq->header.command == SMB2_NEGOTIATE)
		return NT_STATUS_SUCCESS;
	if (!fits_transform(rq))
		return NT_STATUS_USER_SESSION_DELETED;
	if (rq->header.command == SMB2_SESSION_SETUP) {
		bool is_new = rq->header.session_id == 0;

		return is_new && is_signed ? NT_STATUS_USER_SESSION_DELETED
					   : NT_STATUS_SUCCESS;
	}
	if (!needs_session(rq, row) && !session && !is_signed &&
	    !rq->message->session)
		return NT_STATUS_SUCCESS;
	if (session && session->is_valid && rq->binding->is_up)
		return NT_STATUS_SUCCESS;
	/* Related to one that had no session itself. */
	return is_related(rq) ? NT_STATUS_INVALID_PARAMETER
			      : NT_STATUS_USER_SESSION_DELETED;
}

/* EN-5: the session is to be sealed, and this request is not. */
static enum nt_status check_encryption(struct smb_request *rq)
{
	const struct smb_session *session = rq->session;

	if (rq->message->session || !session || !session->is_valid ||
	    !session->must_seal || rq->header.command == SMB2_SESSION_SETUP)
		return NT_STATUS_SUCCESS;
	rq->is_sealed = true;
	return rq->channel->engine->facts->encryption == SMB_POLICY_REQUIRED
		       ? NT_STATUS_ACCESS_DENIED
		       : NT_STATUS_SUCCESS;
}

/* ---- flags and signature ---- */

static uint32_t flags_allowed(const struct smb_request *rq)
{
	uint16_t dialect = rq->channel->dialect;
	uint32_t allowed = SMB2_FLAGS_RELATED_OPERATIONS | SMB2_FLAGS_SIGNED |
			   SMB2_FLAGS_DFS_OPERATIONS;

	if (rq->header.command == SMB2_NEGOTIATE)
		allowed &= ~(uint32_t)SMB2_FLAGS_SIGNED;
	if (rq->header.command == SMB2_CANCEL)
		allowed |= SMB2_FLAGS_ASYNC_COMMAND;
	if (dialect >= SMB_DIALECT_300)
		allowed |= SMB2_FLAGS_REPLAY_OPERATION;
	if (dialect >= SMB_DIALECT_311)
		allowed |= SMB2_FLAGS_PRIORITY_MASK;
	return allowed;
}

/* RELATED needs somebody to be related to (CP-2). */
static enum nt_status check_flags(struct smb_request *rq)
{
	if (rq->header.flags & ~flags_allowed(rq))
		return NT_STATUS_INVALID_PARAMETER;
	if (!is_related(rq))
		rq->message->is_headless = false;
	return rq->message->is_headless ? NT_STATUS_INVALID_PARAMETER
					: NT_STATUS_SUCCESS;
}

static bool may_be_unsigned(const struct smb_request *rq)
{
	const struct smb_session *session = rq->session;

	return !session || !session->must_sign || !rq->binding->is_up ||
	       is_binding(rq);
}

static enum nt_status co_check_signature(struct smb_request *rq)
{
	bool is_setup = rq->header.command == SMB2_SESSION_SETUP;
	struct smb_signer *signer = rq->signer;

	if (!signer && rq->binding)
		signer = rq->binding->signer;
	/* The transform has vouched for it (EN-6). */
	if (rq->message->session || (!rq->session && !signer))
		return NT_STATUS_SUCCESS;
	if (!(rq->header.flags & SMB2_FLAGS_SIGNED))
		return may_be_unsigned(rq) ? NT_STATUS_SUCCESS
					   : NT_STATUS_ACCESS_DENIED;
	if (!signer)
		return is_setup ? NT_STATUS_SUCCESS : NT_STATUS_ACCESS_DENIED;
	rq->is_signed =
		smb_apart_co_signature_is_right(rq->channel->engine, signer,
						rq->start, rq->length);
	if (rq->is_signed)
		return NT_STATUS_SUCCESS;
	smb_channel_log(rq->channel, SMB_LOG_WARN,
			"session=%016llx wrong signature",
			(unsigned long long)rq->header.session_id);
	return NT_STATUS_ACCESS_DENIED;
}

/* The first status that is an error stands; the signature is always looked
   at, so that a refusal is signed as well. */
static void co_settle(struct smb_request *rq)
{
	const struct smb_command_row *row =
		smb_dispatch_row(rq->header.command);
	enum nt_status status;

	find_session(rq);
	rq->status = check_session(rq, row);
	if (rq->status == NT_STATUS_SUCCESS)
		rq->status = check_encryption(rq);
	status = check_flags(rq);
	if (rq->status == NT_STATUS_SUCCESS)
		rq->status = status;
	status = co_check_signature(rq);
	if (rq->status == NT_STATUS_SUCCESS)
		rq->status = status;
}

/* ---- cancel ---- */

static bool is_meant(const struct smb_request *cancel,
		     const struct smb_request *rq)
{
	if (rq->session != cancel->session)
		return false;
	if (cancel->header.flags & SMB2_FLAGS_ASYNC_COMMAND)
		return rq->async_id && rq->async_id == cancel->header.async_id;
	return rq->header.message_id == cancel->header.message_id;
}

static bool cancel_on(const struct smb_request *cancel,
		      const struct smb_channel *channel)
{
	struct smb_request *rq;

	TAILQ_FOREACH(rq, &channel->requests, entry) {
		if (!is_meant(cancel, rq))
			continue;
		if (rq->is_last || rq->async_id)
			smb_request_cancel(rq);
		return true;
	}
	return false;
}

/*
 * MS-SMB2 3.3.5.16. No answer, whatever comes of it. One in the middle of a
 * chain goes on unless it has gone async (CP-8). An AsyncId is good on each
 * connection of the session: the one that the request came on may be silent.
 */
static void cancel(const struct smb_request *cancel)
{
	const struct smb_binding *other;

	if (cancel_on(cancel, cancel->channel) || !cancel->session ||
	    !(cancel->header.flags & SMB2_FLAGS_ASYNC_COMMAND))
		return;
	TAILQ_FOREACH(other, &cancel->session->bindings, session_entry) {
		if (cancel_on(cancel, other->channel))
			return;
	}
}

/* ---- opens ---- */

static void bind(struct smb_request *rq, const struct smb_command_row *row,
		 uint32_t tree_id)
{
	struct reader r = reader_of(rq->body);

	rd_skip(&r, row->file_id_at);
	uint64_t persistent = rd_u64(&r);
	uint64_t volatile_id = rd_u64(&r);

	if (!rd_ok(&r) || !rq->session)
		return;
	struct smb_open *open =
		smb_open_find(rq->session, persistent, volatile_id);

	if (!open)
		return;
	if (open->tree->id != tree_id) {
		smb_open_unref(open);
		return;
	}
	rq->open = open;
	rq->is_open_bound = true;
	smb_request_count_open(rq);
}

/*
 * Requests count on their open from their arrival on, so that a CLOSE that
 * comes later waits for them. What stands behind a request that may wait for
 * others is not bound: a CLOSE would wait for it, and it for the CLOSE.
 */
static void bind_opens(struct smb_message *message)
{
	uint32_t tree_id = 0;

	for (uint16_t i = 0; i < message->count; i++) {
		struct smb_request *rq = &message->requests[i];
		const struct smb_command_row *row =
			smb_dispatch_row(rq->header.command);

		if (!is_related(rq))
			tree_id = rq->header.tree_id;
		if (row && row->binds_early && rq->status == NT_STATUS_SUCCESS)
			bind(rq, row, tree_id);
		if (!row || row->may_wait_long)
			return;
	}
}

/* ---- the whole ---- */

static void enlist(struct smb_request *rq)
{
	rq->is_listed = true;
	TAILQ_INSERT_TAIL(&rq->channel->requests, rq, entry);
}

bool smb_message_co_settle(struct smb_message *message, const char **ret_why)
{
	*ret_why = "message id outside of the window";
	if (!take_credits(message))
		return false;
	*ret_why = "NEGOTIATE out of turn";
	if (!fits_state(message))
		return false;
	*ret_why = "session of another transform";
	for (uint16_t i = 0; i < message->count; i++) {
		struct smb_request *rq = &message->requests[i];

		if (is_first(rq) && !fits_transform(rq))
			return false;
		co_settle(rq);
		rq->is_silent = rq->header.command == SMB2_CANCEL;
		if (!rq->is_silent)
			enlist(rq);
		else if (rq->status == NT_STATUS_SUCCESS)
			cancel(rq);
	}
	bind_opens(message);
	return true;
}
