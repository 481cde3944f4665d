/*
 * Acknowledgements of breaks (MS-SMB2 2.2.24, 3.3.5.22). No oplock and no lease
 * is ever granted, so none is breaking: every acknowledgement is an error, and
 * here is which one.
 */
#include "smb/cmd/cmd.h"

#include "smb/cmd/body.h"

enum {
	LEASE_ACK_SIZE = 36,
	OPLOCK_LEVEL_LEASE = 0xff,
};

enum nt_status smb_cmd_co_oplock_break(struct smb_request *rq)
{
	struct reader r = reader_of(rq->body);
	uint16_t size = rd_u16(&r);

	/* 3.3.5.22.2: leases are looked up by their key. */
	if (size == LEASE_ACK_SIZE)
		return NT_STATUS_OBJECT_NAME_NOT_FOUND;

	/* 3.3.5.22.1 */
	uint8_t level = rd_u8(&r);
	rd_skip(&r, 5);
	enum nt_status status = smb_body_open(rq, &r);

	if (status != NT_STATUS_SUCCESS)
		return status;
	return level == OPLOCK_LEVEL_LEASE ? NT_STATUS_INVALID_PARAMETER
					   : NT_STATUS_INVALID_DEVICE_STATE;
}
