/*
 * The manual pages, the example and the program know the same options and
 * keys. Tests cli_tables.c and config_keys.c.
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
#include "gateway/config.h"
#include "gateway/secret.h"

/* Text from the root of the project, where tests are run. */
static char *text_of(const char *path)
{
	char *text;

	if (gw_file_read(path, 1 << 20, &text, NULL) < 0)
		fail_msg("%s can't be read: tests run in the project's root",
			 path);
	return text;
}

/* Where a section begins; its end is the next one's. */
static const char *section(const char *text, const char *title,
			   const char **ret_end)
{
	char line[80];
	const char *at;

	snprintf(line, sizeof(line), "\n.Ss %s\n", title);
	at = strstr(text, line);
	if (!at)
		fail_msg("no section %s", title);
	*ret_end = strstr(at + 1, "\n.S");
	if (!*ret_end)
		*ret_end = at + strlen(at);
	return at;
}

static bool has(const char *from, const char *end, const char *what)
{
	const char *at = strstr(from, what);

	return at && at < end;
}

static void every_option_is_in_the_manual(void **state)
{
	char *page = text_of("docs/smbgate.8");

	(void)state;
	for (const struct gw_verb *v = gw_verbs; v->options; v++) {
		char title[80], item[80];
		const char *from, *end;

		if (v->id == GW_VERB_HELP || v->id == GW_VERB_VERSION)
			continue;
		snprintf(title, sizeof(title), "smbgate %s%s", v->name,
			 v->id == GW_VERB_EXPORT ? " dir" : "");
		from = section(page, title, &end);
		for (const struct gw_option *o = v->options; o->name; o++) {
			snprintf(item, sizeof(item), "Fl -%s%s", o->name,
				 o->argument ? " Ar" : "\n");
			if (o->kind != GW_OPTION_HELP && !has(from, end, item))
				fail_msg("%s --%s", v->name, o->name);
		}
	}
	free(page);
}

static bool is_option(const char *name)
{
	for (const struct gw_verb *v = gw_verbs; v->name; v++) {
		for (const struct gw_option *o = v->options; o->name; o++) {
			if (strcmp(o->name, name) == 0)
				return true;
		}
	}
	return false;
}

static void the_manual_has_no_other_options(void **state)
{
	char *page = text_of("docs/smbgate.8");
	size_t count = 0;

	(void)state;
	for (const char *at = page; (at = strstr(at, "Fl -")); count++) {
		char name[40];

		at += strlen("Fl -");
		snprintf(name, sizeof(name), "%.*s",
			 (int)strspn(at, "abcdefghijklmnopqrstuvwxyz-"), at);
		if (strcmp(name, "option") != 0 && !is_option(name))
			fail_msg("--%s", name);
	}
	assert_true(count > 20);
	free(page);
}

/* All keys of a table have an item in [from, end); how many there are. */
static size_t check_keys(const struct gw_key *keys, const char *from,
			 const char *end)
{
	size_t count = 0;

	for (; keys->name; keys++) {
		char item[80];

		snprintf(item, sizeof(item), "\n.It Ic %s\n", keys->name);
		if (!has(from, end, item))
			fail_msg("key %s", keys->name);
		count++;
		if (keys->keys)
			count += check_keys(keys->keys, from, end);
	}
	return count;
}

static size_t count_items(const char *from, const char *end)
{
	size_t count = 0;

	while ((from = strstr(from, "\n.It Ic ")) && from < end) {
		from++;
		count++;
	}
	return count;
}

static void every_key_is_in_the_manual_and_no_other(void **state)
{
	char *page = text_of("docs/smbgate.conf.5");

	(void)state;
	for (const struct gw_key *k = gw_config_keys; k->name; k++) {
		const char *from, *end;
		char title[80], item[80];

		snprintf(item, sizeof(item), "\n.It Ic %s\n", k->name);
		assert_non_null(strstr(page, item));
		if (!k->keys)
			continue;
		snprintf(title, sizeof(title), "Keys of %s", k->name);
		from = section(page, title, &end);
		assert_int_equal(check_keys(k->keys, from, end),
				 count_items(from, end));
	}
	free(page);
}

static void check_example(const struct gw_key *keys, const char *text)
{
	for (; keys->name; keys++) {
		char key[80];

		snprintf(key, sizeof(key), "%s = ", keys->name);
		if (!strstr(text, key))
			fail_msg("key %s", keys->name);
		if (keys->keys)
			check_example(keys->keys, text);
	}
}

static void the_example_has_every_key(void **state)
{
	char *text = text_of("examples/smbgate.conf");

	(void)state;
	check_example(gw_config_keys, text);
	free(text);
}

/* Takes the comment sign from lines that are keys. */
static void uncomment(char *text)
{
	static const char letters[] = "abcdefghijklmnopqrstuvwxyz_";

	for (char *line = text; line; line = strchr(line, '\n')) {
		char *sign = line + strspn(line, "\n \t");
		const char *word = sign + strspn(sign, "# ");
		size_t length = strspn(word, letters);

		line = sign;
		if (*sign == '#' &&
		    ((length && !strncmp(word + length, " = ", 3)) ||
		     *word == '{' || *word == ')'))
			*sign = ' ';
		if (!*line)
			break;
	}
}

static void the_example_is_right_as_it_is_and_with_every_key(void **state)
{
	char *text = text_of("examples/smbgate.conf");

	(void)state;
	for (int i = 0; i < 2; i++) {
		struct gw_complaints c = { .to = stderr };
		struct gw_config config;
		bool ok = gw_config_parse(text, "example", ".", &config, &c);

		assert_true(ok);
		assert_int_equal(config.users.count, i == 0 ? 0 : 4);
		assert_int_equal(config.shares.count, i == 0 ? 1 : 2);
		gw_config_fini(&config);
		uncomment(text);
	}
	free(text);
}

int main(void)
{
	const struct CMUnitTest tests[] = {
		cmocka_unit_test(every_option_is_in_the_manual),
		cmocka_unit_test(the_manual_has_no_other_options),
		cmocka_unit_test(every_key_is_in_the_manual_and_no_other),
		cmocka_unit_test(the_example_has_every_key),
		cmocka_unit_test(
			the_example_is_right_as_it_is_and_with_every_key),
	};

	return cmocka_run_group_tests(tests, NULL, NULL);
}
