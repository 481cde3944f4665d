/* Facts of files as Windows has them: MS-FSCC 2.1.1, 2.4 and 2.6. */
#include <stdarg.h>
#include <stddef.h>

#include <setjmp.h>
#include <stdint.h>

#include <cmocka.h>

#include <stdlib.h>
#include <sys/stat.h>
#include <unistd.h>

#include "gateway/fsa/dosattr.h"
#include "gateway/fsa/object.h"
#include "gateway/fsa/windows.h"

static void times_are_the_same_both_ways(void **state)
{
	static const struct {
		struct timespec unix_time;
		uint64_t filetime;
	} cases[] = {
		{ { 0, 0 }, 116444736000000000u },
		{ { 1, 0 }, 116444736010000000u },
		{ { -1, 0 }, 116444735990000000u },
		{ { -1, 999999900 }, 116444735999999999u },
		{ { -11644473600, 0 }, 0 },
		{ { -11644473600, 100 }, 1 },
		{ { -63158400, 0 }, 115813152000000000u },          /* 1968 */
		{ { 2147483647, 999999900 }, 137919572479999999u }, /* 2038 */
		{ { 2147483648, 0 }, 137919572480000000u },
		{ { 4294967295, 0 }, 159394408950000000u },  /* 2106 */
		{ { 15032385535, 0 }, 266768591350000000u }, /* 2446: ext4 */
		{ { 910692730085, 477580700 }, INT64_MAX },
	};

	(void)state;
	for (size_t i = 0; i < sizeof(cases) / sizeof(cases[0]); i++) {
		struct timespec back = fsa_time_to_unix(cases[i].filetime);

		assert_int_equal(fsa_time_from_unix(&cases[i].unix_time),
				 cases[i].filetime);
		assert_int_equal(back.tv_sec, cases[i].unix_time.tv_sec);
		assert_int_equal(back.tv_nsec, cases[i].unix_time.tv_nsec);
	}
}

static void times_that_do_not_fit_end_at_the_edges(void **state)
{
	struct timespec early = { -11644473601, 999999999 };
	struct timespec earliest = { INT64_MIN, 0 };
	struct timespec late = { 910692730085, 477580800 };
	struct timespec latest = { INT64_MAX, 999999999 };

	(void)state;
	assert_int_equal(fsa_time_from_unix(&early), 0);
	assert_int_equal(fsa_time_from_unix(&earliest), 0);
	assert_int_equal(fsa_time_from_unix(&late), INT64_MAX);
	assert_int_equal(fsa_time_from_unix(&latest), INT64_MAX);
}

static void parts_of_100_ns_are_cut_off(void **state)
{
	struct timespec t = { -1, 199 };

	(void)state;
	assert_int_equal(fsa_time_from_unix(&t), 116444735990000001u);
}

static void any_filetime_becomes_a_legal_timespec(void **state)
{
	static const uint64_t some[] = {
		0, 1, INT64_MAX, UINT64_MAX, UINT64_MAX - 1, 9999999, 10000000
	};

	(void)state;
	for (size_t i = 0; i < sizeof(some) / sizeof(some[0]); i++) {
		struct timespec t = fsa_time_to_unix(some[i]);

		assert_in_range(t.tv_nsec, 0, 999999900);
	}
}

/* ---- facts of a stat ---- */

struct room {
	struct store_tree *tree;
	struct fsa_share share;
	struct fsa_volume volume;
	char path[32];
};

static int setup(void **state)
{
	static struct room room;
	struct store_options options = {};

	room = (struct room){ .path = "/tmp/smbgate-facts-XXXXXX" };
	assert_non_null(mkdtemp(room.path));
	assert_int_equal(store_tree_open(room.path, &options, &room.tree), 0);
	room.share = (struct fsa_share){ .tree = room.tree };
	room.volume = (struct fsa_volume){ .share = &room.share };
	*state = &room;
	return 0;
}

static int teardown(void **state)
{
	struct room *room = *state;

	store_tree_unref(room->tree);
	return rmdir(room->path);
}

static struct smb_file_facts facts_of(struct room *room, mode_t mode,
				      uint32_t attributes, const char *leaf)
{
	struct fsa_dosattr attr = { .attributes = attributes };
	struct store_stat stat = {
		.mode = mode,
		.links = 3,
		.size = 5,
		.allocated = 512,
		.key.inode = 77,
		.atime.tv_sec = 30,
		.mtime.tv_sec = 20,
		.ctime.tv_sec = 10,
	};
	struct smb_file_facts facts;

	fsa_facts_from_stat(&room->volume, &stat, &attr, leaf, &facts);
	return facts;
}

