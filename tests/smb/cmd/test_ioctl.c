/*
 * IOCTL, MS-SMB2 2.2.31, 2.2.32 and 3.3.5.15.
 * Tests ioctl_pipe.c, validate.c, interfaces.c and ioctl_hooks.c as well.
 */
#include <setjmp.h>
#include <stdarg.h>
#include <stddef.h>
#include <stdint.h>

#include <cmocka.h>
#include <string.h>

#include "smb/cmd/cmd.h"
#include "smb/cmd/ioctl.h"
#include "tests/fake/command.h"

static struct fake_command f;

static int set_up(void **state)
{
	(void)state;
	fake_command_init(&f);
	return 0;
}

static int tear_down(void **state)
{
	(void)state;
	fake_command_fini(&f);
	return 0;
}

static uint32_t in_offset = 0x78, out_max = 256, flags = 1;
static bool is_serverwide;

static void request(uint32_t code, const void *in, size_t length)
{
	struct writer *w = fake_request(&f, SMB2_IOCTL);

	wr_zero(w, 2);
	wr_u32(w, code);
	if (is_serverwide) {
		wr_u64(w, UINT64_MAX);
		wr_u64(w, UINT64_MAX);
	} else {
		fake_file_id(&f);
	}
	wr_u32(w, in_offset);
	wr_u32(w, (uint32_t)length);
	wr_u32(w, 0);
	wr_u32(w, 0);
	wr_u32(w, 0);
	wr_u32(w, out_max);
	wr_u32(w, flags);
	wr_zero(w, 4);
	wr_copy(w, in, length);
}

static int tear_down_all(void **state)
{
	in_offset = 0x78;
	out_max = 256;
	flags = 1;
	is_serverwide = false;
	return tear_down(state);
}

static void assert_head(uint32_t code, uint32_t length)
{
	struct reader r = reader_of(fake_answer(&f));

	assert_int_equal(fake_answer(&f).length, 48 + length);
	assert_int_equal(rd_u16(&r), 49);
	rd_skip(&r, 2);
	assert_int_equal(rd_u32(&r), code);
	if (is_serverwide) {
		assert_true(rd_u64(&r) == UINT64_MAX);
		assert_true(rd_u64(&r) == UINT64_MAX);
	} else {
		assert_int_equal(rd_u64(&r), f.open->persistent);
		assert_int_equal(rd_u64(&r), f.open->volatile_id);
	}
	assert_int_equal(rd_u32(&r), 0x70);
	assert_int_equal(rd_u32(&r), 0);
	assert_int_equal(rd_u32(&r), 0x70);
	assert_int_equal(rd_u32(&r), length);
	assert_int_equal(rd_u64(&r), 0);
}

static void codes_of_files_are_the_stores(void **state)
{
	(void)state;
	request(0x900c4, "x", 1);
	f.store.length = 3;
	assert_int_equal(fake_run(&f), NT_STATUS_SUCCESS);
	assert_int_equal(f.store.ioctl.code, 0x900c4);
	assert_int_equal(f.store.ioctl.in_length, 1);
	assert_int_equal(f.store.ioctl.out_size, 256);
	assert_head(0x900c4, 3);
	assert_memory_equal(fake_answer(&f).at + 48, "\1\1\1", 3);

	request(0x1, NULL, 0);
	f.store.answer = NT_STATUS_INVALID_DEVICE_REQUEST;
	assert_int_equal(fake_run(&f), NT_STATUS_INVALID_DEVICE_REQUEST);
}

static void part_of_an_answer_goes_with_a_warning(void **state)
{
	(void)state;
	out_max = 16;
	request(0x940cf, NULL, 0);
	f.store.length = 16;
	f.store.answer = NT_STATUS_BUFFER_OVERFLOW;
	assert_int_equal(fake_run(&f), NT_STATUS_BUFFER_OVERFLOW);
	assert_head(0x940cf, 16);
}

