/*
 * New names for open files (MS-FSA 2.1.5.14.11 FileRenameInformation and
 * 2.1.5.14.6 FileLinkInformation): who may get one, what may be replaced, and
 * how a name is changed in its case alone. Where the name leads is find.c's.
 */
#include <stdio.h>
#include <stdlib.h>
#include <string.h>
#include <sys/stat.h>

#include "gateway/fsa/access.h"
#include "gateway/fsa/change.h"
#include "gateway/fsa/grant.h"
#include "gateway/fsa/making.h"
#include "gateway/fsa/object.h"
#include "gateway/fsa/stream.h"
#include "gateway/fsa/turn.h"
#include "gateway/fsa/windows.h"

enum {
	/* A name that comes and goes faster than this has no state. */
	TRIES_MAX = 32,
};

/* A rename or a link on its way. */
struct move {
	struct fsa_open *open;
	struct smb_call *call;  /* or NULL */
	char *from;             /* the path now */
	struct store_file *dir; /* of `from` */
	const char *from_leaf;
	char *asked; /* the new path as the client spells it */
	const char *leaf;
	struct fsa_found target;
	char *to;                  /* the new path as it will be on disk */
	struct fsa_making making;  /* the name, if something has it */
	struct fsa_node *replaced; /* what has the name now, claimed */
	bool is_stale; /* and what had it when we looked was another */
};

static const char *leaf_of(const char *path)
{
	const char *slash = strrchr(path, '/');

	return slash ? slash + 1 : path;
}

/*
 * Nobody opens what is to be replaced from now on; who has it open keeps it.
 * The claim ends with unclaim().
 */
static enum nt_status claim(struct move *m)
{
	struct fsa_node *node =
		fsa_node_get(m->open->node->fsa, m->open->tree,
			     &m->target.stat.key, m->target.path,
			     S_ISDIR(m->target.stat.mode));
	bool is_free;

	if (!node)
		return NT_STATUS_INSUFFICIENT_RESOURCES;
	fsa_node_lock(node);
	is_free = !fsa_node_has_opens(node) && !node->is_delete_pending;
	if (is_free)
		node->is_delete_pending = true;
	fsa_node_unlock(node);
	if (!is_free) {
		fsa_node_unref(node);
		return NT_STATUS_ACCESS_DENIED;
	}
	m->replaced = node;
	return NT_STATUS_SUCCESS;
}

static void unclaim(struct move *m, bool is_gone)
{
	struct fsa_node *node = m->replaced;

	if (!node)
		return;
	fsa_node_lock(node);
	node->is_deleted = is_gone;
	node->is_delete_pending = is_gone;
	fsa_node_unlock(node);
	m->replaced = fsa_node_unref(node);
}

static void move_fini(struct move *m)
{
	unclaim(m, false);
	fsa_making_end(m->open->node->fsa, &m->making);
	free(m->from);
	free(m->asked);
	free(m->to);
	if (m->dir)
		store_file_close(m->dir);
	fsa_found_fini(&m->target);
}

/* The directory of a path (malloc): "" for one at the root. */
static char *parent_of(const char *path)
{
	size_t length = (size_t)(leaf_of(path) - path);

	return strndup(path, length > 0 ? length - 1 : 0);
}

/* Opens the directory that the file is in, and sees that it still is there. */
static enum nt_status co_find_source(struct move *m)
{
	struct fsa_open *open = m->open;
	char *parent = parent_of(m->from);
	struct store_stat stat;
	size_t good;

	if (!parent)
		return NT_STATUS_INSUFFICIENT_RESOURCES;

	int err = store_co_walk(open->tree, open->volume->creds, parent,
				&m->dir, &good);

	free(parent);
	if (err < 0) {
		m->dir = NULL;
		return fsa_status(FSA_WALK, err);
	}
	m->from_leaf = leaf_of(m->from);
	err = store_co_stat_at(open->volume->creds, m->dir, m->from_leaf,
			       &stat);
	if (err < 0)
		return fsa_status(FSA_RENAME, err);
	return fsa_key_equal(&stat.key, &open->node->key)
		       ? NT_STATUS_SUCCESS
		       : NT_STATUS_OBJECT_NAME_NOT_FOUND;
}