static void attributes_are_never_zero(void **state)
{
	static const struct {
		mode_t mode;
		uint32_t stored, shown;
		const char *leaf;
		bool hides_dot_files;
	} cases[] = {
		{ S_IFREG | 0644, 0, FILE_ATTRIBUTE_NORMAL, "f" },
		{ S_IFREG | 0644, FILE_ATTRIBUTE_NORMAL, FILE_ATTRIBUTE_NORMAL,
		  "f" },
		{ S_IFREG | 0444, 0, FILE_ATTRIBUTE_READONLY, "f" },
		{ S_IFREG | 0444, FILE_ATTRIBUTE_NORMAL, FILE_ATTRIBUTE_NORMAL,
		  "f" },
		{ S_IFREG | 0644, FILE_ATTRIBUTE_ARCHIVE,
		  FILE_ATTRIBUTE_ARCHIVE, "f" },
		{ S_IFREG | 0644, 0x80000000u, FILE_ATTRIBUTE_NORMAL, "f" },
		{ S_IFDIR | 0555, 0, FILE_ATTRIBUTE_DIRECTORY, "d" },
		{ S_IFDIR | 0755, FILE_ATTRIBUTE_HIDDEN,
		  FILE_ATTRIBUTE_DIRECTORY | FILE_ATTRIBUTE_HIDDEN, "d" },
		{ S_IFDIR | 0755, FILE_ATTRIBUTE_TEMPORARY,
		  FILE_ATTRIBUTE_DIRECTORY, "d" },
		{ S_IFLNK | 0777, 0, FILE_ATTRIBUTE_REPARSE_POINT, "l" },
		{ S_IFREG | 0644, 0, FILE_ATTRIBUTE_HIDDEN, ".f", true },
		{ S_IFREG | 0644, 0, FILE_ATTRIBUTE_HIDDEN, "...", true },
		{ S_IFREG | 0644, 0, FILE_ATTRIBUTE_NORMAL, ".f", false },
		{ S_IFDIR | 0755, 0, FILE_ATTRIBUTE_DIRECTORY, ".", true },
		{ S_IFDIR | 0755, 0, FILE_ATTRIBUTE_DIRECTORY, "..", true },
		{ S_IFDIR | 0755, 0, FILE_ATTRIBUTE_DIRECTORY, "", true },
	};
	struct room *room = *state;

	for (size_t i = 0; i < sizeof(cases) / sizeof(cases[0]); i++) {
		room->share.hides_dot_files = cases[i].hides_dot_files;
		struct smb_file_facts facts =
			facts_of(room, cases[i].mode, cases[i].stored,
				 cases[i].leaf);

		assert_int_equal(facts.attributes, cases[i].shown);
	}
	room->share.hides_dot_files = false;
}

static void files_have_sizes_and_directories_have_none(void **state)
{
	struct room *room = *state;
	struct smb_file_facts file = facts_of(room, S_IFREG | 0644, 0, "f");
	struct smb_file_facts dir = facts_of(room, S_IFDIR | 0755, 0, "d");

	assert_int_equal(file.end_of_file, 5);
	assert_int_equal(file.allocation, 4096);
	assert_int_equal(file.links, 3);
	assert_int_equal(file.index, 77);
	assert_false(file.is_directory);
	assert_int_equal(dir.end_of_file, 0);
	assert_int_equal(dir.allocation, 0);
	assert_int_equal(dir.links, 1);
	assert_true(dir.is_directory);
}

static void without_a_birth_time_the_earliest_one_is_shown(void **state)
{
	struct room *room = *state;
	struct smb_file_facts facts = facts_of(room, S_IFREG | 0644, 0, "f");
	struct timespec earliest = { 10, 0 };

	assert_int_equal(facts.creation, fsa_time_from_unix(&earliest));
}

static void a_stored_birth_time_wins(void **state)
{
	struct room *room = *state;
	struct store_stat stat = { .mode = S_IFREG | 0644, .has_btime = true };
	struct fsa_dosattr attr = { .has_creation = true, .creation = 99 };
	struct smb_file_facts facts;

	fsa_facts_from_stat(&room->volume, &stat, &attr, "f", &facts);
	assert_int_equal(facts.creation, 99);
}

static void what_is_no_file_is_a_reparse_point(void **state)
{
	struct room *room = *state;

	assert_int_equal(facts_of(room, S_IFLNK | 0777, 0, "l").reparse_tag,
			 FSA_TAG_SYMLINK);
	assert_int_equal(facts_of(room, S_IFIFO | 0600, 0, "p").reparse_tag,
			 FSA_TAG_NFS);
	assert_int_equal(facts_of(room, S_IFREG | 0600, 0, "f").reparse_tag, 0);
}

int main(void)
{
	const struct CMUnitTest tests[] = {
		cmocka_unit_test(times_are_the_same_both_ways),
		cmocka_unit_test(times_that_do_not_fit_end_at_the_edges),
		cmocka_unit_test(parts_of_100_ns_are_cut_off),
		cmocka_unit_test(any_filetime_becomes_a_legal_timespec),
		cmocka_unit_test(attributes_are_never_zero),
		cmocka_unit_test(files_have_sizes_and_directories_have_none),
		cmocka_unit_test(
			without_a_birth_time_the_earliest_one_is_shown),
		cmocka_unit_test(a_stored_birth_time_wins),
		cmocka_unit_test(what_is_no_file_is_a_reparse_point),
	};

	return cmocka_run_group_tests(tests, setup, teardown);
}
