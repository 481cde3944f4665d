/*
 * Where a file has data and where it has none (MS-FSCC 2.3, MS-FSA 2.1.5.10):
 * the sparse attribute, holes that are made, and those that are there.
 */
#include "gateway/fsa/change.h"
#include "gateway/fsa/dosattr.h"
#include "gateway/fsa/fsctl.h"
#include "gateway/fsa/grant.h"
#include "gateway/fsa/stream.h"
#include "gateway/fsa/windows.h"

enum {
	RANGE_SIZE = 16,
	BLOCK = 4096, /* what is smaller can't be given back to a disk */
};

/* Streams have no holes, and get none. */
static bool has_data(const struct fsa_open *open)
{
	return !open->base.is_directory && !open->is_special &&
	       !fsa_open_is_stream(open);
}

/* Without a buffer it means yes; more than one byte does no harm. */
enum nt_status fsa_co_set_sparse(struct fsa_fsctl *f)
{
	struct fsa_open *open = f->open;
	struct reader *in = &f->in;
	bool is_sparse = rd_left(in) == 0 || rd_u8(in) != 0;
	const uint32_t any =
		FILE_WRITE_DATA | FILE_APPEND_DATA | FILE_WRITE_ATTRIBUTES;
	struct fsa_dosattr attr;
	struct smb_file_facts facts;
	enum nt_status status;

	if (!has_data(open))
		return NT_STATUS_INVALID_PARAMETER;
	if (!(open->base.granted & any))
		return NT_STATUS_ACCESS_DENIED;
	if (!fsa_dosattr_is_kept(open->volume->share))
		return NT_STATUS_INVALID_DEVICE_REQUEST;
	status = fsa_co_dosattr_get(open->volume, open->file, NULL, &attr);
	if (status == NT_STATUS_SUCCESS)
		status = fsa_co_facts(open, &facts);
	if (status != NT_STATUS_SUCCESS)
		return status;

	bool was_sparse = (facts.attributes & FILE_ATTRIBUTE_SPARSE_FILE) != 0;

	if (was_sparse == is_sparse)
		return NT_STATUS_SUCCESS;
	if (!attr.attributes)
		attr.attributes = facts.attributes & FSA_DOSATTR_STORED;
	if (is_sparse)
		attr.attributes |= FILE_ATTRIBUTE_SPARSE_FILE;
	else
		attr.attributes &= ~(uint32_t)FILE_ATTRIBUTE_SPARSE_FILE;
	if (attr.attributes == 0)
		attr.attributes = FILE_ATTRIBUTE_NORMAL;
	status = fsa_co_dosattr_set(open->volume, open->file, &attr);
	if (status == NT_STATUS_SUCCESS)
		fsa_changed_self(open, FSA_CHANGE_ATTRIBUTES);
	return status;
}

/* What of the range lies in the file; the rest is left alone. */
static enum nt_status co_zero(struct fsa_fsctl *f, uint64_t start, uint64_t end)
{
	struct fsa_open *open = f->open;
	struct store_stat stat;

	int err = store_co_stat(open->file, &stat);

	if (err < 0)
		return fsa_status(FSA_FSCTL, err);
	if (end > stat.size)
		end = stat.size;
	if (start >= end)
		return NT_STATUS_SUCCESS;
	if (!fsa_locks_allow_io(open, start, end - start, true))
		return NT_STATUS_FILE_LOCK_CONFLICT;

	enum nt_status status = fsa_grant_co_begin_change(open, f->call);

	if (status != NT_STATUS_SUCCESS)
		return status;
	open->was_written = true;
	status = fsa_status(FSA_FSCTL,
			    store_co_zero(open->file, start, end - start));
	fsa_grant_end_change(open);
	return status;
}

enum nt_status fsa_co_set_zero_data(struct fsa_fsctl *f)
{
	uint64_t start = rd_u64(&f->in);
	uint64_t end = rd_u64(&f->in);

	if (!rd_ok(&f->in) || start > end || end > INT64_MAX ||
	    !has_data(f->open))
		return NT_STATUS_INVALID_PARAMETER;
	if (!(f->open->base.granted & FILE_WRITE_DATA))
		return NT_STATUS_ACCESS_DENIED;
	return co_zero(f, start, end);
}

/* ---- trim ---- */

