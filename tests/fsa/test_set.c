/* Setting facts: MS-FSA 2.1.5.14. */
#include "tests/fsa/house.h"

#include "gateway/fsa/dosattr.h"

#define FREEZE UINT64_MAX
#define THAW   (UINT64_MAX - 1)

static bool has_xattrs(struct house *h)
{
	return store_tree_features(h->y->tree)->has_xattr;
}

static enum nt_status co_attributes(struct smb_object *object, uint32_t value)
{
	return house_co_set(object, (struct smb_set){ .kind = SMB_SET_BASIC,
						      .attributes = value });
}

static uint32_t co_shown(struct smb_object *object)
{
	return house_co_facts(object).file.attributes;
}

static enum nt_status co_value(struct smb_object *object,
			       enum smb_set_kind kind, uint64_t value)
{
	return house_co_set(object,
			    (struct smb_set){ .kind = kind, .value = value });
}

/* Each open deletes the name that it was opened by: MS-FSA 2.1.5.14.3. */
HOUSE_TEST(of_two_names_the_one_that_was_opened_goes)
{
	const struct smb_set remove = { .kind = SMB_SET_DISPOSITION,
					.is_delete = true };
	struct smb_object *first, *second;
	char from[4096];

	yard_put(h->y, "first", "x", 1);
	snprintf(from, sizeof(from), "%s", yard_path(h->y, "first"));
	assert_int_equal(link(from, yard_path(h->y, "second")), 0);
	first = house_co_file(h, "first");
	second = house_co_file(h, "second");
	assert_int_equal(house_co_set(second, remove), NT_STATUS_SUCCESS);
	house_co_close(second);
	house_co_close(first);
	assert_true(house_exists(h, "first"));
	assert_false(house_exists(h, "second"));
}

HOUSE_TEST(attributes_stay_as_they_were_set)
{
	struct smb_object *f = house_co_file(h, "f");

	if (!has_xattrs(h)) {
		house_co_close(f);
		return;
	}
	assert_int_equal(co_attributes(f, FILE_ATTRIBUTE_HIDDEN),
			 NT_STATUS_SUCCESS);
	assert_int_equal(co_shown(f), FILE_ATTRIBUTE_HIDDEN);
	assert_int_equal(co_attributes(f, 0), NT_STATUS_SUCCESS);
	assert_int_equal(co_shown(f), FILE_ATTRIBUTE_HIDDEN);
	assert_int_equal(co_attributes(f, 0x27), NT_STATUS_SUCCESS);
	assert_int_equal(co_shown(f), 0x27);
	assert_int_equal(co_attributes(f, FILE_ATTRIBUTE_NORMAL),
			 NT_STATUS_SUCCESS);
	assert_int_equal(co_shown(f), FILE_ATTRIBUTE_NORMAL);
	house_co_close(f);
}

HOUSE_TEST(a_file_does_not_become_a_directory)
{
	struct smb_object *f = house_co_file(h, "f");
	struct smb_object *d = house_co_dir(h, "d");

	assert_int_equal(co_attributes(f, FILE_ATTRIBUTE_DIRECTORY),
			 NT_STATUS_INVALID_PARAMETER);
	assert_int_equal(co_attributes(d, FILE_ATTRIBUTE_DIRECTORY),
			 NT_STATUS_SUCCESS);
	assert_int_equal(co_attributes(d, FILE_ATTRIBUTE_TEMPORARY),
			 NT_STATUS_INVALID_PARAMETER);
	assert_int_equal(co_shown(d), FILE_ATTRIBUTE_DIRECTORY);
	house_co_close(f);
	house_co_close(d);
}

