/*
 * No path leads out of its tree, and a walk says where it ended.
 */
#include "tests/store/yard.h"

/* ---- where it ended ---- */

YARD_TEST(walk_says_how_many_components_were_good)
{
	static const struct {
		const char *path;
		int err;
		size_t good;
	} cases[] = {
		{ "", 0, 0 },
		{ "a", 0, 1 },
		{ "a/b/c", 0, 3 },
		{ "a//b/", 0, 2 },
		{ "link/b", 0, 2 },
		{ "missing", -ENOENT, 0 },
		{ "a/missing", -ENOENT, 1 },
		{ "a/missing/b/c/d/e/f", -ENOENT, 1 },
		{ "a/b/c/missing/d", -ENOENT, 3 },
		{ "file", -ENOTDIR, 0 },
		{ "a/b/file", -ENOTDIR, 2 },
		{ "a/b/file/c/d", -ENOTDIR, 2 },
		{ "a/out", -EXDEV, 1 },
		{ "a/out/x/y", -EXDEV, 1 },
		{ "a/b/absolute/x", -EXDEV, 2 },
		{ "a/b/loop/x", -ELOOP, 2 },
		{ "a/b/dangling/x/y", -ENOENT, 2 },
		{ "..", -EXDEV, 0 },
		{ "a/../../outside", -EXDEV, 2 },
		{ "/a", -EXDEV, 0 },
	};
	struct store_file *dir;
	size_t i, good;
	int err;

	yard_mkdir(y, "a");
	yard_mkdir(y, "a/b");
	yard_mkdir(y, "a/b/c");
	yard_put(y, "file", "", 0);
	yard_put(y, "a/b/file", "", 0);
	yard_link(y, "a", "link");
	yard_link(y, "../../outside", "a/out");
	yard_link(y, y->root, "a/b/absolute");
	yard_link(y, "loop", "a/b/loop");
	yard_link(y, "nowhere", "a/b/dangling");
	for (i = 0; i < sizeof(cases) / sizeof(cases[0]); i++) {
		good = 99;
		dir = NULL;
		err = store_co_walk(y->tree, NULL, cases[i].path, &dir, &good);
		if (err != cases[i].err || good != cases[i].good)
			fail_msg("%s: %d after %zu", cases[i].path, err, good);
		store_file_close(dir);
	}
}

YARD_ROOT_TEST(walk_says_where_the_user_was_stopped)
{
	struct store_creds *ann = yard_creds(YARD_ANN);
	struct store_file *dir;
	size_t good;

	yard_mkdir(y, "a");
	yard_mkdir(y, "a/shut");
	yard_mkdir(y, "a/shut/b");
	assert_int_equal(0, chmod(yard_path(y, "a/shut"), 0700));
	assert_int_equal(-EACCES, store_co_walk(y->tree, ann, "a/shut/b/c",
						&dir, &good));
	/* It can be reached itself; nothing below it can. */
	assert_int_equal(2, good);
	store_creds_unref(ann);
}

YARD_TEST(a_long_path_fails_where_it_should)
{
	char path[3 * 64 + 1] = "", part[8];
	struct store_file *dir;
	size_t good, i, stop;

	for (i = 0; i < 30; i++) {
		snprintf(part, sizeof(part), "%sd%02zu", i ? "/" : "", i);
		strcat(path, part);
		if (i < 20)
			yard_mkdir(y, path);
	}
	for (stop = 1; stop <= 30; stop++) {
		char prefix[sizeof(path)];
		int err;

		snprintf(prefix, sizeof(prefix), "%.*s", (int)(stop * 4 - 1),
			 path);
		err = store_co_walk(y->tree, NULL, prefix, &dir, &good);
		assert_int_equal(stop <= 20 ? 0 : -ENOENT, err);
		assert_int_equal(stop <= 20 ? stop : 20, good);
		if (!err)
			store_file_close(dir);
	}
}

/* ---- ways out ---- */

static void plant_ways_out(const struct yard *y)
{
	char target[64];

	yard_mkdir(y, "sub");
	yard_put(y, "inside", "inside", 6);
	yard_put(y, "sub/file", "file", 4);
	yard_link(y, "../outside/secret", "out");
	yard_link(y, "../../outside/secret", "sub/out");
	yard_link(y, "../outside", "out_dir");
	yard_link(y, "/etc/passwd", "absolute");
	yard_link(y, y->root, "absolute_inside");
	yard_link(y, "/proc/self/root/etc/passwd", "proc_root");
	snprintf(target, sizeof(target), "/proc/self/fd/%d", 0);
	yard_link(y, target, "magic");
	yard_link(y, "chain2", "chain1");
	yard_link(y, "out", "chain2");
	yard_link(y, "loop2", "loop1");
	yard_link(y, "loop1", "loop2");
	yard_link(y, "nothing", "dangling");
	yard_link(y, "inside", "good");
	yard_link(y, "../inside", "sub/good");
	yard_link(y, "../sub", "sub/itself");
}

