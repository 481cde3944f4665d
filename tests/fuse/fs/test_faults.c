/* Rules of what goes wrong: read, counted, and answers spoilt by them. */
#include "tests/fuse/cm.h"

#include <errno.h>
#include <linux/fuse.h>
#include <string.h>

#include "fuse/fs/faults.h"

static struct faults faults;

static int tear_down(void **state)
{
	(void)state;
	faults_fini(&faults);
	return 0;
}

static void parse(const char *text)
{
	const char *why = "";

	assert_int_equal(faults_parse(&faults, text, &why), 0);
}

static enum faults_kind meet(enum faults_operation operation, const char *name)
{
	return faults_meet(&faults, operation, name).kind;
}

static void a_rule_is_met_by_its_operations(void **state)
{
	(void)state;
	parse("# what goes wrong\n\nread,write error EIO\n\tlookup  hang # so\n");

	assert_int_equal(meet(FAULTS_read, NULL), FAULTS_ERROR);
	assert_int_equal(faults_meet(&faults, FAULTS_write, NULL).value, EIO);
	assert_int_equal(meet(FAULTS_lookup, NULL), FAULTS_HANG);
	assert_int_equal(meet(FAULTS_getattr, NULL), FAULTS_NONE);
}

static void all_operations_have_a_star(void **state)
{
	(void)state;
	parse("* delay 1500ms");

	for (int i = 0; i < FAULTS_OPERATION_COUNT; i++)
		assert_int_equal(meet((enum faults_operation)i, NULL),
				 FAULTS_DELAY);
	parse("* delay 2s");
	assert_int_equal(faults_meet(&faults, FAULTS_read, NULL).value, 2000);
}

static void the_first_rule_counts(void **state)
{
	(void)state;
	parse("read short\n* crash");

	assert_int_equal(meet(FAULTS_read, NULL), FAULTS_SHORT);
	assert_int_equal(meet(FAULTS_write, NULL), FAULTS_CRASH);
}

static void names_are_patterns(void **state)
{
	(void)state;
	parse("open error 5 name=*.doc");

	assert_true(faults_want_names(&faults));
	assert_int_equal(meet(FAULTS_open, "a.doc"), FAULTS_ERROR);
	assert_int_equal(meet(FAULTS_open, "a.txt"), FAULTS_NONE);
	assert_int_equal(meet(FAULTS_open, NULL), FAULTS_NONE);
	parse("open error 5");
	assert_false(faults_want_names(&faults));
}

static void a_rule_counts(void **state)
{
	(void)state;
	parse("read error EIO after=2 times=2");

	assert_int_equal(meet(FAULTS_read, NULL), FAULTS_NONE);
	assert_int_equal(meet(FAULTS_read, NULL), FAULTS_NONE);
	assert_int_equal(meet(FAULTS_read, NULL), FAULTS_ERROR);
	assert_int_equal(meet(FAULTS_read, NULL), FAULTS_ERROR);
	assert_int_equal(meet(FAULTS_read, NULL), FAULTS_NONE);
}

static void mistakes_are_told_by_their_line(void **state)
{
	static const char *const texts[] = {
		"\nsing error EIO",
		"\nread burn",
		"\nread",
		"\nread delay",
		"\nread delay soon",
		"\nread error EWHAT",
		"\nread wrong",
		"\nread wrong thing",
		"\nread hang often",
		"\nread hang times=0",
		"\nread error 0",
	};
	const char *why;

	(void)state;
	for (size_t i = 0; i < sizeof(texts) / sizeof(*texts); i++) {
		why = NULL;
		assert_int_equal(faults_parse(&faults, texts[i], &why), 2);
		assert_non_null(why);
		assert_int_equal(faults.count, 0);
	}
}

/* ---- answers ---- */

struct sent {
	struct fuse_out_header head;
	uint8_t body[104];
};

static const struct sent right = { { sizeof(right), 0, 8 }, { 1, 2, 3 } };

static size_t spoil(const char *rule, struct fuse_out_header *ret_head,
		    size_t *ret_second)
{
	uint8_t bytes[sizeof(right) + FAULTS_LONGER];
	struct faults_rule met;
	size_t length;

	parse(rule);
	met = faults_meet(&faults, FAULTS_read, NULL);
	length = faults_spoil(&met, &right, sizeof(right), bytes, sizeof(bytes),
			      ret_second);
	memcpy(ret_head, bytes, sizeof(*ret_head));
	return length;
}

static void a_short_answer_is_a_right_one(void **state)
{
	struct fuse_out_header head;
	size_t second;

	(void)state;
	assert_int_equal(spoil("read short", &head, &second),
			 sizeof(head) + 52);
	assert_int_equal(head.len, sizeof(head) + 52);
	assert_int_equal(head.unique, 8);
	assert_int_equal(second, 0);
}

static void wrong_answers_are_wrong(void **state)
{
	struct fuse_out_header head;
	size_t second;

	(void)state;
	assert_int_equal(spoil("read wrong length", &head, &second),
			 sizeof(right));
	assert_int_not_equal(head.len, sizeof(right));
	spoil("read wrong unique", &head, &second);
	assert_int_not_equal(head.unique, 8);
	assert_true(spoil("read wrong stump", &head, &second) < sizeof(head));
	assert_int_equal(spoil("read wrong long", &head, &second),
			 sizeof(right) + FAULTS_LONGER);
	assert_int_equal(head.len, sizeof(right) + FAULTS_LONGER);
	assert_int_equal(spoil("read wrong empty", &head, &second),
			 sizeof(head));
	spoil("read wrong error", &head, &second);
	assert_true(head.error > 0 || head.error < -4096);
	spoil("read wrong twice", &head, &second);
	assert_int_equal(second, sizeof(right));
	assert_int_equal(spoil("read wrong garbage", &head, &second),
			 sizeof(right));
	assert_int_equal(head.len, sizeof(right));
}

int main(void)
{
	const struct CMUnitTest tests[] = {
		cmocka_unit_test_teardown(a_rule_is_met_by_its_operations,
					  tear_down),
		cmocka_unit_test_teardown(all_operations_have_a_star,
					  tear_down),
		cmocka_unit_test_teardown(the_first_rule_counts, tear_down),
		cmocka_unit_test_teardown(names_are_patterns, tear_down),
		cmocka_unit_test_teardown(a_rule_counts, tear_down),
		cmocka_unit_test_teardown(mistakes_are_told_by_their_line,
					  tear_down),
		cmocka_unit_test_teardown(a_short_answer_is_a_right_one,
					  tear_down),
		cmocka_unit_test_teardown(wrong_answers_are_wrong, tear_down),
	};

	return cmocka_run_group_tests(tests, NULL, NULL);
}
