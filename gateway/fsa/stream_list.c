/*
 * All streams of a file: how they are listed, and how they go when the file is
 * overwritten. What one of them is on disk is stream.c's.
 */
#include <string.h>

#include "gateway/fsa/stream.h"
#include "smb/wire/cursor.h"
#include "smb/wire/utf16.h"

enum {
	ENTRY_FIXED = 24, /* FILE_STREAM_INFORMATION without the name */
};

/* ---- when they all go ---- */

/* Its node, if it has one, is that of a stream which is no more. */
static void forget(struct fsa_open *open, const char *name)
{
	struct fsa_node *node;

	fsa_node_lock(open->node);
	node = fsa_node_find_stream(open->node, name);
	if (node)
		node->is_deleted = true;
	fsa_node_unlock(open->node);
}

static enum nt_status co_remove_each(struct fsa_open *open,
				     const struct fsa_xattrs *all)
{
	char name[FSA_STREAM_NAME_SIZE];
	const char *at = NULL;
	enum nt_status status;

	while ((at = fsa_stream_next(all, at, name))) {
		status = fsa_stream_co_remove(open->volume->creds, open->file,
					      name);
		if (!nt_status_is_ok(status))
			return status;
		forget(open, name);
	}
	return NT_STATUS_SUCCESS;
}

enum nt_status fsa_stream_co_remove_all(struct fsa_open *open)
{
	struct fsa_xattrs all;
	enum nt_status status;

	if (!fsa_streams_are_kept(open->volume->share))
		return NT_STATUS_SUCCESS;
	fsa_turn_co_take(open->node);
	status = fsa_xattrs_co_list(open->volume, open->file, &all);
	if (nt_status_is_ok(status)) {
		status = co_remove_each(open, &all);
		fsa_xattrs_fini(&all);
	}
	fsa_turn_give(open->node);
	return status;
}

/* ---- FileStreamInformation, MS-FSCC 2.4.49 ---- */

struct entries {
	struct writer out;
	size_t last; /* where the entry before begins; SIZE_MAX: none */
};

/* False, and nothing written, if it does not fit. */
static bool put_entry(struct entries *e, const char *name, uint64_t size,
		      uint64_t allocation)
{
	struct writer before = e->out;
	size_t start;

	wr_align(&e->out, 8);
	start = e->out.at;
	wr_u32(&e->out, 0);
	struct later length = wr_later_u32(&e->out);

	wr_u64(&e->out, size);
	wr_u64(&e->out, allocation);
	wr_utf16_of(&e->out, ":");
	wr_utf16_of(&e->out, name);
	wr_utf16_of(&e->out, FSA_STREAM_SUFFIX);
	wr_now_u32(&e->out, length,
		   (uint32_t)(e->out.at - start - ENTRY_FIXED));
	if (!wr_ok(&e->out)) {
		e->out = before;
		return false;
	}
	if (e->last != SIZE_MAX)
		wr_now_u32(&e->out, (struct later){ e->last },
			   (uint32_t)(start - e->last));
	e->last = start;
	return true;
}

static enum nt_status co_put_streams(struct fsa_open *open,
				     const struct fsa_xattrs *all,
				     struct entries *e)
{
	char name[FSA_STREAM_NAME_SIZE];
	const char *at = NULL;
	struct smb_file_facts facts;

	while ((at = fsa_stream_next(all, at, name))) {
		uint64_t size = 0;
		enum nt_status status =
			fsa_stream_co_size(open->volume, open->file, name,
					   &size);
		uint16_t units[FSA_STREAM_NAME_SIZE];

		/* It went meanwhile, or is none that a client could name. */
		if (status == NT_STATUS_OBJECT_NAME_NOT_FOUND ||
		    !fsa_stream_co_is_shown(open->volume, open->file, name) ||
		    smb_utf8_to_utf16(name, strlen(name), units,
				      FSA_STREAM_NAME_SIZE) == SIZE_MAX)
			continue;
		facts = (struct smb_file_facts){ 0 };
		fsa_stream_facts(size, &facts);
		if (!put_entry(e, name, size, facts.allocation))
			return NT_STATUS_BUFFER_OVERFLOW;
	}
	return NT_STATUS_SUCCESS;
}

/* The unnamed one, which directories have none of. */
static enum nt_status co_put_data(struct fsa_open *open, struct entries *e)
{
	struct store_stat stat;
	struct smb_file_facts facts;
	int err = store_co_stat(open->file, &stat);

	if (err < 0)
		return fsa_status(FSA_QUERY, err);
	fsa_facts_from_stat(open->volume, &stat, &(struct fsa_dosattr){}, "",
			    &facts);
	if (facts.is_directory)
		return NT_STATUS_SUCCESS;
	return put_entry(e, "", facts.end_of_file, facts.allocation)
		       ? NT_STATUS_SUCCESS
		       : NT_STATUS_BUFFER_OVERFLOW;
}

enum nt_status fsa_co_query_streams(struct smb_object *object, uint8_t *to,
				    uint32_t size, uint32_t *ret_length)
{
	struct fsa_open *open = fsa_open_of(object);
	struct entries e = { .out = writer_at(to, size), .last = SIZE_MAX };
	struct fsa_xattrs all = {};
	enum nt_status status = co_put_data(open, &e);

	if (nt_status_is_ok(status) &&
	    fsa_streams_are_kept(open->volume->share) && !open->is_special)
		status = fsa_xattrs_co_list(open->volume, open->file, &all);
	if (nt_status_is_ok(status))
		status = co_put_streams(open, &all, &e);
	fsa_xattrs_fini(&all);
	*ret_length = (uint32_t)e.out.at;
	return status;
}
