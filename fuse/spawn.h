/*
 * Starting a program and telling how it ends. What it says goes line by line
 * to whoever reads `output_fd`.
 *
 * Thread: any, but the program is told to end when the thread that started it
 * does.
 */
#pragma once

#include <stdbool.h>
#include <stddef.h>
#include <sys/types.h>

struct fusefs_child {
	pid_t pid; /* also of its process group; 0: none */
	int pidfd;
	int output_fd; /* its standard output and error; non-blocking */
};

struct fusefs_spawn {
	char *const *argv;
	int keep_fd; /* stays open there under the same number; -1: none */
	/*
	 * It mounts by itself: leave it what that takes, in a mount name space
	 * of its own if we may make one. Else it gets no administrator's
	 * capabilities, nor ever new privileges.
	 */
	bool mounts;
	/*
   * Where its fusermount is (shim.h); NULL: the system's. It comes first in
   * its $PATH, and before the system's own where we may hide those.
   */
	const char *shim_place;
};

/*
 * -errno of what failed, the program's start included (-ENOENT: there is none
 * of that name). *ret_is_private: it has a mount name space of its own.
 */
int fusefs_spawn(const struct fusefs_spawn *how, struct fusefs_child *ret_child,
		 bool *ret_is_private);

/* Sends a signal to the program and all that it started. */
void fusefs_child_signal(const struct fusefs_child *child, int signal_number);

/*
 * Whether it has ended by now, waiting for that up to `ms`. Then `how` says
 * so ("ended with 1", "was killed by signal 9"), and it is reaped.
 */
bool fusefs_child_has_ended(struct fusefs_child *child, int ms, char *how,
			    size_t size);

/* Gives back the descriptors. The program must have ended. */
void fusefs_child_fini(struct fusefs_child *child);
