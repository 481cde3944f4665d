/*
 * READ, MS-SMB2 2.2.19, 2.2.20 and 3.3.5.12.
 */
#include <setjmp.h>
#include <stdarg.h>
#include <stddef.h>
#include <stdint.h>

#include <cmocka.h>
#include <string.h>

#include "smb/cmd/cmd.h"
#include "tests/fake/command.h"

static struct fake_command f;

static void request(uint32_t length, uint64_t offset, uint32_t minimum,
		    uint32_t channel)
{
	struct writer *w = fake_request(&f, SMB2_READ);

	wr_zero(w, 2); /* Padding, Flags */
	wr_u32(w, length);
	wr_u64(w, offset);
	fake_file_id(&f);
	wr_u32(w, minimum);
	wr_u32(w, channel);
	wr_zero(w, 9);
}

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

/* RD-3: DataOffset 0x50, and the length of what is there. */
static void bytes_lie_right_behind_the_head(void **state)
{
	static const uint8_t expected[] = { 17, 0, 0x50, 0, 3, 0, 0, 0, 0, 0,
					    0,  0, 0,    0, 0, 0, 1, 2, 3 };

	(void)state;
	request(64, 5, 1, 0);
	f.store.length = 3;

	assert_int_equal(fake_run(&f), NT_STATUS_SUCCESS);
	assert_int_equal(f.store.read.offset, 5);
	assert_int_equal(f.store.read.length, 64);
	assert_int_equal(f.store.read.minimum, 1);
	assert_int_equal(fake_answer(&f).length, sizeof(expected));
	assert_memory_equal(fake_answer(&f).at, expected, sizeof(expected));
	assert_null(f.rq->payload.opaque);
}

static void bytes_in_the_kernel_go_behind_the_answer(void **state)
{
	(void)state;
	request(64, 0, 0, 0);
	f.store.length = 40;
	f.store.is_opaque = true;

	assert_int_equal(fake_run(&f), NT_STATUS_SUCCESS);
	assert_int_equal(fake_answer(&f).length, 16);
	assert_int_equal(fake_answer(&f).at[4], 40);
	assert_non_null(f.rq->payload.opaque);
	assert_int_equal(f.rq->payload.length, 40);
	assert_int_equal(f.store.dropped, 0);
}

/* As a hook of conformance tests has it. */
static void padding_lies_before_the_bytes(void **state)
{
	static const uint8_t expected[] = { 17, 0, 0x58, 0, 1, 0, 0, 0, 0,
					    0,  0, 0,    0, 0, 0, 0, 0, 0,
					    0,  0, 0,    0, 0, 0, 1 };

	(void)state;
	f.channel->read_padding = 8;
	request(64, 0, 0, 0);
	f.store.length = 1;
	assert_int_equal(fake_run(&f), NT_STATUS_SUCCESS);
	assert_int_equal(fake_answer(&f).length, sizeof(expected));
	assert_memory_equal(fake_answer(&f).at, expected, sizeof(expected));

	request(64, 0, 0, 0);
	f.store.length = 40;
	f.store.is_opaque = true;
	assert_int_equal(fake_run(&f), NT_STATUS_SUCCESS);
	assert_int_equal(fake_answer(&f).length, 16 + 8);
	assert_int_equal(fake_answer(&f).at[2], 0x58);
}

static void nothing_read_is_a_head_alone(void **state)
{
	(void)state;
	request(0, 0, 0, 0);

	assert_int_equal(fake_run(&f), NT_STATUS_SUCCESS);
	assert_int_equal(fake_answer(&f).length, 16);
	assert_int_equal(fake_answer(&f).at[4], 0);
}

/* Whatever signs, seals or gathers must see the bytes. */
static void bytes_stay_in_the_kernel_only_where_nobody_looks(void **state)
{
	(void)state;
	for (unsigned int reason = 0; reason < 7; reason++) {
		request(64, 0, 0, 0);
		f.rq->is_single = reason != 1;
		f.rq->is_signed = reason == 2;
		f.rq->is_sealed = reason == 3;
		f.session->must_sign = reason == 4;
		f.session->must_seal = reason == 5;
		f.disk->facts.must_encrypt = reason == 6;
		assert_int_equal(fake_run(&f), NT_STATUS_SUCCESS);
		assert_int_equal(f.store.read.may_be_opaque, reason == 0);
	}
}

