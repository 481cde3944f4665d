/*
 * File information classes that can be asked for (MS-FSCC 2.4): one line a
 * class in a table, with the smallest buffer that Windows takes for it. Setting
 * is infoset.c's, directory entries are dirinfo.c's. Classes whose content only
 * the object store knows (EAs, streams) are not here.
 */
#include "smb/wire/info.h"

#include "smb/wire/posix.h"
#include "smb/wire/utf16.h"

enum {
	FILE_READ_EA = 0x8,
	FILE_READ_ATTRIBUTES = 0x80,
};

static void write_basic(struct writer *w, const struct smb_open_facts *facts)
{
	const struct smb_file_facts *f = &facts->file;

	wr_u64(w, f->creation);
	wr_u64(w, f->access);
	wr_u64(w, f->write);
	wr_u64(w, f->change);
	wr_u32(w, f->attributes);
	wr_zero(w, 4);
}

static void write_standard(struct writer *w, const struct smb_open_facts *facts)
{
	const struct smb_file_facts *f = &facts->file;
	uint32_t links = f->links;

	if (f->is_delete_pending && links > 0)
		links--;
	wr_u64(w, f->allocation);
	wr_u64(w, f->end_of_file);
	wr_u32(w, links);
	wr_u8(w, f->is_delete_pending);
	wr_u8(w, f->is_directory);
	wr_zero(w, 2);
}

static void write_internal(struct writer *w, const struct smb_open_facts *facts)
{
	wr_u64(w, facts->file.index);
}

static void write_ea(struct writer *w, const struct smb_open_facts *facts)
{
	wr_u32(w, facts->file.ea_size);
}

static void write_access(struct writer *w, const struct smb_open_facts *facts)
{
	wr_u32(w, facts->granted);
}

static void write_position(struct writer *w, const struct smb_open_facts *facts)
{
	wr_u64(w, facts->position);
}

static void write_mode(struct writer *w, const struct smb_open_facts *facts)
{
	wr_u32(w, facts->mode);
}

/* Byte alignment: buffers are the network's, not the device's. */
static void write_alignment(struct writer *w,
			    const struct smb_open_facts *facts)
{
	(void)facts;
	wr_u32(w, 0);
}

static void write_all(struct writer *w, const struct smb_open_facts *facts)
{
	write_basic(w, facts);
	write_standard(w, facts);
	write_internal(w, facts);
	write_ea(w, facts);
	write_access(w, facts);
	write_position(w, facts);
	write_mode(w, facts);
	write_alignment(w, facts);
}

/* Not compressed: the size is what the file takes, holes left out. */
static void write_compression(struct writer *w,
			      const struct smb_open_facts *facts)
{
	const struct smb_file_facts *f = &facts->file;

	wr_u64(w,
	       f->allocation < f->end_of_file ? f->allocation : f->end_of_file);
	wr_zero(w, 8);
}

static void write_network_open(struct writer *w,
			       const struct smb_open_facts *facts)
{
	const struct smb_file_facts *f = &facts->file;

	wr_u64(w, f->creation);
	wr_u64(w, f->access);
	wr_u64(w, f->write);
	wr_u64(w, f->change);
	wr_u64(w, f->allocation);
	wr_u64(w, f->end_of_file);
	wr_u32(w, f->attributes);
	wr_zero(w, 4);
}

static void write_attribute_tag(struct writer *w,
				const struct smb_open_facts *facts)
{
	wr_u32(w, facts->file.attributes);
	wr_u32(w, facts->file.reparse_tag);
}

static void write_id(struct writer *w, const struct smb_open_facts *facts)
{
	wr_u64(w, facts->file.volume_id);
	wr_u64(w, facts->file.index);
	wr_zero(w, 8);
}

static void write_posix(struct writer *w, const struct smb_open_facts *facts)
{
	smb_posix_write_info(w, &facts->file);
}

static void write_nothing(struct writer *w, const struct smb_open_facts *facts)
{
	(void)w;
	(void)facts;
}

static struct smb_name name_of(const struct smb_open_facts *facts)
{
	return facts->path;
}

static struct smb_name name_below_root(const struct smb_open_facts *facts)
{
	struct smb_name name = facts->path;

	if (name.count > 0) {
		name.units++;
		name.count--;
	}
	return name;
}

static struct smb_name name_short(const struct smb_open_facts *facts)
{
	return facts->short_name;
}

/* A class: its fixed part, then, if it has one, a name with its length. */
struct file_class {
	uint8_t number;
	uint8_t minimum; /* smaller buffers: INFO_LENGTH_MISMATCH */
	uint8_t access;
	void (*write)(struct writer *w, const struct smb_open_facts *facts);
	struct smb_name (*name)(const struct smb_open_facts *facts);
};

