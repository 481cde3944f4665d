/* QUERY_DIRECTORY: MS-FSA 2.1.5.6.3. Tests directory.c and batch.c. */
#include "tests/fsa/house.h"

#include <sys/xattr.h>

#include "gateway/fsa/dosattr.h"

enum {
	LARGE = 20000,
	SEEN_MAX = LARGE + 2,
};

struct seen {
	char name[64];
	char short_name[16];
	struct smb_file_facts facts;
};

/* What the calls gave so far. */
struct shelf {
	struct seen *at;
	size_t count;
	size_t room; /* entries that still fit in this call */
};

static bool take(void *arg, const struct smb_dir_entry *entry)
{
	struct shelf *shelf = arg;
	struct seen *seen = &shelf->at[shelf->count];

	if (shelf->room == 0)
		return false;
	assert_true(shelf->count < SEEN_MAX);
	snprintf(seen->name, sizeof(seen->name), "%s", house_text(entry->name));
	snprintf(seen->short_name, sizeof(seen->short_name), "%s",
		 house_text(entry->short_name));
	seen->facts = entry->facts;
	shelf->room--;
	shelf->count++;
	return true;
}

static void shelf_init(struct shelf *shelf)
{
	*shelf = (struct shelf){ .at = calloc(SEEN_MAX, sizeof(*shelf->at)) };
	assert_non_null(shelf->at);
}

static enum nt_status co_list(struct smb_object *d, struct shelf *shelf,
			      const char *pattern, size_t room,
			      struct smb_list how)
{
	shelf->room = room;
	how.pattern = house_name(pattern);
	how.take = take;
	how.arg = shelf;
	return fsa_object_ops.co_list(d, &how);
}

static const struct seen *find(const struct shelf *shelf, const char *name)
{
	for (size_t i = 0; i < shelf->count; i++)
		if (strcmp(shelf->at[i].name, name) == 0)
			return &shelf->at[i];
	return NULL;
}

/* Everything in one listing that starts afresh. */
static void co_list_all(struct smb_object *d, struct shelf *shelf,
			const char *pattern)
{
	struct smb_list how = { .is_reopen = true, .needs_facts = true };
	enum nt_status status;

	shelf->count = 0;
	do {
		status = co_list(d, shelf, pattern, 100, how);
		how.is_reopen = false;
	} while (status == NT_STATUS_SUCCESS);
	assert_true(status == NT_STATUS_NO_MORE_FILES ||
		    status == NT_STATUS_NO_SUCH_FILE);
}

HOUSE_TEST(the_dots_come_first)
{
	struct smb_object *d;
	struct shelf shelf;

	shelf_init(&shelf);
	yard_mkdir(h->y, "d");
	yard_put(h->y, "d/f", "abc", 3);
	d = house_co_dir(h, "d");
	co_list_all(d, &shelf, "*");
	assert_int_equal(shelf.count, 3);
	assert_string_equal(shelf.at[0].name, ".");
	assert_string_equal(shelf.at[1].name, "..");
	assert_string_equal(shelf.at[2].name, "f");
	assert_true(shelf.at[0].facts.is_directory);
	assert_int_equal(shelf.at[2].facts.end_of_file, 3);
	assert_int_equal(shelf.at[0].facts.index, house_co_facts(d).file.index);
	house_co_close(d);
	free(shelf.at);
}

HOUSE_TEST(facts_are_those_of_an_open)
{
	struct smb_object *root = house_co_dir(h, ""), *f;
	struct smb_file_facts a, b;
	struct shelf shelf;

	shelf_init(&shelf);
	f = house_co_file(h, "f");
	assert_int_equal(house_co_set(f,
				      (struct smb_set){ .kind = SMB_SET_BASIC,
							.attributes = 0x22,
							.creation = 1000000000,
							.write = 2000000000 }),
			 NT_STATUS_SUCCESS);
	co_list_all(root, &shelf, "*");
	assert_non_null(find(&shelf, "f"));
	a = find(&shelf, "f")->facts;
	b = house_co_facts(f).file;
	assert_int_equal(a.attributes, b.attributes);
	assert_int_equal(a.creation, b.creation);
	assert_int_equal(a.write, b.write);
	assert_int_equal(a.index, b.index);
	assert_int_equal(a.volume_id, b.volume_id);
	house_co_close(f);
	house_co_close(root);
	free(shelf.at);
}

