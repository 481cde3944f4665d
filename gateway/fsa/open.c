/*
 * CREATE (MS-FSA 2.1.5.1), as a recipe: check what is asked for, find the
 * name, open what is there or make it, admit the open beside others, dress
 * what is new, tell what was granted. The steps that touch files are in
 * open_steps.c; here is their order, and what happens when the world changes
 * between two of them: all is undone and begun again.
 *
 *   check ──> find ──> open ──> admit ──> overwrite ──> dress ──> grant
 *              ^  └──> make ──────^  │
 *              └──────── stale ──────┘
 *
 * A stream (stream.h) is opened and made in the same steps, on its file, which
 * is made if there is none.
 */
#include <stdio.h>
#include <stdlib.h>
#include <string.h>
#include <sys/stat.h>

#include "gateway/fsa/access.h"
#include "gateway/fsa/change.h"
#include "gateway/fsa/grant.h"
#include "gateway/fsa/open_steps.h"
#include "gateway/fsa/outside.h"
#include "gateway/fsa/previous.h"
#include "gateway/fsa/reparse_data.h"
#include "gateway/fsa/security.h"
#include "gateway/fsa/windows.h"
#include "smb/wire/sd.h"

enum {
	/* A name that comes and goes faster than this has no state. */
	TRIES_MAX = 32,
	LINK_MAX_BYTES = 4096, /* as Linux has it, with the NUL */
};

/* ---- check ---- */

/* Descriptors are big and stacks are small. */
static enum nt_status check_security(const struct smb_create *how,
				     bool *ret_has_dacl)
{
	struct smb_descriptor descriptor = {};
	enum nt_status status;
	struct smb_ace *aces;

	if (!how->security)
		return NT_STATUS_SUCCESS;
	aces = reallocarray(NULL, SMB_ACES_MAX, sizeof(*aces));
	if (!aces)
		return NT_STATUS_INSUFFICIENT_RESOURCES;
	status = smb_descriptor_read((struct bytes){ how->security,
						     how->security_length },
				     aces, &descriptor);
	free(aces);
	*ret_has_dacl = descriptor.has_dacl;
	return status;
}

/*
 * What the part of the name behind the colon says of the thing (MS-FSA
 * 2.1.5.1): it says as much as the options, and may gainsay them.
 */
static enum nt_status take_part(struct fsa_creating *c, struct fsa_part part,
				struct smb_create *how)
{
	if (part.kind == FSA_PART_FILE)
		return NT_STATUS_SUCCESS;
	if (!fsa_streams_are_kept(c->volume->share))
		return NT_STATUS_OBJECT_NAME_INVALID;
	if (part.kind == FSA_PART_INDEX) {
		if (how->options & FILE_NON_DIRECTORY_FILE)
			return NT_STATUS_INVALID_PARAMETER;
		how->options |= FILE_DIRECTORY_FILE;
		return NT_STATUS_SUCCESS;
	}
	if (how->options & FILE_DIRECTORY_FILE)
		return NT_STATUS_NOT_A_DIRECTORY;
	if (part.kind == FSA_PART_DATA) {
		how->options |= FILE_NON_DIRECTORY_FILE;
		return NT_STATUS_SUCCESS;
	}
	c->is_stream = true;
	return fsa_stream_name(part.name, c->stream);
}

/*
 * All that can be refused without looking at a file; and the path. `how` is
 * changed to what the name makes of it.
 */
static enum nt_status check(struct fsa_creating *c, struct smb_create *how,
			    struct smb_name name, char **ret_path)
{
	enum nt_status status;
	struct fsa_part part;
	char *path;

	c->access = fsa_access_map(how->access);
	status = fsa_create_check(c->access, how->attributes, how->sharing,
				  how->disposition, how->options);
	if (nt_status_is_ok(status))
		status = fsa_access_check_mask(c->access);
	if (nt_status_is_ok(status))
		status = check_security(how, &c->has_dacl);
	if (nt_status_is_ok(status))
		status = fsa_name_to_path(c->volume->share, name, &path, &part);
	if (!nt_status_is_ok(status))
		return status;
	status = take_part(c, part, how);
	if (nt_status_is_ok(status))
		*ret_path = path;
	else
		free(path);
	return status;
}

