/*
 * READ, WRITE and FLUSH (MS-FSA 2.1.5.2, 2.1.5.3, 2.1.5.7): checks rights,
 * bounds and the locks of others, and hands the bytes on. How they travel,
 * through memory or a pipe, is store's.
 */
#include "gateway/fsa/grant.h"
#include "gateway/fsa/object.h"
#include "gateway/fsa/stream.h"
#include "gateway/fsa/windows.h"
#include "gateway/store/pipe.h"
#include "smb/wire/cursor.h"

#define DATA_READ  (FILE_READ_DATA | FILE_EXECUTE)
#define DATA_WRITE (FILE_WRITE_DATA | FILE_APPEND_DATA)

bool fsa_locks_allow_io(struct fsa_open *open, uint64_t offset, uint64_t length,
			bool is_write)
{
	bool may;

	fsa_node_lock(open->node);
	may = fsa_range_allows_io(&open->node->ranges, open, offset, length,
				  is_write);
	fsa_node_unlock(open->node);
	return may;
}

/* ---- read ---- */

static enum nt_status check_read(struct fsa_open *open,
				 const struct smb_read *how)
{
	if (open->base.is_directory || open->is_special)
		return NT_STATUS_INVALID_DEVICE_REQUEST;
	if (!(open->base.granted & DATA_READ))
		return NT_STATUS_ACCESS_DENIED;
	if (!sum_fits(how->offset, how->length, INT64_MAX))
		return NT_STATUS_INVALID_PARAMETER;
	if (!fsa_locks_allow_io(open, how->offset, how->length, false))
		return NT_STATUS_FILE_LOCK_CONFLICT;
	return NT_STATUS_SUCCESS;
}

static enum nt_status co_fetch(struct fsa_open *open,
			       const struct smb_read *how,
			       struct store_body *ret_body)
{
	if (fsa_open_is_stream(open))
		return fsa_stream_co_read(open, how, ret_body);
	return fsa_status(FSA_READ,
			  store_co_read(open->file,
					&(struct store_read){
						.offset = how->offset,
						.length = how->length,
						.may_be_opaque =
							how->may_be_opaque,
						.room = how->room,
						.owner = how->owner,
					},
					ret_body));
}

enum nt_status fsa_co_read(struct smb_object *object,
			   const struct smb_read *how,
			   struct smb_body *ret_body)
{
	struct fsa_open *open = fsa_open_of(object);
	enum nt_status status = check_read(open, how);
	struct store_body got = { 0 };
	struct smb_body body;

	if (nt_status_is_ok(status) && how->length)
		status = co_fetch(open, how, &got);
	if (!nt_status_is_ok(status))
		return status;
	body = (struct smb_body){ .bytes = got.bytes,
				  .length = got.length,
				  .opaque = got.pipe };
	if (body.length < how->minimum || (how->length && !body.length)) {
		fsa_body_drop(&body);
		return NT_STATUS_END_OF_FILE;
	}
	/* CurrentByteOffset, MS-FSA 2.1.5.3. */
	open->position = how->offset + body.length;
	*ret_body = body;
	return NT_STATUS_SUCCESS;
}

void fsa_body_drop(struct smb_body *body)
{
	store_pipe_give(body->opaque, !body->length);
	*body = (struct smb_body){ 0 };
}

/* ---- write ---- */

/* Only who can't but append writes at the end without naming it. */
static bool is_append(const struct fsa_open *open, const struct smb_write *how)
{
	return how->offset == UINT64_MAX &&
	       (open->base.granted & DATA_WRITE) == FILE_APPEND_DATA;
}

static enum nt_status check_write(struct fsa_open *open,
				  const struct smb_write *how)
{
	if (open->base.is_directory || open->is_special)
		return NT_STATUS_INVALID_DEVICE_REQUEST;
	if (!(open->base.granted & DATA_WRITE))
		return NT_STATUS_ACCESS_DENIED;
	if (is_append(open, how))
		return fsa_locks_allow_io(open, 0, UINT64_MAX, true)
			       ? NT_STATUS_SUCCESS
			       : NT_STATUS_FILE_LOCK_CONFLICT;
	if (how->offset > INT64_MAX)
		return NT_STATUS_INVALID_PARAMETER;
	if (how->length &&
	    !sum_fits(how->offset, how->length, FSA_FILE_SIZE_MAX))
		return NT_STATUS_INVALID_PARAMETER;
	if (!fsa_locks_allow_io(open, how->offset, how->length, true))
		return NT_STATUS_FILE_LOCK_CONFLICT;
	return NT_STATUS_SUCCESS;
}

/* Before a write: clients go on to see the write time that was, for a while. */
static enum nt_status co_note_write(struct fsa_open *open)
{
	struct fsa_node *node = open->node;
	struct store_stat stat;
	int err;

	open->was_written = true;
	fsa_node_lock(node);
	bool asks = fsa_write_time_asks(&node->written, loop_now());

	fsa_node_unlock(node);
	if (!asks)
		return NT_STATUS_SUCCESS;
	err = store_co_stat(open->file, &stat);
	if (err)
		return fsa_status(FSA_WRITE, err);
	fsa_node_lock(node);
	fsa_write_time_wrote(&node->written, fsa_time_from_unix(&stat.mtime),
			     loop_now());
	fsa_node_unlock(node);
	return NT_STATUS_SUCCESS;
}

static enum nt_status co_put(struct fsa_open *open, const struct smb_write *how)
{
	bool is_stable =
		how->is_write_through || open->options & FILE_WRITE_THROUGH;
	enum nt_status status;

	if (fsa_open_is_stream(open)) {
		open->was_written = true;
		return fsa_stream_co_write(open, how, is_stable);
	}
	status = co_note_write(open);
	if (!nt_status_is_ok(status))
		return status;
	return fsa_status(FSA_WRITE,
			  store_co_write(open->file, how->bytes, how->length,
					 how->offset, is_stable));
}

enum nt_status fsa_co_write(struct smb_object *object,
			    const struct smb_write *how)
{
	struct fsa_open *open = fsa_open_of(object);
	enum nt_status status = check_write(open, how);

	if (!nt_status_is_ok(status) || !how->length)
		return status;
	status = fsa_grant_co_begin_change(open, NULL);
	if (!nt_status_is_ok(status))
		return status;
	status = co_put(open, how);
	fsa_grant_end_change(open);
	return status;
}

/* ---- flush ---- */

/* A directory may have been opened for walking alone, which can't be synced. */
static enum nt_status co_flush_directory(struct fsa_open *open)
{
	struct store_file *file;
	int err =
		store_co_reopen(open->file, open->volume->creds,
				STORE_OPEN_READ | STORE_OPEN_DIRECTORY, &file);

	if (err)
		return fsa_status(FSA_FLUSH, err);
	err = store_co_flush(file);
	store_file_close(file);
	return fsa_status(FSA_FLUSH, err);
}

enum nt_status fsa_co_flush(struct smb_object *object)
{
	struct fsa_open *open = fsa_open_of(object);

	/* For directories these are the rights to add files and folders. */
	if (!(open->base.granted & DATA_WRITE))
		return NT_STATUS_ACCESS_DENIED;
	if (open->is_special)
		return NT_STATUS_INVALID_DEVICE_REQUEST;
	if (fsa_open_is_stream(open))
		return fsa_stream_co_flush(open);
	if (open->base.is_directory)
		return co_flush_directory(open);
	fsa_settle_write_time(open->node);
	return fsa_status(FSA_FLUSH, store_co_flush(open->file));
}
