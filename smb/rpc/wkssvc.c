/*
 * The workstation service (MS-WKST), as far as clients ask: what the computer
 * is called.
 */
#include "smb/rpc/interface.h"
#include "smb/rpc/ndr.h"
#include "smb/rpc/server.h"

/* WKSTA_INFO_100, _101, _102: MS-WKST 2.2.5.1 on; each begins the next. */
static void write_station(struct writer *w, uint32_t level,
			  const struct smb_server_facts *server)
{
	wr_u32(w, SMB_RPC_PLATFORM_NT);
	smb_ndr_write_pointer(w);
	smb_ndr_write_pointer(w);
	wr_u32(w, SMB_RPC_VERSION_MAJOR);
	wr_u32(w, SMB_RPC_VERSION_MINOR);
	if (level >= 101)
		smb_ndr_write_pointer(w);
	if (level >= 102)
		wr_u32(w, 1); /* users: the one who asks */
	smb_ndr_write_string(w, server->netbios_name);
	smb_ndr_write_string(w, "WORKGROUP");
	if (level >= 101)
		smb_ndr_write_string(w, "");
}

static enum smb_rpc_result get_info_result(const struct smb_rpc_call *call,
					   uint32_t level)
{
	if (level < 100 || level > 102)
		return SMB_RPC_ERROR_INVALID_LEVEL;
	if (call->user->is_anonymous && level != 100)
		return SMB_RPC_ERROR_ACCESS_DENIED;
	return SMB_RPC_SUCCESS;
}

/* MS-WKST 3.2.4.1 */
static enum smb_rpc_fault get_info(struct smb_rpc_call *call)
{
	const struct smb_ports *p = call->ports;
	struct writer *w = &call->out;

	smb_ndr_read_pointed_string(&call->in);
	uint32_t level = smb_ndr_read_u32(&call->in);
	enum smb_rpc_result result = get_info_result(call, level);

	wr_u32(w, level);
	if (result == SMB_RPC_SUCCESS) {
		smb_ndr_write_pointer(w);
		write_station(w, level, p->realm_ops->server(p->realm));
	} else {
		wr_u32(w, 0);
	}
	smb_ndr_write_u32(w, (uint32_t)result);
	return SMB_RPC_OK;
}

static const struct smb_rpc_operation operations[] = {
	{ 0, get_info },
};

/* 6bffd098-a112-3610-9833-46c3f87e345a */
const struct smb_rpc_interface smb_rpc_wkssvc = {
	.pipe = "wkssvc",
	.uuid = { 0x98, 0xd0, 0xff, 0x6b, 0x12, 0xa1, 0x10, 0x36, 0x98, 0x33,
		  0x46, 0xc3, 0xf8, 0x7e, 0x34, 0x5a },
	.version = 1,
	.operations = operations,
	.count = sizeof(operations) / sizeof(operations[0]),
};