/* The directory as it is spelled on disk, and the last name as it was asked. */
static char *join_target(const struct move *m)
{
	size_t parent = (size_t)(m->target.leaf - m->target.path);
	char *to = malloc(parent + strlen(m->leaf) + 1);

	if (to) {
		memcpy(to, m->target.path, parent);
		strcpy(to + parent, m->leaf);
	}
	return to;
}

static enum nt_status co_find_target(struct move *m, struct smb_name name)
{
	struct fsa_volume *volume = m->open->volume;
	struct fsa_part part;
	enum nt_status status =
		fsa_name_to_path(volume->share, name, &m->asked, &part);

	if (status != NT_STATUS_SUCCESS)
		return status;
	if (part.kind != FSA_PART_FILE)
		return NT_STATUS_NOT_SUPPORTED;
	m->leaf = leaf_of(m->asked);
	if (*m->leaf == '\0')
		return NT_STATUS_OBJECT_NAME_INVALID;
	status = fsa_co_find(volume, m->asked, &m->target);
	if (status != NT_STATUS_SUCCESS) {
		m->target = (struct fsa_found){};
		return status;
	}
	m->to = join_target(m);
	return m->to ? NT_STATUS_SUCCESS : NT_STATUS_INSUFFICIENT_RESOURCES;
}

static enum nt_status co_move_init(struct move *m, struct fsa_open *open,
				   const struct smb_set *set)
{
	*m = (struct move){ .open = open, .call = set->call };
	fsa_node_lock(open->node);
	bool is_doomed =
		open->node->is_deleted || open->node->is_delete_pending;

	fsa_node_unlock(open->node);
	if (is_doomed)
		return NT_STATUS_ACCESS_DENIED;
	m->from = fsa_open_path(open);
	if (!m->from)
		return NT_STATUS_INSUFFICIENT_RESOURCES;
	if (m->from[0] == '\0')
		return NT_STATUS_ACCESS_DENIED;

	enum nt_status status = co_find_source(m);

	return status == NT_STATUS_SUCCESS ? co_find_target(m, set->name)
					   : status;
}

/* ---- rules ---- */

/* How others stand in the way. */
enum obstacle {
	OBSTACLE_NONE,
	OBSTACLE_HANDLES, /* that may be kept by a lease alone */
	OBSTACLE_OPENS,
};

/* Under the node's lock. */
static enum obstacle obstacle_of(const struct fsa_open *other,
				 enum obstacle so_far)
{
	if (!fsa_grant_may_yield(other, NULL))
		return OBSTACLE_OPENS;
	return so_far == OBSTACLE_OPENS ? so_far : OBSTACLE_HANDLES;
}

/*
 * The directory that gets the name is opened for that, to add a file and
 * letting others read and write alone: other opens of it may stand in the way.
 * Only the client's own do here. Handles that strangers keep on a directory,
 * to watch it or to list it, would forbid renames to everybody else.
 */
static enum nt_status look_at_directory(struct move *m, struct fsa_node *node,
					enum obstacle *ret_obstacle)
{
	enum obstacle obstacle = OBSTACLE_NONE;
	struct fsa_open *other;
	bool is_doomed;

	fsa_node_lock(node);
	TAILQ_FOREACH(other, &node->opens, node_entry) {
		if (other->volume == m->open->volume && !other->is_stat &&
		    !fsa_share_mode_allows(other->access, other->sharing,
					   FILE_ADD_FILE,
					   FILE_SHARE_READ | FILE_SHARE_WRITE))
			obstacle = obstacle_of(other, obstacle);
	}
	is_doomed = node->is_delete_pending;
	fsa_node_unlock(node);
	*ret_obstacle = obstacle;
	return is_doomed ? NT_STATUS_DELETE_PENDING : NT_STATUS_SUCCESS;
}

static enum nt_status co_check_directory(struct move *m)
{
	struct store_stat stat;
	int err = store_co_stat(m->target.dir, &stat);
	enum nt_status status;
	enum obstacle obstacle;
	struct fsa_node *node;

