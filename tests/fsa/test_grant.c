/*
 * Who waits for whom: breaks between opens of one file, on one worker and on
 * several (MS-FSA 2.1.5.18, MS-SMB2 3.3.4.6, 3.3.4.7; CA-5, CA-8, OL-2, LS-3).
 * Tests grant.c and admit.c.
 */
#include "tests/fsa/party.h"

#include "gateway/fsa/grant.h"

#include <pthread.h>
#include <stdatomic.h>

static void begin(struct house *h)
{
	h->share.grants_oplocks = true;
}

HOUSE_TEST(a_second_open_waits_for_the_answer)
{
	struct party first = party(false, false), second = party(false, true);
	struct opener a = opener(h, &first, R | W | H);
	struct opener b = opener(h, &second, R | W | H);

	begin(h);
	co_now(&a, R | W | H);
	co_start(&b);
	assert_int_equal(first.breaks, 1);
	assert_true(first.last.must_ack);
	assert_int_equal(first.last.from, R | W | H);
	assert_int_equal(first.last.to, R);

	assert_int_equal(fsa_object_ops.oplock_answer(a.created.object, R),
			 NT_STATUS_SUCCESS);
	co_until(&b.is_over);
	assert_int_equal(b.status, NT_STATUS_SUCCESS);
	assert_int_equal(b.created.caching, R);
	assert_true(b.created.has_grant && b.created.is_raised);
	house_co_close(a.created.object);
	house_co_close(b.created.object);
}

HOUSE_TEST(a_close_is_an_answer)
{
	struct party first = party(false, false), second = party(false, true);
	struct opener a = opener(h, &first, R | W | H);
	struct opener b = opener(h, &second, R | W | H);

	begin(h);
	co_now(&a, R | W | H);
	a.how.sharing = 0;
	co_start(&b);
	house_co_close(a.created.object);
	co_until(&b.is_over);
	assert_int_equal(b.created.caching, R | W | H);
	house_co_close(b.created.object);
}

HOUSE_TEST(who_is_silent_loses_all)
{
	struct party first = party(true, false);
	struct opener a = opener(h, &first, R | W | H);
	struct opener b = opener(h, NULL, 0);
	struct smb_created now = {};

	begin(h);
	co_now(&a, R | W | H);
	co_start(&b);
	fsa_object_ops.oplock_lapse(a.created.object);
	co_until(&b.is_over);
	assert_int_equal(b.status, NT_STATUS_SUCCESS);
	assert_int_equal(fsa_object_ops.oplock_answer(a.created.object, R | H),
			 NT_STATUS_UNSUCCESSFUL);
	fsa_grant_tell(fsa_open_of(a.created.object), &now);
	assert_int_equal(now.caching, 0);
	house_co_close(a.created.object);
	house_co_close(b.created.object);
}

HOUSE_TEST(too_much_is_no_answer)
{
	struct party first = party(true, false);
	struct opener a = opener(h, &first, R | W | H);
	struct opener b = opener(h, NULL, 0);

	begin(h);
	co_now(&a, R | W | H);
	co_start(&b);
	assert_int_equal(fsa_object_ops.oplock_answer(a.created.object, R | W),
			 NT_STATUS_REQUEST_NOT_ACCEPTED);
	co_settle();
	assert_false(b.is_over);
	assert_int_equal(fsa_object_ops.oplock_answer(a.created.object, R | H),
			 NT_STATUS_SUCCESS);
	co_until(&b.is_over);
	house_co_close(a.created.object);
	house_co_close(b.created.object);
}

HOUSE_TEST(cancelled_it_waits_no_more)
{
	struct party first = party(false, false);
	struct opener a = opener(h, &first, R | W);
	struct opener b = opener(h, NULL, 0);

	begin(h);
	co_now(&a, R | W);
	co_start(&b);
	loop_cancel(b.fiber);
	co_until(&b.is_over);
	assert_int_equal(b.status, NT_STATUS_CANCELLED);
	house_co_close(a.created.object);
}

