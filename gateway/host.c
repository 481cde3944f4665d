/*
 * The engine's tasks are fibers, its waits waiters. What it keeps for us of
 * each (struct smb_task, smb_parked, smb_timer) holds a pointer or a timer of
 * the loop.
 */
#include "gateway/host.h"

#include <assert.h>
#include <gnutls/crypto.h>
#include <stddef.h>

#include "gateway/directory.h"
#include "gateway/ending.h"
#include "gateway/log.h"
#include "gateway/loop/loop.h"
#include "gateway/server.h"
#include "gateway/visit.h"
#include "gateway/worker.h"

/* 1601 to 1970 in units of 100 ns (MS-DTYP 2.3.3). */
#define FILETIME_OF_1970 116444736000000000ull

static uint64_t host_now(void *host)
{
	(void)host;
	return loop_wall_now() / 100 + FILETIME_OF_1970;
}

static uint64_t host_ticks_ms(void *host)
{
	(void)host;
	return loop_now() / 1000000;
}

static void host_random(void *host, void *to, size_t length)
{
	int err = gnutls_rnd(GNUTLS_RND_NONCE, to, length);

	(void)host;
	assert(err == 0);
}

/* ---- tasks ---- */

static bool host_run(void *host, void (*fn)(void *arg), void *arg,
		     struct smb_task *task)
{
	(void)host;
	task->handle = loop_spawn(fn, arg);
	return task->handle;
}

static void host_cancel(void *host, struct smb_task *task)
{
	(void)host;
	if (task->handle)
		loop_cancel(task->handle);
}

static void host_uncancel(void *host, struct smb_task *task)
{
	(void)host;
	(void)task;
	(void)loop_cancel_take();
}

/*
 * handle[0] is the waiter while the task waits; handle[1] is set if it was
 * woken before it began to.
 */
static enum nt_status host_co_park(void *host, struct smb_parked *parked,
				   uint32_t timeout_ms)
{
	struct loop_waiter waiter = { .fiber = NULL };
	uint64_t deadline = timeout_ms == UINT32_MAX
				    ? LOOP_FOREVER
				    : loop_now() + loop_ms(timeout_ms);
	bool was_woken = parked->handle[1];
	int err;

	(void)host;
	parked->handle[1] = NULL;
	if (was_woken)
		return NT_STATUS_SUCCESS;
	parked->handle[0] = &waiter;
	err = loop_co_wait(&waiter, deadline);
	parked->handle[0] = NULL;
	if (err == 0)
		return NT_STATUS_SUCCESS;
	return loop_now() >= deadline ? NT_STATUS_IO_TIMEOUT
				      : NT_STATUS_CANCELLED;
}

static void host_wake(void *host, struct smb_parked *parked)
{
	(void)host;
	if (parked->handle[0])
		loop_wake(parked->handle[0], 0);
	else
		parked->handle[1] = parked;
}

struct apart {
	void (*fn)(void *arg);
	void *arg;
};

static int64_t apart_run(void *arg)
{
	const struct apart *apart = arg;

	apart->fn(apart->arg);
	return 0;
}

static void host_co_apart(void *host, void (*fn)(void *arg), void *arg)
{
	struct apart apart = { fn, arg };

	(void)host;
	loop_co_call(NULL, apart_run, &apart);
}

static bool host_co_end_session(void *host, uint64_t session_id,
				const char *user)
{
	return gw_ending_co_ask(host, session_id, user);
}

static void host_keep_client(void *host, const uint8_t client_guid[16],
			     bool is_kept)
{
	struct gw_worker *worker = host;

	gw_directory_keep(worker->server->directory, client_guid, worker->index,
			  is_kept);
}

static bool host_co_visit(void *host, unsigned int worker,
			  void (*co_fn)(struct smb_engine *engine, void *arg),
			  void *arg)
{
	return gw_visit_co_make(host, worker, co_fn, arg);
}

/* ---- sessions of all workers ---- */

static void host_session_tell(void *host, uint64_t session_id,
			      const struct smb_session_facts *facts)
{
	const struct gw_worker *worker = host;

	gw_directory_tell(worker->server->directory, session_id, facts);
}

static void host_session_forget(void *host, uint64_t session_id)
{
	const struct gw_worker *worker = host;

	gw_directory_forget(worker->server->directory, session_id);
}

static bool host_session_ask(void *host, uint64_t session_id,
			     struct smb_session_facts *ret_facts)
{
	const struct gw_worker *worker = host;

	return gw_directory_ask(worker->server->directory, session_id,
				ret_facts);
}

/* ---- timers ---- */

/* A timer of the loop lies in the room that struct smb_timer has for us. */
static struct loop_timer *timer_of(struct smb_timer *timer)
{
	return (struct loop_timer *)(void *)timer->handle;
}

_Static_assert(sizeof(struct loop_timer) <=
		       sizeof(((struct smb_timer *)NULL)->handle),
	       "it fits");
_Static_assert(_Alignof(struct loop_timer) <= _Alignof(void *),
	       "and lies right");

static void timer_fire(struct loop_timer *timer)
{
	char *at = (char *)timer - offsetof(struct smb_timer, handle);
	struct smb_timer *of = (struct smb_timer *)(void *)at;

	of->fire(of);
}

static void host_timer_set(void *host, struct smb_timer *timer, uint32_t ms)
{
	struct loop_timer *own = timer_of(timer);

	(void)host;
	own->fire = timer_fire;
	loop_timer_set(own, loop_now() + loop_ms(ms));
}

static void host_timer_clear(void *host, struct smb_timer *timer)
{
	(void)host;
	loop_timer_clear(timer_of(timer));
}

/* ---- log ---- */

static enum gw_log_level level_of(enum smb_log_level level)
{
	switch (level) {
	case SMB_LOG_WARN:
		return GW_LOG_WARN;
	case SMB_LOG_INFO:
		return GW_LOG_INFO;
	case SMB_LOG_DEBUG:
		break;
	}
	return GW_LOG_DEBUG;
}

static bool host_log_is_on(void *host, enum smb_log_level level)
{
	(void)host;
	return gw_log_is_on(level_of(level));
}

static void host_log(void *host, enum smb_log_level level, const char *line)
{
	(void)host;
	if (level == SMB_LOG_WARN)
		gw_log_peer("%s", line);
	else
		gw_log(level_of(level), "%s", line);
}

const struct smb_host_ops gw_host_ops = {
	.now = host_now,
	.ticks_ms = host_ticks_ms,
	.random = host_random,
	.run = host_run,
	.cancel = host_cancel,
	.uncancel = host_uncancel,
	.co_park = host_co_park,
	.wake = host_wake,
	.co_apart = host_co_apart,
	.co_end_session = host_co_end_session,
	.session_tell = host_session_tell,
	.session_forget = host_session_forget,
	.session_ask = host_session_ask,
	.keep_client = host_keep_client,
	.co_visit = host_co_visit,
	.timer_set = host_timer_set,
	.timer_clear = host_timer_clear,
	.log_is_on = host_log_is_on,
	.log = host_log,
};
