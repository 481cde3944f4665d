/*
 * The border: -errno below, NTSTATUS above, and this file between. The same
 * errno means different things to a client, by what was being done: a missing
 * directory on the way is not a missing file. MS-ERREF 2.3.
 */
#include <errno.h>
#include <stddef.h>

#include "gateway/fsa/object.h"

struct meaning {
	int err;
	enum nt_status status;
};

/* Those that mean the same whatever was done. */
static const struct meaning always[] = {
	{ ENOENT, NT_STATUS_OBJECT_NAME_NOT_FOUND },
	{ ENOTDIR, NT_STATUS_OBJECT_PATH_NOT_FOUND },
	{ EISDIR, NT_STATUS_FILE_IS_A_DIRECTORY },
	{ EEXIST, NT_STATUS_OBJECT_NAME_COLLISION },
	{ EACCES, NT_STATUS_ACCESS_DENIED },
	{ EPERM, NT_STATUS_ACCESS_DENIED },
	{ EROFS, NT_STATUS_MEDIA_WRITE_PROTECTED },
	{ ENOSPC, NT_STATUS_DISK_FULL },
	{ EDQUOT, NT_STATUS_DISK_FULL },
	{ ENOTEMPTY, NT_STATUS_DIRECTORY_NOT_EMPTY },
	{ EXDEV, NT_STATUS_NOT_SAME_DEVICE },
	{ EMFILE, NT_STATUS_TOO_MANY_OPENED_FILES },
	{ ENFILE, NT_STATUS_TOO_MANY_OPENED_FILES },
	{ EMLINK, NT_STATUS_TOO_MANY_LINKS },
	{ ENAMETOOLONG, NT_STATUS_OBJECT_NAME_INVALID },
	{ EILSEQ, NT_STATUS_OBJECT_NAME_INVALID },
	{ EINVAL, NT_STATUS_INVALID_PARAMETER },
	{ EBUSY, NT_STATUS_SHARING_VIOLATION },
	{ EAGAIN, NT_STATUS_FILE_LOCK_CONFLICT },
	{ ETXTBSY, NT_STATUS_SHARING_VIOLATION },
	{ EIO, NT_STATUS_IO_DEVICE_ERROR },
	{ ENOMEM, NT_STATUS_INSUFFICIENT_RESOURCES },
	{ ENOBUFS, NT_STATUS_INSUFFICIENT_RESOURCES },
	{ ELOOP, NT_STATUS_OBJECT_PATH_NOT_FOUND },
	{ EOPNOTSUPP, NT_STATUS_NOT_SUPPORTED },
	{ ENOSYS, NT_STATUS_NOT_SUPPORTED },
	{ ESTALE, NT_STATUS_FILE_CLOSED },
	{ EBADF, NT_STATUS_INVALID_DEVICE_REQUEST },
	{ ESPIPE, NT_STATUS_INVALID_DEVICE_REQUEST },
	{ ENXIO, NT_STATUS_INVALID_DEVICE_REQUEST },
	{ ENODEV, NT_STATUS_DEVICE_NOT_READY },
	{ ENOTCONN, NT_STATUS_UNEXPECTED_NETWORK_ERROR },
	{ ECONNABORTED, NT_STATUS_UNEXPECTED_NETWORK_ERROR },
	{ EFBIG, NT_STATUS_FILE_TOO_LARGE },
	{ EOVERFLOW, NT_STATUS_FILE_TOO_LARGE },
	{ ENODATA, NT_STATUS_OBJECT_NAME_NOT_FOUND },
	{ ECANCELED, NT_STATUS_CANCELLED },
	{ ETIMEDOUT, NT_STATUS_IO_TIMEOUT },
};

/* What a verb makes of an errno in its own way. */
static const struct own_meaning {
	enum fsa_verb verb;
	struct meaning meaning;
} own[] = {
	{ FSA_WALK, { ENOENT, NT_STATUS_OBJECT_PATH_NOT_FOUND } },
	/* Links in a circle look the same: find.c knows whether it follows. */
	{ FSA_WALK, { ELOOP, NT_STATUS_STOPPED_ON_SYMLINK } },
	/* A link that leads out of the share: there is nothing for them. */
	{ FSA_WALK, { EXDEV, NT_STATUS_ACCESS_DENIED } },
	{ FSA_OPEN, { EXDEV, NT_STATUS_ACCESS_DENIED } },
	{ FSA_CREATE, { EXDEV, NT_STATUS_ACCESS_DENIED } },
	{ FSA_OPEN, { ENOTDIR, NT_STATUS_NOT_A_DIRECTORY } },
	/* The directory to make it in went away meanwhile. */
	{ FSA_CREATE, { ENOENT, NT_STATUS_OBJECT_PATH_NOT_FOUND } },
	{ FSA_LINK, { EPERM, NT_STATUS_ACCESS_DENIED } },
	/* Devices, FIFOs and sockets are opened for no I/O. */
	{ FSA_OPEN, { EOPNOTSUPP, NT_STATUS_IO_REPARSE_TAG_NOT_HANDLED } },
	/* rmdir(2) may say either. */
	{ FSA_DELETE, { EEXIST, NT_STATUS_DIRECTORY_NOT_EMPTY } },
	{ FSA_DELETE, { EBUSY, NT_STATUS_CANNOT_DELETE } },
	{ FSA_RENAME, { EBUSY, NT_STATUS_ACCESS_DENIED } },
	/* Into its own sub-directory. */
	{ FSA_RENAME, { EINVAL, NT_STATUS_ACCESS_DENIED } },
	{ FSA_RENAME, { ENOTEMPTY, NT_STATUS_OBJECT_NAME_COLLISION } },
	{ FSA_XATTR, { EOPNOTSUPP, NT_STATUS_EAS_NOT_SUPPORTED } },
	{ FSA_XATTR, { E2BIG, NT_STATUS_EA_TOO_LARGE } },
	{ FSA_XATTR, { ERANGE, NT_STATUS_EA_TOO_LARGE } },
	/* A stream is as big as an attribute can be. */
	{ FSA_STREAM, { E2BIG, NT_STATUS_DISK_FULL } },
	{ FSA_STREAM, { ERANGE, NT_STATUS_DISK_FULL } },
	{ FSA_STREAM, { EOPNOTSUPP, NT_STATUS_OBJECT_NAME_INVALID } },
	{ FSA_LOCK, { EAGAIN, NT_STATUS_LOCK_NOT_GRANTED } },
	{ FSA_FSCTL, { EOPNOTSUPP, NT_STATUS_INVALID_DEVICE_REQUEST } },
	{ FSA_FSCTL, { ENOSYS, NT_STATUS_INVALID_DEVICE_REQUEST } },
};

enum nt_status fsa_status(enum fsa_verb verb, int64_t err)
{
	size_t i;

	if (err >= 0)
		return NT_STATUS_SUCCESS;
	for (i = 0; i < sizeof(own) / sizeof(own[0]); i++) {
		if (own[i].verb == verb && own[i].meaning.err == -err)
			return own[i].meaning.status;
	}
	for (i = 0; i < sizeof(always) / sizeof(always[0]); i++) {
		if (always[i].err == -err)
			return always[i].status;
	}
	return NT_STATUS_UNSUCCESSFUL;
}
