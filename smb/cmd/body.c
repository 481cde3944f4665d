/*
 * Pieces of bodies. Knows where a body lies in its request, and the one layout
 * that three answers share; the fields between are each command's own.
 */
#include "smb/cmd/body.h"

#include "smb/channel.h"
#include "smb/engine.h"
#include "smb/open.h"

enum {
	OUTPUT_HEAD = 8, /* StructureSize, OutputBufferOffset, -Length */
};

enum nt_status smb_body_piece(const struct smb_request *rq, uint64_t offset,
			      uint64_t length, size_t fixed,
			      struct bytes *ret_piece)
{
	struct reader r = reader_of(rq->body);

	if (length > 0 && offset < SMB_HEADER_LENGTH + fixed)
		return NT_STATUS_INVALID_PARAMETER;

	struct bytes piece = rd_piece(&r, offset - SMB_HEADER_LENGTH, length);

	if (!rd_ok(&r))
		return NT_STATUS_INVALID_PARAMETER;
	*ret_piece = piece;
	return NT_STATUS_SUCCESS;
}

enum nt_status smb_body_find(struct smb_request *rq, uint64_t persistent,
			     uint64_t volatile_id)
{
	enum nt_status status = smb_request_open(rq, persistent, volatile_id);

	if (status != NT_STATUS_SUCCESS)
		return status;
	/* One element of a compound may have closed what another one found. */
	return rq->open->object || rq->open->pipe ? NT_STATUS_SUCCESS
						  : NT_STATUS_FILE_CLOSED;
}

enum nt_status smb_body_open(struct smb_request *rq, struct reader *r)
{
	uint64_t persistent = rd_u64(r);
	uint64_t volatile_id = rd_u64(r);

	if (!rd_ok(r))
		return NT_STATUS_INVALID_PARAMETER;
	return smb_body_find(rq, persistent, volatile_id);
}

const struct smb_object_ops *smb_body_objects(const struct smb_request *rq)
{
	return rq->channel->engine->ports->object_ops;
}

bool smb_body_is_directory(const struct smb_request *rq)
{
	return rq->open->object && rq->open->object->is_directory;
}

enum nt_status smb_body_needs_any(const struct smb_request *rq, uint32_t rights)
{
	return rights == 0 || (rq->open->object->granted & rights)
		       ? NT_STATUS_SUCCESS
		       : NT_STATUS_ACCESS_DENIED;
}

enum nt_status smb_body_needs_all(const struct smb_request *rq, uint32_t rights)
{
	return (rq->open->object->granted & rights) == rights
		       ? NT_STATUS_SUCCESS
		       : NT_STATUS_ACCESS_DENIED;
}

bool smb_body_begin_output(struct smb_request *rq, size_t size)
{
	if (!smb_request_room(rq, OUTPUT_HEAD + size))
		return false;
	wr_zero(&rq->out, OUTPUT_HEAD);
	return true;
}

void smb_body_end_output(struct smb_request *rq)
{
	struct writer head = writer_at(rq->out.start, OUTPUT_HEAD);
	uint32_t length = (uint32_t)(rq->out.at - OUTPUT_HEAD);

	wr_u16(&head, 9);
	wr_u16(&head, SMB_HEADER_LENGTH + OUTPUT_HEAD);
	wr_u32(&head, length);
}
