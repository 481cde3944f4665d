/*
 * The server service (MS-SRVS): what shares there are, what the server is
 * called and what time it has. The runtime is smb/rpc/dcerpc.c; a share's
 * fields are smb/rpc/shares.c's. Each call's results end with its Win32 code.
 */
#include <string.h>

#include "smb/rpc/interface.h"
#include "smb/rpc/ndr.h"
#include "smb/rpc/server.h"
#include "smb/rpc/shares.h"
#include "smb/wire/utf16.h"

enum {
	/* MS-SRVS 2.2.2.7: workstation, server, NT, server of NT. */
	SERVER_TYPE = 0x1 | 0x2 | 0x1000 | 0x8000,
	ANNOUNCE_SECONDS = 240,
	ANNOUNCE_SPREAD_MS = 3000,
	NEVER = 0xffff,
};

/* What a stranger is not told (MS-SRVS 3.1.4.8, .10). */
static bool level_is_private(uint32_t level)
{
	return level == 2 || level == 502;
}

/* ---- NetrShareEnum, NetrShareEnumSticky ---- */

struct enumeration {
	uint32_t level;
	bool has_container;
	bool has_resume;
	uint32_t resume;
};

/*
 * The container comes empty from a client; one that is not could not be passed
 * over without knowing its entries.
 */
static bool read_enumeration(struct reader *r, struct enumeration *e)
{
	smb_ndr_read_pointed_string(r); /* the server's name: it is us */
	e->level = smb_ndr_read_u32(r);
	smb_ndr_read_u32(r); /* the union's switch: the level again */
	e->has_container = smb_ndr_read_pointer(r);
	if (e->has_container) {
		smb_ndr_read_u32(r);
		if (smb_ndr_read_pointer(r) && smb_ndr_read_u32(r) != 0)
			rd_fail(r);
	}
	smb_ndr_read_u32(r); /* how much at once: all of it */
	e->has_resume = smb_ndr_read_pointer(r);
	e->resume = e->has_resume ? smb_ndr_read_u32(r) : 0;
	return rd_ok(r);
}

/* Which shares a list has: those hidden are hidden, IPC$ is not for keeps. */
static bool is_listed(const struct smb_rpc_share *share, bool is_sticky)
{
	return !share->facts.is_hidden && !(share->is_ipc && is_sticky);
}

static uint32_t keep_listed(struct smb_rpc_shares *shares, bool is_sticky)
{
	size_t kept = 0;

	for (size_t i = 0; i < shares->count; i++)
		if (is_listed(&shares->list[i], is_sticky))
			shares->list[kept++] = shares->list[i];
	shares->count = kept;
	return (uint32_t)kept;
}

/* SHARE_INFO_n_CONTAINER with the shares from `first` on. */
static void write_container(struct writer *w, uint32_t level,
			    const struct smb_rpc_shares *shares, uint32_t first)
{
	uint32_t count = (uint32_t)shares->count - first;

	smb_ndr_write_pointer(w);
	wr_u32(w, count);
	if (count == 0) {
		wr_u32(w, 0);
		return;
	}
	smb_ndr_write_pointer(w);
	wr_u32(w, count);
	for (size_t i = first; i < shares->count; i++)
		smb_rpc_share_write(w, level, &shares->list[i]);
	for (size_t i = first; i < shares->count; i++)
		smb_rpc_share_write_texts(w, level, &shares->list[i]);
}

static enum smb_rpc_result enum_result(const struct smb_rpc_call *call,
				       uint32_t level, bool is_sticky)
{
	if (!smb_rpc_share_level_is_known(level) || level == 1005 ||
	    (is_sticky && level == 501))
		return SMB_RPC_ERROR_INVALID_LEVEL;
	if (call->user->is_anonymous &&
	    (level_is_private(level) || level == 501))
		return SMB_RPC_ERROR_ACCESS_DENIED;
	return SMB_RPC_SUCCESS;
}

/* The head and the tail that every answer has; `list` is NULL on failure. */
static void write_enumeration(struct writer *w, const struct enumeration *e,
			      const struct smb_rpc_shares *list, uint32_t total,
			      enum smb_rpc_result result)
{
	uint32_t first = e->resume < total ? e->resume : total;

