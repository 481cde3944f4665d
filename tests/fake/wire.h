/*
 * A connection in memory: messages are put in by the test, replies are kept
 * until it takes them.
 */
#pragma once

#include <stdbool.h>
#include <stddef.h>
#include <stdint.h>

#include "smb/smb.h"
#include "tests/fake/host.h"

TAILQ_HEAD(fake_replies, smb_reply);

struct fake_wire {
	struct fake_host *host;
	struct smb_channel *channel; /* NULL once hung up */
	struct fake_replies replies;
	unsigned int count; /* that wait in `replies` */
	TAILQ_HEAD(, smb_delivery) deliveries;
	bool is_closed; /* the engine asked for it */
};

extern const struct smb_wire_ops fake_wire_ops;

/* A new connection of the engine. */
void fake_wire_init(struct fake_wire *wire, struct fake_host *host,
		    struct smb_engine *engine);

/* Tells whoever waits whether the peer has received what was queued. */
void fake_wire_deliver(struct fake_wire *wire, bool was_received);

/* The peer is gone: returns when the engine has let go of all. */
void fake_wire_hang_up(struct fake_wire *wire);

/* As above, but leaves the engine where it waits for others. */
void fake_wire_begin_hang_up(struct fake_wire *wire);

/*
 * Puts a message in, and runs what can run. False if the engine dropped the
 * connection.
 */
bool fake_wire_put(struct fake_wire *wire, const uint8_t *bytes, size_t length);

/* The same without running the tasks that it starts. */
bool fake_wire_put_only(struct fake_wire *wire, const uint8_t *bytes,
			size_t length);

/*
 * The next message, without the 4 bytes of the transport, in a buffer that the
 * caller frees; NULL if there is none.
 */
uint8_t *fake_wire_take(struct fake_wire *wire, size_t *ret_length);
