/* Generated names of 8.3: MS-FSCC 2.1.5.2.1. */
#include "tests/fsa/house.h"

#include "gateway/fsa/short_name.h"

#define GOLDEN "A4FH36~0.HTM"

static const char *made(const char *name)
{
	uint16_t units[FSA_SHORT_MAX];
	size_t count = fsa_short_name_make(house_name(name), units);

	return house_text((struct smb_name){ units, (uint32_t)count });
}

static void names_of_8_3_are_known(void **state)
{
	static const char *const short_ones[] = { "A", "readme.txt",
						  "abcdefgh.abc", "A~B$.1",
						  "a-b" };
	static const char *const others[] = {
		"",   ".",       "..",    "abcdefghi", "a.abcd", "a b",
		"a.", ".bashrc", "a.b.c", "a+b",       "x.y ",
	};

	(void)state;
	for (size_t i = 0; i < sizeof(short_ones) / sizeof(*short_ones); i++)
		assert_true(fsa_short_name_is(house_name(short_ones[i])));
	for (size_t i = 0; i < sizeof(others) / sizeof(*others); i++)
		assert_false(fsa_short_name_is(house_name(others[i])));
}

static void what_is_made_is_a_name_of_8_3_that_is_known_again(void **state)
{
	static const char *const names[] = {
		"a long name.html",
		".bashrc",
		"a b",
		"x.",
		"one.two.three",
		"no extension at all",
		"+",
		"a.abcd",
		"trailing. . .",
	};

	(void)state;
	for (size_t i = 0; i < sizeof(names) / sizeof(*names); i++) {
		const char *name = made(names[i]);

		assert_true(fsa_short_name_is(house_name(name)));
		assert_true(fsa_short_name_is_made(house_name(name)));
	}
	assert_false(fsa_short_name_is_made(house_name("ABCDEF~")));
	assert_false(fsa_short_name_is_made(house_name("ABC_EF~1")));
	assert_false(fsa_short_name_is_made(house_name("readme.txt")));
	assert_string_equal(made("."), "");
	assert_string_equal(made(".."), "");
}

/* It is told to clients that keep it: it must not change with the program. */
static void a_short_name_is_the_same_always(void **state)
{
	(void)state;
	assert_string_equal(made("a long name.html"), GOLDEN);
	assert_string_equal(made("A LONG name.HTML"), GOLDEN);
	assert_string_not_equal(made("a long name2.html"), GOLDEN);
}

static void used_names_are_remembered_for_a_while(void **state)
{
	struct store_key dir = { 1, 2, 3 }, other = { 1, 2, 4 };
	struct fsa_tunnel *tunnel = NULL;
	char name[] = "AAAAAA~0";

	(void)state;
	assert_null(fsa_tunnel_find(tunnel, &dir, name, 0));
	fsa_tunnel_put(&tunnel, &dir, name, "first", 1);
	fsa_tunnel_put(&tunnel, &dir, name, "second", 1);
	assert_string_equal(fsa_tunnel_find(tunnel, &dir, "aaaaaa~0", 2),
			    "second");
	assert_null(fsa_tunnel_find(tunnel, &other, name, 2));
	assert_null(fsa_tunnel_find(tunnel, &dir, name, loop_ms(15001)));
	for (int i = 0; i < 40; i++) {
		name[7] = (char)('0' + i);
		fsa_tunnel_put(&tunnel, &dir, name, "more", 1);
	}
	assert_null(fsa_tunnel_find(tunnel, &dir, "AAAAAA~1", 2));
	assert_string_equal(fsa_tunnel_find(tunnel, &dir, name, 2), "more");
	free(tunnel);
}

HOUSE_TEST(a_file_is_found_by_its_short_name)
{
	struct smb_object *f, *same;
	struct smb_name name;
	char text[13];

	h->share.has_short_names = true;
	house_co_close(house_co_dir(h, "a long directory"));
	f = house_co_file(h, "a long directory\\a long name.html");
	name = house_co_facts(f).short_name;
	strcpy(text, house_text(name));
	assert_string_equal(text, GOLDEN);
	uint64_t index = house_co_facts(f).file.index;
	char path[64];

	snprintf(path, sizeof(path), "%s\\%s", made("a long directory"), text);
	same = house_co_open(h, path, FILE_READ_DATA, 0);
	assert_int_equal(house_co_facts(same).file.index, index);
	assert_string_equal(house_text(house_co_facts(same).path),
			    "\\a long directory\\a long name.html");
	house_co_close(same);
	house_co_close(f);
}

HOUSE_TEST(what_is_made_anew_by_its_short_name_keeps_the_long_one)
{
	h->share.has_short_names = true;
	house_co_close(house_co_file(h, "a long name.html"));
	house_co_close(house_co_open(h, GOLDEN, DELETE, FILE_DELETE_ON_CLOSE));
	assert_false(house_exists(h, "a long name.html"));
	house_co_close(house_co_file(h, GOLDEN));
	assert_true(house_exists(h, "a long name.html"));
	assert_false(house_exists(h, GOLDEN));
}

HOUSE_TEST(a_share_without_short_names_has_none)
{
	struct smb_object *f = house_co_file(h, "a long name.html");

	assert_int_equal(house_co_facts(f).short_name.count, 0);
	house_co_close(house_co_file(h, GOLDEN));
	assert_true(house_exists(h, GOLDEN));
	house_co_close(f);
}

int main(void)
{
	const struct CMUnitTest tests[] = {
		cmocka_unit_test(names_of_8_3_are_known),
		cmocka_unit_test(
			what_is_made_is_a_name_of_8_3_that_is_known_again),
		cmocka_unit_test(a_short_name_is_the_same_always),
		cmocka_unit_test(used_names_are_remembered_for_a_while),
		cmocka_unit_test(a_file_is_found_by_its_short_name),
		cmocka_unit_test(
			what_is_made_anew_by_its_short_name_keeps_the_long_one),
		cmocka_unit_test(a_share_without_short_names_has_none),
	};

	return cmocka_run_group_tests(tests, NULL, NULL);
}
