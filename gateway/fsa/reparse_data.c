/*
 * Reparse data as bytes: reads three families of tags, writes two. A link's
 * target is text to us: where it leads is for whoever follows it.
 */
#include "gateway/fsa/reparse_data.h"

#include <stdlib.h>
#include <string.h>
#include <sys/stat.h>
#include <sys/sysmacros.h>

#include "gateway/fsa/dosattr.h"
#include "gateway/fsa/object.h"
#include "smb/wire/utf16.h"

enum {
	SYMLINK_FIXED = 12, /* of the data, before the path buffer */
	SYMLINK_FLAG_RELATIVE = 1,
	LINK_MAX_BYTES = 4096, /* as Linux has it, with the NUL */
	WSL_LINK_VERSION = 2,
};

#define TAG_LX_SYMLINK 0xa000001du
#define TAG_AF_UNIX    0x80000023u
#define TAG_LX_FIFO    0x80000024u
#define TAG_LX_CHR     0x80000025u
#define TAG_LX_BLK     0x80000026u

/* NFS's words for what a thing is: "LNK", "FIFO" and so on, backwards. */
static const struct nfs_kind {
	uint64_t word;
	mode_t kind;
} nfs_kinds[] = {
	{ 0x00000000014b4e4c, S_IFLNK },  { 0x000000004f464946, S_IFIFO },
	{ 0x000000004b434f53, S_IFSOCK }, { 0x0000000000524843, S_IFCHR },
	{ 0x00000000004b4c42, S_IFBLK },
};

uint32_t fsa_reparse_tag(mode_t mode)
{
	if (S_ISREG(mode) || S_ISDIR(mode))
		return 0;
	return S_ISLNK(mode) ? FSA_TAG_SYMLINK : FSA_TAG_NFS;
}

/* ---- targets ---- */

static bool is_slash(uint16_t unit)
{
	return unit == '\\' || unit == '/';
}

static bool is_dots(struct smb_name name)
{
	return name.count > 0 && name.count <= 2 && name.units[0] == '.' &&
	       name.units[name.count - 1] == '.';
}

/* One component; the ways here and up are no names. SIZE_MAX: none such. */
static size_t put_component(const struct fsa_share *share, struct smb_name name,
			    char *to, size_t size)
{
	if (!is_dots(name))
		return fsa_name_to_disk(share, name, to, size);
	if (name.count >= size)
		return SIZE_MAX;
	memset(to, '.', name.count);
	to[name.count] = '\0';
	return name.count;
}

static bool put_target(const struct fsa_share *share, struct smb_name target,
		       char *to, size_t size)
{
	size_t used = 0;
	uint32_t from = 0, end;

	for (; from <= target.count; from = end + 1) {
		for (end = from; end < target.count; end++) {
			if (is_slash(target.units[end]))
				break;
		}
		struct smb_name part = { target.units + from, end - from };
		size_t length = 0;

		if (part.count)
			length = put_component(share, part, to + used,
					       size - used);
		if (length == SIZE_MAX || used + length + 2 > size)
			return false;
		used += length;
		if (end < target.count)
			to[used++] = '/';
	}
	to[used] = '\0';
	return used > 0;
}

static enum nt_status decode_target(const struct fsa_share *share,
				    struct smb_name name, char **ret_target)
{
	char *target;

	/* "\??\C:\x", "\\server\…": other machines and their disks. */
	if (name.count > 1 && is_slash(name.units[0]) &&
	    (is_slash(name.units[1]) || name.units[1] == '?'))
		return NT_STATUS_NOT_SUPPORTED;
	target = malloc(LINK_MAX_BYTES);
	if (!target)
		return NT_STATUS_INSUFFICIENT_RESOURCES;
	if (!put_target(share, name, target, LINK_MAX_BYTES)) {
		free(target);
		return NT_STATUS_IO_REPARSE_DATA_INVALID;
	}
	*ret_target = target;
	return NT_STATUS_SUCCESS;
}

static enum nt_status read_target(const struct fsa_share *share,
				  struct bytes wire, char **ret_target)
{
	enum nt_status status = NT_STATUS_IO_REPARSE_DATA_INVALID;
	uint16_t *units = reallocarray(NULL, LINK_MAX_BYTES, sizeof(*units));
	size_t count;

	if (!units)
		return NT_STATUS_INSUFFICIENT_RESOURCES;
	count = smb_utf16_decode(wire, units, LINK_MAX_BYTES);
	if (count != SIZE_MAX && count > 0)
		status = decode_target(share,
				       (struct smb_name){ units,
							  (uint32_t)count },
				       ret_target);
	free(units);
	return status;
}

uint16_t *fsa_reparse_target(const struct fsa_share *share, const char *target,
			     uint32_t *ret_count, bool *ret_is_relative)
{
	bool is_relative = *target != '/';
	uint32_t count;
	uint16_t *units =
		fsa_name_from_path(share, target + !is_relative, &count);

	if (!units)
		return NULL;
	if (is_relative)
		memmove(units, units + 1, --count * sizeof(*units));
	*ret_count = count;
	*ret_is_relative = is_relative;
	return units;
}

/* ---- reading ---- */

/* 2.1.2.4. */
static enum nt_status read_symlink(const struct fsa_share *share,
				   struct reader *r, struct fsa_reparse *ret)
{
	uint16_t offset = rd_u16(r);
	uint16_t length = rd_u16(r);

	rd_skip(r, 8); /* PrintName, Flags: the target itself tells */

	struct reader path = rd_sub(r, rd_left(r));
	struct bytes wire = rd_piece(&path, offset, length);

