/* Shares as MS-SRVS has them (2.2.2.4, 2.2.4.22 to .27). */
#include <setjmp.h>
#include <stdarg.h>
#include <stddef.h>
#include <stdint.h>

#include <cmocka.h>
#include <string.h>

#include "smb/rpc/shares.h"
#include "smb/wire/utf16.h"
#include "tests/fake/hex.h"
#include "tests/fake/realm.h"
#include "tests/fake/still.h"

static struct fake_realm realm;
static const struct smb_ports ports = {
	.host_ops = &still_host_ops,
	.realm_ops = &fake_realm_ops,
	.realm = &realm,
};
static struct smb_rpc_shares shares;

static int set_up(void **state)
{
	(void)state;
	fake_realm_init(&realm);
	fake_realm_add_share(&realm, "Home", "of all")->facts.flags = 0x30;
	fake_realm_add_share(&realm, "\xc3\x9c", "");
	smb_rpc_shares_read(&ports, &realm.guest.user, &shares);
	return 0;
}

static int tear_down(void **state)
{
	(void)state;
	smb_rpc_shares_free(&shares);
	return 0;
}

static const struct smb_rpc_share *found(const char *utf8)
{
	uint8_t wire[1024];
	struct writer w = writer_at(wire, sizeof(wire));

	wr_utf16_of(&w, utf8);
	return smb_rpc_share_find(&shares, (struct bytes){ wire, w.at });
}

static void ipc_is_the_last_of_the_list(void **state)
{
	(void)state;
	assert_int_equal(shares.count, 3);
	assert_string_equal(shares.list[0].facts.name, "Home");
	assert_string_equal(shares.list[2].facts.name, "IPC$");
	assert_int_equal(smb_rpc_share_type(&shares.list[0]), 0);
	assert_true(smb_rpc_share_type(&shares.list[2]) == 0x80000003);
}

static void shares_are_found_whatever_their_case(void **state)
{
	(void)state;
	assert_ptr_equal(found("hOME"), &shares.list[0]);
	assert_ptr_equal(found("\xc3\xbc"), &shares.list[1]);
	assert_ptr_equal(found("ipc$"), &shares.list[2]);
	assert_null(found(""));
	assert_null(found("homes"));
	assert_null(found("a name that is far longer than any share's may be, "
			  "with which somebody tries whether our buffers have "
			  "an end or whether they go on for ever and ever"));
}

static void malformed_names_are_not_found(void **state)
{
	static const uint8_t odd[] = { 'H', 0, 'o', 0, 'm', 0, 'e' };
	static const uint8_t lone[] = { 0x00, 0xd8 };

	(void)state;
	assert_null(smb_rpc_share_find(&shares, (struct bytes){ odd, 7 }));
	assert_null(smb_rpc_share_find(&shares, (struct bytes){ lone, 2 }));
}

static void paths_tell_nothing_of_the_disk(void **state)
{
	char path[132];

	(void)state;
	smb_rpc_share_path(&shares.list[0], path, sizeof(path));
	assert_string_equal(path, "C:\\Home");
	smb_rpc_share_path(&shares.list[2], path, sizeof(path));
	assert_string_equal(path, "");
}

#define HOME "05000000 00000000 05000000 48006f006d00650000000000"
#define OF   "07000000 00000000 07000000 6f006600200061006c006c0000000000"
#define C    "08000000 00000000 08000000 43003a005c0048006f006d0065000000"

static void every_level_has_its_fields(void **state)
{
	static const struct {
		uint32_t level;
		const char *fields, *texts;
	} cases[] = {
		{ 0, "00000200", HOME },
		{ 1, "00000200 00000000 08000200", HOME OF },
		{ 2,
		  "00000200 00000000 08000200 00000000 ffffffff 00000000"
		  "18000200 00000000",
		  HOME OF C },
		{ 501, "00000200 00000000 08000200 30000000", HOME OF },
		{ 502,
		  "00000200 00000000 08000200 00000000 ffffffff 00000000"
		  "18000200 00000000 00000000 00000000",
		  HOME OF C },
		{ 1005, "30000000", "" },
	};

	(void)state;
	for (size_t i = 0; i < sizeof(cases) / sizeof(cases[0]); i++) {
		uint8_t to[256], bytes[256];
		struct writer w = writer_at(to, sizeof(to));
		size_t n = unhex(cases[i].fields, bytes, sizeof(bytes));

		assert_true(smb_rpc_share_level_is_known(cases[i].level));
		smb_rpc_share_write(&w, cases[i].level, &shares.list[0]);
		assert_int_equal(w.at, n);
		assert_memory_equal(to, bytes, n);
		w = writer_at(to, sizeof(to));
		n = unhex(cases[i].texts, bytes, sizeof(bytes));
		smb_rpc_share_write_texts(&w, cases[i].level, &shares.list[0]);
		wr_align(&w, 4);
		assert_int_equal(w.at, n);
		assert_memory_equal(to, bytes, n);
	}
}

static void other_levels_are_unknown(void **state)
{
	static const uint32_t levels[] = {
		3, 500, 503, 1004, 1501, 0xffffffff
	};

	(void)state;
	for (size_t i = 0; i < sizeof(levels) / sizeof(levels[0]); i++)
		assert_false(smb_rpc_share_level_is_known(levels[i]));
}

#define TEST(name) cmocka_unit_test_setup_teardown(name, set_up, tear_down)

int main(void)
{
	const struct CMUnitTest tests[] = {
		TEST(ipc_is_the_last_of_the_list),
		TEST(shares_are_found_whatever_their_case),
		TEST(malformed_names_are_not_found),
		TEST(paths_tell_nothing_of_the_disk),
		TEST(every_level_has_its_fields),
		TEST(other_levels_are_unknown),
	};

	return cmocka_run_group_tests(tests, NULL, NULL);
}
