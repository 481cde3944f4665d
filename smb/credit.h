/*
 * Credits of a channel: the window of message ids that a client may use, each
 * once (MS-SMB2 3.3.1.1, 3.3.1.2, 3.3.5.2.3). Pure.
 *
 *        low                        low + range
 *   ......|x..x....................|..............
 *   spent  granted, x: spent        not granted yet
 */
#pragma once

#include <stdint.h>

#include "smb/limits.h"
#include "smb/status.h"

struct smb_credits {
	uint64_t low;   /* the lowest id that is not spent */
	uint32_t range; /* ids from low on that were granted */
	uint32_t max;   /* range never grows beyond this */
	uint64_t spent[SMB_CREDITS_MAX / 64]; /* bits, by id modulo the max */
};

/* The window {0} of a new channel. `max` is at most SMB_CREDITS_MAX. */
void smb_credit_init(struct smb_credits *window, uint32_t max);

/*
 * Spends `charge` credits, 1 or more, from message id `id` on.
 * INVALID_PARAMETER if one of them was spent before or never granted: drop the
 * channel. On error the window is as it was.
 */
enum nt_status smb_credit_take(struct smb_credits *window, uint64_t id,
			       uint16_t charge);

/*
 * Grants what a request of this charge gives back, and `extra` besides, as far
 * as the window and 64 bits allow; the number of credits for the answer.
 */
uint16_t smb_credit_grant(struct smb_credits *window, uint16_t charge,
			  uint32_t extra);
