/*
 * CREATE (MS-SMB2 2.2.13, 3.3.5.9): decodes, refuses what no file could mend,
 * and hands the rest to the object store or to the named pipes. What a name
 * leads to, who may open it and beside whom is the store's (MS-FSA 2.1.5.1);
 * who holds the oplock or lease that is asked for is lease.h's, what is kept
 * for a client that goes away durable.h's.
 */
#include "smb/cmd/cmd.h"

#include <stdlib.h>

#include "smb/channel.h"
#include "smb/cmd/body.h"
#include "smb/cmd/create.h"
#include "smb/durable.h"
#include "smb/engine.h"
#include "smb/lease.h"
#include "smb/limits.h"
#include "smb/open.h"
#include "smb/replay.h"
#include "smb/rpc/rpc.h"
#include "smb/session.h"
#include "smb/tree.h"
#include "smb/wire/utf16.h"

enum {
	FIXED_SIZE = 56,
	IMPERSONATION_MAX = 3, /* Delegate */
	DISPOSITION_MAX = 5,   /* OVERWRITE_IF */
	SHARING_ALL = 0x7,
	PIPE_ALLOCATION = 4096,
	FILE_ATTRIBUTE_NORMAL = 0x80,
};

/* MS-SMB2 2.2.13 CreateOptions, those that are judged here. */
enum {
	FILE_DIRECTORY_FILE = 0x1,
	FILE_NO_INTERMEDIATE_BUFFERING = 0x8,
	FILE_NON_DIRECTORY_FILE = 0x40,
	/* CREATE_TREE_CONNECTION, OPEN_BY_FILE_ID, RESERVE_OPFILTER. */
	OPTIONS_UNSUPPORTED = 0x80 | 0x2000 | 0x100000,
	OPTIONS_KNOWN = 0x00ffffff,
};

/* Generic and specific rights, MAXIMUM_ALLOWED, SYSTEM_SECURITY: 2.2.13.1. */
#define ACCESS_KNOWN 0xf31f01ffu

/* MS-FSCC 2.6 without DEVICE, VOLUME and what files on disk never have. */
#define ATTRIBUTES_KNOWN 0x00007fb7u

struct args {
	uint32_t impersonation;
	struct smb_create how;
	struct smb_create_wishes wishes;
	uint16_t *units; /* of the name; owned */
	struct smb_replay replay;
};

static enum nt_status read_name(struct smb_request *rq, uint16_t offset,
				uint16_t length, struct args *args)
{
	struct bytes wire;
	enum nt_status status =
		smb_body_piece(rq, offset, length, FIXED_SIZE, &wire);

	if (status != NT_STATUS_SUCCESS)
		return status;
	if (length % 2 != 0 || (length > 0 && offset % 8 != 0))
		return NT_STATUS_INVALID_PARAMETER;
	args->units = malloc(length + 2u);
	if (!args->units)
		return NT_STATUS_INSUFFICIENT_RESOURCES;

	size_t count = smb_utf16_decode(wire, args->units, SMB_PATH_MAX);

	if (count == SIZE_MAX)
		return NT_STATUS_OBJECT_NAME_INVALID;
	args->how.name = (struct smb_name){ args->units, (uint32_t)count };
	return NT_STATUS_SUCCESS;
}

/* Skips up to and with the next backslash. */
static struct smb_name without_first_part(struct smb_name name)
{
	while (name.count > 0 && name.units[0] != '\\') {
		name.units++;
		name.count--;
	}
	if (name.count > 0) {
		name.units++;
		name.count--;
	}
	return name;
}

/* 3.3.5.9: with the DFS flag the name is "server\share\rest". */
static enum nt_status normalize_name(const struct smb_request *rq,
				     struct smb_name *name)
{
	bool is_dfs = rq->header.flags & SMB2_FLAGS_DFS_OPERATIONS;
	bool is_slashed = name->count > 0 && name->units[0] == '\\';

	if (is_slashed && !is_dfs)
		return NT_STATUS_INVALID_PARAMETER;
	if (is_slashed)
		*name = without_first_part(*name);
	if (is_dfs) {
		*name = without_first_part(*name);
		*name = without_first_part(*name);
	}
	return NT_STATUS_SUCCESS;
}

static enum nt_status read_args(struct smb_request *rq, struct args *args)
{
	struct reader r = reader_of(rq->body);
	struct smb_create *how = &args->how;
	struct bytes chain;
	enum nt_status status;
	uint8_t oplock;

	rd_skip(&r, 3); /* size, SecurityFlags */
	oplock = rd_u8(&r);
	args->impersonation = rd_u32(&r);
	rd_skip(&r, 16); /* SmbCreateFlags, Reserved */
	how->access = rd_u32(&r);
	how->attributes = rd_u32(&r);
	how->sharing = rd_u32(&r);
	how->disposition = rd_u32(&r);
	how->options = rd_u32(&r);

	uint16_t name_offset = rd_u16(&r);
	uint16_t name_length = rd_u16(&r);
	uint32_t chain_offset = rd_u32(&r);
	uint32_t chain_length = rd_u32(&r);

