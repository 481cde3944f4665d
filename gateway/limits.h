/*
 * Every maximum of the process itself, each with its reason; those of the
 * protocol are in smb/limits.h.
 */
#pragma once

enum {
	/* A configuration is a page or two: more is not one. */
	GW_CONFIG_BYTES_MAX = 1024 * 1024,
	/* Mistakes told at once; the rest are mostly their consequences. */
	GW_COMPLAINTS_MAX = 20,
	/* A users file: some 100 bytes a user, a hundred thousand users. */
	GW_USERS_BYTES_MAX = 16 * 1024 * 1024,
	/* Passwords in bytes of UTF-8; Windows takes 127 characters. */
	GW_PASSWORD_MAX = 512,
	/* Worker numbers are one byte of a session id (smb/smb.h). */
	GW_WORKERS_MAX = 64,
	/* More helps nobody before it was measured: one client, one worker. */
	GW_WORKERS_AUTO_MAX = 16,
	/* Addresses to listen on. */
	GW_LISTEN_MAX = 32,
	/* MaxReadSize and its kin: what clients expect at most. */
	GW_IO_SIZE_MIN = 64 * 1024,
	GW_IO_SIZE_MAX = 8 * 1024 * 1024,
	/* Connections, unless the configuration says otherwise. */
	GW_CONNECTIONS = 4096,
	/* Of one address: terminal servers and NAT have many users each. */
	GW_CONNECTIONS_PER_ADDRESS = 512,
	/* Of one address, not logged on yet: a client opens 32 at most. */
	GW_STRANGERS_PER_ADDRESS = 128,
	/* Clients without a connection whose worker is remembered. */
	GW_CLIENTS_IDLE_MAX = 4096,
	/* Reply bytes queued on one connection before it is read no more. */
	GW_SEND_QUEUE_BYTES = 32 * 1024 * 1024,
	/* A peer that acknowledges nothing for so long is gone, in ms. */
	GW_SEND_STALL_MS = 60 * 1000,
	/* A channel is silent after so many retransmission timeouts, each kept
	   between these, in ms: what other servers take, too. */
	GW_SILENT_RTOS = 6,
	GW_SILENT_RTO_MIN_MS = 200,
	GW_SILENT_RTO_MAX_MS = 1000,
	/* Bytes of a frame that must come within GW_RECEIVE_STALL_MS. */
	GW_RECEIVE_PIECE = 1024 * 1024,
	GW_RECEIVE_STALL_MS = 120 * 1000,
	/* Time for queued replies when a connection is closed, in ms. */
	GW_DRAIN_MS = 5 * 1000,
	/* For the end of a session on another worker, in ms. */
	GW_ENDING_MS = 10 * 1000,
	/* A worker that has no memory to end itself tries again, in ms. */
	GW_CLOSE_AGAIN_MS = 500,
	/* No accepts for so long when descriptors run out, in ms. */
	GW_ACCEPT_PAUSE_MS = 1000,
	/* Replies gathered into one send, and their bytes. */
	GW_GATHER_COUNT = 64,
	GW_GATHER_BYTES = 256 * 1024,
	/* Frames taken in one go before other fibers get their turn. */
	GW_FRAMES_IN_TURN = 32,
	/* For the start of a share's program and for any of its answers. */
	GW_BACKEND_MS = 30 * 1000,
	/* For programs to end when we do: they may have much to write. */
	GW_BACKENDS_END_MS = 10 * 1000,
	/* Groups of one user: NGROUPS_MAX of Linux. */
	GW_GROUPS_MAX = 65536,
	/* Free memory that the heap keeps: two maximal reads and writes. */
	GW_HEAP_KEPT = 32 * 1024 * 1024,
};
