/*
 * The server's start and end. What workers share is made before them and goes
 * after them.
 */
#include "gateway/server.h"

#include <errno.h>
#include <stdatomic.h>
#include <stdlib.h>
#include <string.h>
#include <unistd.h>

#include "gateway/limits.h"
#include "gateway/log.h"

unsigned int gw_server_workers(const struct gw_config *config)
{
	long cores = sysconf(_SC_NPROCESSORS_ONLN);

	if (config->workers > 0)
		return (unsigned int)config->workers;
	if (cores < 1)
		return 1;
	return cores < GW_WORKERS_AUTO_MAX ? (unsigned int)cores
					   : GW_WORKERS_AUTO_MAX;
}

/* No loop goes before each hold is let go. */
static void hold_loops(struct gw_server *server)
{
	pthread_mutex_lock(&server->loops_mutex);
	server->loops++;
	pthread_mutex_unlock(&server->loops_mutex);
}

static void let_go(struct gw_server *server)
{
	if (--server->loops == 0)
		pthread_cond_broadcast(&server->loops_cond);
}

void gw_server_wait_for_loops(struct gw_server *server)
{
	pthread_mutex_lock(&server->loops_mutex);
	let_go(server);
	while (server->loops > 0)
		pthread_cond_wait(&server->loops_cond, &server->loops_mutex);
	pthread_mutex_unlock(&server->loops_mutex);
}

static int start_workers(struct gw_server *server)
{
	for (unsigned int i = 0; i < server->worker_count; i++) {
		int err = gw_worker_start(&server->workers[i], server, i);

		if (err < 0) {
			gw_log(GW_LOG_ERROR, "a worker does not start: %s",
			       strerror(-err));
			server->worker_count = i;
			return err;
		}
		atomic_fetch_add(&server->workers_alive, 1);
		hold_loops(server);
	}
	return 0;
}

int gw_server_start(struct gw_server *server, const struct gw_config *config,
		    struct gw_realm *realm, struct gw_sockets *sockets)
{
	struct gw_snapshot *snapshot;
	int err;

	*server = (struct gw_server){
		.realm = realm,
		.engine = (enum loop_engine)config->engine,
		.worker_count = gw_server_workers(config),
		.sockets = *sockets,
		.main_thread = pthread_self(),
		.loops_mutex = PTHREAD_MUTEX_INITIALIZER,
		.loops_cond = PTHREAD_COND_INITIALIZER,
	};
	snapshot = gw_realm_snapshot(realm);
	server->fsa = gw_snapshot_fsa(snapshot);
	gw_snapshot_unref(snapshot);
	sockets->count = 0;
	server->nics = (struct gw_nic_rules){ config, &server->sockets };
	server->directory = gw_directory_new(server->worker_count);
	server->admission = gw_admission_new((size_t)config->connections,
					     (size_t)config->per_address,
					     GW_STRANGERS_PER_ADDRESS);
	server->workers =
		calloc(server->worker_count, sizeof(*server->workers));
	if (!server->directory || !server->admission || !server->workers) {
		server->worker_count = 0;
		return -ENOMEM;
	}
	err = start_workers(server);
	if (err == 0)
		err = gw_acceptor_start(server, &server->workers[0]);
	return err;
}

void gw_server_stop(struct gw_server *server)
{
	if (server->worker_count == 0)
		return;
	/* A worker may be quicker to its end than the post to its own. */
	hold_loops(server);
	gw_worker_post_stop(&server->workers[0]);
	pthread_mutex_lock(&server->loops_mutex);
	let_go(server);
	pthread_mutex_unlock(&server->loops_mutex);
}

void gw_server_fini(struct gw_server *server)
{
	for (unsigned int i = 0; i < server->worker_count; i++)
		pthread_join(server->workers[i].thread, NULL);
	free(server->workers);
	server->admission = gw_admission_free(server->admission);
	server->directory = gw_directory_free(server->directory);
	server->realm = gw_realm_free(server->realm);
	gw_listen_close(&server->sockets);
}
