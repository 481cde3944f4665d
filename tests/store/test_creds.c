/*
 * Credentials: one identity for each distinct set, and back to none.
 */
#include "tests/store/yard.h"

#include <grp.h>
#include <sys/wait.h>

static void no_set_is_held_at_the_start(void)
{
	assert_int_equal(0, store_creds_count());
}

YARD_ROOT_TEST(equal_sets_are_one_whatever_the_order)
{
	const gid_t a[] = { 300, 100, 200, 100 }, b[] = { 100, 200, 300, 7 };
	struct store_creds *x, *z;

	(void)y;
	no_set_is_held_at_the_start();
	assert_int_equal(0, store_creds_get(YARD_ANN, 7, a, 4, &x));
	assert_int_equal(0, store_creds_get(YARD_ANN, 7, b, 4, &z));
	assert_ptr_equal(x, z);
	assert_int_equal(1, store_creds_count());
	assert_int_equal(YARD_ANN, store_creds_uid(x));
	assert_int_equal(7, store_creds_gid(x));
	assert_true(store_creds_has_group(x, 7));
	assert_true(store_creds_has_group(x, 200));
	assert_false(store_creds_has_group(x, 201));
	assert_false(store_creds_is_own(x));
	store_creds_unref(x);
	assert_int_equal(1, store_creds_count());
	store_creds_unref(z);
	assert_int_equal(0, store_creds_count());
}

/* So credentials travel from worker to worker. */
YARD_ROOT_TEST(a_user_makes_the_same_set_again)
{
	const gid_t groups[] = { 300, 100 };
	struct store_creds *x, *z;
	struct store_user *user;

	(void)y;
	assert_int_equal(0, store_creds_get(YARD_ANN, 7, groups, 2, &x));
	user = store_creds_user(x);
	assert_non_null(user);
	assert_int_equal(YARD_ANN, user->uid);
	assert_int_equal(7, user->gid);
	assert_int_equal(2, user->group_count);
	assert_int_equal(0, store_creds_get(user->uid, user->gid, user->groups,
					    user->group_count, &z));
	assert_ptr_equal(x, z);
	free(user);
	store_creds_unref(x);
	store_creds_unref(z);
}

YARD_ROOT_TEST(sets_that_differ_in_anything_are_two)
{
	const gid_t groups[] = { 100 };
	struct store_creds *sets[4];
	size_t i;

	(void)y;
	assert_int_equal(0, store_creds_get(YARD_ANN, 7, NULL, 0, &sets[0]));
	assert_int_equal(0, store_creds_get(YARD_ANN, 7, groups, 1, &sets[1]));
	assert_int_equal(0, store_creds_get(YARD_ANN, 8, NULL, 0, &sets[2]));
	assert_int_equal(0, store_creds_get(YARD_BOB, 7, NULL, 0, &sets[3]));
	assert_int_equal(4, store_creds_count());
	for (i = 0; i < 4; i++)
		store_creds_unref(sets[i]);
	assert_int_equal(0, store_creds_count());
}

YARD_TEST(the_process_itself_needs_no_identity)
{
	gid_t groups[256];
	int count = getgroups(256, groups);
	struct store_creds *c;

	(void)y;
	assert_true(count >= 0);
	assert_int_equal(0, store_creds_get(geteuid(), getegid(), groups,
					    (size_t)count, &c));
	assert_true(store_creds_is_own(c));
	store_creds_unref(c);
}

YARD_TEST(too_many_groups_are_refused)
{
	gid_t *groups = calloc(65537, sizeof(gid_t));
	struct store_creds *c;

	(void)y;
	assert_non_null(groups);
	assert_int_equal(-EINVAL,
			 store_creds_get(YARD_ANN, 7, groups, 65537, &c));
	free(groups);
}

/* Personalities are few: each logon that leaks one brings the end nearer. */
YARD_ROOT_TEST(ten_thousand_logons_leave_nothing_behind)
{
	struct store_creds *held = yard_creds(YARD_BOB);
	int i;

	for (i = 0; i < 10000; i++) {
		uid_t uid = YARD_ANN + 10 + (uid_t)i % 7;
		struct store_creds *c = yard_creds(uid);

		assert_int_equal(2, store_creds_count());
		store_creds_unref(c);
	}
	assert_int_equal(1, store_creds_count());
	/* And one can still be had that works. */
	yard_put(y, "own", "x", 1);
	assert_int_equal(0, chmod(yard_path(y, "own"), 0600));
	assert_int_equal(0, chown(yard_path(y, "own"), YARD_BOB, YARD_BOB));
	assert_int_equal(0, yard_co_try(y->tree, held, "own", STORE_OPEN_READ));
	store_creds_unref(held);
	assert_int_equal(0, store_creds_count());
}

