/*
 * SET_INFO (MS-SMB2 2.2.39, 3.3.5.21): what is to be set is read by
 * wire/infoset.c, and done by the object store.
 */
#include "smb/cmd/cmd.h"

#include <stdlib.h>

#include "smb/channel.h"
#include "smb/cmd/body.h"
#include "smb/limits.h"
#include "smb/open.h"
#include "smb/wire/info.h"
#include "smb/wire/sd.h"

enum {
	FIXED_SIZE = 32,
	RESPONSE_SIZE = 2,
	PIPE_INFO_SIZE = 8,
	DESCRIPTOR_MINIMUM = 20, /* the fixed part, MS-DTYP 2.4.6 */
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
	struct bytes in;
	uint32_t additional; /* SECURITY_INFORMATION */
};

static enum nt_status read_args(struct smb_request *rq, struct args *args)
{
	struct reader r = reader_of(rq->body);

	rd_skip(&r, 2);
	args->type = rd_u8(&r);
	args->info_class = rd_u8(&r);
	uint32_t length = rd_u32(&r);
	uint16_t offset = rd_u16(&r);
	rd_skip(&r, 2);
	args->additional = rd_u32(&r);

	if (!rd_ok(&r) || length > rq->channel->io_size_max)
		return NT_STATUS_INVALID_PARAMETER;

	enum nt_status status =
		smb_body_piece(rq, offset, length, FIXED_SIZE, &args->in);

	if (status == NT_STATUS_SUCCESS)
		status = smb_request_charge(rq, length);
	return status == NT_STATUS_SUCCESS ? smb_body_open(rq, &r) : status;
}

static enum nt_status co_set_file(struct smb_request *rq,
				  const struct args *args)
{
	uint16_t *names = malloc(SMB_PATH_MAX * sizeof(*names));
	struct smb_set set;
	uint32_t access;
	enum nt_status status;

	if (!names)
		return NT_STATUS_INSUFFICIENT_RESOURCES;
	status = smb_info_set(args->info_class, args->in, names, &set, &access);
	if (status == NT_STATUS_SUCCESS)
		status = smb_body_needs_all(rq, access);
	set.call = &rq->call;
	if (status == NT_STATUS_SUCCESS)
		status = smb_body_objects(rq)->co_set(rq->open->object, &set);
	free(names);
	return status;
}

/* Pipes are as they are; a client may say so. */
static enum nt_status set_pipe(const struct args *args)
{
	if (args->type != INFO_FILE || args->info_class != SMB_FILE_PIPE)
		return NT_STATUS_NOT_SUPPORTED;
	return args->in.length < PIPE_INFO_SIZE ? NT_STATUS_INFO_LENGTH_MISMATCH
						: NT_STATUS_SUCCESS;
}

/* Nothing of a volume can be set by clients (MS-SMB2 3.3.5.21.2). */
static enum nt_status set_volume(const struct args *args)
{
	switch (args->info_class) {
	case SMB_FS_LABEL:
		return NT_STATUS_ACCESS_DENIED;
	case SMB_FS_CONTROL:
	case SMB_FS_OBJECT_ID:
		return NT_STATUS_NOT_SUPPORTED;
	default:
		return NT_STATUS_INVALID_INFO_CLASS;
	}
}

/* 3.3.5.21.3. */
static uint32_t security_access(uint32_t parts)
{
	uint32_t access = 0;

	if (parts & (SMB_SECURITY_OWNER | SMB_SECURITY_GROUP))
		access |= SMB_ACCESS_WRITE_OWNER;
	if (parts & SMB_SECURITY_DACL)
		access |= SMB_ACCESS_WRITE_DAC;
	if (parts & SMB_SECURITY_SACL)
		access |= SMB_ACCESS_SYSTEM_SECURITY;
	return access;
}

static enum nt_status co_set_security(struct smb_request *rq,
				      const struct args *args)
{
	enum nt_status status =
		smb_body_needs_all(rq, security_access(args->additional));

	if (status != NT_STATUS_SUCCESS)
		return status;
	if (args->in.length < DESCRIPTOR_MINIMUM)
		return NT_STATUS_INVALID_SECURITY_DESCR;
	return smb_body_objects(rq)->co_set_security(rq->open->object,
						     args->additional,
						     args->in.at,
						     (uint32_t)args->in.length);
}

static enum nt_status co_set(struct smb_request *rq, const struct args *args)
{
	if (!rq->open->object)
		return set_pipe(args);
	switch (args->type) {
	case INFO_FILE:
		return co_set_file(rq, args);
	case INFO_FILESYSTEM:
		return set_volume(args);
	case INFO_SECURITY:
		return co_set_security(rq, args);
	case INFO_QUOTA:
		return NT_STATUS_NOT_SUPPORTED;
	default:
		return NT_STATUS_INVALID_PARAMETER;
	}
}

enum nt_status smb_cmd_co_set_info(struct smb_request *rq)
{
	struct args args;
	enum nt_status status = read_args(rq, &args);

	if (status == NT_STATUS_SUCCESS)
		status = co_set(rq, &args);
	if (status != NT_STATUS_SUCCESS)
		return status;
	if (!smb_request_room(rq, RESPONSE_SIZE))
		return NT_STATUS_INSUFFICIENT_RESOURCES;
	wr_u16(&rq->out, RESPONSE_SIZE);
	return NT_STATUS_SUCCESS;
}
