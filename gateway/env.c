/*
 * Variables one by one, by the table at the end; then passwords for the users
 * that were named. A complaint points to the variable.
 */
#include "gateway/env.h"

#include <errno.h>
#include <fcntl.h>
#include <limits.h>
#include <stdarg.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>
#include <unistd.h>

#include "gateway/address.h"
#include "gateway/config_rules.h"
#include "gateway/suggest.h"
#include "gateway/words.h"

#define SHARE_PREFIX "SMBGATE_SHARE_"

struct reading {
	const struct gw_env *env;
	struct gw_config *config;
	struct gw_complaints *c;
	const char *password_file; /* of the first user, if not NULL */
	bool has_password;
};

__attribute__((format(printf, 3, 4))) static bool complain(
	const struct reading *r, const char *variable, const char *why, ...)
{
	const struct gw_spot spot = { .file = variable };
	char text[512];
	va_list arguments;

	va_start(arguments, why);
	vsnprintf(text, sizeof(text), why, arguments);
	va_end(arguments);
	gw_complain(r->c, &spot, NULL, "%s", text);
	return false;
}

/* False: out of memory, which was told. */
static bool text_set(const struct reading *r, char **to, const char *text)
{
	free(*to);
	*to = strdup(text);
	return *to || complain(r, "environment", "out of memory");
}

static bool texts_add(const struct reading *r, struct gw_texts *texts,
		      const char *text)
{
	char **items =
		reallocarray(texts->items, texts->count + 1, sizeof(char *));

	if (!items)
		return complain(r, "environment", "out of memory");
	texts->items = items;
	items[texts->count] = NULL;
	return text_set(r, &items[texts->count++], text);
}

/* Calls take() for each word between commas. */
static bool each_word(struct reading *r, const char *variable, const char *list,
		      bool (*take)(struct reading *r, const char *variable,
				   const char *word, void *arg),
		      void *arg)
{
	char *copy = strdup(list), *rest = copy, *word;
	bool ok = copy != NULL;

	while (ok && (word = strsep(&rest, ",")))
		if (*word)
			ok = take(r, variable, word, arg);
	free(copy);
	return ok;
}

/* ---- users ---- */

static bool user_add(struct reading *r, const char *variable, const char *name)
{
	struct gw_accounts *users = &r->config->users;
	const char *fault = gw_user_name_fault(name);
	struct gw_account *items;

	if (fault)
		return complain(r, variable, "%s", fault);
	for (size_t i = 0; i < users->count; i++)
		if (strcmp(users->items[i].name, name) == 0)
			return true;
	items = reallocarray(users->items, users->count + 1, sizeof(*items));
	if (!items)
		return complain(r, variable, "out of memory");
	users->items = items;
	items[users->count] = (struct gw_account){ .uid = -1 };
	return text_set(r, &items[users->count++].name, name);
}

static bool take_user(struct reading *r, const char *variable, const char *word,
		      void *arg)
{
	(void)arg;
	return user_add(r, variable, word);
}

static bool take_users(struct reading *r, const char *variable,
		       const char *value)
{
	return each_word(r, variable, value, take_user, NULL);
}

/* ---- shares ---- */

static bool take_share_user(struct reading *r, const char *variable,
			    const char *word, void *arg)
{
	struct gw_share_config *share = arg;

	return user_add(r, variable, word) && texts_add(r, &share->users, word);
}

static struct gw_share_config *share_add(struct reading *r)
{
	struct gw_share_configs *shares = &r->config->shares;
	struct gw_share_config *items =
		reallocarray(shares->items, shares->count + 1, sizeof(*items));

	if (!items) {
		complain(r, "environment", "out of memory");
		return NULL;
	}
	shares->items = items;
	items[shares->count] = (struct gw_share_config){ 0 };
	gw_share_config_init(&items[shares->count]);
	return &items[shares->count++];
}

