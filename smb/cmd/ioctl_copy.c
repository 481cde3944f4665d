/*
 * Copies inside the server: keys of sources, lists of chunks and their limits
 * (MS-SMB2 2.2.31.1, 2.2.32.1, 3.3.5.15.5, 3.3.5.15.6), and clones of extents
 * (MS-FSCC 2.3.7, 2.3.9). How bytes get from file to file is the object
 * store's; here a copy is cut into chunks, so that it can be cancelled, and
 * speaks up if it takes long.
 */
#include "smb/cmd/ioctl.h"

#include "smb/channel.h"
#include "smb/cmd/body.h"
#include "smb/engine.h"
#include "smb/limits.h"
#include "smb/open.h"
#include "smb/session.h"

enum {
	KEY_SIZE = 24,
	KEY_ANSWER = KEY_SIZE + 8,
	CHUNK_SIZE = 24,
	COPY_ANSWER = 12,
};

/* ---- sources ---- */

/* Which open it is can't be guessed: half of a FileId is random. */
enum nt_status smb_fsctl_resume_key(struct smb_request *rq,
				    struct smb_fsctl_call *call)
{
	struct writer *w = &call->out;

	if (wr_left(w) < KEY_ANSWER)
		return NT_STATUS_BUFFER_TOO_SMALL;
	wr_u64(w, rq->open->persistent);
	wr_u64(w, rq->open->volatile_id);
	wr_zero(w, KEY_SIZE - 16);
	wr_u32(w, 0);  /* ContextLength */
	wr_zero(w, 4); /* Context: clients expect four bytes of it */
	return NT_STATUS_SUCCESS;
}

/* A file of this session, of whatever tree, and in use from now on: end with
   drop_source(). NULL: there is none. */
static struct smb_open *take_source(struct smb_request *rq, uint64_t persistent,
				    uint64_t volatile_id)
{
	struct smb_open *open =
		smb_open_find(rq->session, persistent, volatile_id);

	if (!open || !open->object)
		return smb_open_unref(open);
	smb_open_enter(open);
	return open;
}

static void drop_source(struct smb_open *source)
{
	smb_open_leave(source);
	smb_open_unref(source);
}

/* ---- chunks ---- */

struct chunk {
	uint64_t from, to;
	uint32_t length;
};

static struct chunk read_chunk(struct reader *r)
{
	struct chunk chunk;

	chunk.from = rd_u64(r);
	chunk.to = rd_u64(r);
	chunk.length = rd_u32(r);
	rd_skip(r, 4);
	return chunk;
}

/* The reader is the caller's copy. */
static bool chunks_fit(struct reader r, uint32_t count)
{
	uint64_t total = 0;

	if (count > SMB_COPY_CHUNKS_MAX)
		return false;
	for (uint32_t i = 0; i < count; i++) {
		uint32_t length = read_chunk(&r).length;

		if (length == 0 || length > SMB_COPY_CHUNK_MAX)
			return false;
		total += length;
	}
	return total <= SMB_COPY_MAX;
}

/* SRV_COPYCHUNK_RESPONSE, which also goes with errors. */
static void answer(struct smb_request *rq, struct writer *w, uint32_t chunks,
		   uint32_t chunk_bytes, uint32_t total)
{
	wr_u32(w, chunks);
	wr_u32(w, chunk_bytes);
	wr_u32(w, total);
	rq->has_body = true;
}

/* Where it can't go async it is just slow. */
static void speak_up(struct smb_request *rq, uint64_t since)
{
	if (!rq->async_id && rq->is_last &&
	    smb_engine_ticks(rq->channel->engine) - since >= SMB_COPY_QUIET_MS)
		(void)smb_request_go_async(rq);
}

static enum nt_status co_copy_chunks(struct smb_request *rq,
				     struct smb_open *source, struct reader *r,
				     uint32_t count, struct writer *w)
{
	enum nt_status status = NT_STATUS_SUCCESS;
	uint64_t since = smb_engine_ticks(rq->channel->engine);
	uint64_t total = 0, copied = 0;
	uint32_t done = 0;

	while (done < count) {
		struct chunk chunk = read_chunk(r);
		struct smb_copy copy = {
			.source = source->object,
			.call = &rq->call,
			.from = chunk.from,
			.to = chunk.to,
			.length = chunk.length,
		};

		copied = 0;
		status = rq->is_cancelled
				 ? NT_STATUS_CANCELLED
				 : smb_body_objects(rq)->co_copy(
					   rq->open->object, &copy, &copied);
		total += copied;
		if (status != NT_STATUS_SUCCESS)
			break;
		copied = 0;
		done++;
		speak_up(rq, since);
	}
	answer(rq, w, done, (uint32_t)copied, (uint32_t)total);
	return status;
}

