/* Security descriptors of opens: MS-FSA 2.1.5.13 and 2.1.5.16. */
#include "tests/fsa/house.h"

#include "gateway/fsa/acl.h"
#include "gateway/fsa/sid.h"

enum {
	ALL_PARTS = SMB_SECURITY_OWNER | SMB_SECURITY_GROUP | SMB_SECURITY_DACL,
};

static uint8_t bytes[1024];
static uint32_t length;
static struct smb_ace aces[SMB_ACES_MAX];

static struct smb_descriptor co_query(struct smb_object *object, uint32_t parts)
{
	struct smb_descriptor sd;

	assert_int_equal(fsa_object_ops.co_query_security(object, parts, bytes,
							  sizeof(bytes),
							  &length),
			 NT_STATUS_SUCCESS);
	assert_int_equal(smb_descriptor_read((struct bytes){ bytes, length },
					     aces, &sd),
			 NT_STATUS_SUCCESS);
	return sd;
}

static enum nt_status co_set(struct smb_object *object, uint32_t parts,
			     const struct smb_descriptor *sd)
{
	uint8_t in[1024];
	struct writer w = writer_at(in, sizeof(in));

	smb_descriptor_write(&w, sd);
	assert_true(wr_ok(&w));
	return fsa_object_ops.co_set_security(object, parts, in,
					      (uint32_t)w.at);
}

static mode_t mode_of(struct house *h, const char *name)
{
	struct stat st;

	assert_int_equal(stat(yard_path(h->y, name), &st), 0);
	return st.st_mode & 07777;
}

HOUSE_TEST(a_descriptor_says_owner_group_and_mode)
{
	struct smb_object *f = house_co_file(h, "f");
	struct smb_sid user = fsa_sid_of_user(geteuid());
	struct smb_sid group = fsa_sid_of_group(getegid());
	struct smb_descriptor sd;

	assert_int_equal(chmod(yard_path(h->y, "f"), 0640), 0);
	sd = co_query(f, ALL_PARTS);
	assert_true(sd.has_owner && sd.has_group && sd.has_dacl);
	assert_true(smb_sid_equal(&sd.owner, &user));
	assert_true(smb_sid_equal(&sd.group, &group));
	assert_int_equal(fsa_acl_to_mode(sd.dacl, sd.dacl_count, geteuid(),
					 getegid()),
			 0640);
	house_co_close(f);
}

HOUSE_TEST(only_the_parts_that_were_asked_for_are_told)
{
	struct smb_object *f = house_co_file(h, "f");
	struct smb_descriptor sd = co_query(f, SMB_SECURITY_OWNER);

	assert_true(sd.has_owner);
	assert_false(sd.has_group || sd.has_dacl);
	sd = co_query(f, 0);
	assert_false(sd.has_owner || sd.has_group || sd.has_dacl);
	house_co_close(f);
}

HOUSE_TEST(a_small_buffer_hears_what_is_needed)
{
	struct smb_object *f = house_co_file(h, "f");
	uint32_t needed;

	(void)co_query(f, ALL_PARTS);
	needed = length;
	assert_int_equal(fsa_object_ops.co_query_security(f, ALL_PARTS, bytes,
							  needed - 1, &length),
			 NT_STATUS_BUFFER_TOO_SMALL);
	assert_int_equal(length, needed);
	assert_int_equal(fsa_object_ops.co_query_security(f, ALL_PARTS, bytes,
							  needed, &length),
			 NT_STATUS_SUCCESS);
	house_co_close(f);
}

HOUSE_TEST(a_dacl_that_comes_back_changes_nothing)
{
	static const mode_t modes[] = { 0644, 0600, 0755, 01777,
					0444, 0,    0477, 0070 };
	struct smb_object *d = house_co_dir(h, "d");

	for (size_t i = 0; i < sizeof(modes) / sizeof(modes[0]); i++) {
		struct smb_descriptor sd;

		assert_int_equal(chmod(yard_path(h->y, "d"), modes[i]), 0);
		sd = co_query(d, ALL_PARTS);
		assert_int_equal(co_set(d, ALL_PARTS, &sd), NT_STATUS_SUCCESS);
		assert_int_equal(mode_of(h, "d"), modes[i]);
	}
	house_co_close(d);
}

