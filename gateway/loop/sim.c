/*
 * The simulated world. Operations that are under way lie in one list; each has
 * a time before which it is not over. A step draws one of what can happen: a
 * round of a loop that has something to do, or the end of an operation whose
 * time has come and, on a socket, that need not wait for its peer.
 *
 *   start() ──> under way ──drawn by step()──> system call ──> complete()
 *                 │   └──cancel(): its time is now──> -ECANCELED, or done
 *                 └──hang: its time is far off
 *
 * Each step takes a little time, so that who waits by asking again and again
 * waits for no more than he would in life.
 */
#include "gateway/loop/sim.h"

#include <assert.h>
#include <errno.h>
#include <fcntl.h>
#include <poll.h>
#include <stdlib.h>
#include <sys/socket.h>
#include <unistd.h>

#include "gateway/loop/inside.h"

enum {
	STEP_NS = 2000,    /* a step takes up to so long */
	STREAM_MAX = 4096, /* bytes of one chunk */
	IDLE_MS = 1,       /* how long to wait for what is no simulation */
	PEER_MS = 100,     /* as long as that, in the world's time */
};

/*
 * The wall clock of the world begins in November 2023. Files have the kernel's
 * own times: seen from the world they are of the future, so that nobody takes
 * a directory for one that has not changed for long.
 */
#define WALL_START_NS 1700000000000000000u

struct loop_sim_work {
	struct loop_op *op;
	uint64_t due_ns;
	bool is_ready; /* on a socket: as poll() said last */
};

static struct loop_sim *sim_of(const struct loop *loop)
{
	return loop->engine;
}

/* ---- chance ---- */

/* SplitMix64. */
static uint64_t mix(uint64_t x)
{
	x = (x ^ x >> 30) * 0xbf58476d1ce4e5b9u;
	x = (x ^ x >> 27) * 0x94d049bb133111ebu;
	return x ^ x >> 31;
}

uint64_t loop_sim_draw(struct loop_sim *sim, uint64_t count)
{
	sim->chance += 0x9e3779b97f4a7c15u;
	return count > 1 ? mix(sim->chance) % count : 0;
}

bool loop_sim_happens(struct loop_sim *sim, unsigned int ppm)
{
	return ppm > 0 && loop_sim_draw(sim, 1000000) < ppm;
}

void loop_sim_note(struct loop_sim *sim, uint64_t what)
{
	sim->trace = mix(sim->trace * 31 + what + 1);
}

/* ---- kinds of operations ---- */

static enum loop_sim_class class_of(enum loop_verb verb)
{
	/* What is done to names comes first, what is done to sockets last. */
	if (verb <= LOOP_VERB_SYMLINKAT)
		return LOOP_SIM_NAMES;
	if (verb >= LOOP_VERB_SEND)
		return LOOP_SIM_SOCKETS;
	return verb == LOOP_VERB_CALL ? LOOP_SIM_CALLS : LOOP_SIM_DATA;
}

static bool waits_for_peer(const struct loop_op *op)
{
	return class_of(op->verb) == LOOP_SIM_SOCKETS;
}

static short events_of(const struct loop_op *op)
{
	switch (op->verb) {
	case LOOP_VERB_SEND:
		return POLLOUT;
	case LOOP_VERB_POLL:
		return (short)op->flags;
	default:
		return POLLIN;
	}
}

/* ---- what an operation does when it is over ---- */

static size_t cut(struct loop_sim *sim, enum loop_sim_class class,
		  size_t length)
{
	if (length < 2 || !loop_sim_happens(sim, sim->options.short_ppm[class]))
		return length;
	return 1 + loop_sim_draw(sim, length - 1);
}

static int64_t do_send(struct loop_sim *sim, struct loop_op *op)
{
	struct msghdr some = *op->message;
	struct iovec first = some.msg_iov[0];
	size_t length = cut(sim, LOOP_SIM_SOCKETS, first.iov_len);

	if (length < first.iov_len) {
		first.iov_len = length;
		some.msg_iov = &first;
		some.msg_iovlen = 1;
	}
	ssize_t n = sendmsg(op->fd, &some, (int)op->flags | MSG_DONTWAIT);

	return loop_result(n, errno);
}