/* ---- previous versions ---- */

/* The path as it lies in the snapshot. */
static enum nt_status co_go_back(struct fsa_creating *c, uint64_t time,
				 char **path)
{
	char *root, *whole;
	enum nt_status status = fsa_co_previous_root(c->volume, time, &root);

	if (!nt_status_is_ok(status))
		return status;
	c->previous = strlen(root);
	if (asprintf(&whole, "%s%s%s", root, **path ? "/" : "", *path) < 0)
		status = NT_STATUS_INSUFFICIENT_RESOURCES;
	free(root);
	if (!nt_status_is_ok(status))
		return status;
	free(*path);
	*path = whole;
	return NT_STATUS_SUCCESS;
}

/* Checks, with the time that TWrp tells, or a token among the names. */
static enum nt_status co_check_time(struct fsa_creating *c,
				    struct smb_create *how, char **ret_path)
{
	struct smb_name name = how->name;
	uint16_t *units = NULL;
	enum nt_status status;
	char *path;

	if (c->volume->share->snapshots && !how->has_snapshot) {
		units = reallocarray(NULL, how->name.count + 1, sizeof(*units));
		if (!units)
			return NT_STATUS_INSUFFICIENT_RESOURCES;
		how->has_snapshot = fsa_previous_cut(how->name, units, &name,
						     &how->snapshot);
	}
	status = check(c, how, name, &path);
	free(units);
	if (nt_status_is_ok(status) && how->has_snapshot) {
		status = co_go_back(c, how->snapshot, &path);
		if (!nt_status_is_ok(status))
			free(path);
	}
	if (nt_status_is_ok(status))
		*ret_path = path;
	return status;
}

/* ---- a link in the way ---- */

static enum nt_status tell_target(const struct fsa_share *share,
				  const char *target, struct smb_created *ret)
{
	ret->symlink_target =
		fsa_reparse_target(share, target, &ret->symlink_target_count,
				   &ret->symlink_is_relative);
	return ret->symlink_target ? NT_STATUS_STOPPED_ON_SYMLINK
				   : NT_STATUS_INSUFFICIENT_RESOURCES;
}

/* How many bytes of UTF-16 the path behind the link has. */
static enum nt_status tell_rest(const struct fsa_share *share, const char *rest,
				struct smb_created *ret)
{
	uint32_t count = 0;
	uint16_t *units;

	ret->symlink_unparsed = 0;
	if (!*rest)
		return NT_STATUS_SUCCESS;
	units = fsa_name_from_path(share, rest + 1, &count);
	if (!units)
		return NT_STATUS_INSUFFICIENT_RESOURCES;
	free(units);
	ret->symlink_unparsed = (uint16_t)(count * sizeof(*units));
	return NT_STATUS_SUCCESS;
}

/* Fills in what STOPPED_ON_SYMLINK tells; that, or what went wrong. */
static enum nt_status co_tell_link(struct fsa_creating *c,
				   struct smb_created *ret)
{
	struct fsa_volume *volume = c->volume;
	size_t length = c->found.link_length ? c->found.link_length
					     : strlen(c->found.path);
	char *path = strndup(c->found.path, length), *target, *name;
	struct store_file *link = NULL;
	enum nt_status status = NT_STATUS_INSUFFICIENT_RESOURCES;

	*ret = (struct smb_created){ 0 };
	target = malloc(LINK_MAX_BYTES);
	if (!path || !target)
		goto out;
	name = strrchr(path, '/');
	name = name ? name + 1 : path;
	status = fsa_status(FSA_OPEN,
			    store_co_open(volume->share->tree, volume->creds,
					  c->found.dir, name,
					  STORE_OPEN_PATH | STORE_OPEN_NOFOLLOW,
					  0, &link));
	if (nt_status_is_ok(status))
		status =
			fsa_status(FSA_OPEN, store_co_readlink(link, target,
							       LINK_MAX_BYTES));
	if (nt_status_is_ok(status))
		status = tell_rest(volume->share, c->found.path + length, ret);
	if (nt_status_is_ok(status))
		status = tell_target(volume->share, target, ret);
out:
	store_file_close(link);
	free(target);
	free(path);
	return status;
}

