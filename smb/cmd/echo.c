/*
 * ECHO, MS-SMB2 2.2.28, 2.2.29, 3.3.5.17: "are you there?", with a session or
 * without.
 */
#include "smb/cmd/cmd.h"

enum nt_status smb_cmd_co_echo(struct smb_request *rq)
{
	if (!smb_request_room(rq, 4))
		return NT_STATUS_INSUFFICIENT_RESOURCES;
	wr_u16(&rq->out, 4);
	wr_u16(&rq->out, 0);
	return NT_STATUS_SUCCESS;
}
