/* CHANGE_NOTIFY: MS-FSA 2.1.5.11, MS-FSCC 2.7.1. */
#include "tests/fsa/house.h"

#include "gateway/fsa/notify.h"
#include "smb/wire/cursor.h"

enum {
	ALL_CHANGES = 0xfff
};

/* One request in a fiber of its own. */
struct request {
	struct house *h;
	struct smb_object *object;
	uint32_t filter;
	bool is_recursive;
	uint32_t size;
	struct loop_fiber *fiber;
	bool is_done;
	enum nt_status status;
	uint8_t bytes[4096];
	uint32_t length;
};

static void co_request(void *arg)
{
	struct request *r = arg;

	r->status = fsa_object_ops.co_notify(r->object, &r->h->call, r->filter,
					     r->is_recursive, r->bytes, r->size,
					     &r->length);
	r->is_done = true;
}

static void co_settle(void)
{
	for (int i = 0; i < 20; i++)
		loop_co_yield();
	(void)loop_co_sleep(loop_ms(2));
}

/* Starts a request and lets it run as far as it comes. */
static void co_start(struct request *r, struct house *h,
		     struct smb_object *object, bool is_recursive)
{
	uint32_t size = r->size ? r->size : sizeof(r->bytes);
	uint32_t filter = r->filter ? r->filter : ALL_CHANGES;

	*r = (struct request){ .h = h,
			       .object = object,
			       .filter = filter,
			       .is_recursive = is_recursive,
			       .size = size };
	r->fiber = loop_spawn(co_request, r);
	assert_non_null(r->fiber);
	co_settle();
}

static void co_wait_for(struct request *r)
{
	for (int i = 0; i < 500 && !r->is_done; i++)
		(void)loop_co_sleep(loop_ms(2));
	assert_true(r->is_done);
}

/* Record `index` of the answer; false if there are fewer. */
static bool record(const struct request *r, unsigned int index,
		   uint32_t *ret_action, const char **ret_name)
{
	static uint16_t units[256];
	size_t at = 0;

	if (r->length == 0)
		return false;
	for (;;) {
		struct reader in = reader_at(r->bytes, r->length);

		rd_seek(&in, at);
		uint32_t next = rd_u32(&in);

		*ret_action = rd_u32(&in);
		uint32_t count = rd_u32(&in) / 2;

		assert_true(count <= 256);
		assert_int_equal(at % 4, 0);
		for (uint32_t i = 0; i < count; i++)
			units[i] = rd_u16(&in);
		assert_true(rd_ok(&in));
		if (index-- == 0) {
			*ret_name =
				house_text((struct smb_name){ units, count });
			return true;
		}
		if (next == 0)
			return false;
		at += next;
	}
}

static void assert_record(const struct request *r, unsigned int index,
			  uint32_t action, const char *name)
{
	uint32_t is_action;
	const char *is_name;

	assert_true(record(r, index, &is_action, &is_name));
	assert_int_equal(is_action, action);
	assert_string_equal(is_name, name);
}

static void tell(struct house *h, const char *path, enum fsa_action action,
		 uint32_t filter)
{
	fsa_notify_changed(h->fsa, h->share.tree, path, action, filter);
}

HOUSE_TEST(a_request_waits_for_a_change)
{
	struct smb_object *d = house_co_dir(h, "d");
	struct request r = {};

	co_start(&r, h, d, false);
	assert_false(r.is_done);
	assert_int_equal(h->asyncs, 1);
	tell(h, "d/f", FSA_ACTION_ADDED, FSA_CHANGE_FILE_NAME);
	co_wait_for(&r);
	assert_int_equal(r.status, NT_STATUS_SUCCESS);
	assert_record(&r, 0, 1, "f");
	assert_int_equal(r.length, 14);
	house_co_close(d);
}

HOUSE_TEST(changes_are_gathered_from_the_first_request_on)
{
	struct smb_object *d = house_co_dir(h, "d");
	struct request r = {};

	tell(h, "d/before", FSA_ACTION_ADDED, FSA_CHANGE_FILE_NAME);
	co_start(&r, h, d, false);
	tell(h, "d/a", FSA_ACTION_ADDED, FSA_CHANGE_FILE_NAME);
	co_wait_for(&r);
	assert_record(&r, 0, 1, "a");
	tell(h, "d/bcd", FSA_ACTION_REMOVED, FSA_CHANGE_FILE_NAME);
	tell(h, "d/c", FSA_ACTION_MODIFIED, FSA_CHANGE_SIZE);
	tell(h, "d/c", FSA_ACTION_MODIFIED, FSA_CHANGE_SIZE);
	co_start(&r, h, d, false);
	assert_true(r.is_done);
	assert_record(&r, 0, 2, "bcd");
	assert_record(&r, 1, 3, "c");
	assert_int_equal(r.length, 20 + 14);
	house_co_close(d);
}

