/*
 * What a server of files has to do, as tables: names, files, opens, ranges,
 * rights to cache, and requests that wait. Simple on purpose: no connection, no
 * disk, no order of events but the one that it is told. It is written after
 * MS-FSA and MS-SMB2, and knows nothing of the server's own code.
 *
 * A request is run as far as it goes; one that has to wait is run again later.
 * Each run is one moment: nothing happens in the middle of it.
 *
 * The struct is plain bytes without pointers: copied, compared, hashed. What
 * happened in another order and makes no difference leaves the same bytes, or
 * a search would go through all orders of what has nothing to do with another.
 */
#pragma once

#include <stdbool.h>
#include <stddef.h>
#include <stdint.h>

enum {
	MODEL_ACTORS = 4,
	MODEL_KEYS = 3, /* leases of an actor */
	MODEL_OPENS = 20,
	MODEL_FILES = 32,
	MODEL_NAMES = 5,
	MODEL_BYTES = 48, /* of a file */
	MODEL_LOCKS = 24,
	MODEL_OPS = 24, /* requests that live at the same time */
	MODEL_LEASES = MODEL_ACTORS * MODEL_KEYS,
	/* An open's oplock, then the leases. */
	MODEL_GRANTS = MODEL_OPENS + MODEL_LEASES,
	MODEL_NOTICES = 32,
	MODEL_NONE = 0xff,
};

/* Rights that an open has; none of them: attributes alone. */
enum {
	MODEL_READ = 1,
	MODEL_WRITE = 2,
	MODEL_DELETE = 4,
};

/* Rights to cache: SMB_CACHE_*. */
enum {
	MODEL_R = 1,
	MODEL_H = 2,
	MODEL_W = 4,
};

enum model_kind {
	MODEL_NOTHING,
	MODEL_CREATE,
	MODEL_CLOSE,
	MODEL_READ_DATA,
	MODEL_WRITE_DATA,
	MODEL_SET_SIZE,
	MODEL_LOCK,
	MODEL_UNLOCK,
	MODEL_RENAME,
	MODEL_DISPOSE,
	MODEL_ACK_LEASE,
	MODEL_ACK_OPLOCK,
	MODEL_CANCEL,
	MODEL_LAPSE, /* the time to acknowledge is over */
	MODEL_GONE,  /* the actor's connection is cut */
	MODEL_KIND_COUNT,
};

enum model_wants {
	MODEL_WANTS_NOTHING,
	MODEL_WANTS_OPLOCK,
	MODEL_WANTS_LEASE,
};

struct model_answer {
	bool is_there;
	uint32_t status;
	uint8_t grant; /* CREATE: enum model_wants, what came of it */
	uint8_t caching;
	uint8_t length; /* READ */
	uint8_t bytes[MODEL_BYTES];
};

/* A request, and what was answered. Frozen while it lives, but for `seen`. */
struct model_op {
	enum model_kind kind;
	uint8_t actor;
	uint8_t open; /* that it is about; of CREATE: the place for a new one */
	uint8_t file; /* CREATE: the place for a new file */
	uint8_t name; /* CREATE, RENAME */
	uint8_t access, sharing, disposition; /* CREATE */
	bool deletes;                         /* CREATE, DISPOSE */
	enum model_wants wants;
	uint8_t key, caching;   /* CREATE, ACK */
	uint8_t offset, length; /* READ, WRITE, LOCK, SET_SIZE (length) */
	uint8_t fill;           /* WRITE */
	bool is_exclusive, is_immediate; /* LOCK */
	bool is_replace;                 /* RENAME */
	uint8_t target;                  /* CANCEL: an op; LAPSE: a grant */
	bool is_lost; /* the actor is cut: no answer will come */
	struct model_answer seen;
};

enum model_state {
	MODEL_IS_NEW,
	MODEL_IS_ADMITTED_LATER, /* CREATE, waits for who has the file open */
	MODEL_IS_ADMITTED,       /* CREATE: what it has is still to be told */
	MODEL_IS_LOCKING,        /* LOCK, waits for a range */
	MODEL_IS_BREAKING,       /* waits until others have given up rights */
	MODEL_IS_READY,          /* others have given up their rights */
	MODEL_IS_CHECKED,        /* RENAME: may go on; to what, is to be seen */
	MODEL_IS_CHANGING,       /* the same, and bytes are still to change */
	MODEL_IS_DELETING,       /* CLOSE, GONE: the name is still to go */
	MODEL_IS_CLOSING,        /* CLOSE: its waits have ended */
	MODEL_IS_LEAVING,        /* GONE: has opens still */
	MODEL_IS_OVER,
};

struct model_file {
	bool is_used;
	bool is_pending; /* to be deleted with the last open */
	uint8_t name;
	uint8_t size;
	uint8_t bytes[MODEL_BYTES];
};

struct model_open {
	bool is_used;
	bool deletes;
	bool is_closing; /* nothing waits on its behalf any more */
	uint8_t actor, file, access, sharing;
	uint8_t grant; /* MODEL_NONE */
	uint8_t order; /* among its actor's, from 1 */
};

struct model_grant {
	bool is_used;
	bool is_breaking;
	uint8_t file, caching, offered, final;
	uint8_t opens;
};

struct model_lock {
	uint8_t open; /* MODEL_NONE ends the list */
	uint8_t offset, length;
	bool is_exclusive;
};

struct model_notice {
	uint8_t grant;
	uint8_t from, to;
	bool must_ack;
	bool is_gone; /* its grant has ended: nobody may have been told */
};

struct model {
	uint8_t names[MODEL_NAMES];
	struct model_file files[MODEL_FILES];
	struct model_open opens[MODEL_OPENS];
	struct model_grant grants[MODEL_GRANTS];
	struct model_lock locks[MODEL_LOCKS]; /* sorted */
	/* LOCKs that wait: by their files, of one the oldest first. */
	uint8_t waits[MODEL_OPS];
	uint8_t states[MODEL_OPS];
	uint8_t op_files[MODEL_OPS];  /* that a waiting CREATE has found */
	bool for_handles[MODEL_OPS];  /* waits until somebody closes one */
	bool is_woken[MODEL_OPS];     /* has to look afresh */
	bool is_cancelled[MODEL_OPS]; /* and its next wait is over at once */
	/* Sent, and not yet compared with what was seen. */
	uint8_t notice_count;
	struct model_notice notices[MODEL_NOTICES];
};

void model_init(struct model *m);

/*
 * Runs a request once. False: nothing has changed, it goes on waiting. If it
 * is over (states[]), `ret_answer` says how; other requests may be over too.
 */
bool model_run(struct model *m, const struct model_op *ops, uint8_t index,
	       struct model_answer answers[MODEL_OPS]);

static inline uint8_t model_lease(uint8_t actor, uint8_t key)
{
	return (uint8_t)(MODEL_OPENS + actor * MODEL_KEYS + key);
}

static inline bool model_is_lease(uint8_t grant)
{
	return grant >= MODEL_OPENS;
}

/* A line of text; static. */
const char *model_show(const struct model_op *op);

/* Its tables, as lines of comment. */
void model_print(const struct model *m);
