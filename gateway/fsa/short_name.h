/*
 * Names of 8.3 for files whose own names are longer (MS-FSCC 2.1.5.2.1): made
 * from the name alone, so that they are the same always and nothing has to be
 * stored. And what a volume remembers of those that were used. Pure but for
 * the memory. Private to gateway/fsa/.
 */
#pragma once

#include <stdbool.h>
#include <stddef.h>
#include <stdint.h>

#include "gateway/fsa/fsa.h"
#include "gateway/fsa/node.h"
#include "smb/ports.h"

enum {
	FSA_SHORT_MAX = 12,
};

/* Whether it is a name of 8.3 already: it is then its own short name. */
bool fsa_short_name_is(struct smb_name name);

/*
 * The short name of one that is none itself: the count of units, 0 for the
 * names of dots. Two names may have the same one: that among a thousand of a
 * directory there are such has a chance of one to four thousand.
 */
size_t fsa_short_name_make(struct smb_name name, uint16_t to[FSA_SHORT_MAX]);

/* The same of a component as it is on disk; 0 if it needs none. */
size_t fsa_short_name_of_disk(const struct fsa_share *share, const char *disk,
			      uint16_t to[FSA_SHORT_MAX]);

/* Whether fsa_short_name_make() could have made it, in whatever case. */
bool fsa_short_name_is_made(struct smb_name name);

/*
 * Which long names were found by their short ones lately (MS-FSA calls such a
 * memory the tunnel cache): programs delete a file by the short name that they
 * know and make it anew by the same, and its long name is to stay.
 */
struct fsa_tunnel;

/* Remembers it; `now` is loop_now(). Nothing happens without memory. */
void fsa_tunnel_put(struct fsa_tunnel **tunnel, const struct store_key *dir,
		    const char *short_name, const char *name, uint64_t now);

/* The long name, as it is on disk, borrowed until the next put; or NULL. */
const char *fsa_tunnel_find(const struct fsa_tunnel *tunnel,
			    const struct store_key *dir, const char *short_name,
			    uint64_t now);
