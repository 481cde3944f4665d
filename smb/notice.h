/*
 * A break notice on its way to a client (MS-SMB2 3.3.4.6, 3.3.4.7): over its
 * oldest connection first, and over the next when that one is lost or TCP says
 * that the peer is silent.
 *
 *   sent ──received──> told ──acknowledged by the client──> freed
 *    │^ └──not received, no connection is left──> freed
 *    └┴───not received, or the connection is lost: the same over the next
 *
 * That TCP has received a notice does not say that the client has read it: one
 * that is to be acknowledged is kept until it is.
 *
 * With facts.breaks_oplocks_once an oplock's notice goes over the newest
 * connection, and is not looked after.
 *
 * A client's only connection is watched as well, since another may come up
 * before it is found dead; but its silence is no reason to cut it, and the time
 * to acknowledge will tell. When the last one is lost, its opens are closed or
 * kept (durable.c), which answers the break.
 *
 * Thread: worker.
 */
#pragma once

#include <stdbool.h>
#include <stddef.h>
#include <stdint.h>
#include <sys/queue.h>

struct smb_channel;
struct smb_lease;
struct smb_notice;
struct smb_open;

LIST_HEAD(smb_notices, smb_notice);

enum {
	SMB_NOTICE_MAX = 44, /* bytes of a notice's body */
};

/*
 * Sends the body about this open. An oplock's notice goes over connections of
 * its session, and so does what must be sealed; a lease's over any of its
 * client. The notice is one of lease->notices until it is received, or if it
 * `must_ack`, until smb_notice_forget(). False: no connection is there, or no
 * memory.
 */
bool smb_notice_send(struct smb_lease *lease, const struct smb_open *open,
		     const uint8_t *body, size_t length, bool must_ack);

/* The connection is closed: what it told goes over others, as above. */
void smb_notice_channel_lost(struct smb_channel *channel);

/* It was acknowledged, or is of no interest any more: none is sent again. */
void smb_notice_forget(struct smb_notices *notices);
