/*
 * SIDs of users and groups: MS-DTYP 2.4.2. Names of SIDs are told by the RPC
 * pipes, not here.
 */
#include "gateway/fsa/sid.h"

enum {
	AUTHORITY_WORLD = 1,
	AUTHORITY_CREATOR = 3,
	AUTHORITY_NT = 5,
	AUTHORITY_UNIX = 22,

	UNIX_USER = 1,
	UNIX_GROUP = 2,

	/* Of authority 5: everybody who came over the network; the built-in
	   domain and its groups. */
	NT_NETWORK = 2,
	NT_AUTHENTICATED = 11,
	NT_BUILTIN = 32,
	BUILTIN_ADMINISTRATORS = 544,
	BUILTIN_USERS = 545,

	NT_DOMAIN = 21,

	/* S-1-5-88: what NFS knows of a file. */
	NFS_IDS = 88,
	NFS_MODE = 3,
};

static bool is_one_part(const struct smb_sid *sid, uint64_t authority,
			uint32_t part)
{
	return sid->revision == 1 && sid->count == 1 &&
	       sid->authority == authority && sid->parts[0] == part;
}

static struct smb_sid sid_of_unix(uint32_t kind, uint32_t id)
{
	return (struct smb_sid){
		.revision = 1,
		.count = 2,
		.authority = AUTHORITY_UNIX,
		.parts = { kind, id },
	};
}

static bool sid_to_unix(const struct smb_sid *sid, uint32_t kind,
			uint32_t *ret_id)
{
	/* The id of all ones is nobody's: to chown(2) it means «leave it». */
	if (sid->revision != 1 || sid->count != 2 ||
	    sid->authority != AUTHORITY_UNIX || sid->parts[0] != kind ||
	    sid->parts[1] == UINT32_MAX)
		return false;
	*ret_id = sid->parts[1];
	return true;
}

struct smb_sid fsa_sid_of_user(uid_t uid)
{
	return sid_of_unix(UNIX_USER, uid);
}

struct smb_sid fsa_sid_of_group(gid_t gid)
{
	return sid_of_unix(UNIX_GROUP, gid);
}

struct smb_sid fsa_sid_everyone(void)
{
	return (struct smb_sid){
		.revision = 1,
		.count = 1,
		.authority = AUTHORITY_WORLD,
	};
}

static struct smb_sid sid_of_creator(uint32_t part)
{
	return (struct smb_sid){
		.revision = 1,
		.count = 1,
		.authority = AUTHORITY_CREATOR,
		.parts = { part },
	};
}

struct smb_sid fsa_sid_creator_owner(void)
{
	return sid_of_creator(0);
}

struct smb_sid fsa_sid_creator_group(void)
{
	return sid_of_creator(1);
}

bool fsa_sid_to_user(const struct smb_sid *sid, uid_t *ret_uid)
{
	return sid_to_unix(sid, UNIX_USER, ret_uid);
}

bool fsa_sid_to_group(const struct smb_sid *sid, gid_t *ret_gid)
{
	return sid_to_unix(sid, UNIX_GROUP, ret_gid);
}

static bool is_builtin(const struct smb_sid *sid, uint32_t which)
{
	return sid->revision == 1 && sid->count == 2 &&
	       sid->authority == AUTHORITY_NT && sid->parts[0] == NT_BUILTIN &&
	       sid->parts[1] == which;
}

bool fsa_sid_is_everyone(const struct smb_sid *sid)
{
	return is_one_part(sid, AUTHORITY_WORLD, 0) ||
	       is_one_part(sid, AUTHORITY_NT, NT_AUTHENTICATED) ||
	       is_builtin(sid, BUILTIN_USERS);
}

bool fsa_sid_is_network(const struct smb_sid *sid)
{
	return is_one_part(sid, AUTHORITY_NT, NT_NETWORK);
}

bool fsa_sid_is_administrators(const struct smb_sid *sid)
{
	return is_builtin(sid, BUILTIN_ADMINISTRATORS);
}

bool fsa_sid_is_of_domain(const struct smb_sid *sid)
{
	return sid->revision == 1 && sid->count > 1 &&
	       sid->authority == AUTHORITY_NT && sid->parts[0] == NT_DOMAIN;
}

bool fsa_sid_is_owner_rights(const struct smb_sid *sid)
{
	return is_one_part(sid, AUTHORITY_CREATOR, 4);
}

bool fsa_sid_is_creator_owner(const struct smb_sid *sid)
{
	return is_one_part(sid, AUTHORITY_CREATOR, 0);
}

bool fsa_sid_is_owner(const struct smb_sid *sid)
{
	return fsa_sid_is_creator_owner(sid) || fsa_sid_is_owner_rights(sid);
}

bool fsa_sid_is_owning_group(const struct smb_sid *sid)
{
	return is_one_part(sid, AUTHORITY_CREATOR, 1);
}

bool fsa_sid_to_mode(const struct smb_sid *sid, mode_t *ret_mode)
{
	if (sid->authority != AUTHORITY_NT || sid->count != 3 ||
	    sid->parts[0] != NFS_IDS || sid->parts[1] != NFS_MODE)
		return false;
	*ret_mode = sid->parts[2] & 07777;
	return true;
}