static int64_t do_receive(struct loop_sim *sim, struct loop_op *op)
{
	ssize_t n = recv(op->fd, op->to, cut(sim, LOOP_SIM_SOCKETS, op->length),
			 (int)op->flags | MSG_DONTWAIT);

	return loop_result(n, errno);
}

static int64_t do_poll(struct loop_op *op)
{
	struct pollfd p = { .fd = op->fd, .events = events_of(op) };
	int n = poll(&p, 1, 0);

	if (n < 0)
		return -errno;
	return n == 0 ? -EAGAIN : p.revents;
}

static int64_t do_accept(struct loop_op *op)
{
	int fd = accept4(op->fd, NULL, NULL, SOCK_CLOEXEC | SOCK_NONBLOCK);

	return loop_result(fd, errno);
}

/* A chunk with what there is, in op->chunk. */
static int64_t do_stream(struct loop_sim *sim, struct loop_op *op)
{
	size_t room = cut(sim, LOOP_SIM_SOCKETS, STREAM_MAX);
	struct loop_chunk *chunk = malloc(sizeof(*chunk) + room);
	uint8_t *bytes = (uint8_t *)(chunk + 1);

	op->chunk = NULL;
	if (chunk == NULL)
		abort();

	ssize_t n = recv(op->fd, bytes, room, MSG_DONTWAIT);

	if (n <= 0) {
		int64_t result = loop_result(n, errno);

		free(chunk);
		return result;
	}
	*chunk = (struct loop_chunk){
		.bytes = bytes,
		.length = (size_t)n,
		.buffer_id = -1,
	};
	op->chunk = chunk;
	return n;
}

/* As somebody, if that is asked for; who can't become it fails. */
static int64_t do_as(struct loop_sim *sim, struct loop_op *op)
{
	if (op->as == NULL)
		return loop_op_call(op);
	if (sim->own == NULL)
		sim->own = loop_credentials_new();
	if (sim->own == NULL)
		return -ENOMEM;

	int ret = loop_credentials_take(sim->own, op->as);

	if (ret < 0)
		return ret;

	int64_t result = loop_op_call(op);

	loop_credentials_restore(sim->own);
	return result;
}

static int64_t do_file(struct loop_sim *sim, struct loop_op *op)
{
	size_t length = op->length;

	if (op->verb == LOOP_VERB_READ || op->verb == LOOP_VERB_WRITE ||
	    op->verb == LOOP_VERB_SPLICE)
		op->length = cut(sim, LOOP_SIM_DATA, length);

	int64_t result = do_as(sim, op);

	op->length = length;
	return result;
}

static int64_t error_of(struct loop_sim *sim, struct loop_op *op)
{
	static const int files[] = { EIO, ENOSPC, ENOMEM, EMFILE };

	sim->errors++;
	if (class_of(op->verb) != LOOP_SIM_SOCKETS)
		return -files[loop_sim_draw(sim, 4)];
	shutdown(op->fd, SHUT_RDWR);
	return -ECONNRESET;
}

/* What it has come to; -EAGAIN on a socket that would have to wait. */
static int64_t outcome(struct loop_sim *sim, struct loop_op *op)
{
	enum loop_sim_class class = class_of(op->verb);

	if (loop_sim_happens(sim, sim->options.error_ppm[class]) &&
	    op->verb != LOOP_VERB_ACCEPT && op->verb != LOOP_VERB_POLL)
		return error_of(sim, op);
	if (class != LOOP_SIM_CALLS && op->verb != LOOP_VERB_POLL &&
	    loop_sim_happens(sim, sim->options.interrupt_ppm))
		return -EINTR;
	switch (op->verb) {
	case LOOP_VERB_SEND:
		return do_send(sim, op);
	case LOOP_VERB_RECV:
		return do_receive(sim, op);
	case LOOP_VERB_POLL:
		return do_poll(op);
	case LOOP_VERB_ACCEPT:
		return do_accept(op);
	case LOOP_VERB_STREAM:
		return do_stream(sim, op);
	default:
		return do_file(sim, op);
	}
}

/* ---- work ---- */

static uint64_t length_of_work(struct loop_sim *sim)
{
	if (loop_sim_happens(sim, sim->options.hang_ppm))
		return sim->options.hang_ns;
	return loop_sim_draw(sim, sim->options.delay_ns + 1);
}

