/* New names for streams: MS-FSA 2.1.5.15.11.1. */
#include "tests/fsa/house.h"

#include <sys/xattr.h>

static enum nt_status co_rename(struct smb_object *object, const char *to,
				bool is_replace)
{
	return house_co_set(object,
			    (struct smb_set){ .kind = SMB_SET_RENAME,
					      .name = house_name(to),
					      .is_replace = is_replace });
}

static ssize_t co_size(struct house *h, const char *xattr)
{
	return getxattr(yard_path(h->y, "f"), xattr, NULL, 0);
}

static void co_write(struct smb_object *object, const char *text)
{
	const struct smb_write how = { .bytes = (const uint8_t *)text,
				       .length = (uint32_t)strlen(text) };

	assert_int_equal(NT_STATUS_SUCCESS,
			 fsa_object_ops.co_write(object, &how));
}

HOUSE_TEST(a_stream_gets_another_name)
{
	struct smb_object *a = house_co_file(h, "f:one");
	struct smb_object *b = house_co_file(h, "f:one");

	co_write(a, "abc");
	assert_int_equal(NT_STATUS_SUCCESS, co_rename(a, ":Two:$DATA", false));
	assert_int_equal(4, co_size(h, "user.DosStream.Two:$DATA"));
	assert_int_equal(-1, co_size(h, "user.DosStream.one:$DATA"));
	assert_string_equal("\\f:Two", house_text(house_co_facts(b).path));
	co_write(b, "abcd");
	assert_int_equal(5, co_size(h, "user.DosStream.Two:$DATA"));
	/* In case alone. */
	assert_int_equal(NT_STATUS_SUCCESS, co_rename(b, ":TWO", true));
	assert_int_equal(5, co_size(h, "user.DosStream.TWO:$DATA"));
	assert_int_equal(-1, co_size(h, "user.DosStream.Two:$DATA"));
	assert_int_equal(NT_STATUS_SUCCESS, co_rename(b, ":TWO", false));
	house_co_close(a);
	house_co_close(b);
}

HOUSE_TEST(only_an_empty_one_is_replaced)
{
	struct smb_object *a = house_co_file(h, "f:a");
	struct smb_object *b = house_co_file(h, "f:B");

	assert_int_equal(NT_STATUS_OBJECT_NAME_COLLISION,
			 co_rename(a, ":b", false));
	assert_int_equal(NT_STATUS_INVALID_PARAMETER, co_rename(a, ":b", true));
	co_write(b, "x");
	house_co_close(b);
	assert_int_equal(NT_STATUS_INVALID_PARAMETER, co_rename(a, ":b", true));
	b = house_co_file(h, "f:empty");
	house_co_close(b);
	assert_int_equal(NT_STATUS_SUCCESS, co_rename(a, ":EMPTY", true));
	assert_int_equal(-1, co_size(h, "user.DosStream.empty:$DATA"));
	assert_int_equal(1, co_size(h, "user.DosStream.EMPTY:$DATA"));
	house_co_close(a);
}

HOUSE_TEST(a_stream_becomes_the_files_data)
{
	struct smb_object *s = house_co_file(h, "f:s"), *f;
	char text[16] = {};
	int fd;

	co_write(s, "hello");
	assert_int_equal(NT_STATUS_OBJECT_NAME_COLLISION,
			 co_rename(s, "::$DATA", false));
	f = house_co_file(h, "f");
	assert_int_equal(NT_STATUS_SHARING_VIOLATION,
			 co_rename(s, "::$DATA", true));
	house_co_close(f);
	assert_int_equal(NT_STATUS_SUCCESS, co_rename(s, "::$DATA", true));
	assert_int_equal(-1, co_size(h, "user.DosStream.s:$DATA"));
	assert_string_equal("\\f", house_text(house_co_facts(s).path));
	co_write(s, "j");
	fd = open(yard_path(h->y, "f"), O_RDONLY);
	assert_int_equal(5, read(fd, text, sizeof(text)));
	assert_string_equal("jello", text);
	close(fd);
	house_co_close(s);
	/* Not into a file that has data already. */
	s = house_co_file(h, "f:s");
	assert_int_equal(NT_STATUS_INVALID_PARAMETER,
			 co_rename(s, "::$DATA", true));
	house_co_close(s);
}

HOUSE_TEST(bad_names_and_kinds_are_refused)
{
	static const struct {
		const char *to;
		enum nt_status status;
	} cases[] = {
		{ ":", NT_STATUS_INVALID_PARAMETER },
		{ ":a:", NT_STATUS_INVALID_PARAMETER },
		{ ":a:b:$DATA", NT_STATUS_INVALID_PARAMETER },
		{ ":a/b", NT_STATUS_INVALID_PARAMETER },
		{ "::$INDEX_ALLOCATION", NT_STATUS_OBJECT_TYPE_MISMATCH },
		{ "f:b", NT_STATUS_SHARING_VIOLATION },
		{ "g", NT_STATUS_SHARING_VIOLATION },
	};
	struct smb_object *s = house_co_file(h, "f:s"), *d;

	for (size_t i = 0; i < sizeof(cases) / sizeof(cases[0]); i++)
		assert_int_equal(cases[i].status,
				 co_rename(s, cases[i].to, true));
	house_co_close(s);
	d = house_co_dir(h, "d");
	assert_int_equal(NT_STATUS_INVALID_PARAMETER,
			 co_rename(d, "::$DATA", true));
	assert_int_equal(NT_STATUS_INVALID_PARAMETER, co_rename(d, ":s", true));
	s = house_co_open(h, "d:s", FILE_ALL_ACCESS, 0);
	assert_int_equal(NT_STATUS_INVALID_PARAMETER,
			 co_rename(s, "::$DATA", true));
	house_co_close(s);
	house_co_close(d);
}

HOUSE_TEST(a_file_with_an_open_stream_keeps_its_name)
{
	struct smb_object *s = house_co_file(h, "f:s");
	struct smb_object *f = house_co_file(h, "f");

	assert_int_equal(NT_STATUS_ACCESS_DENIED, co_rename(f, "g", false));
	house_co_close(s);
	assert_int_equal(NT_STATUS_SUCCESS, co_rename(f, "g", false));
	house_co_close(f);
}

HOUSE_TEST(a_doomed_stream_gets_no_name)
{
	struct smb_object *s = house_co_file(h, "f:s");

	assert_int_equal(NT_STATUS_SUCCESS,
			 house_co_set(s, (struct smb_set){
						 .kind = SMB_SET_DISPOSITION,
						 .is_delete = true }));
	assert_int_equal(NT_STATUS_ACCESS_DENIED, co_rename(s, ":t", false));
	house_co_close(s);
}

int main(void)
{
	const struct CMUnitTest tests[] = {
		cmocka_unit_test(a_stream_gets_another_name),
		cmocka_unit_test(only_an_empty_one_is_replaced),
		cmocka_unit_test(a_stream_becomes_the_files_data),
		cmocka_unit_test(bad_names_and_kinds_are_refused),
		cmocka_unit_test(a_file_with_an_open_stream_keeps_its_name),
		cmocka_unit_test(a_doomed_stream_gets_no_name),
	};

	return cmocka_run_group_tests(tests, NULL, NULL);
}
