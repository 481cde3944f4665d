/*
 * FSCTL_QUERY_NETWORK_INTERFACE_INFO (MS-SMB2 2.2.32.5, 3.3.5.15.11): an entry
 * an address, all of them of one size. What addresses there are is the wire's
 * to know.
 */
#include "smb/cmd/ioctl.h"

#include <stdlib.h>

#include "smb/channel.h"
#include "smb/limits.h"

enum {
	ENTRY_SIZE = 152,
	SOCKADDR_SIZE = 128,
	RSS_CAPABLE = 0x1,
	FAMILY_V4 = 0x0002,
	FAMILY_V6 = 0x0017,
};

/* 2.2.32.5.1: SOCKADDR_STORAGE; clients know the port. */
static void write_address(struct writer *w, const struct smb_interface *i)
{
	size_t end = w->at + SOCKADDR_SIZE;

	wr_u16(w, i->is_v6 ? FAMILY_V6 : FAMILY_V4);
	wr_u16(w, 0);
	if (i->is_v6) {
		wr_u32(w, 0); /* FlowInfo */
		wr_copy(w, i->address, 16);
	} else {
		wr_copy(w, i->address + 12, 4);
	}
	wr_zero(w, end - w->at);
}

static void write_entry(struct writer *w, const struct smb_interface *i,
			bool is_last)
{
	wr_u32(w, is_last ? 0 : ENTRY_SIZE);
	wr_u32(w, i->index);
	wr_u32(w, i->has_rss ? RSS_CAPABLE : 0);
	wr_u32(w, 0);
	wr_u64(w, i->speed);
	write_address(w, i);
}

enum nt_status smb_fsctl_co_interfaces(struct smb_request *rq,
				       struct smb_fsctl_call *call)
{
	struct smb_channel *channel = rq->channel;
	struct smb_interface *told = calloc(SMB_INTERFACES_MAX, sizeof(*told));
	enum nt_status status = NT_STATUS_SUCCESS;
	uint32_t count;

	if (!told)
		return NT_STATUS_INSUFFICIENT_RESOURCES;
	count = channel->wire_ops->co_interfaces(channel->wire, told,
						 SMB_INTERFACES_MAX);
	if (wr_left(&call->out) < (size_t)count * ENTRY_SIZE)
		status = NT_STATUS_BUFFER_TOO_SMALL;
	for (uint32_t i = 0; i < count && status == NT_STATUS_SUCCESS; i++)
		write_entry(&call->out, &told[i], i + 1 == count);
	free(told);
	return status;
}