/* PATH[:ro|:rw[:USER,…]] */
static bool take_share(struct reading *r, const char *variable,
		       const char *value)
{
	const char *name = variable + strlen(SHARE_PREFIX);
	const char *fault = gw_share_name_fault(name);
	struct gw_share_config *share;
	char copy[PATH_MAX + 1024], *rest = copy;
	const char *path, *mode;

	if (fault)
		return complain(r, variable, "%s", fault);
	if (snprintf(copy, sizeof(copy), "%s", value) >= (int)sizeof(copy))
		return complain(r, variable, "it is too long");
	path = strsep(&rest, ":");
	mode = strsep(&rest, ":");
	if (*path != '/')
		return complain(r, variable,
				"a share is /PATH, /PATH:ro or "
				"/PATH:rw:USER,USER, not %s",
				value);
	if (mode && strcmp(mode, "ro") != 0 && strcmp(mode, "rw") != 0)
		return complain(r, variable, "\"%s\" is neither ro nor rw",
				mode);
	share = share_add(r);
	if (!share || !text_set(r, &share->name, name) ||
	    !text_set(r, &share->path, path))
		return false;
	share->read_only = mode && strcmp(mode, "ro") == 0;
	return !rest || each_word(r, variable, rest, take_share_user, share);
}

/* ---- the rest ---- */

static bool take_password_file(struct reading *r, const char *variable,
			       const char *value)
{
	(void)variable;
	r->password_file = value;
	return true;
}

static bool take_password(struct reading *r, const char *variable,
			  const char *value)
{
	(void)variable;
	(void)value;
	r->has_password = true;
	return true;
}

static bool take_address(struct reading *r, const char *variable,
			 const char *word, void *arg)
{
	struct gw_address address;

	(void)arg;
	if (!gw_address_parse(word, GW_SMB_PORT, &address))
		return complain(r, variable,
				"an address is ADDR:PORT, [ADDR]:PORT or "
				":PORT, not %s",
				word);
	return texts_add(r, &r->config->listen, address.text);
}

static bool take_listen(struct reading *r, const char *variable,
			const char *value)
{
	return each_word(r, variable, value, take_address, NULL);
}

static bool take_state_dir(struct reading *r, const char *variable,
			   const char *value)
{
	(void)variable;
	return text_set(r, &r->config->state_dir, value);
}

static bool take_choice(const struct reading *r, const char *variable,
			const char *value, const struct gw_choice *choices,
			int *to)
{
	char list[96];

	if (gw_choice_find(choices, value, to))
		return true;
	gw_choice_list(choices, list, sizeof(list));
	return complain(r, variable, "it takes %s", list);
}

static bool take_log(struct reading *r, const char *variable, const char *value)
{
	return take_choice(r, variable, value, gw_log_choices,
			   &r->config->log_level);
}

static bool take_engine(struct reading *r, const char *variable,
			const char *value)
{
	return take_choice(r, variable, value, gw_engine_choices,
			   &r->config->engine);
}

static bool take_signing(struct reading *r, const char *variable,
			 const char *value)
{
	return take_choice(r, variable, value, gw_signing_choices,
			   &r->config->signing);
}

static bool take_encryption(struct reading *r, const char *variable,
			    const char *value)
{
	return take_choice(r, variable, value, gw_encryption_choices,
			   &r->config->encryption);
}

static const struct {
	const char *name;
	bool (*take)(struct reading *r, const char *variable,
		     const char *value);
} variables[] = {
	{ "SMBGATE_USER", take_users },
	{ "SMBGATE_PASSWORD_FILE", take_password_file },
	{ "SMBGATE_PASSWORD", take_password },
	{ "SMBGATE_LISTEN", take_listen },
	{ "SMBGATE_STATE_DIR", take_state_dir },
	{ "SMBGATE_LOG", take_log },
	{ "SMBGATE_ENGINE", take_engine },
	{ "SMBGATE_SIGNING", take_signing },
	{ "SMBGATE_ENCRYPTION", take_encryption },
};

enum {
	VARIABLES = sizeof(variables) / sizeof(*variables)
};

static bool take_unknown(const struct reading *r, const char *name)
{
	const struct gw_spot spot = { .file = name };
	const char *words[VARIABLES], *near;
	char hint[80] = "";

	for (size_t i = 0; i < VARIABLES; i++)
		words[i] = variables[i].name;
	near = gw_suggest(name, words, VARIABLES);
	if (near)
		snprintf(hint, sizeof(hint), "did you mean %s?", near);
	gw_complain(r->c, &spot, near ? hint : NULL,
		    "there is no such variable");
	return false;
}

static bool take_variable(struct reading *r, const char *name,
			  const char *value)
{
	if (strncmp(name, SHARE_PREFIX, strlen(SHARE_PREFIX)) == 0)
		return take_share(r, name, value);
	for (size_t i = 0; i < VARIABLES; i++)
		if (strcmp(variables[i].name, name) == 0)
			return variables[i].take(r, name, value);
	return take_unknown(r, name);
}

