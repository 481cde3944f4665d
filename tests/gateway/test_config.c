/*
 * Tests config.c, config_keys.c, config_rules.c and config_syntax.c: what a
 * configuration becomes. Tests complain.c: what is said about mistakes.
 */
#include <stdarg.h>
#include <stddef.h>

#include <setjmp.h>
#include <stdint.h>

#include <cmocka.h>

#include <stdio.h>
#include <stdlib.h>
#include <string.h>

#include "gateway/config.h"
#include "gateway/fsa/fsa.h"
#include "gateway/limits.h"

/*
 * libconfig 1.5 forgets its buffer when a text ends inside a string. Read by
 * the leak sanitizer, where there is one.
 */
const char *__lsan_default_suppressions(void);
const char *__lsan_default_suppressions(void)
{
	return "leak:libconfig.so";
}

#define SHARE "shares = ( { name = \"s\"; path = \"/srv\"; } );\n"

/* What is said about a text; free it. "" if it is right. */
static char *said_about(const char *text, struct gw_config *config)
{
	struct gw_complaints c = { .count = 0 };
	char *said = NULL;
	size_t size;
	bool ok;

	c.to = open_memstream(&said, &size);
	assert_non_null(c.to);
	ok = gw_config_parse(text, "x.conf", ".", config, &c);
	fclose(c.to);
	assert_int_equal(ok, c.count == 0);
	return said;
}

static void expect(const char *text, const char *expected)
{
	struct gw_config config;
	char *said = said_about(text, &config);

	assert_string_equal(said, expected);
	free(said);
	gw_config_fini(&config);
}

static void what_is_not_said_has_its_default(void **state)
{
	struct gw_config config;
	char *said = said_about(SHARE, &config);
	const struct gw_share_config *share = config.shares.items;

	(void)state;
	assert_string_equal(said, "");
	assert_int_equal(config.signing, SMB_POLICY_DESIRED);
	assert_int_equal(config.encryption, SMB_POLICY_DESIRED);
	assert_int_equal(config.min_dialect, 0x0202);
	assert_int_equal(config.max_dialect, 0x0311);
	assert_int_equal(config.engine, LOOP_ENGINE_AUTO);
	assert_int_equal(config.io_size, GW_IO_SIZE_MAX);
	assert_int_equal(config.listen.count, 0);
	assert_false(config.guest);
	assert_false(config.test_hooks);
	assert_true(config.posix_extensions);
	assert_true(config.multichannel);
	assert_int_equal(config.advertise.count, 0);
	assert_int_equal(config.interfaces.count, 0);
	assert_true(config.oplock_break_retry);
	assert_true(config.directory_leases);
	assert_int_equal(config.shares.count, 1);
	assert_int_equal(share->line, 1);
	assert_true(share->map_names);
	assert_true(share->oplocks && share->durable_handles);
	assert_true(share->short_names && share->kernel_notify);
	assert_true(share->hide_dot_files);
	assert_false(share->out_of_band || share->poll_ms);
	assert_false(share->is_case_sensitive);
	assert_int_equal(share->attributes, FSA_ATTRIBUTES_XATTR);
	assert_int_equal(share->acl, FSA_ACL_XATTR);
	assert_int_equal(share->streams, FSA_STREAMS_XATTR);
	free(said);
	gw_config_fini(&config);
}

static void assert_cards(const struct gw_config *config)
{
	const struct gw_interface_config *cards = config->interfaces.items;

	assert_false(config->multichannel);
	assert_string_equal(config->advertise.items[0], "10.0.0.5");
	assert_int_equal(config->interfaces.count, 2);
	assert_int_equal(cards[0].speed, 2500);
	assert_int_equal(cards[0].rss, GW_RSS_ON);
	assert_string_equal(cards[1].name, "eth2");
	assert_int_equal(cards[1].rss, GW_RSS_AUTO);
}

static void assert_share(const struct gw_share_config *share)
{
	assert_int_equal(share->users.count, 2);
	assert_string_equal(share->as, "1000:1000");
	assert_string_equal(share->snapshots, "s/%Y-%m-%d/t");
	assert_int_equal(share->symlinks, STORE_SYMLINKS_SHOW);
	assert_int_equal(share->read_path, STORE_READ_COPY);
	assert_int_equal(share->attributes, FSA_ATTRIBUTES_MODE);
	assert_int_equal(share->acl, FSA_ACL_MODE);
	assert_int_equal(share->streams, FSA_STREAMS_NONE);
	assert_int_equal(share->max_size, INT64_C(2) << 40);
	assert_true(share->read_only && share->guest && share->hidden &&
		    share->is_case_sensitive && share->posix_locks &&
		    share->time_machine && share->access_based_enumeration &&
		    share->out_of_band);
	assert_int_equal(share->poll_ms, 2500);
	assert_false(share->map_names || share->oplocks ||
		     share->hide_dot_files || share->short_names ||
		     share->durable_handles || share->kernel_notify);
}

