/*
 * Setting facts of a file (MS-FSA 2.1.5.14): times with their special values,
 * attributes, disposition, sizes, position and mode. Names are rename.c's, EAs
 * are eas.c's. The protocol engine has checked the rights that a class needs;
 * what would hurt is checked here again.
 */
#include <stdlib.h>
#include <string.h>
#include <sys/stat.h>

#include "gateway/fsa/change.h"
#include "gateway/fsa/dosattr.h"
#include "gateway/fsa/grant.h"
#include "gateway/fsa/object.h"
#include "gateway/fsa/stream.h"
#include "gateway/fsa/windows.h"

/* Times that are none: MS-FSCC 2.4.7. */
#define TIME_LEAVE  UINT64_C(0)
#define TIME_FREEZE UINT64_MAX
#define TIME_THAW   (UINT64_MAX - 1)

enum {
	/* FileModeInformation, MS-FSCC 2.4.26. */
	MODE_SETTABLE = FILE_WRITE_THROUGH | FILE_SEQUENTIAL_ONLY |
			FILE_NO_INTERMEDIATE_BUFFERING |
			FILE_SYNCHRONOUS_IO_ALERT |
			FILE_SYNCHRONOUS_IO_NONALERT,

	CHANGE_TRIES = 4,
};

/* ---- basic ---- */

static bool time_is_value(uint64_t t)
{
	return t != TIME_LEAVE && t != TIME_FREEZE && t != TIME_THAW;
}

static bool time_is_legal(uint64_t t)
{
	return t <= INT64_MAX || !time_is_value(t);
}

static enum nt_status check_basic(const struct fsa_open *open,
				  const struct smb_set *set)
{
	bool is_directory = open->base.is_directory;

	if (!time_is_legal(set->creation) || !time_is_legal(set->access) ||
	    !time_is_legal(set->write) || !time_is_legal(set->change))
		return NT_STATUS_INVALID_PARAMETER;
	if (!open->node->is_directory &&
	    (set->attributes & FILE_ATTRIBUTE_DIRECTORY))
		return NT_STATUS_INVALID_PARAMETER;
	if (is_directory && (set->attributes & FILE_ATTRIBUTE_TEMPORARY))
		return NT_STATUS_INVALID_PARAMETER;
	return NT_STATUS_SUCCESS;
}

/* What goes to user.DOSATTRIB; true: it differs from what is there. */
static bool merge(struct fsa_dosattr *attr, const struct smb_set *set,
		  uint32_t shown)
{
	const uint32_t settable = FSA_DOSATTR_SETTABLE;
	bool has_changed = false;

	if (set->attributes) {
		uint32_t kept =
			attr->attributes & ~(settable | FILE_ATTRIBUTE_NORMAL);
		uint32_t now = kept | (set->attributes & settable);

		has_changed = (now & settable) != (shown & settable);
		if (has_changed)
			attr->attributes = now ? now : FILE_ATTRIBUTE_NORMAL;
	}
	if (time_is_value(set->creation) &&
	    !(attr->has_creation && attr->creation == set->creation)) {
		attr->has_creation = true;
		attr->creation = set->creation;
		has_changed = true;
	}
	return has_changed;
}

static uint64_t now(void)
{
	const uint64_t second = 1000000000;
	uint64_t ns = loop_wall_now();

	return fsa_time_from_unix(
		&(struct timespec){ .tv_sec = (time_t)(ns / second),
				    .tv_nsec = (long)(ns % second) });
}

/* The change time that is kept with the file; true: it is to be written. */
static bool merge_change(struct fsa_dosattr *attr, const struct smb_set *set,
			 bool keeps_change_time)
{
	attr->has_change &= keeps_change_time;
	if (time_is_value(set->change)) {
		attr->has_change = true;
		attr->change = set->change;
	}
	return attr->has_change;
}

/*
 * Writes what is kept. A change time is kept with the time when it was set,
 * which the file's own one must come out as; not so on a busy day.
 */
static enum nt_status co_write_stored(struct fsa_open *open,
				      struct fsa_dosattr *attr)
{
	enum nt_status status;
	struct store_stat stat;
	int tries = 0;

	do {
		attr->change_set = now();
		status = fsa_co_dosattr_set(open->volume, open->file, attr);
		if (!nt_status_is_ok(status) || !attr->has_change)
			return status;
		status =
			fsa_status(FSA_QUERY, store_co_stat(open->file, &stat));
	} while (nt_status_is_ok(status) && !fsa_change_is_of(attr, &stat) &&
		 ++tries < CHANGE_TRIES);
	return status;
}

