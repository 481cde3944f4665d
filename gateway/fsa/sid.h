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

/* S-1-3-0 and S-1-3-1: whoever makes a file below, and his group. */
struct smb_sid fsa_sid_creator_owner(void);
struct smb_sid fsa_sid_creator_group(void);

bool fsa_sid_to_user(const struct smb_sid *sid, uid_t *ret_uid);
bool fsa_sid_to_group(const struct smb_sid *sid, gid_t *ret_gid);

/* S-1-5-88-3-mode, by which clients say chmod: the permissions. */
bool fsa_sid_to_mode(const struct smb_sid *sid, mode_t *ret_mode);

/*
 * Everyone, or everyone who has logged on: Authenticated Users (S-1-5-11),
 * BUILTIN\Users (S-1-5-32-545).
 */
bool fsa_sid_is_everyone(const struct smb_sid *sid);

/* NETWORK (S-1-5-2): everyone who is not here, but asks from elsewhere. */
bool fsa_sid_is_network(const struct smb_sid *sid);

/* BUILTIN\Administrators (S-1-5-32-544): root. */
bool fsa_sid_is_administrators(const struct smb_sid *sid);

/* An account of some domain or machine (S-1-5-21-…), none known here. */
bool fsa_sid_is_of_domain(const struct smb_sid *sid);

/* OWNER RIGHTS (S-1-3-4): whoever owns the file now. */
bool fsa_sid_is_owner_rights(const struct smb_sid *sid);

/* CREATOR OWNER (S-1-3-0): whoever makes a file below. */
bool fsa_sid_is_creator_owner(const struct smb_sid *sid);

/* Whoever owns the file: OWNER RIGHTS (S-1-3-4), CREATOR OWNER (S-1-3-0). */
bool fsa_sid_is_owner(const struct smb_sid *sid);

/* CREATOR GROUP (S-1-3-1). */
bool fsa_sid_is_owning_group(const struct smb_sid *sid);
