/*
 * `smbgate export DIR` and `smbgate mount COMMAND`: a configuration made from
 * options, with a user and a password of the occasion where none are named.
 */
#include <errno.h>
#include <limits.h>
#include <pwd.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>
#include <unistd.h>

#include "fuse/command.h"
#include "gateway/banner.h"
#include "gateway/config_rules.h"
#include "gateway/run.h"
#include "gateway/verbs.h"
#include "gateway/words.h"

struct export
{
	const struct gw_args *args;
	struct gw_config config;
	char password[GW_WORDS_SIZE]; /* "": not generated */
};

/* The last component of the path, as far as it can name a share. */
static char *share_name_of(const char *path)
{
	const char *slash = strrchr(path, '/');
	char *name = strdup(slash && slash[1] ? slash + 1 : "root");

	for (char *c = name; c && *c; c++) {
		if (strchr("\"\\/[]:|<>+=;,*?", *c) || (unsigned char)*c < 0x20)
			*c = '_';
	}
	return name;
}

static bool text_set(char **to, const char *text)
{
	*to = strdup(text);
	return *to;
}

static const char *caller_name(void)
{
	const struct passwd *record = getpwuid(getuid());

	return record && *record->pw_name ? record->pw_name : "user";
}

/* One listener as it was written, or with the port that --port gives. */
static char *listen_text(const char *text, int64_t port)
{
	struct gw_address address;
	char *copy;

	if (!gw_address_parse(text, port ? (uint16_t)port : GW_SMB_PORT,
			      &address)) {
		fprintf(stderr,
			"smbgate export: --listen takes ADDR:PORT, [ADDR]:PORT "
			"or :PORT, not %s\n",
			text);
		return NULL;
	}
	copy = strdup(address.text);
	if (!copy)
		fprintf(stderr, "smbgate: out of memory\n");
	return copy;
}

static enum gw_exit set_listen(struct export *e)
{
	const struct gw_args *args = e->args;
	size_t count = args->listen_count;
	char any[16];

	if (count == 0 && args->port == 0)
		return GW_EXIT_OK;
	e->config.listen.items = calloc(count + 1, sizeof(char *));
	if (!e->config.listen.items)
		return GW_EXIT_FAILURE;
	snprintf(any, sizeof(any), ":%d", (int)args->port);
	for (size_t i = 0; i < (count ? count : 1); i++) {
		char *text =
			listen_text(count ? args->listen[i] : any, args->port);

		if (!text)
			return GW_EXIT_USAGE;
		e->config.listen.items[e->config.listen.count++] = text;
	}
	return GW_EXIT_OK;
}

/* The one share, but for what it is called and where its files are. */
static struct gw_share_config *share_new(struct export *e)
{
	struct gw_share_config *share = calloc(1, sizeof(*share));

	if (!share)
		return NULL;
	gw_share_config_init(share);
	share->read_only = e->args->read_only;
	share->guest = e->args->guest;
	e->config.shares =
		(struct gw_share_configs){ .items = share, .count = 1 };
	return share;
}

static enum gw_exit check_name(const struct export *e, const char *option)
{
	const char *fault = gw_share_name_fault(e->config.shares.items[0].name);

	if (!fault)
		return GW_EXIT_OK;
	fprintf(stderr, "smbgate %s: %s; use %s\n",
		e->args->verb == GW_VERB_MOUNT ? "mount" : "export", fault,
		option);
	return GW_EXIT_USAGE;
}

/* `smbgate mount`: the operands are a program's words. */
static enum gw_exit set_mounted(struct export *e)
{
	const char *const *words = (const char *const *)e->args->operands;
	size_t count = e->args->operand_count;
	const char *fault = fusefs_command_fault(words, count);
	struct gw_share_config *share = share_new(e);

	if (fault) {
		fprintf(stderr, "smbgate mount: %s: %s\n", words[0], fault);
		return GW_EXIT_USAGE;
	}
	if (!share)
		return GW_EXIT_FAILURE;
	if (e->args->via >= 0)
		share->via = e->args->via;
	if (e->args->timeout_ms)
		share->timeout_ms = e->args->timeout_ms;
	share->mount.items = calloc(count, sizeof(char *));
	share->name = e->args->name ? strdup(e->args->name)
				    : fusefs_command_name(words, count);
	if (!share->mount.items || !share->name)
		return GW_EXIT_FAILURE;
	for (size_t i = 0; i < count; i++) {
		if (!text_set(&share->mount.items[i], words[i]))
			return GW_EXIT_FAILURE;
		share->mount.count++;
	}
	return check_name(e, "--share");
}

