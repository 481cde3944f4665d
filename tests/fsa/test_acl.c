/* Mode bits as DACLs: MS-DTYP 2.4.5 and 2.5.3.2. */
#include <stdarg.h>
#include <stddef.h>

#include <setjmp.h>
#include <stdint.h>

#include <cmocka.h>

#include "gateway/fsa/acl.h"
#include "gateway/fsa/sid.h"
#include "gateway/fsa/windows.h"

enum {
	UID = 1000,
	GID = 100
};

static void every_mode_comes_back_from_its_dacl(void **state)
{
	(void)state;
	for (mode_t mode = 0; mode < 01000; mode++) {
		for (int is_directory = 0; is_directory < 2; is_directory++) {
			struct smb_ace aces[FSA_ACL_ACES_MAX];
			uint32_t count = fsa_acl_from_mode(mode, is_directory,
							   UID, GID, aces);

			assert_in_range(count, 3, FSA_ACL_ACES_MAX);
			assert_int_equal(fsa_acl_to_mode(aces, count, UID, GID),
					 mode);
		}
	}
}

static void owner_and_group_may_be_the_same_number(void **state)
{
	(void)state;
	for (mode_t mode = 0; mode < 01000; mode++) {
		struct smb_ace aces[FSA_ACL_ACES_MAX];
		uint32_t count = fsa_acl_from_mode(mode, false, UID, UID, aces);

		assert_int_equal(fsa_acl_to_mode(aces, count, UID, UID), mode);
	}
}

static void the_usual_modes_deny_nothing(void **state)
{
	static const mode_t modes[] = { 0777, 0755, 0750, 0700, 0644,
					0640, 0600, 0444, 0 };

	(void)state;
	for (size_t i = 0; i < sizeof(modes) / sizeof(modes[0]); i++) {
		struct smb_ace aces[FSA_ACL_ACES_MAX];
		uint32_t count =
			fsa_acl_from_mode(modes[i], false, UID, GID, aces);

		assert_int_equal(count, 3);
		for (uint32_t k = 0; k < count; k++)
			assert_int_equal(aces[k].type, SMB_ACE_ALLOWED);
	}
}

static void who_owns_a_file_may_always_change_its_rights(void **state)
{
	struct smb_ace aces[FSA_ACL_ACES_MAX];

	(void)state;
	fsa_acl_from_mode(0, false, UID, GID, aces);
	assert_true(aces[0].mask & WRITE_DAC);
	assert_true(aces[0].mask & READ_CONTROL);
	assert_false(aces[0].mask & FILE_READ_DATA);
	fsa_acl_from_mode(0777, false, UID, GID, aces);
	assert_int_equal(aces[0].mask, FILE_ALL_ACCESS);
	assert_false(aces[2].mask & WRITE_DAC);
}

static void dacls_of_windows_come_near(void **state)
{
	struct smb_sid user = fsa_sid_of_user(UID);
	struct smb_sid group = fsa_sid_of_group(GID);
	struct smb_sid stranger = fsa_sid_of_user(UID + 1);
	struct smb_sid all = fsa_sid_everyone();
	struct {
		struct smb_ace aces[3];
		uint32_t count;
		mode_t mode;
	} cases[] = {
		/* An empty DACL gives nothing to anybody. */
		{ .count = 0, .mode = 0 },
		{ { { .mask = GENERIC_ALL, .sid = all } }, 1, 0777 },
		{ { { .mask = GENERIC_READ, .sid = all } }, 1, 0444 },
		{ { { .mask = FILE_ALL_ACCESS, .sid = user } }, 1, 0700 },
		{ { { .mask = FILE_ALL_ACCESS, .sid = user },
		    { .mask = FILE_GENERIC_READ, .sid = group } },
		  2,
		  0740 },
		/* Everyone is the owner too. */
		{ { { .mask = FILE_GENERIC_READ, .sid = user },
		    { .mask = FILE_GENERIC_WRITE, .sid = all } },
		  2,
		  0622 },
		/* The first word counts. */
		{ { { .type = SMB_ACE_DENIED,
		      .mask = FILE_WRITE_DATA,
		      .sid = all },
		    { .mask = FILE_ALL_ACCESS, .sid = all } },
		  2,
		  0555 },
		{ { { .mask = FILE_ALL_ACCESS, .sid = all },
		    { .type = SMB_ACE_DENIED,
		      .mask = FILE_ALL_ACCESS,
		      .sid = all } },
		  2,
		  0777 },
		/* Those that only children get, and those of others. */
		{ { { .flags = 0x0b, .mask = FILE_ALL_ACCESS, .sid = all },
		    { .mask = FILE_ALL_ACCESS, .sid = stranger },
		    { .type = SMB_ACE_AUDIT,
		      .mask = FILE_ALL_ACCESS,
		      .sid = all } },
		  3,
		  0 },
	};

	(void)state;
	for (size_t i = 0; i < sizeof(cases) / sizeof(cases[0]); i++)
		assert_int_equal(fsa_acl_to_mode(cases[i].aces, cases[i].count,
						 UID, GID),
				 cases[i].mode);
}

int main(void)
{
	const struct CMUnitTest tests[] = {
		cmocka_unit_test(every_mode_comes_back_from_its_dacl),
		cmocka_unit_test(owner_and_group_may_be_the_same_number),
		cmocka_unit_test(the_usual_modes_deny_nothing),
		cmocka_unit_test(who_owns_a_file_may_always_change_its_rights),
		cmocka_unit_test(dacls_of_windows_come_near),
	};

	return cmocka_run_group_tests(tests, NULL, NULL);
}
