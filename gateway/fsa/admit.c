/*
 * The step of CREATE that admits an open beside others (MS-FSA 2.1.5.1.2.2 and
 * the breaks of 2.1.5.18): who forbids it, who has to give up what first, and
 * the wait for that.
 *
 * To be admitted and to be in the node is one moment under the node's lock, so
 * that of two that exclude each other one comes first. Handles that only their
 * holder's cache keeps open are asked for before anybody is refused for them.
 */
#include <stdlib.h>
#include <string.h>
#include <sys/stat.h>

#include "gateway/fsa/dirlease.h"
#include "gateway/fsa/grant.h"
#include "gateway/fsa/open_steps.h"
#include "gateway/fsa/outside.h"
#include "gateway/fsa/poll.h"
#include "gateway/fsa/previous.h"
#include "gateway/fsa/windows.h"

/* ---- the open itself ---- */

static void open_drop(struct fsa_open *open)
{
	fsa_node_unref(open->node);
	free(open->name);
	free(open->path);
	free(open);
}

static struct fsa_node *node_of(struct fsa_creating *c)
{
	struct fsa_node *file =
		fsa_node_get(c->volume->share->fsa, c->volume->share->tree,
			     &c->found.stat.key, c->found.path,
			     S_ISDIR(c->found.stat.mode));
	struct fsa_node *stream;

	if (!file || !c->is_stream)
		return file;
	stream = fsa_node_get_stream(file, c->stream);
	fsa_node_unref(file);
	return stream;
}

static struct fsa_open *open_new(struct fsa_creating *c)
{
	struct fsa_open *open = malloc(sizeof(*open));

	if (!open)
		return NULL;
	*open = (struct fsa_open){
		.base = { .granted = c->granted,
			  .is_directory =
				  S_ISDIR(c->found.stat.mode) && !c->is_stream,
			  .is_posix = c->how->is_posix },
		.volume = c->volume,
		.tree = c->volume->share->tree,
		.options = c->how->options,
		.mode = c->how->options &
			(FILE_WRITE_THROUGH | FILE_SEQUENTIAL_ONLY |
			 FILE_NO_INTERMEDIATE_BUFFERING |
			 FILE_SYNCHRONOUS_IO_ALERT |
			 FILE_SYNCHRONOUS_IO_NONALERT),
		.previous = c->previous,
		.is_special = c->is_special,
		.access = c->granted,
		.sharing = c->how->sharing,
		.deletes_on_close = c->how->options & FILE_DELETE_ON_CLOSE,
		.is_stat = fsa_access_is_stat(c->granted),
		.has_parent_key = c->how->parent_key,
	};
	if (open->has_parent_key)
		memcpy(open->parent_key, c->how->parent_key,
		       sizeof(open->parent_key));
	open->name = fsa_name_from_path(c->volume->share,
					fsa_previous_own_path(c->found.path,
							      c->previous),
					&open->name_count);
	open->path = strdup(c->found.path);
	open->node = node_of(c);
	if (open->name && open->path && open->node)
		return open;
	open_drop(open);
	return NULL;
}

/* ---- beside others ---- */

/* What an open has to wait for. */
enum need {
	NEED_NOTHING,
	NEED_HANDLES, /* that others close theirs */
	NEED_DATA,    /* that others write back and forget what they cached */
	NEED_NAME,    /* to look once more what the name leads to */
};

/* One that asks others to let go of their handles. */
struct asking {
	struct fsa_grant *own; /* the grant of who asks, or NULL */
	uint32_t access, sharing;
	bool takes_streams;
	bool is_serious; /* they are told; else only looked at */
	struct fsa_told *told;
	bool must_wait;
};

/* Whether an open that stands in the way may be there still, for now. */
static bool yields(struct asking *a, const struct fsa_open *other)
{
	if (!fsa_grant_may_yield(other, a->own))
		return false;
	if (a->is_serious &&
	    fsa_grant_break(other->grant, FSA_OPLOCK_SHARE, false, a->told))
		a->must_wait = true;
	return true;
}

static bool opens_yield(struct asking *a, const struct fsa_node *node)
{
	struct fsa_open *other;

	TAILQ_FOREACH(other, &node->opens, node_entry) {
		if (!fsa_share_mode_allows(a->access, a->sharing, other->access,
					   other->sharing) &&
		    !yields(a, other))
			return false;
	}
	return true;
}

/*
 * Who may delete the file, or empties it, takes its streams away: those who
 * have one open must let that happen. To who opens a stream it is nothing who
 * has the file.
 */
static bool streams_yield(struct asking *a, const struct fsa_node *file)
{
	const struct fsa_node *node;
	struct fsa_open *other;

	if (!a->takes_streams)
		return true;
	TAILQ_FOREACH(node, &file->streams, stream_entry) {
		TAILQ_FOREACH(other, &node->opens, node_entry) {
			if (!other->is_stat &&
			    !(other->sharing & FILE_SHARE_DELETE) &&
			    !yields(a, other))
				return false;
		}
	}
	return true;
}

