/*
 * Answers on their way out: header, error bodies, the chain of a compound,
 * signatures, the transform (MS-SMB2 3.3.4.1).
 *
 * Thread: worker.
 */
#pragma once

#include <stdbool.h>
#include <stddef.h>
#include <stdint.h>

#include "smb/frame.h"

/*
 * A reply with room for `size` bytes of SMB2 message, and in front and behind
 * what its transport and its transform need. NULL: out of memory.
 */
struct smb_reply *smb_reply_new(struct smb_channel *channel, size_t size);

/* Where the SMB2 message begins. */
uint8_t *smb_reply_message(struct smb_reply *reply);

/* Sends a message of this length as it is, in the open. Takes the reply. */
void smb_reply_send(struct smb_channel *channel, struct smb_reply *reply,
		    size_t length);

/*
 * Sends a message that is no answer: a notice of the server's own, sealed for
 * a session or, with NULL, in the open. Takes the reply.
 */
void smb_reply_send_notice(struct smb_channel *channel, struct smb_reply *reply,
			   size_t length, struct smb_session *sealed_for);

/*
 * Takes the answer of a request that is done. A long one is sealed or signed
 * elsewhere: others may be sent meanwhile.
 */
void smb_reply_co_add(struct smb_request *rq);

/* Sends what was added and not sent, as one message. */
void smb_reply_flush(struct smb_message *message);

/* The interim answer of a request that has its async_id (3.3.4.2). */
void smb_reply_interim(struct smb_request *rq);
