/*
 * Compounds and their answers: MS-SMB2 3.3.5.2.7, 3.3.4.1.3. Tests serve.c and
 * reply.c.
 */
#include <setjmp.h>
#include <stdarg.h>
#include <stddef.h>
#include <stdint.h>

#include <cmocka.h>
#include <stdlib.h>
#include <string.h>

#include "smb/status.h"
#include "tests/fake/world.h"

static struct world world;
static struct line line;
static struct client_session session, second;
static uint32_t tree;

#define STATUS(name) ((uint32_t)NT_STATUS_##name)
#define RELATED      SMB2_FLAGS_RELATED_OPERATIONS

static int start(void **state)
{
	(void)state;
	second = (struct client_session){};
	world_init(&world);
	line_init(&line, &world);
	tree = line_connect(&line, 0x311, &session);
	return 0;
}

static int stop(void **state)
{
	(void)state;
	assert_false(line.client.has_bad_signature);
	line_fini(&line);
	world_fini(&world);
	return 0;
}

static void create(const char *name, uint32_t disposition, uint32_t flags)
{
	client_begin(&line.client, SMB2_CREATE, &session, tree, flags);
	client_write_create(&line.client, name, 0x1f01ff, disposition, 0);
}

static void close_related(uint32_t flags)
{
	client_begin(&line.client, SMB2_CLOSE, &session, tree, flags);
	client_write_close(&line.client, client_related);
}

static struct client_answer take(uint32_t status)
{
	struct client_answer answer;

	assert_true(client_take(&line.client, &answer));
	assert_int_equal(answer.status, status);
	return answer;
}

/* CP-2, CP-4, CR-5. */
static void a_related_chain_is_answered_as_one_message(void **state)
{
	struct client *c = &line.client;
	struct client_answer answer;
	size_t length;

	(void)state;
	create("f", 2, 0);
	client_begin(c, SMB2_WRITE, &session, tree, RELATED);
	client_write_write(c, client_related, 0, "abc", 3);
	client_begin(c, SMB2_READ, &session, tree, RELATED);
	client_write_read(c, client_related, 0, 3);
	close_related(RELATED);
	assert_true(client_post(c));

	assert_int_equal(line.wire.count, 1);
	answer = take(0);
	assert_int_equal(answer.header.credits, 0);
	assert_false(answer.is_last);
	assert_true(answer.is_signed);
	answer = take(0);
	assert_int_equal(answer.header.flags & RELATED, RELATED);
	answer = take(0);
	/* 64 + 16 + 3, and padding that was signed too. */
	assert_int_equal(answer.whole.length, 88);
	assert_true(answer.is_signed);
	answer = take(0);
	assert_true(answer.is_last);
	assert_int_equal(answer.header.credits, 4 * 64);
	assert_true(answer.is_signed);
	assert_int_equal(fake_objects_open(), 0);
	assert_memory_equal(fake_objects_data(world.home, "f", &length), "abc",
			    3);
}

static void ids_of_related_elements_are_not_looked_at(void **state)
{
	struct client *c = &line.client;
	struct client_session any = session;

	(void)state;
	any.id = UINT64_MAX;
	create("f", 2, 0);
	client_begin(c, SMB2_CLOSE, &any, UINT32_MAX, RELATED);
	client_write_close(c, client_related);
	client_post(c);
	take(0);
	take(0);
}

/* CP-3 */
static void what_needs_a_file_fails_like_its_create(void **state)
{
	struct client *c = &line.client;

	(void)state;
	create("none", 1, 0);
	client_begin(c, SMB2_READ, &session, tree, RELATED);
	client_write_read(c, client_related, 0, 3);
	wr_u32(client_begin(c, SMB2_ECHO, &session, tree, RELATED), 4);
	close_related(RELATED);
	client_post(c);
	take(STATUS(OBJECT_NAME_NOT_FOUND));
	take(STATUS(OBJECT_NAME_NOT_FOUND));
	take(0);
	take(STATUS(OBJECT_NAME_NOT_FOUND));
}

