/*
 * Calls in flight are found by the number that their replies carry. A reply is
 * looked at before it is received, so that its bytes go where they are wanted;
 * the call is out of the table by then, so that nobody gives it up meanwhile.
 * Replies that nobody waits for (answers to INTERRUPT) are read and dropped, and
 * notices that say nothing; of late replies, what the program has opened or told
 * by them is given back.
 */
#include "fuse/conn.h"

#include <errno.h>
#include <fcntl.h>
#include <poll.h>
#include <pthread.h>
#include <signal.h>
#include <stdatomic.h>
#include <stdlib.h>
#include <string.h>
#include <sys/socket.h>
#include <time.h>
#include <unistd.h>

#include "fuse/cache.h"
#include "fuse/thread.h"

#define BUCKETS  64
#define OPCODES  64
#define BUFFER   (FUSEFS_IO_SIZE_MAX + 128 * 1024)
#define OVERHEAD 4096 /* the kernel's, for a message */

LIST_HEAD(calls, fusefs_call);

/* Calls given up whose replies may still come; older ones are forgotten. */
#define ORPHANS 256

struct orphan {
	uint64_t unique; /* 0: none */
	uint64_t node;
	uint32_t opcode;
};

struct fusefs_conn {
	atomic_uint refs;
	int fd;
	uint64_t serial;
	struct fusefs_limits limits;
	atomic_bool is_closed;
	atomic_bool facts_hold; /* those that come with names, for a time */
	atomic_bool uses_facts; /* the last listing was used with them */
	atomic_bool is_unknown[OPCODES]; /* the program has no such request */

	pthread_mutex_t mutex; /* of these */
	uint64_t next_unique;
	struct calls flying[BUCKETS];
	struct orphan orphans[ORPHANS];
	size_t next_orphan;
	struct fusefs_nodes nodes;
	struct fusefs_listener listener;
	struct fusefs_cache *cache; /* NULL: nothing is kept */
};

int fusefs_conn_pair(int *ret_ours, int *ret_theirs, size_t *ret_message_max)
{
	int fds[2], size, least = 0;
	socklen_t length = sizeof(size);

	if (socketpair(AF_UNIX, SOCK_SEQPACKET | SOCK_CLOEXEC, 0, fds) < 0)
		return -errno;
	for (int i = 0; i < 2; i++) {
		size = BUFFER;
		if (setsockopt(fds[i], SOL_SOCKET, SO_SNDBUFFORCE, &size,
			       sizeof(size)) < 0)
			setsockopt(fds[i], SOL_SOCKET, SO_SNDBUF, &size,
				   sizeof(size));
		getsockopt(fds[i], SOL_SOCKET, SO_SNDBUF, &size, &length);
		if (!least || size < least)
			least = size;
	}
	fcntl(fds[0], F_SETFL, O_NONBLOCK);
	*ret_ours = fds[0];
	*ret_theirs = fds[1];
	/* The kernel says twice what may be used, for its own needs. */
	*ret_message_max = (size_t)least / 2 - OVERHEAD;
	return 0;
}

/* ---- the table ---- */

static struct calls *bucket_of(struct fusefs_conn *conn, uint64_t unique)
{
	return &conn->flying[unique / 2 % BUCKETS];
}

/* Takes it out: the caller's now, or NULL. */
static struct fusefs_call *take(struct fusefs_conn *conn, uint64_t unique)
{
	struct fusefs_call *call;

	pthread_mutex_lock(&conn->mutex);
	LIST_FOREACH(call, bucket_of(conn, unique), entry) {
		if (call->request.head.unique == unique) {
			LIST_REMOVE(call, entry);
			break;
		}
	}
	pthread_mutex_unlock(&conn->mutex);
	return call;
}

static void finish(struct fusefs_call *call, int err, size_t length)
{
	call->err = err;
	call->length = length;
	call->done(call);
}

