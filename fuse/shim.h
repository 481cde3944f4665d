/*
 * The helper for programs that mount by calling fusermount: ours stands in its
 * place, and what it hands them is not /dev/fuse but a socket of the direct
 * door. So nothing is mounted, and nobody needs the right to.
 *
 *   program ──fusermount -o … MOUNTPOINT──> helper ──connects──> backend
 *      ^                                      │  ^                  │
 *      └───────── descriptor (_FUSE_COMMFD) ──┘  └── descriptor ────┘
 *
 * The helper is this very program under another name. It finds its backend by
 * the mount point alone, for some programs give it an empty environment:
 *
 *   PLACE/mnt      the mount point
 *   PLACE/socket   where the backend listens
 *   PLACE/bin/     the helper, by the names it is called by
 *
 * Thread: any.
 */
#pragma once

#include <stdbool.h>
#include <sys/types.h>

/* The names, and where some programs look before they search $PATH. */
extern const char *const fusefs_shim_names[];
extern const char *const fusefs_shim_paths[];

/* Whether a program that was started by this name is to be the helper. */
bool fusefs_shim_is(const char *name);

/* The helper: an exit status. */
int fusefs_shim_main(int argc, char **argv);

/* Fills `place`, an empty directory; ret_fd: the socket that listens. */
int fusefs_shim_open(const char *place, int *ret_fd);

/*
 * Gives `theirs` to a helper that asks. -EAGAIN: none does; -EPERM: one did,
 * but not on behalf of us and the process group `group`: it got nothing.
 */
int fusefs_shim_give(int fd, pid_t group, int theirs);

/* Empties the place. */
void fusefs_shim_clear(const char *place);
