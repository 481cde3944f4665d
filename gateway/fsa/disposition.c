/*
 * What a CREATE asks for, before any file is looked at: whether its words fit
 * together (MS-FSA 2.1.5.1, phase 1), and what its disposition does to a name
 * that exists or does not (2.1.5.1.1 and 2.1.5.1.2). Pure.
 */
#include "gateway/fsa/disposition.h"

#include "gateway/fsa/windows.h"

/* Those above are no options of Windows; it refuses them as such. */
#define OPTIONS_NONE 0xff000000u

/* Known, and not to be had here. */
#define OPTIONS_UNSUPPORTED                                   \
	(FILE_OPEN_BY_FILE_ID | FILE_CREATE_TREE_CONNECTION | \
	 FILE_RESERVE_OPFILTER)

/* Attributes that a CREATE may name: all but DEVICE and unknown ones. */
#define ATTRIBUTES_KNOWN 0x7fb7u

/* Attributes that are kept with a file because somebody said so. */
#define ATTRIBUTES_KEPT                                      \
	(FILE_ATTRIBUTE_READONLY | FILE_ATTRIBUTE_HIDDEN |   \
	 FILE_ATTRIBUTE_SYSTEM | FILE_ATTRIBUTE_ARCHIVE |    \
	 FILE_ATTRIBUTE_TEMPORARY | FILE_ATTRIBUTE_OFFLINE | \
	 FILE_ATTRIBUTE_NOT_CONTENT_INDEXED)

#define SHARING_ALL (FILE_SHARE_READ | FILE_SHARE_WRITE | FILE_SHARE_DELETE)

static bool overwrites(uint32_t disposition)
{
	return disposition == FILE_SUPERSEDE || disposition == FILE_OVERWRITE ||
	       disposition == FILE_OVERWRITE_IF;
}

static enum nt_status check_options(uint32_t options, uint32_t disposition)
{
	if (options & OPTIONS_NONE)
		return NT_STATUS_INVALID_PARAMETER;
	if (options & OPTIONS_UNSUPPORTED)
		return NT_STATUS_NOT_SUPPORTED;
	if (!(options & FILE_DIRECTORY_FILE))
		return NT_STATUS_SUCCESS;
	if (options & FILE_NON_DIRECTORY_FILE || overwrites(disposition))
		return NT_STATUS_INVALID_PARAMETER;
	return NT_STATUS_SUCCESS;
}

static enum nt_status check_attributes(uint32_t attributes, uint32_t options)
{
	if (attributes & ~ATTRIBUTES_KNOWN)
		return NT_STATUS_INVALID_PARAMETER;
	if (attributes & FILE_ATTRIBUTE_TEMPORARY &&
	    options & FILE_DIRECTORY_FILE)
		return NT_STATUS_INVALID_PARAMETER;
	if (attributes & FILE_ATTRIBUTE_ENCRYPTED)
		return NT_STATUS_ACCESS_DENIED;
	return NT_STATUS_SUCCESS;
}

enum nt_status fsa_create_check(uint32_t access, uint32_t attributes,
				uint32_t sharing, uint32_t disposition,
				uint32_t options)
{
	enum nt_status status;

	if (disposition > FILE_OVERWRITE_IF || sharing & ~SHARING_ALL)
		return NT_STATUS_INVALID_PARAMETER;
	status = check_options(options, disposition);
	if (!nt_status_is_ok(status))
		return status;
	status = check_attributes(attributes, options);
	if (!nt_status_is_ok(status))
		return status;
	/*
	 * Appending needs a buffer to fill up the last sector. Clients send
	 * both rights for every writer, so only those that can't but append
	 * are meant.
	 */
	if (options & FILE_NO_INTERMEDIATE_BUFFERING &&
	    (access & (FILE_APPEND_DATA | FILE_WRITE_DATA)) == FILE_APPEND_DATA)
		return NT_STATUS_INVALID_PARAMETER;
	if (options & FILE_DELETE_ON_CLOSE &&
	    !(access & (DELETE | MAXIMUM_ALLOWED)))
		return NT_STATUS_ACCESS_DENIED;
	return NT_STATUS_SUCCESS;
}

enum nt_status fsa_disposition(uint32_t disposition, bool exists,
			       struct fsa_step *ret_step)
{
	struct fsa_step step = { .action = SMB_CREATE_OPENED };

	if (exists && disposition == FILE_CREATE)
		return NT_STATUS_OBJECT_NAME_COLLISION;
	if (!exists &&
	    (disposition == FILE_OPEN || disposition == FILE_OVERWRITE))
		return NT_STATUS_OBJECT_NAME_NOT_FOUND;
	if (!exists) {
		step.creates = true;
		step.action = SMB_CREATE_CREATED;
	} else if (overwrites(disposition)) {
		step.overwrites = true;
		step.action = disposition == FILE_SUPERSEDE
				      ? SMB_CREATE_SUPERSEDED
				      : SMB_CREATE_OVERWRITTEN;
	}
	*ret_step = step;
	return NT_STATUS_SUCCESS;
}

enum nt_status fsa_overwrite_check(uint32_t existing, uint32_t asked)
{
	uint32_t hiding = FILE_ATTRIBUTE_HIDDEN | FILE_ATTRIBUTE_SYSTEM;

	if (existing & FILE_ATTRIBUTE_READONLY)
		return NT_STATUS_ACCESS_DENIED;
	if (existing & hiding & ~asked)
		return NT_STATUS_ACCESS_DENIED;
	return NT_STATUS_SUCCESS;
}

uint32_t fsa_attributes_of_new(uint32_t asked, bool is_directory)
{
	uint32_t kept = asked & ATTRIBUTES_KEPT;

	return is_directory ? kept : kept | FILE_ATTRIBUTE_ARCHIVE;
}
