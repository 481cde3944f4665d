/*
 * Opens whose client has gone: what can be kept, what is given back, and the
 * way from one volume to another (MS-SMB2 3.3.7.1, 3.3.5.9.7; DU-1 to DU-3).
 */
#include "tests/fsa/house.h"

#include "gateway/fsa/grant.h"

#define R SMB_CACHE_READ
#define H SMB_CACHE_HANDLE
#define W SMB_CACHE_WRITE

/* A client with an oplock, or a lease, as the engine would be. */
struct party {
	struct smb_holder holder; /* first */
	unsigned int breaks;
	struct smb_break last;
};

static void broken(struct smb_holder *holder, const struct smb_break *brk)
{
	struct party *p = (void *)holder;

	p->breaks++;
	p->last = *brk;
}

static struct smb_object *co_open(struct house *h, struct party *p,
				  uint8_t caching)
{
	struct smb_created created = {};
	struct smb_create how = {
		.name = house_name("File"),
		.access = FILE_ALL_ACCESS,
		.sharing = HOUSE_SHARE_ALL,
		.disposition = FILE_OPEN_IF,
		.options = FILE_NON_DIRECTORY_FILE,
		.holder = &p->holder,
		.caching = caching,
	};

	h->share.grants_oplocks = true;
	p->holder.broken = broken;
	assert_int_equal(fsa_object_ops.co_create(h->volume, &h->call, &how,
						  &created),
			 NT_STATUS_SUCCESS);
	p->holder.object = created.object;
	return created.object;
}

static enum nt_status co_keep(struct smb_object *object)
{
	fsa_object_ops.closing(object);
	return fsa_object_ops.co_keep(object, false);
}

HOUSE_TEST(a_handle_that_may_be_cached_is_kept)
{
	static const struct {
		uint8_t caching;
		enum nt_status status;
	} cases[] = {
		{ R | W | H, NT_STATUS_SUCCESS },
		{ R | H, NT_STATUS_SUCCESS },
		{ R | W, NT_STATUS_NOT_SUPPORTED },
		{ R, NT_STATUS_NOT_SUPPORTED },
	};

	for (size_t i = 0; i < sizeof(cases) / sizeof(cases[0]); i++) {
		struct party p = { .holder.is_lease = true };
		struct smb_object *object = co_open(h, &p, cases[i].caching);

		assert_int_equal(co_keep(object), cases[i].status);
		assert_int_equal(fsa_object_ops.co_keep(object, true),
				 NT_STATUS_SUCCESS);
		house_co_close(object);
	}
}

/* lock-noW-lease of smbtorture. */
HOUSE_TEST(ranges_are_kept_with_the_right_to_write_alone)
{
	struct smb_lock lock = { .length = 1, .is_exclusive = true };
	struct smb_locks locks = { &lock, 1, true };

	for (int with_w = 0; with_w < 2; with_w++) {
		struct party p = { .holder.is_lease = true };
		struct smb_object *object =
			co_open(h, &p, with_w ? R | W | H : R | H);

		assert_int_equal(fsa_object_ops.co_lock(object, &h->call,
							&locks),
				 NT_STATUS_SUCCESS);
		assert_int_equal(co_keep(object),
				 with_w ? NT_STATUS_SUCCESS
					: NT_STATUS_NOT_SUPPORTED);
		house_co_close(object);
	}
}

HOUSE_TEST(it_has_the_name_that_it_has_now)
{
	struct party p = {};
	struct smb_object *object = co_open(h, &p, R | W | H);
	struct smb_name right = house_name("fILE"), wrong = house_name("Fil");

	assert_int_equal(co_keep(object), NT_STATUS_SUCCESS);
	assert_int_equal(fsa_object_ops.co_may_return(object, NULL),
			 NT_STATUS_SUCCESS);
	assert_int_equal(fsa_object_ops.co_may_return(object, &right),
			 NT_STATUS_SUCCESS);
	assert_int_equal(fsa_object_ops.co_may_return(object, &wrong),
			 NT_STATUS_INVALID_PARAMETER);
	h->share.is_case_sensitive = true;
	assert_int_equal(fsa_object_ops.co_may_return(object, &right),
			 NT_STATUS_INVALID_PARAMETER);
	h->share.is_case_sensitive = false;
	house_co_close(object);
}

