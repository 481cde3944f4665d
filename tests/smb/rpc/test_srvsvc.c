/* The server service (MS-SRVS), by calls over a pipe. */
#include <setjmp.h>
#include <stdarg.h>
#include <stddef.h>
#include <stdint.h>

#include <cmocka.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>

#include "smb/rpc/interface.h"
#include "smb/rpc/ndr.h"
#include "smb/rpc/rpc.h"
#include "tests/fake/realm.h"
#include "tests/fake/rpc.h"
#include "tests/fake/still.h"

enum {
	ENUM = 15,
	GET_INFO = 16,
	CHECK = 20,
	SERVER_INFO = 21,
	TOD = 28,
	VALIDATE = 33,
	ENUM_STICKY = 36,
};

static struct fake_realm realm;
static uint64_t now;
static struct smb_pipe *pipe_;

static uint64_t settable_now(void *host)
{
	(void)host;
	return now;
}

static const struct smb_host_ops host_ops = { .now = settable_now };
static const struct smb_ports ports = {
	.host_ops = &host_ops,
	.realm_ops = &fake_realm_ops,
	.realm = &realm,
};

static void open_as(struct smb_user *user)
{
	static const uint16_t name[] = { 's', 'r', 'v', 's', 'v', 'c' };
	uint8_t bytes[128];
	size_t length;

	pipe_ = smb_pipe_free(pipe_);
	assert_int_equal(smb_pipe_open(&ports, user,
				       (struct smb_name){ name, 6 }, &pipe_),
			 NT_STATUS_SUCCESS);
	length = fake_rpc_bind(bytes, sizeof(bytes), smb_rpc_srvsvc.uuid, 3);
	assert_int_equal(smb_pipe_write(pipe_, (struct bytes){ bytes, length }),
			 NT_STATUS_SUCCESS);
	assert_int_equal(smb_pipe_read(pipe_, bytes, sizeof(bytes), &length),
			 NT_STATUS_SUCCESS);
}

static int set_up(void **state)
{
	(void)state;
	fake_realm_init(&realm);
	now = STILL_NOW;
	fake_realm_add_share(&realm, "home", "of all");
	fake_realm_add_share(&realm, "secret", "")->facts.is_hidden = true;
	fake_realm_add_share(&realm, "zo\xc3\xab", "");
	open_as(&realm.guest.user);
	return 0;
}

static int tear_down(void **state)
{
	(void)state;
	pipe_ = smb_pipe_free(pipe_);
	return realm.references == 0 ? 0 : -1;
}

/* ---- calls ---- */

static uint8_t results[64 * 1024];

static struct reader called(uint16_t operation, const struct writer *stub)
{
	uint32_t fault;
	size_t length = fake_rpc_call(pipe_, operation,
				      (struct bytes){ stub->start, stub->at },
				      results, sizeof(results), &fault);

	assert_int_equal(fault, 0);
	return reader_at(results, length);
}

static void write_server(struct writer *w)
{
	smb_ndr_write_pointer(w);
	smb_ndr_write_string(w, "\\\\FAKE");
}

static uint32_t last_u32(struct reader r)
{
	rd_seek(&r, r.length - 4);
	return rd_u32(&r);
}

struct enumerated {
	uint32_t result, count, total;
	char names[512]; /* each with a space behind it */
};

static void read_text(struct reader *r, char *to, size_t size)
{
	struct bytes text = smb_ndr_read_string(r);
	size_t at = strlen(to);

	for (size_t i = 0; i < text.length && at + 2 < size; i += 2)
		to[at++] = text.at[i + 1] || text.at[i] > 126
				   ? '?'
				   : (char)text.at[i];
	to[at++] = ' ';
	to[at] = 0;
}

/* Fields of one entry, beside the pointer to its name; texts beside that. */
static const struct shape {
	uint32_t level;
	size_t fields;
	unsigned int texts;
} shapes[] = {
	{ 0, 0, 0 }, { 1, 8, 1 }, { 2, 28, 2 }, { 501, 12, 1 }, { 502, 36, 2 },
};

static const struct shape *shape_of(uint32_t level)
{
	for (size_t i = 0; i < sizeof(shapes) / sizeof(shapes[0]); i++)
		if (shapes[i].level == level)
			return &shapes[i];
	return NULL;
}

