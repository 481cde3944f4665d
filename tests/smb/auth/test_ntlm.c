/* Who is believed (MS-NLMP 3.2.5), raw NTLMSSP against a realm in memory. */
#include <setjmp.h>
#include <stdarg.h>
#include <stddef.h>
#include <stdint.h>

#include <cmocka.h>
#include <stdlib.h>
#include <string.h>

#include "smb/auth/auth.h"
#include "smb/auth/ntlmssp.h"
#include "smb/auth/ntlmv2.h"
#include "tests/fake/logon.h"
#include "tests/fake/realm.h"
#include "tests/fake/still.h"

#define COUNT(array) (sizeof(array) / sizeof((array)[0]))

static struct fake_realm realm;
static const struct smb_ports ports = {
	.host_ops = &still_host_ops,
	.realm_ops = &fake_realm_ops,
	.realm = &realm,
};

static int set_up(void **state)
{
	(void)state;
	fake_realm_init(&realm);
	fake_realm_add_account(&realm, "Ann", "secret");
	fake_realm_add_account(&realm, "zo\xc3\xab", "p\xc3\xa4ssw\xc3\xb6rd");
	fake_realm_add_account(&realm, "gone", "secret")->user.is_disabled =
		true;
	return 0;
}

/* What came of a logon. */
struct outcome {
	enum nt_status status;
	char user[256];
	size_t key_length;
	bool keys_agree;
};

static struct outcome logged_on(const struct fake_logon *logon)
{
	struct smb_auth *auth = smb_auth_new(&ports);
	uint8_t negotiate[64], message[4096], client_key[16], key[32];
	struct smb_auth_token challenge, last;
	struct outcome o = { .keys_agree = false };
	struct bytes n = {
		negotiate,
		fake_logon_negotiate(logon, negotiate, sizeof(negotiate)),
	};

	assert_int_equal(smb_auth_step(auth, n, &challenge),
			 NT_STATUS_MORE_PROCESSING_REQUIRED);
	struct bytes c = { challenge.bytes, challenge.length };
	struct bytes m = {
		message, fake_logon_authenticate(logon, n, c, message,
						 sizeof(message), client_key)
	};

	o.status = smb_auth_step(auth, m, &last);
	assert_null(last.bytes);
	if (o.status == NT_STATUS_SUCCESS) {
		strcpy(o.user, smb_auth_user(auth)->name);
		o.key_length = smb_auth_key(auth, key);
		o.keys_agree = memcmp(key, client_key, 16) == 0;
	}
	free(challenge.bytes);
	smb_auth_free(auth);
	assert_int_equal(realm.references, 0);
	return o;
}

#define ANN .user = "ann", .domain = "PC", .password = "secret"

static void the_right_password_is_accepted(void **state)
{
	static const struct {
		struct fake_logon logon;
		const char *user;
	} cases[] = {
		{ { ANN }, "Ann" },
		{ { ANN, .has_key_exchange = true }, "Ann" },
		{ { ANN, .has_key_exchange = true, .sends_mic = true }, "Ann" },
		{ { ANN, .sends_mic = true }, "Ann" },
		/* libsmb2, cifs.ko: short messages */
		{ { ANN, .has_no_version = true }, "Ann" },
		{ { ANN, .has_no_version = true, .sends_mic = true }, "Ann" },
		/* what clients hash for a domain */
		{ { ANN, .hashed_domain = "" }, "Ann" },
		{ { .user = "ANN",
		    .domain = "pc",
		    .password = "secret",
		    .hashed_domain = "PC" },
		  "Ann" },
		{ { .user = "ann", .domain = "", .password = "secret" },
		  "Ann" },
		/* a principal's name without a domain */
		{ { .user = "ann@EXAMPLE.ORG",
		    .domain = "",
		    .password = "secret" },
		  "Ann" },
		{ { .user = "ZO\xc3\x8b",
		    .domain = "PC",
		    .password = "p\xc3\xa4ssw\xc3\xb6rd" },
		  "zo\xc3\xab" },
	};

	(void)state;
	for (size_t i = 0; i < COUNT(cases); i++) {
		struct outcome o = logged_on(&cases[i].logon);

		if (o.status != NT_STATUS_SUCCESS)
			fail_msg("case %zu: %s", i, nt_status_name(o.status));
		assert_string_equal(o.user, cases[i].user);
		assert_int_equal(o.key_length, 16);
		assert_true(o.keys_agree);
	}
}

