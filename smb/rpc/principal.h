/*
 * Who a SID is, and which SID has a name (MS-LSAT 3.1.1.1): users and groups
 * of Linux (S-1-22-1-uid, S-1-22-2-gid), the well-known ones, and the server
 * itself as a domain. Inner header of smb/rpc/.
 *
 * Thread: worker.
 */
#pragma once

#include <stdbool.h>

#include "smb/ports.h"
#include "smb/wire/sd.h"

enum {
	SMB_SID_TEXT_SIZE = 192, /* "S-1-" and all parts, with a NUL */
};

/* SID_NAME_USE, MS-LSAT 2.2.13. */
enum smb_sid_use {
	SMB_SID_USER = 1,
	SMB_SID_GROUP = 2,
	SMB_SID_DOMAIN = 3,
	SMB_SID_ALIAS = 4,
	SMB_SID_WELL_KNOWN = 5,
	SMB_SID_UNKNOWN = 8,
};

struct smb_principal {
	enum smb_sid_use use;
	struct smb_sid sid;
	struct smb_sid domain_sid;
	char domain[32];             /* UTF-8; empty: of no domain's */
	char name[SMB_ID_NAME_SIZE]; /* UTF-8 */
};

/* False: nobody is known by it. */
bool smb_principal_of_sid(const struct smb_ports *ports,
			  const struct smb_sid *sid,
			  struct smb_principal *ret_principal);

/* By "name" or "domain\name" in UTF-8, in any case. False: nobody. */
bool smb_principal_of_name(const struct smb_ports *ports, const char *name,
			   struct smb_principal *ret_principal);

/* The server's own domain, of its accounts; its SID is made of its GUID. */
void smb_principal_of_server(const struct smb_ports *ports,
			     struct smb_principal *ret_principal);

/* "S-1-5-32-544" */
void smb_sid_show(const struct smb_sid *sid, char to[SMB_SID_TEXT_SIZE]);
