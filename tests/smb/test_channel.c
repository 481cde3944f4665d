/*
 * Connections: what they take in which state, and their end while requests are
 * in flight (MS-SMB2 3.3.7.1).
 */
#include <setjmp.h>
#include <stdarg.h>
#include <stddef.h>
#include <stdint.h>

#include <cmocka.h>
#include <string.h>

#include "smb/channel.h"
#include "smb/limits.h"
#include "smb/status.h"
#include "tests/fake/world.h"

static struct world world;
static struct line line;
static struct client_session session;
static uint32_t tree;

#define STATUS(name) ((uint32_t)NT_STATUS_##name)

static int start(void **state)
{
	(void)state;
	world_init(&world);
	line_init(&line, &world);
	tree = line_connect(&line, 0x311, &session);
	return 0;
}

static int stop(void **state)
{
	(void)state;
	line_fini(&line);
	world_fini(&world);
	return 0;
}

/* ---- states ---- */

/* TR-3 */
static void strangers_send_small_frames(void **state)
{
	struct line stranger;

	(void)state;
	line_init(&stranger, &world);
	assert_int_equal(smb_channel_frame_max(stranger.wire.channel),
			 SMB_FRAME_MAX_STRANGER);
	client_negotiate_dialect(&stranger.client, 0x311);
	assert_int_equal(smb_channel_frame_max(stranger.wire.channel),
			 SMB_FRAME_MAX_STRANGER);
	line_fini(&stranger);
	assert_int_equal(smb_channel_frame_max(line.wire.channel),
			 (8 << 20) + SMB_FRAME_OVERHEAD);
	client_logoff(&line.client, &session);
	assert_int_equal(smb_channel_frame_max(line.wire.channel),
			 SMB_FRAME_MAX_STRANGER);
}

/* TR-4: frames do not buy time. */
static void strangers_have_a_deadline(void **state)
{
	struct line stranger;

	(void)state;
	assert_int_equal(smb_channel_idle_ms(line.wire.channel), 0);
	line_init(&stranger, &world);
	assert_int_equal(smb_channel_idle_ms(stranger.wire.channel),
			 SMB_LOGON_TIME_MS);
	fake_host_advance(&world.host, 10000);
	client_negotiate_dialect(&stranger.client, 0x311);
	client_echo(&stranger.client, NULL);
	assert_int_equal(smb_channel_idle_ms(stranger.wire.channel),
			 SMB_LOGON_TIME_MS - 10000);
	fake_host_advance(&world.host, 60000);
	assert_int_equal(smb_channel_idle_ms(stranger.wire.channel), 1);
	line_fini(&stranger);
	client_logoff(&line.client, &session);
	assert_int_equal(smb_channel_idle_ms(line.wire.channel),
			 SMB_LOGON_TIME_MS);
}

static void too_much_in_flight_fills_the_channel(void **state)
{
	struct client *c = &line.client;
	struct client_file file;
	unsigned int posted = 0;

	(void)state;
	client_create(c, &session, tree, "f", 2, &file);
	c->credits_asked = 8000;
	client_echo(c, &session);
	fake_objects_hold(FAKE_READ);
	while (!smb_channel_is_full(line.wire.channel)) {
		c->charge = 128;
		client_begin(c, SMB2_READ, &session, tree, 0);
		client_write_read(c, file, 0, 8 << 20);
		client_post(c);
		posted++;
	}
	assert_int_equal(posted, SMB_CHANNEL_BYTES_MAX / (8 << 20));
	fake_objects_release(FAKE_READ);
	fake_host_run(&world.host);
	assert_int_equal(line.wire.count, posted);
	assert_false(smb_channel_is_full(line.wire.channel));
}

/* A request that waits for others must not stop the CANCEL that ends it. */
static void what_went_async_does_not_fill_the_channel(void **state)
{
	struct client *c = &line.client;
	struct client_file root;
	uint64_t before;

	(void)state;
	client_create(c, &session, tree, "", 1, &root);
	before = line.wire.channel->weight;
	client_begin(c, SMB2_CHANGE_NOTIFY, &session, tree, 0);
	client_write_notify(c, root);
	client_post(c);
	assert_int_equal(line.wire.channel->weight, before);
}