static void bad_requests_do_not_reach_the_store(void **state)
{
	(void)state;
	in_offset = 0x77;
	request(1, "xy", 2);
	assert_int_equal(fake_run(&f), NT_STATUS_INVALID_PARAMETER);
	in_offset = 0x79;
	request(1, "xy", 2);
	assert_int_equal(fake_run(&f), NT_STATUS_INVALID_PARAMETER);
	in_offset = UINT32_MAX;
	request(1, "xy", 2);
	assert_int_equal(fake_run(&f), NT_STATUS_INVALID_PARAMETER);
	in_offset = 0x78;
	out_max = (1 << 20) + 1;
	request(1, "xy", 2);
	assert_int_equal(fake_run(&f), NT_STATUS_INVALID_PARAMETER);
	out_max = 65537;
	request(1, "xy", 2);
	f.rq->header.credit_charge = 1;
	assert_int_equal(fake_run(&f), NT_STATUS_INVALID_PARAMETER);
	out_max = 16;
	flags = 0;
	request(1, "xy", 2);
	assert_int_equal(fake_run(&f), NT_STATUS_NOT_SUPPORTED);
	assert_int_equal(f.store.calls, 0);
}

static void a_wrong_file_id_is_closed(void **state)
{
	(void)state;
	is_serverwide = true;
	request(0x900c4, NULL, 0);
	assert_int_equal(fake_run(&f), NT_STATUS_FILE_CLOSED);
}

/* 3.3.5.15: these name no file, or are wrong. */
static void serverwide_codes_come_with_no_file(void **state)
{
	static const uint32_t codes[] = {
		SMB_FSCTL_DFS_GET_REFERRALS,
		SMB_FSCTL_DFS_GET_REFERRALS_EX,
		SMB_FSCTL_PIPE_WAIT,
		SMB_FSCTL_QUERY_NETWORK_INTERFACE_INFO,
		SMB_FSCTL_VALIDATE_NEGOTIATE_INFO,
	};

	(void)state;
	for (size_t i = 0; i < 5; i++) {
		request(codes[i], NULL, 0);
		assert_int_equal(fake_run(&f), NT_STATUS_INVALID_PARAMETER);
	}
}

static void what_is_not_there_is_refused_as_clients_expect(void **state)
{
	(void)state;
	is_serverwide = true;
	request(SMB_FSCTL_DFS_GET_REFERRALS, NULL, 0);
	assert_int_equal(fake_run(&f), NT_STATUS_FS_DRIVER_REQUIRED);
	request(SMB_FSCTL_QUERY_NETWORK_INTERFACE_INFO, NULL, 0);
	assert_int_equal(fake_run(&f), NT_STATUS_INVALID_DEVICE_REQUEST);
	request(SMB_FSCTL_PIPE_WAIT, NULL, 0);
	assert_int_equal(fake_run(&f), NT_STATUS_INVALID_DEVICE_REQUEST);

	/* Some clients ask on no tree (OC-5). */
	request(SMB_FSCTL_QUERY_NETWORK_INTERFACE_INFO, NULL, 0);
	f.rq->tree = smb_tree_unref(f.rq->tree);
	assert_int_equal(fake_run(&f), NT_STATUS_INVALID_DEVICE_REQUEST);

	fake_open_pipe(&f);
	request(SMB_FSCTL_DFS_GET_REFERRALS, NULL, 0);
	assert_int_equal(fake_run(&f), NT_STATUS_FS_DRIVER_REQUIRED);
	request(SMB_FSCTL_QUERY_NETWORK_INTERFACE_INFO, NULL, 0);
	assert_int_equal(fake_run(&f), NT_STATUS_FS_DRIVER_REQUIRED);
	is_serverwide = false;
	request(0x900c4, NULL, 0);
	assert_int_equal(fake_run(&f), NT_STATUS_FS_DRIVER_REQUIRED);
}

/* ---- pipes ---- */

