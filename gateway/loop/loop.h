/*
 * One event loop a worker thread: fibers, and the operations that a fiber may
 * wait for. All of loop/ hides behind this header; which engine answers
 * (io_uring; epoll with threads) can't be told from above.
 *
 * A function with `co_` in its name may suspend the calling fiber: other
 * fibers of this worker then run, so whatever is shared with them may have
 * changed when it returns. It must be called from a fiber, with no loop_mutex
 * held (asserted). Everything else here never suspends.
 *
 * Results are 0 or more, or -errno. Short transfers are resumed in here unless
 * said otherwise; EINTR and EAGAIN never come out. Operations on files run to
 * their end even if the fiber is cancelled meanwhile (their buffers belong to
 * the kernel until then). What waits for a peer (send, splice, fill, poll) or
 * for another fiber ends with -ECANCELED; of a send, any part may have left.
 *
 * Thread: a loop belongs to the thread that runs it. Functions without a loop
 * argument mean the calling thread's loop. loop_post() and loop_stop() may be
 * called from any thread.
 */
#pragma once

#include <linux/openat2.h>
#include <linux/stat.h>
#include <pthread.h>
#include <stdbool.h>
#include <stddef.h>
#include <stdint.h>
#include <sys/queue.h>
#include <sys/socket.h>
#include <sys/types.h>
#include <sys/uio.h>

struct loop;
struct loop_fiber;
struct loop_identity;
struct statx;

/* No deadline. */
#define LOOP_FOREVER UINT64_MAX

/* ---- a loop's life ---- */

enum loop_engine {
	LOOP_ENGINE_AUTO, /* io_uring if the probe says that it works */
	LOOP_ENGINE_URING,
	LOOP_ENGINE_PLAIN,
	LOOP_ENGINE_SIM, /* sim.h: the tests' own, not to be asked for here */
};

struct loop_world;

struct loop_options {
	enum loop_engine engine;
	unsigned int hands;       /* threads for blocking calls; 0 means 4 */
	struct loop_world *world; /* whose engine it has; NULL: `engine` */
};

/*
 * What this kernel and this container let us have, found once at start by
 * trying it: opens a ring, runs an operation. `text` is a line for the log
 * ("io_uring: multishot receive, provided buffers, …" or the reason why not).
 */
struct loop_features {
	bool has_uring;         /* all that uring.c can't do without */
	bool has_single_issuer; /* SINGLE_ISSUER and DEFER_TASKRUN */
	bool has_multishot_accept;
	bool has_multishot_recv; /* with provided buffer rings */
	bool has_msg_ring;
	bool has_ftruncate;
	bool has_xattr;
	char text[256];
};

void loop_probe(struct loop_features *ret_features);

/*
 * Makes the loop of the calling thread. -ENOSYS or -EPERM if LOOP_ENGINE_URING
 * was asked for and can't be had. Free with loop_free() on the same thread,
 * after loop_run() has returned.
 */
int loop_new(const struct loop_options *options, struct loop **ret_loop);
struct loop *loop_free(struct loop *loop);

/*
 * Runs fibers, completions, timers and notes until loop_stop(). Returns when
 * no fiber is left; until then those that wait are cancelled once.
 */
void loop_run(struct loop *loop);

/* Makes loop_run() return soon. Thread: any. */
void loop_stop(struct loop *loop);

struct loop *loop_current(void);
enum loop_engine loop_engine_of(const struct loop *loop);
const char *loop_engine_name(enum loop_engine engine);

struct loop_counters {
	uint64_t enters;    /* io_uring_enter or epoll_wait calls */
	uint64_t submitted; /* operations given to the kernel or to hands */
	uint64_t completed;
	uint64_t hand_calls;
	uint64_t fibers; /* spawned so far */
	uint64_t notes;  /* delivered so far */
};

/* Borrowed; read it on the loop's own thread. */
const struct loop_counters *loop_counters(const struct loop *loop);

/* ---- time ---- */

/* CLOCK_MONOTONIC in nanoseconds, as of this round of the loop. */
uint64_t loop_now(void);

/* CLOCK_REALTIME in nanoseconds since 1970, read afresh. */
uint64_t loop_wall_now(void);

static inline uint64_t loop_ms(uint64_t ms)
{
	return ms * 1000000u;
}

struct loop_timer {
	/* Called from the loop's top, not in a fiber; may set the timer anew. */
	void (*fire)(struct loop_timer *timer);
	uint64_t deadline_ns; /* of loop_now(); private while set */
	size_t heap_index;    /* private; 0 means not set */
};

/* Sets or moves the timer. `fire` must be filled in. */
void loop_timer_set(struct loop_timer *timer, uint64_t deadline_ns);
void loop_timer_clear(struct loop_timer *timer);

/* ---- fibers ---- */

typedef void loop_fiber_fn(void *arg);

/*
 * Starts fn(arg) on a small stack of its own (64 KiB, guard page below). It
 * runs from the loop's top, after those spawned before it. Returns a handle
 * that is good until fn returns; NULL if no stack can be had.
 */
