/*
 * Finding what a path means: each name as it is spelled, else in whatever case
 * it is there (MS-FSA 2.1.5.1, phase 6). Exact names cost one walk by the
 * kernel; only where a name is missing is its directory listed and looked
 * through by folded name (fold.c).
 *
 * Such listings are remembered, since programs ask over and over for what is
 * not there. A memory is good as long as the directory has the same times as
 * when it was listed, and these times were old enough then: a file system's
 * clock ticks slowly, and a second change in one tick leaves no trace. Changes
 * of our own are written into the memory instead of spoiling it, for a moment:
 * thousands of new files then do not cost as many listings. What somebody else
 * did in between is seen when the moment is over.
 *
 * A name that looks like a generated one of 8.3 (short_name.c) and is not there
 * is looked for among those of its directory's names.
 *
 * Who may list what is the kernel's to say: the memory is the volume's, so of
 * one user.
 */
#include <stdio.h>
#include <stdlib.h>
#include <string.h>

#include "gateway/fsa/fold.h"
#include "gateway/fsa/object.h"
#include "gateway/fsa/short_name.h"

enum {
	DIRS_MAX = 16,       /* that a volume remembers */
	TEXT_MAX = 32 << 20, /* bytes of names in one: a million files */
	DIR_TICK_MS = 100,   /* no file system's clock is slower, save FAT's */
	PATCHED_MS = 1000,   /* how long we go on without looking again … */
	PATCHED_COST = 20,   /* … or this many times what looking takes */
};

struct listing {
	bool is_used;
	struct store_key key;
	struct timespec mtime, ctime;
	uint64_t began_ns; /* wall clock before listing */
	uint64_t cost_ns;
	uint64_t patched_ns; /* since when it was not all listed; or 0 */
	uint64_t last_ns;    /* looked at; loop_now() */
	struct fsa_name_set set;
};

struct fsa_names {
	struct listing dirs[DIRS_MAX];
	struct fsa_tunnel *tunnel;
};

/* ---- what is remembered ---- */

void fsa_find_forget(struct fsa_volume *volume)
{
	if (!volume->names)
		return;
	for (size_t i = 0; i < DIRS_MAX; i++)
		fsa_name_set_fini(&volume->names->dirs[i].set);
	free(volume->names->tunnel);
	free(volume->names);
	volume->names = NULL;
}

static uint64_t ns_of(const struct timespec *t)
{
	return (uint64_t)t->tv_sec * 1000000000u + (uint64_t)t->tv_nsec;
}

static bool is_same_dir(const struct listing *l, const struct store_stat *stat)
{
	return l->is_used && l->key.device == stat->key.device &&
	       l->key.inode == stat->key.inode &&
	       l->key.generation == stat->key.generation;
}

static struct listing *recall(struct fsa_volume *volume,
			      const struct store_stat *stat)
{
	for (size_t i = 0; volume->names && i < DIRS_MAX; i++) {
		if (is_same_dir(&volume->names->dirs[i], stat))
			return &volume->names->dirs[i];
	}
	return NULL;
}

static bool is_good(const struct listing *l, const struct store_stat *stat)
{
	uint64_t changed = ns_of(&stat->mtime), life;

	if (ns_of(&l->mtime) != changed ||
	    ns_of(&l->ctime) != ns_of(&stat->ctime))
		return false;
	if (ns_of(&stat->ctime) > changed)
		changed = ns_of(&stat->ctime);
	if (!l->patched_ns)
		return changed + loop_ms(DIR_TICK_MS) < l->began_ns;
	life = PATCHED_COST * l->cost_ns;
	if (life < loop_ms(PATCHED_MS))
		life = loop_ms(PATCHED_MS);
	return loop_now() - l->patched_ns < life;
}

/* An empty place: an unused one, or that of the one not seen longest. */
static struct listing *place(struct fsa_volume *volume)
{
	struct listing *oldest;

	if (!volume->names)
		volume->names = calloc(1, sizeof(*volume->names));
	if (!volume->names)
		return NULL;
	oldest = &volume->names->dirs[0];
	for (size_t i = 0; i < DIRS_MAX; i++) {
		struct listing *l = &volume->names->dirs[i];

		if (!l->is_used)
			return l;
		if (l->last_ns < oldest->last_ns)
			oldest = l;
	}
	fsa_name_set_fini(&oldest->set);
	*oldest = (struct listing){ 0 };
	return oldest;
}

