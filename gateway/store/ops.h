/*
 * The verbs of store.h as a table: one implementation for files that the
 * kernel has (local: a descriptor each), one for those of a FUSE program that
 * this process talks to itself (direct.c). And what the two have in common.
 */
#pragma once

#include <stdatomic.h>

#include "gateway/store/store.h"

/* Begins each implementation's file. */
struct store_file {
	atomic_uint refs;
	struct store_tree *tree; /* reference */
};

/* Begins each implementation's listing. */
struct store_listing {
	struct store_tree *tree; /* its directory has the reference */
};

struct store_ops {
	int (*co_space)(struct store_tree *tree, struct store_space *ret_space);
	int (*co_open)(struct store_tree *tree, struct store_creds *creds,
		       struct store_file *dir, const char *path,
		       unsigned int flags, mode_t mode,
		       struct store_file **ret_file);
	int (*co_reopen)(struct store_file *file, struct store_creds *creds,
			 unsigned int flags, struct store_file **ret_file);
	int (*co_walk)(struct store_tree *tree, struct store_creds *creds,
		       const char *path, struct store_file **ret_dir,
		       size_t *ret_good);
	int (*co_stat)(struct store_file *file, struct store_stat *ret_stat);
	int (*co_stat_at)(struct store_creds *creds, struct store_file *dir,
			  const char *name, struct store_stat *ret_stat);
	/* NULL: co_stat_at does instead. */
	int (*co_look)(struct store_creds *creds, struct store_file *dir,
		       const char *name, struct store_stat *ret_stat,
		       struct store_file **ret_file);
	int (*co_access)(struct store_creds *creds, struct store_file *file,
			 int mode);
	int (*co_mkdir)(struct store_creds *creds, struct store_file *dir,
			const char *name, mode_t mode);
	int (*co_unlink)(struct store_creds *creds, struct store_file *dir,
			 const char *name, bool is_directory);
	int (*co_rename)(struct store_creds *creds, struct store_file *from_dir,
			 const char *from, struct store_file *to_dir,
			 const char *to, unsigned int flags);
	int (*co_link)(struct store_creds *creds, struct store_file *file,
		       struct store_file *dir, const char *name);
	int (*co_symlink)(struct store_creds *creds, struct store_file *dir,
			  const char *name, const char *target);
	int (*co_mknod)(struct store_creds *creds, struct store_file *dir,
			const char *name, mode_t mode);
	int (*co_readlink)(struct store_file *file, char *to, size_t size);
	int (*co_list_open)(struct store_creds *creds, struct store_file *dir,
			    struct store_listing **ret_listing);
	int (*co_list_next)(struct store_listing *listing,
			    struct store_entry *ret_entry);
	int (*co_list_seek)(struct store_listing *listing, uint64_t cookie);
	struct store_listing *(*listing_free)(struct store_listing *listing);
	void (*co_stat_many)(struct store_creds *creds, struct store_file *dir,
			     const char *const *names, size_t count,
			     struct store_stat *ret_stats, int *ret_errors);
	int (*co_read)(struct store_file *file, const struct store_read *how,
		       struct store_body *ret_body);
	int (*co_write)(struct store_file *file, const uint8_t *bytes,
			uint32_t length, uint64_t offset, bool is_stable);
	int (*co_flush)(struct store_file *file);
	int (*co_truncate)(struct store_file *file, uint64_t size);
	int (*co_allocate)(struct store_file *file, uint64_t size);
	int (*co_zero)(struct store_file *file, uint64_t offset,
		       uint64_t length);
	int (*co_next_data)(struct store_file *file, uint64_t offset,
			    uint64_t *ret_start, uint64_t *ret_end);
	int64_t (*co_copy)(struct store_file *from, uint64_t from_offset,
			   struct store_file *to, uint64_t to_offset,
			   uint64_t length);
	int (*co_clone)(struct store_file *from, uint64_t from_offset,
			struct store_file *to, uint64_t to_offset,
			uint64_t length);
	int (*co_lock)(struct store_file *file, const struct store_span *span,
		       enum store_lock kind);
	int64_t (*co_xattr_get)(struct store_creds *creds,
				struct store_file *file, const char *name,
				void *to, size_t size);
	int64_t (*co_xattr_first)(struct store_creds *creds,
				  struct store_file *file,
				  const char *const *names, void *to,
				  size_t size, size_t *ret_which);
	int (*co_xattr_set)(struct store_creds *creds, struct store_file *file,
			    const char *name, const void *value, size_t size);
	int (*co_xattr_create)(struct store_creds *creds,
			       struct store_file *file, const char *name,
			       const void *value, size_t size);
	int (*co_xattr_remove)(struct store_creds *creds,
			       struct store_file *file, const char *name);
	int64_t (*co_xattr_list)(struct store_creds *creds,
				 struct store_file *file, char *to,
				 size_t size);
	int (*co_set_times)(struct store_creds *creds, struct store_file *file,
			    const struct timespec *atime,
			    const struct timespec *mtime);
	int (*co_set_mode)(struct store_creds *creds, struct store_file *file,
			   mode_t mode);
	int (*co_set_owner)(struct store_creds *creds, struct store_file *file,
			    uid_t uid, gid_t gid);
	void (*file_free)(struct store_file *file);
};