static void every_key_is_read(void **state)
{
	static const char text[] =
		"server = {\n"
		"  name = \"attic\"; comment = \"c\"; signing = \"required\";\n"
		"  listen = [ \"10.0.0.5:445\", \"[::1]:1445\" ];\n"
		"  encryption = \"off\"; min_dialect = \"2.1\";\n"
		"  max_dialect = \"3.0.2\"; engine = \"plain\"; workers = 3;\n"
		"  io_size = \"1M\"; state_dir = \"/s\"; guest = true;\n"
		"  multichannel = false; advertise = \"10.0.0.5\";\n"
		"  interfaces = ( { name = \"eth1\"; speed = 2500;\n"
		"    rss = \"on\"; }, { name = \"eth2\"; } );\n"
		"  oplock_break_retry = false; directory_leases = false;\n"
		"  posix_extensions = false;\n"
		"  test_hooks = true; log = { level = \"debug\"; };\n"
		"  limits = { connections = 7; per_address = 5; };\n"
		"};\n"
		"users_file = \"/etc/users\";\n"
		"users = ( { name = \"ann\"; uid = 4000000000L;\n"
		"  nt_hash = \"878D8014606CDA29677A44EFA1353FC7\"; },\n"
		"  { name = \"bob\"; password_file = \"/b\"; } );\n"
		"shares = ( { name = \"m\"; path = \"/m\"; comment = \"d\";\n"
		"  read_only = true; users = [ \"ann\", \"bob\" ];\n"
		"  guest = true; as = \"1000:1000\"; hidden = true;\n"
		"  symlinks = \"show\"; case = \"sensitive\";\n"
		"  map_names = false; oplocks = false; attributes = \"mode\";\n"
		"  short_names = false; durable_handles = false;\n"
		"  kernel_notify = false; posix_locks = true;\n"
		"  out_of_band = true; poll_interval = \"2500ms\";\n"
		"  acl = \"mode\"; snapshots = \"s/%Y-%m-%d/t\";\n"
		"  read_path = \"copy\"; hide_dot_files = false;\n"
		"  streams = \"none\"; time_machine = true; max_size = \"2T\";\n"
		"  access_based_enumeration = true;\n"
		"  encryption = \"desired\"; } );\n";
	struct gw_config config;
	char *said = said_about(text, &config);

	(void)state;
	assert_string_equal(said, "");
	assert_string_equal(config.name, "attic");
	assert_int_equal(config.listen.count, 2);
	assert_string_equal(config.listen.items[1], "[::1]:1445");
	assert_int_equal(config.signing, SMB_POLICY_REQUIRED);
	assert_int_equal(config.encryption, SMB_POLICY_OFF);
	assert_int_equal(config.min_dialect, 0x0210);
	assert_int_equal(config.max_dialect, 0x0302);
	assert_int_equal(config.engine, LOOP_ENGINE_PLAIN);
	assert_int_equal(config.workers, 3);
	assert_int_equal(config.io_size, 1 << 20);
	assert_int_equal(config.log_level, GW_LOG_DEBUG);
	assert_int_equal(config.connections, 7);
	assert_int_equal(config.per_address, 5);
	assert_true(config.guest && config.test_hooks);
	assert_false(config.posix_extensions);
	assert_cards(&config);
	assert_false(config.oplock_break_retry);
	assert_false(config.directory_leases);
	assert_int_equal(config.users.count, 2);
	assert_int_equal(config.users.items[0].uid, 4000000000);
	assert_int_equal(config.users.items[1].uid, -1);
	assert_share(config.shares.items);
	free(said);
	gw_config_fini(&config);
}