/* MS-SMB2 2.2.32.5: entries of one size, IPv4 in four bytes. */
static void addresses_for_more_connections_are_told(void **state)
{
	static const uint8_t first[] = { 152, 0, 0, 0, 3, 0, 0, 0, 1, 0, 0, 0,
					 0, 0, 0, 0,
					 /* 10 Gbit/s, AF_INET, 10.0.0.5 */
					 0, 0xe4, 0x0b, 0x54, 2, 0, 0, 0, 2, 0,
					 0, 0, 10, 0, 0, 5, 0, 0, 0, 0 };
	static const uint8_t second[] = { 0, 0, 0, 0, 4, 0, 0, 0, 0, 0, 0, 0, 0,
					  0, 0, 0,
					  /* 1 Gbit/s, AF_INET6, 2001:db8::5 */
					  0, 0xca, 0x9a, 0x3b, 0, 0, 0, 0, 0x17,
					  0, 0, 0, 0, 0, 0, 0, 0x20, 0x01, 0x0d,
					  0xb8, 0, 0, 0, 0, 0, 0, 0, 0, 0, 0, 0,
					  5, 0, 0, 0, 0 };
	struct bytes answer;

	(void)state;
	f.channel->capabilities = SMB2_CAP_MULTI_CHANNEL;
	f.interfaces[0] = (struct smb_interface){
		.index = 3,
		.speed = 10000000000,
		.has_rss = true,
		.address = { [10] = 0xff, [11] = 0xff, 10, 0, 0, 5 },
	};
	f.interfaces[1] = (struct smb_interface){
		.index = 4,
		.speed = 1000000000,
		.is_v6 = true,
		.address = { 0x20, 0x01, 0x0d, 0xb8, [15] = 5 },
	};
	f.interface_count = 2;
	is_serverwide = true;
	out_max = 65536;
	request(SMB_FSCTL_QUERY_NETWORK_INTERFACE_INFO, NULL, 0);
	assert_int_equal(fake_run(&f), NT_STATUS_SUCCESS);
	answer = fake_answer(&f);
	assert_int_equal(answer.length, 48 + 2 * 152);
	assert_memory_equal(answer.at + 48, first, sizeof(first));
	assert_memory_equal(answer.at + 48 + 152, second, sizeof(second));

	out_max = 2 * 152 - 1;
	request(SMB_FSCTL_QUERY_NETWORK_INTERFACE_INFO, NULL, 0);
	assert_int_equal(fake_run(&f), NT_STATUS_BUFFER_TOO_SMALL);
	f.interface_count = 0;
	request(SMB_FSCTL_QUERY_NETWORK_INTERFACE_INFO, NULL, 0);
	assert_int_equal(fake_run(&f), NT_STATUS_SUCCESS);
	assert_int_equal(fake_answer(&f).length, 48);
}

static void a_pipe_can_be_waited_for(void **state)
{
	uint8_t in[26] = { [8] = 12, 0,   0, 0,   0, 0,   's', 0,   'r',
			   0,        'v', 0, 's', 0, 'v', 0,   'c', 0 };

	(void)state;
	fake_open_pipe(&f);
	is_serverwide = true;
	request(SMB_FSCTL_PIPE_WAIT, in, sizeof(in));
	assert_int_equal(fake_run(&f), NT_STATUS_SUCCESS);
	assert_head(SMB_FSCTL_PIPE_WAIT, 0);
	request(SMB_FSCTL_PIPE_WAIT, in, 25);
	assert_int_equal(fake_run(&f), NT_STATUS_INVALID_PARAMETER);
	in[8] = 2;
	request(SMB_FSCTL_PIPE_WAIT, in, sizeof(in));
	assert_int_equal(fake_run(&f), NT_STATUS_OBJECT_NAME_NOT_FOUND);
}

static void an_empty_pipe_is_peeked_at(void **state)
{
	(void)state;
	fake_open_pipe(&f);
	request(SMB_FSCTL_PIPE_PEEK, NULL, 0);
	assert_int_equal(fake_run(&f), NT_STATUS_SUCCESS);
	assert_head(SMB_FSCTL_PIPE_PEEK, 16);
	assert_int_equal(fake_answer(&f).at[48], 3);
	out_max = 15;
	request(SMB_FSCTL_PIPE_PEEK, NULL, 0);
	assert_int_equal(fake_run(&f), NT_STATUS_BUFFER_TOO_SMALL);
}

/* ---- VALIDATE_NEGOTIATE_INFO, 3.3.5.15.12 ---- */

static uint8_t claim[24 + 4 * 2];

static void make_claim(void)
{
	struct writer w = writer_at(claim, sizeof(claim));

	f.channel->dialect = SMB_DIALECT_302;
	f.channel->client_capabilities = 0x7f;
	f.channel->client_security_mode = 1;
	memcpy(f.channel->client_guid, "client's own id.", 16);
	f.channel->capabilities = 0x44;
	f.channel->security_mode = 3;
	f.facts.dialect_max = SMB_DIALECT_302;
	wr_u32(&w, 0x7f);
	wr_copy(&w, "client's own id.", 16);
	wr_u16(&w, 1);
	wr_u16(&w, 4);
	wr_u16(&w, SMB_DIALECT_202);
	wr_u16(&w, SMB_DIALECT_210);
	wr_u16(&w, SMB_DIALECT_300);
	wr_u16(&w, SMB_DIALECT_302);
	is_serverwide = true;
}

