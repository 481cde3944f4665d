/*
 * Opens whose client has gone and may come back (MS-SMB2 3.3.7.1, 3.3.5.9.7,
 * 3.3.5.9.12): whether they can be kept, whether the file is as the client
 * left it, and how an open goes from one volume of its share to another, even
 * to one of another worker. How long they are kept, and whose they are, is the
 * protocol engine's.
 *
 * An open that is kept holds all that it held: its place beside others, its
 * ranges, its oplock. Others are not slower for it: what they need is taken
 * from it as from anybody, and the engine then closes it.
 *
 *   open ──fsa_co_keep()──> kept ──fsa_co_depart()──> on its way
 *     ^                                                  │
 *     └──────────────────fsa_arrive()────────────────────┘
 */
#include <assert.h>
#include <stdlib.h>

#include "gateway/fsa/grant.h"
#include "gateway/fsa/object.h"
#include "gateway/fsa/outside.h"
#include "smb/wire/utf16.h"

/*
 * Ranges are as good as what the client may have cached below them: without
 * the right to write nobody is held up by them, and they would be a promise
 * that others break.
 */
static bool may_keep(struct fsa_open *open)
{
	struct fsa_node *node = open->node;
	bool may;

	fsa_node_lock(node);
	may = open->grant && !open->grant->oplock.is_breaking &&
	      open->grant->oplock.caching & SMB_CACHE_HANDLE &&
	      (open->grant->oplock.caching & SMB_CACHE_WRITE ||
	       !fsa_range_has_owner(&node->ranges, open));
	fsa_node_unlock(node);
	return may;
}

enum nt_status fsa_co_keep(struct smb_object *object, bool is_resilient)
{
	struct fsa_open *open = fsa_open_of(object);
	struct store_stat stat;
	int err;

	if (open->base.is_directory || (!is_resilient && !may_keep(open)))
		return NT_STATUS_NOT_SUPPORTED;
	err = store_co_stat(open->file, &stat);
	if (err)
		return fsa_status(FSA_QUERY, err);
	open->left_time = stat.mtime;
	open->left_size = stat.size;
	open->left_own = fsa_own_ended(open->node);
	return NT_STATUS_SUCCESS;
}

bool fsa_is_of(const struct smb_object *object, const struct smb_volume *volume)
{
	const struct fsa_open *open = (const void *)object;
	const struct fsa_volume *of = (const void *)volume;

	return open->tree == of->share->tree;
}

/* ---- as it was left? ---- */

/* Without the part that names a stream. */
static struct smb_name file_part(struct smb_name name)
{
	uint32_t count = 0;

	while (count < name.count && name.units[count] != ':')
		count++;
	return (struct smb_name){ name.units, count };
}

static bool names_are_equal(const struct fsa_share *share, struct smb_name a,
			    struct smb_name b)
{
	if (!share->is_case_sensitive)
		return smb_name_equal_nocase(a, b);
	if (a.count != b.count)
		return false;
	for (uint32_t i = 0; i < a.count; i++) {
		if (a.units[i] != b.units[i])
			return false;
	}
	return true;
}

static enum nt_status check_name(struct fsa_open *open,
				 const struct smb_name *name)
{
	const struct fsa_share *share = open->volume->share;
	char *path = fsa_open_path(open);
	uint16_t *units = NULL;
	uint32_t count = 0;
	bool is_equal;

	if (path)
		units = fsa_name_from_path(share, path, &count);
	free(path);
	if (!units)
		return NT_STATUS_INSUFFICIENT_RESOURCES;
	/* Clients leave out the backslash in front. */
	is_equal = names_are_equal(share, file_part(*name),
				   (struct smb_name){ units + 1, count - 1 });
	free(units);
	return is_equal ? NT_STATUS_SUCCESS : NT_STATUS_INVALID_PARAMETER;
}

/*
 * A program of this machine asks no oplock; what other clients may change they
 * have been let by the rules, which the open was under as well.
 */
static bool is_as_left(const struct fsa_open *open,
		       const struct store_stat *stat)
{
	uint64_t ended = fsa_own_ended(open->node);
	uint64_t changed = (uint64_t)stat->ctime.tv_sec * 1000000000 +
			   (uint64_t)stat->ctime.tv_nsec;

	if (stat->size == open->left_size &&
	    stat->mtime.tv_sec == open->left_time.tv_sec &&
	    stat->mtime.tv_nsec == open->left_time.tv_nsec)
		return true;
	return ended != open->left_own && changed <= ended;
}

enum nt_status fsa_co_may_return(struct smb_object *object,
				 const struct smb_name *name)
{
	struct fsa_open *open = fsa_open_of(object);
	enum nt_status status = NT_STATUS_SUCCESS;
	struct store_stat stat;

	if (name)
		status = check_name(open, name);
	if (!nt_status_is_ok(status))
		return status;
	if (store_co_stat(open->file, &stat) || !is_as_left(open, &stat))
		return NT_STATUS_OBJECT_NAME_NOT_FOUND;
	return NT_STATUS_SUCCESS;
}

/* ---- on its way ---- */

void fsa_co_depart(struct smb_object *object)
{
	struct fsa_open *open = fsa_open_of(object);
	struct fsa_node *node = open->node;

	fsa_node_lock(node);
	while (!fsa_grant_may_leave(open)) {
		fsa_node_unlock(node);
		loop_co_yield();
		fsa_node_lock(node);
	}
	fsa_grant_depart(open);
	open->volume->opens--;
	open->volume = NULL;
	fsa_node_unlock(node);
}

void fsa_arrive(struct smb_object *object, struct smb_volume *volume)
{
	struct fsa_open *open = fsa_open_of(object);
	struct fsa_told told;

	assert(!open->volume);
	open->is_closing = false;
	fsa_told_init(&told);
	fsa_node_lock(open->node);
	open->volume = fsa_volume_of(volume);
	open->volume->opens++;
	fsa_grant_arrive(open, &told);
	fsa_node_unlock(open->node);
	fsa_told_post(&told);
}

enum nt_status fsa_co_tell(struct smb_object *object, bool wants_max_access,
			   struct smb_created *ret_created)
{
	struct fsa_open *open = fsa_open_of(object);
	struct smb_created created = { .object = object,
				       .action = SMB_CREATE_OPENED };
	enum nt_status status = fsa_co_facts(open, &created.facts);
	struct store_stat stat;

	if (!nt_status_is_ok(status))
		return status;
	if (wants_max_access) {
		status =
			fsa_status(FSA_QUERY, store_co_stat(open->file, &stat));
		if (nt_status_is_ok(status))
			status = fsa_co_access_max(open->volume, open->file,
						   &stat, NULL,
						   &created.max_access);
		created.max_access_status = status;
	}
	fsa_grant_tell(open, &created);
	*ret_created = created;
	return NT_STATUS_SUCCESS;
}
