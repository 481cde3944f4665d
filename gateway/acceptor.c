/*
 * Accepting: listeners on worker 0's loop. Each new socket passes admission
 * and becomes a connection. When descriptors run out, accepting pauses for a
 * moment instead of spinning, and one line says so.
 */
#include <errno.h>
#include <stddef.h>
#include <stdlib.h>
#include <string.h>
#include <sys/socket.h>
#include <unistd.h>

#include "gateway/address.h"
#include "gateway/conn.h"
#include "gateway/limits.h"
#include "gateway/log.h"
#include "gateway/server.h"

struct gw_acceptor {
	struct gw_server *server;
	struct gw_worker *worker;
	struct loop_listener *listeners[GW_LISTEN_MAX]; /* NULL: paused */
	size_t count;
	struct loop_timer pause;
	bool is_pausing;
	bool is_warned; /* of the pauses since the last accept */
	struct loop_note start_note;
	int start_error;
};

static void admit(struct gw_acceptor *a, int fd)
{
	struct gw_admission *admission = a->server->admission;
	struct sockaddr_storage from = { 0 };
	socklen_t length = sizeof(from);
	uint8_t key[16] = { 0 };
	struct gw_peer *peer;
	const char *why = NULL;
	char text[64];

	if (getpeername(fd, (struct sockaddr *)&from, &length) < 0) {
		loop_close(fd); /* gone already */
		return;
	}
	if (from.ss_family == AF_INET || from.ss_family == AF_INET6)
		gw_address_key(&from, key);
	peer = gw_admission_enter(admission, key, &why);
	if (!peer) {
		gw_address_show(&from, text, sizeof(text));
		gw_log_peer("conn=%s refused: too many %s", text, why);
		loop_close(fd);
		return;
	}
	if (!gw_conn_start(a->worker, fd, &from, peer))
		gw_log_peer("a connection refused: out of memory");
}

static void listeners_free(struct gw_acceptor *a)
{
	for (size_t i = 0; i < a->count; i++) {
		if (a->listeners[i])
			a->listeners[i] = loop_listener_free(a->listeners[i]);
	}
}

/* Out of descriptors or memory: the listeners rest until pause_fire(). */
static void pause_begin(struct gw_acceptor *a, int err)
{
	if (!a->is_warned)
		gw_log(GW_LOG_ERROR, "accept: %s: pausing", strerror(-err));
	a->is_warned = true;
	if (a->is_pausing)
		return;
	a->is_pausing = true;
	/* Not here: the listener that called may not be freed in its call. */
	loop_timer_set(&a->pause, loop_now());
}

static void accepted(void *arg, int fd)
{
	struct gw_acceptor *a = arg;

	if (fd >= 0) {
		a->is_warned = a->is_pausing;
		admit(a, fd);
		return;
	}
	/* What only the one peer had to do with, is over with it. */
	if (fd == -ECONNABORTED || fd == -EPROTO || fd == -ENETDOWN ||
	    fd == -EHOSTUNREACH || fd == -ENETUNREACH || fd == -EPERM ||
	    fd == -ETIMEDOUT)
		return;
	pause_begin(a, fd);
}

static int listeners_new(struct gw_acceptor *a)
{
	int err = 0;

	for (size_t i = 0; i < a->count && err == 0; i++) {
		if (!a->listeners[i])
			err = loop_listener_new(a->server->sockets.items[i].fd,
						accepted, a, &a->listeners[i]);
	}
	return err;
}

/* First the listeners go, a moment later they come back. */
static void pause_fire(struct loop_timer *timer)
{
	char *at = (char *)timer - offsetof(struct gw_acceptor, pause);
	struct gw_acceptor *a = (struct gw_acceptor *)(void *)at;

	if (a->is_pausing) {
		a->is_pausing = false;
		listeners_free(a);
	} else if (listeners_new(a) == 0) {
		return;
	}
	loop_timer_set(timer, loop_now() + loop_ms(GW_ACCEPT_PAUSE_MS));
}

static void start_deliver(struct loop_note *note)
{
	char *at = (char *)note - offsetof(struct gw_acceptor, start_note);
	struct gw_acceptor *a = (struct gw_acceptor *)(void *)at;
	int err = listeners_new(a);

	if (err == 0)
		return;
	gw_log(GW_LOG_ERROR, "accept: %s", strerror(-err));
	loop_timer_set(&a->pause, loop_now() + loop_ms(GW_ACCEPT_PAUSE_MS));
}

int gw_acceptor_start(struct gw_server *server, struct gw_worker *worker)
{
	struct gw_acceptor *a = calloc(1, sizeof(*a));

	if (!a)
		return -ENOMEM;
	a->server = server;
	a->worker = worker;
	a->count = server->sockets.count;
	a->pause.fire = pause_fire;
	a->start_note.deliver = start_deliver;
	server->acceptor = a;
	for (size_t i = 0; i < a->count; i++) {
		int err = loop_socket_adopt(server->sockets.items[i].fd);

		if (err < 0)
			return err;
	}
	loop_post(worker->loop, &a->start_note);
	return 0;
}

void gw_acceptor_stop(struct gw_server *server)
{
	struct gw_acceptor *a = server->acceptor;

	if (!a)
		return;
	loop_timer_clear(&a->pause);
	listeners_free(a);
	gw_listen_close(&server->sockets);
	free(a);
	server->acceptor = NULL;
}