extern const struct store_ops store_local_ops;

/* What a tree is served by. */
const struct store_ops *store_tree_ops(const struct store_tree *tree);

/* ---- the local ones, which also call each other ---- */

int store_local_co_space(struct store_tree *tree,
			 struct store_space *ret_space);
int store_local_co_open(struct store_tree *tree, struct store_creds *creds,
			struct store_file *dir, const char *path,
			unsigned int flags, mode_t mode,
			struct store_file **ret_file);
int store_local_co_reopen(struct store_file *file, struct store_creds *creds,
			  unsigned int flags, struct store_file **ret_file);
int store_local_co_walk(struct store_tree *tree, struct store_creds *creds,
			const char *path, struct store_file **ret_dir,
			size_t *ret_good);
int store_local_co_stat(struct store_file *file, struct store_stat *ret_stat);
int store_local_co_stat_at(struct store_creds *creds, struct store_file *dir,
			   const char *name, struct store_stat *ret_stat);
int store_local_co_look(struct store_creds *creds, struct store_file *dir,
			const char *name, struct store_stat *ret_stat,
			struct store_file **ret_file);
int store_local_co_access(struct store_creds *creds, struct store_file *file,
			  int mode);
int store_local_co_mkdir(struct store_creds *creds, struct store_file *dir,
			 const char *name, mode_t mode);
int store_local_co_unlink(struct store_creds *creds, struct store_file *dir,
			  const char *name, bool is_directory);
int store_local_co_rename(struct store_creds *creds,
			  struct store_file *from_dir, const char *from,
			  struct store_file *to_dir, const char *to,
			  unsigned int flags);
int store_local_co_link(struct store_creds *creds, struct store_file *file,
			struct store_file *dir, const char *name);
int store_local_co_symlink(struct store_creds *creds, struct store_file *dir,
			   const char *name, const char *target);
int store_local_co_mknod(struct store_creds *creds, struct store_file *dir,
			 const char *name, mode_t mode);
int store_local_co_readlink(struct store_file *file, char *to, size_t size);
int store_local_co_list_open(struct store_creds *creds, struct store_file *dir,
			     struct store_listing **ret_listing);
int store_local_co_list_next(struct store_listing *listing,
			     struct store_entry *ret_entry);
int store_local_co_list_seek(struct store_listing *listing, uint64_t cookie);
struct store_listing *store_local_listing_free(struct store_listing *listing);
void store_local_co_xattr_many(struct store_creds *creds,
			       struct store_file *dir, const char *const *names,
			       size_t count, const char *attribute,
			       void *values, size_t size, int64_t *ret_lengths);
void store_local_co_stat_many(struct store_creds *creds, struct store_file *dir,
			      const char *const *names, size_t count,
			      struct store_stat *ret_stats, int *ret_errors);
int store_local_co_read(struct store_file *file, const struct store_read *how,
			struct store_body *ret_body);
int store_local_co_write(struct store_file *file, const uint8_t *bytes,
			 uint32_t length, uint64_t offset, bool is_stable);
int store_local_co_flush(struct store_file *file);
int store_local_co_truncate(struct store_file *file, uint64_t size);
int store_local_co_allocate(struct store_file *file, uint64_t size);
int store_local_co_zero(struct store_file *file, uint64_t offset,
			uint64_t length);
int store_local_co_next_data(struct store_file *file, uint64_t offset,
			     uint64_t *ret_start, uint64_t *ret_end);
int64_t store_local_co_copy(struct store_file *from, uint64_t from_offset,
			    struct store_file *to, uint64_t to_offset,
			    uint64_t length);
int store_local_co_clone(struct store_file *from, uint64_t from_offset,
			 struct store_file *to, uint64_t to_offset,
			 uint64_t length);
int store_local_co_lock(struct store_file *file, const struct store_span *span,
			enum store_lock kind);
int64_t store_local_co_xattr_get(struct store_creds *creds,
				 struct store_file *file, const char *name,
				 void *to, size_t size);
int64_t store_local_co_xattr_first(struct store_creds *creds,
				   struct store_file *file,
				   const char *const *names, void *to,
				   size_t size, size_t *ret_which);
int store_local_co_xattr_set(struct store_creds *creds, struct store_file *file,
			     const char *name, const void *value, size_t size);
int store_local_co_xattr_create(struct store_creds *creds,
				struct store_file *file, const char *name,
				const void *value, size_t size);
int store_local_co_xattr_remove(struct store_creds *creds,
				struct store_file *file, const char *name);
int64_t store_local_co_xattr_list(struct store_creds *creds,
				  struct store_file *file, char *to,
				  size_t size);
int store_local_co_set_times(struct store_creds *creds, struct store_file *file,
			     const struct timespec *atime,
			     const struct timespec *mtime);
int store_local_co_set_mode(struct store_creds *creds, struct store_file *file,
			    mode_t mode);
int store_local_co_set_owner(struct store_creds *creds, struct store_file *file,
			     uid_t uid, gid_t gid);
void store_local_file_free(struct store_file *file);
