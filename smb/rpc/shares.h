/*
 * The shares that one user may see, as a list that stays while it is used; and
 * what MS-SRVS says of a share. Inner header of smb/rpc/, for srvsvc.c.
 *
 * Thread: worker.
 */
#pragma once

#include <stdbool.h>
#include <stddef.h>
#include <stdint.h>

#include "smb/ports.h"
#include "smb/wire/cursor.h"

struct smb_rpc_share {
	struct smb_share_facts facts;
	bool is_ipc;
};

struct smb_rpc_shares {
	struct smb_rpc_share *list; /* malloc */
	size_t count;
	bool is_short; /* memory was out */
};

/* IPC$ comes last. Free with smb_rpc_shares_free(). */
void smb_rpc_shares_read(const struct smb_ports *ports, struct smb_user *user,
			 struct smb_rpc_shares *ret_shares);
void smb_rpc_shares_free(struct smb_rpc_shares *shares);

/* The share of this name (UTF-16LE, any case), or NULL. */
const struct smb_rpc_share *smb_rpc_share_find(
	const struct smb_rpc_shares *shares, struct bytes name);

/*
 * What a share's local path is said to be: where it lies is nobody's business.
 * Empty for IPC$.
 */
void smb_rpc_share_path(const struct smb_rpc_share *share, char *to,
			size_t size);

/* STYPE_*, MS-SRVS 2.2.2.4. */
uint32_t smb_rpc_share_type(const struct smb_rpc_share *share);

/* Whether SHARE_INFO_`level` exists: 0, 1, 2, 501, 502, 1005. */
bool smb_rpc_share_level_is_known(uint32_t level);

/* SHARE_INFO_`level`, MS-SRVS 2.2.4.22 on: the fields, then their texts. */
void smb_rpc_share_write(struct writer *w, uint32_t level,
			 const struct smb_rpc_share *share);
void smb_rpc_share_write_texts(struct writer *w, uint32_t level,
			       const struct smb_rpc_share *share);
