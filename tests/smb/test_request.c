/*
 * Requests that wait: interim answers, CANCEL, credits (MS-SMB2 3.3.4.2,
 * 3.3.5.16, 3.3.5.2.5).
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
static struct client_session session, second;
static uint32_t tree;
static struct client_file root;

#define STATUS(name) ((uint32_t)NT_STATUS_##name)
#define RELATED      SMB2_FLAGS_RELATED_OPERATIONS

static int start(void **state)
{
	(void)state;
	second = (struct client_session){};
	world_init(&world);
	line_init(&line, &world);
	tree = line_connect(&line, 0x311, &session);
	client_create(&line.client, &session, tree, "", 1, &root);
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

static struct client_answer take(uint32_t status)
{
	struct client_answer answer;

	assert_true(client_take(&line.client, &answer));
	assert_int_equal(answer.status, status);
	return answer;
}

static void begin_notify(uint32_t flags)
{
	client_begin(&line.client, SMB2_CHANGE_NOTIFY, &session, tree, flags);
	client_write_notify(&line.client, flags ? client_related : root);
}

static void begin_cancel(struct client_session *whose, uint64_t message_id,
			 uint64_t async_id)
{
	struct client *c = &line.client;
	uint64_t next = c->message_id;
	uint32_t flags = async_id ? SMB2_FLAGS_ASYNC_COMMAND : 0;

	c->message_id = message_id;
	struct writer *w = client_begin(c, SMB2_CANCEL, whose, 0, flags);

	c->message_id = next;
	wr_u32(w, 4);
	if (async_id)
		wr_uint_to(w->start + 32, async_id, 8);
}

static void post_cancel(struct client_session *whose, uint64_t message_id,
			uint64_t async_id)
{
	begin_cancel(whose, message_id, async_id);
	assert_true(client_post(&line.client));
}

/* AS-1, AS-4, CR-4. */
static void a_wait_is_announced_once_unsigned_and_with_the_credits(void **state)
{
	struct client_answer interim, answer;
	struct client_file file;

	(void)state;
	begin_notify(0);
	client_post(&line.client);
	interim = take(STATUS(PENDING));
	assert_true(interim.header.flags & SMB2_FLAGS_ASYNC_COMMAND);
	assert_false(interim.header.flags & SMB2_FLAGS_SIGNED);
	assert_int_not_equal(interim.header.async_id, 0);
	assert_int_equal(interim.header.credits, 64);
	assert_int_equal(interim.body.length, 9);
	assert_int_equal(interim.body.at[0], 9);

	client_create(&line.client, &session, tree, "new", 2, &file);
	answer = take(STATUS(NOTIFY_ENUM_DIR));
	assert_true(answer.header.message_id == interim.header.message_id);
	assert_true(answer.header.async_id == interim.header.async_id);
	assert_int_equal(answer.header.credits, 0);
	assert_true(answer.is_signed);
}

static void an_interim_answer_is_sealed_with_the_rest(void **state)
{
	(void)state;
	session.seals = true;
	begin_notify(0);
	client_post(&line.client);
	assert_true(take(STATUS(PENDING)).is_sealed);
}

/* ---- CANCEL: AS-5 ---- */

static void cancel_by_async_id_ends_the_wait(void **state)
{
	(void)state;
	begin_notify(0);
	client_post(&line.client);
	uint64_t id = take(STATUS(PENDING)).header.async_id;

	post_cancel(&session, 0, id + 1);
	assert_int_equal(line.wire.count, 0);
	post_cancel(&session, 0, id);
	assert_int_equal(line.wire.count, 1);
	assert_true(take(STATUS(CANCELLED)).is_signed);
	/* Of what is over, nothing comes. */
	post_cancel(&session, 0, id);
	assert_int_equal(line.wire.count, 0);
}

static void cancel_by_message_id_ends_the_wait(void **state)
{
	uint64_t id = line.client.message_id;

	(void)state;
	begin_notify(0);
	client_post(&line.client);
	take(STATUS(PENDING));
	post_cancel(&session, id, 0);
	take(STATUS(CANCELLED));
	assert_int_equal(client_echo(&line.client, &session), 0);
}

static void cancel_of_another_session_has_no_effect(void **state)
{
	(void)state;
	assert_int_equal(client_logon(&line.client, &second, "bob", "Other-2"),
			 0);
	second.signs = true;
	begin_notify(0);
	client_post(&line.client);
	post_cancel(&second, 0, take(STATUS(PENDING)).header.async_id);
	assert_int_equal(line.wire.count, 0);
}

static void cancel_that_is_wrongly_signed_has_no_effect(void **state)
{
	(void)state;
	begin_notify(0);
	client_post(&line.client);
	uint64_t id = take(STATUS(PENDING)).header.async_id;

	session.signs = false;
	wr_u32(client_begin(&line.client, SMB2_CANCEL, &session, 0,
			    SMB2_FLAGS_ASYNC_COMMAND | SMB2_FLAGS_SIGNED),
	       4);
	wr_uint_to(line.client.w.start + 32, id, 8);
	client_post(&line.client);
	assert_int_equal(line.wire.count, 0);
	session.signs = true;
}

