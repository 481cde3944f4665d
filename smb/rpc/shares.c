/*
 * Shares as MS-SRVS has them (2.2.2.4, 2.2.4.22 to .27). Which levels a call
 * takes, and from whom, is known by smb/rpc/srvsvc.c; the shares, by the realm.
 */
#include "smb/rpc/shares.h"

#include <stdio.h>
#include <stdlib.h>
#include <string.h>

#include "smb/rpc/ndr.h"
#include "smb/wire/utf16.h"

enum {
	SHARES_MAX = 8192, /* no list is longer than a response can be */
	STYPE_DISK = 0,
	STYPE_IPC = 3,
	NAME_UNITS_MAX = 128,
};

#define STYPE_SPECIAL  0x80000000u
#define USES_UNLIMITED 0xffffffffu

static void add(void *arg, const struct smb_share_facts *facts)
{
	struct smb_rpc_shares *shares = arg;
	struct smb_rpc_share *list;

	if (shares->is_short || shares->count == SHARES_MAX)
		return;
	list = reallocarray(shares->list, shares->count + 1, sizeof(*list));
	if (!list) {
		shares->is_short = true;
		return;
	}
	list[shares->count++] = (struct smb_rpc_share){ .facts = *facts };
	shares->list = list;
}

void smb_rpc_shares_read(const struct smb_ports *ports, struct smb_user *user,
			 struct smb_rpc_shares *ret_shares)
{
	static const struct smb_share_facts ipc = {
		.name = "IPC$",
		.comment = "Remote IPC",
		.type = SMB_SHARE_PIPE,
	};
	struct smb_rpc_shares shares = { .list = NULL };

	ports->realm_ops->shares(ports->realm, user, add, &shares);
	add(&shares, &ipc);
	if (!shares.is_short)
		shares.list[shares.count - 1].is_ipc = true;
	*ret_shares = shares;
}

void smb_rpc_shares_free(struct smb_rpc_shares *shares)
{
	free(shares->list);
	*shares = (struct smb_rpc_shares){ .list = NULL };
}

const struct smb_rpc_share *smb_rpc_share_find(
	const struct smb_rpc_shares *shares, struct bytes name)
{
	uint16_t units[NAME_UNITS_MAX];
	char text[3 * NAME_UNITS_MAX + 1];
	size_t count = smb_utf16_decode(name, units, NAME_UNITS_MAX);

	if (count == SIZE_MAX)
		return NULL;
	if (smb_utf16_to_utf8((struct smb_name){ units, (uint32_t)count }, text,
			      sizeof(text)) == SIZE_MAX)
		return NULL;
	for (size_t i = 0; i < shares->count; i++)
		if (smb_utf8_equal_nocase(shares->list[i].facts.name, text))
			return &shares->list[i];
	return NULL;
}

void smb_rpc_share_path(const struct smb_rpc_share *share, char *to,
			size_t size)
{
	if (share->is_ipc)
		snprintf(to, size, "%s", "");
	else
		snprintf(to, size, "C:\\%s", share->facts.name);
}

uint32_t smb_rpc_share_type(const struct smb_rpc_share *share)
{
	if (share->is_ipc)
		return STYPE_IPC | STYPE_SPECIAL;
	return share->facts.type == SMB_SHARE_PIPE ? STYPE_IPC : STYPE_DISK;
}

bool smb_rpc_share_level_is_known(uint32_t level)
{
	return level <= 2 || level == 501 || level == 502 || level == 1005;
}

/* Uses, a path and a password: levels 2 and 502. */
static bool level_is_long(uint32_t level)
{
	return level == 2 || level == 502;
}

void smb_rpc_share_write(struct writer *w, uint32_t level,
			 const struct smb_rpc_share *share)
{
	if (level == 1005) {
		smb_ndr_write_u32(w, share->facts.flags);
		return;
	}
	smb_ndr_write_pointer(w);
	if (level == 0)
		return;
	wr_u32(w, smb_rpc_share_type(share));
	smb_ndr_write_pointer(w);
	if (level == 501)
		wr_u32(w, share->facts.flags);
	if (!level_is_long(level))
		return;
	wr_u32(w, 0); /* permissions: only ever of OS/2 */
	wr_u32(w, USES_UNLIMITED);
	wr_u32(w, 0); /* uses: not told */
	smb_ndr_write_pointer(w);
	wr_u32(w, 0); /* no password */
	if (level == 502)
		wr_zero(w, 8); /* no descriptor */
}

void smb_rpc_share_write_texts(struct writer *w, uint32_t level,
			       const struct smb_rpc_share *share)
{
	char path[sizeof(share->facts.name) + 4];

	if (level == 1005)
		return;
	smb_ndr_write_string(w, share->facts.name);
	if (level == 0)
		return;
	smb_ndr_write_string(w, share->facts.comment);
	if (!level_is_long(level))
		return;
	smb_rpc_share_path(share, path, sizeof(path));
	smb_ndr_write_string(w, path);
}
