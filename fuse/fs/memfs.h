/*
 * A file system in memory, as operations of libfuse's low level: what memfs and
 * faultfs serve.
 *
 * Thread: any; libfuse calls the operations from as many as it likes.
 */
#pragma once

#define FUSE_USE_VERSION 314
#include <fuse3/fuse_lowlevel.h>
#include <stdint.h>

#include "fuse/fs/tree.h"

struct memfs {
	struct memfs_tree tree;
	double timeout_s; /* how long a kernel may believe what it was told */
};

/* The user data of a session with memfs_ops or memfs_data_ops. */
extern const struct fuse_lowlevel_ops memfs_ops;

/* What of it is about open files: it takes these over from file_ops.c. */
void memfs_op_open(fuse_req_t req, fuse_ino_t number,
		   struct fuse_file_info *file);
void memfs_op_release(fuse_req_t req, fuse_ino_t number,
		      struct fuse_file_info *file);
void memfs_op_flush(fuse_req_t req, fuse_ino_t number,
		    struct fuse_file_info *file);
void memfs_op_fsync(fuse_req_t req, fuse_ino_t number, int is_data_only,
		    struct fuse_file_info *file);
void memfs_op_read(fuse_req_t req, fuse_ino_t number, size_t size, off_t offset,
		   struct fuse_file_info *file);
void memfs_op_write(fuse_req_t req, fuse_ino_t number, const char *bytes,
		    size_t size, off_t offset, struct fuse_file_info *file);
void memfs_op_fallocate(fuse_req_t req, fuse_ino_t number, int mode,
			off_t offset, off_t length,
			struct fuse_file_info *file);
void memfs_op_lseek(fuse_req_t req, fuse_ino_t number, off_t offset, int whence,
		    struct fuse_file_info *file);
void memfs_op_copy(fuse_req_t req, fuse_ino_t from, off_t from_offset,
		   struct fuse_file_info *from_file, fuse_ino_t to,
		   off_t to_offset, struct fuse_file_info *to_file,
		   size_t length, int flags);

/*
 * The node of a number, with the tree locked to read or to write, until
 * memfs_leave(). NULL: there is none, ESTALE was replied, and nothing is
 * locked.
 */
struct memfs_node *memfs_enter(fuse_req_t req, fuse_ino_t number,
			       bool is_writing);
void memfs_leave(fuse_req_t req);

/* Whoever changes a file takes away what its owner's rights would give. The
   node's lock is held to write. */
void memfs_kill_privileges(struct memfs_node *node);

/*
 * Serves until a signal or the end of the mount: the program's whole life but
 * its own options, which it took out of `args`. Mounts at the one word that is
 * left, which may be /dev/fd/N. The process's exit status.
 */
struct memfs_program {
	const char *name;
	const char *usage; /* of its own options, a line each */
	const struct fuse_lowlevel_ops *ops;
	void *user_data;
	/* Before the first request; 0, or -1 after it said why. May be NULL. */
	int (*start)(struct fuse_session *session, void *user_data);
};
int memfs_program_run(const struct memfs_program *program,
		      struct fuse_args *args);
