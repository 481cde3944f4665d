/*
 * The two streams in which macOS keeps what it knows of a file: AFP_AfpInfo
 * with what Finder shows (type, creator, flags), and AFP_Resource, the resource
 * fork. To macOS every file has them; one that says nothing is not there. Pure.
 * Private to gateway/fsa/.
 *
 * So a stream of these names is in its attribute only as long as it says
 * something, comes with the first write that does, and goes with the last.
 * AFP_AfpInfo has 60 bytes always, big-endian:
 *
 *    0  signature "AFP\0", version 0x00010000, 8 bytes that nobody uses
 *   16  FinderInfo, 32 bytes
 *   48  ProDOS info, 6 bytes, and 6 more that nobody uses
 */
#pragma once

#include <stdbool.h>
#include <stddef.h>
#include <stdint.h>

#include "smb/status.h"

enum fsa_afp {
	FSA_AFP_NONE, /* an ordinary stream */
	FSA_AFP_INFO,
	FSA_AFP_RESOURCE,
};

enum {
	FSA_AFP_INFO_SIZE = 60,
	FSA_AFP_FINDER_AT = 16,
	FSA_AFP_FINDER_SIZE = 32,
};

#define FSA_AFP_INFO_NAME     "AFP_AfpInfo"
#define FSA_AFP_RESOURCE_NAME "AFP_Resource"

/* By the name of a stream, in whatever case. */
enum fsa_afp fsa_afp_of(const char *name);

/* Whether these bytes, all of the stream, are as good as none. */
bool fsa_afp_says_nothing(enum fsa_afp kind, const uint8_t *bytes,
			  size_t length);

/*
 * What AFP_AfpInfo contains if `length` bytes are kept of it in `bytes`, which
 * has room for all: they themselves, or else one that says nothing.
 */
void fsa_afp_info_complete(uint8_t bytes[FSA_AFP_INFO_SIZE], size_t length);

/*
 * Lays a write over a complete AFP_AfpInfo. It begins with the signature
 * (three bytes of it at least), wherever it is said to go; only a whole one
 * may be said to go elsewhere than to the start. INVALID_PARAMETER.
 */
enum nt_status fsa_afp_info_write(uint8_t bytes[FSA_AFP_INFO_SIZE],
				  uint64_t offset, const uint8_t *from,
				  size_t length);

/*
 * FinderInfo as a directory entry has it, 16 bytes: type and creator of a
 * file, flags, extended flags, and the seconds since 2000 when it was added.
 */
void fsa_afp_finder_compress(const uint8_t finder[FSA_AFP_FINDER_SIZE],
			     bool is_directory, int64_t added, uint8_t to[16]);
