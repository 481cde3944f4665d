/* SPNEGO around NTLM: mechanisms, MICs over their list (RFC 4178 4.2, 5). */
#include <setjmp.h>
#include <stdarg.h>
#include <stddef.h>
#include <stdint.h>

#include <cmocka.h>
#include <stdlib.h>
#include <string.h>

#include "smb/auth/auth.h"
#include "smb/auth/der.h"
#include "smb/auth/ntlmv2.h"
#include "tests/fake/hex.h"
#include "tests/fake/logon.h"
#include "tests/fake/realm.h"
#include "tests/fake/still.h"

#define COUNT(array) (sizeof(array) / sizeof((array)[0]))
#define NTLM         "060a2b06010401823702020a"
#define KRB5         "06092a864886f712010202"
#define MS_KRB5      "06092a864882f712010202"
#define NEGOEX       "060a2b06010401823702021e"

static struct fake_realm realm;
static const struct smb_ports ports = {
	.host_ops = &still_host_ops,
	.realm_ops = &fake_realm_ops,
	.realm = &realm,
};
static const struct fake_logon ann = {
	.user = "ann",
	.domain = "PC",
	.password = "secret",
	.has_key_exchange = true,
	.sends_mic = true,
};

static int set_up(void **state)
{
	(void)state;
	fake_realm_init(&realm);
	fake_realm_add_account(&realm, "ann", "secret");
	return 0;
}

/* What a client does with mechListMIC, and what comes of it. */
enum mic {
	NO_MIC,
	RIGHT_MIC,
	WRONG_MIC,
	SHORT_MIC
};

struct client {
	const struct fake_logon *logon;
	const char *mechs;
	bool sends_token; /* at once, in the hope that NTLM is chosen */
	bool sends_other; /* a token of another mechanism */
	enum mic mic;
};

struct outcome {
	enum nt_status status;
	uint8_t first_state, last_state;
	bool has_server_mic, server_mic_is_right;
	unsigned int legs;
};

/* ---- the client's tokens ---- */

static size_t write_init(uint8_t *to, size_t size, const char *mechs,
			 struct bytes token, struct bytes *ret_list)
{
	struct writer w = writer_at(to, size);
	uint8_t oids[128], spnego[8];
	struct bytes o = { oids, unhex(mechs, oids, sizeof(oids)) };
	struct bytes s = { spnego, unhex("2b0601050502", spnego, 8) };
	size_t outer = smb_der_begin(&w, SMB_DER_APPLICATION);

	smb_der_write(&w, SMB_DER_OID, s);
	size_t choice = smb_der_begin(&w, SMB_DER_CONTEXT);
	size_t body = smb_der_begin(&w, SMB_DER_SEQUENCE);
	size_t tagged = smb_der_begin(&w, SMB_DER_CONTEXT);

	smb_der_write(&w, SMB_DER_SEQUENCE, o);
	smb_der_end(&w, tagged);
	if (token.length) {
		tagged = smb_der_begin(&w, SMB_DER_CONTEXT + 2);
		smb_der_write(&w, SMB_DER_OCTETS, token);
		smb_der_end(&w, tagged);
	}
	smb_der_end(&w, body);
	smb_der_end(&w, choice);
	smb_der_end(&w, outer);
	assert_true(wr_ok(&w));
	static uint8_t list[128];
	struct writer l = writer_at(list, sizeof(list));

	smb_der_write(&l, SMB_DER_SEQUENCE, o);
	*ret_list = (struct bytes){ list, l.at };
	return w.at;
}

static size_t write_resp(uint8_t *to, size_t size, struct bytes token,
			 struct bytes mic)
{
	struct writer w = writer_at(to, size);
	size_t choice = smb_der_begin(&w, SMB_DER_CONTEXT + 1);
	size_t body = smb_der_begin(&w, SMB_DER_SEQUENCE);
	size_t tagged;

	if (token.length) {
		tagged = smb_der_begin(&w, SMB_DER_CONTEXT + 2);
		smb_der_write(&w, SMB_DER_OCTETS, token);
		smb_der_end(&w, tagged);
	}
	if (mic.length) {
		tagged = smb_der_begin(&w, SMB_DER_CONTEXT + 3);
		smb_der_write(&w, SMB_DER_OCTETS, mic);
		smb_der_end(&w, tagged);
	}
	smb_der_end(&w, body);
	smb_der_end(&w, choice);
	assert_true(wr_ok(&w));
	return w.at;
}

/* ---- the server's ---- */

struct answer {
	uint8_t state;
	struct bytes token, mic;
};

static struct bytes optional(struct reader *r, uint8_t tag, uint8_t inner)
{
	struct reader content = { .start = NULL };

	if (smb_der_is(r, tag)) {
		struct reader tagged = smb_der_enter(r, tag);

		content = smb_der_enter(&tagged, inner);
	}
	return rd_bytes(&content, rd_left(&content));
}

