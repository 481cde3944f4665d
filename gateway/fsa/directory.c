/*
 * QUERY_DIRECTORY (MS-FSA 2.1.5.6.3). A scan belongs to an open: a position in
 * the directory, a pattern, and a batch of entries that have been read and
 * looked at, but not taken yet. It reads no further than it must, so that
 * large directories are answered at once. What an entry is on disk is for
 * batch.c to find out.
 *
 *   new ──"." and ".."──> entries, batch by batch ──> done
 *    └──the pattern is one plain name──> found by name ──> done
 *
 * No entry fails a listing: what can't be looked at is told as far as known,
 * what is gone meanwhile is left out.
 */
#include <dirent.h>
#include <stdlib.h>
#include <string.h>
#include <sys/stat.h>
#include <unistd.h>

#include "gateway/fsa/batch.h"
#include "gateway/fsa/dosattr.h"
#include "gateway/fsa/short_name.h"
#include "gateway/fsa/windows.h"

enum {
	/* Code units of one name as clients see it; mapping makes it longer. */
	NAME_UNITS = 1024,
	PATTERN_MAX = 1023,
};

enum stage {
	STAGE_DOTS,
	STAGE_ENTRIES,
	STAGE_DONE,
};

struct fsa_scan {
	struct store_listing *listing; /* NULL: the pattern is a plain name */
	enum stage stage;
	bool has_answered; /* any entry since the start */
	uint16_t *pattern; /* malloc */
	uint32_t pattern_count;
	bool has_tilde; /* the pattern */
	struct fsa_batch batch;
	size_t at; /* of the batch: which one comes next */
};

void fsa_scan_free(struct fsa_scan *scan)
{
	if (!scan)
		return;
	if (scan->listing)
		store_listing_free(scan->listing);
	free(scan->pattern);
	free(scan);
}

/* ---- the pattern ---- */

static struct smb_name pattern_of(const struct fsa_scan *scan)
{
	return (struct smb_name){ scan->pattern, scan->pattern_count };
}

static bool unit_is_wild(uint16_t unit)
{
	return unit == '*' || unit == '?' || unit == '<' || unit == '>' ||
	       unit == '"';
}

/* Neither wildcards nor one of the dots: at most one entry has this name. */
static bool pattern_is_plain(struct smb_name pattern)
{
	bool is_dots = pattern.count <= 2;

	for (uint32_t i = 0; i < pattern.count; i++) {
		if (unit_is_wild(pattern.units[i]))
			return false;
		is_dots = is_dots && pattern.units[i] == '.';
	}
	return !is_dots;
}

static enum nt_status pattern_check(struct smb_name pattern)
{
	if (pattern.count == 0 || pattern.count > PATTERN_MAX)
		return NT_STATUS_OBJECT_NAME_INVALID;
	for (uint32_t i = 0; i < pattern.count; i++)
		if (pattern.units[i] == '\\' || pattern.units[i] == '/')
			return NT_STATUS_OBJECT_NAME_INVALID;
	return NT_STATUS_SUCCESS;
}

static enum nt_status co_scan_new(struct fsa_open *open,
				  struct smb_name pattern,
				  struct fsa_scan **ret_scan)
{
	enum nt_status status = pattern_check(pattern);
	struct fsa_scan *scan;

	if (status != NT_STATUS_SUCCESS)
		return status;
	scan = calloc(1, sizeof(*scan));
	if (!scan)
		return NT_STATUS_INSUFFICIENT_RESOURCES;
	scan->pattern = reallocarray(NULL, pattern.count, sizeof(uint16_t));
	if (!scan->pattern) {
		free(scan);
		return NT_STATUS_INSUFFICIENT_RESOURCES;
	}
	memcpy(scan->pattern, pattern.units, pattern.count * sizeof(uint16_t));
	scan->pattern_count = pattern.count;
	for (uint32_t i = 0; i < pattern.count; i++)
		scan->has_tilde |= pattern.units[i] == '~';
	if (!pattern_is_plain(pattern)) {
		int err = store_co_list_open(open->volume->creds, open->file,
					     &scan->listing);

		if (err < 0) {
			scan->listing = NULL;
			fsa_scan_free(scan);
			return fsa_status(FSA_LIST, err);
		}
	}
	*ret_scan = scan;
	return NT_STATUS_SUCCESS;
}

static enum nt_status co_scan_restart(struct fsa_scan *scan)
{
	scan->stage = STAGE_DOTS;
	scan->has_answered = false;
	scan->batch.count = scan->at = 0;
	scan->batch.is_looked_at = false;
	if (!scan->listing)
		return NT_STATUS_SUCCESS;
	return fsa_status(FSA_LIST, store_co_list_seek(scan->listing, 0));
}

/* ---- filling a batch ---- */

/*
 * A pattern may mean a short name, too (2.1.5.6.3); but only one that says so,
 * with a tilde: "*.htm" is not to find what ends in ".html".
 */
