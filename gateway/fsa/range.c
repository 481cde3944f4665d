/*
 * The byte ranges that are locked in one file (MS-FSA 2.1.4.10), as a plain
 * list in the order of locking: files have few of them. Pure; waiting for a
 * range is lock.c's.
 *
 * An open's locks bind itself as well: it can't lock exclusively what it has
 * locked already, and a shared lock keeps even its owner from writing. It may
 * share what it holds exclusively, and an unlock then takes the exclusive one
 * away first.
 */
#include "gateway/fsa/range.h"

#include <stdlib.h>
#include <string.h>

/*
 * Whether two ranges have a byte in common. One of length 0 is a point between
 * bytes: it meets those that it lies inside of, at neither of their ends.
 */
static bool meet(uint64_t a, uint64_t a_length, uint64_t b, uint64_t b_length)
{
	if (!a_length && !b_length)
		return false;
	if (!a_length)
		return a > b && a - b < b_length;
	if (!b_length)
		return b > a && b - a < a_length;
	return a <= b ? b - a < a_length : a - b < b_length;
}

static bool conflicts(const struct fsa_range *held,
		      const struct fsa_range *want)
{
	if (!held->is_exclusive && !want->is_exclusive)
		return false;
	if (held->owner == want->owner && !want->is_exclusive)
		return false;
	return meet(held->offset, held->length, want->offset, want->length);
}

bool fsa_range_is_free(const struct fsa_ranges *r, const struct fsa_range *want)
{
	for (size_t i = 0; i < r->count; i++) {
		if (conflicts(&r->at[i], want))
			return false;
	}
	return true;
}

bool fsa_range_add(struct fsa_ranges *r, const struct fsa_range *range)
{
	if (r->count == r->size) {
		size_t size = r->size ? 2 * r->size : 4;
		struct fsa_range *at =
			reallocarray(r->at, size, sizeof(*r->at));

		if (!at)
			return false;
		r->at = at;
		r->size = size;
	}
	r->at[r->count++] = *range;
	return true;
}

static void remove_at(struct fsa_ranges *r, size_t i)
{
	r->count--;
	memmove(&r->at[i], &r->at[i + 1], (r->count - i) * sizeof(*r->at));
	if (!r->count)
		fsa_ranges_fini(r);
}

bool fsa_range_remove(struct fsa_ranges *r, const void *owner, uint64_t offset,
		      uint64_t length)
{
	size_t found = SIZE_MAX;

	for (size_t i = 0; i < r->count; i++) {
		const struct fsa_range *at = &r->at[i];

		if (at->owner != owner || at->offset != offset ||
		    at->length != length)
			continue;
		if (found == SIZE_MAX)
			found = i;
		if (at->is_exclusive) {
			found = i;
			break;
		}
	}
	if (found == SIZE_MAX)
		return false;
	remove_at(r, found);
	return true;
}

void fsa_range_undo(struct fsa_ranges *r, size_t count)
{
	r->count -= count;
	if (!r->count)
		fsa_ranges_fini(r);
}

bool fsa_range_remove_owner(struct fsa_ranges *r, const void *owner)
{
	size_t kept = 0, count = r->count;

	for (size_t i = 0; i < count; i++) {
		if (r->at[i].owner != owner)
			r->at[kept++] = r->at[i];
	}
	r->count = kept;
	if (count && !kept)
		fsa_ranges_fini(r);
	return kept < count;
}

bool fsa_range_has_owner(const struct fsa_ranges *r, const void *owner)
{
	for (size_t i = 0; i < r->count; i++) {
		if (r->at[i].owner == owner)
			return true;
	}
	return false;
}

bool fsa_range_allows_io(const struct fsa_ranges *r, const void *owner,
			 uint64_t offset, uint64_t length, bool is_write)
{
	for (size_t i = 0; i < r->count; i++) {
		const struct fsa_range *held = &r->at[i];
		bool binds =
			held->is_exclusive ? held->owner != owner : is_write;

		/* No bytes, no conflict: also not with a lock around them. */
		if (binds && length && held->length &&
		    meet(held->offset, held->length, offset, length))
			return false;
	}
	return true;
}

void fsa_ranges_fini(struct fsa_ranges *r)
{
	free(r->at);
	*r = (struct fsa_ranges){ 0 };
}
