/*
 * What the entries of a directory are on disk: facts, stored attributes and
 * the names of EAs are asked for of a whole batch; what needs more is opened,
 * by several fibers.
 */
#include "gateway/fsa/batch.h"

#include <stdlib.h>
#include <string.h>
#include <sys/stat.h>

#include "gateway/fsa/access.h"
#include "gateway/fsa/attr_cache.h"
#include "gateway/fsa/dosattr.h"
#include "gateway/fsa/stream.h"
#include "gateway/fsa/xattrs.h"

enum {
	/* Fibers that look at the entries of a batch. */
	LOOKERS_MAX = 8,
	/* Of the names of an entry's xattrs: there are rarely more. */
	XATTRS_BYTES = 256,
	/* Of stored attributes: all but the oldest, with names in them. */
	VALUE_BYTES = 128,
};

/* ---- one by one ---- */

/* The fibers of one batch; on the stack of the one that waits for them. */
struct look {
	struct fsa_open *open;
	struct fsa_batch *batch;
	size_t next;
	size_t running;
	struct loop_waiter done;
};

static bool is_dots(const char *name)
{
	return strcmp(name, ".") == 0 || strcmp(name, "..") == 0;
}

/* A link that is followed is shown as what it leads to, or not at all. */
static void co_follow(struct fsa_entry *e, struct store_file *file)
{
	e->has_stat = store_co_stat(file, &e->stat) == 0;
	e->is_hidden = !e->has_stat || S_ISLNK(e->stat.mode);
	e->has_eas = true; /* not the link's own */
}

static void co_look_at(struct fsa_open *open, const struct fsa_batch *batch,
		       struct fsa_entry *e)
{
	struct fsa_volume *volume = open->volume;
	const struct fsa_share *share = volume->share;
	bool follows = !fsa_share_shows_links(share);
	bool is_link = e->has_stat && S_ISLNK(e->stat.mode);
	unsigned int flags = STORE_OPEN_PATH;
	struct store_file *file;

	if (!follows)
		flags |= STORE_OPEN_NOFOLLOW;
	if (store_co_open(share->tree, volume->creds, open->file, e->name,
			  flags, 0, &file) < 0) {
		e->is_hidden |= share->hides_unreadable || (is_link && follows);
		return;
	}
	if (is_link && follows)
		co_follow(e, file);
	if (share->hides_unreadable &&
	    !(e->has_stat && fsa_co_access_sees(volume, file, &e->stat)))
		e->is_hidden = true;
	if (!e->is_hidden)
		(void)fsa_co_dosattr_get(volume, file,
					 e->has_stat ? &e->stat : NULL,
					 &e->attr);
	if (!e->is_hidden && e->has_stat && batch->needs_apple)
		fsa_co_apple_facts(volume, file, &e->stat, open->file,
				   &e->apple);
	if (!e->is_hidden && e->has_eas && batch->needs_ea_size)
		(void)fsa_co_eas_size(volume, file,
				      e->has_stat ? &e->stat : NULL,
				      &e->ea_size);
	store_file_close(file);
}

static void co_look(void *arg)
{
	struct look *look = arg;

	while (look->next < look->batch->count) {
		struct fsa_entry *e = &look->batch->entries[look->next++];

		if (e->must_look && !e->is_hidden && !is_dots(e->name))
			co_look_at(look->open, look->batch, e);
	}
	if (--look->running == 0)
		loop_wake(&look->done, 0);
}

/* All of them, several at a time; to the end, even if cancelled meanwhile. */
static void co_look_at_all(struct fsa_open *open, struct fsa_batch *batch)
{
	struct look look = { .open = open, .batch = batch, .running = 1 };
	size_t fibers = 0;

	for (size_t i = 0; i < batch->count; i++)
		fibers += batch->entries[i].must_look;
	if (!fibers)
		return;
	fibers = (fibers + 3) / 4;

	if (fibers > LOOKERS_MAX)
		fibers = LOOKERS_MAX;
	for (size_t i = 1; i < fibers; i++) {
		look.running++;
		if (!loop_spawn(co_look, &look))
			look.running--;
	}
	co_look(&look);
	while (look.running > 0 && loop_co_wait(&look.done, LOOP_FOREVER) < 0)
		look.done = (struct loop_waiter){};
}

/* What more than facts and attributes is to be learnt of. */
static bool must_look(const struct fsa_share *share,
		      const struct fsa_batch *batch, const struct fsa_entry *e)
{
	return share->hides_unreadable || batch->needs_apple || e->has_eas ||
	       (e->has_stat && S_ISLNK(e->stat.mode));
}

/* Stored attributes that are known already; what is left to be read. */
static size_t recall_attributes(const struct fsa_share *share,
				struct fsa_batch *batch, bool is_remembered,
				struct fsa_entry *left[FSA_BATCH_MAX])
{
	struct fsa_attr_facts facts = {};
	size_t count = 0;

	for (size_t i = 0; i < batch->count; i++) {
		struct fsa_entry *e = &batch->entries[i];
		const struct store_stat *stat = e->has_stat ? &e->stat : NULL;

		if (fsa_attr_cache_takes(share, stat) != is_remembered ||
		    e->is_hidden)
			continue;
		if (is_remembered)
			fsa_attr_cache_find(share, stat, &facts);
		if (facts.known & FSA_KNOWN_DOSATTR)
			e->attr = facts.dosattr;
		else
			left[count++] = e;
	}
	return count;
}