HOUSE_TEST(without_xattrs_readonly_is_in_the_mode)
{
	struct fsa_share share = h->share;
	struct smb_volume *mine = h->volume;
	struct smb_object *f;
	struct stat st;

	share.attributes = FSA_ATTRIBUTES_MODE;
	h->volume = house_volume(&share);
	f = house_co_file(h, "f");
	assert_int_equal(co_attributes(f, FILE_ATTRIBUTE_READONLY),
			 NT_STATUS_SUCCESS);
	assert_int_equal(stat(yard_path(h->y, "f"), &st), 0);
	assert_int_equal(st.st_mode & 0222, 0);
	assert_int_equal(co_shown(f), FILE_ATTRIBUTE_READONLY);
	/* A birth time has no place and must not cost the READONLY. */
	assert_int_equal(house_co_set(f,
				      (struct smb_set){ .kind = SMB_SET_BASIC,
							.creation = 1 }),
			 NT_STATUS_SUCCESS);
	assert_int_equal(co_shown(f), FILE_ATTRIBUTE_READONLY);
	assert_int_equal(co_attributes(f, FILE_ATTRIBUTE_NORMAL),
			 NT_STATUS_SUCCESS);
	assert_int_equal(stat(yard_path(h->y, "f"), &st), 0);
	assert_int_not_equal(st.st_mode & 0200, 0);
	assert_int_equal(co_shown(f), FILE_ATTRIBUTE_NORMAL);
	house_co_close(f);
	fsa_object_ops.disconnect(h->volume);
	h->volume = mine;
}

HOUSE_TEST(what_was_set_is_what_is_read_back)
{
	static const uint64_t times[] = {
		116444736000000000u, /* 1970 */
		116444735990000000u, 115813152000000000u, 116444736010000000u,
		159394408950000000u, 133500000001234567u,
	};
	struct smb_object *f = house_co_file(h, "f");

	for (size_t i = 0; i < sizeof(times) / sizeof(times[0]); i++) {
		struct smb_file_facts facts;
		uint64_t t = times[i];

		assert_int_equal(house_co_set(f,
					      (struct smb_set){
						      .kind = SMB_SET_BASIC,
						      .creation = t + 10000000,
						      .access = t + 20000000,
						      .write = t,
						      .change = t + 30000000 }),
				 NT_STATUS_SUCCESS);
		facts = house_co_facts(f).file;
		if (has_xattrs(h))
			assert_int_equal(facts.creation, t + 10000000);
		assert_int_equal(facts.access, t + 20000000);
		assert_int_equal(facts.write, t);
		assert_int_equal(facts.change, t + 30000000);
	}
	house_co_close(f);
}

HOUSE_TEST(a_time_of_zero_leaves_it)
{
	struct smb_object *f = house_co_file(h, "f");
	struct smb_file_facts before, after;

	assert_int_equal(
		house_co_set(f, (struct smb_set){ .kind = SMB_SET_BASIC,
						  .creation = 10000000,
						  .access = 20000000,
						  .write = 130000000000000000,
						  .change = 140000000000 }),
		NT_STATUS_SUCCESS);
	before = house_co_facts(f).file;
	assert_int_equal(
		house_co_set(f, (struct smb_set){ .kind = SMB_SET_BASIC }),
		NT_STATUS_SUCCESS);
	after = house_co_facts(f).file;
	assert_int_equal(before.creation, after.creation);
	assert_int_equal(before.access, after.access);
	assert_int_equal(before.write, after.write);
	assert_int_equal(before.change, after.change);
	house_co_close(f);
}

HOUSE_TEST(negative_times_but_the_two_known_ones_are_refused)
{
	struct smb_object *f = house_co_file(h, "f");
	static const struct {
		uint64_t time;
		enum nt_status status;
	} cases[] = {
		{ FREEZE, NT_STATUS_SUCCESS },
		{ THAW, NT_STATUS_SUCCESS },
		{ UINT64_MAX - 2, NT_STATUS_INVALID_PARAMETER },
		{ UINT64_C(1) << 63, NT_STATUS_INVALID_PARAMETER },
	};

	for (size_t i = 0; i < sizeof(cases) / sizeof(cases[0]); i++)
		assert_int_equal(house_co_set(f,
					      (struct smb_set){
						      .kind = SMB_SET_BASIC,
						      .write = cases[i].time }),
				 cases[i].status);
	house_co_close(f);
}

