/*
 * Answers the engine's questions about accounts and shares from the present
 * snapshot. Who a user is on disk is settled when a share is connected: the
 * user's own uid with the groups that the system gives it, or else the share's
 * `as`.
 */
#include "gateway/realm.h"

#include <stdatomic.h>
#include <stdlib.h>
#include <string.h>

#include "gateway/fsa/fsa.h"
#include "gateway/log.h"
#include "gateway/loop/loop.h"
#include "gateway/names.h"
#include "gateway/share.h"
#include "gateway/snapshot.h"
#include "smb/wire/utf16.h"

struct gw_realm {
	struct smb_server_facts facts;
	struct gw_user *guest; /* NULL: refused */
	struct gw_user *anonymous;
	struct loop_mutex lock; /* of `snapshot` */
	struct gw_snapshot *snapshot;
};

struct gw_realm *gw_realm_new(const struct smb_server_facts *facts, bool guest,
			      struct gw_snapshot *snapshot)
{
	struct gw_realm *realm = calloc(1, sizeof(*realm));

	if (!realm)
		return NULL;
	realm->facts = *facts;
	loop_mutex_init(&realm->lock);
	realm->anonymous = gw_user_new("ANONYMOUS LOGON");
	if (guest)
		realm->guest = gw_user_new("Guest");
	if (!realm->anonymous || (guest && !realm->guest))
		return gw_realm_free(realm);
	realm->anonymous->smb.is_anonymous = true;
	if (guest)
		realm->guest->smb.is_guest = true;
	realm->snapshot = snapshot;
	return realm;
}

struct gw_realm *gw_realm_free(struct gw_realm *realm)
{
	if (!realm)
		return NULL;
	gw_snapshot_unref(realm->snapshot);
	gw_user_unref(realm->guest);
	gw_user_unref(realm->anonymous);
	loop_mutex_fini(&realm->lock);
	free(realm);
	return NULL;
}

struct gw_snapshot *gw_realm_snapshot(struct gw_realm *realm)
{
	struct gw_snapshot *snapshot;

	loop_lock(&realm->lock);
	snapshot = gw_snapshot_ref(realm->snapshot);
	loop_unlock(&realm->lock);
	return snapshot;
}

void gw_realm_renew(struct gw_realm *realm, struct gw_snapshot *snapshot)
{
	struct gw_snapshot *old;

	loop_lock(&realm->lock);
	old = realm->snapshot;
	realm->snapshot = snapshot;
	loop_unlock(&realm->lock);
	gw_snapshot_unref(old);
}

/* ---- smb_realm_ops ---- */

static const struct smb_server_facts *realm_server(void *arg)
{
	const struct gw_realm *realm = arg;

	return &realm->facts;
}

static bool realm_account(void *arg, struct smb_name name,
			  struct smb_user **ret_user,
			  uint8_t ret_nt_hash[GW_NT_HASH_LENGTH])
{
	struct gw_snapshot *snapshot = gw_realm_snapshot(arg);
	struct gw_user *user = gw_users_find(snapshot->users, name);

	gw_snapshot_unref(snapshot);
	if (!user)
		return false;
	memcpy(ret_nt_hash, user->nt_hash, GW_NT_HASH_LENGTH);
	*ret_user = &user->smb;
	return true;
}

static struct smb_user *realm_guest(void *arg)
{
	struct gw_realm *realm = arg;

	return realm->guest ? &gw_user_ref(realm->guest)->smb : NULL;
}

static struct smb_user *realm_anonymous(void *arg)
{
	struct gw_realm *realm = arg;

	return &gw_user_ref(realm->anonymous)->smb;
}

static struct smb_user *realm_user_ref(struct smb_user *user)
{
	return &gw_user_ref(gw_user_of(user))->smb;
}

static void realm_user_unref(struct smb_user *user)
{
	gw_user_unref(gw_user_of(user));
}

