/*
 * New names for streams (MS-FSA 2.1.5.15.11.1): a stream gets another name on
 * its file, or becomes what the file itself contains. An attribute can't be
 * renamed, so it is copied and taken away, in the open's turn at the file.
 */
#include <stdlib.h>
#include <string.h>

#include "gateway/fsa/grant.h"
#include "gateway/fsa/stream.h"
#include "gateway/fsa/windows.h"

#define DATA_READ (FILE_READ_DATA | FILE_EXECUTE)

/* A stream on its way. */
struct move {
	struct fsa_open *open;
	bool is_replace;
	char from[FSA_STREAM_NAME_SIZE];
	char to[FSA_STREAM_NAME_SIZE];
};

static bool node_is_open(struct fsa_open *open, const char *stream)
{
	struct fsa_node *node;
	bool is_open;

	fsa_node_lock(open->node);
	node = fsa_node_find_stream(fsa_node_file(open->node), stream);
	is_open = node && !TAILQ_EMPTY(&node->opens);
	fsa_node_unlock(open->node);
	return is_open;
}

/* ---- to another name ---- */

/* Whether what has the name already may go; then it goes. */
static enum nt_status co_replace(struct move *m, const char *there)
{
	struct fsa_open *open = m->open;
	uint64_t size = 0;
	enum nt_status status;

	if (!m->is_replace)
		return NT_STATUS_OBJECT_NAME_COLLISION;
	status = fsa_stream_co_size(open->volume, open->file, there, &size);
	if (!nt_status_is_ok(status))
		return status;
	if (size > 0 || node_is_open(open, there))
		return NT_STATUS_INVALID_PARAMETER;
	return fsa_stream_co_remove(open->volume->creds, open->file, there);
}

static enum nt_status co_clear_the_way(struct move *m)
{
	char there[FSA_STREAM_NAME_SIZE];
	bool exists;
	enum nt_status status;

	strcpy(there, m->to);
	status = fsa_stream_co_find(m->open->volume, m->open->file, there,
				    &exists);
	if (!nt_status_is_ok(status) || !exists || !strcmp(there, m->from))
		return status;
	return co_replace(m, there);
}

static enum nt_status node_renamed(struct fsa_open *open, const char *to)
{
	char *name = strdup(to), *before;

	if (!name)
		return NT_STATUS_INSUFFICIENT_RESOURCES;
	fsa_node_lock(open->node);
	before = open->node->stream;
	open->node->stream = name;
	fsa_node_unlock(open->node);
	free(before);
	return NT_STATUS_SUCCESS;
}

static enum nt_status co_rename(struct move *m)
{
	enum nt_status status;

	if (!strcmp(m->from, m->to))
		return NT_STATUS_SUCCESS;
	status = co_clear_the_way(m);
	if (nt_status_is_ok(status))
		status = fsa_stream_co_copy(m->open->volume, m->open->file,
					    m->from, m->to);
	if (nt_status_is_ok(status))
		status = fsa_stream_co_remove(m->open->volume->creds,
					      m->open->file, m->from);
	if (!nt_status_is_ok(status))
		return status;
	fsa_stream_tell(m->open, FSA_ACTION_REMOVED_STREAM,
			FSA_CHANGE_STREAM_NAME);
	status = node_renamed(m->open, m->to);
	fsa_stream_tell(m->open, FSA_ACTION_ADDED_STREAM,
			FSA_CHANGE_STREAM_NAME);
	return status;
}

/* ---- to the file's own data ---- */

static bool stands_alone(struct fsa_open *open)
{
	struct fsa_node *node = open->node;
	bool is_alone;

	fsa_node_lock(node);
	is_alone = TAILQ_EMPTY(&node->file->opens) && !open->grant &&
		   TAILQ_FIRST(&node->opens) == open &&
		   !TAILQ_NEXT(open, node_entry);
	fsa_node_unlock(node);
	return is_alone;
}

static unsigned int flags_of(const struct fsa_open *open)
{
	unsigned int flags = STORE_OPEN_WRITE; /* what it holds is written */

	return open->base.granted & DATA_READ ? flags | STORE_OPEN_READ : flags;
}

/* The open is one of the file from now on. */
static void move_open(struct fsa_open *open)
{
	struct fsa_node *stream = open->node, *file = stream->file;

	fsa_node_lock(file);
	TAILQ_REMOVE(&stream->opens, open, node_entry);
	TAILQ_INSERT_TAIL(&file->opens, open, node_entry);
	stream->is_deleted = true;
	file->refs++;
	open->node = file;
	fsa_node_unlock(file);
	fsa_node_unref(stream);
}

