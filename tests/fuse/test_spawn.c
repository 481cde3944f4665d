/* Programs: started, heard, ended. Real ones, small ones. */
#include <stdarg.h>
#include <stddef.h>

#include <setjmp.h>
#include <stdint.h>

#include <cmocka.h>

#include <errno.h>
#include <fcntl.h>
#include <poll.h>
#include <signal.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>
#include <unistd.h>

#include "fuse/spawn.h"

/* Runs a line of shell until its end: what it said, and how it ended. */
static void run_shell(const char *line, int keep_fd, char said[512],
		      char how[64])
{
	char *argv[] = { (char[]){ "sh" }, (char[]){ "-c" }, strdup(line),
			 NULL };
	struct fusefs_spawn spawn = { .argv = argv, .keep_fd = keep_fd };
	struct fusefs_child child;
	struct pollfd wait;
	size_t length = 0;
	bool is_private;
	ssize_t n = 1;

	assert_int_equal(fusefs_spawn(&spawn, &child, &is_private), 0);
	assert_false(is_private);
	wait = (struct pollfd){ .fd = child.output_fd, .events = POLLIN };
	while (n > 0 && length < 511) {
		assert_int_equal(poll(&wait, 1, 10000), 1);
		n = read(child.output_fd, said + length, 511 - length);
		length += n > 0 ? (size_t)n : 0;
	}
	said[length] = '\0';
	assert_true(fusefs_child_has_ended(&child, 10000, how, 64));
	fusefs_child_fini(&child);
	free(argv[2]);
}

static void what_it_says_and_how_it_ends(void **state)
{
	char said[512], how[64];

	(void)state;
	run_shell("echo out; echo err >&2; exit 3", -1, said, how);
	assert_string_equal(said, "out\nerr\n");
	assert_string_equal(how, "ended with 3");
	run_shell("kill -9 $$", -1, said, how);
	assert_string_equal(how, "was killed by signal 9");
}

static void it_has_one_descriptor_and_no_input(void **state)
{
	int other[2], kept[2];
	char said[512], how[64], line[200], expected[64];

	(void)state;
	assert_int_equal(pipe(other), 0); /* not even CLOEXEC */
	assert_int_equal(pipe2(kept, O_CLOEXEC), 0);
	snprintf(line, sizeof(line),
		 "read x && echo input; echo fd >&%d; "
		 "for f in %d %d; do [ -e /dev/fd/$f ] && echo $f; done; true",
		 kept[1], other[0], kept[1]);
	run_shell(line, kept[1], said, how);
	snprintf(expected, sizeof(expected), "%d\n", kept[1]);
	assert_string_equal(said, expected);
	assert_int_equal(read(kept[0], said, 3), 3);
	assert_memory_equal(said, "fd\n", 3);
	for (int i = 0; i < 2; i++) {
		close(other[i]);
		close(kept[i]);
	}
}

static void it_has_settings_and_no_new_privileges(void **state)
{
	char said[512], how[64];

	(void)state;
	run_shell("echo $MALLOC_TOP_PAD_; grep -E 'NoNewPrivs|SigBlk' "
		  "/proc/self/status",
		  -1, said, how);
	assert_non_null(strstr(said, "4194304"));
	assert_non_null(strstr(said, "NoNewPrivs:\t1"));
	assert_non_null(strstr(said, "SigBlk:\t0000000000000000"));
}

static void a_program_that_is_not_there_is_told_at_once(void **state)
{
	char *argv[] = { (char[]){ "/no/such/program" }, NULL };
	struct fusefs_spawn spawn = { .argv = argv, .keep_fd = -1 };
	struct fusefs_child child;
	bool is_private;

	(void)state;
	assert_int_equal(fusefs_spawn(&spawn, &child, &is_private), -ENOENT);
}

static void signals_reach_all_that_it_has_started(void **state)
{
	char *argv[] = { (char[]){ "sh" }, (char[]){ "-c" },
			 (char[]){ "sleep 100 & echo go; wait" }, NULL };
	struct fusefs_spawn spawn = { .argv = argv, .keep_fd = -1 };
	struct fusefs_child child;
	struct pollfd wait;
	bool is_private;
	char how[64], byte[8];

	(void)state;
	assert_int_equal(fusefs_spawn(&spawn, &child, &is_private), 0);
	wait = (struct pollfd){ .fd = child.output_fd, .events = POLLIN };
	assert_int_equal(poll(&wait, 1, 10000), 1);
	assert_int_equal(read(child.output_fd, byte, sizeof(byte)), 3);
	assert_false(fusefs_child_has_ended(&child, 0, how, sizeof(how)));
	fusefs_child_signal(&child, SIGTERM);
	assert_true(fusefs_child_has_ended(&child, 10000, how, sizeof(how)));
	assert_string_equal(how, "was killed by signal 15");
	/* The sleeper held the other end. */
	assert_int_equal(poll(&wait, 1, 10000), 1);
	assert_int_equal(read(child.output_fd, byte, sizeof(byte)), 0);
	fusefs_child_fini(&child);
}

int main(void)
{
	const struct CMUnitTest tests[] = {
		cmocka_unit_test(what_it_says_and_how_it_ends),
		cmocka_unit_test(it_has_one_descriptor_and_no_input),
		cmocka_unit_test(it_has_settings_and_no_new_privileges),
		cmocka_unit_test(a_program_that_is_not_there_is_told_at_once),
		cmocka_unit_test(signals_reach_all_that_it_has_started),
	};

	return cmocka_run_group_tests(tests, NULL, NULL);
}
