/*
 * Reading and writing. Knows the two ways that bytes of a file can go to the
 * network: into memory, or into a pipe (pages of the page cache by reference);
 * io_may_splice() alone chooses. Short reads, writes and splices are resumed
 * here or in the loop, never above. What becomes of the pipe is the
 * connection's business; holes and copies are copy.c's.
 *
 * A pipe is filled in one of two ways. If the bytes are in the page cache,
 * splice(2) at once: the cheapest of all. If not, that call would wait for the
 * disk and all of the worker's fibers with it, so it goes through the loop,
 * where another thread waits.
 */
#include <assert.h>
#include <errno.h>
#include <fcntl.h>
#include <sys/stat.h>
#include <sys/uio.h>

#include "gateway/loop/loop.h"
#include "gateway/store/creds.h"
#include "gateway/store/file.h"
#include "gateway/store/ops.h"
#include "gateway/store/pipe.h"
#include "gateway/store/worker.h"

/*
 * Below this a copy is cheaper than two splices and a pipe: on one core, with
 * the page cache hot, 16 KiB cost 8 us copied and 29 us through the ring;
 * around 64 KiB they meet.
 */
#define SPLICE_MIN (64u * 1024)

static bool io_may_splice(const struct store_file *file,
			  const struct store_read *how)
{
	enum store_read_path way =
		store_tree_options(store_file_tree(file))->read_path;

	if (!how->may_be_opaque || way == STORE_READ_COPY ||
	    !store_file_is_spliceable(file))
		return false;
	if (way == STORE_READ_AUTO && how->length < SPLICE_MIN)
		return false;
	return how->length && store_pipe_pages(how->offset, how->length) <=
				      store_pipe_pages(0, STORE_PIPE_SIZE);
}

/* ---- through a pipe ---- */

static bool is_byte_cached(int fd, uint64_t offset)
{
	char byte;
	struct iovec iov = { &byte, 1 };

	return preadv2(fd, &iov, 1, (off_t)offset, RWF_NOWAIT) == 1;
}

/*
 * Whether reading would find all in the page cache. Looks at both ends only: a
 * page in between that was dropped costs one wait for the disk, which is rare
 * and bounded. File systems that can't promise not to wait (FUSE, where it
 * might be for ever) refuse RWF_NOWAIT, so they never count as cached.
 */
static bool is_cached(const struct store_file *file, uint64_t offset,
		      uint64_t length)
{
	int fd = store_file_fd(file);
	uint64_t end = offset + length;
	struct statx st;

	if (is_byte_cached(fd, offset) && is_byte_cached(fd, end - 1))
		return true;
	/* Memory is always there, and files end. */
	if (statx(fd, "", AT_EMPTY_PATH | AT_STATX_DONT_SYNC, STATX_SIZE, &st))
		return false;
	if (store_tree_is_in_memory(store_file_tree(file), &st))
		return true;
	if (end > st.stx_size)
		end = st.stx_size;
	return end > offset && is_byte_cached(fd, offset) &&
	       is_byte_cached(fd, end - 1);
}

/*
 * One transfer. The pipe has room for all of it, so no way waits for room.
 */
static int64_t co_splice(struct store_file *file, struct store_pipe *pipe,
			 uint64_t offset, uint32_t length)
{
	int fd = store_file_fd(file);
	int pipe_fd = store_pipe_write_fd(pipe);
	off_t at = (off_t)offset;
	ssize_t n;

	if (is_cached(file, offset, length)) {
		n = splice(fd, &at, pipe_fd, NULL, length, SPLICE_F_NONBLOCK);
		if (n >= 0) {
			store_worker_counters()->splices_direct++;
			return n;
		}
		if (errno != EAGAIN && errno != EINTR)
			return -errno;
	}
	store_worker_counters()->splices_ring++;
	return loop_co_splice(fd, offset, pipe_fd, UINT64_MAX, length, 0);
}

