/*
 * IOCTL, cut in six: ioctl.c decodes, chooses and answers; ioctl_pipe.c has
 * the codes of named pipes, ioctl_copy.c copies from file to file,
 * ioctl_resilient.c makes opens resilient, validate.c has the check of a
 * NEGOTIATE, ioctl_hooks.c what conformance tests ask for.
 *
 * Thread: worker.
 */
#pragma once

#include <stdint.h>

#include "smb/request.h"
#include "smb/status.h"
#include "smb/wire/cursor.h"

enum smb_fsctl {
	SMB_FSCTL_DFS_GET_REFERRALS = 0x00060194,
	SMB_FSCTL_DFS_GET_REFERRALS_EX = 0x000601b0,
	SMB_FSCTL_DUPLICATE_EXTENTS = 0x00098344,
	SMB_FSCTL_DUPLICATE_EXTENTS_EX = 0x000983e8,
	SMB_FSCTL_PIPE_PEEK = 0x0011400c,
	SMB_FSCTL_PIPE_WAIT = 0x00110018,
	SMB_FSCTL_PIPE_TRANSCEIVE = 0x0011c017,
	SMB_FSCTL_SRV_REQUEST_RESUME_KEY = 0x00140078,
	SMB_FSCTL_SRV_COPYCHUNK = 0x001440f2,
	SMB_FSCTL_SRV_COPYCHUNK_WRITE = 0x001480f2,
	SMB_FSCTL_LMR_REQUEST_RESILIENCY = 0x001401d4,
	SMB_FSCTL_QUERY_NETWORK_INTERFACE_INFO = 0x001401fc,
	SMB_FSCTL_VALIDATE_NEGOTIATE_INFO = 0x00140204,
	/* Private ones of conformance tests; of the connection but for SLEEP. */
	SMB_FSCTL_HOOK_UNACKED = 0x83848003,
	SMB_FSCTL_HOOK_PAD_IOCTL = 0x83848013,
	SMB_FSCTL_HOOK_PAD_READS = 0x83848023,
	SMB_FSCTL_HOOK_SLEEP = 0x83848043,
};

/* One FSCTL: bytes in, and a writer for bytes out, as many as were asked for. */
struct smb_fsctl_call {
	uint32_t code;
	struct bytes in;
	struct writer out;
};

/*
 * On the pipe of rq->open: TRANSCEIVE, PEEK; BUFFER_OVERFLOW with what fits.
 * FS_DRIVER_REQUIRED for all else.
 */
enum nt_status smb_fsctl_pipe(struct smb_request *rq,
			      struct smb_fsctl_call *call);

/* MS-FSCC 2.3 FSCTL_PIPE_WAIT: whether there is such a pipe. */
enum nt_status smb_fsctl_pipe_wait(struct smb_request *rq,
				   struct smb_fsctl_call *call);

/* MS-SMB2 3.3.5.15.5: 24 bytes by which copies name rq->open as their source. */
enum nt_status smb_fsctl_resume_key(struct smb_request *rq,
				    struct smb_fsctl_call *call);

/*
 * MS-SMB2 3.3.5.15.6, SRV_COPYCHUNK and SRV_COPYCHUNK_WRITE, onto rq->open.
 * INVALID_PARAMETER with the limits; OBJECT_NAME_NOT_FOUND: no such key; what
 * ends a copy early goes with how far it came (rq->has_body).
 */
enum nt_status smb_fsctl_co_copy_chunks(struct smb_request *rq,
					struct smb_fsctl_call *call);

/*
 * MS-FSCC 2.3.7 and 2.3.9, DUPLICATE_EXTENTS_TO_FILE and its _EX, onto
 * rq->open. INVALID_HANDLE: the source is no open file of this session.
 */
enum nt_status smb_fsctl_co_clone(struct smb_request *rq,
				  struct smb_fsctl_call *call);

/* MS-SMB2 3.3.5.15.9: rq->open is kept even without an oplock. */
enum nt_status smb_fsctl_resiliency(struct smb_request *rq,
				    struct smb_fsctl_call *call);

/*
 * MS-SMB2 3.3.5.15.12: whether what was negotiated is what the client sent.
 * If not, somebody between changed it: rq->is_drop is set.
 */
enum nt_status smb_fsctl_validate_negotiate(struct smb_request *rq,
					    struct smb_fsctl_call *call);

/*
 * MS-SMB2 3.3.5.15.11: the addresses to which a client may open further
 * connections. BUFFER_TOO_SMALL if they do not all fit.
 */
enum nt_status smb_fsctl_co_interfaces(struct smb_request *rq,
				       struct smb_fsctl_call *call);

/* Whether it is a private code, and this server answers those. */
bool smb_fsctl_is_hook(const struct smb_request *rq, uint32_t code);

/* Bytes between the head of the answer and its output: 0 but for one hook. */
size_t smb_fsctl_padding(const struct smb_request *rq, uint32_t code);

/*
 * From now on: UNACKED: nothing that is sent on the connection counts as
 * acknowledged; PAD_READS: eight bytes before the data of its READs. Now:
 * PAD_IOCTL: as many bytes of 8 as were asked for, padded; SLEEP: waits with
 * the open in use, milliseconds in one byte.
 */
enum nt_status smb_fsctl_co_hook(struct smb_request *rq,
				 struct smb_fsctl_call *call);

/*
 * What an IOCTL needs, by its code, before its command may run: some speak
 * about the connection alone (OC-5).
 */
bool smb_ioctl_needs_session(const struct smb_request *rq);
bool smb_ioctl_needs_tree(const struct smb_request *rq);