static const struct file_class classes[] = {
	{ SMB_FILE_BASIC, 40, FILE_READ_ATTRIBUTES, write_basic, NULL },
	{ SMB_FILE_STANDARD, 24, 0, write_standard, NULL },
	{ SMB_FILE_INTERNAL, 8, 0, write_internal, NULL },
	{ SMB_FILE_EA, 4, 0, write_ea, NULL },
	{ SMB_FILE_ACCESS, 4, 0, write_access, NULL },
	{ SMB_FILE_NAME, 8, 0, write_nothing, name_of },
	{ SMB_FILE_POSITION, 8, 0, write_position, NULL },
	{ SMB_FILE_MODE, 4, 0, write_mode, NULL },
	{ SMB_FILE_ALIGNMENT, 4, 0, write_alignment, NULL },
	{ SMB_FILE_ALL, 104, FILE_READ_ATTRIBUTES, write_all, name_of },
	{ SMB_FILE_ALTERNATE_NAME, 8, 0, write_nothing, name_short },
	{ SMB_FILE_COMPRESSION, 16, 0, write_compression, NULL },
	{ SMB_FILE_NETWORK_OPEN, 56, FILE_READ_ATTRIBUTES, write_network_open,
	  NULL },
	{ SMB_FILE_ATTRIBUTE_TAG, 8, FILE_READ_ATTRIBUTES, write_attribute_tag,
	  NULL },
	{ SMB_FILE_NORMALIZED_NAME, 8, 0, write_nothing, name_below_root },
	{ SMB_FILE_ID, 24, 0, write_id, NULL },
	{ SMB_FILE_POSIX, SMB_POSIX_INFO_LENGTH, 0, write_posix, NULL },
};

static const struct file_class *class_of(uint8_t number)
{
	for (size_t i = 0; i < sizeof(classes) / sizeof(classes[0]); i++) {
		if (classes[i].number == number)
			return &classes[i];
	}
	return NULL;
}

/*
 * The whole length, and as much of the name as fits: clients that send small
 * buffers want to know how much there would be.
 */
static enum nt_status add_name(struct writer *w, struct smb_name name,
			       size_t room)
{
	struct smb_name cut = name;

	if (cut.count > room / 2)
		cut.count = (uint32_t)(room / 2);
	wr_u32(w, 2 * name.count);
	wr_utf16(w, cut);
	return cut.count < name.count ? NT_STATUS_BUFFER_OVERFLOW
				      : NT_STATUS_SUCCESS;
}

enum nt_status smb_info_file(struct writer *w, uint8_t file_class,
			     const struct smb_open_facts *facts, size_t size)
{
	const struct file_class *c = class_of(file_class);
	size_t start = w->at;

	if (!c || (c->number == SMB_FILE_POSIX && !facts->is_posix))
		return NT_STATUS_INVALID_INFO_CLASS;
	if (size < c->minimum)
		return NT_STATUS_INFO_LENGTH_MISMATCH;
	if (c->name == name_short && facts->short_name.count == 0)
		return NT_STATUS_OBJECT_NAME_NOT_FOUND;
	c->write(w, facts);
	if (!c->name)
		return NT_STATUS_SUCCESS;
	return add_name(w, c->name(facts), size - (w->at - start) - 4);
}

uint32_t smb_info_file_access(uint8_t file_class)
{
	const struct file_class *c = class_of(file_class);

	if (file_class == SMB_FILE_FULL_EA)
		return FILE_READ_EA;
	return c ? c->access : 0;
}

/* FilePipeLocalInformation of a message pipe that is connected. */
static void write_pipe_local(struct writer *w, uint32_t available)
{
	wr_u32(w, 1);          /* NamedPipeType: messages */
	wr_u32(w, 2);          /* both ways */
	wr_u32(w, UINT32_MAX); /* instances: no limit */
	wr_u32(w, 1);
	wr_u32(w, 4096); /* InboundQuota */
	wr_u32(w, available);
	wr_u32(w, 4096); /* OutboundQuota */
	wr_u32(w, 4096);
	wr_u32(w, 3); /* connected */
	wr_u32(w, 0); /* the client's end */
}

enum nt_status smb_info_pipe(struct writer *w, uint8_t file_class,
			     uint32_t available, size_t size)
{
	size_t needed = file_class == SMB_FILE_PIPE ? 8 : 40;

	if (file_class != SMB_FILE_PIPE && file_class != SMB_FILE_PIPE_LOCAL)
		return NT_STATUS_INVALID_INFO_CLASS;
	if (size < needed)
		return NT_STATUS_INFO_LENGTH_MISMATCH;
	if (file_class == SMB_FILE_PIPE_LOCAL) {
		write_pipe_local(w, available);
		return NT_STATUS_SUCCESS;
	}
	wr_u32(w, 1); /* ReadMode: messages */
	wr_u32(w, 0); /* CompletionMode: reads wait */
	return NT_STATUS_SUCCESS;
}
