/*
 * Create contexts of a request (MS-SMB2 2.2.13.2): what each one means. Where
 * each one lies is wire/context.c's, what the file makes of it the object
 * store's; what may stand beside what is create_durable.c's.
 */
#include "smb/cmd/create.h"

#include <string.h>

#include "smb/wire/context.h"
#include "smb/wire/info.h"
#include "smb/wire/posix.h"

enum {
	LEASE_V1 = 32,
	LEASE_V2 = 52,
	DURABLE = 16,
	RECONNECT = 16,
	DURABLE_V2 = 32,
	RECONNECT_V2 = 36,
	INSTANCE_ID = 20,
	INSTANCE_VERSION = 24,
};

static enum nt_status read_allocation(struct bytes data, struct smb_create *how,
				      struct smb_create_wishes *wishes)
{
	struct reader r = reader_of(data);

	(void)wishes;
	if (data.length != 8)
		return NT_STATUS_INVALID_PARAMETER;
	how->allocation = rd_u64(&r);
	how->has_allocation = true;
	return NT_STATUS_SUCCESS;
}

static enum nt_status read_max_access(struct bytes data, struct smb_create *how,
				      struct smb_create_wishes *wishes)
{
	struct reader r = reader_of(data);

	if (data.length != 0 && data.length != 8)
		return NT_STATUS_INVALID_PARAMETER;
	wishes->max_access_since = data.length ? rd_u64(&r) : 0;
	how->wants_max_access = true;
	return NT_STATUS_SUCCESS;
}

static enum nt_status read_file_id(struct bytes data, struct smb_create *how,
				   struct smb_create_wishes *wishes)
{
	(void)how;
	if (data.length != 0)
		return NT_STATUS_INVALID_PARAMETER;
	wishes->wants_file_id = true;
	return NT_STATUS_SUCCESS;
}

static enum nt_status read_snapshot(struct bytes data, struct smb_create *how,
				    struct smb_create_wishes *wishes)
{
	struct reader r = reader_of(data);

	(void)wishes;
	if (data.length != 8)
		return NT_STATUS_INVALID_PARAMETER;
	how->snapshot = rd_u64(&r);
	how->has_snapshot = true;
	return NT_STATUS_SUCCESS;
}

static enum nt_status read_security(struct bytes data, struct smb_create *how,
				    struct smb_create_wishes *wishes)
{
	(void)wishes;
	if (data.length == 0)
		return NT_STATUS_INVALID_PARAMETER;
	how->security = data.at;
	how->security_length = (uint32_t)data.length;
	return NT_STATUS_SUCCESS;
}

static enum nt_status read_eas(struct bytes data, struct smb_create *how,
			       struct smb_create_wishes *wishes)
{
	(void)wishes;
	if (data.length == 0)
		return NT_STATUS_INVALID_PARAMETER;
	how->eas = data.at;
	how->eas_length = (uint32_t)data.length;
	return smb_ea_list_check(data);
}

/* 2.2.13.2.8, 2.2.13.2.10: the length tells the version. */
static enum nt_status read_lease(struct bytes data, struct smb_create *how,
				 struct smb_create_wishes *wishes)
{
	struct smb_lease_request *lease = &wishes->lease;
	struct reader r = reader_of(data);

	(void)how;
	if (data.length != LEASE_V1 && data.length != LEASE_V2)
		return NT_STATUS_INVALID_PARAMETER;
	lease->version = data.length == LEASE_V1 ? 1 : 2;
	rd_copy(&r, lease->key, sizeof(lease->key));
	lease->state = rd_u32(&r);
	lease->flags = rd_u32(&r);
	rd_skip(&r, 8); /* LeaseDuration */
	if (lease->version == 1)
		return NT_STATUS_SUCCESS;
	rd_copy(&r, lease->parent_key, sizeof(lease->parent_key));
	lease->epoch = rd_u16(&r);
	return NT_STATUS_SUCCESS;
}

