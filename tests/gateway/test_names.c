/* Names of users and groups of this machine. */
#include <setjmp.h>
#include <stdarg.h>
#include <stddef.h>
#include <stdint.h>

#include <cmocka.h>
#include <string.h>

#include "gateway/names.h"
#include "gateway/users.h"

static struct gw_names *names_of(const char *passwd, const char *group)
{
	FILE *users = fmemopen((void *)(uintptr_t)passwd, strlen(passwd), "r");
	FILE *groups = fmemopen((void *)(uintptr_t)group, strlen(group), "r");
	struct gw_names *names = gw_names_new(users, groups);

	assert_non_null(names);
	fclose(users);
	fclose(groups);
	return names;
}

static void expect(const struct gw_names *names, enum smb_id_kind kind,
		   uint32_t id, const char *expected)
{
	char name[SMB_ID_NAME_SIZE] = "";
	uint32_t back = 0;

	assert_true(gw_names_name(names, kind, id, name));
	assert_string_equal(name, expected);
	assert_true(gw_names_id(names, kind, expected, &back));
	assert_int_equal(back, id);
}

static void the_first_line_of_an_id_counts(void **state)
{
	struct gw_names *names =
		names_of("root:x:0:0:root:/root:/bin/sh\nnonsense\n"
			 "toor:x:0:0::/:\nann:x:1000:100:Ann:/home/ann:\n",
			 "root:x:0:\nstaff:x:50:ann,bob\n");
	char name[SMB_ID_NAME_SIZE];
	uint32_t id;

	(void)state;
	expect(names, SMB_ID_USER, 0, "root");
	expect(names, SMB_ID_USER, 1000, "ann");
	expect(names, SMB_ID_GROUP, 50, "staff");
	assert_true(gw_names_id(names, SMB_ID_GROUP, "STAFF", &id));
	assert_false(gw_names_id(names, SMB_ID_USER, "staff", &id));
	assert_false(gw_names_id(names, SMB_ID_USER, "toor", &id));
	assert_false(gw_names_name(names, SMB_ID_GROUP, 1000, name));
	gw_names_free(names);
}

static void accounts_have_names_as_well(void **state)
{
	const struct gw_user_line ann = { .name = "ann",
					  .has_uid = true,
					  .uid = 1000,
					  .has_password = true },
				  bob = { .name = "bob",
					  .has_uid = true,
					  .uid = 1001,
					  .has_password = true };
	struct gw_names *names = names_of("anna:x:1000:100::/:\n", "a:x:1:\n");
	struct gw_users *users = gw_users_new();

	(void)state;
	assert_true(gw_users_add(users, &ann));
	assert_true(gw_users_add(users, &bob));
	assert_true(gw_names_add_users(names, users));
	expect(names, SMB_ID_USER, 1000, "anna");
	expect(names, SMB_ID_USER, 1001, "bob");
	gw_users_free(users);
	gw_names_free(names);
	names = gw_names_new(NULL, NULL);
	assert_non_null(names);
	gw_names_free(names);
}

int main(void)
{
	const struct CMUnitTest tests[] = {
		cmocka_unit_test(the_first_line_of_an_id_counts),
		cmocka_unit_test(accounts_have_names_as_well),
	};

	return cmocka_run_group_tests(tests, NULL, NULL);
}