static enum gw_exit set_share(struct export *e)
{
	const char *dir = e->args->operands[0];
	struct gw_share_config *share = share_new(e);
	char path[PATH_MAX];

	if (!share)
		return GW_EXIT_FAILURE;
	if (!realpath(dir, path)) {
		fprintf(stderr, "smbgate: %s: %s\n", dir, strerror(errno));
		return GW_EXIT_CONFIG;
	}
	share->name =
		e->args->name ? strdup(e->args->name) : share_name_of(path);
	if (!share->name || !text_set(&share->path, path))
		return GW_EXIT_FAILURE;
	return check_name(e, "--name");
}

/* A generated password is printed once, with the banner; never to a log. */
static enum gw_exit set_generated(struct export *e, struct gw_account *account)
{
	uint8_t hash[GW_NT_HASH_LENGTH];

	if (gw_log_is_journal(STDOUT_FILENO)) {
		fprintf(stderr,
			"smbgate: a generated password would stay in the "
			"journal: use --password-file or --users\n");
		return GW_EXIT_USERS;
	}
	gw_words(e->password);
	account->nt_hash = calloc(1, 2 * sizeof(hash) + 1);
	if (!account->nt_hash || !gw_nt_hash(e->password, hash))
		return GW_EXIT_FAILURE;
	for (size_t i = 0; i < sizeof(hash); i++)
		snprintf(account->nt_hash + 2 * i, 3, "%02x", hash[i]);
	explicit_bzero(hash, sizeof(hash));
	return GW_EXIT_OK;
}

static enum gw_exit set_user(struct export *e)
{
	const struct gw_args *args = e->args;
	struct gw_account *account;

	if (args->users && !text_set(&e->config.users_file, args->users))
		return GW_EXIT_FAILURE;
	if ((args->users || args->guest) && !args->user && !args->password_file)
		return GW_EXIT_OK;
	account = calloc(1, sizeof(*account));
	if (!account)
		return GW_EXIT_FAILURE;
	account->uid = -1;
	e->config.users = (struct gw_accounts){ .items = account, .count = 1 };
	if (!text_set(&account->name, args->user ? args->user : caller_name()))
		return GW_EXIT_FAILURE;
	if (!args->password_file)
		return set_generated(e, account);
	return text_set(&account->password_file, args->password_file)
		       ? GW_EXIT_OK
		       : GW_EXIT_FAILURE;
}

static void set_choices(struct export *e)
{
	const struct gw_args *args = e->args;
	struct gw_config *config = &e->config;

	config->guest = args->guest;
	if (args->signing >= 0)
		config->signing = args->signing;
	if (args->encryption >= 0)
		config->encryption = args->encryption;
	if (args->engine >= 0)
		config->engine = args->engine;
	if (args->workers >= 0)
		config->workers = args->workers;
	/* People read the banner; they want to hear of trouble only. */
	config->log_level = args->log >= 0 ? args->log : GW_LOG_WARN;
}

static void ready(const struct gw_run_how *how, const char *engine,
		  const struct gw_snapshot *snapshot,
		  const struct gw_sockets *sockets)
{
	const struct export *e = how->arg;
	const struct gw_accounts *users = &e->config.users;
	struct gw_banner banner = {
		.config = how->config,
		.share = gw_snapshot_share(snapshot, 0),
		.sockets = sockets,
		.engine = engine,
		.user = users->count ? users->items[0].name : NULL,
		.password = *e->password ? e->password : NULL,
	};

	gw_banner(&banner, stdout);
}

enum gw_exit gw_verb_export(const struct gw_args *args)
{
	struct export e = { .args = args };
	struct gw_run_how how = { .config = &e.config,
				  .ready = ready,
				  .arg = &e };
	enum gw_exit exit;

	gw_config_init(&e.config);
	set_choices(&e);
	exit = args->verb == GW_VERB_MOUNT ? set_mounted(&e) : set_share(&e);
	if (exit == GW_EXIT_OK)
		exit = set_listen(&e);
	if (exit == GW_EXIT_OK)
		exit = set_user(&e);
	if (exit == GW_EXIT_OK)
		exit = gw_run(&how);
	explicit_bzero(e.password, sizeof(e.password));
	gw_config_fini(&e.config);
	return exit;
}
