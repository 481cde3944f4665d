/*
 * A thread that looks through the directories. What it removed is told after
 * the lock is given back: a kernel that is told may be waiting for an answer of
 * ours that needs it.
 */
#include "fuse/fs/expire.h"

#include <stdlib.h>
#include <string.h>
#include <time.h>

struct gone {
	struct gone *next;
	uint64_t parent, number;
	char name[MEMFS_NAME_MAX + 1];
};

static bool is_old(const struct memfs_node *node, int64_t now_s,
		   unsigned int after_s)
{
	return !S_ISDIR(node->stat.st_mode) && node->opens == 0 &&
	       node->stat.st_mtim.tv_sec + (int64_t)after_s <= now_s &&
	       node->stat.st_ctim.tv_sec + (int64_t)after_s <= now_s;
}

/* The tree is locked to write. */
static struct gone *remove_old(struct memfs_tree *tree, struct memfs_node *dir,
			       int64_t now_s, unsigned int after_s,
			       struct gone *gone)
{
	struct memfs_node *node;
	uint64_t cookie = 0;
	const char *name;

	while ((name = memfs_list(dir, cookie, &cookie, &node))) {
		struct gone *one;

		if (!is_old(node, now_s, after_s))
			continue;
		one = calloc(1, sizeof(*one));
		if (!one)
			break; /* the next round has more memory */
		*one = (struct gone){ gone, dir->number, node->number, "" };
		memcpy(one->name, name, strlen(name));
		gone = one;
		memfs_remove(tree, dir, one->name, false);
	}
	return gone;
}

unsigned int memfs_expire(struct memfs_tree *tree, int64_t now_s,
			  unsigned int after_s,
			  void (*told)(void *context, uint64_t parent,
				       uint64_t number, const char *name),
			  void *context)
{
	struct gone *gone = NULL, *one;
	unsigned int count = 0;

	pthread_rwlock_wrlock(&tree->lock);
	for (uint64_t i = MEMFS_ROOT; i < tree->next; i++) {
		struct memfs_node *dir = memfs_tree_node(tree, i);

		if (dir && S_ISDIR(dir->stat.st_mode))
			gone = remove_old(tree, dir, now_s, after_s, gone);
	}
	pthread_rwlock_unlock(&tree->lock);
	while ((one = gone)) {
		gone = one->next;
		told(context, one->parent, one->number, one->name);
		free(one);
		count++;
	}
	return count;
}

static void tell_kernel(void *context, uint64_t parent, uint64_t number,
			const char *name)
{
	struct fuse_session *session = context;
	size_t length = strlen(name);

	/* A kernel that does not know deletions knows invalid names. */
	if (fuse_lowlevel_notify_delete(session, parent, number, name, length) <
	    0)
		fuse_lowlevel_notify_inval_entry(session, parent, name, length);
}

static void *expiry_run(void *arg)
{
	const struct memfs_expiry *expiry = arg;
	const struct timespec pause = { .tv_nsec = 250 * 1000 * 1000 };

	for (;;) {
		nanosleep(&pause, NULL);
		memfs_expire(&expiry->fs->tree, time(NULL), expiry->after_s,
			     tell_kernel, expiry->session);
	}
	return NULL;
}

int memfs_expiry_start(struct memfs_expiry *expiry)
{
	pthread_t thread;
	int err = pthread_create(&thread, NULL, expiry_run, expiry);

	if (err == 0)
		pthread_detach(thread);
	return -err;
}
