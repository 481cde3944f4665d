/*
 * What this room has changed for a client: told here, once, after it has
 * happened. Those who watch the directory hear of it (notify.c), and leases on
 * the directory end but for the client's own (dirlease.c). Never suspends, and
 * takes no lock of the caller's.
 *
 * `by` is the open that it was done with; paths are bytes below the root.
 */
#pragma once

#include <stdint.h>

#include "gateway/fsa/notify.h"

struct fsa_open;

void fsa_changed(const struct fsa_open *by, const char *path,
		 enum fsa_action action, uint32_t filter);

/* The open's own file or directory was modified. */
void fsa_changed_self(struct fsa_open *by, uint32_t filter);

/* A stream of the file `path` was made, removed or changed. */
void fsa_changed_stream(const struct fsa_open *by, const char *path,
			const char *stream, enum fsa_action action,
			uint32_t filter);

/* It has another path now; what is open below a directory has moved with it. */
void fsa_changed_name(const struct fsa_open *by, const char *from,
		      const char *to);

/*
 * Its name `path` is gone. The client's own lease on the directory outlives
 * that only if who wanted it to go and who closed it last name the same one.
 */
void fsa_changed_gone(const struct fsa_open *by, const char *path);
