/*
 * Alternate data streams, each in an extended attribute of its file, in the
 * form that is in the field already: user.DosStream.NAME:$DATA, and behind the
 * bytes of the stream one more, a NUL, so that an empty stream has a value.
 *
 * The attribute is the stream: nothing of it is kept in memory, so what others
 * make of it outside is seen at once. It is read and written whole. Who
 * changes one takes his turn at the file (turn.h); reading needs none, since
 * the kernel hands out one whole value or the other. How big a stream may
 * become is the file system's to say: 64 KiB, or with ext4 as it is mostly
 * made what is left of a block.
 *
 * Whether an open may do what it asks for, and what others lose by it, is
 * known by those who call.
 */
#include "gateway/fsa/stream.h"

#include <stdlib.h>
#include <string.h>

#include "gateway/fsa/windows.h"
#include "smb/wire/cursor.h"
#include "smb/wire/utf16.h"

#define PREFIX_LENGTH (sizeof(FSA_STREAM_PREFIX) - 1)
#define SUFFIX_LENGTH (sizeof(FSA_STREAM_SUFFIX) - 1)

enum {
	ALLOCATION_UNIT = 4096, /* as FileFsSizeInformation says */
};

bool fsa_streams_are_kept(const struct fsa_share *share)
{
	return share->streams == FSA_STREAMS_XATTR &&
	       store_tree_features(share->tree)->has_xattr;
}

/* ---- names ---- */

enum nt_status fsa_stream_name(struct smb_name name,
			       char to[FSA_STREAM_NAME_SIZE])
{
	return smb_utf16_to_utf8(name, to, FSA_STREAM_NAME_SIZE) == SIZE_MAX
		       ? NT_STATUS_OBJECT_NAME_INVALID
		       : NT_STATUS_SUCCESS;
}

static void xattr_of(const char *name, char to[FSA_XATTR_NAME_MAX + 1])
{
	size_t length = strlen(name);

	memcpy(to, FSA_STREAM_PREFIX, PREFIX_LENGTH);
	memcpy(to + PREFIX_LENGTH, name, length);
	memcpy(to + PREFIX_LENGTH + length, FSA_STREAM_SUFFIX,
	       SUFFIX_LENGTH + 1);
}

/* The stream that an attribute is; false if it is none that can be shown. */
static bool name_of(const char *xattr, char to[FSA_STREAM_NAME_SIZE])
{
	size_t length = strlen(xattr), rest;

	if (length <= PREFIX_LENGTH + SUFFIX_LENGTH ||
	    length > FSA_XATTR_NAME_MAX ||
	    strncmp(xattr, FSA_STREAM_PREFIX, PREFIX_LENGTH) != 0)
		return false;
	rest = length - PREFIX_LENGTH - SUFFIX_LENGTH;
	if (strcmp(xattr + PREFIX_LENGTH + rest, FSA_STREAM_SUFFIX) != 0)
		return false;
	memcpy(to, xattr + PREFIX_LENGTH, rest);
	to[rest] = '\0';
	return !strpbrk(to, ":/\\");
}

const char *fsa_stream_next(const struct fsa_xattrs *all, const char *at,
			    char to[FSA_STREAM_NAME_SIZE])
{
	do {
		at = fsa_xattrs_next(all, at);
	} while (at && !name_of(at, to));
	return at;
}

uint16_t *fsa_stream_name_from_path(const struct fsa_share *share,
				    const char *path, const char *stream,
				    uint32_t *ret_count)
{
	uint32_t count;
	uint16_t *name = fsa_name_from_path(share, path, &count), *longer;
	size_t more;

	if (!name)
		return NULL;
	longer = reallocarray(name, count + 1 + strlen(stream), sizeof(*name));
	if (!longer) {
		free(name);
		return NULL;
	}
	longer[count++] = ':';
	more = smb_utf8_to_utf16(stream, strlen(stream), longer + count,
				 strlen(stream));
	*ret_count = count + (more == SIZE_MAX ? 0 : (uint32_t)more);
	return longer;
}