/*
 * Under the node's lock: who forbids the open. If all that do may have handles
 * that nobody uses any more, they are asked to close them.
 */
static enum nt_status yield_handles(const struct fsa_creating *c,
				    const struct fsa_open *open,
				    struct fsa_told *told, bool *ret_must_wait)
{
	struct fsa_node *node = open->node;
	struct asking a = {
		.own = fsa_grant_find(node, c->how->holder),
		.access = open->access,
		.sharing = open->sharing,
		.takes_streams = open->access & DELETE || c->step.overwrites,
		.told = told,
	};

	/* Emptying a file is writing, whatever is granted for later. */
	if (c->step.overwrites)
		a.access |= FILE_WRITE_DATA;
	for (int round = 0; round < 2; round++) {
		a.is_serious = round > 0;
		if (!opens_yield(&a, node))
			return NT_STATUS_SHARING_VIOLATION;
		if (!streams_yield(&a, node))
			return NT_STATUS_SHARING_VIOLATION;
	}
	*ret_must_wait = a.must_wait;
	return NT_STATUS_SUCCESS;
}

static enum fsa_oplock_event event_of(const struct fsa_creating *c)
{
	if (c->step.overwrites)
		return FSA_OPLOCK_OVERWRITE;
	return c->how->options & FILE_DELETE_ON_CLOSE
		       ? FSA_OPLOCK_OPEN_TO_DELETE
		       : FSA_OPLOCK_OPEN;
}

/* Under the node's lock: what others have cached. */
static void yield_data(const struct fsa_creating *c,
		       const struct fsa_open *open, struct fsa_told *told,
		       bool *ret_must_wait)
{
	enum fsa_oplock_event event = event_of(c);
	struct fsa_node *node = open->node;
	struct fsa_grant *own = fsa_grant_find(node, c->how->holder);
	struct fsa_grant *grant;

	TAILQ_FOREACH(grant, &node->grants, entry) {
		if (grant == own)
			continue;
		if (event == FSA_OPLOCK_OPEN &&
		    fsa_oplock_is_stat(open->access, grant->oplock.is_lease))
			continue;
		if (fsa_grant_break(grant, event, false, told))
			*ret_must_wait = true;
	}
}

/* Under the node's lock: a lease is held on one file (MS-SMB2 3.3.5.9.8). */
static bool has_lease_elsewhere(const struct fsa_creating *c,
				const struct fsa_open *open)
{
	const struct smb_holder *holder = c->how->holder;

	return holder && holder->is_lease && holder->file &&
	       holder->file != open->node;
}

/* Under the node's lock (MS-FSA 2.1.5.1.2.2). */
static enum nt_status may_stand(const struct fsa_creating *c,
				const struct fsa_open *open,
				struct fsa_told *told, enum need *ret_need)
{
	bool waits_for_handles = false, waits_for_data = false;
	enum nt_status status;

	if (open->node->is_delete_pending ||
	    fsa_node_file(open->node)->is_delete_pending)
		return NT_STATUS_DELETE_PENDING;
	if (has_lease_elsewhere(c, open))
		return NT_STATUS_INVALID_PARAMETER;
	status = yield_handles(c, open, told, &waits_for_handles);
	if (!nt_status_is_ok(status))
		return status;
	if (!waits_for_handles)
		yield_data(c, open, told, &waits_for_data);
	*ret_need = waits_for_handles ? NEED_HANDLES
		    : waits_for_data  ? NEED_DATA
				      : NEED_NOTHING;
	return NT_STATUS_SUCCESS;
}

/* ---- into the node ---- */

static bool may_hold(const struct fsa_creating *c, const struct fsa_open *open)
{
	if (!c->how->holder || !c->volume->share->grants_oplocks)
		return false;
	return open->base.is_directory ? c->how->may_lease_directory
				       : !open->is_special;
}

/* There is nothing to write in a directory (MS-FSA 2.1.5.18). */
static uint8_t wanted_by(const struct fsa_creating *c,
			 const struct fsa_open *open)
{
	return open->base.is_directory ? c->how->caching & ~SMB_CACHE_WRITE
				       : c->how->caching;
}

/* Under the node's lock. Takes `spare`. */
static void enter(struct fsa_creating *c, struct fsa_open *open,
		  struct fsa_grant *spare)
{
	if (!strcmp(open->path, open->node->path)) {
		free(open->path);
		open->path = NULL;
	}
	if (spare)
		c->is_raised = fsa_grant_take(open, c->how->holder,
					      wanted_by(c, open), spare);
	/* It is still to be emptied: fsa_create_co_overwrite(). */
	if (c->step.overwrites)
		open->changes++;
	TAILQ_INSERT_TAIL(&open->node->opens, open, node_entry);
	c->volume->opens++;
}