/* MS-FSCC 2.4.10; as FileAllInformation counts them. */
HOUSE_TEST(the_size_of_eas_is_told_to_those_who_ask)
{
	struct smb_list how = { .is_reopen = true, .needs_facts = true };
	struct smb_object *d;
	struct shelf shelf;

	shelf_init(&shelf);
	yard_mkdir(h->y, "d");
	yard_put(h->y, "d/with", "", 0);
	yard_put(h->y, "d/without", "", 0);
	d = house_co_dir(h, "d");
	if (setxattr(yard_path(h->y, "d/with"), "user.ONE", "1", 1, 0) < 0) {
		print_message("no xattrs here\n");
		goto close;
	}
	/* What is kept in others is no EA. */
	assert_int_equal(setxattr(yard_path(h->y, "d/without"),
				  FSA_DOSATTR_NAME, "0x2", 4, 0),
			 0);
	assert_int_equal(setxattr(yard_path(h->y, "d"), "user.TWO", "22", 2, 0),
			 0);
	assert_int_equal(co_list(d, &shelf, "*", 3, how), NT_STATUS_SUCCESS);
	assert_int_equal(shelf.at[2].facts.ea_size, 0);
	/* Those that are left are looked at once more. */
	how.is_reopen = false;
	how.needs_ea_size = true;
	assert_int_equal(co_list(d, &shelf, "*", 3, how), NT_STATUS_SUCCESS);
	how.is_reopen = true;
	shelf.count = 0;
	assert_int_equal(co_list(d, &shelf, "*", 9, how), NT_STATUS_SUCCESS);
	assert_int_equal(find(&shelf, ".")->facts.ea_size, 8 + 4 + 2);
	assert_int_equal(find(&shelf, "..")->facts.ea_size, 0);
	assert_int_equal(find(&shelf, "with")->facts.ea_size, 8 + 4 + 1);
	assert_int_equal(find(&shelf, "without")->facts.ea_size, 0);
	assert_true(find(&shelf, "without")->facts.attributes & 2);
close:
	house_co_close(d);
	free(shelf.at);
}

static void put_many(struct house *h, unsigned int count)
{
	char name[32];

	for (unsigned int i = 0; i < count; i++) {
		snprintf(name, sizeof(name), "f%05u.txt", i);
		yard_put(h->y, name, "", 0);
	}
}

static void assert_all_once(const struct shelf *shelf, unsigned int count)
{
	bool *seen = calloc(count, 1);

	for (size_t i = 0; i < shelf->count; i++) {
		unsigned int n;

		if (sscanf(shelf->at[i].name, "f%u", &n) != 1)
			continue;
		assert_true(n < count);
		assert_false(seen[n]);
		seen[n] = true;
	}
	for (unsigned int i = 0; i < count; i++)
		assert_true(seen[i]);
	free(seen);
}

HOUSE_TEST(each_entry_comes_once_however_small_the_buffer)
{
	static const size_t rooms[] = { 1, 2, 7, 64, 65, 1000 };
	struct smb_object *root;
	struct shelf shelf;

	shelf_init(&shelf);
	put_many(h, 300);
	root = house_co_dir(h, "");
	for (size_t i = 0; i < sizeof(rooms) / sizeof(rooms[0]); i++) {
		struct smb_list how = { .is_restart = true,
					.needs_facts = i % 2 };

		shelf.count = 0;
		while (co_list(root, &shelf, "*", rooms[i], how) ==
		       NT_STATUS_SUCCESS)
			how.is_restart = false;
		assert_int_equal(shelf.count, 302);
		assert_all_once(&shelf, 300);
	}
	house_co_close(root);
	free(shelf.at);
}