/* ---- a lease that is somewhere else ---- */

/*
 * A lease key stands for one file or stream (MS-SMB2 3.3.5.9.8). Looked at once
 * more when the open is admitted: another one with that key may have been
 * quicker.
 */
static enum nt_status check_lease(const struct fsa_creating *c)
{
	const struct smb_holder *holder = c->how->holder;
	struct fsa_node *node;

	if (!holder || !holder->is_lease || !holder->file)
		return NT_STATUS_SUCCESS;
	node = holder->file;
	if (!c->found.exists ||
	    !store_tree_has_same_root(node->tree, c->volume->share->tree) ||
	    !fsa_key_equal(&node->key, &c->found.stat.key) ||
	    (node->file != NULL) != c->is_stream)
		return NT_STATUS_INVALID_PARAMETER;
	return !c->is_stream || fsa_stream_is_node(node, c->stream)
		       ? NT_STATUS_SUCCESS
		       : NT_STATUS_INVALID_PARAMETER;
}

/* ---- dress ---- */

/* Attributes of what is new; an overwritten file keeps its birth time. */
static enum nt_status co_dress_attributes(struct fsa_creating *c)
{
	struct fsa_dosattr attr = c->attr;
	enum nt_status status;

	/* They are the file's: a stream of it changes nothing there. */
	if (c->is_stream && !c->is_made)
		return NT_STATUS_SUCCESS;
	attr.attributes = fsa_attributes_of_new(c->how->attributes,
						c->open->base.is_directory);
	if (attr.attributes == c->attr.attributes)
		return NT_STATUS_SUCCESS;
	status = fsa_co_dosattr_set(c->volume, c->file, &attr);
	if (nt_status_is_ok(status))
		c->attr = attr;
	return status;
}

/* Space is a promise where it can be one, and nothing where it can't. */
static enum nt_status co_dress_allocation(struct fsa_creating *c)
{
	enum nt_status status;
	int err;

	if (!c->how->has_allocation || !c->how->allocation || c->is_stream ||
	    c->open->base.is_directory)
		return NT_STATUS_SUCCESS;
	err = store_co_allocate(c->file, c->how->allocation);
	status = fsa_status(FSA_WRITE, err);
	return status == NT_STATUS_DISK_FULL ? status : NT_STATUS_SUCCESS;
}

static enum nt_status co_dress(struct fsa_creating *c)
{
	enum nt_status status = co_dress_attributes(c);

	if (nt_status_is_ok(status))
		status = co_dress_allocation(c);
	/* By the POSIX extensions the mode says it all. */
	if (nt_status_is_ok(status) && c->is_made && !c->how->is_posix)
		status = fsa_co_security_of_new(c->open, &c->parent,
						c->how->security,
						c->how->security_length);
	if (nt_status_is_ok(status) && c->step.overwrites)
		status = fsa_co_drop_eas(c->open);
	if (nt_status_is_ok(status) && c->how->eas)
		status = fsa_co_set_eas(c->open, c->how->eas,
					c->how->eas_length);
	if (nt_status_is_ok(status))
		status =
			fsa_status(FSA_QUERY, store_co_stat(c->file, &c->stat));
	return status;
}

/* ---- grant ---- */

