/*
 * Listening sockets: one ACCEPT that completes for each connection, begun
 * again when it ends. Without descriptors or memory it rests for a while, since
 * the connection that could not be taken is still there and would fail again
 * at once.
 */
#include <errno.h>
#include <stdlib.h>
#include <unistd.h>

#include "gateway/loop/inside.h"
#include "gateway/loop/loop.h"

#define REST_MS 100

struct loop_listener {
	struct loop_op op; /* first: the operation is the listener */
	struct loop_timer rest;
	void (*accepted)(void *arg, int fd);
	void *arg;
	struct loop *loop;
	bool is_accepting; /* op is under way */
	bool is_freed;
	bool is_calling; /* in accepted() */
};

static void listener_start(struct loop_listener *l);

static void rest_over(struct loop_timer *timer)
{
	listener_start(
		(struct loop_listener *)((char *)timer -
					 offsetof(struct loop_listener, rest)));
}

static void listener_end(struct loop_listener *l)
{
	l->loop->lingering--;
	free(l);
}

static bool is_lack(int64_t error)
{
	return error == -EMFILE || error == -ENFILE || error == -ENOMEM ||
	       error == -ENOBUFS;
}

static void tell(struct loop_listener *l, int fd)
{
	l->is_calling = true;
	l->accepted(l->arg, fd);
	l->is_calling = false;
}

static void accept_ended(struct loop_listener *l, int64_t result)
{
	l->is_accepting = false;
	if (l->is_freed)
		listener_end(l);
	else if (result >= 0 || result == -EINTR || result == -EAGAIN ||
		 result == -ECONNABORTED)
		listener_start(l);
	else
		loop_timer_set(&l->rest,
			       l->loop->now_ns +
				       loop_ms(is_lack(result) ? REST_MS
							       : 10 * REST_MS));
}

static void accept_completed(struct loop_op *op, int64_t result, bool more)
{
	struct loop_listener *l = (struct loop_listener *)op;

	l->loop->counters.completed++;
	if (l->is_freed && result >= 0)
		close((int)result);
	else if (!l->is_freed && result != -EAGAIN && result != -EINTR)
		tell(l, (int)result);
	if (!more)
		accept_ended(l, result);
}

static void listener_start(struct loop_listener *l)
{
	l->op = (struct loop_op){
		.verb = LOOP_VERB_ACCEPT,
		.fd = l->op.fd,
		.loop = l->loop,
		.complete = accept_completed,
	};
	l->is_accepting = true;
	l->loop->counters.submitted++;
	l->loop->ops->start(l->loop, &l->op);
}

int loop_listener_new(int fd, void (*accepted)(void *arg, int fd), void *arg,
		      struct loop_listener **ret_listener)
{
	struct loop_listener *l = calloc(1, sizeof(*l));

	if (l == NULL)
		return -ENOMEM;

	int ret = loop_socket_adopt(fd);

	if (ret < 0) {
		free(l);
		return ret;
	}
	l->loop = loop_current();
	l->op.fd = fd;
	l->accepted = accepted;
	l->arg = arg;
	l->rest.fire = rest_over;
	*ret_listener = l;
	listener_start(l);
	return 0;
}

/* The memory goes when the kernel, or accepted() itself, has let go of it. */
struct loop_listener *loop_listener_free(struct loop_listener *l)
{
	if (l == NULL)
		return NULL;
	l->is_freed = true;
	l->loop->lingering++;
	loop_timer_clear(&l->rest);
	if (l->is_accepting) {
		l->op.is_cancelled = true;
		l->loop->ops->cancel(l->loop, &l->op);
	} else if (!l->is_calling) {
		listener_end(l);
	}
	return NULL;
}