HOUSE_TEST(what_did_not_fit_is_the_first_of_the_next_call)
{
	struct smb_object *root = house_co_dir(h, "");
	struct smb_list how = { .needs_facts = true };
	struct shelf shelf;

	shelf_init(&shelf);
	put_many(h, 3);
	assert_int_equal(co_list(root, &shelf, "f*", 0, how),
			 NT_STATUS_SUCCESS);
	assert_int_equal(shelf.count, 0);
	assert_int_equal(co_list(root, &shelf, "", 9, how), NT_STATUS_SUCCESS);
	assert_int_equal(shelf.count, 3);
	assert_int_equal(co_list(root, &shelf, "", 9, how),
			 NT_STATUS_NO_MORE_FILES);
	house_co_close(root);
	free(shelf.at);
}

HOUSE_TEST(a_single_entry_is_one_entry)
{
	struct smb_object *root = house_co_dir(h, "");
	struct smb_list how = { .is_single = true };
	struct shelf shelf;

	shelf_init(&shelf);
	put_many(h, 2);
	for (size_t i = 1; i <= 4; i++) {
		assert_int_equal(co_list(root, &shelf, "*", 100, how),
				 NT_STATUS_SUCCESS);
		assert_int_equal(shelf.count, i);
	}
	assert_int_equal(co_list(root, &shelf, "*", 100, how),
			 NT_STATUS_NO_MORE_FILES);
	house_co_close(root);
	free(shelf.at);
}

HOUSE_TEST(nothing_found_is_told_apart_from_nothing_more)
{
	static const char *const none[] = { "x*", "x", "a?b", "CON:" };
	struct smb_object *root = house_co_dir(h, "");
	struct shelf shelf;

	shelf_init(&shelf);
	put_many(h, 2);
	for (size_t i = 0; i < sizeof(none) / sizeof(none[0]); i++) {
		struct smb_list how = { .is_reopen = true };

		assert_int_equal(co_list(root, &shelf, none[i], 9, how),
				 NT_STATUS_NO_SUCH_FILE);
	}
	house_co_close(root);
	free(shelf.at);
}

HOUSE_TEST(a_plain_name_is_found_whatever_its_case)
{
	struct smb_object *root = house_co_dir(h, "");
	struct shelf shelf;

	shelf_init(&shelf);
	yard_put(h->y, "Name.Txt", "12", 2);
	co_list_all(root, &shelf, "nAME.tXT");
	assert_int_equal(shelf.count, 1);
	assert_string_equal(shelf.at[0].name, "Name.Txt");
	assert_int_equal(shelf.at[0].facts.end_of_file, 2);
	house_co_close(root);
	free(shelf.at);
}

HOUSE_TEST(the_pattern_is_kept_until_the_scan_is_reopened)
{
	struct smb_object *root = house_co_dir(h, "");
	struct smb_list how = {}, again = { .is_restart = true },
			reopen = { .is_reopen = true };
	struct shelf shelf;

	shelf_init(&shelf);
	put_many(h, 2);
	yard_put(h->y, "g", "", 0);
	assert_int_equal(co_list(root, &shelf, "f*", 9, how),
			 NT_STATUS_SUCCESS);
	assert_int_equal(shelf.count, 2);
	assert_int_equal(co_list(root, &shelf, "", 9, again),
			 NT_STATUS_SUCCESS);
	assert_int_equal(shelf.count, 4);
	assert_int_equal(co_list(root, &shelf, "g", 9, reopen),
			 NT_STATUS_SUCCESS);
	assert_int_equal(shelf.count, 5);
	assert_int_equal(co_list(root, &shelf, "", 9, reopen),
			 NT_STATUS_OBJECT_NAME_INVALID);
	assert_int_equal(co_list(root, &shelf, "a\\b", 9, reopen),
			 NT_STATUS_OBJECT_NAME_INVALID);
	house_co_close(root);
	free(shelf.at);
}

HOUSE_TEST(only_directories_that_may_be_listed_are_listed)
{
	struct smb_object *f = house_co_file(h, "f");
	struct smb_object *d =
		house_co_open(h, "", FILE_READ_ATTRIBUTES, FILE_DIRECTORY_FILE);
	struct smb_list how = {};
	struct shelf shelf;

	shelf_init(&shelf);
	assert_int_equal(co_list(f, &shelf, "*", 9, how),
			 NT_STATUS_INVALID_PARAMETER);
	assert_int_equal(co_list(d, &shelf, "*", 9, how),
			 NT_STATUS_ACCESS_DENIED);
	house_co_close(d);
	house_co_close(f);
	free(shelf.at);
}

