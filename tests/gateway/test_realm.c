/*
 * Tests realm.c, share.c, snapshot.c and access.c: who may log on, and what
 * they find.
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
#include <unistd.h>

#include "gateway/access.h"
#include "gateway/config.h"
#include "gateway/fsa/fsa.h"
#include "gateway/loop/loop.h"
#include "gateway/realm.h"

#define HASH "nt_hash = \"878D8014606CDA29677A44EFA1353FC7\"; "

static char directory[64];
static struct fsa *fsa;
static char *said; /* by the last snapshot_of() */

static int set_up(void **state)
{
	(void)state;
	snprintf(directory, sizeof(directory), "/tmp/smbgate-realm.XXXXXX");
	fsa = fsa_new();
	return fsa && mkdtemp(directory) ? 0 : -1;
}

static int tear_down(void **state)
{
	(void)state;
	fsa = fsa_free(fsa);
	free(said);
	said = NULL;
	return rmdir(directory);
}

/* The snapshot of a text; "@" in it is the directory. */
static enum gw_exit snapshot_of(const char *text,
				const struct gw_snapshot *before,
				struct gw_snapshot **ret_snapshot)
{
	char full[2000];
	struct gw_config config;
	size_t size, used = 0;
	struct gw_complaints c = { .count = 0 };
	enum gw_exit exit;

	for (; *text && used + sizeof(directory) < sizeof(full); text++) {
		if (*text == '@')
			used += (size_t)snprintf(full + used,
						 sizeof(full) - used, "%s",
						 directory);
		else
			full[used++] = *text;
	}
	full[used] = '\0';
	free(said);
	c.to = open_memstream(&said, &size);
	assert_true(gw_config_parse(full, "x.conf", ".", &config, &c));
	exit = gw_snapshot_new(&config, fsa, before, &c, ret_snapshot);
	fclose(c.to);
	gw_config_fini(&config);
	return exit;
}

static const char users_and_shares[] =
	"server = { guest = true; };\n"
	"users = ( { name = \"Ann\"; uid = 20001; " HASH "},\n"
	"          { name = \"bob\"; " HASH "} );\n"
	"shares = ( { name = \"all\"; path = \"@\"; },\n"
	"  { name = \"anns\"; path = \"@\"; users = [ \"ANN\" ];\n"
	"    read_only = true; as = \"20007:20008\"; comment = \"c\"; },\n"
	"  { name = \"guests\"; path = \"@\"; guest = true; hidden = true; } "
	");\n";

static struct gw_realm *realm_of(const char *text)
{
	struct smb_server_facts facts = { .guid = { 1 } };
	struct gw_snapshot *snapshot;
	struct gw_realm *realm;

	assert_int_equal(snapshot_of(text, NULL, &snapshot), GW_EXIT_OK);
	realm = gw_realm_new(&facts, true, snapshot);
	assert_non_null(realm);
	return realm;
}

static struct smb_user *account(struct gw_realm *realm, const char *name,
				uint8_t hash[16])
{
	uint16_t units[64];
	struct smb_user *user;
	uint32_t count = 0;

	for (; name[count]; count++)
		units[count] = (uint16_t)name[count];
	if (!gw_realm_ops.account(realm, (struct smb_name){ units, count },
				  &user, hash))
		return NULL;
	return user;
}

static void accounts_are_found_in_any_case(void **state)
{
	struct gw_realm *realm = realm_of(users_and_shares);
	uint8_t hash[16];
	struct smb_user *ann = account(realm, "aNN", hash);

	(void)state;
	assert_non_null(ann);
	assert_string_equal(ann->name, "Ann");
	assert_int_equal(hash[0], 0x87);
	assert_int_equal(hash[15], 0xc7);
	assert_null(account(realm, "carl", hash));
	assert_null(account(realm, "", hash));
	gw_realm_ops.user_unref(ann);
	gw_realm_free(realm);
}

static void each_share(void *arg, const struct smb_share_facts *share)
{
	strcat(arg, share->name);
	strcat(arg, share->is_hidden ? "- " : " ");
}

static void each_user_sees_the_shares_that_admit_it(void **state)
{
	struct gw_realm *realm = realm_of(users_and_shares);
	uint8_t hash[16];
	struct smb_user *users[] = { account(realm, "ann", hash),
				     account(realm, "bob", hash),
				     gw_realm_ops.guest(realm),
				     gw_realm_ops.anonymous(realm) };
	static const char *const lists[] = { "all anns guests- ",
					     "all guests- ", "guests- ",
					     "guests- " };

	(void)state;
	for (size_t i = 0; i < 4; i++) {
		char list[100] = "";

		gw_realm_ops.shares(realm, users[i], each_share, list);
		assert_string_equal(list, lists[i]);
		gw_realm_ops.user_unref(users[i]);
	}
	gw_realm_free(realm);
}