static void an_unknown_key_is_told_with_its_place_and_a_guess(void **state)
{
	(void)state;
	expect("server = {\n\tsining = \"required\";\n};\n" SHARE,
	       "x.conf:2: unknown key \"sining\" in server\n"
	       "  sining = \"required\";\n"
	       "  ^~~~~~\n"
	       "  did you mean \"signing\"?\n");
	expect("umbrella = 1;\n" SHARE, "x.conf:1: unknown key \"umbrella\"\n"
					"  umbrella = 1;\n"
					"  ^~~~~~~~\n");
	expect("shares = ( { name = \"s\"; path = \"/s\"; readonly = true; } "
	       ");\n",
	       "x.conf:1: unknown key \"readonly\" in shares\n"
	       "  shares = ( { name = \"s\"; path = \"/s\"; readonly = true; } "
	       ");\n"
	       "                                        ^~~~~~~~\n"
	       "  did you mean \"read_only\"?\n");
}

static void a_wrong_value_is_told_with_those_that_can_be(void **state)
{
	(void)state;
	expect("server = { signing = \"requird\"; };\n" SHARE,
	       "x.conf:1: signing: must be desired or required, in quotes\n"
	       "  server = { signing = \"requird\"; };\n"
	       "                       ^~~~~~~~~\n"
	       "  did you mean \"required\"?\n");
	expect("server = { guest = \"yes\"; };\n" SHARE,
	       "x.conf:1: guest: must be true or false\n"
	       "  server = { guest = \"yes\"; };\n"
	       "                     ^~~~~\n"
	       "  without quotes\n");
	expect("server = { workers = 65; };\n" SHARE,
	       "x.conf:1: workers: must be from 0 to 64\n"
	       "  server = { workers = 65; };\n"
	       "                       ^~\n");
	expect("server = { listen = [ \"here:x\" ]; };\n" SHARE,
	       "x.conf:1: listen: addresses look like \"10.0.0.5:445\", "
	       "\"[::1]:445\" or \":445\"\n"
	       "  server = { listen = [ \"here:x\" ]; };\n"
	       "                        ^~~~~~~~\n");
	expect("shares = ( { name = \"a\"; mount = [ \"x\", \"{}\" ]; timeout = "
	       "\"2d\"; } );\n",
	       "x.conf:1: timeout: must be a time, from \"1s\" to \"1h\"\n"
	       "  shares = ( { name = \"a\"; mount = [ \"x\", \"{}\" ]; timeout = "
	       "\"2d\"; } );\n"
	       "                                                            "
	       "^~~~\n");
	expect("server = { io_size = \"8Q\"; };\n" SHARE,
	       "x.conf:1: io_size: must be a size: \"8M\", \"64K\"\n"
	       "  server = { io_size = \"8Q\"; };\n"
	       "                       ^~~~\n");
	expect("server = { advertise = \"10.0.0.5:445\"; };\n" SHARE,
	       "x.conf:1: advertise: addresses look like \"10.0.0.5\" or "
	       "\"[2001:db8::5]\": clients take the port that they know\n"
	       "  server = { advertise = \"10.0.0.5:445\"; };\n"
	       "                         ^~~~~~~~~~~~~~\n");
	expect("server = { interfaces = ( { speed = 100; } ); };\n" SHARE,
	       "x.conf:1: an interface without a name\n"
	       "  server = { interfaces = ( { speed = 100; } ); };\n");
	expect("server = { interfaces = ( { name = \"a/b\"; } ); };\n" SHARE,
	       "x.conf:1: name: an interface's name is one that `ip link` "
	       "shows\n"
	       "  server = { interfaces = ( { name = \"a/b\"; } ); };\n"
	       "                                     ^~~~~\n");
}

static void slips_of_syntax_are_found(void **state)
{
	(void)state;
	expect("server = { guest = yes; };\n" SHARE,
	       "x.conf:1: not a value\n"
	       "  server = { guest = yes; };\n"
	       "                     ^~~\n"
	       "  write true\n");
	expect("shares = (\n  { name = \"s\"; path = \"/s\"; },\n);\n",
	       "x.conf:2: a comma before the end of the list\n"
	       "  { name = \"s\"; path = \"/s\"; },\n"
	       "                              ^\n"
	       "  take the comma out: it stands between elements only\n");
	expect("users_file = \"/etc/x;\n" SHARE,
	       "x.conf:1: a string without its closing quote\n"
	       "  users_file = \"/etc/x;\n"
	       "               ^\n"
	       "  close it with \" on the same line\n");
	expect("server {\n};\n",
	       "x.conf:1: no '=' between the key and its value\n"
	       "  server {\n"
	       "         ^\n"
	       "  write: key = value;\n");
	expect("server = { name = 'attic'; };\n",
	       "x.conf:1: this can't stand here\n"
	       "  server = { name = 'attic'; };\n"
	       "                    ^\n"
	       "  strings stand in double quotes\n");
	expect("server = { io_size = 8M; };\n",
	       "x.conf:1: not a number\n"
	       "  server = { io_size = 8M; };\n"
	       "                       ^~\n"
	       "  sizes, times and addresses are strings: \"8M\"\n");
	expect("server = {\n  guest = true;\n",
	       "x.conf:1: this bracket is never closed\n"
	       "  server = {\n"
	       "           ^\n");
	expect("a = 1;\na = 2;\n", "x.conf:2: duplicate setting name\n"
				   "  a = 2;\n");
}

