/*
 * Byte-range locks of one file: MS-FSA 2.1.5.7 and 2.1.5.8. Pure: a list of
 * ranges with owners. A range of length 0 is legal; it conflicts only with
 * ranges that it lies strictly inside of.
 *
 * Thread: under the lock of the node that embeds it.
 */
#pragma once

#include <stdbool.h>
#include <stddef.h>
#include <stdint.h>

struct fsa_range {
	uint64_t offset;
	uint64_t length; /* offset + length - 1 fits 64 bits */
	bool is_exclusive;
	const void *owner; /* an open */
};

struct fsa_ranges {
	struct fsa_range *at; /* malloc */
	size_t count, size;
};

/* Whether the owner could lock it now. */
bool fsa_range_is_free(const struct fsa_ranges *r,
		       const struct fsa_range *want);

/* Adds a range that is free: false if out of memory. */
bool fsa_range_add(struct fsa_ranges *r, const struct fsa_range *range);

/*
 * Removes the owner's range with exactly these bounds, an exclusive one first;
 * false: there is none.
 */
bool fsa_range_remove(struct fsa_ranges *r, const void *owner, uint64_t offset,
		      uint64_t length);

/* Takes back the `count` ranges that were added last. */
void fsa_range_undo(struct fsa_ranges *r, size_t count);

/* Removes all ranges of an owner; true if there was one. */
bool fsa_range_remove_owner(struct fsa_ranges *r, const void *owner);

/* Whether the owner has a range. */
bool fsa_range_has_owner(const struct fsa_ranges *r, const void *owner);

/* Whether the owner may read (or write) the bytes in spite of others' locks. */
bool fsa_range_allows_io(const struct fsa_ranges *r, const void *owner,
			 uint64_t offset, uint64_t length, bool is_write);

/* Frees the list; it is then empty and may be used again. */
void fsa_ranges_fini(struct fsa_ranges *r);