/* CA-5: what only a cache keeps open is asked for before anybody is refused. */
HOUSE_TEST(a_sharing_violation_waits_for_handles)
{
	struct party first = party(true, false);
	struct opener a = opener(h, &first, R | W | H);
	struct opener b = opener(h, NULL, 0);

	begin(h);
	a.how.sharing = 0;
	co_now(&a, R | W | H);
	co_start(&b);
	assert_int_equal(first.last.to, R | W);
	assert_int_equal(fsa_object_ops.oplock_answer(a.created.object, R | W),
			 NT_STATUS_SUCCESS);
	co_until(&b.is_over);
	assert_int_equal(b.status, NT_STATUS_SHARING_VIOLATION);

	b = opener(h, NULL, 0);
	co_open(&b);
	assert_int_equal(b.status, NT_STATUS_SHARING_VIOLATION);
	assert_false(b.is_waiting);
	assert_int_equal(first.breaks, 1);
	house_co_close(a.created.object);
}

/* What it cached would be what was there before, and no break would follow. */
HOUSE_TEST(who_comes_while_another_writes_may_cache_nothing)
{
	struct party writer = party(true, true), reader = party(true, true);
	struct opener a = opener(h, &writer, R), b = opener(h, &reader, R | H);
	struct opener c = opener(h, &writer, R | H);
	struct fsa_open *writing;

	begin(h);
	writing = fsa_open_of(co_now(&a, R));
	assert_int_equal(fsa_grant_co_begin_change(writing, NULL),
			 NT_STATUS_SUCCESS);
	co_now(&b, 0);
	co_now(&c, R | H); /* of its own writes it knows */
	fsa_grant_end_change(writing);
	house_co_close(b.created.object);
	b = opener(h, &reader, R | H);
	co_now(&b, R | H);
	house_co_close(c.created.object);
	house_co_close(b.created.object);
	house_co_close(a.created.object);
}

HOUSE_TEST(a_closed_handle_is_no_violation)
{
	struct party first = party(true, false);
	struct opener a = opener(h, &first, R | H);
	struct opener b = opener(h, NULL, 0);

	begin(h);
	a.how.sharing = 0;
	co_now(&a, R | H);
	co_start(&b);
	assert_int_equal(first.last.to, R);
	house_co_close(a.created.object);
	co_until(&b.is_over);
	assert_int_equal(b.status, NT_STATUS_SUCCESS);
	house_co_close(b.created.object);
}

HOUSE_TEST(one_lease_never_breaks_itself)
{
	struct party first = party(true, false);
	struct opener a = opener(h, &first, R | H);
	struct opener b = opener(h, &first, R | W | H);
	struct smb_write write = { .bytes = (const uint8_t *)"x", .length = 1 };

	begin(h);
	co_now(&a, R | H);
	co_now(&b, R | W | H);
	assert_true(b.created.is_raised);
	assert_int_equal(fsa_object_ops.co_write(a.created.object, &write),
			 NT_STATUS_SUCCESS);
	co_settle();
	assert_int_equal(first.breaks, 0);
	house_co_close(a.created.object);
	house_co_close(b.created.object);
}

HOUSE_TEST(a_lease_key_stands_for_one_file)
{
	struct party first = party(true, false);
	struct opener a = opener(h, &first, R | H);
	struct opener b = opener(h, &first, R | H);

	begin(h);
	co_now(&a, R | H);
	b.how.name = house_name("other");
	co_open(&b);
	assert_int_equal(b.status, NT_STATUS_INVALID_PARAMETER);
	assert_false(house_exists(h, "other"));
	house_co_close(a.created.object);
}

HOUSE_TEST(stat_opens_break_nothing)
{
	struct party first = party(false, false), second = party(false, false);
	struct opener a = opener(h, &first, R | W | H);
	struct opener b = opener(h, &second, R | W | H);

	begin(h);
	a.how.sharing = 0;
	co_now(&a, R | W | H);
	b.how.access = FILE_READ_ATTRIBUTES | SYNCHRONIZE;
	co_now(&b, 0);
	assert_false(b.created.has_grant);
	assert_int_equal(first.breaks, 0);
	house_co_close(b.created.object);
	house_co_close(a.created.object);
}

