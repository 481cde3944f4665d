/*
 * Sending, splicing and polling. Sockets are non-blocking, so that a slow peer
 * never holds a thread, the kernel's own included: whoever must wait for one
 * polls it, which costs no thread and can be cancelled.
 */
#include <errno.h>
#include <fcntl.h>
#include <limits.h>
#include <linux/tcp.h>
#include <netinet/in.h>
#include <poll.h>
#include <sys/socket.h>
#include <sys/uio.h>

#include "gateway/loop/engine.h"
#include "gateway/loop/inside.h"

int loop_socket_adopt(int fd)
{
	int flags = fcntl(fd, F_GETFL);

	if (flags < 0 || fcntl(fd, F_SETFL, flags | O_NONBLOCK) < 0)
		return -errno;
	return 0;
}

int loop_co_poll(int fd, short events, uint64_t deadline_ns)
{
	struct loop_op op = {
		.verb = LOOP_VERB_POLL,
		.fd = fd,
		.flags = (unsigned short)events,
	};

	if (loop_cancel_take())
		return -ECANCELED;

	int64_t result = loop_co_op(&op, deadline_ns);

	if (result == -ECANCELED && !loop_cancel_take())
		return -ETIMEDOUT;
	return (int)result;
}

/* ---- what the peer has received ---- */

bool loop_tcp_acked(int fd, struct loop_acked *ret_acked)
{
	const socklen_t needed =
		offsetof(struct tcp_info, tcpi_bytes_acked) + sizeof(uint64_t);
	struct tcp_info info = { 0 };
	socklen_t length = sizeof(info);

	if (getsockopt(fd, IPPROTO_TCP, TCP_INFO, &info, &length) < 0 ||
	    length < needed)
		return false;
	*ret_acked = (struct loop_acked){
		.bytes = info.tcpi_bytes_acked,
		.timeout_ms = info.tcpi_rto / 1000,
	};
	return true;
}

bool loop_socket_acked(int fd, struct loop_acked *ret_acked)
{
	struct loop *loop = loop_current();

	return loop && loop->ops->acked ? loop->ops->acked(loop, fd, ret_acked)
					: loop_tcp_acked(fd, ret_acked);
}

/* ---- sending ---- */

/* Leaves out of the message what has gone. */
static void message_advance(struct msghdr *m, size_t sent)
{
	while (m->msg_iovlen > 0 && sent >= m->msg_iov->iov_len) {
		sent -= m->msg_iov->iov_len;
		m->msg_iov++;
		m->msg_iovlen--;
	}
	if (sent > 0) {
		m->msg_iov->iov_base = (char *)m->msg_iov->iov_base + sent;
		m->msg_iov->iov_len -= sent;
	}
}

static int64_t co_send_some(int fd, struct msghdr *message, int flags)
{
	struct loop_op op = {
		.verb = LOOP_VERB_SEND,
		.fd = fd,
		.message = message,
		.flags = (unsigned int)flags | MSG_NOSIGNAL,
	};
	int64_t n = loop_co_op(&op, LOOP_FOREVER);

	if (n == -EAGAIN)
		n = loop_co_poll(fd, POLLOUT, LOOP_FOREVER);
	else if (n == -ECANCELED)
		loop_cancel_take();
	else
		return n == -EINTR ? 0 : n;
	return n < 0 ? n : 0;
}

int64_t loop_co_send(int fd, struct iovec *iov, size_t iov_count, int flags)
{
	struct msghdr all = { .msg_iov = iov, .msg_iovlen = iov_count };
	int64_t sent = 0;

	message_advance(&all, 0);
	while (all.msg_iovlen > 0) {
		struct msghdr some = all;

		if (some.msg_iovlen > IOV_MAX)
			some.msg_iovlen = IOV_MAX;
		if (loop_cancel_take())
			return -ECANCELED;

		int64_t n = co_send_some(fd, &some, flags);

		if (n < 0)
			return n;
		sent += n;
		message_advance(&all, (size_t)n);
	}
	return sent;
}

/* ---- splicing ---- */

/*
 * One end was not ready; waits for it. Both are asked at once first: the
 * transfer may have failed for either.
 */
static int co_wait_for_ends(int from_fd, int to_fd)
{
	struct pollfd ends[2] = {
		{ .fd = from_fd, .events = POLLIN },
		{ .fd = to_fd, .events = POLLOUT },
	};
	int ret = 0;

	if (poll(ends, 2, 0) < 0)
		return 0;
	if (ends[0].revents == 0)
		ret = loop_co_poll(from_fd, POLLIN, LOOP_FOREVER);
	else if (ends[1].revents == 0)
		ret = loop_co_poll(to_fd, POLLOUT, LOOP_FOREVER);
	else
		loop_co_yield();
	return ret == -ECANCELED ? ret : 0;
}

/* Neither end is a file: nothing but the peer can make this wait. */
static int64_t splice_now(struct loop_op *op)
{
	struct loop *loop = loop_current();

	loop->counters.submitted++;
	loop->counters.completed++;
	return loop_op_call(op);
}

int64_t loop_co_splice(int from_fd, uint64_t from_offset, int to_fd,
		       uint64_t to_offset, size_t length, unsigned int flags)
{
	bool has_file = from_offset != UINT64_MAX || to_offset != UINT64_MAX;

	for (;;) {
		struct loop_op op = {
			.verb = LOOP_VERB_SPLICE,
			.fd = from_fd,
			.offset = from_offset,
			.fd2 = to_fd,
			.offset2 = to_offset,
			.length = length,
			.flags = flags | SPLICE_F_NONBLOCK,
		};

		if (loop_cancel_take())
			return -ECANCELED;

		int64_t n = has_file ? loop_co_op(&op, LOOP_FOREVER)
				     : splice_now(&op);

		if (n != -EAGAIN && n != -EINTR)
			return n;
		if (n == -EAGAIN && co_wait_for_ends(from_fd, to_fd) < 0)
			return -ECANCELED;
	}
}