	wr_u32(w, e->level);
	wr_u32(w, e->level);
	if (list)
		write_container(w, e->level, list, first);
	else if (smb_rpc_share_level_is_known(e->level))
		wr_u32(w, 0); /* the container: NULL */
	smb_ndr_write_u32(w, total - first);
	wr_u32(w, e->has_resume ? 1 : 0);
	if (e->has_resume)
		wr_u32(w, 0);
	wr_u32(w, (uint32_t)result);
}

static enum smb_rpc_fault enumerate(struct smb_rpc_call *call, bool is_sticky)
{
	struct smb_rpc_shares shares;
	struct enumeration e;

	if (!read_enumeration(&call->in, &e))
		return SMB_RPC_BAD_STUB_DATA;
	enum smb_rpc_result result = enum_result(call, e.level, is_sticky);

	if (result != SMB_RPC_SUCCESS) {
		write_enumeration(&call->out, &e, NULL, 0, result);
		return SMB_RPC_OK;
	}
	smb_rpc_shares_read(call->ports, call->user, &shares);
	if (shares.is_short) {
		smb_rpc_shares_free(&shares);
		return SMB_RPC_NO_MEMORY;
	}
	uint32_t total = keep_listed(&shares, is_sticky);

	write_enumeration(&call->out, &e, &shares, total, result);
	smb_rpc_shares_free(&shares);
	return SMB_RPC_OK;
}

/* MS-SRVS 3.1.4.8 */
static enum smb_rpc_fault share_enum(struct smb_rpc_call *call)
{
	return enumerate(call, false);
}

/* MS-SRVS 3.1.4.9 */
static enum smb_rpc_fault share_enum_sticky(struct smb_rpc_call *call)
{
	return enumerate(call, true);
}

/* ---- NetrShareGetInfo, NetrShareCheck ---- */

static enum smb_rpc_result get_info_result(const struct smb_rpc_call *call,
					   uint32_t level,
					   const struct smb_rpc_share *share)
{
	if (!smb_rpc_share_level_is_known(level))
		return SMB_RPC_ERROR_INVALID_LEVEL;
	if (call->user->is_anonymous && level_is_private(level))
		return SMB_RPC_ERROR_ACCESS_DENIED;
	return share ? SMB_RPC_SUCCESS : SMB_RPC_NAME_NOT_FOUND;
}

/* MS-SRVS 3.1.4.10 */
static enum smb_rpc_fault share_get_info(struct smb_rpc_call *call)
{
	struct writer *w = &call->out;
	struct smb_rpc_shares shares;

	smb_ndr_read_pointed_string(&call->in);
	struct bytes name = smb_ndr_read_string(&call->in);
	uint32_t level = smb_ndr_read_u32(&call->in);

	if (!rd_ok(&call->in))
		return SMB_RPC_BAD_STUB_DATA;
	smb_rpc_shares_read(call->ports, call->user, &shares);
	const struct smb_rpc_share *share = smb_rpc_share_find(&shares, name);
	enum smb_rpc_result result = get_info_result(call, level, share);

	wr_u32(w, level);
	if (result == SMB_RPC_SUCCESS) {
		smb_ndr_write_pointer(w);
		smb_rpc_share_write(w, level, share);
		smb_rpc_share_write_texts(w, level, share);
	} else if (smb_rpc_share_level_is_known(level)) {
		wr_u32(w, 0);
	}
	smb_ndr_write_u32(w, (uint32_t)result);
	smb_rpc_shares_free(&shares);
	return SMB_RPC_OK;
}

/* The text as one of our paths would be written, for comparison. */
static bool path_is(const struct smb_rpc_share *share, struct bytes path)
{
	uint16_t units[160], ours[160];
	char text[sizeof(share->facts.name) + 4];
	size_t count = smb_utf16_decode(path, units, 160);

	smb_rpc_share_path(share, text, sizeof(text));
	size_t our_count = smb_utf8_to_utf16(text, strlen(text), ours, 160);

	if (count == SIZE_MAX || our_count == SIZE_MAX)
		return false;
	return smb_name_equal_nocase((struct smb_name){ units,
							(uint32_t)count },
				     (struct smb_name){ ours,
							(uint32_t)our_count });
}

/* MS-SRVS 3.1.4.13 */
static enum smb_rpc_fault share_check(struct smb_rpc_call *call)
{
	enum smb_rpc_result result = SMB_RPC_DEVICE_NOT_SHARED;
	struct smb_rpc_shares shares;
	uint32_t type = 0;

