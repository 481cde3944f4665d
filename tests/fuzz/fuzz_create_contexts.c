/*
 * Create contexts with any bytes in them: walked to the end or refused, and
 * what is taken from them lies inside of them.
 */
#include <assert.h>
#include <stddef.h>
#include <stdint.h>

#include "smb/cmd/create.h"

int LLVMFuzzerTestOneInput(const uint8_t *data, size_t size);

static void assert_inside(const uint8_t *piece, size_t length,
			  const uint8_t *data, size_t size)
{
	assert(!piece || (piece >= data && length <= size &&
			  piece + length <= data + size));
}

int LLVMFuzzerTestOneInput(const uint8_t *data, size_t size)
{
	struct smb_create how = { 0 };
	struct smb_create_wishes wishes = { 0 };
	enum nt_status status =
		smb_create_read_contexts((struct bytes){ data, size }, &how,
					 &wishes);

	if (status != NT_STATUS_SUCCESS)
		return 0;
	assert_inside(how.security, how.security_length, data, size);
	assert_inside(how.eas, how.eas_length, data, size);
	return 0;
}