/* SMBGATE_USER comes first, so that the first user is its first. */
static bool take_all(struct reading *r)
{
	bool ok = true;

	for (char *const *v = r->env->variables; *v; v++)
		if (strncmp(*v, "SMBGATE_USER=", 13) == 0)
			ok = take_users(r, "SMBGATE_USER", *v + 13);
	for (char *const *v = r->env->variables; *v; v++) {
		const char *equals = strchr(*v, '=');
		char name[256];

		if (strncmp(*v, "SMBGATE_", 8) != 0 || !equals ||
		    equals - *v >= (ptrdiff_t)sizeof(name))
			continue;
		memcpy(name, *v, (size_t)(equals - *v));
		name[equals - *v] = '\0';
		ok = take_variable(r, name, equals + 1) && ok;
	}
	return ok;
}

/* ---- passwords ---- */

static bool is_there(const char *directory, const char *name,
		     char ret_path[PATH_MAX])
{
	return directory &&
	       snprintf(ret_path, PATH_MAX, "%s/%s", directory, name) <
		       PATH_MAX &&
	       access(ret_path, F_OK) == 0;
}

/* A new password in a file of its own. */
static bool generate(const struct reading *r, const char *name,
		     const char *path)
{
	char password[GW_WORDS_SIZE];
	int fd = open(path, O_WRONLY | O_CREAT | O_EXCL | O_CLOEXEC, 0600);
	bool ok = fd >= 0;

	if (ok) {
		gw_words(password);
		ok = dprintf(fd, "%s\n", password) > 0;
		if (isatty(STDOUT_FILENO))
			printf("password of %s: %s\n", name, password);
		explicit_bzero(password, sizeof(password));
	}
	if (fd >= 0 && close(fd) < 0)
		ok = false;
	if (!ok)
		return complain(r, path, "%s", strerror(errno));
	gw_log(GW_LOG_WARN, "user=%s had no password; a new one is in %s", name,
	       path);
	return true;
}

static bool find_password(const struct reading *r, struct gw_account *user)
{
	const char *state_dir =
		r->config->state_dir ? r->config->state_dir : r->env->state_dir;
	char path[PATH_MAX], file[PATH_MAX];

	if (user == r->config->users.items && r->password_file)
		return text_set(r, &user->password_file, r->password_file);
	if (user == r->config->users.items && r->has_password) {
		gw_log(GW_LOG_WARN,
		       "SMBGATE_PASSWORD is seen by all who see this "
		       "process' settings; SMBGATE_PASSWORD_FILE is not");
		return text_set(r, &user->password_env, "SMBGATE_PASSWORD");
	}
	if (is_there(r->env->secrets, user->name, path) ||
	    is_there(r->env->credentials, user->name, path))
		return text_set(r, &user->password_file, path);
	if (!state_dir) {
		const struct gw_spot spot = { .file = user->name };

		gw_complain(r->c, &spot,
			    "SMBGATE_PASSWORD_FILE names a file for the first "
			    "user, SMBGATE_STATE_DIR a place for a generated "
			    "one",
			    "this user has no password: there is no %s/%s",
			    r->env->secrets, user->name);
		return false;
	}
	snprintf(file, sizeof(file), "password-%.200s", user->name);
	if (!is_there(state_dir, file, path) && !generate(r, user->name, path))
		return false;
	return text_set(r, &user->password_file, path);
}

bool gw_env_load(const struct gw_env *env, struct gw_config *config,
		 struct gw_complaints *c)
{
	struct reading r = { .env = env, .config = config, .c = c };

	if (!take_all(&r))
		return false;
	if (config->shares.count == 0)
		return complain(&r, "environment",
				"there is no share: set SMBGATE_SHARE_name=%s",
				"/path");
	if ((r.password_file || r.has_password) && config->users.count == 0)
		return complain(&r, "environment",
				"a password, but no user: set %s",
				"SMBGATE_USER=name");
	if (config->users.count == 0)
		return complain(&r, "environment", "there is no user: set %s",
				"SMBGATE_USER=name");
	for (size_t i = 0; i < config->users.count; i++)
		if (!find_password(&r, &config->users.items[i]))
			return false;
	gw_config_rules(config, NULL, c);
	return c->count == 0;
}
