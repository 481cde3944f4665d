/*
 * FSCTLs on files (MS-FSCC 2.3, MS-FSA 2.1.5.10): which codes there are, and
 * the questions that clients ask and are content to hear «no» to. What is not
 * here is INVALID_DEVICE_REQUEST, which makes them fall back.
 */
#include "gateway/fsa/fsctl.h"

#include "gateway/fsa/previous.h"

enum {
	FSCTL_IS_PATHNAME_VALID = 0x9002c,
	FSCTL_GET_COMPRESSION = 0x9003c,
	FSCTL_GET_OBJECT_ID = 0x9009c,
	FSCTL_SET_REPARSE_POINT = 0x900a4,
	FSCTL_GET_REPARSE_POINT = 0x900a8,
	FSCTL_DELETE_REPARSE_POINT = 0x900ac,
	FSCTL_CREATE_OR_GET_OBJECT_ID = 0x900c0,
	FSCTL_SET_SPARSE = 0x900c4,
	FSCTL_QUERY_ALLOCATED_RANGES = 0x940cf,
	FSCTL_SET_ZERO_DATA = 0x980c8,
	FSCTL_FILE_LEVEL_TRIM = 0x98208,
	FSCTL_SET_COMPRESSION = 0x9c040,
	FSCTL_SRV_ENUMERATE_SNAPSHOTS = 0x144064,

	COMPRESSION_NONE = 0,
	OBJECT_ID_SIZE = 64,
};

static enum nt_status co_say_yes(struct fsa_fsctl *f)
{
	(void)f;
	return NT_STATUS_SUCCESS;
}

static enum nt_status co_get_compression(struct fsa_fsctl *f)
{
	wr_u16(&f->out, COMPRESSION_NONE);
	return wr_ok(&f->out) ? NT_STATUS_SUCCESS : NT_STATUS_BUFFER_TOO_SMALL;
}

static enum nt_status co_set_compression(struct fsa_fsctl *f)
{
	uint16_t format = rd_u16(&f->in);

	if (!rd_ok(&f->in))
		return NT_STATUS_INVALID_PARAMETER;
	return format == COMPRESSION_NONE ? NT_STATUS_SUCCESS
					  : NT_STATUS_NOT_SUPPORTED;
}

/* FILE_OBJECTID_BUFFER type 1, of what never changes: volume and inode. */
static enum nt_status co_get_object_id(struct fsa_fsctl *f)
{
	struct fsa_open *open = f->open;
	struct writer *out = &f->out;
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

struct code {
	uint32_t code;
	enum nt_status (*co_run)(struct fsa_fsctl *f);
};

static const struct code codes[] = {
	{ FSCTL_IS_PATHNAME_VALID, co_say_yes },
	{ FSCTL_GET_COMPRESSION, co_get_compression },
	{ FSCTL_GET_OBJECT_ID, co_get_object_id },
	{ FSCTL_SET_REPARSE_POINT, fsa_co_set_reparse_point },
	{ FSCTL_GET_REPARSE_POINT, fsa_co_get_reparse_point },
	{ FSCTL_DELETE_REPARSE_POINT, fsa_co_delete_reparse_point },
	{ FSCTL_CREATE_OR_GET_OBJECT_ID, co_get_object_id },
	{ FSCTL_SET_SPARSE, fsa_co_set_sparse },
	{ FSCTL_QUERY_ALLOCATED_RANGES, fsa_co_query_allocated_ranges },
	{ FSCTL_SET_ZERO_DATA, fsa_co_set_zero_data },
	{ FSCTL_FILE_LEVEL_TRIM, fsa_co_file_level_trim },
	{ FSCTL_SET_COMPRESSION, co_set_compression },
	{ FSCTL_SRV_ENUMERATE_SNAPSHOTS, fsa_co_enumerate_snapshots },
};

enum nt_status fsa_co_ioctl(struct smb_object *object,
			    const struct smb_ioctl *ioctl, uint32_t *ret_length)
{
	struct fsa_fsctl f = {
		.open = fsa_open_of(object),
		.call = ioctl->call,
		.in = reader_at(ioctl->in, ioctl->in_length),
		.out = writer_at(ioctl->out, ioctl->out_size),
	};
	enum nt_status status = NT_STATUS_INVALID_DEVICE_REQUEST;

	for (size_t i = 0; i < sizeof(codes) / sizeof(codes[0]); i++) {
		if (codes[i].code == ioctl->code)
			status = codes[i].co_run(&f);
	}
	*ret_length = wr_ok(&f.out) ? (uint32_t)f.out.at : 0;
	return status;
}