static enum nt_status co_set_stored(struct fsa_open *open,
				    const struct smb_set *set,
				    bool keeps_change_time)
{
	struct fsa_dosattr attr;
	struct smb_file_facts facts;
	enum nt_status status;

	if (!set->attributes && !time_is_value(set->creation) &&
	    !time_is_value(set->change) && !keeps_change_time)
		return NT_STATUS_SUCCESS;
	status = fsa_co_dosattr_get(open->volume, open->file, NULL, &attr);
	if (status == NT_STATUS_SUCCESS)
		status = fsa_co_facts(open, &facts);
	if (status != NT_STATUS_SUCCESS)
		return status;

	/* Attributes that nobody stored must not be lost by storing a time. */
	uint32_t shown = facts.attributes;

	if (!attr.attributes && (shown & FILE_ATTRIBUTE_READONLY))
		attr.attributes = FILE_ATTRIBUTE_READONLY;

	bool must_write = merge(&attr, set, shown);

	if (fsa_dosattr_is_kept(open->volume->share))
		must_write |= merge_change(&attr, set, keeps_change_time);
	return must_write ? co_write_stored(open, &attr) : NT_STATUS_SUCCESS;
}

static struct timespec time_or_omit(uint64_t t)
{
	return time_is_value(t) ? fsa_time_to_unix(t)
				: (struct timespec){ .tv_nsec = UTIME_OMIT };
}

static enum nt_status co_set_times(struct fsa_open *open,
				   const struct smb_set *set)
{
	struct timespec atime = time_or_omit(set->access);
	struct timespec mtime = time_or_omit(set->write);

	if (!time_is_value(set->access) && !time_is_value(set->write))
		return NT_STATUS_SUCCESS;
	return fsa_status(FSA_SET,
			  store_co_set_times(open->volume->creds, open->file,
					     &atime, &mtime));
}

/*
 * What the node and the handle remember: a write time that was set stays in
 * spite of later writes, one that was frozen stays while this handle wants so,
 * and a change time, which Linux lets nobody set, is shown until the file
 * changes otherwise than by this.
 */
static void remember(struct fsa_open *open, const struct smb_set *set,
		     const struct store_stat *stat, bool keeps_change_time)
{
	struct fsa_node *node = fsa_node_file(open->node);

	fsa_node_lock(node);
	if (time_is_value(set->write)) {
		node->is_write_time_set = true;
		node->write_time = set->write;
	} else if (set->write == TIME_FREEZE && !node->is_write_time_set) {
		node->is_write_time_set = true;
		node->write_time = fsa_time_from_unix(&stat->mtime);
		open->holds_write_time = true;
	} else if (set->write == TIME_THAW && open->holds_write_time) {
		node->is_write_time_set = false;
		open->holds_write_time = false;
	}
	if (time_is_value(set->change)) {
		node->is_change_time_set = true;
		node->change_time = set->change;
	}
	if (time_is_value(set->change) || keeps_change_time)
		node->change_time_own = fsa_time_from_unix(&stat->ctime);
	fsa_node_unlock(node);
}

static uint32_t basic_filter(const struct smb_set *set)
{
	return (set->attributes ? FSA_CHANGE_ATTRIBUTES : 0) |
	       (time_is_value(set->creation) ? FSA_CHANGE_CREATION : 0) |
	       (time_is_value(set->access) ? FSA_CHANGE_LAST_ACCESS : 0) |
	       (time_is_value(set->write) ? FSA_CHANGE_LAST_WRITE : 0);
}

/* Whether the node shows a change time that a client set. */
static bool co_shows_change_time(struct fsa_open *open)
{
	struct store_stat stat;

	struct fsa_node *node = fsa_node_file(open->node);

	if (store_co_stat(open->file, &stat) < 0)
		return false;
	fsa_node_lock(node);
	bool is_shown =
		node->is_change_time_set &&
		node->change_time_own == fsa_time_from_unix(&stat.ctime);

	fsa_node_unlock(node);
	return is_shown;
}

