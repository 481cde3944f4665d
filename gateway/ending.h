/*
 * Ending a session that another worker has (PreviousSessionId, MS-SMB2
 * 3.3.5.5.3): a note goes there, the answer comes back.
 *
 * Thread: a worker's.
 */
#pragma once

#include <stdbool.h>
#include <stdint.h>

struct gw_worker;

/*
 * smb_host_ops.co_end_session of the worker `from`. False if there is no such
 * session of that user, or if nobody waits for the answer any more: the caller
 * was cancelled, the server ends, or it took too long.
 */
bool gw_ending_co_ask(struct gw_worker *from, uint64_t session_id,
		      const char *user);
