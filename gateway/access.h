/*
 * What a Linux user could do in the directory of a share: asked of the kernel
 * by a process that has become that user for a moment.
 *
 * Thread: main's, with no other thread; may block.
 */
#pragma once

#include <stdbool.h>
#include <sys/types.h>

struct gw_share;

struct gw_access {
	bool can_read;   /* list it and enter it */
	bool can_write;  /* make files in it */
	char owner[160]; /* "drwxr-xr-x root:root", for messages */
};

/* 0 or -errno. */
int gw_access_of(const struct gw_share *share, uid_t uid,
		 struct gw_access *ret_access);