static const struct {
	const char *what;
	struct fake_logon logon;
	enum nt_status status;
} refused[] = {
	{ "wrong password",
	  { .user = "ann", .domain = "PC", .password = "Secret" },
	  NT_STATUS_LOGON_FAILURE },
	{ "unknown user",
	  { .user = "bob", .domain = "PC", .password = "secret" },
	  NT_STATUS_LOGON_FAILURE },
	{ "unknown user with the hash of nobody",
	  { .user = "bob", .domain = "PC", .password = "" },
	  NT_STATUS_LOGON_FAILURE },
	{ "a principal's name with a domain",
	  { .user = "ann@EXAMPLE.ORG", .domain = "PC", .password = "secret" },
	  NT_STATUS_LOGON_FAILURE },
	{ "disabled, wrong password",
	  { .user = "gone", .domain = "PC", .password = "x" },
	  NT_STATUS_LOGON_FAILURE },
	{ "disabled, right password",
	  { .user = "gone", .domain = "PC", .password = "secret" },
	  NT_STATUS_ACCOUNT_DISABLED },
	{ "another domain in the hash",
	  { ANN, .hashed_domain = "OTHER" },
	  NT_STATUS_LOGON_FAILURE },
	{ "OEM",
	  { ANN, .flags_dropped = SMB_NTLM_UNICODE },
	  NT_STATUS_LOGON_FAILURE },
	{ "no extended security",
	  { ANN, .flags_dropped = SMB_NTLM_EXTENDED_SECURITY },
	  NT_STATUS_LOGON_FAILURE },
	{ "no 128 bits",
	  { ANN, .flags_dropped = SMB_NTLM_128 },
	  NT_STATUS_LOGON_FAILURE },
	{ "NTLMv1", { ANN, .nt_length = 24 }, NT_STATUS_LOGON_FAILURE },
	{ "a response of 47 bytes",
	  { ANN, .nt_length = 47 },
	  NT_STATUS_LOGON_FAILURE },
	{ "wrong MIC",
	  { ANN, .sends_mic = true, .has_wrong_mic = true },
	  NT_STATUS_LOGON_FAILURE },
	{ "wrong MIC without a version",
	  { ANN, .sends_mic = true, .has_wrong_mic = true,
	    .has_no_version = true },
	  NT_STATUS_LOGON_FAILURE },
	{ "a MIC that is promised and not there",
	  { ANN, .hides_mic = true },
	  NT_STATUS_LOGON_FAILURE },
	{ "a key of 15 bytes",
	  { ANN, .has_key_exchange = true, .has_wrong_key_length = true },
	  NT_STATUS_LOGON_FAILURE },
	{ "changed AV pairs",
	  { ANN, .changes_av = true },
	  NT_STATUS_LOGON_FAILURE },
	{ "a missing name", { ANN, .drops_av = 3 }, NT_STATUS_LOGON_FAILURE },
	{ "a missing timestamp",
	  { ANN, .drops_av = 7 },
	  NT_STATUS_LOGON_FAILURE },
};

static void everything_else_is_refused_alike(void **state)
{
	(void)state;
	for (size_t i = 0; i < COUNT(refused); i++) {
		struct outcome o = logged_on(&refused[i].logon);

		if (o.status != refused[i].status)
			fail_msg("%s: %s", refused[i].what,
				 nt_status_name(o.status));
	}
}

/* Without the end, the four zero bytes behind the list are taken for it. */
static void the_four_bytes_behind_the_list_may_end_it(void **state)
{
	static const struct fake_logon logon = { ANN, .drops_av_end = true };

	(void)state;
	assert_int_equal(logged_on(&logon).status, NT_STATUS_SUCCESS);
}

static void strangers_are_guests_where_guests_are_welcome(void **state)
{
	static const struct fake_logon stranger = { .user = "bob",
						    .domain = "PC",
						    .password = "x",
						    .has_key_exchange = true };
	static const struct fake_logon wrong = { .user = "ann",
						 .domain = "PC",
						 .password = "x" };

	(void)state;
	realm.has_guest = true;
	struct outcome o = logged_on(&stranger);

	assert_int_equal(o.status, NT_STATUS_SUCCESS);
	assert_string_equal(o.user, "guest");
	assert_int_equal(o.key_length, 0);
	assert_int_equal(logged_on(&wrong).status, NT_STATUS_LOGON_FAILURE);
}

/* smbclient leaves out extended security here. */
static void the_anonymous_are_let_in_by_policy(void **state)
{
	static const struct fake_logon nobody = {
		.user = "",
		.domain = "",
		.password = "",
		.is_anonymous = true,
		.flags_dropped = SMB_NTLM_EXTENDED_SECURITY,
	};

	(void)state;
	assert_int_equal(logged_on(&nobody).status, NT_STATUS_LOGON_FAILURE);
	realm.has_guest = true;
	assert_string_equal(logged_on(&nobody).user, "guest");
	realm.has_anonymous = true;
	struct outcome o = logged_on(&nobody);

	assert_string_equal(o.user, "anonymous");
	assert_int_equal(o.key_length, 0);
}

/* ---- the exchange ---- */

