/*
 * The steps of CREATE that touch files (MS-FSA 2.1.5.1.1 and 2.1.5.1.2): open
 * or make one as the user, admit the open beside those that are there, empty
 * the file, undo it all.
 *
 * A file is opened before the open is admitted, and emptied only afterwards:
 * opening harms nobody, and who may not open a file shall not learn who else
 * has. To be admitted and to be in the node is one moment under the node's
 * lock, so that of two that exclude each other one comes first. Afterwards the
 * file is looked at once more: if its last name went before the node knew us,
 * nobody has told us, and the name has to be looked for anew.
 *
 * New files have mode 0644 and new directories 0755; the group is the user's
 * or, by the set-group-id bit, the directory's, as the kernel has it. What is
 * going to have a descriptor is nobody's but its owner's until it has it.
 */
#include "gateway/fsa/open_steps.h"

#include <stdlib.h>
#include <string.h>
#include <sys/stat.h>

#include "gateway/fsa/access.h"
#include "gateway/fsa/grant.h"
#include "gateway/fsa/outside.h"
#include "gateway/fsa/posix_xattr.h"
#include "gateway/fsa/windows.h"

#define MODE_FILE      0644
#define MODE_DIRECTORY 0755
#define MODE_OTHERS    0077

#define DATA_READ  (FILE_READ_DATA | FILE_EXECUTE)
#define DATA_WRITE (FILE_WRITE_DATA | FILE_APPEND_DATA)

static bool is_root(const struct fsa_creating *c)
{
	return !*c->found.leaf;
}

static bool is_maximum(const struct fsa_creating *c)
{
	return c->access & MAXIMUM_ALLOWED;
}

/* What was asked for by name. */
static uint32_t named_rights(const struct fsa_creating *c)
{
	return c->access & ~(uint32_t)MAXIMUM_ALLOWED;
}

/* The right to empty the file, if that is what the disposition will do. */
static uint32_t emptying(const struct fsa_creating *c)
{
	return c->step.overwrites ? FILE_WRITE_DATA : 0;
}

uint32_t fsa_create_access(const struct fsa_creating *c)
{
	uint32_t mask = fsa_volume_access(c->volume);

	return c->previous ? fsa_access_to_read(mask) : mask;
}

/* What a share refuses, it refuses whatever the file is. */
static enum nt_status check_share(const struct fsa_creating *c)
{
	bool changes = c->step.creates || c->step.overwrites ||
		       c->how->options & FILE_DELETE_ON_CLOSE;

	if (named_rights(c) & ~fsa_create_access(c))
		return NT_STATUS_ACCESS_DENIED;
	if (changes && (c->previous || fsa_volume_is_read_only(c->volume)))
		return NT_STATUS_ACCESS_DENIED;
	return NT_STATUS_SUCCESS;
}

/* ---- what is being made ---- */

/* Nobody sees what another makes before that one's open is in its node. */
static bool co_is_being_made(struct fsa_creating *c)
{
	const struct fsa_share *share = c->volume->share;
	struct store_stat stat;

	if (is_root(c) || !fsa_making_is_any(share->fsa) ||
	    store_co_stat(c->found.dir, &stat))
		return false;
	c->is_stale = !fsa_making_co_is_free(share->fsa, share->tree, &stat.key,
					     c->found.leaf);
	return c->is_stale;
}

/* The same for a stream of a file. */
static bool co_stream_is_being_made(struct fsa_creating *c)
{
	const struct fsa_share *share = c->volume->share;

	c->is_stale = fsa_making_is_any(share->fsa) &&
		      !fsa_making_co_is_free(share->fsa, share->tree,
					     &c->found.stat.key, c->stream);
	return c->is_stale;
}

/* Claims what is about to be made; goes stale if another was quicker. */
static enum nt_status co_claim(struct fsa_creating *c,
			       const struct store_key *in, const char *name)
{
	const struct fsa_share *share = c->volume->share;

	c->is_stale = !fsa_making_co_begin(share->fsa, &c->making, share->tree,
					   in, name);
	return c->is_stale ? NT_STATUS_OBJECT_NAME_COLLISION
			   : NT_STATUS_SUCCESS;
}

