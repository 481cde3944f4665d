/*
 * Facts of files as Windows has them, made of what Linux knows: times in
 * 100 ns since 1601, sizes, attributes, index numbers. What is stored beside
 * a file is dosattr.c's, what a node knows better is laid over it here.
 *
 * MS-FSCC 2.1.1 (FILETIME), 2.4.7, 2.4.41, 2.6.
 */
#include <stdlib.h>
#include <string.h>
#include <sys/stat.h>

#include "gateway/fsa/dosattr.h"
#include "gateway/fsa/object.h"
#include "gateway/fsa/reparse_data.h"
#include "gateway/fsa/stream.h"
#include "gateway/fsa/windows.h"

enum {
	TICKS_PER_SECOND = 10000000, /* of 100 ns */
	ALLOCATION_UNIT = 4096,      /* as FileFsSizeInformation says */
	/* Setting a change time is a change itself, and takes a moment; what
	   the kernel has for a clock ticks every few. */
	CHANGE_MOMENT = TICKS_PER_SECOND / 100,
};

/* Seconds from 1601 to 1970. */
#define EPOCH_SECONDS INT64_C(11644473600)

/* What is earlier than 1601 is 1601; the parts of 100 ns are cut off. */
uint64_t fsa_time_from_unix(const struct timespec *t)
{
	int64_t ticks;

	if (t->tv_sec < -EPOCH_SECONDS)
		return 0;
	if (__builtin_add_overflow(t->tv_sec, EPOCH_SECONDS, &ticks) ||
	    __builtin_mul_overflow(ticks, TICKS_PER_SECOND, &ticks) ||
	    __builtin_add_overflow(ticks, t->tv_nsec / 100, &ticks))
		return INT64_MAX;
	return (uint64_t)ticks;
}

struct timespec fsa_time_to_unix(uint64_t filetime)
{
	return (struct timespec){
		.tv_sec = (time_t)(filetime / TICKS_PER_SECOND) - EPOCH_SECONDS,
		.tv_nsec = (long)(filetime % TICKS_PER_SECOND) * 100,
	};
}

static uint64_t round_up(uint64_t value, uint64_t unit)
{
	return value > UINT64_MAX - unit ? value
					 : (value + unit - 1) / unit * unit;
}

/* Where no birth time is known the earliest of the others is the best guess. */
static uint64_t creation_of(const struct store_stat *stat,
			    const struct fsa_dosattr *attr,
			    const struct smb_file_facts *facts)
{
	if (attr->has_creation)
		return attr->creation;
	if (stat->has_btime)
		return fsa_time_from_unix(&stat->btime);

	uint64_t earliest = facts->write;

	if (facts->access < earliest)
		earliest = facts->access;
	return facts->change < earliest ? facts->change : earliest;
}

/*
 * Linux lets nobody set a change time. One that a client set is told for as
 * long as nothing else has changed the file since.
 */
bool fsa_change_is_of(const struct fsa_dosattr *attr,
		      const struct store_stat *stat)
{
	uint64_t own = fsa_time_from_unix(&stat->ctime);
	uint64_t apart = own > attr->change_set ? own - attr->change_set
						: attr->change_set - own;

	return attr->has_change && apart < CHANGE_MOMENT;
}

static bool is_dot_file(const char *leaf)
{
	return leaf[0] == '.' && leaf[1] != '\0' && strcmp(leaf, "..") != 0;
}

static uint32_t attributes_of(const struct fsa_volume *volume,
			      const struct store_stat *stat,
			      const struct fsa_dosattr *attr, const char *leaf)
{
	bool is_directory = S_ISDIR(stat->mode);
	uint32_t attributes = attr->attributes & FSA_DOSATTR_STORED;

	if (attr->attributes == 0 && !volume->share->is_posix &&
	    !is_directory && !S_ISLNK(stat->mode) && (stat->mode & 0222) == 0)
		attributes |= FILE_ATTRIBUTE_READONLY;
	if (volume->share->hides_dot_files && is_dot_file(leaf))
		attributes |= FILE_ATTRIBUTE_HIDDEN;
	if (is_directory)
		attributes =
			(attributes & ~(uint32_t)FILE_ATTRIBUTE_TEMPORARY) |
			FILE_ATTRIBUTE_DIRECTORY;
	else if (!S_ISREG(stat->mode))
		attributes |= FILE_ATTRIBUTE_REPARSE_POINT;
	return attributes ? attributes : FILE_ATTRIBUTE_NORMAL;
}