/*
 * Something was renamed while we looked or waited. If it was this file, its
 * node has not told us: all begins again with the name.
 */
static enum nt_status co_find_again(struct fsa_creating *c,
				    const struct fsa_open *open)
{
	struct fsa_found again;
	enum nt_status status;
	bool is_same;

	c->moves = fsa_node_moves(open->node->fsa);
	status = fsa_co_find(c->volume, c->path, &again);
	is_same = nt_status_is_ok(status) && again.exists &&
		  fsa_key_equal(&again.stat.key, &c->found.stat.key) &&
		  strcmp(again.path, c->found.path) == 0;
	if (nt_status_is_ok(status) || status == NT_STATUS_STOPPED_ON_SYMLINK)
		fsa_found_fini(&again);
	c->is_stale = !is_same;
	return is_same ? NT_STATUS_SUCCESS : NT_STATUS_DELETE_PENDING;
}

/* Under the node's lock: into the node, or what has to come first. */
static enum nt_status enter_or_need(struct fsa_creating *c,
				    struct fsa_open *open,
				    struct fsa_grant *spare,
				    struct fsa_told *told, enum need *ret_need)
{
	enum nt_status status;

	*ret_need = NEED_NOTHING;
	c->is_stale = open->node->is_deleted ||
		      fsa_node_file(open->node)->is_deleted ||
		      fsa_node_file(open->node)->is_taken_back;
	if (c->is_stale)
		return NT_STATUS_DELETE_PENDING;
	if (!c->previous && fsa_node_moves(open->node->fsa) != c->moves) {
		*ret_need = NEED_NAME;
		return NT_STATUS_SUCCESS;
	}
	status = may_stand(c, open, told, ret_need);
	if (nt_status_is_ok(status) && *ret_need == NEED_NOTHING)
		enter(c, open, spare);
	return status;
}

/*
 * Waits for those who have to give up something, and looks afresh each time:
 * to be admitted and to be in the node is one moment.
 */
static enum nt_status co_enter(struct fsa_creating *c, struct fsa_open *open,
			       struct fsa_grant *spare)
{
	struct fsa_grant_wait wait;
	enum nt_status status;
	struct fsa_told told;
	enum need need;

	do {
		fsa_told_init(&told);
		fsa_node_lock(open->node);
		status = enter_or_need(c, open, spare, &told, &need);
		if (need == NEED_HANDLES || need == NEED_DATA)
			fsa_grant_wait_begin(open->node, &wait, NULL,
					     need == NEED_HANDLES);
		fsa_node_unlock(open->node);
		fsa_told_post(&told);
		if (need == NEED_NAME)
			status = co_find_again(c, open);
		else if (need != NEED_NOTHING)
			status = fsa_grant_co_wait(open->node, &wait, c->call);
	} while (need != NEED_NOTHING && nt_status_is_ok(status));
	return status;
}

/* The stream is there still; one that can't be asked is. */
static bool co_has_stream(struct fsa_creating *c)
{
	return fsa_stream_co_size(c->volume, c->file, c->stream,
				  &c->stream_size) !=
	       NT_STATUS_OBJECT_NAME_NOT_FOUND;
}

enum nt_status fsa_create_co_admit(struct fsa_creating *c)
{
	struct fsa_open *open = open_new(c);
	struct fsa_grant *spare = NULL;
	enum nt_status status;
	int err;

	if (!open)
		return NT_STATUS_INSUFFICIENT_RESOURCES;
	if (may_hold(c, open)) {
		spare = malloc(sizeof(*spare));
		if (!spare) {
			open_drop(open);
			return NT_STATUS_INSUFFICIENT_RESOURCES;
		}
	}
	status = co_enter(c, open, spare);
	if (!nt_status_is_ok(status)) {
		free(spare);
		open_drop(open);
		return status;
	}
	c->open = open;
	c->is_own = c->is_made || c->step.overwrites;
	if (c->is_own)
		fsa_own_begin(open->node);
	open->file = store_file_ref(c->file);
	if (open->base.is_directory && open->grant && !fsa_dirlease_hold(open))
		return NT_STATUS_INSUFFICIENT_RESOURCES;
	if (open->grant)
		fsa_outside_join(open);
	err = store_co_stat(c->file, &c->stat);
	if (err)
		return fsa_status(FSA_OPEN, err);
	if (open->grant)
		fsa_poll_join(open, &c->stat);
	c->is_stale = !c->stat.links ||
		      !fsa_key_equal(&c->stat.key, &open->node->key) ||
		      (c->is_stream && !co_has_stream(c));
	return c->is_stale ? NT_STATUS_DELETE_PENDING : NT_STATUS_SUCCESS;
}
