/*
 * Connection-oriented RPC 5.0 (C706 12.6, MS-RPCE 2.2.2): one association.
 * Whole fragments in, whole fragments out. Inner header of smb/rpc/.
 *
 * Thread: worker.
 */
#pragma once

#include <stdbool.h>
#include <stddef.h>
#include <stdint.h>

#include "smb/ports.h"
#include "smb/rpc/interface.h"
#include "smb/wire/cursor.h"

enum {
	SMB_RPC_HEADER = 16,
	SMB_RPC_LENGTH_AT = 8, /* of the fragment, 2 bytes */
	SMB_RPC_CONTEXTS_MAX = 8,
};

struct smb_rpc {
	const struct smb_ports *ports; /* borrowed */
	struct smb_user *user;         /* borrowed */
	const struct smb_rpc_interface *interface;
	uint16_t contexts[SMB_RPC_CONTEXTS_MAX]; /* ids that were accepted */
	unsigned int context_count;
	size_t fragment_max; /* of what we send */
	/* A request whose fragments still come. */
	bool is_gathering;
	uint32_t call_id;
	uint16_t context_id, operation;
	uint8_t *stub; /* malloc */
	size_t stub_length;
	/* Takes one fragment; false: no memory. */
	bool (*send)(void *arg, struct bytes fragment);
	void *arg;
};

/* Gives up what an association holds. */
void smb_rpc_fini(struct smb_rpc *rpc);

/* The length of the fragment that begins here, once 10 bytes are there. */
size_t smb_rpc_fragment_length(const uint8_t *bytes);

/*
 * Takes one fragment, and sends what there is to answer. False: the peer has
 * broken the protocol, or memory is out; the association is over.
 */
bool smb_rpc_take(struct smb_rpc *rpc, struct bytes fragment);
