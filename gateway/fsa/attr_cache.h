/*
 * What extended attributes said of a file, remembered as long as its change
 * time is the same: it moves with every one that is set or removed. Shared by
 * all workers; of a fixed size, so that no client can make it grow.
 *
 * Only for file systems that date such changes (store_tree_dates_xattrs()),
 * and only what the attributes say to everybody: what one user may not read,
 * another's knowledge must not tell him. Private to gateway/fsa/.
 *
 * Thread: any worker.
 */
#pragma once

#include <stdbool.h>
#include <stdint.h>

#include "gateway/fsa/object.h"

struct fsa_attr_cache;

enum fsa_attr_known {
	FSA_KNOWN_DOSATTR = 0x1,       /* user.DOSATTRIB: `dosattr` */
	FSA_KNOWN_NO_EAS = 0x2,        /* no client's attribute is there */
	FSA_KNOWN_NO_DESCRIPTOR = 0x4, /* and no stored descriptor */
};

struct fsa_attr_facts {
	unsigned int known; /* enum fsa_attr_known */
	struct fsa_dosattr dosattr;
};

/* fsa.c's: the one of the process. */
struct fsa_attr_cache *fsa_attr_cache_of(struct fsa *fsa);

/* NULL: out of memory. */
struct fsa_attr_cache *fsa_attr_cache_new(void);
struct fsa_attr_cache *fsa_attr_cache_free(struct fsa_attr_cache *cache);

/* Whether anything of such a file may be remembered. */
bool fsa_attr_cache_takes(const struct fsa_share *share,
			  const struct store_stat *stat);

/*
 * What is known of the file with this stat, which must be fresh; nothing where
 * it can't be. `stat` may be NULL.
 */
void fsa_attr_cache_find(const struct fsa_share *share,
			 const struct store_stat *stat,
			 struct fsa_attr_facts *ret_facts);

/*
 * Adds what was read of the file. `stat` is from before the reading began, and
 * that was at `began_ns` of loop_wall_now(); a file that was changed a moment
 * before is not remembered, as the next change may leave the same time.
 */
void fsa_attr_cache_add(const struct fsa_share *share,
			const struct store_stat *stat, uint64_t began_ns,
			const struct fsa_attr_facts *facts);
