/*
 * Tests cli.c: command lines, and what is said of wrong ones.
 */
#include <stdarg.h>
#include <stddef.h>

#include <setjmp.h>
#include <stdint.h>

#include <cmocka.h>

#include <stdio.h>
#include <stdlib.h>
#include <string.h>

#include "gateway/cli.h"

enum {
	WORDS_MAX = 12
};

struct said {
	struct gw_args args;
	enum gw_exit exit;
	bool go_on;
	char *out, *errors;
};

static struct said parse(const char *line)
{
	static char words[200];
	static char *argv[WORDS_MAX + 1];
	size_t size[2];
	struct said said = { .exit = GW_EXIT_OK };
	FILE *out = open_memstream(&said.out, &size[0]);
	FILE *errors = open_memstream(&said.errors, &size[1]);
	int argc = 0;

	memset(argv, 0, sizeof(argv));
	snprintf(words, sizeof(words), "%s", line);
	for (char *w = strtok(words, " "); w; w = strtok(NULL, " "))
		argv[argc++] = w;
	said.go_on =
		gw_cli_parse(argc, argv, &said.args, &said.exit, out, errors);
	fclose(out);
	fclose(errors);
	return said;
}

static void said_free(struct said *said)
{
	free(said->out);
	free(said->errors);
}

static void options_are_read_in_any_order_and_both_forms(void **state)
{
	struct said s = parse("smbgate export --port=1445 /dir --read-only "
			      "--signing required --listen :1 --listen=:2");

	(void)state;
	assert_true(s.go_on);
	assert_int_equal(s.args.verb, GW_VERB_EXPORT);
	assert_int_equal(s.args.port, 1445);
	assert_true(s.args.read_only);
	assert_false(s.args.guest);
	assert_int_equal(s.args.signing, SMB_POLICY_REQUIRED);
	assert_int_equal(s.args.encryption, -1);
	assert_int_equal(s.args.listen_count, 2);
	assert_int_equal(s.args.operand_count, 1);
	said_free(&s);
	s = parse("smbgate user --file /f add ann --uid 5 --stdin");
	assert_true(s.go_on);
	assert_int_equal(s.args.uid, 5);
	assert_true(s.args.is_stdin);
	assert_int_equal(s.args.operand_count, 2);
	said_free(&s);
	s = parse("smbgate serve -c x --engine plain");
	assert_true(s.go_on);
	assert_int_equal(s.args.engine, LOOP_ENGINE_PLAIN);
	said_free(&s);
}

static void wrong_lines_are_told(void **state)
{
	static const struct {
		const char *line, *errors;
	} cases[] = {
		{ "smbgate exprot /d",
		  "smbgate: there is no exprot: did you mean export?\n" },
		{ "smbgate umbrella",
		  "smbgate: there is no umbrella; smbgate help lists what "
		  "there is\n" },
		{ "smbgate export /d --read-onyl",
		  "smbgate export: unknown option --read-onyl: did you mean "
		  "--read-only?\n" },
		{ "smbgate export /d --sining=required",
		  "smbgate export: unknown option --sining=required: did you "
		  "mean --signing?\n" },
		{ "smbgate export /d --port",
		  "smbgate export: --port needs a value\n" },
		{ "smbgate export /d --port 65536",
		  "smbgate export: --port takes a number from 1 to 65535, "
		  "not 65536\n" },
		{ "smbgate export /d --encryption on",
		  "smbgate export: --encryption takes off, desired or "
		  "required, not on\n" },
		{ "smbgate export", "usage: smbgate export DIR [options]\n" },
		{ "smbgate serve x",
		  "usage: smbgate serve [--config FILE | --env]\n" },
	};

	(void)state;
	for (size_t i = 0; i < sizeof(cases) / sizeof(cases[0]); i++) {
		struct said s = parse(cases[i].line);

		assert_false(s.go_on);
		assert_int_equal(s.exit, GW_EXIT_USAGE);
		assert_string_equal(s.errors, cases[i].errors);
		assert_string_equal(s.out, "");
		said_free(&s);
	}
}

static size_t lines_of(const char *text)
{
	size_t count = 0;

	for (; *text; text++)
		count += *text == '\n';
	return count;
}

static void help_fits_one_screen(void **state)
{
	(void)state;
	for (const struct gw_verb *v = gw_verbs; v->name; v++) {
		char line[80];
		struct said s;

		snprintf(line, sizeof(line), "smbgate %s --help", v->name);
		s = parse(line);
		assert_false(s.go_on);
		assert_int_equal(s.exit, GW_EXIT_OK);
		assert_in_range(lines_of(s.out), 2, 24);
		for (char *l = s.out; *l; l += strcspn(l, "\n") + 1)
			assert_in_range(strcspn(l, "\n"), 0, 79);
		said_free(&s);
	}
}

static void what_is_to_be_mounted_keeps_its_own_options(void **state)
{
	struct said s = parse("smbgate mount --share pool --timeout 90s -- "
			      "mergerfs -f --share x {}");

	(void)state;
	assert_true(s.go_on);
	assert_int_equal(s.args.verb, GW_VERB_MOUNT);
	assert_string_equal(s.args.name, "pool");
	assert_int_equal(s.args.timeout_ms, 90000);
	assert_int_equal(s.args.operand_count, 5);
	assert_string_equal(s.args.operands[2], "--share");
	said_free(&s);
	s = parse("smbgate mount sshfs://nas/films --timeout 2d");
	assert_false(s.go_on);
	assert_non_null(strstr(s.errors, "--timeout takes a time"));
	said_free(&s);
}

static void help_and_version_are_verbs_and_options(void **state)
{
	struct said s = parse("smbgate --help");

	(void)state;
	assert_true(s.go_on);
	assert_int_equal(s.args.verb, GW_VERB_HELP);
	said_free(&s);
	s = parse("smbgate --version");
	assert_int_equal(s.args.verb, GW_VERB_VERSION);
	said_free(&s);
	s = parse("smbgate help user");
	assert_string_equal(s.args.operands[0], "user");
	said_free(&s);
	s = parse("smbgate");
	assert_false(s.go_on);
	assert_int_equal(s.exit, GW_EXIT_USAGE);
	said_free(&s);
}

int main(void)
{
	const struct CMUnitTest tests[] = {
		cmocka_unit_test(options_are_read_in_any_order_and_both_forms),
		cmocka_unit_test(wrong_lines_are_told),
		cmocka_unit_test(help_fits_one_screen),
		cmocka_unit_test(what_is_to_be_mounted_keeps_its_own_options),
		cmocka_unit_test(help_and_version_are_verbs_and_options),
	};

	return cmocka_run_group_tests(tests, NULL, NULL);
}
