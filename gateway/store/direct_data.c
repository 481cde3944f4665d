/*
 * Bytes of files of the direct door. Large transfers are cut to what the
 * connection takes, and the pieces go out together.
 */
#include <errno.h>
#include <fcntl.h>
#include <linux/falloc.h>
#include <stdlib.h>
#include <string.h>
#include <unistd.h>

#include "gateway/store/direct.h"
#include "gateway/store/file.h"
#include "gateway/store/tree.h"
#include "gateway/store/worker.h"

/* Pieces under way at once for one transfer. */
#define PIECES 8

#define COPY_BUFFER (256u * 1024)

struct piece {
	struct direct_call call;
	struct fuse_write_out out;
	uint32_t length;
};

static void set_read(struct piece *p, struct direct_file *f, uint8_t *to,
		     uint32_t length, uint64_t offset)
{
	struct fuse_read_in *in = &p->call.call.request.body.read;

	store_direct_begin(&p->call, FUSE_READ, f->node->id, NULL, sizeof(*in),
			   to, length);
	in->fh = f->handle;
	in->offset = offset;
	in->size = length;
	in->flags = f->open_flags;
	p->length = length;
}

static void set_write(struct piece *p, struct direct_file *f,
		      const uint8_t *from, uint32_t length, uint64_t offset)
{
	struct fuse_write_in *in = &p->call.call.request.body.write;

	store_direct_begin(&p->call, FUSE_WRITE, f->node->id, NULL, sizeof(*in),
			   &p->out, sizeof(p->out));
	in->fh = f->handle;
	in->offset = offset;
	in->size = length;
	in->flags = f->open_flags;
	p->call.call.request.data = from;
	p->call.call.request.data_size = length;
	p->length = length;
}

/* Who opened the file is who does it. */
static void set_who(struct piece *p, const struct direct_file *f)
{
	p->call.call.request.head.uid = f->who.uid;
	p->call.call.request.head.gid = f->who.gid;
}

/*
 * Up to PIECES pieces from `offset` on; the bytes moved up to the first that
 * was short. All have come back when this returns.
 */
static int64_t co_some(struct direct_file *f, struct piece *pieces, uint8_t *to,
		       const uint8_t *from, uint32_t length, uint64_t offset)
{
	const struct fusefs_limits *limits = fusefs_conn_limits(f->node->conn);
	uint32_t max = to ? limits->read_max : limits->write_max, done = 0;
	unsigned int timeout_ms = store_tree_timeout(f->head.tree);
	size_t count = 0, i;
	int64_t moved = 0;
	bool is_over = false;
	int err = 0;

	for (; count < PIECES && done < length; count++) {
		uint32_t n = length - done < max ? length - done : max;
		struct piece *p = &pieces[count];

		if (to)
			set_read(p, f, to + done, n, offset + done);
		else
			set_write(p, f, from + done, n, offset + done);
		set_who(p, f);
		store_direct_co_send(f->node->conn, &p->call);
		done += n;
	}
	for (i = 0; i < count; i++) {
		struct piece *p = &pieces[i];
		int one = store_direct_co_wait(f->node->conn, &p->call,
					       timeout_ms);
		uint32_t n = to ? (uint32_t)p->call.call.length : p->out.size;

		if (!one && (n > p->length ||
			     (!to && p->call.call.length != sizeof(p->out))))
			one = -EPROTO;
		if (is_over)
			continue;
		if (one)
			err = one;
		else
			moved += n;
		is_over = one || n < p->length;
	}
	return moved || !err ? moved : err;
}

/* All of it; less only at the end of the file, or after an error that will
   come again. */
static int64_t co_transfer(struct direct_file *f, uint8_t *to,
			   const uint8_t *from, uint32_t length,
			   uint64_t offset)
{
	struct piece *pieces = calloc(PIECES, sizeof(*pieces));
	int64_t done = 0, n = 1;

	if (!pieces)
		return -ENOMEM;
	while ((uint64_t)done < length && n > 0) {
		n = co_some(f, pieces, to ? to + done : NULL,
			    from ? from + done : NULL, length - (uint32_t)done,
			    offset + (uint64_t)done);
		done += n > 0 ? n : 0;
	}
	free(pieces);
	return n < 0 ? n : done;
}

/* Programs that need no OPEN have no handle; others must have one. */
static int check_open(const struct direct_file *f)
{
	return S_ISREG(f->type) ? 0 : S_ISDIR(f->type) ? -EISDIR : -EINVAL;
}

int store_direct_co_read(struct store_file *file, const struct store_read *how,
			 struct store_body *ret_body)
{
	struct direct_file *f = direct_of(file);
	int err = check_open(f);
	uint8_t *to;
	int64_t n;

