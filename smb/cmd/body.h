/*
 * What the commands on files have in common: pieces of a request's body, and
 * the object store behind a request.
 *
 * Thread: worker.
 */
#pragma once

#include <stddef.h>
#include <stdint.h>

#include "smb/ports.h"
#include "smb/request.h"
#include "smb/status.h"
#include "smb/wire/cursor.h"

/* Rights of a handle, MS-SMB2 2.2.13.1. */
enum {
	SMB_ACCESS_READ_DATA = 0x1, /* of a directory: list it */
	SMB_ACCESS_WRITE_DATA = 0x2,
	SMB_ACCESS_APPEND_DATA = 0x4,
	SMB_ACCESS_EXECUTE = 0x20,
	SMB_ACCESS_READ_CONTROL = 0x20000,
	SMB_ACCESS_WRITE_DAC = 0x40000,
	SMB_ACCESS_WRITE_OWNER = 0x80000,
	SMB_ACCESS_SYSTEM_SECURITY = 0x1000000,
};

/*
 * The piece that a body places by `offset`, counted from the SMB2 header, and
 * `length`, both foreign. It must lie behind the body's `fixed` bytes and
 * inside the request: INVALID_PARAMETER. A length of 0 is an empty piece.
 */
enum nt_status smb_body_piece(const struct smb_request *rq, uint64_t offset,
			      uint64_t length, size_t fixed,
			      struct bytes *ret_piece);

/* The open of a FileId (smb_request_open), if nothing has closed it yet. */
enum nt_status smb_body_find(struct smb_request *rq, uint64_t persistent,
			     uint64_t volatile_id);

/* Reads a FileId and finds it. INVALID_PARAMETER if the reader is bad then. */
enum nt_status smb_body_open(struct smb_request *rq, struct reader *r);

/* The object store. */
const struct smb_object_ops *smb_body_objects(const struct smb_request *rq);

/* True if the request's open is a file, and is a directory. */
bool smb_body_is_directory(const struct smb_request *rq);

/*
 * ACCESS_DENIED if the request's open, a file, has none of these rights;
 * SUCCESS if `rights` is 0.
 */
enum nt_status smb_body_needs_any(const struct smb_request *rq,
				  uint32_t rights);

/* The same, if it has not all of them. */
enum nt_status smb_body_needs_all(const struct smb_request *rq,
				  uint32_t rights);

/*
 * The answer of QUERY_DIRECTORY, CHANGE_NOTIFY and QUERY_INFO (2.2.34, 2.2.36,
 * 2.2.38): a head in front of what is found. Makes room for both, and points
 * rq->out behind the head. False: out of memory.
 */
bool smb_body_begin_output(struct smb_request *rq, size_t size);

/* Writes that head, for what was added to rq->out since. */
void smb_body_end_output(struct smb_request *rq);
