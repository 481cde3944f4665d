/*
 * What starts a backend, as people write it: a command with "{}" where the
 * mount point belongs, or one of the short forms
 *
 *   sshfs://[USER@]HOST[:PORT]/PATH
 *   rclone:REMOTE:[PATH]
 *
 * Pure.
 */
#pragma once

#include <stdbool.h>
#include <stddef.h>

enum {
	FUSEFS_WORDS_MAX = 256
};

/* NULL, or what is wrong with the words. */
const char *fusefs_command_fault(const char *const *words, size_t count);

/*
 * The program's arguments, NULL at the end, with each "{}" replaced by
 * `mountpoint`, and `option`, unless it is NULL, behind "-o" at the end. NULL: out of memory, or fusefs_command_fault() says why not.
 * Free with fusefs_command_free().
 */
char **fusefs_command_new(const char *const *words, size_t count,
			  const char *mountpoint, bool is_read_only,
			  const char *option);
char **fusefs_command_free(char **argv);

/* A name for a share of it that nobody has named: malloc, or NULL. */
char *fusefs_command_name(const char *const *words, size_t count);