bool fsa_stream_is_node(struct fsa_node *node, const char *name)
{
	bool is_so;

	fsa_node_lock(node);
	is_so = node->stream && smb_utf8_equal_nocase(node->stream, name);
	fsa_node_unlock(node);
	return is_so;
}

char *fsa_stream_open_name(struct fsa_open *open)
{
	char *name;

	fsa_node_lock(open->node);
	name = strdup(open->node->stream);
	fsa_node_unlock(open->node);
	return name;
}

/* ---- values ---- */

/* A whole stream, with room for the most that one can have. */
struct value {
	uint8_t *bytes; /* malloc */
	uint32_t length;
};

static enum nt_status value_init(struct value *v)
{
	v->length = 0;
	v->bytes = malloc(FSA_XATTR_VALUE_MAX);
	return v->bytes ? NT_STATUS_SUCCESS : NT_STATUS_INSUFFICIENT_RESOURCES;
}

/* As it lies on disk. */
static enum nt_status co_load_raw(struct fsa_volume *volume,
				  struct store_file *file, const char *name,
				  struct value *v)
{
	char xattr[FSA_XATTR_NAME_MAX + 1];
	int64_t n;

	xattr_of(name, xattr);
	n = store_co_xattr_get(volume->creds, file, xattr, v->bytes,
			       FSA_XATTR_VALUE_MAX);
	if (n < 0)
		return fsa_status(FSA_STREAM, n);
	v->length = n > 0 ? (uint32_t)n - 1 : 0;
	return NT_STATUS_SUCCESS;
}

/* As a client sees it. */
static enum nt_status co_load(struct fsa_volume *volume,
			      struct store_file *file, const char *name,
			      struct value *v)
{
	enum nt_status status = co_load_raw(volume, file, name, v);
	enum fsa_afp kind = fsa_afp_of(name);

	if (kind == FSA_AFP_NONE)
		return status;
	if (status == NT_STATUS_OBJECT_NAME_NOT_FOUND) {
		v->length = 0;
		status = NT_STATUS_SUCCESS;
	}
	if (nt_status_is_ok(status) && kind == FSA_AFP_INFO) {
		fsa_afp_info_complete(v->bytes, v->length);
		v->length = FSA_AFP_INFO_SIZE;
	}
	return status;
}

static enum nt_status co_store(struct fsa_volume *volume,
			       struct store_file *file, const char *name,
			       struct value *v)
{
	char xattr[FSA_XATTR_NAME_MAX + 1];
	enum nt_status status;

	if (fsa_afp_says_nothing(fsa_afp_of(name), v->bytes, v->length)) {
		status = fsa_stream_co_remove(volume->creds, file, name);
		return status == NT_STATUS_OBJECT_NAME_NOT_FOUND
			       ? NT_STATUS_SUCCESS
			       : status;
	}
	xattr_of(name, xattr);
	v->bytes[v->length] = 0;
	return fsa_status(FSA_STREAM,
			  store_co_xattr_set(volume->creds, file, xattr,
					     v->bytes, v->length + 1));
}

enum nt_status fsa_stream_co_make(struct fsa_volume *volume,
				  struct store_file *file, const char *name)
{
	char xattr[FSA_XATTR_NAME_MAX + 1];

	if (fsa_afp_of(name) != FSA_AFP_NONE)
		return NT_STATUS_SUCCESS;
	xattr_of(name, xattr);
	return fsa_status(FSA_STREAM, store_co_xattr_create(volume->creds, file,
							    xattr, "", 1));
}

enum nt_status fsa_stream_co_remove(struct store_creds *creds,
				    struct store_file *file, const char *name)
{
	char xattr[FSA_XATTR_NAME_MAX + 1];

	xattr_of(name, xattr);
	return fsa_status(FSA_STREAM,
			  store_co_xattr_remove(creds, file, xattr));
}

