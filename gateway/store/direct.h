/*
 * Trees of the direct door, between the files of direct_*.c: the connection to
 * the program of a tree, calls that a fiber waits for, and open files as node
 * nodes.
 */
#pragma once

#include <stdatomic.h>
#include <stdbool.h>
#include <stdint.h>

#include "fuse/access.h"
#include "fuse/conn.h"
#include "gateway/loop/loop.h"
#include "gateway/store/ops.h"
#include "gateway/store/store.h"

/* A node that somebody here means. Counted; any thread. */
struct direct_node {
	atomic_uint refs;
	struct fusefs_conn *conn; /* reference; another one after a restart */
	struct fusefs_node *held; /* NULL: it is the root */
	uint64_t id, generation;
};

struct direct_file {
	struct store_file head;
	struct direct_node *node; /* reference */
	mode_t type;
	char *path; /* from the root, as it was when it was opened */
	bool is_open;
	bool is_written;
	uint64_t handle;       /* of OPEN, OPENDIR, CREATE */
	uint32_t open_flags;   /* O_… */
	struct fusefs_who who; /* that opened it */
};

static inline struct direct_file *direct_of(struct store_file *file)
{
	return (struct direct_file *)file;
}

extern const struct store_ops store_direct_ops;

/* ---- direct_call.c ---- */

/* Who the program is told that asks, and whose rights are looked at. */
void store_direct_user(const struct store_creds *creds,
		       struct fusefs_user *ret_user,
		       struct fusefs_who *ret_who);

/* A call under way. Lies where its fiber keeps it. */
struct direct_call {
	struct fusefs_call call;
	struct loop *loop;
	struct loop_note note;
	struct loop_waiter waiter;
	bool is_done;
	int sent; /* -errno of the sending */
};

/* Begins one: fill in its request's body and where the reply goes, then send. */
void store_direct_begin(struct direct_call *c, uint32_t opcode, uint64_t node,
			const struct store_creds *creds, size_t body_size,
			void *to, size_t to_size);

/* Sends it; several may be out at once. Then each has to be waited for. */
void store_direct_co_send(struct fusefs_conn *conn, struct direct_call *c);

/* The program's 0 or -errno; -ETIMEDOUT, -ENOTCONN, -ECANCELED, -EPROTO. */
int store_direct_co_wait(struct fusefs_conn *conn, struct direct_call *c,
			 unsigned int timeout_ms);

/* Both. */
int store_direct_co_call(struct fusefs_conn *conn, struct direct_call *c,
			 unsigned int timeout_ms);

/*
 * The connection of the tree: a reference. While its program is started again
 * it is waited for, for a while: then -ENOTCONN.
 */
int store_direct_co_conn(struct store_tree *tree,
			 struct fusefs_conn **ret_conn);

/* ---- direct_walk.c ---- */

/* Of an entry that was told. NULL: no memory; it is forgotten. */
struct direct_node *store_direct_node_new(struct fusefs_conn *conn,
					  const struct fusefs_entry *entry);
struct direct_node *store_direct_node_ref(struct direct_node *node);
struct direct_node *store_direct_node_unref(struct direct_node *node);

/* Where a walk has ended. */
struct direct_place {
	struct direct_node *node; /* reference */
	struct fusefs_attr attr;
	char *path; /* malloc */
};

/* Gives back all that the place still holds. */
void store_direct_place_fini(struct direct_place *place);

/*
 * Walks `path` below `dir` (NULL: the root), as `creds`. A link at its end is
 * followed unless `is_link_wanted`. *ret_good as with store_co_walk(); may be
 * NULL.
 */
int store_direct_co_walk_to(struct store_tree *tree, struct store_creds *creds,
			    struct store_file *dir, const char *path,
			    bool is_link_wanted, struct direct_place *ret_place,
			    size_t *ret_good);

/* One name in a directory, without following it: an entry that is told once. */
int store_direct_co_lookup(struct fusefs_conn *conn,
			   const struct store_creds *creds, uint64_t dir,
			   const char *name, unsigned int timeout_ms,
			   struct fusefs_entry *ret_entry);

int store_direct_co_getattr(struct fusefs_conn *conn,
			    const struct store_creds *creds, uint64_t node,
			    unsigned int timeout_ms,
			    struct fusefs_attr *ret_attr);

/*
 * Whether the user may, given the node's facts: 0 or -EACCES. In
 * direct_access.c.
 */
int store_direct_co_may(struct fusefs_conn *conn,
			const struct store_creds *creds, uint64_t node,
			const struct fusefs_attr *attr,
			const struct fusefs_user *user, int wanted,
			unsigned int timeout_ms);

/* What stands for the device in the keys of its files. */
uint64_t store_direct_device(const struct fusefs_conn *conn);

void store_direct_stat_of(const struct fusefs_conn *conn, uint64_t id,
			  uint64_t generation, const struct fusefs_attr *attr,
			  struct store_stat *ret_stat);

/* ---- the verbs (store.h), which also call each other ---- */

int store_direct_co_space(struct store_tree *tree,
			  struct store_space *ret_space);
