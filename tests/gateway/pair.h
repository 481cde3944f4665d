/*
 * A connection over loopback whose peer takes little unless it reads, for the
 * tests of what conn_send.c and conn_watch.c do to such peers.
 */
#pragma once

#include <setjmp.h>
#include <stdarg.h>
#include <stddef.h>
#include <stdint.h>

#include <cmocka.h>

#include <arpa/inet.h>
#include <netinet/in.h>
#include <string.h>
#include <sys/socket.h>
#include <unistd.h>

#include "gateway/conn.h"
#include "gateway/conn_inside.h"

/* The peer's socket, with `room` bytes to receive; conn->fd is the other. */
static inline int pair_connect(struct gw_conn *conn, int room)
{
	struct sockaddr_in sa = { .sin_family = AF_INET };
	int listener = socket(AF_INET, SOCK_STREAM, 0), peer;
	socklen_t length = sizeof(sa);

	sa.sin_addr.s_addr = htonl(INADDR_LOOPBACK);
	setsockopt(listener, SOL_SOCKET, SO_RCVBUF, &room, sizeof(room));
	assert_int_equal(bind(listener, (struct sockaddr *)&sa, sizeof(sa)), 0);
	assert_int_equal(listen(listener, 1), 0);
	assert_int_equal(getsockname(listener, (struct sockaddr *)&sa, &length),
			 0);
	*conn = (struct gw_conn){ .fd = socket(AF_INET, SOCK_STREAM, 0) };
	assert_int_equal(connect(conn->fd, (struct sockaddr *)&sa, sizeof(sa)),
			 0);
	peer = accept(listener, NULL, NULL);
	assert_true(peer >= 0);
	close(listener);
	TAILQ_INIT(&conn->queue);
	TAILQ_INIT(&conn->deliveries);
	strcpy(conn->peer_text, "test");
	return peer;
}
