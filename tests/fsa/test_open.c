/* CREATE on a real tree: MS-FSA 2.1.5.1. Tests open.c and open_steps.c. */
#include "tests/fsa/desk.h"

#include "smb/wire/sd.h"

#define NOBODY_SHARES 0

YARD_TEST(each_disposition_tells_what_it_did)
{
	static const struct {
		uint32_t disposition;
		const char *name;
		enum nt_status status;
		enum smb_create_action action;
		uint64_t size;
	} cases[] = {
		{ FILE_OPEN, "old", 0, SMB_CREATE_OPENED, 3 },
		{ FILE_OPEN, "new", NT_STATUS_OBJECT_NAME_NOT_FOUND },
		{ FILE_CREATE, "old", NT_STATUS_OBJECT_NAME_COLLISION },
		{ FILE_CREATE, "n1", 0, SMB_CREATE_CREATED, 0 },
		{ FILE_OPEN_IF, "old", 0, SMB_CREATE_OPENED, 3 },
		{ FILE_OPEN_IF, "n2", 0, SMB_CREATE_CREATED, 0 },
		{ FILE_OVERWRITE, "old", 0, SMB_CREATE_OVERWRITTEN, 0 },
		{ FILE_OVERWRITE, "new", NT_STATUS_OBJECT_NAME_NOT_FOUND },
		{ FILE_OVERWRITE_IF, "n3", 0, SMB_CREATE_CREATED, 0 },
		{ FILE_OVERWRITE_IF, "old", 0, SMB_CREATE_OVERWRITTEN, 0 },
		{ FILE_SUPERSEDE, "old", 0, SMB_CREATE_SUPERSEDED, 0 },
		{ FILE_SUPERSEDE, "n4", 0, SMB_CREATE_CREATED, 0 },
	};
	struct desk d;

	desk_begin(&d, y);
	for (size_t i = 0; i < sizeof(cases) / sizeof(cases[0]); i++) {
		struct smb_created created = { 0 };

		yard_put(y, "old", "abc", 3);
		assert_int_equal(
			cases[i].status,
			desk_co_create(d.volume, cases[i].name,
				       (struct smb_create){
					       .access = DESK_RW,
					       .sharing = DESK_ALL,
					       .disposition =
						       cases[i].disposition },
				       &created));
		if (cases[i].status)
			continue;
		assert_int_equal(cases[i].action, created.action);
		assert_int_equal(cases[i].size, created.facts.end_of_file);
		assert_int_not_equal(0, created.facts.attributes);
		assert_int_equal(DESK_RW, created.object->granted);
		desk_co_close(created.object);
	}
	desk_end(&d);
}

YARD_TEST(files_and_directories_are_not_mixed_up)
{
	struct desk d;
	struct smb_object *object;
	const struct {
		const char *name;
		uint32_t disposition, options;
		enum nt_status status;
	} cases[] = {
		{ "d", FILE_OPEN, FILE_NON_DIRECTORY_FILE,
		  NT_STATUS_FILE_IS_A_DIRECTORY },
		{ "f", FILE_OPEN, FILE_DIRECTORY_FILE,
		  NT_STATUS_NOT_A_DIRECTORY },
		{ "d", FILE_OPEN, 0, 0 },
		{ "d", FILE_OPEN_IF, FILE_DIRECTORY_FILE, 0 },
		{ "", FILE_OPEN, 0, 0 },
		{ "", FILE_CREATE, 0, NT_STATUS_OBJECT_NAME_COLLISION },
		{ "d", FILE_CREATE, FILE_DIRECTORY_FILE,
		  NT_STATUS_OBJECT_NAME_COLLISION },
		{ "d", FILE_OVERWRITE, 0, NT_STATUS_INVALID_PARAMETER },
		{ "d\\f\\x", FILE_CREATE, 0, NT_STATUS_OBJECT_PATH_NOT_FOUND },
		{ "f\\x", FILE_CREATE, 0, NT_STATUS_OBJECT_PATH_NOT_FOUND },
		{ "f:stream", FILE_OPEN, 0, NT_STATUS_OBJECT_NAME_NOT_FOUND },
		{ "f:stream", FILE_OPEN_IF, FILE_DIRECTORY_FILE,
		  NT_STATUS_NOT_A_DIRECTORY },
		{ "d::$DATA", FILE_OPEN, 0, NT_STATUS_FILE_IS_A_DIRECTORY },
		{ "f::$INDEX_ALLOCATION", FILE_OPEN, 0,
		  NT_STATUS_NOT_A_DIRECTORY },
		{ "f::$DATA", FILE_OPEN, 0, 0 },
	};

	desk_begin(&d, y);
	yard_mkdir(y, "d");
	yard_put(y, "f", "x", 1);
	for (size_t i = 0; i < sizeof(cases) / sizeof(cases[0]); i++)
		assert_int_equal(cases[i].status,
				 desk_co_try(d.volume, cases[i].name,
					     FILE_READ_DATA, DESK_ALL,
					     cases[i].disposition,
					     cases[i].options));
	object = desk_co_open(d.volume, "made", FILE_READ_DATA, DESK_ALL,
			      FILE_CREATE, FILE_DIRECTORY_FILE);
	assert_true(object->is_directory);
	desk_co_close(object);
	assert_true(desk_exists(&d, "made"));
	desk_end(&d);
}

