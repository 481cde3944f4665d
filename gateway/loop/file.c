/*
 * Operations on files, as fibers see them: each fills in an operation and
 * waits for it; reads and writes go on until they are whole.
 */
#include <errno.h>
#include <fcntl.h>
#include <unistd.h>

#include "gateway/loop/engine.h"

/* The most that one call is asked for; the kernel moves no more than 2 GiB. */
#define TRANSFER_MAX (1u << 30)

/* A call that a signal cut short has done nothing and is made again. */
static int64_t co_do(struct loop_op *op)
{
	int64_t result;

	do {
		op->is_done = false;
		op->is_on_hand = false;
		result = loop_co_op(op, LOOP_FOREVER);
	} while (result == -EINTR);
	return result;
}

int64_t loop_co_call(const struct loop_identity *as, int64_t (*fn)(void *arg),
		     void *arg)
{
	struct loop_op op = {
		.verb = LOOP_VERB_CALL,
		.as = as,
		.call = fn,
		.arg = arg,
	};

	return loop_co_op(&op, LOOP_FOREVER);
}

int loop_co_openat2(const struct loop_identity *as, int dir_fd,
		    const char *path, const struct open_how *how)
{
	struct open_how closing = *how;
	struct loop_op op = {
		.verb = LOOP_VERB_OPENAT2,
		.as = as,
		.fd = dir_fd,
		.path = path,
		.how = &closing,
	};

	closing.flags |= O_CLOEXEC;
	return (int)co_do(&op);
}

int loop_co_statx(const struct loop_identity *as, int dir_fd, const char *path,
		  int flags, unsigned int mask, struct statx *ret_stat)
{
	struct loop_op op = {
		.verb = LOOP_VERB_STATX,
		.as = as,
		.fd = dir_fd,
		.path = path,
		.flags = (unsigned int)flags,
		.mask = mask,
		.to = ret_stat,
	};

	return (int)co_do(&op);
}

int loop_co_mkdirat(const struct loop_identity *as, int dir_fd,
		    const char *path, mode_t mode)
{
	struct loop_op op = {
		.verb = LOOP_VERB_MKDIRAT,
		.as = as,
		.fd = dir_fd,
		.path = path,
		.mask = mode,
	};

	return (int)co_do(&op);
}

int loop_co_unlinkat(const struct loop_identity *as, int dir_fd,
		     const char *path, int flags)
{
	struct loop_op op = {
		.verb = LOOP_VERB_UNLINKAT,
		.as = as,
		.fd = dir_fd,
		.path = path,
		.flags = (unsigned int)flags,
	};

	return (int)co_do(&op);
}

int loop_co_renameat2(const struct loop_identity *as, int from_dir_fd,
		      const char *from, int to_dir_fd, const char *to,
		      unsigned int flags)
{
	struct loop_op op = {
		.verb = LOOP_VERB_RENAMEAT2,
		.as = as,
		.fd = from_dir_fd,
		.path = from,
		.fd2 = to_dir_fd,
		.path2 = to,
		.flags = flags,
	};

	return (int)co_do(&op);
}

int loop_co_linkat(const struct loop_identity *as, int from_dir_fd,
		   const char *from, int to_dir_fd, const char *to, int flags)
{
	struct loop_op op = {
		.verb = LOOP_VERB_LINKAT,
		.as = as,
		.fd = from_dir_fd,
		.path = from,
		.fd2 = to_dir_fd,
		.path2 = to,
		.flags = (unsigned int)flags,
	};

	return (int)co_do(&op);
}

int loop_co_symlinkat(const struct loop_identity *as, const char *target,
		      int dir_fd, const char *path)
{
	struct loop_op op = {
		.verb = LOOP_VERB_SYMLINKAT,
		.as = as,
		.path = target,
		.fd2 = dir_fd,
		.path2 = path,
	};

	return (int)co_do(&op);
}

static size_t piece(size_t left)
{
	return left < TRANSFER_MAX ? left : TRANSFER_MAX;
}

int64_t loop_co_read(int fd, void *to, size_t length, uint64_t offset)
{
	size_t done = 0;

	while (done < length) {
		struct loop_op op = {
			.verb = LOOP_VERB_READ,
			.fd = fd,
			.to = (char *)to + done,
			.length = piece(length - done),
			.offset = offset + done,
		};
		int64_t n = co_do(&op);

		if (n < 0)
			return n;
		if (n == 0)
			break;
		done += (size_t)n;
	}
	return (int64_t)done;
}

int64_t loop_co_write(int fd, const void *from, size_t length, uint64_t offset,
		      int rw_flags)
{
	size_t done = 0;

	while (done < length) {
		struct loop_op op = {
			.verb = LOOP_VERB_WRITE,
			.fd = fd,
			.from = (const char *)from + done,
			.length = piece(length - done),
			.offset = offset + done,
			.flags = (unsigned int)rw_flags,
		};
		int64_t n = co_do(&op);

		if (n < 0)
			return n;
		if (n == 0)
			return -EIO;
		done += (size_t)n;
	}
	return (int64_t)done;
}

int loop_co_fsync(int fd, bool data_only)
{
	struct loop_op op = {
		.verb = LOOP_VERB_FSYNC,
		.fd = fd,
		.flags = data_only,
	};

	return (int)co_do(&op);
}

int loop_co_fallocate(int fd, int mode, uint64_t offset, uint64_t length)
{
	struct loop_op op = {
		.verb = LOOP_VERB_FALLOCATE,
		.fd = fd,
		.flags = (unsigned int)mode,
		.offset = offset,
		.length = length,
	};

	return (int)co_do(&op);
}

int loop_co_ftruncate(int fd, uint64_t length)
{
	struct loop_op op = {
		.verb = LOOP_VERB_FTRUNCATE,
		.fd = fd,
		.length = length,
	};

	return (int)co_do(&op);
}

int64_t loop_co_fgetxattr(const struct loop_identity *as, int fd,
			  const char *name, void *to, size_t size)
{
	struct loop_op op = {
		.verb = LOOP_VERB_FGETXATTR,
		.as = as,
		.fd = fd,
		.path = name,
		.to = to,
		.length = size,
	};

	return co_do(&op);
}

int loop_co_fsetxattr(const struct loop_identity *as, int fd, const char *name,
		      const void *value, size_t size, int flags)
{
	struct loop_op op = {
		.verb = LOOP_VERB_FSETXATTR,
		.as = as,
		.fd = fd,
		.path = name,
		.from = value,
		.length = size,
		.flags = (unsigned int)flags,
	};

	return (int)co_do(&op);
}

/* A signal does not bring the descriptor back: close(2) is never repeated. */
void loop_close(int fd)
{
	close(fd);
}
