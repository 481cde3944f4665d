/*
 * Facts of an open (MS-FSA 2.1.5.12) and the list of its streams. A file has
 * one stream here, the unnamed one.
 */
#include <stdlib.h>
#include <string.h>

#include "gateway/fsa/object.h"
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
	name = fsa_name_from_path(open->volume->share, path, &count);
	free(path);
	if (!name)
		return NT_STATUS_INSUFFICIENT_RESOURCES;
	free(open->name);
	open->name = name;
	open->name_count = count;
	return NT_STATUS_SUCCESS;
}

/* What a name of 8.3 consists of, besides letters that have no lower case. */
static bool is_short_unit(uint16_t unit)
{
	return unit < 0x80 && unit > ' ' && !strchr("\"*+,/:;<=>?[\\]|.", unit);
}

/*
 * The last component, if it is a name of 8.3 already: it is then its own short
 * name (MS-FSCC 2.1.5.2.1). Others have none.
 */
static struct smb_name short_name(struct smb_name path)
{
	uint32_t from = path.count, base = 0, extension = 0;

	while (from && path.units[from - 1] != '\\')
		from--;
	uint32_t at = from;

	for (; at < path.count && is_short_unit(path.units[at]); at++)
		base++;
	bool has_dot = at < path.count && path.units[at] == '.';

	at += has_dot;
	for (; at < path.count && is_short_unit(path.units[at]); at++)
		extension++;
	if (at < path.count || !base || base > 8 || extension > 3 ||
	    has_dot != (extension > 0))
		return (struct smb_name){ 0 };
	return (struct smb_name){ path.units + from, path.count - from };
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
		.granted = open->base.granted,
		.mode = open->mode,
		.position = open->position,
		.path = { open->name, open->name_count },
	};
	ret_facts->short_name = short_name(ret_facts->path);
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
