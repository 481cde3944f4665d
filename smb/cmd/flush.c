/*
 * FLUSH (MS-SMB2 2.2.17, 3.3.5.11): what was written is on disk before the
 * answer goes.
 */
#include "smb/cmd/cmd.h"

#include "smb/cmd/body.h"
#include "smb/open.h"

enum {
	RESPONSE_SIZE = 4,
};

/* Of a directory the two rights are ADD_FILE and ADD_SUBDIRECTORY. */
static enum nt_status co_flush(struct smb_request *rq)
{
	enum nt_status status;

	if (!rq->open->object)
		return NT_STATUS_SUCCESS;
	status = smb_body_needs_any(rq, SMB_ACCESS_WRITE_DATA |
						SMB_ACCESS_APPEND_DATA);
	if (status == NT_STATUS_SUCCESS)
		status = smb_body_objects(rq)->co_flush(rq->open->object);
	return status;
}

enum nt_status smb_cmd_co_flush(struct smb_request *rq)
{
	struct reader r = reader_of(rq->body);

	rd_skip(&r, 8);
	enum nt_status status = smb_body_open(rq, &r);

	if (status == NT_STATUS_SUCCESS)
		status = co_flush(rq);
	if (status != NT_STATUS_SUCCESS)
		return status;
	if (!smb_request_room(rq, RESPONSE_SIZE))
		return NT_STATUS_INSUFFICIENT_RESOURCES;
	wr_u16(&rq->out, RESPONSE_SIZE);
	wr_zero(&rq->out, 2);
	return NT_STATUS_SUCCESS;
}
