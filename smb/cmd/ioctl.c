/*
 * IOCTL (MS-SMB2 2.2.31, 3.3.5.15): decodes, sends each FSCTL where it is
 * known, and answers. What FSCTLs do to a file is the object store's.
 */
#include "smb/cmd/cmd.h"

#include "smb/channel.h"
#include "smb/cmd/body.h"
#include "smb/cmd/ioctl.h"
#include "smb/open.h"
#include "smb/tree.h"

enum {
	FIXED_SIZE = 56,
	HEAD_SIZE = 48,
	IS_FSCTL = 1,
};

struct args {
	uint64_t persistent, volatile_id;
	uint32_t code;
	struct bytes in;
	uint32_t out_size; /* MaxOutputResponse */
	uint32_t flags;
};

static enum nt_status read_args(struct smb_request *rq, struct args *args)
{
	struct reader r = reader_of(rq->body);
	struct bytes unused;

	rd_skip(&r, 4);
	args->code = rd_u32(&r);
	args->persistent = rd_u64(&r);
	args->volatile_id = rd_u64(&r);
	uint32_t in_offset = rd_u32(&r);
	uint32_t in_length = rd_u32(&r);
	uint64_t in_max = rd_u32(&r);
	uint32_t out_offset = rd_u32(&r);
	uint32_t out_length = rd_u32(&r);
	args->out_size = rd_u32(&r);
	args->flags = rd_u32(&r);

	uint64_t in = (uint64_t)in_length + out_length;
	uint64_t out = in_max + args->out_size;
	uint32_t max = rq->channel->io_size_max;

	if (!rd_ok(&r) || in_length > max || in_max > max ||
	    args->out_size > max)
		return NT_STATUS_INVALID_PARAMETER;

	enum nt_status status =
		smb_body_piece(rq, in_offset, in_length, FIXED_SIZE, &args->in);

	if (status == NT_STATUS_SUCCESS)
		status = smb_body_piece(rq, out_offset, out_length, FIXED_SIZE,
					&unused);
	if (status == NT_STATUS_SUCCESS)
		status = smb_request_charge(rq, in > out ? in : out);
	if (status == NT_STATUS_SUCCESS && args->flags != IS_FSCTL)
		status = NT_STATUS_NOT_SUPPORTED;
	return status;
}

/* Codes that speak to the server and not to a file (3.3.5.15). */
static bool is_serverwide(const struct smb_request *rq, uint32_t code)
{
	if (smb_fsctl_is_hook(rq, code))
		return code != SMB_FSCTL_HOOK_SLEEP;
	switch (code) {
	case SMB_FSCTL_DFS_GET_REFERRALS:
	case SMB_FSCTL_DFS_GET_REFERRALS_EX:
	case SMB_FSCTL_PIPE_WAIT:
	case SMB_FSCTL_QUERY_NETWORK_INTERFACE_INFO:
	case SMB_FSCTL_VALIDATE_NEGOTIATE_INFO:
		return true;
	default:
		return false;
	}
}

static bool is_on_pipe_tree(const struct smb_request *rq)
{
	return rq->tree && !rq->tree->volume;
}

/*
 * What clients expect for a code that nobody here knows. Some send those that
 * speak to the server on no tree at all (OC-5).
 */
static enum nt_status unknown_code(const struct smb_request *rq)
{
	return is_on_pipe_tree(rq) ? NT_STATUS_FS_DRIVER_REQUIRED
				   : NT_STATUS_INVALID_DEVICE_REQUEST;
}

static enum nt_status co_serve_serverwide(struct smb_request *rq,
					  struct smb_fsctl_call *call)
{
	if (smb_fsctl_is_hook(rq, call->code))
		return smb_fsctl_co_hook(rq, call);
	switch (call->code) {
	case SMB_FSCTL_VALIDATE_NEGOTIATE_INFO:
		return smb_fsctl_validate_negotiate(rq, call);
	case SMB_FSCTL_PIPE_WAIT:
		return is_on_pipe_tree(rq) ? smb_fsctl_pipe_wait(rq, call)
					   : unknown_code(rq);
	case SMB_FSCTL_DFS_GET_REFERRALS:
	case SMB_FSCTL_DFS_GET_REFERRALS_EX:
		return NT_STATUS_FS_DRIVER_REQUIRED;
	case SMB_FSCTL_QUERY_NETWORK_INTERFACE_INFO:
		return rq->channel->capabilities & SMB2_CAP_MULTI_CHANNEL
			       ? smb_fsctl_co_interfaces(rq, call)
			       : unknown_code(rq);
	default:
		return unknown_code(rq);
	}
}

