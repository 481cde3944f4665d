/*
 * Windows attributes and the time of birth, kept in user.DOSATTRIB where Samba
 * keeps them, so that a tree can be served by one and then by the other. Reads
 * all of Samba's versions, writes version 4. Bits that mean nothing here are
 * kept as they are. Without xattrs READONLY goes to the mode bits and the rest
 * is not kept.
 */
#include "gateway/fsa/dosattr.h"

#include <sys/stat.h>

#include "gateway/fsa/attr_cache.h"
#include "gateway/fsa/windows.h"

enum {
	BLOB_MAX = 512, /* version 2 has a name at its end */

	VALID_ATTRIBUTES = 0x01,
	VALID_CREATION = 0x10,
	VALID_ITIME = 0x40,
};

/* Behind version 4: "SGct", when it was set, the change time. */
#define CHANGE_MAGIC 0x74634753u

/* "0x" and hexadecimal digits up to the NUL or the end; moves behind it. */
static bool read_text(struct reader *r, uint32_t *ret_value)
{
	uint32_t value = 0;
	unsigned int digits = 0;

	if (rd_left(r) && r->start[r->at] == 0) {
		rd_skip(r, 1);
		return false;
	}
	if (rd_u8(r) != '0' || (rd_u8(r) | 0x20) != 'x')
		rd_fail(r);
	while (rd_left(r)) {
		uint8_t c = rd_u8(r);

		if (c == 0)
			break;
		if (c >= '0' && c <= '9')
			value = value << 4 | (uint32_t)(c - '0');
		else if ((c | 0x20) >= 'a' && (c | 0x20) <= 'f')
			value = value << 4 | (uint32_t)((c | 0x20) - 'a' + 10);
		else
			rd_fail(r);
		if (++digits > 8)
			rd_fail(r);
	}
	if (digits == 0)
		rd_fail(r);
	*ret_value = value;
	return rd_ok(r);
}

/* Attributes that are stored, if only as "none", are never 0. */
static void take_attributes(struct fsa_dosattr *attr, uint32_t attributes)
{
	attributes &= ~(uint32_t)FILE_ATTRIBUTE_NORMAL;
	attr->attributes = attributes ? attributes : FILE_ATTRIBUTE_NORMAL;
}

static void take_creation(struct fsa_dosattr *attr, uint64_t creation)
{
	attr->has_creation = creation != 0;
	attr->creation = creation;
}

/* Versions 1 and 2: no flags say what is valid, all is. */
static void read_old(struct reader *r, uint16_t version,
		     struct fsa_dosattr *attr)
{
	if (version == 2)
		rd_skip(r, 4);
	take_attributes(attr, rd_u32(r));
	rd_skip(r, 4 + 8 + 8); /* sizes */
	take_creation(attr, rd_u64(r));
}

static void read_new(struct reader *r, uint16_t version,
		     struct fsa_dosattr *attr)
{
	uint32_t valid = rd_u32(r);
	uint32_t attributes = rd_u32(r);

	if (version == 3)
		rd_skip(r, 4 + 8 + 8);

	uint64_t itime = version == 4 ? rd_u64(r) : 0;
	uint64_t creation = rd_u64(r);

	if (valid & VALID_ATTRIBUTES)
		take_attributes(attr, attributes);
	if (valid & VALID_CREATION)
		take_creation(attr, creation);
	attr->has_itime = version == 4 && (valid & VALID_ITIME) != 0;
	attr->itime = attr->has_itime ? itime : 0;
}

static void read_change(struct reader *r, struct fsa_dosattr *attr)
{
	if (rd_left(r) < 20 || rd_u32(r) != CHANGE_MAGIC)
		return;
	attr->has_change = true;
	attr->change_set = rd_u64(r);
	attr->change = rd_u64(r);
}

bool fsa_dosattr_decode(struct bytes in, struct fsa_dosattr *ret_attr)
{
	struct reader r = reader_of(in);
	struct fsa_dosattr attr = {};
	uint32_t text = 0;
	bool has_text = read_text(&r, &text);

	if (!rd_ok(&r))
		return false;
	if (rd_left(&r) == 0) {
		if (!has_text)
			return false;
		take_attributes(&attr, text);
		*ret_attr = attr;
		return true;
	}
	rd_align(&r, 2);

	uint16_t version = rd_u16(&r);

	if (rd_u16(&r) != version)
		rd_fail(&r);
	rd_align(&r, 4);
	if (version == 1 || version == 2)
		read_old(&r, version, &attr);
	else if (version >= 3 && version <= 5)
		read_new(&r, version, &attr);
	else
		rd_fail(&r);
	if (!rd_ok(&r))
		return false;
	if (version == 4)
		read_change(&r, &attr);
	*ret_attr = attr;
	return true;
}