void fsa_facts_from_stat(const struct fsa_volume *volume,
			 const struct store_stat *stat,
			 const struct fsa_dosattr *attr, const char *leaf,
			 struct smb_file_facts *ret_facts)
{
	bool has_data = S_ISREG(stat->mode);
	bool is_directory = S_ISDIR(stat->mode);
	struct smb_file_facts facts = {
		.access = fsa_time_from_unix(&stat->atime),
		.write = fsa_time_from_unix(&stat->mtime),
		.change = fsa_time_from_unix(&stat->ctime),
		.attributes = attributes_of(volume, stat, attr, leaf),
		.index = stat->key.inode,
		.volume_id =
			store_tree_features(volume->share->tree)->volume_id,
		.is_directory = is_directory,
		/* The names that Linux counts for a directory are no links. */
		.links = is_directory               ? 1
			 : stat->links > UINT32_MAX ? UINT32_MAX
						    : (uint32_t)stat->links,
	};

	facts.mode = stat->mode;
	facts.uid = stat->uid;
	facts.gid = stat->gid;
	facts.unix_links =
		stat->links > UINT32_MAX ? UINT32_MAX : (uint32_t)stat->links;
	facts.creation = creation_of(stat, attr, &facts);
	if (fsa_change_is_of(attr, stat))
		facts.change = attr->change;
	if (has_data) {
		facts.end_of_file = stat->size;
		facts.allocation = round_up(stat->allocated, ALLOCATION_UNIT);
	}
	facts.reparse_tag = fsa_reparse_tag(stat->mode);
	*ret_facts = facts;
}

void fsa_facts_of_node(struct fsa_node *node, struct smb_file_facts *facts)
{
	const struct fsa_node *file = fsa_node_file(node);

	fsa_node_lock(node);
	if (file->is_write_time_set)
		facts->write = file->write_time;
	else
		facts->write = fsa_write_time_shown(&file->written,
						    facts->write, loop_now());
	if (file->is_change_time_set && facts->change == file->change_time_own)
		facts->change = file->change_time;
	facts->is_delete_pending =
		node->is_delete_pending || file->is_delete_pending;
	if (file->is_delete_pending && facts->links > 0)
		facts->links--;
	fsa_node_unlock(node);
}

void fsa_settle_write_time(struct fsa_node *node)
{
	fsa_node_lock(node);
	fsa_write_time_settle(&fsa_node_file(node)->written);
	fsa_node_unlock(node);
}

enum nt_status fsa_co_facts(struct fsa_open *open,
			    struct smb_file_facts *ret_facts)
{
	struct store_stat stat;

	return fsa_co_facts_and_stat(open, ret_facts, &stat);
}

enum nt_status fsa_co_facts_and_stat(struct fsa_open *open,
				     struct smb_file_facts *ret_facts,
				     struct store_stat *ret_stat)
{
	struct store_stat stat;
	struct fsa_dosattr attr;
	int err = store_co_stat(open->file, &stat);

	if (err < 0)
		return fsa_status(FSA_QUERY, err);

	enum nt_status status =
		fsa_co_dosattr_get(open->volume, open->file, &stat, &attr);

	if (status != NT_STATUS_SUCCESS)
		return status;

	char *path = fsa_node_path(open->node);

	if (!path)
		return NT_STATUS_INSUFFICIENT_RESOURCES;

	const char *slash = strrchr(path, '/');
	struct smb_file_facts facts;

	fsa_facts_from_stat(open->volume, &stat, &attr,
			    slash ? slash + 1 : path, &facts);
	if (fsa_open_is_stream(open))
		fsa_stream_facts(fsa_stream_co_open_size(open), &facts);
	fsa_facts_of_node(open->node, &facts);
	free(path);
	*ret_facts = facts;
	*ret_stat = stat;
	return NT_STATUS_SUCCESS;
}
