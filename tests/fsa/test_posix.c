/* Opens by the POSIX extensions of SMB 3.1.1. */
#include "tests/fsa/house.h"

#include "smb/wire/sd.h"

static enum nt_status co_try(struct house *h, const char *name, uint32_t access,
			     uint32_t disposition, uint32_t options,
			     uint32_t mode, struct smb_created *ret)
{
	struct smb_create how = {
		.name = house_name(name),
		.access = access,
		.sharing = HOUSE_SHARE_ALL,
		.disposition = disposition,
		.options = options,
		.is_posix = true,
		.mode = mode,
	};

	return fsa_object_ops.co_create(h->volume, &h->call, &how, ret);
}

static struct smb_object *co_open(struct house *h, const char *name,
				  uint32_t options)
{
	struct smb_created created;

	assert_int_equal(co_try(h, name, FILE_ALL_ACCESS, FILE_OPEN_IF, options,
				0640, &created),
			 NT_STATUS_SUCCESS);
	assert_true(created.object->is_posix);
	return created.object;
}

static enum nt_status co_try_rename(struct smb_object *object, const char *to)
{
	return house_co_set(object, (struct smb_set){ .kind = SMB_SET_RENAME,
						      .name = house_name(to),
						      .is_replace = true });
}

HOUSE_TEST(names_are_what_they_are)
{
	static const char *const names[] = {
		"Case",    "case", "a:b",  "what?",
		"a*<>|\"", "dot.", "end ", "con",
	};

	for (size_t i = 0; i < sizeof(names) / sizeof(names[0]); i++) {
		struct smb_open_facts facts = {};
		struct smb_object *f = co_open(h, names[i], 0);

		facts = house_co_facts(f);
		assert_string_equal(house_text(facts.path) + 1, names[i]);
		assert_true(facts.is_posix);
		house_co_close(f);
		assert_true(house_exists(h, names[i]));
	}
}

HOUSE_TEST(slashes_of_either_kind_part_names)
{
	struct smb_created created;

	yard_mkdir(h->y, "d");
	house_co_close(co_open(h, "d/a", 0));
	house_co_close(co_open(h, "d\\b", 0));
	assert_true(house_exists(h, "d/a"));
	assert_true(house_exists(h, "d/b"));
	assert_int_equal(co_try(h, "d/../x", FILE_READ_DATA, FILE_OPEN_IF, 0, 0,
				&created),
			 NT_STATUS_OBJECT_NAME_INVALID);
	assert_int_equal(co_try(h, "D/a", FILE_READ_DATA, FILE_OPEN, 0, 0,
				&created),
			 NT_STATUS_OBJECT_PATH_NOT_FOUND);
}

HOUSE_TEST(new_things_have_the_mode_that_was_asked_for)
{
	struct smb_created created;
	struct smb_object *f = co_open(h, "f", 0);

	assert_int_equal(house_co_facts(f).file.mode, S_IFREG | 0640);
	assert_int_equal(house_co_facts(f).file.uid, geteuid());
	house_co_close(f);
	assert_int_equal(co_try(h, "d", FILE_READ_DATA, FILE_CREATE,
				FILE_DIRECTORY_FILE, 01777, &created),
			 NT_STATUS_SUCCESS);
	assert_int_equal(created.facts.mode, S_IFDIR | 01777);
	assert_int_equal(created.facts.unix_links, 2);
	house_co_close(created.object);
}

/* MS-FSA keeps the name until the last handle goes. */
HOUSE_TEST(a_name_goes_though_the_file_is_open)
{
	struct smb_object *reader = house_co_file(h, "f");
	struct smb_object *deleter = co_open(h, "f", FILE_DELETE_ON_CLOSE);

	house_co_close(deleter);
	assert_false(house_exists(h, "f"));
	house_co_close(co_open(h, "f", 0));
	house_co_close(reader);
	assert_true(house_exists(h, "f"));
}

HOUSE_TEST(read_only_files_can_be_deleted)
{
	struct smb_created created;

	assert_int_equal(co_try(h, "f", FILE_READ_DATA, FILE_CREATE, 0, 0444,
				&created),
			 NT_STATUS_SUCCESS);
	house_co_close(created.object);
	house_co_close(co_open(h, "f", FILE_DELETE_ON_CLOSE));
	assert_false(house_exists(h, "f"));
}