struct loop_fiber *loop_spawn(loop_fiber_fn *fn, void *arg);

/* The running fiber; NULL outside of fibers. */
struct loop_fiber *loop_self(void);

/*
 * Asks a fiber to stop: the wait it is in, or else the next one that it begins
 * in loop_co_wait(), loop_co_sleep(), loop_co_poll(), loop_co_send(),
 * loop_co_splice() or loop_inbox_co_fill(), returns -ECANCELED. One request
 * ends one wait; a request while one is pending is the same one.
 */
void loop_cancel(struct loop_fiber *fiber);

/* True if a cancel is pending for the running fiber. Does not use it up. */
bool loop_is_cancelled(void);

/* Uses up a cancel that is pending for the running fiber: true if one was. */
bool loop_cancel_take(void);

/* Lets all other runnable fibers run first. */
void loop_co_yield(void);

/* 0 when the time is over, or -ECANCELED. */
int loop_co_sleep(uint64_t ns);

/*
 * What is not I/O (a lock, an acknowledgement, a lack of buffers) is waited
 * for in a waiter, usually on the fiber's stack, linked into a list of the
 * thing that it waits for. The list is the owner's business: link it before,
 * and unlink it after loop_co_wait() if the waker has not.
 */
struct loop_waiter {
	TAILQ_ENTRY(loop_waiter) entry; /* for the owner's use */
	struct loop_fiber *fiber;       /* private */
	int result;                     /* private */
	bool is_woken;                  /* private */
};

TAILQ_HEAD(loop_waiters, loop_waiter);

/*
 * Waits until loop_wake(), and returns its result; -ETIMEDOUT once loop_now()
 * has passed the deadline; -ECANCELED. Start with *w = {}. A wake that came
 * before the wait began counts.
 */
int loop_co_wait(struct loop_waiter *w, uint64_t deadline_ns);

/* Wakes a waiter of this worker, at most once for each wait. */
void loop_wake(struct loop_waiter *w, int result);

/* ---- mail ---- */

struct loop_note {
	/* Called on the receiver's thread, from its top, not in a fiber. */
	void (*deliver)(struct loop_note *note);
	struct loop_note *next; /* private */
};

/*
 * Sends a note to a loop, the own one included. Notes of one sender arrive in
 * order, each exactly once. The note belongs to the receiver from here on.
 * Thread: any that has a loop, and threads without one as well.
 */
void loop_post(struct loop *to, struct loop_note *note);

/* ---- locks ---- */

/*
 * A mutex for the few things that workers share. The loop asserts that none
 * is held where a fiber suspends, and no two at once by one thread.
 */
struct loop_mutex {
	pthread_mutex_t mutex;
};

#define LOOP_MUTEX_INITIALIZER                     \
	{                                          \
		.mutex = PTHREAD_MUTEX_INITIALIZER \
	}

void loop_mutex_init(struct loop_mutex *m);
void loop_mutex_fini(struct loop_mutex *m);
void loop_lock(struct loop_mutex *m);
void loop_unlock(struct loop_mutex *m);

/* ---- identities ---- */

/*
 * Credentials that an operation can borrow: a registered personality of this
 * loop's ring, or, on the plain engine, what a hand sets on its thread for the
 * call. File-system capabilities go with uid 0 alone. Needs CAP_SETUID and
 * CAP_SETGID: -EPERM without. Belongs to the calling thread's loop; free it
 * there when no operation uses it. Operations take NULL for the process's own.
 */
int loop_identity_new(uid_t uid, gid_t gid, const gid_t *groups,
		      size_t group_count, struct loop_identity **ret_identity);
struct loop_identity *loop_identity_free(struct loop_identity *identity);

/* ---- any call that blocks ---- */

/*
 * Runs fn(arg) on a hand, a thread kept for that, under an identity, and
 * returns what it returns (0 or more, or -errno). fn must not touch the loop.
 */
int64_t loop_co_call(const struct loop_identity *as, int64_t (*fn)(void *arg),
		     void *arg);

/* ---- lanes ---- */

/*
 * Hands set apart for calls that may hang: what a fiber does on files while it
 * is in a lane is done by plain calls of the lane's threads, whichever engine
 * there is. So neither the ring nor the loop's own hands, nor the worker, wait
 * for them. Belongs to the calling thread's loop. NULL: no thread to be had.
 */
struct loop_lane;
struct loop_lane *loop_lane_new(unsigned int hands);

/* When nothing is under way in it, and before the loop is freed. */
struct loop_lane *loop_lane_free(struct loop_lane *lane);

/*
 * Puts the running fiber into a lane (NULL: none); the one it was in, to go
 * back to. Fibers that it spawns meanwhile are born there.
 */
struct loop_lane *loop_lane_enter(struct loop_lane *lane);

/* loop_spawn() of a fiber that is in a lane all its life. */
struct loop_fiber *loop_spawn_in(struct loop_lane *lane, loop_fiber_fn *fn,
				 void *arg);

/* ---- files ---- */

/* A new descriptor, O_CLOEXEC added. Whatever else the flags say is done. */
int loop_co_openat2(const struct loop_identity *as, int dir_fd,
		    const char *path, const struct open_how *how);
