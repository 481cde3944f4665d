/*
 * Tests guid.c, words.c, net.c, notify.c, identity.c and log.c: the small
 * facts of the process.
 */
#include <stdarg.h>
#include <stddef.h>

#include <setjmp.h>
#include <stdint.h>

#include <cmocka.h>

#include <errno.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>
#include <sys/socket.h>
#include <sys/un.h>
#include <unistd.h>

#include "gateway/guid.h"
#include "gateway/identity.h"
#include "gateway/log.h"
#include "gateway/net.h"
#include "gateway/notify.h"
#include "gateway/secret.h"
#include "gateway/words.h"

/* MS-SMB2 2.2.4: ServerGuid; clients compare it when they reconnect. */
static void the_guid_survives_a_restart(void **state)
{
	char dir[] = "/tmp/smbgate-guid.XXXXXX", path[64];
	uint8_t a[16], b[16];

	(void)state;
	assert_non_null(mkdtemp(dir));
	snprintf(path, sizeof(path), "%s/guid", dir);
	assert_int_equal(gw_guid(dir, "x", a), 0);
	assert_int_equal(gw_guid(dir, "y", b), 0);
	assert_memory_equal(a, b, sizeof(a));
	unlink(path);
	assert_int_equal(gw_guid(dir, "x", b), 0);
	assert_memory_not_equal(a, b, sizeof(a));
	unlink(path);
	rmdir(dir);
	assert_int_equal(gw_guid(dir, "x", a), -ENOENT);
}

static void without_a_directory_it_is_that_of_machine_and_name(void **state)
{
	uint8_t a[16], b[16];

	(void)state;
	assert_int_equal(gw_guid(NULL, "x", a), 0);
	assert_int_equal(gw_guid(NULL, "x", b), 0);
	assert_memory_equal(a, b, sizeof(a));
	assert_int_equal(gw_guid(NULL, "y", b), 0);
	assert_memory_not_equal(a, b, sizeof(a));
}

static void passwords_are_four_words_and_differ(void **state)
{
	char a[GW_WORDS_SIZE], b[GW_WORDS_SIZE];
	int joints = 0;

	(void)state;
	gw_words(a);
	gw_words(b);
	assert_string_not_equal(a, b);
	for (const char *c = a; *c; c++) {
		joints += *c == '-';
		assert_true(*c == '-' || (*c >= 'a' && *c <= 'z'));
	}
	assert_int_equal(joints, 3);
	assert_true(strlen(a) >= 4 * 3 + 3);
}

static void there_is_an_address_to_show(void **state)
{
	char hosts[GW_HOSTS_MAX][GW_HOST_SIZE];
	size_t count = gw_net_hosts(hosts);

	(void)state;
	assert_in_range(count, 1, GW_HOSTS_MAX);
	for (size_t i = 0; i < count; i++)
		assert_int_not_equal(strncmp(hosts[i], "fe80:", 5), 0);
}

static void systemd_is_told(void **state)
{
	struct sockaddr_un at = { .sun_family = AF_UNIX };
	int fd = socket(AF_UNIX, SOCK_DGRAM | SOCK_NONBLOCK, 0);
	char name[32], got[32] = "";
	int length;

	(void)state;
	length = snprintf(name, sizeof(name), "@smbgate-test-%d", getpid());
	memcpy(at.sun_path + 1, name + 1, (size_t)length - 1);
	assert_int_equal(bind(fd, (const struct sockaddr *)&at,
			      (socklen_t)(offsetof(struct sockaddr_un,
						   sun_path) +
					  (size_t)length)),
			 0);
	setenv("NOTIFY_SOCKET", name, 1);
	gw_notify("READY=1");
	assert_int_equal(recv(fd, got, sizeof(got), 0), 7);
	assert_string_equal(got, "READY=1");
	setenv("NOTIFY_SOCKET", "relative", 1);
	gw_notify("READY=1");
	assert_int_equal(recv(fd, got, sizeof(got), 0), -1);
	unsetenv("NOTIFY_SOCKET");
	gw_notify("READY=1");
	close(fd);
}

static void identities_are_those_of_the_system(void **state)
{
	struct gw_identity root, nobody_knows;
	char name[64];

	(void)state;
	assert_int_equal(gw_identity_find(0, &root), 0);
	assert_int_equal(root.gid, 0);
	assert_true(root.count >= 1);
	gw_identity_fini(&root);
	/* A uid that no database knows: its gid is the same number. */
	assert_int_equal(gw_identity_find(2345678901, &nobody_knows), 0);
	assert_int_equal(nobody_knows.gid, 2345678901);
	assert_int_equal(nobody_knows.count, 0);
	gw_identity_fini(&nobody_knows);
	gw_identity_show(0, name, sizeof(name));
	assert_string_equal(name, "root");
	gw_identity_show(2345678901, name, sizeof(name));
	assert_string_equal(name, "2345678901");
}

