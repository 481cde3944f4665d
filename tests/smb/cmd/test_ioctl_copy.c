/*
 * Copies inside the server, MS-SMB2 2.2.31.1, 2.2.32.1 and 3.3.5.15.6.
 */
#include <setjmp.h>
#include <stdarg.h>
#include <stddef.h>
#include <stdint.h>

#include <cmocka.h>
#include <string.h>

#include "smb/cmd/body.h"
#include "smb/cmd/cmd.h"
#include "smb/cmd/ioctl.h"
#include "smb/limits.h"
#include "tests/fake/command.h"

enum {
	MIB = 1024 * 1024,
	DATA_AT = 48, /* in the answer */
};

static struct fake_command f;
static uint32_t out_max;

static int set_up(void **state)
{
	(void)state;
	fake_command_init(&f);
	out_max = 32;
	return 0;
}

static int tear_down(void **state)
{
	(void)state;
	fake_command_fini(&f);
	return 0;
}

/* Begins a request: write as many bytes of input as were told. */
static struct writer *begin(uint32_t code, uint32_t length)
{
	struct writer *w = fake_request(&f, SMB2_IOCTL);

	wr_zero(w, 2);
	wr_u32(w, code);
	fake_file_id(&f);
	wr_u32(w, 0x78);
	wr_u32(w, length);
	wr_zero(w, 12);
	wr_u32(w, out_max);
	wr_u32(w, 1);
	wr_zero(w, 4);
	return w;
}

static void write_key(struct writer *w)
{
	wr_u64(w, f.open->persistent);
	wr_u64(w, f.open->volatile_id);
	wr_u64(w, 0);
}

static struct writer *begin_copy(uint32_t code, uint32_t count)
{
	struct writer *w = begin(code, 32 + 24 * count);

	write_key(w);
	wr_u32(w, count);
	wr_u32(w, 0);
	return w;
}

static void write_chunk(struct writer *w, uint64_t from, uint64_t to,
			uint32_t length)
{
	wr_u64(w, from);
	wr_u64(w, to);
	wr_u32(w, length);
	wr_u32(w, 0);
}

/* One after the other, from the start. */
static void request_chunks(uint32_t count, uint32_t length)
{
	struct writer *w = begin_copy(SMB_FSCTL_SRV_COPYCHUNK, count);

	for (uint32_t i = 0; i < count; i++)
		write_chunk(w, (uint64_t)i * length, (uint64_t)i * length,
			    length);
}

static void assert_counts(uint32_t chunks, uint32_t bytes, uint32_t total)
{
	struct reader r = reader_of(fake_answer(&f));

	assert_true(f.rq->has_body);
	assert_int_equal(fake_answer(&f).length, DATA_AT + 12);
	rd_skip(&r, 36);
	assert_int_equal(rd_u32(&r), 12);
	rd_skip(&r, 8);
	assert_int_equal(rd_u32(&r), chunks);
	assert_int_equal(rd_u32(&r), bytes);
	assert_int_equal(rd_u32(&r), total);
}

/* 2.2.32.3, with four bytes of a context that is empty. */
static void a_key_names_the_open(void **state)
{
	struct reader r;

	(void)state;
	begin(SMB_FSCTL_SRV_REQUEST_RESUME_KEY, 0);
	assert_int_equal(fake_run(&f), NT_STATUS_SUCCESS);
	assert_int_equal(fake_answer(&f).length, DATA_AT + 32);
	r = reader_of(fake_answer(&f));
	rd_skip(&r, DATA_AT);
	assert_int_equal(rd_u64(&r), f.open->persistent);
	assert_int_equal(rd_u64(&r), f.open->volatile_id);
	assert_int_equal(rd_u64(&r) | rd_u64(&r), 0);

	out_max = 31;
	begin(SMB_FSCTL_SRV_REQUEST_RESUME_KEY, 0);
	assert_int_equal(fake_run(&f), NT_STATUS_BUFFER_TOO_SMALL);
}

