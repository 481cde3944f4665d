/*
 * Reads the command line by the tables, and writes the help from them. What a
 * verb does is main.c's.
 */
#include "gateway/cli.h"

#include <getopt.h>
#include <stdlib.h>
#include <string.h>

#include "gateway/suggest.h"

enum {
	OPTIONS_MAX = 24
};

struct parse {
	const struct gw_verb *verb;
	struct gw_args *args;
	FILE *out;
	FILE *errors;
};

static const struct gw_verb *verb_find(const char *name)
{
	const struct gw_verb *verb = gw_verbs;

	while (verb->name && strcmp(verb->name, name) != 0)
		verb++;
	return verb->name ? verb : NULL;
}

static void complain_of_verb(const char *name, FILE *errors)
{
	const char *words[16];
	const char *near;
	size_t count = 0;

	for (const struct gw_verb *v = gw_verbs; v->name && count < 16; v++)
		words[count++] = v->name;
	near = gw_suggest(name, words, count);
	fprintf(errors, "smbgate: there is no %s%s%s%s\n", name,
		near ? ": did you mean " : "", near ? near : "",
		near ? "?" : "; smbgate help lists what there is");
}

/* ---- help ---- */

static void help_option(const struct gw_option *o, FILE *out)
{
	char left[40];

	snprintf(left, sizeof(left), "%s--%s%s%s",
		 o->letter == 'h'   ? "-h, "
		 : o->letter == 'c' ? "-c, "
		 : o->letter == 'f' ? "-f, "
				    : "",
		 o->name, o->argument ? " " : "",
		 o->argument ? o->argument : "");
	fprintf(out, "  %-20s %s\n", left, o->help);
}

static void help_verb(const struct gw_verb *verb, FILE *out)
{
	fprintf(out, "usage: smbgate %s %s\n\n%s\n", verb->name, verb->usage,
		verb->summary);
	if (verb->text)
		fprintf(out, "%s", verb->text);
	fputc('\n', out);
	for (const struct gw_option *o = verb->options; o->name; o++)
		help_option(o, out);
}

static void help_all(FILE *out)
{
	fprintf(out, "usage: smbgate VERB [options]\n\n"
		     "Share directories with Windows, macOS and Linux over "
		     "SMB3.\n\n");
	for (const struct gw_verb *v = gw_verbs; v->name; v++)
		fprintf(out, "  %-8s %s\n", v->name, v->summary);
	fprintf(out,
		"\n"
		"  smbgate export ~/Photos            share it, print how "
		"to connect\n"
		"  smbgate export ~/Photos --port 1445 --read-only\n"
		"  smbgate mount sshfs://ann@nas/films --share films\n"
		"  smbgate user add ann && smbgate check && smbgate serve\n"
		"\n"
		"smbgate help VERB tells more; so do smbgate(8) and "
		"smbgate.conf(5).\n");
}

bool gw_cli_help(const char *name, FILE *out, FILE *errors)
{
	const struct gw_verb *verb = name ? verb_find(name) : NULL;

	if (name && !verb) {
		complain_of_verb(name, errors);
		return false;
	}
	if (verb)
		help_verb(verb, out);
	else
		help_all(out);
	return true;
}

/* ---- options ---- */

/* The values of getopt_long: an option's place in the table, above all
   letters. */
enum {
	FIRST_OPTION = 256
};

static void make_getopt(const struct gw_option *options,
			struct option longs[OPTIONS_MAX + 1],
			char letters[2 * OPTIONS_MAX + 2])
{
	size_t l = 0, i = 0;

	letters[l++] = ':'; /* tell a missing argument from an unknown option */
	for (; options[i].name && i < OPTIONS_MAX; i++) {
		longs[i] = (struct option){
			.name = options[i].name,
			.has_arg = options[i].argument ? required_argument
						       : no_argument,
			.val = FIRST_OPTION + (int)i,
		};
		if (options[i].letter) {
			letters[l++] = options[i].letter;
			if (options[i].argument)
				letters[l++] = ':';
		}
	}
	longs[i] = (struct option){ 0 };
	letters[l] = '\0';
}

static const struct gw_option *option_of(const struct gw_option *options,
					 int value)
{
	if (value >= FIRST_OPTION)
		return &options[value - FIRST_OPTION];
	while (options->name && options->letter != value)
		options++;
	return options->name ? options : NULL;
}

static bool take_number(const struct parse *p, const struct gw_option *o,
			const char *text, int64_t *to)
{
	char *end;
	long long value = strtoll(text, &end, 10);

	if (!*text || *end || value < o->min || value > o->max) {
		fprintf(p->errors,
			"smbgate %s: --%s takes a number from %jd to %jd, "
			"not %s\n",
			p->verb->name, o->name, (intmax_t)o->min,
			(intmax_t)o->max, text);
		return false;
	}
	*to = value;
	return true;
}

static bool take_time(const struct parse *p, const struct gw_option *o,
		      const char *text, int64_t *to)
{
	int64_t ms;

	if (gw_time_parse(text, &ms) && ms >= o->min && ms <= o->max) {
		*to = ms;
		return true;
	}
	fprintf(p->errors,
		"smbgate %s: --%s takes a time, from 1s to 1h, not %s\n",
		p->verb->name, o->name, text);
	return false;
}

