/*
 * When a write becomes a write time. Windows tells of it late: within two
 * seconds of the first, and of the later ones not before the handle is closed.
 * Programs rely on that, for instance to see whether it was them who wrote.
 * The file system has each write's time at once, and keeps what it has.
 */
#include "gateway/fsa/write_time.h"

/* Within which a first write shows. */
#define PENDING_NS UINT64_C(2000000000)

static bool is_over(const struct fsa_write_time *wt, uint64_t now)
{
	return wt->state == FSA_WRITE_TIME_PENDING &&
	       now - wt->since >= PENDING_NS;
}

bool fsa_write_time_asks(const struct fsa_write_time *wt, uint64_t now)
{
	return wt->state == FSA_WRITE_TIME_SETTLED || is_over(wt, now);
}

void fsa_write_time_wrote(struct fsa_write_time *wt, uint64_t before,
			  uint64_t now)
{
	if (!fsa_write_time_asks(wt, now))
		return;
	if (is_over(wt, now))
		fsa_write_time_settle(wt);
	wt->state =
		wt->was_settled ? FSA_WRITE_TIME_STALE : FSA_WRITE_TIME_PENDING;
	wt->shown = before;
	wt->since = now;
}

void fsa_write_time_settle(struct fsa_write_time *wt)
{
	if (wt->state == FSA_WRITE_TIME_SETTLED)
		return;
	wt->state = FSA_WRITE_TIME_SETTLED;
	wt->was_settled = true;
}

bool fsa_write_time_close(struct fsa_write_time *wt)
{
	bool is_stale = wt->state == FSA_WRITE_TIME_STALE;

	*wt = (struct fsa_write_time){ 0 };
	return is_stale;
}

uint64_t fsa_write_time_shown(const struct fsa_write_time *wt, uint64_t own,
			      uint64_t now)
{
	if (wt->state == FSA_WRITE_TIME_SETTLED || is_over(wt, now))
		return own;
	return wt->shown;
}
