/*
 * LOGOFF, MS-SMB2 2.2.7, 2.2.8, 3.3.5.6: the session ends with all that is its
 * own, and only then the client hears of it.
 */
#include "smb/cmd/cmd.h"

#include "smb/channel.h"
#include "smb/session.h"

enum nt_status smb_cmd_co_logoff(struct smb_request *rq)
{
	if (!smb_request_room(rq, 4))
		return NT_STATUS_INSUFFICIENT_RESOURCES;
	wr_u16(&rq->out, 4);
	wr_u16(&rq->out, 0);
	smb_channel_log(rq->channel, SMB_LOG_INFO,
			"session=%016llx user=%.128s logged off",
			(unsigned long long)rq->session->id,
			rq->session->user->name);
	smb_session_co_end(rq->session, 1);
	return NT_STATUS_SUCCESS;
}