static bool take_choice(const struct parse *p, const struct gw_option *o,
			const char *text, int *to)
{
	char list[96];

	if (gw_choice_find(o->choices, text, to))
		return true;
	gw_choice_list(o->choices, list, sizeof(list));
	fprintf(p->errors, "smbgate %s: --%s takes %s, not %s\n", p->verb->name,
		o->name, list, text);
	return false;
}

static bool take_listen(const struct parse *p, const char *text)
{
	if (p->args->listen_count == GW_LISTEN_MAX) {
		fprintf(p->errors, "smbgate %s: --listen %d times at most\n",
			p->verb->name, GW_LISTEN_MAX);
		return false;
	}
	p->args->listen[p->args->listen_count++] = text;
	return true;
}

static bool take_option(const struct parse *p, const struct gw_option *o,
			const char *text)
{
	void *to = (char *)p->args + o->offset;

	switch (o->kind) {
	case GW_OPTION_FLAG:
		*(bool *)to = true;
		return true;
	case GW_OPTION_TEXT:
		*(const char **)to = text;
		return true;
	case GW_OPTION_TEXTS:
		return take_listen(p, text);
	case GW_OPTION_NUMBER:
		return take_number(p, o, text, to);
	case GW_OPTION_TIME:
		return take_time(p, o, text, to);
	case GW_OPTION_CHOICE:
		return take_choice(p, o, text, to);
	case GW_OPTION_HELP:
		break;
	}
	return true;
}

static void complain_of_option(const struct parse *p, const char *word)
{
	const char *words[OPTIONS_MAX];
	char typed[64];
	const char *near;
	size_t count = 0;

	snprintf(typed, sizeof(typed), "%s", word + strspn(word, "-"));
	typed[strcspn(typed, "=")] = '\0';
	for (const struct gw_option *o = p->verb->options; o->name; o++)
		words[count++] = o->name;
	near = gw_suggest(typed, words, count);
	fprintf(p->errors, "smbgate %s: unknown option %s%s%s%s\n",
		p->verb->name, word, near ? ": did you mean --" : "",
		near ? near : "", near ? "?" : "");
}

/* ---- a command line ---- */

static void args_init(struct gw_args *args, enum gw_verb_id verb)
{
	*args = (struct gw_args){
		.verb = verb,
		.signing = -1,
		.encryption = -1,
		.engine = -1,
		.log = -1,
		.via = -1,
		.workers = -1,
		.uid = -1,
	};
}

static bool take_operands(const struct parse *p, int count, char **operands)
{
	const struct gw_verb *verb = p->verb;

	if ((size_t)count < verb->operands_min ||
	    (size_t)count > verb->operands_max) {
		fprintf(p->errors, "usage: smbgate %s %s\n", verb->name,
			verb->usage);
		return false;
	}
	p->args->operands = operands;
	p->args->operand_count = (size_t)count;
	return true;
}

/* 1: go on; 0: help was given; -1: a mistake was told. */
static int parse_options(const struct parse *p, int argc, char **argv)
{
	struct option longs[OPTIONS_MAX + 1];
	char letters[2 * OPTIONS_MAX + 2];
	int value;

	make_getopt(p->verb->options, longs, letters);
	opterr = 0;
	optind = 0; /* glibc: start afresh */
	while ((value = getopt_long(argc, argv, letters, longs, NULL)) != -1) {
		const struct gw_option *o;

		if (value == '?') {
			complain_of_option(p, argv[optind - 1]);
			return -1;
		}
		if (value == ':') {
			fprintf(p->errors, "smbgate %s: %s needs a value\n",
				p->verb->name, argv[optind - 1]);
			return -1;
		}
		o = option_of(p->verb->options, value);
		if (o->kind == GW_OPTION_HELP) {
			help_verb(p->verb, p->out);
			return 0;
		}
		if (!take_option(p, o, optarg))
			return -1;
	}
	return take_operands(p, argc - optind, argv + optind) ? 1 : -1;
}

static const char *verb_word(int argc, char **argv)
{
	if (argc < 2)
		return NULL;
	if (strcmp(argv[1], "--help") == 0 || strcmp(argv[1], "-h") == 0)
		return "help";
	if (strcmp(argv[1], "--version") == 0)
		return "version";
	return argv[1];
}

bool gw_cli_parse(int argc, char **argv, struct gw_args *ret_args,
		  enum gw_exit *ret_exit, FILE *out, FILE *errors)
{
	const char *word = verb_word(argc, argv);
	struct parse p = { .args = ret_args, .out = out, .errors = errors };
	int go_on;

	*ret_exit = GW_EXIT_USAGE;
	if (!word) {
		help_all(errors);
		return false;
	}
	p.verb = verb_find(word);
	if (!p.verb) {
		complain_of_verb(word, errors);
		return false;
	}
	args_init(ret_args, p.verb->id);
	go_on = parse_options(&p, argc - 1, argv + 1);
	if (go_on == 0)
		*ret_exit = GW_EXIT_OK;
	return go_on == 1;
}