static void read_entries(struct reader *r, uint32_t level, struct enumerated *e)
{
	const struct shape *shape = shape_of(level);
	char other[512];

	assert_non_null(shape);
	e->count = rd_u32(r);
	assert_int_equal(rd_u32(r) != 0, e->count != 0);
	if (e->count == 0)
		return;
	assert_int_equal(rd_u32(r), e->count);
	for (uint32_t i = 0; i < e->count; i++) {
		assert_int_not_equal(rd_u32(r), 0);
		rd_skip(r, shape->fields);
	}
	for (uint32_t i = 0; i < e->count; i++) {
		read_text(r, e->names, sizeof(e->names));
		for (unsigned int t = 0; t < shape->texts; t++) {
			other[0] = 0;
			read_text(r, other, sizeof(other));
		}
	}
}

static struct enumerated enumerated(uint16_t operation, uint32_t level,
				    uint32_t resume)
{
	uint8_t bytes[256];
	struct writer w = writer_at(bytes, sizeof(bytes));
	struct enumerated e = { .count = 0 };

	write_server(&w);
	smb_ndr_write_u32(&w, level);
	smb_ndr_write_u32(&w, level);
	smb_ndr_write_pointer(&w);
	smb_ndr_write_u32(&w, 0);
	smb_ndr_write_u32(&w, 0);
	smb_ndr_write_u32(&w, UINT32_MAX);
	if (resume)
		smb_ndr_write_pointer(&w);
	smb_ndr_write_u32(&w, resume);
	struct reader r = called(operation, &w);

	assert_int_equal(rd_u32(&r), level);
	assert_int_equal(rd_u32(&r), level);
	if (shape_of(level) && rd_u32(&r) != 0)
		read_entries(&r, level, &e);
	e.total = smb_ndr_read_u32(&r);
	if (smb_ndr_read_pointer(&r))
		assert_int_equal(smb_ndr_read_u32(&r), 0);
	e.result = smb_ndr_read_u32(&r);
	assert_true(rd_ok(&r));
	assert_int_equal(rd_left(&r), 0);
	return e;
}

static void shares_are_listed_at_every_level(void **state)
{
	static const uint32_t levels[] = { 0, 1, 2, 501, 502 };

	(void)state;
	for (size_t i = 0; i < 5; i++) {
		struct enumerated e = enumerated(ENUM, levels[i], 0);

		assert_int_equal(e.result, 0);
		assert_int_equal(e.total, 3);
		assert_string_equal(e.names, "home zo? IPC$ ");
	}
}

static void the_sticky_list_has_no_ipc_and_no_level_501(void **state)
{
	(void)state;
	assert_string_equal(enumerated(ENUM_STICKY, 1, 0).names, "home zo? ");
	assert_int_equal(enumerated(ENUM_STICKY, 501, 0).result, 124);
	assert_int_equal(enumerated(ENUM_STICKY, 502, 0).result, 0);
}

static void a_list_goes_on_where_it_is_resumed(void **state)
{
	(void)state;
	assert_string_equal(enumerated(ENUM, 0, 1).names, "zo? IPC$ ");
	assert_int_equal(enumerated(ENUM, 0, 3).count, 0);
	assert_int_equal(enumerated(ENUM, 0, 99).total, 0);
}

static void unknown_levels_are_invalid(void **state)
{
	(void)state;
	assert_int_equal(enumerated(ENUM, 3, 0).result, 124);
	assert_int_equal(enumerated(ENUM, 503, 0).result, 124);
}

static void the_anonymous_are_told_less(void **state)
{
	static const struct {
		uint16_t operation;
		uint32_t level, result;
	} cases[] = {
		{ ENUM, 0, 0 },        { ENUM, 1, 0 },
		{ ENUM, 2, 5 },        { ENUM, 501, 5 },
		{ ENUM, 502, 5 },      { ENUM_STICKY, 1, 0 },
		{ ENUM_STICKY, 2, 5 }, { ENUM_STICKY, 501, 124 },
	};

	(void)state;
	open_as(&realm.anonymous.user);
	for (size_t i = 0; i < sizeof(cases) / sizeof(cases[0]); i++)
		assert_int_equal(enumerated(cases[i].operation, cases[i].level,
					    0)
					 .result,
				 cases[i].result);
}

static uint32_t get_info(const char *share, uint32_t level,
			 struct reader *ret_results)
{
	uint8_t bytes[512];
	struct writer w = writer_at(bytes, sizeof(bytes));

	write_server(&w);
	smb_ndr_write_string(&w, share);
	smb_ndr_write_u32(&w, level);
	*ret_results = called(GET_INFO, &w);
	return last_u32(*ret_results);
}

