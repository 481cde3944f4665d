/*
 * The bytes of one file in memory: blocks where something was written, holes
 * where nothing was.
 *
 * Pure; not locked.
 */
#pragma once

#include <stdatomic.h>
#include <stdbool.h>
#include <stddef.h>
#include <stdint.h>

enum {
	MEMFS_BLOCK = 4096,
};

/* Larger files are EFBIG: what fits into a signed offset, in whole blocks. */
#define MEMFS_SIZE_MAX (INT64_MAX - MEMFS_BLOCK)

/* Room for blocks, which all files of a file system have in common.
   Thread: shared (atomic). */
struct memfs_room {
	_Atomic uint64_t used; /* blocks */
	uint64_t max;
};

struct memfs_block {
	uint64_t index;
	uint8_t *bytes;
};

/* Zeroed: an empty file. */
struct memfs_data {
	uint64_t size;
	struct memfs_block *blocks; /* by index */
	size_t count;
	size_t capacity;
};

void memfs_data_fini(struct memfs_data *data, struct memfs_room *room);

/* How many bytes were read: fewer than `length` only at the end. */
size_t memfs_data_read(const struct memfs_data *data, uint64_t offset,
		       void *ret_bytes, size_t length);

/*
 * All of it, or nothing: 0, -ENOSPC (the room is used up), -EFBIG or -ENOMEM.
 */
int memfs_data_write(struct memfs_data *data, struct memfs_room *room,
		     uint64_t offset, const void *bytes, size_t length);

/* What is behind `size` is gone, and zeroes if the file grows again. */
int memfs_data_resize(struct memfs_data *data, struct memfs_room *room,
		      uint64_t size);

/* Makes a hole of it; the size stays. */
void memfs_data_punch(struct memfs_data *data, struct memfs_room *room,
		      uint64_t offset, uint64_t length);

/* Sees to it that there is room: as _write(), with zeroes for holes. */
int memfs_data_reserve(struct memfs_data *data, struct memfs_room *room,
		       uint64_t offset, uint64_t length);

/*
 * SEEK_HOLE or SEEK_DATA of lseek(2): the next hole or data at `offset` or
 * behind. The end is a hole. -ENXIO: there is none.
 */
int64_t memfs_data_seek(const struct memfs_data *data, uint64_t offset,
			bool is_hole);