static void as_is_names_or_numbers(void **state)
{
	static const struct {
		const char *text;
		bool ok, has_gid;
		uid_t uid;
		gid_t gid;
	} cases[] = {
		{ "root", true, false, 0, 0 },
		{ "root:root", true, true, 0, 0 },
		{ "1000:1001", true, true, 1000, 1001 },
		{ "1000", true, false, 1000, 0 },
		{ "", false },
		{ ":5", false },
		{ "5:", false },
		{ "no-such-user", false },
		{ "root:no-such-group", false },
		{ "4294967295", false },
		{ "-1", false },
	};

	(void)state;
	for (size_t i = 0; i < sizeof(cases) / sizeof(cases[0]); i++) {
		uid_t uid = 0;
		gid_t gid = 0;
		bool has_gid = false;

		assert_int_equal(gw_identity_parse(cases[i].text, &uid, &gid,
						   &has_gid),
				 cases[i].ok);
		if (!cases[i].ok)
			continue;
		assert_int_equal(uid, cases[i].uid);
		assert_int_equal(gid, cases[i].gid);
		assert_int_equal(has_gid, cases[i].has_gid);
	}
}

/* What `write` writes to standard error. */
static char *logged(void (*write)(void))
{
	char path[] = "/tmp/smbgate-log.XXXXXX";
	int fd = mkstemp(path), before = dup(STDERR_FILENO);
	char *text;

	dup2(fd, STDERR_FILENO);
	write();
	dup2(before, STDERR_FILENO);
	assert_int_equal(gw_file_read(path, 1 << 20, &text, NULL), 0);
	close(fd);
	close(before);
	unlink(path);
	return text;
}

static void write_forged(void)
{
	gw_log(GW_LOG_WARN, "user=%s", "a\nlevel=error \x1b[31m");
}

static void a_name_cannot_forge_a_line(void **state)
{
	char *text = logged(write_forged);

	(void)state;
	assert_non_null(strstr(text, "level=warn user=a\\x0alevel=error "
				     "\\x1b[31m\n"));
	assert_ptr_equal(strchr(text, '\n'), text + strlen(text) - 1);
	free(text);
}

static void write_long(void)
{
	char name[5000];

	memset(name, '\n', sizeof(name));
	name[sizeof(name) - 1] = '\0';
	gw_log(GW_LOG_ERROR, "%s", name);
	gw_log(GW_LOG_DEBUG, "not on");
}

static void lines_are_cut_and_levels_hold(void **state)
{
	char *text = logged(write_long);

	(void)state;
	assert_in_range(strlen(text), 900, 1024);
	assert_null(strstr(text, "not on"));
	free(text);
}

static void write_many(void)
{
	for (int i = 0; i < 1000; i++)
		gw_log_peer("peer %d", i);
}

static void a_peer_cannot_fill_the_log(void **state)
{
	char *text = logged(write_many);
	size_t lines = 0;

	(void)state;
	for (const char *c = text; *c; c++)
		lines += *c == '\n';
	/* Ten a second; the second may change while we write. */
	assert_in_range(lines, 10, 31);
	free(text);
}

static void levels_have_names(void **state)
{
	enum gw_log_level level = GW_LOG_ERROR;

	(void)state;
	assert_true(gw_log_level_find("debug", &level));
	assert_int_equal(level, GW_LOG_DEBUG);
	assert_false(gw_log_level_find("loud", &level));
}

int main(void)
{
	const struct CMUnitTest tests[] = {
		cmocka_unit_test(the_guid_survives_a_restart),
		cmocka_unit_test(
			without_a_directory_it_is_that_of_machine_and_name),
		cmocka_unit_test(passwords_are_four_words_and_differ),
		cmocka_unit_test(there_is_an_address_to_show),
		cmocka_unit_test(systemd_is_told),
		cmocka_unit_test(identities_are_those_of_the_system),
		cmocka_unit_test(as_is_names_or_numbers),
		cmocka_unit_test(a_name_cannot_forge_a_line),
		cmocka_unit_test(lines_are_cut_and_levels_hold),
		cmocka_unit_test(a_peer_cannot_fill_the_log),
		cmocka_unit_test(levels_have_names),
	};

	unsetenv("JOURNAL_STREAM");
	return cmocka_run_group_tests(tests, NULL, NULL);
}