static void cancel_reaches_a_request_that_has_not_begun(void **state)
{
	struct client *c = &line.client;
	struct bytes message;
	uint64_t id = c->message_id;

	(void)state;
	begin_notify(0);
	message = client_finish(c);
	assert_true(fake_wire_put_only(&line.wire, message.at, message.length));
	post_cancel(&session, id, 0);
	take(STATUS(PENDING));
	take(STATUS(CANCELLED));
}

static void many_waits_are_cancelled_one_by_one(void **state)
{
	uint64_t ids[20];

	(void)state;
	for (int i = 0; i < 20; i++) {
		begin_notify(0);
		client_post(&line.client);
		ids[i] = take(STATUS(PENDING)).header.async_id;
	}
	for (int i = 20; i-- > 0;) {
		post_cancel(&session, 0, ids[i]);
		struct client_answer answer = take(STATUS(CANCELLED));

		assert_true(answer.header.async_id == ids[i]);
	}
}

/* ---- bounds ---- */

/* CR-6 */
static void past_the_maximum_no_request_goes_async(void **state)
{
	struct client *c = &line.client;

	(void)state;
	c->credits_asked = 2000;
	assert_int_equal(client_echo(c, &session), 0);
	c->credits_asked = 1;
	for (int i = 0; i < SMB_ASYNC_MAX; i++) {
		begin_notify(0);
		client_post(c);
		take(STATUS(PENDING));
	}
	begin_notify(0);
	client_post(c);
	take(STATUS(INSUFFICIENT_RESOURCES));
	assert_int_equal(client_echo(c, &session), 0);
	assert_int_equal(client_close(c, &session, tree, root),
			 STATUS(NOTIFY_CLEANUP));
}

/* CR-3 */
static void a_charge_that_is_too_small_is_refused(void **state)
{
	struct client *c = &line.client;
	struct client_file file;

	(void)state;
	fake_objects_put(world.home, "f", "x", 1);
	client_create(c, &session, tree, "f", 1, &file);
	for (uint32_t length = 65536; length <= 65537; length++) {
		client_begin(c, SMB2_READ, &session, tree, 0);
		client_write_read(c, file, 0, length);
		client_post(c);
		take(length == 65536 ? 0 : STATUS(INVALID_PARAMETER));
	}
	c->charge = 2;
	client_begin(c, SMB2_READ, &session, tree, 0);
	client_write_read(c, file, 0, 131072);
	client_post(c);
	take(0);
}

/* CR-2, smb2.credits.single_req_credits_granted. */
static void credits_are_granted_as_asked_up_to_the_maximum(void **state)
{
	struct client *c = &line.client;

	(void)state;
	c->credits_asked = 60000;
	assert_int_equal(client_echo(c, &session), 0);
	assert_int_equal(c->credits, 8192);
	c->credits_asked = 0;
	assert_int_equal(client_echo(c, &session), 0);
	assert_int_equal(c->credits, 8192);
}

/* ---- in compounds: CP-5 ---- */

static void the_last_of_a_chain_may_wait(void **state)
{
	struct client *c = &line.client;
	struct client_answer answer;

	(void)state;
	client_begin(c, SMB2_CREATE, &session, tree, 0);
	client_write_create(c, "", 0x1f01ff, 1, 1);
	begin_notify(RELATED);
	client_post(c);
	answer = take(0);
	assert_true(answer.is_last);
	assert_true(answer.is_signed);
	answer = take(STATUS(PENDING));
	post_cancel(&session, 0, answer.header.async_id);
	take(STATUS(CANCELLED));
}

/* smb2.compound.interim2 */
static void one_in_the_middle_may_not_wait(void **state)
{
	struct client *c = &line.client;

	(void)state;
	client_begin(c, SMB2_CREATE, &session, tree, 0);
	client_write_create(c, "", 0x1f01ff, 1, 1);
	begin_notify(RELATED);
	client_begin(c, SMB2_CLOSE, &session, tree, RELATED);
	client_write_close(c, client_related);
	client_post(c);
	take(0);
	take(STATUS(INTERNAL_ERROR));
	take(0);
	assert_int_equal(fake_objects_open(), 1);
}