static void what_was_negotiated_is_confirmed(void **state)
{
	static const uint8_t expected[] = {
		0x44, 0,   0,   0,   '0', '1', '2', '3', '4', '5', '6', '7',
		'8',  '9', 'a', 'b', 'c', 'd', 'e', 0,   3,   0,   2,   3,
	};

	(void)state;
	make_claim();
	f.session->has_key = true;
	request(SMB_FSCTL_VALIDATE_NEGOTIATE_INFO, claim, sizeof(claim));
	f.rq->tree = smb_tree_unref(f.rq->tree);
	assert_int_equal(fake_run(&f), NT_STATUS_SUCCESS);
	assert_head(SMB_FSCTL_VALIDATE_NEGOTIATE_INFO, 24);
	assert_memory_equal(fake_answer(&f).at + 48, expected, 24);
	assert_true(f.rq->must_sign);
	assert_false(f.rq->is_drop);
}

static void any_difference_ends_the_connection(void **state)
{
	static const size_t places[] = { 0, 3, 4, 19, 20, 21, 30 };

	(void)state;
	for (size_t i = 0; i < sizeof(places) / sizeof(places[0]); i++) {
		make_claim();
		claim[places[i]] ^= 1;
		request(SMB_FSCTL_VALIDATE_NEGOTIATE_INFO, claim,
			sizeof(claim));
		(void)fake_run(&f);
		assert_true(f.rq->is_drop);
	}
	make_claim();
	f.channel->dialect = SMB_DIALECT_300; /* somebody took 3.0.2 away */
	request(SMB_FSCTL_VALIDATE_NEGOTIATE_INFO, claim, sizeof(claim));
	(void)fake_run(&f);
	assert_true(f.rq->is_drop);
}

/* There the hash of the exchange does it, and nobody honest asks. */
static void in_311_the_question_ends_the_connection(void **state)
{
	(void)state;
	make_claim();
	f.channel->dialect = SMB_DIALECT_311;
	f.facts.dialect_max = SMB_DIALECT_311;
	claim[30] = 0x11;
	request(SMB_FSCTL_VALIDATE_NEGOTIATE_INFO, claim, sizeof(claim));
	(void)fake_run(&f);
	assert_true(f.rq->is_drop);
}

static void a_malformed_claim_is_only_refused(void **state)
{
	(void)state;
	make_claim();
	for (size_t length = 0; length < sizeof(claim); length++) {
		request(SMB_FSCTL_VALIDATE_NEGOTIATE_INFO, claim, length);
		assert_int_equal(fake_run(&f), NT_STATUS_INVALID_PARAMETER);
		assert_false(f.rq->is_drop);
	}
	claim[23] = 0xff;
	request(SMB_FSCTL_VALIDATE_NEGOTIATE_INFO, claim, sizeof(claim));
	assert_int_equal(fake_run(&f), NT_STATUS_INVALID_PARAMETER);
	make_claim();
	out_max = 23;
	request(SMB_FSCTL_VALIDATE_NEGOTIATE_INFO, claim, sizeof(claim));
	assert_int_equal(fake_run(&f), NT_STATUS_BUFFER_TOO_SMALL);
}

/* ---- hooks of conformance tests ---- */

static void hooks_are_unknown_unless_the_server_is_told(void **state)
{
	static const uint32_t codes[] = {
		SMB_FSCTL_HOOK_UNACKED,
		SMB_FSCTL_HOOK_PAD_IOCTL,
		SMB_FSCTL_HOOK_PAD_READS,
		SMB_FSCTL_HOOK_SLEEP,
	};

	(void)state;
	for (size_t i = 0; i < 4; i++) {
		request(codes[i], "\1", 1);
		f.store.answer = NT_STATUS_INVALID_DEVICE_REQUEST;
		assert_int_equal(fake_run(&f),
				 NT_STATUS_INVALID_DEVICE_REQUEST);
		assert_int_equal(f.store.ioctl.code, codes[i]);
	}
	is_serverwide = true;
	request(SMB_FSCTL_HOOK_UNACKED, NULL, 0);
	assert_int_equal(fake_run(&f), NT_STATUS_FILE_CLOSED);
	assert_false(f.channel->is_unacked);
	assert_int_equal(f.channel->read_padding, 0);
}

