/*
 * TREE_CONNECT, TREE_DISCONNECT and ECHO: MS-SMB2 3.3.5.7, 3.3.5.8, 3.3.5.17.
 * Tests tree_connect.c, tree_disconnect.c and echo.c.
 */
#include <setjmp.h>
#include <stdarg.h>
#include <stddef.h>
#include <stdint.h>

#include <cmocka.h>
#include <string.h>

#include "smb/status.h"
#include "tests/fake/world.h"

static struct world world;
static struct line line;
static struct client_session session;

#define STATUS(name) ((uint32_t)NT_STATUS_##name)

static int start(void **state)
{
	(void)state;
	world_init(&world);
	line_init(&line, &world);
	line_log_on(&line, 0x311, &session);
	return 0;
}

static int stop(void **state)
{
	(void)state;
	line_fini(&line);
	world_fini(&world);
	return 0;
}

/* TC-1 */
static void only_the_share_of_a_path_counts(void **state)
{
	static const struct {
		const char *path;
		enum nt_status status;
	} table[] = {
		{ "\\\\server\\home", NT_STATUS_SUCCESS },
		{ "\\\\192.0.2.1:1445\\HOME", NT_STATUS_SUCCESS },
		{ "\\\\nas.example.org\\Home", NT_STATUS_SUCCESS },
		{ "\\\\s\\ipc$", NT_STATUS_SUCCESS },
		{ "\\\\s\\none", NT_STATUS_BAD_NETWORK_NAME },
		{ "\\\\s\\", NT_STATUS_INVALID_PARAMETER },
		{ "\\\\s", NT_STATUS_INVALID_PARAMETER },
		{ "\\\\\\home", NT_STATUS_INVALID_PARAMETER },
		{ "home", NT_STATUS_INVALID_PARAMETER },
		{ "\\\\s\\home\\dir", NT_STATUS_INVALID_PARAMETER },
		{ "", NT_STATUS_INVALID_PARAMETER },
	};
	uint32_t tree;

	(void)state;
	for (size_t i = 0; i < sizeof(table) / sizeof(table[0]); i++) {
		uint32_t status = client_tree(&line.client, &session,
					      table[i].path, &tree);

		if (status != (uint32_t)table[i].status)
			fail_msg("%s: %x", table[i].path, status);
	}
}

static void the_answer_tells_what_the_share_is(void **state)
{
	static const struct {
		const char *path;
		uint8_t type;
		uint32_t flags, access;
	} table[] = {
		{ "\\\\s\\home", 1, 0, 0x1f01ff },
		{ "\\\\s\\vault", 1, 0x8000, 0x1f01ff },
		{ "\\\\s\\IPC$", 2, 0x30, 0x1f00a9 },
	};

	(void)state;
	for (size_t i = 0; i < 3; i++) {
		struct client_answer answer;

		client_begin(&line.client, SMB2_TREE_CONNECT, &session, 0, 0);
		client_write_tree(&line.client, table[i].path);
		assert_int_equal(client_ask(&line.client, &answer), 0);
		struct reader r = reader_of(answer.body);

		assert_int_equal(rd_u16(&r), 16);
		assert_int_equal(rd_u8(&r), table[i].type);
		rd_skip(&r, 1);
		assert_int_equal(rd_u32(&r), table[i].flags);
		assert_int_equal(rd_u32(&r), 0);
		assert_int_equal(rd_u32(&r), table[i].access);
		assert_true(rd_ok(&r));
		assert_int_equal(rd_left(&r), 0);
		assert_true(answer.is_signed);
	}
}

/* TC-3 */
static void a_share_that_others_could_choose_ends_the_connection(void **state)
{
	uint32_t tree;

	(void)state;
	session.signs = false;
	assert_int_equal(client_tree(&line.client, &session, "\\\\s\\home",
				     &tree),
			 UINT32_MAX);
	assert_true(line.wire.is_closed);
}

static void before_3_1_1_it_may_be_unsigned(void **state)
{
	uint32_t tree;

	(void)state;
	line_fini(&line);
	line_init(&line, &world);
	line_log_on(&line, 0x302, &session);
	session.signs = false;
	assert_int_equal(client_tree(&line.client, &session, "\\\\s\\home",
				     &tree),
			 0);
}

/* EN-4, EN-5: the share's own demand. */
static void a_share_that_demands_encryption_gets_it(void **state)
{
	struct client *c = &line.client;
	struct client_file file;
	uint32_t tree;

	(void)state;
	assert_int_equal(client_tree(c, &session, "\\\\s\\vault", &tree), 0);
	assert_int_equal(client_create(c, &session, tree, "f", 2, &file),
			 STATUS(ACCESS_DENIED));
	session.seals = true;
	assert_int_equal(client_create(c, &session, tree, "f", 2, &file), 0);
	assert_int_equal(client_close(c, &session, tree, file), 0);
}

static void it_is_refused_to_who_can_not_encrypt(void **state)
{
	uint32_t tree;

	(void)state;
	line_fini(&line);
	line_init(&line, &world);
	line_log_on(&line, 0x210, &session);
	assert_int_equal(client_tree(&line.client, &session, "\\\\s\\vault",
				     &tree),
			 STATUS(ACCESS_DENIED));
}

static void a_path_outside_of_the_message_is_refused(void **state)
{
	static const uint16_t table[][2] = {
		{ 72, 0xfffe }, { 0xfffe, 2 }, { 72, 3 }, { 74, 8 }
	};

	(void)state;
	for (size_t i = 0; i < 4; i++) {
		struct writer *w = client_begin(&line.client, SMB2_TREE_CONNECT,
						&session, 0, 0);

		wr_u16(w, 9);
		wr_u16(w, 0);
		wr_u16(w, table[i][0]);
		wr_u16(w, table[i][1]);
		wr_zero(w, 8);
		assert_int_equal(client_ask(&line.client, NULL),
				 STATUS(INVALID_PARAMETER));
	}
}

static void a_tree_that_went_is_gone(void **state)
{
	struct client *c = &line.client;
	uint32_t tree;

	(void)state;
	client_tree(c, &session, "\\\\s\\home", &tree);
	assert_int_equal(client_tree_disconnect(c, &session, tree), 0);
	assert_int_equal(client_tree_disconnect(c, &session, tree),
			 STATUS(NETWORK_NAME_DELETED));
	assert_int_equal(client_echo(c, &session), 0);
}

#define TEST(name) cmocka_unit_test_setup_teardown(name, start, stop)

int main(void)
{
	const struct CMUnitTest tests[] = {
		TEST(only_the_share_of_a_path_counts),
		TEST(the_answer_tells_what_the_share_is),
		TEST(a_share_that_others_could_choose_ends_the_connection),
		TEST(before_3_1_1_it_may_be_unsigned),
		TEST(a_share_that_demands_encryption_gets_it),
		TEST(it_is_refused_to_who_can_not_encrypt),
		TEST(a_path_outside_of_the_message_is_refused),
		TEST(a_tree_that_went_is_gone),
	};

	return cmocka_run_group_tests(tests, NULL, NULL);
}