/*
 * The stored attributes of all, in one go. What can't be had so (too long, or
 * by a backend of another kind) is for looking at the entry itself.
 */
static void co_read_attributes(struct fsa_open *open, struct fsa_batch *batch,
			       bool is_remembered)
{
	struct fsa_volume *volume = open->volume;
	struct fsa_entry *left[FSA_BATCH_MAX];
	const char *names[FSA_BATCH_MAX];
	int64_t lengths[FSA_BATCH_MAX];
	size_t count =
		recall_attributes(volume->share, batch, is_remembered, left);
	uint8_t *values = count ? malloc(count * VALUE_BYTES) : NULL;

	for (size_t i = 0; i < count; i++) {
		names[i] = left[i]->name;
		left[i]->must_look |= !values;
	}
	if (!values)
		return;
	store_co_xattr_many(is_remembered ? NULL : volume->creds, open->file,
			    names, count, FSA_DOSATTR_NAME, values, VALUE_BYTES,
			    lengths);
	for (size_t i = 0; i < count; i++) {
		struct fsa_entry *e = left[i];
		enum nt_status status = fsa_status(FSA_XATTR, lengths[i]);

		fsa_dosattr_learn(volume, is_remembered ? &e->stat : NULL,
				  batch->began_ns, values + i * VALUE_BYTES,
				  lengths[i], &e->attr);
		e->must_look |= status == NT_STATUS_EA_TOO_LARGE ||
				status == NT_STATUS_EAS_NOT_SUPPORTED;
	}
	free(values);
}

/*
 * Which of them have EAs, in one go; few files have any, and that is
 * remembered. How much they are is for looking at the entry itself.
 */
static void co_find_eas(struct fsa_open *open, struct fsa_batch *batch)
{
	const struct fsa_attr_facts none = { .known = FSA_KNOWN_NO_EAS };
	const struct fsa_share *share = open->volume->share;
	struct fsa_entry *left[FSA_BATCH_MAX];
	const char *names[FSA_BATCH_MAX];
	int64_t lengths[FSA_BATCH_MAX];
	size_t count = 0;

	for (size_t i = 0; i < batch->count; i++) {
		struct fsa_entry *e = &batch->entries[i];
		struct fsa_attr_facts facts;

		fsa_attr_cache_find(share, e->has_stat ? &e->stat : NULL,
				    &facts);
		if (e->is_hidden || facts.known & FSA_KNOWN_NO_EAS)
			continue;
		names[count] = e->name;
		left[count++] = e;
	}

	char *lists = count ? malloc(count * XATTRS_BYTES) : NULL;

	if (!lists)
		return;
	store_co_xattr_many(open->volume->creds, open->file, names, count, NULL,
			    lists, XATTRS_BYTES, lengths);
	for (size_t i = 0; i < count; i++) {
		struct fsa_xattrs xattrs = { lists + i * XATTRS_BYTES,
					     lengths[i] > 0 ? (size_t)lengths[i]
							    : 0 };
		struct fsa_entry *e = left[i];
		enum nt_status status = fsa_status(FSA_XATTR, lengths[i]);

		e->has_eas = fsa_has_eas(&xattrs) ||
			     status == NT_STATUS_EA_TOO_LARGE ||
			     status == NT_STATUS_EAS_NOT_SUPPORTED;
		if (nt_status_is_ok(status) && !e->has_eas && e->has_stat)
			fsa_attr_cache_add(share, &e->stat, batch->began_ns,
					   &none);
	}
	free(lists);
}

static void co_stat_all(struct fsa_open *open, struct fsa_batch *batch)
{
	const char *names[FSA_BATCH_MAX];
	int errors[FSA_BATCH_MAX];
	struct store_stat *stats = calloc(batch->count, sizeof(*stats));

	if (!stats)
		return;
	for (size_t i = 0; i < batch->count; i++)
		names[i] = batch->entries[i].name;
	store_co_stat_many(open->volume->creds, open->file, names, batch->count,
			   stats, errors);
	for (size_t i = 0; i < batch->count; i++) {
		struct fsa_entry *e = &batch->entries[i];

		e->has_stat = errors[i] == 0;
		if (e->has_stat)
			e->stat = stats[i];
		else if (fsa_status(FSA_LIST, errors[i]) ==
			 NT_STATUS_OBJECT_NAME_NOT_FOUND)
			e->is_hidden = true;
	}
	free(stats);
}

void fsa_batch_co_look(struct fsa_open *dir, struct fsa_batch *batch)
{
	const struct fsa_share *share = dir->volume->share;

	batch->began_ns = loop_wall_now();
	co_stat_all(dir, batch);
	batch->has_ea_sizes = batch->needs_ea_size;
	if (batch->needs_ea_size && store_tree_features(share->tree)->has_xattr)
		co_find_eas(dir, batch);
	for (size_t i = 0; i < batch->count; i++) {
		struct fsa_entry *e = &batch->entries[i];

		e->must_look = must_look(share, batch, e);
	}
	if (fsa_dosattr_is_kept(share) && !share->hides_unreadable &&
	    !batch->needs_apple) {
		co_read_attributes(dir, batch, true);
		co_read_attributes(dir, batch, false);
	}
	co_look_at_all(dir, batch);
	batch->is_looked_at = true;
}