static void co_write(struct smb_object *object)
{
	struct smb_write how = { .bytes = (const uint8_t *)"x", .length = 1 };

	assert_int_equal(fsa_object_ops.co_write(object, &how),
			 NT_STATUS_SUCCESS);
}

HOUSE_TEST(a_write_time_that_was_set_outlives_writes)
{
	struct smb_object *f = house_co_file(h, "f");
	const uint64_t set = 130000000000000000;

	co_write(f);
	assert_int_equal(house_co_set(f,
				      (struct smb_set){ .kind = SMB_SET_BASIC,
							.write = set }),
			 NT_STATUS_SUCCESS);
	co_write(f);
	assert_int_equal(house_co_facts(f).file.write, set);
	house_co_close(f);
	f = house_co_open(h, "f", FILE_READ_ATTRIBUTES, 0);
	assert_int_equal(house_co_facts(f).file.write, set);
	house_co_close(f);
}

HOUSE_TEST(a_frozen_write_time_stays_until_it_is_thawed)
{
	struct smb_object *f = house_co_file(h, "f");
	const struct timespec past[2] = { { 1000, 0 }, { 1000, 0 } };
	uint64_t frozen;

	assert_int_equal(utimensat(AT_FDCWD, yard_path(h->y, "f"), past, 0), 0);
	frozen = house_co_facts(f).file.write;
	assert_int_equal(house_co_set(f,
				      (struct smb_set){ .kind = SMB_SET_BASIC,
							.write = FREEZE }),
			 NT_STATUS_SUCCESS);
	co_write(f);
	assert_int_equal(house_co_facts(f).file.write, frozen);
	assert_int_equal(house_co_set(f,
				      (struct smb_set){ .kind = SMB_SET_BASIC,
							.write = THAW }),
			 NT_STATUS_SUCCESS);
	co_write(f);
	assert_true(house_co_facts(f).file.write > frozen);
	house_co_close(f);
}

HOUSE_TEST(a_change_time_is_shown_until_the_file_changes)
{
	struct smb_object *f = house_co_file(h, "f");
	const uint64_t set = 130000000000000000;

	assert_int_equal(house_co_set(f,
				      (struct smb_set){ .kind = SMB_SET_BASIC,
							.change = set }),
			 NT_STATUS_SUCCESS);
	assert_int_equal(house_co_facts(f).file.change, set);
	assert_int_equal(co_attributes(f, FILE_ATTRIBUTE_HIDDEN),
			 NT_STATUS_SUCCESS);
	assert_int_equal(house_co_facts(f).file.change, set);
	assert_int_equal(loop_co_sleep(loop_ms(20)), 0);
	co_write(f);
	assert_int_not_equal(house_co_facts(f).file.change, set);
	house_co_close(f);
}

HOUSE_TEST(a_change_time_outlives_the_open)
{
	struct smb_object *f = house_co_file(h, "f");
	const uint64_t set = 130000000000000000;

	if (!has_xattrs(h)) {
		house_co_close(f);
		return;
	}
	assert_int_equal(house_co_set(f,
				      (struct smb_set){ .kind = SMB_SET_BASIC,
							.change = set }),
			 NT_STATUS_SUCCESS);
	house_co_close(f);
	f = house_co_file(h, "f");
	assert_int_equal(house_co_facts(f).file.change, set);

	/* A time that is set later leaves it alone. */
	assert_int_equal(loop_co_sleep(loop_ms(20)), 0);
	assert_int_equal(house_co_set(f,
				      (struct smb_set){ .kind = SMB_SET_BASIC,
							.change = set + 1 }),
			 NT_STATUS_SUCCESS);
	assert_int_equal(house_co_set(f,
				      (struct smb_set){ .kind = SMB_SET_BASIC,
							.write = set }),
			 NT_STATUS_SUCCESS);
	house_co_close(f);
	f = house_co_file(h, "f");
	assert_int_equal(house_co_facts(f).file.change, set + 1);
	assert_int_equal(house_co_facts(f).file.write, set);

	/* Whatever changes the file ends it. */
	assert_int_equal(loop_co_sleep(loop_ms(20)), 0);
	assert_int_equal(chmod(yard_path(h->y, "f"), 0600), 0);
	assert_int_not_equal(house_co_facts(f).file.change, set + 1);
	house_co_close(f);
}

