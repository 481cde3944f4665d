/*
 * When two names are the same but for case, and sets of names to be found so.
 * Pure. Private to gateway/fsa/.
 */
#pragma once

#include <stdbool.h>
#include <stddef.h>
#include <stdint.h>

#include "gateway/fsa/fsa.h"
#include "smb/ports.h"

enum {
	/* Units of a folded name: no component has more (MS-FSCC 2.1.5). */
	FSA_FOLDED_MAX = 255,
};

struct fsa_folded {
	uint32_t count;
	uint32_t hash;
	uint16_t units[FSA_FOLDED_MAX];
};

/* Names are the same but for case if their folded forms are. */
void fsa_fold(struct smb_name name, struct fsa_folded *ret_folded);

/* Of a component as it is on disk. */
void fsa_fold_disk(const struct fsa_share *share, const char *disk,
		   struct fsa_folded *ret_folded);
bool fsa_folded_equal(const struct fsa_folded *a, const struct fsa_folded *b);

/*
 * A set of names on disk. Start with {}; end with fsa_name_set_fini().
 */
struct fsa_name_set {
	size_t count;
	struct fsa_name_slot *slots; /* a power of two of them, half empty */
	size_t slot_count;
	char *text; /* the names, each with its NUL */
	size_t text_used, text_size;
};

/* False: out of memory; the set is as it was. */
bool fsa_name_set_add(struct fsa_name_set *set, const struct fsa_share *share,
		      const char *disk);

/* Takes out the name that has just these bytes, if it is there. */
void fsa_name_set_remove(struct fsa_name_set *set,
			 const struct fsa_share *share, const char *disk);

/*
 * A name of the set that equals `want` but for case, the first that was added;
 * borrowed until the next add. NULL if there is none.
 */
const char *fsa_name_set_find(const struct fsa_name_set *set,
			      const struct fsa_share *share,
			      const struct fsa_folded *want);

/* The name of the set whose short name (short_name.h) is `want`; the same. */
const char *fsa_name_set_find_short(const struct fsa_name_set *set,
				    const struct fsa_share *share,
				    const struct fsa_folded *want);
void fsa_name_set_fini(struct fsa_name_set *set);
