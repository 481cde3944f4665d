/*
 * CREATEs that come twice, and what is too late or was done before, on the
 * wire (MS-SMB2 3.3.5.9.10, 3.3.5.2.10, 3.3.5.14; RP-1, RP-3, RP-5, LK-7).
 * Tests replay.c and cmd/create_durable.c.
 */
#include "tests/smb/coming_back.h"

/* ---- replay ---- */

static void begin_v2(uint32_t flags, uint8_t level)
{
	begin_at(&line, &session, tree, "f", level, flags);
	add_v2(&line, 0, "a guid of create");
}

static void a_replay_is_answered_as_the_first(void **state)
{
	struct client_answer answer;
	struct client_file file, again;
	uint32_t first = 0;

	(void)state;
	begin_v2(0, SMB_OPLOCK_BATCH);
	answer = ask(&line, 0);
	file = client_file_of(&answer);
	begin_v2(0, SMB_OPLOCK_BATCH);
	ask(&line, STATUS(DUPLICATE_OBJECTID));
	begin_v2(SMB2_FLAGS_REPLAY_OPERATION, SMB_OPLOCK_BATCH);
	answer = ask(&line, 0);
	again = client_file_of(&answer);
	assert_memory_equal(&again, &file, sizeof(file));
	assert_int_equal(answer.body.at[4], SMB_CREATE_CREATED);
	assert_int_equal(find(&answer, "DH2Q", &first), 8);
	/* Windows tells what is asked for. */
	begin_v2(SMB2_FLAGS_REPLAY_OPERATION, SMB_OPLOCK_NONE);
	answer = ask(&line, 0);
	assert_int_equal(answer.body.at[2], SMB_OPLOCK_NONE);
	assert_int_equal(find(&answer, "DH2Q", &first), 0);
	assert_int_equal(fake_objects_open(), 1);
	it_is_usable(&line, &session, tree, file);
}

static void one_that_is_used_is_replayed_no_more(void **state)
{
	struct client_answer answer;
	struct client_file file, again;

	(void)state;
	begin_v2(0, SMB_OPLOCK_BATCH);
	answer = ask(&line, 0);
	file = client_file_of(&answer);
	assert_int_equal(client_write(&line.client, &session, tree, file, 0,
				      "abc", 3),
			 0);
	begin_v2(SMB2_FLAGS_REPLAY_OPERATION, SMB_OPLOCK_BATCH);
	answer = ask(&line, 0);
	again = client_file_of(&answer);
	assert_int_not_equal(again.persistent, file.persistent);
	assert_int_equal(answer.body.at[4], SMB_CREATE_OPENED);
}

static void a_replay_does_not_wait_for_the_first(void **state)
{
	struct client_answer answer;

	(void)state;
	fake_objects_hold(FAKE_CREATE);
	begin_v2(0, SMB_OPLOCK_BATCH);
	client_post(&line.client);
	assert_true(client_take(&line.client, &answer));
	assert_int_equal(answer.status, STATUS(PENDING));
	begin_v2(SMB2_FLAGS_REPLAY_OPERATION, SMB_OPLOCK_BATCH);
	ask(&line, STATUS(FILE_NOT_AVAILABLE));
	fake_objects_fail(FAKE_CREATE, NT_STATUS_SUCCESS);
	fake_objects_release(FAKE_CREATE);
	fake_host_run(&world.host);
	assert_true(client_take(&line.client, &answer));
	assert_int_equal(answer.status, 0);
	begin_v2(SMB2_FLAGS_REPLAY_OPERATION, SMB_OPLOCK_BATCH);
	ask(&line, 0);
	assert_int_equal(fake_objects_open(), 1);
}

static void a_create_that_failed_may_come_again(void **state)
{
	(void)state;
	fake_objects_fail(FAKE_CREATE, NT_STATUS_SHARING_VIOLATION);
	begin_v2(0, SMB_OPLOCK_BATCH);
	ask(&line, STATUS(SHARING_VIOLATION));
	begin_v2(SMB2_FLAGS_REPLAY_OPERATION, SMB_OPLOCK_BATCH);
	ask(&line, 0);
}

static void a_replay_with_a_lease_is_another_request(void **state)
{
	(void)state;
	begin_v2(0, SMB_OPLOCK_BATCH);
	ask(&line, 0);
	begin_v2(SMB2_FLAGS_REPLAY_OPERATION, SMB_OPLOCK_LEASE);
	add_lease(&line, "one key sixteen.");
	ask(&line, STATUS(ACCESS_DENIED));
}

/* The answer was lost with the connection. */
static void a_replay_finds_what_is_disconnected(void **state)
{
	struct client_answer answer;
	uint32_t first = 0;

	(void)state;
	begin_v2(0, SMB_OPLOCK_BATCH);
	ask(&line, 0);
	lose();
	come_back();
	for (int i = 0; i < 2; i++) {
		begin_at(&next, &second, tree2, "f", SMB_OPLOCK_BATCH,
			 SMB2_FLAGS_REPLAY_OPERATION);
		add_v2(&next, 0, "a guid of create");
		answer = ask(&next, 0);
		assert_int_equal(answer.body.at[4], SMB_CREATE_CREATED);
		assert_int_equal(find(&answer, "DH2Q", &first), 8);
	}
	it_is_usable(&next, &second, tree2, client_file_of(&answer));
}

/* ---- several channels ---- */

/* A second connection of the same session. */
static void bind_next(void)
{
	assert_int_equal(client_negotiate_dialect(&next.client, 0x311), 0);
	next.client.credits_asked = 64;
	assert_int_equal(client_bind(&next.client, &second, &session, "ann",
				     WORLD_PASSWORD),
			 0);
	second.signs = true;
}

