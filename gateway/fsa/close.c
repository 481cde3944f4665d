/*
 * CLOSE (MS-FSA 2.1.5.4): ends the open's waits, gives back its locks, settles
 * the write time, and deletes the file with the last open if it is doomed.
 *
 * Deleting goes by name: the file is walked to as the user who asked for it,
 * whoever closes last, and the name goes only if it still is that of the file.
 * A directory that is not empty stays, as on Windows, and can be opened again.
 * A file that has a stream open is not gone yet; a stream is deleted by
 * itself, or with it.
 */
#include <stdlib.h>
#include <string.h>
#include <sys/stat.h>

#include "gateway/fsa/change.h"
#include "gateway/fsa/dirlease.h"
#include "gateway/fsa/grant.h"
#include "gateway/fsa/object.h"
#include "gateway/fsa/outside.h"
#include "gateway/fsa/poll.h"
#include "gateway/fsa/stream.h"
#include "gateway/fsa/windows.h"

void fsa_closing(struct smb_object *object)
{
	struct fsa_open *open = fsa_open_of(object);

	open->is_closing = true;
	fsa_notify_closing(open);
	fsa_lock_closing(open);
	fsa_grant_closing(open);
}

/* Not the kernel's idea of it, which may be some milliseconds late. */
static struct timespec now(void)
{
	const uint64_t second = 1000000000;
	uint64_t ns = loop_wall_now();

	return (struct timespec){ .tv_sec = (time_t)(ns / second),
				  .tv_nsec = (long)(ns % second) };
}

/*
 * A write time that a client set outlives later writes: put it back. Or else
 * those that have not shown yet show as of now.
 */
static void co_settle_times(struct fsa_open *open)
{
	struct timespec omit = { .tv_nsec = UTIME_OMIT }, write;
	struct fsa_node *node = open->node;
	bool is_set, is_stale;

	/* What is written to a stream does not change that of the file. */
	if (!open->was_written || fsa_open_is_stream(open))
		return;
	fsa_node_lock(node);
	is_stale = fsa_write_time_close(&node->written);
	is_set = node->is_write_time_set;
	write = is_set ? fsa_time_to_unix(node->write_time) : now();
	fsa_node_unlock(node);
	/* A user who may write but not set times keeps what the kernel set. */
	if (is_set || is_stale)
		(void)store_co_set_times(open->volume->creds, open->file, &omit,
					 &write);
}

static void tell_written(struct fsa_open *open)
{
	if (!open->was_written)
		return;
	if (fsa_open_is_stream(open))
		fsa_stream_tell(open, FSA_ACTION_MODIFIED_STREAM,
				FSA_CHANGE_STREAM_SIZE |
					FSA_CHANGE_STREAM_WRITE);
	else
		fsa_changed_self(open, FSA_CHANGE_SIZE | FSA_CHANGE_LAST_WRITE);
}

/* ---- deleting ---- */

/* Where links are followed: whether this one leads to the file. */
static bool co_leads_to(struct store_creds *creds, struct store_file *dir,
			const char *leaf, const struct store_key *key)
{
	struct store_tree *tree = store_file_tree(dir);
	struct store_file *target;
	struct store_stat stat;
	int err;

	if (store_tree_options(tree)->symlinks != STORE_SYMLINKS_FOLLOW)
		return false;
	if (store_co_open(tree, creds, dir, leaf, STORE_OPEN_PATH, 0, &target))
		return false;
	err = store_co_stat(target, &stat);
	store_file_close(target);
	return !err && fsa_key_equal(&stat.key, key);
}

enum nt_status fsa_co_unlink(struct store_creds *creds, struct store_file *dir,
			     const char *leaf, const struct store_key *key,
			     bool is_directory)
{
	struct store_stat stat;
	int err = store_co_stat_at(creds, dir, leaf, &stat);

	if (err)
		return fsa_status(FSA_DELETE, err);
	if (!fsa_key_equal(&stat.key, key)) {
		if (!S_ISLNK(stat.mode) || !co_leads_to(creds, dir, leaf, key))
			return NT_STATUS_OBJECT_NAME_NOT_FOUND;
		is_directory = false;
	}
	return fsa_status(FSA_DELETE,
			  store_co_unlink(creds, dir, leaf, is_directory));
}

static enum nt_status co_delete_path(struct fsa_open *by,
				     struct store_tree *tree,
				     struct store_creds *creds, char *path)
{
	struct fsa_node *node = fsa_node_file(by->node);
	char *slash = strrchr(path, '/');
	const char *leaf = slash ? slash + 1 : path;
	struct store_file *dir;
	enum nt_status status;
	bool is_known;
	size_t good;
	int err;

