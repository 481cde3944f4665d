/*
 * The answer of CREATE (MS-SMB2 2.2.14), and its error body for a name that
 * leads to a symbolic link (2.2.2.2.1).
 */
#include "smb/cmd/create.h"

#include <stdlib.h>

#include "smb/open.h"
#include "smb/tree.h"
#include "smb/wire/context.h"
#include "smb/wire/posix.h"
#include "smb/wire/utf16.h"

enum {
	FIXED_SIZE = 88,
	CONTEXTS_MAX = 512, /* all that are ever written */
	LEASE_V1 = 32,
	LEASE_V2 = 52,
	FILE_ATTRIBUTE_NORMAL = 0x80,
	IO_REPARSE_TAG_SYMLINK = (int)0xa000000c,
	SYMLINK_ERROR_TAG = 0x4c4d5953, /* "SYML" */
	SYMLINK_FIXED = 28,
	SYMLINK_FLAG_RELATIVE = 1,
};

static void add_file_id(struct writer *w, size_t start, size_t *ref_last,
			const struct smb_file_facts *facts)
{
	uint8_t data[32];
	struct writer d = writer_at(data, sizeof(data));

	wr_u64(&d, facts->index);
	wr_u64(&d, facts->volume_id);
	wr_zero(&d, 16);
	smb_create_context_add(w, start, ref_last, "QFid", data, sizeof(data));
}

/* A client that gives the last write time has the answer already (2.2.13.2.5). */
static void add_max_access(struct writer *w, size_t start, size_t *ref_last,
			   uint64_t since, const struct smb_created *created)
{
	bool is_known = since != 0 && since == created->facts.write;
	enum nt_status status =
		is_known ? NT_STATUS_NONE_MAPPED : created->max_access_status;
	uint8_t data[8];
	struct writer d = writer_at(data, sizeof(data));

	wr_u32(&d, (uint32_t)status);
	wr_u32(&d, is_known ? 0 : created->max_access);
	smb_create_context_add(w, start, ref_last, "MxAc", data, sizeof(data));
}

/* 2.2.14.2.10, 2.2.14.2.11: in the version of the lease, not of the request. */
static void add_lease(struct writer *w, size_t start, size_t *ref_last,
		      const struct smb_lease *lease,
		      const struct smb_created *created)
{
	uint8_t data[LEASE_V2];
	struct writer d = writer_at(data, sizeof(data));
	uint32_t flags = created->is_breaking ? SMB_LEASE_BREAK_IN_PROGRESS : 0;

	if (lease->version == 2 && lease->has_parent)
		flags |= SMB_LEASE_PARENT_KEY_SET;
	wr_copy(&d, lease->key, sizeof(lease->key));
	wr_u32(&d, created->caching);
	wr_u32(&d, flags);
	wr_zero(&d, 8); /* LeaseDuration */
	wr_copy(&d, lease->parent_key, sizeof(lease->parent_key));
	wr_u16(&d, lease->epoch);
	wr_zero(&d, 2);
	smb_create_context_add(w, start, ref_last, "RqLs", data,
			       lease->version == 2 ? LEASE_V2 : LEASE_V1);
}

static void add_posix(struct writer *w, size_t start, size_t *ref_last,
		      const struct smb_file_facts *facts)
{
	uint8_t data[SMB_POSIX_CREATE_LENGTH];
	struct writer d = writer_at(data, sizeof(data));

	smb_posix_write_create(&d, facts);
	smb_create_context_add_named(w, start, ref_last,
				     (struct bytes){ smb_posix_id,
						     SMB_POSIX_ID_LENGTH },
				     data, d.at);
}

/* Who asks again is told what it asks for, as Windows does (2.2.14). */
static uint8_t level_of(const struct smb_open *open,
			const struct smb_create_wishes *wishes,
			const struct smb_created *created)
{
	if (!open->lease)
		return SMB_OPLOCK_NONE;
	if (open->lease->holder.is_lease)
		return SMB_OPLOCK_LEASE;
	return wishes->is_replay ? wishes->oplock
				 : smb_oplock_level(created->caching);
}

/* 2.2.14.2.3, 2.2.14.2.12. */
static void add_durable(struct writer *w, size_t start, size_t *ref_last,
			const struct smb_open *open, bool is_v2)
{
	uint8_t data[8];
	struct writer d = writer_at(data, sizeof(data));

	wr_u32(&d, is_v2 ? open->durable.timeout_ms : 0);
	wr_u32(&d, 0); /* Flags: not persistent */
	smb_create_context_add(w, start, ref_last, is_v2 ? "DH2Q" : "DHnQ",
			       data, sizeof(data));
}

