/*
 * Changes that others make behind our back: programs on this machine, and those
 * that the program of a direct door learns of. Whoever watches a directory here
 * is told of them, and who may cache a file or a directory loses that (LS-8,
 * CN-8). Always after the fact: what a client has not written back yet a local
 * program has not seen.
 *
 * Only what somebody has an interest in is watched: files and directories that
 * a lease or an oplock is held on, and directories of CHANGE_NOTIFY (their own
 * entries, not those further below).
 *
 * Our own changes come back as well, and are left out: those of names one by
 * one, those of data and attributes by their time. What a local program does
 * to a file within a tick of the clock behind a change of ours is taken for
 * ours.
 *
 * Thread: any, but for the reader.
 */
#pragma once

#include <stdbool.h>
#include <stdint.h>

#include "gateway/fsa/fsa.h"
#include "gateway/fsa/node.h"

struct fsa_open;
struct fsa_place;

/* Of a struct fsa: fsa_new() makes it, fsa_free() frees it. NULL: no memory. */
struct fsa_outside;
struct fsa_outside *fsa_outside_new(void);
struct fsa_outside *fsa_outside_free(struct fsa_outside *outside);

/* That of `fsa`; borrowed. In fsa.c. */
struct fsa_outside *fsa_outside_of(struct fsa *fsa);

/* The reader itself is fsa_co_outside(), fsa.h. */

/*
 * Somebody has an interest in what this open has open, until
 * fsa_outside_leave(). Does nothing the second time, where the share does not
 * want it, and where the system does not let us.
 */
void fsa_outside_join(struct fsa_open *open);
void fsa_outside_leave(struct fsa_open *open);

/* ---- our own changes ---- */

/* Between these two we may be changing the file's data or attributes. */
void fsa_own_begin(struct fsa_node *node);
void fsa_own_end(struct fsa_node *node);

/* When the last such change ended, CLOCK_REALTIME in ns; 0: there was none. */
uint64_t fsa_own_ended(struct fsa_node *node);

/* We made (`came`) or removed the name, or changed what it names. */
void fsa_own_name(struct fsa *fsa, const struct store_tree *tree,
		  const char *path, bool came);
void fsa_own_change(struct fsa *fsa, const struct store_tree *tree,
		    const char *path);

/* Whether we did so since then (loop_wall_now()): asked once of each name. */
bool fsa_own_was_name(struct fsa *fsa, const struct store_tree *tree,
		      const char *path, bool came, uint64_t since_ns);
bool fsa_own_was_change(struct fsa *fsa, const struct store_tree *tree,
			const char *path, uint64_t since_ns);