	if (slash)
		*slash = '\0';
	err = store_co_walk(tree, creds, slash ? path : "", &dir, &good);
	if (slash)
		*slash = '/';
	if (err)
		return fsa_status(FSA_WALK, err);
	is_known = fsa_co_find_knows(by->volume, dir);
	status =
		fsa_co_unlink(creds, dir, leaf, &node->key, node->is_directory);
	if (nt_status_is_ok(status) && is_known)
		fsa_co_find_removed(by->volume, dir, leaf);
	store_file_close(dir);
	return status;
}

/* A sentence: which name goes, as whom, and by which share's tree. */
struct doom {
	char *path;              /* malloc; NULL: out of memory */
	struct store_user *user; /* malloc; NULL: it was taken already */
	struct store_tree *tree; /* reference; likewise */
};

static struct doom take_doom(struct fsa_node *node)
{
	struct doom doom;

	fsa_node_lock(node);
	doom = (struct doom){
		.path = node->doomed_path ? strdup(node->doomed_path) : NULL,
		.user = node->doomed_as,
		.tree = node->doomed_in,
	};
	node->doomed_as = NULL;
	node->doomed_in = NULL;
	fsa_node_unlock(node);
	return doom;
}

static void doom_fini(struct doom *doom)
{
	free(doom->path);
	free(doom->user);
	store_tree_unref(doom->tree);
}

/* As whoever set the disposition, maybe on another worker. */
static enum nt_status co_delete_as(struct fsa_open *by, const struct doom *doom)
{
	const struct store_user *user = doom->user;
	struct store_creds *creds;
	enum nt_status status;
	int err = store_creds_get(user->uid, user->gid, user->groups,
				  user->group_count, &creds);

	if (err)
		return fsa_status(FSA_DELETE, err);
	status = co_delete_path(by, doom->tree, creds, doom->path);
	store_creds_unref(creds);
	return status;
}

/*
 * The file, as a reference, by the tree of who wants its stream to go: whoever
 * closes last may have it from a share that is read-only. NULL: it is gone.
 */
static struct store_file *co_doomed_file(struct fsa_open *by,
					 const struct doom *doom,
					 struct store_creds *creds)
{
	struct store_file *file;
	struct store_stat stat;

	if (doom->tree == by->tree)
		return store_file_ref(by->file);
	if (store_co_open(doom->tree, creds, NULL, doom->path, STORE_OPEN_PATH,
			  0, &file) < 0)
		return NULL;
	if (store_co_stat(file, &stat) < 0 ||
	    !fsa_key_equal(&stat.key, &by->node->key))
		return store_file_close(file);
	return file;
}

/* The same of a stream. */
static enum nt_status co_delete_stream_as(struct fsa_open *by,
					  const struct doom *doom)
{
	const struct store_user *user = doom->user;
	struct store_file *file;
	struct store_creds *creds;
	enum nt_status status = NT_STATUS_OBJECT_NAME_NOT_FOUND;
	char *name;
	int err = store_creds_get(user->uid, user->gid, user->groups,
				  user->group_count, &creds);

	if (err)
		return fsa_status(FSA_DELETE, err);
	name = fsa_stream_open_name(by);
	file = co_doomed_file(by, doom, creds);
	if (!name)
		status = NT_STATUS_INSUFFICIENT_RESOURCES;
	else if (file)
		status = fsa_stream_co_remove(creds, file, name);
	store_file_close(file);
	free(name);
	store_creds_unref(creds);
	return status;
}

/* The last open of a doomed stream is gone. */
static void co_delete_stream(struct fsa_open *by)
{
	struct fsa_node *node = by->node;
	enum nt_status status = NT_STATUS_INSUFFICIENT_RESOURCES;
	struct doom doom = take_doom(node);

	if (doom.path && doom.user)
		status = co_delete_stream_as(by, &doom);
	/* One of macOS may never have been there, or have gone already. */
	if (status == NT_STATUS_OBJECT_NAME_NOT_FOUND)
		status = NT_STATUS_SUCCESS;
	doom_fini(&doom);
	if (!nt_status_is_ok(status)) {
		fsa_node_pardon(node);
		return;
	}
	fsa_node_lock(node);
	node->is_deleted = true;
	fsa_node_unlock(node);
	fsa_stream_tell(by, FSA_ACTION_REMOVED_STREAM, FSA_CHANGE_STREAM_NAME);
}

/*
 * The last open is gone and the file is doomed. Nobody gets in meanwhile: the
 * disposition stays set until the name is gone, or may stay.
 */