HOUSE_TEST(an_overwrite_waits_for_unwritten_data_alone)
{
	struct party first = party(true, false);
	struct opener a = opener(h, &first, R | H);
	struct opener b = opener(h, NULL, 0);

	begin(h);
	co_now(&a, R | H);
	b.how.disposition = FILE_OVERWRITE;
	co_now(&b, 0);
	co_settle();
	assert_int_equal(first.breaks, 1);
	assert_int_equal(first.last.to, 0);
	assert_true(first.last.must_ack);
	house_co_close(a.created.object);
	house_co_close(b.created.object);
}

static void check_level_two_is_gone(struct party *p)
{
	co_settle();
	assert_int_equal(p->breaks, 1);
	assert_int_equal(p->last.to, 0);
	assert_false(p->last.must_ack);
}

/* OL-2: each takes level II from all, from who does it as well. */
HOUSE_TEST(writes_locks_and_sizes_break_level_two)
{
	for (int what = 0; what < 4; what++) {
		struct party first = party(false, false);
		struct party second = party(false, false);
		struct opener a = opener(h, &first, R);
		struct opener b = opener(h, &second, R);
		struct smb_write write = { .bytes = (const uint8_t *)"x",
					   .length = 1 };
		struct smb_lock lock = { .length = 1, .is_exclusive = true };
		struct smb_locks locks = { .locks = &lock,
					   .count = 1,
					   .is_immediate = true };
		struct smb_set set = { .kind = what == 2 ? SMB_SET_END_OF_FILE
							 : SMB_SET_ALLOCATION };
		struct smb_object *object;
		enum nt_status status;

		begin(h);
		object = co_now(&a, R);
		co_now(&b, R);
		if (what == 0)
			status = fsa_object_ops.co_write(object, &write);
		else if (what == 1)
			status = fsa_object_ops.co_lock(object, &h->call,
							&locks);
		else
			status = fsa_object_ops.co_set(object, &set);
		assert_int_equal(status, NT_STATUS_SUCCESS);
		check_level_two_is_gone(&first);
		check_level_two_is_gone(&second);
		house_co_close(a.created.object);
		house_co_close(b.created.object);
	}
}

struct setter {
	struct opener *by;
	struct smb_set set;
	bool is_over;
	enum nt_status status;
};

static void co_set(void *arg)
{
	struct setter *s = arg;

	s->set.call = &s->by->call;
	s->status = fsa_object_ops.co_set(s->by->created.object, &s->set);
	s->is_over = true;
}

/* Renames and deletions wait until others have closed what they cache. */
HOUSE_TEST(a_rename_waits_for_handles)
{
	struct party first = party(true, false), second = party(true, false);
	struct opener a = opener(h, &first, R | H);
	struct opener b = opener(h, &second, R | H);
	struct setter s = {
		.by = &b,
		.set = { .kind = SMB_SET_RENAME, .name = house_name("new") },
	};

	begin(h);
	co_now(&a, R | H);
	co_now(&b, R | H);
	assert_non_null(loop_spawn(co_set, &s));
	co_until(&b.is_waiting);
	assert_false(s.is_over);
	assert_int_equal(first.last.to, R);
	assert_int_equal(second.breaks, 0);
	assert_false(house_exists(h, "new"));
	assert_int_equal(fsa_object_ops.oplock_answer(a.created.object, R),
			 NT_STATUS_SUCCESS);
	co_until(&s.is_over);
	assert_int_equal(s.status, NT_STATUS_SUCCESS);
	assert_true(house_exists(h, "new"));
	house_co_close(a.created.object);
	house_co_close(b.created.object);
}

HOUSE_TEST(who_closes_waits_no_more)
{
	struct party first = party(true, false);
	struct opener a = opener(h, &first, R | H);
	struct opener b = opener(h, NULL, 0);
	struct setter s = {
		.by = &b,
		.set = { .kind = SMB_SET_DISPOSITION, .is_delete = true },
	};

	begin(h);
	co_now(&a, R | H);
	co_now(&b, 0);
	assert_non_null(loop_spawn(co_set, &s));
	co_until(&b.is_waiting);
	assert_false(s.is_over);
	fsa_object_ops.closing(b.created.object);
	co_until(&s.is_over);
	assert_int_equal(s.status, NT_STATUS_FILE_CLOSED);
	assert_int_equal(fsa_object_ops.co_close(b.created.object, NULL),
			 NT_STATUS_SUCCESS);
	house_co_close(a.created.object);
	assert_true(house_exists(h, "file"));
}

