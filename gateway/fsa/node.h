/*
 * A file node: what is shared by all opens of one file, whoever they are:
 * share modes, delete-on-close, byte ranges, times that were set by hand,
 * oplocks. One node for each store_key that is open, below one root: shares of
 * one directory have it in common, whatever their trees' options. And one for
 * each of its streams that is open: they have the file's in common, and what
 * concerns the file is only there (fsa_node_file()). All nodes of one file are
 * in one bucket, so that one lock is enough to look at them all.
 *
 *   absent ──fsa_node_get()──> live ──delete disposition──> doomed
 *                               │                             │
 *                               └──── last unref: freed <─────┘
 *
 * Thread: shared. Every field below the line is read and written under the
 * lock of the node's bucket: fsa_node_lock()/fsa_node_unlock(), memory work
 * only, never across a co_ call. References are counted under the same lock.
 */
#pragma once

#include <stdatomic.h>
#include <stdbool.h>
#include <stddef.h>
#include <stdint.h>
#include <sys/queue.h>

#include "gateway/fsa/fsa.h"
#include "gateway/fsa/range.h"
#include "gateway/fsa/turn.h"
#include "gateway/fsa/write_time.h"
#include "gateway/loop/loop.h"

struct fsa_bucket;
struct fsa_grant;
struct fsa_grant_wait;
struct fsa_lock_wait;
struct fsa_nodes;
struct fsa_open;

TAILQ_HEAD(fsa_opens, fsa_open);
TAILQ_HEAD(fsa_stream_nodes, fsa_node);
TAILQ_HEAD(fsa_lock_waits, fsa_lock_wait);
TAILQ_HEAD(fsa_grants, fsa_grant);
TAILQ_HEAD(fsa_grant_waits, fsa_grant_wait);

struct fsa_node {
	struct fsa *fsa;
	struct store_tree *tree; /* reference: of the first that opened it, by
				    which its path is good */
	struct store_key key;
	bool is_directory;
	struct fsa_node *file; /* of a stream: a reference; else NULL */
	/* Our changes of the file itself, for outside.c; without the lock. */
	atomic_uint own_under_way;
	atomic_uint_fast64_t own_ns; /* CLOCK_REALTIME when one last ended */
	/* ---- under the lock ---- */
	unsigned int refs;
	struct fsa_bucket *bucket; /* frozen */
	struct fsa_node *next;     /* in its bucket */
	struct fsa_opens opens;    /* by their node_entry */
	char *path;   /* bytes, below the root, "" is the root; malloc */
	char *stream; /* of a stream: its name on disk (stream.h); malloc */
	struct fsa_stream_nodes streams; /* of a file, by their entry */
	TAILQ_ENTRY(fsa_node) stream_entry;
	bool is_delete_pending; /* the disposition is set */
	bool is_deleted;        /* the name is gone; opens go on */
	bool is_taken_back;  /* by the CREATE that made it and failed: who finds
			       it looks again until it is gone */
	char *doomed_path;   /* which of its names is to go; NULL: `path` */
	bool has_doomed_key; /* ParentLeaseKey of who wants it to go */
	uint8_t doomed_key[16];
	struct store_user *doomed_as;  /* who wants it; malloc */
	struct store_tree *doomed_in;  /* the tree of who does; reference */
	struct fsa_write_time written; /* when writes show */
	bool is_write_time_set;        /* by a client: writes leave it alone */
	uint64_t write_time;           /* FILETIME, if so */
	/* A change time that a client set: shown until the file changes, that
	   is, while its own one is `change_time_own`. */
	bool is_change_time_set;
	uint64_t change_time, change_time_own;
	struct fsa_ranges ranges;
	struct fsa_lock_waits lock_waits; /* for ranges, oldest first */
	struct fsa_grants grants;         /* oplocks and leases */
	struct fsa_grant_waits grant_waits;
	struct fsa_turn turn; /* of a file: who changes its streams, its name */
};

/* The node of the file that this one is a stream of, or is. Borrowed. */
static inline struct fsa_node *fsa_node_file(struct fsa_node *node)
{
	return node->file ? node->file : node;
}

static inline bool fsa_key_equal(const struct store_key *a,
				 const struct store_key *b)
{
	return a->device == b->device && a->inode == b->inode &&
	       a->generation == b->generation;
}

/* All nodes of a struct fsa. NULL: out of memory; no node is left then. */
struct fsa_nodes *fsa_nodes_new(void);
struct fsa_nodes *fsa_nodes_free(struct fsa_nodes *nodes);

/* Those of `fsa`; borrowed. In fsa.c. */
struct fsa_nodes *fsa_nodes_of(struct fsa *fsa);

/*
 * The node of a file, made if there is none, as a reference. `path` is copied
 * into a new node. NULL: out of memory.
 */
struct fsa_node *fsa_node_get(struct fsa *fsa, struct store_tree *tree,
			      const struct store_key *key, const char *path,
			      bool is_directory);

/*
 * The node of a stream of `file`, made if there is none, as a reference: names
 * are the same whatever their case. NULL: out of memory.
 */
struct fsa_node *fsa_node_get_stream(struct fsa_node *file, const char *name);

/* Under the lock: the node of a stream that is not deleted; borrowed. NULL. */
struct fsa_node *fsa_node_find_stream(struct fsa_node *file, const char *name);

/* Under the lock: whether somebody has the file, or one of its streams, open.
 */
bool fsa_node_has_opens(const struct fsa_node *file);

/* Under the lock: whether somebody has one of its streams open. */
bool fsa_node_has_stream_opens(const struct fsa_node *file);

/* The node of a file that somebody has open, as a reference; or NULL. */
struct fsa_node *fsa_node_find(struct fsa *fsa, struct store_tree *tree,
			       const struct store_key *key);
struct fsa_node *fsa_node_ref(struct fsa_node *node);
struct fsa_node *fsa_node_unref(struct fsa_node *node);

void fsa_node_lock(struct fsa_node *node);
void fsa_node_unlock(struct fsa_node *node);

/* A copy (malloc) of the path as it is now; NULL: out of memory. */
char *fsa_node_path(struct fsa_node *node);

/*
 * The same for an open: a file with several names may be open by several of
 * them, and each open is renamed or deleted by its own.
 */
char *fsa_open_path(struct fsa_open *open);

/*
 * Sets the delete disposition: the name that `by` was opened by goes with the
 * last close, as its user wants it, whoever closes; and nobody opens the file
 * any more. INSUFFICIENT_RESOURCES.
 */
enum nt_status fsa_node_doom(struct fsa_open *by);

/* Takes it back. */
void fsa_node_pardon(struct fsa_node *node);

/*
 * A file or directory got another name: the paths of its node and, for a
 * directory, of all nodes below it follow. Takes no lock of the caller's.
 */
void fsa_node_moved(struct fsa *fsa, struct store_tree *tree, const char *from,
		    const char *to, bool is_directory);

/*
 * How many times that has happened. Who has found a file by its path and then
 * entered its node has missed no new name of it if the number is the same.
 */
uint64_t fsa_node_moves(struct fsa *fsa);

/*
 * Something that is open below this directory (itself left out), as a
 * reference; or NULL.
 */
struct fsa_node *fsa_node_below(struct fsa *fsa, struct store_tree *tree,
				const char *path);