	smb_ndr_read_pointed_string(&call->in);
	struct bytes path = smb_ndr_read_string(&call->in);

	if (!rd_ok(&call->in))
		return SMB_RPC_BAD_STUB_DATA;
	smb_rpc_shares_read(call->ports, call->user, &shares);
	for (size_t i = 0; i < shares.count; i++) {
		if (!path_is(&shares.list[i], path))
			continue;
		type = smb_rpc_share_type(&shares.list[i]);
		result = SMB_RPC_SUCCESS;
	}
	smb_rpc_shares_free(&shares);
	wr_u32(&call->out, type);
	wr_u32(&call->out, (uint32_t)result);
	return SMB_RPC_OK;
}

/* ---- NetrServerGetInfo ---- */

/* SERVER_INFO_100, _101, _102: MS-SRVS 2.2.4.40 on; each is the start of the
   next. */
static void write_server(struct writer *w, uint32_t level,
			 const struct smb_server_facts *server)
{
	wr_u32(w, SMB_RPC_PLATFORM_NT);
	smb_ndr_write_pointer(w);
	if (level >= 101) {
		wr_u32(w, SMB_RPC_VERSION_MAJOR);
		wr_u32(w, SMB_RPC_VERSION_MINOR);
		wr_u32(w, SERVER_TYPE);
		smb_ndr_write_pointer(w);
	}
	if (level >= 102) {
		wr_u32(w, UINT32_MAX); /* users: no limit */
		wr_u32(w, NEVER);      /* idle sessions stay */
		wr_u32(w, 0);          /* not hidden */
		wr_u32(w, ANNOUNCE_SECONDS);
		wr_u32(w, ANNOUNCE_SPREAD_MS);
		wr_u32(w, 0); /* licences: unlimited */
		smb_ndr_write_pointer(w);
	}
	smb_ndr_write_string(w, server->netbios_name);
	if (level >= 101)
		smb_ndr_write_string(w, server->comment);
	if (level >= 102)
		smb_ndr_write_string(w, "C:\\");
}

static enum smb_rpc_result server_result(const struct smb_rpc_call *call,
					 uint32_t level)
{
	if (level < 100 || level > 102)
		return SMB_RPC_ERROR_INVALID_LEVEL;
	if (call->user->is_anonymous && level == 102)
		return SMB_RPC_ERROR_ACCESS_DENIED;
	return SMB_RPC_SUCCESS;
}

/* MS-SRVS 3.1.4.17 */
static enum smb_rpc_fault server_get_info(struct smb_rpc_call *call)
{
	const struct smb_ports *p = call->ports;
	struct writer *w = &call->out;

	smb_ndr_read_pointed_string(&call->in);
	uint32_t level = smb_ndr_read_u32(&call->in);
	enum smb_rpc_result result = server_result(call, level);

	wr_u32(w, level);
	if (result == SMB_RPC_SUCCESS) {
		smb_ndr_write_pointer(w);
		write_server(w, level, p->realm_ops->server(p->realm));
	} else {
		wr_u32(w, 0);
	}
	smb_ndr_write_u32(w, (uint32_t)result);
	return SMB_RPC_OK;
}

/* ---- NetrRemoteTOD ---- */

struct date {
	uint32_t year, month, day, weekday;
};

/*
 * The date of a day, counted from 1970-01-01. Years that begin in March have
 * their leap day last, and then months follow a pattern of 153 days in five.
 */
static struct date date_of(uint64_t days)
{
	uint64_t z = days + 719468; /* from 0000-03-01 */
	uint64_t era = z / 146097, day = z % 146097;
	uint64_t year = (day - day / 1460 + day / 36524 - day / 146096) / 365;
	uint64_t of_year = day - (365 * year + year / 4 - year / 100);
	uint64_t month = (5 * of_year + 2) / 153;
	struct date d = {
		.day = (uint32_t)(of_year - (153 * month + 2) / 5 + 1),
		.month = (uint32_t)(month < 10 ? month + 3 : month - 9),
		.weekday = (uint32_t)((days + 4) % 7),
	};

	d.year = (uint32_t)(year + era * 400 + (d.month <= 2));
	return d;
}

