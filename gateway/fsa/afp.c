/*
 * The rules of AFP_AfpInfo and AFP_Resource. Where the bytes lie is stream.c's.
 */
#include "gateway/fsa/afp.h"

#include <string.h>

#include "smb/wire/utf16.h"

enum {
	SIGNATURE_LEAST = 3, /* its last byte is a NUL, and may be missing */
	TYPE_AND_CREATOR = 8,
	FLAGS_AT = 8,
	EXTENDED_FLAGS_AT = 24,
};

static const uint8_t nothing[FSA_AFP_INFO_SIZE] = { 'A', 'F', 'P', 0, 0, 1 };

/* Seconds from 1970 to 2000. */
#define AFP_EPOCH INT64_C(946684800)

enum fsa_afp fsa_afp_of(const char *name)
{
	if (smb_utf8_equal_nocase(name, FSA_AFP_INFO_NAME))
		return FSA_AFP_INFO;
	if (smb_utf8_equal_nocase(name, FSA_AFP_RESOURCE_NAME))
		return FSA_AFP_RESOURCE;
	return FSA_AFP_NONE;
}

static bool is_info(const uint8_t *bytes, size_t length)
{
	return length == FSA_AFP_INFO_SIZE &&
	       !memcmp(bytes, nothing, SIGNATURE_LEAST);
}

bool fsa_afp_says_nothing(enum fsa_afp kind, const uint8_t *bytes,
			  size_t length)
{
	switch (kind) {
	case FSA_AFP_INFO:
		return !is_info(bytes, length) ||
		       !memcmp(bytes + FSA_AFP_FINDER_AT,
			       nothing + FSA_AFP_FINDER_AT,
			       FSA_AFP_FINDER_SIZE);
	case FSA_AFP_RESOURCE:
		return length == 0;
	case FSA_AFP_NONE:
		break;
	}
	return false;
}

void fsa_afp_info_complete(uint8_t bytes[FSA_AFP_INFO_SIZE], size_t length)
{
	if (!is_info(bytes, length))
		memcpy(bytes, nothing, sizeof(nothing));
}

enum nt_status fsa_afp_info_write(uint8_t bytes[FSA_AFP_INFO_SIZE],
				  uint64_t offset, const uint8_t *from,
				  size_t length)
{
	if (length < SIGNATURE_LEAST || memcmp(from, nothing, SIGNATURE_LEAST))
		return NT_STATUS_INVALID_PARAMETER;
	if (offset != 0 && length < FSA_AFP_INFO_SIZE)
		return NT_STATUS_INVALID_PARAMETER;
	if (length > FSA_AFP_INFO_SIZE)
		length = FSA_AFP_INFO_SIZE;
	memcpy(bytes, from, length);
	return NT_STATUS_SUCCESS;
}

void fsa_afp_finder_compress(const uint8_t finder[FSA_AFP_FINDER_SIZE],
			     bool is_directory, int64_t added, uint8_t to[16])
{
	int64_t seconds = added - AFP_EPOCH;
	uint32_t date = seconds < INT32_MIN   ? (uint32_t)INT32_MIN
			: seconds > INT32_MAX ? (uint32_t)INT32_MAX
					      : (uint32_t)(int32_t)seconds;

	memset(to, 0, 16);
	if (!is_directory)
		memcpy(to, finder, TYPE_AND_CREATOR);
	memcpy(to + 8, finder + FLAGS_AT, 2);
	memcpy(to + 10, finder + EXTENDED_FLAGS_AT, 2);
	for (int i = 0; i < 4; i++)
		to[12 + i] = (uint8_t)(date >> (24 - 8 * i));
}
