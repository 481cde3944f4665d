/*
 * The SMB2 packet header, MS-SMB2 2.2.1, and the numbers that stand in it.
 * Pure.
 */
#pragma once

#include <stdbool.h>
#include <stdint.h>

#include "smb/wire/cursor.h"

enum {
	SMB_HEADER_LENGTH = 64,
	SMB_PROTOCOL_ID = 0x424d53fe, /* 0xFE 'S' 'M' 'B' */
	SMB_TRANSFORM_ID = 0x424d53fd,
	SMB_COMPRESSION_ID = 0x424d53fc,
	SMB1_PROTOCOL_ID = 0x424d53ff,
};

enum smb_command {
	SMB2_NEGOTIATE = 0,
	SMB2_SESSION_SETUP = 1,
	SMB2_LOGOFF = 2,
	SMB2_TREE_CONNECT = 3,
	SMB2_TREE_DISCONNECT = 4,
	SMB2_CREATE = 5,
	SMB2_CLOSE = 6,
	SMB2_FLUSH = 7,
	SMB2_READ = 8,
	SMB2_WRITE = 9,
	SMB2_LOCK = 10,
	SMB2_IOCTL = 11,
	SMB2_CANCEL = 12,
	SMB2_ECHO = 13,
	SMB2_QUERY_DIRECTORY = 14,
	SMB2_CHANGE_NOTIFY = 15,
	SMB2_QUERY_INFO = 16,
	SMB2_SET_INFO = 17,
	SMB2_OPLOCK_BREAK = 18,
	SMB2_COMMANDS = 19,
};

enum {
	SMB2_FLAGS_SERVER_TO_REDIR = 0x1,
	SMB2_FLAGS_ASYNC_COMMAND = 0x2,
	SMB2_FLAGS_RELATED_OPERATIONS = 0x4,
	SMB2_FLAGS_SIGNED = 0x8,
	SMB2_FLAGS_PRIORITY_MASK = 0x70,
	SMB2_FLAGS_DFS_OPERATIONS = 0x10000000,
	SMB2_FLAGS_REPLAY_OPERATION = 0x20000000,
};

enum smb_dialect {
	SMB_DIALECT_202 = 0x0202,
	SMB_DIALECT_210 = 0x0210,
	SMB_DIALECT_300 = 0x0300,
	SMB_DIALECT_302 = 0x0302,
	SMB_DIALECT_311 = 0x0311,
	SMB_DIALECT_WILDCARD = 0x02ff,
};

struct smb_header {
	uint16_t credit_charge;
	uint32_t status; /* in a 3.x request: ChannelSequence, Reserved */
	uint16_t command;
	uint16_t credits; /* asked for, or granted */
	uint32_t flags;
	uint32_t next; /* NextCommand */
	uint64_t message_id;
	uint64_t async_id;   /* with ASYNC_COMMAND */
	uint32_t process_id; /* without */
	uint32_t tree_id;    /* without */
	uint64_t session_id;
	uint8_t signature[16];
};

/* False if it is no SMB2 header. Moves the reader behind it. */
bool smb_header_read(struct reader *r, struct smb_header *ret_header);
void smb_header_write(struct writer *w, const struct smb_header *header);