/* 2.2.13.2.3: 16 bytes that mean nothing. */
static enum nt_status read_durable(struct bytes data, struct smb_create *how,
				   struct smb_create_wishes *wishes)
{
	(void)how;
	if (data.length != DURABLE)
		return NT_STATUS_INVALID_PARAMETER;
	wishes->durable.wants_v1 = true;
	return NT_STATUS_SUCCESS;
}

/* 2.2.13.2.4. The volatile half of the FileId means nothing any more. */
static enum nt_status read_reconnect(struct bytes data, struct smb_create *how,
				     struct smb_create_wishes *wishes)
{
	struct reader r = reader_of(data);

	(void)how;
	if (data.length != RECONNECT)
		return NT_STATUS_INVALID_PARAMETER;
	wishes->durable.reclaims_v1 = true;
	wishes->durable.persistent = rd_u64(&r);
	return NT_STATUS_SUCCESS;
}

/* 2.2.13.2.11. Of the flags PERSISTENT is not granted. */
static enum nt_status read_durable_v2(struct bytes data, struct smb_create *how,
				      struct smb_create_wishes *wishes)
{
	struct smb_durable_request *durable = &wishes->durable;
	struct reader r = reader_of(data);

	(void)how;
	if (data.length != DURABLE_V2)
		return NT_STATUS_INVALID_PARAMETER;
	durable->wants_v2 = true;
	durable->timeout_ms = rd_u32(&r);
	rd_skip(&r, 12); /* Flags, Reserved */
	rd_copy(&r, durable->create_guid, sizeof(durable->create_guid));
	return NT_STATUS_SUCCESS;
}

/* 2.2.13.2.12. */
static enum nt_status read_reconnect_v2(struct bytes data,
					struct smb_create *how,
					struct smb_create_wishes *wishes)
{
	struct smb_durable_request *durable = &wishes->durable;
	struct reader r = reader_of(data);

	(void)how;
	if (data.length != RECONNECT_V2)
		return NT_STATUS_INVALID_PARAMETER;
	durable->reclaims_v2 = true;
	durable->persistent = rd_u64(&r);
	rd_skip(&r, 8);
	rd_copy(&r, durable->create_guid, sizeof(durable->create_guid));
	return NT_STATUS_SUCCESS;
}

/* What is asked for; whether it is granted, create.c knows. */
static enum nt_status read_posix(struct bytes data,
				 struct smb_create_wishes *wishes)
{
	struct reader r = reader_of(data);

	if (data.length != 4)
		return NT_STATUS_INVALID_PARAMETER;
	wishes->posix_mode = rd_u32(&r);
	wishes->wants_posix = true;
	return NT_STATUS_SUCCESS;
}

/* 2.2.13.2.13. */
static enum nt_status read_instance(struct bytes data, struct smb_create *how,
				    struct smb_create_wishes *wishes)
{
	struct reader r = reader_of(data);

	(void)how;
	if (data.length != INSTANCE_ID || rd_u16(&r) != INSTANCE_ID)
		return NT_STATUS_INVALID_PARAMETER;
	rd_skip(&r, 2);
	wishes->instance.has_id = true;
	rd_copy(&r, wishes->instance.id, sizeof(wishes->instance.id));
	return NT_STATUS_SUCCESS;
}

/* 2.2.13.2.15. */
static enum nt_status read_version(struct bytes data, struct smb_create *how,
				   struct smb_create_wishes *wishes)
{
	struct reader r = reader_of(data);

	(void)how;
	if (data.length != INSTANCE_VERSION || rd_u16(&r) != INSTANCE_VERSION)
		return NT_STATUS_INVALID_PARAMETER;
	rd_skip(&r, 6);
	wishes->instance.has_version = true;
	wishes->instance.version_high = rd_u64(&r);
	wishes->instance.version_low = rd_u64(&r);
	return NT_STATUS_SUCCESS;
}