static void finish_all(struct fusefs_conn *conn)
{
	struct fusefs_call *call;

	for (size_t i = 0; i < BUCKETS; i++) {
		do {
			pthread_mutex_lock(&conn->mutex);
			call = LIST_FIRST(&conn->flying[i]);
			if (call)
				LIST_REMOVE(call, entry);
			pthread_mutex_unlock(&conn->mutex);
			if (call)
				finish(call, -ENOTCONN, 0);
		} while (call);
	}
}

/* ---- receiving ---- */

static ssize_t receive(struct fusefs_conn *conn, struct fuse_out_header *head,
		       void *to, size_t size, int flags, bool *ret_is_cut)
{
	struct iovec parts[] = { { head, sizeof(*head) }, { to, size } };
	struct msghdr message = { .msg_iov = parts,
				  .msg_iovlen = size ? 2 : 1 };
	ssize_t n = recvmsg(conn->fd, &message,
			    flags | MSG_DONTWAIT | MSG_CMSG_CLOEXEC);

	*ret_is_cut = message.msg_flags & MSG_TRUNC;
	return n;
}

static void take_late(struct fusefs_conn *conn,
		      const struct fuse_out_header *head, const void *body,
		      size_t length);

bool fusefs_conn_listen(struct fusefs_conn *conn,
			const struct fusefs_listener *listener)
{
	bool is_first;

	pthread_mutex_lock(&conn->mutex);
	is_first = !conn->listener.heard;
	if (is_first)
		conn->listener = *listener;
	pthread_mutex_unlock(&conn->mutex);
	return is_first;
}

/* A notice has no number, and its kind where a reply has its error. */
static void take_notice(struct fusefs_conn *conn,
			const struct fuse_out_header *head, const void *body,
			size_t length)
{
	struct fusefs_listener listener;
	struct fusefs_notice notice;

	if (fusefs_notice_take(head->error, body, length, &notice))
		return;
	pthread_mutex_lock(&conn->mutex);
	listener = conn->listener; /* once there, it stays as long as we */
	if (conn->cache && *notice.name) {
		fusefs_cache_drop_attr(conn->cache, notice.node);
		fusefs_cache_drop_name(conn->cache, notice.node, notice.name);
	} else if (conn->cache) {
		fusefs_cache_drop_attr(conn->cache, notice.node);
	}
	pthread_mutex_unlock(&conn->mutex);
	if (listener.heard)
		listener.heard(listener.arg, conn->serial, &notice);
}

/* What nobody waits for, or waited for too long. */
static bool receive_unwanted(struct fusefs_conn *conn)
{
	struct fuse_out_header head = { .unique = 0 };
	uint8_t body[sizeof(struct fuse_notify_delete_out) + FUSEFS_NAME_MAX +
		     1];
	bool is_cut;
	ssize_t n = receive(conn, &head, body, sizeof(body), 0, &is_cut);

	_Static_assert(sizeof(body) > sizeof(struct fuse_entry_out) +
					      sizeof(struct fuse_open_out),
		       "replies fit as well");
	if (n >= (ssize_t)sizeof(head) && !is_cut && !head.unique &&
	    head.len == (size_t)n)
		take_notice(conn, &head, body, (size_t)n - sizeof(head));
	else if (n > 0 && !is_cut && !fusefs_reply_check(&head, (size_t)n))
		take_late(conn, &head, body, (size_t)n - sizeof(head));
	return n > 0;
}

static void drop_changed(struct fusefs_conn *conn,
			 const struct fusefs_request *request)
{
	if (!conn->cache)
		return;
	pthread_mutex_lock(&conn->mutex);
	fusefs_cache_drop_changed(conn->cache, request);
	pthread_mutex_unlock(&conn->mutex);
}

