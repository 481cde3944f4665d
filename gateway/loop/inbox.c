/*
 * The receiving side of a stream socket. Where the kernel can, one STREAM
 * operation per socket puts what arrives into chunks, buffers that all sockets
 * of the worker share; a fill copies out of them. A long rest is received by a
 * RECV straight to its place, for which the stream is ended first and what it
 * brought until then is taken: so bytes never overtake each other. The same
 * RECV serves where there are no streams, and while the buffers are used up.
 *
 *	          co_wait_for_bytes()
 *	  quiet ----------------------> streaming
 *	    ^                             |   | too many chunks, long rest,
 *	    |                             |   | leave, free: stream_end()
 *	    |  stream_completed(), last   v   v
 *	    +------------------------- ending / ended by itself
 */
#include <assert.h>
#include <errno.h>
#include <poll.h>
#include <stdlib.h>
#include <string.h>

#include "gateway/loop/inside.h"
#include "gateway/loop/loop.h"

/* A rest of so many bytes is worth ending the stream for. */
#define DIRECT_MIN (32u * 1024)

/*
 * Who sends long frames sends more of them: the end of one and the length of
 * the next are then received directly, too, and no stream is begun that would
 * take in, and copy once more, the beginning of what is to go elsewhere.
 */
#define DIRECT_AFTER 2

/*
 * Of a long rest, bytes that are let come together before we are woken. The
 * last so many of it are waited for one by one: nothing may follow them.
 */
#define LOW_MARK (128 * 1024)

/* Chunks of a socket that nobody reads from: then the peer has to wait. */
#define CHUNKS_MAX 4

STAILQ_HEAD(chunk_queue, loop_chunk);

struct loop_inbox {
	struct loop_op stream; /* first: the operation is the inbox */
	struct loop *loop;
	int fd;
	struct chunk_queue chunks;
	size_t chunk_count;
	int end;           /* -errno that the stream ended with; 0 not yet */
	bool is_streaming; /* the stream operation is under way */
	bool is_ending;    /* and was asked to end */
	bool is_starved;   /* it ended for want of a buffer */
	bool is_shut;
	bool is_filling;
	unsigned int direct_left;   /* short fills that don't want a stream */
	int low_mark;               /* bytes that wake us; 0: as it was */
	struct loop_waiter *filler; /* a fill that waits for a chunk */
	struct loop_op *direct;     /* a fill that receives directly */
	struct loop_fiber *end_awaiter; /* waits until the stream is over */
};

/* ---- chunks ---- */

static void chunk_give(struct loop_inbox *inbox, struct loop_chunk *chunk)
{
	if (chunk->buffer_id < 0)
		free(chunk);
	else
		inbox->loop->ops->chunk_give(inbox->loop, chunk);
}

static void chunk_drop(struct loop_inbox *inbox)
{
	struct loop_chunk *chunk = STAILQ_FIRST(&inbox->chunks);

	STAILQ_REMOVE_HEAD(&inbox->chunks, entry);
	inbox->chunk_count--;
	chunk_give(inbox, chunk);
}

static size_t chunks_take(struct loop_inbox *inbox, uint8_t *to, size_t length)
{
	struct loop_chunk *chunk;
	size_t done = 0;

	while (done < length &&
	       (chunk = STAILQ_FIRST(&inbox->chunks)) != NULL) {
		size_t n = chunk->length < length - done ? chunk->length
							 : length - done;

		memcpy(to + done, chunk->bytes, n);
		done += n;
		chunk->bytes += n;
		chunk->length -= n;
		if (chunk->length == 0)
			chunk_drop(inbox);
	}
	return done;
}

/* ---- the stream ---- */

static void stream_end(struct loop_inbox *inbox)
{
	if (!inbox->is_streaming || inbox->is_ending)
		return;
	inbox->is_ending = true;
	inbox->stream.is_cancelled = true;
	inbox->loop->ops->cancel(inbox->loop, &inbox->stream);
}

/* End of file is kept as -ENODATA: what a fill says at its first byte. */
static void stream_ended(struct loop_inbox *inbox, int64_t result)
{
	inbox->is_streaming = false;
	inbox->is_ending = false;
	inbox->loop->counters.completed++;
	if (result == 0)
		inbox->end = -ENODATA;
	else if (result == -ENOBUFS || result == -EAGAIN || result == -EINVAL)
		inbox->is_starved = true;
	else if (result < 0 && result != -ECANCELED && result != -EINTR)
		inbox->end = (int)result;
	if (inbox->end_awaiter != NULL)
		loop_ready(inbox->loop, inbox->end_awaiter);
}

