/*
 * NDR's few types. Which of them a call is made of is known by the interfaces.
 */
#include "smb/rpc/ndr.h"

#include <string.h>

#include "smb/wire/utf16.h"

uint32_t smb_ndr_read_u32(struct reader *r)
{
	rd_align(r, 4);
	return rd_u32(r);
}

bool smb_ndr_read_pointer(struct reader *r)
{
	return smb_ndr_read_u32(r) != 0;
}

/* C706 14.3.4.2: the most there can be, where it starts, and how many. */
struct bytes smb_ndr_read_string(struct reader *r)
{
	uint32_t max = smb_ndr_read_u32(r);
	uint32_t first = smb_ndr_read_u32(r);
	uint32_t count = smb_ndr_read_u32(r);
	struct bytes text = rd_bytes(r, 2 * (size_t)count);

	if (!rd_ok(r) || first != 0 || count > max || count == 0) {
		rd_fail(r);
		return (struct bytes){ NULL, 0 };
	}
	text.length -= 2;
	if (text.at[text.length] || text.at[text.length + 1]) {
		rd_fail(r);
		return (struct bytes){ NULL, 0 };
	}
	return text;
}

struct bytes smb_ndr_read_pointed_string(struct reader *r)
{
	if (!smb_ndr_read_pointer(r))
		return (struct bytes){ NULL, 0 };
	return smb_ndr_read_string(r);
}

bool smb_ndr_read_unicode_head(struct reader *r)
{
	rd_align(r, 4);
	rd_skip(r, 4); /* the text says how long it is */
	return smb_ndr_read_pointer(r);
}

struct bytes smb_ndr_read_unicode(struct reader *r)
{
	uint32_t max = smb_ndr_read_u32(r);
	uint32_t first = smb_ndr_read_u32(r);
	uint32_t count = smb_ndr_read_u32(r);
	struct bytes text = rd_bytes(r, 2 * (size_t)count);

	if (first == 0 && count <= max)
		return text;
	rd_fail(r);
	return (struct bytes){ NULL, 0 };
}

void smb_ndr_read_sid(struct reader *r, struct smb_sid *ret_sid)
{
	uint32_t count = smb_ndr_read_u32(r);

	*ret_sid = (struct smb_sid){ 0 };
	smb_sid_read(r, ret_sid);
	if (count != ret_sid->count)
		rd_fail(r);
}

void smb_ndr_write_u32(struct writer *w, uint32_t v)
{
	wr_align(w, 4);
	wr_u32(w, v);
}

/* The base is what Windows uses; a place is never used twice. */
void smb_ndr_write_pointer(struct writer *w)
{
	wr_align(w, 4);
	wr_u32(w, 0x00020000 + (uint32_t)w->at);
}

void smb_ndr_write_string(struct writer *w, const char *utf8)
{
	wr_align(w, 4);
	struct later max = wr_later_u32(w);

	wr_u32(w, 0);
	struct later count = wr_later_u32(w);
	size_t start = w->at;

	wr_utf16_of(w, utf8);
	wr_u16(w, 0);
	uint32_t units = (uint32_t)((w->at - start) / 2);

	wr_now_u32(w, max, units);
	wr_now_u32(w, count, units);
}

/* Bytes of the text in UTF-16. */
static size_t utf16_length(const char *utf8)
{
	uint16_t units[512];
	size_t count = smb_utf8_to_utf16(utf8, strlen(utf8), units, 512);

	return count == SIZE_MAX || count > 512 ? 0 : 2 * count;
}

void smb_ndr_write_unicode_head(struct writer *w, const char *utf8)
{
	size_t length = utf16_length(utf8);

	wr_align(w, 4);
	wr_u16(w, (uint16_t)length);
	wr_u16(w, (uint16_t)length);
	if (length)
		smb_ndr_write_pointer(w);
	else
		wr_u32(w, 0);
}

void smb_ndr_write_unicode(struct writer *w, const char *utf8)
{
	size_t length = utf16_length(utf8);

	if (!length)
		return;
	smb_ndr_write_u32(w, (uint32_t)(length / 2));
	wr_u32(w, 0);
	wr_u32(w, (uint32_t)(length / 2));
	wr_utf16_of(w, utf8);
}

void smb_ndr_write_sid(struct writer *w, const struct smb_sid *sid)
{
	smb_ndr_write_u32(w, sid->count);
	smb_sid_write(w, sid);
}