static enum nt_status co_claim_name(struct fsa_creating *c)
{
	struct store_stat stat;
	int err = store_co_stat(c->found.dir, &stat);

	return err ? fsa_status(FSA_CREATE, err)
		   : co_claim(c, &stat.key, c->found.leaf);
}

/* ---- opening what is there ---- */

static unsigned int open_flags(const struct fsa_creating *c, uint32_t granted)
{
	unsigned int flags = STORE_OPEN_PATH;

	if (c->is_special)
		return STORE_OPEN_PATH | STORE_OPEN_NOFOLLOW;
	/* Attributes need no more, and the kernel looks each time. */
	if (c->is_stream)
		return STORE_OPEN_PATH;
	if (S_ISDIR(c->found.stat.mode)) {
		flags |= STORE_OPEN_DIRECTORY;
		return granted & FILE_LIST_DIRECTORY ? flags | STORE_OPEN_READ
						     : flags;
	}
	if (granted & DATA_READ)
		flags |= STORE_OPEN_READ;
	if (granted & DATA_WRITE || c->step.overwrites)
		flags |= STORE_OPEN_WRITE;
	return flags;
}

/* By what was looked at, if that is what counts; else by its name. */
static int co_open_leaf(const struct fsa_creating *c, unsigned int flags,
			struct store_file **ret_file)
{
	if (!c->found.file || S_ISLNK(c->found.stat.mode))
		return store_co_open(c->volume->share->tree, c->volume->creds,
				     c->found.dir, c->found.leaf, flags, 0,
				     ret_file);
	if (flags & (STORE_OPEN_READ | STORE_OPEN_WRITE))
		return store_co_reopen(c->found.file, c->volume->creds, flags,
				       ret_file);
	*ret_file = store_file_ref(c->found.file);
	return 0;
}

static enum nt_status co_open_found(struct fsa_creating *c, unsigned int flags)
{
	struct store_file *file;
	int err = co_open_leaf(c, flags, &file);

	if (err)
		return fsa_status(FSA_OPEN, err);
	store_file_close(c->file);
	c->file = file;
	return NT_STATUS_SUCCESS;
}

/* The same file with other flags. */
static enum nt_status co_reopen(struct fsa_creating *c, unsigned int flags)
{
	struct store_file *file;
	int err = store_co_reopen(c->file, c->volume->creds, flags, &file);

	if (err)
		return fsa_status(FSA_OPEN, err);
	store_file_close(c->file);
	c->file = file;
	return NT_STATUS_SUCCESS;
}

/*
 * Where links are followed they are not seen: what counts is the target. One
 * that leads nowhere can still be opened as what it is, so that it can be
 * deleted.
 */
static enum nt_status co_follow(struct fsa_creating *c)
{
	enum nt_status status = co_open_found(c, STORE_OPEN_PATH);

	if (nt_status_is_ok(status)) {
		c->found.file = store_file_close(c->found.file);
		return fsa_status(FSA_OPEN,
				  store_co_stat(c->file, &c->found.stat));
	}
	if (c->how->options & FILE_OPEN_REPARSE_POINT)
		return NT_STATUS_SUCCESS;
	return status == NT_STATUS_OBJECT_PATH_NOT_FOUND
		       ? NT_STATUS_OBJECT_NAME_NOT_FOUND
		       : status;
}

/* Whether the thing is one that these options may open. */
static enum nt_status co_check_kind(struct fsa_creating *c)
{
	uint32_t options = c->how->options;
	bool follows = !fsa_share_shows_links(c->volume->share);
	enum nt_status status = NT_STATUS_SUCCESS;
	mode_t mode;

