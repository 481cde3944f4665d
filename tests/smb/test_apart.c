/*
 * Cryptography on another thread: what may happen meanwhile.
 */
#include <setjmp.h>
#include <stdarg.h>
#include <stddef.h>
#include <stdint.h>

#include <cmocka.h>
#include <stdlib.h>
#include <string.h>

#include "smb/apart.h"
#include "smb/limits.h"
#include "smb/status.h"
#include "tests/fake/world.h"

enum {
	LONG = SMB_APART_MIN + 1000,
};

static struct world world;
static struct line line;
static struct client_session session;
static struct client_file file;
static uint32_t tree;
static uint8_t data[LONG];

static int start(void **state)
{
	(void)state;
	world_init(&world);
	world.realm.facts.encryption = SMB_POLICY_DESIRED;
	line_init(&line, &world);
	tree = line_connect(&line, 0x311, &session);
	assert_int_equal(client_create(&line.client, &session, tree, "f", 3,
				       &file),
			 0);
	for (size_t i = 0; i < sizeof(data); i++)
		data[i] = (uint8_t)(i * 7 + i / 251);
	return 0;
}

static int stop(void **state)
{
	(void)state;
	line_fini(&line);
	world_fini(&world);
	return 0;
}

static void begin_write(void)
{
	struct client *c = &line.client;

	c->charge = (LONG - 1) / 65536 + 1;
	client_begin(c, SMB2_WRITE, &session, tree, 0);
	client_write_write(c, file, 0, data, LONG);
}

static void begin_read(void)
{
	struct client *c = &line.client;

	c->charge = (LONG - 1) / 65536 + 1;
	client_begin(c, SMB2_READ, &session, tree, 0);
	client_write_read(c, file, 0, LONG);
}

/* Sealed and signed, there and back. */
static void long_messages_go_apart_and_short_ones_do_not(void **state)
{
	struct client *c = &line.client;
	struct client_answer answer;

	(void)state;
	for (int i = 0; i < 2; i++) {
		session.seals = i;
		world.host.apart_count = 0;
		assert_int_equal(client_echo(c, &session), 0);
		assert_int_equal(world.host.apart_count, 0);
		begin_write();
		assert_int_equal(client_ask(c, &answer), 0);
		assert_int_equal(world.host.apart_count, 1);
		begin_read();
		assert_int_equal(client_ask(c, &answer), 0);
		assert_int_equal(world.host.apart_count, 2);
		assert_int_equal(answer.is_sealed, i);
		assert_true(answer.is_sealed || answer.is_signed);
		assert_memory_equal(answer.whole.at + answer.whole.length -
					    LONG,
				    data, LONG);
	}
	assert_false(c->has_bad_signature);
}

static void a_wrong_seal_is_found_apart(void **state)
{
	struct bytes message;
	uint8_t *copy;

	(void)state;
	session.seals = true;
	begin_write();
	message = client_finish(&line.client);
	copy = malloc(message.length);
	memcpy(copy, message.at, message.length);
	copy[message.length - 1] ^= 1;
	assert_false(fake_wire_put(&line.wire, copy, message.length));
	free(copy);
}

static void a_wrong_signature_is_found_apart(void **state)
{
	struct client_answer answer;
	struct bytes message;
	uint8_t *copy;

	(void)state;
	begin_write();
	message = client_finish(&line.client);
	copy = malloc(message.length);
	memcpy(copy, message.at, message.length);
	copy[message.length - 1] ^= 1;
	assert_true(fake_wire_put(&line.wire, copy, message.length));
	free(copy);
	assert_true(client_take(&line.client, &answer));
	assert_int_equal(answer.status, (uint32_t)NT_STATUS_ACCESS_DENIED);
}

/* Other answers go out while a long one is made. */
static void a_short_answer_overtakes_a_long_one(void **state)
{
	struct client *c = &line.client;
	struct client_answer answer;

	(void)state;
	begin_write();
	assert_int_equal(client_ask(c, &answer), 0);
	session.seals = true;
	world.host.holds_apart = true;
	begin_read();
	client_post(c);
	assert_int_equal(line.wire.count, 0);
	assert_int_equal(client_echo(c, &session), 0);
	fake_host_let_go(&world.host);
	assert_true(client_take(c, &answer));
	assert_int_equal(answer.header.command, SMB2_READ);
	assert_true(answer.is_sealed);
}

/* A session or a connection may end meanwhile; the answer goes nowhere. */
static void what_ends_waits_for_what_is_apart(void **state)
{
	struct client *c = &line.client;
	struct client_answer answer;

	(void)state;
	begin_write();
	assert_int_equal(client_ask(c, &answer), 0);
	world.host.holds_apart = true;
	begin_read();
	client_post(c);
	fake_wire_begin_hang_up(&line.wire);
	assert_int_equal(fake_objects_open(), 1);
	fake_host_let_go(&world.host);
	assert_int_equal(fake_objects_open(), 0);
}

#define TEST(name) cmocka_unit_test_setup_teardown(name, start, stop)

int main(void)
{
	const struct CMUnitTest tests[] = {
		TEST(long_messages_go_apart_and_short_ones_do_not),
		TEST(a_wrong_seal_is_found_apart),
		TEST(a_wrong_signature_is_found_apart),
		TEST(a_short_answer_overtakes_a_long_one),
		TEST(what_ends_waits_for_what_is_apart),
	};

	return cmocka_run_group_tests(tests, NULL, NULL);
}