static void chunks_are_copied_in_turn(void **state)
{
	struct writer *w = begin_copy(SMB_FSCTL_SRV_COPYCHUNK_WRITE, 2);

	(void)state;
	write_chunk(w, 1, 2, MIB);
	write_chunk(w, 3, 4, MIB);
	f.store.copied = MIB;
	assert_int_equal(fake_run(&f), NT_STATUS_SUCCESS);
	assert_int_equal(f.store.calls, 2);
	assert_ptr_equal(f.store.copy.source, f.open->object);
	assert_ptr_equal(f.store.copy.call, &f.rq->call);
	assert_int_equal(f.store.copy.from, 3);
	assert_int_equal(f.store.copy.to, 4);
	assert_int_equal(f.store.copy.length, MIB);
	assert_false(f.store.copy.is_clone);
	assert_counts(2, 0, 2 * MIB);
	assert_int_equal(f.open->requests, 1);
}

static void nothing_to_copy_is_a_success(void **state)
{
	(void)state;
	request_chunks(0, 0);
	assert_int_equal(fake_run(&f), NT_STATUS_SUCCESS);
	assert_counts(0, 0, 0);
}

/* MA-4: the bytes in steps, and then what is not bytes. */
static void macos_copies_a_whole_file_so(void **state)
{
	(void)state;
	f.session->copies_for_apple = true;
	f.store.open.file.end_of_file = MIB + 5;
	request_chunks(0, 0);
	f.store.copied = MIB;
	assert_int_equal(fake_run(&f), NT_STATUS_SUCCESS);
	assert_true(f.store.copy.is_rest);
	assert_int_equal(f.store.copy.to, MIB);
	assert_int_equal(f.store.copy.length, 5);
	assert_counts(0, 0, MIB + 5);
}

static void beyond_the_limits_they_are_told(void **state)
{
	static const struct {
		uint32_t count, length;
	} cases[] = { { 257, 1 }, { 1, 0 }, { 1, MIB + 1 }, { 17, MIB } };

	(void)state;
	for (size_t i = 0; i < sizeof(cases) / sizeof(cases[0]); i++) {
		/* The list of too many need not be there. */
		if (cases[i].count > SMB_COPY_CHUNKS_MAX) {
			struct writer *w = begin(SMB_FSCTL_SRV_COPYCHUNK, 32);

			write_key(w);
			wr_u32(w, cases[i].count);
			wr_u32(w, 0);
		} else {
			request_chunks(cases[i].count, cases[i].length);
		}
		assert_int_equal(fake_run(&f), NT_STATUS_INVALID_PARAMETER);
		assert_counts(256, MIB, 16 * MIB);
	}
	assert_int_equal(f.store.calls, 0);
	f.store.copied = MIB;
	request_chunks(16, MIB);
	assert_int_equal(fake_run(&f), NT_STATUS_SUCCESS);
	assert_counts(16, 0, 16 * MIB);
}

static void what_stops_a_copy_goes_with_how_far_it_came(void **state)
{
	(void)state;
	f.store.answer = NT_STATUS_FILE_LOCK_CONFLICT;
	f.store.good_calls = 3;
	f.store.copied = 100;
	request_chunks(8, 100);
	assert_int_equal(fake_run(&f), NT_STATUS_FILE_LOCK_CONFLICT);
	assert_int_equal(f.store.calls, 3);
	assert_counts(2, 100, 300);
}

static void a_cancelled_copy_stops(void **state)
{
	(void)state;
	request_chunks(8, 100);
	f.rq->is_cancelled = true;
	assert_int_equal(fake_run(&f), NT_STATUS_CANCELLED);
	assert_int_equal(f.store.calls, 0);
	assert_counts(0, 0, 0);
}

static void a_wrong_key_is_not_found(void **state)
{
	(void)state;
	for (size_t at = 0; at < 24; at++) {
		struct writer *w = begin_copy(SMB_FSCTL_SRV_COPYCHUNK, 1);

		w->start[w->at - 32 + at] ^= 1;
		write_chunk(w, 0, 0, 1);
		assert_int_equal(fake_run(&f), NT_STATUS_OBJECT_NAME_NOT_FOUND);
		assert_false(f.rq->has_body);
	}
	assert_int_equal(f.store.calls, 0);
}