/* False at the end of the connection. */
static bool receive_one(struct fusefs_conn *conn)
{
	struct fuse_out_header head = { .unique = 0 };
	struct fusefs_call *call;
	bool is_cut;
	ssize_t n = receive(conn, &head, NULL, 0, MSG_PEEK, &is_cut);
	int err;

	if (n <= 0)
		return n < 0 && (errno == EAGAIN || errno == EINTR);
	call = n == (ssize_t)sizeof(head) && head.unique
		       ? take(conn, head.unique)
		       : NULL;
	if (!call)
		return receive_unwanted(conn);
	n = receive(conn, &head, call->to, call->to_size, 0, &is_cut);
	err = n < 0 || is_cut ? -EPROTO : fusefs_reply_check(&head, (size_t)n);
	if (err == -ENOSYS && call->request.head.opcode < OPCODES)
		conn->is_unknown[call->request.head.opcode] = true;
	drop_changed(conn, &call->request);
	finish(call, err, err ? 0 : (size_t)n - sizeof(head));
	return err != -EPROTO;
}

static void *conn_main(void *arg)
{
	struct fusefs_conn *conn = arg;
	struct pollfd wait = { .fd = conn->fd, .events = POLLIN };

	pthread_setname_np(pthread_self(), "smbgate-fuse");
	while (!conn->is_closed) {
		if (!receive_one(conn))
			break;
		poll(&wait, 1, -1);
	}
	fusefs_conn_close(conn);
	fusefs_conn_unref(conn);
	return NULL;
}

/* ---- life ---- */

int fusefs_conn_new(int fd, const struct fusefs_limits *limits,
		    struct fusefs_conn **ret_conn)
{
	static _Atomic uint64_t serials;
	struct fusefs_conn *conn = calloc(1, sizeof(*conn));
	int err;

	if (!conn)
		return -ENOMEM;
	/* Without the memory for it we ask more often. */
	conn->cache =
		limits->keeps_nothing ? NULL : calloc(1, sizeof(*conn->cache));
	/* Until it is known better: most listings are looked at. */
	conn->facts_hold = conn->uses_facts = true;
	conn->refs = 2; /* the caller's and the thread's */
	conn->fd = fd;
	conn->serial = atomic_fetch_add(&serials, 1) + 1;
	conn->limits = *limits;
	conn->next_unique = 2;
	pthread_mutex_init(&conn->mutex, NULL);
	fusefs_nodes_init(&conn->nodes, FUSEFS_NODES_IDLE_MAX);
	err = fusefs_thread_start(conn_main, conn);
	if (err) {
		pthread_mutex_destroy(&conn->mutex);
		free(conn->cache);
		free(conn);
		return err;
	}
	*ret_conn = conn;
	return 0;
}

struct fusefs_conn *fusefs_conn_ref(struct fusefs_conn *conn)
{
	atomic_fetch_add(&conn->refs, 1);
	return conn;
}

struct fusefs_conn *fusefs_conn_unref(struct fusefs_conn *conn)
{
	if (conn && atomic_fetch_sub(&conn->refs, 1) == 1) {
		if (conn->listener.release)
			conn->listener.release(conn->listener.arg);
		close(conn->fd);
		fusefs_nodes_fini(&conn->nodes);
		pthread_mutex_destroy(&conn->mutex);
		free(conn->cache);
		free(conn);
	}
	return NULL;
}

const struct fusefs_limits *fusefs_conn_limits(const struct fusefs_conn *conn)
{
	return &conn->limits;
}

uint64_t fusefs_conn_serial(const struct fusefs_conn *conn)
{
	return conn->serial;
}

int fusefs_conn_fd(const struct fusefs_conn *conn)
{
	return conn->fd;
}

void fusefs_conn_close(struct fusefs_conn *conn)
{
	conn->is_closed = true;
	shutdown(conn->fd, SHUT_RDWR);
	finish_all(conn);
}

bool fusefs_conn_is_open(struct fusefs_conn *conn)
{
	return !conn->is_closed;
}

/* ---- sending ---- */

