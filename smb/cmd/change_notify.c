/*
 * CHANGE_NOTIFY (MS-SMB2 2.2.35, 3.3.5.19): goes async at once and waits in the
 * object store, which knows what changes and when to stop waiting.
 */
#include "smb/cmd/cmd.h"

#include "smb/channel.h"
#include "smb/cmd/body.h"
#include "smb/limits.h"
#include "smb/open.h"

enum {
	WATCH_TREE = 0x1,
};

struct args {
	bool is_recursive;
	uint32_t size; /* OutputBufferLength */
	uint32_t filter;
};

/* CN-2. Filter bits that mean nothing never match; that is no error. */
static enum nt_status read_args(struct smb_request *rq, struct args *args)
{
	struct reader r = reader_of(rq->body);

	rd_skip(&r, 2);
	args->is_recursive = rd_u16(&r) & WATCH_TREE;
	args->size = rd_u32(&r);
	struct reader file_id = rd_sub(&r, 16);
	args->filter = rd_u32(&r);

	if (!rd_ok(&r) || args->size > rq->channel->io_size_max)
		return NT_STATUS_INVALID_PARAMETER;

	enum nt_status status = smb_request_charge(rq, args->size);

	if (status == NT_STATUS_SUCCESS)
		status = smb_body_open(rq, &file_id);
	if (status != NT_STATUS_SUCCESS)
		return status;
	if (!smb_body_is_directory(rq))
		return NT_STATUS_INVALID_PARAMETER;
	return smb_body_needs_any(rq, SMB_ACCESS_READ_DATA);
}

enum nt_status smb_cmd_co_change_notify(struct smb_request *rq)
{
	struct args args;
	enum nt_status status = read_args(rq, &args);
	uint32_t length = 0;

	if (status != NT_STATUS_SUCCESS)
		return status;
	/* Too many changes for the room are told as such: nothing is lost. */
	if (args.size > SMB_NOTIFY_BYTES_MAX)
		args.size = SMB_NOTIFY_BYTES_MAX;
	status = smb_request_go_async(rq);
	if (status != NT_STATUS_SUCCESS)
		return status;
	if (!smb_body_begin_output(rq, args.size))
		return NT_STATUS_INSUFFICIENT_RESOURCES;
	status = smb_body_objects(rq)->co_notify(rq->open->object, &rq->call,
						 args.filter, args.is_recursive,
						 rq->out.start + rq->out.at,
						 args.size, &length);
	/* NOTIFY_ENUM_DIR and NOTIFY_CLEANUP are no errors, and bring nothing. */
	if (status != NT_STATUS_SUCCESS) {
		rq->out.at = 0;
		return status;
	}
	(void)wr_room(&rq->out, length);
	smb_body_end_output(rq);
	return NT_STATUS_SUCCESS;
}
