/*
 * Opens that outlive their session, on the wire (MS-SMB2 3.3.5.9.6 to
 * 3.3.5.9.12, 3.3.5.15.9, 3.3.7.1; DU-1 to DU-5, RS-1). Tests durable.c,
 * cmd/create_durable.c and cmd/ioctl_resilient.c.
 */
#include "tests/smb/coming_back.h"

static struct client_file open_v2(uint32_t timeout_ms, uint32_t granted_ms)
{
	struct client_answer answer;
	uint32_t first = 0;

	begin("f", SMB_OPLOCK_BATCH);
	add_v2(&line, timeout_ms, "a guid of create");
	answer = ask(&line, 0);
	assert_int_equal(find(&answer, "DH2Q", &first), 8);
	assert_int_equal(first, granted_ms);
	return client_file_of(&answer);
}

/* ---- losing and coming back ---- */

static uint32_t disconnected(void)
{
	struct smb_engine_counts counts;

	smb_engine_count(world.engine, &counts);
	return counts.disconnected;
}

static struct client_answer reclaim(struct client_file file, uint32_t status)
{
	begin_at(&next, &second, tree2, "other", 0, 0);
	add_id(&next, "DHnC", file, NULL);
	return ask(&next, status);
}

static void a_lost_client_has_its_open_back(void **state)
{
	struct client_file file = open_v1();
	struct client_answer answer;
	struct client_file again;

	(void)state;
	lose();
	assert_int_equal(fake_objects_open(), 1);
	assert_int_equal(disconnected(), 1);
	come_back();
	assert_int_equal(client_close(&next.client, &second, tree2, file),
			 STATUS(FILE_CLOSED));
	answer = reclaim(file, 0);
	assert_int_equal(disconnected(), 0);
	assert_int_equal(answer.body.at[2], SMB_OPLOCK_BATCH);
	again = client_file_of(&answer);
	assert_int_not_equal(again.volatile_id, file.volatile_id);
	it_is_usable(&next, &second, tree2, again);
	reclaim(again, STATUS(OBJECT_NAME_NOT_FOUND));
}

static void it_is_kept_over_a_logoff_as_well(void **state)
{
	struct client_file file = open_v1();

	(void)state;
	assert_int_equal(client_logoff(&line.client, &session), 0);
	assert_int_equal(disconnected(), 1);
	come_back();
	reclaim(file, 0);
}

static void it_goes_with_its_tree(void **state)
{
	struct client_file file = open_v1();

	(void)state;
	assert_int_equal(client_tree_disconnect(&line.client, &session, tree),
			 0);
	assert_int_equal(fake_objects_open(), 0);
	come_back();
	reclaim(file, STATUS(OBJECT_NAME_NOT_FOUND));
}

static void it_is_closed_when_its_time_is_up(void **state)
{
	(void)state;
	open_v2(5000, 5000);
	lose();
	fake_host_advance(&world.host, 4000);
	assert_int_equal(fake_objects_open(), 1);
	fake_host_advance(&world.host, 2000);
	assert_int_equal(fake_objects_open(), 0);
	assert_int_equal(disconnected(), 0);
}

static void the_time_is_bounded(void **state)
{
	struct client_file file = open_v2(0, SMB_DURABLE_TIME_MS);

	(void)state;
	client_close(&line.client, &session, tree, file);
	file = open_v2(UINT32_MAX, SMB_DURABLE_TIME_MAX_MS);
	client_close(&line.client, &session, tree, file);
	open_v1();
	lose();
	fake_host_advance(&world.host, SMB_DURABLE_V1_TIME_MS - 1000);
	assert_int_equal(fake_objects_open(), 1);
	fake_host_advance(&world.host, 2000);
	assert_int_equal(fake_objects_open(), 0);
}

/* 3.3.5.9.6: a batch oplock, or a lease with H. */
static void what_can_not_be_kept_is_not_granted(void **state)
{
	struct client_answer answer;
	uint32_t first;

	(void)state;
	begin("f", SMB_OPLOCK_EXCLUSIVE);
	client_add_context(&line.client, "DHnQ", zero, 16);
	answer = ask(&line, 0);
	assert_int_equal(find(&answer, "DHnQ", &first), 0);
	begin("g", SMB_OPLOCK_NONE);
	add_v2(&line, 0, "one guid sixteen");
	answer = ask(&line, 0);
	assert_int_equal(find(&answer, "DH2Q", &first), 0);
	lose();
	assert_int_equal(fake_objects_open(), 0);
}

