/* The messages of NTLMSSP (MS-NLMP 2.2.1, 2.2.2.1). */
#include <setjmp.h>
#include <stdarg.h>
#include <stddef.h>
#include <stdint.h>

#include <cmocka.h>
#include <stdlib.h>
#include <string.h>

#include "smb/auth/ntlmssp.h"
#include "tests/fake/hex.h"
#include "tests/fake/realm.h"

#define NTLMSSP "4e544c4d53535000"

static struct bytes bytes_of(const char *hex, uint8_t *to, size_t size)
{
	return (struct bytes){ to, unhex(hex, to, size) };
}

static void a_negotiate_of_16_bytes_is_enough(void **state)
{
	uint8_t to[64];
	uint32_t flags = 0;

	(void)state;
	assert_true(smb_ntlm_read_negotiate(
		bytes_of(NTLMSSP "01000000 978208e2", to, 64), &flags));
	assert_true(flags == 0xe2088297);
}

static void other_messages_are_no_negotiate(void **state)
{
	static const char *const cases[] = {
		"",
		"4e544c4d",
		NTLMSSP,
		NTLMSSP "01000000",
		NTLMSSP "01000000 978208",
		NTLMSSP "02000000 978208e2",
		NTLMSSP "03000000 978208e2",
		"4e544c4d53535001 01000000 978208e2",
	};
	uint8_t to[64];
	uint32_t flags;

	(void)state;
	for (size_t i = 0; i < sizeof(cases) / sizeof(cases[0]); i++)
		assert_false(smb_ntlm_read_negotiate(bytes_of(cases[i], to,
							      sizeof(to)),
						     &flags));
}

static void a_challenge_names_the_server(void **state)
{
	static const char *const expected = NTLMSSP
		"02000000 0800080038000000 05828a62 0102030405060708"
		"0000000000000000 6000600040000000 0601b01d0000000f"
		"460041004b004500"
		"02000800 460041004b004500 01000800 460041004b004500"
		"04001800 660061006b0065002e006500780061006d0070006c006500"
		"03001800 660061006b0065002e006500780061006d0070006c006500"
		"07000800 8877665544332211 00000000";
	struct fake_realm realm;
	struct smb_ntlm_challenge c = { .flags = 0x628a8205,
					.challenge = { 1, 2, 3, 4, 5, 6, 7, 8 },
					.now = 0x1122334455667788,
					.server = &realm.facts };
	uint8_t to[SMB_NTLM_CHALLENGE_MAX], bytes[512];
	struct writer w = writer_at(to, sizeof(to));
	struct smb_ntlm_span info;

	(void)state;
	fake_realm_init(&realm);
	smb_ntlm_write_challenge(&w, &c, &info);

	assert_int_equal(w.at, unhex(expected, bytes, sizeof(bytes)));
	assert_memory_equal(to, bytes, w.at);
	assert_int_equal(info.at, 64);
	assert_int_equal(info.length, 96);
}

/* The longest names that the facts can hold fit. */
static void the_longest_challenge_fits(void **state)
{
	struct smb_server_facts facts = { .guid = { 0 } };
	struct smb_ntlm_challenge c = { .server = &facts };
	uint8_t to[SMB_NTLM_CHALLENGE_MAX];
	struct writer w = writer_at(to, sizeof(to));
	struct smb_ntlm_span info;

	(void)state;
	memset(facts.netbios_name, 'N', sizeof(facts.netbios_name) - 1);
	memset(facts.dns_name, 'd', sizeof(facts.dns_name) - 1);
	smb_ntlm_write_challenge(&w, &c, &info);

	assert_true(wr_ok(&w));
}

/* ---- AUTHENTICATE ---- */

/* Lengths and offsets of the six fields, then what follows them. */
struct shape {
	struct {
		uint16_t length;
		uint32_t offset;
	} fields[6];
	size_t total;
	bool is_read;
	size_t mic_at;
};

static struct bytes shaped(const struct shape *shape, uint8_t *to)
{
	struct writer w = writer_at(to, shape->total);

	wr_copy(&w, "NTLMSSP", 8);
	wr_u32(&w, 3);
	for (int i = 0; i < 6; i++) {
		wr_u16(&w, shape->fields[i].length);
		wr_u16(&w, shape->fields[i].length);
		wr_u32(&w, shape->fields[i].offset);
	}
	wr_u32(&w, 0x11223344);
	wr_zero(&w, wr_left(&w));
	return (struct bytes){ to, shape->total };
}

static void fields_lie_where_they_say_or_nowhere(void **state)
{
	static const struct shape cases[] = {
		/* all empty: nothing but a head */
		{ { { 0, 0 } }, 64, true, 0 },
		{ { { 0, 0 } }, 72, true, 0 },
		/* an empty field may point anywhere */
		{ { { 0, 0xffffffff } }, 64, true, 0 },
		/* behind the MIC that stands behind the version */
		{ { { 24, 88 }, { 60, 112 } }, 172, true, 72 },
		/* behind the MIC in place of the version */
		{ { { 24, 80 }, { 60, 104 } }, 164, true, 64 },
		/* no room for a MIC */
		{ { { 24, 72 }, { 60, 96 } }, 156, true, 0 },
		{ { { 24, 79 }, { 60, 103 } }, 163, true, 0 },
		/* the lowest field counts, in whatever order */
		{ { { 24, 140 }, { 60, 72 } }, 164, true, 0 },
		/* in the head */
		{ { { 24, 0 } }, 172, false, 0 },
		{ { { 24, 60 } }, 172, false, 0 },
		/* beyond the end */
		{ { { 24, 149 } }, 172, false, 0 },
		{ { { 0, 0 }, { 1, 172 } }, 172, false, 0 },
		{ { { 0, 0 }, { 0xffff, 72 } }, 172, false, 0 },
		{ { { 0, 0 }, { 16, 0xfffffff8 } }, 172, false, 0 },
	};
	uint8_t to[256];

	(void)state;
	for (size_t i = 0; i < sizeof(cases) / sizeof(cases[0]); i++) {
		struct smb_ntlm_authenticate m;
		bool is_read =
			smb_ntlm_read_authenticate(shaped(&cases[i], to), &m);

		if (is_read != cases[i].is_read)
			fail_msg("case %zu", i);
		if (!is_read)
			continue;
		assert_int_equal(m.mic_at, cases[i].mic_at);
		assert_int_equal(m.flags, 0x11223344);
		assert_int_equal(m.lm.length, cases[i].fields[0].length);
		assert_int_equal(m.nt.length, cases[i].fields[1].length);
	}
}

