/*
 * CLOSE (MS-SMB2 2.2.15, 3.3.5.10). What waits on the handle ends first, then
 * the file is closed, then the answer tells its times as they are after that.
 */
#include "smb/cmd/cmd.h"

#include "smb/cmd/body.h"
#include "smb/open.h"

enum {
	RESPONSE_SIZE = 60,
	POSTQUERY_ATTRIB = 0x1,
};

static void write_answer(struct writer *w, uint16_t flags,
			 const struct smb_file_facts *facts)
{
	wr_u16(w, RESPONSE_SIZE);
	wr_u16(w, flags);
	wr_zero(w, 4);
	wr_u64(w, facts->creation);
	wr_u64(w, facts->access);
	wr_u64(w, facts->write);
	wr_u64(w, facts->change);
	wr_u64(w, facts->allocation);
	wr_u64(w, facts->end_of_file);
	wr_u32(w, facts->attributes);
}

enum nt_status smb_cmd_co_close(struct smb_request *rq)
{
	struct reader r = reader_of(rq->body);
	struct smb_file_facts facts = { 0 };
	const struct smb_file_facts nothing = { 0 };

	rd_skip(&r, 2);
	uint16_t flags = rd_u16(&r);
	rd_skip(&r, 4);
	enum nt_status status = smb_body_open(rq, &r);

	if (status != NT_STATUS_SUCCESS)
		return status;

	bool wants_facts = (flags & POSTQUERY_ATTRIB) && rq->open->object;

	status = smb_open_co_close(rq->open, 1, wants_facts ? &facts : NULL);
	if (status != NT_STATUS_SUCCESS)
		return status;
	if (!smb_request_room(rq, RESPONSE_SIZE))
		return NT_STATUS_INSUFFICIENT_RESOURCES;
	write_answer(&rq->out, wants_facts ? POSTQUERY_ATTRIB : 0,
		     wants_facts ? &facts : &nothing);
	return NT_STATUS_SUCCESS;
}
