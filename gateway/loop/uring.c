/*
 * The io_uring engine. Operations become entries at once and reach the kernel
 * with the next wait, or earlier if the queue is full: one system call a
 * round. What the ring can't do on this kernel goes to a hand. Completions
 * only mark fibers ready, or call the listener or inbox that they belong to.
 *
 * The bell by which other threads end a wait is a MSG_RING entry if the other
 * is a running ring too, else an eventfd that a READ always waits on.
 */
#include "gateway/loop/uring.h"

#include <assert.h>
#include <errno.h>
#include <stdlib.h>
#include <sys/eventfd.h>
#include <unistd.h>

#include "gateway/loop/inside.h"

#define ENTRIES 256

/* 1 MiB a worker; an idle connection holds none of them. */
#define BUFFER_COUNT 64
#define BUFFER_SIZE  (16u * 1024)

/*
 * Threads of the kernel for what would block: on regular files, and on
 * everything else. Without a limit, every stalled disk gets hundreds.
 */
#define WORKERS_FILES  16
#define WORKERS_OTHERS 16

/*
 * Fibers that are ready and have started nothing run on for so many rounds
 * before the kernel is asked what is over: a chain of fibers that only wake one
 * another costs no call.
 */
#define ROUNDS_APART 4

/* User data that is no operation. Operations are aligned: bit 0 is free. */
#define DATA_NOBODY 0u
#define DATA_BELL   2u
#define DATA_POST   1u /* added to the address of the loop that was rung */

struct uring {
	struct io_uring ring;
	bool has[LOOP_VERB_COUNT];
	bool has_multishot_accept;
	bool has_msg_ring;

	struct io_uring_buf_ring *buffers; /* NULL: no streams */
	uint8_t *buffer_memory;
	unsigned int buffers_free;
	unsigned int rounds; /* since the kernel was asked */
	struct loop_chunk chunks[BUFFER_COUNT];

	int bell_fd;
	uint64_t bell_count;
	struct loop_op bell;

	/* Completions that had to leave the queue at an awkward moment. */
	struct io_uring_cqe *stash;
	size_t stash_count;
	size_t stash_capacity;
};

static struct uring *uring_of(const struct loop *loop)
{
	return loop->engine;
}

/* ---- entries ---- */

static void stash_completions(struct uring *u)
{
	struct io_uring_cqe *cqe;

	while (io_uring_peek_cqe(&u->ring, &cqe) == 0) {
		if (u->stash_count == u->stash_capacity) {
			u->stash_capacity = 2 * u->stash_capacity + 64;
			u->stash = reallocarray(u->stash, u->stash_capacity,
						sizeof(*u->stash));
			if (u->stash == NULL)
				abort();
		}
		u->stash[u->stash_count++] = *cqe;
		io_uring_cqe_seen(&u->ring, cqe);
	}
}

/* Never fails: a full queue is submitted. */
static struct io_uring_sqe *entry_take(struct uring *u)
{
	struct io_uring_sqe *sqe;

	while ((sqe = io_uring_get_sqe(&u->ring)) == NULL)
		if (io_uring_submit(&u->ring) < 0)
			stash_completions(u);
	return sqe;
}

static void uring_start(struct loop *loop, struct loop_op *op)
{
	struct uring *u = uring_of(loop);

	if (!u->has[op->verb]) {
		loop_hands_take(loop->hands, op);
		return;
	}
	if (op->verb == LOOP_VERB_ACCEPT)
		op->mask = u->has_multishot_accept;
	loop_uring_prep(entry_take(u), op);
}

static void uring_cancel(struct loop *loop, struct loop_op *op)
{
	struct io_uring_sqe *sqe = entry_take(uring_of(loop));

	io_uring_prep_cancel64(sqe, (uintptr_t)op, 0);
	sqe->user_data = DATA_NOBODY;
}

/* ---- the bell ---- */

static void bell_await(struct uring *u)
{
	struct io_uring_sqe *sqe = entry_take(u);

	io_uring_prep_read(sqe, u->bell_fd, &u->bell_count,
			   sizeof(u->bell_count), UINT64_MAX);
	io_uring_sqe_set_data(sqe, &u->bell);
}

static void bell_rang(struct loop_op *op, int64_t result, bool more)
{
	(void)more;
	op->is_done = true;
	if (result != -ECANCELED)
		bell_await(op->loop->engine);
}

static void ring_by_eventfd(struct loop *to)
{
	uint64_t one = 1;

	/* It can't fail: nobody counts to 2^64 here. */
	if (write(uring_of(to)->bell_fd, &one, sizeof(one)) < 0)
		abort();
}

