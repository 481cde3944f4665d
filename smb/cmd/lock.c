/*
 * LOCK (MS-SMB2 2.2.26, 3.3.5.14): decodes, judges the flags, and sees what was
 * done before. Who holds what is the object store's (MS-FSA 2.1.5.7 and .8); so
 * is the wait.
 */
#include "smb/cmd/cmd.h"

#include <stdlib.h>

#include "smb/channel.h"
#include "smb/cmd/body.h"
#include "smb/limits.h"
#include "smb/open.h"

enum {
	RESPONSE_SIZE = 4,
	ELEMENT_SIZE = 24,
	LOCK_SHARED = 0x1,
	LOCK_EXCLUSIVE = 0x2,
	LOCK_UNLOCK = 0x4,
	LOCK_FAIL_IMMEDIATELY = 0x10,
};

struct args {
	struct smb_lock *locks; /* owned */
	uint32_t count;
	bool is_immediate;
	uint32_t sequence; /* LockSequenceNumber, LockSequenceIndex */
	/* What to answer if the store took them all. */
	enum nt_status after;
};

static struct smb_lock read_lock(struct reader *r, uint32_t *ret_flags)
{
	struct smb_lock lock = { .offset = rd_u64(r), .length = rd_u64(r) };
	uint32_t flags = rd_u32(r);

	rd_skip(r, 4);
	lock.is_unlock = flags & LOCK_UNLOCK;
	lock.is_exclusive = flags & LOCK_EXCLUSIVE;
	*ret_flags = flags;
	return lock;
}

static bool lock_flags_are_right(uint32_t flags, uint32_t count)
{
	uint32_t kind = flags & ~(uint32_t)LOCK_FAIL_IMMEDIATELY;

	if (kind != LOCK_SHARED && kind != LOCK_EXCLUSIVE)
		return false;
	/* Several at once may not wait (3.3.5.14.2). */
	return count == 1 || (flags & LOCK_FAIL_IMMEDIATELY);
}

/*
 * The first element says what all of them are. Locks are judged before any is
 * taken; unlocks one by one, so that those before a bad one are done
 * (3.3.5.14.1).
 */
static enum nt_status read_locks(struct reader *r, struct args *args)
{
	bool is_unlock = false;

	for (uint32_t i = 0; i < args->count; i++) {
		uint32_t flags;

		args->locks[i] = read_lock(r, &flags);
		if (i == 0) {
			is_unlock = args->locks[0].is_unlock;
			args->is_immediate = flags & LOCK_FAIL_IMMEDIATELY;
		}
		if (!is_unlock && !lock_flags_are_right(flags, args->count))
			return NT_STATUS_INVALID_PARAMETER;
		if (is_unlock && flags != LOCK_UNLOCK) {
			args->count = i;
			args->after = NT_STATUS_INVALID_PARAMETER;
		}
	}
	return rd_ok(r) ? NT_STATUS_SUCCESS : NT_STATUS_INVALID_PARAMETER;
}

static enum nt_status read_args(struct smb_request *rq, struct args *args)
{
	struct reader r = reader_of(rq->body);

	rd_skip(&r, 2);
	args->count = rd_u16(&r);
	args->sequence = rd_u32(&r);
	enum nt_status status = smb_body_open(rq, &r);

	if (status != NT_STATUS_SUCCESS)
		return status;
	if (args->count == 0 || args->count > SMB_LOCKS_MAX ||
	    args->count > rd_left(&r) / ELEMENT_SIZE)
		return NT_STATUS_INVALID_PARAMETER;
	args->locks = calloc(args->count, sizeof(*args->locks));
	if (!args->locks)
		return NT_STATUS_INSUFFICIENT_RESOURCES;
	return read_locks(&r, args);
}

/*
 * 3.3.5.14: where the number lies that this request goes by, or NULL. Clients
 * that may lose a channel and go on send it; buckets count from 1.
 */
static uint8_t *sequence_slot(const struct smb_request *rq, uint32_t bucket)
{
	bool is_checked = rq->channel->dialect >= SMB_DIALECT_300 ||
			  rq->open->durable.is_granted;

	if (!is_checked || bucket == 0 || bucket > SMB_LOCK_BUCKETS)
		return NULL;
	return &rq->open->lock_sequence[bucket - 1];
}

static enum nt_status co_lock(struct smb_request *rq, const struct args *args)
{
	struct smb_locks locks = {
		.locks = args->locks,
		.count = args->count,
		.is_immediate = args->is_immediate,
	};
	enum nt_status status;

	if (!rq->open->object)
		return NT_STATUS_INVALID_DEVICE_REQUEST;
	if (locks.count == 0)
		return args->after;
	status = smb_body_objects(rq)->co_lock(rq->open->object, &rq->call,
					       &locks);
	return status == NT_STATUS_SUCCESS ? args->after : status;
}

static enum nt_status co_lock_once(struct smb_request *rq,
				   const struct args *args)
{
	uint8_t *slot = sequence_slot(rq, args->sequence >> 4);
	uint8_t number = (uint8_t)(1 + (args->sequence & 0xf));
	enum nt_status status;

	if (slot && *slot == number)
		return NT_STATUS_SUCCESS; /* it was done */
	if (slot)
		*slot = 0;
	status = co_lock(rq, args);
	if (slot && status == NT_STATUS_SUCCESS)
		*slot = number;
	return status;
}

enum nt_status smb_cmd_co_lock(struct smb_request *rq)
{
	struct args args = { .after = NT_STATUS_SUCCESS };
	enum nt_status status = read_args(rq, &args);

	if (status == NT_STATUS_SUCCESS)
		status = co_lock_once(rq, &args);
	free(args.locks);
	if (status != NT_STATUS_SUCCESS)
		return status;
	if (!smb_request_room(rq, RESPONSE_SIZE))
		return NT_STATUS_INSUFFICIENT_RESOURCES;
	wr_u16(&rq->out, RESPONSE_SIZE);
	wr_zero(&rq->out, 2);
	return NT_STATUS_SUCCESS;
}