/* MS-FSA 2.1.5.1.2.2: the second open is judged beside the first. */
YARD_TEST(opens_that_do_not_share_exclude_each_other)
{
	struct smb_object *first;
	struct desk d;

	desk_begin(&d, y);
	yard_put(y, "f", "x", 1);
	first = desk_co_open(d.volume, "f", FILE_READ_DATA, FILE_SHARE_READ,
			     FILE_OPEN, 0);
	assert_int_equal(NT_STATUS_SHARING_VIOLATION,
			 desk_co_try(d.volume, "F", FILE_WRITE_DATA, DESK_ALL,
				     FILE_OPEN, 0));
	assert_int_equal(NT_STATUS_SHARING_VIOLATION,
			 desk_co_try(d.volume, "f", FILE_READ_DATA,
				     FILE_SHARE_WRITE, FILE_OPEN, 0));
	assert_int_equal(NT_STATUS_SHARING_VIOLATION,
			 desk_co_try(d.volume, "f", DELETE, DESK_ALL, FILE_OPEN,
				     0));
	assert_int_equal(0, desk_co_try(d.volume, "f", FILE_READ_DATA, DESK_ALL,
					FILE_OPEN, 0));
	assert_int_equal(0, desk_co_try(d.volume, "f", FILE_WRITE_ATTRIBUTES,
					NOBODY_SHARES, FILE_OPEN, 0));
	/* Emptying is writing, and has not happened. */
	assert_int_equal(NT_STATUS_SHARING_VIOLATION,
			 desk_co_try(d.volume, "f", FILE_READ_ATTRIBUTES,
				     DESK_ALL, FILE_OVERWRITE, 0));
	desk_co_close(first);
	assert_int_equal(0, desk_co_try(d.volume, "f", FILE_WRITE_DATA,
					NOBODY_SHARES, FILE_OPEN, 0));
	desk_end(&d);
}

static uint32_t co_attributes(struct desk *d, const char *name)
{
	struct smb_object *object =
		desk_co_open(d->volume, name, FILE_READ_ATTRIBUTES, DESK_ALL,
			     FILE_OPEN, 0);
	struct smb_open_facts facts = {};

	assert_int_equal(0, fsa_object_ops.co_query(object, &facts));
	desk_co_close(object);
	return facts.file.attributes;
}

static enum nt_status co_dressed(struct desk *d, const char *name,
				 uint32_t attributes, uint32_t disposition,
				 uint32_t options)
{
	struct smb_created created;
	enum nt_status status =
		desk_co_create(d->volume, name,
			       (struct smb_create){ .access = DESK_RW | DELETE,
						    .attributes = attributes,
						    .sharing = DESK_ALL,
						    .disposition = disposition,
						    .options = options },
			       &created);

	if (nt_status_is_ok(status))
		desk_co_close(created.object);
	return status;
}

