/*
 * The SMB2 packet header, MS-SMB2 2.2.1.1 and 2.2.1.2. Knows the layout, and
 * nothing of what the fields mean.
 */
#include "smb/wire/header.h"

bool smb_header_read(struct reader *r, struct smb_header *ret_header)
{
	struct smb_header h = { 0 };
	uint32_t protocol = rd_u32(r);
	uint16_t size = rd_u16(r);

	h.credit_charge = rd_u16(r);
	h.status = rd_u32(r);
	h.command = rd_u16(r);
	h.credits = rd_u16(r);
	h.flags = rd_u32(r);
	h.next = rd_u32(r);
	h.message_id = rd_u64(r);
	if (h.flags & SMB2_FLAGS_ASYNC_COMMAND) {
		h.async_id = rd_u64(r);
	} else {
		h.process_id = rd_u32(r);
		h.tree_id = rd_u32(r);
	}
	h.session_id = rd_u64(r);
	rd_copy(r, h.signature, sizeof(h.signature));
	if (!rd_ok(r) || protocol != SMB_PROTOCOL_ID ||
	    size != SMB_HEADER_LENGTH)
		return false;
	*ret_header = h;
	return true;
}

void smb_header_write(struct writer *w, const struct smb_header *header)
{
	wr_u32(w, SMB_PROTOCOL_ID);
	wr_u16(w, SMB_HEADER_LENGTH);
	wr_u16(w, header->credit_charge);
	wr_u32(w, header->status);
	wr_u16(w, header->command);
	wr_u16(w, header->credits);
	wr_u32(w, header->flags);
	wr_u32(w, header->next);
	wr_u64(w, header->message_id);
	if (header->flags & SMB2_FLAGS_ASYNC_COMMAND) {
		wr_u64(w, header->async_id);
	} else {
		wr_u32(w, header->process_id);
		wr_u32(w, header->tree_id);
	}
	wr_u64(w, header->session_id);
	wr_copy(w, header->signature, sizeof(header->signature));
}