static void rules_between_keys_hold(void **state)
{
	(void)state;
	expect("", "x.conf: nothing to share: there are no shares\n"
		   "  shares = ( { name = \"media\"; path = \"/srv/media\"; } "
		   ");\n");
	expect("shares = ( { name = \"s\"; path = \"/a\"; },\n"
	       "           { name = \"S\"; path = \"/b\"; } );\n",
	       "x.conf:2: share \"S\" is there already, in line 1\n"
	       "  { name = \"S\"; path = \"/b\"; } );\n"
	       "  clients don't tell upper case from lower\n");
	expect("users = ( { name = \"ann\"; } );\n" SHARE,
	       "x.conf:1: user \"ann\" has no secret\n"
	       "  users = ( { name = \"ann\"; } );\n"
	       "  one of password_file, password_env, nt_hash and "
	       "nt_hash_file\n");
	expect("server = { min_dialect = \"3.0\"; max_dialect = \"2.1\"; };\n" SHARE,
	       "x.conf: server: min_dialect is above max_dialect\n");
	expect("shares = ( { name = \"s\"; path = \"/s\"; guest = true; } );\n",
	       "x.conf:1: share \"s\" admits guests but the server does not\n"
	       "  shares = ( { name = \"s\"; path = \"/s\"; guest = true; } "
	       ");\n"
	       "  set server = { guest = true; … } as well; most Windows "
	       "clients refuse guests\n");
}

static void names_that_clients_cannot_use_are_refused(void **state)
{
	static const char *const wrong[] = { "",    "a/b", "a\\b", "IPC$",
					     "a:b", "a?",  "\x01" };

	(void)state;
	for (size_t i = 0; i < sizeof(wrong) / sizeof(wrong[0]); i++)
		assert_non_null(gw_share_name_fault(wrong[i]));
	assert_null(gw_share_name_fault("cloud drive"));
	assert_null(gw_share_name_fault("Büro$"));
}

static void sizes_are_powers_of_1024(void **state)
{
	int64_t bytes = 0;

	(void)state;
	assert_true(gw_size_parse("64K", &bytes));
	assert_int_equal(bytes, 65536);
	assert_true(gw_size_parse("2T", &bytes));
	assert_int_equal(bytes, (int64_t)2 << 40);
	assert_true(gw_size_parse("0", &bytes));
	assert_false(gw_size_parse("-1", &bytes));
	assert_false(gw_size_parse("1MB", &bytes));
	assert_false(gw_size_parse("99999999999999999T", &bytes));
	assert_false(gw_size_parse("", &bytes));
}

/* Nobody's text may crash the program; libconfig says what is right. */
static void any_cut_of_a_text_is_told_or_taken(void **state)
{
	static const char text[] =
		"# one\nserver = { name = \"a\"; listen = [ \":1\" ]; };\n"
		"/* two */ users = ( );\n"
		"shares = ( { name = \"s\"; path = \"/s\"; } ); // three\n";

	(void)state;
	for (size_t n = 0; n < sizeof(text); n++) {
		struct gw_config config;
		char cut[sizeof(text)];

		snprintf(cut, sizeof(cut), "%.*s", (int)n, text);
		free(said_about(cut, &config));
		gw_config_fini(&config);
	}
}

int main(void)
{
	const struct CMUnitTest tests[] = {
		cmocka_unit_test(what_is_not_said_has_its_default),
		cmocka_unit_test(every_key_is_read),
		cmocka_unit_test(
			an_unknown_key_is_told_with_its_place_and_a_guess),
		cmocka_unit_test(a_wrong_value_is_told_with_those_that_can_be),
		cmocka_unit_test(slips_of_syntax_are_found),
		cmocka_unit_test(rules_between_keys_hold),
		cmocka_unit_test(names_that_clients_cannot_use_are_refused),
		cmocka_unit_test(sizes_are_powers_of_1024),
		cmocka_unit_test(any_cut_of_a_text_is_told_or_taken),
	};

	return cmocka_run_group_tests(tests, NULL, NULL);
}
