/* LOCK: MS-FSA 2.1.5.8, MS-SMB2 3.3.5.14; LK-1 to LK-5, LK-8. */
#include "tests/fsa/desk.h"

#include <pthread.h>

struct locker {
	struct smb_call call; /* first */
	struct smb_object *object;
	struct smb_lock lock;
	struct loop_fiber *fiber;
	bool is_waiting, is_over;
	enum nt_status status;
};

static void going_async(struct smb_call *call)
{
	((struct locker *)(void *)call)->is_waiting = true;
}

static enum nt_status co_lock_many(struct smb_object *object,
				   const struct smb_lock *locks, uint32_t count)
{
	const struct smb_locks all = { .locks = locks,
				       .count = count,
				       .is_immediate = true };
	struct locker l = { .call.going_async = going_async };
	enum nt_status status = fsa_object_ops.co_lock(object, &l.call, &all);

	assert_false(l.is_waiting);
	return status;
}

static enum nt_status co_lock(struct smb_object *object, uint64_t offset,
			      uint64_t length, bool is_exclusive)
{
	const struct smb_lock lock = { .offset = offset,
				       .length = length,
				       .is_exclusive = is_exclusive };

	return co_lock_many(object, &lock, 1);
}

static enum nt_status co_unlock(struct smb_object *object, uint64_t offset,
				uint64_t length)
{
	const struct smb_lock lock = { .offset = offset,
				       .length = length,
				       .is_unlock = true };

	return co_lock_many(object, &lock, 1);
}

static void co_lock_waiting(void *arg)
{
	struct locker *l = arg;
	const struct smb_locks locks = { .locks = &l->lock, .count = 1 };

	l->status = fsa_object_ops.co_lock(l->object, &l->call, &locks);
	l->is_over = true;
}

/* A fiber that asks for a range and waits. */
static void co_start(struct locker *l, struct smb_object *object)
{
	*l = (struct locker){
		.call.going_async = going_async,
		.object = object,
		.lock = { .length = 10, .is_exclusive = true },
	};
	l->fiber = loop_spawn(co_lock_waiting, l);
	assert_non_null(l->fiber);
	loop_co_yield();
	assert_true(l->is_waiting);
	assert_false(l->is_over);
}

static void co_settle(void)
{
	for (int i = 0; i < 5; i++)
		loop_co_yield();
	assert_int_equal(0, loop_co_sleep(loop_ms(1)));
}

struct pair {
	struct desk d;
	struct smb_object *a, *b;
};

static void co_pair_begin(struct pair *p, struct yard *y)
{
	desk_begin(&p->d, y);
	yard_put(y, "f", "0123456789abcdefghij", 20);
	p->a = desk_co_open(p->d.volume, "f", DESK_RW, DESK_ALL, FILE_OPEN, 0);
	p->b = desk_co_open(p->d.volume, "f", DESK_RW, DESK_ALL, FILE_OPEN, 0);
}

static void co_pair_end(struct pair *p)
{
	desk_co_close(p->a);
	desk_co_close(p->b);
	desk_end(&p->d);
}

YARD_TEST(locks_keep_other_opens_from_the_bytes)
{
	struct pair p;
	char text[32];

	co_pair_begin(&p, y);
	assert_int_equal(0, co_lock(p.a, 0, 10, true));
	assert_int_equal(NT_STATUS_LOCK_NOT_GRANTED, co_lock(p.b, 9, 5, false));
	assert_int_equal(0, co_lock(p.b, 10, 5, true));
	assert_int_equal(NT_STATUS_FILE_LOCK_CONFLICT,
			 desk_co_read(p.b, 9, 1, 0, text));
	assert_int_equal(NT_STATUS_FILE_LOCK_CONFLICT,
			 desk_co_write(p.b, 0, "x"));
	assert_int_equal(0, desk_co_read(p.b, 5, 0, 0, text));
	assert_int_equal(0, desk_co_read(p.a, 0, 10, 0, text));
	assert_int_equal(0, desk_co_write(p.a, 0, "x"));
	assert_int_equal(0, co_unlock(p.a, 0, 10));
	assert_int_equal(0, desk_co_read(p.b, 9, 1, 0, text));
	/* A shared one lets all read, and nobody write, itself included. */
	assert_int_equal(0, co_lock(p.a, 0, 5, false));
	assert_int_equal(0, desk_co_read(p.b, 0, 5, 0, text));
	assert_int_equal(NT_STATUS_FILE_LOCK_CONFLICT,
			 desk_co_write(p.a, 0, "x"));
	co_pair_end(&p);
}