static void stream_completed(struct loop_op *op, int64_t result, bool more)
{
	struct loop_inbox *inbox = (struct loop_inbox *)op;

	if (op->chunk != NULL) {
		STAILQ_INSERT_TAIL(&inbox->chunks, op->chunk, entry);
		inbox->chunk_count++;
	}
	if (!more)
		stream_ended(inbox, result);
	else if (inbox->chunk_count >= CHUNKS_MAX)
		stream_end(inbox);
	if (inbox->filler != NULL)
		loop_wake(inbox->filler, 0);
}

static bool can_stream(const struct loop_inbox *inbox)
{
	return !inbox->is_starved && inbox->loop->ops->can_stream(inbox->loop);
}

static void stream_start(struct loop_inbox *inbox)
{
	inbox->stream = (struct loop_op){
		.verb = LOOP_VERB_STREAM,
		.fd = inbox->fd,
		.loop = inbox->loop,
		.complete = stream_completed,
	};
	inbox->is_streaming = true;
	inbox->loop->counters.submitted++;
	inbox->loop->ops->start(inbox->loop, &inbox->stream);
}

/* Not even a cancel ends this early: the kernel has our buffers. */
static void co_await_end(struct loop_inbox *inbox)
{
	while (inbox->is_streaming) {
		inbox->end_awaiter = loop_self();
		loop_co_suspend(NULL, NULL);
		inbox->end_awaiter = NULL;
	}
}

/* ---- filling ---- */

struct fill {
	uint8_t *to;
	size_t length;
	size_t done;
	uint64_t deadline_ns;
};

/* Fewer wake-ups; where it can't be had it is as before. */
static void set_low_mark(struct loop_inbox *inbox, int bytes)
{
	if (inbox->low_mark != bytes &&
	    setsockopt(inbox->fd, SOL_SOCKET, SO_RCVLOWAT, &bytes,
		       sizeof(bytes)) == 0)
		inbox->low_mark = bytes;
}

static int co_receive_direct(struct loop_inbox *inbox, struct fill *fill)
{
	size_t left = fill->length - fill->done;
	bool is_long = left >= 2 * LOW_MARK;
	struct loop_op op = {
		.verb = LOOP_VERB_RECV,
		.fd = inbox->fd,
		.to = fill->to + fill->done,
		.length = is_long ? left - LOW_MARK : left,
		.flags = MSG_WAITALL,
	};

	set_low_mark(inbox, is_long ? LOW_MARK : inbox->low_mark > 0);
	inbox->is_starved = false;
	inbox->direct = &op;

	int64_t n = loop_co_op(&op, fill->deadline_ns);

	inbox->direct = NULL;
	if (n > 0)
		fill->done += (size_t)n;
	else if (n == 0)
		inbox->end = -ENODATA;
	else if (n == -EAGAIN)
		return loop_co_poll(inbox->fd, POLLIN, fill->deadline_ns);
	else if (n == -ECANCELED)
		return loop_cancel_take() || inbox->is_shut ? -ECANCELED
							    : -ETIMEDOUT;
	else if (n != -EINTR)
		inbox->end = (int)n;
	return 0;
}

static int co_await_chunk(struct loop_inbox *inbox, uint64_t deadline_ns)
{
	struct loop_waiter waiter = { .fiber = NULL };

	if (!inbox->is_streaming)
		stream_start(inbox);
	inbox->filler = &waiter;

	int ret = loop_co_wait(&waiter, deadline_ns);

	inbox->filler = NULL;
	return ret;
}

/* 0 when there may be more to take. */
static int co_await_bytes(struct loop_inbox *inbox, const struct fill *fill)
{
	bool is_long = fill->length - fill->done >= DIRECT_MIN;

	if (inbox->is_streaming && (is_long || inbox->is_ending)) {
		stream_end(inbox);
		co_await_end(inbox);
		return 0;
	}
	return co_await_chunk(inbox, fill->deadline_ns);
}

