/*
 * Facts of an open (MS-FSA 2.1.5.12). The list of its streams is stream.c's.
 */
#include <stdlib.h>
#include <string.h>

#include "gateway/fsa/object.h"
#include "gateway/fsa/previous.h"
#include "gateway/fsa/short_name.h"
#include "gateway/fsa/stream.h"

/* The name of a stream stands behind that of its file. */
static uint16_t *name_of(struct fsa_open *open, uint32_t *ret_count)
{
	char *path = fsa_open_path(open), *stream = NULL;
	const char *own =
		path ? fsa_previous_own_path(path, open->previous) : NULL;
	uint16_t *name = NULL;

	if (fsa_open_is_stream(open))
		stream = fsa_stream_open_name(open);
	if (path && stream)
		name = fsa_stream_name_from_path(open->volume->share, own,
						 stream, ret_count);
	else if (path && !fsa_open_is_stream(open))
		name = fsa_name_from_path(open->volume->share, own, ret_count);
	free(stream);
	free(path);
	return name;
}

/* The name follows the node: another open may have renamed the file. */
static enum nt_status name_refresh(struct fsa_open *open)
{
	uint32_t count = 0;
	uint16_t *name = name_of(open, &count);

	if (!name)
		return NT_STATUS_INSUFFICIENT_RESOURCES;
	free(open->name);
	open->name = name;
	open->name_count = count;
	return NT_STATUS_SUCCESS;
}

/* Of the last component; the root has none. */
static struct smb_name short_name(struct fsa_open *open)
{
	struct smb_name path = { open->name, open->name_count }, leaf;
	uint32_t from = path.count;

	while (from && path.units[from - 1] != '\\')
		from--;
	leaf = (struct smb_name){ path.units + from, 0 };
	/* Not of a stream: only files have one. */
	while (from < path.count && path.units[from++] != ':')
		leaf.count++;
	if (fsa_short_name_is(leaf))
		return leaf;
	if (!open->volume->share->has_short_names)
		return (struct smb_name){ 0 };
	return (struct smb_name){
		open->short_name,
		(uint32_t)fsa_short_name_make(leaf, open->short_name)
	};
}

enum nt_status fsa_co_query(struct smb_object *object,
			    struct smb_open_facts *ret_facts)
{
	struct fsa_open *open = fsa_open_of(object);
	struct smb_file_facts file;
	struct store_stat stat;
	enum nt_status status = fsa_co_facts_and_stat(open, &file, &stat);

	if (status == NT_STATUS_SUCCESS && ret_facts->wants_ea_size)
		status = fsa_co_eas_size(open->volume, open->file, &stat,
					 &file.ea_size);
	if (status == NT_STATUS_SUCCESS)
		status = name_refresh(open);
	if (status != NT_STATUS_SUCCESS)
		return status;
	*ret_facts = (struct smb_open_facts){
		.file = file,
		.is_posix = open->base.is_posix,
		.granted = open->base.granted,
		.mode = open->mode,
		.position = open->position,
		.path = { open->name, open->name_count },
	};
	ret_facts->short_name = short_name(open);
	return NT_STATUS_SUCCESS;
}