static enum nt_status read_apple(struct bytes data, struct smb_create *how,
				 struct smb_create_wishes *wishes)
{
	(void)how;
	smb_create_read_apple(data, &wishes->apple);
	return NT_STATUS_SUCCESS;
}

static const struct {
	char tag[4];
	enum nt_status (*read)(struct bytes data, struct smb_create *how,
			       struct smb_create_wishes *wishes);
} tags[] = {
	{ { 'A', 'l', 'S', 'i' }, read_allocation },
	{ { 'M', 'x', 'A', 'c' }, read_max_access },
	{ { 'Q', 'F', 'i', 'd' }, read_file_id },
	{ { 'T', 'W', 'r', 'p' }, read_snapshot },
	{ { 'S', 'e', 'c', 'D' }, read_security },
	{ { 'E', 'x', 't', 'A' }, read_eas },
	{ { 'R', 'q', 'L', 's' }, read_lease },
	{ { 'A', 'A', 'P', 'L' }, read_apple },
	{ { 'D', 'H', 'n', 'Q' }, read_durable },
	{ { 'D', 'H', 'n', 'C' }, read_reconnect },
	{ { 'D', 'H', '2', 'Q' }, read_durable_v2 },
	{ { 'D', 'H', '2', 'C' }, read_reconnect_v2 },
};

/* Newer contexts are named by a GUID, as it lies on the wire. */
static const struct {
	uint8_t name[16];
	enum nt_status (*read)(struct bytes data, struct smb_create *how,
			       struct smb_create_wishes *wishes);
} guids[] = {
	{ { 0x45, 0xbc, 0xa6, 0x6a, 0xef, 0xa7, 0xf7, 0x4a, 0x90, 0x08, 0xfa,
	    0x46, 0x2e, 0x14, 0x4d, 0x74 },
	  read_instance },
	{ { 0xb9, 0x82, 0xd0, 0xb7, 0x3b, 0x56, 0x07, 0x4f, 0xa0, 0x7b, 0x52,
	    0x4a, 0x81, 0x16, 0xa0, 0x10 },
	  read_version },
};

static bool is_named(const struct smb_create_context *context,
		     const uint8_t name[16])
{
	return context->name.length == 16 &&
	       memcmp(context->name.at, name, 16) == 0;
}

static enum nt_status read_one(const struct smb_create_context *context,
			       struct smb_create *how,
			       struct smb_create_wishes *wishes)
{
	if (context->name.length == SMB_POSIX_ID_LENGTH &&
	    memcmp(context->name.at, smb_posix_id, SMB_POSIX_ID_LENGTH) == 0)
		return read_posix(context->data, wishes);
	for (size_t i = 0; i < sizeof(tags) / sizeof(tags[0]); i++) {
		if (smb_create_context_is(context, tags[i].tag))
			return tags[i].read(context->data, how, wishes);
	}
	for (size_t i = 0; i < sizeof(guids) / sizeof(guids[0]); i++) {
		if (is_named(context, guids[i].name))
			return guids[i].read(context->data, how, wishes);
	}
	return NT_STATUS_SUCCESS;
}

enum nt_status smb_create_read_contexts(struct bytes chain,
					struct smb_create *how,
					struct smb_create_wishes *ret_wishes)
{
	struct smb_create_contexts walk = { .chain = chain };
	struct smb_create_wishes wishes = { 0 };
	struct smb_create_context context;
	enum nt_status refusal = NT_STATUS_SUCCESS;
	enum nt_status status;

	/* Bad geometry anywhere outweighs what single contexts say. */
	while ((status = smb_create_contexts_next(&walk, &context)) ==
	       NT_STATUS_SUCCESS) {
		enum nt_status said = read_one(&context, how, &wishes);

		if (refusal == NT_STATUS_SUCCESS)
			refusal = said;
	}
	if (status != NT_STATUS_NO_MORE_ENTRIES)
		return status;
	if (refusal != NT_STATUS_SUCCESS)
		return refusal;
	*ret_wishes = wishes;
	return NT_STATUS_SUCCESS;
}
