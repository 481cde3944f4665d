/*
 * An RPC client on a pipe of ours: binds, calls, and puts fragments together.
 */
#pragma once

#include <stddef.h>
#include <stdint.h>

#include "smb/rpc/rpc.h"
#include "smb/wire/cursor.h"

/* Writes a BIND to an interface with NDR 2.0, context 0; its length. */
size_t fake_rpc_bind(uint8_t *to, size_t size, const uint8_t uuid[16],
		     uint16_t version);

/* A REQUEST in one fragment; its length. */
size_t fake_rpc_request(uint8_t *to, size_t size, uint16_t operation,
			struct bytes stub);

/*
 * Calls on a bound pipe. The length of the results, which go to `to`; the
 * status of a fault in *ret_fault, 0 if there is none.
 */
size_t fake_rpc_call(struct smb_pipe *pipe, uint16_t operation,
		     struct bytes stub, uint8_t *to, size_t size,
		     uint32_t *ret_fault);
