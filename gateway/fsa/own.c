/*
 * The table of our own changes: rows by hash, some ways in each.
 */
#include "gateway/fsa/own.h"

#include <stddef.h>

uint64_t fsa_own_hash(uint64_t root, const char *path)
{
	uint64_t hash = UINT64_C(14695981039346656037); /* FNV-1a */

	hash = (hash ^ root) * UINT64_C(1099511628211);
	for (; *path; path++)
		hash = (hash ^ (unsigned char)*path) * UINT64_C(1099511628211);
	return hash ^ hash >> 29;
}

static size_t row_of(uint64_t hash)
{
	return hash & (FSA_OWN_ROWS - 1);
}

void fsa_own_put(struct fsa_own *own, enum fsa_own_kind kind, uint64_t hash,
		 uint64_t now_ns)
{
	size_t row = row_of(hash), oldest = 0;

	for (size_t i = 0; i < FSA_OWN_WAYS; i++) {
		/* Of changes the last one is all that counts. */
		if (kind == FSA_OWN_CHANGED && own->rows[row][i].kind == kind &&
		    own->rows[row][i].hash == hash) {
			oldest = i;
			break;
		}
		if (own->rows[row][i].at_ns < own->rows[row][oldest].at_ns)
			oldest = i;
	}
	own->rows[row][oldest].hash = hash;
	own->rows[row][oldest].at_ns = now_ns;
	own->rows[row][oldest].kind = kind;
}

bool fsa_own_take(struct fsa_own *own, enum fsa_own_kind kind, uint64_t hash,
		  uint64_t since_ns)
{
	size_t row = row_of(hash), found = FSA_OWN_WAYS;

	for (size_t i = 0; i < FSA_OWN_WAYS; i++) {
		if (own->rows[row][i].kind != kind ||
		    own->rows[row][i].hash != hash ||
		    own->rows[row][i].at_ns < since_ns)
			continue;
		/* The oldest first, as they are told. */
		if (found == FSA_OWN_WAYS ||
		    own->rows[row][i].at_ns < own->rows[row][found].at_ns)
			found = i;
	}
	if (found == FSA_OWN_WAYS)
		return false;
	/* That it was made stays known: its facts were set with it. */
	if (kind == FSA_OWN_CAME) {
		own->rows[row][found].kind = FSA_OWN_CHANGED;
		return true;
	}
	own->rows[row][found].kind = FSA_OWN_NONE;
	own->rows[row][found].at_ns = 0;
	return true;
}

uint64_t fsa_own_last(const struct fsa_own *own, uint64_t hash)
{
	size_t row = row_of(hash);
	uint64_t last = 0;

	for (size_t i = 0; i < FSA_OWN_WAYS; i++) {
		if (own->rows[row][i].hash == hash &&
		    (own->rows[row][i].kind == FSA_OWN_CAME ||
		     own->rows[row][i].kind == FSA_OWN_CHANGED) &&
		    own->rows[row][i].at_ns > last)
			last = own->rows[row][i].at_ns;
	}
	return last;
}