YARD_TEST(attributes_are_given_kept_and_protect)
{
	struct desk d;
	uint32_t hidden = FILE_ATTRIBUTE_HIDDEN,
		 archive = FILE_ATTRIBUTE_ARCHIVE,
		 read_only = FILE_ATTRIBUTE_READONLY;

	desk_begin(&d, y);
	if (!store_tree_features(y->tree)->has_xattr)
		goto out;
	d.share.attributes = FSA_ATTRIBUTES_XATTR;
	assert_int_equal(0, co_dressed(&d, "h", hidden, FILE_CREATE, 0));
	assert_int_equal(hidden | archive, co_attributes(&d, "h"));
	assert_int_equal(NT_STATUS_ACCESS_DENIED,
			 co_dressed(&d, "h", 0, FILE_OVERWRITE, 0));
	assert_int_equal(0, co_dressed(&d, "h", hidden, FILE_OVERWRITE, 0));
	assert_int_equal(hidden | archive, co_attributes(&d, "h"));

	/* Who makes a READONLY file may write it, and nobody later. */
	assert_int_equal(0, co_dressed(&d, "r", read_only, FILE_CREATE, 0));
	assert_int_equal(read_only | archive, co_attributes(&d, "r"));
	assert_int_equal(NT_STATUS_ACCESS_DENIED,
			 co_dressed(&d, "r", 0, FILE_OPEN, 0));
	assert_int_equal(NT_STATUS_ACCESS_DENIED,
			 co_dressed(&d, "r", read_only, FILE_OVERWRITE, 0));
	assert_int_equal(0, desk_co_try(d.volume, "r", FILE_READ_DATA | DELETE,
					DESK_ALL, FILE_OPEN, 0));
	assert_int_equal(NT_STATUS_CANNOT_DELETE,
			 desk_co_try(d.volume, "r", FILE_READ_DATA | DELETE,
				     DESK_ALL, FILE_OPEN,
				     FILE_DELETE_ON_CLOSE));
	assert_int_equal(NT_STATUS_CANNOT_DELETE,
			 co_dressed(&d, "r2", read_only, FILE_CREATE,
				    FILE_DELETE_ON_CLOSE));
	assert_false(desk_exists(&d, "r2"));
out:
	desk_end(&d);
}

static uint32_t co_granted(struct smb_volume *volume, const char *name,
			   uint32_t disposition, uint32_t *ret_max)
{
	struct smb_created created;
	uint32_t granted;

	assert_int_equal(0, desk_co_create(volume, name,
					   (struct smb_create){
						   .access = MAXIMUM_ALLOWED,
						   .sharing = DESK_ALL,
						   .disposition = disposition,
						   .wants_max_access = true },
					   &created));
	granted = created.object->granted;
	assert_int_equal(0, created.max_access_status);
	*ret_max = created.max_access;
	desk_co_close(created.object);
	return granted;
}

YARD_ROOT_TEST(the_maximum_is_granted_and_told)
{
	struct smb_volume *ann, *bob;
	struct desk d;
	uint32_t max;

	desk_begin(&d, y);
	ann = desk_volume(&d, YARD_ANN);
	bob = desk_volume(&d, YARD_BOB);
	assert_int_equal(FILE_ALL_ACCESS,
			 co_granted(ann, "f", FILE_CREATE, &max));
	assert_int_equal(FILE_ALL_ACCESS, max);
	assert_int_equal(FILE_ALL_ACCESS,
			 co_granted(ann, "f", FILE_OPEN, &max));
	assert_int_equal(FILE_GENERIC_READ | FILE_EXECUTE | DELETE,
			 co_granted(bob, "f", FILE_OPEN, &max));
	assert_int_equal(FILE_GENERIC_READ | FILE_EXECUTE | DELETE, max);
	assert_int_equal(NT_STATUS_ACCESS_DENIED,
			 desk_co_try(bob, "f", MAXIMUM_ALLOWED | WRITE_DAC,
				     DESK_ALL, FILE_OPEN, 0));
	fsa_object_ops.disconnect(ann);
	fsa_object_ops.disconnect(bob);
	desk_end(&d);
}

