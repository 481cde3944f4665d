/*
 * Extended attributes (MS-FSCC 2.4 FileFullEaInformation) as user.* xattrs.
 * Names are the same whatever their case; on disk they keep the case that they
 * came with. What other parts of the room keep in xattrs is not shown and
 * can't be set from here. The list's form is checked by the protocol engine.
 */
#include <stdlib.h>
#include <string.h>
#include <strings.h>

#include "gateway/fsa/aclattr.h"
#include "gateway/fsa/attr_cache.h"
#include "gateway/fsa/change.h"
#include "gateway/fsa/dosattr.h"
#include "gateway/fsa/object.h"
#include "gateway/fsa/stream.h"
#include "gateway/fsa/windows.h"
#include "gateway/fsa/xattrs.h"
#include "smb/wire/cursor.h"

#define PREFIX "user."

enum {
	PREFIX_LENGTH = sizeof(PREFIX) - 1,
	VALUE_MAX = 64 * 1024 - 1, /* that an EA can tell */
	ENTRY_FIXED = 8,
};

static bool name_is_ours(const char *xattr)
{
	return strcasecmp(xattr, FSA_DOSATTR_NAME) == 0 ||
	       strncasecmp(xattr, FSA_OWN_PREFIX, sizeof(FSA_OWN_PREFIX) - 1) ==
		       0 ||
	       strncasecmp(xattr, FSA_STREAM_PREFIX,
			   sizeof(FSA_STREAM_PREFIX) - 1) == 0;
}

/* Whether an xattr is an EA that clients may see. */
static bool name_is_ea(const char *xattr)
{
	return strncmp(xattr, PREFIX, PREFIX_LENGTH) == 0 &&
	       xattr[PREFIX_LENGTH] != '\0' && !name_is_ours(xattr);
}

/* ---- query ---- */

/*
 * One entry; the writer is left as it was if it does not fit. `last` is where
 * the entry before begins, to be told how far this one is.
 */
static bool write_entry(struct writer *w, const char *ea, const uint8_t *value,
			size_t length, size_t *last)
{
	size_t name_length = strlen(ea);
	struct writer before = *w;

	wr_align(w, 4);
	size_t start = w->at;

	wr_u32(w, 0);
	wr_u8(w, 0);
	wr_u8(w, (uint8_t)name_length);
	wr_u16(w, (uint16_t)length);
	wr_copy(w, ea, name_length + 1);
	wr_copy(w, value, length);
	if (!wr_ok(w)) {
		*w = before;
		return false;
	}
	if (*last != SIZE_MAX)
		wr_now_u32(w, (struct later){ *last },
			   (uint32_t)(start - *last));
	*last = start;
	return true;
}

static enum nt_status co_write_all(struct fsa_open *open,
				   const struct fsa_xattrs *names,
				   struct writer *w, uint8_t *value)
{
	size_t last = SIZE_MAX;
	const char *name = NULL;

	while ((name = fsa_xattrs_next(names, name))) {
		if (!name_is_ea(name))
			continue;

		int64_t n = store_co_xattr_get(open->volume->creds, open->file,
					       name, value, VALUE_MAX);

		/* It went meanwhile, or it is none that fits an EA. */
		if (n <= 0)
			continue;
		if (!write_entry(w, name + PREFIX_LENGTH, value, (size_t)n,
				 &last))
			return last == SIZE_MAX ? NT_STATUS_BUFFER_TOO_SMALL
						: NT_STATUS_BUFFER_OVERFLOW;
	}
	return last == SIZE_MAX ? NT_STATUS_NO_EAS_ON_FILE : NT_STATUS_SUCCESS;
}

enum nt_status fsa_co_query_eas(struct smb_object *object, uint8_t *to,
				uint32_t size, uint32_t *ret_length)
{
	struct fsa_open *open = fsa_open_of(object);
	struct writer w = writer_at(to, size);
	struct fsa_xattrs names;
	enum nt_status status;

	if (!(object->granted & FILE_READ_EA))
		return NT_STATUS_ACCESS_DENIED;
	status = fsa_xattrs_co_list(open->volume, open->file, &names);
	if (status != NT_STATUS_SUCCESS)
		return status;

	uint8_t *value = malloc(VALUE_MAX);

	if (value)
		status = co_write_all(open, &names, &w, value);
	else
		status = NT_STATUS_INSUFFICIENT_RESOURCES;
	free(value);
	fsa_xattrs_fini(&names);
	*ret_length = (uint32_t)w.at;
	return status;
}

bool fsa_has_eas(const struct fsa_xattrs *names)
{
	const char *name = NULL;

	while ((name = fsa_xattrs_next(names, name))) {
		if (name_is_ea(name))
			return true;
	}
	return false;
}

