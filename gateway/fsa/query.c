/*
 * Facts of an open (MS-FSA 2.1.5.12) and the list of its streams. A file has
 * one stream here, the unnamed one.
 */
#include <stdlib.h>
#include <string.h>

#include "gateway/fsa/object.h"
#include "gateway/fsa/previous.h"
#include "gateway/fsa/short_name.h"
#include "smb/wire/cursor.h"
#include "smb/wire/utf16.h"

/* The name follows the node: another open may have renamed the file. */
static enum nt_status name_refresh(struct fsa_open *open)
{
	char *path = fsa_open_path(open);
	uint32_t count = 0;
	uint16_t *name;

	if (!path)
		return NT_STATUS_INSUFFICIENT_RESOURCES;
	name = fsa_name_from_path(open->volume->share,
				  fsa_previous_own_path(path, open->previous),
				  &count);
	free(path);
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
	leaf = (struct smb_name){ path.units + from, path.count - from };
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
	enum nt_status status = fsa_co_facts(open, &file);

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

/* FileStreamInformation, MS-FSCC 2.4. */
enum nt_status fsa_co_query_streams(struct smb_object *object, uint8_t *to,
				    uint32_t size, uint32_t *ret_length)
{
	static const uint16_t name[] = { ':', ':', '$', 'D', 'A', 'T', 'A' };
	struct writer w = writer_at(to, size);
	struct smb_file_facts facts;
	enum nt_status status = fsa_co_facts(fsa_open_of(object), &facts);

	if (status != NT_STATUS_SUCCESS)
		return status;
	if (!facts.is_directory) {
		wr_u32(&w, 0);
		wr_u32(&w, sizeof(name));
		wr_u64(&w, facts.end_of_file);
		wr_u64(&w, facts.allocation);
		wr_utf16(&w, (struct smb_name){ name, sizeof(name) / 2 });
	}
	*ret_length = wr_ok(&w) ? (uint32_t)w.at : 0;
	return wr_ok(&w) ? NT_STATUS_SUCCESS : NT_STATUS_BUFFER_OVERFLOW;
}
