/*
 * WRITE (MS-SMB2 2.2.21, 3.3.5.13): all of the data or an error.
 */
#include "smb/cmd/cmd.h"

#include "smb/channel.h"
#include "smb/cmd/body.h"
#include "smb/open.h"
#include "smb/rpc/rpc.h"

enum {
	FIXED_SIZE = 48,
	RESPONSE_SIZE = 16,
	WRITE_THROUGH = 0x1,
};

struct args {
	struct bytes data;
	uint64_t offset;
	uint32_t flags;
};

static enum nt_status read_args(struct smb_request *rq, struct args *args)
{
	struct reader r = reader_of(rq->body);

	rd_skip(&r, 2);
	uint16_t data_offset = rd_u16(&r);
	uint32_t length = rd_u32(&r);
	args->offset = rd_u64(&r);
	struct reader file_id = rd_sub(&r, 16);
	uint32_t channel = rd_u32(&r);
	rd_skip(&r, 8); /* RemainingBytes, WriteChannelInfo */
	args->flags = rd_u32(&r);

	if (!rd_ok(&r) || length > rq->channel->io_size_max)
		return NT_STATUS_INVALID_PARAMETER;
	/* RDMA; older dialects leave the field alone. */
	if (rq->channel->dialect >= SMB_DIALECT_300 && channel != 0)
		return NT_STATUS_INVALID_PARAMETER;

	enum nt_status status = smb_body_piece(rq, data_offset, length,
					       FIXED_SIZE, &args->data);

	if (status == NT_STATUS_SUCCESS)
		status = smb_request_charge(rq, length);
	return status == NT_STATUS_SUCCESS ? smb_body_open(rq, &file_id)
					   : status;
}

static enum nt_status co_write_file(struct smb_request *rq,
				    const struct args *args)
{
	struct smb_write how = {
		.bytes = args->data.at,
		.length = (uint32_t)args->data.length,
		.offset = args->offset,
		.is_write_through = args->flags & WRITE_THROUGH,
	};
	bool is_append = how.offset == UINT64_MAX;
	enum nt_status status;

	if (smb_body_is_directory(rq))
		return NT_STATUS_INVALID_DEVICE_REQUEST;
	status = smb_body_needs_any(rq, SMB_ACCESS_WRITE_DATA |
						SMB_ACCESS_APPEND_DATA);
	if (status != NT_STATUS_SUCCESS)
		return status;
	if (is_append && (rq->open->object->granted & SMB_ACCESS_WRITE_DATA))
		return NT_STATUS_INVALID_PARAMETER;
	if (!is_append && !sum_fits(how.offset, how.length, INT64_MAX))
		return NT_STATUS_INVALID_PARAMETER;
	return smb_body_objects(rq)->co_write(rq->open->object, &how);
}

enum nt_status smb_cmd_co_write(struct smb_request *rq)
{
	struct args args;
	enum nt_status status = read_args(rq, &args);

	if (status != NT_STATUS_SUCCESS)
		return status;
	status = rq->open->object ? co_write_file(rq, &args)
				  : smb_pipe_write(rq->open->pipe, args.data);
	if (status != NT_STATUS_SUCCESS)
		return status;
	if (!smb_request_room(rq, RESPONSE_SIZE))
		return NT_STATUS_INSUFFICIENT_RESOURCES;
	wr_u16(&rq->out, RESPONSE_SIZE + 1);
	wr_zero(&rq->out, 2);
	wr_u32(&rq->out, (uint32_t)args.data.length);
	wr_zero(&rq->out, 8);
	return NT_STATUS_SUCCESS;
}
