/*
 * Every verb of store.h on its way to the implementation of its tree. A tree
 * that may keep a call waiting for ever, since a program has to answer, gets
 * its calls made in a lane of its own: what hangs there is not felt by others.
 */
#include <errno.h>

#include "gateway/loop/loop.h"
#include "gateway/store/lane.h"
#include "gateway/store/ops.h"

const struct store_ops store_local_ops = {
	.co_space = store_local_co_space,
	.co_open = store_local_co_open,
	.co_reopen = store_local_co_reopen,
	.co_walk = store_local_co_walk,
	.co_stat = store_local_co_stat,
	.co_stat_at = store_local_co_stat_at,
	.co_look = store_local_co_look,
	.co_access = store_local_co_access,
	.co_mkdir = store_local_co_mkdir,
	.co_unlink = store_local_co_unlink,
	.co_rename = store_local_co_rename,
	.co_link = store_local_co_link,
	.co_symlink = store_local_co_symlink,
	.co_mknod = store_local_co_mknod,
	.co_readlink = store_local_co_readlink,
	.co_list_open = store_local_co_list_open,
	.co_list_next = store_local_co_list_next,
	.co_list_seek = store_local_co_list_seek,
	.listing_free = store_local_listing_free,
	.co_stat_many = store_local_co_stat_many,
	.co_read = store_local_co_read,
	.co_write = store_local_co_write,
	.co_flush = store_local_co_flush,
	.co_truncate = store_local_co_truncate,
	.co_allocate = store_local_co_allocate,
	.co_zero = store_local_co_zero,
	.co_next_data = store_local_co_next_data,
	.co_copy = store_local_co_copy,
	.co_clone = store_local_co_clone,
	.co_lock = store_local_co_lock,
	.co_xattr_get = store_local_co_xattr_get,
	.co_xattr_first = store_local_co_xattr_first,
	.co_xattr_set = store_local_co_xattr_set,
	.co_xattr_create = store_local_co_xattr_create,
	.co_xattr_remove = store_local_co_xattr_remove,
	.co_xattr_list = store_local_co_xattr_list,
	.co_set_times = store_local_co_set_times,
	.co_set_mode = store_local_co_set_mode,
	.co_set_owner = store_local_co_set_owner,
	.file_free = store_local_file_free,
};

static struct loop_lane *enter(const struct store_tree *tree)
{
	return loop_lane_enter(store_lane_of(tree));
}

int store_co_space(struct store_tree *tree, struct store_space *ret_space)
{
	struct loop_lane *before = enter(tree);
	int result = store_tree_ops(tree)->co_space(tree, ret_space);

	loop_lane_enter(before);
	return result;
}

int store_co_open(struct store_tree *tree, struct store_creds *creds,
		  struct store_file *dir, const char *path, unsigned int flags,
		  mode_t mode, struct store_file **ret_file)
{
	struct loop_lane *before = enter(tree);
	int result = store_tree_ops(tree)->co_open(tree, creds, dir, path,
						   flags, mode, ret_file);

	loop_lane_enter(before);
	return result;
}

int store_co_reopen(struct store_file *file, struct store_creds *creds,
		    unsigned int flags, struct store_file **ret_file)
{
	struct loop_lane *before = enter(file->tree);
	int result = store_tree_ops(file->tree)
			     ->co_reopen(file, creds, flags, ret_file);

	loop_lane_enter(before);
	return result;
}

int store_co_walk(struct store_tree *tree, struct store_creds *creds,
		  const char *path, struct store_file **ret_dir,
		  size_t *ret_good)
{
	struct loop_lane *before = enter(tree);
	int result = store_tree_ops(tree)->co_walk(tree, creds, path, ret_dir,
						   ret_good);

	loop_lane_enter(before);
	return result;
}

int store_co_stat(struct store_file *file, struct store_stat *ret_stat)
{
	struct loop_lane *before = enter(file->tree);
	int result = store_tree_ops(file->tree)->co_stat(file, ret_stat);

	loop_lane_enter(before);
	return result;
}