static struct answer read_answer(struct smb_auth_token token)
{
	struct reader r = reader_at(token.bytes, token.length);
	struct reader choice = smb_der_enter(&r, SMB_DER_CONTEXT + 1);
	struct reader body = smb_der_enter(&choice, SMB_DER_SEQUENCE);
	struct bytes state =
		optional(&body, SMB_DER_CONTEXT, SMB_DER_ENUMERATED);
	struct answer a = { .state = state.at[0] };

	optional(&body, SMB_DER_CONTEXT + 1, SMB_DER_OID);
	a.token = optional(&body, SMB_DER_CONTEXT + 2, SMB_DER_OCTETS);
	a.mic = optional(&body, SMB_DER_CONTEXT + 3, SMB_DER_OCTETS);
	assert_true(rd_ok(&body));
	assert_int_equal(rd_left(&body), 0);
	return a;
}

/* ---- an exchange ---- */

static size_t client_mic(const struct client *client, struct bytes list,
			 const uint8_t key[16], uint8_t mic[16])
{
	if (client->mic == NO_MIC)
		return 0;
	smb_ntlmv2_sign(key, false, client->logon->has_key_exchange, list, mic);
	if (client->mic == WRONG_MIC)
		mic[7] ^= 1;
	return client->mic == SHORT_MIC ? 15 : 16;
}

static struct outcome exchanged(const struct client *client)
{
	struct smb_auth *auth = smb_auth_new(&ports);
	uint8_t negotiate[64], message[2048], token[4096], key[16] = { 0 };
	uint8_t mic[16], expected[16];
	struct bytes n = { negotiate,
			   fake_logon_negotiate(client->logon, negotiate, 64) };
	struct bytes none = { NULL, 0 }, list;
	struct bytes first = client->sends_token ? n : none;
	struct smb_auth_token from_server;
	struct outcome o = { .legs = 1 };

	if (client->sends_other)
		first = (struct bytes){ (const uint8_t *)"not NTLM", 8 };
	size_t length =
		write_init(token, sizeof(token), client->mechs, first, &list);

	o.status = smb_auth_step(auth, (struct bytes){ token, length },
				 &from_server);
	if (o.status != NT_STATUS_MORE_PROCESSING_REQUIRED)
		goto out;
	struct answer a = read_answer(from_server);

	o.first_state = a.state;
	if (a.token.length == 0) {
		length = write_resp(token, sizeof(token), n, none);
		free(from_server.bytes);
		o.status = smb_auth_step(auth, (struct bytes){ token, length },
					 &from_server);
		assert_int_equal(o.status, NT_STATUS_MORE_PROCESSING_REQUIRED);
		a = read_answer(from_server);
		o.legs++;
	}
	struct bytes m = {
		message, fake_logon_authenticate(client->logon, n, a.token,
						 message, sizeof(message), key)
	};
	struct bytes c = { mic, client_mic(client, list, key, mic) };

	length = write_resp(token, sizeof(token), m, c);
	free(from_server.bytes);
	o.status = smb_auth_step(auth, (struct bytes){ token, length },
				 &from_server);
	o.legs++;
	if (o.status != NT_STATUS_SUCCESS)
		goto out;
	a = read_answer(from_server);
	o.last_state = a.state;
	o.has_server_mic = a.mic.length == 16;
	smb_ntlmv2_sign(key, true, client->logon->has_key_exchange, list,
			expected);
	o.server_mic_is_right =
		o.has_server_mic && memcmp(a.mic.at, expected, 16) == 0;
out:
	if (o.status != NT_STATUS_SUCCESS)
		assert_null(from_server.bytes);
	free(from_server.bytes);
	smb_auth_free(auth);
	assert_int_equal(realm.references, 0);
	return o;
}

static void clients_of_all_kinds_log_on(void **state)
{
	static const struct {
		struct client client;
		uint8_t first_state;
		unsigned int legs;
	} cases[] = {
		{ { &ann, NTLM, true, false, RIGHT_MIC }, 1, 2 },
		{ { &ann, NTLM, true, false, NO_MIC }, 1, 2 },
		{ { &ann, NTLM, false, false, RIGHT_MIC }, 1, 3 },
		{ { &ann, NTLM KRB5, true, false, NO_MIC }, 1, 2 },
		{ { &ann, NEGOEX NTLM, false, true, RIGHT_MIC }, 3, 3 },
		{ { &ann, NEGOEX NTLM, false, false, RIGHT_MIC }, 3, 3 },
		{ { &ann, MS_KRB5 KRB5 NEGOEX NTLM, false, true, RIGHT_MIC },
		  3,
		  3 },
	};

	(void)state;
	for (size_t i = 0; i < COUNT(cases); i++) {
		struct outcome o = exchanged(&cases[i].client);
		bool has_mic = cases[i].client.mic == RIGHT_MIC;

		if (o.status != NT_STATUS_SUCCESS)
			fail_msg("case %zu: %s", i, nt_status_name(o.status));
		assert_int_equal(o.first_state, cases[i].first_state);
		assert_int_equal(o.last_state, 0);
		assert_int_equal(o.legs, cases[i].legs);
		assert_int_equal(o.has_server_mic, has_mic);
		assert_int_equal(o.server_mic_is_right, has_mic);
	}
}

