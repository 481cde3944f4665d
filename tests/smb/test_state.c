/*
 * The engine's objects as bytes: what is written is read again, what is wrong
 * is refused.
 */
#include "tests/smb/coming_back.h"

#include "smb/engine.h"
#include "smb/session.h"
#include "smb/state.h"
#include "smb/tree.h"

static uint8_t bytes[SMB_STATE_RECORD_MAX + 64];
static struct writer w;

static int begin_bytes(void **state)
{
	(void)state;
	w = writer_at(bytes, sizeof(bytes));
	return 0;
}

static struct reader written(void)
{
	assert_true(wr_ok(&w));
	return reader_at(bytes, w.at);
}

static struct smb_session_state a_session(void)
{
	return (struct smb_session_state){
		.id = UINT64_C(0x1122334455667788),
		.dialect = 0x311,
		.client_guid = "a client's guid",
		.user = "Ännchen",
		.must_sign = true,
	};
}

static struct smb_open_state an_open(void)
{
	return (struct smb_open_state){
		.persistent = 7,
		.volatile_id = 8,
		.tree_id = 9,
		.granted = 0x1f01ff,
		.action = SMB_CREATE_CREATED,
		.is_durable = true,
		.is_disconnected = true,
		.timeout_ms = 60000,
		.client_guid = "a client's guid",
		.create_guid = "a create's guid",
		.has_lease = true,
		.lease_key = "the lease's key",
		.caching = SMB_CACHE_READ | SMB_CACHE_HANDLE,
		.channel_sequence = 0xfffe,
		.lock_sequence = { [0] = 16, [63] = 1 },
		.instance = { .has_id = true,
			      .id = "an instance's i",
			      .has_version = true,
			      .version_high = 1,
			      .version_low = 2 },
	};
}

static struct smb_lease_state a_lease(void)
{
	return (struct smb_lease_state){
		.client_guid = "a client's guid",
		.key = "the lease's key",
		.parent_key = "its parent's ke",
		.has_parent = true,
		.version = 2,
		.epoch = 0x1234,
		.caching = SMB_CACHE_READ | SMB_CACHE_WRITE | SMB_CACHE_HANDLE,
		.is_awaited = true,
	};
}

/* ---- there and back ---- */

static void records_follow_each_other(void **state)
{
	struct smb_session_state session_in = a_session(), session_out;
	struct smb_tree_state tree_in = { .id = 3,
					  .session_id = 4,
					  .share = "home",
					  .access_max = 5,
					  .must_encrypt = true };
	struct smb_tree_state tree_out;
	struct smb_open_state open_in = an_open(), open_out;
	struct smb_lease_state lease_in = a_lease(), lease_out;
	struct smb_lock_state lock_in = { 7, UINT64_MAX, 1, true }, lock_out;

	(void)state;
	smb_session_save(&w, &session_in);
	smb_tree_save(&w, &tree_in);
	smb_open_save(&w, &open_in);
	smb_lease_save(&w, &lease_in);
	smb_lock_save(&w, &lock_in);

	struct reader r = written();

	assert_int_equal(smb_session_load(&r, &session_out), 0);
	assert_int_equal(smb_tree_load(&r, &tree_out), 0);
	assert_int_equal(smb_open_load(&r, &open_out), 0);
	assert_int_equal(smb_lease_load(&r, &lease_out), 0);
	assert_int_equal(smb_lock_load(&r, &lock_out), 0);
	assert_int_equal(rd_left(&r), 0);
	assert_int_equal(session_out.id, session_in.id);
	assert_string_equal(session_out.user, session_in.user);
	assert_memory_equal(session_out.client_guid, session_in.client_guid,
			    16);
	assert_true(session_out.must_sign && !session_out.must_seal);
	assert_int_equal(tree_out.session_id, 4);
	assert_string_equal(tree_out.share, "home");
	assert_true(tree_out.must_encrypt);
	assert_int_equal(open_out.channel_sequence, 0xfffe);
	assert_memory_equal(open_out.lock_sequence, open_in.lock_sequence,
			    SMB_LOCK_BUCKETS);
	assert_memory_equal(open_out.lease_key, open_in.lease_key, 16);
	assert_true(open_out.is_disconnected && !open_out.is_resilient);
	assert_int_equal(open_out.instance.version_low, 2);
	assert_int_equal(lease_out.epoch, 0x1234);
	assert_true(lease_out.has_parent && lease_out.is_awaited);
	assert_int_equal(lock_out.offset, UINT64_MAX);
	assert_true(lock_out.is_exclusive);
}

/* What the first version looks like never changes. */
static void the_encoding_is_stable(void **state)
{
	static const uint8_t expected[] = {
		5, 0, 1, 0, 25, 0, 0, 0, 7, 0, 0, 0, 0, 0, 0, 0, 0,
		1, 0, 0, 0, 0,  0, 0, 2, 0, 0, 0, 0, 0, 0, 0, 1,
	};
	struct smb_lock_state lock = { 7, 256, 2, true };

	(void)state;
	smb_lock_save(&w, &lock);
	assert_int_equal(w.at, sizeof(expected));
	assert_memory_equal(bytes, expected, sizeof(expected));
	w = writer_at(bytes, sizeof(bytes));
	smb_session_save(&w, &(struct smb_session_state){ .id = 1 });
	assert_int_equal(w.at, 8 + 32);
	w = writer_at(bytes, sizeof(bytes));
	smb_open_save(&w, &(struct smb_open_state){ .tree_id = 1 });
	assert_int_equal(w.at, 8 + 183);
}

/* ---- what is wrong ---- */