enum nt_status fsa_stream_co_size(struct fsa_volume *volume,
				  struct store_file *file, const char *name,
				  uint64_t *ret_size)
{
	char xattr[FSA_XATTR_NAME_MAX + 1];
	enum fsa_afp kind = fsa_afp_of(name);
	enum nt_status status;
	int64_t n;

	if (kind == FSA_AFP_INFO) {
		*ret_size = FSA_AFP_INFO_SIZE;
		return NT_STATUS_SUCCESS;
	}
	xattr_of(name, xattr);
	n = store_co_xattr_get(volume->creds, file, xattr, NULL, 0);
	status = fsa_status(FSA_STREAM, n);
	if (kind != FSA_AFP_NONE && status == NT_STATUS_OBJECT_NAME_NOT_FOUND) {
		status = NT_STATUS_SUCCESS;
		n = 0;
	}
	if (nt_status_is_ok(status))
		*ret_size = n > 0 ? (uint64_t)n - 1 : 0;
	return status;
}

bool fsa_stream_co_is_shown(struct fsa_volume *volume, struct store_file *file,
			    const char *name)
{
	enum fsa_afp kind = fsa_afp_of(name);
	struct value v;
	bool is_shown;

	if (kind == FSA_AFP_NONE)
		return true;
	is_shown = nt_status_is_ok(value_init(&v)) &&
		   nt_status_is_ok(co_load_raw(volume, file, name, &v)) &&
		   !fsa_afp_says_nothing(kind, v.bytes, v.length);
	free(v.bytes);
	return is_shown;
}

enum nt_status fsa_stream_co_find(struct fsa_volume *volume,
				  struct store_file *file,
				  char name[FSA_STREAM_NAME_SIZE],
				  bool *ret_exists)
{
	char there[FSA_STREAM_NAME_SIZE];
	struct fsa_xattrs all;
	const char *at = NULL;
	enum nt_status status = fsa_xattrs_co_list(volume, file, &all);

	if (!nt_status_is_ok(status))
		return status;
	do {
		at = fsa_stream_next(&all, at, there);
	} while (at && !smb_utf8_equal_nocase(there, name));
	if (at)
		strcpy(name, there);
	*ret_exists = at && fsa_stream_co_is_shown(volume, file, there);
	fsa_xattrs_fini(&all);
	return NT_STATUS_SUCCESS;
}

void fsa_stream_co_finder(struct fsa_volume *volume, struct store_file *file,
			  uint8_t to[FSA_AFP_FINDER_SIZE])
{
	char xattr[FSA_XATTR_NAME_MAX + 1];
	uint8_t bytes[FSA_AFP_INFO_SIZE + 1];
	int64_t n;

	xattr_of(FSA_AFP_INFO_NAME, xattr);
	n = store_co_xattr_get(volume->creds, file, xattr, bytes,
			       sizeof(bytes));
	fsa_afp_info_complete(bytes, n > 0 ? (size_t)n - 1 : 0);
	memcpy(to, bytes + FSA_AFP_FINDER_AT, FSA_AFP_FINDER_SIZE);
}

enum nt_status fsa_stream_co_copy(struct fsa_volume *volume,
				  struct store_file *file, const char *from,
				  const char *to)
{
	struct value v;
	enum nt_status status = value_init(&v);

	if (nt_status_is_ok(status))
		status = co_load(volume, file, from, &v);
	if (nt_status_is_ok(status))
		status = co_store(volume, file, to, &v);
	free(v.bytes);
	return status;
}

enum nt_status fsa_stream_co_pour(struct fsa_volume *volume,
				  struct store_file *file, const char *from,
				  struct store_file *to)
{
	struct value v;
	enum nt_status status = value_init(&v);

	if (nt_status_is_ok(status))
		status = co_load(volume, file, from, &v);
	if (nt_status_is_ok(status) && v.length)
		status = fsa_status(FSA_WRITE,
				    store_co_write(to, v.bytes, v.length, 0,
						   false));
	free(v.bytes);
	return status;
}

/* ---- an open stream ---- */

void fsa_stream_facts(uint64_t size, struct smb_file_facts *facts)
{
	facts->end_of_file = size;
	facts->allocation =
		(size + ALLOCATION_UNIT - 1) & -(uint64_t)ALLOCATION_UNIT;
	facts->is_directory = false;
	facts->attributes &= ~(uint32_t)FILE_ATTRIBUTE_DIRECTORY;
	if (!facts->attributes)
		facts->attributes = FILE_ATTRIBUTE_NORMAL;
}