static int transmit(struct fusefs_conn *conn, struct fusefs_request *request)
{
	struct iovec parts[FUSEFS_PARTS_MAX];
	struct msghdr message = { .msg_iov = parts };

	message.msg_iovlen = fusefs_request_parts(request, parts);
	if (sendmsg(conn->fd, &message, MSG_DONTWAIT | MSG_NOSIGNAL) >= 0)
		return 0;
	if (errno == EAGAIN || errno == ENOBUFS || errno == EINTR)
		return -EAGAIN;
	return errno == EMSGSIZE ? -EMSGSIZE : -ENOTCONN;
}

int fusefs_conn_send(struct fusefs_conn *conn, struct fusefs_call *call)
{
	uint32_t opcode = call->request.head.opcode;
	struct fusefs_call *mine;
	int err;

	if (opcode < OPCODES && conn->is_unknown[opcode])
		return -ENOSYS;
	drop_changed(conn, &call->request);
	pthread_mutex_lock(&conn->mutex);
	call->request.head.unique = conn->next_unique;
	conn->next_unique += 2; /* odd ones are for INTERRUPT */
	LIST_INSERT_HEAD(bucket_of(conn, call->request.head.unique), call,
			 entry);
	pthread_mutex_unlock(&conn->mutex);
	/* Whoever closes it from here on finishes the call, or finds none. */
	err = conn->is_closed ? -ENOTCONN : transmit(conn, &call->request);
	if (!err)
		return 0;
	mine = take(conn, call->request.head.unique);
	return mine ? err : 0;
}

static void adopt(struct fusefs_conn *conn, const struct fuse_in_header *head)
{
	pthread_mutex_lock(&conn->mutex);
	conn->orphans[conn->next_orphan++ % ORPHANS] =
		(struct orphan){ .unique = head->unique,
				 .node = head->nodeid,
				 .opcode = head->opcode };
	pthread_mutex_unlock(&conn->mutex);
}

bool fusefs_conn_give_up(struct fusefs_conn *conn, struct fusefs_call *call)
{
	const struct fusefs_who nobody = { 0 };
	uint64_t unique = call->request.head.unique;
	struct fusefs_request r;

	if (!take(conn, unique))
		return false;
	adopt(conn, &call->request.head);
	fusefs_request_init(&r, FUSE_INTERRUPT, 0, &nobody,
			    sizeof(r.body.interrupt));
	r.head.unique = unique | 1;
	r.body.interrupt.unique = unique;
	transmit(conn, &r); /* if there is no room, it is busy anyway */
	return true;
}

/* ---- nodes ---- */

static void forget(struct fusefs_conn *conn, const struct fusefs_forget *what)
{
	const struct fusefs_who nobody = { 0 };
	struct pollfd room = { .fd = conn->fd, .events = POLLOUT };
	struct fusefs_request r;

	if (conn->is_closed)
		return;
	fusefs_request_init(&r, FUSE_FORGET, what->id, &nobody,
			    sizeof(r.body.forget));
	pthread_mutex_lock(&conn->mutex);
	r.head.unique = conn->next_unique;
	conn->next_unique += 2;
	pthread_mutex_unlock(&conn->mutex);
	r.body.forget.nlookup = what->count;
	/* A program that reads nothing has worse troubles than a node. */
	for (int tries = 0; tries < 3 && transmit(conn, &r) == -EAGAIN; tries++)
		poll(&room, 1, 1);
}

struct fusefs_node *fusefs_conn_hold(struct fusefs_conn *conn,
				     const struct fusefs_entry *entry)
{
	const struct fusefs_forget once = { entry->node, 1 };
	struct fusefs_node *node;

	if (entry->held)
		return entry->held;
	pthread_mutex_lock(&conn->mutex);
	node = fusefs_nodes_tell(&conn->nodes, entry->node);
	pthread_mutex_unlock(&conn->mutex);
	if (!node)
		forget(conn, &once);
	return node;
}

void fusefs_conn_let_go(struct fusefs_conn *conn, struct fusefs_node *node)
{
	struct fusefs_forget what;
	bool is_any;

	pthread_mutex_lock(&conn->mutex);
	is_any = fusefs_nodes_release(&conn->nodes, node, &what);
	pthread_mutex_unlock(&conn->mutex);
	if (is_any)
		forget(conn, &what);
}