	if (err < 0)
		return fsa_status(FSA_RENAME, err);
	node = fsa_node_find(m->open->node->fsa, m->open->tree, &stat.key);
	if (!node)
		return NT_STATUS_SUCCESS;
	status = look_at_directory(m, node, &obstacle);
	if (status == NT_STATUS_SUCCESS && obstacle == OBSTACLE_HANDLES) {
		status = fsa_grant_co_event_on(node, FSA_OPLOCK_NAME, m->call);
		if (status == NT_STATUS_SUCCESS)
			status = look_at_directory(m, node, &obstacle);
	}
	if (status == NT_STATUS_SUCCESS && obstacle != OBSTACLE_NONE)
		status = NT_STATUS_SHARING_VIOLATION;
	fsa_node_unref(node);
	return status;
}

/*
 * A directory does not move while something below it is open (MS-FSA
 * 2.1.5.14.11): handles that leases alone keep are asked for, file by file.
 */
static enum nt_status co_check_below(struct move *m)
{
	struct fsa *fsa = m->open->node->fsa;
	enum nt_status status = NT_STATUS_SUCCESS;

	while (status == NT_STATUS_SUCCESS) {
		enum obstacle obstacle = OBSTACLE_NONE;
		struct fsa_node *node =
			fsa_node_below(fsa, m->open->tree, m->from);
		struct fsa_open *other;

		if (!node)
			return NT_STATUS_SUCCESS;
		fsa_node_lock(node);
		TAILQ_FOREACH(other, &node->opens, node_entry)
			obstacle = obstacle_of(other, obstacle);
		fsa_node_unlock(node);
		if (obstacle == OBSTACLE_OPENS)
			status = NT_STATUS_ACCESS_DENIED;
		else
			status = fsa_grant_co_event_on(node, FSA_OPLOCK_NAME,
						       m->call);
		fsa_node_unref(node);
	}
	return status;
}

static enum nt_status co_check_read_only(struct move *m)
{
	struct fsa_volume *volume = m->open->volume;
	struct store_file *file;
	struct fsa_dosattr attr;
	struct smb_file_facts facts;
	int err =
		store_co_open(volume->share->tree, volume->creds, m->target.dir,
			      m->target.leaf,
			      STORE_OPEN_PATH | STORE_OPEN_NOFOLLOW, 0, &file);

	if (err < 0)
		return fsa_status(FSA_RENAME, err);

	enum nt_status status =
		fsa_co_dosattr_get(volume, file, &m->target.stat, &attr);

	/* What is replaced is deleted. */
	if (status == NT_STATUS_SUCCESS)
		status = fsa_co_access_check(volume, file, &m->target.stat,
					     m->target.dir, DELETE, 0);
	store_file_close(file);
	if (status != NT_STATUS_SUCCESS)
		return status;
	fsa_facts_from_stat(volume, &m->target.stat, &attr, m->target.leaf,
			    &facts);
	return facts.attributes & FILE_ATTRIBUTE_READONLY
		       ? NT_STATUS_ACCESS_DENIED
		       : NT_STATUS_SUCCESS;
}

/* Before it was claimed it may have been replaced, or renamed. */
static enum nt_status co_check_target(struct move *m)
{
	struct store_stat stat;
	int err = store_co_stat_at(m->open->volume->creds, m->target.dir,
				   m->target.leaf, &stat);

	m->is_stale = err < 0 || !fsa_key_equal(&stat.key, &m->replaced->key);
	return m->is_stale ? NT_STATUS_OBJECT_NAME_COLLISION
			   : NT_STATUS_SUCCESS;
}

/* Who makes a file by that name ends that first, and who opens it waits. */
static enum nt_status co_claim_name(struct move *m)
{
	struct store_stat stat;
	int err = store_co_stat(m->target.dir, &stat);

	if (err < 0)
		return fsa_status(FSA_RENAME, err);
	m->is_stale =
		!fsa_making_co_begin(m->open->node->fsa, &m->making,
				     m->open->tree, &stat.key, m->target.leaf);
	return m->is_stale ? NT_STATUS_OBJECT_NAME_COLLISION
			   : NT_STATUS_SUCCESS;
}

/* Whether what has the name already may go: another file, that is. */
static enum nt_status co_check_replace(struct move *m, bool is_replace)
{
	enum nt_status status;

	if (!is_replace)
		return NT_STATUS_OBJECT_NAME_COLLISION;
	status = co_claim_name(m);
	if (status != NT_STATUS_SUCCESS)
		return status;
	/* The kernel knows what POSIX lets replace what. */
	if (m->open->base.is_posix)
		return NT_STATUS_SUCCESS;
	if (S_ISDIR(m->target.stat.mode) || m->open->base.is_directory)
		return NT_STATUS_ACCESS_DENIED;
	status = claim(m);
	if (status == NT_STATUS_SUCCESS)
		status = co_check_target(m);
	return status == NT_STATUS_SUCCESS ? co_check_read_only(m) : status;
}

