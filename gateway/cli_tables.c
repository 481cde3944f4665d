/*
 * Verbs and options. An option is here if it does something.
 */
#include "gateway/cli.h"

#include "fuse/command.h"

#define ARG(field) .offset = offsetof(struct gw_args, field)

#define OPTION_HELP                                                        \
	{                                                                  \
		"help", 'h', GW_OPTION_HELP, .help = "show this and leave" \
	}

#define OPTION_ENGINE                                               \
	{                                                           \
		"engine", 0, GW_OPTION_CHOICE, ARG(engine), "E",    \
			"auto, uring or plain (epoll and threads)", \
			.choices = gw_engine_choices                \
	}

#define OPTION_LOG                                         \
	{                                                  \
		"log", 0, GW_OPTION_CHOICE, ARG(log), "L", \
			"error, warn, info or debug",      \
			.choices = gw_log_choices          \
	}

static const struct gw_option export_options[] = {
	{ "name", 0, GW_OPTION_TEXT, ARG(name), "N",
	  "name of the share (default: of the directory)" },
	{ "listen", 0, GW_OPTION_TEXTS, ARG(listen), "A",
	  "address:port to listen on; repeatable (all, 445)" },
	{ "port", 0, GW_OPTION_NUMBER, ARG(port), "P",
	  "port, where --listen has none (445)", 1, 65535 },
	{ "users", 0, GW_OPTION_TEXT, ARG(users), "F",
	  "users file, made with smbgate user" },
	{ "user", 0, GW_OPTION_TEXT, ARG(user), "U",
	  "one user (default: you)" },
	{ "password-file", 0, GW_OPTION_TEXT, ARG(password_file), "F",
	  "the password, its first line (default: generated)" },
	{ "guest", 0, GW_OPTION_FLAG, ARG(guest), NULL,
	  "admit guests; without users, nobody else" },
	{ "read-only", 0, GW_OPTION_FLAG, ARG(read_only), NULL,
	  "let nobody change anything" },
	{ "signing", 0, GW_OPTION_CHOICE, ARG(signing), "S",
	  "desired or required", .choices = gw_signing_choices },
	{ "encryption", 0, GW_OPTION_CHOICE, ARG(encryption), "C",
	  "off, desired or required", .choices = gw_encryption_choices },
	OPTION_ENGINE,
	{ "workers", 0, GW_OPTION_NUMBER, ARG(workers), "N",
	  "threads (default: one a core)", 0, GW_WORKERS_MAX },
	OPTION_LOG,
	OPTION_HELP,
	{ NULL },
};

static const struct gw_option mount_options[] = {
	{ "share", 0, GW_OPTION_TEXT, ARG(name), "N",
	  "name of the share (default: of the command)" },
	{ "via", 0, GW_OPTION_CHOICE, ARG(via), "V",
	  "auto, direct (no mount) or kernel (a mount)",
	  .choices = gw_via_choices },
	{ "timeout", 0, GW_OPTION_TIME, ARG(timeout_ms), "T",
	  "for the program's start and any answer (30s)", 1000, 3600000 },
	{ "listen", 0, GW_OPTION_TEXTS, ARG(listen), "A",
	  "address:port to listen on; repeatable (all, 445)" },
	{ "port", 0, GW_OPTION_NUMBER, ARG(port), "P",
	  "port, where --listen has none (445)", 1, 65535 },
	{ "users", 0, GW_OPTION_TEXT, ARG(users), "F",
	  "users file, made with smbgate user" },
	{ "user", 0, GW_OPTION_TEXT, ARG(user), "U",
	  "one user (default: you)" },
	{ "password-file", 0, GW_OPTION_TEXT, ARG(password_file), "F",
	  "the password, its first line (default: generated)" },
	{ "guest", 0, GW_OPTION_FLAG, ARG(guest), NULL,
	  "admit guests; without users, nobody else" },
	{ "read-only", 0, GW_OPTION_FLAG, ARG(read_only), NULL,
	  "let nobody change anything" },
	{ "signing", 0, GW_OPTION_CHOICE, ARG(signing), "S",
	  "desired or required", .choices = gw_signing_choices },
	{ "encryption", 0, GW_OPTION_CHOICE, ARG(encryption), "C",
	  "off, desired or required", .choices = gw_encryption_choices },
	OPTION_ENGINE,
	{ "workers", 0, GW_OPTION_NUMBER, ARG(workers), "N",
	  "threads (default: one a core)", 0, GW_WORKERS_MAX },
	OPTION_LOG,
	OPTION_HELP,
	{ NULL },
};

static const struct gw_option serve_options[] = {
	{ "config", 'c', GW_OPTION_TEXT, ARG(config), "F",
	  "configuration (/etc/smbgate/smbgate.conf)" },
	{ "env", 0, GW_OPTION_FLAG, ARG(env), NULL,
	  "instead of it, SMBGATE_… in the environment" },
	OPTION_ENGINE,
	OPTION_LOG,
	OPTION_HELP,
	{ NULL },
};

static const struct gw_option check_options[] = {
	{ "config", 'c', GW_OPTION_TEXT, ARG(config), "F",
	  "configuration (/etc/smbgate/smbgate.conf)" },
	{ "json", 0, GW_OPTION_FLAG, ARG(json), NULL, "answer in JSON" },
	OPTION_HELP,
	{ NULL },
};

static const struct gw_option user_options[] = {
	{ "file", 'f', GW_OPTION_TEXT, ARG(file), "F",
	  "users file (/etc/smbgate/users)" },
	{ "uid", 0, GW_OPTION_NUMBER, ARG(uid), "N",
	  "Linux user whose rights the user has", 0, 0xfffffffe },
	{ "stdin", 0, GW_OPTION_FLAG, ARG(is_stdin), NULL,
	  "take the password from a line of standard input" },
	{ "json", 0, GW_OPTION_FLAG, ARG(json), NULL, "answer in JSON (list)" },
	OPTION_HELP,
	{ NULL },
};

static const struct gw_option no_options[] = { OPTION_HELP, { NULL } };

const struct gw_verb gw_verbs[] = {
	{ "export", GW_VERB_EXPORT, "DIR [options]",
	  "share a directory now, nothing to configure", export_options, 1, 1,
	  NULL },
	{ "mount", GW_VERB_MOUNT, "[options] URL | -- COMMAND ... {} ...",
	  "share what a FUSE program shows", mount_options, 1, FUSEFS_WORDS_MAX,
	  "URL: sshfs://[USER@]HOST[:PORT]/PATH or rclone:REMOTE:[PATH]. {} is "
	  "where it\nmounts. It stays in the foreground (-f), and is started "
	  "again if need be.\n" },
	{ "serve", GW_VERB_SERVE, "[--config FILE | --env]",
	  "share what a configuration says", serve_options, 0, 0, NULL },
	{ "check", GW_VERB_CHECK, "[--config FILE]",
	  "tell what is wrong with a configuration", check_options, 0, 0,
	  "Parses it, looks for users and directories, tries their access and "
	  "the\naddresses, and says what would be shared. A running server is "
	  "left alone.\n" },
	{ "user", GW_VERB_USER,
	  "add|set|del|disable|enable|list [NAME] [options]",
	  "keep the users file", user_options, 1, 2,
	  "set gives a new password, or with --uid alone a new uid. The "
	  "password is\nasked for on the terminal.\n" },
	{ "help", GW_VERB_HELP, "[VERB]", "explain a verb", no_options, 0, 1,
	  NULL },
	{ "version", GW_VERB_VERSION, "", "show versions and engines",
	  no_options, 0, 0, NULL },
	{ NULL },
};
