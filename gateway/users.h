/*
 * Accounts: the users file in the line format of smbpasswd(5), and the table
 * of those that may log on.
 *
 *   name:uid:LM hash (32 X):NT hash (32 hex digits):[flags     ]:LCT-hex:
 *
 * Flags that mean something here: U an ordinary user, D disabled, N no
 * password (refused), W, S and I machine accounts (refused). The uid is the
 * Linux user whose rights the account has; "-" is none. Names are UTF-8 and
 * the same whatever their case. The NT hash is as good as the password: the
 * file is the owner's alone, or it is not read.
 */
#pragma once

#include <stdbool.h>
#include <stddef.h>
#include <stdint.h>
#include <stdio.h>
#include <sys/types.h>

#include "gateway/complain.h"
#include "gateway/secret.h"
#include "smb/ports.h"

/* ---- lines ---- */

enum {
	GW_USER_NAME_MAX = 255,
	GW_USER_LINE_MAX = GW_USER_NAME_MAX + 160,
};

struct gw_user_line {
	char name[GW_USER_NAME_MAX + 1];
	bool has_uid;
	uid_t uid;
	bool has_password;
	bool is_disabled;
	uint8_t nt_hash[GW_NT_HASH_LENGTH];
	uint32_t changed; /* seconds since 1970 */
};

/* One line without its end. NULL, or what is wrong with it (static). */
const char *gw_user_line_parse(const char *text, size_t length,
			       struct gw_user_line *ret_line);

/* The line without its end, and a NUL. */
void gw_user_line_format(const struct gw_user_line *line,
			 char to[GW_USER_LINE_MAX]);

/* True for an empty line or a comment. */
bool gw_user_line_is_blank(const char *text, size_t length);

/* ---- the file, as `smbgate user` changes it ---- */

enum gw_user_edit_kind {
	GW_USER_ADD,
	GW_USER_SET,
	GW_USER_DELETE,
	GW_USER_DISABLE,
	GW_USER_ENABLE,
};

struct gw_user_edit {
	enum gw_user_edit_kind kind;
	const char *name;
	const uint8_t *nt_hash; /* ADD needs it; SET: NULL leaves it */
	bool has_uid;           /* ADD, SET */
	uid_t uid;
};

/*
 * Changes one user. The file is locked meanwhile and replaced as a whole
 * (written beside it, synced, renamed), other lines and comments as they were;
 * ADD makes it, mode 0600. False after a line on `errors`.
 */
bool gw_users_file_edit(const char *path, const struct gw_user_edit *edit,
			FILE *errors);

/*
 * Calls `each` for every user of the file, in order. False after complaints.
 * May block.
 */
bool gw_users_file_each(const char *path, struct gw_complaints *c,
			void (*each)(void *arg, const struct gw_user_line *line,
				     const struct gw_spot *spot),
			void *arg);

/* ---- the table ---- */

/* A known user. Counted, frozen. Thread: any. */
struct gw_user {
	struct smb_user smb; /* first: the engine's part */
	bool has_uid;
	uid_t uid;
	uint8_t nt_hash[GW_NT_HASH_LENGTH];
	_Atomic unsigned int references;
};

static inline struct gw_user *gw_user_of(struct smb_user *user)
{
	return (struct gw_user *)(void *)user;
}

/* A user outside of any table: guest and anonymous. NULL: out of memory. */
struct gw_user *gw_user_new(const char *name);
struct gw_user *gw_user_ref(struct gw_user *user);

/* Wipes the hash with the last reference. */
struct gw_user *gw_user_unref(struct gw_user *user);

/* Thread: filled by one, then frozen. */
struct gw_users;
struct gw_users *gw_users_new(void);
struct gw_users *gw_users_free(struct gw_users *users);

/* False if the name is malformed or known already, or memory is short. */
bool gw_users_add(struct gw_users *users, const struct gw_user_line *line);

/* All users of a file. False after complaints. May block. */
bool gw_users_load(struct gw_users *users, const char *path,
		   struct gw_complaints *c);

/* A reference to the user of that name, in any case; or NULL. */
struct gw_user *gw_users_find(struct gw_users *users, struct smb_name name);
struct gw_user *gw_users_find_utf8(struct gw_users *users, const char *name);
size_t gw_users_count(struct gw_users *users);

/* Calls `each` for every user, in the order that they were added. */
void gw_users_each(struct gw_users *users,
		   void (*each)(void *arg, const struct gw_user *user),
		   void *arg);

/* The known name that is nearest to `name`: "did you mean"; or NULL. */
const char *gw_users_suggest(struct gw_users *users, const char *name);