HOUSE_TEST(a_file_deleted_meanwhile_is_made_anew)
{
	struct party first = party(false, false);
	struct opener a = opener(h, &first, R | W | H);
	struct opener b = opener(h, NULL, 0);

	begin(h);
	a.how.options |= FILE_DELETE_ON_CLOSE;
	co_now(&a, R | W | H);
	co_start(&b);
	house_co_close(a.created.object);
	co_until(&b.is_over);
	assert_int_equal(b.status, NT_STATUS_SUCCESS);
	assert_int_equal(b.created.action, SMB_CREATE_CREATED);
	house_co_close(b.created.object);
}

HOUSE_TEST(a_share_may_grant_none)
{
	struct party first = party(false, false);
	struct opener a = opener(h, &first, R | W | H);

	co_now(&a, 0);
	assert_false(a.created.has_grant);
	house_co_close(a.created.object);
}

HOUSE_TEST(directories_have_none)
{
	struct party first = party(true, false);
	struct opener a = opener(h, &first, R | H);

	begin(h);
	a.how.name = house_name("dir");
	a.how.options = FILE_DIRECTORY_FILE;
	co_now(&a, 0);
	assert_false(a.created.has_grant);
	house_co_close(a.created.object);
}

/* ---- several workers ---- */

enum {
	WORKERS = 4,
	ROUNDS = 300,
};

struct fight {
	struct yard *y;
	struct fsa_share share;
	atomic_int writers; /* those that may write back */
	atomic_uint granted;
};

struct fighter {
	struct smb_holder holder; /* first */
	struct smb_call call;
	struct fight *fight;
	struct smb_volume *volume;
	uint64_t seed;
	bool may_write;
	bool has_news;
	uint8_t left;
	pthread_t thread;
};

static unsigned int chance(struct fighter *f, unsigned int below)
{
	f->seed = f->seed * 6364136223846793005u + 1442695040888963407u;
	return (unsigned int)(f->seed >> 33) % below;
}

static void gives_up_writing(struct fighter *f)
{
	if (f->may_write)
		atomic_fetch_sub(&f->fight->writers, 1);
	f->may_write = false;
}

static void give_up(struct fighter *f, uint8_t left)
{
	if (!(left & W))
		gives_up_writing(f);
	(void)fsa_object_ops.oplock_answer(f->holder.object, left);
}

static void fighter_broken(struct smb_holder *holder,
			   const struct smb_break *brk)
{
	struct fighter *f = (struct fighter *)(void *)holder;

	if (!brk->must_ack)
		return;
	if (holder->object) {
		give_up(f, brk->to);
		return;
	}
	f->has_news = true;
	f->left = brk->to;
}

static void fighter_async(struct smb_call *call)
{
	(void)call;
}

static void co_round(struct fighter *f, struct smb_name name)
{
	struct smb_write write = { .bytes = (const uint8_t *)"x", .length = 1 };
	struct smb_created created = {};
	struct smb_create how = {
		.name = name,
		.access = FILE_ALL_ACCESS,
		.sharing = chance(f, 4) ? HOUSE_SHARE_ALL : FILE_SHARE_READ,
		.disposition = chance(f, 4) ? FILE_OPEN_IF : FILE_OVERWRITE_IF,
		.options = chance(f, 8) ? 0 : FILE_DELETE_ON_CLOSE,
		.holder = &f->holder,
		.caching = (uint8_t)(R | chance(f, 8)),
	};
	enum nt_status status;

	f->holder.is_lease = chance(f, 2);
	f->has_news = false;
	status = fsa_object_ops.co_create(f->volume, &f->call, &how, &created);
	if (status != NT_STATUS_SUCCESS)
		return;
	f->holder.object = created.object;
	if (created.caching & W) {
		f->may_write = true;
		atomic_fetch_add(&f->fight->granted, 1);
		assert_int_equal(atomic_fetch_add(&f->fight->writers, 1), 0);
	}
	if (f->has_news)
		give_up(f, f->left);
	for (unsigned int i = chance(f, 4); i; i--)
		loop_co_yield();
	if (chance(f, 2))
		(void)fsa_object_ops.co_write(created.object, &write);
	gives_up_writing(f);
	fsa_object_ops.closing(created.object);
	(void)fsa_object_ops.co_close(created.object, NULL);
	f->holder.object = NULL;
}

