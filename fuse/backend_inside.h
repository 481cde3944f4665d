/*
 * What a backend is made of, between backend.c, start.c and their kin.
 *
 * Thread: the backend's own, but for what the mutex guards.
 */
#pragma once

#include <pthread.h>
#include <stdatomic.h>

#include "fuse/backend.h"
#include "fuse/conn.h"
#include "fuse/kmount.h"
#include "fuse/kwatch.h"
#include "fuse/spawn.h"

enum {
	FUSEFS_LINE_SIZE = 512,
	FUSEFS_TICK_MS = 200, /* how often clocks are looked at */
};

/* The ways to start a program; in which order they are tried is start.c's. */
enum fusefs_way {
	FUSEFS_WAY_DIRECT,       /* a socket; the first step of INIT's ladder */
	FUSEFS_WAY_DIRECT_AGAIN, /* the second */
	/* The same, fetched by a fusermount of ours (shim.h). */
	FUSEFS_WAY_SHIM,
	FUSEFS_WAY_SHIM_AGAIN, /* for who looks for a device first */
	FUSEFS_WAY_DETACHED,   /* a mount of ours without a place */
	FUSEFS_WAY_PLACE,      /* a place for a mount of its own */
	FUSEFS_WAYS,
};

/* A question for the root's facts, by the direct door. */
struct fusefs_probe {
	struct fusefs_call call;
	struct fuse_attr_out out;
	atomic_bool is_answered;
	bool is_out;
	uint64_t asked_ms;
};

enum fusefs_state {
	FUSEFS_STARTING,
	FUSEFS_READY,
	FUSEFS_WAITING,
	FUSEFS_OVER, /* its first start failed */
};

struct fusefs_backend {
	pthread_mutex_t mutex; /* of these six */
	pthread_cond_t changed;
	enum fusefs_state state;
	bool is_stopping;
	bool is_late; /* its first start failed, and it goes on */
	struct fusefs_events events;
	int err; /* why it is OVER */

	/* frozen */
	char *name;
	char **words;
	size_t word_count;
	unsigned int timeout_ms;
	enum fusefs_via via;
	bool is_read_only;
	bool keeps_nothing;
	bool may_come_late;
	int wake_fd; /* stopping, or something was answered */

	/* the thread's own */
	struct fusefs_child child;
	enum fusefs_way way;
	bool has_way; /* found out: `way` works */
	/* the kernel door */
	struct fusefs_watch *watch;
	int root_fd;
	bool is_private;
	char place[FUSEFS_PLACE_SIZE]; /* "": none */
	/* the shim: who wants the program's end of the socket? */
	int shim_fd, theirs_fd;
	/* the direct door */
	int socket_fd; /* before INIT is over */
	size_t message_max;
	struct fusefs_conn *conn; /* reference; after it */
	struct fusefs_probe probe;
	/* what the program says */
	char line[FUSEFS_LINE_SIZE]; /* that is being read */
	size_t line_length;
	char last[FUSEFS_LINE_SIZE]; /* that was read */
};

/* ---- backend.c ---- */

uint64_t fusefs_now_ms(void);

/* A line for the log. */
__attribute__((format(printf, 3, 4))) void fusefs_say(struct fusefs_backend *b,
						      enum fusefs_level level,
						      const char *format, ...);
bool fusefs_is_stopping(struct fusefs_backend *b);

/* Waits for anything to happen, up to `ms`. True if the program has ended. */
bool fusefs_pump(struct fusefs_backend *b, int ms, char how[64]);

/* Whatever state it is in, nothing of the program is left afterwards. */
void fusefs_end_program(struct fusefs_backend *b, bool is_hanging);

/* ---- start.c ---- */

extern const char *const fusefs_way_names[FUSEFS_WAYS];

static inline bool fusefs_is_direct(const struct fusefs_backend *b)
{
	return b->way <= FUSEFS_WAY_SHIM_AGAIN;
}

/*
 * Starts the program in one way or another, and waits until its root answers.
 * 0 or -errno; what is left of it then is for fusefs_end_program().
 */
int fusefs_start_program(struct fusefs_backend *b);

/* How often the root is asked for its facts. */
unsigned int fusefs_interval_ms(const struct fusefs_backend *b);

/* Asks, by the direct door. */
int fusefs_send_probe(struct fusefs_backend *b);
