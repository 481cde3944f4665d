/*
 * Accounts and shares, as counted snapshots: what the engine asks by
 * smb_realm_ops. A reload makes a new snapshot; sessions keep their users and
 * tree connects their shares until they end.
 *
 *   realm ──(lock)──> snapshot ──> users, shares ──> tree
 *                                            ^──── volumes of tree connects
 *
 * Thread: the realm is shared, its lock is held while a reference is taken;
 * snapshots and shares are frozen.
 */
#pragma once

#include <stdbool.h>
#include <stddef.h>

#include "gateway/cli.h"
#include "gateway/complain.h"
#include "gateway/config.h"
#include "gateway/identity.h"
#include "gateway/users.h"
#include "smb/ports.h"

struct fsa;
struct gw_realm;
struct gw_share;
struct gw_snapshot;

/* ---- snapshots ---- */

/*
 * Users and shares of a configuration: users files and secrets are read,
 * directories opened, names resolved. Trees of `before` (may be NULL) are used
 * again, so that its open files and new ones know of each other. May block.
 * GW_EXIT_OK; else after complaints, GW_EXIT_USERS, _CONFIG or _FAILURE.
 */
enum gw_exit gw_snapshot_new(const struct gw_config *config, struct fsa *fsa,
			     const struct gw_snapshot *before,
			     struct gw_complaints *c,
			     struct gw_snapshot **ret_snapshot);
struct gw_snapshot *gw_snapshot_unref(struct gw_snapshot *snapshot);
struct fsa *gw_snapshot_fsa(const struct gw_snapshot *snapshot);
struct gw_users *gw_snapshot_users(const struct gw_snapshot *snapshot);
size_t gw_snapshot_share_count(const struct gw_snapshot *snapshot);
const struct gw_share *gw_snapshot_share(const struct gw_snapshot *snapshot,
					 size_t index);

/* ---- shares ---- */

const struct smb_share_facts *gw_share_facts(const struct gw_share *share);

/* What the configuration wants and the file system has not; NULL: nothing. */
const char *gw_share_lack(const struct gw_share *share);

/* The directory, or the words of the program that serves its files. */
const char *gw_share_source(const struct gw_share *share);
bool gw_share_is_mounted(const struct gw_share *share); /* by a program */
struct store_tree *gw_share_tree(const struct gw_share *share);
bool gw_share_is_read_only(const struct gw_share *share);

/* Whether the share lets this user in. */
bool gw_share_admits(const struct gw_share *share, const struct smb_user *user);

/* Who users without a uid of their own are on disk. Borrowed. */
const struct gw_identity *gw_share_as(const struct gw_share *share);

/* ---- the realm ---- */

/*
 * Takes the snapshot; the facts are copied. `guest`: guests may log on.
 * NULL: out of memory, and the snapshot is still the caller's.
 */
struct gw_realm *gw_realm_new(const struct smb_server_facts *facts, bool guest,
			      struct gw_snapshot *snapshot);
struct gw_realm *gw_realm_free(struct gw_realm *realm);

/* Replaces the snapshot, which it takes. */
void gw_realm_renew(struct gw_realm *realm, struct gw_snapshot *snapshot);

/* A reference to the present one. */
struct gw_snapshot *gw_realm_snapshot(struct gw_realm *realm);

/* For struct smb_ports, with the realm. */
extern const struct smb_realm_ops gw_realm_ops;