static enum nt_status co_fill(struct fsa_open *open, const char *from,
			      struct store_file **ret_file)
{
	struct store_file *file;
	enum nt_status status =
		fsa_status(FSA_OPEN,
			   store_co_reopen(open->file, open->volume->creds,
					   flags_of(open), &file));

	if (!nt_status_is_ok(status))
		return status;
	status = fsa_stream_co_pour(open->volume, open->file, from, file);
	if (nt_status_is_ok(status))
		*ret_file = file;
	else
		store_file_close(file);
	return status;
}

static enum nt_status co_become_file(struct move *m)
{
	struct fsa_open *open = m->open;
	struct store_file *file;
	struct store_stat stat;
	enum nt_status status;

	if (open->node->is_directory)
		return NT_STATUS_INVALID_PARAMETER;
	if (!m->is_replace)
		return NT_STATUS_OBJECT_NAME_COLLISION;
	status = fsa_status(FSA_RENAME, store_co_stat(open->file, &stat));
	if (!nt_status_is_ok(status))
		return status;
	if (stat.size > 0)
		return NT_STATUS_INVALID_PARAMETER;
	if (!stands_alone(open))
		return NT_STATUS_SHARING_VIOLATION;
	status = co_fill(open, m->from, &file);
	if (!nt_status_is_ok(status))
		return status;
	fsa_stream_tell(open, FSA_ACTION_REMOVED_STREAM,
			FSA_CHANGE_STREAM_NAME);
	store_file_close(open->file);
	open->file = file;
	open->was_written = true;
	move_open(open);
	return fsa_stream_co_remove(open->volume->creds, open->file, m->from);
}

/* ---- either ---- */

static enum nt_status check(struct fsa_open *open, struct smb_name name,
			    struct fsa_part *ret_part)
{
	struct smb_name text = { name.units + 1, name.count - 1 };

	if (!nt_status_is_ok(fsa_name_part(text, ret_part)))
		return NT_STATUS_INVALID_PARAMETER;
	if (ret_part->kind == FSA_PART_INDEX)
		return NT_STATUS_OBJECT_TYPE_MISMATCH;
	if (!fsa_open_is_stream(open) && ret_part->kind == FSA_PART_DATA)
		return open->base.is_directory ? NT_STATUS_INVALID_PARAMETER
					       : NT_STATUS_SUCCESS;
	/* A directory has no data that could get a name; a file keeps its. */
	if (!fsa_open_is_stream(open))
		return open->base.is_directory ? NT_STATUS_INVALID_PARAMETER
					       : NT_STATUS_NOT_SUPPORTED;
	return NT_STATUS_SUCCESS;
}

/* Whether it is on its way out, or its file is. */
static bool is_doomed(struct fsa_open *open)
{
	struct fsa_node *node = open->node, *file = fsa_node_file(node);
	bool is_so;

	fsa_node_lock(node);
	is_so = node->is_deleted || node->is_delete_pending ||
		file->is_deleted || file->is_delete_pending;
	fsa_node_unlock(node);
	return is_so;
}

static enum nt_status co_move(struct move *m, const struct fsa_part *part)
{
	char *from = fsa_stream_open_name(m->open);

	if (!from)
		return NT_STATUS_INSUFFICIENT_RESOURCES;
	strcpy(m->from, from);
	free(from);
	return part->kind == FSA_PART_DATA ? co_become_file(m) : co_rename(m);
}

enum nt_status fsa_stream_co_rename(struct fsa_open *open,
				    const struct smb_set *set)
{
	struct fsa_node *file = fsa_node_file(open->node);
	struct move m = { .open = open, .is_replace = set->is_replace };
	struct fsa_part part;
	enum nt_status status = check(open, set->name, &part);

	if (!nt_status_is_ok(status) || !fsa_open_is_stream(open))
		return status;
	if (is_doomed(open))
		return NT_STATUS_ACCESS_DENIED;
	if (part.kind == FSA_PART_STREAM)
		status = fsa_stream_name(part.name, m.to);
	if (!nt_status_is_ok(status))
		return status;
	fsa_turn_co_take(file);
	status = co_move(&m, &part);
	fsa_turn_give(file);
	return status;
}
