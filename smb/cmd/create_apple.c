/*
 * AAPL, the create context of macOS (Apple's smb_2.h): the client tells what
 * it can do and asks what the server and the volume can. It sends one with the
 * first CREATE of a mount; from the answer on, for all of the session,
 * listings carry what it would else ask for file by file.
 *
 * RESOLVE_ID, the other command, turns a file's number into its path. It is
 * not offered, so nobody asks, and an answer is not due.
 */
#include "smb/cmd/create.h"

#include "smb/open.h"
#include "smb/session.h"
#include "smb/tree.h"
#include "smb/wire/context.h"
#include "smb/wire/utf16.h"

enum {
	SERVER_QUERY = 1,
	QUERY_SIZE = 24,

	/* What is asked for, and answered. */
	WANTS_SERVER = 0x1,
	WANTS_VOLUME = 0x2,
	WANTS_MODEL = 0x4,

	/* Of the server, and of the client. */
	CAN_READ_DIR_ATTR = 0x1,
	CAN_COPY_FILE = 0x2,
	IS_UNIX = 0x4,
	HAS_NFS_ACES = 0x8,

	/* Of the volume. */
	IS_CASE_SENSITIVE = 0x2,
	DOES_FULL_SYNC = 0x4,

	ANSWER_MAX = 64,
};

/* By which the Finder would choose a picture, if it knew one. */
static const char model[] = "smb-gate";

void smb_create_read_apple(struct bytes data, struct smb_apple_request *apple)
{
	struct reader r = reader_of(data);
	uint32_t command = rd_u32(&r);

	rd_skip(&r, 4);
	uint64_t wants = rd_u64(&r);
	uint64_t can = rd_u64(&r);

	if (data.length != QUERY_SIZE || command != SERVER_QUERY)
		return;
	*apple = (struct smb_apple_request){ .is_there = true,
					     .wants = wants,
					     .can = can };
}

static uint64_t volume_caps(const struct smb_share_facts *share)
{
	return (share->is_case_sensitive ? IS_CASE_SENSITIVE : 0) |
	       (share->is_time_machine ? DOES_FULL_SYNC : 0);
}

void smb_create_add_apple(struct smb_request *rq, struct writer *w,
			  size_t start, size_t *ref_last,
			  const struct smb_apple_request *apple)
{
	const uint64_t known = WANTS_SERVER | WANTS_VOLUME | WANTS_MODEL;
	uint8_t data[ANSWER_MAX];
	struct writer d = writer_at(data, sizeof(data));

	rq->session->lists_for_apple = apple->can & CAN_READ_DIR_ATTR;
	rq->session->copies_for_apple = apple->can & CAN_COPY_FILE;
	rq->tree->volume->is_for_apple = apple->can & HAS_NFS_ACES;
	wr_u32(&d, SERVER_QUERY);
	wr_u32(&d, 0);
	wr_u64(&d, apple->wants & known);
	if (apple->wants & WANTS_SERVER)
		wr_u64(&d, CAN_READ_DIR_ATTR | CAN_COPY_FILE | IS_UNIX |
				   HAS_NFS_ACES);
	if (apple->wants & WANTS_VOLUME)
		wr_u64(&d, volume_caps(&rq->tree->volume->facts));
	if (apple->wants & WANTS_MODEL) {
		wr_u32(&d, 0);
		wr_u32(&d, 2 * (sizeof(model) - 1));
		wr_utf16_of(&d, model);
	}
	smb_create_context_add(w, start, ref_last, "AAPL", data, d.at);
}
