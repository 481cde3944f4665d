/*
 * The plain engine, for where containers and old kernels refuse io_uring:
 * epoll for sockets and pipes, hands for files. An operation on a socket is
 * attempted at once; if it would have to wait it joins the list of its
 * descriptor, which epoll watches for one event at a time, and is attempted
 * again then. Reads of files that the page cache can answer are done at once.
 */
#include <errno.h>
#include <stdlib.h>
#include <sys/epoll.h>
#include <sys/eventfd.h>
#include <sys/socket.h>
#include <sys/uio.h>
#include <unistd.h>

#include "gateway/loop/inside.h"

#define EVENTS_MAX 128

/* Connections taken from one listener before others have their turn. */
#define ACCEPTS_MAX 64

struct watch {
	struct loop_op *first; /* waits longest */
};

struct plain {
	int epoll_fd;
	int bell_fd;
	struct watch *watches; /* by descriptor */
	size_t watch_count;
};

static struct plain *plain_of(const struct loop *loop)
{
	return loop->engine;
}

/* ---- attempts: the result, or -EAGAIN if it would wait ---- */

static int64_t attempt_send(struct loop_op *op)
{
	ssize_t n = sendmsg(op->fd, op->message, (int)op->flags | MSG_DONTWAIT);

	return loop_result(n, errno);
}

static int64_t attempt_recv(struct loop_op *op)
{
	ssize_t n =
		recv(op->fd, op->to, op->length, (int)op->flags | MSG_DONTWAIT);

	return loop_result(n, errno);
}

static int64_t attempt_accept(struct loop_op *op)
{
	int fd = accept4(op->fd, NULL, NULL, SOCK_CLOEXEC | SOCK_NONBLOCK);

	return loop_result(fd, errno);
}

static int64_t attempt_read(struct loop_op *op)
{
	struct iovec iov = { .iov_base = op->to, .iov_len = op->length };
	ssize_t n = preadv2(op->fd, &iov, 1, (off_t)op->offset, RWF_NOWAIT);

	return loop_result(n, errno);
}

/* ---- waiting for a descriptor ---- */

static uint32_t events_of(const struct loop_op *op)
{
	switch (op->verb) {
	case LOOP_VERB_SEND:
		return EPOLLOUT;
	case LOOP_VERB_POLL:
		return op->flags;
	default:
		return EPOLLIN;
	}
}

static struct watch *watch_find(struct plain *p, int fd)
{
	if ((size_t)fd < p->watch_count)
		return &p->watches[fd];

	size_t count = 2 * (size_t)fd + 64;
	struct watch *watches =
		reallocarray(p->watches, count, sizeof(struct watch));

	if (watches == NULL)
		return NULL;
	for (size_t i = p->watch_count; i < count; i++)
		watches[i] = (struct watch){ .first = NULL };
	p->watches = watches;
	p->watch_count = count;
	return &p->watches[fd];
}

/*
 * The descriptor may be new to epoll, or known from its last life: closing
 * one makes epoll forget it without telling us.
 */
static int watch_arm(struct plain *p, int fd)
{
	struct epoll_event event = { .events = EPOLLONESHOT, .data.fd = fd };

	for (struct loop_op *op = p->watches[fd].first; op != NULL;
	     op = op->next_waiting)
		event.events |= events_of(op);
	if (epoll_ctl(p->epoll_fd, EPOLL_CTL_MOD, fd, &event) == 0)
		return 0;
	if (errno == ENOENT &&
	    epoll_ctl(p->epoll_fd, EPOLL_CTL_ADD, fd, &event) == 0)
		return 0;
	return -errno;
}

static void watch_remove(struct watch *watch, struct loop_op *op)
{
	struct loop_op **at = &watch->first;

	while (*at != op)
		at = &(*at)->next_waiting;
	*at = op->next_waiting;
	op->is_waiting = false;
}

