/* The local security authority (MS-LSAT 3.1.4), by calls over a pipe. */
#include <setjmp.h>
#include <stdarg.h>
#include <stddef.h>
#include <stdint.h>

#include <cmocka.h>
#include <string.h>

#include "smb/rpc/interface.h"
#include "smb/rpc/ndr.h"
#include "smb/rpc/rpc.h"
#include "tests/fake/realm.h"
#include "tests/fake/rpc.h"
#include "tests/fake/still.h"

static struct fake_realm realm;
static const struct smb_ports ports = {
	.host_ops = &still_host_ops,
	.realm_ops = &fake_realm_ops,
	.realm = &realm,
};
static struct smb_pipe *lsa;
static uint8_t in[4096], out[16384];
static struct writer stub;
static struct reader answer;

static void open_pipe(struct smb_user *user)
{
	static const uint16_t name[] = { 'l', 's', 'a', 'r', 'p', 'c' };
	size_t length = fake_rpc_bind(in, sizeof(in), smb_rpc_lsarpc.uuid, 0);

	assert_int_equal(smb_pipe_open(&ports, user,
				       (struct smb_name){ name, 6 }, &lsa),
			 NT_STATUS_SUCCESS);
	smb_pipe_write(lsa, (struct bytes){ in, length });
	smb_pipe_read(lsa, out, sizeof(out), &length);
	stub = writer_at(in, sizeof(in));
}

static int start(void **state)
{
	(void)state;
	fake_realm_init(&realm);
	fake_realm_add_account(&realm, "ann", "Secret-1");
	open_pipe(&realm.accounts[0].user);
	return 0;
}

static int stop(void **state)
{
	(void)state;
	smb_pipe_free(lsa);
	assert_int_equal(realm.references, 0);
	return 0;
}

/* Sends the stub; the fault. `answer` reads the results. */
static uint32_t call(uint16_t operation)
{
	uint32_t fault;
	size_t length =
		fake_rpc_call(lsa, operation, (struct bytes){ in, stub.at },
			      out, sizeof(out), &fault);

	answer = reader_at(out, length);
	stub = writer_at(in, sizeof(in));
	return fault;
}

/* The status at the end of the results. */
static uint32_t status(void)
{
	struct reader r = answer;

	rd_seek(&r, answer.length - 4);
	return rd_u32(&r);
}

/* Opens the policy, and begins the next call with its handle. */
static void begin(void)
{
	uint8_t handle[20];

	assert_int_equal(call(44), 0);
	assert_int_equal(status(), 0);
	rd_copy(&answer, handle, sizeof(handle));
	wr_copy(&stub, handle, sizeof(handle));
}

static void expect_text(const char *expected)
{
	struct bytes text = smb_ndr_read_unicode(&answer);

	assert_true(rd_ok(&answer));
	assert_int_equal(text.length, 2 * strlen(expected));
	for (size_t i = 0; i < text.length / 2; i++)
		assert_int_equal(text.at[2 * i], expected[i]);
}

static void put_sids(const struct smb_sid *sids, uint32_t count)
{
	smb_ndr_write_u32(&stub, count);
	smb_ndr_write_pointer(&stub);
	wr_u32(&stub, count);
	for (uint32_t i = 0; i < count; i++)
		smb_ndr_write_pointer(&stub);
	for (uint32_t i = 0; i < count; i++)
		smb_ndr_write_sid(&stub, &sids[i]);
	wr_zero(&stub, 24); /* no names yet, the level, none mapped */
}

static const struct smb_sid asked[] = {
	{ .revision = 1, .count = 2, .authority = 22, { 1, 1000 } },
	{ .revision = 1, .count = 2, .authority = 22, { 2, 7 } },
	{ .revision = 1, .count = 2, .authority = 5, { 32, 545 } },
};

static void expect_domains(void)
{
	struct smb_sid sid;

	assert_true(smb_ndr_read_pointer(&answer));
	assert_int_equal(rd_u32(&answer), 2);
	assert_true(smb_ndr_read_pointer(&answer));
	assert_int_equal(rd_u32(&answer), 2);
	assert_int_equal(rd_u32(&answer), 2);
	for (int i = 0; i < 2; i++) {
		assert_true(smb_ndr_read_unicode_head(&answer));
		assert_true(smb_ndr_read_pointer(&answer));
	}
	expect_text("Unix User");
	smb_ndr_read_sid(&answer, &sid);
	assert_int_equal(sid.count, 1);
	expect_text("BUILTIN");
	smb_ndr_read_sid(&answer, &sid);
	assert_int_equal(sid.parts[0], 32);
}

/* MS-LSAT 3.1.4.10, .11: those that nobody knows are told as they are. */
static void names_of_sids_are_told(void **state)
{
	static const uint32_t uses[] = { 1, 8, 4 }, domains[] = { 0, -1u, 1 };

	(void)state;
	for (int is_two = 0; is_two < 2; is_two++) {
		begin();
		put_sids(asked, 3);
		assert_int_equal(call(is_two ? 57 : 15), 0);
		assert_int_equal(status(), 0x107);
		expect_domains();
		assert_int_equal(smb_ndr_read_u32(&answer), 3);
		assert_true(smb_ndr_read_pointer(&answer));
		assert_int_equal(rd_u32(&answer), 3);
		for (int i = 0; i < 3; i++) {
			assert_int_equal(rd_u16(&answer), uses[i]);
			assert_true(smb_ndr_read_unicode_head(&answer));
			assert_int_equal(rd_u32(&answer), domains[i]);
			rd_skip(&answer, is_two ? 4 : 0);
		}
		expect_text("ann");
		expect_text("S-1-22-2-7");
		expect_text("Users");
		assert_int_equal(smb_ndr_read_u32(&answer), 2);
		assert_int_equal(rd_left(&answer), 4);
	}
}

