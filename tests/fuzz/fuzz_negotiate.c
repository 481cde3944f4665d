/*
 * Negotiate contexts with any bytes in them: read to the end or refused.
 * Input: two bytes of count, then the chain.
 */
#include <assert.h>
#include <stddef.h>
#include <stdint.h>
#include <string.h>

#include "smb/wire/context.h"

int LLVMFuzzerTestOneInput(const uint8_t *data, size_t size);

int LLVMFuzzerTestOneInput(const uint8_t *data, size_t size)
{
	struct smb_negotiate_offer offer = { 0 };

	if (size < 2)
		return 0;
	uint16_t count = (uint16_t)(data[0] | data[1] << 8);
	enum nt_status status =
		smb_negotiate_read((struct bytes){ data + 2, size - 2 }, count,
				   &offer);

	if (status != NT_STATUS_SUCCESS)
		return 0;
	assert(offer.has_preauth);
	assert(offer.cipher_count <= 16);
	assert(offer.signing_count <= 16);
	assert(memchr(offer.netname, 0, sizeof(offer.netname)));
	return 0;
}