	if (!rd_ok(r) || !rd_ok(&path))
		return NT_STATUS_IO_REPARSE_DATA_INVALID;
	ret->kind = S_IFLNK;
	return read_target(share, wire, &ret->target);
}

/* 2.1.2.6. */
static enum nt_status read_nfs(const struct fsa_share *share, struct reader *r,
			       struct fsa_reparse *ret)
{
	uint64_t word = rd_u64(r);

	for (size_t i = 0; i < sizeof(nfs_kinds) / sizeof(nfs_kinds[0]); i++) {
		if (nfs_kinds[i].word == word)
			ret->kind = nfs_kinds[i].kind;
	}
	if (ret->kind == S_IFLNK)
		return read_target(share, rd_bytes(r, rd_left(r)),
				   &ret->target);
	if (ret->kind == S_IFCHR || ret->kind == S_IFBLK) {
		uint32_t major_number = rd_u32(r);

		ret->device = makedev(major_number, rd_u32(r));
	}
	return rd_ok(r) && ret->kind ? NT_STATUS_SUCCESS
				     : NT_STATUS_IO_REPARSE_DATA_INVALID;
}

/* WSL's links have UTF-8, and slashes. */
static enum nt_status read_wsl_link(struct reader *r, struct fsa_reparse *ret)
{
	uint32_t version = rd_u32(r);
	struct bytes text = rd_bytes(r, rd_left(r));

	if (!rd_ok(r) || version != WSL_LINK_VERSION || text.length == 0 ||
	    text.length >= LINK_MAX_BYTES || memchr(text.at, '\0', text.length))
		return NT_STATUS_IO_REPARSE_DATA_INVALID;
	ret->target = strndup((const char *)text.at, text.length);
	ret->kind = S_IFLNK;
	return ret->target ? NT_STATUS_SUCCESS
			   : NT_STATUS_INSUFFICIENT_RESOURCES;
}

static enum nt_status read_data(const struct fsa_share *share, uint32_t tag,
				struct reader *r, struct fsa_reparse *ret)
{
	switch (tag) {
	case FSA_TAG_SYMLINK:
		return read_symlink(share, r, ret);
	case FSA_TAG_NFS:
		return read_nfs(share, r, ret);
	case TAG_LX_SYMLINK:
		return read_wsl_link(r, ret);
	case TAG_AF_UNIX:
		ret->kind = S_IFSOCK;
		return NT_STATUS_SUCCESS;
	case TAG_LX_FIFO:
		ret->kind = S_IFIFO;
		return NT_STATUS_SUCCESS;
	case TAG_LX_CHR: /* which device is said elsewhere */
		ret->kind = S_IFCHR;
		return NT_STATUS_SUCCESS;
	case TAG_LX_BLK:
		ret->kind = S_IFBLK;
		return NT_STATUS_SUCCESS;
	default:
		return NT_STATUS_NOT_SUPPORTED;
	}
}

enum nt_status fsa_reparse_read(const struct fsa_share *share, struct reader *r,
				struct fsa_reparse *ret_reparse)
{
	struct fsa_reparse reparse = { 0 };
	uint32_t tag = rd_u32(r);
	uint16_t length = rd_u16(r);
	enum nt_status status;

	rd_skip(r, 2);
	if (!rd_ok(r) || rd_left(r) != length)
		return NT_STATUS_IO_REPARSE_DATA_INVALID;
	status = read_data(share, tag, r, &reparse);
	if (status == NT_STATUS_SUCCESS)
		*ret_reparse = reparse;
	return status;
}

/* ---- writing ---- */

static enum nt_status write_symlink(const struct fsa_share *share,
				    const char *target, struct writer *w)
{
	bool is_relative;
	uint32_t count;
	uint16_t *units =
		fsa_reparse_target(share, target, &count, &is_relative);
	uint16_t length;

	if (!units)
		return NT_STATUS_INSUFFICIENT_RESOURCES;
	length = (uint16_t)(count * sizeof(*units));
	wr_u32(w, FSA_TAG_SYMLINK);
	wr_u16(w, (uint16_t)(SYMLINK_FIXED + 2 * length));
	wr_u16(w, 0);
	wr_u16(w, 0); /* SubstituteName */
	wr_u16(w, length);
	wr_u16(w, length); /* PrintName: the same */
	wr_u16(w, length);
	wr_u32(w, is_relative ? SYMLINK_FLAG_RELATIVE : 0);
	for (uint32_t i = 0; i < 2 * count; i++)
		wr_u16(w, units[i % count]);
	free(units);
	return NT_STATUS_SUCCESS;
}

static void write_nfs(const struct fsa_reparse *reparse, struct writer *w)
{
	bool is_device = S_ISCHR(reparse->kind) || S_ISBLK(reparse->kind);

	wr_u32(w, FSA_TAG_NFS);
	wr_u16(w, is_device ? 16 : 8);
	wr_u16(w, 0);
	for (size_t i = 0; i < sizeof(nfs_kinds) / sizeof(nfs_kinds[0]); i++) {
		if (nfs_kinds[i].kind == reparse->kind)
			wr_u64(w, nfs_kinds[i].word);
	}
	if (!is_device)
		return;
	wr_u32(w, major(reparse->device));
	wr_u32(w, minor(reparse->device));
}

enum nt_status fsa_reparse_write(const struct fsa_share *share,
				 const struct fsa_reparse *reparse,
				 struct writer *w)
{
	if (S_ISLNK(reparse->kind))
		return write_symlink(share, reparse->target, w);
	write_nfs(reparse, w);
	return NT_STATUS_SUCCESS;
}