/* A reference to the share of that name; NULL if there is none. */
static struct gw_share *find_share(struct gw_realm *realm, const char *name)
{
	struct gw_snapshot *snapshot = gw_realm_snapshot(realm);
	struct gw_share *found = NULL;

	for (size_t i = 0; i < snapshot->share_count && !found; i++) {
		if (smb_utf8_equal_nocase(snapshot->shares[i]->facts.name,
					  name))
			found = gw_share_ref(snapshot->shares[i]);
	}
	gw_snapshot_unref(snapshot);
	return found;
}

/* Who `user` is on the share's disk, as credentials of this worker. */
static int co_creds(const struct gw_share *share, const struct gw_user *user,
		    struct store_creds **ret_creds)
{
	struct gw_identity own = { .count = 0 };
	const struct gw_identity *who = &share->as;
	int err = 0;

	if (user->has_uid) {
		err = gw_identity_co_find(user->uid, &own);
		who = &own;
	}
	if (err == 0)
		err = store_creds_get(who->uid, who->gid, who->groups,
				      who->count, ret_creds);
	gw_identity_fini(&own);
	return err;
}

static void release_share(void *owner)
{
	gw_share_unref(owner);
}

static enum nt_status realm_co_connect(void *arg, struct smb_user *user,
				       const char *name,
				       struct smb_volume **ret_volume)
{
	struct gw_share *share = find_share(arg, name);
	enum nt_status status = NT_STATUS_INSUFFICIENT_RESOURCES;
	struct store_creds *creds;
	struct smb_volume *volume;
	int err;

	if (!share)
		return NT_STATUS_BAD_NETWORK_NAME;
	if (!gw_share_admits(share, user)) {
		status = NT_STATUS_ACCESS_DENIED;
		goto refuse;
	}
	if (!gw_share_is_there(share)) {
		status = NT_STATUS_DEVICE_NOT_READY;
		goto refuse;
	}
	err = co_creds(share, gw_user_of(user), &creds);
	if (err < 0) {
		gw_log(GW_LOG_WARN, "share=%s user=%s no identity: %s",
		       share->facts.name, user->name, strerror(-err));
		goto refuse;
	}
	volume = fsa_volume_new(&share->fsa, creds, &share->facts,
				release_share, share);
	if (!volume) {
		store_creds_unref(creds);
		goto refuse;
	}
	*ret_volume = volume;
	return NT_STATUS_SUCCESS;

refuse:
	gw_share_unref(share);
	return status;
}

static void realm_shares(void *arg, struct smb_user *user,
			 void (*each)(void *arg,
				      const struct smb_share_facts *share),
			 void *each_arg)
{
	struct gw_snapshot *snapshot = gw_realm_snapshot(arg);

	for (size_t i = 0; i < snapshot->share_count; i++) {
		if (gw_share_admits(snapshot->shares[i], user))
			each(each_arg, &snapshot->shares[i]->facts);
	}
	gw_snapshot_unref(snapshot);
}

static bool realm_id_name(void *arg, enum smb_id_kind kind, uint32_t id,
			  char ret_name[SMB_ID_NAME_SIZE])
{
	struct gw_snapshot *snapshot = gw_realm_snapshot(arg);
	bool is_known = gw_names_name(snapshot->names, kind, id, ret_name);

	gw_snapshot_unref(snapshot);
	return is_known;
}

static bool realm_name_id(void *arg, enum smb_id_kind kind, const char *name,
			  uint32_t *ret_id)
{
	struct gw_snapshot *snapshot = gw_realm_snapshot(arg);
	bool is_known = gw_names_id(snapshot->names, kind, name, ret_id);

	gw_snapshot_unref(snapshot);
	return is_known;
}

const struct smb_realm_ops gw_realm_ops = {
	.server = realm_server,
	.account = realm_account,
	.guest = realm_guest,
	.anonymous = realm_anonymous,
	.user_ref = realm_user_ref,
	.user_unref = realm_user_unref,
	.co_connect = realm_co_connect,
	.shares = realm_shares,
	.id_name = realm_id_name,
	.name_id = realm_name_id,
};
