/*
 * How many connections there may be: in all, of one address, and of one
 * address before it has logged on. Each is counted from its accept to its
 * end, by one object that gives it back exactly once.
 *
 * Thread: shared (its lock, held for one lookup).
 */
#pragma once

#include <stdbool.h>
#include <stddef.h>
#include <stdint.h>

struct gw_admission;
struct gw_peer;

/* NULL: out of memory. */
struct gw_admission *gw_admission_new(size_t connections, size_t per_address,
				      size_t strangers_per_address);
struct gw_admission *gw_admission_free(struct gw_admission *admission);

/*
 * A new connection from `address` (16 bytes), a stranger for now. NULL: there
 * are too many already; ret_why says of what (static).
 */
struct gw_peer *gw_admission_enter(struct gw_admission *admission,
				   const uint8_t address[16],
				   const char **ret_why);

/* It has logged on, or is a stranger again. */
void gw_admission_known(struct gw_admission *admission, struct gw_peer *peer,
			bool is_known);

/* `was_known`: as it was told last. */
void gw_admission_leave(struct gw_admission *admission, struct gw_peer *peer,
			bool was_known);

/* Connections now. */
size_t gw_admission_count(struct gw_admission *admission);