static void co_delete_file(struct fsa_open *by)
{
	struct fsa_node *node = fsa_node_file(by->node);
	enum nt_status status = NT_STATUS_INSUFFICIENT_RESOURCES;
	struct doom doom = take_doom(node);

	/* The root of a share has no name that could go. */
	if (doom.path && doom.user && *doom.path)
		status = co_delete_as(by, &doom);
	if (nt_status_is_ok(status)) {
		fsa_node_lock(node);
		node->is_deleted = true;
		fsa_node_unlock(node);
		fsa_changed_gone(by, doom.path);
	} else {
		fsa_node_pardon(node);
	}
	doom_fini(&doom);
}

/*
 * The create option takes effect. A directory with something in it stays, and
 * nobody who has it open learns that it should have gone.
 */
static enum nt_status co_doom(struct fsa_open *open)
{
	enum nt_status status;

	fsa_grant_event(open, FSA_OPLOCK_NAME);
	if (open->base.is_directory &&
	    fsa_co_may_delete(open) == NT_STATUS_DIRECTORY_NOT_EMPTY)
		return NT_STATUS_SUCCESS;
	status = fsa_node_doom(open);
	if (nt_status_is_ok(status))
		fsa_notify_doomed(open);
	return status;
}

static bool is_doomed(struct fsa_node *node)
{
	bool is_doomed;

	fsa_node_lock(node);
	is_doomed = node->is_delete_pending && !node->is_deleted;
	fsa_node_unlock(node);
	return is_doomed;
}

/* ---- closing ---- */

/* What goes with an open, since it was the last. */
struct last {
	bool of_file, of_stream;
};

/* Under the lock. A file is open as long as one of its streams is. */
static struct last look_around(struct fsa_node *node)
{
	struct fsa_node *file = fsa_node_file(node);

	return (struct last){
		.of_stream = node != file && TAILQ_EMPTY(&node->opens) &&
			     node->is_delete_pending && !node->is_deleted,
		.of_file = !fsa_node_has_opens(file) &&
			   file->is_delete_pending && !file->is_deleted,
	};
}

/*
 * Out of the node: whether it was the last of a doomed one. A note to the
 * holder of its oplock arrives first; post `ret_told` afterwards.
 */
static struct last co_leave_node(struct fsa_open *open,
				 struct fsa_told *ret_told)
{
	struct fsa_node *node = open->node;
	struct last last;

	fsa_told_init(ret_told);
	fsa_node_lock(node);
	while (!fsa_grant_may_leave(open)) {
		fsa_node_unlock(node);
		loop_co_yield();
		fsa_node_lock(node);
	}
	TAILQ_REMOVE(&node->opens, open, node_entry);
	fsa_grant_leave(open, ret_told);
	last = look_around(node);
	fsa_node_unlock(node);
	open->volume->opens--;
	fsa_dirlease_release(open);
	fsa_outside_leave(open);
	fsa_poll_leave(open);
	return last;
}

static void open_free(struct fsa_open *open)
{
	fsa_node_unref(open->node);
	store_file_close(open->file);
	store_file_close(open->former);
	free(open->path);
	free(open->name);
	free(open);
}

void fsa_open_co_leave(struct fsa_open *open)
{
	struct fsa_told told;

	co_leave_node(open, &told);
	fsa_told_post(&told);
	open_free(open);
}

enum nt_status fsa_co_close(struct smb_object *object,
			    struct smb_file_facts *ret_facts)
{
	struct fsa_open *open = fsa_open_of(object);
	enum nt_status status = NT_STATUS_SUCCESS;
	struct fsa_told told;
	struct last last;

	bool is_own = open->was_written || open->deletes_on_close;

	fsa_closing(object);
	if (is_own)
		fsa_own_begin(open->node);
	co_settle_times(open);
	tell_written(open);
	if (ret_facts)
		status = fsa_co_facts(open, ret_facts);
	if (open->scan)
		fsa_scan_free(open->scan);
	fsa_lock_release(open);
	if (open->deletes_on_close) {
		enum nt_status doomed = co_doom(open);

		if (nt_status_is_ok(status))
			status = doomed;
	}
	/* Where POSIX rules, a name goes though others have the file open. */
	if (open->base.is_posix && is_doomed(open->node))
		co_delete_file(open);
	last = co_leave_node(open, &told);
	if (last.of_file)
		co_delete_file(open);
	else if (last.of_stream)
		co_delete_stream(open);
	if (is_own)
		fsa_own_end(open->node);
	fsa_told_post(&told); /* who waits sees it deleted, or not */
	open_free(open);
	return status;
}
