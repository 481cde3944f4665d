/* Ranges that local programs see, and theirs that clients wait for. */
#include "tests/fsa/house.h"

/* A local program's view of the file. */
static int local_open(struct house *h)
{
	int fd = open(yard_path(h->y, "f"), O_RDWR);

	assert_true(fd >= 0);
	return fd;
}

static short found(int fd, off_t start, off_t length)
{
	struct flock lock = { .l_type = F_WRLCK,
			      .l_whence = SEEK_SET,
			      .l_start = start,
			      .l_len = length };

	assert_int_equal(fcntl(fd, F_OFD_GETLK, &lock), 0);
	return lock.l_type;
}

static int local_lock(int fd, short type)
{
	struct flock lock = { .l_type = type, .l_whence = SEEK_SET };

	return fcntl(fd, F_OFD_SETLK, &lock);
}

static enum nt_status co_lock(struct house *h, struct smb_object *object,
			      struct smb_lock lock, bool is_immediate)
{
	const struct smb_locks locks = { .locks = &lock,
					 .count = 1,
					 .is_immediate = is_immediate };

	return fsa_object_ops.co_lock(object, &h->call, &locks);
}

static enum nt_status co_unlock(struct house *h, struct smb_object *object,
				uint64_t offset, uint64_t length)
{
	return co_lock(h, object,
		       (struct smb_lock){ .offset = offset,
					  .length = length,
					  .is_unlock = true },
		       true);
}

static struct smb_object *co_file(struct house *h)
{
	h->share.locks_in_kernel = true;
	return house_co_file(h, "f");
}

HOUSE_TEST(local_programs_see_what_is_locked)
{
	const struct smb_lock exclusive = { 10, 10, true, false };
	const struct smb_lock shared = { 15, 10, false, false };
	struct smb_object *f = co_file(h);
	int fd = local_open(h);

	assert_int_equal(co_lock(h, f, exclusive, true), NT_STATUS_SUCCESS);
	assert_int_equal(found(fd, 10, 1), F_WRLCK);
	assert_int_equal(found(fd, 0, 10), F_UNLCK);
	assert_int_equal(co_unlock(h, f, 10, 10), NT_STATUS_SUCCESS);
	assert_int_equal(found(fd, 0, 0), F_UNLCK);
	assert_int_equal(co_lock(h, f, shared, true), NT_STATUS_SUCCESS);
	assert_int_equal(found(fd, 15, 1), F_RDLCK);
	house_co_close(f);
	assert_int_equal(found(fd, 0, 0), F_UNLCK);
	close(fd);
}

/* The kernel has one lock for both; what is left of two stays. */
HOUSE_TEST(what_is_still_locked_stays_so)
{
	const struct smb_lock shared = { 0, 10, false, false };
	const struct smb_lock more = { 5, 10, false, false };
	struct smb_object *f = co_file(h);
	int fd = local_open(h);

	assert_int_equal(co_lock(h, f, shared, true), NT_STATUS_SUCCESS);
	assert_int_equal(co_lock(h, f, more, true), NT_STATUS_SUCCESS);
	assert_int_equal(co_unlock(h, f, 0, 10), NT_STATUS_SUCCESS);
	assert_int_equal(found(fd, 0, 5), F_UNLCK);
	assert_int_equal(found(fd, 5, 1), F_RDLCK);
	assert_int_equal(found(fd, 9, 1), F_RDLCK);
	house_co_close(f);
	close(fd);
}

HOUSE_TEST(what_a_local_program_has_is_not_granted)
{
	const struct smb_lock all = { 0, UINT64_MAX, true, false };
	struct smb_object *f = co_file(h);
	int fd = local_open(h);

	assert_int_equal(local_lock(fd, F_RDLCK), 0);
	assert_int_equal(co_lock(h, f, all, true), NT_STATUS_LOCK_NOT_GRANTED);
	assert_int_equal(local_lock(fd, F_UNLCK), 0);
	assert_int_equal(co_lock(h, f, all, true), NT_STATUS_SUCCESS);
	assert_int_equal(local_lock(fd, F_RDLCK), -1);
	house_co_close(f);
	close(fd);
}

struct waiting {
	struct house *h;
	struct smb_object *object;
	struct smb_lock lock;
	bool is_over;
	enum nt_status status;
};

static void co_wait_for_lock(void *arg)
{
	struct waiting *w = arg;

	w->status = co_lock(w->h, w->object, w->lock, false);
	w->is_over = true;
}

static void co_until(const bool *is_so)
{
	for (int i = 0; i < 500 && !*is_so; i++)
		assert_int_equal(loop_co_sleep(loop_ms(10)), 0);
	assert_true(*is_so);
}

HOUSE_TEST(a_client_waits_for_a_local_program)
{
	struct smb_object *f = co_file(h);
	struct waiting w = { .h = h,
			     .object = f,
			     .lock = { 0, 1, true, false } };
	int fd = local_open(h);

	assert_int_equal(local_lock(fd, F_WRLCK), 0);
	assert_non_null(loop_spawn(co_wait_for_lock, &w));
	assert_int_equal(loop_co_sleep(loop_ms(150)), 0);
	assert_false(w.is_over);
	assert_int_equal(h->asyncs, 1);
	assert_int_equal(local_lock(fd, F_UNLCK), 0);
	co_until(&w.is_over);
	assert_int_equal(w.status, NT_STATUS_SUCCESS);
	assert_int_equal(found(fd, 0, 1), F_WRLCK);
	house_co_close(f);
	close(fd);
}

HOUSE_TEST(a_wait_that_is_cancelled_keeps_nothing)
{
	struct smb_object *f = co_file(h);
	struct waiting w = { .h = h,
			     .object = f,
			     .lock = { 0, 1, true, false } };
	struct loop_fiber *fiber;
	int fd = local_open(h);

	assert_int_equal(local_lock(fd, F_WRLCK), 0);
	fiber = loop_spawn(co_wait_for_lock, &w);
	assert_int_equal(loop_co_sleep(loop_ms(20)), 0);
	loop_cancel(fiber);
	co_until(&w.is_over);
	assert_int_equal(w.status, NT_STATUS_CANCELLED);
	assert_int_equal(co_unlock(h, f, 0, 1), NT_STATUS_RANGE_NOT_LOCKED);
	house_co_close(f);
	close(fd);
}

HOUSE_TEST(without_the_option_nobody_sees_anything)
{
	const struct smb_lock all = { 0, 10, true, false };
	struct smb_object *f = house_co_file(h, "f");
	int fd = local_open(h);

	assert_int_equal(co_lock(h, f, all, true), NT_STATUS_SUCCESS);
	assert_int_equal(found(fd, 0, 0), F_UNLCK);
	house_co_close(f);
	close(fd);
}

int main(void)
{
	const struct CMUnitTest tests[] = {
		cmocka_unit_test(local_programs_see_what_is_locked),
		cmocka_unit_test(what_is_still_locked_stays_so),
		cmocka_unit_test(what_a_local_program_has_is_not_granted),
		cmocka_unit_test(a_client_waits_for_a_local_program),
		cmocka_unit_test(a_wait_that_is_cancelled_keeps_nothing),
		cmocka_unit_test(without_the_option_nobody_sees_anything),
	};

	return cmocka_run_group_tests(tests, NULL, NULL);
}
