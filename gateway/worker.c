/*
 * Workers' threads: what they make at their start and undo at their end, and
 * the list of their connections.
 *
 * Stopping: a worker ends when its connections have, the opens that wait for
 * their clients are closed, and no other worker is on a visit. Worker 0, which accepts, is told first and tells the others. It
 * sends no connection away after that, and notes keep their order, so that
 * none arrives at a loop that has ended. Questions between workers (ending.c)
 * may still be on their way then: loops go when all of them have ended.
 */
#include "gateway/worker.h"

#include <errno.h>
#include <signal.h>
#include <stdatomic.h>
#include <stddef.h>
#include <string.h>

#include "gateway/conn.h"
#include "gateway/conn_inside.h"
#include "gateway/fsa/fsa.h"
#include "gateway/host.h"
#include "gateway/limits.h"
#include "gateway/log.h"
#include "gateway/realm.h"
#include "gateway/server.h"
#include "gateway/store/lane.h"
#include "gateway/store/pipe.h"

void gw_worker_add(struct gw_worker *worker, struct gw_conn *conn)
{
	TAILQ_INSERT_TAIL(&worker->conns, conn, entry);
	if (worker->is_stopping)
		gw_conn_close(conn, true);
}

void gw_worker_remove(struct gw_worker *worker, struct gw_conn *conn)
{
	TAILQ_REMOVE(&worker->conns, conn, entry);
}

/* ---- visits ---- */

bool gw_worker_let_in(struct gw_worker *worker)
{
	pthread_mutex_t *mutex = &worker->server->loops_mutex;
	bool may;

	pthread_mutex_lock(mutex);
	may = !worker->is_closed;
	if (may)
		worker->visits++;
	pthread_mutex_unlock(mutex);
	return may;
}

void gw_worker_let_out(struct gw_worker *worker)
{
	pthread_mutex_t *mutex = &worker->server->loops_mutex;

	pthread_mutex_lock(mutex);
	worker->visits--;
	pthread_mutex_unlock(mutex);
	gw_worker_check(worker);
}

static bool close_to_visits(struct gw_worker *worker)
{
	pthread_mutex_t *mutex = &worker->server->loops_mutex;
	bool is_closed;

	pthread_mutex_lock(mutex);
	is_closed = worker->is_closed = worker->visits == 0;
	pthread_mutex_unlock(mutex);
	return is_closed;
}

/* ---- stopping ---- */

/* A visit that is still there checks once more when it ends. */
static void co_close(void *arg)
{
	struct gw_worker *worker = arg;

	smb_engine_co_stop(worker->engine);
	worker->is_closing = false;
	if (TAILQ_EMPTY(&worker->conns) && close_to_visits(worker))
		loop_stop(worker->loop);
}

static void close_timer_fired(struct loop_timer *timer)
{
	char *at = (char *)timer - offsetof(struct gw_worker, close_timer);
	struct gw_worker *worker = (struct gw_worker *)(void *)at;

	worker->is_closing = false;
	gw_worker_check(worker);
}

void gw_worker_check(struct gw_worker *worker)
{
	if (!worker->is_stopping || worker->is_closing || worker->is_closed ||
	    !TAILQ_EMPTY(&worker->conns))
		return;
	worker->is_closing = true;
	if (loop_spawn(co_close, worker))
		return;
	worker->close_timer.fire = close_timer_fired;
	loop_timer_set(&worker->close_timer,
		       loop_now() + loop_ms(GW_CLOSE_AGAIN_MS));
}

static void stop_deliver(struct loop_note *note)
{
	char *at = (char *)note - offsetof(struct gw_worker, stop_note);
	struct gw_worker *worker = (struct gw_worker *)(void *)at;
	struct gw_server *server = worker->server;
	struct gw_conn *conn;

	worker->is_stopping = true;
	if (worker->index == 0) {
		gw_acceptor_stop(server);
		for (unsigned int i = 1; i < server->worker_count; i++)
			gw_worker_post_stop(&server->workers[i]);
	}
	TAILQ_FOREACH(conn, &worker->conns, entry)
		gw_conn_close(conn, true);
	gw_worker_check(worker);
}

void gw_worker_post_stop(struct gw_worker *worker)
{
	worker->stop_note.deliver = stop_deliver;
	loop_post(worker->loop, &worker->stop_note);
}

/* ---- the thread ---- */

static void tell_started(struct gw_worker *worker, int err)
{
	pthread_mutex_lock(&worker->start_mutex);
	worker->is_started = true;
	worker->start_error = err;
	pthread_cond_signal(&worker->start_cond);
	pthread_mutex_unlock(&worker->start_mutex);
}

int gw_worker_open(struct gw_worker *worker, struct gw_server *server,
		   unsigned int index, const struct loop_options *options)
{
	int err = loop_new(options, &worker->loop);

	if (err < 0)
		return err;
	worker->server = server;
	worker->index = index;
	TAILQ_INIT(&worker->conns);
	worker->ports = (struct smb_ports){
		.host_ops = &gw_host_ops,
		.host = worker,
		.realm_ops = &gw_realm_ops,
		.realm = server->realm,
		.object_ops = &fsa_object_ops,
	};
	worker->engine = smb_engine_new(&worker->ports, index);
	if (!worker->engine) {
		worker->loop = loop_free(worker->loop);
		return -ENOMEM;
	}
	return 0;
}

void gw_worker_close(struct gw_worker *worker)
{
	worker->engine = smb_engine_free(worker->engine);
	store_pipes_end();
	store_lanes_end();
	worker->loop = loop_free(worker->loop);
}

static void *worker_main(void *arg)
{
	struct gw_worker *worker = arg;
	struct gw_server *server = worker->server;
	struct loop_options options = { .engine = server->engine };
	char name[16];
	int err;

	snprintf(name, sizeof(name), "worker-%u", worker->index);
	pthread_setname_np(pthread_self(), name);
	err = gw_worker_open(worker, server, worker->index, &options);
	tell_started(worker, err);
	if (err < 0)
		return NULL;
	if (worker->index == 0 && !loop_spawn(fsa_co_outside, server->fsa))
		gw_log(GW_LOG_ERROR, "changes by local programs go unnoticed: "
				     "out of memory");
	if (worker->index == 0 && !loop_spawn(fsa_co_poll, server->fsa))
		gw_log(GW_LOG_ERROR, "nobody looks for changes: "
				     "out of memory");
	loop_run(worker->loop);
	gw_server_wait_for_loops(server);
	gw_worker_close(worker);
	atomic_fetch_sub(&server->workers_alive, 1);
	pthread_kill(server->main_thread, GW_SIGNAL_WORKER);
	return NULL;
}

int gw_worker_start(struct gw_worker *worker, struct gw_server *server,
		    unsigned int index)
{
	int err;

	*worker = (struct gw_worker){ .server = server, .index = index };
	pthread_mutex_init(&worker->start_mutex, NULL);
	pthread_cond_init(&worker->start_cond, NULL);
	err = pthread_create(&worker->thread, NULL, worker_main, worker);
	if (err)
		return -err;
	pthread_mutex_lock(&worker->start_mutex);
	while (!worker->is_started)
		pthread_cond_wait(&worker->start_cond, &worker->start_mutex);
	pthread_mutex_unlock(&worker->start_mutex);
	if (worker->start_error < 0)
		pthread_join(worker->thread, NULL);
	return worker->start_error;
}