YARD_TEST(of_several_locks_all_are_taken_or_none)
{
	const struct smb_lock three[] = {
		{ .offset = 0, .length = 1, .is_exclusive = true },
		{ .offset = 2, .length = 1, .is_exclusive = false },
		{ .offset = 4, .length = 1, .is_exclusive = true },
	};
	struct pair p;

	co_pair_begin(&p, y);
	assert_int_equal(0, co_lock(p.b, 4, 1, false));
	assert_int_equal(NT_STATUS_LOCK_NOT_GRANTED,
			 co_lock_many(p.a, three, 3));
	assert_int_equal(NT_STATUS_RANGE_NOT_LOCKED, co_unlock(p.a, 0, 1));
	assert_int_equal(NT_STATUS_RANGE_NOT_LOCKED, co_unlock(p.a, 2, 1));
	assert_int_equal(0, co_unlock(p.b, 4, 1));
	assert_int_equal(0, co_lock_many(p.a, three, 3));
	co_pair_end(&p);
}

YARD_TEST(unlocks_go_in_order_until_one_fails)
{
	const struct smb_lock three[] = {
		{ .offset = 0, .length = 1, .is_unlock = true },
		{ .offset = 9, .length = 1, .is_unlock = true },
		{ .offset = 4, .length = 1, .is_unlock = true },
	};
	struct pair p;

	co_pair_begin(&p, y);
	assert_int_equal(0, co_lock(p.a, 0, 1, true));
	assert_int_equal(0, co_lock(p.a, 4, 1, true));
	assert_int_equal(NT_STATUS_RANGE_NOT_LOCKED,
			 co_lock_many(p.a, three, 3));
	assert_int_equal(NT_STATUS_RANGE_NOT_LOCKED, co_unlock(p.a, 0, 1));
	assert_int_equal(0, co_unlock(p.a, 4, 1));
	assert_int_equal(NT_STATUS_RANGE_NOT_LOCKED, co_unlock(p.b, 4, 1));
	co_pair_end(&p);
}

YARD_TEST(a_range_must_end_within_64_bits)
{
	struct pair p;

	co_pair_begin(&p, y);
	assert_int_equal(0, co_lock(p.a, 1, UINT64_MAX, true));
	assert_int_equal(NT_STATUS_INVALID_LOCK_RANGE,
			 co_lock(p.a, 2, UINT64_MAX, true));
	assert_int_equal(NT_STATUS_INVALID_LOCK_RANGE,
			 co_lock(p.a, UINT64_MAX, UINT64_MAX, true));
	assert_int_equal(0, co_lock(p.b, 0, 1, true));
	co_pair_end(&p);
}

YARD_TEST(directories_have_no_ranges)
{
	struct smb_object *dir;
	struct desk d;

	desk_begin(&d, y);
	dir = desk_co_open(d.volume, "", FILE_READ_DATA, DESK_ALL, FILE_OPEN,
			   0);
	assert_int_equal(NT_STATUS_INVALID_PARAMETER, co_lock(dir, 0, 1, true));
	desk_co_close(dir);
	desk_end(&d);
}

YARD_TEST(who_waits_gets_the_range_when_it_is_free)
{
	struct locker first, second;
	struct pair p;

	co_pair_begin(&p, y);
	assert_int_equal(0, co_lock(p.a, 0, 10, true));
	co_start(&first, p.b);
	co_start(&second, p.b);
	assert_int_equal(0, co_unlock(p.a, 0, 10));
	/* It is theirs at once, whoever asks now. */
	assert_int_equal(NT_STATUS_LOCK_NOT_GRANTED, co_lock(p.a, 0, 1, true));
	co_settle();
	assert_true(first.is_over);
	assert_int_equal(0, first.status);
	assert_false(second.is_over);
	assert_int_equal(0, co_unlock(p.b, 0, 10));
	co_settle();
	assert_true(second.is_over);
	assert_int_equal(0, second.status);
	co_pair_end(&p);
}

YARD_TEST(a_close_gives_ranges_to_those_who_wait)
{
	struct smb_object *third;
	struct locker l;
	struct pair p;

	co_pair_begin(&p, y);
	third = desk_co_open(p.d.volume, "f", DESK_RW, DESK_ALL, FILE_OPEN, 0);
	assert_int_equal(0, co_lock(third, 0, 3, true));
	assert_int_equal(0, co_lock(third, 5, 3, false));
	co_start(&l, p.a);
	desk_co_close(third);
	co_settle();
	assert_true(l.is_over);
	assert_int_equal(0, l.status);
	co_pair_end(&p);
}

YARD_TEST(a_wait_ends_when_it_is_cancelled)
{
	struct locker l;
	struct pair p;

	co_pair_begin(&p, y);
	assert_int_equal(0, co_lock(p.a, 0, 10, true));
	co_start(&l, p.b);
	loop_cancel(l.fiber);
	co_settle();
	assert_true(l.is_over);
	assert_int_equal(NT_STATUS_CANCELLED, l.status);
	assert_int_equal(0, co_unlock(p.a, 0, 10));
	assert_int_equal(0, co_lock(p.a, 0, 10, true));
	co_pair_end(&p);
}