static bool short_name_matches(const struct fsa_share *share,
			       const struct fsa_scan *scan, const char *name)
{
	uint16_t units[FSA_SHORT_MAX];
	size_t count;

	if (!share->has_short_names || !scan->has_tilde)
		return false;
	count = fsa_short_name_of_disk(share, name, units);
	return count &&
	       fsa_pattern_matches(pattern_of(scan),
				   (struct smb_name){ units, (uint32_t)count },
				   false);
}

static bool entry_matches(const struct fsa_open *open,
			  const struct fsa_scan *scan, const char *name)
{
	const struct fsa_share *share = open->volume->share;
	uint16_t units[NAME_UNITS];
	size_t count;

	if (strlen(name) >= FSA_ENTRY_NAME_BYTES)
		return false;
	count = fsa_name_from_disk(share, name, units, NAME_UNITS);
	if (count > NAME_UNITS)
		return false;
	return fsa_pattern_matches(pattern_of(scan),
				   (struct smb_name){ units, (uint32_t)count },
				   share->is_case_sensitive) ||
	       short_name_matches(share, scan, name);
}

static struct fsa_entry *batch_add(struct fsa_scan *scan, const char *name)
{
	struct fsa_entry *e = &scan->batch.entries[scan->batch.count++];

	*e = (struct fsa_entry){ .type = DT_UNKNOWN };
	strcpy(e->name, name);
	return e;
}

/* The directory itself, and the one above; of the root that is the root. */
static void co_add_dot(struct fsa_open *open, struct fsa_scan *scan,
		       const char *name, struct store_file *file)
{
	struct fsa_entry *e = batch_add(scan, name);

	e->type = DT_DIR;
	e->has_stat = store_co_stat(file, &e->stat) == 0;
	(void)fsa_co_dosattr_get(open->volume, file,
				 e->has_stat ? &e->stat : NULL, &e->attr);
	if (scan->batch.needs_ea_size)
		(void)fsa_co_eas_size(open->volume, file,
				      e->has_stat ? &e->stat : NULL,
				      &e->ea_size);
}

static void co_add_dots(struct fsa_open *open, struct fsa_scan *scan)
{
	char *path = fsa_node_path(open->node);
	struct store_file *above = NULL;
	char *slash;
	size_t good;

	if (entry_matches(open, scan, "."))
		co_add_dot(open, scan, ".", open->file);
	if (!path || !entry_matches(open, scan, ".."))
		goto free_path;
	slash = strrchr(path, '/');
	if (slash)
		*slash = '\0';
	if (path[0] != '\0' &&
	    store_co_walk(open->tree, open->volume->creds, slash ? path : "",
			  &above, &good) < 0)
		above = NULL;
	co_add_dot(open, scan, "..", above ? above : open->file);
	if (above)
		store_file_close(above);
free_path:
	free(path);
}

static enum nt_status co_read_batch(struct fsa_open *open,
				    struct fsa_scan *scan)
{
	while (scan->batch.count < FSA_BATCH_MAX) {
		struct store_entry found;
		int n = store_co_list_next(scan->listing, &found);

		if (n < 0)
			return fsa_status(FSA_LIST, n);
		if (n == 0) {
			scan->stage = STAGE_DONE;
			break;
		}
		if (entry_matches(open, scan, found.name))
			batch_add(scan, found.name)->type = found.type;
	}
	return NT_STATUS_SUCCESS;
}

/* The path of a name in this directory (malloc), as find.c wants it. */
static char *join(const char *dir, const char *name)
{
	char *path = malloc(strlen(dir) + 1 + strlen(name) + 1);

	if (path)
		strcpy(stpcpy(stpcpy(path, dir), *dir ? "/" : ""), name);
	return path;
}

/* One plain name is found as CREATE finds it, without reading the rest. */
static enum nt_status co_find_one(struct fsa_open *open, struct fsa_scan *scan)
{
	char *dir = fsa_node_path(open->node), *name = NULL, *path = NULL;
	struct fsa_found found;
	struct fsa_part part;
	enum nt_status status;

	scan->stage = STAGE_DONE;
	status = fsa_name_to_path(open->volume->share, pattern_of(scan), &name,
				  &part);
	if (status != NT_STATUS_SUCCESS || !dir || part.kind != FSA_PART_FILE)
		goto free_paths;
	path = join(dir, name);
	if (!path)
		goto free_paths;
	status = fsa_co_find(open->volume, path, &found);
	if (status != NT_STATUS_SUCCESS)
		goto free_paths;
	if (found.exists && strlen(found.leaf) < FSA_ENTRY_NAME_BYTES)
		batch_add(scan, found.leaf);
	fsa_found_fini(&found);
free_paths:
	free(dir);
	free(name);
	free(path);
	/* What can't be a name is the name of nothing. */
	return NT_STATUS_SUCCESS;
}