YARD_ROOT_TEST(each_user_may_do_what_linux_lets_him)
{
	struct smb_volume *ann, *bob;
	struct stat st;
	struct desk d;

	desk_begin(&d, y);
	ann = desk_volume(&d, YARD_ANN);
	bob = desk_volume(&d, YARD_BOB);
	assert_int_equal(0, desk_co_try(ann, "f", FILE_ALL_ACCESS, DESK_ALL,
					FILE_CREATE, 0));
	assert_int_equal(0, lstat(yard_path(y, "f"), &st));
	assert_int_equal(YARD_ANN, st.st_uid);
	assert_int_equal(0644, st.st_mode & 07777);
	assert_int_equal(NT_STATUS_ACCESS_DENIED,
			 desk_co_try(bob, "f", FILE_WRITE_DATA, DESK_ALL,
				     FILE_OPEN, 0));
	/* Emptying needs the right to write, whatever is asked for. */
	assert_int_equal(NT_STATUS_ACCESS_DENIED,
			 desk_co_try(bob, "f", FILE_READ_DATA, DESK_ALL,
				     FILE_OVERWRITE_IF, 0));
	assert_int_equal(NT_STATUS_ACCESS_DENIED,
			 desk_co_try(bob, "f", WRITE_DAC, DESK_ALL, FILE_OPEN,
				     0));
	assert_int_equal(0, desk_co_try(bob, "f", FILE_READ_ATTRIBUTES,
					DESK_ALL, FILE_OPEN, 0));
	assert_int_equal(0, chmod(yard_path(y, "f"), 0600));
	assert_int_equal(NT_STATUS_ACCESS_DENIED,
			 desk_co_try(bob, "f", FILE_READ_DATA, DESK_ALL,
				     FILE_OPEN, 0));
	yard_mkdir(y, "shut");
	assert_int_equal(NT_STATUS_ACCESS_DENIED,
			 desk_co_try(bob, "shut\\g", FILE_WRITE_DATA, DESK_ALL,
				     FILE_CREATE, 0));
	assert_int_equal(NT_STATUS_ACCESS_DENIED,
			 desk_co_try(bob, "shut", FILE_ADD_FILE, DESK_ALL,
				     FILE_OPEN, 0));
	assert_int_equal(0, desk_co_try(bob, "shut", FILE_LIST_DIRECTORY,
					DESK_ALL, FILE_OPEN, 0));
	fsa_object_ops.disconnect(ann);
	fsa_object_ops.disconnect(bob);
	desk_end(&d);
}

YARD_TEST(a_read_only_share_refuses_every_change)
{
	struct desk d;

	desk_begin(&d, y);
	yard_put(y, "f", "abc", 3);
	d.volume->facts.access_max = 0x1200a9;
	assert_int_equal(0, desk_co_try(d.volume, "f", FILE_READ_DATA, DESK_ALL,
					FILE_OPEN_IF, 0));
	assert_int_equal(0, desk_co_try(d.volume, "f", MAXIMUM_ALLOWED,
					DESK_ALL, FILE_OPEN, 0));
	assert_int_equal(NT_STATUS_ACCESS_DENIED,
			 desk_co_try(d.volume, "f", FILE_WRITE_DATA, DESK_ALL,
				     FILE_OPEN, 0));
	assert_int_equal(NT_STATUS_ACCESS_DENIED,
			 desk_co_try(d.volume, "f", FILE_READ_DATA, DESK_ALL,
				     FILE_OVERWRITE, 0));
	assert_int_equal(NT_STATUS_ACCESS_DENIED,
			 desk_co_try(d.volume, "g", FILE_READ_DATA, DESK_ALL,
				     FILE_OPEN_IF, 0));
	assert_int_equal(NT_STATUS_ACCESS_DENIED,
			 desk_co_try(d.volume, "g", FILE_READ_DATA, DESK_ALL,
				     FILE_CREATE, FILE_DIRECTORY_FILE));
	assert_false(desk_exists(&d, "g"));
	desk_end(&d);
}

/* ---- links, and what is no file ---- */

YARD_TEST(links_are_followed_and_not_seen)
{
	struct smb_object *link, *file;
	struct desk d;

	desk_begin(&d, y);
	yard_mkdir(y, "d");
	yard_put(y, "d/f", "abc", 3);
	yard_link(y, "d/f", "link");
	yard_link(y, "../outside/secret", "out");
	yard_link(y, "nothing", "loose");
	link = desk_co_open(d.volume, "link", FILE_READ_DATA, DESK_ALL,
			    FILE_OPEN, 0);
	file = desk_co_open(d.volume, "d\\f", FILE_READ_DATA, DESK_ALL,
			    FILE_OPEN, 0);
	assert_ptr_equal(fsa_open_of(link)->node, fsa_open_of(file)->node);
	desk_co_close(link);
	desk_co_close(file);
	assert_int_equal(NT_STATUS_ACCESS_DENIED,
			 desk_co_try(d.volume, "out", FILE_READ_DATA, DESK_ALL,
				     FILE_OPEN, 0));
	assert_int_equal(NT_STATUS_OBJECT_NAME_NOT_FOUND,
			 desk_co_try(d.volume, "loose", FILE_READ_DATA,
				     DESK_ALL, FILE_OPEN_IF, 0));
	/* What leads nowhere can be deleted all the same; and no target. */
	assert_int_equal(0, desk_co_try(d.volume, "loose", DELETE, DESK_ALL,
					FILE_OPEN,
					FILE_OPEN_REPARSE_POINT |
						FILE_DELETE_ON_CLOSE));
	assert_false(desk_exists(&d, "loose"));
	assert_int_equal(0, desk_co_try(d.volume, "link", DELETE, DESK_ALL,
					FILE_OPEN, FILE_DELETE_ON_CLOSE));
	assert_false(desk_exists(&d, "link"));
	assert_true(desk_exists(&d, "d/f"));
	desk_end(&d);
}