int store_co_stat_at(struct store_creds *creds, struct store_file *dir,
		     const char *name, struct store_stat *ret_stat)
{
	struct loop_lane *before = enter(dir->tree);
	int result = store_tree_ops(dir->tree)->co_stat_at(creds, dir, name,
							   ret_stat);

	loop_lane_enter(before);
	return result;
}

int store_co_look(struct store_creds *creds, struct store_file *dir,
		  const char *name, struct store_stat *ret_stat,
		  struct store_file **ret_file)
{
	const struct store_ops *ops = store_tree_ops(dir->tree);
	struct loop_lane *before;
	int result;

	*ret_file = NULL;
	if (!ops->co_look)
		return store_co_stat_at(creds, dir, name, ret_stat);
	before = enter(dir->tree);
	result = ops->co_look(creds, dir, name, ret_stat, ret_file);
	loop_lane_enter(before);
	return result;
}

int store_co_access(struct store_creds *creds, struct store_file *file,
		    int mode)
{
	struct loop_lane *before = enter(file->tree);
	int result = store_tree_ops(file->tree)->co_access(creds, file, mode);

	loop_lane_enter(before);
	return result;
}

int store_co_mkdir(struct store_creds *creds, struct store_file *dir,
		   const char *name, mode_t mode)
{
	struct loop_lane *before = enter(dir->tree);
	int result =
		store_tree_ops(dir->tree)->co_mkdir(creds, dir, name, mode);

	loop_lane_enter(before);
	return result;
}

int store_co_unlink(struct store_creds *creds, struct store_file *dir,
		    const char *name, bool is_directory)
{
	struct loop_lane *before = enter(dir->tree);
	int result = store_tree_ops(dir->tree)->co_unlink(creds, dir, name,
							  is_directory);

	loop_lane_enter(before);
	return result;
}

int store_co_rename(struct store_creds *creds, struct store_file *from_dir,
		    const char *from, struct store_file *to_dir, const char *to,
		    unsigned int flags)
{
	struct loop_lane *before = enter(from_dir->tree);
	int result =
		store_tree_ops(from_dir->tree)
			->co_rename(creds, from_dir, from, to_dir, to, flags);

	loop_lane_enter(before);
	return result;
}

int store_co_link(struct store_creds *creds, struct store_file *file,
		  struct store_file *dir, const char *name)
{
	struct loop_lane *before = enter(file->tree);
	int result =
		store_tree_ops(file->tree)->co_link(creds, file, dir, name);

	loop_lane_enter(before);
	return result;
}

int store_co_symlink(struct store_creds *creds, struct store_file *dir,
		     const char *name, const char *target)
{
	struct loop_lane *before = enter(dir->tree);
	int result =
		store_tree_ops(dir->tree)->co_symlink(creds, dir, name, target);

	loop_lane_enter(before);
	return result;
}

int store_co_mknod(struct store_creds *creds, struct store_file *dir,
		   const char *name, mode_t mode)
{
	struct loop_lane *before = enter(dir->tree);
	int result =
		store_tree_ops(dir->tree)->co_mknod(creds, dir, name, mode);

	loop_lane_enter(before);
	return result;
}

int store_co_readlink(struct store_file *file, char *to, size_t size)
{
	struct loop_lane *before = enter(file->tree);
	int result = store_tree_ops(file->tree)->co_readlink(file, to, size);

	loop_lane_enter(before);
	return result;
}

int store_co_list_open(struct store_creds *creds, struct store_file *dir,
		       struct store_listing **ret_listing)
{
	struct loop_lane *before = enter(dir->tree);
	int result = store_tree_ops(dir->tree)->co_list_open(creds, dir,
							     ret_listing);

	loop_lane_enter(before);
	return result;
}

