/*
 * Bytes that never come to us: copies inside the kernel, holes, reserved
 * space. Copies run on a hand piece by piece, so that a cancel is heard
 * between two pieces; where the kernel won't copy (other file systems, ranges
 * that overlap) the hand reads and writes.
 */
#include <errno.h>
#include <fcntl.h>
#include <linux/falloc.h>
#include <linux/fs.h>
#include <stdlib.h>
#include <sys/ioctl.h>
#include <sys/stat.h>
#include <unistd.h>

#include "gateway/loop/loop.h"
#include "gateway/store/creds.h"
#include "gateway/store/file.h"
#include "gateway/store/ops.h"
#include "gateway/store/store.h"

/*
 * How much is copied between two looks for a cancel: some milliseconds of a
 * disk, and many blocks of any file system, so that extents are still shared.
 */
#define COPY_PIECE (16u << 20)

/* A hand's buffer where it has to read and write itself. */
#define COPY_BUFFER (256u * 1024)

/* ---- copies ---- */

struct copy {
	int from_fd, to_fd;
	uint64_t from, to, length;
	uint64_t done; /* a piece's */
};

/* The kernel can't, or won't for these two: not a failure of the copy. */
static bool must_read_and_write(int err)
{
	return err == EXDEV || err == EINVAL || err == EOPNOTSUPP ||
	       err == ENOSYS;
}

static int64_t call_copy_range(void *arg)
{
	struct copy *c = arg;
	off_t from = (off_t)c->from, to = (off_t)c->to;
	ssize_t n;

	for (c->done = 0; c->done < c->length; c->done += (uint64_t)n) {
		n = copy_file_range(c->from_fd, &from, c->to_fd, &to,
				    c->length - c->done, 0);
		if (n < 0 && errno == EINTR)
			n = 0;
		else if (n < 0)
			return -errno;
		else if (!n)
			break;
	}
	return 0;
}

static int64_t write_all(int fd, const char *from, size_t length, uint64_t to)
{
	size_t done = 0;
	ssize_t n;

	while (done < length) {
		n = pwrite(fd, from + done, length - done, (off_t)(to + done));
		if (n < 0 && errno != EINTR)
			return -errno;
		done += n > 0 ? (size_t)n : 0;
	}
	return 0;
}

/* One buffer's worth, `at` bytes into the copy. 0 bytes read is the end. */
static int64_t copy_buffer(const struct copy *c, uint64_t at, char *buffer,
			   size_t size)
{
	ssize_t n = pread(c->from_fd, buffer, size, (off_t)(c->from + at));
	int64_t err;

	if (n <= 0)
		return n < 0 ? -errno : 0;
	err = write_all(c->to_fd, buffer, (size_t)n, c->to + at);
	return err ? err : n;
}

/*
 * From the end backwards if the target lies ahead and on the source, as
 * memmove does. `length` has been cut to what the source has.
 */
static int64_t copy_backwards(struct copy *c, char *buffer)
{
	uint64_t left = c->length;
	int64_t n;

	while (left) {
		size_t size = left < COPY_BUFFER ? (size_t)left : COPY_BUFFER;

		n = copy_buffer(c, left - size, buffer, size);
		if (n < 0)
			return n;
		left -= size;
	}
	c->done = c->length;
	return 0;
}

static int64_t copy_forwards(struct copy *c, char *buffer)
{
	int64_t n;

	for (c->done = 0; c->done < c->length; c->done += (uint64_t)n) {
		uint64_t left = c->length - c->done;

		n = copy_buffer(c, c->done, buffer,
				left < COPY_BUFFER ? (size_t)left
						   : COPY_BUFFER);
		if (n <= 0)
			return n;
	}
	return 0;
}

static bool overlaps_ahead(const struct copy *c)
{
	return c->to > c->from && c->to - c->from < c->length;
}

static int64_t call_read_and_write(void *arg)
{
	struct copy *c = arg;
	char *buffer = malloc(COPY_BUFFER);
	int64_t err;

	if (!buffer)
		return -ENOMEM;
	c->done = 0;
	err = overlaps_ahead(c) ? copy_backwards(c, buffer)
				: copy_forwards(c, buffer);
	free(buffer);
	return err;
}

/*
 * The bytes that the source has of the range. Has them cut first, as a copy
 * that goes backwards can't find the end on its way.
 */
static int64_t co_cut_at_end(struct store_file *from, uint64_t offset,
			     uint64_t length)
{
	struct store_stat st;
	int err = store_local_co_stat(from, &st);

	if (err)
		return err;
	if (offset >= st.size)
		return 0;
	return (int64_t)(st.size - offset < length ? st.size - offset : length);
}

static bool is_same_file(struct store_file *a, struct store_file *b)
{
	struct statx x, y;
	int flags = AT_EMPTY_PATH | AT_STATX_DONT_SYNC;

	return !statx(store_file_fd(a), "", flags, STATX_INO, &x) &&
	       !statx(store_file_fd(b), "", flags, STATX_INO, &y) &&
	       x.stx_ino == y.stx_ino && x.stx_dev_major == y.stx_dev_major &&
	       x.stx_dev_minor == y.stx_dev_minor;
}