struct connecting {
	struct gw_realm *realm;
	struct loop *loop;
};

static void expect_connect(struct gw_realm *realm, struct smb_user *user,
			   const char *share, enum nt_status expected)
{
	struct smb_volume *volume = NULL;
	enum nt_status status =
		gw_realm_ops.co_connect(realm, user, share, &volume);

	assert_int_equal(status, expected);
	if (volume)
		fsa_object_ops.disconnect(volume);
}

static void co_connects(void *arg)
{
	struct connecting *c = arg;
	uint8_t hash[16];
	struct smb_user *ann = account(c->realm, "ann", hash);
	struct smb_user *bob = account(c->realm, "bob", hash);
	struct smb_user *guest = gw_realm_ops.guest(c->realm);
	struct smb_volume *volume;

	expect_connect(c->realm, ann, "ALL", NT_STATUS_SUCCESS);
	expect_connect(c->realm, bob, "all", NT_STATUS_SUCCESS);
	expect_connect(c->realm, bob, "anns", NT_STATUS_ACCESS_DENIED);
	expect_connect(c->realm, ann, "none", NT_STATUS_BAD_NETWORK_NAME);
	expect_connect(c->realm, guest, "all", NT_STATUS_ACCESS_DENIED);
	expect_connect(c->realm, guest, "guests", NT_STATUS_SUCCESS);
	assert_int_equal(gw_realm_ops.co_connect(c->realm, ann, "anns",
						 &volume),
			 NT_STATUS_SUCCESS);
	assert_string_equal(volume->facts.name, "anns");
	assert_string_equal(volume->facts.comment, "c");
	/* MS-SMB2 2.2.13.1.1: nothing that changes. */
	assert_int_equal(volume->facts.access_max, 0x001200a9);
	fsa_object_ops.disconnect(volume);
	assert_int_equal(store_creds_count(), 0);
	gw_realm_ops.user_unref(ann);
	gw_realm_ops.user_unref(bob);
	gw_realm_ops.user_unref(guest);
	loop_stop(c->loop);
}

static void shares_admit_whom_they_name(void **state)
{
	struct loop_options options = { .engine = LOOP_ENGINE_PLAIN };
	struct connecting c = { .realm = realm_of(users_and_shares) };

	(void)state;
	assert_int_equal(loop_new(&options, &c.loop), 0);
	assert_non_null(loop_spawn(co_connects, &c));
	loop_run(c.loop);
	loop_free(c.loop);
	gw_realm_free(c.realm);
}

static void shares_of_one_directory_are_one_tree(void **state)
{
	static const char text[] =
		"shares = ( { name = \"a\"; path = \"@\"; },\n"
		"  { name = \"b\"; path = \"@\"; as = \"0:0\"; },\n"
		"  { name = \"c\"; path = \"@\"; read_only = true; } );\n";
	struct gw_snapshot *first, *second;

	(void)state;
	assert_int_equal(snapshot_of(text, NULL, &first), GW_EXIT_OK);
	assert_int_equal(snapshot_of(text, first, &second), GW_EXIT_OK);
	assert_ptr_equal(gw_share_tree(gw_snapshot_share(first, 0)),
			 gw_share_tree(gw_snapshot_share(first, 1)));
	assert_ptr_equal(gw_share_tree(gw_snapshot_share(first, 0)),
			 gw_share_tree(gw_snapshot_share(second, 0)));
	assert_true(gw_share_is_read_only(gw_snapshot_share(first, 2)));
	assert_false(gw_share_is_read_only(gw_snapshot_share(first, 0)));
	gw_snapshot_unref(first);
	gw_snapshot_unref(second);
}

