/*
 * NDR's few types. Which of them a call is made of is known by the interfaces.
 */
#include "smb/rpc/ndr.h"

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