struct way {
	const char *path;
	int follow, show; /* what opening it for reading says */
};

static const struct way ways[] = {
	{ "inside", 0, 0 },
	{ "good", 0, -ELOOP },
	{ "sub/good", 0, -ELOOP },
	{ "sub/itself/file", 0, -ELOOP },
	{ "sub/../inside", 0, 0 },
	{ "out", -EXDEV, -ELOOP },
	{ "sub/out", -EXDEV, -ELOOP },
	{ "out_dir/secret", -EXDEV, -ELOOP },
	{ "absolute", -EXDEV, -ELOOP },
	{ "absolute_inside/inside", -EXDEV, -ELOOP },
	{ "proc_root", -EXDEV, -ELOOP },
	{ "magic", -EXDEV, -ELOOP },
	{ "chain1", -EXDEV, -ELOOP },
	{ "loop1", -ELOOP, -ELOOP },
	{ "dangling", -ENOENT, -ELOOP },
	{ "..", -EXDEV, -EXDEV },
	{ "../outside/secret", -EXDEV, -EXDEV },
	{ "sub/../../outside/secret", -EXDEV, -EXDEV },
	{ "/etc/passwd", -EXDEV, -EXDEV },
	{ "/inside", -EXDEV, -EXDEV },
};

static void co_check_ways(struct store_tree *tree, bool follows)
{
	size_t i;

	for (i = 0; i < sizeof(ways) / sizeof(ways[0]); i++) {
		const struct way *w = &ways[i];
		int err = yard_co_try(tree, NULL, w->path, STORE_OPEN_READ);

		if (err != (follows ? w->follow : w->show))
			fail_msg("%s: %d", w->path, err);
	}
}

YARD_TEST(links_are_followed_inside_the_tree_only)
{
	plant_ways_out(y);
	co_check_ways(y->tree, true);
}

YARD_TEST(links_are_never_followed_where_they_are_shown)
{
	struct store_tree *tree =
		yard_tree(y, &(struct store_options){
				     .symlinks = STORE_SYMLINKS_SHOW });

	plant_ways_out(y);
	co_check_ways(tree, false);
	store_tree_unref(tree);
}

/* A tree of /proc itself: magic links must not work even there. */
YARD_TEST(magic_links_lead_nowhere)
{
	const struct store_options options = { .is_read_only = true };
	struct store_tree *proc = NULL;

	(void)y;
	assert_int_equal(0, store_tree_open("/proc", &options, &proc));
	assert_int_not_equal(0, yard_co_try(proc, NULL, "self/root/etc/passwd",
					    STORE_OPEN_READ));
	assert_int_not_equal(0, yard_co_try(proc, NULL, "self/cwd",
					    STORE_OPEN_READ));
	assert_int_equal(0, yard_co_try(proc, NULL, "self/status",
					STORE_OPEN_READ));
	store_tree_unref(proc);
}

/* ---- from a sub-directory ---- */

static int co_try_below(struct store_tree *tree, struct store_file *dir,
			const char *path, unsigned int flags)
{
	struct store_file *file = NULL;
	int err = store_co_open(tree, NULL, dir, path, flags, 0644, &file);

	store_file_close(file);
	return err;
}

YARD_TEST(a_link_up_but_inside_works_from_a_sub_directory)
{
	struct store_file *sub;

	plant_ways_out(y);
	sub = yard_co_open(y, "sub", STORE_OPEN_DIRECTORY);
	assert_int_equal(0,
			 co_try_below(y->tree, sub, "file", STORE_OPEN_READ));
	assert_int_equal(0,
			 co_try_below(y->tree, sub, "good", STORE_OPEN_READ));
	assert_int_equal(0, co_try_below(y->tree, sub, "itself/itself/good",
					 STORE_OPEN_READ));
	assert_int_equal(-EXDEV,
			 co_try_below(y->tree, sub, "out", STORE_OPEN_READ));
	assert_int_equal(-EXDEV, co_try_below(y->tree, sub, "../inside",
					      STORE_OPEN_READ));
	assert_int_equal(-EEXIST,
			 co_try_below(y->tree, sub, "good",
				      STORE_OPEN_WRITE | STORE_OPEN_CREATE));
	/* Its name is looked up when it is needed, not remembered. */
	assert_int_equal(0, rename(yard_path(y, "sub"), yard_path(y, "moved")));
	assert_int_equal(0,
			 co_try_below(y->tree, sub, "good", STORE_OPEN_READ));
	store_file_close(sub);
}

