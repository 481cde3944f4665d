/*
 * The command line: verbs and their options as tables, read with
 * getopt_long(3). smbgate(8) lists the same ones (a test compares them).
 *
 * Thread: main's.
 */
#pragma once

#include <stdbool.h>
#include <stddef.h>
#include <stdint.h>
#include <stdio.h>

#include "gateway/config.h"
#include "gateway/limits.h"

/* Exit codes: ECOSYSTEM's, in smbgate(8). */
enum gw_exit {
	GW_EXIT_OK = 0,
	GW_EXIT_FAILURE = 1,
	GW_EXIT_USAGE = 2,
	GW_EXIT_CONFIG = 3,
	GW_EXIT_BIND = 4,
	GW_EXIT_BACKEND = 5,
	GW_EXIT_USERS = 6,
};

enum gw_verb_id {
	GW_VERB_EXPORT,
	GW_VERB_MOUNT,
	GW_VERB_SERVE,
	GW_VERB_CHECK,
	GW_VERB_USER,
	GW_VERB_HELP,
	GW_VERB_VERSION,
};

/* What was said; strings are argv's. */
struct gw_args {
	enum gw_verb_id verb;
	char **operands;
	size_t operand_count;
	/* export, mount */
	const char *name;
	const char *listen[GW_LISTEN_MAX];
	size_t listen_count;
	int64_t port; /* 0: not given */
	const char *users;
	const char *user;
	const char *password_file;
	bool guest;
	bool read_only;
	int signing; /* these five: -1: not given */
	int encryption;
	int engine;
	int log;
	int64_t workers;
	int via;            /* -1: not given */
	int64_t timeout_ms; /* 0: not given */
	/* serve, check */
	const char *config;
	bool env;
	bool json;
	/* user */
	const char *file;
	int64_t uid; /* -1: not given */
	bool is_stdin;
};

enum gw_option_kind {
	GW_OPTION_FLAG,
	GW_OPTION_TEXT,
	GW_OPTION_TEXTS, /* listen: may be repeated */
	GW_OPTION_NUMBER,
	GW_OPTION_TIME, /* into int64_t, ms, min … max */
	GW_OPTION_CHOICE,
	GW_OPTION_HELP,
};

struct gw_option {
	const char *name; /* NULL ends the table */
	char letter;      /* 0: none */
	enum gw_option_kind kind;
	size_t offset; /* in struct gw_args */
	const char *argument;
	const char *help;
	int64_t min, max;
	const struct gw_choice *choices;
};

struct gw_verb {
	const char *name; /* NULL ends the table */
	enum gw_verb_id id;
	const char *usage; /* what stands behind the name */
	const char *summary;
	const struct gw_option *options;
	size_t operands_min, operands_max;
	const char *text; /* what the help says besides */
};

extern const struct gw_verb gw_verbs[];

/*
 * Reads a command line. False if that was all there was to do: help was given
 * on `out`, or the reason why not on `errors`; the process then ends with
 * ret_exit.
 */
bool gw_cli_parse(int argc, char **argv, struct gw_args *ret_args,
		  enum gw_exit *ret_exit, FILE *out, FILE *errors);

/* Help for a verb, or for all of them (NULL). False if it is none. */
bool gw_cli_help(const char *verb, FILE *out, FILE *errors);
