/* Security descriptors of opens: MS-FSA 2.1.5.13 and 2.1.5.16. */
#include "tests/fsa/house.h"

#include "gateway/fsa/acl.h"
#include "gateway/fsa/dacl.h"
#include "gateway/fsa/descriptor.h"
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

/* MA-6: macOS finds owner, group and mode in the DACL, and sets the mode so. */
HOUSE_TEST(macos_does_chmod_by_a_dacl)
{
	struct smb_object *f = house_co_file(h, "f");
	struct smb_descriptor sd;
	uint32_t count;

	assert_int_equal(chmod(yard_path(h->y, "f"), 0640), 0);
	count = co_query(f, ALL_PARTS).dacl_count;
	fsa_open_of(f)->volume->base.is_for_apple = true;
	sd = co_query(f, ALL_PARTS);
	assert_int_equal(sd.dacl_count, count + 3);
	assert_int_equal(aces[count + 2].sid.parts[2], 0640);
	assert_int_equal(co_set(f, SMB_SECURITY_DACL, &sd), NT_STATUS_SUCCESS);
	assert_int_equal(mode_of(h, "f"), 0640);
	aces[count + 2].sid.parts[2] = 0755;
	assert_int_equal(co_set(f, SMB_SECURITY_DACL, &sd), NT_STATUS_SUCCESS);
	assert_int_equal(mode_of(h, "f"), 0755);
	assert_int_equal(co_query(f, ALL_PARTS).dacl_count, count + 3);
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

/* ---- where descriptors are kept ---- */

static bool can_keep(struct house *h)
{
	h->share.acl = FSA_ACL_XATTR;
	return fsa_descriptor_is_kept(&h->share, S_IFREG);
}

static enum nt_status co_set_one(struct smb_object *object, uint32_t mask,
				 uint8_t flags, struct smb_sid sid)
{
	struct smb_ace one = { .mask = mask, .flags = flags, .sid = sid };
	struct smb_descriptor sd = { .has_dacl = true,
				     .dacl = &one,
				     .dacl_count = 1 };

	return co_set(object, SMB_SECURITY_DACL, &sd);
}

static enum nt_status co_try(struct house *h, const char *name, uint32_t access,
			     uint32_t disposition, uint32_t options)
{
	struct smb_object *object = NULL;
	struct smb_create how = {
		.name = house_name(name),
		.access = access,
		.sharing = HOUSE_SHARE_ALL,
		.disposition = disposition,
		.options = options,
	};
	enum nt_status status = house_co_create(h, &how, &object);

	if (object)
		house_co_close(object);
	return status;
}

static struct smb_sid own_sid(void)
{
	return fsa_sid_of_user(geteuid());
}

HOUSE_TEST(a_dacl_comes_back_as_it_was_sent)
{
	struct smb_ace two[] = {
		{ .type = SMB_ACE_DENIED,
		  .mask = FILE_EXECUTE,
		  .sid = fsa_sid_of_user(77) },
		{ .mask = GENERIC_READ,
		  .flags = FSA_ACE_INHERITED,
		  .sid = fsa_sid_of_group(78) },
	};
	struct smb_descriptor sd = { .control = FSA_SD_DACL_PROTECTED,
				     .has_dacl = true,
				     .dacl = two,
				     .dacl_count = 2 };
	struct smb_object *f = house_co_file(h, "f");

	if (!can_keep(h)) {
		house_co_close(f);
		return;
	}
	assert_int_equal(co_set(f, SMB_SECURITY_DACL, &sd), NT_STATUS_SUCCESS);
	sd = co_query(f, ALL_PARTS);
	assert_int_equal(sd.control & ~0x8004, FSA_SD_DACL_PROTECTED);
	assert_int_equal(sd.dacl_count, 2);
	assert_int_equal(sd.dacl[0].type, SMB_ACE_DENIED);
	assert_int_equal(sd.dacl[0].mask, FILE_EXECUTE);
	assert_int_equal(sd.dacl[1].mask, FILE_GENERIC_READ);
	assert_int_equal(sd.dacl[1].flags, FSA_ACE_INHERITED);

	/* Absent and NULL are one, and an empty one is another. */
	sd = (struct smb_descriptor){ .has_dacl = true, .is_dacl_null = true };
	assert_int_equal(co_set(f, SMB_SECURITY_DACL, &sd), NT_STATUS_SUCCESS);
	sd = co_query(f, SMB_SECURITY_DACL);
	assert_true(sd.has_dacl && sd.is_dacl_null);
	sd = (struct smb_descriptor){ .has_dacl = true };
	assert_int_equal(co_set(f, SMB_SECURITY_DACL, &sd), NT_STATUS_SUCCESS);
	sd = co_query(f, SMB_SECURITY_DACL);
	assert_true(sd.has_dacl && !sd.is_dacl_null);
	assert_int_equal(sd.dacl_count, 0);
	assert_int_equal(co_query(f, SMB_SECURITY_OWNER).control, 0x8000);
	house_co_close(f);
}

HOUSE_TEST(a_file_can_be_given_to_who_is_in_the_token)
{
	struct smb_object *f = house_co_file(h, "f");
	struct smb_descriptor sd = { .has_owner = true,
				     .has_group = true,
				     .owner = fsa_sid_everyone(),
				     .group = fsa_sid_everyone() };
	struct smb_descriptor now;

	if (!can_keep(h)) {
		house_co_close(f);
		return;
	}
	assert_int_equal(co_set(f, SMB_SECURITY_OWNER, &sd), NT_STATUS_SUCCESS);
	now = co_query(f, ALL_PARTS);
	assert_true(smb_sid_equal(&now.owner, &sd.owner));
	sd.owner = own_sid();
	assert_int_equal(co_set(f, ALL_PARTS & ~SMB_SECURITY_DACL, &sd),
			 NT_STATUS_SUCCESS);
	now = co_query(f, ALL_PARTS);
	assert_true(smb_sid_equal(&now.owner, &sd.owner));
	assert_true(smb_sid_equal(&now.group, &sd.group));
	sd.owner.authority = 5;
	sd.owner.parts[0] = 99;
	assert_int_equal(co_set(f, SMB_SECURITY_OWNER, &sd),
			 NT_STATUS_INVALID_OWNER);
	sd.group = sd.owner;
	assert_int_equal(co_set(f, SMB_SECURITY_GROUP, &sd),
			 NT_STATUS_INVALID_PRIMARY_GROUP);
	house_co_close(f);
}

HOUSE_TEST(a_descriptor_decides_what_an_open_gets)
{
	struct smb_object *d = house_co_dir(h, "d");
	struct smb_object *f = house_co_file(h, "d\\f");

	if (!can_keep(h))
		goto close;
	assert_int_equal(co_set_one(f, FILE_READ_DATA, 0, own_sid()),
			 NT_STATUS_SUCCESS);
	assert_int_equal(co_try(h, "d\\f", FILE_READ_DATA, FILE_OPEN, 0),
			 NT_STATUS_SUCCESS);
	assert_int_equal(co_try(h, "d\\f", FILE_WRITE_DATA, FILE_OPEN, 0),
			 NT_STATUS_ACCESS_DENIED);
	assert_int_equal(co_try(h, "d\\f", FILE_READ_EA, FILE_OPEN, 0),
			 NT_STATUS_ACCESS_DENIED);
	assert_int_equal(co_try(h, "d\\f", FILE_READ_DATA, FILE_OVERWRITE, 0),
			 NT_STATUS_ACCESS_DENIED);
	assert_int_equal(co_try(h, "d\\f", MAXIMUM_ALLOWED, FILE_OVERWRITE, 0),
			 NT_STATUS_ACCESS_DENIED);
	/* These two the directory gives. */
	assert_int_equal(co_try(h, "d\\f", FILE_READ_ATTRIBUTES | DELETE,
				FILE_OPEN, 0),
			 NT_STATUS_SUCCESS);
	assert_int_equal(co_set_one(d, FILE_TRAVERSE | FILE_ADD_FILE, 0,
				    own_sid()),
			 NT_STATUS_SUCCESS);
	assert_int_equal(co_try(h, "d\\f", FILE_READ_ATTRIBUTES, FILE_OPEN, 0),
			 NT_STATUS_ACCESS_DENIED);
	assert_int_equal(co_try(h, "d\\f", DELETE, FILE_OPEN, 0),
			 NT_STATUS_ACCESS_DENIED);
	assert_int_equal(co_try(h, "d\\f", DELETE, FILE_OPEN,
				FILE_DELETE_ON_CLOSE),
			 NT_STATUS_ACCESS_DENIED);
close:
	house_co_close(f);
	house_co_close(d);
}

HOUSE_TEST(a_directory_s_descriptor_decides_what_it_takes)
{
	struct smb_object *d = house_co_open(h, "d", READ_CONTROL | WRITE_DAC,
					     FILE_DIRECTORY_FILE);
	struct smb_object *f = house_co_file(h, "f");
	struct smb_object *dir = house_co_dir(h, "dir");
	struct smb_set move = { .kind = SMB_SET_RENAME };

	if (!can_keep(h))
		goto close;
	assert_int_equal(co_set_one(d, FILE_ADD_FILE, 0, own_sid()),
			 NT_STATUS_SUCCESS);
	assert_int_equal(co_try(h, "d\\new", READ_CONTROL, FILE_CREATE, 0),
			 NT_STATUS_SUCCESS);
	assert_int_equal(co_try(h, "d\\dir", READ_CONTROL, FILE_CREATE,
				FILE_DIRECTORY_FILE),
			 NT_STATUS_ACCESS_DENIED);
	move.name = house_name("d\\dir");
	assert_int_equal(house_co_set(dir, move), NT_STATUS_ACCESS_DENIED);
	assert_int_equal(co_set_one(d, FILE_ADD_SUBDIRECTORY, 0, own_sid()),
			 NT_STATUS_SUCCESS);
	assert_int_equal(co_try(h, "d\\newer", READ_CONTROL, FILE_CREATE, 0),
			 NT_STATUS_ACCESS_DENIED);
	move.name = house_name("d\\f");
	assert_int_equal(house_co_set(f, move), NT_STATUS_ACCESS_DENIED);
	move.kind = SMB_SET_LINK;
	assert_int_equal(house_co_set(f, move), NT_STATUS_ACCESS_DENIED);
close:
	house_co_close(dir);
	house_co_close(f);
	house_co_close(d);
}

HOUSE_TEST(a_new_file_inherits)
{
	struct smb_object *d = house_co_dir(h, "d"), *f;
	struct smb_descriptor sd;

	if (!can_keep(h)) {
		house_co_close(d);
		return;
	}
	assert_int_equal(co_set_one(d, FILE_ALL_ACCESS, FSA_ACE_OBJECT_INHERIT,
				    own_sid()),
			 NT_STATUS_SUCCESS);
	f = house_co_file(h, "d\\f");
	sd = co_query(f, ALL_PARTS);
	assert_int_equal(sd.dacl_count, 1);
	assert_int_equal(sd.dacl[0].flags, 0);
	assert_int_equal(mode_of(h, "d/f"), 0700);
	house_co_close(f);

	/* A directory gets the pattern alone, for files below it. */
	f = house_co_dir(h, "d\\sub");
	sd = co_query(f, ALL_PARTS);
	assert_int_equal(sd.dacl_count, 1);
	assert_int_equal(sd.dacl[0].flags,
			 FSA_ACE_OBJECT_INHERIT | FSA_ACE_INHERIT_ONLY);
	house_co_close(f);

	/* Without anything to inherit it is as any other file. */
	assert_int_equal(co_set_one(d, FILE_ALL_ACCESS, 0, own_sid()),
			 NT_STATUS_SUCCESS);
	f = house_co_file(h, "d\\g");
	assert_int_equal(mode_of(h, "d/g"), 0644);
	house_co_close(f);
	house_co_close(d);
}

HOUSE_TEST(a_new_file_gets_what_was_sent_with_it)
{
	struct smb_ace one = { .mask = GENERIC_READ, .sid = own_sid() };
	struct smb_descriptor sd = { .has_dacl = true,
				     .dacl = &one,
				     .dacl_count = 1 };
	uint8_t in[256];
	struct writer w = writer_at(in, sizeof(in));
	struct smb_object *f = NULL;

	smb_descriptor_write(&w, &sd);

	struct smb_create how = {
		.name = house_name("f"),
		.access = FILE_ALL_ACCESS,
		.sharing = HOUSE_SHARE_ALL,
		.disposition = FILE_CREATE,
		.security = in,
		.security_length = (uint32_t)w.at,
	};

	if (!can_keep(h))
		return;
	assert_int_equal(house_co_create(h, &how, &f), NT_STATUS_SUCCESS);
	assert_int_equal(f->granted, FILE_ALL_ACCESS);
	sd = co_query(f, ALL_PARTS);
	assert_int_equal(sd.dacl_count, 1);
	assert_int_equal(sd.dacl[0].mask, FILE_GENERIC_READ);
	assert_int_equal(mode_of(h, "f"), 0600);
	house_co_close(f);
	assert_int_equal(co_try(h, "f", FILE_WRITE_DATA, FILE_OPEN, 0),
			 NT_STATUS_ACCESS_DENIED);

	/* An owner whom it can't be given leaves nothing behind. */
	w = writer_at(in, sizeof(in));
	sd.has_owner = true;
	sd.owner = (struct smb_sid){
		.revision = 1, .count = 1, .authority = 5, .parts = { 99 }
	};
	sd.dacl = &one;
	smb_descriptor_write(&w, &sd);
	how.security_length = (uint32_t)w.at;
	how.name = house_name("g");
	assert_int_equal(house_co_create(h, &how, &f), NT_STATUS_INVALID_OWNER);
	assert_false(house_exists(h, "g"));
}

/* A mode is all that such a share keeps of what was sent. */
HOUSE_TEST(what_was_sent_with_a_new_file_becomes_its_mode)
{
	struct smb_ace one = { .mask = GENERIC_READ,
			       .sid = fsa_sid_everyone() };
	struct smb_descriptor sd = { .has_dacl = true,
				     .dacl = &one,
				     .dacl_count = 1 };
	uint8_t in[256];
	struct writer w = writer_at(in, sizeof(in));
	struct smb_object *f = NULL;

	smb_descriptor_write(&w, &sd);

	struct smb_create how = {
		.name = house_name("f"),
		.access = FILE_ALL_ACCESS,
		.sharing = HOUSE_SHARE_ALL,
		.disposition = FILE_CREATE,
		.security = in,
		.security_length = (uint32_t)w.at,
	};

	assert_int_equal(house_co_create(h, &how, &f), NT_STATUS_SUCCESS);
	assert_int_equal(mode_of(h, "f"), 0444);
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
		cmocka_unit_test(macos_does_chmod_by_a_dacl),
		cmocka_unit_test(an_owner_must_be_somebody),
		cmocka_unit_test(rights_are_needed),
		cmocka_unit_test(a_dacl_comes_back_as_it_was_sent),
		cmocka_unit_test(a_file_can_be_given_to_who_is_in_the_token),
		cmocka_unit_test(a_descriptor_decides_what_an_open_gets),
		cmocka_unit_test(
			a_directory_s_descriptor_decides_what_it_takes),
		cmocka_unit_test(a_new_file_inherits),
		cmocka_unit_test(a_new_file_gets_what_was_sent_with_it),
		cmocka_unit_test(
			what_was_sent_with_a_new_file_becomes_its_mode),
	};

	return cmocka_run_group_tests(tests, NULL, NULL);
}
