/*
 * Who is S-1-…: users and groups of Linux as SIDs (S-1-22-1-uid and
 * S-1-22-2-gid, as Samba has them) and the few well-known ones. Pure.
 * Private to gateway/fsa/.
 */
#pragma once

#include <stdbool.h>
#include <sys/types.h>

#include "smb/wire/sd.h"

struct smb_sid fsa_sid_of_user(uid_t uid);
struct smb_sid fsa_sid_of_group(gid_t gid);

/* S-1-1-0 */
struct smb_sid fsa_sid_everyone(void);

bool fsa_sid_to_user(const struct smb_sid *sid, uid_t *ret_uid);
bool fsa_sid_to_group(const struct smb_sid *sid, gid_t *ret_gid);

/* Everyone, or everyone who has logged on (S-1-5-11). */
bool fsa_sid_is_everyone(const struct smb_sid *sid);

/* Whoever owns the file: OWNER RIGHTS (S-1-3-4), CREATOR OWNER (S-1-3-0). */
bool fsa_sid_is_owner(const struct smb_sid *sid);

/* CREATOR GROUP (S-1-3-1). */
bool fsa_sid_is_owning_group(const struct smb_sid *sid);
