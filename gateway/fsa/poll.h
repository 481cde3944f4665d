/*
 * Changes by others on file systems that nobody tells of them: what clients
 * have cached, or watch, is looked at again and again, as often as the share
 * says. What follows from a change is the same as in outside.h, which is not
 * asked where this looks.
 *
 * Whose change it was is told by what we have done since the last look, not by
 * the file's times: those are of another machine's clock. A change by others
 * right beside one of ours is taken for ours.
 *
 * Thread: any, but for the one that looks.
 */
#pragma once

#include <stdbool.h>

#include "gateway/fsa/fsa.h"

struct fsa_open;

/* Of a struct fsa: fsa_new() makes it, fsa_free() frees it. NULL: no memory. */
struct fsa_polls;
struct fsa_polls *fsa_polls_new(void);
struct fsa_polls *fsa_polls_free(struct fsa_polls *polls);

/* Those of `fsa`; borrowed. In fsa.c. */
struct fsa_polls *fsa_polls_of(struct fsa *fsa);

/* Whether anything is looked at. Costs one load. */
bool fsa_polls_any(const struct fsa_polls *polls);

/* The looking itself is fsa_co_poll(), fsa.h. */

/*
 * Somebody has an interest in what this open has open, until fsa_poll_leave().
 * `stat`: what it was when it was opened; NULL: not known. Does nothing the
 * second time, and where the share does not want it.
 */
void fsa_poll_join(struct fsa_open *open, const struct store_stat *stat);
void fsa_poll_leave(struct fsa_open *open);
