/*
 * The write time that clients see of a file that is being written. Pure.
 * Private to gateway/fsa/.
 *
 *             write               2 s, FLUSH, size or times set
 *   settled ─────────> pending ────────────────────────────────> settled
 *      │                                                            ^
 *      └──after a first write that was settled: another──> stale ───┘
 *                                                          CLOSE, and as there
 *
 * Thread: of a node; under its lock.
 */
#pragma once

#include <stdbool.h>
#include <stdint.h>

enum fsa_write_time_state {
	FSA_WRITE_TIME_SETTLED, /* what the file system has is shown */
	FSA_WRITE_TIME_PENDING, /* what was there before is, for a while */
	FSA_WRITE_TIME_STALE,   /* and what was settled last is, until CLOSE */
};

/* Times are FILETIME, clocks loop_now(). Start with {}. */
struct fsa_write_time {
	enum fsa_write_time_state state;
	bool was_settled; /* since somebody began to write */
	uint64_t shown;   /* unless settled */
	uint64_t since;   /* when it was written, if pending */
};

/* Whether wrote() wants to know the file's own write time before a write. */
bool fsa_write_time_asks(const struct fsa_write_time *wt, uint64_t now);

/* There is a write to come; `before` is the write time now, if that asked. */
void fsa_write_time_wrote(struct fsa_write_time *wt, uint64_t before,
			  uint64_t now);

/* Something makes it be shown at once (MS-FSA 2.1.4.17, 2.1.5.7, …). */
void fsa_write_time_settle(struct fsa_write_time *wt);

/*
 * Somebody who has written closes. True: writes have not been accounted for,
 * and the time of this moment is to become the file's.
 */
bool fsa_write_time_close(struct fsa_write_time *wt);

/* What clients see, where the file system says `own`. */
uint64_t fsa_write_time_shown(const struct fsa_write_time *wt, uint64_t own,
			      uint64_t now);