static void a_share_may_keep_nothing(void **state)
{
	struct client_answer answer;
	uint32_t first;

	(void)state;
	world.vault->facts.keeps_opens = false;
	world.vault->facts.must_encrypt = false;
	assert_int_equal(client_tree(&line.client, &session, "\\\\s\\vault",
				     &tree),
			 0);
	begin("f", SMB_OPLOCK_BATCH);
	client_add_context(&line.client, "DHnQ", zero, 16);
	answer = ask(&line, 0);
	assert_int_equal(find(&answer, "DHnQ", &first), 0);
}

/* CVE-2026-31717 of others. */
static void another_user_does_not_get_it(void **state)
{
	struct client_file file = open_v1();

	(void)state;
	lose();
	assert_int_equal(client_negotiate_dialect(&next.client, 0x311), 0);
	next.client.credits_asked = 64;
	assert_int_equal(client_logon(&next.client, &second, "bob", "Other-2"),
			 0);
	second.signs = true;
	assert_int_equal(client_tree(&next.client, &second, "\\\\s\\home",
				     &tree2),
			 0);
	reclaim(file, STATUS(ACCESS_DENIED));
	assert_int_equal(disconnected(), 1);
}

static void it_is_not_given_back_through_another_share(void **state)
{
	struct client_file file = open_v1();

	(void)state;
	world.vault->facts.must_encrypt = false;
	lose();
	come_back();
	assert_int_equal(client_tree(&next.client, &second, "\\\\s\\vault",
				     &tree2),
			 0);
	reclaim(file, STATUS(OBJECT_NAME_NOT_FOUND));
}

static void nobody_has_it_twice(void **state)
{
	struct client_file file = open_v1();

	(void)state;
	come_back();
	reclaim(file, STATUS(OBJECT_NAME_NOT_FOUND));
	it_is_usable(&line, &session, tree, file);
}

static void a_guess_finds_nothing(void **state)
{
	struct client_file file = open_v1();

	(void)state;
	lose();
	come_back();
	file.persistent++;
	reclaim(file, STATUS(OBJECT_NAME_NOT_FOUND));
	file.persistent ^= UINT64_C(7) << 56; /* another worker's */
	reclaim(file, STATUS(OBJECT_NAME_NOT_FOUND));
}

/* 3.3.5.9.12. */
static void version_two_goes_by_its_guid(void **state)
{
	struct client_file file = open_v2(0, SMB_DURABLE_TIME_MS);
	struct client_answer answer;
	uint32_t first;

	(void)state;
	lose();
	come_back();
	begin_at(&next, &second, tree2, "f", 0, 0);
	add_id(&next, "DH2C", file, "another sixteen.");
	ask(&next, STATUS(OBJECT_NAME_NOT_FOUND));
	begin_at(&next, &second, tree2, "f", 0, 0);
	add_id(&next, "DH2C", file, "a guid of create");
	answer = ask(&next, 0);
	assert_int_equal(find(&answer, "DH2Q", &first), 0);
	it_is_usable(&next, &second, tree2, client_file_of(&answer));
}

static void contexts_exclude_each_other(void **state)
{
	static const struct {
		const char *one, *other;
	} pairs[] = { { "DHnQ", "DH2Q" },
		      { "DHnC", "DH2Q" },
		      { "DHnC", "DH2C" },
		      { "DH2C", "DHnQ" },
		      { "DH2C", "DH2Q" } };

	(void)state;
	for (size_t i = 0; i < sizeof(pairs) / sizeof(pairs[0]); i++) {
		begin("f", SMB_OPLOCK_BATCH);
		for (int k = 0; k < 2; k++) {
			const char *tag = k ? pairs[i].other : pairs[i].one;

			client_add_context(&line.client, tag, zero,
					   tag[2] == 'n'   ? 16
					   : tag[3] == 'Q' ? 32
							   : 36);
		}
		ask(&line, STATUS(INVALID_PARAMETER));
	}
}

