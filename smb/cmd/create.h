/*
 * CREATE, cut in three: create.c decides, create_contexts.c reads what comes
 * behind the name, create_answer.c writes what goes back. The reader is pure.
 *
 * Thread: worker.
 */
#pragma once

#include <stdbool.h>
#include <stdint.h>

#include "smb/lease.h"
#include "smb/ports.h"
#include "smb/request.h"
#include "smb/status.h"
#include "smb/wire/cursor.h"

/* What the contexts ask of the answer. */
struct smb_create_wishes {
	bool wants_file_id;             /* QFid */
	uint64_t max_access_since;      /* MxAc's Timestamp; 0: whenever */
	struct smb_lease_request lease; /* RqLs */
};

/*
 * Reads a chain of create contexts (MS-SMB2 2.2.13.2) into `how`, which then
 * borrows from it. INVALID_PARAMETER for bad geometry, EA_LIST_INCONSISTENT,
 * INVALID_EA_NAME; OBJECT_NAME_NOT_FOUND for a reconnect (DHnC, DH2C): no
 * durable open is ever granted. Contexts that we do not know are passed over.
 */
enum nt_status smb_create_read_contexts(struct bytes chain,
					struct smb_create *how,
					struct smb_create_wishes *ret_wishes);

/* The answer (2.2.14). INSUFFICIENT_RESOURCES. */
enum nt_status smb_create_answer(struct smb_request *rq,
				 const struct smb_open *open,
				 const struct smb_create *how,
				 const struct smb_create_wishes *wishes,
				 const struct smb_created *created);

/*
 * The error body of STOPPED_ON_SYMLINK (2.2.2.2.1). Returns the status to
 * answer with.
 */
enum nt_status smb_create_answer_symlink(struct smb_request *rq,
					 const struct smb_created *created);
