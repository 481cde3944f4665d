/*
 * The channel sequence of an open (MS-SMB2 3.3.1.10, 3.3.5.2.10): a client
 * that changes channels counts on, and a write that it sent before must not
 * arrive after those that it sent since. Pure.
 */
#pragma once

#include <stdbool.h>
#include <stdint.h>

struct smb_sequence {
	uint16_t number;         /* Open.ChannelSequence */
	uint32_t generation;     /* how often it went on */
	uint32_t running;        /* OutstandingRequestCount */
	uint32_t running_before; /* OutstandingPreRequestCount */
};

/* One request on the open, from its arrival to its answer. */
struct smb_sequenced {
	uint16_t number; /* its header's ChannelSequence */
	bool is_replay;
	bool changes;        /* WRITE, SET_INFO or IOCTL */
	uint32_t generation; /* set by smb_sequence_begin() */
};

/*
 * The request begins, and is counted in any case. False: it is a change from
 * before a channel was lost, or one that is sent again while the first may
 * still run; FILE_NOT_AVAILABLE.
 */
bool smb_sequence_begin(struct smb_sequence *sequence,
			struct smb_sequenced *request);

/* It is answered, or never will be. */
void smb_sequence_end(struct smb_sequence *sequence,
		      const struct smb_sequenced *request);
