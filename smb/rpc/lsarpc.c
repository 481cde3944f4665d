/*
 * The local security authority (MS-LSAD, MS-LSAT), as far as clients ask it
 * for the names of owners and groups and back. There is one policy, the same
 * for all: its handle holds nothing. Who is who is principal.c's.
 */
#include <assert.h>
#include <stdlib.h>
#include <string.h>

#include "smb/rpc/interface.h"
#include "smb/rpc/ndr.h"
#include "smb/rpc/principal.h"
#include "smb/status.h"
#include "smb/wire/utf16.h"

enum {
	HANDLE_LENGTH = 20,
	LOOKUP_MAX = 1000, /* MS-LSAT 2.2.17: of names; enough of SIDs, too */
	DOMAINS_MAX = 8,   /* more than there are */
	PRIMARY_DOMAIN = 3,
	ACCOUNT_DOMAIN = 5,
};

/* MS-ERREF 2.3; not in what file requests answer. */
#define SOME_NOT_MAPPED 0x00000107u
#define NONE_MAPPED     0xc0000073u
#define INVALID_HANDLE  0xc0000008u

/* ---- the policy ---- */

static const uint8_t policy[HANDLE_LENGTH] = "\0\0\0\0the one policy";

static bool read_handle(struct reader *r)
{
	uint8_t handle[HANDLE_LENGTH];

	rd_copy(r, handle, sizeof(handle));
	return memcmp(handle, policy, sizeof(policy)) == 0;
}

/* MS-LSAD 3.1.4.4.1, .2: what a client wants to do with it is not looked at. */
static enum smb_rpc_fault open_policy(struct smb_rpc_call *call)
{
	struct writer *w = &call->out;

	if (call->user->is_anonymous) {
		wr_zero(w, HANDLE_LENGTH);
		wr_u32(w, (uint32_t)NT_STATUS_ACCESS_DENIED);
		return SMB_RPC_OK;
	}
	wr_copy(w, policy, sizeof(policy));
	wr_u32(w, (uint32_t)NT_STATUS_SUCCESS);
	return SMB_RPC_OK;
}

/* MS-LSAD 3.1.4.9.4 */
static enum smb_rpc_fault close_policy(struct smb_rpc_call *call)
{
	bool is_open = read_handle(&call->in);

	wr_zero(&call->out, HANDLE_LENGTH);
	wr_u32(&call->out,
	       is_open ? (uint32_t)NT_STATUS_SUCCESS : INVALID_HANDLE);
	return SMB_RPC_OK;
}

/* LSAPR_POLICY_INFORMATION with one of two domains: MS-LSAD 2.2.4.6, .7. */
static void write_domain(struct writer *w, uint16_t level, const char *name,
			 const struct smb_sid *sid)
{
	smb_ndr_write_pointer(w);
	wr_u16(w, level);
	smb_ndr_write_unicode_head(w, name);
	if (sid)
		smb_ndr_write_pointer(w);
	else
		wr_u32(w, 0);
	smb_ndr_write_unicode(w, name);
	if (sid)
		smb_ndr_write_sid(w, sid);
}

/* MS-LSAD 3.1.4.4.3, .4 */
static enum smb_rpc_fault query_information(struct smb_rpc_call *call)
{
	struct writer *w = &call->out;
	struct smb_principal server;
	uint32_t status = (uint32_t)NT_STATUS_SUCCESS;
	bool is_open = read_handle(&call->in);
	uint16_t level = rd_u16(&call->in);

	smb_principal_of_server(call->ports, &server);
	if (!is_open)
		status = INVALID_HANDLE;
	else if (level == ACCOUNT_DOMAIN)
		write_domain(w, level, server.domain, &server.sid);
	else if (level == PRIMARY_DOMAIN)
		write_domain(w, level, "WORKGROUP", NULL);
	else
		status = (uint32_t)NT_STATUS_INVALID_PARAMETER;
	if (status)
		wr_u32(w, 0);
	smb_ndr_write_u32(w, status);
	return SMB_RPC_OK;
}

/* ---- lookups ---- */

struct lookup {
	struct smb_principal *found; /* malloc; use UNKNOWN: not known */
	uint32_t count, mapped;
	const struct smb_principal *domains[DOMAINS_MAX]; /* one of each */
	uint32_t domain_count;
};

/* The answers' three kinds of entries; each later one has more. */
enum form {
	FORM_PLAIN,
	FORM_FLAGS,
	FORM_SID, /* of names: whole SIDs */
};

static bool lookup_init(struct lookup *l, uint32_t count)
{
	*l = (struct lookup){ .count = count };
	l->found = calloc(count ? count : 1, sizeof(*l->found));
	for (uint32_t i = 0; l->found && i < count; i++)
		l->found[i].use = SMB_SID_UNKNOWN;
	return l->found;
}

static bool is_known(const struct smb_principal *p)
{
	return p->use != SMB_SID_UNKNOWN;
}

/* Which of the listed domains an entry is of; all ones: of none. */
static uint32_t domain_index(const struct lookup *l,
			     const struct smb_principal *p)
{
	uint32_t i = 0;

	if (!is_known(p))
		return UINT32_MAX;
	while (i < l->domain_count &&
	       !smb_sid_equal(&l->domains[i]->domain_sid, &p->domain_sid))
		i++;
	return i;
}