static void what_the_store_says_is_passed_on(void **state)
{
	(void)state;
	request(64, 0, 0, 0);
	f.store.answer = NT_STATUS_END_OF_FILE;

	assert_int_equal(fake_run(&f), NT_STATUS_END_OF_FILE);
}

static void bad_requests_do_not_reach_the_store(void **state)
{
	static const struct {
		uint32_t length;
		uint64_t offset;
		uint32_t channel;
	} bad[] = {
		{ (1 << 20) + 1, 0, 0 }, /* more than MaxRead */
		{ 1, UINT64_MAX, 0 },    /* negative */
		{ 1, (uint64_t)INT64_MAX + 1, 0 },
		{ 1, INT64_MAX, 0 }, /* the end would be negative */
		{ 1, 0, 1 },         /* RDMA, over TCP */
	};

	(void)state;
	for (size_t i = 0; i < sizeof(bad) / sizeof(bad[0]); i++) {
		request(bad[i].length, bad[i].offset, 0, bad[i].channel);
		assert_int_equal(fake_run(&f), NT_STATUS_INVALID_PARAMETER);
		assert_int_equal(f.store.calls, 0);
	}
}

/* CR-3. */
static void the_charge_covers_the_length(void **state)
{
	(void)state;
	request(65537, 0, 0, 0);
	f.rq->header.credit_charge = 1;
	assert_int_equal(fake_run(&f), NT_STATUS_INVALID_PARAMETER);
	request(65537, 0, 0, 0);
	f.rq->header.credit_charge = 2;
	assert_int_equal(fake_run(&f), NT_STATUS_SUCCESS);
}

/* RD-2: READ_DATA or EXECUTE. */
static void reading_needs_a_right(void **state)
{
	static const uint32_t enough[] = { 0x1, 0x20, 0x1f01ff };
	static const uint32_t little[] = { 0x80, 0x6, 0x1f01de };

	(void)state;
	for (size_t i = 0; i < 3; i++) {
		request(1, 0, 0, 0);
		f.open->object->granted = enough[i];
		assert_int_equal(fake_run(&f), NT_STATUS_SUCCESS);
		request(1, 0, 0, 0);
		f.open->object->granted = little[i];
		assert_int_equal(fake_run(&f), NT_STATUS_ACCESS_DENIED);
	}
}

static void a_directory_is_not_read(void **state)
{
	(void)state;
	request(1, 0, 0, 0);
	f.open->object->is_directory = true;
	assert_int_equal(fake_run(&f), NT_STATUS_INVALID_DEVICE_REQUEST);
}

static void a_wrong_file_id_is_closed(void **state)
{
	(void)state;
	request(1, 0, 0, 0);
	f.frame[SMB_HEADER_LENGTH + 16] ^= 1;
	assert_int_equal(fake_run(&f), NT_STATUS_FILE_CLOSED);
}

static void a_body_cut_anywhere_is_refused(void **state)
{
	(void)state;
	for (size_t length = 0; length < 40; length++) {
		request(1, 0, 0, 0);
		assert_int_equal(fake_run_cut(&f, length),
				 NT_STATUS_INVALID_PARAMETER);
	}
}

static void an_empty_pipe_says_so(void **state)
{
	(void)state;
	fake_open_pipe(&f);
	request(64, 0, 0, 0);
	assert_int_equal(fake_run(&f), NT_STATUS_PIPE_EMPTY);
}

#define TEST(name) cmocka_unit_test_setup_teardown(name, set_up, tear_down)

int main(void)
{
	const struct CMUnitTest tests[] = {
		TEST(bytes_lie_right_behind_the_head),
		TEST(bytes_in_the_kernel_go_behind_the_answer),
		TEST(padding_lies_before_the_bytes),
		TEST(nothing_read_is_a_head_alone),
		TEST(bytes_stay_in_the_kernel_only_where_nobody_looks),
		TEST(what_the_store_says_is_passed_on),
		TEST(bad_requests_do_not_reach_the_store),
		TEST(the_charge_covers_the_length),
		TEST(reading_needs_a_right),
		TEST(a_directory_is_not_read),
		TEST(a_wrong_file_id_is_closed),
		TEST(a_body_cut_anywhere_is_refused),
		TEST(an_empty_pipe_says_so),
	};

	return cmocka_run_group_tests(tests, NULL, NULL);
}
