/*
 * What the two ways to NEGOTIATE share: SMB2's own, and SMB1's that leads to
 * it.
 *
 * Thread: worker.
 */
#pragma once

#include <stdint.h>

#include "smb/channel.h"
#include "smb/wire/cursor.h"

enum {
	/* Fixed part, token and contexts of any answer. */
	SMB_NEGOTIATE_BODY_MAX = 512,
};

/* Takes the dialect: sizes, capabilities and security mode follow from it. */
void smb_negotiate_settle(struct smb_channel *channel, uint16_t dialect);

/*
 * The answer's body, MS-SMB2 2.2.4, for what the channel has settled; dialect
 * is what it says (0x02ff for the wildcard).
 */
void smb_negotiate_answer(const struct smb_channel *channel, uint16_t dialect,
			  struct writer *w);
