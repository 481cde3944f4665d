/*
 * SET_INFO of files with any class (the first byte) and any bytes: read or
 * refused, and what was read lies where it may.
 */
#include <assert.h>
#include <stddef.h>
#include <stdint.h>

#include "smb/limits.h"
#include "smb/wire/info.h"

int LLVMFuzzerTestOneInput(const uint8_t *data, size_t size);

int LLVMFuzzerTestOneInput(const uint8_t *data, size_t size)
{
	static uint16_t names[SMB_PATH_MAX];
	struct smb_set set;
	uint32_t access;

	if (size == 0)
		return 0;
	if (smb_info_set(data[0], (struct bytes){ data + 1, size - 1 }, names,
			 &set, &access) != NT_STATUS_SUCCESS)
		return 0;
	if (set.kind == SMB_SET_RENAME || set.kind == SMB_SET_LINK) {
		assert(set.name.count > 0);
		assert(set.name.units >= names);
		assert(set.name.units + set.name.count <= names + SMB_PATH_MAX);
	}
	if (set.kind == SMB_SET_EAS) {
		assert(set.eas == data + 1);
		assert(set.eas_length == size - 1);
	}
	return 0;
}