static enum nt_status step(struct smb_auth *auth, const void *bytes,
			   size_t length)
{
	struct smb_auth_token answer;
	enum nt_status status =
		smb_auth_step(auth, (struct bytes){ bytes, length }, &answer);

	assert_int_equal(answer.bytes != NULL,
			 status == NT_STATUS_MORE_PROCESSING_REQUIRED);
	free(answer.bytes);
	return status;
}

static void messages_come_in_their_order(void **state)
{
	static const uint8_t negotiate[16] = "NTLMSSP\0\1\0\0\0\7\202\10";
	static const uint8_t authenticate[64] = "NTLMSSP\0\3";
	struct smb_auth *auth = smb_auth_new(&ports);

	(void)state;
	assert_int_equal(step(auth, authenticate, 64),
			 NT_STATUS_INVALID_PARAMETER);
	assert_int_equal(step(auth, negotiate, 16),
			 NT_STATUS_INVALID_PARAMETER);
	smb_auth_free(auth);
	auth = smb_auth_new(&ports);
	assert_int_equal(step(auth, negotiate, 16),
			 NT_STATUS_MORE_PROCESSING_REQUIRED);
	assert_int_equal(step(auth, negotiate, 16),
			 NT_STATUS_INVALID_PARAMETER);
	smb_auth_free(auth);
}

static void a_negotiate_beyond_reason_is_refused(void **state)
{
	static uint8_t negotiate[4097] = "NTLMSSP\0\1\0\0\0\7\202\10";
	struct smb_auth *auth = smb_auth_new(&ports);

	(void)state;
	assert_int_equal(step(auth, negotiate, sizeof(negotiate)),
			 NT_STATUS_INVALID_PARAMETER);
	smb_auth_free(auth);
}

static void the_claimed_name_is_known_to_the_log(void **state)
{
	static const struct fake_logon logon = { .user = "bo\nb",
						 .domain = "PC",
						 .password = "x" };
	struct smb_auth *auth = smb_auth_new(&ports);
	uint8_t negotiate[64], message[2048], key[16];
	struct bytes n = { negotiate,
			   fake_logon_negotiate(&logon, negotiate, 64) };
	struct smb_auth_token c, last;

	(void)state;
	assert_string_equal(smb_auth_claimed(auth), "");
	smb_auth_step(auth, n, &c);
	struct bytes m = {
		message,
		fake_logon_authenticate(&logon, n,
					(struct bytes){ c.bytes, c.length },
					message, sizeof(message), key)
	};

	assert_int_equal(smb_auth_step(auth, m, &last),
			 NT_STATUS_LOGON_FAILURE);
	assert_string_equal(smb_auth_claimed(auth), "bo?b");
	free(c.bytes);
	smb_auth_free(auth);
}

/* SIGN must be echoed, and what we never grant must not be. */
static void flags_are_granted_as_asked(void **state)
{
	static const struct {
		uint32_t asked, granted;
	} cases[] = {
		{ 0, 0x228a0205 },
		{ SMB_NTLM_SIGN, 0x228a0215 },
		{ 0xffffffff, 0xe28a8235 },
	};

	(void)state;
	for (size_t i = 0; i < COUNT(cases); i++) {
		struct smb_auth *auth = smb_auth_new(&ports);
		uint8_t negotiate[16] = "NTLMSSP\0\1";
		struct smb_auth_token answer;

		wr_uint_to(negotiate + 12, cases[i].asked, 4);
		smb_auth_step(auth, (struct bytes){ negotiate, 16 }, &answer);
		struct reader r = reader_at(answer.bytes, answer.length);

		rd_skip(&r, 20);
		assert_int_equal(rd_u32(&r), cases[i].granted);
		free(answer.bytes);
		smb_auth_free(auth);
	}
}

int main(void)
{
	const struct CMUnitTest tests[] = {
		cmocka_unit_test_setup(the_right_password_is_accepted, set_up),
		cmocka_unit_test_setup(everything_else_is_refused_alike,
				       set_up),
		cmocka_unit_test_setup(
			the_four_bytes_behind_the_list_may_end_it, set_up),
		cmocka_unit_test_setup(
			strangers_are_guests_where_guests_are_welcome, set_up),
		cmocka_unit_test_setup(the_anonymous_are_let_in_by_policy,
				       set_up),
		cmocka_unit_test_setup(messages_come_in_their_order, set_up),
		cmocka_unit_test_setup(a_negotiate_beyond_reason_is_refused,
				       set_up),
		cmocka_unit_test_setup(the_claimed_name_is_known_to_the_log,
				       set_up),
		cmocka_unit_test_setup(flags_are_granted_as_asked, set_up),
	};

	if (!smb_ntlmv2_is_allowed()) {
		print_message("skipped: the library is in FIPS mode\n");
		return 0;
	}
	return cmocka_run_group_tests(tests, NULL, NULL);
}