	if (S_ISLNK(c->found.stat.mode) && follows)
		status = co_follow(c);
	if (!nt_status_is_ok(status))
		return status;
	mode = c->found.stat.mode;
	c->is_special = !S_ISREG(mode) && !S_ISDIR(mode);
	if (c->is_special && !(options & FILE_OPEN_REPARSE_POINT))
		return S_ISLNK(mode) ? NT_STATUS_STOPPED_ON_SYMLINK
				     : NT_STATUS_IO_REPARSE_TAG_NOT_HANDLED;
	if (c->is_stream)
		return c->is_special ? NT_STATUS_ACCESS_DENIED
				     : NT_STATUS_SUCCESS;
	if (S_ISDIR(mode) && options & FILE_NON_DIRECTORY_FILE)
		return NT_STATUS_FILE_IS_A_DIRECTORY;
	if (!S_ISDIR(mode) && options & FILE_DIRECTORY_FILE)
		return NT_STATUS_NOT_A_DIRECTORY;
	if (c->step.overwrites && c->is_special)
		return NT_STATUS_ACCESS_DENIED;
	if (c->step.overwrites && S_ISDIR(mode))
		return NT_STATUS_INVALID_PARAMETER;
	return NT_STATUS_SUCCESS;
}

static enum nt_status co_learn_attributes(struct fsa_creating *c)
{
	struct smb_file_facts facts;
	enum nt_status status = fsa_co_dosattr_get(c->volume, c->file,
						   &c->found.stat, &c->attr);

	if (!nt_status_is_ok(status))
		return status;
	fsa_facts_from_stat(c->volume, &c->found.stat, &c->attr, c->found.leaf,
			    &facts);
	c->attributes = facts.attributes;
	return NT_STATUS_SUCCESS;
}

/* READONLY keeps files from being written; a directory's means nothing. */
static bool is_read_only_file(const struct fsa_creating *c)
{
	return c->attributes & FILE_ATTRIBUTE_READONLY &&
	       !S_ISDIR(c->found.stat.mode);
}

/* What attributes forbid (MS-FSA 2.1.5.1.2). */
static enum nt_status check_attributes(const struct fsa_creating *c)
{
	bool deletes = c->how->options & FILE_DELETE_ON_CLOSE;

	if (is_read_only_file(c) && named_rights(c) & DATA_WRITE)
		return NT_STATUS_ACCESS_DENIED;
	if (deletes && !(c->granted & DELETE))
		return NT_STATUS_ACCESS_DENIED;
	if (deletes && ((is_root(c) && !c->is_stream) ||
			c->attributes & FILE_ATTRIBUTE_READONLY))
		return NT_STATUS_CANNOT_DELETE;
	/* What else may be lost by it are attributes, which a stream has not. */
	if (c->step.overwrites && c->is_stream)
		return is_read_only_file(c) ? NT_STATUS_ACCESS_DENIED
					    : NT_STATUS_SUCCESS;
	if (c->step.overwrites)
		return fsa_overwrite_check(c->attributes, c->how->attributes);
	return NT_STATUS_SUCCESS;
}

static struct store_file *parent_of(const struct fsa_creating *c)
{
	return is_root(c) ? NULL : c->found.dir;
}

/*
 * Certain rights were asked for: the opening itself tells whether data may be
 * read or written, and the rest is asked for.
 */
static enum nt_status co_open_named(struct fsa_creating *c)
{
	unsigned int flags;
	uint32_t proven = 0;
	enum nt_status status;

	c->granted = named_rights(c);
	flags = open_flags(c, c->granted);
	status = co_open_found(c, flags);
	if (!nt_status_is_ok(status))
		return status;
	if (flags & STORE_OPEN_READ)
		proven |= S_ISDIR(c->found.stat.mode) ? FILE_LIST_DIRECTORY
						      : DATA_READ;
	if (flags & STORE_OPEN_WRITE)
		proven |= DATA_WRITE | FILE_WRITE_EA | FILE_WRITE_ATTRIBUTES;
	status = co_learn_attributes(c);
	if (nt_status_is_ok(status))
		status = check_attributes(c);
	if (nt_status_is_ok(status))
		status = fsa_co_access_check(c->volume, c->file, &c->found.stat,
					     parent_of(c),
					     c->granted | emptying(c), proven);
	return status;
}

/*
 * Opens with as much of the maximum as the kernel gives: mode bits do not say
 * that a file is immutable, or a program that runs.
 */
static enum nt_status co_reopen_maximum(struct fsa_creating *c)
{
	static const uint32_t given_up[] = { DATA_WRITE, DATA_READ };
	enum nt_status status;

