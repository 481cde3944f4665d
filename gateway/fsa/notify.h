/*
 * CHANGE_NOTIFY (MS-FSA 2.1.5.11): changes that our own clients make are told
 * to those that watch a directory. Whoever changes something says so here,
 * after it has happened, from any worker; never suspends, takes no lock of the
 * caller's, and costs one load where nobody watches.
 *
 * Paths are bytes below the root, as a node has them.
 *
 * Thread: any, but for what takes an open (its worker).
 */
#pragma once

#include <stdbool.h>
#include <stddef.h>
#include <stdint.h>

#include "gateway/fsa/fsa.h"

struct fsa_open;

/* All watches of a struct fsa: fsa_new() makes them, fsa_free() frees them. */
struct fsa_watches;
struct fsa_watches *fsa_watches_new(void);
struct fsa_watches *fsa_watches_free(struct fsa_watches *watches);

/* Those of `fsa`; borrowed. In fsa.c. */
struct fsa_watches *fsa_watches_of(struct fsa *fsa);

/* MS-FSCC 2.7.1. */
enum fsa_action {
	FSA_ACTION_ADDED = 1,
	FSA_ACTION_REMOVED = 2,
	FSA_ACTION_MODIFIED = 3,
	FSA_ACTION_OLD_NAME = 4,
	FSA_ACTION_NEW_NAME = 5,
	FSA_ACTION_ADDED_STREAM = 6,
	FSA_ACTION_REMOVED_STREAM = 7,
	FSA_ACTION_MODIFIED_STREAM = 8,
};

/* CompletionFilter, MS-SMB2 2.2.35. */
enum {
	FSA_CHANGE_FILE_NAME = 0x001,
	FSA_CHANGE_DIR_NAME = 0x002,
	FSA_CHANGE_ATTRIBUTES = 0x004,
	FSA_CHANGE_SIZE = 0x008,
	FSA_CHANGE_LAST_WRITE = 0x010,
	FSA_CHANGE_LAST_ACCESS = 0x020,
	FSA_CHANGE_CREATION = 0x040,
	FSA_CHANGE_EA = 0x080,
	FSA_CHANGE_SECURITY = 0x100,
	FSA_CHANGE_STREAM_NAME = 0x200,
	FSA_CHANGE_STREAM_SIZE = 0x400,
	FSA_CHANGE_STREAM_WRITE = 0x800,
};

/* Something at `path` was made, removed or changed: filter says in what. */
void fsa_notify_changed(struct fsa *fsa, struct store_tree *tree,
			const char *path, enum fsa_action action,
			uint32_t filter);

/* The same of a stream of it, by its name on disk (stream.h). */
void fsa_notify_stream(struct fsa *fsa, struct store_tree *tree,
		       const char *path, const char *stream,
		       enum fsa_action action, uint32_t filter);

/* A rename: a pair in one directory, else REMOVED and ADDED. */
void fsa_notify_renamed(struct fsa *fsa, struct store_tree *tree,
			const char *from, const char *to, bool is_directory);

/* A directory is gone: those who watch it hear DELETE_PENDING. */
void fsa_notify_gone(struct fsa *fsa, struct store_tree *tree,
		     const char *path);

/* The same if this open's directory has just been doomed (node.h). */
void fsa_notify_doomed(struct fsa_open *by);

/* Nobody knows what has changed: all that watch hear NOTIFY_ENUM_DIR. */
void fsa_notify_lost(struct fsa *fsa);

/* The same of one directory. */
void fsa_notify_lost_at(struct fsa *fsa, const struct store_tree *tree,
			const char *path);

/*
 * Ends the open's watch: its waits with NOTIFY_CLEANUP. For fsa_closing() and
 * fsa_co_close(); does nothing the second time, or where there is none.
 */
void fsa_notify_closing(struct fsa_open *open);
