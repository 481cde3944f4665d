/*
 * What the server says of itself to those who ask by RPC. Inner header of
 * smb/rpc/.
 */
#pragma once

enum {
	SMB_RPC_PLATFORM_NT = 500, /* MS-SRVS 2.2.2.6 */
	/* The Windows that we behave like: NTLM's version says the same. */
	SMB_RPC_VERSION_MAJOR = 6,
	SMB_RPC_VERSION_MINOR = 1,
};
