/* Users and groups as SIDs: MS-DTYP 2.4.2. */
#include <stdarg.h>
#include <stddef.h>

#include <setjmp.h>
#include <stdint.h>

#include <cmocka.h>

#include "gateway/fsa/sid.h"

static void ids_come_back_from_their_sids(void **state)
{
	static const uint32_t ids[] = { 0,     1,          1000,
					65534, 0x7fffffff, 0xfffffffe };

	(void)state;
	for (size_t i = 0; i < sizeof(ids) / sizeof(ids[0]); i++) {
		struct smb_sid user = fsa_sid_of_user(ids[i]);
		struct smb_sid group = fsa_sid_of_group(ids[i]);
		uid_t uid = 7;
		gid_t gid = 7;

		assert_true(fsa_sid_to_user(&user, &uid));
		assert_true(fsa_sid_to_group(&group, &gid));
		assert_int_equal(uid, ids[i]);
		assert_int_equal(gid, ids[i]);
		assert_false(fsa_sid_to_user(&group, &uid));
		assert_false(fsa_sid_to_group(&user, &gid));
	}
}

static void a_user_s_sid_is_samba_s(void **state)
{
	struct smb_sid sid = fsa_sid_of_user(1000);

	(void)state;
	assert_int_equal(sid.revision, 1);
	assert_int_equal(sid.count, 2);
	assert_int_equal(sid.authority, 22);
	assert_int_equal(sid.parts[0], 1);
	assert_int_equal(sid.parts[1], 1000);
}

static void nobody_has_the_id_that_means_leave_it(void **state)
{
	struct smb_sid sid = fsa_sid_of_user(UINT32_MAX);
	uid_t uid = 7;

	(void)state;
	assert_false(fsa_sid_to_user(&sid, &uid));
	assert_int_equal(uid, 7);
}

static void foreign_sids_are_nobody(void **state)
{
	static const struct smb_sid sids[] = {
		{ .revision = 1,
		  .count = 5,
		  .authority = 5,
		  .parts = { 21, 1, 2, 3, 500 } },
		{ .revision = 1, .count = 1, .authority = 22, .parts = { 1 } },
		{ .revision = 1,
		  .count = 3,
		  .authority = 22,
		  .parts = { 1, 0, 0 } },
		{ .revision = 2,
		  .count = 2,
		  .authority = 22,
		  .parts = { 1, 0 } },
		{},
	};
	uid_t uid;
	gid_t gid;

	(void)state;
	for (size_t i = 0; i < sizeof(sids) / sizeof(sids[0]); i++) {
		assert_false(fsa_sid_to_user(&sids[i], &uid));
		assert_false(fsa_sid_to_group(&sids[i], &gid));
		assert_false(fsa_sid_is_everyone(&sids[i]));
		assert_false(fsa_sid_is_owner(&sids[i]));
		assert_false(fsa_sid_is_owning_group(&sids[i]));
	}
}

static void well_known_sids_are_known(void **state)
{
	struct smb_sid everyone = fsa_sid_everyone();
	struct smb_sid sid = {
		.revision = 1, .count = 1, .authority = 5, .parts = { 11 }
	};

	(void)state;
	assert_true(fsa_sid_is_everyone(&everyone));
	assert_true(fsa_sid_is_everyone(&sid));
	sid.authority = 3;
	sid.parts[0] = 4;
	assert_true(fsa_sid_is_owner(&sid));
	sid.parts[0] = 0;
	assert_true(fsa_sid_is_owner(&sid));
	sid.parts[0] = 1;
	assert_true(fsa_sid_is_owning_group(&sid));
}

static void owners_and_creators_differ(void **state)
{
	struct smb_sid sid = {
		.revision = 1, .count = 1, .authority = 3, .parts = { 4 }
	};

	(void)state;
	assert_true(fsa_sid_is_owner_rights(&sid));
	assert_false(fsa_sid_is_creator_owner(&sid));
	sid.parts[0] = 0;
	assert_false(fsa_sid_is_owner_rights(&sid));
	assert_true(fsa_sid_is_creator_owner(&sid));
}

static void accounts_and_groups_of_windows_are_told_apart(void **state)
{
	struct smb_sid sid = {
		.revision = 1, .count = 2, .authority = 5, .parts = { 32, 545 }
	};

	(void)state;
	assert_true(fsa_sid_is_everyone(&sid));
	sid.parts[1] = 544;
	assert_false(fsa_sid_is_everyone(&sid));
	assert_true(fsa_sid_is_administrators(&sid));
	assert_false(fsa_sid_is_of_domain(&sid));
	sid.parts[0] = 21;
	assert_true(fsa_sid_is_of_domain(&sid));
	assert_false(fsa_sid_is_administrators(&sid));
	sid.count = 1;
	sid.parts[0] = 2;
	assert_true(fsa_sid_is_network(&sid));
	assert_false(fsa_sid_is_everyone(&sid));
}

int main(void)
{
	const struct CMUnitTest tests[] = {
		cmocka_unit_test(ids_come_back_from_their_sids),
		cmocka_unit_test(a_user_s_sid_is_samba_s),
		cmocka_unit_test(nobody_has_the_id_that_means_leave_it),
		cmocka_unit_test(foreign_sids_are_nobody),
		cmocka_unit_test(well_known_sids_are_known),
		cmocka_unit_test(owners_and_creators_differ),
		cmocka_unit_test(accounts_and_groups_of_windows_are_told_apart),
	};

	return cmocka_run_group_tests(tests, NULL, NULL);
}
