/*
 * CREATE, MS-SMB2 2.2.13, 2.2.14 and 3.3.5.9.
 * Tests create_answer.c and body.c as well.
 */
#include <setjmp.h>
#include <stdarg.h>
#include <stddef.h>
#include <stdint.h>

#include <cmocka.h>
#include <string.h>

#include <stdlib.h>

#include "smb/cmd/cmd.h"
#include "smb/wire/context.h"
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

/* The fields that tests vary; the rest is an ordinary open of "ab". */
struct fields {
	uint32_t impersonation, access, attributes, sharing, disposition;
	uint32_t options;
	uint16_t name_offset, name_length;
	const char *name; /* ASCII */
	uint32_t chain_offset, chain_length;
	const void *chain;
};

static const struct fields usual = {
	.impersonation = 2,
	.access = 0x00120089,
	.attributes = 0x80,
	.sharing = 7,
	.disposition = 1,
	.options = 0x40,
	.name_offset = 0x78,
	.name_length = 4,
	.name = "ab",
};

static void request(const struct fields *c)
{
	struct writer *w = fake_request(&f, SMB2_CREATE);

	wr_u16(w, 0xff00); /* SecurityFlags, RequestedOplockLevel */
	wr_u32(w, c->impersonation);
	wr_zero(w, 16);
	wr_u32(w, c->access);
	wr_u32(w, c->attributes);
	wr_u32(w, c->sharing);
	wr_u32(w, c->disposition);
	wr_u32(w, c->options);
	wr_u16(w, c->name_offset);
	wr_u16(w, c->name_length);
	wr_u32(w, c->chain_offset);
	wr_u32(w, c->chain_length);
	for (const char *p = c->name; *p; p++)
		wr_u16(w, (uint8_t)*p);
	wr_align(w, 8);
	wr_copy(w, c->chain, c->chain_length);
}

static enum nt_status run(const struct fields *c)
{
	request(c);
	return fake_run(&f);
}

static void assert_name(const char *name)
{
	assert_int_equal(f.store.create.name.count, strlen(name));
	for (size_t i = 0; i < strlen(name); i++)
		assert_int_equal(f.store.name[i], (uint8_t)name[i]);
}

static uint64_t field(size_t at, unsigned int size)
{
	struct reader r = reader_of(fake_answer(&f));

	rd_skip(&r, at);
	return rd_uint(&r, size);
}

static void the_answer_is_as_specified(void **state)
{
	uint8_t expected[88] = {
		[0] = 89, [4] = 2,  [8] = 1,  [16] = 2,   [24] = 3,
		[32] = 4, [40] = 5, [48] = 6, [56] = 0x20
	};
	struct smb_open *open;

	(void)state;
	f.store.created.action = SMB_CREATE_CREATED;
	f.store.created.facts = (struct smb_file_facts){
		.creation = 1,
		.access = 2,
		.write = 3,
		.change = 4,
		.allocation = 5,
		.end_of_file = 6,
		.attributes = 0x20,
	};

	assert_int_equal(run(&usual), NT_STATUS_SUCCESS);
	assert_int_equal(fake_answer(&f).length, 88);
	open = smb_open_find(f.session, field(64, 8), field(72, 8));
	assert_non_null(open);
	assert_ptr_equal(open, f.message->open);
	wr_uint_to(expected + 64, open->persistent, 8);
	wr_uint_to(expected + 72, open->volatile_id, 8);
	assert_memory_equal(fake_answer(&f).at, expected, 88);
	smb_open_unref(open);

	assert_name("ab");
	assert_int_equal(f.store.create.access, 0x00120089);
	assert_int_equal(f.store.create.attributes, 0x80);
	assert_int_equal(f.store.create.sharing, 7);
	assert_int_equal(f.store.create.disposition, 1);
	assert_int_equal(f.store.create.options, 0x40);
}

static void attributes_are_never_nothing(void **state)
{
	(void)state;
	assert_int_equal(run(&usual), NT_STATUS_SUCCESS);
	assert_int_equal(field(56, 4), 0x80);
}