static void watch_append(struct watch *watch, struct loop_op *op)
{
	struct loop_op **at = &watch->first;

	while (*at != NULL)
		at = &(*at)->next_waiting;
	*at = op;
	op->next_waiting = NULL;
	op->is_waiting = true;
}

static void op_wait(struct plain *p, struct loop_op *op)
{
	struct watch *watch = op->fd < 0 ? NULL : watch_find(p, op->fd);
	int ret;

	if (watch == NULL || op->is_cancelled) {
		ret = op->fd < 0 ? -EBADF : -ENOMEM;
		op->complete(op, op->is_cancelled ? -ECANCELED : ret, false);
		return;
	}
	watch_append(watch, op);
	ret = watch_arm(p, op->fd);
	if (ret == 0)
		return;
	watch_remove(watch, op);
	/* What epoll refuses, a regular file, is always ready. */
	if (ret == -EPERM && op->verb == LOOP_VERB_POLL)
		ret = (int)op->flags;
	op->complete(op, ret, false);
}

/* ---- operations ---- */

/* Each connection is a completion of its own; the last is an error. */
static void accept_all(struct plain *p, struct loop_op *op)
{
	for (int i = 0; i < ACCEPTS_MAX; i++) {
		int64_t fd = attempt_accept(op);

		if (fd == -EAGAIN)
			break;
		if (fd < 0) {
			op->complete(op, fd, false);
			return;
		}
		op->complete(op, fd, true);
		if (op->is_cancelled) {
			op->complete(op, -ECANCELED, false);
			return;
		}
	}
	op_wait(p, op);
}

static void attempt_or_wait(struct plain *p, struct loop_op *op)
{
	int64_t result;

	if (op->verb == LOOP_VERB_ACCEPT) {
		accept_all(p, op);
		return;
	}
	do
		result = op->verb == LOOP_VERB_SEND ? attempt_send(op)
						    : attempt_recv(op);
	while (result == -EINTR);
	if (result == -EAGAIN)
		op_wait(p, op);
	else
		op->complete(op, result, false);
}

/* Refused, or not to be had without a wait: the hand asks again. */
static void read_or_hand(struct loop *loop, struct loop_op *op)
{
	int64_t result = attempt_read(op);

	if (result >= 0)
		op->complete(op, result, false);
	else
		loop_hands_take(loop->hands, op);
}

static void plain_start(struct loop *loop, struct loop_op *op)
{
	struct plain *p = plain_of(loop);

	switch (op->verb) {
	case LOOP_VERB_SEND:
	case LOOP_VERB_RECV:
		attempt_or_wait(p, op);
		break;
	case LOOP_VERB_ACCEPT:
	case LOOP_VERB_POLL:
		op_wait(p, op);
		break;
	case LOOP_VERB_READ:
		read_or_hand(loop, op);
		break;
	default:
		loop_hands_take(loop->hands, op);
		break;
	}
}

/* One that is being attempted finds is_cancelled when it would wait. */
static void plain_cancel(struct loop *loop, struct loop_op *op)
{
	struct plain *p = plain_of(loop);

	if (!op->is_waiting)
		return;
	watch_remove(&p->watches[op->fd], op);
	op->complete(op, -ECANCELED, false);
}

/* ---- events ---- */

static void op_event(struct plain *p, struct loop_op *op, uint32_t events)
{
	if (op->verb == LOOP_VERB_POLL)
		op->complete(op, events & (op->flags | EPOLLERR | EPOLLHUP),
			     false);
	else
		attempt_or_wait(p, op);
}

/* The first operation of the list that the events are for, taken out. */
static struct loop_op *take_concerned(struct watch *watch, uint32_t events)
{
	struct loop_op *op = watch->first;

	while (op != NULL &&
	       (events & (events_of(op) | EPOLLERR | EPOLLHUP)) == 0)
		op = op->next_waiting;
	if (op != NULL)
		watch_remove(watch, op);
	return op;
}