static void begin_and_wait(bool has_guid)
{
	struct client_answer answer;

	fake_objects_hold(FAKE_CREATE);
	begin("f", SMB_OPLOCK_BATCH);
	if (has_guid)
		add_v2(&line, 0, "a guid of create");
	client_post(&line.client);
	assert_true(client_take(&line.client, &answer));
	assert_int_equal(answer.status, STATUS(PENDING));
}

static struct client_answer replay_next(uint32_t status)
{
	begin_at(&next, &second, tree, "f", SMB_OPLOCK_BATCH,
		 SMB2_FLAGS_REPLAY_OPERATION);
	add_v2(&next, 0, "a guid of create");
	return ask(&next, status);
}

/* RP-4: its client asks for it on the channel that is left. */
static void a_create_outlives_its_channel(void **state)
{
	struct client_answer answer;

	(void)state;
	bind_next();
	begin_and_wait(true);
	fake_wire_begin_hang_up(&line.wire);
	replay_next(STATUS(FILE_NOT_AVAILABLE));
	fake_objects_release(FAKE_CREATE);
	fake_host_run(&world.host);
	assert_int_equal(fake_objects_open(), 1);
	answer = replay_next(0);
	assert_int_equal(answer.body.at[4], SMB_CREATE_CREATED);
	it_is_usable(&next, &second, tree, client_file_of(&answer));
}

static void one_that_nobody_asks_for_does_not(void **state)
{
	(void)state;
	bind_next();
	begin_and_wait(false);
	lose();
	fake_objects_release(FAKE_CREATE);
	fake_host_run(&world.host);
	assert_int_equal(fake_objects_open(), 0);
}

static void it_ends_with_the_last_channel(void **state)
{
	struct smb_engine_counts counts;

	(void)state;
	bind_next();
	begin_and_wait(true);
	fake_wire_begin_hang_up(&line.wire);
	fake_wire_hang_up(&next.wire);
	smb_engine_count(world.engine, &counts);
	assert_int_equal(counts.channels, 0);
	assert_int_equal(counts.sessions, 0);
	fake_objects_release(FAKE_CREATE);
	fake_host_run(&world.host);
	assert_int_equal(fake_objects_open(), 0);
}

/* ---- sequences ---- */

static void set_sequence(struct client *c, uint8_t number)
{
	c->w.start[c->elements[c->element_count - 1].at + 8] = number;
}

static uint32_t write_at_sequence(struct client_file file, uint8_t number)
{
	struct client *c = &line.client;

	client_begin(c, SMB2_WRITE, &session, tree, 0);
	set_sequence(c, number);
	client_write_write(c, file, 0, "abc", 3);
	return client_ask(c, NULL);
}

static void a_write_of_a_lost_channel_is_refused(void **state)
{
	struct client_file file = open_v1();

	(void)state;
	assert_int_equal(write_at_sequence(file, 0), 0);
	assert_int_equal(write_at_sequence(file, 2), 0);
	assert_int_equal(write_at_sequence(file, 1),
			 STATUS(FILE_NOT_AVAILABLE));
	assert_int_equal(write_at_sequence(file, 2), 0);
	assert_int_equal(fake_objects_calls(FAKE_WRITE), 3);
}

static uint32_t lock(struct client_file file, uint32_t sequence,
		     uint64_t offset, uint32_t flags)
{
	struct client *c = &line.client;

	client_begin(c, SMB2_LOCK, &session, tree, 0);
	size_t body = c->w.at;

	client_write_lock(c, file, offset, 1, flags);
	c->w.start[body + 4] = (uint8_t)sequence;
	c->w.start[body + 5] = (uint8_t)(sequence >> 8);
	return client_ask(c, NULL);
}

/* In the fake store an offset other than 0 is never free. */
static void a_lock_that_was_done_is_not_done_again(void **state)
{
	const uint32_t now = 0x12; /* exclusive, at once */
	struct client_file file = open_v1();

	(void)state;
	assert_int_equal(lock(file, 0x11, 0, now), 0);
	assert_int_equal(lock(file, 0x11, 5, now), 0);
	assert_int_equal(lock(file, 0x12, 5, now), STATUS(LOCK_NOT_GRANTED));
	assert_int_equal(lock(file, 0x11, 5, now), STATUS(LOCK_NOT_GRANTED));
	assert_int_equal(lock(file, 0x401, 0, now), 0);
	assert_int_equal(lock(file, 0x401, 5, now), 0);
	/* Buckets 0 and 65 are none. */
	assert_int_equal(lock(file, 0x01, 0, now), 0);
	assert_int_equal(lock(file, 0x01, 5, now), STATUS(LOCK_NOT_GRANTED));
	assert_int_equal(lock(file, 0x411, 0, now), 0);
	assert_int_equal(lock(file, 0x411, 5, now), STATUS(LOCK_NOT_GRANTED));
}

int main(void)
{
#define TEST(name) cmocka_unit_test_setup_teardown(name, start, stop)
	const struct CMUnitTest tests[] = {
		TEST(a_replay_is_answered_as_the_first),
		TEST(one_that_is_used_is_replayed_no_more),
		TEST(a_replay_does_not_wait_for_the_first),
		TEST(a_create_that_failed_may_come_again),
		TEST(a_replay_with_a_lease_is_another_request),
		TEST(a_replay_finds_what_is_disconnected),
		TEST(a_create_outlives_its_channel),
		TEST(one_that_nobody_asks_for_does_not),
		TEST(it_ends_with_the_last_channel),
		TEST(a_write_of_a_lost_channel_is_refused),
		TEST(a_lock_that_was_done_is_not_done_again),
	};

	return cmocka_run_group_tests(tests, NULL, NULL);
}