static bool wants_direct(const struct loop_inbox *inbox,
			 const struct fill *fill)
{
	if (inbox->is_streaming)
		return false;
	return inbox->direct_left > 0 ||
	       fill->length - fill->done >= DIRECT_MIN || !can_stream(inbox);
}

static int fill_ended(const struct loop_inbox *inbox, const struct fill *fill)
{
	if (inbox->end == -ENODATA && fill->done > 0)
		return -EPROTO;
	return inbox->end;
}

static int co_fill(struct loop_inbox *inbox, struct fill *fill)
{
	for (;;) {
		int ret;

		if (inbox->is_shut || loop_cancel_take())
			return -ECANCELED;
		fill->done += chunks_take(inbox, fill->to + fill->done,
					  fill->length - fill->done);
		if (fill->done == fill->length)
			return 0;
		if (inbox->end != 0 && !inbox->is_streaming)
			return fill_ended(inbox, fill);
		if (fill->deadline_ns <= loop_now())
			return -ETIMEDOUT;
		if (wants_direct(inbox, fill))
			ret = co_receive_direct(inbox, fill);
		else
			ret = co_await_bytes(inbox, fill);
		if (ret < 0)
			return ret;
	}
}

int loop_inbox_co_fill(struct loop_inbox *inbox, void *to, size_t length,
		       uint64_t deadline_ns)
{
	struct fill fill = {
		.to = to,
		.length = length,
		.deadline_ns = deadline_ns,
	};

	assert(!inbox->is_filling);
	inbox->is_filling = true;

	int ret = co_fill(inbox, &fill);

	if (inbox->low_mark > 1)
		set_low_mark(inbox, 1);
	if (length >= DIRECT_MIN)
		inbox->direct_left = DIRECT_AFTER;
	else if (inbox->direct_left > 0)
		inbox->direct_left--;
	inbox->is_filling = false;
	return ret;
}

void loop_inbox_shut(struct loop_inbox *inbox)
{
	inbox->is_shut = true;
	if (inbox->filler != NULL)
		loop_wake(inbox->filler, -ECANCELED);
	if (inbox->direct != NULL && !inbox->direct->is_done &&
	    !inbox->direct->is_cancelled) {
		inbox->direct->is_cancelled = true;
		inbox->loop->ops->cancel(inbox->loop, inbox->direct);
	}
}

/* ---- life ---- */

int loop_inbox_new(int fd, struct loop_inbox **ret_inbox)
{
	struct loop_inbox *inbox = calloc(1, sizeof(*inbox));

	if (inbox == NULL)
		return -ENOMEM;
	inbox->loop = loop_current();
	inbox->fd = fd;
	STAILQ_INIT(&inbox->chunks);
	*ret_inbox = inbox;
	return 0;
}

void loop_inbox_co_free(struct loop_inbox *inbox)
{
	if (inbox == NULL)
		return;
	assert(!inbox->is_filling);
	stream_end(inbox);
	co_await_end(inbox);
	while (inbox->chunk_count > 0)
		chunk_drop(inbox);
	free(inbox);
}

int loop_inbox_co_leave(struct loop_inbox *inbox, uint8_t **ret_bytes,
			size_t *ret_length)
{
	struct loop_chunk *chunk;
	size_t length = 0;

	assert(!inbox->is_filling);
	stream_end(inbox);
	co_await_end(inbox);
	STAILQ_FOREACH(chunk, &inbox->chunks, entry)
		length += chunk->length;

	uint8_t *bytes = malloc(length > 0 ? length : 1);

	if (bytes == NULL)
		return -ENOMEM;
	chunks_take(inbox, bytes, length);
	inbox->is_shut = true;
	*ret_bytes = bytes;
	*ret_length = length;
	return 0;
}

int loop_inbox_unread(struct loop_inbox *inbox, const uint8_t *bytes,
		      size_t length)
{
	if (length == 0)
		return 0;

	struct loop_chunk *chunk = malloc(sizeof(*chunk) + length);

	if (chunk == NULL)
		return -ENOMEM;

	uint8_t *copy = (uint8_t *)(chunk + 1);

	memcpy(copy, bytes, length);
	*chunk = (struct loop_chunk){
		.bytes = copy,
		.length = length,
		.buffer_id = -1,
	};
	STAILQ_INSERT_HEAD(&inbox->chunks, chunk, entry);
	inbox->chunk_count++;
	return 0;
}