/*
 * Fills the pipe until `length` or the end of the file: the bytes in it. After
 * a short transfer the page that it ended in takes a second place, so there
 * may be no room for the rest: -ENOBUFS, unless the file ends before that.
 */
static int64_t co_fill_pipe(struct store_file *file,
			    const struct store_read *how,
			    struct store_pipe *pipe)
{
	size_t room = store_pipe_room(pipe);
	uint32_t done = 0;
	int64_t n;

	while (done < how->length) {
		uint64_t offset = how->offset + done;
		uint64_t left = store_pipe_bytes(offset, room);

		if (!left)
			return -ENOBUFS;
		if (left > how->length - done)
			left = how->length - done;
		n = co_splice(file, pipe, offset, (uint32_t)left);
		if (n <= 0)
			return n < 0 ? n : done;
		assert((uint64_t)n <= left);
		room -= store_pipe_pages(offset, (uint64_t)n);
		done += (uint32_t)n;
	}
	return done;
}

/*
 * 1 if the body is there, 0 if it has to be read in the other way, or -errno.
 */
static int co_read_to_pipe(struct store_file *file,
			   const struct store_read *how,
			   struct store_body *ret_body)
{
	struct store_pipe *pipe =
		store_pipe_take(store_pipe_pages(how->offset, how->length));
	int64_t n;

	if (!pipe)
		return 0;
	n = co_fill_pipe(file, how, pipe);
	if (n <= 0)
		store_pipe_give(pipe, !n);
	if (n == -EINVAL) /* this file system has no splice */
		store_file_refuses_splice(file);
	if (n == -EINVAL || n == -ENOBUFS)
		return 0;
	if (n < 0)
		return (int)n;
	*ret_body = (struct store_body){
		.pipe = n ? pipe : NULL,
		.length = (uint32_t)n,
	};
	store_worker_counters()->bytes_spliced += (uint64_t)n;
	return 1;
}

/* ---- through memory ---- */

static int co_read_to_memory(struct store_file *file,
			     const struct store_read *how,
			     struct store_body *ret_body)
{
	uint8_t *to = how->room(how->owner, how->length);
	int64_t n;

	if (!to)
		return -ENOMEM;
	n = loop_co_read(store_file_fd(file), to, how->length, how->offset);
	if (n < 0)
		return (int)n;
	*ret_body = (struct store_body){ .bytes = to, .length = (uint32_t)n };
	store_worker_counters()->bytes_copied += (uint64_t)n;
	return 0;
}

int store_local_co_read(struct store_file *file, const struct store_read *how,
			struct store_body *ret_body)
{
	int done = 0;

	if (how->offset > (uint64_t)INT64_MAX - how->length)
		return -EINVAL;
	if (io_may_splice(file, how))
		done = co_read_to_pipe(file, how, ret_body);
	if (done)
		return done < 0 ? done : 0;
	return co_read_to_memory(file, how, ret_body);
}

/* ---- writing ---- */

int store_local_co_write(struct store_file *file, const uint8_t *bytes,
			 uint32_t length, uint64_t offset, bool is_stable)
{
	int flags = is_stable ? RWF_DSYNC : 0;
	int64_t n;

	if (store_file_check_write(file))
		return -EROFS;
	if (offset == UINT64_MAX) {
		flags |= RWF_APPEND;
		offset = 0;
	}
	if (offset > (uint64_t)INT64_MAX - length)
		return -EFBIG;
	n = loop_co_write(store_file_fd(file), bytes, length, offset, flags);
	if (n < 0)
		return (int)n;
	store_worker_counters()->bytes_written += (uint64_t)n;
	return 0;
}

int store_local_co_flush(struct store_file *file)
{
	return loop_co_fsync(store_file_fd(file), false);
}

int store_local_co_truncate(struct store_file *file, uint64_t size)
{
	if (store_file_check_write(file))
		return -EROFS;
	if (size > INT64_MAX)
		return -EFBIG;
	return loop_co_ftruncate(store_file_fd(file), size);
}
