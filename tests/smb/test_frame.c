/*
 * Geometry of received messages: MS-SMB2 3.3.5.2.1, 3.3.5.2.7; hostile bytes
 * end the connection, and nothing else.
 */
#include <setjmp.h>
#include <stdarg.h>
#include <stddef.h>
#include <stdint.h>

#include <cmocka.h>
#include <string.h>

#include "smb/limits.h"
#include "smb/status.h"
#include "tests/fake/world.h"

static struct world world;
static struct line line;
static struct client_session session;
static uint32_t tree;

static void connect(void)
{
	line_init(&line, &world);
	tree = line_connect(&line, 0x311, &session);
}

static int start(void **state)
{
	(void)state;
	world_init(&world);
	connect();
	return 0;
}

static int stop(void **state)
{
	(void)state;
	line_fini(&line);
	world_fini(&world);
	return 0;
}

/* CREATE, WRITE, CLOSE: a chain as clients send it. */
static struct bytes make_chain(void)
{
	struct client *c = &line.client;

	client_begin(c, SMB2_CREATE, &session, tree, 0);
	client_write_create(c, "f", 0x1f01ff, 3, 0);
	client_begin(c, SMB2_WRITE, &session, tree,
		     SMB2_FLAGS_RELATED_OPERATIONS);
	client_write_write(c, client_related, 0, "abc", 3);
	client_begin(c, SMB2_CLOSE, &session, tree,
		     SMB2_FLAGS_RELATED_OPERATIONS);
	client_write_close(c, client_related);
	return client_finish(c);
}

/* What is cut off was not signed: no file may come of it. */
static void a_chain_cut_at_every_byte_does_no_harm(void **state)
{
	size_t whole = make_chain().length;
	size_t length;

	(void)state;
	line_fini(&line);
	for (size_t cut = 0; cut < whole; cut += cut < 300 ? 1 : 3) {
		connect();
		struct bytes message = make_chain();

		fake_wire_put(&line.wire, message.at, cut);
		line_fini(&line);
	}
	connect();
	const uint8_t *data = fake_objects_data(world.home, "f", &length);

	assert_true(!data || length == 0 || length == 3);
}

static void a_sealed_message_cut_anywhere_ends_the_connection(void **state)
{
	(void)state;
	session.seals = true;
	size_t whole = make_chain().length;

	line_fini(&line);
	for (size_t cut = 0; cut < whole; cut += 7) {
		connect();
		session.seals = true;
		struct bytes message = make_chain();

		assert_false(fake_wire_put(&line.wire, message.at, cut));
		assert_int_equal(line.wire.count, 0);
		line_fini(&line);
	}
	connect();
}

/* EN-7: no oracle. */
static void a_sealed_message_with_one_wrong_bit_is_not_answered(void **state)
{
	uint8_t copy[1024];

	(void)state;
	for (size_t at = 0; at < 200; at++) {
		session.seals = true;
		struct bytes message = make_chain();

		memcpy(copy, message.at, message.length);
		copy[at] ^= 0x10;
		assert_false(fake_wire_put(&line.wire, copy, message.length));
		assert_int_equal(line.wire.count, 0);
		line_fini(&line);
		connect();
	}
}

static void a_hostile_next_command_ends_the_connection(void **state)
{
	static const uint32_t table[] = { 1,          7,          8,
					  63,         64,         65,
					  0x7fffffff, 0xffffffff, 0xfffffff8,
					  0x80000000, 100000,     0x10000 };

	(void)state;
	for (size_t i = 0; i < sizeof(table) / sizeof(table[0]); i++) {
		uint8_t copy[1024];
		struct bytes message = make_chain();

		memcpy(copy, message.at, message.length);
		wr_uint_to(copy + 20, table[i], 4);
		assert_false(fake_wire_put(&line.wire, copy, message.length));
		assert_true(line.wire.is_closed);
		line_fini(&line);
		connect();
	}
}

static void a_next_command_at_the_very_end_ends_the_connection(void **state)
{
	struct client *c = &line.client;
	struct writer *w = client_begin(c, SMB2_ECHO, &session, 0, 0);
	uint8_t copy[80];

	(void)state;
	wr_u32(w, 4);
	wr_u32(w, 0);
	struct bytes message = client_finish(c);

	memcpy(copy, message.at, 72);
	wr_uint_to(copy + 20, 72, 4);
	assert_false(fake_wire_put(&line.wire, copy, 72));
}

static void too_long_a_chain_ends_the_connection(void **state)
{
	struct client *c = &line.client;

	(void)state;
	client_begin(c, SMB2_ECHO, &session, 0, 0);
	wr_u32(&c->w, 4);
	c->credits_asked = 300;
	assert_int_equal(client_ask(c, NULL), 0);
	for (int i = 0; i < SMB_COMPOUND_MAX; i++)
		wr_u32(client_begin(c, SMB2_ECHO, &session, 0, 0), 4);
	assert_true(client_post(c));
	for (int i = 0; i <= SMB_COMPOUND_MAX; i++)
		wr_u32(client_begin(c, SMB2_ECHO, &session, 0, 0), 4);
	assert_false(client_post(c));
}

static void what_is_no_smb_ends_the_connection(void **state)
{
	static const char *const table[] = { "",
					     "G",
					     "GET / HTTP/1.1\r\n\r\n",
					     "\xfcSMB...............",
					     "\xfdSMB...............",
					     "\xfeSMB...............",
					     "\xffSMB\x72............." };

	(void)state;
	for (size_t i = 0; i < sizeof(table) / sizeof(table[0]); i++) {
		for (int is_new = 0; is_new < 2; is_new++) {
			line_fini(&line);
			if (is_new)
				line_init(&line, &world);
			else
				connect();
			assert_false(fake_wire_put(&line.wire,
						   (const uint8_t *)table[i],
						   strlen(table[i])));
			assert_int_equal(line.wire.count, 0);
		}
	}
}

#define TEST(name) cmocka_unit_test_setup_teardown(name, start, stop)

int main(void)
{
	const struct CMUnitTest tests[] = {
		TEST(a_chain_cut_at_every_byte_does_no_harm),
		TEST(a_sealed_message_cut_anywhere_ends_the_connection),
		TEST(a_sealed_message_with_one_wrong_bit_is_not_answered),
		TEST(a_hostile_next_command_ends_the_connection),
		TEST(a_next_command_at_the_very_end_ends_the_connection),
		TEST(too_long_a_chain_ends_the_connection),
		TEST(what_is_no_smb_ends_the_connection),
	};

	return cmocka_run_group_tests(tests, NULL, NULL);
}