static void co_expect_stop(struct desk *d, const char *name, const char *target,
			   bool is_relative, uint16_t unparsed)
{
	struct smb_created created;
	struct smb_name expected = desk_name(target);

	assert_int_equal(NT_STATUS_STOPPED_ON_SYMLINK,
			 desk_co_create(d->volume, name,
					(struct smb_create){
						.access = FILE_READ_DATA,
						.sharing = DESK_ALL,
						.disposition = FILE_OPEN },
					&created));
	assert_int_equal(expected.count, created.symlink_target_count);
	assert_memory_equal(expected.units, created.symlink_target,
			    expected.count * 2);
	assert_int_equal(is_relative, created.symlink_is_relative);
	assert_int_equal(unparsed, created.symlink_unparsed);
	free(created.symlink_target);
}

/* MS-SMB2 2.2.2.2.1. */
YARD_TEST(links_that_are_shown_stop_the_walk)
{
	const struct store_options options = { .symlinks =
						       STORE_SYMLINKS_SHOW };
	struct desk d;

	desk_begin(&d, y);
	d.share.tree = yard_tree(y, &options);
	yard_mkdir(y, "d");
	yard_put(y, "d/f", "abc", 3);
	yard_link(y, "../d", "d/up");
	yard_link(y, "/etc", "abs");
	co_expect_stop(&d, "d\\up", "..\\d", true, 0);
	co_expect_stop(&d, "d\\up\\f", "..\\d", true, 4);
	co_expect_stop(&d, "ABS\\x\\y", "\\etc", false, 8);
	assert_int_equal(0, desk_co_try(d.volume, "abs", FILE_READ_ATTRIBUTES,
					DESK_ALL, FILE_OPEN,
					FILE_OPEN_REPARSE_POINT));
	assert_int_equal(0,
			 desk_co_try(d.volume, "abs", MAXIMUM_ALLOWED, DESK_ALL,
				     FILE_OPEN, FILE_OPEN_REPARSE_POINT));
	desk_end(&d);
	store_tree_unref(d.share.tree);
}

YARD_TEST(fifos_are_never_opened_for_data)
{
	struct smb_object *fifo;
	struct desk d;
	char text[8];

	desk_begin(&d, y);
	assert_int_equal(0, mkfifo(yard_path(y, "fifo"), 0666));
	assert_int_equal(NT_STATUS_IO_REPARSE_TAG_NOT_HANDLED,
			 desk_co_try(d.volume, "fifo", FILE_READ_DATA, DESK_ALL,
				     FILE_OPEN, 0));
	fifo = desk_co_open(d.volume, "fifo", DESK_RW, DESK_ALL, FILE_OPEN,
			    FILE_OPEN_REPARSE_POINT);
	assert_int_equal(NT_STATUS_INVALID_DEVICE_REQUEST,
			 desk_co_read(fifo, 0, 4, 0, text));
	assert_int_equal(NT_STATUS_INVALID_DEVICE_REQUEST,
			 desk_co_write(fifo, 0, "x"));
	desk_co_close(fifo);
	desk_end(&d);
}

/* ---- what comes with a CREATE ---- */

