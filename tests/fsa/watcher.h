/*
 * A client that watches a directory or has a lease, as the tests of what others
 * do behind our back play it.
 */
#pragma once

#include "smb/wire/cursor.h"
#include "tests/fsa/party.h"

enum {
	NAMES_AND_FACTS = 0x1ff,
};

/* What runs beside a test's body: a fiber with the room's root, to its end. */
struct beside {
	loop_fiber_fn *fn;
	struct fsa *fsa;
	bool is_over;
};

static inline void co_beside(void *arg)
{
	struct beside *b = arg;

	b->fn(b->fsa);
	b->is_over = true;
}

static inline void co_with_beside(struct house *h, loop_fiber_fn *beside,
				  house_fn *body)
{
	struct beside b = { .fn = beside, .fsa = h->fsa };
	struct loop_fiber *fiber = loop_spawn(co_beside, &b);

	assert_non_null(fiber);
	body(h);
	if (!b.is_over)
		loop_cancel(fiber);
	while (!b.is_over)
		loop_co_yield();
}

/* One request of CHANGE_NOTIFY; its changes as a text, "+a -b ~c". */
struct request {
	struct house *h;
	struct smb_object *object;
	bool is_done;
	enum nt_status status;
	uint8_t bytes[4096];
	uint32_t length;
	char text[512];
};

static inline void put_text(struct request *r)
{
	static const char signs[] = "?+-~<>";
	struct reader in = reader_at(r->bytes, r->length);
	size_t at = 0, used = 0;
	uint32_t next;

	r->text[0] = '\0';
	while (r->length > 0) {
		rd_seek(&in, at);
		next = rd_u32(&in);
		uint32_t action = rd_u32(&in), count = rd_u32(&in) / 2;

		used += (size_t)snprintf(r->text + used, sizeof(r->text) - used,
					 "%s%c", used ? " " : "",
					 signs[action]);
		for (uint32_t i = 0; i < count; i++)
			r->text[used++] = (char)rd_u16(&in);
		r->text[used] = '\0';
		if (!next)
			break;
		at += next;
	}
}

static inline void co_request(void *arg)
{
	struct request *r = arg;

	r->status = fsa_object_ops.co_notify(r->object, &r->h->call,
					     NAMES_AND_FACTS, false, r->bytes,
					     sizeof(r->bytes), &r->length);
	put_text(r);
	r->is_done = true;
}

/* Begins to watch. */
static inline void co_watch(struct request *r, struct house *h,
			    struct smb_object *object)
{
	*r = (struct request){ .h = h, .object = object };
	assert_non_null(loop_spawn(co_request, r));
	co_settle();
	assert_false(r->is_done);
}

static inline struct smb_object *co_dir(struct house *h)
{
	return house_co_open(h, "d", FILE_LIST_DIRECTORY, FILE_DIRECTORY_FILE);
}

/* What the kernel has to tell is told by then. */
static inline void co_grace(void)
{
	assert_int_equal(loop_co_sleep(loop_ms(450)), 0);
	co_settle();
}

static inline bool is_late(uint64_t since)
{
	return loop_now() > since + loop_ms(5000);
}

/* The changes that requests are answered with: at once, or one by one. */
static inline void co_expect(struct request *r, const char *text)
{
	uint64_t since = loop_now();
	char all[512] = "";

	for (;;) {
		while (!r->is_done && !is_late(since))
			assert_int_equal(loop_co_sleep(loop_ms(10)), 0);
		assert_true(r->is_done);
		assert_int_equal(r->status, NT_STATUS_SUCCESS);
		if (*all)
			strcat(all, " ");
		strcat(all, r->text);
		if (strlen(all) >= strlen(text))
			break;
		*r = (struct request){ .h = r->h, .object = r->object };
		assert_non_null(loop_spawn(co_request, r));
	}
	assert_string_equal(all, text);
	/* And nothing follows that belongs to it. */
	co_grace();
}

static inline void co_expect_breaks(const struct party *p, unsigned int breaks)
{
	uint64_t since = loop_now();

	while (p->breaks < breaks && !is_late(since))
		assert_int_equal(loop_co_sleep(loop_ms(10)), 0);
	assert_int_equal(p->breaks, breaks);
}

static inline void co_write_some(struct smb_object *f, unsigned int times)
{
	for (unsigned int i = 0; i < times; i++) {
		struct smb_write write = { .bytes = (const uint8_t *)"x",
					   .length = 1,
					   .offset = i };

		assert_int_equal(fsa_object_ops.co_write(f, &write),
				 NT_STATUS_SUCCESS);
	}
}

static inline struct smb_object *co_lease(struct house *h, struct party *p,
					  const char *name, uint8_t caching)
{
	struct opener o = opener(h, p, caching);

	*p = party(true, true);
	o.how.name = house_name(name);
	return co_now(&o, caching);
}