static void forget(struct listing *l)
{
	if (!l)
		return;
	fsa_name_set_fini(&l->set);
	*l = (struct listing){ 0 };
}

/* The directory was changed by ourselves, and we know in what. */
static void patched(struct listing *l, const struct store_stat *stat)
{
	if (!l->patched_ns)
		l->patched_ns = loop_now();
	l->mtime = stat->mtime;
	l->ctime = stat->ctime;
}

void fsa_co_find_added(struct fsa_volume *volume, struct store_file *dir,
		       const char *leaf)
{
	struct store_stat stat;
	struct listing *l;

	if (!volume->names || store_co_stat(dir, &stat))
		return;
	l = recall(volume, &stat);
	if (!l)
		return;
	if (fsa_name_set_add(&l->set, volume->share, leaf))
		patched(l, &stat);
	else
		forget(l);
}

bool fsa_co_find_knows(struct fsa_volume *volume, struct store_file *dir)
{
	const struct listing *l;
	struct store_stat stat;

	if (!volume->names || store_co_stat(dir, &stat))
		return false;
	l = recall(volume, &stat);
	return l && is_good(l, &stat);
}

void fsa_co_find_removed(struct fsa_volume *volume, struct store_file *dir,
			 const char *leaf)
{
	struct store_stat stat;
	struct listing *l;

	if (!volume->names || store_co_stat(dir, &stat))
		return;
	l = recall(volume, &stat);
	if (!l)
		return;
	fsa_name_set_remove(&l->set, volume->share, leaf);
	patched(l, &stat);
}

/* ---- listing ---- */

/* Puts all names into the set; false if they are too many, or unreadable. */
static bool co_list_all(struct fsa_volume *volume, struct store_file *dir,
			struct fsa_name_set *set)
{
	struct store_listing *listing;
	struct store_entry entry;
	bool fits = true;
	int more;

	if (store_co_list_open(volume->creds, dir, &listing))
		return false;
	while ((more = store_co_list_next(listing, &entry)) == 1 && fits)
		fits = set->text_used < TEXT_MAX &&
		       fsa_name_set_add(set, volume->share, entry.name);
	store_listing_free(listing);
	return fits && !more;
}

/* Lists the directory anew and remembers that; NULL if it can't be. */
static struct listing *co_learn(struct fsa_volume *volume,
				struct store_file *dir,
				const struct store_stat *stat)
{
	struct listing new = {
		.is_used = true,
		.key = stat->key,
		.mtime = stat->mtime,
		.ctime = stat->ctime,
		.began_ns = loop_wall_now(),
	};
	struct listing *l;

	if (!co_list_all(volume, dir, &new.set)) {
		fsa_name_set_fini(&new.set);
		return NULL;
	}
	new.cost_ns = loop_wall_now() - new.began_ns;
	/* Another fiber may have learnt it, too, meanwhile. */
	forget(recall(volume, stat));
	l = place(volume);
	if (!l) {
		fsa_name_set_fini(&new.set);
		return NULL;
	}
	*l = new;
	return l;
}

static bool is_any_case(const struct fsa_volume *volume)
{
	return !volume->share->is_case_sensitive &&
	       !store_tree_features(volume->share->tree)->is_case_insensitive;
}

static bool is_short_name(const struct fsa_volume *volume,
			  const struct fsa_folded *folded)
{
	return volume->share->has_short_names &&
	       fsa_short_name_is_made(
		       (struct smb_name){ folded->units, folded->count });
}

/*
 * How the directory spells `want`, put into `to` with room for a component:
 * false if it has no such name.
 */
static bool co_spell(struct fsa_volume *volume, struct store_file *dir,
		     const char *want, char to[256])
{
	struct store_stat stat;
	struct fsa_folded folded;
	struct listing *l;
	const char *name = NULL;
	bool is_short;

	fsa_fold_disk(volume->share, want, &folded);
	is_short = is_short_name(volume, &folded);
	if (!is_any_case(volume) && !is_short)
		return false;
	if (store_co_stat(dir, &stat))
		return false;
	l = recall(volume, &stat);
	if (!l || !is_good(l, &stat))
		l = co_learn(volume, dir, &stat);
	if (!l)
		return false;
	l->last_ns = loop_now();
	if (is_any_case(volume))
		name = fsa_name_set_find(&l->set, volume->share, &folded);
	if (!name && is_short) {
		name = fsa_name_set_find_short(&l->set, volume->share, &folded);
		if (name)
			fsa_tunnel_put(&volume->names->tunnel, &stat.key, want,
				       name, loop_now());
	}
	/* The same bytes: it is what was looked for in vain, so it is gone. */
	if (!name || !strcmp(name, want))
		return false;
	memcpy(to, name, strlen(name) + 1);
	return true;
}