static void a_changed_file_is_not_given_back(void **state)
{
	struct client_file file = open_v1();

	(void)state;
	lose();
	come_back();
	fake_objects_fail(FAKE_RETURN, NT_STATUS_OBJECT_NAME_NOT_FOUND);
	reclaim(file, STATUS(OBJECT_NAME_NOT_FOUND));
	fake_host_run(&world.host);
	assert_int_equal(fake_objects_open(), 0);
}

static void what_the_store_can_not_keep_is_closed(void **state)
{
	(void)state;
	open_v1();
	fake_objects_fail(FAKE_KEEP, NT_STATUS_NOT_SUPPORTED);
	lose();
	assert_int_equal(fake_objects_open(), 0);
}

/* ---- others need it ---- */

static void take_rights(uint8_t to)
{
	struct smb_break brk = { .from = SMB_CACHE_READ | SMB_CACHE_WRITE |
					 SMB_CACHE_HANDLE,
				 .to = to,
				 .must_ack = true };

	holder->broken(holder, &brk);
	fake_host_run(&world.host);
}

static void a_break_ends_what_nobody_answers_for(void **state)
{
	struct client_file file = open_v1();

	(void)state;
	lose();
	take_rights(SMB_CACHE_READ);
	assert_int_equal(fake_objects_open(), 0);
	come_back();
	reclaim(file, STATUS(OBJECT_NAME_NOT_FOUND));
}

static void a_break_meets_one_that_is_coming_back(void **state)
{
	struct client_file file = open_v1();
	struct client_answer answer;

	(void)state;
	lose();
	come_back();
	fake_objects_hold(FAKE_RETURN);
	begin_at(&next, &second, tree2, "f", 0, 0);
	add_id(&next, "DHnC", file, NULL);
	client_post(&next.client);
	take_rights(SMB_CACHE_READ);
	assert_int_equal(fake_objects_open(), 1);
	/* Nor has somebody else it at the same time. */
	reclaim(file, STATUS(OBJECT_NAME_NOT_FOUND));
	fake_objects_release(FAKE_RETURN);
	fake_host_run(&world.host);
	assert_true(client_take(&next.client, &answer));
	assert_int_equal(answer.status, STATUS(OBJECT_NAME_NOT_FOUND));
	assert_int_equal(fake_objects_open(), 0);
}

static void its_client_is_lost_again_while_it_comes_back(void **state)
{
	struct client_file file = open_v1();

	(void)state;
	lose();
	come_back();
	fake_objects_hold(FAKE_RETURN);
	begin_at(&next, &second, tree2, "f", 0, 0);
	add_id(&next, "DHnC", file, NULL);
	client_post(&next.client);
	fake_wire_hang_up(&next.wire);
	fake_objects_release(FAKE_RETURN);
	fake_host_run(&world.host);
	assert_int_equal(disconnected(), fake_objects_open());
}

/* ---- leases ---- */

static void a_lease_goes_by_its_key_and_name(void **state)
{
	struct client_answer answer;
	struct client_file file;

	(void)state;
	begin("f", SMB_OPLOCK_LEASE);
	client_add_context(&line.client, "DHnQ", zero, 16);
	add_lease(&line, "one key sixteen.");
	answer = ask(&line, 0);
	file = client_file_of(&answer);
	lose();
	come_back();
	reclaim(file, STATUS(OBJECT_NAME_NOT_FOUND));
	begin_at(&next, &second, tree2, "f", 0, 0);
	add_id(&next, "DHnC", file, NULL);
	add_lease(&next, "another sixteen.");
	ask(&next, STATUS(OBJECT_NAME_NOT_FOUND));
	begin_at(&next, &second, tree2, "g", 0, 0);
	add_id(&next, "DHnC", file, NULL);
	add_lease(&next, "one key sixteen.");
	ask(&next, STATUS(INVALID_PARAMETER));
	begin_at(&next, &second, tree2, "F", 0, 0);
	add_id(&next, "DHnC", file, NULL);
	add_lease(&next, "one key sixteen.");
	answer = ask(&next, 0);
	assert_int_equal(answer.body.at[2], SMB_OPLOCK_LEASE);
	it_is_usable(&next, &second, tree2, client_file_of(&answer));
}