/* A downgrade of the list by a man in the middle shows here. */
static void a_mic_must_be_right_and_there_when_it_is_due(void **state)
{
	static const struct client cases[] = {
		{ &ann, NTLM, true, false, WRONG_MIC },
		{ &ann, NTLM, true, false, SHORT_MIC },
		{ &ann, KRB5 NTLM, false, true, WRONG_MIC },
		{ &ann, KRB5 NTLM, false, true, NO_MIC },
	};

	(void)state;
	for (size_t i = 0; i < COUNT(cases); i++)
		assert_int_equal(exchanged(&cases[i]).status,
				 NT_STATUS_LOGON_FAILURE);
}

static void without_ntlm_there_is_nothing_in_common(void **state)
{
	static const struct client client = { &ann, MS_KRB5 KRB5 NEGOEX, false,
					      true, NO_MIC };

	(void)state;
	assert_int_equal(exchanged(&client).status, NT_STATUS_LOGON_FAILURE);
}

/* They have no key: no MIC is made for them, and theirs means nothing. */
static void guests_and_the_anonymous_exchange_no_mic(void **state)
{
	static const struct fake_logon nobody = {
		.user = "", .domain = "", .password = "", .is_anonymous = true
	};
	static const struct fake_logon stranger = { .user = "bob",
						    .domain = "PC",
						    .password = "x",
						    .sends_mic = true };
	static const struct client cases[] = {
		{ &nobody, NTLM, true, false, NO_MIC },
		{ &nobody, NEGOEX NTLM, false, true, NO_MIC },
		{ &stranger, NTLM, true, false, RIGHT_MIC },
	};

	(void)state;
	realm.has_guest = realm.has_anonymous = true;
	for (size_t i = 0; i < COUNT(cases); i++) {
		struct outcome o = exchanged(&cases[i]);

		assert_int_equal(o.status, NT_STATUS_SUCCESS);
		assert_int_equal(o.last_state, 0);
		assert_false(o.has_server_mic);
	}
}

static enum nt_status one_step(const char *hex)
{
	struct smb_auth *auth = smb_auth_new(&ports);
	uint8_t bytes[128];
	struct smb_auth_token answer;
	struct bytes b = { bytes, unhex(hex, bytes, sizeof(bytes)) };
	enum nt_status status = smb_auth_step(auth, b, &answer);

	free(answer.bytes);
	smb_auth_free(auth);
	return status;
}

static void what_is_no_token_is_an_invalid_parameter(void **state)
{
	static const char *const cases[] = {
		"",         "00",   "4e544c4d535350",
		"a1023000", "6000", "a10a3008a2060404aabbccdd",
	};

	(void)state;
	for (size_t i = 0; i < COUNT(cases); i++)
		assert_int_equal(one_step(cases[i]),
				 NT_STATUS_INVALID_PARAMETER);
}

static void a_token_beyond_reason_is_refused(void **state)
{
	static uint8_t bytes[64 * 1024 + 1] = "NTLMSSP\0\1";
	struct smb_auth *auth = smb_auth_new(&ports);
	struct smb_auth_token answer;

	(void)state;
	assert_int_equal(smb_auth_step(auth,
				       (struct bytes){ bytes, sizeof(bytes) },
				       &answer),
			 NT_STATUS_INVALID_PARAMETER);
	smb_auth_free(auth);
	assert_null(smb_auth_free(NULL));
}

static void the_hint_needs_its_room(void **state)
{
	uint8_t to[256];
	size_t length = smb_auth_hint(to, sizeof(to));

	(void)state;
	assert_int_equal(length, 74);
	assert_int_equal(smb_auth_hint(to, length), length);
	for (size_t n = 0; n < length; n++)
		assert_int_equal(smb_auth_hint(to, n), 0);
}

int main(void)
{
	const struct CMUnitTest tests[] = {
		cmocka_unit_test_setup(clients_of_all_kinds_log_on, set_up),
		cmocka_unit_test_setup(
			a_mic_must_be_right_and_there_when_it_is_due, set_up),
		cmocka_unit_test_setup(without_ntlm_there_is_nothing_in_common,
				       set_up),
		cmocka_unit_test_setup(guests_and_the_anonymous_exchange_no_mic,
				       set_up),
		cmocka_unit_test_setup(what_is_no_token_is_an_invalid_parameter,
				       set_up),
		cmocka_unit_test_setup(a_token_beyond_reason_is_refused,
				       set_up),
		cmocka_unit_test(the_hint_needs_its_room),
	};

	if (!smb_ntlmv2_is_allowed()) {
		print_message("skipped: the library is in FIPS mode\n");
		return 0;
	}
	return cmocka_run_group_tests(tests, NULL, NULL);
}
