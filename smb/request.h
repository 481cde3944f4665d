/*
 * One command: an element of a received message, from its header to its
 * answer. A message is one task (struct smb_message in frame.h); its elements
 * run in order, each as a request of its own.
 *
 *   new ──settle──> ready ──run──> running ──answer──> done
 *                     │               │
 *                     │               └─going_async──> async ──answer──> done
 *                     └─refused by a check ─────────────────> done
 *
 * A request is answered exactly once; if it went async, an interim answer with
 * STATUS_PENDING went before (MS-SMB2 3.3.4.2). Whoever holds a request holds
 * references to its session, tree and open, so that none of them goes while it
 * runs.
 *
 * Thread: worker.
 */
#pragma once

#include <stdbool.h>
#include <stddef.h>
#include <stdint.h>
#include <sys/queue.h>

#include "smb/ports.h"
#include "smb/sequence.h"
#include "smb/smb.h"
#include "smb/status.h"
#include "smb/wire/cursor.h"
#include "smb/wire/header.h"

struct smb_binding;
struct smb_message;
struct smb_open;
struct smb_session;
struct smb_tree;

struct smb_request {
	TAILQ_ENTRY(smb_request) entry; /* of its channel, while it runs */
	struct smb_message *message;    /* it belongs to; holds the frame */
	struct smb_channel *channel;
	struct smb_session *session; /* reference, or NULL */
	struct smb_binding *binding; /* its, to the channel; likewise */
	struct smb_tree *tree;       /* reference, or NULL */
	struct smb_open *open; /* reference, or NULL: see smb_request_open */
	struct smb_call call;  /* passed to the object store */

	struct smb_header header; /* as received */
	const uint8_t *start;     /* of the SMB2 header, in the frame */
	size_t length;            /* header, body and padding */
	struct bytes body; /* behind the header, up to the next element */
	bool is_signed;    /* and verified */
	bool is_sealed; /* it came in a transform, or its answer must go in one */
	bool is_last;   /* of its message */
	bool is_single;  /* the only one of its message */
	bool is_silent;  /* CANCEL: it is served on arrival, never answered */
	bool is_listed;  /* among its channel's requests */
	bool is_running; /* its command, in the message's task */
	bool is_open_bound; /* the open was looked up on arrival */
	bool is_open_counted, is_session_counted; /* in their `requests` */
	bool may_come_again; /* CREATE with a CreateGuid: another channel asks */
	bool is_late; /* a change that the open's channel sequence forbids */
	struct smb_sequenced sequenced; /* in the open's sequence, 3.x */

	uint64_t async_id;        /* 0: not async */
	bool is_cancelled;        /* CANCEL came, or its channel or open went */
	struct smb_parked parked; /* if the engine itself makes it wait */

	/* The answer. `out` is the body only; offset 0 is behind the header. */
	struct smb_reply *reply; /* from smb_request_room(); holds `buffer` */
	uint8_t *buffer;
	size_t buffer_size;
	struct writer out;
	bool has_body; /* `out` goes with the status even if that's an error */
	struct smb_body payload; /* opaque bytes behind `out` */
	enum nt_status status;
	bool must_sign; /* set by SESSION_SETUP: sign, whatever was asked */
	struct smb_signer *signer; /* its own: of a session not yet bound */
	uint8_t *preauth;       /* the answer is added to this hash; or NULL */
	enum nt_status refusal; /* instead of CANCELLED; SUCCESS: none */
	size_t reply_at, reply_length; /* in a compound's answer */
	bool is_drop; /* no answer: the connection is to be dropped */
};

/*
 * Makes room for an answer of up to `body_size` bytes and points `out` at it.
 * Once a request. False: out of memory (answer INSUFFICIENT_RESOURCES).
 */
bool smb_request_room(struct smb_request *rq, size_t body_size);

/*
 * The open that a request means by its FileId (both halves, this session, this
 * tree): rq->open is then a reference. In a related compound an id of all ones
 * means the one of the request before; if that failed, its status is the
 * answer (3.3.5.2.7.2). FILE_CLOSED if there is none; FILE_NOT_AVAILABLE if
 * it is a change that may be older than others (3.3.5.2.10).
 */
enum nt_status smb_request_open(struct smb_request *rq, uint64_t persistent,
				uint64_t volatile_id);

/* Says that a CREATE of this request made `open`: later related ones use it. */
void smb_request_opened(struct smb_request *rq, struct smb_open *open);

/*
 * The error body with `data` as ErrorData (2.2.2), for a status that carries
 * some; 3.1.1 wraps it in an error context. Returns `status`.
 */
enum nt_status smb_request_error_data(struct smb_request *rq,
				      enum nt_status status,
				      const uint8_t *data, size_t length);

/*
 * The request waits for something that may take long: sends the interim answer
 * (once) unless a compound forbids it (3.3.5.2.7). Also reached through
 * rq->call.going_async. INSUFFICIENT_RESOURCES past SMB_ASYNC_MAX,
 * INTERNAL_ERROR in the middle of a related compound.
 */
enum nt_status smb_request_go_async(struct smb_request *rq);

/* What rq->call.going_async points at: goes async, or gives up waiting. */
void smb_request_going_async(struct smb_call *call);

/* Lets go of what it holds: references, room, counts. */
void smb_request_fini(struct smb_request *rq);

/* Notes that it runs on the open (which it holds), until it is done. */
void smb_request_count_open(struct smb_request *rq);

/* It no longer runs on its open or in its session: wakes who waits for that. */
void smb_request_uncount(struct smb_request *rq);

/* Ends its wait with CANCELLED, if it waits; remembered if it doesn't yet. */
void smb_request_cancel(struct smb_request *rq);

/*
 * MS-SMB2 3.3.5.2.5: whether the charge covers `payload_size` bytes in the
 * larger direction. INVALID_PARAMETER if not.
 */
enum nt_status smb_request_charge(const struct smb_request *rq,
				  uint64_t payload_size);
