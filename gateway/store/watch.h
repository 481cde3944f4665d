/*
 * Changes that anybody makes to directories and files, as the kernel tells
 * them (inotify): after the fact, and our own like those of others. On file
 * systems that others change from elsewhere (NFS, FUSE) it tells of changes
 * made through this machine alone. Programs of the direct door tell what they
 * learn themselves (news.h).
 *
 * Thread: any, but for the one that reads; a mutex inside.
 */
#pragma once

#include <stdbool.h>
#include <stdint.h>

struct store_file;

enum store_change {
	STORE_CHANGE_CAME = 0x01,       /* a name in a directory */
	STORE_CHANGE_GONE = 0x02,       /* the same */
	STORE_CHANGE_MOVED = 0x04,      /* with one of these: by a rename */
	STORE_CHANGE_DATA = 0x08,       /* or the size */
	STORE_CHANGE_ATTRIBUTES = 0x10, /* times, mode, links, xattrs */
	STORE_CHANGE_MOVED_SELF = 0x20, /* of what is watched itself */
	STORE_CHANGE_LOST = 0x40, /* there were too many: anything may have */
	STORE_CHANGE_NAME = 0x80, /* a name came, went or means another file */
};

struct store_event {
	int id; /* of store_watch_add(); -1 with LOST */
	unsigned int changes;
	uint32_t cookie;   /* the same in both halves of a rename */
	bool is_directory; /* what changed */
	uint64_t read_ns;  /* CLOCK_REALTIME; it happened before that */
	char name[256];    /* in the directory that is watched; or empty */
};

struct store_watch;

/* -EMFILE, -ENFILE (or the user has too many instances), -ENOMEM. */
int store_watch_new(struct store_watch **ret_watch);
struct store_watch *store_watch_free(struct store_watch *watch);

/*
 * Watches a directory and its entries, or a file: its id, the same for all
 * that add the same one, until it is removed as often as it was added.
 * -ENOSPC: the system's limit is reached, which is logged once; -EOPNOTSUPP.
 */
int store_watch_add(struct store_watch *watch, struct store_file *file);
void store_watch_remove(struct store_watch *watch, int id);

/* Waits until there are events: 0 or -ECANCELED. One fiber of all reads. */
int store_co_watch_wait(struct store_watch *watch);

/* 1 with the next event, 0 if there is none now, or -errno. Never waits. */
int store_watch_next(struct store_watch *watch, struct store_event *ret_event);
