/*
 * Alternate data streams (MS-FSA 2.1.1.3): where they are kept, and what can
 * be done with one. Private to gateway/fsa/.
 *
 * Names of streams are UTF-8 here, without their type, as they are on disk.
 */
#pragma once

#include <stdbool.h>
#include <stdint.h>

#include "gateway/fsa/afp.h"
#include "gateway/fsa/change.h"
#include "gateway/fsa/object.h"
#include "gateway/fsa/xattrs.h"

/* A stream is the extended attribute PREFIX name SUFFIX of its file. */
#define FSA_STREAM_PREFIX "user.DosStream."
#define FSA_STREAM_SUFFIX ":$DATA"

enum {
	/* Bytes of a name, with a NUL. */
	FSA_STREAM_NAME_SIZE = FSA_XATTR_NAME_MAX -
			       (sizeof(FSA_STREAM_PREFIX) - 1) -
			       (sizeof(FSA_STREAM_SUFFIX) - 1) + 1,
	/* Bytes of a stream: Linux allows one more, which is a NUL. */
	FSA_STREAM_SIZE_MAX = FSA_XATTR_VALUE_MAX - 1,
};

/* Whether the share has streams at all. */
bool fsa_streams_are_kept(const struct fsa_share *share);

static inline bool fsa_open_is_stream(const struct fsa_open *open)
{
	return open->node->file != NULL;
}

/* As it is on disk. OBJECT_NAME_INVALID: it can't be there. */
enum nt_status fsa_stream_name(struct smb_name name,
			       char to[FSA_STREAM_NAME_SIZE]);

/*
 * Whether the file has a stream of this name in any case: `name` is then as it
 * is spelled on disk.
 */
enum nt_status fsa_stream_co_find(struct fsa_volume *volume,
				  struct store_file *file,
				  char name[FSA_STREAM_NAME_SIZE],
				  bool *ret_exists);

/* The next of the streams behind the attribute `at`; NULL at the end. */
const char *fsa_stream_next(const struct fsa_xattrs *all, const char *at,
			    char to[FSA_STREAM_NAME_SIZE]);

/*
 * Whether a stream that is on disk is one to clients: one of macOS (afp.h)
 * that says nothing is not.
 */
bool fsa_stream_co_is_shown(struct fsa_volume *volume, struct store_file *file,
			    const char *name);

/* FinderInfo of AFP_AfpInfo; zeroes if there is none. */
void fsa_stream_co_finder(struct fsa_volume *volume, struct store_file *file,
			  uint8_t to[FSA_AFP_FINDER_SIZE]);

/*
 * An empty stream. OBJECT_NAME_COLLISION if there is one. One of macOS begins
 * with what is written to it.
 */
enum nt_status fsa_stream_co_make(struct fsa_volume *volume,
				  struct store_file *file, const char *name);
enum nt_status fsa_stream_co_remove(struct store_creds *creds,
				    struct store_file *file, const char *name);

/* All that it contains, in a new stream. In the caller's turn. */
enum nt_status fsa_stream_co_copy(struct fsa_volume *volume,
				  struct store_file *file, const char *from,
				  const char *to);

/* The same, in a file that is empty. */
enum nt_status fsa_stream_co_pour(struct fsa_volume *volume,
				  struct store_file *file, const char *from,
				  struct store_file *to);

/* Bytes that it has. OBJECT_NAME_NOT_FOUND. */
enum nt_status fsa_stream_co_size(struct fsa_volume *volume,
				  struct store_file *file, const char *name,
				  uint64_t *ret_size);

/*
 * Facts of a file as those of one of its streams (MS-FSA 2.1.5.12): it has a
 * size of its own, and is no directory.
 */
void fsa_stream_facts(uint64_t size, struct smb_file_facts *facts);

/* "\a\b:stream" (malloc), for FileNameInformation. NULL: out of memory. */
uint16_t *fsa_stream_name_from_path(const struct fsa_share *share,
				    const char *path, const char *stream,
				    uint32_t *ret_count);

/* Whether a node is that of this stream. Takes its lock. */
bool fsa_stream_is_node(struct fsa_node *node, const char *name);

/* ---- of an open stream; rights and locks are checked before ---- */

/* A copy (malloc) of its name as it is now; NULL: out of memory. */
char *fsa_stream_open_name(struct fsa_open *open);

/* The size of this stream; 0 if it is gone or can't be told. */
uint64_t fsa_stream_co_open_size(struct fsa_open *open);

/* ret_body->length is 0 at and behind the end. */
enum nt_status fsa_stream_co_read(struct fsa_open *open,
				  const struct smb_read *how,
				  struct store_body *ret_body);
enum nt_status fsa_stream_co_write(struct fsa_open *open,
				   const struct smb_write *how, bool is_stable);
enum nt_status fsa_stream_co_resize(struct fsa_open *open, uint64_t size);

/* As new: it is overwritten. */
enum nt_status fsa_stream_co_clear(struct fsa_open *open);

/*
 * From one open to another, one of which, or both, are streams: the bytes go
 * through memory. They are in the source, and are no more than a stream has.
 */
enum nt_status fsa_stream_co_copy_range(struct fsa_open *source,
					struct fsa_open *target,
					const struct smb_copy *how);

/* The file with all its streams is on stable storage when this returns. */
enum nt_status fsa_stream_co_flush(struct fsa_open *open);

/* FileRenameInformation with a name that begins with a colon. */
enum nt_status fsa_stream_co_rename(struct fsa_open *open,
				    const struct smb_set *set);

/* Tells those that watch, in the words of streams. */
void fsa_stream_tell(struct fsa_open *open, enum fsa_action action,
		     uint32_t filter);

/* ---- of a file that has streams ---- */

/* They go when the file is overwritten (MS-FSA 2.1.5.1.2). */
enum nt_status fsa_stream_co_remove_all(struct fsa_open *open);
