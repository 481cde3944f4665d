/*
 * File system information classes (MS-FSCC 2.5): facts of a volume as clients
 * ask for them at mount and before a copy. Where the facts come from is the
 * object store's.
 */
#include "smb/wire/info.h"

#include "smb/wire/posix.h"
#include "smb/wire/utf16.h"

enum {
	FILE_DEVICE_DISK = 7,
	FILE_READ_ONLY_DEVICE = 0x2,
	FILE_DEVICE_IS_MOUNTED = 0x20,
	SSINFO_ALIGNED = 0x1 | 0x2, /* device and partition */
	SSINFO_TRIM_ENABLED = 0x8,
	LABEL_UNITS = 32,
};

static void write_volume(struct writer *w, const struct smb_volume_facts *v)
{
	wr_u64(w, v->creation);
	wr_u32(w, v->serial);
}

static void write_size(struct writer *w, const struct smb_volume_facts *v)
{
	wr_u64(w, v->units_total);
	wr_u64(w, v->units_available);
	wr_u32(w, v->unit_sectors);
	wr_u32(w, v->sector_bytes);
}

static void write_device(struct writer *w, const struct smb_volume_facts *v)
{
	uint32_t characteristics = FILE_DEVICE_IS_MOUNTED;

	if (v->is_read_only)
		characteristics |= FILE_READ_ONLY_DEVICE;
	wr_u32(w, FILE_DEVICE_DISK);
	wr_u32(w, characteristics);
}

static void write_attribute(struct writer *w, const struct smb_volume_facts *v)
{
	wr_u32(w, v->attributes);
	wr_u32(w, v->name_max);
}

/* What a volume says on which quotas are switched off. */
static void write_control(struct writer *w, const struct smb_volume_facts *v)
{
	(void)v;
	wr_zero(w, 24);
	wr_u64(w, UINT64_MAX); /* DefaultQuotaThreshold: none */
	wr_u64(w, UINT64_MAX); /* DefaultQuotaLimit: none */
	wr_zero(w, 8);
}

static void write_full_size(struct writer *w, const struct smb_volume_facts *v)
{
	wr_u64(w, v->units_total);
	wr_u64(w, v->units_available);
	wr_u64(w, v->units_free);
	wr_u32(w, v->unit_sectors);
	wr_u32(w, v->sector_bytes);
}

static void write_object_id(struct writer *w, const struct smb_volume_facts *v)
{
	wr_u64(w, v->volume_id);
	wr_zero(w, 56);
}

static void write_sector_size(struct writer *w,
			      const struct smb_volume_facts *v)
{
	wr_u32(w, v->sector_bytes);
	wr_u32(w, v->physical_sector_bytes);
	wr_u32(w, v->physical_sector_bytes);
	wr_u32(w, v->physical_sector_bytes);
	wr_u32(w, SSINFO_ALIGNED | (v->has_trim ? SSINFO_TRIM_ENABLED : 0));
	wr_zero(w, 8);
}

struct fs_class {
	uint8_t number;
	uint8_t minimum; /* smaller buffers: INFO_LENGTH_MISMATCH */
	void (*write)(struct writer *w, const struct smb_volume_facts *facts);
};

static const struct fs_class classes[] = {
	{ SMB_FS_VOLUME, 24, write_volume },
	{ SMB_FS_SIZE, 24, write_size },
	{ SMB_FS_DEVICE, 8, write_device },
	{ SMB_FS_ATTRIBUTE, 16, write_attribute },
	{ SMB_FS_CONTROL, 48, write_control },
	{ SMB_FS_FULL_SIZE, 32, write_full_size },
	{ SMB_FS_OBJECT_ID, 64, write_object_id },
	{ SMB_FS_SECTOR_SIZE, 28, write_sector_size },
	{ SMB_FS_POSIX, SMB_POSIX_FS_LENGTH, smb_posix_write_volume },
};

static const struct fs_class *class_of(uint8_t number)
{
	for (size_t i = 0; i < sizeof(classes) / sizeof(classes[0]); i++) {
		if (classes[i].number == number)
			return &classes[i];
	}
	return NULL;
}

/*
 * A text at the end: its length, `gap` bytes, and as much as fits. The length
 * is that of what is there (MS-FSA 2.1.5.13).
 */
static enum nt_status add_text(struct writer *w, const char *text, size_t gap,
			       size_t room)
{
	uint16_t units[LABEL_UNITS];
	size_t count =
		smb_utf8_to_utf16(text, strlen(text), units, LABEL_UNITS);
	size_t fits = (room - 4 - gap) / 2;

	if (count == SIZE_MAX)
		count = 0;

	struct smb_name cut = { units,
				(uint32_t)(count < fits ? count : fits) };

	wr_u32(w, 2 * cut.count);
	wr_zero(w, gap);
	wr_utf16(w, cut);
	return cut.count < count ? NT_STATUS_BUFFER_OVERFLOW
				 : NT_STATUS_SUCCESS;
}

enum nt_status smb_info_volume(struct writer *w, uint8_t fs_class,
			       const struct smb_volume_facts *facts,
			       size_t size)
{
	const struct fs_class *c = class_of(fs_class);
	size_t start = w->at;

	if (!c)
		return NT_STATUS_INVALID_INFO_CLASS;
	if (size < c->minimum)
		return NT_STATUS_INFO_LENGTH_MISMATCH;
	c->write(w, facts);

	size_t room = size - (w->at - start);

	if (fs_class == SMB_FS_VOLUME)
		return add_text(w, facts->label, 2, room);
	if (fs_class == SMB_FS_ATTRIBUTE)
		return add_text(w, "NTFS", 0, room);
	return NT_STATUS_SUCCESS;
}
