/* The ladder: what is asked at each step, and what is made of the answer. */
#include "tests/fuse/cm.h"

#include "fuse/init.h"

#define MESSAGES (2u << 20)

static void the_first_step_is_old_and_short(void **state)
{
	const struct fusefs_who who = { 0 };
	struct fusefs_request r;

	(void)state;
	fusefs_init_request(0, &who, &r);
	assert_int_equal(r.body_size, 16);
	assert_int_equal(r.body.init.minor, 13);
	assert_false(r.body.init.flags & FUSE_SPLICE_WRITE);
	fusefs_init_request(1, &who, &r);
	assert_int_equal(r.body.init.minor, 31);
}

static void limits_follow_from_the_answer(void **state)
{
	static const struct {
		unsigned int step;
		uint32_t flags, max_write;
		size_t messages;
		uint32_t read_max, write_max;
	} cases[] = {
		/* An old program, and one that makes room for more. */
		{ 0, 0, 1 << 20, MESSAGES, 128 << 10, 128 << 10 },
		{ 0, FUSE_MAX_PAGES, 1 << 20, MESSAGES, 1 << 20, 1 << 20 },
		{ 0, FUSE_MAX_PAGES, 1 << 30, MESSAGES, 1 << 20, 1 << 20 },
		/* One that takes less; and one that says nonsense. */
		{ 0, 0, 64 << 10, MESSAGES, 128 << 10, 64 << 10 },
		{ 0, 0, 0, MESSAGES, 128 << 10, 4096 },
		/* A socket that takes less. */
		{ 0, FUSE_MAX_PAGES, 1 << 20, 200000, 199744, 199744 },
		/* One that splices. */
		{ 1, FUSE_MAX_PAGES, 1 << 20, MESSAGES, 48 << 10, 1 << 20 },
	};

	(void)state;
	for (size_t i = 0; i < sizeof(cases) / sizeof(cases[0]); i++) {
		struct fuse_init_out out = { .major = 7,
					     .minor = 31,
					     .flags = cases[i].flags,
					     .max_write = cases[i].max_write };
		struct fusefs_limits limits;

		assert_int_equal(fusefs_init_take(cases[i].step, &out,
						  cases[i].step ? sizeof(out)
								: 24,
						  cases[i].messages, &limits),
				 0);
		assert_int_equal(limits.read_max, cases[i].read_max);
		assert_int_equal(limits.write_max, cases[i].write_max);
		assert_int_equal(limits.minor, cases[i].step ? 31 : 13);
	}
}

static void only_flags_that_were_asked_for_count(void **state)
{
	struct fuse_init_out out = {
		.major = 7, .minor = 13, .flags = UINT32_MAX, .max_write = 65536
	};
	struct fusefs_limits limits;

	(void)state;
	assert_int_equal(fusefs_init_take(0, &out, 24, MESSAGES, &limits), 0);
	assert_false(limits.flags & FUSE_WRITEBACK_CACHE);
	assert_true(limits.flags & FUSE_ATOMIC_O_TRUNC);
}

static void what_is_no_answer_is_refused(void **state)
{
	struct fuse_init_out out = { .major = 7, .minor = 13 };
	struct fusefs_limits limits;

	(void)state;
	assert_int_equal(fusefs_init_take(0, &out, 23, MESSAGES, &limits),
			 -EPROTO);
	assert_int_equal(fusefs_init_take(0, &out, sizeof(out) + 1, MESSAGES,
					  &limits),
			 -EPROTO);
	out.minor = 11;
	assert_int_equal(fusefs_init_take(0, &out, 24, MESSAGES, &limits),
			 -EPROTO);
	out = (struct fuse_init_out){ .major = 8, .minor = 13 };
	assert_int_equal(fusefs_init_take(0, &out, 24, MESSAGES, &limits),
			 -EPROTO);
}

int main(void)
{
	const struct CMUnitTest tests[] = {
		cmocka_unit_test(the_first_step_is_old_and_short),
		cmocka_unit_test(limits_follow_from_the_answer),
		cmocka_unit_test(only_flags_that_were_asked_for_count),
		cmocka_unit_test(what_is_no_answer_is_refused),
	};

	return cmocka_run_group_tests(tests, NULL, NULL);
}