static void a_hook_leaves_a_connection_unacknowledged(void **state)
{
	(void)state;
	f.facts.is_test = true;
	is_serverwide = true;
	request(SMB_FSCTL_HOOK_UNACKED, "x", 1);
	assert_int_equal(fake_run(&f), NT_STATUS_INVALID_PARAMETER);
	assert_false(f.channel->is_unacked);

	request(SMB_FSCTL_HOOK_UNACKED, NULL, 0);
	assert_int_equal(fake_run(&f), NT_STATUS_SUCCESS);
	assert_head(SMB_FSCTL_HOOK_UNACKED, 0);
	assert_true(f.channel->is_unacked);
}

static void a_hook_pads_its_answer(void **state)
{
	struct reader r;

	(void)state;
	f.facts.is_test = true;
	is_serverwide = true;
	out_max = 2;
	request(SMB_FSCTL_HOOK_PAD_IOCTL, NULL, 0);
	assert_int_equal(fake_run(&f), NT_STATUS_SUCCESS);
	assert_int_equal(fake_answer(&f).length, 48 + 8 + 2);
	r = reader_of(fake_answer(&f));
	rd_skip(&r, 32);
	assert_int_equal(rd_u32(&r), 0x70 + 8);
	assert_int_equal(rd_u32(&r), 2);
	rd_skip(&r, 8);
	assert_true(rd_u64(&r) == 0);
	assert_int_equal(rd_u16(&r), 0x0808);
}

static void a_hook_pads_the_reads_of_its_connection(void **state)
{
	(void)state;
	f.facts.is_test = true;
	is_serverwide = true;
	request(SMB_FSCTL_HOOK_PAD_READS, NULL, 0);
	assert_int_equal(fake_run(&f), NT_STATUS_SUCCESS);
	assert_head(SMB_FSCTL_HOOK_PAD_READS, 0);
	assert_int_equal(f.channel->read_padding, 8);
}

static void a_hook_sleeps_with_the_open_in_use(void **state)
{
	(void)state;
	f.facts.is_test = true;
	f.park_answer = NT_STATUS_IO_TIMEOUT;
	request(SMB_FSCTL_HOOK_SLEEP, "\310", 1);
	assert_int_equal(fake_run(&f), NT_STATUS_SUCCESS);
	assert_int_equal(f.parks, 1);
	assert_true(f.rq->is_open_counted);
	assert_head(SMB_FSCTL_HOOK_SLEEP, 0);

	f.park_answer = NT_STATUS_CANCELLED;
	request(SMB_FSCTL_HOOK_SLEEP, "\310", 1);
	assert_int_equal(fake_run(&f), NT_STATUS_CANCELLED);
	request(SMB_FSCTL_HOOK_SLEEP, NULL, 0);
	assert_int_equal(fake_run(&f), NT_STATUS_INVALID_PARAMETER);
}

static void a_body_cut_anywhere_is_refused(void **state)
{
	(void)state;
	for (size_t length = 0; length < 58; length++) {
		request(1, "xy", 2);
		assert_int_equal(fake_run_cut(&f, length),
				 NT_STATUS_INVALID_PARAMETER);
	}
}

#define TEST(name) cmocka_unit_test_setup_teardown(name, set_up, tear_down_all)

int main(void)
{
	const struct CMUnitTest tests[] = {
		TEST(codes_of_files_are_the_stores),
		TEST(part_of_an_answer_goes_with_a_warning),
		TEST(bad_requests_do_not_reach_the_store),
		TEST(a_wrong_file_id_is_closed),
		TEST(serverwide_codes_come_with_no_file),
		TEST(what_is_not_there_is_refused_as_clients_expect),
		TEST(addresses_for_more_connections_are_told),
		TEST(a_pipe_can_be_waited_for),
		TEST(an_empty_pipe_is_peeked_at),
		TEST(what_was_negotiated_is_confirmed),
		TEST(any_difference_ends_the_connection),
		TEST(in_311_the_question_ends_the_connection),
		TEST(a_malformed_claim_is_only_refused),
		TEST(hooks_are_unknown_unless_the_server_is_told),
		TEST(a_hook_leaves_a_connection_unacknowledged),
		TEST(a_hook_pads_its_answer),
		TEST(a_hook_pads_the_reads_of_its_connection),
		TEST(a_hook_sleeps_with_the_open_in_use),
		TEST(a_body_cut_anywhere_is_refused),
	};

	return cmocka_run_group_tests(tests, NULL, NULL);
}
