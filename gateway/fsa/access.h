/*
 * Access rights: their meaning, and who has them. Private to gateway/fsa/;
 * fsa_access_map() and fsa_co_access_max() are in object.h.
 */
#pragma once

#include <stdbool.h>
#include <stdint.h>

#include "gateway/fsa/dacl.h"
#include "gateway/fsa/object.h"

/*
 * Whether such a mask may be asked for at all (generic rights replaced): not
 * nothing, no unknown bits (ACCESS_DENIED), no PRIVILEGE_NOT_HELD. Pure.
 */
enum nt_status fsa_access_check_mask(uint32_t access);

/* What Linux says of a user and a file. */
struct fsa_access_facts {
	bool is_directory;
	bool is_owner;
	bool can_read, can_write, can_execute;
	bool can_delete; /* take its name out of its directory */
};

/* The rights that they make. Pure. */
uint32_t fsa_access_of(const struct fsa_access_facts *facts);

/* Whether the share as a whole refuses this user every change. */
bool fsa_volume_is_read_only(const struct fsa_volume *volume);

/* What the share leaves of anybody's rights. */
uint32_t fsa_volume_access(const struct fsa_volume *volume);

/* Those of the rights that change nothing. */
uint32_t fsa_access_to_read(uint32_t mask);

/*
 * SUCCESS if the user may do all that is in `wanted` to the file, else
 * ACCESS_DENIED. `parent` is the directory of its name, NULL for the root;
 * `proven` is what the kernel has shown already, by opening the file as him.
 */
enum nt_status fsa_co_access_check(struct fsa_volume *volume,
				   struct store_file *file,
				   const struct store_stat *stat,
				   struct store_file *parent, uint32_t wanted,
				   uint32_t proven);

/*
 * Whether the directory's descriptor lets the user add a name to it. What
 * Linux says to that it says itself.
 */
enum nt_status fsa_co_access_add(struct fsa_volume *volume,
				 struct store_file *dir, bool is_directory);

/* Whether the user may read all of a file, and so shall know of it. */
bool fsa_co_access_sees(struct fsa_volume *volume, struct store_file *file,
			const struct store_stat *stat);

/* Who the user of a volume is; borrows its credentials. */
struct fsa_subject fsa_volume_subject(const struct fsa_volume *volume);
