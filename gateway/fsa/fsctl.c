/*
 * FSCTLs on files (MS-FSCC 2.3, MS-FSA 2.1.5.10): holes, object ids, and the
 * questions that clients ask and are content to hear «no» to. What is not
 * here is INVALID_DEVICE_REQUEST, which makes them fall back.
 */
#include <string.h>

#include "gateway/fsa/dosattr.h"
#include "gateway/fsa/grant.h"
#include "gateway/fsa/notify.h"
#include "gateway/fsa/object.h"
#include "gateway/fsa/windows.h"
#include "smb/wire/cursor.h"

enum {
	FSCTL_IS_PATHNAME_VALID = 0x9002c,
	FSCTL_GET_COMPRESSION = 0x9003c,
	FSCTL_GET_OBJECT_ID = 0x9009c,
	FSCTL_GET_REPARSE_POINT = 0x900a8,
	FSCTL_CREATE_OR_GET_OBJECT_ID = 0x900c0,
	FSCTL_SET_SPARSE = 0x900c4,
	FSCTL_QUERY_ALLOCATED_RANGES = 0x940cf,
	FSCTL_SET_ZERO_DATA = 0x980c8,
	FSCTL_SET_COMPRESSION = 0x9c040,

	COMPRESSION_NONE = 0,
	OBJECT_ID_SIZE = 64,
	RANGE_SIZE = 16,
};

static enum nt_status get_compression(struct writer *out)
{
	wr_u16(out, COMPRESSION_NONE);
	return wr_ok(out) ? NT_STATUS_SUCCESS : NT_STATUS_BUFFER_TOO_SMALL;
}

static enum nt_status set_compression(struct reader *in)
{
	uint16_t format = rd_u16(in);

	if (!rd_ok(in))
		return NT_STATUS_INVALID_PARAMETER;
	return format == COMPRESSION_NONE ? NT_STATUS_SUCCESS
					  : NT_STATUS_NOT_SUPPORTED;
}

/* FILE_OBJECTID_BUFFER type 1, of what never changes: volume and inode. */
static enum nt_status get_object_id(struct fsa_open *open, struct writer *out)
{
	uint64_t volume =
		store_tree_features(open->volume->share->tree)->volume_id;
	uint64_t index = open->node->key.inode;

	if (wr_left(out) < OBJECT_ID_SIZE)
		return NT_STATUS_BUFFER_TOO_SMALL;
	wr_u64(out, index); /* ObjectId */
	wr_u64(out, volume);
	wr_u64(out, volume); /* BirthVolumeId */
	wr_u64(out, 0);
	wr_u64(out, index); /* BirthObjectId */
	wr_u64(out, volume);
	wr_zero(out, 16); /* DomainId */
	return NT_STATUS_SUCCESS;
}

/* Without a buffer it means yes; more than one byte does no harm. */
static enum nt_status co_set_sparse(struct fsa_open *open, struct reader *in)
{
	bool is_sparse = rd_left(in) == 0 || rd_u8(in) != 0;
	const uint32_t any =
		FILE_WRITE_DATA | FILE_APPEND_DATA | FILE_WRITE_ATTRIBUTES;
	struct fsa_dosattr attr;
	struct smb_file_facts facts;
	enum nt_status status;

	if (open->base.is_directory)
		return NT_STATUS_INVALID_PARAMETER;
	if (!(open->base.granted & any))
		return NT_STATUS_ACCESS_DENIED;
	if (!fsa_dosattr_is_kept(open->volume->share))
		return NT_STATUS_INVALID_DEVICE_REQUEST;
	status = fsa_co_dosattr_get(open->volume, open->file, &attr);
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
	return fsa_co_dosattr_set(open->volume, open->file, &attr);
}

static enum nt_status co_zero(struct fsa_open *open, struct reader *in)
{
	uint64_t start = rd_u64(in);
	uint64_t end = rd_u64(in);
	struct store_stat stat;

	if (!rd_ok(in) || start > end || end > INT64_MAX ||
	    open->base.is_directory)
		return NT_STATUS_INVALID_PARAMETER;
	if (!(open->base.granted & FILE_WRITE_DATA))
		return NT_STATUS_ACCESS_DENIED;

	int err = store_co_stat(open->file, &stat);

	if (err < 0)
		return fsa_status(FSA_FSCTL, err);
	if (end > stat.size)
		end = stat.size;
	if (start >= end)
		return NT_STATUS_SUCCESS;
	if (!fsa_locks_allow_io(open, start, end - start, true))
		return NT_STATUS_FILE_LOCK_CONFLICT;

	enum nt_status status =
		fsa_grant_co_event(open, FSA_OPLOCK_WRITE, NULL);

	if (status != NT_STATUS_SUCCESS)
		return status;
	open->was_written = true;
	return fsa_status(FSA_FSCTL,
			  store_co_zero(open->file, start, end - start));
}

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

static enum nt_status co_query_ranges(struct fsa_open *open, struct reader *in,
				      struct writer *out)
{
	uint64_t start = rd_u64(in);
	uint64_t length = rd_u64(in);
	struct smb_file_facts facts;
	enum nt_status status;

	if (!rd_ok(in) || !sum_fits(start, length, INT64_MAX) ||
	    open->base.is_directory)
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

enum nt_status fsa_co_ioctl(struct smb_object *object,
			    const struct smb_ioctl *ioctl, uint32_t *ret_length)
{
	struct fsa_open *open = fsa_open_of(object);
	struct reader in = reader_at(ioctl->in, ioctl->in_length);
	struct writer out = writer_at(ioctl->out, ioctl->out_size);
	enum nt_status status;

	switch (ioctl->code) {
	case FSCTL_IS_PATHNAME_VALID:
		status = NT_STATUS_SUCCESS;
		break;
	case FSCTL_GET_COMPRESSION:
		status = get_compression(&out);
		break;
	case FSCTL_SET_COMPRESSION:
		status = set_compression(&in);
		break;
	case FSCTL_GET_OBJECT_ID:
	case FSCTL_CREATE_OR_GET_OBJECT_ID:
		status = get_object_id(open, &out);
		break;
	case FSCTL_GET_REPARSE_POINT:
		status = NT_STATUS_NOT_A_REPARSE_POINT;
		break;
	case FSCTL_SET_SPARSE:
		status = co_set_sparse(open, &in);
		break;
	case FSCTL_SET_ZERO_DATA:
		status = co_zero(open, &in);
		break;
	case FSCTL_QUERY_ALLOCATED_RANGES:
		status = co_query_ranges(open, &in, &out);
		break;
	default:
		status = NT_STATUS_INVALID_DEVICE_REQUEST;
	}
	*ret_length = wr_ok(&out) ? (uint32_t)out.at : 0;
	return status;
}