	if (c->is_special || c->is_stream)
		return NT_STATUS_SUCCESS;
	status = co_reopen(c, open_flags(c, c->granted));
	for (size_t i = 0; i < 2 && !nt_status_is_ok(status); i++) {
		if (named_rights(c) & given_up[i])
			break;
		c->granted &= ~given_up[i];
		status = co_reopen(c, open_flags(c, c->granted));
	}
	return status;
}

static enum nt_status co_open_maximum(struct fsa_creating *c)
{
	uint32_t max, named = named_rights(c);
	enum nt_status status =
		co_open_found(c, open_flags(c, 0) &
					 ~(unsigned int)STORE_OPEN_WRITE);

	if (nt_status_is_ok(status))
		status = co_learn_attributes(c);
	if (nt_status_is_ok(status))
		status = fsa_co_access_max(c->volume, c->file, &c->found.stat,
					   parent_of(c), &max);
	if (!nt_status_is_ok(status))
		return status;
	max &= fsa_create_access(c);
	if ((named | emptying(c)) & ~max)
		return NT_STATUS_ACCESS_DENIED;
	if (is_read_only_file(c))
		max &= ~(uint32_t)DATA_WRITE;
	c->granted = named | max;
	status = check_attributes(c);
	return nt_status_is_ok(status) ? co_reopen_maximum(c) : status;
}

/* Said early, before anything is said of the file's other sides. */
static bool is_delete_pending(struct fsa_creating *c)
{
	struct fsa_node *node =
		fsa_node_find(c->volume->share->fsa, c->volume->share->tree,
			      &c->found.stat.key);
	bool is_pending;

	if (!node)
		return false;
	fsa_node_lock(node);
	is_pending = node->is_delete_pending;
	/* Its name went since it was found, or is about to. */
	c->is_stale = node->is_deleted || node->is_taken_back;
	fsa_node_unlock(node);
	fsa_node_unref(node);
	return is_pending || c->is_stale;
}

/* Whether the file has the stream that is asked for. */
static enum nt_status co_find_stream(struct fsa_creating *c, bool *ret_exists)
{
	enum nt_status status = co_open_found(c, STORE_OPEN_PATH);

	if (nt_status_is_ok(status))
		status = fsa_stream_co_find(c->volume, c->file, c->stream,
					    ret_exists);
	return status;
}

/* With its file, or with a claim of its own. */
static enum nt_status co_make_stream(struct fsa_creating *c)
{
	enum nt_status status = NT_STATUS_SUCCESS;

	if (!c->is_made)
		status = co_claim(c, &c->found.stat.key, c->stream);
	if (nt_status_is_ok(status))
		status = fsa_stream_co_make(c->volume, c->file, c->stream);
	c->is_stream_made = nt_status_is_ok(status) &&
			    fsa_afp_of(c->stream) == FSA_AFP_NONE;
	if (status == NT_STATUS_OBJECT_NAME_COLLISION)
		c->is_stale = true;
	return status;
}

/* The thing is one that may be opened so, and there or not as it should be. */
static enum nt_status co_check_found(struct fsa_creating *c)
{
	bool exists = true;
	enum nt_status status = NT_STATUS_SUCCESS;

	if (c->is_stream) {
		status = co_check_kind(c);
		if (nt_status_is_ok(status) && co_stream_is_being_made(c))
			status = NT_STATUS_DELETE_PENDING;
		if (nt_status_is_ok(status))
			status = co_find_stream(c, &exists);
	}
	if (nt_status_is_ok(status))
		status = fsa_disposition(c->how->disposition, exists, &c->step);
	if (nt_status_is_ok(status) && !c->is_stream)
		status = co_check_kind(c);
	return nt_status_is_ok(status) ? check_share(c) : status;
}

/* Nobody collides with a file that has gone since it was found. */
static bool co_is_there(const struct fsa_creating *c)
{
	struct store_stat stat;

	return is_root(c) || (store_co_stat_at(c->volume->creds, c->found.dir,
					       c->found.leaf, &stat) == 0 &&
			      fsa_key_equal(&stat.key, &c->found.stat.key));
}

enum nt_status fsa_create_co_open(struct fsa_creating *c)
{
	enum nt_status status;

