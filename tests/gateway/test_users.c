/*
 * Tests users.c, users_line.c, users_file.c and secret.c: accounts and how
 * they are kept.
 */
#include <stdarg.h>
#include <stddef.h>

#include <setjmp.h>
#include <stdint.h>

#include <cmocka.h>

#include <stdio.h>
#include <stdlib.h>
#include <string.h>
#include <sys/stat.h>
#include <sys/wait.h>
#include <unistd.h>

#include "gateway/users.h"

#define HASH "878D8014606CDA29677A44EFA1353FC7" /* of "secret" */
#define X32  "XXXXXXXXXXXXXXXXXXXXXXXXXXXXXXXX"

static char directory[64];
static char path[80];

static int set_up(void **state)
{
	(void)state;
	snprintf(directory, sizeof(directory), "/tmp/smbgate-users.XXXXXX");
	if (!mkdtemp(directory))
		return -1;
	snprintf(path, sizeof(path), "%s/users", directory);
	return 0;
}

static int tear_down(void **state)
{
	(void)state;
	unlink(path);
	return rmdir(directory);
}

static void put_file(const char *text, mode_t mode)
{
	FILE *f = fopen(path, "w");

	assert_non_null(f);
	fputs(text, f);
	fclose(f);
	assert_int_equal(chmod(path, mode), 0);
}

static char *file_text(void)
{
	char *text;

	assert_int_equal(gw_file_read(path, 4096, &text, NULL), 0);
	return text;
}

/* MS-NLMP 3.3.1: NTOWFv1 is MD4 of UTF-16LE. */
static void the_hash_is_that_of_the_password(void **state)
{
	uint8_t hash[GW_NT_HASH_LENGTH], expected[GW_NT_HASH_LENGTH];

	(void)state;
	assert_true(gw_nt_hash("secret", hash));
	assert_true(gw_nt_hash_parse(HASH, expected));
	assert_memory_equal(hash, expected, sizeof(hash));
	assert_false(gw_nt_hash("\xff\xfe", hash));
	assert_false(gw_nt_hash_parse("878D", hash));
	assert_false(
		gw_nt_hash_parse("zz8D8014606CDA29677A44EFA1353FC7", hash));
}

static void lines_are_read(void **state)
{
	static const struct {
		const char *line, *fault; /* NULL: right */
		bool has_uid, has_password, is_disabled;
	} cases[] = {
		{ "ann:1000:" X32 ":" HASH ":[U          ]:LCT-5F000000:", NULL,
		  true, true, false },
		{ "ann:-:" X32 ":" HASH ":[U          ]:LCT-5F000000:", NULL,
		  false, true, false },
		{ "ann:4294967295:" X32 ":" HASH ":[DU         ]:LCT-0:", NULL,
		  false, true, true },
		{ "ann:5:" X32 ":" HASH ":[NU         ]:LCT-5F000000:", NULL,
		  true, false, false },
		{ "pc$:5:" X32 ":" HASH ":[W          ]:LCT-5F000000:", NULL,
		  true, true, true },
		{ "ann:5:" X32 ":NO PASSWORDXXXXXXXXXXXXXXXXXXXXX:[U ]:", NULL,
		  true, false, false },
		{ "ann:5:" X32 ":" X32 ":[U          ]:LCT-5F000000:", NULL,
		  true, false, false },
		{ "ann:5:" X32 ":" HASH, NULL, true, true, false },
		{ "ann:5:" X32, "not name:uid:LM:NT:[flags]:LCT-…:" },
		{ ":5:" X32 ":" HASH ":[U ]:", "no name" },
		{ "ann:x:" X32 ":" HASH ":[U ]:", "the uid is not a number" },
		{ "ann:99999999999:" X32 ":" HASH ":[U ]:",
		  "the uid is not a number" },
		{ "ann:5:" X32 ":ABCD:[U ]:", "the NT hash has not 32 digits" },
		{ "ann:5:" X32 ":878D8014606CDA29677A44EFA1353FCG:[U ]:",
		  "the NT hash is not hexadecimal" },
		{ "ann:5:" X32 ":" HASH ":U:",
		  "the flags are not in brackets" },
		{ "ann:5:" X32 ":" HASH ":[Q]:", "unknown flag" },
	};

	(void)state;
	for (size_t i = 0; i < sizeof(cases) / sizeof(cases[0]); i++) {
		struct gw_user_line line;
		const char *fault =
			gw_user_line_parse(cases[i].line, strlen(cases[i].line),
					   &line);

		if (cases[i].fault) {
			assert_string_equal(fault, cases[i].fault);
			continue;
		}
		assert_null(fault);
		assert_int_equal(line.has_uid, cases[i].has_uid);
		assert_int_equal(line.has_password, cases[i].has_password);
		assert_int_equal(line.is_disabled, cases[i].is_disabled);
	}
}