static void make_room(struct loop_sim *sim)
{
	size_t capacity = 2 * sim->work_capacity + 16;

	sim->work_capacity = capacity;
	sim->work = reallocarray(sim->work, capacity, sizeof(*sim->work));
	sim->polls = reallocarray(sim->polls, capacity, sizeof(*sim->polls));
	sim->can = reallocarray(sim->can, capacity + LOOP_SIM_LOOPS_MAX,
				sizeof(*sim->can));
	if (sim->work == NULL || sim->polls == NULL || sim->can == NULL)
		abort();
}

static void work_add(struct loop_sim *sim, struct loop_op *op)
{
	if (sim->work_count == sim->work_capacity)
		make_room(sim);
	sim->work[sim->work_count++] = (struct loop_sim_work){
		.op = op,
		.due_ns = sim->now_ns + length_of_work(sim),
	};
}

static void complete(struct loop_sim *sim, struct loop_op *op, int64_t result,
		     bool more)
{
	loop_sim_note(sim, (uint64_t)op->verb << 2 | (result < 0) << 1 | more);
	op->complete(op, result, more);
}

/* One that completes more than once: on it goes, or it ends. */
static void end_repeating(struct loop_sim *sim, struct loop_op *op,
			  int64_t result)
{
	bool goes_on =
		result > 0 || (result >= 0 && op->verb == LOOP_VERB_ACCEPT);

	if (goes_on && op->verb == LOOP_VERB_STREAM &&
	    loop_sim_happens(sim, sim->options.starve_ppm)) {
		complete(sim, op, result, true);
		op->chunk = NULL;
		complete(sim, op, -ENOBUFS, false);
		return;
	}
	/* It may be cancelled, and more, in the call that comes. */
	if (goes_on)
		work_add(sim, op);
	complete(sim, op, result, goes_on);
}

/* Its time has come. */
static void finish(struct loop_sim *sim, size_t index)
{
	struct loop_op *op = sim->work[index].op;
	bool repeats =
		op->verb == LOOP_VERB_ACCEPT || op->verb == LOOP_VERB_STREAM;
	int64_t result = -ECANCELED;

	sim->work[index] = sim->work[--sim->work_count];
	op->chunk = NULL;
	/* One that is cancelled may have been over already. */
	if (!op->is_cancelled || (!repeats && loop_sim_draw(sim, 2) == 0))
		result = outcome(sim, op);
	if (result == -EAGAIN && waits_for_peer(op)) {
		if (!op->is_cancelled) {
			work_add(sim, op);
			return;
		}
		result = -ECANCELED;
	}

	struct loop *before = loop_switch(op->loop);

	if (repeats)
		end_repeating(sim, op, result);
	else
		complete(sim, op, result, false);
	loop_switch(before);
}

static void sim_start(struct loop *loop, struct loop_op *op)
{
	struct loop_sim *sim = sim_of(loop);
	bool repeats =
		op->verb == LOOP_VERB_ACCEPT || op->verb == LOOP_VERB_STREAM;

	op->chunk = NULL;
	if (!repeats && loop_sim_happens(sim, sim->options.inline_ppm)) {
		int64_t result = outcome(sim, op);

		if (result != -EAGAIN || !waits_for_peer(op)) {
			complete(sim, op, result, false);
			return;
		}
	}
	if (op->verb == LOOP_VERB_CALL)
		loop->counters.hand_calls++;
	work_add(sim, op);
}

static void sim_cancel(struct loop *loop, struct loop_op *op)
{
	struct loop_sim *sim = sim_of(loop);

	for (size_t i = 0; i < sim->work_count; i++) {
		if (sim->work[i].op == op)
			sim->work[i].due_ns = sim->now_ns;
	}
}

/* ---- what can happen ---- */

/* Asks once for all sockets that somebody waits for; whether one is ready. */
static bool look_at_sockets(struct loop_sim *sim, int timeout_ms)
{
	struct pollfd *at = sim->polls;
	nfds_t count = 0;
	int ready = 0;

	for (size_t i = 0; i < sim->work_count; i++) {
		struct loop_op *op = sim->work[i].op;

		if (waits_for_peer(op) && !op->is_cancelled)
			at[count++] = (struct pollfd){
				.fd = op->fd,
				.events = events_of(op),
			};
	}
	if (count > 0 || timeout_ms > 0)
		ready = poll(at, count, timeout_ms);
	count = 0;
	for (size_t i = 0; i < sim->work_count; i++) {
		struct loop_op *op = sim->work[i].op;

		sim->work[i].is_ready = !waits_for_peer(op) ||
					op->is_cancelled ||
					at[count++].revents != 0;
	}
	return ready > 0;
}