static bool is_below(const char *path, const char *dir)
{
	size_t length = strlen(dir);

	return strncmp(path, dir, length) == 0 && path[length] == '/';
}

static bool target_is_self(const struct move *m)
{
	return m->target.exists &&
	       fsa_key_equal(&m->target.stat.key, &m->open->node->key);
}

static bool has_stream_opens(struct fsa_node *node)
{
	bool has;

	fsa_node_lock(node);
	has = fsa_node_has_stream_opens(node);
	fsa_node_unlock(node);
	return has;
}

static enum nt_status co_check_rename(struct move *m, bool is_replace)
{
	enum nt_status status = NT_STATUS_SUCCESS;
	bool is_posix = m->open->base.is_posix;

	if (m->open->base.is_directory && is_below(m->to, m->from))
		return NT_STATUS_ACCESS_DENIED;
	/* Where POSIX rules, open files keep nothing from moving. */
	if (!is_posix && has_stream_opens(m->open->node))
		return NT_STATUS_ACCESS_DENIED;
	if (m->open->base.is_directory && !is_posix)
		status = co_check_below(m);
	if (status == NT_STATUS_SUCCESS && !is_posix)
		status = co_check_directory(m);
	if (status == NT_STATUS_SUCCESS)
		status = fsa_co_access_add(m->open->volume, m->target.dir,
					   m->open->base.is_directory);
	if (status != NT_STATUS_SUCCESS)
		return status;
	if (!m->target.exists)
		return NT_STATUS_SUCCESS;
	/* Its own name in other letters, or another name of the same file. */
	if (target_is_self(m))
		return is_replace || strcmp(m->target.path, m->from) == 0
			       ? NT_STATUS_SUCCESS
			       : NT_STATUS_OBJECT_NAME_COLLISION;
	return co_check_replace(m, is_replace);
}

/* ---- the deed ---- */

/*
 * A name that is there in other letters is replaced under its own spelling,
 * and spelled as asked after that: nobody sees both.
 */
static int co_rename(struct move *m)
{
	struct store_creds *creds = m->open->volume->creds;
	const char *there = m->target.exists ? m->target.leaf : m->leaf;
	unsigned int flags = m->target.exists ? 0 : RENAME_NOREPLACE;

	if (target_is_self(m) && strcmp(m->target.path, m->from) == 0)
		return store_co_rename(creds, m->dir, m->from_leaf,
				       m->target.dir, m->leaf, 0);
	/* rename(2) leaves two names of one file as they are. */
	if (target_is_self(m))
		return store_co_unlink(creds, m->dir, m->from_leaf, false);

	int err = store_co_rename(creds, m->dir, m->from_leaf, m->target.dir,
				  there, flags);

	if (err == 0 && strcmp(there, m->leaf) != 0)
		err = store_co_rename(creds, m->target.dir, there,
				      m->target.dir, m->leaf, 0);
	return err;
}

static void tell_renamed(struct move *m)
{
	unclaim(m, true);
	if (m->target.exists && !target_is_self(m))
		fsa_changed(m->open, m->target.path, FSA_ACTION_REMOVED,
			    FSA_CHANGE_FILE_NAME);
	fsa_changed_name(m->open, m->from, m->to);
}

/* Another rename of the same file was quicker than this one. */
static bool has_moved(const struct move *m)
{
	char *path = fsa_open_path(m->open);
	bool has = path && m->from && strcmp(path, m->from) != 0;

	free(path);
	return has;
}

/*
 * What was found out holds if the file is still where it was: another rename
 * of it may be done on disk, and not yet known here before its turn is over.
 */
static enum nt_status co_do_rename(struct move *m, enum nt_status status,
				   bool is_replace)
{
	fsa_turn_co_take(m->open->node);
	if (has_moved(m)) {
		m->is_stale = true;
		status = NT_STATUS_OBJECT_NAME_NOT_FOUND;
	} else if (status == NT_STATUS_SUCCESS) {
		status = fsa_status(FSA_RENAME, co_rename(m));
		/* It was not there when we looked: then it is to be replaced. */
		m->is_stale |= status == NT_STATUS_OBJECT_NAME_COLLISION &&
			       is_replace && !m->target.exists;
		if (status == NT_STATUS_SUCCESS)
			tell_renamed(m);
	}
	fsa_turn_give(m->open->node);
	return status;
}