static void list_domains(struct lookup *l)
{
	for (uint32_t i = 0; i < l->count; i++) {
		const struct smb_principal *p = &l->found[i];

		if (!is_known(p) || domain_index(l, p) < l->domain_count)
			continue;
		assert(l->domain_count < DOMAINS_MAX);
		l->domains[l->domain_count++] = p;
	}
}

/* LSAPR_REFERENCED_DOMAIN_LIST behind its pointer: MS-LSAT 2.2.12. */
static void write_domains(struct writer *w, const struct lookup *l)
{
	smb_ndr_write_pointer(w);
	wr_u32(w, l->domain_count);
	if (l->domain_count)
		smb_ndr_write_pointer(w);
	else
		wr_u32(w, 0);
	wr_u32(w, l->domain_count);
	if (l->domain_count)
		wr_u32(w, l->domain_count);
	for (uint32_t i = 0; i < l->domain_count; i++) {
		smb_ndr_write_unicode_head(w, l->domains[i]->domain);
		smb_ndr_write_pointer(w);
	}
	for (uint32_t i = 0; i < l->domain_count; i++) {
		smb_ndr_write_unicode(w, l->domains[i]->domain);
		smb_ndr_write_sid(w, &l->domains[i]->domain_sid);
	}
}

static void write_count(struct writer *w, const struct lookup *l)
{
	smb_ndr_write_u32(w, l->count);
	if (!l->count) {
		wr_u32(w, 0);
		return;
	}
	smb_ndr_write_pointer(w);
	wr_u32(w, l->count);
}

static void write_end(struct writer *w, const struct lookup *l)
{
	smb_ndr_write_u32(w, l->mapped);
	wr_u32(w, l->mapped == l->count ? (uint32_t)NT_STATUS_SUCCESS
		  : l->mapped           ? SOME_NOT_MAPPED
					: NONE_MAPPED);
}

/* What is answered where nothing could be looked up: nothing, and why. */
static enum smb_rpc_fault refuse(struct smb_rpc_call *call, uint32_t status)
{
	wr_zero(&call->out, 4 + 8 + 4);
	wr_u32(&call->out, status);
	return SMB_RPC_OK;
}

/* ---- SIDs to names ---- */

/* LSAPR_SID_ENUM_BUFFER, MS-LSAT 2.2.18. */
static void read_sids(struct smb_rpc_call *call, struct lookup *l)
{
	struct reader *r = &call->in;

	for (uint32_t i = 0; i < l->count; i++) {
		if (!smb_ndr_read_pointer(r))
			rd_fail(r);
	}
	for (uint32_t i = 0; i < l->count; i++) {
		struct smb_principal *p = &l->found[i];
		struct smb_sid sid;

		smb_ndr_read_sid(r, &sid);
		if (rd_ok(r) && smb_principal_of_sid(call->ports, &sid, p)) {
			l->mapped++;
			continue;
		}
		*p = (struct smb_principal){ .use = SMB_SID_UNKNOWN };
		smb_sid_show(&sid, p->name);
	}
}

/* LSAPR_TRANSLATED_NAMES, _EX: MS-LSAT 2.2.20, 2.2.22. */
static void write_names(struct writer *w, const struct lookup *l,
			enum form form)
{
	write_count(w, l);
	for (uint32_t i = 0; i < l->count; i++) {
		wr_u16(w, (uint16_t)l->found[i].use);
		smb_ndr_write_unicode_head(w, l->found[i].name);
		wr_u32(w, domain_index(l, &l->found[i]));
		if (form != FORM_PLAIN)
			wr_u32(w, 0);
	}
	for (uint32_t i = 0; i < l->count; i++)
		smb_ndr_write_unicode(w, l->found[i].name);
}

static enum smb_rpc_fault lookup_sids(struct smb_rpc_call *call, enum form form)
{
	bool is_open = read_handle(&call->in);
	uint32_t count = smb_ndr_read_u32(&call->in);
	bool has_list = smb_ndr_read_pointer(&call->in);
	struct lookup l;

	if (!is_open)
		return refuse(call, INVALID_HANDLE);
	if (count > LOOKUP_MAX || (count > 0) != has_list)
		return refuse(call, (uint32_t)NT_STATUS_INVALID_PARAMETER);
	if (has_list && smb_ndr_read_u32(&call->in) != count)
		return SMB_RPC_BAD_STUB_DATA;
	if (!lookup_init(&l, count))
		return SMB_RPC_NO_MEMORY;
	read_sids(call, &l);
	if (rd_ok(&call->in)) {
		list_domains(&l);
		write_domains(&call->out, &l);
		write_names(&call->out, &l, form);
		write_end(&call->out, &l);
	}
	free(l.found);
	return SMB_RPC_OK;
}

/* MS-LSAT 3.1.4.11 */
static enum smb_rpc_fault lookup_sids_1(struct smb_rpc_call *call)
{
	return lookup_sids(call, FORM_PLAIN);
}

