/*
 * Enough for a client to be content; nothing depends on the object.
 */
#include "tests/fake/canned.h"

#include <string.h>

#include "tests/fake/files.h"

/* Self-relative, and nobody in it. */
enum nt_status fake_co_query_security(struct smb_object *object, uint32_t parts,
				      uint8_t *to, uint32_t size,
				      uint32_t *ret_length)
{
	static const uint8_t empty[20] = { 1, 0, 0, 0x80 };

	(void)object;
	(void)parts;
	*ret_length = sizeof(empty);
	if (size < sizeof(empty))
		return NT_STATUS_BUFFER_TOO_SMALL;
	memcpy(to, empty, sizeof(empty));
	return NT_STATUS_SUCCESS;
}

enum nt_status fake_co_set_security(struct smb_object *object, uint32_t parts,
				    const uint8_t *security, uint32_t length)
{
	(void)object;
	(void)parts;
	(void)security;
	(void)length;
	return NT_STATUS_SUCCESS;
}

enum nt_status fake_co_query_eas(struct smb_object *object, uint8_t *to,
				 uint32_t size, uint32_t *ret_length)
{
	(void)object;
	(void)to;
	(void)size;
	(void)ret_length;
	return NT_STATUS_NO_EAS_ON_FILE;
}

enum nt_status fake_co_query_streams(struct smb_object *object, uint8_t *to,
				     uint32_t size, uint32_t *ret_length)
{
	(void)object;
	(void)to;
	(void)size;
	*ret_length = 0;
	return NT_STATUS_SUCCESS;
}

enum nt_status fake_co_query_volume(struct smb_volume *volume,
				    struct smb_volume_facts *ret_facts)
{
	(void)volume;
	*ret_facts = (struct smb_volume_facts){
		.creation = 133485408000000000u,
		.serial = 0x12345678,
		.volume_id = 0x1234,
		.label = "fake",
		.attributes = 0x7,
		.name_max = FAKE_NAME_MAX,
		.units_total = 1000,
		.units_free = 500,
		.units_available = 400,
		.unit_sectors = 8,
		.sector_bytes = 512,
		.physical_sector_bytes = 4096,
	};
	return NT_STATUS_SUCCESS;
}

enum nt_status fake_co_ioctl(struct smb_object *object,
			     const struct smb_ioctl *ioctl,
			     uint32_t *ret_length)
{
	(void)object;
	(void)ioctl;
	*ret_length = 0;
	return NT_STATUS_INVALID_DEVICE_REQUEST;
}

enum nt_status fake_co_copy(struct smb_object *target,
			    const struct smb_copy *how, uint64_t *ret_copied)
{
	(void)target;
	(void)how;
	*ret_copied = 0;
	return NT_STATUS_INVALID_DEVICE_REQUEST;
}