/* What is made by the short name of a file that is gone takes its name. */
static void co_spell_new(struct fsa_volume *volume, struct store_file *dir,
			 char name[256])
{
	struct store_stat stat;
	const char *long_name;

	if (!volume->names || !volume->names->tunnel ||
	    store_co_stat(dir, &stat))
		return;
	long_name = fsa_tunnel_find(volume->names->tunnel, &stat.key, name,
				    loop_now());
	if (long_name)
		strcpy(name, long_name);
}

/* ---- paths ---- */

/* Where the component number `index` begins and how long it is. */
static char *component(char *path, size_t index, size_t *ret_length)
{
	while (index--)
		path = strchr(path, '/') + 1;
	*ret_length = strcspn(path, "/");
	return path;
}

/* Puts `name` in the place of a component. False: out of memory. */
static bool replace(char **path, size_t index, const char *name)
{
	size_t length, before;
	char *at = component(*path, index, &length), *new;
	size_t size = strlen(*path) - length + strlen(name) + 1;

	before = (size_t)(at - *path);
	new = malloc(size);
	if (!new)
		return false;
	memcpy(new, *path, before);
	strcpy(new + before, name);
	strcat(new, at + length);
	free(*path);
	*path = new;
	return true;
}

/* Opens the first `count` directories of the path for walking. */
static enum nt_status co_open_prefix(struct fsa_volume *volume, char *path,
				     size_t count, struct store_file **ret_dir)
{
	size_t length, good;
	char *at, kept;
	int err;

	if (!count)
		return fsa_status(FSA_WALK, store_co_walk(volume->share->tree,
							  volume->creds, "",
							  ret_dir, &good));
	at = component(path, count - 1, &length) + length;
	kept = *at;
	*at = '\0';
	err = store_co_walk(volume->share->tree, volume->creds, path, ret_dir,
			    &good);
	*at = kept;
	return fsa_status(FSA_WALK, err);
}

/*
 * The component number `good` of *path is missing: spells it as the directory
 * does. OBJECT_PATH_NOT_FOUND if there is none in any case.
 */
static enum nt_status co_respell(struct fsa_volume *volume, char **path,
				 size_t good)
{
	struct store_file *dir;
	char want[256], name[256];
	size_t length;
	char *at = component(*path, good, &length);
	enum nt_status status;
	bool is_there;

	if (length >= sizeof(want))
		return NT_STATUS_OBJECT_PATH_NOT_FOUND;
	memcpy(want, at, length);
	want[length] = '\0';
	status = co_open_prefix(volume, *path, good, &dir);
	if (!nt_status_is_ok(status))
		return status;
	is_there = co_spell(volume, dir, want, name);
	store_file_close(dir);
	if (!is_there)
		return NT_STATUS_OBJECT_PATH_NOT_FOUND;
	return replace(path, good, name) ? NT_STATUS_SUCCESS
					 : NT_STATUS_INSUFFICIENT_RESOURCES;
}

/* A link on the way that we may not follow: says which it is. */
static enum nt_status co_stop_at_link(struct fsa_volume *volume, char *path,
				      size_t good, struct fsa_found *found)
{
	size_t length;
	char *at = component(path, good, &length);
	enum nt_status status = co_open_prefix(volume, path, good, &found->dir);

	if (!nt_status_is_ok(status))
		return status;
	found->link_length = (size_t)(at - path) + length;
	return NT_STATUS_STOPPED_ON_SYMLINK;
}

/* The directory *path, each of its names respelled as need be. */
static enum nt_status co_walk(struct fsa_volume *volume, char **path,
			      struct fsa_found *found)
{
	bool shows = store_tree_options(volume->share->tree)->symlinks ==
		     STORE_SYMLINKS_SHOW;
	size_t good, best = 0;
	bool is_first = true;

