/*
 * Directory entries (MS-FSCC 2.4, the six directory classes). All but
 * FileNamesInformation begin alike; what follows the length of the name tells
 * them apart. Which entries there are, and in what order, is the object
 * store's.
 */
#include "smb/wire/info.h"

#include "smb/wire/posix.h"
#include "smb/wire/utf16.h"

enum {
	FILE_ATTRIBUTE_REPARSE_POINT = 0x400,
	SHORT_NAME_UNITS = 12,
	COMMON_SIZE = 64, /* up to and with FileNameLength */
};

size_t smb_dir_fixed_size(uint8_t file_class)
{
	switch (file_class) {
	case SMB_FILE_DIRECTORY:
		return COMMON_SIZE;
	case SMB_FILE_FULL_DIRECTORY:
		return COMMON_SIZE + 4;
	case SMB_FILE_BOTH_DIRECTORY:
		return COMMON_SIZE + 30;
	case SMB_FILE_NAMES:
		return 12;
	case SMB_FILE_ID_BOTH_DIRECTORY:
		return COMMON_SIZE + 40;
	case SMB_FILE_ID_FULL_DIRECTORY:
		return COMMON_SIZE + 16;
	case SMB_FILE_POSIX:
		return SMB_POSIX_ENTRY_LENGTH;
	default:
		return 0;
	}
}

bool smb_dir_class_is_known(uint8_t file_class)
{
	return smb_dir_fixed_size(file_class) != 0;
}

static bool has_apple_facts(const struct smb_dir_writer *d)
{
	return d->is_apple && d->file_class == SMB_FILE_ID_BOTH_DIRECTORY;
}

bool smb_dir_has_ea_size(const struct smb_dir_writer *d)
{
	return d->file_class != SMB_FILE_DIRECTORY &&
	       d->file_class != SMB_FILE_NAMES &&
	       d->file_class != SMB_FILE_POSIX && !has_apple_facts(d);
}

static void write_common(struct writer *w, const struct smb_dir_entry *entry)
{
	const struct smb_file_facts *f = &entry->facts;

	wr_u64(w, f->creation);
	wr_u64(w, f->access);
	wr_u64(w, f->write);
	wr_u64(w, f->change);
	wr_u64(w, f->end_of_file);
	wr_u64(w, f->allocation);
	wr_u32(w, f->attributes);
}

/* EaSize is the tag where there is one: that is how clients learn it. */
static void write_ea_size(struct writer *w, const struct smb_file_facts *f)
{
	if (f->attributes & FILE_ATTRIBUTE_REPARSE_POINT)
		wr_u32(w, f->reparse_tag);
	else
		wr_u32(w, f->ea_size);
}

static void write_short_name(struct writer *w, struct smb_name name)
{
	if (name.count > SHORT_NAME_UNITS)
		name.count = 0;
	wr_u8(w, (uint8_t)(2 * name.count));
	wr_zero(w, 1);
	wr_utf16(w, name);
	wr_zero(w, 2 * (SHORT_NAME_UNITS - name.count));
}

/*
 * FileIdBothDirectoryInformation as AAPL has it: the rights are in EaSize, the
 * resource fork and FinderInfo in the short name, the mode before the id.
 */
static void write_apple_rest(struct writer *w,
			     const struct smb_dir_entry *entry)
{
	wr_u32(w, entry->apple.access);
	wr_u8(w, 2 * SHORT_NAME_UNITS);
	wr_zero(w, 1);
	wr_u64(w, entry->apple.resource);
	wr_copy(w, entry->apple.finder, sizeof(entry->apple.finder));
	wr_u16(w, (uint16_t)entry->apple.mode);
	wr_u64(w, entry->facts.index);
}

/* What stands between FileNameLength and FileName. */
static void write_rest(struct writer *w, uint8_t file_class,
		       const struct smb_dir_entry *entry)
{
	if (file_class == SMB_FILE_DIRECTORY || file_class == SMB_FILE_NAMES ||
	    file_class == SMB_FILE_POSIX)
		return;
	write_ea_size(w, &entry->facts);
	if (file_class == SMB_FILE_BOTH_DIRECTORY ||
	    file_class == SMB_FILE_ID_BOTH_DIRECTORY)
		write_short_name(w, entry->short_name);
	if (file_class == SMB_FILE_ID_BOTH_DIRECTORY) {
		wr_zero(w, 2);
		wr_u64(w, entry->facts.index);
	}
	if (file_class == SMB_FILE_ID_FULL_DIRECTORY) {
		wr_zero(w, 4);
		wr_u64(w, entry->facts.index);
	}
}

static void write_entry(struct writer *w, const struct smb_dir_writer *d,
			const struct smb_dir_entry *entry)
{
	uint8_t file_class = d->file_class;

	wr_u32(w, 0); /* NextEntryOffset, if another one follows */
	wr_u32(w, entry->file_index);
	if (file_class == SMB_FILE_POSIX)
		smb_posix_write_info(w, &entry->facts);
	else if (file_class != SMB_FILE_NAMES)
		write_common(w, entry);
	wr_u32(w, 2 * entry->name.count);
	if (has_apple_facts(d))
		write_apple_rest(w, entry);
	else
		write_rest(w, file_class, entry);
	wr_utf16(w, entry->name);
}

bool smb_dir_add(struct smb_dir_writer *d, const struct smb_dir_entry *entry)
{
	struct writer *w = d->w;
	size_t used = w->at - d->start;
	size_t padding = (8 - used % 8) % 8;
	uint64_t needed = smb_dir_fixed_size(d->file_class) +
			  2 * (uint64_t)entry->name.count;

	if (!sum_fits(used + padding, needed, d->size) ||
	    !sum_fits(padding, needed, wr_left(w)))
		return false;
	wr_zero(w, padding);
	if (d->count > 0)
		wr_now_u32(w, (struct later){ .at = d->last },
			   (uint32_t)(w->at - d->last));
	d->last = w->at;
	d->count++;
	write_entry(w, d, entry);
	return true;
}
