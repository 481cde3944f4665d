/*
 * The server's GUID: the same over restarts, as clients that reconnect compare
 * it (MS-SMB2 3.2.5.2).
 *
 * Thread: at start; may block.
 */
#pragma once

#include <stdint.h>

/*
 * From `state_dir`/guid, made when it is missing; without a directory, derived
 * from this machine's id and `name`. -errno if the directory can't be used.
 */
int gw_guid(const char *state_dir, const char *name, uint8_t ret_guid[16]);