int loop_co_statx(const struct loop_identity *as, int dir_fd, const char *path,
		  int flags, unsigned int mask, struct statx *ret_stat);
int loop_co_mkdirat(const struct loop_identity *as, int dir_fd,
		    const char *path, mode_t mode);
int loop_co_unlinkat(const struct loop_identity *as, int dir_fd,
		     const char *path, int flags);
int loop_co_renameat2(const struct loop_identity *as, int from_dir_fd,
		      const char *from, int to_dir_fd, const char *to,
		      unsigned int flags);
int loop_co_linkat(const struct loop_identity *as, int from_dir_fd,
		   const char *from, int to_dir_fd, const char *to, int flags);
int loop_co_symlinkat(const struct loop_identity *as, const char *target,
		      int dir_fd, const char *path);

/* Bytes moved: fewer than `length` only at the end of the file. */
int64_t loop_co_read(int fd, void *to, size_t length, uint64_t offset);

/* All of it, or -errno (then any part may have been written). */
int64_t loop_co_write(int fd, const void *from, size_t length, uint64_t offset,
		      int rw_flags);

/* fdatasync if `data_only`. */
int loop_co_fsync(int fd, bool data_only);
int loop_co_fallocate(int fd, int mode, uint64_t offset, uint64_t length);
int loop_co_ftruncate(int fd, uint64_t length);

/* As fgetxattr(2) and fsetxattr(2), under an identity. */
int64_t loop_co_fgetxattr(const struct loop_identity *as, int fd,
			  const char *name, void *to, size_t size);
int loop_co_fsetxattr(const struct loop_identity *as, int fd, const char *name,
		      const void *value, size_t size, int flags);

/* Does not wait; the descriptor is gone when it returns. */
void loop_close(int fd);

/*
 * Moves bytes between a pipe and something else; an offset of UINT64_MAX means
 * a descriptor that has none. One transfer, not resumed: the bytes moved, 0 at
 * an end.
 */
int64_t loop_co_splice(int from_fd, uint64_t from_offset, int to_fd,
		       uint64_t to_offset, size_t length, unsigned int flags);

/* ---- sockets ---- */

/*
 * Sockets given to the functions below, and to loop_co_splice(), must be
 * non-blocking. Those that a listener accepts are; loop_socket_adopt() makes
 * others so.
 */
int loop_socket_adopt(int fd);

/* What the peer of a socket has received. */
struct loop_acked {
	uint64_t bytes;      /* acknowledged since it connected */
	uint32_t timeout_ms; /* the retransmission timeout of now */
};

/* Asks for it. False: this is not TCP, or the kernel doesn't tell. */
bool loop_socket_acked(int fd, struct loop_acked *ret_acked);

/*
 * Sends all of it with MSG_NOSIGNAL and `flags`, or -errno. The vector is
 * changed meanwhile.
 */
int64_t loop_co_send(int fd, struct iovec *iov, size_t iov_count, int flags);

/* Waits for POLLIN and the like: the events, -ETIMEDOUT or -ECANCELED. */
int loop_co_poll(int fd, short events, uint64_t deadline_ns);

/*
 * A listening socket. One multishot accept where the kernel has it.
 * `accepted` gets each new descriptor (it then owns it) or -errno, from the
 * loop's top, not in a fiber.
 */
struct loop_listener;
int loop_listener_new(int fd, void (*accepted)(void *arg, int fd), void *arg,
		      struct loop_listener **ret_listener);

/* Stops accepting; the descriptor is the caller's to close. */
struct loop_listener *loop_listener_free(struct loop_listener *listener);

/*
 * The receiving side of a stream socket: one multishot receive into provided
 * buffers where the kernel has them, so that an idle connection holds no
 * buffer. One fiber at a time may fill.
 */
struct loop_inbox;
int loop_inbox_new(int fd, struct loop_inbox **ret_inbox);

/* Waits until the kernel is done with it. The descriptor stays open. */
void loop_inbox_co_free(struct loop_inbox *inbox);

/*
 * Fills `to` with exactly `length` bytes: 0; or -ECONNRESET and the like;
 * -ENODATA if the peer closed before the first byte, -EPROTO if in the middle;
 * -ETIMEDOUT at the deadline. A long rest is received straight to its place.
 */
int loop_inbox_co_fill(struct loop_inbox *inbox, void *to, size_t length,
		       uint64_t deadline_ns);

/*
 * Gives the socket to another loop: ends the receive and copies what came too
 * early to `ret_bytes` (malloc, the caller's). The inbox stays to be freed;
 * pass the bytes to loop_inbox_unread() of the new one.
 */
int loop_inbox_co_leave(struct loop_inbox *inbox, uint8_t **ret_bytes,
			size_t *ret_length);
int loop_inbox_unread(struct loop_inbox *inbox, const uint8_t *bytes,
		      size_t length);

/* Ends a fill that waits in another fiber, with -ECANCELED, now and later. */
void loop_inbox_shut(struct loop_inbox *inbox);
