/*
 * The play of the channels: one client with several channels goes through a
 * script of writes, locks and renames, while its channels are cut, late and
 * silent whenever chance will; a second client reads along, with a lease of
 * its own. However it went, the end is that of one channel that nobody
 * disturbs: no acknowledged write is lost, nothing is done twice, and no lease
 * is in two hands.
 */
#pragma once

#include <stdbool.h>
#include <stdint.h>

struct cuts_options {
	uint64_t seed;
	bool is_calm; /* one channel, nothing happens to it, and nobody else */
	bool is_verbose;
};

struct cuts_result {
	const char *why; /* what went wrong; NULL: nothing */
	uint64_t events; /* of the simulated world */
	uint64_t trace;
	unsigned int cuts, silences; /* of channels */
	unsigned int binds, logons;  /* channels and sessions that came up */
	unsigned int replays;        /* requests that were sent again */
	unsigned int refusals;       /* FILE_NOT_AVAILABLE */
	unsigned int reopens;        /* opens that were lost with a session */
	unsigned int reads, breaks;  /* of the second client; of leases */
	char end[512];               /* names and bytes, as text */
};

struct cuts_result cuts(const struct cuts_options *options);
