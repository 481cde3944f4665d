/*
 * Every maximum of the protocol engine, each with its reason.
 */
#pragma once

enum {
	/* Before a session is up nobody needs more: MS-SMB2 3.3.5.2. */
	SMB_FRAME_MAX_STRANGER = 64 * 1024,
	/* Room for headers beside the payload of a maximal WRITE. */
	SMB_FRAME_OVERHEAD = 64 * 1024,
	/* The length prefix has 24 bits (MS-SMB2 2.1). */
	SMB_FRAME_MAX = 0xffffff,
	/* What Windows and Samba grant at most: 3.3.1.2. */
	SMB_CREDITS_MAX = 8192,
	/* Windows: 512 operations of a connection may be asynchronous. */
	SMB_ASYNC_MAX = 512,
	/* Half-open sessions of a connection: strangers cost memory. */
	SMB_SESSIONS_HALF_OPEN_MAX = 8,
	/* Sessions of a connection: terminal servers have some hundreds. */
	SMB_SESSIONS_MAX = 4096,
	/* Connections of a session: Windows binds 32. */
	SMB_BINDINGS_MAX = 32,
	/* Addresses that a client is told for them; more help nobody. */
	SMB_INTERFACES_MAX = 64,
	/* Bytes that are worth another thread for their cryptography: handing
	   over takes as long as sealing some 64 KiB. */
	SMB_APART_MIN = 128 * 1024,
	/* Tree ids of a session; Windows has 16 bits of them. */
	SMB_TREES_MAX = 65535,
	/* Opens of a session; clients expect 16384 at least (3.3.1.10). */
	SMB_OPENS_MAX = 65535,
	/* Messages of one compound; real clients send 3 to 7. */
	SMB_COMPOUND_MAX = 128,
	/* Legs of one SESSION_SETUP exchange; NTLM needs 2, with MIC 3. */
	SMB_AUTH_LEGS_MAX = 6,
	/* Longest security token; Kerberos tickets with many groups: 48 K. */
	SMB_AUTH_TOKEN_MAX = 64 * 1024,
	/* Time to negotiate and log on, in ms: Windows cuts at 35 to 45 s. */
	SMB_LOGON_TIME_MS = 30 * 1000,
	/* A failed logon is answered this late (Windows Server 2025: 2 s). */
	SMB_LOGON_DELAY_MS = 2 * 1000,
	/* Time to acknowledge a break, in ms (MS-SMB2 3.3.2.1): Windows' 35 s. */
	SMB_BREAK_TIME_MS = 35 * 1000,
	/* How long a durable open of version 1 is kept, in ms: Windows' 16 min. */
	SMB_DURABLE_V1_TIME_MS = 16 * 60 * 1000,
	/* Of version 2, if the client leaves it to us. */
	SMB_DURABLE_TIME_MS = 60 * 1000,
	/* And what a client may ask for at most (3.3.5.9.10, Windows). */
	SMB_DURABLE_TIME_MAX_MS = 300 * 1000,
	SMB_RESILIENT_TIME_MAX_MS = 300 * 1000,
	/* A resilient one, if the client names no time: Windows' 2 min. */
	SMB_RESILIENT_TIME_MS = 120 * 1000,
	/* Opens that wait for their client, each with a descriptor. */
	SMB_DISCONNECTED_MAX = 4096,
	/* Longest path, in UTF-16 units (MS-FSCC 2.1.5). */
	SMB_PATH_MAX = 32760,
	/* Elements of one LOCK request: fits every credit charge of 1. */
	SMB_LOCKS_MAX = 2730,
	/* Room of a CHANGE_NOTIFY that waits, maybe for days: what clients ask. */
	SMB_NOTIFY_BYTES_MAX = 64 * 1024,
	/* Longest security descriptor: an ACL's size has 16 bits. */
	SMB_SECURITY_BYTES_MAX = 128 * 1024,
	/* One copy inside the server: what Windows has (3.3.3). */
	SMB_COPY_CHUNKS_MAX = 256,
	SMB_COPY_CHUNK_MAX = 1024 * 1024,
	SMB_COPY_MAX = 16 * 1024 * 1024,
	/* A copy that takes longer says that it is at work. */
	SMB_COPY_QUIET_MS = 1000,
	/* Bytes of payload that one connection may have in flight. */
	SMB_CHANNEL_BYTES_MAX = 64 * 1024 * 1024,
	/* Payload bytes of one RPC call, all fragments. */
	SMB_RPC_CALL_MAX = 1024 * 1024,
};