static void watch_event(struct plain *p, int fd, uint32_t events)
{
	struct loop_op *concerned = NULL;
	struct loop_op **last = &concerned;
	struct loop_op *op;

	if ((size_t)fd >= p->watch_count)
		return;
	while ((op = take_concerned(&p->watches[fd], events)) != NULL) {
		*last = op;
		op->next_waiting = NULL;
		last = &op->next_waiting;
	}
	while ((op = concerned) != NULL) {
		concerned = op->next_waiting;
		op_event(p, op, events);
	}
	if (p->watches[fd].first != NULL)
		watch_arm(p, fd);
}

static void bell_rang(struct plain *p)
{
	uint64_t count;

	while (read(p->bell_fd, &count, sizeof(count)) < 0 && errno == EINTR)
		continue;
}

static int timeout_ms(uint64_t timeout_ns)
{
	uint64_t ms = timeout_ns / 1000000u + (timeout_ns % 1000000u != 0);

	if (timeout_ns == LOOP_FOREVER)
		return -1;
	return ms > 60000 ? 60000 : (int)ms;
}

static void plain_wait(struct loop *loop, uint64_t timeout_ns)
{
	struct plain *p = plain_of(loop);
	struct epoll_event events[EVENTS_MAX];

	loop->counters.enters++;

	int count = epoll_wait(p->epoll_fd, events, EVENTS_MAX,
			       timeout_ms(timeout_ns));

	loop_tick(loop);
	for (int i = 0; i < count; i++) {
		if (events[i].data.fd == p->bell_fd)
			bell_rang(p);
		else
			watch_event(p, events[i].data.fd, events[i].events);
	}
}

static void plain_ring(struct loop *to, struct loop *from)
{
	uint64_t one = 1;

	(void)from;
	/* It can't fail: nobody counts to 2^64 here. */
	if (write(plain_of(to)->bell_fd, &one, sizeof(one)) < 0)
		abort();
}

/* ---- what this engine has not ---- */

static int plain_identity_add(struct loop *loop, struct loop_identity *identity)
{
	(void)loop;
	(void)identity;
	return 0;
}

static void plain_identity_drop(struct loop *loop,
				struct loop_identity *identity)
{
	(void)loop;
	(void)identity;
}

static bool plain_can_stream(struct loop *loop)
{
	(void)loop;
	return false;
}

static void plain_chunk_give(struct loop *loop, struct loop_chunk *chunk)
{
	(void)loop;
	(void)chunk;
	abort();
}

/* ---- life ---- */

static int plain_open(struct loop *loop)
{
	struct plain *p = calloc(1, sizeof(*p));
	struct epoll_event event = { .events = EPOLLIN };
	int ret;

	if (p == NULL)
		return -ENOMEM;
	p->epoll_fd = epoll_create1(EPOLL_CLOEXEC);
	p->bell_fd = eventfd(0, EFD_CLOEXEC | EFD_NONBLOCK);
	event.data.fd = p->bell_fd;
	if (p->epoll_fd < 0 || p->bell_fd < 0 ||
	    epoll_ctl(p->epoll_fd, EPOLL_CTL_ADD, p->bell_fd, &event) < 0) {
		ret = -errno;
		goto close_fds;
	}
	loop->engine = p;
	return 0;

close_fds:
	if (p->bell_fd >= 0)
		close(p->bell_fd);
	if (p->epoll_fd >= 0)
		close(p->epoll_fd);
	free(p);
	return ret;
}

static void plain_close(struct loop *loop)
{
	struct plain *p = plain_of(loop);

	close(p->bell_fd);
	close(p->epoll_fd);
	free(p->watches);
	free(p);
}

const struct loop_engine_ops loop_engine_plain = {
	.engine = LOOP_ENGINE_PLAIN,
	.name = "plain",
	.uses_hands = true,
	.open = plain_open,
	.close = plain_close,
	.start = plain_start,
	.cancel = plain_cancel,
	.wait = plain_wait,
	.ring = plain_ring,
	.identity_add = plain_identity_add,
	.identity_drop = plain_identity_drop,
	.can_stream = plain_can_stream,
	.chunk_give = plain_chunk_give,
};
