/* Locks of the kernel on parts of open files. */
#include "tests/store/yard.h"

/* What another program would find in its way there: F_UNLCK is nothing. */
static short found(struct yard *y, off_t start, off_t length)
{
	int fd = open(yard_path(y, "f"), O_RDWR);
	struct flock lock = { .l_type = F_WRLCK,
			      .l_whence = SEEK_SET,
			      .l_start = start,
			      .l_len = length };

	assert_true(fd >= 0);
	assert_int_equal(fcntl(fd, F_OFD_GETLK, &lock), 0);
	close(fd);
	return lock.l_type;
}

YARD_TEST(a_part_is_locked_changed_and_given_back)
{
	const struct store_span span = { 10, 5 };
	struct store_file *file;

	yard_put(y, "f", "", 0);
	file = yard_co_open(y, "f", STORE_OPEN_READ | STORE_OPEN_WRITE);
	assert_int_equal(store_co_lock(file, &span, STORE_LOCK_EXCLUSIVE), 0);
	assert_int_equal(found(y, 0, 10), F_UNLCK);
	assert_int_equal(found(y, 14, 1), F_WRLCK);
	assert_int_equal(found(y, 15, 0), F_UNLCK);
	assert_int_equal(store_co_lock(file, &span, STORE_LOCK_SHARED), 0);
	assert_int_equal(found(y, 10, 1), F_RDLCK);
	assert_int_equal(store_co_lock(file, &span, STORE_LOCK_NONE), 0);
	assert_int_equal(found(y, 0, 0), F_UNLCK);
	store_file_close(file);
}

YARD_TEST(opens_of_this_process_exclude_each_other_and_end_with_their_file)
{
	const struct store_span all = { 0, STORE_SPAN_REST };
	struct store_file *a, *b;

	yard_put(y, "f", "", 0);
	a = yard_co_open(y, "f", STORE_OPEN_READ | STORE_OPEN_WRITE);
	b = yard_co_open(y, "f", STORE_OPEN_READ | STORE_OPEN_WRITE);
	assert_int_equal(store_co_lock(a, &all, STORE_LOCK_SHARED), 0);
	assert_int_equal(store_co_lock(b, &all, STORE_LOCK_SHARED), 0);
	assert_int_equal(store_co_lock(b, &all, STORE_LOCK_EXCLUSIVE), -EAGAIN);
	store_file_close(a);
	assert_int_equal(store_co_lock(b, &all, STORE_LOCK_EXCLUSIVE), 0);
	assert_int_equal(found(y, INT64_MAX, 1), F_WRLCK);
	store_file_close(b);
}

YARD_TEST(a_lock_needs_a_file_of_its_kind)
{
	const struct store_span all = { 0, STORE_SPAN_REST };
	struct store_file *file;

	yard_put(y, "f", "", 0);
	file = yard_co_open(y, "f", STORE_OPEN_READ);
	assert_int_equal(store_co_lock(file, &all, STORE_LOCK_EXCLUSIVE),
			 -EBADF);
	store_file_close(file);
}

int main(void)
{
	const struct CMUnitTest tests[] = {
		cmocka_unit_test(a_part_is_locked_changed_and_given_back),
		cmocka_unit_test(
			opens_of_this_process_exclude_each_other_and_end_with_their_file),
		cmocka_unit_test(a_lock_needs_a_file_of_its_kind),
	};

	return cmocka_run_group_tests(tests, NULL, NULL);
}