static enum nt_status co_set_basic(struct fsa_open *open,
				   const struct smb_set *set)
{
	struct store_stat stat;
	bool keeps_change_time;
	enum nt_status status = check_basic(open, set);

	if (!(open->base.granted & FILE_WRITE_ATTRIBUTES))
		return NT_STATUS_ACCESS_DENIED;
	keeps_change_time = co_shows_change_time(open);
	if (status == NT_STATUS_SUCCESS)
		status = co_set_times(open, set);
	if (status == NT_STATUS_SUCCESS)
		status = co_set_stored(open, set, keeps_change_time);
	if (status == NT_STATUS_SUCCESS)
		status = fsa_status(FSA_SET, store_co_stat(open->file, &stat));
	if (status != NT_STATUS_SUCCESS)
		return status;
	fsa_settle_write_time(open->node); /* even if nothing was set */
	remember(open, set, &stat, keeps_change_time);
	if (basic_filter(set))
		fsa_changed_self(open, basic_filter(set));
	return NT_STATUS_SUCCESS;
}

/* ---- disposition ---- */

static enum nt_status co_check_is_empty(struct fsa_open *open)
{
	struct store_listing *listing;
	struct store_entry entry;
	int err = store_co_list_open(open->volume->creds, open->file, &listing);

	if (err < 0)
		return fsa_status(FSA_DELETE, err);
	err = store_co_list_next(listing, &entry);
	store_listing_free(listing);
	if (err < 0)
		return fsa_status(FSA_DELETE, err);
	return err > 0 ? NT_STATUS_DIRECTORY_NOT_EMPTY : NT_STATUS_SUCCESS;
}

enum nt_status fsa_co_may_delete(struct fsa_open *open)
{
	struct smb_file_facts facts;
	enum nt_status status = fsa_co_facts(open, &facts);

	if (status != NT_STATUS_SUCCESS)
		return status;
	if (facts.attributes & FILE_ATTRIBUTE_READONLY)
		return NT_STATUS_CANNOT_DELETE;
	if (!facts.is_directory)
		return NT_STATUS_SUCCESS;

	fsa_node_lock(open->node);
	bool is_root = open->node->path[0] == '\0';

	fsa_node_unlock(open->node);
	return is_root ? NT_STATUS_ACCESS_DENIED : co_check_is_empty(open);
}

static enum nt_status co_set_disposition(struct fsa_open *open,
					 const struct smb_set *set)
{
	bool is_delete = set->is_delete;

	if (!(open->base.granted & DELETE))
		return NT_STATUS_ACCESS_DENIED;
	if (is_delete) {
		enum nt_status status =
			fsa_grant_co_event(open, FSA_OPLOCK_NAME, set->call);

		if (status == NT_STATUS_SUCCESS)
			status = fsa_co_may_delete(open);

		if (status != NT_STATUS_SUCCESS)
			return status;
	}
	if (!is_delete) {
		fsa_node_pardon(open->node);
		return NT_STATUS_SUCCESS;
	}
	enum nt_status doomed = fsa_node_doom(open);

	if (doomed == NT_STATUS_SUCCESS)
		fsa_notify_doomed(open);
	return doomed;
}

/* ---- sizes ---- */

static enum nt_status check_size(const struct fsa_open *open, uint64_t size)
{
	if (open->base.is_directory || size > INT64_MAX)
		return NT_STATUS_INVALID_PARAMETER;
	return open->base.granted & FILE_WRITE_DATA ? NT_STATUS_SUCCESS
						    : NT_STATUS_ACCESS_DENIED;
}

static enum nt_status co_resize_stream(struct fsa_open *open, uint64_t size)
{
	enum nt_status status = fsa_stream_co_resize(open, size);

	if (status != NT_STATUS_SUCCESS)
		return status;
	open->was_written = true;
	fsa_stream_tell(open, FSA_ACTION_MODIFIED_STREAM,
			FSA_CHANGE_STREAM_SIZE | FSA_CHANGE_STREAM_WRITE);
	return NT_STATUS_SUCCESS;
}

static enum nt_status co_truncate(struct fsa_open *open, uint64_t size)
{
	if (fsa_open_is_stream(open))
		return co_resize_stream(open, size);

	int err = store_co_truncate(open->file, size);

	if (err < 0)
		return fsa_status(FSA_SET, err);
	open->was_written = true;
	fsa_settle_write_time(open->node);
	fsa_changed_self(open, FSA_CHANGE_SIZE | FSA_CHANGE_LAST_WRITE |
				       FSA_CHANGE_ATTRIBUTES);
	return NT_STATUS_SUCCESS;
}

