/*
 * Saved objects with any bytes in them: read without a fault, and what was
 * read is the same after it was written and read again.
 */
#include <assert.h>
#include <stddef.h>
#include <stdint.h>
#include <string.h>

#include "smb/state.h"

int LLVMFuzzerTestOneInput(const uint8_t *data, size_t size);

/* Of what was read, the bytes that are written are those that were read. */
#define AGAIN(noun)                                                     \
	do {                                                            \
		struct smb_##noun##_state state;                        \
		struct reader r = reader_at(data, size);                \
		uint8_t bytes[SMB_STATE_RECORD_MAX + 8];                \
		struct writer w = writer_at(bytes, sizeof(bytes));      \
                                                                        \
		if (smb_##noun##_load(&r, &state) != NT_STATUS_SUCCESS) \
			break;                                          \
		smb_##noun##_save(&w, &state);                          \
		assert(wr_ok(&w));                                      \
		assert(w.at == size - rd_left(&r));                     \
		assert(memcmp(bytes, data, w.at) == 0);                 \
	} while (0)

int LLVMFuzzerTestOneInput(const uint8_t *data, size_t size)
{
	AGAIN(session);
	AGAIN(tree);
	AGAIN(open);
	AGAIN(lease);
	AGAIN(lock);
	return 0;
}
