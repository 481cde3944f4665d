/*
 * Files that are read whole at the start, and secrets: passwords and NT
 * hashes, which are as good as passwords.
 *
 * Thread: any; may block.
 */
#pragma once

#include <stdbool.h>
#include <stddef.h>
#include <stdint.h>

#include "gateway/complain.h"

struct stat;

enum {
	GW_NT_HASH_LENGTH = 16
};

/*
 * Reads a regular file of at most `max` bytes, without NULs, into a text
 * (malloc; with a NUL). -errno; -EISDIR, -EINVAL (not a regular file),
 * -EFBIG, -EILSEQ (a NUL in it). `ret_stat` may be NULL.
 */
int gw_file_read(const char *path, size_t max, char **ret_text,
		 struct stat *ret_stat);

/* What -errno of gw_file_read() means to the operator. Static. */
const char *gw_file_error(int err);

/*
 * Whether a secret is kept well enough: nobody but the owner may read the
 * file, who is root or who we are. What an orchestrator mounts below
 * /run/secrets or $CREDENTIALS_DIRECTORY is taken as it is. NULL, or what is
 * wrong (static).
 */
const char *gw_secret_fault(const char *path, const struct stat *st);

/*
 * The first line of a file with a password. False after a complaint. The
 * caller wipes and frees the text.
 */
bool gw_password_of_file(const char *path, const struct gw_spot *spot,
			 struct gw_complaints *c, char **ret_password);

/* The hash of a password in UTF-8 (MS-NLMP 3.3.1): false if malformed. */
bool gw_nt_hash(const char *password, uint8_t ret_hash[GW_NT_HASH_LENGTH]);

/* 32 hexadecimal digits; what follows is not looked at. */
bool gw_nt_hash_parse(const char *text, uint8_t ret_hash[GW_NT_HASH_LENGTH]);

/*
 * Asks for a password twice on the terminal, without echo, or takes a line of
 * stdin. NULL after an error line on stderr. Wipe and free it.
 */
char *gw_password_ask(const char *user);
char *gw_password_stdin(void);

/* Wipes and frees a secret text; NULL is fine. */
void gw_secret_free(char *secret);