	if (how->offset > (uint64_t)INT64_MAX - how->length)
		return -EINVAL;
	if (err)
		return err;
	to = how->room(how->owner, how->length);
	if (!to)
		return -ENOMEM;
	n = co_transfer(f, to, NULL, how->length, how->offset);
	if (n < 0)
		return (int)n;
	*ret_body = (struct store_body){ .bytes = to, .length = (uint32_t)n };
	store_worker_counters()->bytes_copied += (uint64_t)n;
	return 0;
}

int store_direct_co_write(struct store_file *file, const uint8_t *bytes,
			  uint32_t length, uint64_t offset, bool is_stable)
{
	struct direct_file *f = direct_of(file);
	struct store_stat st;
	int64_t n;
	int err = store_file_check_write(file);

	if (!err)
		err = check_open(f);
	if (!err && offset == UINT64_MAX) {
		err = store_direct_co_stat(file, &st);
		offset = st.size;
	}
	if (err)
		return err;
	if (offset > (uint64_t)INT64_MAX - length)
		return -EFBIG;
	f->is_written = true;
	n = co_transfer(f, NULL, bytes, length, offset);
	if (n >= 0 && n < length)
		n = -EIO;
	if (n < 0)
		return (int)n;
	store_worker_counters()->bytes_written += (uint64_t)n;
	return is_stable ? store_direct_co_flush(file) : 0;
}

/* FLUSH as well: some programs begin their upload with it. */
int store_direct_co_flush(struct store_file *file)
{
	struct direct_file *f = direct_of(file);
	unsigned int timeout_ms = store_tree_timeout(file->tree);
	struct direct_call c;
	int err;

	if (!f->is_open)
		return 0;
	if (!S_ISDIR(f->type)) {
		store_direct_begin(&c, FUSE_FLUSH, f->node->id, NULL,
				   sizeof(c.call.request.body.flush), NULL, 0);
		c.call.request.body.flush.fh = f->handle;
		err = store_direct_co_call(f->node->conn, &c, timeout_ms);
		if (err && err != -ENOSYS)
			return err;
	}
	store_direct_begin(&c, S_ISDIR(f->type) ? FUSE_FSYNCDIR : FUSE_FSYNC,
			   f->node->id, NULL, sizeof(c.call.request.body.fsync),
			   NULL, 0);
	c.call.request.body.fsync.fh = f->handle;
	err = store_direct_co_call(f->node->conn, &c, timeout_ms);
	return err == -ENOSYS ? 0 : err;
}

int store_direct_co_truncate(struct store_file *file, uint64_t size)
{
	struct direct_file *f = direct_of(file);
	struct fuse_attr_out out;
	struct direct_call c;
	struct fuse_setattr_in *in = &c.call.request.body.setattr;

	if (store_file_check_write(file))
		return -EROFS;
	if (size > INT64_MAX)
		return -EFBIG;
	store_direct_begin(&c, FUSE_SETATTR, f->node->id, NULL, sizeof(*in),
			   &out, sizeof(out));
	in->valid = FATTR_SIZE;
	in->size = size;
	if (f->is_open) {
		in->valid |= FATTR_FH;
		in->fh = f->handle;
	}
	f->is_written = true;
	return store_direct_co_call(f->node->conn, &c,
				    store_tree_timeout(file->tree));
}

/* ---- space and holes ---- */

static int co_fallocate(struct store_file *file, uint32_t mode, uint64_t offset,
			uint64_t length)
{
	struct direct_file *f = direct_of(file);
	struct direct_call c;
	struct fuse_fallocate_in *in = &c.call.request.body.fallocate;
	int err = store_file_check_write(file);

	if (err)
		return err;
	store_direct_begin(&c, FUSE_FALLOCATE, f->node->id, NULL, sizeof(*in),
			   NULL, 0);
	in->fh = f->handle;
	in->offset = offset;
	in->length = length;
	in->mode = mode;
	err = store_direct_co_call(f->node->conn, &c,
				   store_tree_timeout(file->tree));
	return err == -ENOSYS ? -EOPNOTSUPP : err;
}

int store_direct_co_allocate(struct store_file *file, uint64_t size)
{
	return size ? co_fallocate(file, FALLOC_FL_KEEP_SIZE, 0, size) : 0;
}

static int co_write_zeroes(struct store_file *file, uint64_t offset,
			   uint64_t end)
{
	uint8_t *zeroes = calloc(1, COPY_BUFFER);
	int err = zeroes ? 0 : -ENOMEM;

	while (!err && offset < end) {
		uint64_t n =
			end - offset < COPY_BUFFER ? end - offset : COPY_BUFFER;

		err = store_direct_co_write(file, zeroes, (uint32_t)n, offset,
					    false);
		offset += n;
	}
	free(zeroes);
	return err;
}

