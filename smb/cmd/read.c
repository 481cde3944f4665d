/*
 * READ (MS-SMB2 2.2.19, 3.3.5.12). The object store either puts the bytes
 * right behind the answer's head, or keeps them in the kernel if nothing needs
 * to see them: no signature, no seal, no compound. Their number is known before
 * the head is written.
 */
#include "smb/cmd/cmd.h"

#include "smb/channel.h"
#include "smb/cmd/body.h"
#include "smb/open.h"
#include "smb/rpc/rpc.h"
#include "smb/session.h"
#include "smb/tree.h"

enum {
	HEAD_SIZE = 16,
	READ_UNBUFFERED = 0x1,
};

struct args {
	uint8_t flags;
	uint32_t length;
	uint64_t offset;
	uint32_t minimum;
	uint32_t channel;
};

/* Of the head and, where a test wants it, what pads it. */
static uint8_t head_size(const struct smb_request *rq)
{
	return HEAD_SIZE + rq->channel->read_padding;
}

/* The store asks for room: behind the head of the answer. */
static uint8_t *make_room(void *owner, uint32_t length)
{
	struct smb_request *rq = owner;

	if (!smb_request_room(rq, head_size(rq) + (size_t)length))
		return NULL;
	wr_zero(&rq->out, head_size(rq));
	return wr_room(&rq->out, length);
}

/* Whether nothing of the server's own must touch the bytes. */
static bool may_be_opaque(const struct smb_request *rq)
{
	return rq->is_single && !rq->is_signed && !rq->is_sealed &&
	       !rq->must_sign && !rq->session->must_sign &&
	       !rq->session->must_seal && !rq->tree->facts.must_encrypt;
}

static enum nt_status co_read_file(struct smb_request *rq,
				   const struct args *args,
				   struct smb_body *ret_body)
{
	struct smb_read how = {
		.offset = args->offset,
		.length = args->length,
		.minimum = args->minimum,
		.is_unbuffered = args->flags & READ_UNBUFFERED,
		.may_be_opaque = may_be_opaque(rq),
		.room = make_room,
		.owner = rq,
	};
	enum nt_status status;

	if (smb_body_is_directory(rq))
		return NT_STATUS_INVALID_DEVICE_REQUEST;
	status = smb_body_needs_any(rq,
				    SMB_ACCESS_READ_DATA | SMB_ACCESS_EXECUTE);
	if (status != NT_STATUS_SUCCESS)
		return status;
	if (!sum_fits(how.offset, how.length, INT64_MAX))
		return NT_STATUS_INVALID_PARAMETER;
	return smb_body_objects(rq)->co_read(rq->open->object, &how, ret_body);
}

static enum nt_status read_pipe(struct smb_request *rq, const struct args *args,
				struct smb_body *ret_body)
{
	uint8_t *to = make_room(rq, args->length);
	size_t length = 0;
	enum nt_status status;

	if (!to)
		return NT_STATUS_INSUFFICIENT_RESOURCES;
	status = smb_pipe_read(rq->open->pipe, to, args->length, &length);
	*ret_body =
		(struct smb_body){ .bytes = to, .length = (uint32_t)length };
	return status;
}

/* Cuts the answer to what was read, and puts its head before it. */
static enum nt_status write_answer(struct smb_request *rq,
				   const struct smb_body *body)
{
	if (!rq->out.start && !make_room(rq, 0))
		return NT_STATUS_INSUFFICIENT_RESOURCES;

	struct writer head = writer_at(rq->out.start, HEAD_SIZE);

	wr_u16(&head, HEAD_SIZE + 1);
	wr_u8(&head, SMB_HEADER_LENGTH + head_size(rq));
	wr_u8(&head, 0);
	wr_u32(&head, body->length);
	wr_zero(&head, 8);
	rq->out.at = head_size(rq);
	if (body->opaque)
		rq->payload = *body;
	else
		(void)wr_room(&rq->out, body->length);
	return NT_STATUS_SUCCESS;
}

static enum nt_status read_args(struct smb_request *rq, struct args *args)
{
	struct reader r = reader_of(rq->body);

	rd_skip(&r, 3);
	args->flags = rd_u8(&r);
	args->length = rd_u32(&r);
	args->offset = rd_u64(&r);
	struct reader file_id = rd_sub(&r, 16);
	args->minimum = rd_u32(&r);
	args->channel = rd_u32(&r);

	if (!rd_ok(&r) || args->length > rq->channel->io_size_max)
		return NT_STATUS_INVALID_PARAMETER;
	/* RDMA (RD-4); older dialects leave the field alone. */
	if (rq->channel->dialect >= SMB_DIALECT_300 && args->channel != 0)
		return NT_STATUS_INVALID_PARAMETER;

	enum nt_status status = smb_request_charge(rq, args->length);

	return status == NT_STATUS_SUCCESS ? smb_body_open(rq, &file_id)
					   : status;
}

enum nt_status smb_cmd_co_read(struct smb_request *rq)
{
	struct args args;
	struct smb_body body = { 0 };
	enum nt_status status = read_args(rq, &args);
	enum nt_status answered;

	if (status != NT_STATUS_SUCCESS)
		return status;
	status = rq->open->object ? co_read_file(rq, &args, &body)
				  : read_pipe(rq, &args, &body);
	if (status != NT_STATUS_SUCCESS && status != NT_STATUS_BUFFER_OVERFLOW)
		return status;
	answered = write_answer(rq, &body);
	if (answered == NT_STATUS_SUCCESS)
		return status;
	if (body.opaque)
		smb_body_objects(rq)->body_drop(&body);
	return answered;
}