uint64_t fsa_stream_co_open_size(struct fsa_open *open)
{
	char *name = fsa_stream_open_name(open);
	uint64_t size = 0;

	if (name)
		(void)fsa_stream_co_size(open->volume, open->file, name, &size);
	free(name);
	return size;
}

static bool is_gone(struct fsa_open *open)
{
	bool is_so;

	fsa_node_lock(open->node);
	is_so = open->node->is_deleted;
	fsa_node_unlock(open->node);
	return is_so;
}

/* Reads the whole stream of an open: its name and value are the caller's. */
static enum nt_status co_load_open(struct fsa_open *open, char **ret_name,
				   struct value *ret_value)
{
	enum nt_status status = value_init(ret_value);

	*ret_name = fsa_stream_open_name(open);
	if (!*ret_name)
		status = NT_STATUS_INSUFFICIENT_RESOURCES;
	if (nt_status_is_ok(status))
		status =
			co_load(open->volume, open->file, *ret_name, ret_value);
	return status;
}

enum nt_status fsa_stream_co_read(struct fsa_open *open,
				  const struct smb_read *how,
				  struct store_body *ret_body)
{
	struct value v;
	char *name;
	enum nt_status status = co_load_open(open, &name, &v);
	uint32_t length = how->length;

	if (nt_status_is_ok(status) && is_gone(open))
		status = NT_STATUS_OBJECT_NAME_NOT_FOUND;
	*ret_body = (struct store_body){ 0 };
	if (!nt_status_is_ok(status) || how->offset >= v.length)
		goto out;
	if (length > v.length - how->offset)
		length = v.length - (uint32_t)how->offset;
	ret_body->bytes = how->room(how->owner, length);
	ret_body->length = length;
	if (ret_body->bytes)
		memcpy(ret_body->bytes, v.bytes + how->offset, length);
	else
		status = NT_STATUS_INSUFFICIENT_RESOURCES;
out:
	free(name);
	free(v.bytes);
	return status;
}

/* What is between the end and a place behind it is zeroes. */
static void value_resize(struct value *v, uint32_t length)
{
	for (uint32_t i = v->length; i < length; i++)
		v->bytes[i] = 0;
	v->length = length;
}

/* Changes a whole stream, of that kind. */
typedef enum nt_status change_fn(enum fsa_afp kind, struct value *v,
				 const void *arg);

static enum nt_status co_change(struct fsa_open *open, change_fn *change,
				const void *arg)
{
	enum nt_status status;
	struct value v;
	char *name;

	fsa_turn_co_take(open->node);
	status = co_load_open(open, &name, &v);
	if (nt_status_is_ok(status) && is_gone(open))
		status = NT_STATUS_OBJECT_NAME_NOT_FOUND;
	if (nt_status_is_ok(status))
		status = change(fsa_afp_of(name), &v, arg);
	if (nt_status_is_ok(status))
		status = co_store(open->volume, open->file, name, &v);
	fsa_turn_give(open->node);
	free(name);
	free(v.bytes);
	return status;
}

static enum nt_status change_bytes(enum fsa_afp kind, struct value *v,
				   const void *arg)
{
	const struct smb_write *how = arg;
	uint64_t offset = how->offset == UINT64_MAX ? v->length : how->offset;

	if (kind == FSA_AFP_INFO)
		return fsa_afp_info_write(v->bytes, offset, how->bytes,
					  how->length);
	if (!sum_fits(offset, how->length, FSA_STREAM_SIZE_MAX))
		return NT_STATUS_DISK_FULL;
	if (offset + how->length > v->length)
		value_resize(v, (uint32_t)offset + how->length);
	memcpy(v->bytes + offset, how->bytes, how->length);
	return NT_STATUS_SUCCESS;
}

enum nt_status fsa_stream_co_write(struct fsa_open *open,
				   const struct smb_write *how, bool is_stable)
{
	enum nt_status status = co_change(open, change_bytes, how);

	if (nt_status_is_ok(status) && is_stable)
		status = fsa_stream_co_flush(open);
	return status;
}

