/*
 * The life of opens and trees: what counts on an open, and who waits for whom
 * (MS-SMB2 3.3.5.8, 3.3.5.10). Tests open.c and tree.c.
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
static struct client_session session, second;
static uint32_t tree;
static struct client_file file;

#define STATUS(name) ((uint32_t)NT_STATUS_##name)

static int start(void **state)
{
	(void)state;
	second = (struct client_session){};
	world_init(&world);
	line_init(&line, &world);
	tree = line_connect(&line, 0x311, &session);
	client_create(&line.client, &session, tree, "f", 2, &file);
	return 0;
}

static int stop(void **state)
{
	(void)state;
	line_fini(&line);
	world_fini(&world);
	return 0;
}

static struct client_answer take(uint32_t status)
{
	struct client_answer answer;

	assert_true(client_take(&line.client, &answer));
	assert_int_equal(answer.status, status);
	return answer;
}

static void begin_write(void)
{
	client_begin(&line.client, SMB2_WRITE, &session, tree, 0);
	client_write_write(&line.client, file, 0, "abc", 3);
}

static void begin_close(void)
{
	client_begin(&line.client, SMB2_CLOSE, &session, tree, 0);
	client_write_close(&line.client, file);
}

/* IO-1 */
static void close_waits_for_writes_that_came_before_it(void **state)
{
	size_t length;

	(void)state;
	fake_objects_hold(FAKE_WRITE);
	begin_write();
	client_post(&line.client);
	begin_write();
	client_post(&line.client);
	begin_close();
	client_post(&line.client);
	assert_int_equal(line.wire.count, 0);
	assert_int_equal(fake_objects_open(), 1);

	fake_objects_release(FAKE_WRITE);
	fake_host_run(&world.host);
	assert_int_equal(take(0).header.command, SMB2_WRITE);
	assert_int_equal(take(0).header.command, SMB2_WRITE);
	assert_int_equal(take(0).header.command, SMB2_CLOSE);
	assert_memory_equal(fake_objects_data(world.home, "f", &length), "abc",
			    3);
}

/* The second of two writes in a message has not begun when CLOSE does. */
static void close_waits_for_what_has_arrived_and_not_begun(void **state)
{
	(void)state;
	fake_objects_hold(FAKE_WRITE);
	begin_write();
	begin_write();
	client_post(&line.client);
	begin_close();
	client_post(&line.client);
	assert_int_equal(fake_objects_calls(FAKE_WRITE), 1);
	fake_objects_release(FAKE_WRITE);
	fake_host_run(&world.host);
	take(0);
	take(0);
	assert_int_equal(take(0).header.command, SMB2_CLOSE);
	assert_int_equal(fake_objects_calls(FAKE_WRITE), 2);
}

static void what_comes_after_close_finds_no_file(void **state)
{
	(void)state;
	fake_objects_hold(FAKE_CLOSE);
	begin_close();
	client_post(&line.client);
	begin_write();
	client_post(&line.client);
	take(STATUS(FILE_CLOSED));
	begin_close();
	client_post(&line.client);
	take(STATUS(FILE_CLOSED));
	fake_objects_release(FAKE_CLOSE);
	fake_host_run(&world.host);
	take(0);
}

static void of_two_closes_at_once_one_succeeds(void **state)
{
	(void)state;
	fake_objects_hold(FAKE_WRITE);
	begin_write();
	client_post(&line.client);
	begin_close();
	client_post(&line.client);
	begin_close();
	client_post(&line.client);
	take(STATUS(FILE_CLOSED));
	fake_objects_release(FAKE_WRITE);
	fake_host_run(&world.host);
	take(0);
	take(0);
}

/* OC-4 */
static void a_file_id_is_that_of_its_session_and_tree(void **state)
{
	struct client *c = &line.client;
	uint32_t other_tree, their_tree;
	struct client_file wrong = file;

	(void)state;
	client_tree(c, &session, "\\\\s\\home", &other_tree);
	client_logon(c, &second, "bob", "Other-2");
	second.signs = true;
	client_tree(c, &second, "\\\\s\\home", &their_tree);
	assert_int_equal(client_close(c, &session, other_tree, file),
			 STATUS(FILE_CLOSED));
	assert_int_equal(client_close(c, &second, their_tree, file),
			 STATUS(FILE_CLOSED));
	assert_int_equal(client_close(c, &second, tree, file),
			 STATUS(NETWORK_NAME_DELETED));
	wrong.persistent++;
	assert_int_equal(client_close(c, &session, tree, wrong),
			 STATUS(FILE_CLOSED));
	assert_int_equal(client_close(c, &session, tree, file), 0);
}

static void file_ids_differ_and_are_not_guessed(void **state)
{
	struct client_file again;

	(void)state;
	client_create(&line.client, &session, tree, "f", 1, &again);
	assert_true(again.persistent != file.persistent);
	assert_true(again.volatile_id != file.volatile_id + 1);
	assert_true(again.volatile_id != 0);
}

/* TD-1, AS-7. */
static void tree_disconnect_closes_its_opens_and_no_others(void **state)
{
	struct client *c = &line.client;
	struct client_file root, there;
	uint32_t other;

	(void)state;
	client_tree(c, &session, "\\\\s\\home", &other);
	client_create(c, &session, other, "g", 2, &there);
	client_create(c, &session, tree, "", 1, &root);
	client_begin(c, SMB2_CHANGE_NOTIFY, &session, tree, 0);
	client_write_notify(c, root);
	client_post(c);
	take(STATUS(PENDING));
	wr_u32(client_begin(c, SMB2_TREE_DISCONNECT, &session, tree, 0), 4);
	client_post(c);
	take(STATUS(NOTIFY_CLEANUP));
	assert_int_equal(take(0).header.command, SMB2_TREE_DISCONNECT);
	assert_int_equal(fake_objects_open(), 1);
	assert_int_equal(client_close(c, &session, tree, file),
			 STATUS(NETWORK_NAME_DELETED));
	assert_int_equal(client_close(c, &session, other, there), 0);
}

static void a_create_that_waits_leaves_no_file_in_a_tree_that_went(void **state)
{
	struct client *c = &line.client;

	(void)state;
	fake_objects_hold(FAKE_CREATE);
	client_begin(c, SMB2_CREATE, &session, tree, 0);
	client_write_create(c, "g", 0x1f01ff, 2, 0);
	client_post(c);
	take(STATUS(PENDING));
	assert_int_equal(client_tree_disconnect(c, &session, tree), 0);
	take(STATUS(CANCELLED));
	assert_int_equal(fake_objects_open(), 0);
}

#define TEST(name) cmocka_unit_test_setup_teardown(name, start, stop)

int main(void)
{
	const struct CMUnitTest tests[] = {
		TEST(close_waits_for_writes_that_came_before_it),
		TEST(close_waits_for_what_has_arrived_and_not_begun),
		TEST(what_comes_after_close_finds_no_file),
		TEST(of_two_closes_at_once_one_succeeds),
		TEST(a_file_id_is_that_of_its_session_and_tree),
		TEST(file_ids_differ_and_are_not_guessed),
		TEST(tree_disconnect_closes_its_opens_and_no_others),
		TEST(a_create_that_waits_leaves_no_file_in_a_tree_that_went),
	};

	return cmocka_run_group_tests(tests, NULL, NULL);
}
