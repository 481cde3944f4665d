/*
 * FSCTL_LMR_REQUEST_RESILIENCY (MS-SMB2 2.2.31.3, 3.3.5.15.9): the client wants
 * its open kept for a while should the connection be lost, oplock or not.
 */
#include "smb/cmd/ioctl.h"

#include "smb/channel.h"
#include "smb/durable.h"
#include "smb/open.h"

enum {
	REQUEST_SIZE = 8, /* Timeout, Reserved */
};

enum nt_status smb_fsctl_resiliency(struct smb_request *rq,
				    struct smb_fsctl_call *call)
{
	struct reader r = reader_of(call->in);
	uint32_t timeout_ms = rd_u32(&r);

	if (rq->channel->dialect < SMB_DIALECT_210)
		return NT_STATUS_INVALID_DEVICE_REQUEST;
	if (call->in.length < REQUEST_SIZE)
		return NT_STATUS_INVALID_PARAMETER;
	return smb_durable_make_resilient(rq->open, rq->channel, timeout_ms);
}