static void put_names(const char *const *names, uint32_t count)
{
	smb_ndr_write_u32(&stub, count);
	wr_u32(&stub, count);
	for (uint32_t i = 0; i < count; i++)
		smb_ndr_write_unicode_head(&stub, names[i]);
	for (uint32_t i = 0; i < count; i++)
		smb_ndr_write_unicode(&stub, names[i]);
	smb_ndr_write_u32(&stub, 0);
	wr_zero(&stub, 20);
}

/* MS-LSAT 3.1.4.6 to .8 */
static void sids_of_names_are_told(void **state)
{
	static const uint16_t operations[] = { 14, 58, 68 };
	const char *const names[] = { "FAKE\\Ann", "", "users" };
	struct smb_sid sid;

	(void)state;
	for (int form = 0; form < 3; form++) {
		begin();
		put_names(names, 3);
		assert_int_equal(call(operations[form]), 0);
		assert_int_equal(status(), 0x107);
		expect_domains();
		assert_int_equal(smb_ndr_read_u32(&answer), 3);
		assert_true(smb_ndr_read_pointer(&answer));
		assert_int_equal(rd_u32(&answer), 3);
		for (int i = 0; i < 3; i++) {
			assert_int_equal(rd_u16(&answer), i == 0   ? 1
							  : i == 1 ? 8
								   : 4);
			uint32_t part = smb_ndr_read_u32(&answer);

			if (form < 2)
				assert_int_equal(part, i == 0   ? 1000
						       : i == 1 ? -1u
								: 545);
			else
				assert_int_equal(part != 0, i != 1);
			assert_int_equal(rd_u32(&answer), i == 0   ? 0
							  : i == 1 ? -1u
								   : 1);
			rd_skip(&answer, form > 0 ? 4 : 0);
		}
		for (int i = 0; form == 2 && i < 3; i += 2) {
			smb_ndr_read_sid(&answer, &sid);
			assert_true(smb_sid_equal(&sid, &asked[i]));
		}
		assert_int_equal(smb_ndr_read_u32(&answer), 2);
		assert_int_equal(rd_left(&answer), 4);
	}
}

static void nobody_known_is_an_error(void **state)
{
	(void)state;
	begin();
	put_sids(asked + 1, 1);
	assert_int_equal(call(15), 0);
	assert_int_equal(status(), 0xc0000073);
}

static void the_domain_is_the_server(void **state)
{
	struct smb_sid sid;

	(void)state;
	begin();
	wr_u16(&stub, 5);
	assert_int_equal(call(46), 0);
	assert_int_equal(status(), 0);
	assert_true(smb_ndr_read_pointer(&answer));
	assert_int_equal(rd_u16(&answer), 5);
	assert_true(smb_ndr_read_unicode_head(&answer));
	assert_true(smb_ndr_read_pointer(&answer));
	expect_text("FAKE");
	smb_ndr_read_sid(&answer, &sid);
	assert_int_equal(sid.parts[0], 21);
	begin();
	wr_u16(&stub, 99);
	assert_int_equal(call(7), 0);
	assert_int_equal(status(), 0xc000000d);
}

static void other_handles_are_none(void **state)
{
	static const uint16_t operations[] = { 0, 7, 14, 15, 57, 58, 68 };

	(void)state;
	for (size_t i = 0; i < sizeof(operations) / sizeof(operations[0]);
	     i++) {
		wr_zero(&stub, 40);
		assert_int_equal(call(operations[i]), 0);
		assert_int_equal(status(), 0xc0000008);
	}
	begin();
	assert_int_equal(call(0), 0);
	assert_int_equal(status(), 0);
}

static void what_is_malformed_is_a_fault(void **state)
{
	(void)state;
	begin();
	wr_u32(&stub, 1);
	assert_int_equal(call(15), SMB_RPC_BAD_STUB_DATA);
	begin();
	put_sids(asked, 1);
	wr_uint_to(in + 20 + 8, 9, 4);
	assert_int_equal(call(15), SMB_RPC_BAD_STUB_DATA);
	begin();
	wr_u32(&stub, 100000);
	wr_u32(&stub, 1);
	wr_zero(&stub, 24);
	assert_int_equal(call(15), 0);
	assert_int_equal(status(), 0xc000000d);
}

static void strangers_are_told_nothing(void **state)
{
	(void)state;
	smb_pipe_free(lsa);
	open_pipe(&realm.anonymous.user);
	assert_int_equal(call(44), 0);
	assert_int_equal(status(), 0xc0000022);
}

#define TEST(name) cmocka_unit_test_setup_teardown(name, start, stop)

int main(void)
{
	const struct CMUnitTest tests[] = {
		TEST(names_of_sids_are_told),
		TEST(sids_of_names_are_told),
		TEST(nobody_known_is_an_error),
		TEST(the_domain_is_the_server),
		TEST(other_handles_are_none),
		TEST(what_is_malformed_is_a_fault),
		TEST(strangers_are_told_nothing),
	};

	return cmocka_run_group_tests(tests, NULL, NULL);
}
