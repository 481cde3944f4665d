/*
 * File information classes that can be set (MS-FSCC 2.4), from bytes to struct
 * smb_set, with the access that MS-SMB2 3.3.5.21.1 asks of the handle. What
 * setting does, and whether the file allows it, is the object store's.
 */
#include "smb/wire/info.h"

#include "smb/limits.h"
#include "smb/wire/utf16.h"

enum {
	FILE_WRITE_DATA = 0x2,
	FILE_WRITE_EA = 0x10,
	FILE_WRITE_ATTRIBUTES = 0x100,
	DELETE = 0x10000,
	MODE_SETTABLE = 0x2 | 0x4 | 0x8 | 0x10 | 0x20,
};

/* 0, -1 and -2 have meanings (MS-FSCC FileBasicInformation); else a time. */
static bool time_is_legal(uint64_t time)
{
	return (int64_t)time >= -2;
}

static enum nt_status read_basic(struct reader *r, uint16_t *names,
				 struct smb_set *set)
{
	(void)names;
	set->creation = rd_u64(r);
	set->access = rd_u64(r);
	set->write = rd_u64(r);
	set->change = rd_u64(r);
	set->attributes = rd_u32(r);
	if (!time_is_legal(set->creation) || !time_is_legal(set->access) ||
	    !time_is_legal(set->write) || !time_is_legal(set->change))
		return NT_STATUS_INVALID_PARAMETER;
	return NT_STATUS_SUCCESS;
}

/* A name with its length in front: the last thing of its class. */
static enum nt_status read_name(struct reader *r, uint16_t *names,
				struct smb_set *set)
{
	uint32_t length = rd_u32(r);
	struct bytes wire = rd_bytes(r, length);
	size_t count = smb_utf16_decode(wire, names, SMB_PATH_MAX);

	if (!rd_ok(r) || count == 0)
		return NT_STATUS_INVALID_PARAMETER;
	if (count == SIZE_MAX)
		return length % 2 ? NT_STATUS_INVALID_PARAMETER
				  : NT_STATUS_OBJECT_NAME_INVALID;
	set->name = (struct smb_name){ names, (uint32_t)count };
	return NT_STATUS_SUCCESS;
}

/* The form of MS-SMB2: names are below the share, there is no root handle. */
static enum nt_status read_rename(struct reader *r, uint16_t *names,
				  struct smb_set *set)
{
	set->is_replace = rd_u8(r) != 0;
	rd_skip(r, 7);
	if (rd_u64(r) != 0)
		return NT_STATUS_INVALID_PARAMETER;

	enum nt_status status = read_name(r, names, set);

	if (status != NT_STATUS_SUCCESS)
		return status;
	if (set->name.units[0] == '\\') {
		set->name.units++;
		set->name.count--;
	}
	return set->name.count ? NT_STATUS_SUCCESS
			       : NT_STATUS_INVALID_PARAMETER;
}

static enum nt_status read_disposition(struct reader *r, uint16_t *names,
				       struct smb_set *set)
{
	(void)names;
	set->is_delete = rd_u8(r) != 0;
	return NT_STATUS_SUCCESS;
}

/* Offsets and sizes are signed on the wire. */
static enum nt_status read_size(struct reader *r, uint16_t *names,
				struct smb_set *set)
{
	(void)names;
	set->value = rd_u64(r);
	return (int64_t)set->value < 0 ? NT_STATUS_INVALID_PARAMETER
				       : NT_STATUS_SUCCESS;
}

static enum nt_status read_mode(struct reader *r, uint16_t *names,
				struct smb_set *set)
{
	(void)names;
	set->value = rd_u32(r);
	return set->value & ~(uint64_t)MODE_SETTABLE
		       ? NT_STATUS_INVALID_PARAMETER
		       : NT_STATUS_SUCCESS;
}

static enum nt_status read_eas(struct reader *r, uint16_t *names,
			       struct smb_set *set)
{
	struct bytes list = rd_bytes(r, rd_left(r));

	(void)names;
	set->eas = list.at;
	set->eas_length = (uint32_t)list.length;
	return smb_ea_list_check(list);
}

struct set_class {
	uint8_t number;
	uint8_t minimum; /* less: INFO_LENGTH_MISMATCH */
	enum smb_set_kind kind;
	uint32_t access;
	enum nt_status (*read)(struct reader *r, uint16_t *names,
			       struct smb_set *set);
};

static const struct set_class classes[] = {
	{ SMB_FILE_BASIC, 40, SMB_SET_BASIC, FILE_WRITE_ATTRIBUTES,
	  read_basic },
	{ SMB_FILE_RENAME, 20, SMB_SET_RENAME, DELETE, read_rename },
	{ SMB_FILE_LINK, 20, SMB_SET_LINK, 0, read_rename },
	{ SMB_FILE_DISPOSITION, 1, SMB_SET_DISPOSITION, DELETE,
	  read_disposition },
	{ SMB_FILE_POSITION, 8, SMB_SET_POSITION, 0, read_size },
	{ SMB_FILE_FULL_EA, 8, SMB_SET_EAS, FILE_WRITE_EA, read_eas },
	{ SMB_FILE_MODE, 4, SMB_SET_MODE, 0, read_mode },
	{ SMB_FILE_ALLOCATION, 8, SMB_SET_ALLOCATION, FILE_WRITE_DATA,
	  read_size },
	{ SMB_FILE_END_OF_FILE, 8, SMB_SET_END_OF_FILE, FILE_WRITE_DATA,
	  read_size },
	{ SMB_FILE_VALID_DATA_LENGTH, 8, SMB_SET_VALID_DATA, FILE_WRITE_DATA,
	  read_size },
	{ SMB_FILE_SHORT_NAME, 4, SMB_SET_SHORT_NAME, FILE_WRITE_ATTRIBUTES,
	  read_name },
};

enum nt_status smb_info_set(uint8_t file_class, struct bytes in,
			    uint16_t *names, struct smb_set *ret_set,
			    uint32_t *ret_access)
{
	struct reader r = reader_of(in);

	for (size_t i = 0; i < sizeof(classes) / sizeof(classes[0]); i++) {
		const struct set_class *c = &classes[i];
		struct smb_set set = { .kind = c->kind };

		if (c->number != file_class)
			continue;
		if (in.length < c->minimum)
			return NT_STATUS_INFO_LENGTH_MISMATCH;

		enum nt_status status = c->read(&r, names, &set);

		if (status != NT_STATUS_SUCCESS)
			return status;
		*ret_set = set;
		*ret_access = c->access;
		return NT_STATUS_SUCCESS;
	}
	return NT_STATUS_INVALID_INFO_CLASS;
}