static enum nt_status co_ask_store(struct smb_request *rq,
				   struct smb_fsctl_call *call)
{
	struct smb_ioctl ioctl = {
		.code = call->code,
		.call = &rq->call,
		.in = call->in.at,
		.in_length = (uint32_t)call->in.length,
		.out = call->out.start + call->out.at,
		.out_size = (uint32_t)wr_left(&call->out),
	};
	uint32_t length = 0;
	enum nt_status status = smb_body_objects(rq)->co_ioctl(rq->open->object,
							       &ioctl, &length);

	if (!nt_status_is_error(status))
		(void)wr_room(&call->out, length);
	return status;
}

static enum nt_status co_serve_file(struct smb_request *rq,
				    struct smb_fsctl_call *call)
{
	switch (call->code) {
	case SMB_FSCTL_SRV_REQUEST_RESUME_KEY:
		return smb_fsctl_resume_key(rq, call);
	case SMB_FSCTL_SRV_COPYCHUNK:
	case SMB_FSCTL_SRV_COPYCHUNK_WRITE:
		return smb_fsctl_co_copy_chunks(rq, call);
	case SMB_FSCTL_DUPLICATE_EXTENTS:
	case SMB_FSCTL_DUPLICATE_EXTENTS_EX:
		return smb_fsctl_co_clone(rq, call);
	case SMB_FSCTL_LMR_REQUEST_RESILIENCY:
		return smb_fsctl_resiliency(rq, call);
	default:
		return co_ask_store(rq, call);
	}
}

static enum nt_status co_serve_open(struct smb_request *rq,
				    struct smb_fsctl_call *call)
{
	if (smb_fsctl_is_hook(rq, call->code))
		return smb_fsctl_co_hook(rq, call);
	return rq->open->object ? co_serve_file(rq, call)
				: smb_fsctl_pipe(rq, call);
}

/* `size`: of the head and what pads it. */
static void write_head(struct smb_request *rq, const struct args *args,
		       size_t size)
{
	struct writer head = writer_at(rq->out.start, HEAD_SIZE);
	uint32_t offset = SMB_HEADER_LENGTH + (uint32_t)size;

	wr_u16(&head, HEAD_SIZE + 1);
	wr_zero(&head, 2);
	wr_u32(&head, args->code);
	wr_u64(&head, args->persistent);
	wr_u64(&head, args->volatile_id);
	wr_u32(&head, offset);
	wr_u32(&head, 0); /* InputCount */
	wr_u32(&head, offset);
	wr_u32(&head, (uint32_t)(rq->out.at - size));
	wr_zero(&head, 8);
}

/* The open that the FileId names, or none where none is to be named. */
static enum nt_status find_open(struct smb_request *rq, struct args *args)
{
	enum nt_status status;

	if (is_serverwide(rq, args->code))
		return args->persistent == UINT64_MAX &&
				       args->volatile_id == UINT64_MAX
			       ? NT_STATUS_SUCCESS
			       : NT_STATUS_INVALID_PARAMETER;
	status = smb_body_find(rq, args->persistent, args->volatile_id);
	if (status != NT_STATUS_SUCCESS)
		return status;
	args->persistent = rq->open->persistent;
	args->volatile_id = rq->open->volatile_id;
	return NT_STATUS_SUCCESS;
}

enum nt_status smb_cmd_co_ioctl(struct smb_request *rq)
{
	struct args args;
	enum nt_status status = read_args(rq, &args);

	if (status == NT_STATUS_SUCCESS)
		status = find_open(rq, &args);
	if (status != NT_STATUS_SUCCESS)
		return status;

	size_t size = HEAD_SIZE + smb_fsctl_padding(rq, args.code);

	if (!smb_request_room(rq, size + args.out_size))
		return NT_STATUS_INSUFFICIENT_RESOURCES;
	wr_zero(&rq->out, size);

	struct smb_fsctl_call call = { args.code, args.in, rq->out };

	status = is_serverwide(rq, args.code) ? co_serve_serverwide(rq, &call)
					      : co_serve_open(rq, &call);
	rq->out = call.out;
	write_head(rq, &args, size);
	return status;
}

/* ---- before it runs ---- */

static uint32_t code_of(const struct smb_request *rq)
{
	struct reader r = reader_of(rq->body);

	rd_skip(&r, 4);
	return rd_u32(&r);
}

bool smb_ioctl_needs_session(const struct smb_request *rq)
{
	return code_of(rq) != SMB_FSCTL_HOOK_UNACKED ||
	       !smb_fsctl_is_hook(rq, SMB_FSCTL_HOOK_UNACKED);
}

bool smb_ioctl_needs_tree(const struct smb_request *rq)
{
	return code_of(rq) != SMB_FSCTL_VALIDATE_NEGOTIATE_INFO &&
	       smb_ioctl_needs_session(rq);
}
