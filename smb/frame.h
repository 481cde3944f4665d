/*
 * A received message: one frame, and the commands that it carries. It is taken
 * apart and settled on arrival (MS-SMB2 3.3.5.2: geometry, window, session,
 * signature), then served as one task; its answers leave together.
 *
 *   frame ──smb_message_co_new()──> taken apart ──smb_message_co_settle()──> settled
 *         ──smb_message_co_serve()──> answered and freed
 *
 * Thread: worker.
 */
#pragma once

#include <stdbool.h>
#include <stdint.h>

#include "smb/channel.h"
#include "smb/request.h"
#include "smb/smb.h"

struct smb_message {
	struct smb_channel *channel;
	struct smb_frame *frame;     /* reference */
	struct smb_session *session; /* whose transform it came in; reference */
	struct smb_task task;
	uint64_t weight;  /* its part of channel->weight */
	bool is_headless; /* its first element says RELATED */
	uint16_t count;   /* of requests */

	/* What RELATED elements go by: the last file, or why there is none. */
	struct smb_open *open; /* reference, or NULL */
	enum nt_status open_status;

	/* Answers that are done and not sent: those of [sent, answered). */
	uint16_t sent, answered;
	struct smb_reply *gathered; /* of a compound */
	size_t gathered_length;
	uint16_t granted;

	struct smb_request requests[];
};

/*
 * Takes the frame apart: unseals it, walks the chain. NULL with a reason: the
 * connection is to be dropped. The frame is still the caller's; the message
 * takes a reference of its own.
 */
struct smb_message *smb_message_co_new(struct smb_channel *channel,
				       struct smb_frame *frame,
				       const char **ret_why);
void smb_message_free(struct smb_message *message);

/*
 * Checks 5 to 10 of a request, in order, for all elements: window, state of
 * the connection, session, encryption, flags, signature; serves CANCEL. False
 * with a reason: drop the connection.
 */
bool smb_message_co_settle(struct smb_message *message, const char **ret_why);

/* Runs the elements in order, answers, and frees the message. The task. */
void smb_message_co_serve(void *message);

/* A frame of SMB1: its NEGOTIATE that opens the door to SMB2 (3.3.5.3). False
   with a reason: drop the connection. */
bool smb_smb1_take(struct smb_channel *channel, struct bytes frame,
		   const char **ret_why);