/* Whether somebody still waits for a peer, as it was last looked at. */
static bool has_peers(const struct loop_sim *sim)
{
	for (size_t i = 0; i < sim->work_count; i++)
		if (!sim->work[i].is_ready)
			return true;
	return false;
}

static bool can_finish(const struct loop_sim *sim, size_t index)
{
	return sim->work[index].is_ready &&
	       sim->work[index].due_ns <= sim->now_ns;
}

static bool is_busy(const struct loop_sim *sim, struct loop *loop)
{
	return !loop_sim_is_over(sim, loop) && loop_time_to_wait(loop) == 0;
}

static void run_round(struct loop_sim *sim, size_t index)
{
	struct loop *loop = sim->loops[index];
	struct loop *before = loop_switch(loop);

	loop_sim_note(sim, 0x100 + index);
	if (!loop_round(loop))
		sim->loops[index] = NULL;
	loop_switch(before);
}

/* The one of all that can happen which is drawn; `loops`: rounds as well. */
static bool step(struct loop_sim *sim, bool loops)
{
	size_t *can = sim->can;
	size_t count = 0, rounds;

	sim->now_ns += 1 + loop_sim_draw(sim, STEP_NS);
	for (size_t i = 0; loops && i < sim->loop_count; i++) {
		if (sim->loops[i] != NULL && is_busy(sim, sim->loops[i]))
			can[count++] = i;
	}
	rounds = count;
	look_at_sockets(sim, 0);
	for (size_t i = 0; i < sim->work_count; i++) {
		if (can_finish(sim, i))
			can[count++] = i;
	}
	if (count == 0)
		return false;

	size_t drawn = loop_sim_draw(sim, count);

	sim->steps++;
	if (drawn < rounds)
		run_round(sim, can[drawn]);
	else
		finish(sim, can[drawn]);
	return true;
}

bool loop_sim_step(struct loop_sim *sim)
{
	return step(sim, true);
}

uint64_t loop_sim_next(const struct loop_sim *sim)
{
	uint64_t next = LOOP_FOREVER;

	for (size_t i = 0; i < sim->loop_count; i++) {
		uint64_t at =
			sim->loops[i] == NULL
				? LOOP_FOREVER
				: loop_timers_next(&sim->loops[i]->timers);

		if (at < next)
			next = at;
	}
	for (size_t i = 0; i < sim->work_count; i++) {
		const struct loop_sim_work *work = &sim->work[i];

		if (work->due_ns < next &&
		    (work->is_ready || work->due_ns > sim->now_ns))
			next = work->due_ns;
	}
	return next;
}

bool loop_sim_jump(struct loop_sim *sim, uint64_t until_ns)
{
	uint64_t next = loop_sim_next(sim);

	if (next > until_ns || next == LOOP_FOREVER) {
		if (sim->now_ns < until_ns && until_ns != LOOP_FOREVER)
			sim->now_ns = until_ns;
		return false;
	}
	if (next > sim->now_ns)
		sim->now_ns = next;
	return true;
}

/* ---- a loop that runs by itself ---- */

/*
 * Of loop_run(): the only loop of its world that is not over. What another
 * thread does, or the kernel by itself, is no simulation: asked for in turns.
 */
static void sim_wait(struct loop *loop, uint64_t timeout_ns)
{
	struct loop_sim *sim = sim_of(loop);
	uint64_t until = timeout_ns > LOOP_FOREVER - sim->now_ns
				 ? LOOP_FOREVER
				 : sim->now_ns + timeout_ns;

	loop->counters.enters++;
	if (step(sim, false) || timeout_ns == 0)
		return;
	/* TCP takes its time between two ends: no deadline comes before it. */
	if (has_peers(sim) &&
	    loop_sim_next(sim) - sim->now_ns > loop_ms(IDLE_MS)) {
		if (look_at_sockets(sim, IDLE_MS))
			return;
		if (until - sim->now_ns > loop_ms(PEER_MS))
			until = sim->now_ns + loop_ms(PEER_MS);
	}
	if (loop_sim_jump(sim, until) || until != LOOP_FOREVER)
		return;
	look_at_sockets(sim, IDLE_MS);
	sim->now_ns += loop_ms(IDLE_MS);
}