/* A pending write shows as soon as anything is set, if it is nothing. */
HOUSE_TEST(setting_settles_the_write_time)
{
	struct smb_object *f = house_co_file(h, "f");
	uint64_t before = house_co_facts(f).file.write;

	assert_int_equal(loop_co_sleep(loop_ms(20)), 0);
	co_write(f);
	assert_int_equal(house_co_facts(f).file.write, before);
	assert_int_equal(
		house_co_set(f, (struct smb_set){ .kind = SMB_SET_BASIC }),
		NT_STATUS_SUCCESS);
	assert_true(house_co_facts(f).file.write > before);
	house_co_close(f);

	f = house_co_file(h, "f");
	before = house_co_facts(f).file.write;
	assert_int_equal(loop_co_sleep(loop_ms(20)), 0);
	co_write(f);
	assert_int_equal(house_co_facts(f).file.write, before);
	assert_int_equal(co_value(f, SMB_SET_END_OF_FILE, 5),
			 NT_STATUS_SUCCESS);
	assert_true(house_co_facts(f).file.write > before);
	house_co_close(f);
}

HOUSE_TEST(disposition_is_shown_and_taken_back)
{
	struct smb_object *f = house_co_file(h, "f");
	struct smb_file_facts facts;

	assert_int_equal(
		house_co_set(f, (struct smb_set){ .kind = SMB_SET_DISPOSITION,
						  .is_delete = true }),
		NT_STATUS_SUCCESS);
	facts = house_co_facts(f).file;
	assert_true(facts.is_delete_pending);
	assert_int_equal(facts.links, 0);
	assert_int_equal(house_co_set(f,
				      (struct smb_set){
					      .kind = SMB_SET_DISPOSITION }),
			 NT_STATUS_SUCCESS);
	facts = house_co_facts(f).file;
	assert_false(facts.is_delete_pending);
	assert_int_equal(facts.links, 1);
	house_co_close(f);
	assert_true(house_exists(h, "f"));
}

HOUSE_TEST(disposition_has_its_rules)
{
	const struct smb_set remove = { .kind = SMB_SET_DISPOSITION,
					.is_delete = true };
	struct smb_object *d = house_co_dir(h, "d");
	struct smb_object *f = house_co_file(h, "d\\f");
	struct smb_object *weak =
		house_co_open(h, "d\\f", FILE_GENERIC_READ, 0);
	struct smb_object *root = house_co_dir(h, "");

	assert_int_equal(house_co_set(weak, remove), NT_STATUS_ACCESS_DENIED);
	assert_int_equal(house_co_set(d, remove),
			 NT_STATUS_DIRECTORY_NOT_EMPTY);
	assert_int_not_equal(house_co_set(root, remove), NT_STATUS_SUCCESS);
	if (has_xattrs(h)) {
		assert_int_equal(co_attributes(f, FILE_ATTRIBUTE_READONLY),
				 NT_STATUS_SUCCESS);
		assert_int_equal(house_co_set(f, remove),
				 NT_STATUS_CANNOT_DELETE);
		assert_int_equal(co_attributes(f, FILE_ATTRIBUTE_NORMAL),
				 NT_STATUS_SUCCESS);
	}
	assert_int_equal(house_co_set(f, remove), NT_STATUS_SUCCESS);
	house_co_close(weak);
	house_co_close(f);
	assert_false(house_exists(h, "d/f"));
	assert_int_equal(house_co_set(d, remove), NT_STATUS_SUCCESS);
	house_co_close(d);
	assert_false(house_exists(h, "d"));
	house_co_close(root);
}

