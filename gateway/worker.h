/*
 * A worker: one thread with one loop, one protocol engine and its connections.
 *
 * Thread: gw_worker_start(), _post_stop() and _join() are for main's; the rest
 * is the worker's own, unless said otherwise.
 */
#pragma once

#include <pthread.h>
#include <stdbool.h>
#include <stdint.h>
#include <sys/queue.h>

#include "gateway/loop/loop.h"
#include "smb/smb.h"

struct gw_conn;
struct gw_server;

TAILQ_HEAD(gw_conns, gw_conn);

struct gw_worker {
	struct gw_server *server;
	unsigned int index;
	pthread_t thread;
	struct loop *loop; /* set before gw_worker_start() returns */
	struct loop_note stop_note;
	/* the worker's own */
	struct smb_ports ports;
	struct smb_engine *engine;
	struct gw_conns conns;
	bool is_stopping;
	bool is_closing; /* its engine is being stopped */
	struct loop_timer close_timer;
	/* shared, under the server's loops_mutex: visit.c */
	unsigned int visits;
	bool is_closed;
	/* between start and the thread */
	pthread_mutex_t start_mutex;
	pthread_cond_t start_cond;
	bool is_started;
	int start_error;
};

/* Starts the thread; returns when its loop is there: 0 or -errno. */
int gw_worker_start(struct gw_worker *worker, struct gw_server *server,
		    unsigned int index);

/* Asks it to end its connections and then itself. Thread: any, once. */
void gw_worker_post_stop(struct gw_worker *worker);

/*
 * What its thread does first and last; for who runs the loop himself. The loop
 * is the calling thread's in between. 0 or -errno.
 */
int gw_worker_open(struct gw_worker *worker, struct gw_server *server,
		   unsigned int index, const struct loop_options *options);
void gw_worker_close(struct gw_worker *worker);

/* A connection begins its life here, or its end; or it goes elsewhere. */
void gw_worker_add(struct gw_worker *worker, struct gw_conn *conn);
void gw_worker_remove(struct gw_worker *worker, struct gw_conn *conn);

/* Ends the loop if it is to stop and has no connection left. */
void gw_worker_check(struct gw_worker *worker);

/*
 * A visit by another worker begins: its loop stays until the visit has ended.
 * False: it has closed. Thread: any worker's.
 */
bool gw_worker_let_in(struct gw_worker *worker);
void gw_worker_let_out(struct gw_worker *worker);
