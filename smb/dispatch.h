/*
 * The table of commands: what each needs before it may run, and who runs it.
 * Pure.
 */
#pragma once

#include <stdbool.h>
#include <stdint.h>

#include "smb/request.h"
#include "smb/status.h"

struct smb_command_row {
	const char *name;
	uint16_t size;       /* StructureSize of the request */
	uint16_t other_size; /* another one that is right; or 0 */
	bool needs_session;
	bool needs_tree;
	uint8_t file_id_at; /* where FileId lies in the body; 0: it has none */
	/*
	 * The FileId is looked up when the message arrives, so that a CLOSE
	 * that comes later waits for this one (IO-1).
	 */
	bool binds_early;
	/* It may wait for others: what follows in a compound isn't bound. */
	bool may_wait_long;
	enum nt_status (*co_run)(struct smb_request *rq);
};

/* NULL if there is no such command. CANCEL has no co_run. */
const struct smb_command_row *smb_dispatch_row(uint16_t command);

/* Whether the body has this command's fixed size (MS-SMB2 3.3.5.2.6). */
bool smb_dispatch_size_is_right(const struct smb_command_row *row,
				struct bytes body);