/* Leaves the batch empty at the end only. */
static enum nt_status co_fill(struct fsa_open *open, struct fsa_scan *scan)
{
	scan->batch.count = scan->at = 0;
	scan->batch.is_looked_at = false;
	if (scan->stage == STAGE_DONE)
		return NT_STATUS_SUCCESS;
	if (!scan->listing)
		return co_find_one(open, scan);
	if (scan->stage == STAGE_ENTRIES)
		return co_read_batch(open, scan);
	scan->stage = STAGE_ENTRIES;
	co_add_dots(open, scan);
	if (scan->batch.count == 0)
		return co_read_batch(open, scan);
	scan->batch.is_looked_at = scan->batch.has_ea_sizes = true;
	return NT_STATUS_SUCCESS;
}

/* Makes facts of a batch, once; of names alone none are needed. */
static void co_prepare(struct fsa_open *open, struct fsa_scan *scan,
		       bool needs_facts)
{
	struct fsa_batch *batch = &scan->batch;

	if (batch->count == 0 ||
	    !(needs_facts || open->volume->share->hides_unreadable))
		return;
	/* Another class than before may ask for more. */
	if (!batch->is_looked_at ||
	    (batch->needs_ea_size && !batch->has_ea_sizes))
		fsa_batch_co_look(open, batch);
}

/* ---- giving entries out ---- */

static void facts_without_stat(const struct fsa_entry *e,
			       struct smb_file_facts *ret_facts)
{
	bool is_directory = e->type == DT_DIR;

	*ret_facts = (struct smb_file_facts){
		.attributes = is_directory ? FILE_ATTRIBUTE_DIRECTORY
					   : FILE_ATTRIBUTE_NORMAL,
		.links = 1,
		.is_directory = is_directory,
	};
}

static void entry_facts(struct fsa_open *open, const struct fsa_entry *e,
			struct smb_file_facts *ret_facts)
{
	struct fsa_node *node;

	if (!e->has_stat) {
		facts_without_stat(e, ret_facts);
		return;
	}
	fsa_facts_from_stat(open->volume, &e->stat, &e->attr, e->name,
			    ret_facts);
	node = fsa_node_find(open->node->fsa, open->tree, &e->stat.key);
	if (node) {
		fsa_facts_of_node(node, ret_facts);
		fsa_node_unref(node);
	}
	ret_facts->ea_size = e->ea_size;
}

/* False: it did not fit. */
static bool give(struct fsa_open *open, const struct smb_list *how,
		 const struct fsa_entry *e)
{
	uint16_t units[NAME_UNITS];
	size_t count = fsa_name_from_disk(open->volume->share, e->name, units,
					  NAME_UNITS);
	uint16_t short_units[FSA_SHORT_MAX];
	struct smb_dir_entry out = {
		.name = { units, (uint32_t)count },
		.short_name = { short_units, 0 },
	};

	if (how->needs_facts && open->volume->share->has_short_names &&
	    !fsa_short_name_is(out.name))
		out.short_name.count =
			(uint32_t)fsa_short_name_make(out.name, short_units);
	out.apple = e->apple;
	entry_facts(open, e, &out.facts);
	return how->take(how->arg, &out);
}

static enum nt_status co_give_all(struct fsa_open *open, struct fsa_scan *scan,
				  const struct smb_list *how)
{
	size_t given = 0;

	for (;;) {
		co_prepare(open, scan, how->needs_facts);
		while (scan->at < scan->batch.count) {
			const struct fsa_entry *e =
				&scan->batch.entries[scan->at];

			if (!e->is_hidden) {
				scan->has_answered = true;
				if (!give(open, how, e))
					return NT_STATUS_SUCCESS;
				given++;
			}
			scan->at++;
			if (given > 0 && how->is_single)
				return NT_STATUS_SUCCESS;
		}

		enum nt_status status = co_fill(open, scan);

		if (given > 0 &&
		    (status != NT_STATUS_SUCCESS || !scan->batch.count))
			return NT_STATUS_SUCCESS;
		if (status != NT_STATUS_SUCCESS)
			return status;
		if (scan->batch.count == 0)
			return scan->has_answered ? NT_STATUS_NO_MORE_FILES
						  : NT_STATUS_NO_SUCH_FILE;
	}
}

enum nt_status fsa_co_list(struct smb_object *object,
			   const struct smb_list *how)
{
	struct fsa_open *open = fsa_open_of(object);
	enum nt_status status = NT_STATUS_SUCCESS;

	if (!object->is_directory)
		return NT_STATUS_INVALID_PARAMETER;
	if (!(object->granted & FILE_LIST_DIRECTORY))
		return NT_STATUS_ACCESS_DENIED;
	if (!open->scan || how->is_reopen) {
		struct fsa_scan *scan = NULL;

		status = co_scan_new(open, how->pattern, &scan);
		if (status != NT_STATUS_SUCCESS)
			return status;
		fsa_scan_free(open->scan);
		open->scan = scan;
	} else if (how->is_restart) {
		status = co_scan_restart(open->scan);
	}
	if (status != NT_STATUS_SUCCESS)
		return status;
	open->scan->batch.needs_apple = how->needs_apple;
	open->scan->batch.needs_ea_size = how->needs_ea_size;
	return co_give_all(open, open->scan, how);
}
