/*
 * Entries sorted by their names, so that two pictures are compared in one walk
 * along both.
 */
#include "gateway/fsa/picture.h"

#include <stdlib.h>
#include <string.h>
#include <sys/stat.h>

#include "gateway/fsa/node.h"

enum {
	CROWD = 64, /* entries that are looked at at once */
};

struct entry {
	char *name;
	struct store_stat stat;
};

struct fsa_picture {
	struct store_stat stat;
	bool is_whole;
	size_t count, room;
	struct entry *entries;
};

static void drop_entries(struct fsa_picture *p)
{
	for (size_t i = 0; i < p->count; i++)
		free(p->entries[i].name);
	free(p->entries);
	p->entries = NULL;
	p->count = p->room = 0;
}

struct fsa_picture *fsa_picture_free(struct fsa_picture *p)
{
	if (p)
		drop_entries(p);
	free(p);
	return NULL;
}

const struct store_stat *fsa_picture_stat(const struct fsa_picture *p)
{
	return &p->stat;
}

bool fsa_picture_is_whole(const struct fsa_picture *p)
{
	return p->is_whole;
}

/* False: out of memory. */
static bool put(struct fsa_picture *p, const char *name)
{
	struct entry *more = p->entries;

	if (p->count == p->room) {
		p->room = p->room ? 2 * p->room : CROWD;
		more = realloc(p->entries, p->room * sizeof(*more));
		if (!more)
			return false;
		p->entries = more;
	}
	more[p->count] = (struct entry){ .name = strdup(name) };
	if (!more[p->count].name)
		return false;
	p->count++;
	return true;
}

/* The names; none of them if there are too many. False: they can't be had. */
static bool co_list(struct fsa_picture *p, struct store_file *dir)
{
	struct store_listing *listing;
	struct store_entry e;
	bool is_fine = !store_co_list_open(NULL, dir, &listing);
	int got = 0;

	if (!is_fine)
		return false;
	while (is_fine && p->count < FSA_PICTURE_MAX &&
	       (got = store_co_list_next(listing, &e)) > 0)
		is_fine = put(p, e.name);
	store_listing_free(listing);
	p->is_whole = got == 0 && p->count < FSA_PICTURE_MAX;
	if (!p->is_whole)
		drop_entries(p);
	return is_fine && got >= 0;
}

/* What went meanwhile is left out. */
static void co_look_at_some(struct fsa_picture *p, struct store_file *dir,
			    size_t first, size_t count, size_t *ret_kept)
{
	struct store_stat stats[CROWD];
	const char *names[CROWD];
	int errors[CROWD];

	for (size_t i = 0; i < count; i++)
		names[i] = p->entries[first + i].name;
	store_co_stat_many(NULL, dir, names, count, stats, errors);
	for (size_t i = 0; i < count; i++) {
		char *name = p->entries[first + i].name;

		if (errors[i]) {
			free(name);
			continue;
		}
		p->entries[(*ret_kept)++] =
			(struct entry){ .name = name, .stat = stats[i] };
	}
}

static void co_look(struct fsa_picture *p, struct store_file *dir)
{
	size_t kept = 0;

	for (size_t i = 0; i < p->count; i += CROWD) {
		size_t some = p->count - i < CROWD ? p->count - i : CROWD;

		co_look_at_some(p, dir, i, some, &kept);
	}
	p->count = kept;
}

static int by_name(const void *a, const void *b)
{
	const struct entry *x = a, *y = b;

	return strcmp(x->name, y->name);
}

struct fsa_picture *fsa_picture_co_take(struct store_tree *tree,
					const char *path)
{
	const unsigned int flags =
		STORE_OPEN_PATH | STORE_OPEN_DIRECTORY | STORE_OPEN_NOFOLLOW;
	struct fsa_picture *p = calloc(1, sizeof(*p));
	struct store_file *dir;
	bool is_fine;

	if (!p || store_co_open(tree, NULL, NULL, path, flags, 0, &dir)) {
		free(p);
		return NULL;
	}
	is_fine = !store_co_stat(dir, &p->stat) && co_list(p, dir);
	if (is_fine)
		co_look(p, dir);
	store_file_close(dir);
	if (!is_fine)
		return fsa_picture_free(p);
	if (p->count)
		qsort(p->entries, p->count, sizeof(*p->entries), by_name);
	return p;
}

/* ---- two of them ---- */

static bool is_same_time(const struct timespec *a, const struct timespec *b)
{
	return a->tv_sec == b->tv_sec && a->tv_nsec == b->tv_nsec;
}

bool fsa_stat_is_same(const struct store_stat *a, const struct store_stat *b)
{
	return fsa_key_equal(&a->key, &b->key) && a->size == b->size &&
	       a->mode == b->mode && is_same_time(&a->mtime, &b->mtime) &&
	       is_same_time(&a->ctime, &b->ctime);
}

/* A directory's facts change with its names, which are told where they are. */
static bool is_same_entry(const struct entry *a, const struct entry *b)
{
	if (S_ISDIR(a->stat.mode) && S_ISDIR(b->stat.mode))
		return fsa_key_equal(&a->stat.key, &b->stat.key);
	return fsa_stat_is_same(&a->stat, &b->stat);
}

void fsa_picture_compare(const struct fsa_picture *old,
			 const struct fsa_picture *new, fsa_differs *differs,
			 void *arg)
{
	size_t i = 0, j = 0;

	while (i < old->count || j < new->count) {
		const struct entry *a = &old->entries[i];
		const struct entry *b = &new->entries[j];
		int order = i == old->count   ? 1
			    : j == new->count ? -1
					      : strcmp(a->name, b->name);

		if (order < 0)
			differs(arg, a->name, FSA_DIFFERENCE_GONE, &a->stat);
		else if (order > 0)
			differs(arg, b->name, FSA_DIFFERENCE_CAME, &b->stat);
		else if (!is_same_entry(a, b))
			differs(arg, b->name, FSA_DIFFERENCE_CHANGED, &b->stat);
		i += order <= 0;
		j += order >= 0;
	}
}
