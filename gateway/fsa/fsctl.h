/*
 * FSCTLs on an open, cut by what they touch: fsctl.c knows the codes and has
 * those that touch nothing; hole.c has ranges of data, reparse.c reparse
 * points. Private to gateway/fsa/.
 *
 * Each reads its input and writes its answer; an answer that is cut short goes
 * with BUFFER_OVERFLOW, all else that does not fit is BUFFER_TOO_SMALL.
 *
 * Thread: worker.
 */
#pragma once

#include "gateway/fsa/object.h"
#include "smb/wire/cursor.h"

struct fsa_fsctl {
	struct fsa_open *open;
	struct smb_call *call; /* or NULL */
	struct reader in;
	struct writer out;
};

/* ---- hole.c ---- */

/* One byte, yes or no; none means yes. */
enum nt_status fsa_co_set_sparse(struct fsa_fsctl *f);

/* Never changes the size. FILE_LOCK_CONFLICT. */
enum nt_status fsa_co_set_zero_data(struct fsa_fsctl *f);
enum nt_status fsa_co_query_allocated_ranges(struct fsa_fsctl *f);

/* Stops at a range that somebody has locked; tells how many it did. */
enum nt_status fsa_co_file_level_trim(struct fsa_fsctl *f);

/* ---- reparse.c ---- */

enum nt_status fsa_co_get_reparse_point(struct fsa_fsctl *f);

/*
 * A file or directory that is empty, and that nobody else has open, becomes a
 * link, FIFO or socket, where the share shows links; the way back makes it an
 * empty file.
 */
enum nt_status fsa_co_set_reparse_point(struct fsa_fsctl *f);
enum nt_status fsa_co_delete_reparse_point(struct fsa_fsctl *f);