static void a_share_is_described(void **state)
{
	static const struct {
		const char *share;
		uint32_t level, result;
	} cases[] = {
		{ "home", 0, 0 },       { "HOME", 1, 0 },
		{ "home", 2, 0 },       { "home", 501, 0 },
		{ "home", 502, 0 },     { "home", 1005, 0 },
		{ "secret", 1, 0 },     { "ipc$", 2, 0 },
		{ "none", 1, 2310 },    { "", 1, 2310 },
		{ "none", 1005, 2310 }, { "home", 503, 124 },
		{ "home", 77, 124 },
	};
	struct reader r;

	(void)state;
	for (size_t i = 0; i < sizeof(cases) / sizeof(cases[0]); i++)
		if (get_info(cases[i].share, cases[i].level, &r) !=
		    cases[i].result)
			fail_msg("%s at level %u", cases[i].share,
				 cases[i].level);
	get_info("home", 1, &r);
	char texts[64] = "";

	rd_skip(&r, 20);
	read_text(&r, texts, sizeof(texts));
	read_text(&r, texts, sizeof(texts));
	assert_string_equal(texts, "home of all ");
	open_as(&realm.anonymous.user);
	assert_int_equal(get_info("home", 2, &r), 5);
	assert_int_equal(get_info("home", 501, &r), 0);
}

static void a_path_is_shared_if_we_said_so(void **state)
{
	static const struct {
		const char *path;
		uint32_t type, result;
	} cases[] = {
		{ "C:\\home", 0, 0 },  { "c:\\HOME", 0, 0 },
		{ "", 0x80000003, 0 }, { "C:\\nothing", 0, 2311 },
		{ "home", 0, 2311 },
	};

	(void)state;
	for (size_t i = 0; i < sizeof(cases) / sizeof(cases[0]); i++) {
		uint8_t bytes[256];
		struct writer w = writer_at(bytes, sizeof(bytes));

		write_server(&w);
		smb_ndr_write_string(&w, cases[i].path);
		struct reader r = called(CHECK, &w);

		assert_int_equal(rd_u32(&r), cases[i].type);
		assert_int_equal(rd_u32(&r), cases[i].result);
	}
}

static void the_server_is_described(void **state)
{
	static const struct {
		uint32_t level, result;
		size_t fields; /* bytes, from the level on */
		const char *texts;
	} cases[] = {
		{ 100, 0, 16, "FAKE " },
		{ 101, 0, 32, "FAKE a server of tests " },
		{ 102, 0, 60, "FAKE a server of tests C:\\ " },
		{ 502, 124, 0, "" },
		{ 503, 124, 0, "" },
	};

	(void)state;
	for (size_t i = 0; i < sizeof(cases) / sizeof(cases[0]); i++) {
		uint8_t bytes[64];
		struct writer w = writer_at(bytes, sizeof(bytes));
		char texts[128] = "";

		write_server(&w);
		smb_ndr_write_u32(&w, cases[i].level);
		struct reader r = called(SERVER_INFO, &w);

		assert_int_equal(last_u32(r), cases[i].result);
		assert_int_equal(rd_u32(&r), cases[i].level);
		if (cases[i].result)
			continue;
		rd_seek(&r, cases[i].fields);
		while (rd_left(&r) > 6)
			read_text(&r, texts, sizeof(texts));
		assert_string_equal(texts, cases[i].texts);
	}
}

static void the_time_of_day_is_that_of_the_calendar(void **state)
{
	static const struct {
		uint64_t unix_seconds;
		uint32_t fields[5]; /* day, month, year, weekday, hour */
	} cases[] = {
		{ 0, { 1, 1, 1970, 4, 0 } },
		{ 951782400, { 29, 2, 2000, 2, 0 } },
		{ 951868799, { 29, 2, 2000, 2, 23 } },
		{ 951868800, { 1, 3, 2000, 3, 0 } },
		{ 1704067200, { 1, 1, 2024, 1, 0 } },
		{ 1735689599, { 31, 12, 2024, 2, 23 } },
		{ 4107542400, { 1, 3, 2100, 1, 0 } },
		{ 4107542399, { 28, 2, 2100, 0, 23 } },
	};

	(void)state;
	for (size_t i = 0; i < sizeof(cases) / sizeof(cases[0]); i++) {
		uint8_t bytes[64];
		struct writer w = writer_at(bytes, sizeof(bytes));

		now = (cases[i].unix_seconds + 11644473600u) * 10000000 +
		      4200000;
		write_server(&w);
		struct reader r = called(TOD, &w);

		assert_int_not_equal(rd_u32(&r), 0);
		assert_int_equal(rd_u32(&r), (uint32_t)cases[i].unix_seconds);
		rd_skip(&r, 4);
		assert_int_equal(rd_u32(&r), cases[i].fields[4]);
		rd_skip(&r, 8);
		assert_int_equal(rd_u32(&r), 42);
		assert_int_equal(rd_u32(&r), 0);
		rd_skip(&r, 4);
		for (int f = 0; f < 4; f++)
			assert_int_equal(rd_u32(&r), cases[i].fields[f]);
		assert_int_equal(rd_u32(&r), 0);
		assert_int_equal(rd_left(&r), 0);
	}
}

