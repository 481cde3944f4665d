/*
 * Who an operation is done for: one loop identity for each distinct set of
 * uid, gid and groups on this worker, shared by all who hold the set and
 * dropped with the last of them. Knows which sets are the process's own, and
 * that a process without the right to change its identity has only that one.
 * How an operation takes on an identity is the loop's matter.
 *
 * With an identity of any uid but 0 the kernel leaves out the file-system
 * capabilities, so the process being root does not help the user.
 *
 * Thread: each worker has a list of its own, as personalities belong to a
 * ring.
 */
#include "gateway/store/creds.h"

#include <assert.h>
#include <errno.h>
#include <stdlib.h>
#include <string.h>
#include <sys/queue.h>
#include <unistd.h>

/* The kernel's NGROUPS_MAX. */
#define GROUPS_MAX 65536

struct store_creds {
	LIST_ENTRY(store_creds) entry;
	struct loop_identity *identity; /* NULL: the process */
	unsigned int refs;
	uid_t uid;
	gid_t gid;
	size_t group_count;
	gid_t groups[]; /* rising, each once, without gid */
};

static _Thread_local LIST_HEAD(, store_creds) all;
static _Thread_local size_t all_count;

static int compare_gids(const void *a, const void *b)
{
	gid_t x = *(const gid_t *)a, y = *(const gid_t *)b;

	return x < y ? -1 : x > y;
}

/* Sorts, and leaves out what is there twice or is `gid`. The new count. */
static size_t tidy_groups(gid_t *groups, size_t count, gid_t gid)
{
	size_t from, to = 0;

	qsort(groups, count, sizeof(*groups), compare_gids);
	for (from = 0; from < count; from++) {
		if (groups[from] == gid ||
		    (to && groups[from] == groups[to - 1]))
			continue;
		groups[to++] = groups[from];
	}
	return to;
}

static bool is_same(const struct store_creds *a, const struct store_creds *b)
{
	return a->uid == b->uid && a->gid == b->gid &&
	       a->group_count == b->group_count &&
	       !memcmp(a->groups, b->groups,
		       a->group_count * sizeof(a->groups[0]));
}

static int creds_new(uid_t uid, gid_t gid, const gid_t *groups, size_t count,
		     struct store_creds **ret)
{
	struct store_creds *c;

	if (count > GROUPS_MAX)
		return -EINVAL;
	c = malloc(sizeof(*c) + count * sizeof(gid_t));
	if (!c)
		return -ENOMEM;
	*c = (struct store_creds){ .uid = uid, .gid = gid, .refs = 1 };
	if (count)
		memcpy(c->groups, groups, count * sizeof(gid_t));
	c->group_count = tidy_groups(c->groups, count, gid);
	*ret = c;
	return 0;
}

/* Whether they are what this thread runs as anyway. */
static int is_own(const struct store_creds *c, bool *ret_is_own)
{
	gid_t groups[64], *all_groups = groups;
	struct store_creds *own;
	int count = getgroups(0, NULL), err;

	if (count > 64)
		all_groups = reallocarray(NULL, (size_t)count, sizeof(gid_t));
	if (!all_groups)
		return -ENOMEM;
	count = getgroups(count, all_groups);
	err = count < 0 ? -errno
			: creds_new(geteuid(), getegid(), all_groups,
				    (size_t)count, &own);
	if (all_groups != groups)
		free(all_groups);
	if (err)
		return err;
	*ret_is_own = is_same(c, own);
	free(own);
	return 0;
}

static int take_identity(struct store_creds *c)
{
	bool own;
	int err = is_own(c, &own);

	if (err || own)
		return err;
	err = loop_identity_new(c->uid, c->gid, c->groups, c->group_count,
				&c->identity);
	return err == -EPERM ? 0 : err;
}

static struct store_creds *find(const struct store_creds *like)
{
	struct store_creds *c;

	LIST_FOREACH(c, &all, entry) {
		if (is_same(c, like))
			return store_creds_ref(c);
	}
	return NULL;
}

int store_creds_get(uid_t uid, gid_t gid, const gid_t *groups,
		    size_t group_count, struct store_creds **ret_creds)
{
	struct store_creds *c, *found;
	int err = creds_new(uid, gid, groups, group_count, &c);

	if (err)
		return err;
	found = find(c);
	if (found) {
		free(c);
		*ret_creds = found;
		return 0;
	}
	err = take_identity(c);
	if (err) {
		free(c);
		return err;
	}
	LIST_INSERT_HEAD(&all, c, entry);
	all_count++;
	*ret_creds = c;
	return 0;
}

struct store_creds *store_creds_ref(struct store_creds *creds)
{
	creds->refs++;
	return creds;
}

struct store_creds *store_creds_unref(struct store_creds *creds)
{
	if (!creds)
		return NULL;
	assert(creds->refs > 0);
	if (--creds->refs)
		return NULL;
	LIST_REMOVE(creds, entry);
	all_count--;
	if (creds->identity)
		loop_identity_free(creds->identity);
	free(creds);
	return NULL;
}

uid_t store_creds_uid(const struct store_creds *creds)
{
	return creds->uid;
}

gid_t store_creds_gid(const struct store_creds *creds)
{
	return creds->gid;
}

struct store_user *store_creds_user(const struct store_creds *creds)
{
	size_t size = creds->group_count * sizeof(gid_t);
	struct store_user *user = malloc(sizeof(*user) + size);

	if (!user)
		return NULL;
	*user = (struct store_user){ .uid = creds->uid,
				     .gid = creds->gid,
				     .group_count = creds->group_count };
	memcpy(user->groups, creds->groups, size);
	return user;
}

bool store_creds_is_own(const struct store_creds *creds)
{
	return !creds->identity;
}

bool store_creds_has_group(const struct store_creds *creds, gid_t gid)
{
	return creds->gid == gid ||
	       bsearch(&gid, creds->groups, creds->group_count, sizeof(gid),
		       compare_gids);
}

size_t store_creds_count(void)
{
	return all_count;
}

const struct loop_identity *store_creds_identity(
	const struct store_creds *creds)
{
	return creds ? creds->identity : NULL;
}
