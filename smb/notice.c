/*
 * Which connection a notice takes. What it says is lease.c's; whether the peer
 * has received it is the wire's to know.
 */
#include "smb/notice.h"

#include <stdlib.h>
#include <string.h>

#include "smb/channel.h"
#include "smb/engine.h"
#include "smb/lease.h"
#include "smb/open.h"
#include "smb/reply.h"
#include "smb/session.h"
#include "smb/tree.h"
#include "smb/wire/header.h"

struct smb_notice {
	struct smb_delivery delivery; /* first */
	LIST_ENTRY(smb_notice) entry; /* of its lease */
	LIST_ENTRY(smb_notice) told_entry;
	struct smb_channel *channel; /* that was tried last */
	bool is_told;                /* received there: among the channel's */
	bool must_ack;
	struct smb_lease *lease; /* NULL: it is not to be sent again */
	struct smb_engine *engine;
	struct smb_session *session; /* reference: the only one; or NULL */
	uint8_t client_guid[16];     /* else: any connection of the client */
	bool is_sealed;              /* for the session */
	bool is_once;                /* and not sent again */
	uint64_t last_serial;        /* of the connection that was tried last */
	size_t length;
	uint8_t body[SMB_NOTICE_MAX];
};

static void notice_free(struct smb_notice *notice)
{
	if (notice->lease)
		LIST_REMOVE(notice, entry);
	if (notice->is_told)
		LIST_REMOVE(notice, told_entry);
	smb_session_unref(notice->session);
	free(notice);
}

void smb_notice_forget(struct smb_notices *notices)
{
	struct smb_notice *notice;

	while ((notice = LIST_FIRST(notices))) {
		LIST_REMOVE(notice, entry);
		notice->lease = NULL;
		if (notice->is_told)
			notice_free(notice);
	}
}

/* ---- which way ---- */

static void take_older(struct smb_channel **best, struct smb_channel *channel,
		       uint64_t after)
{
	if (channel->is_dropped || channel->is_closed ||
	    channel->serial <= after)
		return;
	if (!*best || channel->serial < (*best)->serial)
		*best = channel;
}

/* The oldest connection that was made after `after`; NULL: there is none. */
static struct smb_channel *next_way(const struct smb_notice *notice,
				    uint64_t after)
{
	struct smb_channel *best = NULL, *channel;
	struct smb_binding *binding;

	if (notice->session) {
		TAILQ_FOREACH(binding, &notice->session->bindings,
			      session_entry) {
			if (binding->is_up)
				take_older(&best, binding->channel, after);
		}
		return best;
	}
	TAILQ_FOREACH(channel, &notice->engine->channels, entry) {
		if (channel->up_count &&
		    memcmp(channel->client_guid, notice->client_guid, 16) == 0)
			take_older(&best, channel, after);
	}
	return best;
}

/* Where Windows servers send what they send once: the newest connection. */
static struct smb_channel *only_way(const struct smb_notice *notice)
{
	struct smb_channel *newest = NULL, *channel = NULL;

	while ((channel = next_way(notice, channel ? channel->serial : 0)))
		newest = channel;
	return newest;
}

/* ---- sending ---- */

/* No session, no tree, never signed. */
static bool send_over(const struct smb_notice *notice,
		      struct smb_channel *channel)
{
	size_t size = SMB_HEADER_LENGTH + notice->length;
	struct smb_header header = {
		.command = SMB2_OPLOCK_BREAK,
		.flags = SMB2_FLAGS_SERVER_TO_REDIR,
		.message_id = UINT64_MAX,
	};
	struct smb_reply *reply = smb_reply_new(channel, size);

	if (!reply) {
		smb_channel_drop(channel, "no memory for a break notice");
		return false;
	}

	struct writer w = writer_at(smb_reply_message(reply), size);

	smb_header_write(&w, &header);
	wr_copy(&w, notice->body, notice->length);
	smb_reply_send_notice(channel, reply, w.at,
			      notice->is_sealed ? notice->session : NULL);
	return true;
}

/* Over the next way; frees it if there is none. */
static bool try_next(struct smb_notice *notice)
{
	struct smb_channel *channel;
	bool is_sent;

	do {
		channel = notice->is_once
				  ? only_way(notice)
				  : next_way(notice, notice->last_serial);
		if (!channel) {
			notice_free(notice);
			return false;
		}
		notice->channel = channel;
		notice->last_serial = channel->serial;
		is_sent = send_over(notice, channel);
	} while (!is_sent);
	if (notice->is_once) {
		notice_free(notice);
		return true;
	}
	notice->delivery.is_unacked = channel->is_unacked;
	channel->wire_ops->watch(channel->wire, &notice->delivery);
	return true;
}

static bool has_other_way(const struct smb_delivery *delivery)
{
	const struct smb_notice *notice = (const void *)delivery;

	return notice->lease && next_way(notice, notice->last_serial);
}

static void done(struct smb_delivery *delivery, bool was_received)
{
	struct smb_notice *notice = (void *)delivery;

	if (!notice->lease || (was_received && !notice->must_ack)) {
		notice_free(notice);
	} else if (was_received) {
		notice->is_told = true;
		LIST_INSERT_HEAD(&notice->channel->told, notice, told_entry);
	} else {
		try_next(notice);
	}
}

void smb_notice_channel_lost(struct smb_channel *channel)
{
	struct smb_notice *notice;

	while ((notice = LIST_FIRST(&channel->told))) {
		LIST_REMOVE(notice, told_entry);
		notice->is_told = false;
		try_next(notice);
	}
}

/* ---- the face ---- */

static bool must_seal(const struct smb_open *open)
{
	return open->session->sealer &&
	       (open->session->must_seal || open->tree->facts.must_encrypt);
}

bool smb_notice_send(struct smb_lease *lease, const struct smb_open *open,
		     const uint8_t *body, size_t length, bool must_ack)
{
	struct smb_notice *notice = calloc(1, sizeof(*notice));

	if (!notice)
		return false;
	notice->delivery.done = done;
	notice->delivery.has_other_way = has_other_way;
	notice->lease = lease;
	notice->engine = lease->engine;
	notice->must_ack = must_ack;
	notice->is_sealed = must_seal(open);
	notice->is_once = !lease->holder.is_lease &&
			  lease->engine->facts->breaks_oplocks_once;
	/* What is sealed can only go where the keys are known. */
	if (notice->is_sealed || !lease->holder.is_lease)
		notice->session = smb_session_ref(open->session);
	memcpy(notice->client_guid, lease->client_guid, 16);
	notice->length = length;
	memcpy(notice->body, body, length);
	LIST_INSERT_HEAD(&lease->notices, notice, entry);
	return try_next(notice);
}