HOUSE_TEST(a_dacl_becomes_a_mode)
{
	struct smb_object *f = house_co_file(h, "f");
	struct smb_ace one = { .mask = FILE_GENERIC_READ,
			       .sid = fsa_sid_everyone() };
	struct smb_descriptor sd = { .control = 0x8004,
				     .has_dacl = true,
				     .dacl = &one,
				     .dacl_count = 1 };

	assert_int_equal(co_set(f, SMB_SECURITY_DACL, &sd), NT_STATUS_SUCCESS);
	assert_int_equal(mode_of(h, "f"), 0444);
	sd = (struct smb_descriptor){ .control = 0x8004,
				      .has_dacl = true,
				      .is_dacl_null = true };
	assert_int_equal(co_set(f, SMB_SECURITY_DACL, &sd), NT_STATUS_SUCCESS);
	assert_int_equal(mode_of(h, "f"), 0777);
	house_co_close(f);
}

HOUSE_TEST(an_owner_must_be_somebody)
{
	struct smb_object *f = house_co_file(h, "f");
	struct smb_descriptor sd = {
		.control = 0x8000,
		.has_owner = true,
		.has_group = true,
		.owner = { .revision = 1,
			   .count = 5,
			   .authority = 5,
			   .parts = { 21, 1, 2, 3, 500 } },
		.group = fsa_sid_of_user(1),
	};

	assert_int_equal(co_set(f, SMB_SECURITY_OWNER, &sd),
			 NT_STATUS_INVALID_OWNER);
	assert_int_equal(co_set(f, SMB_SECURITY_GROUP, &sd),
			 NT_STATUS_INVALID_PRIMARY_GROUP);
	sd.owner = fsa_sid_of_user(geteuid());
	assert_int_equal(co_set(f, SMB_SECURITY_OWNER, &sd), NT_STATUS_SUCCESS);
	house_co_close(f);
}

HOUSE_TEST(rights_are_needed)
{
	struct smb_object *f = house_co_open(h, "f", FILE_READ_DATA, 0);
	struct smb_object *all = house_co_file(h, "f");
	struct smb_descriptor sd = co_query(all, ALL_PARTS);

	assert_int_equal(fsa_object_ops.co_query_security(f, ALL_PARTS, bytes,
							  sizeof(bytes),
							  &length),
			 NT_STATUS_ACCESS_DENIED);
	assert_int_equal(fsa_object_ops.co_query_security(all,
							  SMB_SECURITY_SACL,
							  bytes, sizeof(bytes),
							  &length),
			 NT_STATUS_ACCESS_DENIED);
	assert_int_equal(co_set(f, SMB_SECURITY_DACL, &sd),
			 NT_STATUS_ACCESS_DENIED);
	assert_int_equal(co_set(f, SMB_SECURITY_OWNER, &sd),
			 NT_STATUS_ACCESS_DENIED);
	assert_int_equal(fsa_object_ops.co_set_security(all, SMB_SECURITY_DACL,
							bytes, 7),
			 NT_STATUS_INVALID_SECURITY_DESCR);
	house_co_close(all);
	house_co_close(f);
}

int main(void)
{
	const struct CMUnitTest tests[] = {
		cmocka_unit_test(a_descriptor_says_owner_group_and_mode),
		cmocka_unit_test(only_the_parts_that_were_asked_for_are_told),
		cmocka_unit_test(a_small_buffer_hears_what_is_needed),
		cmocka_unit_test(a_dacl_that_comes_back_changes_nothing),
		cmocka_unit_test(a_dacl_becomes_a_mode),
		cmocka_unit_test(an_owner_must_be_somebody),
		cmocka_unit_test(rights_are_needed),
	};

	return cmocka_run_group_tests(tests, NULL, NULL);
}