HOUSE_TEST(filter_and_depth_of_the_first_request_stay)
{
	struct smb_object *d = house_co_dir(h, "d");
	struct request r = { .filter = FSA_CHANGE_SIZE };

	co_start(&r, h, d, false);
	tell(h, "d/f", FSA_ACTION_ADDED, FSA_CHANGE_FILE_NAME);
	tell(h, "d/e/f", FSA_ACTION_MODIFIED, FSA_CHANGE_SIZE);
	tell(h, "dd/f", FSA_ACTION_MODIFIED, FSA_CHANGE_SIZE);
	tell(h, "d", FSA_ACTION_MODIFIED, FSA_CHANGE_SIZE);
	co_settle();
	assert_false(r.is_done);
	tell(h, "d/f", FSA_ACTION_MODIFIED, FSA_CHANGE_SIZE);
	co_wait_for(&r);
	r.filter = FSA_CHANGE_FILE_NAME;
	co_start(&r, h, d, true);
	tell(h, "d/f", FSA_ACTION_REMOVED, FSA_CHANGE_FILE_NAME);
	tell(h, "d/e/f", FSA_ACTION_MODIFIED, FSA_CHANGE_SIZE);
	co_settle();
	assert_false(r.is_done);
	tell(h, "d/f", FSA_ACTION_MODIFIED, FSA_CHANGE_SIZE);
	co_wait_for(&r);
	house_co_close(d);
}

HOUSE_TEST(a_tree_is_watched_to_its_leaves)
{
	struct smb_object *root = house_co_dir(h, "");
	struct request r = {};

	co_start(&r, h, root, true);
	tell(h, "a/b/c", FSA_ACTION_ADDED, FSA_CHANGE_DIR_NAME);
	co_wait_for(&r);
	assert_record(&r, 0, 1, "a\\b\\c");
	house_co_close(root);
}

HOUSE_TEST(a_rename_is_a_pair_or_two_changes)
{
	struct smb_object *root = house_co_dir(h, "");
	struct request r = { .filter = FSA_CHANGE_FILE_NAME };

	co_start(&r, h, root, true);
	fsa_notify_renamed(h->fsa, h->share.tree, "a/x", "a/y", false);
	co_wait_for(&r);
	assert_record(&r, 0, 4, "a\\x");
	assert_record(&r, 1, 5, "a\\y");
	co_start(&r, h, root, true);
	fsa_notify_renamed(h->fsa, h->share.tree, "a/x", "b/x", false);
	co_wait_for(&r);
	assert_record(&r, 0, 2, "a\\x");
	assert_record(&r, 1, 1, "b\\x");
	house_co_close(root);
}

HOUSE_TEST(a_new_name_brings_its_attributes)
{
	struct smb_object *root = house_co_dir(h, "");
	struct request r = { .filter = FSA_CHANGE_ATTRIBUTES };

	co_start(&r, h, root, true);
	fsa_notify_renamed(h->fsa, h->share.tree, "a/d", "a/e", true);
	co_settle();
	assert_false(r.is_done);
	fsa_notify_renamed(h->fsa, h->share.tree, "a/x", "a/y", false);
	co_wait_for(&r);
	assert_record(&r, 0, 3, "a\\y");
	house_co_close(root);
}

HOUSE_TEST(too_much_for_the_buffer_is_said_so)
{
	struct smb_object *d = house_co_dir(h, "d");
	struct request r = { .size = 40 };
	char name[32];

	co_start(&r, h, d, false);
	tell(h, "d/f", FSA_ACTION_ADDED, FSA_CHANGE_FILE_NAME);
	co_wait_for(&r);
	for (int i = 0; i < 10; i++) {
		snprintf(name, sizeof(name), "d/file%d", i);
		tell(h, name, FSA_ACTION_ADDED, FSA_CHANGE_FILE_NAME);
	}
	co_start(&r, h, d, false);
	assert_true(r.is_done);
	assert_int_equal(r.status, NT_STATUS_NOTIFY_ENUM_DIR);
	assert_int_equal(r.length, 0);
	co_start(&r, h, d, false);
	assert_false(r.is_done);
	tell(h, "d/f", FSA_ACTION_ADDED, FSA_CHANGE_FILE_NAME);
	co_wait_for(&r);
	assert_int_equal(r.status, NT_STATUS_SUCCESS);
	house_co_close(d);
}

