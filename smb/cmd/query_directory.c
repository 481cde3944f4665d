/*
 * QUERY_DIRECTORY (MS-SMB2 2.2.33, 3.3.5.18): entries straight from the object
 * store's scan into the answer. The scan, its pattern and where it stands are
 * the store's; calls on one handle take turns, so that each one goes on where
 * the one before it stopped.
 */
#include "smb/cmd/cmd.h"

#include "smb/channel.h"
#include "smb/cmd/body.h"
#include "smb/engine.h"
#include "smb/open.h"
#include "smb/session.h"
#include "smb/wire/info.h"
#include "smb/wire/utf16.h"

enum {
	FIXED_SIZE = 32,
	RESTART_SCANS = 0x1,
	RETURN_SINGLE_ENTRY = 0x2,
	REOPEN = 0x10,
	PATTERN_MAX = 255, /* no component is longer (MS-FSCC 2.1.5) */
};

struct args {
	uint8_t file_class;
	uint8_t flags;
	uint32_t size; /* OutputBufferLength */
	uint16_t pattern[PATTERN_MAX];
	uint32_t pattern_count;
};

/* ---- turns ---- */

/* A call's place in the line of its open. Lives on the call's stack. */
struct smb_turn {
	struct smb_turn *next;
	struct smb_parked parked;
};

/* Whoever is first after that may run. */
static void leave_line(struct smb_request *rq, struct smb_turn *turn)
{
	const struct smb_ports *ports = rq->channel->engine->ports;
	struct smb_turn **at = &rq->open->turns;
	bool was_first = *at == turn;

	while (*at != turn)
		at = &(*at)->next;
	*at = turn->next;
	if (was_first && *at)
		ports->host_ops->wake(ports->host, &(*at)->parked);
}

/* On SUCCESS it is this call's turn, until it leaves the line. */
static enum nt_status co_stand_in_line(struct smb_request *rq,
				       struct smb_turn *turn)
{
	const struct smb_ports *ports = rq->channel->engine->ports;
	struct smb_turn **at = &rq->open->turns;

	while (*at)
		at = &(*at)->next;
	*at = turn;
	while (rq->open->turns != turn) {
		enum nt_status status =
			ports->host_ops->co_park(ports->host, &turn->parked,
						 UINT32_MAX);

		if (status != NT_STATUS_SUCCESS) {
			leave_line(rq, turn);
			return status;
		}
	}
	return NT_STATUS_SUCCESS;
}

/* ---- the request ---- */

/* A pattern is one component: MS-SMB2 3.3.5.18. */
static enum nt_status read_pattern(struct bytes wire, struct args *args)
{
	size_t count = smb_utf16_decode(wire, args->pattern, PATTERN_MAX);

	if (wire.length % 2 != 0)
		return NT_STATUS_INVALID_PARAMETER;
	if (count == SIZE_MAX)
		return NT_STATUS_OBJECT_NAME_INVALID;
	for (size_t i = 0; i < count; i++) {
		if (args->pattern[i] == '\\' || args->pattern[i] == '/')
			return NT_STATUS_OBJECT_NAME_INVALID;
	}
	args->pattern_count = (uint32_t)count;
	return NT_STATUS_SUCCESS;
}

/* In the order in which Windows refuses. */
static enum nt_status judge(const struct smb_request *rq,
			    const struct args *args, struct bytes pattern,
			    struct args *ret_args)
{
	enum nt_status status;

	if (!smb_body_is_directory(rq))
		return NT_STATUS_INVALID_PARAMETER;
	status = smb_body_needs_any(rq, SMB_ACCESS_READ_DATA);
	if (status != NT_STATUS_SUCCESS)
		return status;
	if (!smb_dir_class_is_known(args->file_class) ||
	    (args->file_class == SMB_FILE_POSIX && !rq->open->object->is_posix))
		return NT_STATUS_INVALID_INFO_CLASS;
	if (args->size < smb_dir_fixed_size(args->file_class))
		return NT_STATUS_INFO_LENGTH_MISMATCH;
	return read_pattern(pattern, ret_args);
}

static enum nt_status read_args(struct smb_request *rq, struct args *args)
{
	struct reader r = reader_of(rq->body);
	struct bytes pattern;

	rd_skip(&r, 2);
	args->file_class = rd_u8(&r);
	args->flags = rd_u8(&r);
	rd_skip(&r, 4); /* FileIndex: no cursor of ours goes by it */
	struct reader file_id = rd_sub(&r, 16);
	uint16_t offset = rd_u16(&r);
	uint16_t length = rd_u16(&r);
	args->size = rd_u32(&r);

	if (!rd_ok(&r) || args->size > rq->channel->io_size_max)
		return NT_STATUS_INVALID_PARAMETER;

	enum nt_status status =
		smb_body_piece(rq, offset, length, FIXED_SIZE, &pattern);

	if (status == NT_STATUS_SUCCESS)
		status = smb_request_charge(rq, args->size);
	if (status == NT_STATUS_SUCCESS)
		status = smb_body_open(rq, &file_id);
	if (status == NT_STATUS_SUCCESS)
		status = judge(rq, args, pattern, args);
	return status;
}

/* ---- the answer ---- */

static bool take_entry(void *arg, const struct smb_dir_entry *entry)
{
	return smb_dir_add(arg, entry);
}

static enum nt_status co_list(struct smb_request *rq, const struct args *args)
{
	struct smb_dir_writer d = {
		.w = &rq->out,
		.file_class = args->file_class,
		.is_apple = rq->session->lists_for_apple,
		.size = args->size,
		.start = rq->out.at,
	};
	struct smb_list how = {
		.pattern = { args->pattern, args->pattern_count },
		.is_restart = args->flags & RESTART_SCANS,
		.is_reopen = args->flags & REOPEN,
		.is_single = args->flags & RETURN_SINGLE_ENTRY,
		.needs_facts = args->file_class != SMB_FILE_NAMES,
		.needs_apple = d.is_apple &&
			       args->file_class == SMB_FILE_ID_BOTH_DIRECTORY,
		.needs_ea_size = smb_dir_has_ea_size(&d),
		.take = take_entry,
		.arg = &d,
	};
	enum nt_status status =
		smb_body_objects(rq)->co_list(rq->open->object, &how);

	/* There are entries, and not even the first one fits. */
	if (status == NT_STATUS_SUCCESS && d.count == 0)
		return NT_STATUS_INFO_LENGTH_MISMATCH;
	return status;
}

enum nt_status smb_cmd_co_query_directory(struct smb_request *rq)
{
	struct args args;
	struct smb_turn turn = { 0 };
	enum nt_status status = read_args(rq, &args);

	if (status != NT_STATUS_SUCCESS)
		return status;
	if (!smb_body_begin_output(rq, args.size))
		return NT_STATUS_INSUFFICIENT_RESOURCES;
	status = co_stand_in_line(rq, &turn);
	if (status == NT_STATUS_SUCCESS) {
		status = co_list(rq, &args);
		leave_line(rq, &turn);
	}
	/* NO_MORE_FILES is a warning, and yet goes without data. */
	if (status == NT_STATUS_SUCCESS)
		smb_body_end_output(rq);
	else
		rq->out.at = 0;
	return status;
}