	if (co_is_being_made(c) || is_delete_pending(c))
		return NT_STATUS_DELETE_PENDING;
	status = co_check_found(c);
	if (status == NT_STATUS_OBJECT_NAME_COLLISION)
		c->is_stale = !co_is_there(c);
	if (!nt_status_is_ok(status))
		return status;
	status = is_maximum(c) ? co_open_maximum(c) : co_open_named(c);
	if (nt_status_is_ok(status) && c->step.creates)
		status = co_make_stream(c);
	/* It went, or became something else, since it was found. */
	if (status == NT_STATUS_OBJECT_NAME_NOT_FOUND ||
	    status == NT_STATUS_NOT_A_DIRECTORY)
		c->is_stale = true;
	return status;
}

/* ---- making what is not ---- */

/* A default ACL gives what it gives out of what the mode asks for. */
static enum nt_status co_ask_default_acl(struct fsa_creating *c)
{
	struct fsa_posix_acl acl;
	enum nt_status status;

	if (c->volume->share->acl != FSA_ACL_POSIX ||
	    !fsa_posix_is_there(c->volume->share, S_IFDIR))
		return NT_STATUS_SUCCESS;
	status = fsa_co_posix_get(c->found.dir, NULL, true, &acl);
	c->has_default = nt_status_is_ok(status) && acl.count;
	return status;
}

/* What the directory's descriptor says to a new name, and gives it. */
static enum nt_status co_ask_parent(struct fsa_creating *c)
{
	bool is_directory = c->how->options & FILE_DIRECTORY_FILE;
	struct fsa_subject who = fsa_volume_subject(c->volume);
	uint32_t needed = is_directory ? FILE_ADD_SUBDIRECTORY : FILE_ADD_FILE;
	struct store_stat stat;
	enum nt_status status;

	if (!fsa_descriptor_is_kept(c->volume->share, S_IFDIR))
		return co_ask_default_acl(c);
	status = fsa_status(FSA_QUERY, store_co_stat(c->found.dir, &stat));
	if (nt_status_is_ok(status))
		status = fsa_co_descriptor_get(c->volume, c->found.dir, &stat,
					       &c->parent);
	if (nt_status_is_ok(status) && c->parent.is_stored &&
	    !(fsa_dacl_rights(&c->parent.sd, &who) & needed))
		status = NT_STATUS_ACCESS_DENIED;
	return status;
}

static mode_t mode_of_new(const struct fsa_creating *c)
{
	bool is_directory = c->how->options & FILE_DIRECTORY_FILE;
	mode_t mode = is_directory ? MODE_DIRECTORY : MODE_FILE;

	/* Who speaks POSIX knows his umask. */
	if (c->how->is_posix)
		return c->how->mode & 07777;
	if (c->has_default)
		mode = is_directory ? 0777 : 0666;
	if (c->has_dacl || (c->parent.is_stored &&
			    fsa_dacl_has_heirs(&c->parent.sd, is_directory)))
		mode &= ~(mode_t)MODE_OTHERS;
	return mode;
}

static enum nt_status co_make_directory(struct fsa_creating *c)
{
	int err = store_co_mkdir(c->volume->creds, c->found.dir, c->found.leaf,
				 mode_of_new(c));

	if (err)
		return fsa_status(FSA_CREATE, err);
	c->is_made = true;
	return co_open_found(c, STORE_OPEN_READ | STORE_OPEN_DIRECTORY |
					STORE_OPEN_NOFOLLOW);
}

/* Who makes a file may read and write it, whatever its mode says. */
static enum nt_status co_make_file(struct fsa_creating *c)
{
	int err = store_co_open(c->volume->share->tree, c->volume->creds,
				c->found.dir, c->found.leaf,
				STORE_OPEN_CREATE | STORE_OPEN_READ |
					STORE_OPEN_WRITE,
				mode_of_new(c), &c->file);

	c->is_made = !err;
	return fsa_status(FSA_CREATE, err);
}

enum nt_status fsa_create_co_make(struct fsa_creating *c)
{
	bool deletes = c->how->options & FILE_DELETE_ON_CLOSE;
	enum nt_status status =
		fsa_disposition(c->how->disposition, false, &c->step);