HOUSE_TEST(requests_are_answered_in_turn)
{
	struct smb_object *d = house_co_dir(h, "d");
	struct request a = {}, b = {};

	co_start(&a, h, d, false);
	co_start(&b, h, d, false);
	tell(h, "d/1", FSA_ACTION_ADDED, FSA_CHANGE_FILE_NAME);
	co_wait_for(&a);
	co_settle();
	assert_false(b.is_done);
	tell(h, "d/2", FSA_ACTION_ADDED, FSA_CHANGE_FILE_NAME);
	co_wait_for(&b);
	assert_record(&a, 0, 1, "1");
	assert_record(&b, 0, 1, "2");
	house_co_close(d);
}

HOUSE_TEST(a_cancelled_request_loses_nothing)
{
	struct smb_object *d = house_co_dir(h, "d");
	struct request a = {}, b = {};

	co_start(&a, h, d, false);
	co_start(&b, h, d, false);
	loop_cancel(a.fiber);
	co_wait_for(&a);
	assert_int_equal(a.status, NT_STATUS_CANCELLED);
	tell(h, "d/1", FSA_ACTION_ADDED, FSA_CHANGE_FILE_NAME);
	co_wait_for(&b);
	assert_record(&b, 0, 1, "1");
	house_co_close(d);
}

HOUSE_TEST(a_close_ends_all_waits)
{
	struct smb_object *d = house_co_dir(h, "d");
	struct request a = {}, b = {};

	co_start(&a, h, d, false);
	co_start(&b, h, d, true);
	fsa_object_ops.closing(d);
	co_wait_for(&a);
	co_wait_for(&b);
	assert_int_equal(a.status, NT_STATUS_NOTIFY_CLEANUP);
	assert_int_equal(b.status, NT_STATUS_NOTIFY_CLEANUP);
	house_co_close(d);
}

HOUSE_TEST(a_deleted_directory_ends_its_waits)
{
	struct smb_object *d = house_co_dir(h, "d");
	struct smb_object *other = house_co_dir(h, "d");
	struct request r = {};

	co_start(&r, h, d, false);
	assert_int_equal(house_co_set(other,
				      (struct smb_set){
					      .kind = SMB_SET_DISPOSITION,
					      .is_delete = true }),
			 NT_STATUS_SUCCESS);
	co_wait_for(&r);
	assert_int_equal(r.status, NT_STATUS_DELETE_PENDING);
	house_co_close(other);
	house_co_close(d);
}

/* The option takes effect as its handle closes, whoever else has one. */
HOUSE_TEST(a_directory_doomed_by_a_close_ends_the_waits_of_others)
{
	struct smb_object *d = house_co_dir(h, "d");
	struct smb_object *full = house_co_dir(h, "full");
	struct request r = {}, kept = {};

	house_co_close(house_co_file(h, "full\\f"));
	co_start(&r, h, d, false);
	co_start(&kept, h, full, false);
	house_co_close(
		house_co_open(h, "d", DELETE,
			      FILE_DIRECTORY_FILE | FILE_DELETE_ON_CLOSE));
	house_co_close(
		house_co_open(h, "full", DELETE,
			      FILE_DIRECTORY_FILE | FILE_DELETE_ON_CLOSE));
	co_wait_for(&r);
	assert_int_equal(r.status, NT_STATUS_DELETE_PENDING);
	assert_false(kept.is_done);
	house_co_close(full);
	co_wait_for(&kept);
	assert_int_equal(kept.status, NT_STATUS_NOTIFY_CLEANUP);
	house_co_close(d);
	assert_false(house_exists(h, "d"));
	assert_true(house_exists(h, "full"));
}

HOUSE_TEST(a_watch_follows_its_directory)
{
	struct smb_object *d = house_co_dir(h, "d");
	struct request r = {};

	co_start(&r, h, d, false);
	assert_int_equal(
		house_co_set(d, (struct smb_set){ .kind = SMB_SET_RENAME,
						  .name = house_name("e") }),
		NT_STATUS_SUCCESS);
	tell(h, "d/f", FSA_ACTION_ADDED, FSA_CHANGE_FILE_NAME);
	co_settle();
	assert_false(r.is_done);
	tell(h, "e/f", FSA_ACTION_ADDED, FSA_CHANGE_FILE_NAME);
	co_wait_for(&r);
	house_co_close(d);
}

