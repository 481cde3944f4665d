/*
 * QUERY_INFO (MS-SMB2 2.2.37, 3.3.5.20): files, volumes and security. Layouts
 * are wire/info.c's and wire/fsinfo.c's; lists of streams, EAs and descriptors
 * come as they are from the object store.
 */
#include "smb/cmd/cmd.h"

#include <stdlib.h>

#include "smb/channel.h"
#include "smb/cmd/body.h"
#include "smb/limits.h"
#include "smb/open.h"
#include "smb/rpc/rpc.h"
#include "smb/tree.h"
#include "smb/wire/info.h"
#include "smb/wire/sd.h"

enum {
	FIXED_SIZE = 40,
	STREAM_MINIMUM = 32, /* one entry, with its padding */
	PIPE_ALLOCATION = 4096,
	PIPE_ACCESS = 0x12019f,
	FILE_ATTRIBUTE_NORMAL = 0x80,
};

enum smb_info_type {
	INFO_FILE = 1,
	INFO_FILESYSTEM = 2,
	INFO_SECURITY = 3,
	INFO_QUOTA = 4,
};

struct args {
	uint8_t type;
	uint8_t info_class;
	uint32_t size;       /* OutputBufferLength */
	uint32_t additional; /* SECURITY_INFORMATION */
};

static enum nt_status read_args(struct smb_request *rq, struct args *args)
{
	struct reader r = reader_of(rq->body);
	struct bytes input;

	rd_skip(&r, 2);
	args->type = rd_u8(&r);
	args->info_class = rd_u8(&r);
	args->size = rd_u32(&r);
	uint16_t offset = rd_u16(&r);
	rd_skip(&r, 2);
	uint32_t length = rd_u32(&r);
	args->additional = rd_u32(&r);
	rd_skip(&r, 4); /* Flags: of EA and quota scans */

	if (!rd_ok(&r) || args->size > rq->channel->io_size_max ||
	    length > rq->channel->io_size_max)
		return NT_STATUS_INVALID_PARAMETER;

	enum nt_status status =
		smb_body_piece(rq, offset, length, FIXED_SIZE, &input);

	if (status == NT_STATUS_SUCCESS)
		status = smb_request_charge(rq, args->size > length ? args->size
								    : length);
	return status == NT_STATUS_SUCCESS ? smb_body_open(rq, &r) : status;
}

/* ---- files ---- */

static enum nt_status co_query_facts(struct smb_request *rq,
				     const struct args *args)
{
	struct smb_open_facts facts = {
		.wants_ea_size = args->info_class == SMB_FILE_EA ||
				 args->info_class == SMB_FILE_ALL,
	};
	enum nt_status status =
		smb_body_objects(rq)->co_query(rq->open->object, &facts);

	if (status != NT_STATUS_SUCCESS)
		return status;
	return smb_info_file(&rq->out, args->info_class, &facts, args->size);
}

/* Content that only the store knows: it fills the answer itself. */
static enum nt_status co_query_list(struct smb_request *rq,
				    const struct args *args)
{
	const struct smb_object_ops *objects = smb_body_objects(rq);
	uint8_t *to = rq->out.start + rq->out.at;
	bool is_stream = args->info_class == SMB_FILE_STREAM;
	uint32_t length = 0;
	enum nt_status status;

	if (is_stream && args->size < STREAM_MINIMUM)
		return NT_STATUS_INFO_LENGTH_MISMATCH;
	status = is_stream ? objects->co_query_streams(rq->open->object, to,
						       args->size, &length)
			   : objects->co_query_eas(rq->open->object, to,
						   args->size, &length);
	if (status == NT_STATUS_SUCCESS || status == NT_STATUS_BUFFER_OVERFLOW)
		(void)wr_room(&rq->out, length);
	return status;
}

static enum nt_status co_query_file(struct smb_request *rq,
				    const struct args *args)
{
	enum nt_status status =
		smb_body_needs_all(rq, smb_info_file_access(args->info_class));

	if (status != NT_STATUS_SUCCESS)
		return status;
	/* New with Windows 10 1803: older dialects never heard of it. */
	if (args->info_class == SMB_FILE_NORMALIZED_NAME &&
	    rq->channel->dialect < SMB_DIALECT_311)
		return NT_STATUS_NOT_SUPPORTED;
	if (args->info_class == SMB_FILE_STREAM ||
	    args->info_class == SMB_FILE_FULL_EA)
		return co_query_list(rq, args);
	return co_query_facts(rq, args);
}

