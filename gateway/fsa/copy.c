/*
 * Bytes from one file to another (MS-SMB2 3.3.5.15.6, MS-FSA 2.1.5.10.4):
 * rights, bounds and locks as a READ and a WRITE would meet them, and clones,
 * whose files share their blocks. The bytes themselves stay below, in store.
 */
#include <stdlib.h>
#include <string.h>

#include "gateway/fsa/aclattr.h"
#include "gateway/fsa/dosattr.h"
#include "gateway/fsa/grant.h"
#include "gateway/fsa/object.h"
#include "gateway/fsa/stream.h"
#include "gateway/fsa/windows.h"
#include "smb/wire/cursor.h"

static bool is_data(const struct fsa_open *open)
{
	return !open->base.is_directory && !open->is_special;
}

static enum nt_status check_rights(const struct fsa_open *source,
				   const struct fsa_open *target,
				   const struct smb_copy *how)
{
	if (!is_data(source) || !is_data(target))
		return NT_STATUS_INVALID_DEVICE_REQUEST;
	/* Who may but append can't choose where. */
	if (!(source->base.granted & (FILE_READ_DATA | FILE_EXECUTE)) ||
	    !(target->base.granted & FILE_WRITE_DATA))
		return NT_STATUS_ACCESS_DENIED;
	if (!sum_fits(how->from, how->length, FSA_FILE_SIZE_MAX) ||
	    !sum_fits(how->to, how->length, FSA_FILE_SIZE_MAX))
		return NT_STATUS_INVALID_PARAMETER;
	return NT_STATUS_SUCCESS;
}

/* The target's holders give up what they cached of it. */
static enum nt_status co_begin_write(struct fsa_open *target,
				     const struct smb_copy *how)
{
	enum nt_status status = fsa_grant_co_begin_change(target, how->call);

	if (nt_status_is_ok(status))
		target->was_written = true;
	return status;
}

/* ---- copies ---- */

static enum nt_status co_copy_bytes(struct fsa_open *source,
				    struct fsa_open *target,
				    const struct smb_copy *how,
				    uint64_t *ret_copied)
{
	enum nt_status status;
	int64_t copied;

	if (fsa_open_is_stream(source) || fsa_open_is_stream(target)) {
		status = fsa_stream_co_copy_range(source, target, how);
		*ret_copied = nt_status_is_ok(status) ? how->length : 0;
		return status;
	}
	copied = store_co_copy(source->file, how->from, target->file, how->to,
			       how->length);
	if (copied < 0)
		return fsa_status(FSA_WRITE, copied);
	*ret_copied = (uint64_t)copied;
	/* Somebody cut the source short meanwhile. */
	return *ret_copied == how->length ? NT_STATUS_SUCCESS
					  : NT_STATUS_INVALID_VIEW_SIZE;
}

static enum nt_status co_check_source(struct fsa_open *source,
				      const struct smb_copy *how)
{
	struct store_stat stat;
	int err = store_co_stat(source->file, &stat);

	if (err)
		return fsa_status(FSA_READ, err);
	if (fsa_open_is_stream(source))
		stat.size = fsa_stream_co_open_size(source);
	return sum_fits(how->from, how->length, stat.size)
		       ? NT_STATUS_SUCCESS
		       : NT_STATUS_INVALID_VIEW_SIZE;
}

static enum nt_status co_copy(struct fsa_open *source, struct fsa_open *target,
			      const struct smb_copy *how, uint64_t *ret_copied)
{
	enum nt_status status;

	if (!fsa_locks_allow_io(source, how->from, how->length, false) ||
	    !fsa_locks_allow_io(target, how->to, how->length, true))
		return NT_STATUS_FILE_LOCK_CONFLICT;
	status = co_check_source(source, how);
	if (nt_status_is_ok(status))
		status = co_begin_write(target, how);
	if (!nt_status_is_ok(status))
		return status;
	status = co_copy_bytes(source, target, how, ret_copied);
	fsa_grant_end_change(target);
	return status;
}

/* ---- clones ---- */

static bool has_clones(const struct fsa_open *open)
{
	return store_tree_features(open->volume->share->tree)->has_reflink;
}

static bool overlaps(const struct fsa_open *source,
		     const struct fsa_open *target, const struct smb_copy *how)
{
	return source->node == target->node &&
	       how->from < how->to + how->length &&
	       how->to < how->from + how->length;
}

static bool is_sparse(const struct smb_file_facts *facts)
{
	return facts->attributes & FILE_ATTRIBUTE_SPARSE_FILE;
}

/*
 * MS-FSCC 2.3.8, and what servers do beyond it: holes may not come into a file
 * that is to have none, and only one that may have some can grow.
 */