	for (;;) {
		int err = store_co_walk(volume->share->tree, volume->creds,
					*path, &found->dir, &good);
		enum nt_status status = fsa_status(FSA_WALK, err);

		if (status == NT_STATUS_STOPPED_ON_SYMLINK && shows)
			return co_stop_at_link(volume, *path, good, found);
		if (status == NT_STATUS_STOPPED_ON_SYMLINK)
			return NT_STATUS_OBJECT_PATH_NOT_FOUND;
		if (status != NT_STATUS_OBJECT_PATH_NOT_FOUND)
			return status;
		/* Each round must come further, or the tree is moving. */
		if (!is_first && good <= best)
			return status;
		is_first = false;
		best = good;
		status = co_respell(volume, path, good);
		if (!nt_status_is_ok(status))
			return status;
	}
}

/* ---- the last name ---- */

/* Joins directory and leaf to found->path; false: out of memory. */
static bool join(struct fsa_found *found, const char *dir, const char *leaf)
{
	size_t length = strlen(dir), size = length + strlen(leaf) + 2;

	found->path = malloc(size);
	if (!found->path)
		return false;
	snprintf(found->path, size, "%s%s%s", dir, length ? "/" : "", leaf);
	found->leaf = found->path + size - 1 - strlen(leaf);
	if (!length)
		found->leaf = found->path;
	return true;
}

/* Looks for the leaf in found->dir; `name` has room for a component. */
static enum nt_status co_find_leaf(struct fsa_volume *volume, const char *leaf,
				   char name[256], struct fsa_found *found)
{
	int err = store_co_look(volume->creds, found->dir, leaf, &found->stat,
				&found->file);
	enum nt_status status = fsa_status(FSA_OPEN, err);

	strcpy(name, leaf);
	found->exists = nt_status_is_ok(status);
	if (status != NT_STATUS_OBJECT_NAME_NOT_FOUND)
		return status;
	if (!co_spell(volume, found->dir, leaf, name)) {
		co_spell_new(volume, found->dir, name);
		return NT_STATUS_SUCCESS;
	}
	err = store_co_look(volume->creds, found->dir, name, &found->stat,
			    &found->file);
	status = fsa_status(FSA_OPEN, err);
	found->exists = nt_status_is_ok(status);
	if (status != NT_STATUS_OBJECT_NAME_NOT_FOUND)
		return status;
	strcpy(name, leaf);
	return NT_STATUS_SUCCESS;
}

static enum nt_status co_find_root(struct fsa_volume *volume,
				   struct fsa_found *found)
{
	enum nt_status status;
	char *root = strdup("");

	if (!root)
		return NT_STATUS_INSUFFICIENT_RESOURCES;
	found->path = root;
	found->leaf = root;
	found->exists = true;
	status = co_open_prefix(volume, root, 0, &found->dir);
	if (nt_status_is_ok(status))
		status = fsa_status(FSA_OPEN,
				    store_co_stat(found->dir, &found->stat));
	return status;
}

static enum nt_status co_find_below(struct fsa_volume *volume, char **dir,
				    const char *leaf, struct fsa_found *found)
{
	char name[256];
	enum nt_status status = co_walk(volume, dir, found);

	if (status == NT_STATUS_STOPPED_ON_SYMLINK)
		return join(found, *dir, leaf)
			       ? status
			       : NT_STATUS_INSUFFICIENT_RESOURCES;
	if (nt_status_is_ok(status))
		status = co_find_leaf(volume, leaf, name, found);
	if (nt_status_is_ok(status) && !join(found, *dir, name))
		status = NT_STATUS_INSUFFICIENT_RESOURCES;
	return status;
}

enum nt_status fsa_co_find(struct fsa_volume *volume, const char *path,
			   struct fsa_found *ret_found)
{
	const char *slash = strrchr(path, '/');
	const char *leaf = slash ? slash + 1 : path;
	struct fsa_found found = { 0 };
	enum nt_status status;
	char *dir;

	if (!*path) {
		status = co_find_root(volume, &found);
	} else if (strlen(leaf) > 255) {
		return NT_STATUS_OBJECT_NAME_INVALID;
	} else {
		dir = strndup(path, slash ? (size_t)(slash - path) : 0);
		status = dir ? co_find_below(volume, &dir, leaf, &found)
			     : NT_STATUS_INSUFFICIENT_RESOURCES;
		free(dir);
	}
	if (nt_status_is_ok(status) || status == NT_STATUS_STOPPED_ON_SYMLINK)
		*ret_found = found;
	else
		fsa_found_fini(&found);
	return status;
}

void fsa_found_fini(struct fsa_found *found)
{
	store_file_close(found->dir);
	store_file_close(found->file);
	free(found->path);
	*found = (struct fsa_found){ 0 };
}