HOUSE_TEST(a_program_of_this_machine_makes_it_another_file)
{
	struct party p = {};
	struct smb_object *object = co_open(h, &p, R | W | H);

	assert_int_equal(co_keep(object), NT_STATUS_SUCCESS);
	yard_put(h->y, "File", "news", 4);
	assert_int_equal(fsa_object_ops.co_may_return(object, NULL),
			 NT_STATUS_OBJECT_NAME_NOT_FOUND);
	house_co_close(object);
}

/* Resilient handles have no lease that would have ended with the change. */
HOUSE_TEST(another_client_may_change_it)
{
	struct smb_object *object = house_co_file(h, "File");
	struct smb_object *other = house_co_file(h, "File");

	fsa_object_ops.closing(object);
	assert_int_equal(fsa_object_ops.co_keep(object, true),
			 NT_STATUS_SUCCESS);
	assert_int_equal(house_co_set(other,
				      (struct smb_set){
					      .kind = SMB_SET_END_OF_FILE,
					      .value = 4,
				      }),
			 NT_STATUS_SUCCESS);
	assert_int_equal(fsa_object_ops.co_may_return(object, NULL),
			 NT_STATUS_SUCCESS);
	/* The kernel's clock has ticks. */
	assert_int_equal(0, loop_co_sleep(loop_ms(20)));
	yard_put(h->y, "File", "much more", 9);
	assert_int_equal(fsa_object_ops.co_may_return(object, NULL),
			 NT_STATUS_OBJECT_NAME_NOT_FOUND);
	house_co_close(other);
	house_co_close(object);
}

HOUSE_TEST(it_goes_to_another_volume_of_its_share)
{
	struct party p = {};
	struct smb_object *object = co_open(h, &p, R | W | H);
	struct smb_volume *other = house_volume(&h->share);
	struct smb_created created;

	fsa_open_of(object)->position = 7;
	assert_int_equal(co_keep(object), NT_STATUS_SUCCESS);
	assert_true(fsa_object_ops.is_of(object, other));
	fsa_object_ops.co_depart(object);
	assert_int_equal(fsa_volume_of(h->volume)->opens, 0);
	fsa_object_ops.arrive(object, other);
	assert_int_equal(fsa_volume_of(other)->opens, 1);
	assert_false(fsa_open_of(object)->is_closing);
	assert_int_equal(fsa_object_ops.co_tell(object, true, &created),
			 NT_STATUS_SUCCESS);
	assert_int_equal(created.action, SMB_CREATE_OPENED);
	assert_int_equal(created.caching, R | W | H);
	assert_true(created.has_grant && created.max_access);
	assert_int_equal(fsa_open_of(object)->position, 7);
	house_co_close(object);
	fsa_object_ops.disconnect(other);
}

/* A break while it changes workers is told where it arrives. */
HOUSE_TEST(a_break_on_the_way_waits)
{
	struct party p = {};
	struct smb_object *object = co_open(h, &p, R | W | H);
	struct fsa_node *node = fsa_open_of(object)->node;
	struct fsa_told told;

	assert_int_equal(co_keep(object), NT_STATUS_SUCCESS);
	fsa_object_ops.co_depart(object);
	fsa_told_init(&told);
	fsa_node_lock(node);
	fsa_grant_break(fsa_open_of(object)->grant, FSA_OPLOCK_OPEN, false,
			&told);
	fsa_node_unlock(node);
	fsa_told_post(&told);
	loop_co_yield();
	loop_co_yield();
	assert_int_equal(p.breaks, 0);
	fsa_object_ops.arrive(object, h->volume);
	while (!p.breaks)
		loop_co_yield();
	assert_int_equal(p.last.from, R | W | H);
	assert_int_equal(p.last.to, R);
	house_co_close(object);
}

int main(void)
{
	const struct CMUnitTest tests[] = {
		cmocka_unit_test(a_handle_that_may_be_cached_is_kept),
		cmocka_unit_test(ranges_are_kept_with_the_right_to_write_alone),
		cmocka_unit_test(it_has_the_name_that_it_has_now),
		cmocka_unit_test(
			a_program_of_this_machine_makes_it_another_file),
		cmocka_unit_test(another_client_may_change_it),
		cmocka_unit_test(it_goes_to_another_volume_of_its_share),
		cmocka_unit_test(a_break_on_the_way_waits),
	};

	return cmocka_run_group_tests(tests, NULL, NULL);
}