static enum nt_status co_check_clone(struct fsa_open *source,
				     struct fsa_open *target,
				     const struct smb_copy *how)
{
	struct smb_file_facts from, to;
	enum nt_status status = fsa_co_facts(source, &from);

	if (nt_status_is_ok(status))
		status = fsa_co_facts(target, &to);
	if (!nt_status_is_ok(status))
		return status;
	if (!sum_fits(how->from, how->length, from.end_of_file) ||
	    (!is_sparse(&to) &&
	     (is_sparse(&from) ||
	      !sum_fits(how->to, how->length, to.end_of_file))))
		return NT_STATUS_NOT_SUPPORTED;
	return NT_STATUS_SUCCESS;
}

/* Unlike copies these pass by all locks, as on Windows. */
static enum nt_status co_clone(struct fsa_open *source, struct fsa_open *target,
			       const struct smb_copy *how)
{
	enum nt_status status;

	if (fsa_open_is_stream(source) || fsa_open_is_stream(target) ||
	    !has_clones(target) || overlaps(source, target, how))
		return NT_STATUS_NOT_SUPPORTED;
	status = co_check_clone(source, target, how);
	/* Of length 0 the kernel would clone all that there is. */
	if (!nt_status_is_ok(status) || how->length == 0)
		return status;
	status = co_begin_write(target, how);
	if (!nt_status_is_ok(status))
		return status;
	status = fsa_status(FSA_WRITE,
			    store_co_clone(source->file, how->from,
					   target->file, how->to, how->length));
	fsa_grant_end_change(target);
	return status;
}

/* ---- all that is not data ---- */

static enum nt_status co_copy_xattr(struct fsa_open *source,
				    struct fsa_open *target, const char *name,
				    uint8_t *value)
{
	int64_t n = store_co_xattr_get(source->volume->creds, source->file,
				       name, value, FSA_XATTR_VALUE_MAX);

	/* It went meanwhile. */
	if (n < 0)
		return NT_STATUS_SUCCESS;
	return fsa_status(FSA_STREAM, store_co_xattr_set(target->volume->creds,
							 target->file, name,
							 value, (size_t)n));
}

/* Descriptors stay where they are, and what is none of ours. */
static bool goes_along(const struct fsa_open *target, const char *name)
{
	if (strncmp(name, "user.", 5) != 0 ||
	    !strncmp(name, FSA_OWN_PREFIX, sizeof(FSA_OWN_PREFIX) - 1))
		return false;
	return fsa_streams_are_kept(target->volume->share) ||
	       strncmp(name, FSA_STREAM_PREFIX,
		       sizeof(FSA_STREAM_PREFIX) - 1) != 0;
}

static enum nt_status co_copy_xattrs(struct fsa_open *source,
				     struct fsa_open *target,
				     const struct fsa_xattrs *all)
{
	uint8_t *value = malloc(FSA_XATTR_VALUE_MAX);
	enum nt_status status =
		value ? NT_STATUS_SUCCESS : NT_STATUS_INSUFFICIENT_RESOURCES;
	const char *name = NULL;

	while (nt_status_is_ok(status) && (name = fsa_xattrs_next(all, name))) {
		if (goes_along(target, name))
			status = co_copy_xattr(source, target, name, value);
	}
	free(value);
	return status;
}

/* What COPYFILE of macOS copies besides: the streams, EAs, attributes. */
static enum nt_status co_copy_rest(struct fsa_open *source,
				   struct fsa_open *target)
{
	struct fsa_xattrs all;
	enum nt_status status;

	if (fsa_open_is_stream(source) || fsa_open_is_stream(target) ||
	    source->node == target->node)
		return NT_STATUS_SUCCESS;
	status = fsa_xattrs_co_list(source->volume, source->file, &all);
	if (!nt_status_is_ok(status))
		return status;
	fsa_turn_co_take(target->node);
	status = co_copy_xattrs(source, target, &all);
	fsa_turn_give(target->node);
	target->was_written = true;
	fsa_xattrs_fini(&all);
	return status;
}

enum nt_status fsa_co_copy(struct smb_object *object,
			   const struct smb_copy *how, uint64_t *ret_copied)
{
	struct fsa_open *target = fsa_open_of(object);
	struct fsa_open *source = fsa_open_of(how->source);
	enum nt_status status = check_rights(source, target, how);

	*ret_copied = 0;
	if (!nt_status_is_ok(status))
		return status;
	if (how->is_rest)
		return co_copy_rest(source, target);
	if (!how->is_clone)
		return co_copy(source, target, how, ret_copied);
	status = co_clone(source, target, how);
	if (nt_status_is_ok(status))
		*ret_copied = how->length;
	return status;
}
