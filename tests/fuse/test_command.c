/* What people write to what is run. */
#include <stdarg.h>
#include <stddef.h>

#include <setjmp.h>
#include <stdint.h>

#include <cmocka.h>

#include <stdlib.h>
#include <string.h>

#include "fuse/command.h"

enum {
	WORDS = 8
};

static size_t count_of(const char *const words[WORDS])
{
	size_t count = 0;

	while (count < WORDS && words[count])
		count++;
	return count;
}

/* The arguments with spaces between them. */
static char *line_of(const char *const words[WORDS], bool is_read_only)
{
	char **argv = fusefs_command_new(words, count_of(words), "/mnt",
					 is_read_only, NULL);
	char *line = calloc(1, 1000);

	for (size_t i = 0; argv && argv[i]; i++) {
		if (i)
			strcat(line, " ");
		strcat(line, argv[i]);
	}
	fusefs_command_free(argv);
	return line;
}

static void arguments(void **state)
{
	static const struct {
		const char *words[WORDS];
		bool is_read_only;
		const char *line;
	} cases[] = {
		{ { "mergerfs", "-f", "/a:/b", "{}" },
		  false,
		  "mergerfs -f /a:/b /mnt" },
		{ { "x", "--at={}", "{}{}", "{", "}" },
		  false,
		  "x --at=/mnt /mnt/mnt { }" },
		{ { "sshfs://ann@nas/films" },
		  false,
		  "sshfs -f -o reconnect,ServerAliveInterval=15,"
		  "ServerAliveCountMax=3,BatchMode=yes ann@nas:/films /mnt" },
		{ { "sshfs://nas:2022" },
		  true,
		  "sshfs -f -o reconnect,ServerAliveInterval=15,"
		  "ServerAliveCountMax=3,BatchMode=yes -p 2022 -o ro nas: "
		  "/mnt" },
		{ { "sshfs://ann@[fd00::1]:22/p" },
		  false,
		  "sshfs -f -o reconnect,ServerAliveInterval=15,"
		  "ServerAliveCountMax=3,BatchMode=yes -p 22 "
		  "ann@[fd00::1]:/p /mnt" },
		{ { "rclone:cloud:dir" },
		  true,
		  "rclone mount2 cloud:dir /mnt --vfs-cache-mode writes "
		  "--read-only" },
	};

	(void)state;
	for (size_t i = 0; i < sizeof(cases) / sizeof(cases[0]); i++) {
		char *line = line_of(cases[i].words, cases[i].is_read_only);

		assert_string_equal(line, cases[i].line);
		free(line);
	}
}

static void an_option_comes_last(void **state)
{
	const char *const words[] = { "bindfs", "{}" };
	char **argv = fusefs_command_new(words, 2, "/mnt", false, "allow_root");

	(void)state;
	assert_non_null(argv);
	assert_string_equal(argv[2], "-o");
	assert_string_equal(argv[3], "allow_root");
	assert_null(argv[4]);
	fusefs_command_free(argv);
}

static void what_can_t_be_run_is_told(void **state)
{
	static const struct {
		const char *words[WORDS];
		const char *fault;
	} cases[] = {
		{ { NULL }, "no command" },
		{ { "" }, "no command" },
		{ { "mergerfs", "-f" }, "needs {}" },
		{ { "nas:/films" }, "neither sshfs" },
		{ { "{}" }, "neither sshfs" },
		{ { "sshfs://" }, "looks like sshfs" },
		{ { "sshfs:///path" }, "looks like sshfs" },
		{ { "sshfs://-oProxyCommand=x/p" }, "looks like sshfs" },
		{ { "sshfs://a@-x/p" }, "looks like sshfs" },
		{ { "sshfs://@nas/p" }, "looks like sshfs" },
		{ { "sshfs://nas:x/p" }, "looks like sshfs" },
		{ { "sshfs://nas:123456/p" }, "looks like sshfs" },
		{ { "rclone:cloud" }, "looks like rclone" },
		{ { "rclone:--config=x:" }, "looks like rclone" },
		{ { "rclone::" }, "looks like rclone" },
	};

	(void)state;
	for (size_t i = 0; i < sizeof(cases) / sizeof(cases[0]); i++) {
		size_t count = count_of(cases[i].words);
		const char *fault = fusefs_command_fault(cases[i].words, count);

		assert_non_null(fault);
		assert_non_null(strstr(fault, cases[i].fault));
		assert_null(fusefs_command_new(cases[i].words, count, "/mnt",
					       false, NULL));
	}
}

static void too_many_words_are_no_command(void **state)
{
	const char *words[FUSEFS_WORDS_MAX + 1];

	(void)state;
	for (size_t i = 0; i <= FUSEFS_WORDS_MAX; i++)
		words[i] = "{}";
	assert_null(fusefs_command_fault(words, FUSEFS_WORDS_MAX));
	assert_non_null(fusefs_command_fault(words, FUSEFS_WORDS_MAX + 1));
}

static void shares_have_a_name_without_being_given_one(void **state)
{
	static const char *const cases[][2] = {
		{ "sshfs://ann@nas/srv/films", "films" },
		{ "sshfs://nas/", "nas" },
		{ "rclone:gdrive:", "gdrive" },
		{ "rclone:gdrive:a/b", "b" },
		{ "/usr/bin/mergerfs", "mergerfs" },
	};

	(void)state;
	for (size_t i = 0; i < sizeof(cases) / sizeof(cases[0]); i++) {
		char *name = fusefs_command_name(&cases[i][0], 1);

		assert_string_equal(name, cases[i][1]);
		free(name);
	}
}

int main(void)
{
	const struct CMUnitTest tests[] = {
		cmocka_unit_test(arguments),
		cmocka_unit_test(an_option_comes_last),
		cmocka_unit_test(what_can_t_be_run_is_told),
		cmocka_unit_test(too_many_words_are_no_command),
		cmocka_unit_test(shares_have_a_name_without_being_given_one),
	};

	return cmocka_run_group_tests(tests, NULL, NULL);
}
