/*
 * The steps of CREATE that open or make something (open_steps.c), and what
 * they hand to each other; open.c is the recipe. Private to these two.
 */
#pragma once

#include <stdbool.h>
#include <stdint.h>

#include "gateway/fsa/descriptor.h"
#include "gateway/fsa/disposition.h"
#include "gateway/fsa/making.h"
#include "gateway/fsa/object.h"
#include "gateway/fsa/stream.h"

/* A CREATE under way. Thread: worker. */
struct fsa_creating {
	struct fsa_volume *volume;
	struct smb_call *call;
	const struct smb_create *how;
	uint32_t access; /* asked for, generic rights replaced */
	size_t previous; /* length of the snapshot's path in found.path; 0:
			    it is no previous version */
	bool is_stream;  /* what is asked for is a stream of the file */
	char stream[FSA_STREAM_NAME_SIZE]; /* as it is spelled, if so */
	uint64_t stream_size;
	const char *path; /* as it was asked for */
	uint64_t moves;   /* fsa_node_moves() before it was looked for */
	struct fsa_found found;
	struct fsa_step step;
	struct store_file *file;
	struct store_stat stat; /* of the file, as fresh as need be */
	struct fsa_dosattr attr;
	uint32_t attributes; /* as clients see them */
	bool has_dacl;       /* one was sent for the new file */
	bool has_default;    /* or its directory has a POSIX ACL for it */
	struct fsa_descriptor parent; /* of its directory, if it is made */
	uint32_t granted;
	bool is_special; /* a link, FIFO, device */
	bool is_made;    /* the file, by us, just now */
	bool is_stream_made;
	struct fsa_making making; /* the name of that, until all is done */
	bool is_own;              /* fsa_own_begin() was called for it */
	bool is_raised;           /* the holder's rights, by this CREATE */
	/* The world has changed meanwhile: go round once more. */
	bool is_stale;
	struct fsa_open *open; /* in its node, once it was admitted */
};

/* What the share lets anybody do there: of previous versions, read. */
uint32_t fsa_create_access(const struct fsa_creating *c);

/*
 * Opens what was found, as the user and as much as is granted, without any
 * change to it: all that may forbid the CREATE but other opens.
 * STOPPED_ON_SYMLINK if it is a link that is shown.
 */
enum nt_status fsa_create_co_open(struct fsa_creating *c);

/*
 * Makes what was not found. Goes stale if it is there meanwhile. The name is
 * claimed (making.h) from before it is made until the CREATE is done or undone.
 */
enum nt_status fsa_create_co_make(struct fsa_creating *c);

/*
 * Puts the open into its node, if those that are there let it; waits until
 * holders of oplocks have given up what stands in the way. SHARING_VIOLATION,
 * DELETE_PENDING, CANCELLED. Goes stale if the name was deleted meanwhile.
 */
enum nt_status fsa_create_co_admit(struct fsa_creating *c);

/* Empties an existing file. */
enum nt_status fsa_create_co_overwrite(struct fsa_creating *c);

/* Undoes all that the steps did, what was made too; then they may be redone. */
void fsa_create_co_undo(struct fsa_creating *c);