HOUSE_TEST(sizes_can_be_set)
{
	struct smb_object *f = house_co_file(h, "f");
	struct smb_object *d = house_co_dir(h, "d");
	struct smb_object *weak = house_co_open(h, "f", FILE_GENERIC_READ, 0);

	assert_int_equal(co_value(f, SMB_SET_END_OF_FILE, 10000),
			 NT_STATUS_SUCCESS);
	assert_int_equal(house_co_facts(f).file.end_of_file, 10000);
	assert_int_equal(co_value(f, SMB_SET_ALLOCATION, 100),
			 NT_STATUS_SUCCESS);
	assert_int_equal(house_co_facts(f).file.end_of_file, 100);
	assert_int_equal(co_value(f, SMB_SET_ALLOCATION, 1 << 20),
			 NT_STATUS_SUCCESS);
	assert_int_equal(house_co_facts(f).file.end_of_file, 100);
	assert_int_equal(co_value(f, SMB_SET_VALID_DATA, 100),
			 NT_STATUS_SUCCESS);
	assert_int_equal(co_value(f, SMB_SET_VALID_DATA, 101),
			 NT_STATUS_INVALID_PARAMETER);
	assert_int_equal(co_value(f, SMB_SET_END_OF_FILE, UINT64_C(1) << 63),
			 NT_STATUS_INVALID_PARAMETER);
	assert_int_equal(co_value(d, SMB_SET_END_OF_FILE, 0),
			 NT_STATUS_INVALID_PARAMETER);
	assert_int_equal(co_value(weak, SMB_SET_END_OF_FILE, 0),
			 NT_STATUS_ACCESS_DENIED);
	house_co_close(weak);
	house_co_close(d);
	house_co_close(f);
}

HOUSE_TEST(position_and_mode_belong_to_the_open)
{
	struct smb_object *a = house_co_file(h, "f");
	struct smb_object *b = house_co_file(h, "f");

	assert_int_equal(co_value(a, SMB_SET_POSITION, 123456),
			 NT_STATUS_SUCCESS);
	assert_int_equal(co_value(a, SMB_SET_MODE, 2), NT_STATUS_SUCCESS);
	assert_int_equal(co_value(a, SMB_SET_MODE, 1),
			 NT_STATUS_INVALID_PARAMETER);
	assert_int_equal(house_co_facts(a).position, 123456);
	assert_int_equal(house_co_facts(a).mode, 2);
	assert_int_equal(house_co_facts(b).position, 0);
	assert_int_equal(house_co_facts(b).mode, 0);
	assert_int_equal(co_value(a, SMB_SET_SHORT_NAME, 0),
			 NT_STATUS_NOT_SUPPORTED);
	house_co_close(b);
	house_co_close(a);
}

int main(void)
{
	const struct CMUnitTest tests[] = {
		cmocka_unit_test(of_two_names_the_one_that_was_opened_goes),
		cmocka_unit_test(attributes_stay_as_they_were_set),
		cmocka_unit_test(a_file_does_not_become_a_directory),
		cmocka_unit_test(without_xattrs_readonly_is_in_the_mode),
		cmocka_unit_test(what_was_set_is_what_is_read_back),
		cmocka_unit_test(a_time_of_zero_leaves_it),
		cmocka_unit_test(
			negative_times_but_the_two_known_ones_are_refused),
		cmocka_unit_test(a_write_time_that_was_set_outlives_writes),
		cmocka_unit_test(a_frozen_write_time_stays_until_it_is_thawed),
		cmocka_unit_test(a_change_time_is_shown_until_the_file_changes),
		cmocka_unit_test(a_change_time_outlives_the_open),
		cmocka_unit_test(setting_settles_the_write_time),
		cmocka_unit_test(disposition_is_shown_and_taken_back),
		cmocka_unit_test(disposition_has_its_rules),
		cmocka_unit_test(sizes_can_be_set),
		cmocka_unit_test(position_and_mode_belong_to_the_open),
	};

	return cmocka_run_group_tests(tests, NULL, NULL);
}