HOUSE_TEST(open_files_are_replaced_and_moved)
{
	struct smb_object *reader, *mover, *inside;

	yard_put(h->y, "old", "old", 3);
	yard_put(h->y, "new", "newer", 5);
	reader = house_co_file(h, "old");
	mover = co_open(h, "new", 0);
	assert_int_equal(co_try_rename(mover, "old"), NT_STATUS_SUCCESS);
	assert_false(house_exists(h, "new"));
	assert_int_equal(house_co_facts(reader).file.end_of_file, 3);
	house_co_close(mover);
	house_co_close(reader);

	yard_mkdir(h->y, "d");
	inside = house_co_file(h, "d\\f");
	mover = co_open(h, "d", FILE_DIRECTORY_FILE);
	assert_int_equal(co_try_rename(mover, "e"), NT_STATUS_SUCCESS);
	assert_true(house_exists(h, "e/f"));
	assert_int_equal(co_try_rename(mover, "e/x"), NT_STATUS_ACCESS_DENIED);
	house_co_close(mover);
	house_co_close(inside);
}

/* Even where a share follows them for others. */
HOUSE_TEST(links_are_links)
{
	struct smb_created created;
	struct smb_object *l;

	yard_put(h->y, "f", "x", 1);
	yard_link(h->y, "f", "l");
	assert_int_equal(co_try(h, "l", FILE_READ_ATTRIBUTES, FILE_OPEN, 0, 0,
				&created),
			 NT_STATUS_STOPPED_ON_SYMLINK);
	assert_int_equal(created.symlink_target_count, 1);
	free(created.symlink_target);
	l = co_open(h, "l", FILE_OPEN_REPARSE_POINT);
	assert_int_equal(house_co_facts(l).file.reparse_tag, 0xa000000c);
	house_co_close(l);
}

/* A DACL of one ACE for S-1-5-88-3-mode, as the Linux client sends it. */
HOUSE_TEST(a_mode_is_set_by_a_dacl)
{
	const struct smb_ace ace = {
		.mask = 0x1f01ff,
		.sid = { .revision = 1,
			 .count = 3,
			 .authority = 5,
			 .parts = { 88, 3, 01750 } },
	};
	const struct smb_descriptor sd = { .control = 0x8004,
					   .has_dacl = true,
					   .dacl = &ace,
					   .dacl_count = 1 };
	struct smb_object *f = co_open(h, "f", 0);
	uint8_t out[128];
	struct writer w = writer_at(out, sizeof(out));

	smb_descriptor_write(&w, &sd);
	assert_int_equal(fsa_object_ops.co_set_security(f, SMB_SECURITY_DACL,
							out, (uint32_t)w.at),
			 NT_STATUS_SUCCESS);
	assert_int_equal(house_co_facts(f).file.mode, S_IFREG | 01750);
	house_co_close(f);
}

struct listed {
	unsigned int count, strange;
};

static bool take(void *arg, const struct smb_dir_entry *entry)
{
	struct listed *l = arg;
	const char *name = house_text(entry->name);

	l->count++;
	l->strange += strcmp(name, "a:b") == 0 || strcmp(name, "A:b") == 0;
	assert_true(entry->facts.mode != 0);
	return true;
}

HOUSE_TEST(a_directory_lists_names_as_they_are)
{
	struct listed listed = { 0 };
	struct smb_list list = { .pattern = house_name("*"),
				 .is_restart = true,
				 .needs_facts = true,
				 .take = take,
				 .arg = &listed };
	struct smb_object *d;

	yard_put(h->y, "a:b", "", 0);
	yard_put(h->y, "A:b", "", 0);
	d = co_open(h, "", FILE_DIRECTORY_FILE);
	assert_int_equal(fsa_object_ops.co_list(d, &list), NT_STATUS_SUCCESS);
	assert_int_equal(listed.count, 4);
	assert_int_equal(listed.strange, 2);
	house_co_close(d);
}

int main(void)
{
	const struct CMUnitTest tests[] = {
		cmocka_unit_test(names_are_what_they_are),
		cmocka_unit_test(slashes_of_either_kind_part_names),
		cmocka_unit_test(new_things_have_the_mode_that_was_asked_for),
		cmocka_unit_test(a_name_goes_though_the_file_is_open),
		cmocka_unit_test(read_only_files_can_be_deleted),
		cmocka_unit_test(open_files_are_replaced_and_moved),
		cmocka_unit_test(links_are_links),
		cmocka_unit_test(a_mode_is_set_by_a_dacl),
		cmocka_unit_test(a_directory_lists_names_as_they_are),
	};

	return cmocka_run_group_tests(tests, NULL, NULL);
}
