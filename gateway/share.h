/*
 * One share: what clients are told of it, where its files are, whom it admits.
 * Counted, frozen; realm.h has its face.
 *
 * Thread: any.
 */
#pragma once

#include "gateway/fsa/fsa.h"
#include "gateway/realm.h"

struct gw_share {
	_Atomic unsigned int references;
	struct smb_share_facts facts;
	struct fsa_share fsa;
	char *source; /* the directory, or the program's words */
	int64_t timeout_ms;
	bool is_out_of_band;
	int via;
	bool is_mounted; /* by a program */
	char *snapshots; /* or NULL; the fsa_share borrows it */
	bool is_read_only;
	bool admits_guests;
	struct gw_texts users; /* none: all */
	/* Who it acts as; of a share that comes late, set when somebody does. */
	_Atomic bool has_as;
	struct gw_identity as;
};

/* The directory or the program that the configuration names. May block. */
int gw_share_open_tree(const struct gw_share_config *how, bool may_come_late,
		       struct store_tree **ret_tree);

/*
 * The share of a tree that was opened for it, or that another one has; without
 * one (NULL) it is opened now, unless that was tried: `err`, its -errno. NULL
 * after complaints. May block.
 */
struct gw_share *gw_share_new(const struct gw_config *config,
			      const struct gw_share_config *how,
			      struct fsa *fsa, struct store_tree *tree, int err,
			      struct gw_complaints *c);
struct gw_share *gw_share_ref(struct gw_share *share);
struct gw_share *gw_share_unref(struct gw_share *share);

/*
 * Whether its files are there, or have been; then all is known of it, who it
 * acts as too. Thread: any; may block for a moment, the first time.
 */
bool gw_share_is_there(struct gw_share *share);

/* How its tree is opened. */
struct store_options gw_share_options(const struct gw_share_config *how);

/* Whether the share's tree is that of `how`. */
bool gw_share_has_tree(const struct gw_share *share,
		       const struct gw_share_config *how);
