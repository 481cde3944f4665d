/*
 * Open files: the bytes. The tree is locked to read for as long as a node is
 * looked at, so that it stays; the bytes are under the node's own lock.
 */
#include "fuse/fs/memfs.h"

#include <errno.h>
#include <fcntl.h>
#include <linux/falloc.h>
#include <stdlib.h>
#include <unistd.h>

enum {
	COPY_PIECE = 1024 * 1024,
};

static struct memfs *fs_of(fuse_req_t req)
{
	return fuse_req_userdata(req);
}

/* Someone writes; the node's lock is held to write. */
static void written(struct memfs_node *node)
{
	memfs_kill_privileges(node);
	memfs_node_touch(node, MEMFS_MTIME | MEMFS_CTIME);
}

void memfs_op_open(fuse_req_t req, fuse_ino_t number,
		   struct fuse_file_info *file)
{
	struct memfs_node *node = memfs_enter(req, number, false);

	if (!node)
		return;
	node->opens++;
	if (file->flags & O_TRUNC) {
		pthread_rwlock_wrlock(&node->lock);
		memfs_data_resize(&node->data, &fs_of(req)->tree.room, 0);
		written(node);
		pthread_rwlock_unlock(&node->lock);
	}
	memfs_leave(req);
	/* Nobody changes a file but through the kernel that has it open. */
	file->keep_cache = 1;
	fuse_reply_open(req, file);
}

void memfs_op_release(fuse_req_t req, fuse_ino_t number,
		      struct fuse_file_info *file)
{
	struct memfs_node *node = memfs_enter(req, number, true);

	(void)file;
	if (!node)
		return;
	memfs_released(&fs_of(req)->tree, node);
	memfs_leave(req);
	fuse_reply_err(req, 0);
}

void memfs_op_flush(fuse_req_t req, fuse_ino_t number,
		    struct fuse_file_info *file)
{
	(void)number;
	(void)file;
	fuse_reply_err(req, 0);
}

void memfs_op_fsync(fuse_req_t req, fuse_ino_t number, int is_data_only,
		    struct fuse_file_info *file)
{
	(void)number;
	(void)is_data_only;
	(void)file;
	fuse_reply_err(req, 0);
}

void memfs_op_read(fuse_req_t req, fuse_ino_t number, size_t size, off_t offset,
		   struct fuse_file_info *file)
{
	struct memfs_node *node = memfs_enter(req, number, false);
	char *bytes;
	size_t length = 0;

	(void)file;
	if (!node)
		return;
	bytes = malloc(size ? size : 1);
	if (bytes) {
		pthread_rwlock_rdlock(&node->lock);
		length = memfs_data_read(&node->data, (uint64_t)offset, bytes,
					 size);
		pthread_rwlock_unlock(&node->lock);
	}
	memfs_leave(req);
	if (bytes)
		fuse_reply_buf(req, bytes, length);
	else
		fuse_reply_err(req, ENOMEM);
	free(bytes);
}

void memfs_op_write(fuse_req_t req, fuse_ino_t number, const char *bytes,
		    size_t size, off_t offset, struct fuse_file_info *file)
{
	struct memfs_node *node = memfs_enter(req, number, false);
	int err;

	if (!node)
		return;
	pthread_rwlock_wrlock(&node->lock);
	if (file->flags & O_APPEND)
		offset = (off_t)node->data.size;
	err = memfs_data_write(&node->data, &fs_of(req)->tree.room,
			       (uint64_t)offset, bytes, size);
	if (err == 0)
		written(node);
	pthread_rwlock_unlock(&node->lock);
	memfs_leave(req);
	if (err < 0)
		fuse_reply_err(req, -err);
	else
		fuse_reply_write(req, size);
}

static int allocate(struct memfs_data *data, struct memfs_room *room, int mode,
		    uint64_t offset, uint64_t length)
{
	int err;

	if (mode & ~(FALLOC_FL_KEEP_SIZE | FALLOC_FL_PUNCH_HOLE |
		     FALLOC_FL_ZERO_RANGE))
		return -EOPNOTSUPP;
	if (mode & (FALLOC_FL_PUNCH_HOLE | FALLOC_FL_ZERO_RANGE))
		memfs_data_punch(data, room, offset, length);
	if (mode & FALLOC_FL_PUNCH_HOLE)
		return 0;
	err = memfs_data_reserve(data, room, offset, length);
	if (err == 0 && !(mode & FALLOC_FL_KEEP_SIZE) &&
	    data->size < offset + length)
		data->size = offset + length;
	return err;
}

void memfs_op_fallocate(fuse_req_t req, fuse_ino_t number, int mode,
			off_t offset, off_t length, struct fuse_file_info *file)
{
	struct memfs_node *node = memfs_enter(req, number, false);
	int err;

	(void)file;
	if (!node)
		return;
	pthread_rwlock_wrlock(&node->lock);
	err = allocate(&node->data, &fs_of(req)->tree.room, mode,
		       (uint64_t)offset, (uint64_t)length);
	if (err == 0)
		written(node);
	pthread_rwlock_unlock(&node->lock);
	memfs_leave(req);
	fuse_reply_err(req, -err);
}

void memfs_op_lseek(fuse_req_t req, fuse_ino_t number, off_t offset, int whence,
		    struct fuse_file_info *file)
{
	struct memfs_node *node = memfs_enter(req, number, false);
	int64_t at = -EINVAL;

	(void)file;
	if (!node)
		return;
	pthread_rwlock_rdlock(&node->lock);
	if (whence == SEEK_HOLE || whence == SEEK_DATA)
		at = memfs_data_seek(&node->data, (uint64_t)offset,
				     whence == SEEK_HOLE);
	pthread_rwlock_unlock(&node->lock);
	memfs_leave(req);
	if (at < 0)
		fuse_reply_err(req, (int)-at);
	else
		fuse_reply_lseek(req, at);
}

void memfs_op_copy(fuse_req_t req, fuse_ino_t from, off_t from_offset,
		   struct fuse_file_info *from_file, fuse_ino_t to,
		   off_t to_offset, struct fuse_file_info *to_file,
		   size_t length, int flags)
{
	struct memfs_node *source = memfs_enter(req, from, false);
	struct memfs_node *sink;
	char *bytes = NULL;
	int err = 0;

	(void)from_file;
	(void)to_file;
	(void)flags;
	if (!source)
		return;
	/* A piece: the caller comes back for the rest. */
	if (length > COPY_PIECE)
		length = COPY_PIECE;
	sink = memfs_tree_node(&fs_of(req)->tree, to);
	if (!sink)
		err = -ESTALE;
	else if (!(bytes = malloc(length ? length : 1)))
		err = -ENOMEM;
	if (err == 0) {
		pthread_rwlock_rdlock(&source->lock);
		length = memfs_data_read(&source->data, (uint64_t)from_offset,
					 bytes, length);
		pthread_rwlock_unlock(&source->lock);
		pthread_rwlock_wrlock(&sink->lock);
		err = memfs_data_write(&sink->data, &fs_of(req)->tree.room,
				       (uint64_t)to_offset, bytes, length);
		if (err == 0)
			written(sink);
		pthread_rwlock_unlock(&sink->lock);
	}
	memfs_leave(req);
	free(bytes);
	if (err < 0)
		fuse_reply_err(req, -err);
	else
		fuse_reply_write(req, length);
}
