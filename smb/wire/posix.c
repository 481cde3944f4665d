/*
 * Level 100 of everything, and the create context. Modes go without the type
 * of the file: what is no file or directory has a reparse tag.
 */
#include "smb/wire/posix.h"

enum {
	SID_UNIX_USERS = 1,
	SID_UNIX_GROUPS = 2,
	SID_AUTHORITY = 22,
	MODE_BITS = 07777,
	TRANSFER_SIZE = 1024 * 1024,
};

const uint8_t smb_posix_id[SMB_POSIX_ID_LENGTH] = {
	0x93, 0xad, 0x25, 0x50, 0x9c, 0xb4, 0x11, 0xe7,
	0xb4, 0x23, 0x83, 0xde, 0x96, 0x8b, 0xcd, 0x7c,
};

/* S-1-22-kind-id: MS-DTYP 2.4.2.2. */
static void write_sid(struct writer *w, uint32_t kind, uint32_t id)
{
	wr_u8(w, 1);
	wr_u8(w, 2); /* SubAuthorityCount */
	wr_zero(w, 5);
	wr_u8(w, SID_AUTHORITY);
	wr_u32(w, kind);
	wr_u32(w, id);
}

void smb_posix_write_create(struct writer *w,
			    const struct smb_file_facts *facts)
{
	wr_u32(w, facts->unix_links);
	wr_u32(w, facts->reparse_tag);
	wr_u32(w, facts->mode & MODE_BITS);
	write_sid(w, SID_UNIX_USERS, facts->uid);
	write_sid(w, SID_UNIX_GROUPS, facts->gid);
}

void smb_posix_write_info(struct writer *w, const struct smb_file_facts *facts)
{
	wr_u64(w, facts->creation);
	wr_u64(w, facts->access);
	wr_u64(w, facts->write);
	wr_u64(w, facts->change);
	wr_u64(w, facts->end_of_file);
	wr_u64(w, facts->allocation);
	wr_u32(w, facts->attributes);
	wr_u64(w, facts->index);
	wr_u32(w, (uint32_t)facts->volume_id);
	wr_u32(w, 0);
	smb_posix_write_create(w, facts);
}

void smb_posix_write_volume(struct writer *w,
			    const struct smb_volume_facts *facts)
{
	wr_u32(w, TRANSFER_SIZE);
	wr_u32(w, facts->unit_sectors * facts->sector_bytes);
	wr_u64(w, facts->units_total);
	wr_u64(w, facts->units_free);
	wr_u64(w, facts->units_available);
	wr_u64(w, facts->files_total);
	wr_u64(w, facts->files_free);
	wr_u64(w, facts->volume_id);
}
