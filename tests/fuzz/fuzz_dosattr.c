/*
 * user.DOSATTRIB with any bytes in it: read without a fault, and what was read
 * is the same after it was written and read again.
 */
#include <assert.h>
#include <stddef.h>
#include <stdint.h>

#include "gateway/fsa/dosattr.h"

int LLVMFuzzerTestOneInput(const uint8_t *data, size_t size);

int LLVMFuzzerTestOneInput(const uint8_t *data, size_t size)
{
	struct fsa_dosattr attr = {}, again = {};
	uint8_t blob[FSA_DOSATTR_SIZE];

	if (!fsa_dosattr_decode((struct bytes){ data, size }, &attr))
		return 0;
	size_t written = fsa_dosattr_encode(&attr, blob);

	assert(fsa_dosattr_decode((struct bytes){ blob, written }, &again));
	assert(again.attributes == attr.attributes);
	assert(again.has_creation == attr.has_creation);
	assert(again.creation == attr.creation);
	assert(again.has_itime == attr.has_itime);
	assert(again.itime == attr.itime);
	assert(again.has_change == attr.has_change);
	assert(again.change == attr.change);
	return 0;
}
