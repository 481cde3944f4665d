/*
 * Acknowledgements of breaks (MS-SMB2 2.2.24, 3.3.5.22): of an oplock by its
 * FileId, of a lease by its key. The size of the body tells which.
 */
#include "smb/cmd/cmd.h"

#include "smb/channel.h"
#include "smb/cmd/body.h"
#include "smb/lease.h"
#include "smb/open.h"

enum {
	LEASE_SIZE = 36,
	OPLOCK_SIZE = 24,
};

/* 3.3.5.22.1: what the level says of an open that has lost or has its own. */
static enum nt_status acknowledge(struct smb_open *open, uint8_t level)
{
	struct smb_lease *lease = open->lease;
	enum nt_status status;

	if (level == SMB_OPLOCK_LEASE)
		return NT_STATUS_INVALID_PARAMETER;
	if (!lease || lease->holder.is_lease)
		return NT_STATUS_INVALID_OPLOCK_PROTOCOL;
	if (!lease->is_awaited)
		return lease->caching ? NT_STATUS_INVALID_DEVICE_STATE
				      : NT_STATUS_INVALID_OPLOCK_PROTOCOL;
	if (level != SMB_OPLOCK_NONE && level != SMB_OPLOCK_II)
		status = NT_STATUS_REQUEST_NOT_ACCEPTED;
	else
		status =
			smb_lease_acknowledge(lease, smb_oplock_caching(level));
	if (status == NT_STATUS_SUCCESS)
		return NT_STATUS_SUCCESS;
	smb_lease_lapse(lease);
	return NT_STATUS_INVALID_OPLOCK_PROTOCOL;
}

static enum nt_status break_oplock(struct smb_request *rq, struct reader *r)
{
	uint8_t level = rd_u8(r);

	rd_skip(r, 5);

	enum nt_status status = smb_body_open(rq, r);

	if (status == NT_STATUS_SUCCESS)
		status = acknowledge(rq->open, level);
	if (status != NT_STATUS_SUCCESS)
		return status;
	if (!smb_request_room(rq, OPLOCK_SIZE))
		return NT_STATUS_INSUFFICIENT_RESOURCES;
	wr_u16(&rq->out, OPLOCK_SIZE);
	wr_u8(&rq->out, level);
	wr_zero(&rq->out, 5);
	wr_u64(&rq->out, rq->open->persistent);
	wr_u64(&rq->out, rq->open->volatile_id);
	return NT_STATUS_SUCCESS;
}

/* 3.3.5.22.2. */
static enum nt_status break_lease(struct smb_request *rq, struct reader *r)
{
	uint8_t key[SMB_LEASE_KEY_LENGTH];
	struct smb_channel *channel = rq->channel;
	struct smb_lease *lease;
	enum nt_status status;

	rd_skip(r, 6);
	rd_copy(r, key, sizeof(key));
	uint32_t state = rd_u32(r);

	if (!rd_ok(r))
		return NT_STATUS_INVALID_PARAMETER;
	lease = smb_lease_find(channel->engine, channel->client_guid, key);
	if (!lease)
		return NT_STATUS_OBJECT_NAME_NOT_FOUND;
	status = state > UINT8_MAX
			 ? NT_STATUS_REQUEST_NOT_ACCEPTED
			 : smb_lease_acknowledge(lease, (uint8_t)state);
	smb_lease_unref(lease);
	if (status != NT_STATUS_SUCCESS)
		return status;
	if (!smb_request_room(rq, LEASE_SIZE))
		return NT_STATUS_INSUFFICIENT_RESOURCES;
	wr_u16(&rq->out, LEASE_SIZE);
	wr_zero(&rq->out, 6);
	wr_copy(&rq->out, key, sizeof(key));
	wr_u32(&rq->out, state);
	wr_zero(&rq->out, 8);
	return NT_STATUS_SUCCESS;
}

enum nt_status smb_cmd_co_oplock_break(struct smb_request *rq)
{
	struct reader r = reader_of(rq->body);
	uint16_t size = rd_u16(&r);

	return size == LEASE_SIZE ? break_lease(rq, &r) : break_oplock(rq, &r);
}