/* smb2.compound.related7: only CREATE's failure is inherited. */
static void a_failure_in_between_is_not_inherited(void **state)
{
	struct client *c = &line.client;

	(void)state;
	create("f", 2, 0);
	client_begin(c, SMB2_READ, &session, tree, RELATED);
	client_write_read(c, client_related, 100, 3);
	close_related(RELATED);
	client_post(c);
	take(0);
	take(STATUS(END_OF_FILE));
	take(0);
}

static void a_file_is_closed_once_in_a_chain(void **state)
{
	(void)state;
	create("f", 2, 0);
	close_related(RELATED);
	close_related(RELATED);
	/* Unrelated: all ones is no id. */
	close_related(0);
	close_related(RELATED);
	client_post(&line.client);
	take(0);
	take(0);
	take(STATUS(FILE_CLOSED));
	take(STATUS(FILE_CLOSED));
	take(STATUS(FILE_CLOSED));
}

/* smb2.compound.invalid1 */
static void the_first_element_can_not_be_related(void **state)
{
	(void)state;
	create("f", 2, RELATED);
	close_related(RELATED);
	create("g", 2, 0);
	close_related(RELATED);
	client_post(&line.client);
	take(STATUS(INVALID_PARAMETER));
	take(STATUS(INVALID_PARAMETER));
	take(0);
	take(0);
}

static void an_id_that_was_used_goes_on_in_the_chain(void **state)
{
	struct client *c = &line.client;
	struct client_file file;

	(void)state;
	client_create(c, &session, tree, "f", 2, &file);
	client_begin(c, SMB2_WRITE, &session, tree, 0);
	client_write_write(c, file, 0, "x", 1);
	close_related(RELATED);
	client_post(c);
	take(0);
	take(0);
	assert_int_equal(fake_objects_open(), 0);
}

static void a_tree_connect_may_begin_a_chain(void **state)
{
	struct client *c = &line.client;

	(void)state;
	client_begin(c, SMB2_TREE_CONNECT, &session, 0, 0);
	client_write_tree(c, "\\\\s\\home");
	create("f", 2, RELATED);
	close_related(RELATED);
	client_post(c);
	assert_int_not_equal(take(0).header.tree_id, tree);
	take(0);
	take(0);
}

/* CP-7 */
static void elements_of_several_sessions_are_signed_each_by_its_own(
	void **state)
{
	struct client *c = &line.client;

	(void)state;
	assert_int_equal(client_logon(c, &second, "bob", "Other-2"), 0);
	second.signs = true;
	wr_u32(client_begin(c, SMB2_ECHO, &session, 0, 0), 4);
	wr_u32(client_begin(c, SMB2_ECHO, &second, 0, 0), 4);
	wr_u32(client_begin(c, SMB2_ECHO, NULL, 0, 0), 4);
	client_post(c);
	assert_true(take(0).is_signed);
	struct client_answer answer = take(0);

	assert_true(answer.is_signed);
	assert_int_equal(answer.header.session_id, second.id);
	assert_false(take(0).is_signed);
}

static void one_transform_goes_around_a_sealed_chain(void **state)
{
	struct client *c = &line.client;

	(void)state;
	session.seals = true;
	create("f", 2, 0);
	close_related(RELATED);
	client_post(c);
	assert_int_equal(line.wire.count, 1);
	assert_true(take(0).is_sealed);
	struct client_answer answer = take(0);

	assert_true(answer.is_sealed);
	assert_false(answer.header.flags & SMB2_FLAGS_SIGNED);
}

/* CP-1: each is answered, the others go on. */
static void a_wrong_element_spoils_no_other(void **state)
{
	struct client *c = &line.client;

	(void)state;
	wr_u32(client_begin(c, SMB2_ECHO, &session, 0, 0), 4);
	wr_u32(client_begin(c, SMB2_ECHO, &session, 0, 0), 5);
	wr_u32(client_begin(c, (enum smb_command)99, &session, 0, 0), 4);
	wr_u32(client_begin(c, SMB2_ECHO, &session, 0, 0), 4);
	client_post(c);
	take(0);
	take(STATUS(INVALID_PARAMETER));
	take(STATUS(INVALID_PARAMETER));
	take(0);
}