YARD_ROOT_TEST(a_file_of_one_user_is_refused_to_another)
{
	struct store_creds *ann = yard_creds(YARD_ANN);
	struct store_creds *bob = yard_creds(YARD_BOB);

	yard_put(y, "anns", "x", 1);
	assert_int_equal(0, chmod(yard_path(y, "anns"), 0600));
	assert_int_equal(0, chown(yard_path(y, "anns"), YARD_ANN, YARD_ANN));
	assert_int_equal(0, yard_co_try(y->tree, ann, "anns",
					STORE_OPEN_READ | STORE_OPEN_WRITE));
	assert_int_equal(-EACCES,
			 yard_co_try(y->tree, bob, "anns", STORE_OPEN_READ));
	assert_int_equal(-EACCES,
			 yard_co_try(y->tree, bob, "anns", STORE_OPEN_WRITE));
	/* Facts are for all who reach the directory. */
	assert_int_equal(0, yard_co_try(y->tree, bob, "anns", STORE_OPEN_PATH));
	store_creds_unref(ann);
	store_creds_unref(bob);
}

YARD_ROOT_TEST(a_group_opens_what_it_owns)
{
	const gid_t groups[] = { 31000, 30000 };
	struct store_creds *with, *without = yard_creds(YARD_BOB);

	yard_put(y, "ours", "x", 1);
	assert_int_equal(0, chmod(yard_path(y, "ours"), 0040));
	assert_int_equal(0, chown(yard_path(y, "ours"), YARD_ANN, 30000));
	assert_int_equal(0,
			 store_creds_get(YARD_BOB, YARD_BOB, groups, 2, &with));
	assert_int_equal(0,
			 yard_co_try(y->tree, with, "ours", STORE_OPEN_READ));
	assert_int_equal(-EACCES, yard_co_try(y->tree, without, "ours",
					      STORE_OPEN_READ));
	store_creds_unref(with);
	store_creds_unref(without);
}

static void co_check_one_identity(void *arg)
{
	bool *ret_is_right = arg;
	struct store_creds *creds = NULL;

	*ret_is_right = !store_creds_get(YARD_ANN, 7, NULL, 0, &creds) &&
			store_creds_is_own(creds) &&
			store_creds_uid(creds) == YARD_ANN;
	store_creds_unref(creds);
	loop_stop(loop_current());
}

static bool has_one_identity(void)
{
	const struct loop_options options = { .engine = LOOP_ENGINE_AUTO };
	bool is_right = false;
	struct loop *loop;

	if (setgroups(0, NULL) || setresgid(65534, 65534, 65534) ||
	    setresuid(65534, 65534, 65534) || loop_new(&options, &loop))
		return false;
	loop_spawn(co_check_one_identity, &is_right);
	loop_run(loop);
	loop_free(loop);
	return is_right;
}

/* No CAP_SETUID: all is done as the process, whoever asks, and it is said. */
static void a_process_without_rights_has_one_identity(void **state)
{
	int status = -1;
	pid_t child;

	(void)state;
	if (geteuid()) {
		print_message("needs root\n");
		skip();
	}
	child = fork();
	if (!child)
		_exit(has_one_identity() ? 0 : 1);
	assert_int_equal(child, waitpid(child, &status, 0));
	assert_int_equal(0, status);
}

int main(void)
{
	const struct CMUnitTest tests[] = {
		cmocka_unit_test(equal_sets_are_one_whatever_the_order),
		cmocka_unit_test(a_user_makes_the_same_set_again),
		cmocka_unit_test(sets_that_differ_in_anything_are_two),
		cmocka_unit_test(the_process_itself_needs_no_identity),
		cmocka_unit_test(too_many_groups_are_refused),
		cmocka_unit_test(ten_thousand_logons_leave_nothing_behind),
		cmocka_unit_test(a_file_of_one_user_is_refused_to_another),
		cmocka_unit_test(a_group_opens_what_it_owns),
		cmocka_unit_test(a_process_without_rights_has_one_identity),
	};

	return cmocka_run_group_tests(tests, NULL, NULL);
}