int store_co_list_next(struct store_listing *listing,
		       struct store_entry *ret_entry)
{
	struct loop_lane *before = enter(listing->tree);
	int result =
		store_tree_ops(listing->tree)->co_list_next(listing, ret_entry);

	loop_lane_enter(before);
	return result;
}

int store_co_list_seek(struct store_listing *listing, uint64_t cookie)
{
	struct loop_lane *before = enter(listing->tree);
	int result =
		store_tree_ops(listing->tree)->co_list_seek(listing, cookie);

	loop_lane_enter(before);
	return result;
}

void store_co_stat_many(struct store_creds *creds, struct store_file *dir,
			const char *const *names, size_t count,
			struct store_stat *ret_stats, int *ret_errors)
{
	struct loop_lane *before = enter(dir->tree);

	store_tree_ops(dir->tree)->co_stat_many(creds, dir, names, count,
						ret_stats, ret_errors);
	loop_lane_enter(before);
}

void store_co_xattr_many(struct store_creds *creds, struct store_file *dir,
			 const char *const *names, size_t count,
			 const char *attribute, void *values, size_t size,
			 int64_t *ret_lengths)
{
	struct loop_lane *before;

	if (store_file_fd(dir) < 0) {
		for (size_t i = 0; i < count; i++)
			ret_lengths[i] = -EOPNOTSUPP;
		return;
	}
	before = enter(dir->tree);
	store_local_co_xattr_many(creds, dir, names, count, attribute, values,
				  size, ret_lengths);
	loop_lane_enter(before);
}

int store_co_read(struct store_file *file, const struct store_read *how,
		  struct store_body *ret_body)
{
	struct loop_lane *before = enter(file->tree);
	int result = store_tree_ops(file->tree)->co_read(file, how, ret_body);

	loop_lane_enter(before);
	return result;
}

int store_co_write(struct store_file *file, const uint8_t *bytes,
		   uint32_t length, uint64_t offset, bool is_stable)
{
	struct loop_lane *before = enter(file->tree);
	int result = store_tree_ops(file->tree)
			     ->co_write(file, bytes, length, offset, is_stable);

	loop_lane_enter(before);
	return result;
}

int store_co_flush(struct store_file *file)
{
	struct loop_lane *before = enter(file->tree);
	int result = store_tree_ops(file->tree)->co_flush(file);

	loop_lane_enter(before);
	return result;
}

int store_co_truncate(struct store_file *file, uint64_t size)
{
	struct loop_lane *before = enter(file->tree);
	int result = store_tree_ops(file->tree)->co_truncate(file, size);

	loop_lane_enter(before);
	return result;
}

int store_co_allocate(struct store_file *file, uint64_t size)
{
	struct loop_lane *before = enter(file->tree);
	int result = store_tree_ops(file->tree)->co_allocate(file, size);

	loop_lane_enter(before);
	return result;
}

int store_co_zero(struct store_file *file, uint64_t offset, uint64_t length)
{
	struct loop_lane *before = enter(file->tree);
	int result = store_tree_ops(file->tree)->co_zero(file, offset, length);

	loop_lane_enter(before);
	return result;
}

int store_co_next_data(struct store_file *file, uint64_t offset,
		       uint64_t *ret_start, uint64_t *ret_end)
{
	struct loop_lane *before = enter(file->tree);
	int result = store_tree_ops(file->tree)
			     ->co_next_data(file, offset, ret_start, ret_end);

	loop_lane_enter(before);
	return result;
}

int64_t store_co_copy(struct store_file *from, uint64_t from_offset,
		      struct store_file *to, uint64_t to_offset,
		      uint64_t length)
{
	if (store_tree_ops(from->tree) != store_tree_ops(to->tree))
		return -EXDEV;

	struct loop_lane *before = enter(from->tree);
	int64_t result =
		store_tree_ops(from->tree)
			->co_copy(from, from_offset, to, to_offset, length);

	loop_lane_enter(before);
	return result;
}