/*
 * A copy of no chunks is one of the whole file where the client and we have
 * told each other that we know it (AAPL): macOS duplicates files so.
 */
static enum nt_status co_copy_file(struct smb_request *rq,
				   struct smb_open *source, struct writer *w)
{
	const struct smb_object_ops *ops = smb_body_objects(rq);
	struct smb_copy copy = { .source = source->object, .call = &rq->call };
	uint64_t since = smb_engine_ticks(rq->channel->engine);
	struct smb_open_facts facts;
	uint64_t at = 0, copied = 0;
	enum nt_status status = ops->co_query(source->object, &facts);

	while (status == NT_STATUS_SUCCESS && at < facts.file.end_of_file) {
		copy.from = copy.to = at;
		copy.length = facts.file.end_of_file - at;
		if (copy.length > SMB_COPY_CHUNK_MAX)
			copy.length = SMB_COPY_CHUNK_MAX;
		status = rq->is_cancelled ? NT_STATUS_CANCELLED
					  : ops->co_copy(rq->open->object,
							 &copy, &copied);
		at += copy.length;
		speak_up(rq, since);
	}
	copy.is_rest = true;
	if (status == NT_STATUS_SUCCESS)
		status = ops->co_copy(rq->open->object, &copy, &copied);
	if (status == NT_STATUS_SUCCESS)
		answer(rq, w, 0, 0,
		       at > UINT32_MAX ? UINT32_MAX : (uint32_t)at);
	return status;
}

/* COPYCHUNK reads its target too; the store looks after the other rights. */
static enum nt_status check_target(struct smb_request *rq, uint32_t code)
{
	if (smb_body_is_directory(rq))
		return NT_STATUS_INVALID_DEVICE_REQUEST;
	return code == SMB_FSCTL_SRV_COPYCHUNK
		       ? smb_body_needs_any(rq, SMB_ACCESS_READ_DATA)
		       : NT_STATUS_SUCCESS;
}

enum nt_status smb_fsctl_co_copy_chunks(struct smb_request *rq,
					struct smb_fsctl_call *call)
{
	struct reader r = reader_of(call->in);
	uint64_t persistent = rd_u64(&r);
	uint64_t volatile_id = rd_u64(&r);
	uint64_t rest = rd_u64(&r);
	uint32_t count = rd_u32(&r);
	struct smb_open *source;
	enum nt_status status;

	rd_skip(&r, 4);
	if (!rd_ok(&r) || wr_left(&call->out) < COPY_ANSWER)
		return NT_STATUS_INVALID_PARAMETER;
	if (count <= SMB_COPY_CHUNKS_MAX && rd_left(&r) / CHUNK_SIZE < count)
		return NT_STATUS_INVALID_PARAMETER;
	if (!chunks_fit(r, count)) {
		answer(rq, &call->out, SMB_COPY_CHUNKS_MAX, SMB_COPY_CHUNK_MAX,
		       SMB_COPY_MAX);
		return NT_STATUS_INVALID_PARAMETER;
	}
	source = rest == 0 ? take_source(rq, persistent, volatile_id) : NULL;
	if (!source)
		return NT_STATUS_OBJECT_NAME_NOT_FOUND;
	status = check_target(rq, call->code);
	if (status == NT_STATUS_SUCCESS && count == 0 &&
	    rq->session->copies_for_apple)
		status = co_copy_file(rq, source, &call->out);
	else if (status == NT_STATUS_SUCCESS)
		status = co_copy_chunks(rq, source, &r, count, &call->out);
	drop_source(source);
	return status;
}

/* ---- clones ---- */

/* SOURCE_ATOMIC of the longer form asks for no more than is always done. */
enum nt_status smb_fsctl_co_clone(struct smb_request *rq,
				  struct smb_fsctl_call *call)
{
	bool is_long = call->code == SMB_FSCTL_DUPLICATE_EXTENTS_EX;
	struct reader r = reader_of(call->in);

	if (is_long)
		rd_skip(&r, 8); /* StructureSize */
	uint64_t persistent = rd_u64(&r);
	uint64_t volatile_id = rd_u64(&r);
	struct smb_copy copy = { .call = &rq->call, .is_clone = true };
	uint64_t copied;

	copy.from = rd_u64(&r);
	copy.to = rd_u64(&r);
	copy.length = rd_u64(&r);
	if (is_long)
		rd_skip(&r, 8); /* Flags, Reserved */
	if (!rd_ok(&r))
		return NT_STATUS_INVALID_PARAMETER;

	struct smb_open *source = take_source(rq, persistent, volatile_id);

	if (!source)
		return NT_STATUS_INVALID_HANDLE;
	copy.source = source->object;

	enum nt_status status =
		smb_body_objects(rq)->co_copy(rq->open->object, &copy, &copied);

	drop_source(source);
	return status;
}
