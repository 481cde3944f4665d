/*
 * CREATE, cut in four: create.c decides, create_contexts.c reads what comes
 * behind the name, create_durable.c finds opens that are there already,
 * create_answer.c writes what goes back. The reader is pure.
 *
 * Thread: worker.
 */
#pragma once

#include <stdbool.h>
#include <stdint.h>

#include "smb/durable.h"
#include "smb/instance.h"
#include "smb/lease.h"
#include "smb/ports.h"
#include "smb/request.h"
#include "smb/status.h"
#include "smb/wire/cursor.h"

/* AAPL: what a client of Apple asks for, and what it can do. */
struct smb_apple_request {
	bool is_there;
	uint64_t wants, can;
};

/* What the contexts ask of the answer. */
struct smb_create_wishes {
	bool wants_file_id;             /* QFid */
	bool wants_posix;               /* by the POSIX extensions' name */
	uint32_t posix_mode;            /* permissions of a new file */
	uint64_t max_access_since;      /* MxAc's Timestamp; 0: whenever */
	struct smb_lease_request lease; /* RqLs */
	struct smb_durable_request durable;
	struct smb_instance instance;
	struct smb_apple_request apple;
	uint8_t oplock; /* OplockLevel, as sent */
	bool is_replay; /* the answer is that of an earlier CREATE */
};

/*
 * Reads a chain of create contexts (MS-SMB2 2.2.13.2) into `how`, which then
 * borrows from it. INVALID_PARAMETER for bad geometry, EA_LIST_INCONSISTENT,
 * INVALID_EA_NAME. Contexts that we do not know are passed over.
 */
enum nt_status smb_create_read_contexts(struct bytes chain,
					struct smb_create *how,
					struct smb_create_wishes *ret_wishes);

/* ---- create_apple.c ---- */

/* What is no question of AAPL leaves `apple` as it is. Pure. */
void smb_create_read_apple(struct bytes data, struct smb_apple_request *apple);

/* Answers one, and notes for the session what the client can do. */
void smb_create_add_apple(struct smb_request *rq, struct writer *w,
			  size_t start, size_t *ref_last,
			  const struct smb_apple_request *apple);

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

/* ---- create_durable.c ---- */

/*
 * What counts of the durable contexts in this dialect. INVALID_PARAMETER for
 * those that exclude each other (3.3.5.9.7, 3.3.5.9.10, 3.3.5.9.12).
 */
enum nt_status smb_create_settle_durable(uint16_t dialect,
					 struct smb_durable_request *durable);

/* A reconnect: finds the open and answers. Nothing else of `how` counts. */
enum nt_status smb_create_co_reclaim(struct smb_request *rq,
				     const struct smb_create *how,
				     struct smb_create_wishes *wishes);

/*
 * The CreateGuid came before (3.3.5.9.10): answers as that CREATE was.
 * DUPLICATE_OBJECTID if this is no replay, FILE_NOT_AVAILABLE while that one
 * runs, ACCESS_DENIED if it asked for another lease.
 */
enum nt_status smb_create_co_replay(struct smb_request *rq,
				    const struct smb_create *how,
				    struct smb_create_wishes *wishes,
				    const struct smb_replay *before);
