/*
 * One connection (MS-SMB2 3.3.1.7): what was negotiated on it, its window of
 * message ids, its sessions, and the requests that run.
 *
 *   new ──SMB1 "SMB 2.???"──> wildcard ──NEGOTIATE──> ready
 *    └────────────────NEGOTIATE────────────────────────^
 *   any ──smb_channel_drop()──> dropped ──smb_channel_co_closed()──> freed
 *
 * Thread: worker.
 */
#pragma once

#include <stdbool.h>
#include <stdint.h>
#include <sys/queue.h>

#include "smb/credit.h"
#include "smb/crypto.h"
#include "smb/notice.h"
#include "smb/ports.h"
#include "smb/smb.h"

struct smb_binding;
struct smb_request;

/* Capabilities of NEGOTIATE, MS-SMB2 2.2.3 and 2.2.4. */
enum {
	SMB2_CAP_LEASING = 0x02,
	SMB2_CAP_LARGE_MTU = 0x04,
	SMB2_CAP_MULTI_CHANNEL = 0x08,
	SMB2_CAP_DIRECTORY_LEASING = 0x20,
	SMB2_CAP_ENCRYPTION = 0x40,
};

/* SecurityMode, MS-SMB2 2.2.3 and 2.2.4. */
enum {
	SMB2_SIGNING_ENABLED = 0x1,
	SMB2_SIGNING_REQUIRED = 0x2,
};

enum smb_channel_state {
	SMB_CHANNEL_NEW,
	SMB_CHANNEL_WILDCARD,
	SMB_CHANNEL_READY,
};

struct smb_channel {
	struct smb_engine *engine;
	TAILQ_ENTRY(smb_channel) entry; /* of its engine */
	uint64_t serial;                /* 1, 2 …: the older, the lower */
	const struct smb_wire_ops *wire_ops;
	void *wire;
	enum smb_channel_state state;
	bool is_dropped; /* nothing more is taken in */
	bool is_closed;  /* nothing more is sent */
	bool is_unacked; /* a test: what is sent counts as never received */
	uint8_t read_padding; /* a test: bytes before the data of a READ */

	/* Negotiated; VALIDATE_NEGOTIATE_INFO compares these (3.3.5.15.12). */
	uint16_t dialect; /* enum smb_dialect; 0 before */
	uint8_t client_guid[16];
	uint32_t client_capabilities;
	uint16_t client_security_mode;
	uint32_t capabilities;
	bool has_posix; /* both sides know the POSIX extensions */
	uint16_t security_mode;
	enum smb_cipher cipher;
	enum smb_signing signing;
	uint32_t io_size_max;             /* MaxRead, MaxWrite, MaxTransact */
	uint8_t preauth[SMB_HASH_LENGTH]; /* after NEGOTIATE */

	struct smb_credits credits;
	uint32_t async_count;    /* requests that went async */
	uint32_t message_count;  /* messages that are being served */
	uint64_t weight;         /* bytes that those may need */
	uint64_t stranger_since; /* ticks: since when nobody is logged on */
	/* Sessions on it, in progress and up. */
	uint32_t binding_count, half_open_count, up_count;
	TAILQ_HEAD(, smb_binding) bindings;
	TAILQ_HEAD(smb_requests, smb_request) requests;
	struct smb_notices told;   /* breaks that are to be acknowledged */
	struct smb_parked *closer; /* waits until message_count is 0 */
};

/*
 * The greatest of these dialects that the server speaks too; 0: none. What
 * NEGOTIATE and VALIDATE_NEGOTIATE_INFO choose by.
 */
uint16_t smb_dialect_choose(const struct smb_server_facts *facts,
			    const uint16_t *dialects, size_t count);

/* "3.1.1". */
const char *smb_dialect_name(uint16_t dialect);

/*
 * The peer broke the protocol: the connection ends after what is queued.
 * Logged once, with the reason.
 */
void smb_channel_drop(struct smb_channel *channel, const char *why);

/* Gives the reply to the wire, or frees it if the connection is gone. */
void smb_channel_queue(struct smb_channel *channel, struct smb_reply *reply);

/* One line of the log that begins with the connection. */
void smb_channel_log(const struct smb_channel *channel,
		     enum smb_log_level level, const char *format, ...)
	__attribute__((format(printf, 3, 4)));