static void a_line_is_written_as_it_is_read(void **state)
{
	static const char *const lines[] = {
		"zoë:1000:" X32 ":" HASH ":[U          ]:LCT-5F000000:",
		"ann:-:" X32 ":" HASH ":[DU         ]:LCT-00000001:",
		"bob:0:" X32
		":NO PASSWORDXXXXXXXXXXXXXXXXXXXXX:[NU         ]:LCT-00000000:",
	};

	(void)state;
	for (size_t i = 0; i < sizeof(lines) / sizeof(lines[0]); i++) {
		struct gw_user_line line;
		char text[GW_USER_LINE_MAX];

		assert_null(
			gw_user_line_parse(lines[i], strlen(lines[i]), &line));
		gw_user_line_format(&line, text);
		assert_string_equal(text, lines[i]);
	}
}

static bool edit(enum gw_user_edit_kind kind, const char *name, int64_t uid,
		 const char *password)
{
	uint8_t hash[GW_NT_HASH_LENGTH];
	struct gw_user_edit how = { .kind = kind,
				    .name = name,
				    .has_uid = uid >= 0,
				    .uid = (uid_t)uid };
	FILE *errors = fopen("/dev/null", "w");
	bool ok;

	if (password && gw_nt_hash(password, hash))
		how.nt_hash = hash;
	ok = gw_users_file_edit(path, &how, errors);
	fclose(errors);
	return ok;
}

static void users_are_added_changed_and_deleted(void **state)
{
	struct stat st;
	char *text;

	(void)state;
	assert_true(edit(GW_USER_ADD, "ann", 1000, "secret"));
	assert_int_equal(stat(path, &st), 0);
	assert_int_equal(st.st_mode & 07777, 0600);
	assert_false(edit(GW_USER_ADD, "ANN", -1, "other"));
	assert_true(edit(GW_USER_ADD, "bob", -1, "other"));
	assert_true(edit(GW_USER_DISABLE, "Ann", -1, NULL));
	assert_true(edit(GW_USER_SET, "bob", 7, NULL));
	text = file_text();
	assert_non_null(strstr(text, "ann:1000:" X32 ":" HASH ":[DU "));
	assert_non_null(strstr(text, "\nbob:7:"));
	free(text);
	assert_true(edit(GW_USER_ENABLE, "ann", -1, NULL));
	assert_true(edit(GW_USER_DELETE, "bob", -1, NULL));
	assert_false(edit(GW_USER_DELETE, "bob", -1, NULL));
	assert_false(edit(GW_USER_SET, "bob", 7, NULL));
	text = file_text();
	assert_non_null(strstr(text, HASH ":[U "));
	assert_null(strstr(text, "bob"));
	free(text);
}

static void other_lines_stay_as_they_were(void **state)
{
	char *text;

	(void)state;
	put_file("# ours\n\nann:1:" X32 ":" HASH
		 ":[U          ]:LCT-5F000000:\n"
		 "what is this\n# no end of line",
		 0600);
	assert_true(edit(GW_USER_ADD, "bob", 2, "secret"));
	assert_true(edit(GW_USER_DELETE, "ann", -1, NULL));
	text = file_text();
	assert_ptr_equal(strstr(text, "# ours\n\nwhat is this\n"
				      "# no end of line\nbob:2:"),
			 text);
	free(text);
}

/* Two that change the file at once: neither's change is lost. */
static void changes_at_the_same_time_take_turns(void **state)
{
	enum {
		WRITERS = 8,
		EACH = 5
	};
	char name[16];
	char *text;

	(void)state;
	put_file("", 0600);
	for (int w = 0; w < WRITERS; w++) {
		if (fork() == 0) {
			bool ok = true;

			for (int i = 0; i < EACH; i++) {
				snprintf(name, sizeof(name), "u%d-%d", w, i);
				ok = edit(GW_USER_ADD, name, 1, "x") && ok;
			}
			_exit(!ok);
		}
	}
	for (int w = 0; w < WRITERS; w++) {
		int status;

		assert_true(wait(&status) > 0);
		assert_int_equal(status, 0);
	}
	text = file_text();
	for (int w = 0; w < WRITERS; w++) {
		for (int i = 0; i < EACH; i++) {
			snprintf(name, sizeof(name), "u%d-%d:", w, i);
			assert_non_null(strstr(text, name));
		}
	}
	free(text);
}

