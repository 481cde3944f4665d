/*
 * Clients that hold oplocks and leases, and opens that wait for them, as tests
 * of fsa/ play them.
 */
#pragma once

#include "tests/fsa/house.h"

#define R SMB_CACHE_READ
#define H SMB_CACHE_HANDLE
#define W SMB_CACHE_WRITE

/* A client's side of an oplock or lease. */
struct party {
	struct smb_holder holder; /* first */
	bool answers;             /* at once, all that is asked */
	unsigned int breaks;
	struct smb_break last;
};

static inline void broken(struct smb_holder *holder,
			  const struct smb_break *brk)
{
	struct party *p = (struct party *)(void *)holder;

	p->breaks++;
	p->last = *brk;
	if (p->answers && brk->must_ack)
		assert_int_equal(fsa_object_ops.oplock_answer(holder->object,
							      brk->to),
				 NT_STATUS_SUCCESS);
}

static inline struct party party(bool is_lease, bool answers)
{
	return (struct party){
		.holder = { .broken = broken, .is_lease = is_lease },
		.answers = answers,
	};
}

/* One CREATE, in a fiber of its own. */
struct opener {
	struct smb_call call; /* first */
	struct house *h;
	struct smb_create how;
	struct smb_created created;
	struct loop_fiber *fiber;
	bool is_waiting, is_over;
	enum nt_status status;
};

static inline void going_async(struct smb_call *call)
{
	((struct opener *)(void *)call)->is_waiting = true;
}

static inline struct opener opener(struct house *h, struct party *p,
				   uint8_t caching)
{
	return (struct opener){
		.call.going_async = going_async,
		.h = h,
		.how = { .name = house_name("file"),
			 .access = FILE_ALL_ACCESS,
			 .sharing = HOUSE_SHARE_ALL,
			 .disposition = FILE_OPEN_IF,
			 .options = FILE_NON_DIRECTORY_FILE,
			 .holder = p ? &p->holder : NULL,
			 .caching = caching },
	};
}

static inline void co_open(void *arg)
{
	struct opener *o = arg;

	o->status = fsa_object_ops.co_create(o->h->volume, &o->call, &o->how,
					     &o->created);
	if (o->status == NT_STATUS_SUCCESS && o->how.holder)
		o->how.holder->object = o->created.object;
	o->is_over = true;
}

/* Notes that are under way arrive, and who was woken runs. */
static inline void co_settle(void)
{
	for (int i = 0; i < 20; i++)
		loop_co_yield();
}

static inline void co_until(const bool *is_so)
{
	uint64_t deadline = loop_now() + loop_ms(20000);

	while (!*is_so) {
		loop_co_yield();
		assert_true(loop_now() < deadline);
	}
	co_settle();
}

/* Opens in a fiber of its own, which has to wait. */
static inline void co_start(struct opener *o)
{
	o->fiber = loop_spawn(co_open, o);
	assert_non_null(o->fiber);
	co_until(&o->is_waiting);
	assert_false(o->is_over);
}

/* Opens, and has not to wait. */
static inline struct smb_object *co_now(struct opener *o, uint8_t granted)
{
	co_open(o);
	assert_int_equal(o->status, NT_STATUS_SUCCESS);
	assert_false(o->is_waiting);
	assert_int_equal(o->created.caching, granted);
	return o->created.object;
}
