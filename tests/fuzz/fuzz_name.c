/*
 * Names, both ways. Input: a byte of choices, then a name as it is on disk,
 * which must come back to the same bytes; or UTF-16 units as a client sends
 * them, which must make a harmless path or none.
 */
#include <assert.h>
#include <stdbool.h>
#include <stddef.h>
#include <stdint.h>
#include <string.h>

#include "gateway/fsa/object.h"

enum {
	MAPS = 1, /* bits of the first byte */
	FROM_CLIENT = 2,
};

int LLVMFuzzerTestOneInput(const uint8_t *data, size_t size);

static void from_disk(const struct fsa_share *share, const uint8_t *data,
		      size_t size)
{
	char disk[256], back[256];
	uint16_t units[255];
	size_t count;

	if (size > 255)
		size = 255;
	memcpy(disk, data, size);
	disk[size] = '\0';
	if (!*disk || strchr(disk, '/') || !strcmp(disk, ".") ||
	    !strcmp(disk, ".."))
		return;
	count = fsa_name_from_disk(share, disk, units, 255);
	assert(count > 0 && count <= strlen(disk));
	count = fsa_name_to_disk(share,
				 (struct smb_name){ units, (uint32_t)count },
				 back, 256);
	assert(count == strlen(disk) && !strcmp(disk, back));
}

static void from_client(const struct fsa_share *share, const uint8_t *data,
			size_t size)
{
	uint16_t units[256];
	char disk[256];
	struct smb_name name = { units, 0 };
	size_t length;

	for (; size >= 2 && name.count < 256; size -= 2, data += 2)
		units[name.count++] = (uint16_t)(data[0] | data[1] << 8);
	length = fsa_name_to_disk(share, name, disk, sizeof(disk));
	if (length == SIZE_MAX)
		return;
	assert(length && length == strlen(disk) && !strchr(disk, '/'));
	assert(strcmp(disk, ".") && strcmp(disk, ".."));
	/* Another name for it, perhaps, but one that leads to the same file. */
	from_disk(share, (const uint8_t *)disk, length);
}

int LLVMFuzzerTestOneInput(const uint8_t *data, size_t size)
{
	struct fsa_share share = { 0 };

	if (!size)
		return 0;
	share.maps_names = data[0] & MAPS;
	if (data[0] & FROM_CLIENT)
		from_client(&share, data + 1, size - 1);
	else
		from_disk(&share, data + 1, size - 1);
	return 0;
}
