/*
 * Private FSCTLs of conformance tests: each has the server behave as a bad
 * network or a slow disk would make it. Answered only where the configuration
 * says so (struct smb_server_facts.is_test); everywhere else nobody knows them.
 */
#include "smb/cmd/ioctl.h"

#include "smb/channel.h"
#include "smb/engine.h"
#include "smb/open.h"

enum {
	PADDING = 8,
};

bool smb_fsctl_is_hook(const struct smb_request *rq, uint32_t code)
{
	if (!rq->channel->engine->facts->is_test)
		return false;
	switch (code) {
	case SMB_FSCTL_HOOK_UNACKED:
	case SMB_FSCTL_HOOK_PAD_IOCTL:
	case SMB_FSCTL_HOOK_PAD_READS:
	case SMB_FSCTL_HOOK_SLEEP:
		return true;
	default:
		return false;
	}
}

size_t smb_fsctl_padding(const struct smb_request *rq, uint32_t code)
{
	return code == SMB_FSCTL_HOOK_PAD_IOCTL && smb_fsctl_is_hook(rq, code)
		       ? PADDING
		       : 0;
}

/* Bytes that say how long the padding before them is. */
static void fill(struct writer *w)
{
	size_t length = wr_left(w);
	uint8_t *to = wr_room(w, length);

	if (to)
		memset(to, PADDING, length);
}

/* The open is in use meanwhile: a CLOSE has to wait. */
static enum nt_status co_sleep(struct smb_request *rq, struct bytes in)
{
	const struct smb_ports *ports = rq->channel->engine->ports;
	enum nt_status status;

	if (in.length != 1)
		return NT_STATUS_INVALID_PARAMETER;
	status = ports->host_ops->co_park(ports->host, &rq->parked, in.at[0]);
	return status == NT_STATUS_IO_TIMEOUT ? NT_STATUS_SUCCESS : status;
}

enum nt_status smb_fsctl_co_hook(struct smb_request *rq,
				 struct smb_fsctl_call *call)
{
	if (call->code == SMB_FSCTL_HOOK_SLEEP)
		return co_sleep(rq, call->in);
	if (call->in.length != 0)
		return NT_STATUS_INVALID_PARAMETER;
	switch (call->code) {
	case SMB_FSCTL_HOOK_UNACKED:
		rq->channel->is_unacked = true;
		break;
	case SMB_FSCTL_HOOK_PAD_READS:
		rq->channel->read_padding = PADDING;
		break;
	default:
		fill(&call->out);
	}
	return NT_STATUS_SUCCESS;
}