static void mistakes_are_told_with_their_line(void **state)
{
	static const struct {
		const char *text, *said;
		enum gw_exit exit;
	} cases[] = {
		{ "shares = ( { name = \"a\";\n path = \"@/none\"; } );",
		  "x.conf:1: share \"a\": ", GW_EXIT_CONFIG },
		{ "users = ( { name = \"alice\"; " HASH "} );\n"
		  "shares = ( { name = \"a\"; path = \"@\"; users = "
		  "[ \"alcie\" ]; } );",
		  "x.conf:2: share \"a\": there is no user \"alcie\"\n"
		  "  did you mean \"alice\"?\n",
		  GW_EXIT_CONFIG },
		{ "shares = ( { name = \"a\"; path = \"@\"; as = \"no-one\"; } "
		  ");",
		  "x.conf:1: share \"a\": as: no such user or group\n",
		  GW_EXIT_CONFIG },
		{ "users = ( { name = \"a\"; password_file = \"@/none\"; } );\n"
		  "shares = ( { name = \"a\"; path = \"@\"; } );",
		  "x.conf:1: ", GW_EXIT_USERS },
		{ "users = ( { name = \"a\"; password_env = \"NOT_SET\"; } );\n"
		  "shares = ( { name = \"a\"; path = \"@\"; } );",
		  "x.conf:1: the password is missing\n", GW_EXIT_USERS },
		{ "users_file = \"@/none\";\n"
		  "shares = ( { name = \"a\"; path = \"@\"; } );",
		  "No such file or directory\n", GW_EXIT_USERS },
	};

	(void)state;
	for (size_t i = 0; i < sizeof(cases) / sizeof(cases[0]); i++) {
		struct gw_snapshot *snapshot;

		assert_int_equal(snapshot_of(cases[i].text, NULL, &snapshot),
				 cases[i].exit);
		if (!strstr(said, cases[i].said))
			fail_msg("%s", said);
	}
}

static void access_is_what_the_kernel_grants(void **state)
{
	static const char text[] = "shares = ( { name = \"a\"; path = \"@\"; } "
				   ");";
	struct gw_snapshot *snapshot;
	struct gw_access access;

	(void)state;
	if (geteuid() != 0) {
		print_message("needs root to become another user\n");
		skip();
	}
	assert_int_equal(chmod(directory, 0755), 0);
	assert_int_equal(snapshot_of(text, NULL, &snapshot), GW_EXIT_OK);
	assert_int_equal(gw_access_of(gw_snapshot_share(snapshot, 0), 20001,
				      &access),
			 0);
	assert_true(access.can_read);
	assert_false(access.can_write);
	assert_string_equal(access.owner, "drwxr-xr-x of root, group 0");
	assert_int_equal(chmod(directory, 0700), 0);
	assert_int_equal(gw_access_of(gw_snapshot_share(snapshot, 0), 20001,
				      &access),
			 0);
	assert_false(access.can_read || access.can_write);
	gw_snapshot_unref(snapshot);
}

/* /proc has neither extended attributes nor ACLs. */
static void what_a_file_system_lacks_is_told(void **state)
{
	static const char *const texts[][2] = {
		{ "shares = ( { name = \"s\"; path = \"/proc\"; } );",
		  "no extended attributes there: DOS attributes are lost, "
		  "streams are refused, ACLs become modes" },
		{ "shares = ( { name = \"s\"; path = \"/proc\"; "
		  "acl = \"mode\"; streams = \"none\"; } );",
		  "no extended attributes there: DOS attributes are lost" },
		{ "shares = ( { name = \"s\"; path = \"/proc\"; "
		  "attributes = \"mode\"; streams = \"none\"; } );",
		  "no extended attributes there: ACLs become modes" },
		{ "shares = ( { name = \"s\"; path = \"/proc\"; "
		  "attributes = \"mode\"; acl = \"mode\"; } );",
		  "no extended attributes there: streams are refused" },
		{ "shares = ( { name = \"s\"; path = \"/proc\"; "
		  "attributes = \"mode\"; acl = \"posix\"; "
		  "streams = \"none\"; } );",
		  "no POSIX ACLs there: ACLs become modes" },
		{ "shares = ( { name = \"s\"; path = \"/proc\"; "
		  "attributes = \"mode\"; acl = \"mode\"; "
		  "streams = \"none\"; } );",
		  NULL },
	};

	(void)state;
	for (size_t i = 0; i < sizeof(texts) / sizeof(texts[0]); i++) {
		struct gw_snapshot *snapshot;
		const char *lack;

		assert_int_equal(snapshot_of(texts[i][0], NULL, &snapshot),
				 GW_EXIT_OK);
		lack = gw_share_lack(gw_snapshot_share(snapshot, 0));
		if (texts[i][1])
			assert_string_equal(lack, texts[i][1]);
		else
			assert_null(lack);
		gw_snapshot_unref(snapshot);
	}
}

int main(void)
{
#define EACH(test) cmocka_unit_test_setup_teardown(test, set_up, tear_down)
	const struct CMUnitTest tests[] = {
		EACH(what_a_file_system_lacks_is_told),
		EACH(accounts_are_found_in_any_case),
		EACH(each_user_sees_the_shares_that_admit_it),
		EACH(shares_admit_whom_they_name),
		EACH(shares_of_one_directory_are_one_tree),
		EACH(mistakes_are_told_with_their_line),
		EACH(access_is_what_the_kernel_grants),
	};

	return cmocka_run_group_tests(tests, NULL, NULL);
}
