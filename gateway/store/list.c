/*
 * Listing a directory: a descriptor of its own, since the position lies in it,
 * and a batch of raw entries that a hand fetches when the last one is used up.
 * Knows the kernel's entry layout and cookies. Which entries anybody wants to
 * see, and in which order, is for others to say.
 *
 * Entries that are deleted or made during a listing may or may not show up;
 * those that stay are given exactly once: that is what the kernel's cookies
 * promise, and nothing here remembers more than one batch.
 */
#include <assert.h>
#include <dirent.h>
#include <errno.h>
#include <stdlib.h>
#include <string.h>
#include <unistd.h>

#include "gateway/loop/loop.h"
#include "gateway/store/creds.h"
#include "gateway/store/file.h"
#include "gateway/store/ops.h"
#include "gateway/store/store.h"

/* Some 800 entries: a hand's time is mostly the switch below this. */
#define BATCH_SIZE (32u * 1024)

struct local_listing {
	struct store_listing head;
	struct store_file *dir;    /* our own, reference */
	struct store_creds *creds; /* reference; may be NULL */
	bool must_seek;            /* to `cookie`, before the next batch */
	bool is_at_end;
	uint64_t cookie;  /* behind the last entry given, or where to go */
	uint64_t start;   /* the cookie that the batch starts at */
	size_t next, end; /* bytes of the batch: not yet given, read */
	_Alignas(struct dirent64) char batch[BATCH_SIZE];
};

int store_local_co_list_open(struct store_creds *creds, struct store_file *dir,
			     struct store_listing **ret_listing)
{
	struct local_listing *l = malloc(sizeof(*l));
	int err;

	if (!l)
		return -ENOMEM;
	err = store_local_co_reopen(dir, creds,
				    STORE_OPEN_READ | STORE_OPEN_DIRECTORY,
				    &l->dir);
	if (err) {
		free(l);
		return err;
	}
	l->creds = creds ? store_creds_ref(creds) : NULL;
	l->must_seek = l->is_at_end = false;
	l->cookie = l->start = 0;
	l->next = l->end = 0;
	l->head.tree = store_file_tree(l->dir);
	*ret_listing = &l->head;
	return 0;
}

static struct local_listing *local(struct store_listing *listing)
{
	return (struct local_listing *)listing;
}

struct store_listing *store_local_listing_free(struct store_listing *listing)
{
	if (listing) {
		store_file_close(local(listing)->dir);
		store_creds_unref(local(listing)->creds);
		free(local(listing));
	}
	return NULL;
}

static int64_t call_fetch(void *arg)
{
	struct local_listing *l = arg;
	int fd = store_file_fd(l->dir);
	ssize_t n;

	if (l->must_seek && lseek(fd, (off_t)l->cookie, SEEK_SET) < 0)
		return -errno;
	n = getdents64(fd, l->batch, sizeof(l->batch));
	return n < 0 ? -errno : n;
}

/* -ENOENT is how a directory that was removed meanwhile says "no more". */
static int co_fetch(struct local_listing *l)
{
	int64_t n = loop_co_call(store_creds_identity(l->creds), call_fetch, l);

	if (n < 0 && n != -ENOENT)
		return (int)n;
	l->must_seek = false;
	l->start = l->cookie;
	l->next = 0;
	l->end = n > 0 ? (size_t)n : 0;
	l->is_at_end = n <= 0;
	return 0;
}

static const struct dirent64 *entry_at(const struct local_listing *l,
				       size_t offset)
{
	return (const struct dirent64 *)(const void *)(l->batch + offset);
}

static bool is_dots(const char *name)
{
	return !strcmp(name, ".") || !strcmp(name, "..");
}

int store_local_co_list_next(struct store_listing *listing,
			     struct store_entry *ret_entry)
{
	struct local_listing *l = local(listing);
	const struct dirent64 *e;
	int err;

	do {
		if (l->next == l->end || l->must_seek) {
			err = l->is_at_end ? 0 : co_fetch(l);
			if (err || l->is_at_end)
				return err;
		}
		e = entry_at(l, l->next);
		l->next += e->d_reclen;
		l->cookie = (uint64_t)e->d_off;
	} while (is_dots(e->d_name));
	*ret_entry = (struct store_entry){
		.name = e->d_name,
		.inode = e->d_ino,
		.cookie = (uint64_t)e->d_off,
		.type = e->d_type,
	};
	return 1;
}

/* Goes there inside the batch, if it is there. */
static bool seek_in_batch(struct local_listing *l, uint64_t cookie)
{
	size_t offset = 0;
	uint64_t here = l->start;

	while (here != cookie) {
		if (offset == l->end)
			return false;
		here = (uint64_t)entry_at(l, offset)->d_off;
		offset += entry_at(l, offset)->d_reclen;
	}
	l->next = offset;
	l->cookie = cookie;
	return offset < l->end;
}

/*
 * Stepping back by one entry is what happens at the end of every full answer,
 * so that is free. From the start all is read afresh: who starts anew wants to
 * see what is new.
 */
int store_local_co_list_seek(struct store_listing *listing, uint64_t cookie)
{
	struct local_listing *l = local(listing);

	if (cookie && !l->must_seek && seek_in_batch(l, cookie))
		return 0;
	l->must_seek = true;
	l->is_at_end = false;
	l->cookie = cookie;
	l->next = l->end = 0;
	return 0;
}
