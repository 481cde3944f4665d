/*
 * TREE_DISCONNECT, MS-SMB2 2.2.11, 2.2.12, 3.3.5.8: closes what is open in the
 * tree, then answers.
 */
#include "smb/cmd/cmd.h"

#include "smb/tree.h"

enum nt_status smb_cmd_co_tree_disconnect(struct smb_request *rq)
{
	if (!smb_request_room(rq, 4))
		return NT_STATUS_INSUFFICIENT_RESOURCES;
	wr_u16(&rq->out, 4);
	wr_u16(&rq->out, 0);
	smb_tree_co_end(rq->tree);
	return NT_STATUS_SUCCESS;
}
