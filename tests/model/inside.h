/*
 * What the files of the model know of each other: model.c, opens.c, rights.c.
 */
#pragma once

#include "smb/status.h"
#include "tests/model/model.h"

/* A request on its way through the tables. */
struct run {
	struct model *m;
	const struct model_op *ops;
	const struct model_op *op;
	uint8_t index;
	struct model_answer *answers;
};

/* What is about to be done to a file (MS-FSA 2.1.5.18). */
enum event {
	EVENT_SHARE,
	EVENT_OPEN,
	EVENT_OPEN_TO_DELETE,
	EVENT_OVERWRITE,
	EVENT_WRITE,
	EVENT_NAME,
};

/* ---- requests ---- */

/* The request is over, or another one is, with this answer. True. */
bool model_end(struct run *r, enum nt_status status);
bool model_end_op(struct run *r, uint8_t index, enum nt_status status);

/* It waits, or is in the middle of something. True. */
bool model_wait_in(struct run *r, enum model_state state);

/*
 * Somebody has let go of something of this file: who waits for that looks
 * afresh. A break that goes on in steps has not ended before its last one.
 */
void model_wake(struct run *r, uint8_t file, bool only_for_handles);

/* ---- rights.c ---- */

/* Whether the event has to wait for a holder, or for any. */
bool model_break_grant(struct model *m, uint8_t index, enum event event,
		       bool is_own);
bool model_break_all(struct model *m, uint8_t file, uint8_t own,
		     enum event event);

/* The open, which is in no table yet, gets what can be had. */
void model_take_grant(struct run *r, struct model_open *o);

/* True if the grant has ended with it. */
bool model_leave_grant(struct model *m, struct model_open *o);

bool model_run_ack_lease(struct run *r);
bool model_run_ack_oplock(struct run *r);
bool model_run_lapse(struct run *r);

/* ---- opens.c ---- */

bool model_has_opens(const struct model *m, uint8_t file);

/* The name goes, and the file with it. */
void model_delete_file(struct model *m, uint8_t file);

bool model_run_create(struct run *r);
bool model_run_close(struct run *r);
bool model_run_gone(struct run *r);

/* ---- ranges, in model.c ---- */

void model_remove_lock(struct model *m, int at);
void model_remove_wait(struct model *m, uint8_t index);

/* Those that wait get what they can have by now, in their order. */
void model_serve_waits(struct run *r);