	if (!rd_ok(&r))
		return NT_STATUS_INVALID_PARAMETER;
	status = read_name(rq, name_offset, name_length, args);
	if (status == NT_STATUS_SUCCESS)
		status = normalize_name(rq, &how->name);
	if (status == NT_STATUS_SUCCESS)
		status = smb_body_piece(rq, chain_offset, chain_length,
					FIXED_SIZE, &chain);
	if (status == NT_STATUS_SUCCESS && chain_length > 0 &&
	    chain_offset % 8 != 0)
		status = NT_STATUS_INVALID_PARAMETER;
	if (status == NT_STATUS_SUCCESS)
		status = smb_create_read_contexts(chain, how, &args->wishes);
	if (status == NT_STATUS_SUCCESS)
		status = smb_create_settle_durable(rq->channel->dialect,
						   &args->wishes.durable);
	args->wishes.oplock = oplock;
	how->is_posix = args->wishes.wants_posix && rq->channel->has_posix;
	how->mode = args->wishes.posix_mode;
	return status;
}

/* What is wrong whatever the name leads to (MS-FSA 2.1.5.1, phase 1). */
static enum nt_status judge(const struct args *args)
{
	const struct smb_create *how = &args->how;
	bool is_directory = how->options & FILE_DIRECTORY_FILE;

	if (args->impersonation > IMPERSONATION_MAX)
		return NT_STATUS_BAD_IMPERSONATION_LEVEL;
	if (how->access == 0 || (how->access & ~ACCESS_KNOWN))
		return NT_STATUS_ACCESS_DENIED;
	if ((how->options & ~(uint32_t)OPTIONS_KNOWN) ||
	    (how->sharing & ~(uint32_t)SHARING_ALL) ||
	    (how->attributes & ~ATTRIBUTES_KNOWN) ||
	    how->disposition > DISPOSITION_MAX)
		return NT_STATUS_INVALID_PARAMETER;
	if (is_directory && (how->options & FILE_NON_DIRECTORY_FILE))
		return NT_STATUS_INVALID_PARAMETER;
	if ((how->options & FILE_NO_INTERMEDIATE_BUFFERING) &&
	    (how->access & SMB_ACCESS_APPEND_DATA))
		return NT_STATUS_INVALID_PARAMETER;
	if (how->options & OPTIONS_UNSUPPORTED)
		return NT_STATUS_NOT_SUPPORTED;
	return NT_STATUS_SUCCESS;
}

/* A session or tree that went while the request waited takes nothing more. */
static enum nt_status judge_scope(const struct smb_request *rq)
{
	if (rq->session->is_gone)
		return NT_STATUS_USER_SESSION_DELETED;
	if (rq->tree->is_gone)
		return NT_STATUS_NETWORK_NAME_DELETED;
	return NT_STATUS_SUCCESS;
}

/* What is remembered of a CREATE that has gone well. False: no memory. */
static bool keep(const struct smb_request *rq, struct args *args,
		 struct smb_open *open, const struct smb_created *created)
{
	open->action = created->action;
	if (rq->channel->dialect >= SMB_DIALECT_300)
		open->sequence.number = (uint16_t)rq->header.status;
	if (created->has_grant)
		smb_lease_join((void *)args->how.holder, open, created);
	smb_durable_grant(open, rq->channel, &args->wishes.durable, created);
	smb_replay_opened(rq->channel->engine, &args->replay, open);
	return !args->wishes.durable.wants_v2 ||
	       smb_instance_join(open, args->how.name, &args->wishes.instance,
				 rq->channel->client_guid);
}

/* Gives the object or the pipe a FileId and answers with it. */
static enum nt_status co_admit(struct smb_request *rq, struct args *args,
			       struct smb_object *object, struct smb_pipe *pipe,
			       const struct smb_created *created)
{
	struct smb_open *open = NULL;
	enum nt_status status = judge_scope(rq);

	if (status == NT_STATUS_SUCCESS) {
		open = smb_open_new(rq->tree, object, pipe);
		status = open ? NT_STATUS_SUCCESS
			      : NT_STATUS_INSUFFICIENT_RESOURCES;
	}
	if (!open) {
		if (object)
			(void)smb_body_objects(rq)->co_close(object, NULL);
		smb_pipe_free(pipe);
		return status;
	}
	status = keep(rq, args, open, created)
			 ? smb_create_answer(rq, open, &args->how,
					     &args->wishes, created)
			 : NT_STATUS_INSUFFICIENT_RESOURCES;
	if (status == NT_STATUS_SUCCESS)
		smb_request_opened(rq, open);
	else
		(void)smb_open_co_close(open, 0, NULL);
	smb_open_unref(open);
	return status;
}

/* 3.3.5.9.8, 3.3.5.9.11: what of RqLs counts in this dialect. */
static bool wants_lease(const struct smb_request *rq, const struct args *args)
{
	uint16_t dialect = rq->channel->dialect;

	if (args->wishes.oplock != SMB_OPLOCK_LEASE)
		return false;
	return args->wishes.lease.version == 1
		       ? dialect >= SMB_DIALECT_210
		       : args->wishes.lease.version == 2 &&
				 dialect >= SMB_DIALECT_300;
}

