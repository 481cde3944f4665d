/*
 * The only hands that touch foreign bytes: a reader and a writer over a piece
 * of memory, little-endian, bounds-checked and sticky. After the first read
 * that does not fit all reads give 0 and rd_ok() says so; after the first
 * write that does not fit nothing more is written and wr_ok() says so. Read
 * every field, test once, then use.
 *
 * Neither owns its memory: it borrows it for as long as the cursor is used.
 * Thread: worker.
 */
#pragma once

#include <assert.h>
#include <stdbool.h>
#include <stddef.h>
#include <stdint.h>
#include <string.h>

/* A piece of memory that somebody else owns. */
struct bytes {
	const uint8_t *at;
	size_t length;
};

struct reader {
	const uint8_t *start;
	size_t length;
	size_t at;
	bool is_bad;
};

/* True if offset + length is no more than max, in arithmetic that can't wrap. */
static inline bool sum_fits(uint64_t offset, uint64_t length, uint64_t max)
{
	return offset <= max && length <= max - offset;
}

/* An empty piece may be NULL: the reader then stands on one of its own. */
static inline struct reader reader_at(const void *start, size_t length)
{
	assert(start || length == 0);
	return (struct reader){ .start = start ? start : (const void *)"",
				.length = length };
}

static inline struct reader reader_of(struct bytes b)
{
	return reader_at(b.at, b.length);
}

static inline bool rd_ok(const struct reader *r)
{
	return !r->is_bad;
}

/* Bytes that are still to be read; 0 once the reader is bad. */
static inline size_t rd_left(const struct reader *r)
{
	return r->is_bad ? 0 : r->length - r->at;
}

/* Makes the reader bad: for a value that is well-formed and yet wrong. */
static inline void rd_fail(struct reader *r)
{
	r->is_bad = true;
}

/* The next `n` bytes where they lie, or NULL; moves behind them. */
static inline const uint8_t *rd_raw(struct reader *r, size_t n)
{
	if (r->is_bad || n > r->length - r->at) {
		r->is_bad = true;
		return NULL;
	}
	const uint8_t *p = r->start + r->at;

	r->at += n;
	return p;
}

static inline uint64_t rd_uint(struct reader *r, unsigned int size)
{
	const uint8_t *p = rd_raw(r, size);
	uint64_t v = 0;

	for (unsigned int i = 0; p && i < size; i++)
		v |= (uint64_t)p[i] << (8 * i);
	return v;
}

static inline uint8_t rd_u8(struct reader *r)
{
	return (uint8_t)rd_uint(r, 1);
}

static inline uint16_t rd_u16(struct reader *r)
{
	return (uint16_t)rd_uint(r, 2);
}

static inline uint32_t rd_u32(struct reader *r)
{
	return (uint32_t)rd_uint(r, 4);
}

static inline uint64_t rd_u64(struct reader *r)
{
	return rd_uint(r, 8);
}

static inline void rd_skip(struct reader *r, size_t n)
{
	(void)rd_raw(r, n);
}

/* Moves to an absolute position; bad if it lies behind the end. */
static inline void rd_seek(struct reader *r, size_t at)
{
	if (r->is_bad || at > r->length)
		r->is_bad = true;
	else
		r->at = at;
}

/* Moves up to the next multiple of `to`, a power of two, from the start. */
static inline void rd_align(struct reader *r, size_t to)
{
	rd_skip(r, (to - r->at % to) % to);
}

/* Copies `n` bytes out; zeroes if there are fewer. */
static inline void rd_copy(struct reader *r, void *to, size_t n)
{
	const uint8_t *p = rd_raw(r, n);

	if (p)
		memcpy(to, p, n);
	else
		memset(to, 0, n);
}

/* The next `n` bytes as a piece of their own; empty if there are fewer. */
static inline struct bytes rd_bytes(struct reader *r, size_t n)
{
	const uint8_t *p = rd_raw(r, n);

	return (struct bytes){ .at = p, .length = p ? n : 0 };
}