static uint32_t validated(const char *name, uint32_t type, uint32_t flags)
{
	static uint8_t bytes[16384];
	struct writer w = writer_at(bytes, sizeof(bytes));

	write_server(&w);
	smb_ndr_write_string(&w, name);
	smb_ndr_write_u32(&w, type);
	smb_ndr_write_u32(&w, flags);
	return last_u32(called(VALIDATE, &w));
}

static void share_names_are_judged(void **state)
{
	static const char eighty[] = "12345678901234567890123456789012345678901"
				     "234567890123456789012345678901234567890";

	(void)state;
	assert_int_equal(strlen(eighty), 80);
	assert_int_equal(validated(eighty, 9, 0), 0);
	assert_int_equal(validated(eighty, 9, 0x80000000), 123);
	assert_int_equal(validated("123456789012", 9, 0x80000000), 0);
	assert_int_equal(validated("", 9, 0), 123);
	assert_int_equal(validated("a b.c$", 9, 0), 0);
	assert_int_equal(validated("a\tb", 9, 0), 123);
	assert_int_equal(validated("a", 9, 1), 87);
	assert_int_equal(validated("a", 1, 0), 50);
	for (const char *c = "\"/\\[]:|<>+=;,*?"; *c; c++) {
		char name[2] = { *c, 0 };

		assert_int_equal(validated(name, 9, 0), 123);
	}
	char *longest = calloc(1, 4097);

	memset(longest, 'A', 4096);
	assert_int_equal(validated(longest, 9, 0), 123);
	free(longest);
}

/* Stubs that end too early, or hold entries that a client can't have. */
static void malformed_stubs_are_faults(void **state)
{
	static const uint16_t operations[] = { ENUM,        GET_INFO, CHECK,
					       SERVER_INFO, TOD,      VALIDATE,
					       ENUM_STICKY };
	uint8_t bytes[256];
	struct writer w = writer_at(bytes, sizeof(bytes));
	uint32_t fault;

	(void)state;
	for (size_t i = 0; i < sizeof(operations) / sizeof(operations[0]);
	     i++) {
		fake_rpc_call(pipe_, operations[i], (struct bytes){ bytes, 3 },
			      results, sizeof(results), &fault);
		assert_int_equal(fault, 0x6f7);
	}
	write_server(&w);
	smb_ndr_write_u32(&w, 0);
	smb_ndr_write_u32(&w, 0);
	smb_ndr_write_pointer(&w);
	smb_ndr_write_u32(&w, 1);
	smb_ndr_write_pointer(&w);
	smb_ndr_write_u32(&w, 1);
	smb_ndr_write_pointer(&w);
	smb_ndr_write_string(&w, "x");
	smb_ndr_write_u32(&w, UINT32_MAX);
	smb_ndr_write_u32(&w, 0);
	fake_rpc_call(pipe_, ENUM, (struct bytes){ bytes, w.at }, results,
		      sizeof(results), &fault);
	assert_int_equal(fault, 0x6f7);
}

#define TEST(name) cmocka_unit_test_setup_teardown(name, set_up, tear_down)

int main(void)
{
	const struct CMUnitTest tests[] = {
		TEST(shares_are_listed_at_every_level),
		TEST(the_sticky_list_has_no_ipc_and_no_level_501),
		TEST(a_list_goes_on_where_it_is_resumed),
		TEST(unknown_levels_are_invalid),
		TEST(the_anonymous_are_told_less),
		TEST(a_share_is_described),
		TEST(a_path_is_shared_if_we_said_so),
		TEST(the_server_is_described),
		TEST(the_time_of_day_is_that_of_the_calendar),
		TEST(share_names_are_judged),
		TEST(malformed_stubs_are_faults),
	};

	return cmocka_run_group_tests(tests, NULL, NULL);
}