/* 3.3.5.9.11: what leases of version 2 can say. */
static void read_directory_wishes(const struct smb_request *rq,
				  struct args *args)
{
	const struct smb_lease_request *ask = &args->wishes.lease;

	if (ask->version != 2)
		return;
	args->how.may_lease_directory =
		rq->channel->capabilities & SMB2_CAP_DIRECTORY_LEASING;
	if (ask->flags & SMB_LEASE_PARENT_KEY_SET)
		args->how.parent_key = ask->parent_key;
}

/* Finds or makes the holder that is asked for, if any: a reference. */
static enum nt_status take_holder(const struct smb_request *rq,
				  struct args *args,
				  struct smb_lease **ret_lease)
{
	struct smb_engine *engine = rq->channel->engine;
	const struct smb_lease_request *ask = &args->wishes.lease;
	struct smb_lease *lease;

	*ret_lease = NULL;
	args->how.caching = smb_oplock_caching(args->wishes.oplock);
	if (wants_lease(rq, args)) {
		args->how.caching = (uint8_t)ask->state;
		read_directory_wishes(rq, args);
		lease = smb_lease_get(engine, rq->channel->client_guid, ask);
	} else if (args->how.caching) {
		lease = smb_lease_new_oplock(engine);
	} else {
		return NT_STATUS_SUCCESS;
	}
	if (!lease)
		return NT_STATUS_INSUFFICIENT_RESOURCES;
	args->how.holder = &lease->holder;
	*ret_lease = lease;
	return NT_STATUS_SUCCESS;
}

static enum nt_status co_create_object(struct smb_request *rq,
				       struct args *args)
{
	struct smb_created created = { 0 };
	enum nt_status status =
		smb_body_objects(rq)->co_create(rq->tree->volume, &rq->call,
						&args->how, &created);

	if (status == NT_STATUS_STOPPED_ON_SYMLINK)
		status = smb_create_answer_symlink(rq, &created);
	else if (status == NT_STATUS_SUCCESS)
		status = co_admit(rq, args, created.object, NULL, &created);
	free(created.symlink_target);
	return status;
}

static enum nt_status co_create_new(struct smb_request *rq, struct args *args)
{
	struct smb_lease *lease;
	enum nt_status status = take_holder(rq, args, &lease);

	if (status == NT_STATUS_SUCCESS)
		status = co_create_object(rq, args);
	smb_lease_unref(lease);
	return status;
}

/* 3.3.5.9.10: a CreateGuid stands for one open. */
static enum nt_status co_create_once(struct smb_request *rq, struct args *args)
{
	const uint8_t *guid = args->wishes.durable.create_guid;
	struct smb_channel *channel = rq->channel;
	const struct smb_replay *before;
	enum nt_status status;

	before = smb_replay_find(channel->engine, channel->client_guid, guid);
	if (before)
		return smb_create_co_replay(rq, &args->how, &args->wishes,
					    before);
	if (!smb_replay_begin(channel->engine, &args->replay,
			      channel->client_guid, guid))
		return NT_STATUS_INSUFFICIENT_RESOURCES;
	rq->may_come_again = true;
	status = smb_instance_co_take_over(rq, args->how.name,
					   &args->wishes.instance);
	if (status == NT_STATUS_SUCCESS)
		status = co_create_new(rq, args);
	smb_replay_end(&args->replay);
	return status;
}

static enum nt_status co_create_file(struct smb_request *rq, struct args *args)
{
	const struct smb_durable_request *durable = &args->wishes.durable;
	enum nt_status status;

	if (durable->reclaims_v1 || durable->reclaims_v2)
		return smb_create_co_reclaim(rq, &args->how, &args->wishes);
	status = judge(args);
	if (status != NT_STATUS_SUCCESS)
		return status;
	return durable->wants_v2 ? co_create_once(rq, args)
				 : co_create_new(rq, args);
}

/* MS-SMB2 3.3.5.9 for a named pipe: nothing of the contexts applies. */
static enum nt_status co_create_pipe(struct smb_request *rq, struct args *args)
{
	struct smb_created created = {
		.action = SMB_CREATE_OPENED,
		.facts = { .allocation = PIPE_ALLOCATION,
			   .attributes = FILE_ATTRIBUTE_NORMAL },
	};
	struct smb_pipe *pipe = NULL;
	enum nt_status status = judge(args);

	if (status == NT_STATUS_SUCCESS)
		status =
			smb_pipe_open(rq->channel->engine->ports,
				      rq->session->user, args->how.name, &pipe);
	if (status != NT_STATUS_SUCCESS)
		return status;
	args->how.wants_max_access = false;
	args->wishes.wants_file_id = false;
	return co_admit(rq, args, NULL, pipe, &created);
}

enum nt_status smb_cmd_co_create(struct smb_request *rq)
{
	struct args args = { 0 };
	enum nt_status status = read_args(rq, &args);

	if (status == NT_STATUS_SUCCESS)
		status = rq->tree->volume ? co_create_file(rq, &args)
					  : co_create_pipe(rq, &args);
	free(args.units);
	return status;
}
