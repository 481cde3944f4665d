/*
 * Opens by the POSIX extensions (create context of SMB 3.1.1): the same files
 * and nodes, seen through a share of other rules. Names are exact bytes, links
 * are links. What deleting and replacing an open file means to them is asked
 * where that is done, by smb_object.is_posix.
 */
#include <stdlib.h>
#include <string.h>

#include "gateway/fsa/object.h"

enum {
	PATH_BYTES_MAX = 32760, /* UTF-16 units that a name may have */
};

struct fsa_posix {
	struct fsa_share share;
	struct fsa_volume volume;
};

struct fsa_volume *fsa_posix_volume(struct fsa_volume *volume)
{
	struct fsa_posix *posix = volume->posix;

	if (posix)
		return &posix->volume;
	posix = malloc(sizeof(*posix));
	if (!posix)
		return NULL;
	posix->share = *volume->share;
	posix->share.is_posix = true;
	posix->share.is_case_sensitive = true;
	posix->share.maps_names = false;
	posix->share.has_short_names = false;
	posix->share.hides_dot_files = false;
	posix->volume = (struct fsa_volume){
		.base = volume->base,
		.share = &posix->share,
		.creds = store_creds_ref(volume->creds),
	};
	volume->posix = posix;
	return &posix->volume;
}

void fsa_posix_free(struct fsa_posix *posix)
{
	if (!posix)
		return;
	fsa_find_forget(&posix->volume);
	store_creds_unref(posix->volume.creds);
	free(posix);
}

static bool is_slash(uint16_t unit)
{
	return unit == '/' || unit == '\\';
}

/* Where the next component begins and ends; false if there is none. */
static bool next_part(struct smb_name name, uint32_t *at,
		      struct smb_name *ret_part)
{
	uint32_t from = *at;

	while (from < name.count && is_slash(name.units[from]))
		from++;
	*at = from;
	while (*at < name.count && !is_slash(name.units[*at]))
		(*at)++;
	*ret_part = (struct smb_name){ name.units + from, *at - from };
	return ret_part->count > 0;
}

enum nt_status fsa_posix_path(const struct fsa_share *share,
			      struct smb_name name, char **ret_path)
{
	size_t size = 3 * (size_t)name.count + 2, used = 0;
	struct smb_name part;
	uint32_t at = 0;
	char *path;

	if (name.count > PATH_BYTES_MAX)
		return NT_STATUS_OBJECT_NAME_INVALID;
	path = malloc(size);
	if (!path)
		return NT_STATUS_INSUFFICIENT_RESOURCES;
	path[0] = '\0';
	while (next_part(name, &at, &part)) {
		size_t length;

		if (used > 0)
			path[used++] = '/';
		length =
			fsa_name_to_disk(share, part, path + used, size - used);
		if (length == SIZE_MAX) {
			free(path);
			return NT_STATUS_OBJECT_NAME_INVALID;
		}
		used += length;
	}
	*ret_path = path;
	return NT_STATUS_SUCCESS;
}
