/*
 * Entries of a directory that are looked at together. Private to
 * gateway/fsa/.
 *
 * Thread: worker.
 */
#pragma once

#include <stdbool.h>
#include <stddef.h>
#include <stdint.h>

#include "gateway/fsa/object.h"

enum {
	FSA_BATCH_MAX = 64,
	FSA_ENTRY_NAME_BYTES = 256,
};

struct fsa_entry {
	char name[FSA_ENTRY_NAME_BYTES]; /* on disk; "." and ".." too */
	struct store_stat stat;
	struct fsa_dosattr attr;
	struct smb_apple_facts apple;
	uint32_t ea_size;
	unsigned char type; /* DT_…, where there is no stat */
	bool has_stat;
	bool has_eas;   /* or may have: the entry itself tells */
	bool is_hidden; /* it is gone, or not for this user */
	bool must_look; /* by itself: facts of the whole batch aren't enough */
};

struct fsa_batch {
	struct fsa_entry entries[FSA_BATCH_MAX];
	size_t count;
	uint64_t began_ns; /* of looking at them; the wall clock's */
	bool is_looked_at; /* they have facts */
	bool has_ea_sizes; /* these too */
	bool needs_apple, needs_ea_size;
};

/*
 * Finds out what the entries of the directory are. What can't be looked at is
 * left as far as it is known; what has gone is hidden.
 */
void fsa_batch_co_look(struct fsa_open *dir, struct fsa_batch *batch);
