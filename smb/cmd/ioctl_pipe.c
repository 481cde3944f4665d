/*
 * FSCTLs of named pipes (MS-FSCC 2.3, MS-SMB2 3.3.5.15.3, .4 and .10).
 */
#include "smb/cmd/ioctl.h"

#include "smb/channel.h"
#include "smb/engine.h"
#include "smb/open.h"
#include "smb/rpc/rpc.h"
#include "smb/session.h"
#include "smb/wire/utf16.h"

enum {
	PEEK_HEAD = 16,
	PIPE_CONNECTED = 3,
	PIPE_NAME_MAX = 255,
};

static enum nt_status transceive(struct smb_pipe *pipe,
				 struct smb_fsctl_call *call)
{
	struct writer *w = &call->out;
	size_t length = 0;
	enum nt_status status = smb_pipe_write(pipe, call->in);

	if (status != NT_STATUS_SUCCESS)
		return status;
	status = smb_pipe_read(pipe, w->start + w->at, wr_left(w), &length);
	if (!nt_status_is_error(status))
		(void)wr_room(w, length);
	return status;
}

/* State and how much waits. The data themselves stay for a READ. */
static enum nt_status peek(struct smb_pipe *pipe, struct smb_fsctl_call *call)
{
	uint32_t available = (uint32_t)smb_pipe_available(pipe);

	if (wr_left(&call->out) < PEEK_HEAD)
		return NT_STATUS_BUFFER_TOO_SMALL;
	wr_u32(&call->out, PIPE_CONNECTED);
	wr_u32(&call->out, available);
	wr_u32(&call->out, available ? 1 : 0); /* messages */
	wr_u32(&call->out, available);
	return available ? NT_STATUS_BUFFER_OVERFLOW : NT_STATUS_SUCCESS;
}

enum nt_status smb_fsctl_pipe(struct smb_request *rq,
			      struct smb_fsctl_call *call)
{
	switch (call->code) {
	case SMB_FSCTL_PIPE_TRANSCEIVE:
		return transceive(rq->open->pipe, call);
	case SMB_FSCTL_PIPE_PEEK:
		return peek(rq->open->pipe, call);
	default:
		return NT_STATUS_FS_DRIVER_REQUIRED;
	}
}

enum nt_status smb_fsctl_pipe_wait(struct smb_request *rq,
				   struct smb_fsctl_call *call)
{
	struct reader r = reader_of(call->in);
	struct smb_pipe *pipe = NULL;
	uint16_t units[PIPE_NAME_MAX];

	rd_skip(&r, 8); /* Timeout */
	uint32_t length = rd_u32(&r);
	rd_skip(&r, 2); /* TimeoutSpecified, Padding */
	struct bytes wire = rd_bytes(&r, length);
	size_t count = smb_utf16_decode(wire, units, PIPE_NAME_MAX);

	if (!rd_ok(&r) || count == SIZE_MAX)
		return NT_STATUS_INVALID_PARAMETER;

	struct smb_name name = { units, (uint32_t)count };
	enum nt_status status = smb_pipe_open(rq->channel->engine->ports,
					      rq->session->user, name, &pipe);

	if (status == NT_STATUS_SUCCESS)
		smb_pipe_free(pipe);
	return status;
}