static void a_lease_is_of_one_client(void **state)
{
	struct client_answer answer;
	struct client_file file;

	(void)state;
	begin("f", SMB_OPLOCK_LEASE);
	client_add_context(&line.client, "DHnQ", zero, 16);
	add_lease(&line, "one key sixteen.");
	answer = ask(&line, 0);
	file = client_file_of(&answer);
	lose();
	next.client.guid[0] ^= 1;
	come_back();
	begin_at(&next, &second, tree2, "f", 0, 0);
	add_id(&next, "DHnC", file, NULL);
	add_lease(&next, "one key sixteen.");
	ask(&next, STATUS(OBJECT_NAME_NOT_FOUND));
}

/* ---- resilient ---- */

static uint32_t make_resilient(struct client_file file, uint32_t timeout_ms,
			       uint32_t length)
{
	struct client *c = &line.client;
	struct writer *w = client_begin(c, SMB2_IOCTL, &session, tree, 0);

	wr_u16(w, 57);
	wr_u16(w, 0);
	wr_u32(w, 0x001401d4);
	wr_u64(w, file.persistent);
	wr_u64(w, file.volatile_id);
	wr_u32(w, 64 + 56);
	wr_u32(w, length);
	wr_zero(w, 4 + 4 + 4 + 4);
	wr_u32(w, 1);
	wr_u32(w, 0);
	wr_u32(w, timeout_ms);
	wr_u32(w, 0);
	return client_ask(c, NULL);
}

static void a_resilient_open_needs_no_oplock(void **state)
{
	struct client_file file;

	(void)state;
	assert_int_equal(client_create(&line.client, &session, tree, "f", 3,
				       &file),
			 0);
	assert_int_equal(make_resilient(file, 3000, 7),
			 STATUS(INVALID_PARAMETER));
	assert_int_equal(make_resilient(file, SMB_RESILIENT_TIME_MAX_MS + 1, 8),
			 STATUS(INVALID_PARAMETER));
	assert_int_equal(make_resilient(file, 3000, 8), 0);
	lose();
	fake_host_advance(&world.host, 2000);
	come_back();
	reclaim(file, 0);
	fake_wire_hang_up(&next.wire);
	assert_int_equal(fake_objects_open(), 1);
	fake_host_advance(&world.host, 4000);
	assert_int_equal(fake_objects_open(), 0);
}

/* ---- the end ---- */

static void co_stop(void *arg)
{
	smb_engine_co_stop(arg);
}

static void an_engine_that_stops_keeps_nothing(void **state)
{
	(void)state;
	open_v1();
	lose();
	assert_true(fake_host_call(&world.host, co_stop, world.engine));
	assert_int_equal(fake_objects_open(), 0);
	assert_int_equal(disconnected(), 0);
}

int main(void)
{
#define TEST(name) cmocka_unit_test_setup_teardown(name, start, stop)
	const struct CMUnitTest tests[] = {
		TEST(a_lost_client_has_its_open_back),
		TEST(it_is_kept_over_a_logoff_as_well),
		TEST(it_goes_with_its_tree),
		TEST(it_is_closed_when_its_time_is_up),
		TEST(the_time_is_bounded),
		TEST(what_can_not_be_kept_is_not_granted),
		TEST(a_share_may_keep_nothing),
		TEST(another_user_does_not_get_it),
		TEST(it_is_not_given_back_through_another_share),
		TEST(nobody_has_it_twice),
		TEST(a_guess_finds_nothing),
		TEST(version_two_goes_by_its_guid),
		TEST(contexts_exclude_each_other),
		TEST(a_changed_file_is_not_given_back),
		TEST(what_the_store_can_not_keep_is_closed),
		TEST(a_break_ends_what_nobody_answers_for),
		TEST(a_break_meets_one_that_is_coming_back),
		TEST(its_client_is_lost_again_while_it_comes_back),
		TEST(a_lease_goes_by_its_key_and_name),
		TEST(a_lease_is_of_one_client),
		TEST(a_resilient_open_needs_no_oplock),
		TEST(an_engine_that_stops_keeps_nothing),
	};

	return cmocka_run_group_tests(tests, NULL, NULL);
}