static bool is_durable(const struct smb_open *open,
		       const struct smb_create_wishes *wishes, uint8_t level)
{
	return open->durable.is_granted &&
	       (wishes->durable.wants_v1 || wishes->durable.wants_v2) &&
	       (level == SMB_OPLOCK_LEASE || level == SMB_OPLOCK_BATCH);
}

static void write_facts(struct writer *w, const struct smb_file_facts *facts)
{
	wr_u64(w, facts->creation);
	wr_u64(w, facts->access);
	wr_u64(w, facts->write);
	wr_u64(w, facts->change);
	wr_u64(w, facts->allocation);
	wr_u64(w, facts->end_of_file);
	wr_u32(w, facts->attributes ? facts->attributes
				    : (uint32_t)FILE_ATTRIBUTE_NORMAL);
	wr_zero(w, 4);
}

enum nt_status smb_create_answer(struct smb_request *rq,
				 const struct smb_open *open,
				 const struct smb_create *how,
				 const struct smb_create_wishes *wishes,
				 const struct smb_created *created)
{
	size_t last = SIZE_MAX;

	if (!smb_request_room(rq, FIXED_SIZE + CONTEXTS_MAX))
		return NT_STATUS_INSUFFICIENT_RESOURCES;

	struct writer *w = &rq->out;
	uint8_t level = level_of(open, wishes, created);

	wr_u16(w, FIXED_SIZE + 1);
	wr_u8(w, level);
	wr_u8(w, 0);
	wr_u32(w, created->action);
	write_facts(w, &created->facts);
	wr_u64(w, open->persistent);
	wr_u64(w, open->volatile_id);

	struct later offset = wr_later_u32(w);
	struct later length = wr_later_u32(w);

	if (how->wants_max_access)
		add_max_access(w, FIXED_SIZE, &last, wishes->max_access_since,
			       created);
	if (wishes->wants_file_id)
		add_file_id(w, FIXED_SIZE, &last, &created->facts);
	if (open->lease && open->lease->holder.is_lease)
		add_lease(w, FIXED_SIZE, &last, open->lease, created);
	if (is_durable(open, wishes, level))
		add_durable(w, FIXED_SIZE, &last, open,
			    wishes->durable.wants_v2);
	if (how->is_posix)
		add_posix(w, FIXED_SIZE, &last, &created->facts);
	if (wishes->apple.is_there && rq->tree->volume)
		smb_create_add_apple(rq, w, FIXED_SIZE, &last, &wishes->apple);
	if (last != SIZE_MAX) {
		wr_now_u32(w, offset, SMB_HEADER_LENGTH + FIXED_SIZE);
		wr_now_u32(w, length, (uint32_t)(w->at - FIXED_SIZE));
	}
	return NT_STATUS_SUCCESS;
}

/* Both names are the target: it is what the link says. */
static void write_symlink(struct writer *w, const struct smb_created *created)
{
	struct smb_name target = { created->symlink_target,
				   created->symlink_target_count };
	uint16_t bytes = (uint16_t)(2 * target.count);

	wr_u32(w, SYMLINK_FIXED - 4 + 2u * bytes);
	wr_u32(w, SYMLINK_ERROR_TAG);
	wr_u32(w, (uint32_t)IO_REPARSE_TAG_SYMLINK);
	wr_u16(w, (uint16_t)(12 + 2 * bytes)); /* ReparseDataLength */
	wr_u16(w, created->symlink_unparsed);
	wr_u16(w, 0); /* the substitute name */
	wr_u16(w, bytes);
	wr_u16(w, bytes); /* the print name */
	wr_u16(w, bytes);
	wr_u32(w, created->symlink_is_relative ? SYMLINK_FLAG_RELATIVE : 0);
	wr_utf16(w, target);
	wr_utf16(w, target);
}

enum nt_status smb_create_answer_symlink(struct smb_request *rq,
					 const struct smb_created *created)
{
	size_t size = SYMLINK_FIXED + 4 * (size_t)created->symlink_target_count;
	uint8_t *data;
	enum nt_status status;

	/* ReparseDataLength has 16 bits. */
	if (!created->symlink_target || size > UINT16_MAX)
		return NT_STATUS_STOPPED_ON_SYMLINK;
	data = malloc(size);
	if (!data)
		return NT_STATUS_INSUFFICIENT_RESOURCES;

	struct writer w = writer_at(data, size);

	write_symlink(&w, created);
	status = smb_request_error_data(rq, NT_STATUS_STOPPED_ON_SYMLINK, data,
					w.at);
	free(data);
	return status;
}