int store_direct_co_zero(struct store_file *file, uint64_t offset,
			 uint64_t length)
{
	struct store_stat st;
	uint64_t end;
	int err = store_direct_co_stat(file, &st);

	if (err || offset >= st.size || !length)
		return err;
	end = length > st.size - offset ? st.size : offset + length;
	err = co_fallocate(file, FALLOC_FL_PUNCH_HOLE | FALLOC_FL_KEEP_SIZE,
			   offset, end - offset);
	return err == -EOPNOTSUPP ? co_write_zeroes(file, offset, end) : err;
}

static int co_lseek(struct store_file *file, uint64_t offset, uint32_t whence,
		    uint64_t *ret_offset)
{
	struct direct_file *f = direct_of(file);
	struct fuse_lseek_out out;
	struct direct_call c;
	int err;

	store_direct_begin(&c, FUSE_LSEEK, f->node->id, NULL,
			   sizeof(c.call.request.body.lseek), &out,
			   sizeof(out));
	c.call.request.body.lseek.fh = f->handle;
	c.call.request.body.lseek.offset = offset;
	c.call.request.body.lseek.whence = whence;
	err = store_direct_co_call(f->node->conn, &c,
				   store_tree_timeout(file->tree));
	if (!err && c.call.length != sizeof(out))
		err = -EPROTO;
	if (!err)
		*ret_offset = out.offset;
	return err;
}

/* A program that knows of no holes has none. */
int store_direct_co_next_data(struct store_file *file, uint64_t offset,
			      uint64_t *ret_start, uint64_t *ret_end)
{
	struct store_stat st;
	uint64_t start, end;
	int err = store_direct_co_stat(file, &st);

	if (err)
		return err;
	if (offset >= st.size)
		return 0;
	err = co_lseek(file, offset, SEEK_DATA, &start);
	if (err == -ENXIO)
		return 0;
	if (!err)
		err = co_lseek(file, start, SEEK_HOLE, &end);
	if (err || start < offset || end <= start) {
		start = offset;
		end = st.size;
	}
	*ret_start = start;
	*ret_end = end < st.size ? end : st.size;
	return 1;
}

/* ---- copies: through our memory ---- */

static uint8_t *room_of_buffer(void *owner, uint32_t length)
{
	return length <= COPY_BUFFER ? owner : NULL;
}

static int64_t co_copy_piece(struct store_file *from, uint64_t from_offset,
			     struct store_file *to, uint64_t to_offset,
			     uint64_t length, uint8_t *buffer)
{
	struct store_read how = {
		.offset = from_offset,
		.length = (uint32_t)length,
		.room = room_of_buffer,
		.owner = buffer,
	};
	struct store_body body;
	int err = store_direct_co_read(from, &how, &body);

	if (!err && body.length)
		err = store_direct_co_write(to, buffer, body.length, to_offset,
					    false);
	return err ? err : (int64_t)body.length;
}

/* Backwards where the target lies ahead on the source, as memmove does. */
int64_t store_direct_co_copy(struct store_file *from, uint64_t from_offset,
			     struct store_file *to, uint64_t to_offset,
			     uint64_t length)
{
	bool is_same = direct_of(from)->node->id == direct_of(to)->node->id &&
		       direct_of(from)->node->conn == direct_of(to)->node->conn;
	bool is_backwards = is_same && to_offset > from_offset &&
			    to_offset - from_offset < length;
	uint8_t *buffer = malloc(COPY_BUFFER);
	struct store_stat st;
	uint64_t done = 0;
	int64_t n = buffer ? store_direct_co_stat(from, &st) : -ENOMEM;

	if (!n && from_offset >= st.size)
		length = 0;
	else if (!n && length > st.size - from_offset)
		length = st.size - from_offset;
	for (n = n ? n : 1; n > 0 && done < length; done += (uint64_t)n) {
		uint64_t left = length - done;
		uint64_t some = left < COPY_BUFFER ? left : COPY_BUFFER;
		uint64_t at = is_backwards ? left - some : done;

		n = co_copy_piece(from, from_offset + at, to, to_offset + at,
				  some, buffer);
		if (n < 0)
			break;
	}
	free(buffer);
	return n < 0 ? n : (int64_t)done;
}

int store_direct_co_clone(struct store_file *from, uint64_t from_offset,
			  struct store_file *to, uint64_t to_offset,
			  uint64_t length)
{
	(void)from;
	(void)from_offset;
	(void)to;
	(void)to_offset;
	(void)length;
	return -EOPNOTSUPP; /* FUSE has no such request */
}

/* The clients' locks are kept above; the program is asked for none. */
int store_direct_co_lock(struct store_file *file, const struct store_span *span,
			 enum store_lock kind)
{
	(void)file;
	(void)span;
	(void)kind;
	return -EOPNOTSUPP;
}