static void expect_complaint(const char *expected)
{
	struct gw_users *users = gw_users_new();
	char *said = NULL;
	size_t size;
	struct gw_complaints c = { .to = open_memstream(&said, &size) };
	bool ok = gw_users_load(users, path, &c);

	fclose(c.to);
	assert_int_equal(ok, *expected == '\0');
	if (!strstr(said, expected))
		fail_msg("%s", said);
	free(said);
	gw_users_free(users);
}

static void a_file_that_others_can_read_is_refused(void **state)
{
	(void)state;
	put_file("", 0644);
	expect_complaint("chmod 600");
	put_file("", 0640);
	expect_complaint("chmod 600");
	put_file("", 0600);
	expect_complaint("");
	unlink(path);
	expect_complaint("smbgate user add NAME makes it");
	put_file("\nann:x:" X32 ":" HASH ":[U ]:\n", 0600);
	expect_complaint("users:2: the uid is not a number");
	put_file("ann:1:" X32 ":" HASH ":[U ]:\nANN:1:" X32 ":" HASH ":[U ]:\n",
		 0600);
	expect_complaint("users:2: user \"ANN\" is there twice");
}

static void users_are_found_in_any_case(void **state)
{
	struct gw_users *users = gw_users_new();
	struct gw_complaints c = { .to = stderr };
	struct gw_user *user;

	(void)state;
	put_file("Zoë:9:" X32 ":" HASH ":[U ]:\n"
		 "dan:9:" X32 ":" HASH ":[DU ]:\n"
		 "nopw:9:" X32 ":" X32 ":[U ]:\n",
		 0600);
	assert_true(gw_users_load(users, path, &c));
	assert_int_equal(gw_users_count(users), 3);
	user = gw_users_find_utf8(users, "zOË");
	assert_non_null(user);
	assert_string_equal(user->smb.name, "Zoë");
	assert_int_equal(user->uid, 9);
	assert_false(user->smb.is_disabled);
	gw_users_free(users);
	/* A session's user outlives the table. */
	assert_string_equal(user->smb.name, "Zoë");
	gw_user_unref(user);
}

static void who_has_no_password_may_not_log_on(void **state)
{
	struct gw_users *users = gw_users_new();
	struct gw_complaints c = { .to = stderr };
	struct gw_user *user;

	(void)state;
	put_file("dan:9:" X32 ":" HASH ":[DU ]:\n"
		 "nopw:9:" X32 ":" X32 ":[U ]:\n",
		 0600);
	assert_true(gw_users_load(users, path, &c));
	user = gw_users_find_utf8(users, "dan");
	assert_true(user->smb.is_disabled);
	gw_user_unref(user);
	user = gw_users_find_utf8(users, "nopw");
	assert_true(user->smb.is_disabled);
	gw_user_unref(user);
	assert_null(gw_users_find_utf8(users, ""));
	assert_null(gw_users_find_utf8(users, "nobody"));
	assert_string_equal(gw_users_suggest(users, "dna"), "dan");
	gw_users_free(users);
}

static void secrets_are_read_from_proper_files_only(void **state)
{
	struct gw_complaints c = { .to = fopen("/dev/null", "w") };
	struct gw_spot spot = { .file = "x.conf" };
	char *password = NULL;

	(void)state;
	put_file("pass word\nsecond line\n", 0600);
	assert_true(gw_password_of_file(path, &spot, &c, &password));
	assert_string_equal(password, "pass word");
	gw_secret_free(password);
	put_file("secret\n", 0604);
	assert_false(gw_password_of_file(path, &spot, &c, &password));
	put_file("\n", 0600);
	assert_false(gw_password_of_file(path, &spot, &c, &password));
	assert_false(gw_password_of_file(directory, &spot, &c, &password));
	unlink(path);
	assert_int_equal(mkfifo(path, 0600), 0);
	assert_false(gw_password_of_file(path, &spot, &c, &password));
	fclose(c.to);
}

int main(void)
{
#define EACH(test) cmocka_unit_test_setup_teardown(test, set_up, tear_down)
	const struct CMUnitTest tests[] = {
		cmocka_unit_test(the_hash_is_that_of_the_password),
		cmocka_unit_test(lines_are_read),
		cmocka_unit_test(a_line_is_written_as_it_is_read),
		EACH(users_are_added_changed_and_deleted),
		EACH(other_lines_stay_as_they_were),
		EACH(changes_at_the_same_time_take_turns),
		EACH(a_file_that_others_can_read_is_refused),
		EACH(users_are_found_in_any_case),
		EACH(who_has_no_password_may_not_log_on),
		EACH(secrets_are_read_from_proper_files_only),
	};

	return cmocka_run_group_tests(tests, NULL, NULL);
}
