/*
 * Windows file semantics over store/: what MS-FSA calls the object store. This
 * is the room's face to the process; the protocol engine sees only
 * smb_object_ops. Speaks NTSTATUS; errno becomes NTSTATUS in status.c alone.
 *
 * Thread: struct fsa is shared (its buckets' locks); shares are frozen;
 * volumes and opens belong to a worker.
 */
#pragma once

#include <stdbool.h>
#include <stdint.h>

#include "gateway/store/store.h"
#include "smb/ports.h"
#include "smb/status.h"

/* The file nodes of the process, shared by all workers. */
struct fsa;

/* NULL: out of memory. No open is left when it is freed. */
struct fsa *fsa_new(void);
struct fsa *fsa_free(struct fsa *fsa);

/*
 * Reads what the kernel tells of changes by others (outside.h), until it is
 * cancelled: one fiber of the process, with the struct fsa as its argument. It
 * ends at once where the system lets nobody watch.
 */
void fsa_co_outside(void *fsa);

/* Looks for changes of which nobody tells (poll.h), in the same way. */
void fsa_co_poll(void *fsa);

/* How many nodes (files that somebody has open) exist now. Thread: any. */
size_t fsa_node_count(struct fsa *fsa);

enum fsa_attributes {
	FSA_ATTRIBUTES_XATTR, /* user.DOSATTRIB; by mode where there is none */
	FSA_ATTRIBUTES_MODE,  /* READONLY from the mode bits, nothing else */
};

/* Where security descriptors are. */
enum fsa_acl {
	FSA_ACL_MODE,  /* the mode bits alone, as near as they come */
	FSA_ACL_POSIX, /* POSIX ACLs; by mode where there are none */
	FSA_ACL_XATTR, /* user.smbgate.acl; by mode where there is none */
};

enum fsa_streams {
	FSA_STREAMS_XATTR, /* user.DosStream.NAME:$DATA */
	FSA_STREAMS_NONE,
};

/*
 * How a tree is shown to clients: section 6 of the map. Frozen; whoever makes
 * it keeps it until the last volume is gone.
 */
struct fsa_share {
	struct fsa *fsa;
	struct store_tree *tree;
	bool is_case_sensitive;
	bool maps_names; /* characters that Windows can't have, both ways */
	enum fsa_attributes attributes;
	enum fsa_acl acl;
	enum fsa_streams streams;
	bool hides_dot_files;  /* they carry HIDDEN */
	bool hides_unreadable; /* access-based enumeration */
	bool grants_oplocks;   /* and leases */
	bool watches_outside;  /* for changes that local programs make */
	unsigned int poll_ms;  /* looks for changes so often; 0: never */
	bool locks_in_kernel;  /* ranges, for local programs to see */
	bool has_short_names;  /* of 8.3, generated */
	uint64_t size_max;     /* bytes, of the volume; 0: what there is */
	char label[32];        /* UTF-8, of the volume */
	const char *snapshots; /* pattern of their directories, or NULL */
	/* As the POSIX extensions have it: a view that posix.c makes itself. */
	bool is_posix;
};

/*
 * Whether it is a relative path one of whose components tells a day at least,
 * by %Y, %m, %d, %H, %M and %S as strftime(3) has them.
 */
bool fsa_snapshot_pattern_is_right(const char *pattern);

/*
 * A share as one user sees it. Takes the reference to `creds`; calls
 * release(owner) when the volume goes (smb_object_ops.disconnect). `facts` is
 * copied, with access_max as the share grants it. NULL: out of memory, and the
 * creds are then still the caller's.
 */
struct smb_volume *fsa_volume_new(const struct fsa_share *share,
				  struct store_creds *creds,
				  const struct smb_share_facts *facts,
				  void (*release)(void *owner), void *owner);

/* For struct smb_ports. */
extern const struct smb_object_ops fsa_object_ops;
