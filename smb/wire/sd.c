/*
 * Security descriptors as they go on the wire (MS-DTYP 2.4.2, 2.4.4, 2.4.5,
 * 2.4.6): self-relative, with ACEs of the three plain types. What rights a
 * mask gives to whom is known by the object store.
 */
#include "smb/wire/sd.h"

#include <assert.h>

enum {
	DESCRIPTOR_LENGTH = 20,
	ACL_LENGTH = 8,
	ACE_LENGTH = 8, /* without the SID */
	SID_LENGTH = 8, /* without the sub-authorities */
	ACL_REVISION = 2,
	ACL_REVISION_DS = 4, /* may have object ACEs */
	/* Control bits, 2.4.6. */
	CONTROL_DACL_PRESENT = 0x0004,
	CONTROL_SACL_PRESENT = 0x0010,
	CONTROL_SELF_RELATIVE = 0x8000,
};

static size_t sid_size(const struct smb_sid *sid)
{
	return SID_LENGTH + 4 * (size_t)sid->count;
}

bool smb_sid_equal(const struct smb_sid *a, const struct smb_sid *b)
{
	return a->revision == b->revision && a->count == b->count &&
	       a->authority == b->authority &&
	       memcmp(a->parts, b->parts, 4 * (size_t)a->count) == 0;
}

/* The authority is the one big-endian number here. */
void smb_sid_read(struct reader *r, struct smb_sid *ret_sid)
{
	struct smb_sid sid = { .revision = rd_u8(r), .count = rd_u8(r) };

	for (int i = 0; i < 6; i++)
		sid.authority = sid.authority << 8 | rd_u8(r);
	if (sid.revision != 1 || sid.count > SMB_SID_PARTS_MAX)
		rd_fail(r);
	for (int i = 0; rd_ok(r) && i < sid.count; i++)
		sid.parts[i] = rd_u32(r);
	if (rd_ok(r))
		*ret_sid = sid;
}

void smb_sid_write(struct writer *w, const struct smb_sid *sid)
{
	assert(sid->count <= SMB_SID_PARTS_MAX);
	wr_u8(w, sid->revision);
	wr_u8(w, sid->count);
	for (int shift = 40; shift >= 0; shift -= 8)
		wr_u8(w, (uint8_t)(sid->authority >> shift));
	for (int i = 0; i < sid->count; i++)
		wr_u32(w, sid->parts[i]);
}

static bool dacl_has_body(const struct smb_descriptor *sd)
{
	return sd->has_dacl && !sd->is_dacl_null;
}

static size_t dacl_size(const struct smb_descriptor *sd)
{
	size_t size = ACL_LENGTH;

	for (uint32_t i = 0; i < sd->dacl_count; i++)
		size += ACE_LENGTH + sid_size(&sd->dacl[i].sid);
	return size;
}

size_t smb_descriptor_size(const struct smb_descriptor *sd)
{
	size_t size = DESCRIPTOR_LENGTH;

	if (sd->has_owner)
		size += sid_size(&sd->owner);
	if (sd->has_group)
		size += sid_size(&sd->group);
	if (dacl_has_body(sd))
		size += dacl_size(sd);
	return size;
}

static void dacl_write(struct writer *w, const struct smb_descriptor *sd)
{
	size_t size = dacl_size(sd);

	if (size > UINT16_MAX) {
		wr_fail(w);
		return;
	}
	wr_u8(w, ACL_REVISION);
	wr_u8(w, 0);
	wr_u16(w, (uint16_t)size);
	wr_u16(w, (uint16_t)sd->dacl_count);
	wr_u16(w, 0);
	for (uint32_t i = 0; i < sd->dacl_count; i++) {
		const struct smb_ace *ace = &sd->dacl[i];

		wr_u8(w, ace->type);
		wr_u8(w, ace->flags);
		wr_u16(w, (uint16_t)(ACE_LENGTH + sid_size(&ace->sid)));
		wr_u32(w, ace->mask);
		smb_sid_write(w, &ace->sid);
	}
}

/* Offsets count from where the descriptor begins, not from the writer's. */
void smb_descriptor_write(struct writer *w, const struct smb_descriptor *sd)
{
	uint16_t control = sd->control | CONTROL_SELF_RELATIVE;
	size_t start = w->at;

	control &= (uint16_t) ~(CONTROL_DACL_PRESENT | CONTROL_SACL_PRESENT);
	if (sd->has_dacl)
		control |= CONTROL_DACL_PRESENT;
	if (sd->has_sacl)
		control |= CONTROL_SACL_PRESENT;
	wr_u8(w, 1);
	wr_u8(w, 0);
	wr_u16(w, control);
	struct later owner = wr_later_u32(w);
	struct later group = wr_later_u32(w);

	wr_u32(w, 0); /* a SACL that is present is an empty one */
	struct later dacl = wr_later_u32(w);

	if (sd->has_owner) {
		wr_now_u32(w, owner, (uint32_t)(w->at - start));
		smb_sid_write(w, &sd->owner);
	}
	if (sd->has_group) {
		wr_now_u32(w, group, (uint32_t)(w->at - start));
		smb_sid_write(w, &sd->group);
	}
	if (dacl_has_body(sd)) {
		wr_now_u32(w, dacl, (uint32_t)(w->at - start));
		dacl_write(w, sd);
	}
}

