/*
 * The bytes around a security descriptor in an xattr. What is in it is
 * smb/wire/sd.h's, whether it is to be trusted security.c's.
 */
#include "gateway/fsa/aclattr.h"

enum {
	VERSION = 1,

	/* Of Samba's: a hash of its versions 2, and of 3 and 4. */
	HASH_V2 = 16,
	HASH_V3 = 64,

	/* Of a descriptor: its fixed part, and the offsets in it. */
	SD_HEAD = 20,
	SD_OFFSETS = 4,
};

void fsa_aclattr_write(struct writer *w, const struct fsa_aclattr *attr)
{
	wr_u8(w, VERSION);
	wr_u8(w, 0);
	wr_u16(w, attr->mode);
	wr_u32(w, attr->uid);
	wr_u32(w, attr->gid);
}

bool fsa_aclattr_read(struct bytes in, struct fsa_aclattr *ret_attr,
		      struct bytes *ret_sd)
{
	struct reader r = reader_of(in);
	uint8_t version = rd_u8(&r);

	rd_skip(&r, 1);

	struct fsa_aclattr attr = { .mode = rd_u16(&r) };

	attr.uid = rd_u32(&r);
	attr.gid = rd_u32(&r);
	if (!rd_ok(&r) || version != VERSION)
		return false;
	*ret_attr = attr;
	*ret_sd = rd_bytes(&r, rd_left(&r));
	return true;
}

/* A text, its NUL, a time and a hash: what version 4 has behind version 3. */
static void skip_v4(struct reader *r)
{
	while (rd_left(r) && rd_u8(r))
		;
	rd_align(r, 4);
	rd_skip(r, 8 + HASH_V3);
}

/*
 * Where the descriptor's four parts are is counted from the beginning of all
 * there; makes it count from that of the descriptor.
 */
static bool move_offsets(uint8_t *sd, uint32_t start)
{
	for (size_t at = SD_OFFSETS; at < SD_HEAD; at += 4) {
		struct reader r = reader_at(sd + at, 4);
		struct writer w = writer_at(sd + at, 4);
		uint32_t offset = rd_u32(&r);

		if (offset && offset < start)
			return false;
		wr_u32(&w, offset ? offset - start : 0);
	}
	return true;
}

bool fsa_aclattr_read_samba(uint8_t *blob, size_t length, struct bytes *ret_sd)
{
	struct reader r = reader_at(blob, length);
	uint16_t version = rd_u16(&r);

	/* The union says again which of its arms it is. */
	if (rd_u16(&r) != version || version < 1 || version > 4)
		return false;
	if (rd_u32(&r) == 0)
		return false; /* the pointer to the arm, or to version 1's */
	if (version > 1 && rd_u32(&r) == 0)
		return false; /* and the arm's to the descriptor */
	if (version == 2)
		rd_skip(&r, HASH_V2);
	if (version > 2)
		rd_skip(&r, 2 + HASH_V3);
	if (version == 4)
		skip_v4(&r);
	rd_align(&r, 4);
	if (!rd_ok(&r) || rd_left(&r) < SD_HEAD ||
	    !move_offsets(blob + r.at, (uint32_t)r.at))
		return false;
	*ret_sd = rd_bytes(&r, rd_left(&r));
	return true;
}
