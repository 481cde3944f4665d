/*
 * One TCP connection between the kernel and the engine: frames in, replies
 * out, in order, with bounds and deadlines on both. It starts on the worker
 * that accepted it and moves, with what it has received, to the worker that
 * serves its client.
 *
 * Thread: the worker that has it.
 */
#pragma once

#include <stdbool.h>
#include <stdint.h>
#include <sys/socket.h>

struct gw_conn;
struct gw_peer;
struct gw_worker;

/*
 * Serves a new socket, which it takes, as it does `peer` (admission.h). False
 * if memory is short: both are then given back.
 */
bool gw_conn_start(struct gw_worker *worker, int fd,
		   const struct sockaddr_storage *from, struct gw_peer *peer);

/*
 * Whether the kernel tells what a peer has acknowledged: without that a break
 * notice may be lost with the connection that it went over, and there can be
 * one connection a session only. Thread: any.
 */
bool gw_conn_tells_acked(void);

/* Ends it: at once, or when the replies that are queued have gone. */
void gw_conn_close(struct gw_conn *conn, bool after_queue);