static enum nt_status co_try_rename(struct fsa_open *open,
				    const struct smb_set *set,
				    bool *ret_is_stale)
{
	struct move m;
	enum nt_status status = co_move_init(&m, open, set);

	if (status == NT_STATUS_SUCCESS)
		status = co_check_rename(&m, set->is_replace);
	if ((status == NT_STATUS_SUCCESS && strcmp(m.from, m.to) != 0) ||
	    status == NT_STATUS_OBJECT_NAME_NOT_FOUND ||
	    status == NT_STATUS_OBJECT_PATH_NOT_FOUND ||
	    status == NT_STATUS_OBJECT_NAME_COLLISION)
		status = co_do_rename(&m, status, set->is_replace);
	*ret_is_stale = m.is_stale;
	move_fini(&m);
	return status;
}

enum nt_status fsa_co_rename(struct fsa_open *open, const struct smb_set *set)
{
	enum nt_status status;

	if (!(open->base.granted & DELETE))
		return NT_STATUS_ACCESS_DENIED;
	status = fsa_grant_co_event(open, FSA_OPLOCK_NAME, set->call);
	if (status != NT_STATUS_SUCCESS)
		return status;
	if (set->name.count > 0 && set->name.units[0] == ':' &&
	    !open->base.is_posix)
		return fsa_stream_co_rename(open, set);
	/* The file is in use, by this very stream. */
	if (fsa_open_is_stream(open))
		return NT_STATUS_SHARING_VIOLATION;
	for (int tries = 0; tries < TRIES_MAX; tries++) {
		bool is_stale;

		status = co_try_rename(open, set, &is_stale);
		if (!is_stale)
			break;
	}
	return status;
}

static int co_link(struct move *m)
{
	struct store_creds *creds = m->open->volume->creds;

	if (m->target.exists) {
		int err = store_co_unlink(creds, m->target.dir, m->target.leaf,
					  false);

		if (err < 0)
			return err;
	}
	return store_co_link(creds, m->open->file, m->target.dir, m->leaf);
}

static enum nt_status co_check_link(struct move *m, bool is_replace)
{
	enum nt_status status = co_check_directory(m);

	if (status == NT_STATUS_SUCCESS)
		status = fsa_co_access_add(m->open->volume, m->target.dir,
					   false);
	if (status != NT_STATUS_SUCCESS || !m->target.exists)
		return status;
	if (target_is_self(m))
		return is_replace ? NT_STATUS_SUCCESS
				  : NT_STATUS_OBJECT_NAME_COLLISION;
	return co_check_replace(m, is_replace);
}

static enum nt_status co_try_link(struct fsa_open *open,
				  const struct smb_set *set, bool *ret_is_stale)
{
	struct move m;
	enum nt_status status = co_move_init(&m, open, set);

	if (status == NT_STATUS_SUCCESS)
		status = co_check_link(&m, set->is_replace);
	if (status == NT_STATUS_SUCCESS && !target_is_self(&m)) {
		status = fsa_status(FSA_LINK, co_link(&m));
		if (status == NT_STATUS_SUCCESS) {
			unclaim(&m, true);
			fsa_changed(open, m.to, FSA_ACTION_ADDED,
				    FSA_CHANGE_FILE_NAME);
		}
	}
	*ret_is_stale = m.is_stale;
	move_fini(&m);
	return status;
}

enum nt_status fsa_co_link(struct fsa_open *open, const struct smb_set *set)
{
	enum nt_status status;

	if (open->base.is_directory)
		return NT_STATUS_FILE_IS_A_DIRECTORY;
	if (fsa_open_is_stream(open))
		return NT_STATUS_INVALID_PARAMETER;
	status = fsa_grant_co_event(open, FSA_OPLOCK_NAME, set->call);
	if (status != NT_STATUS_SUCCESS)
		return status;
	for (int tries = 0; tries < TRIES_MAX; tries++) {
		bool is_stale;

		status = co_try_link(open, set, &is_stale);
		if (!is_stale)
			break;
	}
	return status;
}