/* The blocks that lie in the range as a whole. */
static enum nt_status co_trim(struct fsa_fsctl *f, uint64_t offset,
			      uint64_t length)
{
	uint64_t start = (offset + BLOCK - 1) & ~(uint64_t)(BLOCK - 1);
	uint64_t end = (offset + length) & ~(uint64_t)(BLOCK - 1);

	return start < end ? co_zero(f, start, end) : NT_STATUS_SUCCESS;
}

enum nt_status fsa_co_file_level_trim(struct fsa_fsctl *f)
{
	uint32_t key = rd_u32(&f->in);
	uint32_t count = rd_u32(&f->in), done = 0;
	enum nt_status status = NT_STATUS_SUCCESS;

	if (!rd_ok(&f->in) || key != 0 || count == 0 ||
	    rd_left(&f->in) / RANGE_SIZE < count || !has_data(f->open))
		return NT_STATUS_INVALID_PARAMETER;
	if (!(f->open->base.granted & FILE_WRITE_DATA))
		return NT_STATUS_ACCESS_DENIED;
	if (!store_tree_features(f->open->tree)->has_sparse)
		return NT_STATUS_INVALID_DEVICE_REQUEST;
	if (wr_left(&f->out) < sizeof(done))
		return NT_STATUS_BUFFER_TOO_SMALL;
	while (done < count) {
		uint64_t offset = rd_u64(&f->in);
		uint64_t length = rd_u64(&f->in);

		status = sum_fits(offset, length, INT64_MAX)
				 ? co_trim(f, offset, length)
				 : NT_STATUS_INVALID_PARAMETER;
		if (status != NT_STATUS_SUCCESS)
			break;
		done++;
	}
	if (done == 0)
		return status;
	wr_u32(&f->out, done);
	return status == NT_STATUS_CANCELLED ? status : NT_STATUS_SUCCESS;
}

/* ---- where the data are ---- */

/* False: no room for it. */
static bool write_range(struct writer *out, uint64_t start, uint64_t end)
{
	if (wr_left(out) < RANGE_SIZE)
		return false;
	wr_u64(out, start);
	wr_u64(out, end - start);
	return true;
}

static enum nt_status no_room(const struct writer *out)
{
	return out->at > 0 ? NT_STATUS_BUFFER_OVERFLOW
			   : NT_STATUS_BUFFER_TOO_SMALL;
}

/* The runs of data between two places. */
static enum nt_status co_write_ranges(struct fsa_open *open, uint64_t at,
				      uint64_t end, struct writer *out)
{
	while (at < end) {
		uint64_t run, run_end;
		int found = store_co_next_data(open->file, at, &run, &run_end);

		if (found < 0)
			return fsa_status(FSA_FSCTL, found);
		if (found == 0 || run >= end || run_end <= at)
			break;
		if (run < at)
			run = at;
		if (run_end > end)
			run_end = end;
		if (!write_range(out, run, run_end))
			return no_room(out);
		at = run_end;
	}
	return NT_STATUS_SUCCESS;
}

enum nt_status fsa_co_query_allocated_ranges(struct fsa_fsctl *f)
{
	struct fsa_open *open = f->open;
	struct reader *in = &f->in;
	struct writer *out = &f->out;
	uint64_t start = rd_u64(in);
	uint64_t length = rd_u64(in);
	struct smb_file_facts facts;
	enum nt_status status;

	if (!rd_ok(in) || !sum_fits(start, length, INT64_MAX) ||
	    !has_data(open))
		return NT_STATUS_INVALID_PARAMETER;
	if (!(open->base.granted & FILE_READ_DATA))
		return NT_STATUS_ACCESS_DENIED;
	status = fsa_co_facts(open, &facts);
	if (status != NT_STATUS_SUCCESS)
		return status;

	uint64_t end = start + length;

	if (end > facts.end_of_file)
		end = facts.end_of_file;
	if (start >= end)
		return NT_STATUS_SUCCESS;
	/* What is not sparse has no holes, whatever the disk says. */
	if (!(facts.attributes & FILE_ATTRIBUTE_SPARSE_FILE))
		return write_range(out, start, end) ? NT_STATUS_SUCCESS
						    : no_room(out);
	return co_write_ranges(open, start, end, out);
}