/* MS-LSAT 3.1.4.10 */
static enum smb_rpc_fault lookup_sids_2(struct smb_rpc_call *call)
{
	return lookup_sids(call, FORM_FLAGS);
}

/* ---- names to SIDs ---- */

static bool find_name(const struct smb_ports *ports, struct bytes name,
		      struct smb_principal *ret_principal)
{
	uint16_t units[2 * SMB_ID_NAME_SIZE];
	char text[3 * 2 * SMB_ID_NAME_SIZE];
	size_t count = smb_utf16_decode(name, units, 2 * SMB_ID_NAME_SIZE);
	size_t length;

	if (count == SIZE_MAX || count == 0)
		return false;
	length = smb_utf16_to_utf8((struct smb_name){ units, (uint32_t)count },
				   text, sizeof(text));
	return length != SIZE_MAX &&
	       smb_principal_of_name(ports, text, ret_principal);
}

/* An array of RPC_UNICODE_STRING, MS-LSAT 3.1.4.8. */
static void read_names(struct smb_rpc_call *call, struct lookup *l)
{
	struct reader *r = &call->in, heads = *r;

	for (uint32_t i = 0; i < l->count; i++)
		smb_ndr_read_unicode_head(r);
	for (uint32_t i = 0; i < l->count && rd_ok(r); i++) {
		struct bytes name = { NULL, 0 };

		if (smb_ndr_read_unicode_head(&heads))
			name = smb_ndr_read_unicode(r);
		if (rd_ok(r) && find_name(call->ports, name, &l->found[i]))
			l->mapped++;
	}
}

/* LSA_TRANSLATED_SID, LSAPR_…_EX, _EX2: MS-LSAT 2.2.14, 2.2.24, 2.2.26. */
static void write_sids(struct writer *w, const struct lookup *l, enum form form)
{
	write_count(w, l);
	for (uint32_t i = 0; i < l->count; i++) {
		const struct smb_principal *p = &l->found[i];
		bool has_part = is_known(p) && p->use != SMB_SID_DOMAIN;

		wr_u16(w, (uint16_t)p->use);
		wr_align(w, 4);
		if (form != FORM_SID)
			wr_u32(w, has_part ? p->sid.parts[p->sid.count - 1]
					   : UINT32_MAX);
		else if (is_known(p))
			smb_ndr_write_pointer(w);
		else
			wr_u32(w, 0);
		wr_u32(w, domain_index(l, &l->found[i]));
		if (form != FORM_PLAIN)
			wr_u32(w, 0);
	}
	for (uint32_t i = 0; form == FORM_SID && i < l->count; i++) {
		if (is_known(&l->found[i]))
			smb_ndr_write_sid(w, &l->found[i].sid);
	}
}

static enum smb_rpc_fault lookup_names(struct smb_rpc_call *call,
				       enum form form)
{
	bool is_open = read_handle(&call->in);
	uint32_t count = smb_ndr_read_u32(&call->in);
	struct lookup l;

	if (!is_open)
		return refuse(call, INVALID_HANDLE);
	if (count > LOOKUP_MAX)
		return refuse(call, (uint32_t)NT_STATUS_INVALID_PARAMETER);
	if (smb_ndr_read_u32(&call->in) != count)
		return SMB_RPC_BAD_STUB_DATA;
	if (!lookup_init(&l, count))
		return SMB_RPC_NO_MEMORY;
	read_names(call, &l);
	if (rd_ok(&call->in)) {
		list_domains(&l);
		write_domains(&call->out, &l);
		write_sids(&call->out, &l, form);
		write_end(&call->out, &l);
	}
	free(l.found);
	return SMB_RPC_OK;
}

/* MS-LSAT 3.1.4.8 */
static enum smb_rpc_fault lookup_names_1(struct smb_rpc_call *call)
{
	return lookup_names(call, FORM_PLAIN);
}

/* MS-LSAT 3.1.4.7 */
static enum smb_rpc_fault lookup_names_2(struct smb_rpc_call *call)
{
	return lookup_names(call, FORM_FLAGS);
}

/* MS-LSAT 3.1.4.6 */
static enum smb_rpc_fault lookup_names_3(struct smb_rpc_call *call)
{
	return lookup_names(call, FORM_SID);
}

static const struct smb_rpc_operation operations[] = {
	{ 0, close_policy },       { 6, open_policy },
	{ 7, query_information },  { 14, lookup_names_1 },
	{ 15, lookup_sids_1 },     { 44, open_policy },
	{ 46, query_information }, { 57, lookup_sids_2 },
	{ 58, lookup_names_2 },    { 68, lookup_names_3 },
};

/* 12345778-1234-abcd-ef00-0123456789ab */
const struct smb_rpc_interface smb_rpc_lsarpc = {
	.pipe = "lsarpc",
	.uuid = { 0x78, 0x57, 0x34, 0x12, 0x34, 0x12, 0xcd, 0xab, 0xef, 0x00,
		  0x01, 0x23, 0x45, 0x67, 0x89, 0xab },
	.version = 0,
	.operations = operations,
	.count = sizeof(operations) / sizeof(operations[0]),
};