/* Others have cached the size that it has (OL-2). */
static enum nt_status co_begin_resize(struct fsa_open *open,
				      const struct smb_set *set)
{
	enum nt_status status = check_size(open, set->value);

	if (status == NT_STATUS_SUCCESS)
		status = fsa_grant_co_begin_change(open, set->call);
	return status;
}

static enum nt_status co_set_end_of_file(struct fsa_open *open,
					 const struct smb_set *set)
{
	enum nt_status status = co_begin_resize(open, set);

	if (status != NT_STATUS_SUCCESS)
		return status;
	status = co_truncate(open, set->value);
	fsa_grant_end_change(open);
	return status;
}

static enum nt_status co_end_of_file(struct fsa_open *open, uint64_t *ret_end)
{
	struct store_stat stat;
	int err;

	if (fsa_open_is_stream(open)) {
		*ret_end = fsa_stream_co_open_size(open);
		return NT_STATUS_SUCCESS;
	}
	err = store_co_stat(open->file, &stat);
	if (err < 0)
		return fsa_status(FSA_SET, err);
	*ret_end = stat.size;
	return NT_STATUS_SUCCESS;
}

/* Less than the file has cuts it, more reserves space if that can be done. */
static enum nt_status co_allocate(struct fsa_open *open, uint64_t size)
{
	uint64_t end;
	enum nt_status status = co_end_of_file(open, &end);

	if (status != NT_STATUS_SUCCESS)
		return status;
	if (size < end || size == 0)
		return co_truncate(open, size);
	if (fsa_open_is_stream(open))
		return size > FSA_STREAM_SIZE_MAX ? NT_STATUS_DISK_FULL
						  : NT_STATUS_SUCCESS;
	status = fsa_status(FSA_SET, store_co_allocate(open->file, size));
	return status == NT_STATUS_NOT_SUPPORTED ? NT_STATUS_SUCCESS : status;
}

static enum nt_status co_set_allocation(struct fsa_open *open,
					const struct smb_set *set)
{
	enum nt_status status = co_begin_resize(open, set);

	if (status != NT_STATUS_SUCCESS)
		return status;
	status = co_allocate(open, set->value);
	fsa_grant_end_change(open);
	return status;
}

/* All data is valid always: zeroes are what nobody has written. */
static enum nt_status co_set_valid_data(struct fsa_open *open, uint64_t size)
{
	uint64_t end;
	enum nt_status status = check_size(open, size);

	if (status == NT_STATUS_SUCCESS)
		status = co_end_of_file(open, &end);
	if (status != NT_STATUS_SUCCESS)
		return status;
	return size > end ? NT_STATUS_INVALID_PARAMETER : NT_STATUS_SUCCESS;
}

static enum nt_status set_mode(struct fsa_open *open, uint64_t mode)
{
	if (mode & ~(uint64_t)MODE_SETTABLE)
		return NT_STATUS_INVALID_PARAMETER;
	open->mode = (uint32_t)mode;
	return NT_STATUS_SUCCESS;
}

enum nt_status fsa_co_set(struct smb_object *object, const struct smb_set *set)
{
	struct fsa_open *open = fsa_open_of(object);

	switch (set->kind) {
	case SMB_SET_BASIC:
		return co_set_basic(open, set);
	case SMB_SET_RENAME:
		return fsa_co_rename(open, set);
	case SMB_SET_LINK:
		return fsa_co_link(open, set);
	case SMB_SET_DISPOSITION:
		return co_set_disposition(open, set);
	case SMB_SET_POSITION:
		if (set->value > INT64_MAX)
			return NT_STATUS_INVALID_PARAMETER;
		open->position = set->value;
		return NT_STATUS_SUCCESS;
	case SMB_SET_MODE:
		return set_mode(open, set->value);
	case SMB_SET_ALLOCATION:
		return co_set_allocation(open, set);
	case SMB_SET_END_OF_FILE:
		return co_set_end_of_file(open, set);
	case SMB_SET_VALID_DATA:
		return co_set_valid_data(open, set->value);
	case SMB_SET_SHORT_NAME:
		return NT_STATUS_NOT_SUPPORTED;
	case SMB_SET_EAS:
		if (!(open->base.granted & FILE_WRITE_EA))
			return NT_STATUS_ACCESS_DENIED;
		return fsa_co_set_eas(open, set->eas, set->eas_length);
	}
	return NT_STATUS_INVALID_INFO_CLASS;
}
