/*
 * Tree connects (MS-SMB2 3.3.1.9): a session's way to a share.
 * Thread: worker.
 */
#pragma once

#include <stdbool.h>
#include <stdint.h>
#include <sys/queue.h>

#include "smb/ports.h"

struct smb_session;

struct smb_tree {
	uint32_t id;
	unsigned int refs;
	struct smb_session *session; /* borrowed: it outlives its trees */
	TAILQ_ENTRY(smb_tree) entry; /* of its session */
	struct smb_volume *volume;   /* NULL for IPC$ */
	struct smb_share_facts facts;
	bool is_gone;
};

/* A reference, or NULL. */
struct smb_tree *smb_tree_find(struct smb_session *session, uint32_t id);
struct smb_tree *smb_tree_ref(struct smb_tree *tree);
struct smb_tree *smb_tree_unref(struct smb_tree *tree);

/*
 * Takes the volume (NULL: IPC$) into a new tree of the session. The session
 * holds a reference, the caller another. NULL: no memory or SMB_TREES_MAX; the
 * volume is then still the caller's.
 */
struct smb_tree *smb_tree_new(struct smb_session *session,
			      struct smb_volume *volume,
			      const struct smb_share_facts *facts);

/* Closes its opens, waits for their requests, takes it out of the session. */
void smb_tree_co_end(struct smb_tree *tree);