YARD_TEST(space_is_reserved_and_descriptors_are_checked)
{
	const uint8_t broken[] = { 1, 0, 0 };
	struct smb_created created;
	struct smb_create how = { .access = DESK_RW,
				  .sharing = DESK_ALL,
				  .disposition = FILE_CREATE,
				  .has_allocation = true,
				  .allocation = 1 << 20 };
	struct desk d;

	desk_begin(&d, y);
	assert_int_equal(0, desk_co_create(d.volume, "f", how, &created));
	assert_int_equal(0, created.facts.end_of_file);
	desk_co_close(created.object);
	how.security = broken;
	how.security_length = sizeof(broken);
	assert_int_equal(NT_STATUS_INVALID_SECURITY_DESCR,
			 desk_co_create(d.volume, "g", how, &created));
	assert_false(desk_exists(&d, "g"));
	how.security = NULL;
	how.has_snapshot = true;
	assert_int_equal(NT_STATUS_OBJECT_NAME_NOT_FOUND,
			 desk_co_create(d.volume, "g", how, &created));
	desk_end(&d);
}

/* ---- many at once ---- */

struct racer {
	struct desk *d;
	uint32_t disposition, options, sharing;
	int won, lost, other, left;
	enum nt_status loss;
	struct smb_object *objects[16];
};

static void co_race(void *arg)
{
	struct racer *r = arg;
	struct smb_created created;
	enum nt_status status =
		desk_co_create(r->d->volume, "race",
			       (struct smb_create){ .access = DESK_RW,
						    .sharing = r->sharing,
						    .disposition =
							    r->disposition,
						    .options = r->options },
			       &created);

	if (nt_status_is_ok(status))
		r->objects[r->won++] = created.object;
	else if (status == r->loss)
		r->lost++;
	else
		r->other++;
	r->left--;
}

static void co_race_all(struct racer *r)
{
	r->left = 16;
	for (int i = 0; i < 16; i++)
		assert_non_null(loop_spawn(co_race, r));
	while (r->left)
		assert_int_equal(0, loop_co_sleep(loop_ms(1)));
	assert_int_equal(0, r->other);
	for (int i = 0; i < r->won; i++)
		desk_co_close(r->objects[i]);
}

YARD_TEST(of_many_who_create_one_wins)
{
	struct desk d;
	struct racer r = { .d = &d,
			   .disposition = FILE_CREATE,
			   .sharing = DESK_ALL,
			   .loss = NT_STATUS_OBJECT_NAME_COLLISION };

	desk_begin(&d, y);
	co_race_all(&r);
	assert_int_equal(1, r.won);
	assert_int_equal(15, r.lost);
	desk_end(&d);
}

YARD_TEST(of_many_who_make_a_directory_all_open_it)
{
	struct desk d;
	struct racer r = { .d = &d,
			   .disposition = FILE_OPEN_IF,
			   .options = FILE_DIRECTORY_FILE,
			   .sharing = DESK_ALL };

	desk_begin(&d, y);
	co_race_all(&r);
	assert_int_equal(16, r.won);
	desk_end(&d);
}

YARD_TEST(of_many_who_do_not_share_one_wins)
{
	struct desk d;
	struct racer r = { .d = &d,
			   .disposition = FILE_OPEN_IF,
			   .sharing = 0,
			   .loss = NT_STATUS_SHARING_VIOLATION };

	desk_begin(&d, y);
	co_race_all(&r);
	assert_int_equal(1, r.won);
	assert_int_equal(15, r.lost);
	desk_end(&d);
}

int main(void)
{
	const struct CMUnitTest tests[] = {
		cmocka_unit_test(each_disposition_tells_what_it_did),
		cmocka_unit_test(files_and_directories_are_not_mixed_up),
		cmocka_unit_test(opens_that_do_not_share_exclude_each_other),
		cmocka_unit_test(attributes_are_given_kept_and_protect),
		cmocka_unit_test(the_maximum_is_granted_and_told),
		cmocka_unit_test(each_user_may_do_what_linux_lets_him),
		cmocka_unit_test(a_read_only_share_refuses_every_change),
		cmocka_unit_test(links_are_followed_and_not_seen),
		cmocka_unit_test(links_that_are_shown_stop_the_walk),
		cmocka_unit_test(fifos_are_never_opened_for_data),
		cmocka_unit_test(space_is_reserved_and_descriptors_are_checked),
		cmocka_unit_test(of_many_who_create_one_wins),
		cmocka_unit_test(of_many_who_make_a_directory_all_open_it),
		cmocka_unit_test(of_many_who_do_not_share_one_wins),
	};

	return cmocka_run_group_tests(tests, NULL, NULL);
}