static void sim_ring(struct loop *to, struct loop *from)
{
	(void)to;
	(void)from;
}

static uint64_t sim_now(struct loop *loop, clockid_t clock)
{
	uint64_t now = sim_of(loop)->now_ns;

	return clock == CLOCK_REALTIME ? WALL_START_NS + now : now;
}

static bool sim_acked(struct loop *loop, int fd, struct loop_acked *ret_acked)
{
	struct loop_sim *sim = sim_of(loop);

	return sim->acked ? sim->acked(sim->acked_arg, fd, ret_acked)
			  : loop_tcp_acked(fd, ret_acked);
}

static bool sim_has_mail(struct loop *loop)
{
	struct loop_sim *sim = sim_of(loop);

	return !loop_sim_happens(sim, sim->options.late_mail_ppm);
}

/* ---- what this engine has not ---- */

static int sim_identity_add(struct loop *loop, struct loop_identity *identity)
{
	(void)loop;
	(void)identity;
	return 0;
}

static void sim_identity_drop(struct loop *loop, struct loop_identity *identity)
{
	(void)loop;
	(void)identity;
}

static bool sim_can_stream(struct loop *loop)
{
	struct loop_sim *sim = sim_of(loop);

	return !loop_sim_happens(sim, sim->options.starve_ppm);
}

static void sim_chunk_give(struct loop *loop, struct loop_chunk *chunk)
{
	(void)loop;
	(void)chunk;
	abort();
}

/* ---- life ---- */

static int sim_open(struct loop *loop)
{
	struct loop_sim *sim = (struct loop_sim *)loop->world;

	if (sim->loop_count == LOOP_SIM_LOOPS_MAX)
		return -ENOMEM;
	loop->engine = sim;
	if (sim->open_count++ == 0)
		make_room(sim);
	sim->loops[sim->loop_count++] = loop;
	return 0;
}

static void sim_close(struct loop *loop)
{
	struct loop_sim *sim = sim_of(loop);

	for (size_t i = 0; i < sim->loop_count; i++) {
		if (sim->loops[i] == loop)
			sim->loops[i] = NULL;
	}
	if (--sim->open_count > 0)
		return;
	assert(sim->work_count == 0);
	free(sim->work);
	free(sim->polls);
	free(sim->can);
	sim->work = NULL;
	sim->polls = NULL;
	sim->can = NULL;
	sim->work_capacity = 0;
	sim->loop_count = 0;
	sim->own = loop_credentials_free(sim->own);
}

int loop_sim_loop(struct loop_sim *sim, struct loop **ret_loop)
{
	struct loop_options options = { .world = &sim->world };
	struct loop *before = loop_switch(NULL);
	int ret = loop_new(&options, ret_loop);

	loop_switch(before);
	return ret;
}

struct loop *loop_sim_loop_free(struct loop *loop)
{
	struct loop *before = loop_switch(loop);

	loop_free(loop);
	loop_switch(before);
	return NULL;
}

bool loop_sim_is_over(const struct loop_sim *sim, const struct loop *loop)
{
	for (size_t i = 0; i < sim->loop_count; i++) {
		if (sim->loops[i] == loop)
			return false;
	}
	return true;
}

void loop_sim_within(struct loop *loop, void (*fn)(void *arg), void *arg)
{
	struct loop *before = loop_switch(loop);

	loop->now_ns = sim_of(loop)->now_ns;
	fn(arg);
	loop_switch(before);
}

static const struct loop_engine_ops sim_ops = {
	.engine = LOOP_ENGINE_SIM,
	.name = "sim",
	.open = sim_open,
	.close = sim_close,
	.start = sim_start,
	.cancel = sim_cancel,
	.wait = sim_wait,
	.ring = sim_ring,
	.identity_add = sim_identity_add,
	.identity_drop = sim_identity_drop,
	.can_stream = sim_can_stream,
	.chunk_give = sim_chunk_give,
	.now = sim_now,
	.has_mail = sim_has_mail,
	.acked = sim_acked,
};

void loop_sim_init(struct loop_sim *sim, const struct loop_sim_options *options)
{
	*sim = (struct loop_sim){
		.world = { .ops = &sim_ops },
		.options = *options,
		.chance = options->seed,
		.now_ns = loop_ms(1000),
	};
}
