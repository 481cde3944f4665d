/*
 * Lists of extended attributes (MS-FSCC 2.4.15 FileFullEaInformation), checked
 * before anybody walks them. What an EA is kept as is the object store's.
 */
#include "smb/wire/info.h"

enum {
	FILE_NEED_EA = 0x80,
};

/* MS-FSCC 2.4.15: EaName is ASCII without these and without controls. */
static bool name_is_legal(struct bytes name)
{
	for (size_t i = 0; i < name.length; i++) {
		uint8_t c = name.at[i];

		if (c < 0x20 || strchr("\\/:*?\"<>|,+=[];", c))
			return false;
	}
	return name.length > 0;
}

/* One entry, up to the next one or to the end of the list. */
static enum nt_status check_entry(struct reader *r, uint32_t *ret_next)
{
	size_t start = r->at;
	uint32_t next = rd_u32(r);
	uint8_t flags = rd_u8(r);
	uint8_t name_length = rd_u8(r);
	uint16_t value_length = rd_u16(r);
	struct bytes name = rd_bytes(r, name_length);
	uint8_t end = rd_u8(r);

	rd_skip(r, value_length);
	if (!rd_ok(r) || end != 0 || (flags & ~FILE_NEED_EA))
		return NT_STATUS_EA_LIST_INCONSISTENT;
	if (next != 0 && (next % 4 != 0 || next < r->at - start))
		return NT_STATUS_EA_LIST_INCONSISTENT;
	if (!name_is_legal(name))
		return NT_STATUS_INVALID_EA_NAME;
	*ret_next = next;
	return NT_STATUS_SUCCESS;
}

enum nt_status smb_ea_list_check(struct bytes list)
{
	struct reader r = reader_of(list);
	size_t at = 0;
	uint32_t next;

	do {
		enum nt_status status = check_entry(&r, &next);

		if (status != NT_STATUS_SUCCESS)
			return status;
		if (!sum_fits(at, next, list.length))
			return NT_STATUS_EA_LIST_INCONSISTENT;
		at += next;
		rd_seek(&r, at);
	} while (next != 0);
	return NT_STATUS_SUCCESS;
}