/* ---- from one to another ---- */

static uint8_t *room_at(void *owner, uint32_t length)
{
	(void)length;
	return owner;
}

static enum nt_status co_fetch(struct fsa_open *source,
			       const struct smb_copy *how, uint8_t *to)
{
	uint32_t length = (uint32_t)how->length;
	struct store_body body;
	enum nt_status status;

	if (fsa_open_is_stream(source))
		status = fsa_stream_co_read(source,
					    &(struct smb_read){
						    .offset = how->from,
						    .length = length,
						    .room = room_at,
						    .owner = to },
					    &body);
	else
		status = fsa_status(FSA_READ,
				    store_co_read(source->file,
						  &(struct store_read){
							  .offset = how->from,
							  .length = length,
							  .room = room_at,
							  .owner = to },
						  &body));
	if (nt_status_is_ok(status) && body.length < length)
		status = NT_STATUS_INVALID_VIEW_SIZE;
	return status;
}

enum nt_status fsa_stream_co_copy_range(struct fsa_open *source,
					struct fsa_open *target,
					const struct smb_copy *how)
{
	enum nt_status status;
	uint8_t *bytes;

	if (how->length > FSA_STREAM_SIZE_MAX)
		return NT_STATUS_DISK_FULL;
	if (!how->length)
		return NT_STATUS_SUCCESS;
	bytes = malloc(how->length);
	if (!bytes)
		return NT_STATUS_INSUFFICIENT_RESOURCES;
	status = co_fetch(source, how, bytes);
	if (nt_status_is_ok(status) && fsa_open_is_stream(target))
		status = fsa_stream_co_write(
			target,
			&(struct smb_write){ .bytes = bytes,
					     .length = (uint32_t)how->length,
					     .offset = how->to },
			false);
	else if (nt_status_is_ok(status))
		status = fsa_status(FSA_WRITE,
				    store_co_write(target->file, bytes,
						   (uint32_t)how->length,
						   how->to, false));
	free(bytes);
	return status;
}

/* ---- sizes, and what is safe ---- */

/* AFP_AfpInfo can't be cut: that it is asked for is no error. */
static enum nt_status change_size(enum fsa_afp kind, struct value *v,
				  const void *arg)
{
	const uint64_t *size = arg;

	if (kind == FSA_AFP_INFO)
		return *size > FSA_AFP_INFO_SIZE
			       ? NT_STATUS_ALLOTTED_SPACE_EXCEEDED
			       : NT_STATUS_SUCCESS;
	if (*size > FSA_STREAM_SIZE_MAX)
		return NT_STATUS_DISK_FULL;
	value_resize(v, (uint32_t)*size);
	return NT_STATUS_SUCCESS;
}

enum nt_status fsa_stream_co_resize(struct fsa_open *open, uint64_t size)
{
	return co_change(open, change_size, &size);
}

static enum nt_status change_to_nothing(enum fsa_afp kind, struct value *v,
					const void *arg)
{
	(void)kind;
	(void)arg;
	v->length = 0;
	return NT_STATUS_SUCCESS;
}

enum nt_status fsa_stream_co_clear(struct fsa_open *open)
{
	return co_change(open, change_to_nothing, NULL);
}

/* A user may read and not write, or write and not read. */
enum nt_status fsa_stream_co_flush(struct fsa_open *open)
{
	struct store_creds *creds = open->volume->creds;
	struct store_file *file;
	int err = store_co_reopen(open->file, creds, STORE_OPEN_READ, &file);

	if (err < 0 && !open->node->is_directory)
		err = store_co_reopen(open->file, creds, STORE_OPEN_WRITE,
				      &file);
	if (err < 0)
		return fsa_status(FSA_FLUSH, err);
	err = store_co_flush(file);
	store_file_close(file);
	return fsa_status(FSA_FLUSH, err);
}

void fsa_stream_tell(struct fsa_open *open, enum fsa_action action,
		     uint32_t filter)
{
	char *path = fsa_open_path(open);
	char *name = fsa_stream_open_name(open);

	if (path && name)
		fsa_changed_stream(open, path, name, action, filter);
	free(path);
	free(name);
}
