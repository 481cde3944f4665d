/*
 * Calls to a program from fibers: sent from the worker's thread, answered on
 * the connection's, which posts a note that wakes the fiber. Each has a
 * deadline. Who is cancelled waits a little longer, since the program may have
 * done what was asked, and is then let go.
 */
#include <assert.h>
#include <errno.h>
#include <poll.h>
#include <stddef.h>
#include <unistd.h>

#include "gateway/store/creds.h"
#include "gateway/store/direct.h"
#include "gateway/store/tree.h"

/* For the answer to what was cancelled. */
#define CANCELLED_MS 2000

/* For a program that is being started again, and how often it is looked at. */
#define HELD_MS      8000
#define HELD_STEP_MS 50

/* Where a socket says that it has room, and has not enough. */
#define ROOM_STEP_US 200

static bool has_group(const void *arg, gid_t gid)
{
	return store_creds_has_group(arg, gid);
}

/*
 * Where operations run as the process anyway (which has no right to do
 * otherwise), the program, which is run by the same user, needs no guard.
 */
void store_direct_user(const struct store_creds *creds,
		       struct fusefs_user *ret_user, struct fusefs_who *ret_who)
{
	bool is_own = !creds || store_creds_is_own(creds);
	uid_t uid = is_own ? geteuid() : store_creds_uid(creds);
	gid_t gid = is_own ? getegid() : store_creds_gid(creds);

	*ret_user = (struct fusefs_user){ .uid = uid,
					  .gid = gid,
					  .has_group = has_group,
					  .arg = creds,
					  .is_trusted = is_own };
	*ret_who = (struct fusefs_who){ .uid = uid, .gid = gid };
}

/* ---- one call ---- */

static void delivered(struct loop_note *note)
{
	char *at = (char *)note - offsetof(struct direct_call, note);
	struct direct_call *c = (struct direct_call *)(void *)at;

	c->is_done = true;
	loop_wake(&c->waiter, 0);
}

/* On the connection's thread, or the worker's own. */
static void done(struct fusefs_call *call)
{
	struct direct_call *c = call->arg;

	c->note.deliver = delivered;
	loop_post(c->loop, &c->note);
}

void store_direct_begin(struct direct_call *c, uint32_t opcode, uint64_t node,
			const struct store_creds *creds, size_t body_size,
			void *to, size_t to_size)
{
	struct fusefs_user user;
	struct fusefs_who who;

	store_direct_user(creds, &user, &who);
	*c = (struct direct_call){
		.call = { .to = to, .to_size = to_size, .done = done },
	};
	fusefs_request_init(&c->call.request, opcode, node, &who, body_size);
}

static void co_await_room(struct fusefs_conn *conn)
{
	loop_co_poll(fusefs_conn_fd(conn), POLLOUT, loop_now() + loop_ms(100));
	loop_co_sleep((uint64_t)ROOM_STEP_US * 1000);
}

void store_direct_co_send(struct fusefs_conn *conn, struct direct_call *c)
{
	c->loop = loop_current();
	c->call.arg = c;
	while ((c->sent = fusefs_conn_send(conn, &c->call)) == -EAGAIN) {
		if (loop_is_cancelled()) {
			c->sent = -ECANCELED;
			return;
		}
		co_await_room(conn);
	}
}

int store_direct_co_wait(struct fusefs_conn *conn, struct direct_call *c,
			 unsigned int timeout_ms)
{
	uint64_t deadline = loop_now() + loop_ms(timeout_ms);
	bool is_cancelled = false;
	int err;

	if (c->sent)
		return c->sent;
	while (!c->is_done) {
		err = loop_co_wait(&c->waiter, deadline);
		if (c->is_done)
			break;
		c->waiter = (struct loop_waiter){};
		if (err == -ECANCELED && !is_cancelled) {
			is_cancelled = true;
			deadline = loop_now() + loop_ms(CANCELLED_MS);
			continue;
		}
		if (fusefs_conn_give_up(conn, &c->call))
			return is_cancelled ? -ECANCELED : -ETIMEDOUT;
		deadline = LOOP_FOREVER; /* it is on its way to us */
	}
	if (is_cancelled)
		loop_cancel(loop_self());
	return c->call.err;
}

int store_direct_co_call(struct fusefs_conn *conn, struct direct_call *c,
			 unsigned int timeout_ms)
{
	store_direct_co_send(conn, c);
	return store_direct_co_wait(conn, c, timeout_ms);
}

int store_direct_co_conn(struct store_tree *tree, struct fusefs_conn **ret_conn)
{
	uint64_t until = loop_now() + loop_ms(HELD_MS);
	int err;

	while ((err = store_tree_conn(tree, ret_conn))) {
		if (loop_now() > until ||
		    loop_co_sleep(loop_ms(HELD_STEP_MS)) == -ECANCELED)
			break;
	}
	return err;
}