void fusefs_conn_pass(struct fusefs_conn *conn,
		      const struct fusefs_entry *entry)
{
	struct fusefs_node *node = fusefs_conn_hold(conn, entry);

	if (node)
		fusefs_conn_let_go(conn, node);
}

/* ---- what is kept ---- */

bool fusefs_conn_recall(struct fusefs_conn *conn, uint64_t dir,
			const char *name, uint64_t now,
			struct fusefs_entry *ret_entry)
{
	bool is_kept = false;

	if (!conn->cache)
		return false;
	pthread_mutex_lock(&conn->mutex);
	if (fusefs_cache_entry(conn->cache, dir, name, now, ret_entry)) {
		ret_entry->held =
			fusefs_nodes_hold(&conn->nodes, ret_entry->node);
		is_kept = ret_entry->held;
	}
	pthread_mutex_unlock(&conn->mutex);
	return is_kept;
}

bool fusefs_conn_recall_attr(struct fusefs_conn *conn, uint64_t node,
			     uint64_t now, struct fusefs_attr *ret_attr)
{
	bool is_kept;

	if (!conn->cache)
		return false;
	pthread_mutex_lock(&conn->mutex);
	is_kept = fusefs_cache_attr(conn->cache, node, now, ret_attr);
	pthread_mutex_unlock(&conn->mutex);
	return is_kept;
}

bool fusefs_conn_wants_facts(struct fusefs_conn *conn)
{
	return conn->cache && conn->limits.flags & FUSE_DO_READDIRPLUS &&
	       conn->facts_hold && atomic_exchange(&conn->uses_facts, false);
}

void fusefs_conn_use_facts(struct fusefs_conn *conn)
{
	conn->uses_facts = true;
}

uint64_t fusefs_conn_stamp(struct fusefs_conn *conn)
{
	uint64_t stamp;

	if (!conn->cache)
		return 0;
	pthread_mutex_lock(&conn->mutex);
	stamp = fusefs_cache_stamp(conn->cache);
	pthread_mutex_unlock(&conn->mutex);
	return stamp;
}

void fusefs_conn_keep(struct fusefs_conn *conn, uint64_t stamp, uint64_t dir,
		      const char *name, const struct fusefs_entry *entry,
		      uint64_t now)
{
	if (!conn->cache)
		return;
	conn->facts_hold = entry->attr_ns && entry->entry_ns;
	pthread_mutex_lock(&conn->mutex);
	fusefs_cache_put_entry(conn->cache, stamp, dir, name, entry, now);
	pthread_mutex_unlock(&conn->mutex);
}

void fusefs_conn_keep_attr(struct fusefs_conn *conn, uint64_t stamp,
			   uint64_t node, const struct fusefs_attr *attr,
			   uint64_t attr_ns, uint64_t now)
{
	if (!conn->cache)
		return;
	pthread_mutex_lock(&conn->mutex);
	fusefs_cache_put_attr(conn->cache, stamp, node, attr, attr_ns, now);
	pthread_mutex_unlock(&conn->mutex);
}

/* ---- late replies ---- */

static struct orphan find_orphan(struct fusefs_conn *conn, uint64_t unique)
{
	struct orphan found = { .unique = 0 };

	pthread_mutex_lock(&conn->mutex);
	for (size_t i = 0; i < ORPHANS; i++) {
		if (conn->orphans[i].unique == unique) {
			found = conn->orphans[i];
			conn->orphans[i].unique = 0;
		}
	}
	pthread_mutex_unlock(&conn->mutex);
	return found;
}

/* Its own answer is one more that nobody waits for. */
static void release(struct fusefs_conn *conn, uint32_t opcode, uint64_t node,
		    const void *opened)
{
	const struct fusefs_who nobody = { 0 };
	struct fuse_open_out out;
	struct fusefs_request r;

	memcpy(&out, opened, sizeof(out));
	fusefs_request_init(&r, opcode, node, &nobody, sizeof(r.body.release));
	r.body.release.fh = out.fh;
	pthread_mutex_lock(&conn->mutex);
	r.head.unique = conn->next_unique;
	conn->next_unique += 2;
	pthread_mutex_unlock(&conn->mutex);
	transmit(conn, &r);
}

