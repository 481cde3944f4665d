/* Directories at two moments, and what differs. */
#include "tests/fsa/house.h"

#include "gateway/fsa/picture.h"

struct said {
	char text[256];
};

static void differs(void *arg, const char *name, enum fsa_difference what,
		    const struct store_stat *stat)
{
	struct said *said = arg;
	size_t used = strlen(said->text);

	snprintf(said->text + used, sizeof(said->text) - used, "%s%c%s%s",
		 used ? " " : "", "+-~"[what], name,
		 S_ISDIR(stat->mode) ? "/" : "");
}

static struct fsa_picture *co_take(struct house *h)
{
	struct fsa_picture *p = fsa_picture_co_take(h->share.tree, "d");

	assert_non_null(p);
	assert_true(fsa_picture_is_whole(p));
	return p;
}

static void expect(const struct fsa_picture *old, const struct fsa_picture *new,
		   const char *text)
{
	struct said said = { "" };

	fsa_picture_compare(old, new, differs, &said);
	assert_string_equal(said.text, text);
}

HOUSE_TEST(names_that_come_go_and_change_differ)
{
	struct fsa_picture *empty, *old, *new;

	yard_mkdir(h->y, "d");
	empty = co_take(h);
	yard_put(h->y, "d/b", "abc", 3);
	yard_put(h->y, "d/c", "abc", 3);
	yard_put(h->y, "d/same", "abc", 3);
	assert_int_equal(mkdir(yard_path(h->y, "d/sub"), 0755), 0);
	old = co_take(h);
	expect(empty, old, "+b +c +same +sub/");
	expect(old, empty, "-b -c -same -sub/");
	expect(old, old, "");
	assert_int_equal(unlink(yard_path(h->y, "d/b")), 0);
	yard_put(h->y, "d/a", "abc", 3);
	yard_put(h->y, "d/c", "longer", 6);
	yard_put(h->y, "d/sub/x", "", 0);
	new = co_take(h);
	expect(old, new, "+a -b ~c");
	fsa_picture_free(empty);
	fsa_picture_free(old);
	fsa_picture_free(new);
}

/* An entry that is another file by now differs, however alike it looks. */
HOUSE_TEST(another_file_of_the_name_differs)
{
	struct fsa_picture *old, *new;

	yard_mkdir(h->y, "d");
	yard_put(h->y, "d/f", "abc", 3);
	yard_put(h->y, "g", "abc", 3);
	old = co_take(h);
	assert_int_equal(rename(yard_path(h->y, "g"), yard_path(h->y, "d/f")),
			 0);
	new = co_take(h);
	expect(old, new, "~f");
	fsa_picture_free(old);
	fsa_picture_free(new);
}

HOUSE_TEST(of_too_many_entries_none_is_in_it)
{
	struct fsa_picture *p;
	char name[32];

	yard_mkdir(h->y, "d");
	for (int i = 0; i <= FSA_PICTURE_MAX; i++) {
		snprintf(name, sizeof(name), "d/%d", i);
		yard_put(h->y, name, "", 0);
	}
	p = fsa_picture_co_take(h->share.tree, "d");
	assert_non_null(p);
	assert_false(fsa_picture_is_whole(p));
	assert_true(S_ISDIR(fsa_picture_stat(p)->mode));
	fsa_picture_free(p);
}

HOUSE_TEST(what_is_no_directory_has_no_picture)
{
	yard_mkdir(h->y, "d");
	yard_put(h->y, "d/f", "abc", 3);
	assert_null(fsa_picture_co_take(h->share.tree, "d/f"));
	assert_null(fsa_picture_co_take(h->share.tree, "none"));
}

int main(void)
{
	const struct CMUnitTest tests[] = {
		cmocka_unit_test(names_that_come_go_and_change_differ),
		cmocka_unit_test(another_file_of_the_name_differs),
		cmocka_unit_test(of_too_many_entries_none_is_in_it),
		cmocka_unit_test(what_is_no_directory_has_no_picture),
	};

	return cmocka_run_group_tests(tests, NULL, NULL);
}