/* MS-SRVS 3.1.4.21, 2.2.4.105: the time in UTC, and that it is. */
static enum smb_rpc_fault remote_tod(struct smb_rpc_call *call)
{
	enum {
		TICKS_OF_CENTISECOND = 100000,
		UPTICK = 310
	};
	const uint64_t to_1970 = 11644473600u * 100; /* in hundredths */
	const struct smb_ports *p = call->ports;
	struct writer *w = &call->out;
	uint64_t hundredths =
		p->host_ops->now(p->host) / TICKS_OF_CENTISECOND - to_1970;
	uint64_t seconds = hundredths / 100;
	struct date d = date_of(seconds / 86400);

	smb_ndr_read_pointed_string(&call->in);
	smb_ndr_write_pointer(w);
	wr_u32(w, (uint32_t)seconds);
	wr_u32(w, (uint32_t)(hundredths * 10)); /* milliseconds that run on */
	wr_u32(w, (uint32_t)(seconds / 3600 % 24));
	wr_u32(w, (uint32_t)(seconds / 60 % 60));
	wr_u32(w, (uint32_t)(seconds % 60));
	wr_u32(w, (uint32_t)(hundredths % 100));
	wr_u32(w, 0); /* minutes west of UTC */
	wr_u32(w, UPTICK);
	wr_u32(w, d.day);
	wr_u32(w, d.month);
	wr_u32(w, d.year);
	wr_u32(w, d.weekday);
	wr_u32(w, SMB_RPC_SUCCESS);
	return SMB_RPC_OK;
}

/* ---- NetprNameValidate ---- */

enum {
	NAME_IS_SHARE = 9, /* MS-SRVS 2.2.2.8 */
	SHARE_NAME_MAX = 80,
	SHARE_NAME_MAX_OLD = 12,
};

#define NAME_FLAG_OLD 0x80000000u

static bool share_name_is_valid(struct bytes name, size_t max)
{
	static const char forbidden[] = "\"/\\[]:|<>+=;,*?";
	struct reader r = reader_of(name);

	if (name.length == 0 || name.length / 2 > max)
		return false;
	while (rd_left(&r) > 0) {
		uint16_t unit = rd_u16(&r);

		if (unit < 0x20 || (unit < 0x80 && strchr(forbidden, unit)))
			return false;
	}
	return true;
}

/* Shares are the one kind of name that we could have to judge. */
static enum smb_rpc_result validate(struct bytes name, uint32_t type,
				    uint32_t flags)
{
	size_t max = flags ? SHARE_NAME_MAX_OLD : SHARE_NAME_MAX;

	if (flags & ~NAME_FLAG_OLD)
		return SMB_RPC_ERROR_INVALID_PARAMETER;
	if (type != NAME_IS_SHARE)
		return SMB_RPC_ERROR_NOT_SUPPORTED;
	return share_name_is_valid(name, max) ? SMB_RPC_SUCCESS
					      : SMB_RPC_ERROR_INVALID_NAME;
}

/* MS-SRVS 3.1.4.32 */
static enum smb_rpc_fault name_validate(struct smb_rpc_call *call)
{
	smb_ndr_read_pointed_string(&call->in);
	struct bytes name = smb_ndr_read_string(&call->in);
	uint32_t type = smb_ndr_read_u32(&call->in);
	uint32_t flags = smb_ndr_read_u32(&call->in);

	if (!rd_ok(&call->in))
		return SMB_RPC_BAD_STUB_DATA;
	wr_u32(&call->out, (uint32_t)validate(name, type, flags));
	return SMB_RPC_OK;
}

static const struct smb_rpc_operation operations[] = {
	{ 15, share_enum },        { 16, share_get_info },
	{ 20, share_check },       { 21, server_get_info },
	{ 28, remote_tod },        { 33, name_validate },
	{ 36, share_enum_sticky },
};

/* 4b324fc8-1670-01d3-1278-5a47bf6ee188 */
const struct smb_rpc_interface smb_rpc_srvsvc = {
	.pipe = "srvsvc",
	.uuid = { 0xc8, 0x4f, 0x32, 0x4b, 0x70, 0x16, 0xd3, 0x01, 0x12, 0x78,
		  0x5a, 0x47, 0xbf, 0x6e, 0xe1, 0x88 },
	.version = 3,
	.operations = operations,
	.count = sizeof(operations) / sizeof(operations[0]),
};