static void logoff_in_a_chain_leaves_the_rest_without_a_session(void **state)
{
	struct client *c = &line.client;
	struct client_file file;

	(void)state;
	client_create(c, &session, tree, "f", 2, &file);
	wr_u32(client_begin(c, SMB2_LOGOFF, &session, 0, 0), 4);
	client_begin(c, SMB2_CLOSE, &session, tree, 0);
	client_write_close(c, file);
	client_post(c);
	take(0);
	take(STATUS(USER_SESSION_DELETED));
	assert_int_equal(fake_objects_open(), 0);
}

static void a_file_may_be_closed_twice_in_one_message(void **state)
{
	struct client *c = &line.client;
	struct client_file file;

	(void)state;
	client_create(c, &session, tree, "f", 2, &file);
	for (int i = 0; i < 2; i++) {
		client_begin(c, SMB2_CLOSE, &session, tree, 0);
		client_write_close(c, file);
	}
	client_post(c);
	take(0);
	take(STATUS(FILE_CLOSED));
}

/* ---- payloads that stay in the kernel ---- */

static struct client_file big_file(uint32_t size)
{
	struct client_file file;
	uint8_t *data = malloc(size);

	assert_non_null(data);
	memset(data, 'x', size);
	fake_objects_put(world.home, "big", data, size);
	free(data);
	client_create(&line.client, &session, tree, "big", 1, &file);
	return file;
}

static void an_opaque_payload_follows_the_head(void **state)
{
	struct client *c = &line.client;
	struct client_file file = big_file(100000);
	struct bytes data;

	(void)state;
	fake_objects_set_opaque(true);
	session.signs = false;
	assert_int_equal(client_read(c, &session, tree, file, 0, 100000, &data),
			 0);
	assert_int_equal(data.length, 100000);
	assert_int_equal(data.at[99999], 'x');
}

static void a_signed_or_sealed_answer_has_its_payload_in_memory(void **state)
{
	struct client *c = &line.client;
	struct client_file file = big_file(100000);
	struct bytes data;

	(void)state;
	fake_objects_set_opaque(true);
	assert_int_equal(client_read(c, &session, tree, file, 0, 70000, &data),
			 0);
	session.seals = true;
	assert_int_equal(client_read(c, &session, tree, file, 0, 70000, &data),
			 0);
	assert_int_equal(data.length, 70000);
}

/* An answer that no frame holds is sent as two. */
static void answers_of_more_than_a_frame_are_split(void **state)
{
	struct client *c = &line.client;
	struct client_file file = big_file(7 << 20);

	(void)state;
	c->credits_asked = 4000;
	assert_int_equal(client_echo(c, &session), 0);
	for (int i = 0; i < 3; i++) {
		c->charge = 112;
		client_begin(c, SMB2_READ, &session, tree, 0);
		client_write_read(c, file, 0, 7 << 20);
	}
	client_post(c);
	assert_int_equal(line.wire.count, 2);
	take(0);
	take(0);
	take(0);
}

#define TEST(name) cmocka_unit_test_setup_teardown(name, start, stop)

int main(void)
{
	const struct CMUnitTest tests[] = {
		TEST(a_related_chain_is_answered_as_one_message),
		TEST(ids_of_related_elements_are_not_looked_at),
		TEST(what_needs_a_file_fails_like_its_create),
		TEST(a_failure_in_between_is_not_inherited),
		TEST(a_file_is_closed_once_in_a_chain),
		TEST(the_first_element_can_not_be_related),
		TEST(an_id_that_was_used_goes_on_in_the_chain),
		TEST(a_tree_connect_may_begin_a_chain),
		TEST(elements_of_several_sessions_are_signed_each_by_its_own),
		TEST(one_transform_goes_around_a_sealed_chain),
		TEST(a_wrong_element_spoils_no_other),
		TEST(logoff_in_a_chain_leaves_the_rest_without_a_session),
		TEST(a_file_may_be_closed_twice_in_one_message),
		TEST(an_opaque_payload_follows_the_head),
		TEST(a_signed_or_sealed_answer_has_its_payload_in_memory),
		TEST(answers_of_more_than_a_frame_are_split),
	};

	return cmocka_run_group_tests(tests, NULL, NULL);
}