static void without_memory_for_a_task_the_answer_says_so(void **state)
{
	struct client *c = &line.client;

	(void)state;
	world.host.refuses_tasks = true;
	assert_int_equal(client_echo(c, &session),
			 STATUS(INSUFFICIENT_RESOURCES));
	world.host.refuses_tasks = false;
	assert_int_equal(client_echo(c, &session), 0);
}

/* ---- the end ---- */

static void begin_all_sorts(void)
{
	struct client *c = &line.client;
	struct client_file root, file;

	client_create(c, &session, tree, "", 1, &root);
	client_create(c, &session, tree, "f", 2, &file);
	client_write(c, &session, tree, file, 0, "abc", 3);
	fake_objects_hold(FAKE_CREATE);
	fake_objects_hold(FAKE_READ);
	client_begin(c, SMB2_CHANGE_NOTIFY, &session, tree, 0);
	client_write_notify(c, root);
	client_post(c);
	client_begin(c, SMB2_LOCK, &session, tree, 0);
	client_write_lock(c, file, 5, 1, 2);
	client_post(c);
	client_begin(c, SMB2_READ, &session, tree, 0);
	client_write_read(c, file, 0, 3);
	client_post(c);
	client_begin(c, SMB2_CREATE, &session, tree, 0);
	client_write_create(c, "g", 0x1f01ff, 2, 0);
	client_begin(c, SMB2_CLOSE, &session, tree,
		     SMB2_FLAGS_RELATED_OPERATIONS);
	client_write_close(c, client_related);
	client_post(c);
	client_begin(c, SMB2_CLOSE, &session, tree, 0);
	client_write_close(c, file);
	client_post(c);
}

/* AS-7: nothing is sent any more (the wire checks), nothing is left. */
static void a_lost_connection_ends_all_that_was_in_flight(void **state)
{
	(void)state;
	begin_all_sorts();
	fake_wire_hang_up(&line.wire);
	assert_int_equal(fake_objects_open(), 0);
	assert_int_equal(world.host.tasks, 0);
}

static void a_connection_that_is_lost_before_tasks_begin_runs_none(void **state)
{
	struct client *c = &line.client;
	struct client_file file;
	struct bytes message;

	(void)state;
	client_create(c, &session, tree, "f", 2, &file);
	client_begin(c, SMB2_WRITE, &session, tree, 0);
	client_write_write(c, file, 0, "abc", 3);
	message = client_finish(c);
	fake_wire_put_only(&line.wire, message.at, message.length);
	line.wire.channel->is_closed = true;
	fake_host_run(&world.host);
	assert_int_equal(fake_objects_calls(FAKE_WRITE), 0);
	fake_wire_hang_up(&line.wire);
}

static void the_end_waits_for_what_can_not_be_cancelled(void **state)
{
	struct client *c = &line.client;
	struct client_file file;

	(void)state;
	client_create(c, &session, tree, "f", 2, &file);
	fake_objects_hold(FAKE_CLOSE);
	fake_wire_begin_hang_up(&line.wire);
	assert_int_equal(fake_objects_open(), 1);
	fake_objects_release(FAKE_CLOSE);
	fake_host_run(&world.host);
	assert_int_equal(fake_objects_open(), 0);
}

static void after_a_drop_nothing_is_taken_in(void **state)
{
	struct client *c = &line.client;

	(void)state;
	assert_false(fake_wire_put(&line.wire, (const uint8_t *)"junk", 4));
	assert_true(fake_host_logged(&world.host, "conn=test dropped:"));
	assert_int_equal(client_echo(c, &session), UINT32_MAX);
	assert_int_equal(line.wire.count, 0);
}

#define TEST(name) cmocka_unit_test_setup_teardown(name, start, stop)

int main(void)
{
	const struct CMUnitTest tests[] = {
		TEST(strangers_send_small_frames),
		TEST(strangers_have_a_deadline),
		TEST(too_much_in_flight_fills_the_channel),
		TEST(what_went_async_does_not_fill_the_channel),
		TEST(without_memory_for_a_task_the_answer_says_so),
		TEST(a_lost_connection_ends_all_that_was_in_flight),
		TEST(a_connection_that_is_lost_before_tasks_begin_runs_none),
		TEST(the_end_waits_for_what_can_not_be_cancelled),
		TEST(after_a_drop_nothing_is_taken_in),
	};

	return cmocka_run_group_tests(tests, NULL, NULL);
}