HOUSE_TEST(what_clients_do_is_told)
{
	struct smb_object *root =
		house_co_open(h, "", FILE_GENERIC_READ, FILE_DIRECTORY_FILE);
	struct smb_object *f;
	struct request r = {};

	co_start(&r, h, root, true);
	f = house_co_file(h, "f");
	co_wait_for(&r);
	assert_record(&r, 0, 1, "f");
	co_start(&r, h, root, true);
	assert_int_equal(
		house_co_set(f, (struct smb_set){ .kind = SMB_SET_RENAME,
						  .name = house_name("g") }),
		NT_STATUS_SUCCESS);
	co_wait_for(&r);
	assert_record(&r, 0, 4, "f");
	assert_record(&r, 1, 5, "g");
	co_start(&r, h, root, true);
	assert_int_equal(
		house_co_set(f, (struct smb_set){ .kind = SMB_SET_DISPOSITION,
						  .is_delete = true }),
		NT_STATUS_SUCCESS);
	house_co_close(f);
	co_wait_for(&r);
	assert_record(&r, 0, 2, "g");
	house_co_close(root);
}

static void *tell_from_afar(void *arg)
{
	struct house *h = arg;
	char name[16];

	for (int i = 0; i < 100; i++) {
		snprintf(name, sizeof(name), "d/%d", i);
		tell(h, name, FSA_ACTION_ADDED, FSA_CHANGE_FILE_NAME);
	}
	return NULL;
}

HOUSE_TEST(changes_come_from_other_threads)
{
	struct smb_object *d = house_co_dir(h, "d");
	struct request r = {};
	pthread_t thread;
	unsigned int seen = 0;

	co_start(&r, h, d, false);
	assert_int_equal(pthread_create(&thread, NULL, tell_from_afar, h), 0);
	while (seen < 100) {
		char name[16];
		uint32_t action;
		const char *is_name;

		co_wait_for(&r);
		assert_int_equal(r.status, NT_STATUS_SUCCESS);
		for (unsigned int i = 0; record(&r, i, &action, &is_name);
		     i++) {
			snprintf(name, sizeof(name), "%u", seen++);
			assert_string_equal(is_name, name);
		}
		if (seen < 100)
			co_start(&r, h, d, false);
	}
	pthread_join(thread, NULL);
	house_co_close(d);
}

HOUSE_TEST(only_directories_that_may_be_listed_are_watched)
{
	struct smb_object *f = house_co_file(h, "f");
	struct smb_object *d =
		house_co_open(h, "", FILE_READ_ATTRIBUTES, FILE_DIRECTORY_FILE);
	struct request r = {};

	co_start(&r, h, f, false);
	assert_int_equal(r.status, NT_STATUS_INVALID_PARAMETER);
	co_start(&r, h, d, false);
	assert_int_equal(r.status, NT_STATUS_ACCESS_DENIED);
	house_co_close(d);
	house_co_close(f);
}

int main(void)
{
	const struct CMUnitTest tests[] = {
		cmocka_unit_test(a_request_waits_for_a_change),
		cmocka_unit_test(
			changes_are_gathered_from_the_first_request_on),
		cmocka_unit_test(filter_and_depth_of_the_first_request_stay),
		cmocka_unit_test(a_tree_is_watched_to_its_leaves),
		cmocka_unit_test(a_rename_is_a_pair_or_two_changes),
		cmocka_unit_test(a_new_name_brings_its_attributes),
		cmocka_unit_test(too_much_for_the_buffer_is_said_so),
		cmocka_unit_test(requests_are_answered_in_turn),
		cmocka_unit_test(a_cancelled_request_loses_nothing),
		cmocka_unit_test(a_close_ends_all_waits),
		cmocka_unit_test(a_deleted_directory_ends_its_waits),
		cmocka_unit_test(
			a_directory_doomed_by_a_close_ends_the_waits_of_others),
		cmocka_unit_test(a_watch_follows_its_directory),
		cmocka_unit_test(what_clients_do_is_told),
		cmocka_unit_test(changes_come_from_other_threads),
		cmocka_unit_test(
			only_directories_that_may_be_listed_are_watched),
	};

	return cmocka_run_group_tests(tests, NULL, NULL);
}
