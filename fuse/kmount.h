/*
 * Mounts for the kernel door. All of it may block, but never on the program
 * that serves the mount.
 *
 * Thread: any.
 */
#pragma once

#include <stdbool.h>
#include <stddef.h>
#include <sys/types.h>

enum {
	FUSEFS_PLACE_SIZE = 128
};

/*
 * Makes a FUSE mount that has no place: *ret_device_fd is for the program (no
 * copy of it may be kept once it runs: who holds one can hang in exit),
 * *ret_root_fd is the mount, which goes when that and all copies are closed.
 * All users may come in, and the kernel checks modes for them.
 * -errno: -EPERM without the right to mount, -ENOENT without /dev/fuse.
 */
int fusefs_kmount_detached(const char *name, bool is_read_only,
			   int *ret_device_fd, int *ret_root_fd);

/* An empty directory for a program to mount on. */
int fusefs_place_make(char place[FUSEFS_PLACE_SIZE]);

/*
 * The root of what `pid` has mounted there: O_PATH, or -EAGAIN while there is
 * nothing; -EACCES if others than the mount's owner are kept out of it, or let
 * in without a check, though this process acts for several users.
 */
int fusefs_place_open(const char *place, pid_t pid, bool is_private);

/* Unmounts what is left there, and removes the directory. */
void fusefs_place_remove(const char *place);

/*
 * Ends the connection of the mount that `root_fd` is in, by way of fusectl:
 * whatever waits for an answer gets an error. False if that can't be done.
 */
bool fusefs_kmount_abort(int root_fd);
