/*
 * Each operation as the system call that it is, for the hands. The caller's
 * thread blocks for as long as the call does.
 */
#include <errno.h>
#include <fcntl.h>
#include <stdio.h>
#include <sys/socket.h>
#include <sys/stat.h>
#include <sys/syscall.h>
#include <sys/xattr.h>
#include <unistd.h>

#include "gateway/loop/engine.h"

static int64_t call_openat2(struct loop_op *op)
{
	return syscall(SYS_openat2, op->fd, op->path, op->how,
		       sizeof(*op->how));
}

static int64_t call_statx(struct loop_op *op)
{
	return statx(op->fd, op->path, (int)op->flags, op->mask, op->to);
}

static int64_t call_mkdirat(struct loop_op *op)
{
	return mkdirat(op->fd, op->path, op->mask);
}

static int64_t call_unlinkat(struct loop_op *op)
{
	return unlinkat(op->fd, op->path, (int)op->flags);
}

static int64_t call_renameat2(struct loop_op *op)
{
	return renameat2(op->fd, op->path, op->fd2, op->path2, op->flags);
}

static int64_t call_linkat(struct loop_op *op)
{
	return linkat(op->fd, op->path, op->fd2, op->path2, (int)op->flags);
}

static int64_t call_symlinkat(struct loop_op *op)
{
	return symlinkat(op->path, op->fd2, op->path2);
}

static int64_t call_read(struct loop_op *op)
{
	return pread(op->fd, op->to, op->length, (off_t)op->offset);
}

static int64_t call_write(struct loop_op *op)
{
	struct iovec iov = { .iov_len = op->length };

	/* The kernel only reads what a write's vector points to. */
	iov.iov_base = (void *)(uintptr_t)op->from;
	return pwritev2(op->fd, &iov, 1, (off_t)op->offset, (int)op->flags);
}

static int64_t call_fsync(struct loop_op *op)
{
	return op->flags != 0 ? fdatasync(op->fd) : fsync(op->fd);
}

static int64_t call_fallocate(struct loop_op *op)
{
	return fallocate(op->fd, (int)op->flags, (off_t)op->offset,
			 (off_t)op->length);
}

static int64_t call_ftruncate(struct loop_op *op)
{
	return ftruncate(op->fd, (off_t)op->length);
}

static int64_t call_fgetxattr(struct loop_op *op)
{
	return fgetxattr(op->fd, op->path, op->to, op->length);
}

static int64_t call_fsetxattr(struct loop_op *op)
{
	return fsetxattr(op->fd, op->path, op->from, op->length,
			 (int)op->flags);
}

static int64_t call_splice(struct loop_op *op)
{
	loff_t from = (loff_t)op->offset;
	loff_t to = (loff_t)op->offset2;

	return splice(op->fd, op->offset == UINT64_MAX ? NULL : &from, op->fd2,
		      op->offset2 == UINT64_MAX ? NULL : &to, op->length,
		      op->flags);
}

static int64_t (*const calls[LOOP_VERB_COUNT])(struct loop_op *op) = {
	[LOOP_VERB_OPENAT2] = call_openat2,
	[LOOP_VERB_STATX] = call_statx,
	[LOOP_VERB_MKDIRAT] = call_mkdirat,
	[LOOP_VERB_UNLINKAT] = call_unlinkat,
	[LOOP_VERB_RENAMEAT2] = call_renameat2,
	[LOOP_VERB_LINKAT] = call_linkat,
	[LOOP_VERB_SYMLINKAT] = call_symlinkat,
	[LOOP_VERB_READ] = call_read,
	[LOOP_VERB_WRITE] = call_write,
	[LOOP_VERB_FSYNC] = call_fsync,
	[LOOP_VERB_FALLOCATE] = call_fallocate,
	[LOOP_VERB_FTRUNCATE] = call_ftruncate,
	[LOOP_VERB_FGETXATTR] = call_fgetxattr,
	[LOOP_VERB_FSETXATTR] = call_fsetxattr,
	[LOOP_VERB_SPLICE] = call_splice,
};

int64_t loop_op_call(struct loop_op *op)
{
	if (op->verb == LOOP_VERB_CALL)
		return op->call(op->arg);

	int64_t result = calls[op->verb](op);

	return result < 0 ? -errno : result;
}
