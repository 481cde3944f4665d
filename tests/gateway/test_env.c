/* A configuration from the environment: shares, users, where passwords are. */
#include <setjmp.h>
#include <stdarg.h>
#include <stddef.h>
#include <stdint.h>

#include <cmocka.h>

#include <fcntl.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>
#include <sys/stat.h>
#include <unistd.h>

#include "gateway/env.h"

static struct gw_config config;
static char *said;
static char dir[] = "/tmp/smbgate-env.XXXXXX";

static int set_up(void **state)
{
	(void)state;
	gw_config_init(&config);
	said = NULL;
	return 0;
}

static int tear_down(void **state)
{
	(void)state;
	gw_config_fini(&config);
	free(said);
	return 0;
}

/* `words` by spaces. */
static bool load(const char *words)
{
	char *copy = strdup(words), *rest = copy, *v[16];
	size_t count = 0, size;
	struct gw_complaints c = { .to = open_memstream(&said, &size) };
	struct gw_env env = { .variables = v, .secrets = dir };
	bool ok;

	while (count < 15 && (v[count] = strsep(&rest, " ")))
		count++;
	v[count] = NULL;
	ok = gw_env_load(&env, &config, &c);
	fclose(c.to);
	free(copy);
	assert_true(ok == (c.count == 0));
	return ok;
}

static void shares_and_their_users_are_read(void **state)
{
	const struct gw_share_config *share;

	(void)state;
	assert_true(load("PATH=/bin SMBGATE_SHARE_media=/srv/media:ro:ann,bob "
			 "SMBGATE_SHARE_drop=/srv/drop SMBGATE_LISTEN=:1445"));
	assert_int_equal(config.shares.count, 2);
	share = config.shares.items;
	assert_string_equal(share->name, "media");
	assert_string_equal(share->path, "/srv/media");
	assert_true(share->read_only);
	assert_int_equal(share->users.count, 2);
	assert_string_equal(share->users.items[1], "bob");
	assert_false(share[1].read_only);
	assert_int_equal(share[1].users.count, 0);
	assert_int_equal(config.users.count, 2);
	assert_int_equal(config.listen.count, 1);
}

static void passwords_are_found_by_name(void **state)
{
	char wanted[64];

	(void)state;
	assert_true(load("SMBGATE_SHARE_a=/a:rw:bob SMBGATE_USER=ann,bob "
			 "SMBGATE_PASSWORD_FILE=/secret"));
	snprintf(wanted, sizeof(wanted), "%s/bob", dir);
	for (size_t i = 0; i < config.users.count; i++) {
		const struct gw_account *user = &config.users.items[i];

		if (strcmp(user->name, "bob") == 0 && i > 0)
			assert_string_equal(user->password_file, wanted);
	}
}

static void the_first_of_smbgate_user_has_the_password_file(void **state)
{
	(void)state;
	assert_true(load("SMBGATE_SHARE_a=/a:rw:bob SMBGATE_USER=ann "
			 "SMBGATE_PASSWORD_FILE=/secret"));
	assert_string_equal(config.users.items[0].name, "ann");
	assert_string_equal(config.users.items[0].password_file, "/secret");
}

static void a_password_itself_is_taken(void **state)
{
	(void)state;
	assert_true(load("SMBGATE_USER=cid SMBGATE_PASSWORD=x "
			 "SMBGATE_SHARE_a=/a"));
	assert_string_equal(config.users.items[0].password_env,
			    "SMBGATE_PASSWORD");
}

static void a_generated_password_is_kept(void **state)
{
	char words[200], path[80], first[64] = "", again[64] = "";
	struct stat stat_;
	FILE *f;

	(void)state;
	snprintf(words, sizeof(words),
		 "SMBGATE_USER=new SMBGATE_SHARE_a=/a SMBGATE_STATE_DIR=%s",
		 dir);
	snprintf(path, sizeof(path), "%s/password-new", dir);
	assert_true(load(words));
	assert_string_equal(config.users.items[0].password_file, path);
	assert_int_equal(stat(path, &stat_), 0);
	assert_int_equal(stat_.st_mode & 07777, 0600);
	f = fopen(path, "re");
	assert_non_null(fgets(first, sizeof(first), f));
	fclose(f);
	assert_true(strlen(first) > 12);
	tear_down(NULL);
	set_up(NULL);
	assert_true(load(words));
	f = fopen(path, "re");
	assert_non_null(fgets(again, sizeof(again), f));
	fclose(f);
	assert_string_equal(first, again);
	unlink(path);
}

static void mistakes_are_told(void **state)
{
	static const struct {
		const char *words, *said;
	} cases[] = {
		{ "SMBGATE_USER=ann", "there is no share" },
		{ "SMBGATE_SHARE_a=/a", "there is no user" },
		{ "SMBGATE_SHARE_a=/a:rw:nobody-has-it",
		  "this user has no password" },
		{ "SMBGATE_SHARE_a=a", "a share is /PATH" },
		{ "SMBGATE_SHARE_a=/a:r", "neither ro nor rw" },
		{ "SMBGATE_SHARE_=/a", "SMBGATE_SHARE_" },
		{ "SMBGATE_USERS=ann", "did you mean SMBGATE_USER?" },
		{ "SMBGATE_LISTEN=here", "an address is" },
		{ "SMBGATE_ENGINE=steam", "it takes" },
		{ "SMBGATE_SHARE_a=/a SMBGATE_PASSWORD=x", "but no user" },
	};

	(void)state;
	for (size_t i = 0; i < sizeof(cases) / sizeof(*cases); i++) {
		assert_false(load(cases[i].words));
		assert_non_null(strstr(said, cases[i].said));
		tear_down(NULL);
		set_up(NULL);
	}
}

#define TEST(f) cmocka_unit_test_setup_teardown(f, set_up, tear_down)

int main(void)
{
	const struct CMUnitTest tests[] = {
		TEST(shares_and_their_users_are_read),
		TEST(passwords_are_found_by_name),
		TEST(the_first_of_smbgate_user_has_the_password_file),
		TEST(a_password_itself_is_taken),
		TEST(a_generated_password_is_kept),
		TEST(mistakes_are_told),
	};
	static const char *const users[] = { "ann", "bob" };
	char path[64];
	int failed;

	if (!mkdtemp(dir))
		return 1;
	for (size_t i = 0; i < 2; i++) {
		snprintf(path, sizeof(path), "%s/%s", dir, users[i]);
		close(open(path, O_WRONLY | O_CREAT, 0600));
	}
	failed = cmocka_run_group_tests(tests, NULL, NULL);
	for (size_t i = 0; i < 2; i++) {
		snprintf(path, sizeof(path), "%s/%s", dir, users[i]);
		unlink(path);
	}
	rmdir(dir);
	return failed;
}
