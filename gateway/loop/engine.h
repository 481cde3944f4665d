/*
 * Between loop.h's functions and the engines: an operation, and what an engine
 * must be able to do with one. An operation lives where its waiting
 * fiber keeps it, mostly on that fiber's stack, so that none costs a malloc.
 *
 * Thread: the loop's, except where said otherwise.
 */
#pragma once

#include <stdbool.h>
#include <stddef.h>
#include <stdint.h>
#include <sys/queue.h>
#include <time.h>

#include "gateway/loop/fiber.h"
#include "gateway/loop/loop.h"

enum loop_verb {
	LOOP_VERB_OPENAT2,   /* fd path how */
	LOOP_VERB_STATX,     /* fd path flags mask to */
	LOOP_VERB_MKDIRAT,   /* fd path mask */
	LOOP_VERB_UNLINKAT,  /* fd path flags */
	LOOP_VERB_RENAMEAT2, /* fd path fd2 path2 flags */
	LOOP_VERB_LINKAT,    /* fd path fd2 path2 flags */
	LOOP_VERB_SYMLINKAT, /* fd2 path2, and path is the target */
	LOOP_VERB_READ,      /* fd to length offset */
	LOOP_VERB_WRITE,     /* fd from length offset flags */
	LOOP_VERB_FSYNC,     /* fd; flags: 1 for data only */
	LOOP_VERB_FALLOCATE, /* fd flags offset length */
	LOOP_VERB_FTRUNCATE, /* fd length */
	LOOP_VERB_FGETXATTR, /* fd path to length */
	LOOP_VERB_FSETXATTR, /* fd path from length flags */
	LOOP_VERB_SPLICE,    /* fd offset fd2 offset2 length flags */
	LOOP_VERB_CALL,      /* call arg; up to here: lanes take them */
	LOOP_VERB_SEND,      /* fd message flags */
	LOOP_VERB_RECV,      /* fd to length flags */
	LOOP_VERB_POLL,      /* fd flags: events */
	LOOP_VERB_ACCEPT,    /* fd; completes more than once */
	LOOP_VERB_STREAM,    /* fd; completes more than once, with chunks */
	LOOP_VERB_COUNT,
};

struct loop_identity {
	struct loop *loop;
	uint64_t serial; /* never used twice by a loop */
	int personality; /* of io_uring; 0 is none */
	uid_t uid;
	gid_t gid;
	size_t group_count;
	gid_t groups[];
};

/* Bytes of a socket that nobody has asked for yet. */
struct loop_chunk {
	STAILQ_ENTRY(loop_chunk) entry;
	const uint8_t *bytes;
	size_t length;
	int buffer_id; /* -1: allocated together with its bytes */
};

struct loop_op {
	enum loop_verb verb;
	bool is_done;
	bool is_on_hand;
	bool is_waiting;   /* plain engine: for its descriptor */
	bool is_cancelled; /* asked to end early */
	int fd;
	int fd2;
	unsigned int flags;
	unsigned int mask;
	const char *path;
	const char *path2;
	const struct open_how *how;
	const void *from;
	struct msghdr *message;
	void *to;
	size_t length;
	uint64_t offset;
	uint64_t offset2;
	const struct loop_identity *as;
	int64_t (*call)(void *arg);
	void *arg;

	struct loop *loop;
	struct loop_fiber *fiber;
	int64_t result;
	struct loop_chunk *chunk; /* of a STREAM's completion */

	/*
	 * Called from the top, or within the engine's start(). `more` says that
	 * it will be called again.
	 */
	void (*complete)(struct loop_op *op, int64_t result, bool more);

	struct loop_note note; /* by which a hand gives it back */
	union {
		STAILQ_ENTRY(loop_op) hand_entry;
		struct loop_op *next_waiting; /* plain engine */
	};
};

struct loop_engine_ops {
	enum loop_engine engine;
	const char *name;
	bool uses_hands; /* the loop's threads for calls that block */

	/* Fills in loop->engine, or returns -errno. */
	int (*open)(struct loop *loop);

	/* Nothing may be under way. */
	void (*close)(struct loop *loop);

	/* Begins an operation; may complete it at once. Never fails. */
	void (*start)(struct loop *loop, struct loop_op *op);

	/*
	 * Asks a SEND, RECV, POLL, ACCEPT or STREAM that was started to end
	 * early. It completes all the same, with -ECANCELED or what it had.
	 */
	void (*cancel)(struct loop *loop, struct loop_op *op);

	/* Gives what was started to the kernel, waits, completes what is done. */
	void (*wait)(struct loop *loop, uint64_t timeout_ns);

	/*
	 * Ends a wait of `to`. Thread: any; `from` is the calling thread's
	 * running loop, of the same engine, or NULL.
	 */
	void (*ring)(struct loop *to, struct loop *from);

	/* The thread wears the identity meanwhile. 0 or -errno. */
	int (*identity_add)(struct loop *loop, struct loop_identity *identity);
	void (*identity_drop)(struct loop *loop,
			      struct loop_identity *identity);

	/* Whether a STREAM can be started now: a buffer is free. */
	bool (*can_stream)(struct loop *loop);
	void (*chunk_give)(struct loop *loop, struct loop_chunk *chunk);

	/* What a clock shows, in nanoseconds. NULL: what the kernel says. */
	uint64_t (*now)(struct loop *loop, clockid_t clock);

	/* loop_socket_acked(). NULL: TCP says it. */
	bool (*acked)(struct loop *loop, int fd, struct loop_acked *ret_acked);

	/* Whether the notes that were posted have arrived. NULL: always. */
	bool (*has_mail)(struct loop *loop);
};

/* An engine that somebody brings along, with what it needs: tests do. */
struct loop_world {
	const struct loop_engine_ops *ops;
};

extern const struct loop_engine_ops loop_engine_uring;
extern const struct loop_engine_ops loop_engine_plain;

/*
 * Starts the operation and waits for its result. At the deadline, and if the
 * fiber is cancelled, an operation of those that can be cancelled is: the
 * result is then -ECANCELED, and op->is_cancelled says which.
 */
int64_t loop_co_op(struct loop_op *op, uint64_t deadline_ns);

/* loop_socket_acked(), as TCP tells it. Thread: any. */
bool loop_tcp_acked(int fd, struct loop_acked *ret_acked);

/* The operation as the plain system call that it is. Thread: any. */
int64_t loop_op_call(struct loop_op *op);

static inline int64_t loop_result(int64_t result, int error)
{
	return result < 0 ? -error : result;
}
