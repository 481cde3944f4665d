/* Who a SID is, and back: MS-LSAT 3.1.1.1, MS-DTYP 2.4.2.4. */
#include <setjmp.h>
#include <stdarg.h>
#include <stddef.h>
#include <stdint.h>

#include <cmocka.h>
#include <string.h>

#include "smb/rpc/principal.h"
#include "tests/fake/realm.h"

static struct fake_realm realm;
static const struct smb_ports ports = { .realm_ops = &fake_realm_ops,
					.realm = &realm };

static int start(void **state)
{
	(void)state;
	fake_realm_init(&realm);
	fake_realm_add_account(&realm, "ann", "Secret-1");
	return 0;
}

static const struct {
	const char *sid, *domain, *name;
	enum smb_sid_use use;
} cases[] = {
	{ "S-1-1-0", "", "Everyone", SMB_SID_WELL_KNOWN },
	{ "S-1-3-0", "", "CREATOR OWNER", SMB_SID_WELL_KNOWN },
	{ "S-1-3-4", "", "OWNER RIGHTS", SMB_SID_WELL_KNOWN },
	{ "S-1-5-11", "NT AUTHORITY", "Authenticated Users",
	  SMB_SID_WELL_KNOWN },
	{ "S-1-5-32-544", "BUILTIN", "Administrators", SMB_SID_ALIAS },
	{ "S-1-22-1-1000", "Unix User", "ann", SMB_SID_USER },
	{ "S-1-22-2-50", "Unix Group", "staff", SMB_SID_GROUP },
	{ "S-1-5-21-67305985-134678021-9", "FAKE", "", SMB_SID_DOMAIN },
};

static void names_and_sids_are_one(void **state)
{
	(void)state;
	for (size_t i = 0; i < sizeof(cases) / sizeof(cases[0]); i++) {
		struct smb_principal p, q;
		char text[SMB_SID_TEXT_SIZE], name[300];

		strcpy(name, cases[i].domain);
		if (*cases[i].domain)
			strcat(name, "\\");
		strcat(name, cases[i].name);
		assert_true(smb_principal_of_name(&ports, name, &p));
		smb_sid_show(&p.sid, text);
		assert_string_equal(text, cases[i].sid);
		assert_true(smb_principal_of_sid(&ports, &p.sid, &q));
		assert_string_equal(q.domain, cases[i].domain);
		assert_string_equal(q.name, cases[i].name);
		assert_int_equal(q.use, cases[i].use);
		assert_int_equal(p.use, cases[i].use);
	}
}

static bool is_known(const char *name)
{
	struct smb_principal p;

	return smb_principal_of_name(&ports, name, &p);
}

static void a_domain_may_be_left_out(void **state)
{
	(void)state;
	assert_true(is_known("ANN"));
	assert_true(is_known("staff"));
	assert_true(is_known("fake"));
	assert_true(is_known("fake\\Ann"));
	assert_true(is_known("everyone"));
	assert_true(is_known("administrators"));
	assert_false(is_known("Unix Group\\ann"));
	assert_false(is_known("BUILTIN\\ann"));
	assert_false(is_known("other\\ann"));
	assert_false(is_known("nobody"));
	assert_false(is_known(""));
	assert_false(is_known("\\"));
	assert_false(
		is_known("a domain whose name is much too long for it\\x"));
}

static void a_sid_of_nobody_has_no_name(void **state)
{
	static const struct smb_sid sids[] = {
		{ .revision = 1, .count = 0, .authority = 22 },
		{ .revision = 1, .count = 2, .authority = 22, { 1, 999 } },
		{ .revision = 1, .count = 2, .authority = 22, { 3, 1000 } },
		{ .revision = 1, .count = 3, .authority = 22, { 1, 1000, 1 } },
		{ .revision = 1, .count = 2, .authority = 5, { 32, 999 } },
		{ .revision = 1, .count = 15, .authority = 5, { 21 } },
	};
	struct smb_principal p;
	char text[SMB_SID_TEXT_SIZE];

	(void)state;
	for (size_t i = 0; i < sizeof(sids) / sizeof(sids[0]); i++)
		assert_false(smb_principal_of_sid(&ports, &sids[i], &p));
	smb_sid_show(&sids[5], text);
	assert_string_equal(text, "S-1-5-21-0-0-0-0-0-0-0-0-0-0-0-0-0-0");
}

int main(void)
{
	const struct CMUnitTest tests[] = {
		cmocka_unit_test_setup(names_and_sids_are_one, start),
		cmocka_unit_test_setup(a_domain_may_be_left_out, start),
		cmocka_unit_test_setup(a_sid_of_nobody_has_no_name, start),
	};

	return cmocka_run_group_tests(tests, NULL, NULL);
}