/* A rename by path whose file a lease has to be broken of. */
static void a_set_info_in_the_middle_waits_unannounced(void **state)
{
	struct client *c = &line.client;
	struct writer *w;

	(void)state;
	fake_objects_hold(FAKE_SET);
	client_begin(c, SMB2_CREATE, &session, tree, 0);
	client_write_create(c, "f", 0x1f01ff, 2, 0);
	w = client_begin(c, SMB2_SET_INFO, &session, tree, RELATED);
	wr_u16(w, 33);
	wr_u8(w, 1);
	wr_u8(w, 14); /* FilePositionInformation */
	wr_u32(w, 8);
	wr_u16(w, 96);
	wr_zero(w, 6);
	wr_u64(w, UINT64_MAX);
	wr_u64(w, UINT64_MAX);
	wr_u64(w, 4096);
	client_begin(c, SMB2_CLOSE, &session, tree, RELATED);
	client_write_close(c, client_related);
	client_post(c);
	assert_int_equal(line.wire.count, 0);

	fake_objects_release(FAKE_SET);
	fake_host_run(&world.host);
	take(0);
	take(0);
	take(0);
}

static void a_create_in_the_middle_may_wait(void **state)
{
	struct client *c = &line.client;
	struct client_answer answer;

	(void)state;
	fake_objects_hold(FAKE_CREATE);
	wr_u32(client_begin(c, SMB2_ECHO, &session, 0, 0), 4);
	client_begin(c, SMB2_CREATE, &session, tree, 0);
	client_write_create(c, "f", 0x1f01ff, 2, 0);
	client_begin(c, SMB2_CLOSE, &session, tree, RELATED);
	client_write_close(c, client_related);
	client_post(c);
	assert_int_equal(line.wire.count, 2);
	answer = take(0);
	assert_true(answer.is_last);
	take(STATUS(PENDING));

	fake_objects_release(FAKE_CREATE);
	fake_host_run(&world.host);
	answer = take(0);
	assert_true(answer.header.flags & SMB2_FLAGS_ASYNC_COMMAND);
	assert_false(answer.is_last);
	assert_true(answer.is_signed);
	answer = take(0);
	assert_int_equal(answer.header.command, SMB2_CLOSE);
	assert_true(answer.is_signed);
}

static void a_create_that_waits_can_be_cancelled_with_its_chain(void **state)
{
	struct client *c = &line.client;

	(void)state;
	fake_objects_hold(FAKE_CREATE);
	client_begin(c, SMB2_CREATE, &session, tree, 0);
	client_write_create(c, "f", 0x1f01ff, 2, 0);
	client_begin(c, SMB2_CLOSE, &session, tree, RELATED);
	client_write_close(c, client_related);
	client_post(c);
	post_cancel(&session, 0, take(STATUS(PENDING)).header.async_id);
	take(STATUS(CANCELLED));
	take(STATUS(CANCELLED));
	assert_int_equal(fake_objects_open(), 1);
}

/* The CREATE waits no more, and the wait that follows is another's. */
static void a_cancel_that_comes_too_late_spares_the_next_of_the_chain(
	void **state)
{
	struct client *c = &line.client;
	struct bytes message;
	uint64_t async_id;

	(void)state;
	fake_objects_hold(FAKE_CREATE);
	client_begin(c, SMB2_CREATE, &session, tree, 0);
	client_write_create(c, "", 0x1f01ff, 1, 1);
	begin_notify(RELATED);
	client_post(c);
	async_id = take(STATUS(PENDING)).header.async_id;
	begin_cancel(&session, 0, async_id);
	message = client_finish(c);
	fake_objects_release(FAKE_CREATE);
	assert_true(fake_wire_put_only(&line.wire, message.at, message.length));
	fake_host_run(&world.host);
	take(0);
	async_id = take(STATUS(PENDING)).header.async_id;
	assert_int_equal(line.wire.count, 0);
	post_cancel(&session, 0, async_id);
	take(STATUS(CANCELLED));
}

#define TEST(name) cmocka_unit_test_setup_teardown(name, start, stop)

int main(void)
{
	const struct CMUnitTest tests[] = {
		TEST(a_wait_is_announced_once_unsigned_and_with_the_credits),
		TEST(an_interim_answer_is_sealed_with_the_rest),
		TEST(cancel_by_async_id_ends_the_wait),
		TEST(cancel_by_message_id_ends_the_wait),
		TEST(cancel_of_another_session_has_no_effect),
		TEST(cancel_that_is_wrongly_signed_has_no_effect),
		TEST(cancel_reaches_a_request_that_has_not_begun),
		TEST(many_waits_are_cancelled_one_by_one),
		TEST(past_the_maximum_no_request_goes_async),
		TEST(a_charge_that_is_too_small_is_refused),
		TEST(credits_are_granted_as_asked_up_to_the_maximum),
		TEST(a_cancel_that_comes_too_late_spares_the_next_of_the_chain),
		TEST(the_last_of_a_chain_may_wait),
		TEST(one_in_the_middle_may_not_wait),
		TEST(a_set_info_in_the_middle_waits_unannounced),
		TEST(a_create_in_the_middle_may_wait),
		TEST(a_create_that_waits_can_be_cancelled_with_its_chain),
	};

	return cmocka_run_group_tests(tests, NULL, NULL);
}