static void take_late(struct fusefs_conn *conn,
		      const struct fuse_out_header *head, const void *body,
		      size_t length)
{
	struct orphan o = find_orphan(conn, head->unique);
	const size_t entry_size = sizeof(struct fuse_entry_out);
	struct fusefs_entry entry;

	if (o.unique && conn->cache) { /* whatever it did, it did it late */
		pthread_mutex_lock(&conn->mutex);
		fusefs_cache_drop_all(conn->cache);
		pthread_mutex_unlock(&conn->mutex);
	}
	switch (o.unique ? o.opcode : 0) {
	case FUSE_OPEN:
	case FUSE_OPENDIR:
		if (length == sizeof(struct fuse_open_out))
			release(conn,
				o.opcode == FUSE_OPEN ? FUSE_RELEASE
						      : FUSE_RELEASEDIR,
				o.node, body);
		break;
	case FUSE_CREATE:
		if (length != entry_size + sizeof(struct fuse_open_out) ||
		    fusefs_entry_take(body, entry_size, &entry))
			break;
		release(conn, FUSE_RELEASE, entry.node,
			(const uint8_t *)body + entry_size);
		fusefs_conn_pass(conn, &entry);
		break;
	case FUSE_LOOKUP:
	case FUSE_MKDIR:
	case FUSE_MKNOD:
	case FUSE_SYMLINK:
	case FUSE_LINK:
		if (!fusefs_entry_take(body, length, &entry))
			fusefs_conn_pass(conn, &entry);
		break;
	default:
		break;
	}
}

/* ---- asking, where there is no loop ---- */

struct asking {
	pthread_mutex_t mutex;
	pthread_cond_t changed;
	bool is_done;
};

static void asked_done(struct fusefs_call *call)
{
	struct asking *a = call->arg;

	pthread_mutex_lock(&a->mutex);
	a->is_done = true;
	pthread_cond_signal(&a->changed);
	pthread_mutex_unlock(&a->mutex);
}

/* Until it is done, or the time is over: then it is given up. */
static int await(struct fusefs_conn *conn, struct fusefs_call *call,
		 struct asking *a, unsigned int ms)
{
	struct timespec until;
	bool is_late = false, is_lost = false;

	clock_gettime(CLOCK_REALTIME, &until);
	until.tv_sec += ms / 1000;
	until.tv_nsec += (long)(ms % 1000) * 1000000;
	if (until.tv_nsec >= 1000000000) {
		until.tv_nsec -= 1000000000;
		until.tv_sec++;
	}
	pthread_mutex_lock(&a->mutex);
	while (!a->is_done && !is_lost) {
		if (is_late)
			pthread_cond_wait(&a->changed, &a->mutex);
		else
			is_late = pthread_cond_timedwait(&a->changed, &a->mutex,
							 &until);
		if (!is_late || a->is_done)
			continue;
		pthread_mutex_unlock(&a->mutex);
		is_lost = fusefs_conn_give_up(conn, call);
		pthread_mutex_lock(&a->mutex);
	}
	pthread_mutex_unlock(&a->mutex);
	return is_lost ? -ETIMEDOUT : call->err;
}

int fusefs_conn_ask(struct fusefs_conn *conn, struct fusefs_call *call,
		    unsigned int ms)
{
	struct asking a = { .mutex = PTHREAD_MUTEX_INITIALIZER,
			    .changed = PTHREAD_COND_INITIALIZER };
	int err;

	call->done = asked_done;
	call->arg = &a;
	err = fusefs_conn_send(conn, call);
	if (!err)
		err = await(conn, call, &a, ms);
	pthread_cond_destroy(&a.changed);
	pthread_mutex_destroy(&a.mutex);
	return err;
}