static void contexts_are_answered(void **state)
{
	static const uint8_t qfid[56] = {
		[4] = 16,   [6] = 4,    [10] = 24,  [12] = 32,   [16] = 'Q',
		[17] = 'F', [18] = 'i', [19] = 'd', [24] = 0x11, [32] = 0x22,
	};
	uint8_t chain[64];
	struct writer w = writer_at(chain, sizeof(chain));
	size_t last = SIZE_MAX;
	struct fields c = usual;

	(void)state;
	smb_create_context_add(&w, 0, &last, "QFid", NULL, 0);
	smb_create_context_add(&w, 0, &last, "MxAc", NULL, 0);
	c.chain = chain;
	c.chain_length = (uint32_t)w.at;
	c.chain_offset = 0x80;
	f.store.created.max_access = 0x1f01ff;
	f.store.created.facts.index = 0x11;
	f.store.created.facts.volume_id = 0x22;

	assert_int_equal(run(&c), NT_STATUS_SUCCESS);
	assert_true(f.store.create.wants_max_access);
	assert_int_equal(field(80, 4), 64 + 88);
	assert_int_equal(field(84, 4), 32 + 56);
	assert_int_equal(fake_answer(&f).length, 88 + 32 + 56);
	assert_memory_equal(fake_answer(&f).at + 88 + 24,
			    "\0\0\0\0\xff\1\x1f\0", 8);
	assert_int_equal(field(88, 4), 32);
	assert_memory_equal(fake_answer(&f).at + 120, qfid, 56);
}

/* create_apple.c: what was asked for, in its order; the session knows. */
static void macos_is_told_what_there_is(void **state)
{
	static const uint8_t query[24] = { 1, [8] = 7, [16] = 0xb };
	static const uint8_t expected[56] = {
		1,          [8] = 7,    [16] = 15,  [24] = 6,   [36] = 16,
		[40] = 's', [42] = 'm', [44] = 'b', [46] = '-', [48] = 'g',
		[50] = 'a', [52] = 't', [54] = 'e',
	};
	uint8_t chain[64];
	struct writer w = writer_at(chain, sizeof(chain));
	size_t last = SIZE_MAX;
	struct fields c = usual;

	(void)state;
	smb_create_context_add(&w, 0, &last, "AAPL", query, sizeof(query));
	c.chain = chain;
	c.chain_length = (uint32_t)w.at;
	c.chain_offset = 0x80;
	f.volume.facts.is_case_sensitive = true;
	f.volume.facts.is_time_machine = true;
	assert_int_equal(run(&c), NT_STATUS_SUCCESS);
	assert_int_equal(field(84, 4), 24 + 56);
	assert_memory_equal(fake_answer(&f).at + 88 + 24, expected, 56);
	assert_true(f.session->lists_for_apple && f.session->copies_for_apple);
	assert_true(f.volume.is_for_apple);
	/* Less, if it asks for less; nothing, if it asks for something else. */
	chain[24 + 8] = 2;
	chain[24 + 16] = 0;
	assert_int_equal(run(&c), NT_STATUS_SUCCESS);
	assert_int_equal(field(84, 4), 24 + 24);
	assert_false(f.session->lists_for_apple);
	chain[24] = 2;
	assert_int_equal(run(&c), NT_STATUS_SUCCESS);
	assert_int_equal(field(84, 4), 0);
}

/* 2.2.13.2.5: nothing new since that write. */
static void max_access_of_an_unchanged_file_is_not_told_again(void **state)
{
	uint8_t chain[64];
	struct writer w = writer_at(chain, sizeof(chain));
	size_t last = SIZE_MAX;
	struct fields c = usual;

	(void)state;
	smb_create_context_add(&w, 0, &last, "MxAc", "\7\0\0\0\0\0\0\0", 8);
	c.chain = chain;
	c.chain_length = (uint32_t)w.at;
	c.chain_offset = 0x80;
	f.store.created.max_access = 0x1f01ff;
	f.store.created.facts.write = 7;

	assert_int_equal(run(&c), NT_STATUS_SUCCESS);
	assert_int_equal(field(88 + 24, 4), 0xc0000073);
	assert_int_equal(field(88 + 28, 4), 0);

	f.store.created.facts.write = 8;
	assert_int_equal(run(&c), NT_STATUS_SUCCESS);
	assert_int_equal(field(88 + 24, 4), 0);
	assert_int_equal(field(88 + 28, 4), 0x1f01ff);
}

#define WITH(member, v)                      \
	({                                   \
		struct fields with_ = usual; \
		with_.member = (v);          \
		with_;                       \
	})

static void what_no_file_could_mend_is_refused(void **state)
{
	const struct {
		struct fields c;
		enum nt_status status;
	} cases[] = {
		{ WITH(impersonation, 4), NT_STATUS_BAD_IMPERSONATION_LEVEL },
		{ WITH(impersonation, UINT32_MAX),
		  NT_STATUS_BAD_IMPERSONATION_LEVEL },
		{ WITH(disposition, 6), NT_STATUS_INVALID_PARAMETER },
		{ WITH(sharing, 8), NT_STATUS_INVALID_PARAMETER },
		{ WITH(options, 0x41), NT_STATUS_INVALID_PARAMETER },
		{ WITH(access, 0), NT_STATUS_ACCESS_DENIED },
		{ WITH(access, 0x08000000), NT_STATUS_ACCESS_DENIED },
		{ WITH(access, 0x04000000), NT_STATUS_ACCESS_DENIED },
		{ WITH(access, 0x200), NT_STATUS_ACCESS_DENIED },
		{ WITH(name_length, 3), NT_STATUS_INVALID_PARAMETER },
		{ WITH(name_length, 0x200), NT_STATUS_INVALID_PARAMETER },
		{ WITH(name_offset, 0x70), NT_STATUS_INVALID_PARAMETER },
		{ WITH(name_offset, 0x7a), NT_STATUS_INVALID_PARAMETER },
		{ WITH(name_offset, 0xfff8), NT_STATUS_INVALID_PARAMETER },
	};

	(void)state;
	for (size_t i = 0; i < sizeof(cases) / sizeof(cases[0]); i++) {
		assert_int_equal(run(&cases[i].c), cases[i].status);
		assert_int_equal(f.store.calls, 0);
	}
}