static void tell_change(const struct fsa_creating *c)
{
	if (c->is_made)
		fsa_changed(c->open, c->found.path, FSA_ACTION_ADDED,
			    c->open->base.is_directory ? FSA_CHANGE_DIR_NAME
						       : FSA_CHANGE_FILE_NAME);
	if (c->is_stream_made)
		fsa_stream_tell(c->open, FSA_ACTION_ADDED_STREAM,
				FSA_CHANGE_STREAM_NAME);
	else if (c->is_stream && c->step.overwrites)
		fsa_stream_tell(c->open, FSA_ACTION_MODIFIED_STREAM,
				FSA_CHANGE_STREAM_SIZE |
					FSA_CHANGE_STREAM_WRITE);
	else if (!c->is_made && c->step.overwrites)
		fsa_changed(c->open, c->found.path, FSA_ACTION_MODIFIED,
			    FSA_CHANGE_SIZE | FSA_CHANGE_LAST_WRITE |
				    FSA_CHANGE_ATTRIBUTES);
}

static void co_grant(struct fsa_creating *c, struct smb_created *ret)
{
	*ret = (struct smb_created){
		.object = &c->open->base,
		.action = c->step.action,
		.is_raised = c->is_raised,
	};
	fsa_facts_from_stat(c->volume, &c->stat, &c->attr, c->found.leaf,
			    &ret->facts);
	if (c->is_stream)
		fsa_stream_facts(c->stream_size, &ret->facts);
	fsa_facts_of_node(c->open->node, &ret->facts);
	if (c->how->wants_max_access)
		ret->max_access_status =
			fsa_co_access_max(c->volume, c->file, &c->stat,
					  *c->found.leaf ? c->found.dir : NULL,
					  &ret->max_access);
	ret->max_access &= fsa_create_access(c);
	c->file = store_file_close(c->file); /* the open has its own */
	tell_change(c);
	if (c->is_own)
		fsa_own_end(c->open->node);
	fsa_making_end(c->volume->share->fsa, &c->making);
	fsa_found_fini(&c->found);
	fsa_descriptor_fini(&c->parent);
	fsa_grant_tell(c->open, ret);
}

/* ---- the recipe ---- */

static enum nt_status co_attempt(struct fsa_creating *c, const char *path,
				 struct smb_created *ret)
{
	enum nt_status status;

	c->path = path;
	c->moves = fsa_node_moves(c->volume->share->fsa);
	status = fsa_co_find(c->volume, path, &c->found);
	if (status == NT_STATUS_STOPPED_ON_SYMLINK)
		return co_tell_link(c, ret);
	if (nt_status_is_ok(status))
		status = check_lease(c);
	if (!nt_status_is_ok(status))
		return status;
	status =
		c->found.exists ? fsa_create_co_open(c) : fsa_create_co_make(c);
	if (status == NT_STATUS_STOPPED_ON_SYMLINK)
		return co_tell_link(c, ret);
	if (nt_status_is_ok(status))
		status = fsa_create_co_admit(c);
	if (nt_status_is_ok(status) && c->step.overwrites)
		status = fsa_create_co_overwrite(c);
	if (nt_status_is_ok(status) &&
	    (c->step.overwrites || c->is_made || c->is_stream_made))
		status = co_dress(c);
	if (nt_status_is_ok(status))
		co_grant(c, ret);
	return status;
}

enum nt_status fsa_co_create(struct smb_volume *volume, struct smb_call *call,
			     const struct smb_create *how,
			     struct smb_created *ret_created)
{
	struct smb_create asked = *how;
	struct fsa_creating c = {
		.volume = fsa_volume_of(volume),
		.call = call,
		.how = &asked,
	};
	enum nt_status status;
	char *path;

	if (how->is_posix)
		c.volume = fsa_posix_volume(c.volume);
	if (!c.volume)
		return NT_STATUS_INSUFFICIENT_RESOURCES;
	status = co_check_time(&c, &asked, &path);
	if (!nt_status_is_ok(status))
		return status;
	for (int tries = 0; tries < TRIES_MAX; tries++) {
		status = co_attempt(&c, path, ret_created);
		if (nt_status_is_ok(status))
			break;
		fsa_create_co_undo(&c);
		if (!c.is_stale)
			break;
		c.is_stale = false;
		loop_co_yield();
	}
	free(path);
	return status;
}
