/*
 * What the programs of the direct door tell of their files unasked: that an
 * inode, or a name in a directory, is not what it was. A store_watch
 * (watch.h) has one, beside what the kernel tells it.
 *
 * Thread: any; a mutex inside. Counted, since connections hold it as well.
 */
#pragma once

#include <stdbool.h>
#include <stdint.h>

#include "gateway/store/watch.h"

struct fusefs_conn;
struct store_news;

/* The ids that it gives out are this and above; the kernel's are below. */
#define STORE_NEWS_FIRST (1 << 30)

/* -EMFILE, -ENFILE, -ENOMEM. */
int store_news_new(struct store_news **ret_news);
struct store_news *store_news_unref(struct store_news *news);

/* Readable when there are some. Borrowed. */
int store_news_fd(const struct store_news *news);

/*
 * Watches a node of the connection, known by this name in its directory: an
 * id, as store_watch_add() gives it, or -ENOMEM.
 */
int store_news_add(struct store_news *news, struct fusefs_conn *conn,
		   uint64_t node, const char *name);
void store_news_remove(struct store_news *news, int id);

/* False: there are none now. Never waits. */
bool store_news_next(struct store_news *news, struct store_event *ret_event);
