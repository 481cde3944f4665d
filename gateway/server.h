/*
 * The server: workers, listeners, and what the workers share.
 *
 * Thread: main's makes and ends it; see each function.
 */
#pragma once

#include <signal.h>
#include <stdint.h>

#include "gateway/admission.h"
#include "gateway/cli.h"
#include "gateway/config.h"
#include "gateway/directory.h"
#include "gateway/listen.h"
#include "gateway/nic.h"
#include "gateway/realm.h"
#include "gateway/worker.h"

struct gw_acceptor;

struct gw_server {
	/* frozen while the workers run */
	struct fsa *fsa;
	struct gw_realm *realm;
	struct gw_directory *directory;
	struct gw_admission *admission;
	struct gw_nic_rules nics;
	enum loop_engine engine;
	unsigned int worker_count;
	struct gw_worker *workers;
	struct gw_sockets sockets;
	pthread_t main_thread;
	struct gw_acceptor *acceptor; /* worker 0's */
	/* shared, under their mutex: loops that run, and who posts to them */
	pthread_mutex_t loops_mutex;
	pthread_cond_t loops_cond;
	unsigned int loops;
	/* shared */
	_Atomic unsigned int workers_alive;
};

/* Sent to main's thread when a worker has ended. */
#define GW_SIGNAL_WORKER SIGUSR1

/*
 * Starts workers and accepts. Takes the sockets and the realm in any case, and
 * borrows the configuration until gw_server_fini().
 * 0, or -errno after a log line: stop and finish it all the same.
 */
int gw_server_start(struct gw_server *server, const struct gw_config *config,
		    struct gw_realm *realm, struct gw_sockets *sockets);

/* Accepts no more; connections end when their replies are out. */
void gw_server_stop(struct gw_server *server);

/* When all workers have ended. */
void gw_server_fini(struct gw_server *server);

/*
 * Called by each worker when its loop has ended: returns when all have, so that
 * a note may still be posted to any of them. Thread: a worker's.
 */
void gw_server_wait_for_loops(struct gw_server *server);

/* How many workers a configuration means. */
unsigned int gw_server_workers(const struct gw_config *config);

/* ---- accepting: worker 0's thread ---- */

/* 0 or -errno. */
int gw_acceptor_start(struct gw_server *server, struct gw_worker *worker);
void gw_acceptor_stop(struct gw_server *server);