	if (nt_status_is_ok(status))
		status = check_share(c);
	if (!nt_status_is_ok(status))
		return status;
	if (deletes && c->how->attributes & FILE_ATTRIBUTE_READONLY)
		return NT_STATUS_CANNOT_DELETE;
	c->granted = named_rights(c);
	if (is_maximum(c))
		c->granted |= FILE_ALL_ACCESS & fsa_create_access(c);
	status = co_ask_parent(c);
	if (nt_status_is_ok(status))
		status = co_claim_name(c);
	if (!nt_status_is_ok(status))
		return status;
	if (c->how->options & FILE_DIRECTORY_FILE)
		status = co_make_directory(c);
	else
		status = co_make_file(c);
	c->is_stale = status == NT_STATUS_OBJECT_NAME_COLLISION;
	if (!nt_status_is_ok(status))
		return status;
	fsa_co_find_added(c->volume, c->found.dir, c->found.leaf);
	status = fsa_status(FSA_OPEN, store_co_stat(c->file, &c->found.stat));
	return nt_status_is_ok(status) && c->is_stream ? co_make_stream(c)
						       : status;
}

/* ---- afterwards ---- */

/* A file that is overwritten loses its streams, too. */
static enum nt_status co_empty(struct fsa_creating *c)
{
	enum nt_status status;

	c->open->was_written = true;
	if (c->is_stream) {
		c->stream_size = 0;
		return fsa_stream_co_clear(c->open);
	}
	status = fsa_status(FSA_WRITE, store_co_truncate(c->file, 0));
	return nt_status_is_ok(status) ? fsa_stream_co_remove_all(c->open)
				       : status;
}

enum nt_status fsa_create_co_overwrite(struct fsa_creating *c)
{
	enum nt_status status = co_empty(c);

	fsa_grant_end_change(c->open);
	return status;
}

/* Under the node's lock. */
static bool is_open_to_others(const struct fsa_creating *c,
			      const struct fsa_node *node)
{
	const struct fsa_node *stream;
	const struct fsa_open *other;

	TAILQ_FOREACH(other, &node->opens, node_entry) {
		if (other != c->open)
			return true;
	}
	TAILQ_FOREACH(stream, &node->streams, stream_entry) {
		TAILQ_FOREACH(other, &stream->opens, node_entry) {
			if (other != c->open)
				return true;
		}
	}
	return false;
}

/* Removes what was made, unless somebody has opened it meanwhile. */
static void co_unmake(struct fsa_creating *c)
{
	const struct fsa_share *share = c->volume->share;
	bool is_directory = c->how->options & FILE_DIRECTORY_FILE;
	struct fsa_node *node =
		fsa_node_get(share->fsa, share->tree, &c->found.stat.key,
			     c->found.path, is_directory);
	bool is_ours;
	bool is_gone = false;

	if (!node)
		return;
	fsa_node_lock(node);
	is_ours = !node->is_delete_pending && !is_open_to_others(c, node);
	if (is_ours)
		node->is_delete_pending = node->is_taken_back = true;
	fsa_node_unlock(node);
	if (is_ours)
		is_gone = nt_status_is_ok(
			fsa_co_unlink(c->volume->creds, c->found.dir,
				      c->found.leaf, &node->key, is_directory));
	fsa_node_lock(node);
	node->is_deleted |= is_gone;
	if (is_ours && !is_gone)
		node->is_delete_pending = node->is_taken_back = false;
	fsa_node_unlock(node);
	fsa_node_unref(node);
}

void fsa_create_co_undo(struct fsa_creating *c)
{
	if (c->is_stream_made && !c->is_made)
		fsa_stream_co_remove(c->volume->creds, c->file, c->stream);
	c->is_stream_made = false;
	if (c->is_made)
		co_unmake(c);
	if (c->open && c->is_own)
		fsa_own_end(c->open->node);
	c->is_own = false;
	if (c->open)
		fsa_open_co_leave(c->open);
	c->open = NULL;
	c->is_made = false;
	c->file = store_file_close(c->file);
	fsa_making_end(c->volume->share->fsa, &c->making);
	fsa_descriptor_fini(&c->parent);
	fsa_found_fini(&c->found);
}