static void co_fight(void *arg)
{
	static const uint16_t file[] = { 'f', 'i', 'l', 'e' };
	struct fighter *f = arg;

	f->volume = house_volume(&f->fight->share);
	for (int i = 0; i < ROUNDS; i++)
		co_round(f, (struct smb_name){ file, 4 });
	fsa_object_ops.disconnect(f->volume);
	loop_stop(loop_current());
}

static void *fight_thread(void *arg)
{
	const struct loop_options options = { .engine = LOOP_ENGINE_PLAIN };
	struct loop *loop;

	assert_int_equal(loop_new(&options, &loop), 0);
	assert_non_null(loop_spawn(co_fight, arg));
	loop_run(loop);
	store_worker_end();
	loop_free(loop);
	return NULL;
}

/* Nobody waits for ever, and never may two of them write back. */
static void workers_that_fight_over_a_file_stay_coherent(void **state)
{
	struct yard y = {};
	struct fight fight = { .y = &y };
	struct fighter fighters[WORKERS];

	(void)state;
	umask(0);
	yard_make(&y);
	fight.share = (struct fsa_share){
		.fsa = fsa_new(),
		.tree = y.tree,
		.grants_oplocks = true,
		.label = "ring",
	};
	for (int i = 0; i < WORKERS; i++) {
		fighters[i] = (struct fighter){
			.holder.broken = fighter_broken,
			.call.going_async = fighter_async,
			.fight = &fight,
			.seed = (uint64_t)i + 1,
		};
		assert_int_equal(pthread_create(&fighters[i].thread, NULL,
						fight_thread, &fighters[i]),
				 0);
	}
	for (int i = 0; i < WORKERS; i++)
		assert_int_equal(pthread_join(fighters[i].thread, NULL), 0);
	assert_int_equal(fight.writers, 0);
	assert_true(fight.granted > 0);
	assert_int_equal(fsa_node_count(fight.share.fsa), 0);
	fsa_free(fight.share.fsa);
	store_tree_unref(y.tree);
	nftw(y.base, yard_remove, 16, FTW_DEPTH | FTW_PHYS);
}

int main(void)
{
	const struct CMUnitTest tests[] = {
		cmocka_unit_test(a_second_open_waits_for_the_answer),
		cmocka_unit_test(a_close_is_an_answer),
		cmocka_unit_test(who_is_silent_loses_all),
		cmocka_unit_test(too_much_is_no_answer),
		cmocka_unit_test(cancelled_it_waits_no_more),
		cmocka_unit_test(a_sharing_violation_waits_for_handles),
		cmocka_unit_test(
			who_comes_while_another_writes_may_cache_nothing),
		cmocka_unit_test(a_closed_handle_is_no_violation),
		cmocka_unit_test(one_lease_never_breaks_itself),
		cmocka_unit_test(a_lease_key_stands_for_one_file),
		cmocka_unit_test(stat_opens_break_nothing),
		cmocka_unit_test(an_overwrite_waits_for_unwritten_data_alone),
		cmocka_unit_test(writes_locks_and_sizes_break_level_two),
		cmocka_unit_test(a_rename_waits_for_handles),
		cmocka_unit_test(who_closes_waits_no_more),
		cmocka_unit_test(a_file_deleted_meanwhile_is_made_anew),
		cmocka_unit_test(a_share_may_grant_none),
		cmocka_unit_test(directories_have_none),
		cmocka_unit_test(workers_that_fight_over_a_file_stay_coherent),
	};

	return cmocka_run_group_tests(tests, NULL, NULL);
}
