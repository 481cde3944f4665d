/*
 * `smbgate user`: keeps the users file.
 */
#include <jansson.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>

#include "gateway/suggest.h"
#include "gateway/users.h"
#include "gateway/verbs.h"
#include "smb/wire/utf16.h"

/* A password is asked for, made a hash of and forgotten. */
static bool ask_hash(const struct gw_args *args, const char *name,
		     uint8_t ret_hash[GW_NT_HASH_LENGTH])
{
	char *password =
		args->is_stdin ? gw_password_stdin() : gw_password_ask(name);
	bool ok;

	if (!password)
		return false;
	ok = gw_nt_hash(password, ret_hash);
	if (!ok)
		fprintf(stderr, "smbgate: the password is too long, or not in "
				"UTF-8\n");
	gw_secret_free(password);
	return ok;
}

/* --uid alone changes the uid alone. */
static bool needs_password(const struct gw_args *args,
			   enum gw_user_edit_kind kind)
{
	if (kind == GW_USER_ADD)
		return true;
	return kind == GW_USER_SET && (args->uid < 0 || args->is_stdin);
}

static enum gw_exit edit(const struct gw_args *args, const char *path,
			 enum gw_user_edit_kind kind)
{
	const char *name = args->operands[1];
	const char *fault = gw_user_name_fault(name);
	uint8_t hash[GW_NT_HASH_LENGTH];
	struct gw_user_edit how = {
		.kind = kind,
		.name = name,
		.has_uid = args->uid >= 0,
		.uid = (uid_t)args->uid,
	};
	bool ok = true;

	if (fault) {
		fprintf(stderr, "smbgate: %s\n", fault);
		return GW_EXIT_USAGE;
	}
	if (needs_password(args, kind)) {
		ok = ask_hash(args, name, hash);
		how.nt_hash = hash;
	}
	ok = ok && gw_users_file_edit(path, &how, stderr);
	explicit_bzero(hash, sizeof(hash));
	return ok ? GW_EXIT_OK : GW_EXIT_USERS;
}

/* ---- list ---- */

static const char *state_of(const struct gw_user_line *line)
{
	if (line->is_disabled)
		return "disabled";
	return line->has_password ? "enabled" : "no password";
}

static void list_text(void *arg, const struct gw_user_line *line,
		      const struct gw_spot *spot)
{
	char uid[16] = "-";

	(void)arg;
	(void)spot;
	if (line->has_uid)
		snprintf(uid, sizeof(uid), "%u", line->uid);
	printf("%-20s %-10s %s\n", line->name, uid, state_of(line));
}

static void list_json(void *arg, const struct gw_user_line *line,
		      const struct gw_spot *spot)
{
	json_t *user =
		json_pack("{s:s, s:o, s:b, s:b}", "name", line->name, "uid",
			  line->has_uid ? json_integer(line->uid) : json_null(),
			  "disabled", line->is_disabled, "has_password",
			  line->has_password);

	(void)spot;
	if (user)
		json_array_append_new(arg, user);
}

static enum gw_exit list(const struct gw_args *args, const char *path)
{
	struct gw_complaints c = { .to = stderr };
	json_t *users = args->json ? json_array() : NULL;
	bool ok = gw_users_file_each(path, &c, users ? list_json : list_text,
				     users);

	if (ok && users) {
		json_dumpf(users, stdout, JSON_INDENT(2));
		putchar('\n');
	}
	json_decref(users);
	return ok ? GW_EXIT_OK : GW_EXIT_USERS;
}

/* ---- the verb ---- */

static const struct {
	const char *word;
	int kind; /* enum gw_user_edit_kind; -1: list */
} actions[] = {
	{ "add", GW_USER_ADD },       { "set", GW_USER_SET },
	{ "del", GW_USER_DELETE },    { "disable", GW_USER_DISABLE },
	{ "enable", GW_USER_ENABLE }, { "list", -1 },
};

enum {
	ACTION_COUNT = sizeof(actions) / sizeof(actions[0])
};

static enum gw_exit usage_of(const char *word)
{
	const char *words[ACTION_COUNT];
	const char *near;

	for (size_t i = 0; i < ACTION_COUNT; i++)
		words[i] = actions[i].word;
	near = gw_suggest(word, words, ACTION_COUNT);
	fprintf(stderr,
		"smbgate user: there is no %s: %s%s%sadd, set, del, disable, "
		"enable and list are\n",
		word, near ? "did you mean " : "", near ? near : "",
		near ? "? " : "");
	return GW_EXIT_USAGE;
}

enum gw_exit gw_verb_user(const struct gw_args *args)
{
	const char *path = args->file ? args->file : GW_USERS_FILE;
	const char *word = args->operands[0];
	size_t i = 0;

	while (i < ACTION_COUNT && strcmp(actions[i].word, word) != 0)
		i++;
	if (i == ACTION_COUNT)
		return usage_of(word);
	if ((args->operand_count == 2) != (actions[i].kind >= 0)) {
		fprintf(stderr, "usage: smbgate user %s%s [--file FILE]\n",
			word, actions[i].kind >= 0 ? " NAME" : "");
		return GW_EXIT_USAGE;
	}
	if (actions[i].kind < 0)
		return list(args, path);
	return edit(args, path, (enum gw_user_edit_kind)actions[i].kind);
}