static void an_unknown_version_is_told(void **state)
{
	struct smb_lease_state in = a_lease(), out;

	(void)state;
	smb_lease_save(&w, &in);
	bytes[2] = 2;

	struct reader r = written();

	assert_int_equal(smb_lease_load(&r, &out), NT_STATUS_UNKNOWN_REVISION);
	assert_int_equal(rd_left(&r), w.at);
	bytes[2] = 1;
	assert_int_equal(smb_lease_load(&r, &out), NT_STATUS_SUCCESS);
}

static void another_kind_is_refused(void **state)
{
	struct smb_session_state in = a_session();
	struct smb_tree_state out;

	(void)state;
	smb_session_save(&w, &in);

	struct reader r = written();

	assert_int_equal(smb_tree_load(&r, &out), NT_STATUS_INVALID_PARAMETER);
}

static void what_is_cut_is_refused(void **state)
{
	struct smb_open_state in = an_open(), out;

	(void)state;
	smb_open_save(&w, &in);
	for (size_t length = 0; length < w.at; length++) {
		struct reader r = reader_at(bytes, length);

		assert_int_equal(smb_open_load(&r, &out),
				 NT_STATUS_INVALID_PARAMETER);
		assert_int_equal(rd_left(&r), length);
	}
}

/* Its length says that there is more, or less, than its fields. */
static void another_length_is_refused(void **state)
{
	struct smb_lock_state in = { 1, 2, 3, false }, out;

	(void)state;
	smb_lock_save(&w, &in);
	wr_zero(&w, 1);
	for (uint8_t length = 24; length <= 26; length += 2) {
		struct reader r = written();

		bytes[4] = length;
		assert_int_equal(smb_lock_load(&r, &out),
				 NT_STATUS_INVALID_PARAMETER);
	}
}

static void values_that_no_object_has_are_refused(void **state)
{
	struct smb_lock_state lock = { 1, UINT64_MAX, 2, false };
	struct smb_lease_state lease = a_lease();
	struct smb_open_state open = an_open();
	struct reader r;

	(void)state;
	smb_lock_save(&w, &lock);
	r = written();
	assert_int_equal(smb_lock_load(&r, &lock), NT_STATUS_INVALID_PARAMETER);
	begin_bytes(NULL);
	lease.version = 3;
	smb_lease_save(&w, &lease);
	r = written();
	assert_int_equal(smb_lease_load(&r, &lease),
			 NT_STATUS_INVALID_PARAMETER);
	begin_bytes(NULL);
	open.lock_sequence[5] = 17;
	smb_open_save(&w, &open);
	r = written();
	assert_int_equal(smb_open_load(&r, &open), NT_STATUS_INVALID_PARAMETER);
}

static void short_room_is_told_by_the_writer(void **state)
{
	struct smb_open_state open = an_open();

	(void)state;
	w = writer_at(bytes, 50);
	smb_open_save(&w, &open);
	assert_false(wr_ok(&w));
}

/* ---- the engine's own ---- */

static void objects_of_the_engine_are_described(void **state)
{
	struct client_file file = open_v1();
	struct smb_session *at = smb_session_find(world.engine, session.id);
	struct smb_open *open;
	struct smb_session_state of_session;
	struct smb_tree_state of_tree;
	struct smb_open_state of_open;

	(void)state;
	assert_non_null(at);
	open = smb_open_find(at, file.persistent, file.volatile_id);
	assert_non_null(open);
	smb_session_describe(at, &of_session);
	smb_tree_describe(open->tree, &of_tree);
	smb_open_describe(open, &of_open);
	smb_open_unref(open);
	smb_session_unref(at);
	assert_int_equal(of_session.id, session.id);
	assert_string_equal(of_session.user, "ann");
	assert_int_equal(of_session.dialect, 0x311);
	assert_int_equal(of_tree.id, tree);
	assert_int_equal(of_tree.session_id, session.id);
	assert_string_equal(of_tree.share, "home");
	assert_int_equal(of_open.persistent, file.persistent);
	assert_int_equal(of_open.tree_id, tree);
	assert_true(of_open.is_durable && !of_open.is_disconnected);
	assert_false(of_open.has_lease);
	assert_int_equal(of_open.caching,
			 SMB_CACHE_READ | SMB_CACHE_WRITE | SMB_CACHE_HANDLE);
}

static void a_lease_is_described(void **state)
{
	struct smb_lease_request asked = { .version = 2,
					   .key = "the lease's key",
					   .epoch = 4 };
	static const uint8_t guid[16] = { 9 };
	struct smb_lease *lease = smb_lease_get(world.engine, guid, &asked);
	struct smb_lease_state of_lease;

	(void)state;
	assert_non_null(lease);
	smb_lease_describe(lease, &of_lease);
	smb_lease_unref(lease);
	assert_memory_equal(of_lease.key, asked.key, 16);
	assert_int_equal(of_lease.client_guid[0], 9);
	assert_int_equal(of_lease.version, 2);
	assert_int_equal(of_lease.epoch, 4);
}

int main(void)
{
#define PURE(name) cmocka_unit_test_setup(name, begin_bytes)
#define TEST(name) cmocka_unit_test_setup_teardown(name, start, stop)
	const struct CMUnitTest tests[] = {
		PURE(records_follow_each_other),
		PURE(the_encoding_is_stable),
		PURE(an_unknown_version_is_told),
		PURE(another_kind_is_refused),
		PURE(what_is_cut_is_refused),
		PURE(another_length_is_refused),
		PURE(values_that_no_object_has_are_refused),
		PURE(short_room_is_told_by_the_writer),
		TEST(objects_of_the_engine_are_described),
		TEST(a_lease_is_described),
	};

	return cmocka_run_group_tests(tests, NULL, NULL);
}
