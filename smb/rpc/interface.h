/*
 * What an RPC interface is to the runtime: numbers, a name, and calls. Inner
 * header of smb/rpc/.
 *
 * Thread: worker.
 */
#pragma once

#include <stddef.h>
#include <stdint.h>

#include "smb/ports.h"
#include "smb/wire/cursor.h"

/* Status of a FAULT (C706 E, MS-RPCE 2.2.1.1.7); 0: there is none. */
enum smb_rpc_fault {
	SMB_RPC_OK = 0,
	SMB_RPC_ACCESS_DENIED = 0x00000005,
	SMB_RPC_BAD_STUB_DATA = 0x000006f7,
	SMB_RPC_NO_MEMORY = 0x1c00001b,
	SMB_RPC_UNKNOWN_OPERATION = 0x1c010002,
	SMB_RPC_UNKNOWN_INTERFACE = 0x1c010003,
	SMB_RPC_PROTOCOL_ERROR = 0x1c01000b,
};

/* Win32 results of calls, MS-ERREF 2.2. */
enum smb_rpc_result {
	SMB_RPC_SUCCESS = 0,
	SMB_RPC_ERROR_ACCESS_DENIED = 5,
	SMB_RPC_ERROR_NOT_SUPPORTED = 50,
	SMB_RPC_ERROR_INVALID_PARAMETER = 87,
	SMB_RPC_ERROR_INVALID_NAME = 123,
	SMB_RPC_ERROR_INVALID_LEVEL = 124,
	SMB_RPC_NAME_NOT_FOUND = 2310,
	SMB_RPC_DEVICE_NOT_SHARED = 2311,
};

struct smb_rpc_call {
	const struct smb_ports *ports;
	struct smb_user *user; /* who asks */
	struct reader in;      /* parameters */
	struct writer out;     /* results */
};

/*
 * Answers one call. A reader or writer that went bad needs no fault of its
 * own: the runtime looks at both.
 */
typedef enum smb_rpc_fault smb_rpc_fn(struct smb_rpc_call *call);

struct smb_rpc_operation {
	uint16_t number;
	smb_rpc_fn *answer;
};

struct smb_rpc_interface {
	const char *pipe; /* "srvsvc" */
	uint8_t uuid[16]; /* as it goes on the wire */
	uint16_t version; /* the major one */
	const struct smb_rpc_operation *operations;
	size_t count;
};

extern const struct smb_rpc_interface smb_rpc_lsarpc; /* MS-LSAT */
extern const struct smb_rpc_interface smb_rpc_srvsvc; /* MS-SRVS */
extern const struct smb_rpc_interface smb_rpc_wkssvc; /* MS-WKST */