/* smb2.create.gentest: one option, one attribute, one right at a time. */
static void single_bits_are_judged_as_windows_does(void **state)
{
	(void)state;
	for (unsigned int bit = 0; bit < 32; bit++) {
		uint32_t mask = 1u << bit;
		struct fields c = WITH(options, mask);
		enum nt_status expected = NT_STATUS_SUCCESS;

		if (mask & 0xff000000)
			expected = NT_STATUS_INVALID_PARAMETER;
		if (mask & 0x00102080)
			expected = NT_STATUS_NOT_SUPPORTED;
		assert_int_equal(run(&c), expected);

		c = WITH(attributes, mask);
		assert_int_equal(run(&c), mask & 0xffff8048
						  ? NT_STATUS_INVALID_PARAMETER
						  : NT_STATUS_SUCCESS);

		c = WITH(access, mask);
		assert_int_equal(run(&c), mask & 0x0ce0fe00
						  ? NT_STATUS_ACCESS_DENIED
						  : NT_STATUS_SUCCESS);
	}
}

/* smb2.create.gentest: rights come before attributes. */
static void rights_are_judged_before_attributes(void **state)
{
	struct fields c = WITH(attributes, 8);

	(void)state;
	c.access = 0x08000000;
	assert_int_equal(run(&c), NT_STATUS_ACCESS_DENIED);
}

/* CA-4. */
static void unbuffered_handles_do_not_append(void **state)
{
	struct fields c = WITH(options, 8);

	(void)state;
	assert_int_equal(run(&c), NT_STATUS_SUCCESS);
	c.access |= 4;
	assert_int_equal(run(&c), NT_STATUS_INVALID_PARAMETER);
}

static void names_are_taken_as_specified(void **state)
{
	struct fields c = usual;

	(void)state;
	c.name = "\\a";
	assert_int_equal(run(&c), NT_STATUS_INVALID_PARAMETER);
	c.name = "";
	c.name_length = 0;
	assert_int_equal(run(&c), NT_STATUS_SUCCESS);
	assert_name("");
	c.name_offset = 0;
	assert_int_equal(run(&c), NT_STATUS_SUCCESS);
}

/* NM-10. */
static void a_dfs_name_loses_server_and_share(void **state)
{
	static const struct {
		const char *sent, *meant;
	} names[] = {
		{ "srv\\share\\dir\\x", "dir\\x" },
		{ "\\srv\\share\\dir\\x", "dir\\x" },
		{ "srv\\share", "" },
		{ "srv", "" },
	};

	(void)state;
	for (size_t i = 0; i < sizeof(names) / sizeof(names[0]); i++) {
		struct fields c = WITH(name, names[i].sent);

		c.name_length = (uint16_t)(2 * strlen(c.name));
		request(&c);
		f.rq->header.flags |= SMB2_FLAGS_DFS_OPERATIONS;
		assert_int_equal(fake_run(&f), NT_STATUS_SUCCESS);
		assert_name(names[i].meant);
	}
}

static void a_path_that_is_too_long_is_no_name(void **state)
{
	struct fields c = WITH(name_length, 2 * 32761);
	struct writer *w;

	(void)state;
	request(&c);
	w = &f.body;
	wr_zero(w, 8);
	/* The body ends before: geometry comes first. */
	assert_int_equal(fake_run(&f), NT_STATUS_INVALID_PARAMETER);
}

static void contexts_lie_aligned_and_inside(void **state)
{
	struct fields c = usual;

	(void)state;
	c.chain = "01234567890123456789012345678901";
	c.chain_length = 16;
	c.chain_offset = 0x7c;
	assert_int_equal(run(&c), NT_STATUS_INVALID_PARAMETER);
	c.chain_offset = 0x88;
	assert_int_equal(run(&c), NT_STATUS_INVALID_PARAMETER);
	c.chain_offset = UINT32_MAX - 7;
	assert_int_equal(run(&c), NT_STATUS_INVALID_PARAMETER);
	c.chain_offset = 0;
	assert_int_equal(run(&c), NT_STATUS_INVALID_PARAMETER);
}