int store_direct_co_open(struct store_tree *tree, struct store_creds *creds,
			 struct store_file *dir, const char *path,
			 unsigned int flags, mode_t mode,
			 struct store_file **ret_file);
int store_direct_co_reopen(struct store_file *file, struct store_creds *creds,
			   unsigned int flags, struct store_file **ret_file);
int store_direct_co_walk(struct store_tree *tree, struct store_creds *creds,
			 const char *path, struct store_file **ret_dir,
			 size_t *ret_good);
int store_direct_co_stat(struct store_file *file, struct store_stat *ret_stat);
int store_direct_co_stat_at(struct store_creds *creds, struct store_file *dir,
			    const char *name, struct store_stat *ret_stat);
int store_direct_co_access(struct store_creds *creds, struct store_file *file,
			   int mode);
int store_direct_co_mkdir(struct store_creds *creds, struct store_file *dir,
			  const char *name, mode_t mode);
int store_direct_co_unlink(struct store_creds *creds, struct store_file *dir,
			   const char *name, bool is_directory);
int store_direct_co_rename(struct store_creds *creds,
			   struct store_file *from_dir, const char *from,
			   struct store_file *to_dir, const char *to,
			   unsigned int flags);
int store_direct_co_link(struct store_creds *creds, struct store_file *file,
			 struct store_file *dir, const char *name);
int store_direct_co_symlink(struct store_creds *creds, struct store_file *dir,
			    const char *name, const char *target);
int store_direct_co_mknod(struct store_creds *creds, struct store_file *dir,
			  const char *name, mode_t mode);
int store_direct_co_readlink(struct store_file *file, char *to, size_t size);
int store_direct_co_list_open(struct store_creds *creds, struct store_file *dir,
			      struct store_listing **ret_listing);
int store_direct_co_list_next(struct store_listing *listing,
			      struct store_entry *ret_entry);
int store_direct_co_list_seek(struct store_listing *listing, uint64_t cookie);
struct store_listing *store_direct_listing_free(struct store_listing *listing);
void store_direct_co_stat_many(struct store_creds *creds,
			       struct store_file *dir, const char *const *names,
			       size_t count, struct store_stat *ret_stats,
			       int *ret_errors);
int store_direct_co_read(struct store_file *file, const struct store_read *how,
			 struct store_body *ret_body);
int store_direct_co_write(struct store_file *file, const uint8_t *bytes,
			  uint32_t length, uint64_t offset, bool is_stable);
int store_direct_co_flush(struct store_file *file);
int store_direct_co_truncate(struct store_file *file, uint64_t size);
int store_direct_co_allocate(struct store_file *file, uint64_t size);
int store_direct_co_zero(struct store_file *file, uint64_t offset,
			 uint64_t length);
int store_direct_co_next_data(struct store_file *file, uint64_t offset,
			      uint64_t *ret_start, uint64_t *ret_end);
int64_t store_direct_co_copy(struct store_file *from, uint64_t from_offset,
			     struct store_file *to, uint64_t to_offset,
			     uint64_t length);
int store_direct_co_clone(struct store_file *from, uint64_t from_offset,
			  struct store_file *to, uint64_t to_offset,
			  uint64_t length);
int store_direct_co_lock(struct store_file *file, const struct store_span *span,
			 enum store_lock kind);
int64_t store_direct_co_xattr_get(struct store_creds *creds,
				  struct store_file *file, const char *name,
				  void *to, size_t size);
int64_t store_direct_co_xattr_first(struct store_creds *creds,
				    struct store_file *file,
				    const char *const *names, void *to,
				    size_t size, size_t *ret_which);
int store_direct_co_xattr_set(struct store_creds *creds,
			      struct store_file *file, const char *name,
			      const void *value, size_t size);
int store_direct_co_xattr_create(struct store_creds *creds,
				 struct store_file *file, const char *name,
				 const void *value, size_t size);
int store_direct_co_xattr_remove(struct store_creds *creds,
				 struct store_file *file, const char *name);
int64_t store_direct_co_xattr_list(struct store_creds *creds,
				   struct store_file *file, char *to,
				   size_t size);
int store_direct_co_set_times(struct store_creds *creds,
			      struct store_file *file,
			      const struct timespec *atime,
			      const struct timespec *mtime);
int store_direct_co_set_mode(struct store_creds *creds, struct store_file *file,
			     mode_t mode);
int store_direct_co_set_owner(struct store_creds *creds,
			      struct store_file *file, uid_t uid, gid_t gid);
void store_direct_file_free(struct store_file *file);

/* One that is told once: opcode FUSE_MKDIR or FUSE_MKNOD. */
int store_direct_co_make(struct direct_node *dir, struct store_creds *creds,
			 uint32_t opcode, const char *name, mode_t mode,
			 unsigned int timeout_ms,
			 struct fusefs_entry *ret_entry);

/* ---- direct.c ---- */

/*
 * Asks the program what its files can do and who owns the root: before any
 * loop runs. Blocks.
 */
int store_direct_look(struct fusefs_conn *conn, unsigned int timeout_ms,
		      struct store_features *ret_features,
		      struct store_stat *ret_root);