static void uring_ring(struct loop *to, struct loop *from)
{
	struct io_uring_sqe *sqe;

	if (from == NULL || !uring_of(from)->has_msg_ring) {
		ring_by_eventfd(to);
		return;
	}
	sqe = entry_take(uring_of(from));
	io_uring_prep_msg_ring(sqe, uring_of(to)->ring.ring_fd, 0, DATA_BELL,
			       0);
	sqe->user_data = (uintptr_t)to | DATA_POST;
}

/* ---- completions ---- */

static struct loop_chunk *chunk_take(struct uring *u,
				     const struct io_uring_cqe *cqe)
{
	if ((cqe->flags & IORING_CQE_F_BUFFER) == 0)
		return NULL;

	unsigned int id = cqe->flags >> IORING_CQE_BUFFER_SHIFT;
	struct loop_chunk *chunk = &u->chunks[id];

	u->buffers_free--;
	*chunk = (struct loop_chunk){
		.bytes = u->buffer_memory + id * BUFFER_SIZE,
		.length = cqe->res > 0 ? (size_t)cqe->res : 0,
		.buffer_id = (int)id,
	};
	return chunk;
}

static void uring_chunk_give(struct loop *loop, struct loop_chunk *chunk)
{
	struct uring *u = uring_of(loop);
	unsigned short id = (unsigned short)chunk->buffer_id;

	io_uring_buf_ring_add(u->buffers, u->buffer_memory + id * BUFFER_SIZE,
			      BUFFER_SIZE, id,
			      io_uring_buf_ring_mask(BUFFER_COUNT), 0);
	io_uring_buf_ring_advance(u->buffers, 1);
	u->buffers_free++;
}

static bool uring_can_stream(struct loop *loop)
{
	return uring_of(loop)->buffers_free > 0;
}

static void op_completed(struct loop *loop, struct loop_op *op,
			 const struct io_uring_cqe *cqe)
{
	if (op->verb == LOOP_VERB_STREAM) {
		op->chunk = chunk_take(uring_of(loop), cqe);
		if (op->chunk != NULL && op->chunk->length == 0) {
			uring_chunk_give(loop, op->chunk);
			op->chunk = NULL;
		}
	}
	op->complete(op, cqe->res, (cqe->flags & IORING_CQE_F_MORE) != 0);
}

/*
 * A bell that did not ring for want of room or memory is rung the other way; a
 * loop that is gone needs none.
 */
static void post_completed(uint64_t data, int res)
{
	if (res < 0 && res != -EBADFD && res != -EBADF)
		ring_by_eventfd((struct loop *)(uintptr_t)(data & ~1ull));
}

static void completed(struct loop *loop, const struct io_uring_cqe *cqe)
{
	uint64_t data = cqe->user_data;

	if (data == DATA_NOBODY || data == DATA_BELL)
		return;
	if ((data & DATA_POST) != 0)
		post_completed(data, cqe->res);
	else
		op_completed(loop, (struct loop_op *)(uintptr_t)data, cqe);
}

static void reap_stash(struct loop *loop)
{
	struct uring *u = uring_of(loop);

	for (size_t i = 0; i < u->stash_count; i++) {
		struct io_uring_cqe cqe = u->stash[i];

		completed(loop, &cqe);
	}
	u->stash_count = 0;
}

/*
 * What a completion starts may fill the entries, and so move completions to
 * the stash: those come later than all that are in the copy.
 */
static void reap(struct loop *loop)
{
	struct uring *u = uring_of(loop);
	struct io_uring_cqe *cqe;

	reap_stash(loop);
	while (io_uring_peek_cqe(&u->ring, &cqe) == 0) {
		struct io_uring_cqe copy = *cqe;

		io_uring_cqe_seen(&u->ring, cqe);
		completed(loop, &copy);
		reap_stash(loop);
	}
}

static void uring_wait(struct loop *loop, uint64_t timeout_ns)
{
	struct uring *u = uring_of(loop);
	struct __kernel_timespec time = {
		.tv_sec = (int64_t)(timeout_ns / 1000000000u),
		.tv_nsec = (int64_t)(timeout_ns % 1000000000u),
	};
	struct io_uring_cqe *cqe;

	if (timeout_ns == 0 && u->stash_count == 0 &&
	    io_uring_sq_ready(&u->ring) == 0 && u->rounds++ < ROUNDS_APART)
		return;
	u->rounds = 0;
	loop->counters.enters++;
	if (timeout_ns == 0 || u->stash_count > 0)
		io_uring_submit_and_get_events(&u->ring);
	else
		io_uring_submit_and_wait_timeout(&u->ring, &cqe, 1,
						 timeout_ns == LOOP_FOREVER
							 ? NULL
							 : &time,
						 NULL);
	loop_tick(loop);
	reap(loop);
}

