/*
 * Chains of create contexts (MS-SMB2 2.2.13.2 and 2.2.14.2): where each one
 * lies, and nothing of what it means.
 */
#include "smb/wire/context.h"

enum {
	FIXED_SIZE = 16,
	NAME_MIN = 4, /* what Windows and Samba take: tags have 4 bytes */
};

/* The context in `entry`, which ends where the next one begins. */
static enum nt_status read_context(struct bytes entry,
				   struct smb_create_context *ret_context)
{
	struct reader r = reader_of(entry);

	rd_skip(&r, 4); /* Next */
	uint16_t name_offset = rd_u16(&r);
	uint16_t name_length = rd_u16(&r);
	rd_skip(&r, 2);
	uint16_t data_offset = rd_u16(&r);
	uint32_t data_length = rd_u32(&r);
	struct bytes name = rd_piece(&r, name_offset, name_length);
	struct bytes data = rd_piece(&r, data_offset, data_length);

	if (!rd_ok(&r) || name_length < NAME_MIN || name_offset < FIXED_SIZE)
		return NT_STATUS_INVALID_PARAMETER;
	if (data_length > 0 &&
	    (data_offset % 8 != 0 || data_offset < name_offset + name_length))
		return NT_STATUS_INVALID_PARAMETER;
	*ret_context =
		(struct smb_create_context){ .name = name, .data = data };
	return NT_STATUS_SUCCESS;
}

enum nt_status smb_create_contexts_next(struct smb_create_contexts *walk,
					struct smb_create_context *ret_context)
{
	struct reader r = reader_of(walk->chain);

	if (walk->is_over || walk->chain.length == 0)
		return NT_STATUS_NO_MORE_ENTRIES;
	rd_seek(&r, walk->at);

	size_t left = rd_left(&r);
	uint32_t next = rd_u32(&r);
	struct bytes entry = { walk->chain.at + walk->at, next ? next : left };

	if (!rd_ok(&r) || next > left || next % 8 != 0)
		return NT_STATUS_INVALID_PARAMETER;

	enum nt_status status = read_context(entry, ret_context);

	if (status != NT_STATUS_SUCCESS)
		return status;
	walk->at += next;
	walk->is_over = next == 0;
	return NT_STATUS_SUCCESS;
}

bool smb_create_context_is(const struct smb_create_context *context,
			   const char tag[4])
{
	return context->name.length == 4 &&
	       memcmp(context->name.at, tag, 4) == 0;
}

void smb_create_context_add_named(struct writer *w, size_t start,
				  size_t *ref_last, struct bytes name,
				  const void *data, size_t length)
{
	size_t padded = (name.length + 7) & ~(size_t)7;

	wr_zero(w, (8 - (w->at - start) % 8) % 8);
	if (*ref_last != SIZE_MAX)
		wr_now_u32(w, (struct later){ .at = *ref_last },
			   (uint32_t)(w->at - *ref_last));
	*ref_last = w->at;
	wr_u32(w, 0); /* Next */
	wr_u16(w, FIXED_SIZE);
	wr_u16(w, (uint16_t)name.length);
	wr_zero(w, 2);
	wr_u16(w, (uint16_t)(FIXED_SIZE + padded));
	wr_u32(w, (uint32_t)length);
	wr_copy(w, name.at, name.length);
	wr_zero(w, padded - name.length);
	wr_copy(w, data, length);
}

void smb_create_context_add(struct writer *w, size_t start, size_t *ref_last,
			    const char tag[4], const void *data, size_t length)
{
	struct bytes name = { (const uint8_t *)tag, 4 };

	smb_create_context_add_named(w, start, ref_last, name, data, length);
}