HOUSE_TEST(entries_that_stay_are_seen_once_while_others_come_and_go)
{
	struct smb_object *root;
	struct smb_list how = { .needs_facts = true };
	struct shelf shelf;
	char name[32];
	unsigned int round = 0;

	shelf_init(&shelf);
	put_many(h, 400);
	root = house_co_dir(h, "");
	while (co_list(root, &shelf, "f*", 20, how) == NT_STATUS_SUCCESS) {
		snprintf(name, sizeof(name), "x%u", round++);
		yard_put(h->y, name, "", 0);
		snprintf(name, sizeof(name), "g%u", round);
		yard_put(h->y, name, "", 0);
		if (round > 1)
			snprintf(name, sizeof(name), "g%u", round - 1);
		(void)unlink(yard_path(h->y, name));
	}
	assert_all_once(&shelf, 400);
	house_co_close(root);
	free(shelf.at);
}

HOUSE_TEST(links_are_shown_as_what_they_lead_to)
{
	struct smb_object *root = house_co_dir(h, "");
	struct shelf shelf;

	shelf_init(&shelf);
	yard_put(h->y, "file", "12345", 5);
	yard_mkdir(h->y, "dir");
	yard_link(h->y, "file", "to-file");
	yard_link(h->y, "dir", "to-dir");
	yard_link(h->y, "nothing", "to-nothing");
	yard_link(h->y, "../outside/secret", "to-outside");
	co_list_all(root, &shelf, "*");
	assert_int_equal(find(&shelf, "to-file")->facts.end_of_file, 5);
	assert_int_equal(find(&shelf, "to-file")->facts.reparse_tag, 0);
	assert_true(find(&shelf, "to-dir")->facts.is_directory);
	assert_null(find(&shelf, "to-nothing"));
	assert_null(find(&shelf, "to-outside"));
	house_co_close(root);
	free(shelf.at);
}

HOUSE_TEST(links_that_are_not_followed_are_shown_themselves)
{
	const struct store_options options = { .symlinks =
						       STORE_SYMLINKS_SHOW };
	struct fsa_share share = h->share;
	struct smb_volume *mine = h->volume;
	struct smb_object *root;
	struct shelf shelf;

	shelf_init(&shelf);
	share.tree = yard_tree(h->y, &options);
	h->volume = house_volume(&share);
	yard_link(h->y, "nothing", "to-nothing");
	root = house_co_dir(h, "");
	co_list_all(root, &shelf, "*");
	assert_int_equal(find(&shelf, "to-nothing")->facts.reparse_tag,
			 FSA_TAG_SYMLINK);
	house_co_close(root);
	fsa_object_ops.disconnect(h->volume);
	h->volume = mine;
	store_tree_unref(share.tree);
	free(shelf.at);
}

HOUSE_TEST(odd_entries_do_not_end_a_listing)
{
	struct smb_object *root = house_co_dir(h, "");
	struct shelf shelf;

	shelf_init(&shelf);
	yard_put(h->y, "\xff\xfe bad", "", 0);
	yard_put(h->y, "a:b|c", "", 0);
	assert_int_equal(mkfifo(yard_path(h->y, "fifo"), 0600), 0);
	yard_put(h->y, "good", "", 0);
	co_list_all(root, &shelf, "*");
	assert_int_equal(shelf.count, 6);
	assert_non_null(find(&shelf, "good"));
	assert_int_equal(find(&shelf, "fifo")->facts.reparse_tag, FSA_TAG_NFS);
	house_co_close(root);
	free(shelf.at);
}

HOUSE_TEST(attributes_of_entries_are_read)
{
	static const char text[] = "0x22";
	struct smb_object *root = house_co_dir(h, "");
	struct shelf shelf;
	char name[32];

	shelf_init(&shelf);
	put_many(h, 100);
	for (unsigned int i = 0; i < 100; i += 2) {
		snprintf(name, sizeof(name), "f%05u.txt", i);
		if (setxattr(yard_path(h->y, name), FSA_DOSATTR_NAME, text,
			     sizeof(text), 0) < 0) {
			print_message("no xattrs here\n");
			goto close_root;
		}
	}
	co_list_all(root, &shelf, "f*");
	assert_int_equal(shelf.count, 100);
	for (size_t i = 0; i < shelf.count; i++) {
		unsigned int n;

		assert_int_equal(sscanf(shelf.at[i].name, "f%u", &n), 1);
		assert_int_equal(shelf.at[i].facts.attributes,
				 n % 2 ? FILE_ATTRIBUTE_NORMAL : 0x22);
	}
close_root:
	house_co_close(root);
	free(shelf.at);
}

