/*
 * TREE_CONNECT, MS-SMB2 2.2.9, 2.2.10, 3.3.5.7: from \\server\share to a tree.
 * Only the share counts, whatever the client calls the server. IPC$ is the
 * engine's own; all others are the realm's.
 */
#include "smb/cmd/cmd.h"

#include <stdlib.h>
#include <string.h>

#include "smb/channel.h"
#include "smb/engine.h"
#include "smb/session.h"
#include "smb/tree.h"
#include "smb/wire/utf16.h"

enum {
	HAS_EXTENSION = 0x4, /* request Flags, 3.1.1 */
	PATH_MAX_UNITS = 512,
	SHARE_ENCRYPT_DATA = 0x8000, /* ShareFlags */
	NO_CACHING = 0x30,
	IPC_ACCESS = 0x001f00a9,
};

struct ask {
	uint16_t units[PATH_MAX_UNITS];
	char share[128]; /* UTF-8 */
};

/* The piece behind the last backslash; NULL if it is no path of a share. */
static const uint16_t *share_of(const uint16_t *units, size_t count)
{
	size_t slash = count;

	if (count < 4 || units[0] != '\\' || units[1] != '\\')
		return NULL;
	for (size_t i = 2; i < count; i++) {
		if (units[i] == '\\' && slash != count)
			return NULL;
		if (units[i] == '\\')
			slash = i;
	}
	return slash + 1 < count && slash > 2 ? units + slash + 1 : NULL;
}

/* TC-7: with an extension the offset counts from there, not from the header. */
static enum nt_status decode(const struct smb_request *rq, struct ask *ask)
{
	struct reader whole = reader_at(rq->start, rq->length);
	struct reader r = reader_of(rq->body);

	rd_skip(&r, 2);
	uint16_t flags = rd_u16(&r);
	uint64_t offset = rd_u16(&r);
	uint16_t length = rd_u16(&r);

	if (rq->channel->dialect == SMB_DIALECT_311 && flags & HAS_EXTENSION)
		offset += SMB_HEADER_LENGTH + 8;
	struct bytes path = rd_piece(&whole, offset, length);
	size_t count = smb_utf16_decode(path, ask->units, PATH_MAX_UNITS);

	if (!rd_ok(&r) || !rd_ok(&whole) || count == SIZE_MAX)
		return NT_STATUS_INVALID_PARAMETER;
	/* Some clients send the terminator. */
	if (count && ask->units[count - 1] == 0)
		count--;
	const uint16_t *share = share_of(ask->units, count);

	if (!share)
		return NT_STATUS_INVALID_PARAMETER;
	struct smb_name name = {
		.units = share,
		.count = (uint32_t)(ask->units + count - share),
	};

	if (smb_utf16_to_utf8(name, ask->share, sizeof(ask->share)) == SIZE_MAX)
		return NT_STATUS_BAD_NETWORK_NAME;
	return NT_STATUS_SUCCESS;
}

/* ---- connecting ---- */

static enum nt_status connect_ipc(struct smb_request *rq)
{
	static const struct smb_share_facts ipc = {
		.name = "IPC$",
		.type = SMB_SHARE_PIPE,
		.flags = NO_CACHING,
		.access_max = IPC_ACCESS,
	};

	rq->tree = smb_tree_new(rq->session, NULL, &ipc);
	return rq->tree ? NT_STATUS_SUCCESS : NT_STATUS_INSUFFICIENT_RESOURCES;
}

static enum nt_status co_connect_share(struct smb_request *rq,
				       const char *share)
{
	const struct smb_ports *ports = rq->channel->engine->ports;
	struct smb_session *session = rq->session;
	struct smb_volume *volume = NULL;
	enum nt_status status =
		ports->realm_ops->co_connect(ports->realm, session->user, share,
					     &volume);

	if (status != NT_STATUS_SUCCESS)
		return status;
	if (volume->facts.must_encrypt && !session->sealer)
		status = NT_STATUS_ACCESS_DENIED;
	else
		rq->tree = smb_tree_new(session, volume, &volume->facts);
	if (rq->tree)
		return NT_STATUS_SUCCESS;
	ports->object_ops->disconnect(volume);
	return status == NT_STATUS_SUCCESS ? NT_STATUS_INSUFFICIENT_RESOURCES
					   : status;
}

/* TC-3: a man in the middle must not choose the share. */
static bool is_forgeable(const struct smb_request *rq)
{
	return rq->channel->dialect == SMB_DIALECT_311 &&
	       rq->session->has_key && !rq->is_signed && !rq->is_sealed;
}

static void answer(struct smb_request *rq)
{
	const struct smb_share_facts *facts = &rq->tree->facts;
	uint32_t flags = facts->flags;

	if (facts->must_encrypt)
		flags |= SHARE_ENCRYPT_DATA;
	wr_u16(&rq->out, 16);
	wr_u8(&rq->out, (uint8_t)facts->type);
	wr_u8(&rq->out, 0);
	wr_u32(&rq->out, flags);
	wr_u32(&rq->out, 0); /* Capabilities */
	wr_u32(&rq->out, facts->access_max);
	rq->header.tree_id = rq->tree->id;
}

static enum nt_status co_connect(struct smb_request *rq, struct ask *ask)
{
	enum nt_status status = decode(rq, ask);

	if (status != NT_STATUS_SUCCESS)
		return status;
	if (smb_utf8_equal_nocase(ask->share, "IPC$"))
		status = connect_ipc(rq);
	else
		status = co_connect_share(rq, ask->share);
	smb_channel_log(
		rq->channel,
		status == NT_STATUS_SUCCESS ? SMB_LOG_DEBUG : SMB_LOG_INFO,
		"session=%016llx user=%.128s share=%.64s connect status=%s",
		(unsigned long long)rq->session->id, rq->session->user->name,
		ask->share, nt_status_name(status));
	return status;
}

enum nt_status smb_cmd_co_tree_connect(struct smb_request *rq)
{
	if (is_forgeable(rq)) {
		rq->is_drop = true;
		return NT_STATUS_ACCESS_DENIED;
	}
	struct ask *ask = malloc(sizeof(*ask));

	if (!ask || !smb_request_room(rq, 16)) {
		free(ask);
		return NT_STATUS_INSUFFICIENT_RESOURCES;
	}
	enum nt_status status = co_connect(rq, ask);

	free(ask);
	if (status == NT_STATUS_SUCCESS)
		answer(rq);
	return status;
}