/* ---- identities ---- */

static int uring_identity_add(struct loop *loop, struct loop_identity *identity)
{
	int id = io_uring_register_personality(&uring_of(loop)->ring);

	if (id < 0)
		return id;
	identity->personality = id;
	return 0;
}

static void uring_identity_drop(struct loop *loop,
				struct loop_identity *identity)
{
	io_uring_unregister_personality(&uring_of(loop)->ring,
					identity->personality);
}

/* ---- life ---- */

static void buffers_open(struct uring *u)
{
	if (!loop_uring_try_stream(&u->ring))
		return;
	u->buffer_memory = aligned_alloc(4096, BUFFER_COUNT * BUFFER_SIZE);
	if (u->buffer_memory == NULL)
		return;
	u->buffers = loop_uring_buffers_new(&u->ring, BUFFER_COUNT,
					    LOOP_URING_GROUP);
	if (u->buffers == NULL)
		return;
	u->has[LOOP_VERB_STREAM] = true;
	for (int i = 0; i < BUFFER_COUNT; i++)
		io_uring_buf_ring_add(u->buffers,
				      u->buffer_memory + i * BUFFER_SIZE,
				      BUFFER_SIZE, (unsigned short)i,
				      io_uring_buf_ring_mask(BUFFER_COUNT), i);
	io_uring_buf_ring_advance(u->buffers, BUFFER_COUNT);
	u->buffers_free = BUFFER_COUNT;
}

static int ring_open(struct loop *loop, struct uring *u)
{
	unsigned int workers[2] = { WORKERS_FILES, WORKERS_OTHERS };
	bool is_deferred;
	int ret = loop_uring_setup(&u->ring, ENTRIES, &is_deferred);

	if (ret < 0)
		return ret;
	ret = loop_uring_find_verbs(&u->ring, u->has, &u->has_msg_ring);
	if (ret < 0) {
		io_uring_queue_exit(&u->ring);
		return ret;
	}
	/* Younger than the ring itself: without it there is no limit. */
	io_uring_register_iowq_max_workers(&u->ring, workers);
	u->has_multishot_accept = loop_uring_try_accept(&u->ring);
	buffers_open(u);
	u->bell = (struct loop_op){
		.verb = LOOP_VERB_READ,
		.loop = loop,
		.complete = bell_rang,
	};
	bell_await(u);
	return 0;
}

static int uring_open(struct loop *loop)
{
	struct uring *u = calloc(1, sizeof(*u));
	int ret;

	if (u == NULL)
		return -ENOMEM;
	u->bell_fd = eventfd(0, EFD_CLOEXEC);
	if (u->bell_fd < 0) {
		ret = -errno;
		goto free_engine;
	}
	loop->engine = u;
	ret = ring_open(loop, u);
	if (ret < 0)
		goto close_bell;
	return 0;

close_bell:
	close(u->bell_fd);
free_engine:
	free(u);
	return ret;
}

/* The kernel would write to the bell's count: it must be through with it. */
static void uring_close(struct loop *loop)
{
	struct uring *u = uring_of(loop);

	assert(u->buffers == NULL || u->buffers_free == BUFFER_COUNT);
	u->bell.is_done = false;
	uring_cancel(loop, &u->bell);
	while (!u->bell.is_done)
		uring_wait(loop, LOOP_FOREVER);
	if (u->buffers != NULL)
		loop_uring_buffers_free(&u->ring, u->buffers, BUFFER_COUNT,
					LOOP_URING_GROUP);
	io_uring_queue_exit(&u->ring);
	close(u->bell_fd);
	free(u->buffer_memory);
	free(u->stash);
	free(u);
}

const struct loop_engine_ops loop_engine_uring = {
	.engine = LOOP_ENGINE_URING,
	.name = "uring",
	.uses_hands = true,
	.open = uring_open,
	.close = uring_close,
	.start = uring_start,
	.cancel = uring_cancel,
	.wait = uring_wait,
	.ring = uring_ring,
	.identity_add = uring_identity_add,
	.identity_drop = uring_identity_drop,
	.can_stream = uring_can_stream,
	.chunk_give = uring_chunk_give,
};