static void a_cut_authenticate_is_refused(void **state)
{
	static const struct shape whole = {
		{ { 24, 88 }, { 60, 112 } }, 172, true, 72
	};
	uint8_t to[256];
	struct bytes b = shaped(&whole, to);
	struct smb_ntlm_authenticate m;

	(void)state;
	for (size_t n = 0; n < b.length; n++) {
		uint8_t *cut = malloc(n ? n : 1);

		memcpy(cut, to, n);
		assert_false(
			smb_ntlm_read_authenticate((struct bytes){ cut, n },
						   &m));
		free(cut);
	}
}

/* ---- AV pairs ---- */

#define BLOB_HEAD                                           \
	"00000000000000000000000000000000 0101000000000000" \
	"0000000000000000 aaaaaaaaaaaaaaaa 00000000"

static void our_pairs_must_come_back(void **state)
{
	static const char *const ours =
		"02000200 4600 01000200 4700 07000800 1122334455667788"
		"00000000";
	static const struct {
		const char *what, *list;
		enum nt_status status;
		uint32_t flags;
	} cases[] = {
		{ "the same",
		  "02000200 4600 01000200 4700 07000800 1122334455667788"
		  "00000000",
		  NT_STATUS_SUCCESS, 0 },
		{ "with flags and a target, in another order",
		  "01000200 4700 06000400 02000000 07000800 1122334455667788"
		  "09000400 61006200 02000200 4600 00000000 00000000",
		  NT_STATUS_SUCCESS, 2 },
		{ "one is missing", "02000200 4600 01000200 4700 00000000",
		  NT_STATUS_LOGON_FAILURE, 0 },
		{ "one is changed",
		  "02000200 4600 01000200 4800 07000800 1122334455667788"
		  "00000000",
		  NT_STATUS_LOGON_FAILURE, 0 },
		{ "one is shorter",
		  "02000200 4600 01000000 07000800 1122334455667788 00000000",
		  NT_STATUS_LOGON_FAILURE, 0 },
		{ "the first of two counts",
		  "02000200 4900 02000200 4600 01000200 4700"
		  "07000800 1122334455667788 00000000",
		  NT_STATUS_LOGON_FAILURE, 0 },
		{ "no end",
		  "02000200 4600 01000200 4700 07000800 1122334455667788",
		  NT_STATUS_INVALID_PARAMETER, 0 },
		{ "half an end",
		  "02000200 4600 01000200 4700 07000800 1122334455667788 0000",
		  NT_STATUS_INVALID_PARAMETER, 0 },
		{ "a pair longer than the list",
		  "02000200 4600 01000200 4700 07000800 1122334455667788"
		  "0600ffff 00000000",
		  NT_STATUS_INVALID_PARAMETER, 0 },
		{ "flags too short to be flags",
		  "02000200 4600 01000200 4700 07000800 1122334455667788"
		  "06000200 0200 00000000",
		  NT_STATUS_SUCCESS, 0 },
		{ "nothing", "", NT_STATUS_INVALID_PARAMETER, 0 },
	};
	uint8_t our_bytes[64];
	struct bytes o = bytes_of(ours, our_bytes, sizeof(our_bytes));

	(void)state;
	for (size_t i = 0; i < sizeof(cases) / sizeof(cases[0]); i++) {
		uint8_t response[256];
		size_t head = unhex(BLOB_HEAD, response, sizeof(response));
		size_t list = unhex(cases[i].list, response + head, 200);
		uint32_t flags = 99;

		if (smb_ntlm_read_av((struct bytes){ response, head + list }, o,
				     &flags) != cases[i].status)
			fail_msg("%s", cases[i].what);
		if (cases[i].status == NT_STATUS_SUCCESS)
			assert_int_equal(flags, cases[i].flags);
	}
}

static void a_response_shorter_than_its_head_has_no_pairs(void **state)
{
	static const uint8_t response[44];
	uint32_t flags;

	(void)state;
	for (size_t n = 0; n <= sizeof(response); n++)
		assert_int_equal(smb_ntlm_read_av((struct bytes){ response, n },
						  (struct bytes){ response, 4 },
						  &flags),
				 NT_STATUS_INVALID_PARAMETER);
}

int main(void)
{
	const struct CMUnitTest tests[] = {
		cmocka_unit_test(a_negotiate_of_16_bytes_is_enough),
		cmocka_unit_test(other_messages_are_no_negotiate),
		cmocka_unit_test(a_challenge_names_the_server),
		cmocka_unit_test(the_longest_challenge_fits),
		cmocka_unit_test(fields_lie_where_they_say_or_nowhere),
		cmocka_unit_test(a_cut_authenticate_is_refused),
		cmocka_unit_test(our_pairs_must_come_back),
		cmocka_unit_test(a_response_shorter_than_its_head_has_no_pairs),
	};

	return cmocka_run_group_tests(tests, NULL, NULL);
}
