/*
 * Named pipes of IPC$: DCE/RPC (C706, MS-RPCE) with lsarpc (MS-LSAT), srvsvc
 * (MS-SRVS) and wkssvc (MS-WKST). Bytes in by WRITE, bytes out by READ, or both by
 * FSCTL_PIPE_TRANSCEIVE.
 *
 * Thread: worker. Never suspends.
 */
#pragma once

#include <stdbool.h>
#include <stddef.h>
#include <stdint.h>

#include "smb/ports.h"
#include "smb/status.h"
#include "smb/wire/cursor.h"

struct smb_pipe;

/*
 * Opens a pipe by its name without "\PIPE\", in any case.
 * OBJECT_NAME_NOT_FOUND for all but these. `user` is who asks: a
 * reference is taken. Free with smb_pipe_free().
 */
enum nt_status smb_pipe_open(const struct smb_ports *ports,
			     struct smb_user *user, struct smb_name name,
			     struct smb_pipe **ret_pipe);
struct smb_pipe *smb_pipe_free(struct smb_pipe *pipe);

/*
 * Takes request bytes: parts of a fragment, or several. Answers are kept until
 * they are read. PIPE_DISCONNECTED once the other end has faulted for good.
 */
enum nt_status smb_pipe_write(struct smb_pipe *pipe, struct bytes in);

/*
 * Reads answer bytes, at most to the end of a fragment: BUFFER_OVERFLOW if
 * the rest of that fragment is still to come; PIPE_EMPTY if there is nothing,
 * PIPE_DISCONNECTED if there never will be.
 */
enum nt_status smb_pipe_read(struct smb_pipe *pipe, uint8_t *to, size_t size,
			     size_t *ret_length);

/* Bytes that wait to be read. */
size_t smb_pipe_available(const struct smb_pipe *pipe);

/* The path as FileNameInformation tells it: "\srvsvc". Borrowed. */
struct smb_name smb_pipe_name(const struct smb_pipe *pipe);