HOUSE_TEST(long_names_come_with_short_ones)
{
	struct smb_object *root;
	struct shelf shelf;

	shelf_init(&shelf);
	h->share.has_short_names = true;
	yard_put(h->y, "a long name.html", "", 0);
	yard_put(h->y, "short.txt", "", 0);
	root = house_co_dir(h, "");
	co_list_all(root, &shelf, "*");
	assert_int_equal(shelf.count, 4);
	assert_string_equal(find(&shelf, "a long name.html")->short_name,
			    "A4FH36~0.HTM");
	assert_string_equal(find(&shelf, "short.txt")->short_name, "");
	assert_string_equal(find(&shelf, "..")->short_name, "");
	co_list_all(root, &shelf, "a?fh36~*.htm");
	assert_int_equal(shelf.count, 1);
	assert_string_equal(shelf.at[0].name, "a long name.html");
	co_list_all(root, &shelf, "A4FH36~0.HTM");
	assert_int_equal(shelf.count, 1);
	assert_string_equal(shelf.at[0].name, "a long name.html");
	co_list_all(root, &shelf, "*.htm");
	assert_int_equal(shelf.count, 0);
	house_co_close(root);
	free(shelf.at);
}

static uint64_t asked(void)
{
	const struct loop_counters *counters = loop_counters(loop_current());

	return counters->submitted + counters->hand_calls;
}

/* And what follows costs a few calls for each batch, not for each entry. */
HOUSE_TEST(a_large_directory_answers_before_it_is_read)
{
	struct smb_object *root;
	struct smb_list how = { .needs_facts = true };
	struct shelf shelf;
	uint64_t before;

	shelf_init(&shelf);
	put_many(h, LARGE);
	root = house_co_dir(h, "");
	before = asked();
	assert_int_equal(co_list(root, &shelf, "*", 10, how),
			 NT_STATUS_SUCCESS);
	assert_int_equal(shelf.count, 10);
	assert_true(asked() - before < 50);
	before = asked();
	while (co_list(root, &shelf, "*", 1000, how) == NT_STATUS_SUCCESS)
		;
	assert_true(asked() - before < LARGE / 8);
	assert_all_once(&shelf, LARGE);
	house_co_close(root);
	free(shelf.at);
}

int main(void)
{
	const struct CMUnitTest tests[] = {
		cmocka_unit_test(the_dots_come_first),
		cmocka_unit_test(facts_are_those_of_an_open),
		cmocka_unit_test(the_size_of_eas_is_told_to_those_who_ask),
		cmocka_unit_test(
			each_entry_comes_once_however_small_the_buffer),
		cmocka_unit_test(
			what_did_not_fit_is_the_first_of_the_next_call),
		cmocka_unit_test(a_single_entry_is_one_entry),
		cmocka_unit_test(nothing_found_is_told_apart_from_nothing_more),
		cmocka_unit_test(a_plain_name_is_found_whatever_its_case),
		cmocka_unit_test(
			the_pattern_is_kept_until_the_scan_is_reopened),
		cmocka_unit_test(
			only_directories_that_may_be_listed_are_listed),
		cmocka_unit_test(
			entries_that_stay_are_seen_once_while_others_come_and_go),
		cmocka_unit_test(links_are_shown_as_what_they_lead_to),
		cmocka_unit_test(
			links_that_are_not_followed_are_shown_themselves),
		cmocka_unit_test(odd_entries_do_not_end_a_listing),
		cmocka_unit_test(attributes_of_entries_are_read),
		cmocka_unit_test(long_names_come_with_short_ones),
		cmocka_unit_test(a_large_directory_answers_before_it_is_read),
	};

	return cmocka_run_group_tests(tests, NULL, NULL);
}