static int64_t co_copy_pieces(struct copy *all, int64_t (*fn)(void *))
{
	struct copy piece = *all;
	int64_t err;

	while (all->done < all->length) {
		uint64_t left = all->length - all->done;

		if (loop_is_cancelled())
			return -ECANCELED;
		piece.from = all->from + all->done;
		piece.to = all->to + all->done;
		piece.length = left < COPY_PIECE ? left : COPY_PIECE;
		err = loop_co_call(NULL, fn, &piece);
		if (err)
			return err;
		if (!piece.done)
			break;
		all->done += piece.done;
	}
	return 0;
}

int64_t store_local_co_copy(struct store_file *from, uint64_t from_offset,
			    struct store_file *to, uint64_t to_offset,
			    uint64_t length)
{
	struct copy c = { .from_fd = store_file_fd(from),
			  .to_fd = store_file_fd(to),
			  .from = from_offset,
			  .to = to_offset };
	int64_t n = store_file_check_write(to);

	if (n)
		return n;
	n = co_cut_at_end(from, from_offset, length);
	if (n <= 0)
		return n;
	if (to_offset > (uint64_t)(INT64_MAX - n))
		return -EFBIG;
	c.length = (uint64_t)n;
	/* Onto itself a piece at a time would eat its own tail. */
	if (overlaps_ahead(&c) && is_same_file(from, to)) {
		n = loop_co_call(NULL, call_read_and_write, &c);
		return n ? n : (int64_t)c.done;
	}
	n = co_copy_pieces(&c, call_copy_range);
	if (n < 0 && must_read_and_write((int)-n))
		n = co_copy_pieces(&c, call_read_and_write);
	return n ? n : (int64_t)c.done;
}

/* ---- clones ---- */

struct clone_call {
	int to_fd;
	struct file_clone_range range;
};

static int64_t call_clone(void *arg)
{
	struct clone_call *c = arg;

	return ioctl(c->to_fd, FICLONERANGE, &c->range) ? -errno : 0;
}

int store_local_co_clone(struct store_file *from, uint64_t from_offset,
			 struct store_file *to, uint64_t to_offset,
			 uint64_t length)
{
	struct clone_call c = {
		.to_fd = store_file_fd(to),
		.range = { .src_fd = store_file_fd(from),
			   .src_offset = from_offset,
			   .src_length = length,
			   .dest_offset = to_offset },
	};
	int err = store_file_check_write(to);

	return err ? err : (int)loop_co_call(NULL, call_clone, &c);
}

/* ---- holes ---- */

int store_local_co_allocate(struct store_file *file, uint64_t size)
{
	if (store_file_check_write(file))
		return -EROFS;
	if (size > INT64_MAX)
		return -EFBIG;
	if (!size)
		return 0;
	return loop_co_fallocate(store_file_fd(file), FALLOC_FL_KEEP_SIZE, 0,
				 size);
}

/*
 * The last resort. If somebody cuts the file short meanwhile, it grows again
 * by the zeroes of one buffer at most.
 */
static int co_write_zeroes(struct store_file *file, uint64_t offset,
			   uint64_t length)
{
	static const uint8_t zeroes[64 * 1024];
	struct store_stat st;
	uint64_t left;
	int err;

	for (; length; offset += left, length -= left) {
		err = store_local_co_stat(file, &st);
		if (err || offset >= st.size)
			return err;
		left = st.size - offset < length ? st.size - offset : length;
		if (left > sizeof(zeroes))
			left = sizeof(zeroes);
		err = store_local_co_write(file, zeroes, (uint32_t)left, offset,
					   false);
		if (err)
			return err;
	}
	return 0;
}

int store_local_co_zero(struct store_file *file, uint64_t offset,
			uint64_t length)
{
	int fd = store_file_fd(file);
	struct store_stat st;
	int err;

	if (store_file_check_write(file))
		return -EROFS;
	err = store_local_co_stat(file, &st);
	if (err || offset >= st.size || !length)
		return err;
	if (length > st.size - offset)
		length = st.size - offset;
	err = loop_co_fallocate(fd, FALLOC_FL_PUNCH_HOLE | FALLOC_FL_KEEP_SIZE,
				offset, length);
	if (err == -EOPNOTSUPP || err == -ENOSYS)
		err = loop_co_fallocate(fd,
					FALLOC_FL_ZERO_RANGE |
						FALLOC_FL_KEEP_SIZE,
					offset, length);
	if (err == -EOPNOTSUPP || err == -ENOSYS)
		err = co_write_zeroes(file, offset, length);
	return err;
}

struct seek_call {
	int fd;
	off_t start, end;
};

static int64_t call_next_data(void *arg)
{
	struct seek_call *c = arg;

	c->start = lseek(c->fd, c->start, SEEK_DATA);
	if (c->start < 0)
		return errno == ENXIO ? 0 : -errno;
	c->end = lseek(c->fd, c->start, SEEK_HOLE);
	if (c->end < 0) /* cut short in between */
		return errno == ENXIO ? 0 : -errno;
	return 1;
}

int store_local_co_next_data(struct store_file *file, uint64_t offset,
			     uint64_t *ret_start, uint64_t *ret_end)
{
	struct seek_call c = { .fd = store_file_fd(file),
			       .start = (off_t)offset };
	int found;

	if (offset > INT64_MAX)
		return 0;
	found = (int)loop_co_call(NULL, call_next_data, &c);
	if (found == 1) {
		*ret_start = (uint64_t)c.start;
		*ret_end = (uint64_t)c.end;
	}
	return found;
}
