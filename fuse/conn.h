/*
 * One connection to a program that takes us for its kernel: requests out,
 * replies in, over one end of a SOCK_SEQPACKET pair. A thread of its own
 * receives, straight into the place where each caller wants its reply.
 *
 * Thread: any, save where said. A connection is counted.
 */
#pragma once

#include <stdbool.h>
#include <stddef.h>
#include <stdint.h>
#include <sys/queue.h>

#include "fuse/init.h"
#include "fuse/nodes.h"
#include "fuse/proto.h"

struct fusefs_conn;

/* A request and where its reply goes. Stays where it is until it is done. */
struct fusefs_call {
	struct fusefs_request request;
	void *to; /* the reply's body */
	size_t to_size;

	/*
   * Called once, on the connection's thread or on that of close(), when
   * err and length are there. The call is its owner's again then.
   */
	void (*done)(struct fusefs_call *call);
	void *arg;     /* for done() */
	int err;       /* 0 or -errno: the program's, -EPROTO, -ENOTCONN */
	size_t length; /* of the body */

	LIST_ENTRY(fusefs_call) entry; /* private */
};

/*
 * A pair of sockets: ours, non-blocking, and the program's, with room for as
 * large messages as may be had. ret_message_max: bytes of the largest.
 */
int fusefs_conn_pair(int *ret_ours, int *ret_theirs, size_t *ret_message_max);

/* Takes `fd` on success. Of what INIT has settled: `limits`. */
int fusefs_conn_new(int fd, const struct fusefs_limits *limits,
		    struct fusefs_conn **ret_conn);
struct fusefs_conn *fusefs_conn_ref(struct fusefs_conn *conn);
struct fusefs_conn *fusefs_conn_unref(struct fusefs_conn *conn);
const struct fusefs_limits *fusefs_conn_limits(const struct fusefs_conn *conn);

/* Who is told what the program says unasked, on the connection's thread. */
struct fusefs_listener {
	void (*heard)(void *arg, uint64_t serial,
		      const struct fusefs_notice *notice);
	void (*release)(void *arg); /* nothing comes any more */
	void *arg;
};

/* False: there is one already, and that one stays. */
bool fusefs_conn_listen(struct fusefs_conn *conn,
			const struct fusefs_listener *listener);

/* Different for each connection of this process, 1 or more. */
uint64_t fusefs_conn_serial(const struct fusefs_conn *conn);

/* For POLLOUT. Borrowed. */
int fusefs_conn_fd(const struct fusefs_conn *conn);

/*
 * Sends: 0, and done() will come. Else it will not: -EAGAIN, there is no room
 * at the moment; -ENOSYS, the program has said so of this kind of request
 * before; -ENOTCONN; -EMSGSIZE.
 */
int fusefs_conn_send(struct fusefs_conn *conn, struct fusefs_call *call);

/*
 * Gives up waiting and tells the program (INTERRUPT). True: done() will not
 * come any more. False: it is about to come.
 */
bool fusefs_conn_give_up(struct fusefs_conn *conn, struct fusefs_call *call);

/* As send, and waits for the reply, up to `ms`: call->err, or -ETIMEDOUT. */
int fusefs_conn_ask(struct fusefs_conn *conn, struct fusefs_call *call,
		    unsigned int ms);

/*
 * A reply has named this node: it is held until it is let go. NULL: no memory;
 * it is forgotten. Never the root. And: a node that nobody wants to hold. Each
 * entry is for one of these two, once.
 */
struct fusefs_node *fusefs_conn_hold(struct fusefs_conn *conn,
				     const struct fusefs_entry *entry);
void fusefs_conn_let_go(struct fusefs_conn *conn, struct fusefs_node *node);
void fusefs_conn_pass(struct fusefs_conn *conn,
		      const struct fusefs_entry *entry);

/*
 * What was told lately and holds still (cache.h), at `now` of the caller's
 * clock, which is the same for all. An entry is as good as one that a reply has
 * named.
 */
bool fusefs_conn_recall(struct fusefs_conn *conn, uint64_t dir,
			const char *name, uint64_t now,
			struct fusefs_entry *ret_entry);
bool fusefs_conn_recall_attr(struct fusefs_conn *conn, uint64_t node,
			     uint64_t now, struct fusefs_attr *ret_attr);

/*
 * Whether the next listing had better bring facts along: the last one was used
 * with them, and the program says that it can, and that they hold. Who asks for
 * facts of what was listed says so.
 */
bool fusefs_conn_wants_facts(struct fusefs_conn *conn);
void fusefs_conn_use_facts(struct fusefs_conn *conn);

/* To be kept, with the stamp of before the question was sent. */
uint64_t fusefs_conn_stamp(struct fusefs_conn *conn);
void fusefs_conn_keep(struct fusefs_conn *conn, uint64_t stamp, uint64_t dir,
		      const char *name, const struct fusefs_entry *entry,
		      uint64_t now);
void fusefs_conn_keep_attr(struct fusefs_conn *conn, uint64_t stamp,
			   uint64_t node, const struct fusefs_attr *attr,
			   uint64_t attr_ns, uint64_t now);

/* Ends it: all calls are done with -ENOTCONN, the program sees the end. */
void fusefs_conn_close(struct fusefs_conn *conn);
bool fusefs_conn_is_open(struct fusefs_conn *conn);