/* 2.2.2.2.1; 3.1.1 puts an error context around it. */
static void a_symbolic_link_is_told(void **state)
{
	static const uint8_t data[] = {
		36,  0, 0,    0, 'S', 'Y', 'M', 'L', 0xc,  0, 0,   0xa0, 24, 0,
		6,   0, 0,    0, 6,   0,   6,   0,   6,    0, 1,   0,    0,  0,
		't', 0, '\\', 0, 'x', 0,   't', 0,   '\\', 0, 'x', 0,
	};

	(void)state;
	for (int is_311 = 0; is_311 < 2; is_311++) {
		uint16_t *target = calloc(3, 2);

		assert_non_null(target);
		memcpy(target, (uint16_t[]){ 't', '\\', 'x' }, 6);
		f.channel->dialect = is_311 ? SMB_DIALECT_311 : SMB_DIALECT_302;
		f.store.answer = NT_STATUS_STOPPED_ON_SYMLINK;
		f.store.created.symlink_target = target;
		f.store.created.symlink_target_count = 3;
		f.store.created.symlink_unparsed = 6;
		f.store.created.symlink_is_relative = true;

		assert_int_equal(run(&usual), NT_STATUS_STOPPED_ON_SYMLINK);
		assert_true(f.rq->has_body);
		assert_memory_equal(fake_answer(&f).at + 8 + 8 * is_311, data,
				    sizeof(data));
		assert_int_equal(fake_answer(&f).length,
				 8 + 8 * is_311 + sizeof(data));
		f.store.created = (struct smb_created){ 0 };
	}
}

static void what_the_store_says_is_passed_on(void **state)
{
	(void)state;
	f.store.answer = NT_STATUS_OBJECT_PATH_NOT_FOUND;
	assert_int_equal(run(&usual), NT_STATUS_OBJECT_PATH_NOT_FOUND);
	assert_null(f.message->open);
}

/* The world may change while a CREATE waits for others. */
static void a_tree_that_went_meanwhile_takes_nothing(void **state)
{
	(void)state;
	request(&usual);
	f.disk->is_gone = true;
	assert_int_equal(fake_run(&f), NT_STATUS_NETWORK_NAME_DELETED);
	assert_int_equal(f.store.closes, 1);
	f.disk->is_gone = false;
}

static void a_pipe_is_opened_by_name(void **state)
{
	struct fields c = usual;

	(void)state;
	fake_open_pipe(&f);
	c.name = "srvsvc";
	c.name_length = 12;
	c.chain = "\0\0\0\0\20\0\4\0\0\0\0\0\0\0\0\0MxAc\0\0\0";
	c.chain_length = 24;
	c.chain_offset = 0x88;
	assert_int_equal(run(&c), NT_STATUS_SUCCESS);
	assert_int_equal(f.store.calls, 0);
	assert_int_equal(field(4, 4), 1);
	assert_int_equal(field(40, 8), 4096);
	assert_int_equal(field(56, 4), 0x80);
	assert_int_equal(fake_answer(&f).length, 88);
	assert_non_null(f.message->open->pipe);

	c.name = "spoolss!";
	c.name_length = 16;
	assert_int_equal(run(&c), NT_STATUS_OBJECT_NAME_NOT_FOUND);
}

static void a_body_cut_anywhere_is_refused(void **state)
{
	(void)state;
	for (size_t length = 0; length < 60; length++) {
		request(&usual);
		assert_int_equal(fake_run_cut(&f, length),
				 NT_STATUS_INVALID_PARAMETER);
	}
}

#define TEST(name) cmocka_unit_test_setup_teardown(name, set_up, tear_down)

int main(void)
{
	const struct CMUnitTest tests[] = {
		TEST(the_answer_is_as_specified),
		TEST(attributes_are_never_nothing),
		TEST(macos_is_told_what_there_is),
		TEST(contexts_are_answered),
		TEST(max_access_of_an_unchanged_file_is_not_told_again),
		TEST(what_no_file_could_mend_is_refused),
		TEST(single_bits_are_judged_as_windows_does),
		TEST(rights_are_judged_before_attributes),
		TEST(unbuffered_handles_do_not_append),
		TEST(names_are_taken_as_specified),
		TEST(a_dfs_name_loses_server_and_share),
		TEST(a_path_that_is_too_long_is_no_name),
		TEST(contexts_lie_aligned_and_inside),
		TEST(a_symbolic_link_is_told),
		TEST(what_the_store_says_is_passed_on),
		TEST(a_tree_that_went_meanwhile_takes_nothing),
		TEST(a_pipe_is_opened_by_name),
		TEST(a_body_cut_anywhere_is_refused),
	};

	return cmocka_run_group_tests(tests, NULL, NULL);
}