static void a_copy_that_reads_its_target_needs_to(void **state)
{
	(void)state;
	f.open->object->granted = SMB_ACCESS_WRITE_DATA;
	request_chunks(1, 1);
	assert_int_equal(fake_run(&f), NT_STATUS_ACCESS_DENIED);
	assert_int_equal(f.store.calls, 0);

	write_chunk(begin_copy(SMB_FSCTL_SRV_COPYCHUNK_WRITE, 1), 0, 0, 1);
	assert_int_equal(fake_run(&f), NT_STATUS_SUCCESS);

	f.open->object->is_directory = true;
	write_chunk(begin_copy(SMB_FSCTL_SRV_COPYCHUNK_WRITE, 1), 0, 0, 1);
	assert_int_equal(fake_run(&f), NT_STATUS_INVALID_DEVICE_REQUEST);
}

static void a_cut_list_is_refused(void **state)
{
	(void)state;
	for (uint32_t length = 0; length < 32 + 24; length++) {
		struct writer *w = begin(SMB_FSCTL_SRV_COPYCHUNK, length);
		uint8_t in[32 + 24];
		struct writer all = writer_at(in, sizeof(in));

		write_key(&all);
		wr_u32(&all, 1);
		wr_u32(&all, 0);
		write_chunk(&all, 0, 0, 1);
		wr_copy(w, in, length);
		assert_int_equal(fake_run(&f), NT_STATUS_INVALID_PARAMETER);
		assert_false(f.rq->has_body);
	}
	out_max = 11;
	request_chunks(1, 1);
	assert_int_equal(fake_run(&f), NT_STATUS_INVALID_PARAMETER);
	assert_int_equal(f.store.calls, 0);
}

/* ---- clones, MS-FSCC 2.3.7 and 2.3.9 ---- */

static void request_clone(uint32_t code, uint64_t volatile_id)
{
	bool is_long = code == SMB_FSCTL_DUPLICATE_EXTENTS_EX;
	struct writer *w = begin(code, is_long ? 56 : 40);

	if (is_long)
		wr_u64(w, 48);
	wr_u64(w, f.open->persistent);
	wr_u64(w, volatile_id);
	wr_u64(w, 4096);
	wr_u64(w, 8192);
	wr_u64(w, 1ull << 32);
	if (is_long)
		wr_u64(w, 1);
}

static void a_clone_is_one_copy(void **state)
{
	static const uint32_t codes[] = { SMB_FSCTL_DUPLICATE_EXTENTS,
					  SMB_FSCTL_DUPLICATE_EXTENTS_EX };

	(void)state;
	for (size_t i = 0; i < 2; i++) {
		request_clone(codes[i], f.open->volatile_id);
		f.store.answer = NT_STATUS_SUCCESS;
		f.store.calls = 0;
		assert_int_equal(fake_run(&f), NT_STATUS_SUCCESS);
		assert_int_equal(f.store.calls, 1);
		assert_true(f.store.copy.is_clone);
		assert_ptr_equal(f.store.copy.source, f.open->object);
		assert_int_equal(f.store.copy.from, 4096);
		assert_int_equal(f.store.copy.to, 8192);
		assert_true(f.store.copy.length == 1ull << 32);
		assert_int_equal(fake_answer(&f).length, DATA_AT);

		f.store.answer = NT_STATUS_NOT_SUPPORTED;
		request_clone(codes[i], f.open->volatile_id);
		assert_int_equal(fake_run(&f), NT_STATUS_NOT_SUPPORTED);
		request_clone(codes[i], f.open->volatile_id + 1);
		assert_int_equal(fake_run(&f), NT_STATUS_INVALID_HANDLE);
		begin(codes[i], 0);
		assert_int_equal(fake_run(&f), NT_STATUS_INVALID_PARAMETER);
	}
}

#define TEST(name) cmocka_unit_test_setup_teardown(name, set_up, tear_down)

int main(void)
{
	const struct CMUnitTest tests[] = {
		TEST(a_key_names_the_open),
		TEST(chunks_are_copied_in_turn),
		TEST(macos_copies_a_whole_file_so),
		TEST(nothing_to_copy_is_a_success),
		TEST(beyond_the_limits_they_are_told),
		TEST(what_stops_a_copy_goes_with_how_far_it_came),
		TEST(a_cancelled_copy_stops),
		TEST(a_wrong_key_is_not_found),
		TEST(a_copy_that_reads_its_target_needs_to),
		TEST(a_cut_list_is_refused),
		TEST(a_clone_is_one_copy),
	};

	return cmocka_run_group_tests(tests, NULL, NULL);
}
