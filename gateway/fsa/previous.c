/*
 * Previous versions: a directory whose name tells a time (snapshot_name.c) is
 * the whole tree as it was then.
 *
 * Which snapshots there are is asked as the process: that tells times alone.
 * What is in them each user opens by his own rights.
 */
#include "gateway/fsa/previous.h"

#include <stdio.h>
#include <stdlib.h>
#include <string.h>
#include <time.h>

#include "gateway/fsa/snapshot_name.h"

enum {
	HEAD_SIZE = 12,
	ANSWER_MIN = 16,
	TOKEN_BYTES = 2 * (FSA_TOKEN_UNITS + 1), /* with the NUL */
	SNAPSHOTS_MAX = 1024, /* that clients are told of; Windows has 512 */
};

static const char token_format[] = "@GMT-%Y.%m.%d-%H.%M.%S";

static uint64_t filetime_of(time_t at)
{
	return fsa_time_from_unix(&(struct timespec){ .tv_sec = at });
}

bool fsa_previous_token(struct smb_name name, uint64_t *ret_time)
{
	char text[FSA_TOKEN_UNITS + 1];
	time_t at;

	if (name.count != FSA_TOKEN_UNITS || name.units[0] != '@')
		return false;
	for (uint32_t i = 0; i < name.count; i++) {
		if (name.units[i] == 0 || name.units[i] > 126)
			return false;
		text[i] = (char)name.units[i];
	}
	text[FSA_TOKEN_UNITS] = '\0';
	if (!fsa_snapshot_time_read(text, token_format, &at))
		return false;
	*ret_time = filetime_of(at);
	return true;
}

bool fsa_previous_cut(struct smb_name name, uint16_t *to,
		      struct smb_name *ret_name, uint64_t *ret_time)
{
	uint32_t from = 0, end, count = 0;
	bool is_cut = false;

	for (; from <= name.count; from = end + 1) {
		for (end = from; end < name.count; end++) {
			if (name.units[end] == '\\')
				break;
		}
		struct smb_name part = { name.units + from, end - from };

		if (!is_cut && fsa_previous_token(part, ret_time)) {
			is_cut = true;
			continue;
		}
		if (from > 0 && count > 0)
			to[count++] = '\\';
		memcpy(to + count, part.units, part.count * sizeof(*to));
		count += part.count;
	}
	if (is_cut)
		*ret_name = (struct smb_name){ to, count };
	return is_cut;
}

/* ---- one snapshot ---- */

static char *join(const struct fsa_snapshot_pattern *p, const char *name)
{
	char *path;

	if (asprintf(&path, "%s%s%s%s", p->directory, *p->directory ? "/" : "",
		     name, p->rest) < 0)
		return NULL;
	return path;
}

enum nt_status fsa_co_previous_root(struct fsa_volume *volume, uint64_t time,
				    char **ret_root)
{
	const char *text = volume->share->snapshots;
	struct timespec at = fsa_time_to_unix(time);
	struct store_file *dir;
	struct fsa_snapshot_pattern p;
	char name[FSA_SNAPSHOT_NAME_SIZE];
	time_t same;
	size_t good;
	char *root;
	int err;

	if (!text || !fsa_snapshot_pattern_read(text, &p) ||
	    !fsa_snapshot_time_write(at.tv_sec, p.format, name, sizeof(name)) ||
	    !fsa_snapshot_time_read(name, p.format, &same) || same != at.tv_sec)
		return NT_STATUS_OBJECT_NAME_NOT_FOUND;
	root = join(&p, name);
	if (!root)
		return NT_STATUS_INSUFFICIENT_RESOURCES;
	err = store_co_walk(volume->share->tree, volume->creds, root, &dir,
			    &good);
	if (err) {
		free(root);
		return NT_STATUS_OBJECT_NAME_NOT_FOUND;
	}
	store_file_close(dir);
	*ret_root = root;
	return NT_STATUS_SUCCESS;
}

/* ---- all of them ---- */

struct times {
	time_t *at; /* malloc */
	size_t count;
};

static int newest_first(const void *a, const void *b)
{
	time_t x = *(const time_t *)a, y = *(const time_t *)b;

	return (x < y) - (x > y);
}

static int co_list(struct store_file *dir, const struct fsa_snapshot_pattern *p,
		   struct times *times)
{
	struct store_listing *listing;
	struct store_entry entry;
	int more = store_co_list_open(NULL, dir, &listing);

	if (more)
		return more;
	while (times->count < SNAPSHOTS_MAX &&
	       (more = store_co_list_next(listing, &entry)) == 1) {
		if (fsa_snapshot_time_read(entry.name, p->format,
					   &times->at[times->count]))
			times->count++;
	}
	store_listing_free(listing);
	return more < 0 ? more : 0;
}

static enum nt_status co_find_times(const struct fsa_share *share,
				    struct times *times)
{
	struct fsa_snapshot_pattern p;
	struct store_file *dir;
	size_t good;
	int err;

	if (!share->snapshots ||
	    !fsa_snapshot_pattern_read(share->snapshots, &p))
		return NT_STATUS_SUCCESS;
	times->at = reallocarray(NULL, SNAPSHOTS_MAX, sizeof(*times->at));
	if (!times->at)
		return NT_STATUS_INSUFFICIENT_RESOURCES;
	/* Before the first snapshot there may be no directory. */
	if (store_co_walk(share->tree, NULL, p.directory, &dir, &good) < 0)
		return NT_STATUS_SUCCESS;
	err = co_list(dir, &p, times);
	store_file_close(dir);
	if (times->count > 0)
		qsort(times->at, times->count, sizeof(*times->at),
		      newest_first);
	return fsa_status(FSA_LIST, err);
}

static void write_token(struct writer *w, time_t at)
{
	char token[FSA_TOKEN_UNITS + 1];

	/* Years of five digits have no token. */
	if (!fsa_snapshot_time_write(at, token_format, token, sizeof(token)))
		token[0] = '\0';
	for (size_t i = 0; i <= FSA_TOKEN_UNITS; i++)
		wr_u16(w, token[0] ? (uint16_t)token[i] : 0);
}

/* MS-SMB2 2.2.32.2: all, or if they don't fit, how many there are. */
static void write_times(struct writer *w, const struct times *times)
{
	size_t size = times->count ? times->count * TOKEN_BYTES + 2 : 0;
	bool fits = wr_left(w) >= HEAD_SIZE + size;

	wr_u32(w, (uint32_t)times->count);
	wr_u32(w, fits ? (uint32_t)times->count : 0);
	wr_u32(w, (uint32_t)size);
	for (size_t i = 0; fits && i < times->count; i++)
		write_token(w, times->at[i]);
	wr_zero(w, fits && size ? 2 : ANSWER_MIN - HEAD_SIZE);
}

enum nt_status fsa_co_enumerate_snapshots(struct fsa_fsctl *f)
{
	struct times times = { 0 };
	enum nt_status status;

	if (wr_left(&f->out) < ANSWER_MIN)
		return NT_STATUS_INVALID_PARAMETER;
	status = co_find_times(f->open->volume->share, &times);
	if (nt_status_is_ok(status))
		write_times(&f->out, &times);
	free(times.at);
	return status;
}
