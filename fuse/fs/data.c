/*
 * Blocks lie in an array, by index: most files are written from front to back,
 * so that a new block is mostly the last, and holes are found by looking at
 * two neighbours.
 */
#include "fuse/fs/data.h"

#include <errno.h>
#include <stdlib.h>
#include <string.h>

/* The first block whose index is at least `index`. */
static size_t block_at_least(const struct memfs_data *data, uint64_t index)
{
	size_t low = 0, high = data->count;

	if (high > 0 && data->blocks[high - 1].index < index)
		return high;
	while (low < high) {
		size_t middle = low + (high - low) / 2;

		if (data->blocks[middle].index < index)
			low = middle + 1;
		else
			high = middle;
	}
	return low;
}

static uint8_t *block_find(const struct memfs_data *data, uint64_t index)
{
	size_t at = block_at_least(data, index);

	if (at == data->count || data->blocks[at].index != index)
		return NULL;
	return data->blocks[at].bytes;
}

static bool room_take(struct memfs_room *room)
{
	if (atomic_fetch_add(&room->used, 1) < room->max)
		return true;
	atomic_fetch_sub(&room->used, 1);
	return false;
}

static int block_make(struct memfs_data *data, struct memfs_room *room,
		      uint64_t index, uint8_t **ret_bytes)
{
	size_t at = block_at_least(data, index);
	uint8_t *bytes;

	if (at < data->count && data->blocks[at].index == index) {
		*ret_bytes = data->blocks[at].bytes;
		return 0;
	}
	if (data->count == data->capacity) {
		size_t capacity = data->capacity ? data->capacity * 2 : 4;
		struct memfs_block *blocks =
			reallocarray(data->blocks, capacity, sizeof(*blocks));

		if (!blocks)
			return -ENOMEM;
		data->blocks = blocks;
		data->capacity = capacity;
	}
	if (!room_take(room))
		return -ENOSPC;
	bytes = calloc(1, MEMFS_BLOCK);
	if (!bytes) {
		atomic_fetch_sub(&room->used, 1);
		return -ENOMEM;
	}
	memmove(data->blocks + at + 1, data->blocks + at,
		(data->count - at) * sizeof(*data->blocks));
	data->blocks[at] = (struct memfs_block){ index, bytes };
	data->count++;
	*ret_bytes = bytes;
	return 0;
}

/* Those from `from` to before `to`, by their place in the array. */
static void blocks_drop(struct memfs_data *data, struct memfs_room *room,
			size_t from, size_t to)
{
	if (from == to)
		return;
	for (size_t i = from; i < to; i++)
		free(data->blocks[i].bytes);
	memmove(data->blocks + from, data->blocks + to,
		(data->count - to) * sizeof(*data->blocks));
	data->count -= to - from;
	atomic_fetch_sub(&room->used, to - from);
}

void memfs_data_fini(struct memfs_data *data, struct memfs_room *room)
{
	blocks_drop(data, room, 0, data->count);
	free(data->blocks);
	*data = (struct memfs_data){ 0 };
}

/* The part of its block that starts at `offset` and has `length` at most. */
static size_t piece_of(uint64_t offset, uint64_t length)
{
	size_t rest = MEMFS_BLOCK - (size_t)(offset % MEMFS_BLOCK);

	return length < rest ? (size_t)length : rest;
}

size_t memfs_data_read(const struct memfs_data *data, uint64_t offset,
		       void *ret_bytes, size_t length)
{
	uint8_t *to = ret_bytes;
	size_t done = 0;

	if (offset >= data->size)
		return 0;
	if (length > data->size - offset)
		length = (size_t)(data->size - offset);
	while (done < length) {
		uint64_t at = offset + done;
		size_t piece = piece_of(at, length - done);
		const uint8_t *bytes = block_find(data, at / MEMFS_BLOCK);

		if (bytes)
			memcpy(to + done, bytes + at % MEMFS_BLOCK, piece);
		else
			memset(to + done, 0, piece);
		done += piece;
	}
	return length;
}

int memfs_data_reserve(struct memfs_data *data, struct memfs_room *room,
		       uint64_t offset, uint64_t length)
{
	uint64_t last;
	uint8_t *bytes;

	if (length == 0)
		return 0;
	if (offset > MEMFS_SIZE_MAX || length > MEMFS_SIZE_MAX - offset)
		return -EFBIG;
	last = (offset + length - 1) / MEMFS_BLOCK;
	/* What can't fit is not begun. */
	if (last - offset / MEMFS_BLOCK >= room->max)
		return -ENOSPC;
	for (uint64_t i = offset / MEMFS_BLOCK; i <= last; i++) {
		int err = block_make(data, room, i, &bytes);

		if (err < 0)
			return err;
	}
	return 0;
}

int memfs_data_write(struct memfs_data *data, struct memfs_room *room,
		     uint64_t offset, const void *bytes, size_t length)
{
	const uint8_t *from = bytes;
	size_t done = 0;
	int err = memfs_data_reserve(data, room, offset, length);

	if (err < 0)
		return err;
	while (done < length) {
		uint64_t at = offset + done;
		size_t piece = piece_of(at, length - done);

		memcpy(block_find(data, at / MEMFS_BLOCK) + at % MEMFS_BLOCK,
		       from + done, piece);
		done += piece;
	}
	if (length > 0 && data->size < offset + length)
		data->size = offset + length;
	return 0;
}

/* Zeroes in a block, if it is there. */
static void wipe(struct memfs_data *data, uint64_t offset, size_t length)
{
	uint8_t *bytes = block_find(data, offset / MEMFS_BLOCK);

	if (bytes)
		memset(bytes + offset % MEMFS_BLOCK, 0, length);
}

void memfs_data_punch(struct memfs_data *data, struct memfs_room *room,
		      uint64_t offset, uint64_t length)
{
	uint64_t end = offset + length, first, last;

	if (length == 0 || end < offset)
		return;
	first = (offset + MEMFS_BLOCK - 1) / MEMFS_BLOCK;
	last = end / MEMFS_BLOCK;
	if (offset % MEMFS_BLOCK)
		wipe(data, offset, piece_of(offset, length));
	if (end % MEMFS_BLOCK && last >= first)
		wipe(data, last * MEMFS_BLOCK, (size_t)(end % MEMFS_BLOCK));
	if (first < last)
		blocks_drop(data, room, block_at_least(data, first),
			    block_at_least(data, last));
}

int memfs_data_resize(struct memfs_data *data, struct memfs_room *room,
		      uint64_t size)
{
	if (size > MEMFS_SIZE_MAX)
		return -EFBIG;
	/* Blocks may have been reserved behind the end. */
	if (size < data->size || data->count > 0)
		memfs_data_punch(data, room, size, UINT64_MAX - size);
	data->size = size;
	return 0;
}

int64_t memfs_data_seek(const struct memfs_data *data, uint64_t offset,
			bool is_hole)
{
	uint64_t index = offset / MEMFS_BLOCK;
	size_t at = block_at_least(data, index);

	if (offset >= data->size)
		return -ENXIO;
	if (is_hole) {
		while (at < data->count && data->blocks[at].index == index)
			at++, index++;
	} else {
		if (at == data->count)
			return -ENXIO;
		index = data->blocks[at].index;
	}
	if (index > offset / MEMFS_BLOCK)
		offset = index * MEMFS_BLOCK;
	if (offset >= data->size)
		return is_hole ? (int64_t)data->size : -ENXIO;
	return (int64_t)offset;
}