/* A SID somewhere in the descriptor; an offset of 0 means there is none. */
static bool read_sid_at(struct bytes in, uint32_t offset, struct reader *status,
			struct smb_sid *ret_sid)
{
	struct reader r = reader_of(in);

	if (offset == 0)
		return false;
	rd_seek(&r, offset);
	smb_sid_read(&r, ret_sid);
	if (offset < DESCRIPTOR_LENGTH || !rd_ok(&r))
		rd_fail(status);
	return rd_ok(&r);
}

static bool ace_type_is_plain(uint8_t type)
{
	return type <= SMB_ACE_AUDIT;
}

/* Says whether it is of a plain type; the others are only measured. */
static bool read_ace(struct reader *acl, struct smb_ace *ret_ace)
{
	struct smb_ace ace = { .type = rd_u8(acl), .flags = rd_u8(acl) };
	uint16_t size = rd_u16(acl);

	if (size < ACE_LENGTH || size % 4 != 0)
		rd_fail(acl);
	struct reader body = rd_sub(acl, size < 4 ? 0 : (size_t)size - 4);

	if (!rd_ok(acl) || !ace_type_is_plain(ace.type))
		return false;
	ace.mask = rd_u32(&body);
	smb_sid_read(&body, &ace.sid);
	if (!rd_ok(&body)) {
		rd_fail(acl);
		return false;
	}
	*ret_ace = ace;
	return true;
}

/*
 * The plain ACEs of an ACL, and in *ret_count how many it has of all types.
 * `status` turns bad if it is malformed.
 */
static uint32_t read_acl_at(struct bytes in, uint32_t offset,
			    struct reader *status, struct smb_ace *aces,
			    uint16_t *ret_count)
{
	struct reader r = reader_of(in);
	uint32_t kept = 0;

	rd_seek(&r, offset);
	uint8_t revision = rd_u8(&r);

	rd_skip(&r, 1);
	uint16_t size = rd_u16(&r);
	uint16_t count = rd_u16(&r);

	rd_skip(&r, 2);
	struct reader body =
		rd_sub(&r, size < ACL_LENGTH ? 0 : (size_t)size - ACL_LENGTH);

	if (size < ACL_LENGTH || offset < DESCRIPTOR_LENGTH ||
	    revision < ACL_REVISION || revision > ACL_REVISION_DS ||
	    count > SMB_ACES_MAX)
		rd_fail(&r);
	for (uint32_t i = 0; rd_ok(&r) && rd_ok(&body) && i < count; i++)
		kept += read_ace(&body, &aces[kept]);
	if (!rd_ok(&r) || !rd_ok(&body))
		rd_fail(status);
	*ret_count = count;
	return kept;
}

/*
 * Both ACLs. A DACL with an ACE of
 * a type that is not known here is refused as a whole: to drop what may be a
 * denial would open what it closes. A SACL is only checked.
 */
static void read_acls(struct bytes in, uint32_t sacl, uint32_t dacl,
		      struct reader *status, struct smb_ace *aces,
		      struct smb_descriptor *sd)
{
	uint16_t count;

	if (sd->has_sacl && sacl)
		read_acl_at(in, sacl, status, aces, &count);
	sd->is_dacl_null = sd->has_dacl && dacl == 0;
	if (!dacl_has_body(sd))
		return;
	sd->dacl_count = read_acl_at(in, dacl, status, aces, &count);
	if (sd->dacl_count != count)
		rd_fail(status);
}

enum nt_status smb_descriptor_read(struct bytes in, struct smb_ace *aces,
				   struct smb_descriptor *ret_sd)
{
	struct reader r = reader_of(in);
	struct smb_descriptor sd = { .dacl = aces };
	uint8_t revision = rd_u8(&r);

	rd_skip(&r, 1);
	sd.control = rd_u16(&r);
	uint32_t owner = rd_u32(&r);
	uint32_t group = rd_u32(&r);
	uint32_t sacl = rd_u32(&r);
	uint32_t dacl = rd_u32(&r);

	if (!rd_ok(&r) || revision != 1 ||
	    !(sd.control & CONTROL_SELF_RELATIVE))
		return NT_STATUS_INVALID_SECURITY_DESCR;
	sd.has_owner = read_sid_at(in, owner, &r, &sd.owner);
	sd.has_group = read_sid_at(in, group, &r, &sd.group);
	sd.has_dacl = sd.control & CONTROL_DACL_PRESENT;
	sd.has_sacl = sd.control & CONTROL_SACL_PRESENT;
	read_acls(in, sacl, dacl, &r, aces, &sd);
	if (!rd_ok(&r))
		return NT_STATUS_INVALID_SECURITY_DESCR;
	*ret_sd = sd;
	return NT_STATUS_SUCCESS;
}