size_t fsa_dosattr_encode(const struct fsa_dosattr *attr,
			  uint8_t to[FSA_DOSATTR_SIZE])
{
	struct writer w = writer_at(to, FSA_DOSATTR_SIZE);
	uint32_t valid = (attr->attributes ? VALID_ATTRIBUTES : 0) |
			 (attr->has_creation ? VALID_CREATION : 0) |
			 (attr->has_itime ? VALID_ITIME : 0);

	wr_zero(&w, 2); /* an empty text */
	wr_u16(&w, 4);
	wr_u16(&w, 4);
	wr_align(&w, 4);
	wr_u32(&w, valid);
	wr_u32(&w, attr->attributes & ~(uint32_t)FILE_ATTRIBUTE_NORMAL);
	wr_u64(&w, attr->has_itime ? attr->itime : 0);
	wr_u64(&w, attr->has_creation ? attr->creation : 0);
	if (attr->has_change) {
		wr_u32(&w, CHANGE_MAGIC);
		wr_u64(&w, attr->change_set);
		wr_u64(&w, attr->change);
	}
	assert(wr_ok(&w));
	return w.at;
}

bool fsa_dosattr_is_kept(const struct fsa_share *share)
{
	return share->attributes == FSA_ATTRIBUTES_XATTR &&
	       store_tree_features(share->tree)->has_xattr;
}

/*
 * Attributes are facts of a file, which all may know who can reach it (so they
 * are read as the process), and what is known of them holds until the file's
 * change time moves. Where that can't be told the user asks each time.
 */
struct store_creds *fsa_dosattr_reader(const struct fsa_volume *volume,
				       const struct store_stat *stat)
{
	return fsa_attr_cache_takes(volume->share, stat) ? NULL : volume->creds;
}

void fsa_dosattr_learn(const struct fsa_volume *volume,
		       const struct store_stat *stat, uint64_t began_ns,
		       const uint8_t *value, int64_t length,
		       struct fsa_dosattr *ret_attr)
{
	struct fsa_attr_facts facts = { .known = FSA_KNOWN_DOSATTR };
	enum nt_status status = fsa_status(FSA_XATTR, length);

	/* None, not readable, malformed: all the same to a reader. */
	if (length > 0)
		(void)fsa_dosattr_decode((struct bytes){ value,
							 (size_t)length },
					 &facts.dosattr);
	if (nt_status_is_ok(status) ||
	    status == NT_STATUS_OBJECT_NAME_NOT_FOUND)
		fsa_attr_cache_add(volume->share, stat, began_ns, &facts);
	*ret_attr = facts.dosattr;
}

enum nt_status fsa_co_dosattr_get(struct fsa_volume *volume,
				  struct store_file *file,
				  const struct store_stat *stat,
				  struct fsa_dosattr *ret_attr)
{
	struct fsa_attr_facts facts;
	struct store_stat fresh;
	uint8_t blob[BLOB_MAX];
	uint64_t began;
	int64_t n;

	*ret_attr = (struct fsa_dosattr){};
	if (!fsa_dosattr_is_kept(volume->share))
		return NT_STATUS_SUCCESS;
	if (!stat && store_co_stat(file, &fresh) == 0)
		stat = &fresh;
	fsa_attr_cache_find(volume->share, stat, &facts);
	if (facts.known & FSA_KNOWN_DOSATTR) {
		*ret_attr = facts.dosattr;
		return NT_STATUS_SUCCESS;
	}
	began = loop_wall_now();
	n = store_co_xattr_get(fsa_dosattr_reader(volume, stat), file,
			       FSA_DOSATTR_NAME, blob, sizeof(blob));
	fsa_dosattr_learn(volume, stat, began, blob, n, ret_attr);
	return NT_STATUS_SUCCESS;
}

/* READONLY is the lack of every right to write; others may be given later. */
static enum nt_status co_set_mode(struct fsa_volume *volume,
				  struct store_file *file, bool is_read_only)
{
	struct store_stat stat;
	int err = store_co_stat(file, &stat);

	if (err < 0)
		return fsa_status(FSA_SET, err);

	bool can_write = (stat.mode & 0222) != 0;

	if (!S_ISREG(stat.mode) || can_write != is_read_only)
		return NT_STATUS_SUCCESS;

	mode_t mode = stat.mode & 07777;

	mode = is_read_only ? mode & ~(mode_t)0222 : mode | 0200;
	return fsa_status(FSA_SET,
			  store_co_set_mode(volume->creds, file, mode));
}

enum nt_status fsa_co_dosattr_set(struct fsa_volume *volume,
				  struct store_file *file,
				  const struct fsa_dosattr *attr)
{
	bool is_read_only = (attr->attributes & FILE_ATTRIBUTE_READONLY) != 0;

	bool has_xattrs = fsa_dosattr_is_kept(volume->share);

	/* Nobody who cleared READONLY wants to meet the mode bits then. */
	if (attr->attributes && (!has_xattrs || !is_read_only)) {
		enum nt_status status = co_set_mode(volume, file, is_read_only);

		if (status != NT_STATUS_SUCCESS)
			return status;
	}
	if (!has_xattrs)
		return NT_STATUS_SUCCESS;

	uint8_t blob[FSA_DOSATTR_SIZE];
	size_t size = fsa_dosattr_encode(attr, blob);

	return fsa_status(FSA_SET,
			  store_co_xattr_set(volume->creds, file,
					     FSA_DOSATTR_NAME, blob, size));
}