static enum nt_status query_pipe(struct smb_request *rq,
				 const struct args *args)
{
	size_t available = smb_pipe_available(rq->open->pipe);
	struct smb_open_facts facts = {
		.file = { .allocation = PIPE_ALLOCATION,
			  .attributes = FILE_ATTRIBUTE_NORMAL,
			  .links = 2,
			  .is_delete_pending = true },
		.granted = PIPE_ACCESS,
		.path = smb_pipe_name(rq->open->pipe),
	};

	if (args->info_class == SMB_FILE_PIPE ||
	    args->info_class == SMB_FILE_PIPE_LOCAL)
		return smb_info_pipe(&rq->out, args->info_class,
				     (uint32_t)available, args->size);
	return smb_info_file(&rq->out, args->info_class, &facts, args->size);
}

/* ---- volumes, security ---- */

static enum nt_status co_query_volume(struct smb_request *rq,
				      const struct args *args)
{
	struct smb_volume_facts facts = { 0 };
	enum nt_status status;

	if (args->info_class == SMB_FS_POSIX && !rq->open->object->is_posix)
		return NT_STATUS_INVALID_INFO_CLASS;
	status =
		smb_body_objects(rq)->co_query_volume(rq->tree->volume, &facts);

	if (status != NT_STATUS_SUCCESS)
		return status;
	return smb_info_volume(&rq->out, args->info_class, &facts, args->size);
}

static uint32_t security_access(uint32_t parts)
{
	uint32_t access = 0;

	if (parts &
	    (SMB_SECURITY_OWNER | SMB_SECURITY_GROUP | SMB_SECURITY_DACL))
		access |= SMB_ACCESS_READ_CONTROL;
	if (parts & SMB_SECURITY_SACL)
		access |= SMB_ACCESS_SYSTEM_SECURITY;
	return access;
}

/* 3.3.5.20.3: a buffer that is too small is told how large it must be. */
static enum nt_status co_query_security(struct smb_request *rq,
					const struct args *args)
{
	uint32_t size = (uint32_t)wr_left(&rq->out);
	uint32_t length = 0;
	uint8_t needed[4];
	enum nt_status status =
		smb_body_needs_all(rq, security_access(args->additional));

	if (status != NT_STATUS_SUCCESS)
		return status;
	status = smb_body_objects(rq)->co_query_security(rq->open->object,
							 args->additional,
							 rq->out.start +
								 rq->out.at,
							 size, &length);
	if (status == NT_STATUS_SUCCESS)
		(void)wr_room(&rq->out, length);
	if (status != NT_STATUS_BUFFER_TOO_SMALL)
		return status;
	wr_uint_to(needed, length, sizeof(needed));
	return smb_request_error_data(rq, status, needed, sizeof(needed));
}

static enum nt_status co_query(struct smb_request *rq, const struct args *args)
{
	switch (args->type) {
	case INFO_FILE:
		return rq->open->object ? co_query_file(rq, args)
					: query_pipe(rq, args);
	case INFO_FILESYSTEM:
		return rq->open->object ? co_query_volume(rq, args)
					: NT_STATUS_NOT_SUPPORTED;
	case INFO_SECURITY:
		return rq->open->object ? co_query_security(rq, args)
					: NT_STATUS_NOT_SUPPORTED;
	case INFO_QUOTA: /* QU-1 */
		return NT_STATUS_NOT_SUPPORTED;
	default:
		return NT_STATUS_INVALID_PARAMETER;
	}
}

/* Descriptors have a greatest size, all else goes by what the client takes. */
static size_t room_for(const struct args *args)
{
	if (args->type == INFO_SECURITY && args->size > SMB_SECURITY_BYTES_MAX)
		return SMB_SECURITY_BYTES_MAX;
	return args->size;
}

enum nt_status smb_cmd_co_query_info(struct smb_request *rq)
{
	struct args args;
	enum nt_status status = read_args(rq, &args);

	if (status != NT_STATUS_SUCCESS)
		return status;
	if (!smb_body_begin_output(rq, room_for(&args)))
		return NT_STATUS_INSUFFICIENT_RESOURCES;
	status = co_query(rq, &args);
	if (status == NT_STATUS_SUCCESS || status == NT_STATUS_BUFFER_OVERFLOW)
		smb_body_end_output(rq);
	else if (!rq->has_body)
		rq->out.at = 0;
	return status;
}