YARD_TEST(a_link_itself_can_be_opened_and_read)
{
	struct store_tree *shows =
		yard_tree(y, &(struct store_options){
				     .symlinks = STORE_SYMLINKS_SHOW });
	struct store_tree *trees[] = { y->tree, shows };
	struct store_file *link;
	struct store_stat st;
	char target[32], tight[17];
	size_t i;

	yard_link(y, "../outside/secret", "out");
	for (i = 0; i < 2; i++) {
		assert_int_equal(0,
				 store_co_open(trees[i], NULL, NULL, "out",
					       STORE_OPEN_NOFOLLOW, 0, &link));
		assert_int_equal(0, store_co_stat(link, &st));
		assert_true(S_ISLNK(st.mode));
		assert_int_equal(0, store_co_readlink(link, target, 32));
		assert_string_equal("../outside/secret", target);
		assert_int_equal(-ERANGE, store_co_readlink(link, tight, 17));
		assert_int_equal(-ELOOP, yard_co_try(trees[i], NULL, "out",
						     STORE_OPEN_NOFOLLOW |
							     STORE_OPEN_READ));
		store_file_close(link);
	}
	store_tree_unref(shows);
}

YARD_TEST(what_is_no_link_has_no_target)
{
	struct store_file *file;
	char target[32];

	yard_put(y, "file", "", 0);
	file = yard_co_open(y, "file", STORE_OPEN_PATH);
	assert_int_equal(-EINVAL, store_co_readlink(file, target, 32));
	store_file_close(file);
}

/* ---- a race ---- */

/* A directory and a link that leads out change places all the time. */
YARD_TEST(no_race_leads_out_of_the_tree)
{
	struct yard_flipper f = { .a = "d", .b = "way_out" };
	int i, err, opened = 0;
	struct store_file *file;
	char byte;

	yard_mkdir(y, "d");
	yard_put(y, "d/secret", "mine", 4);
	yard_link(y, "../outside", "way_out");
	yard_flip(y, &f);
	for (i = 0; i < 3000; i++) {
		err = store_co_open(y->tree, NULL, NULL, "d/secret",
				    STORE_OPEN_READ, 0, &file);
		if (err) {
			assert_int_equal(-EXDEV, err);
			continue;
		}
		assert_int_equal(1, pread(store_file_fd(file), &byte, 1, 0));
		assert_int_equal('m', byte);
		store_file_close(file);
		opened++;
	}
	yard_flip_end(&f);
	print_message("%d of 3000 opened, %u flips\n", opened, f.flips);
	assert_true(f.flips > 0);
}

/* A link with ".." in it while everything moves: found, not refused. */
YARD_TEST(renames_elsewhere_do_not_refuse_a_good_link)
{
	struct yard_flipper f = { .a = "d", .b = "way_out" };
	int i, failed = 0;

	yard_mkdir(y, "d");
	yard_mkdir(y, "sub");
	yard_put(y, "inside", "x", 1);
	yard_link(y, "../inside", "sub/good");
	yard_link(y, "nothing", "way_out");
	yard_flip(y, &f);
	for (i = 0; i < 500; i++)
		failed += yard_co_try(y->tree, NULL, "sub/good",
				      STORE_OPEN_READ) != 0;
	yard_flip_end(&f);
	assert_int_equal(0, failed);
}

int main(void)
{
	const struct CMUnitTest tests[] = {
		cmocka_unit_test(walk_says_how_many_components_were_good),
		cmocka_unit_test(walk_says_where_the_user_was_stopped),
		cmocka_unit_test(a_long_path_fails_where_it_should),
		cmocka_unit_test(links_are_followed_inside_the_tree_only),
		cmocka_unit_test(links_are_never_followed_where_they_are_shown),
		cmocka_unit_test(magic_links_lead_nowhere),
		cmocka_unit_test(
			a_link_up_but_inside_works_from_a_sub_directory),
		cmocka_unit_test(a_link_itself_can_be_opened_and_read),
		cmocka_unit_test(what_is_no_link_has_no_target),
		cmocka_unit_test(no_race_leads_out_of_the_tree),
		cmocka_unit_test(renames_elsewhere_do_not_refuse_a_good_link),
	};

	return cmocka_run_group_tests(tests, NULL, NULL);
}