/* Granted and cancelled in one moment: granted, and nothing is lost. */
YARD_TEST(a_grant_and_a_cancel_that_meet_do_not_hurt)
{
	struct locker l;
	struct pair p;

	co_pair_begin(&p, y);
	for (int i = 0; i < 2; i++) {
		assert_int_equal(0, co_lock(p.a, 0, 10, true));
		co_start(&l, p.b);
		if (i)
			loop_cancel(l.fiber);
		assert_int_equal(0, co_unlock(p.a, 0, 10));
		if (!i)
			loop_cancel(l.fiber);
		co_settle();
		assert_true(l.is_over);
		if (!l.status)
			assert_int_equal(0, co_unlock(p.b, 0, 10));
		else
			assert_int_equal(NT_STATUS_CANCELLED, l.status);
	}
	co_pair_end(&p);
}

/* LK-8: the handle goes away under the wait. */
YARD_TEST(a_wait_ends_when_its_handle_closes)
{
	struct locker l;
	struct pair p;

	co_pair_begin(&p, y);
	assert_int_equal(0, co_lock(p.a, 0, 10, true));
	co_start(&l, p.b);
	fsa_object_ops.closing(p.b);
	co_settle();
	assert_true(l.is_over);
	assert_int_equal(NT_STATUS_RANGE_NOT_LOCKED, l.status);
	co_pair_end(&p);
}

/* ---- two workers ---- */

struct worker {
	struct desk *d;
	enum loop_engine engine;
	int rounds;
	int *inside; /* how many hold the range now */
	bool has_failed;
};

static void co_take_turns(void *arg)
{
	struct worker *w = arg;
	struct smb_volume *volume = desk_volume(w->d, geteuid());
	struct smb_object *object =
		desk_co_open(volume, "f", DESK_RW, DESK_ALL, FILE_OPEN_IF, 0);
	struct locker l = { .call.going_async = going_async,
			    .object = object,
			    .lock = { .length = 10, .is_exclusive = true } };

	for (int i = 0; i < w->rounds; i++) {
		co_lock_waiting(&l);
		if (l.status ||
		    __atomic_add_fetch(w->inside, 1, __ATOMIC_SEQ_CST) != 1)
			w->has_failed = true;
		if (i % 3 == 0)
			loop_co_yield();
		__atomic_sub_fetch(w->inside, 1, __ATOMIC_SEQ_CST);
		if (co_unlock(object, 0, 10))
			w->has_failed = true;
	}
	desk_co_close(object);
	fsa_object_ops.disconnect(volume);
	loop_stop(loop_current());
}

static void *worker_main(void *arg)
{
	const struct worker *w = arg;
	const struct loop_options options = { .engine = w->engine };
	struct loop *loop;

	assert_int_equal(0, loop_new(&options, &loop));
	assert_non_null(loop_spawn(co_take_turns, arg));
	loop_run(loop);
	store_worker_end();
	loop_free(loop);
	return NULL;
}

YARD_TEST(a_range_wanders_between_workers)
{
	int inside = 0;
	pthread_t threads[3];
	struct worker workers[3];
	struct desk d;

	desk_begin(&d, y);
	for (int i = 0; i < 3; i++) {
		workers[i] = (struct worker){ .d = &d,
					      .engine = loop_engine_of(
						      loop_current()),
					      .rounds = 300,
					      .inside = &inside };
		assert_int_equal(0, pthread_create(&threads[i], NULL,
						   worker_main, &workers[i]));
	}
	for (int i = 0; i < 3; i++) {
		pthread_join(threads[i], NULL);
		assert_false(workers[i].has_failed);
	}
	desk_end(&d);
}

int main(void)
{
	const struct CMUnitTest tests[] = {
		cmocka_unit_test(locks_keep_other_opens_from_the_bytes),
		cmocka_unit_test(of_several_locks_all_are_taken_or_none),
		cmocka_unit_test(unlocks_go_in_order_until_one_fails),
		cmocka_unit_test(a_range_must_end_within_64_bits),
		cmocka_unit_test(directories_have_no_ranges),
		cmocka_unit_test(who_waits_gets_the_range_when_it_is_free),
		cmocka_unit_test(a_close_gives_ranges_to_those_who_wait),
		cmocka_unit_test(a_wait_ends_when_it_is_cancelled),
		cmocka_unit_test(a_grant_and_a_cancel_that_meet_do_not_hurt),
		cmocka_unit_test(a_wait_ends_when_its_handle_closes),
		cmocka_unit_test(a_range_wanders_between_workers),
	};

	return cmocka_run_group_tests(tests, NULL, NULL);
}
