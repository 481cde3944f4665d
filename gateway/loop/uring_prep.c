/*
 * Operations as ring entries: one small function a verb, in a table. Fields
 * are set by hand where the library's version in Debian 12 has no helper.
 */
#include <poll.h>
#include <sys/socket.h>

#include "gateway/loop/uring.h"

typedef void prep_fn(struct io_uring_sqe *sqe, struct loop_op *op);

static void prep_openat2(struct io_uring_sqe *sqe, struct loop_op *op)
{
	io_uring_prep_rw(IORING_OP_OPENAT2, sqe, op->fd, op->path,
			 sizeof(*op->how), (uintptr_t)op->how);
}

static void prep_statx(struct io_uring_sqe *sqe, struct loop_op *op)
{
	io_uring_prep_statx(sqe, op->fd, op->path, (int)op->flags, op->mask,
			    op->to);
}

static void prep_mkdirat(struct io_uring_sqe *sqe, struct loop_op *op)
{
	io_uring_prep_mkdirat(sqe, op->fd, op->path, op->mask);
}

static void prep_unlinkat(struct io_uring_sqe *sqe, struct loop_op *op)
{
	io_uring_prep_unlinkat(sqe, op->fd, op->path, (int)op->flags);
}

static void prep_renameat2(struct io_uring_sqe *sqe, struct loop_op *op)
{
	io_uring_prep_renameat(sqe, op->fd, op->path, op->fd2, op->path2,
			       op->flags);
}

static void prep_linkat(struct io_uring_sqe *sqe, struct loop_op *op)
{
	io_uring_prep_linkat(sqe, op->fd, op->path, op->fd2, op->path2,
			     (int)op->flags);
}

static void prep_symlinkat(struct io_uring_sqe *sqe, struct loop_op *op)
{
	io_uring_prep_symlinkat(sqe, op->path, op->fd2, op->path2);
}

static void prep_read(struct io_uring_sqe *sqe, struct loop_op *op)
{
	io_uring_prep_read(sqe, op->fd, op->to, (unsigned int)op->length,
			   op->offset);
}

static void prep_write(struct io_uring_sqe *sqe, struct loop_op *op)
{
	io_uring_prep_write(sqe, op->fd, op->from, (unsigned int)op->length,
			    op->offset);
	sqe->rw_flags = (int)op->flags;
}

static void prep_fsync(struct io_uring_sqe *sqe, struct loop_op *op)
{
	io_uring_prep_fsync(sqe, op->fd,
			    op->flags != 0 ? IORING_FSYNC_DATASYNC : 0);
}

/* The length travels in the address field: `len` has but 32 bits. */
static void prep_fallocate(struct io_uring_sqe *sqe, struct loop_op *op)
{
	io_uring_prep_rw(IORING_OP_FALLOCATE, sqe, op->fd, NULL, op->flags,
			 op->offset);
	sqe->addr = op->length;
}

static void prep_ftruncate(struct io_uring_sqe *sqe, struct loop_op *op)
{
	io_uring_prep_rw(LOOP_URING_OP_FTRUNCATE, sqe, op->fd, NULL, 0,
			 op->length);
}

static void prep_fgetxattr(struct io_uring_sqe *sqe, struct loop_op *op)
{
	io_uring_prep_rw(IORING_OP_FGETXATTR, sqe, op->fd, op->path,
			 (unsigned int)op->length, (uintptr_t)op->to);
}

static void prep_fsetxattr(struct io_uring_sqe *sqe, struct loop_op *op)
{
	io_uring_prep_rw(IORING_OP_FSETXATTR, sqe, op->fd, op->path,
			 (unsigned int)op->length, (uintptr_t)op->from);
	sqe->xattr_flags = op->flags;
}

static void prep_splice(struct io_uring_sqe *sqe, struct loop_op *op)
{
	io_uring_prep_splice(sqe, op->fd, (int64_t)op->offset, op->fd2,
			     (int64_t)op->offset2, (unsigned int)op->length,
			     op->flags);
}

/* MSG_WAITALL: the kernel goes on with a short send by itself. */
static void prep_send(struct io_uring_sqe *sqe, struct loop_op *op)
{
	io_uring_prep_sendmsg(sqe, op->fd, op->message,
			      op->flags | MSG_WAITALL);
}

static void prep_recv(struct io_uring_sqe *sqe, struct loop_op *op)
{
	io_uring_prep_recv(sqe, op->fd, op->to, op->length, (int)op->flags);
}

static void prep_poll(struct io_uring_sqe *sqe, struct loop_op *op)
{
	io_uring_prep_poll_add(sqe, op->fd, op->flags);
}

/* Multishot unless the engine says with `mask` that the kernel has it not. */
static void prep_accept(struct io_uring_sqe *sqe, struct loop_op *op)
{
	io_uring_prep_accept(sqe, op->fd, NULL, NULL,
			     SOCK_CLOEXEC | SOCK_NONBLOCK);
	if (op->mask != 0)
		sqe->ioprio |= IORING_ACCEPT_MULTISHOT;
}

static void prep_stream(struct io_uring_sqe *sqe, struct loop_op *op)
{
	io_uring_prep_recv(sqe, op->fd, NULL, 0, 0);
	sqe->ioprio |= IORING_RECV_MULTISHOT;
	sqe->flags |= IOSQE_BUFFER_SELECT;
	sqe->buf_group = LOOP_URING_GROUP;
}

static prep_fn *const preps[LOOP_VERB_COUNT] = {
	[LOOP_VERB_OPENAT2] = prep_openat2,
	[LOOP_VERB_STATX] = prep_statx,
	[LOOP_VERB_MKDIRAT] = prep_mkdirat,
	[LOOP_VERB_UNLINKAT] = prep_unlinkat,
	[LOOP_VERB_RENAMEAT2] = prep_renameat2,
	[LOOP_VERB_LINKAT] = prep_linkat,
	[LOOP_VERB_SYMLINKAT] = prep_symlinkat,
	[LOOP_VERB_READ] = prep_read,
	[LOOP_VERB_WRITE] = prep_write,
	[LOOP_VERB_FSYNC] = prep_fsync,
	[LOOP_VERB_FALLOCATE] = prep_fallocate,
	[LOOP_VERB_FTRUNCATE] = prep_ftruncate,
	[LOOP_VERB_FGETXATTR] = prep_fgetxattr,
	[LOOP_VERB_FSETXATTR] = prep_fsetxattr,
	[LOOP_VERB_SPLICE] = prep_splice,
	[LOOP_VERB_SEND] = prep_send,
	[LOOP_VERB_RECV] = prep_recv,
	[LOOP_VERB_POLL] = prep_poll,
	[LOOP_VERB_ACCEPT] = prep_accept,
	[LOOP_VERB_STREAM] = prep_stream,
};

void loop_uring_prep(struct io_uring_sqe *sqe, struct loop_op *op)
{
	preps[op->verb](sqe, op);
	io_uring_sqe_set_data(sqe, op);
	if (op->as != NULL)
		sqe->personality = (unsigned short)op->as->personality;
}