int store_co_clone(struct store_file *from, uint64_t from_offset,
		   struct store_file *to, uint64_t to_offset, uint64_t length)
{
	if (store_tree_ops(from->tree) != store_tree_ops(to->tree))
		return -EXDEV;

	struct loop_lane *before = enter(from->tree);
	int result =
		store_tree_ops(from->tree)
			->co_clone(from, from_offset, to, to_offset, length);

	loop_lane_enter(before);
	return result;
}

int store_co_lock(struct store_file *file, const struct store_span *span,
		  enum store_lock kind)
{
	struct loop_lane *before = enter(file->tree);
	int result = store_tree_ops(file->tree)->co_lock(file, span, kind);

	loop_lane_enter(before);
	return result;
}

int64_t store_co_xattr_get(struct store_creds *creds, struct store_file *file,
			   const char *name, void *to, size_t size)
{
	struct loop_lane *before = enter(file->tree);
	int64_t result = store_tree_ops(file->tree)
				 ->co_xattr_get(creds, file, name, to, size);

	loop_lane_enter(before);
	return result;
}

int64_t store_co_xattr_first(struct store_creds *creds, struct store_file *file,
			     const char *const *names, void *to, size_t size,
			     size_t *ret_which)
{
	struct loop_lane *before = enter(file->tree);
	int64_t result = store_tree_ops(file->tree)
				 ->co_xattr_first(creds, file, names, to, size,
						  ret_which);

	loop_lane_enter(before);
	return result;
}

int store_co_xattr_set(struct store_creds *creds, struct store_file *file,
		       const char *name, const void *value, size_t size)
{
	struct loop_lane *before = enter(file->tree);
	int result = store_tree_ops(file->tree)
			     ->co_xattr_set(creds, file, name, value, size);

	loop_lane_enter(before);
	return result;
}

int store_co_xattr_create(struct store_creds *creds, struct store_file *file,
			  const char *name, const void *value, size_t size)
{
	struct loop_lane *before = enter(file->tree);
	int result = store_tree_ops(file->tree)
			     ->co_xattr_create(creds, file, name, value, size);

	loop_lane_enter(before);
	return result;
}

int store_co_xattr_remove(struct store_creds *creds, struct store_file *file,
			  const char *name)
{
	struct loop_lane *before = enter(file->tree);
	int result =
		store_tree_ops(file->tree)->co_xattr_remove(creds, file, name);

	loop_lane_enter(before);
	return result;
}

int64_t store_co_xattr_list(struct store_creds *creds, struct store_file *file,
			    char *to, size_t size)
{
	struct loop_lane *before = enter(file->tree);
	int64_t result = store_tree_ops(file->tree)
				 ->co_xattr_list(creds, file, to, size);

	loop_lane_enter(before);
	return result;
}

int store_co_set_times(struct store_creds *creds, struct store_file *file,
		       const struct timespec *atime,
		       const struct timespec *mtime)
{
	struct loop_lane *before = enter(file->tree);
	int result = store_tree_ops(file->tree)
			     ->co_set_times(creds, file, atime, mtime);

	loop_lane_enter(before);
	return result;
}

int store_co_set_mode(struct store_creds *creds, struct store_file *file,
		      mode_t mode)
{
	struct loop_lane *before = enter(file->tree);
	int result = store_tree_ops(file->tree)->co_set_mode(creds, file, mode);

	loop_lane_enter(before);
	return result;
}

int store_co_set_owner(struct store_creds *creds, struct store_file *file,
		       uid_t uid, gid_t gid)
{
	struct loop_lane *before = enter(file->tree);
	int result =
		store_tree_ops(file->tree)->co_set_owner(creds, file, uid, gid);

	loop_lane_enter(before);
	return result;
}

struct store_listing *store_listing_free(struct store_listing *listing)
{
	if (listing)
		store_tree_ops(listing->tree)->listing_free(listing);
	return NULL;
}