/* Most files have none, and that is remembered. */
enum nt_status fsa_co_eas_size(struct fsa_volume *volume,
			       struct store_file *file,
			       const struct store_stat *stat,
			       uint32_t *ret_size)
{
	const struct fsa_attr_facts none = { .known = FSA_KNOWN_NO_EAS };
	const struct fsa_share *share = volume->share;
	uint64_t size = 0, began = loop_wall_now();
	struct fsa_attr_facts facts;
	const char *name = NULL;
	struct fsa_xattrs names;
	enum nt_status status;

	*ret_size = 0;
	fsa_attr_cache_find(share, stat, &facts);
	if (facts.known & FSA_KNOWN_NO_EAS)
		return NT_STATUS_SUCCESS;
	status = fsa_xattrs_co_list(volume, file, &names);
	if (!nt_status_is_ok(status))
		return status;
	if (!fsa_has_eas(&names))
		fsa_attr_cache_add(share, stat, began, &none);
	while ((name = fsa_xattrs_next(&names, name))) {
		int64_t n = 0;

		if (name_is_ea(name))
			n = store_co_xattr_get(volume->creds, file, name, NULL,
					       0);
		if (n > 0 && n <= VALUE_MAX)
			size = (size + 3) / 4 * 4 + ENTRY_FIXED +
			       strlen(name + PREFIX_LENGTH) + 1 + (uint64_t)n;
	}
	fsa_xattrs_fini(&names);
	*ret_size = size > UINT32_MAX ? UINT32_MAX : (uint32_t)size;
	return NT_STATUS_SUCCESS;
}

/* ---- set ---- */

/* The xattr of an EA: one that is there in other letters, or a new one. */
static enum nt_status find_xattr(const struct fsa_xattrs *names,
				 struct bytes ea,
				 char xattr[FSA_XATTR_NAME_MAX + 1])
{
	const char *name = NULL;

	if (ea.length == 0 || ea.length > FSA_XATTR_NAME_MAX - PREFIX_LENGTH)
		return NT_STATUS_INVALID_EA_NAME;
	memcpy(xattr, PREFIX, PREFIX_LENGTH);
	memcpy(xattr + PREFIX_LENGTH, ea.at, ea.length);
	xattr[PREFIX_LENGTH + ea.length] = '\0';
	if (name_is_ours(xattr))
		return NT_STATUS_ACCESS_DENIED;
	while ((name = fsa_xattrs_next(names, name))) {
		if (name_is_ea(name) && strcasecmp(name, xattr) == 0) {
			strcpy(xattr, name);
			break;
		}
	}
	return NT_STATUS_SUCCESS;
}

/* A value of no bytes takes the EA away; that there was none is no error. */
static enum nt_status co_set_one(struct fsa_open *open,
				 const struct fsa_xattrs *names,
				 struct bytes ea, struct bytes value)
{
	char xattr[FSA_XATTR_NAME_MAX + 1];
	enum nt_status status = find_xattr(names, ea, xattr);

	if (status != NT_STATUS_SUCCESS)
		return status;
	if (value.length > 0)
		return fsa_status(FSA_XATTR,
				  store_co_xattr_set(open->volume->creds,
						     open->file, xattr,
						     value.at, value.length));
	status =
		fsa_status(FSA_XATTR, store_co_xattr_remove(open->volume->creds,
							    open->file, xattr));
	return status == NT_STATUS_OBJECT_NAME_NOT_FOUND ? NT_STATUS_SUCCESS
							 : status;
}

static enum nt_status co_set_list(struct fsa_open *open,
				  const struct fsa_xattrs *names,
				  struct bytes list)
{
	uint64_t at = 0;
	uint32_t next;

	do {
		struct reader r = reader_of(list);

		rd_seek(&r, (size_t)at);
		next = rd_u32(&r);
		rd_skip(&r, 1);
		size_t name_length = rd_u8(&r);
		size_t value_length = rd_u16(&r);
		struct bytes name = rd_bytes(&r, name_length);

		rd_skip(&r, 1);
		struct bytes value = rd_bytes(&r, value_length);

		if (!rd_ok(&r) || (next > 0 && next < ENTRY_FIXED) ||
		    !sum_fits(at, next, list.length))
			return NT_STATUS_EA_LIST_INCONSISTENT;

		enum nt_status status = co_set_one(open, names, name, value);

		if (status != NT_STATUS_SUCCESS)
			return status;
		at += next;
	} while (next > 0);
	return NT_STATUS_SUCCESS;
}

enum nt_status fsa_co_drop_eas(struct fsa_open *open)
{
	struct fsa_xattrs names;
	const char *name = NULL;
	enum nt_status status =
		fsa_xattrs_co_list(open->volume, open->file, &names);

	while (nt_status_is_ok(status) &&
	       (name = fsa_xattrs_next(&names, name))) {
		if (!name_is_ea(name))
			continue;
		status = co_set_one(
			open, &names,
			(struct bytes){ (const uint8_t *)name + PREFIX_LENGTH,
					strlen(name) - PREFIX_LENGTH },
			(struct bytes){ 0 });
	}
	fsa_xattrs_fini(&names);
	return status;
}

enum nt_status fsa_co_set_eas(struct fsa_open *open, const uint8_t *eas,
			      uint32_t length)
{
	struct fsa_xattrs names;
	enum nt_status status;

	if (length == 0)
		return NT_STATUS_SUCCESS;
	if (!store_tree_features(open->volume->share->tree)->has_xattr)
		return NT_STATUS_EAS_NOT_SUPPORTED;
	status = fsa_xattrs_co_list(open->volume, open->file, &names);
	if (status != NT_STATUS_SUCCESS)
		return status;
	status = co_set_list(open, &names, (struct bytes){ eas, length });
	fsa_xattrs_fini(&names);
	if (status == NT_STATUS_SUCCESS)
		fsa_changed_self(open, FSA_CHANGE_EA);
	return status;
}