/*
 * A piece that the message places by an absolute offset and a length, both
 * foreign. The reader does not move. It turns bad if the piece does not lie
 * inside; a length of 0 is an empty piece, wherever the offset points.
 */
static inline struct bytes rd_piece(struct reader *r, uint64_t offset,
				    uint64_t length)
{
	if (r->is_bad || length == 0)
		return (struct bytes){ .at = NULL };
	if (!sum_fits(offset, length, r->length)) {
		r->is_bad = true;
		return (struct bytes){ .at = NULL };
	}
	return (struct bytes){ .at = r->start + offset,
			       .length = (size_t)length };
}

/* A reader of the next `n` bytes alone; this one moves behind them. */
static inline struct reader rd_sub(struct reader *r, size_t n)
{
	const uint8_t *p = rd_raw(r, n);

	return (struct reader){ .start = p, .length = p ? n : 0, .is_bad = !p };
}

struct writer {
	uint8_t *start;
	size_t size;
	size_t at;
	bool is_bad;
};

/* A place in the output whose value comes later. */
struct later {
	size_t at;
};

static inline struct writer writer_at(void *start, size_t size)
{
	return (struct writer){ .start = start, .size = size };
}

static inline bool wr_ok(const struct writer *w)
{
	return !w->is_bad;
}

static inline size_t wr_left(const struct writer *w)
{
	return w->is_bad ? 0 : w->size - w->at;
}

static inline void wr_fail(struct writer *w)
{
	w->is_bad = true;
}

/* Room for `n` bytes that the caller must fill wholly, or NULL. */
static inline uint8_t *wr_room(struct writer *w, size_t n)
{
	if (w->is_bad || n > w->size - w->at) {
		w->is_bad = true;
		return NULL;
	}
	uint8_t *p = w->start + w->at;

	w->at += n;
	return p;
}

static inline void wr_uint_to(uint8_t *p, uint64_t v, unsigned int size)
{
	for (unsigned int i = 0; i < size; i++)
		p[i] = (uint8_t)(v >> (8 * i));
}

static inline void wr_uint(struct writer *w, uint64_t v, unsigned int size)
{
	uint8_t *p = wr_room(w, size);

	if (p)
		wr_uint_to(p, v, size);
}

static inline void wr_u8(struct writer *w, uint8_t v)
{
	wr_uint(w, v, 1);
}

static inline void wr_u16(struct writer *w, uint16_t v)
{
	wr_uint(w, v, 2);
}

static inline void wr_u32(struct writer *w, uint32_t v)
{
	wr_uint(w, v, 4);
}

static inline void wr_u64(struct writer *w, uint64_t v)
{
	wr_uint(w, v, 8);
}

static inline void wr_zero(struct writer *w, size_t n)
{
	uint8_t *p = wr_room(w, n);

	if (p && n)
		memset(p, 0, n);
}

static inline void wr_copy(struct writer *w, const void *from, size_t n)
{
	uint8_t *p = wr_room(w, n);

	if (p && n)
		memcpy(p, from, n);
}

/* Zeroes up to the next multiple of `to`, a power of two, from the start. */
static inline void wr_align(struct writer *w, size_t to)
{
	wr_zero(w, (to - w->at % to) % to);
}

static inline struct later wr_later_u16(struct writer *w)
{
	struct later l = { .at = w->at };

	wr_u16(w, 0);
	return l;
}

static inline struct later wr_later_u32(struct writer *w)
{
	struct later l = { .at = w->at };

	wr_u32(w, 0);
	return l;
}

static inline void wr_now_uint(struct writer *w, struct later l, uint64_t v,
			       unsigned int size)
{
	if (!w->is_bad) {
		assert(l.at + size <= w->at);
		wr_uint_to(w->start + l.at, v, size);
	}
}

static inline void wr_now_u16(struct writer *w, struct later l, uint16_t v)
{
	wr_now_uint(w, l, v, 2);
}

static inline void wr_now_u32(struct writer *w, struct later l, uint32_t v)
{
	wr_now_uint(w, l, v, 4);
}
