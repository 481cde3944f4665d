/*
 * The engine as a whole: from the first byte to a file's contents and back.
 */
#include <setjmp.h>
#include <stdarg.h>
#include <stddef.h>
#include <stdint.h>

#include <cmocka.h>
#include <string.h>

#include "tests/fake/world.h"

static const uint16_t dialects[] = {
	SMB_DIALECT_202, SMB_DIALECT_210, SMB_DIALECT_300,
	SMB_DIALECT_302, SMB_DIALECT_311,
};

static void a_file_is_written_and_read_in_every_dialect(void **state)
{
	(void)state;
	for (size_t i = 0; i < 5; i++) {
		struct world world;
		struct line line;
		struct client_session session;
		struct client_file file;
		struct bytes data;

		world_init(&world);
		line_init(&line, &world);
		struct client *c = &line.client;
		uint32_t tree = line_connect(&line, dialects[i], &session);

		assert_int_equal(c->dialect, dialects[i]);
		assert_int_equal(client_create(c, &session, tree, "a.txt", 2,
					       &file),
				 0);
		assert_int_equal(client_write(c, &session, tree, file, 0,
					      "hello", 5),
				 0);
		assert_int_equal(client_read(c, &session, tree, file, 1, 100,
					     &data),
				 0);
		assert_int_equal(data.length, 4);
		assert_memory_equal(data.at, "ello", 4);
		assert_int_equal(client_close(c, &session, tree, file), 0);
		assert_int_equal(client_tree_disconnect(c, &session, tree), 0);
		assert_int_equal(client_logoff(c, &session), 0);

		assert_false(c->has_bad_signature);
		line_fini(&line);
		world_fini(&world);
	}
}

static void end(void *arg)
{
	struct world *world = arg;
	struct smb_engine_counts counts;

	smb_engine_count(world->engine, &counts);
	assert_int_equal(counts.sessions, 1);
}

static void a_session_id_tells_its_worker(void **state)
{
	struct world world;
	struct line line;
	struct client_session session;

	(void)state;
	world_init(&world);
	line_init(&line, &world);
	line_log_on(&line, SMB_DIALECT_311, &session);

	assert_int_equal(smb_session_id_worker(session.id), 3);
	assert_true(fake_host_call(&world.host, end, &world));

	line_fini(&line);
	world_fini(&world);
}

struct ending {
	struct world *world;
	uint64_t id;
	const char *user;
	bool is_ended;
};

static void co_end(void *arg)
{
	struct ending *ending = arg;

	ending->is_ended = smb_engine_co_end_session(ending->world->engine,
						     ending->id, ending->user);
}

/* PreviousSessionId, asked by another worker: 3.3.5.5.3. */
static void another_worker_may_end_a_session_of_the_same_user(void **state)
{
	struct world world;
	struct line line;
	struct client_session session;

	(void)state;
	world_init(&world);
	line_init(&line, &world);
	line_log_on(&line, SMB_DIALECT_311, &session);
	struct ending ending = { &world, session.id, "bob", true };

	assert_true(fake_host_call(&world.host, co_end, &ending));
	assert_false(ending.is_ended);
	ending.user = "ANN";
	assert_true(fake_host_call(&world.host, co_end, &ending));
	assert_true(ending.is_ended);
	assert_true(fake_host_call(&world.host, co_end, &ending));
	assert_false(ending.is_ended);
	/* USER_SESSION_DELETED */
	assert_int_equal(client_echo(&line.client, &session), 0xc0000203);

	line_fini(&line);
	world_fini(&world);
}

int main(void)
{
	const struct CMUnitTest tests[] = {
		cmocka_unit_test(a_file_is_written_and_read_in_every_dialect),
		cmocka_unit_test(a_session_id_tells_its_worker),
		cmocka_unit_test(
			another_worker_may_end_a_session_of_the_same_user),
	};

	return cmocka_run_group_tests(tests, NULL, NULL);
}
